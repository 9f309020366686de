// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target: a set of CPUs or memory nodes in the kernel's list format. What parses is the same set when it is written
 * number by number, and is a list for linux.resources.cpu as well.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "fuzz.h"
#include "spec/internal.h"

#define HIGHEST 1023
#define WIDTH (8 * sizeof(unsigned long))

static void check_written(const unsigned long *bits)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	unsigned long again[WABE_LIST_LONGS(HIGHEST)];

	for (unsigned int i = 0; i <= HIGHEST; i++)
		if (bits[i / WIDTH] >> (i % WIDTH) & 1)
			FUZZ_CHECK(wabe_buf_printf(&text, "%s%u", text.len ? "," : "", i) == 0);
	FUZZ_CHECK(text.len > 0 && wabe_parse_list(text.data, HIGHEST, again) == 0);
	FUZZ_CHECK(memcmp(again, bits, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct {
		unsigned long bits[WABE_LIST_LONGS(HIGHEST)], behind;
	} set = { .behind = 42 };
	char *text = wabe_arena_strndup(&arena, (const char *)data, size);
	struct wabe_spec_resources resources = { .cpu = { .cpus = text, .mems = text } };
	struct wabe_error err = WABE_ERROR_INIT;
	int r, valid;

	FUZZ_CHECK(text);
	r = wabe_parse_list(text, HIGHEST, set.bits);
	valid = wabe_spec_validate_resources(&resources, &err);
	FUZZ_CHECK(set.behind == 42);
	FUZZ_CHECK(r == 0 || r == -EINVAL || r == -ERANGE);
	if (r == 0)
		check_written(set.bits);
	/* There a set may be empty, and how many there are is the host's to say. */
	FUZZ_CHECK(valid == 0 ? r == 0 || r == -ERANGE || !*text : r < 0);
	return 0;
}
