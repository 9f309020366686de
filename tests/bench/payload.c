// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/bench/payload: /bin/true and /bin/pause of the measured containers. Static and next to nothing, so that what is measured
 * is the runtime.
 */
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;

	if (argc > 0 && strcmp(slash ? slash + 1 : argv[0], "pause") == 0)
		pause();
	return 0;
}
