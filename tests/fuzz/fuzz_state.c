// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz target: state.json. What loads is written, loads again and is written as the same text. */
#include <string.h>

#include "base/cleanup.h"
#include "core/container.h"
#include "fuzz.h"

static void reload(const struct wabe_buf *text)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(wabe_buf_free) struct wabe_buf again = WABE_BUF_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_state state = { 0 };

	/* Escapes can make it larger than what may be loaded. */
	if (text->len > WABE_JSON_MAX_BYTES)
		return;
	FUZZ_CHECK(wabe_state_parse(&arena, text->data, text->len, &state, &err) == 0);
	FUZZ_CHECK(wabe_state_format(&state, &again) == 0);
	FUZZ_CHECK(again.len == text->len && memcmp(again.data, text->data, again.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_state state = { 0 };
	int r = wabe_state_parse(&arena, (const char *)data, size, &state, &err);

	if (r < 0) {
		FUZZ_CHECK(err.code == r && err.text[0]);
		return 0;
	}
	FUZZ_CHECK(state.id && state.oci_version && state.bundle);
	FUZZ_CHECK(state.pid >= 0 && state.pid <= INT32_MAX);
	FUZZ_CHECK(wabe_state_format(&state, &text) == 0);
	reload(&text);
	return 0;
}
