// SPDX-License-Identifier: GPL-2.0-or-later
/* base/sha256: the examples of FIPS 180-4 and others' results, in pieces of every length. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/sha256.h"
#include "tap.h"

static const struct {
	const char *text;
	size_t times;
	const char *hex;
} rows[] = {
	{ "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
	{ "a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
	{ "a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a" },
	{ "a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
};

static void check_row(struct tap *t, size_t i, size_t piece)
{
	const size_t each = strlen(rows[i].text), len = each * rows[i].times;
	_cleanup_free_ char *text = malloc(len + 1);
	char hex[WABE_SHA256_HEX];
	struct wabe_sha256 s;

	for (size_t n = 0; n < rows[i].times; n++)
		memcpy(text + n * each, rows[i].text, each);
	wabe_sha256_begin(&s);
	for (size_t at = 0; at < len; at += piece)
		wabe_sha256_add(&s, text + at, len - at < piece ? len - at : piece);
	wabe_sha256_end(&s, hex);
	tap_str(t, hex, rows[i].hex, "row %zu in pieces of %zu", i, piece);
}

int main(void)
{
	struct tap t = TAP_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t piece = 1; piece < 200; piece += 21)
			check_row(&t, i, piece);
	return tap_end(&t);
}
