// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target: linux.resources alone, as `wabe update --resources` reads it, over the limits of a container and over
 * themselves, which changes nothing of what the rules say.
 */
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "spec/internal.h"

static void merge(struct wabe_arena *arena, const struct wabe_spec_resources *over)
{
	struct wabe_spec_resources base = { .pids = { .limit = { true, 10 } } };
	struct wabe_error err = WABE_ERROR_INIT, again = WABE_ERROR_INIT;
	int r;

	FUZZ_CHECK(wabe_spec_merge_resources(arena, &base, over) == 0);
	r = wabe_spec_validate_resources(&base, &err);
	FUZZ_CHECK(r == 0 || (err.code == r && err.text[0]));
	FUZZ_CHECK(wabe_spec_merge_resources(arena, &base, over) == 0);
	FUZZ_CHECK(wabe_spec_validate_resources(&base, &again) == r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_spec_resources resources = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	int r = wabe_spec_parse_resources(&arena, "r.json", (const char *)data, size, &resources,
					  &err);

	if (r == 0)
		merge(&arena, &resources);
	else
		FUZZ_CHECK(err.code == r && strncmp(err.text, "r.json: ", 8) == 0);
	return 0;
}
