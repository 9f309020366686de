// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz target: the name or number of a signal, as `wabe kill` takes it. Case doesn't matter, and its number means the same. */
#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/str.h"
#include "fuzz.h"

static void check_number(int signal)
{
	char text[16];
	int again = 0;

	FUZZ_CHECK(signal >= 1 && signal <= 64);
	snprintf(text, sizeof(text), "%d", signal);
	FUZZ_CHECK(wabe_parse_signal(text, &again) == 0 && again == signal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	char *text = wabe_arena_strndup(&arena, (const char *)data, size);
	int signal = -7, again = -7;
	int r;

	FUZZ_CHECK(text);
	r = wabe_parse_signal(text, &signal);
	if (r == 0)
		check_number(signal);
	else
		FUZZ_CHECK(signal == -7);
	for (char *c = text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	FUZZ_CHECK(wabe_parse_signal(text, &again) == r && again == signal);
	return 0;
}
