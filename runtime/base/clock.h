/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/clock: times of day as text and as numbers.
 */
#ifndef WABE_BASE_CLOCK_H
#define WABE_BASE_CLOCK_H

#include <stdint.h>

#define WABE_CLOCK_TEXT_MAX 40

/** wabe_clock_now_us() - CLOCK_REALTIME in microseconds. */
int64_t wabe_clock_now_us(void);

/** wabe_clock_rfc3339() - "2026-11-21T23:52:07.123456Z" (UTC) into @buf; returns @buf. */
const char *wabe_clock_rfc3339(int64_t time_us, char buf[WABE_CLOCK_TEXT_MAX]);

#endif
