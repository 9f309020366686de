// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz target: a process object alone, as `wabe exec --process` reads it. */
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_spec_process *process = NULL;
	struct wabe_error err = WABE_ERROR_INIT;
	int r = wabe_spec_parse_process(&arena, "process.json", (const char *)data, size, &process,
					&err);

	if (r < 0) {
		FUZZ_CHECK(!process && err.code == r &&
			   strncmp(err.text, "process.json: ", 14) == 0);
		return 0;
	}
	FUZZ_CHECK(process->args.count > 0 && process->args.items[process->args.count] == NULL);
	FUZZ_CHECK(process->args.items[0][0] && process->cwd[0] == '/');
	return 0;
}
