// SPDX-License-Identifier: GPL-2.0-or-later
/* base/clock: times of day as text and as numbers; see clock.h. */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t wabe_clock_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

const char *wabe_clock_rfc3339(int64_t time_us, char buf[WABE_CLOCK_TEXT_MAX])
{
	time_t seconds = time_us / 1000000;
	struct tm tm;
	size_t len;

	/* UTC: reading the zone file costs four system calls in each short-lived process. */
	gmtime_r(&seconds, &tm);
	len = strftime(buf, WABE_CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + len, WABE_CLOCK_TEXT_MAX - len, ".%06dZ", (int)(time_us % 1000000));
	return buf;
}
