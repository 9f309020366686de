// SPDX-License-Identifier: GPL-2.0-or-later
/* base/signals: see signals.h. */
#include "base/signals.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

void wabe_signals_held(sigset_t *ret_set)
{
	sigfillset(ret_set);
	sigdelset(ret_set, SIGTTIN);
	sigdelset(ret_set, SIGTTOU);
}

void wabe_signals_hold(sigset_t *ret_old)
{
	sigset_t held;

	wabe_signals_held(&held);
	sigprocmask(SIG_BLOCK, &held, ret_old);
}

void wabe_signals_release(const sigset_t *old)
{
	sigprocmask(SIG_SETMASK, old, NULL);
}

/* The 16 digits of a set in /proc/self/status. */
static uint64_t parse_set(const char *digits)
{
	uint64_t set = 0;

	for (int i = 0; i < 16; i++) {
		const char *digit = digits[i] ? strchr("0123456789abcdef", digits[i]) : NULL;

		if (!digit)
			return WABE_SIGNALS_ALL;
		set = set << 4 | (uint64_t)(*digit <= '9' ? *digit - '0' : *digit - 'a' + 10);
	}
	return set;
}

uint64_t wabe_signals_ignored(void)
{
	static const char name[] = "\nSigIgn:\t";
	_cleanup_close_ int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *line;

	if (n < 0)
		return WABE_SIGNALS_ALL;
	text[n] = '\0';
	line = strstr(text, name);
	return line ? parse_set(line + sizeof(name) - 1) : WABE_SIGNALS_ALL;
}

void wabe_signals_reset(uint64_t ignored)
{
	sigset_t none;

	/* SIGKILL and SIGSTOP, and two that are the C library's own, are refused. */
	for (int i = 1; ignored; i++, ignored >>= 1)
		if (ignored & 1)
			(void)signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
