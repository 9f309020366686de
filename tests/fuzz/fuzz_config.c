// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz target: config.json. What loads must save, load again and save to the same text; what doesn't must say why. */
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "spec/spec.h"

static void reload(const struct wabe_buf *text)
{
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	_cleanup_(wabe_buf_free) struct wabe_buf again = WABE_BUF_INIT;
	struct wabe_error err = WABE_ERROR_INIT;

	/* What was saved can be larger than what may be loaded: indentation and escapes add to it. */
	if (text->len > WABE_JSON_MAX_BYTES)
		return;
	FUZZ_CHECK(wabe_spec_parse(&spec, "saved", text->data, text->len, &err) == 0);
	FUZZ_CHECK(wabe_spec_save(&spec, WABE_JSON_INDENTED, &again, &err) == 0);
	FUZZ_CHECK(again.len == text->len && memcmp(again.data, text->data, again.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	int r = wabe_spec_parse(&spec, "config.json", (const char *)data, size, &err);

	if (r < 0) {
		FUZZ_CHECK(err.code == r && strncmp(err.text, "config.json: ", 13) == 0);
		return 0;
	}
	FUZZ_CHECK(wabe_spec_save(&spec, WABE_JSON_INDENTED, &text, &err) == 0);
	reload(&text);
	return 0;
}
