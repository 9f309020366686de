// SPDX-License-Identifier: GPL-2.0-or-later
/* base/parse: the strict parsers for numbers, sizes, durations and id maps; see parse.h. */
#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define CTID_MAX 2147483644u /* vzctl(8): the largest container id */
#define OCI_ID_MAX 255

/* Digits of @base from *@s on; *@s moves behind them. At least one digit. */
static int scan_digits(const char **s, unsigned int base, uint64_t *ret_value)
{
	const char *p = *s;
	uint64_t value = 0;

	for (; *p >= '0' && *p < (char)('0' + base); p++)
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return -ERANGE;
	if (p == *s)
		return -EINVAL;
	*s = p;
	*ret_value = value;
	return 0;
}

int wabe_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	uint64_t value;
	int r = scan_digits(&s, 10, &value);

	if (r < 0 && r != -ERANGE)
		return r;
	if (r == 0 && *s)
		return -EINVAL;
	if (r < 0 || value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int wabe_parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret_value)
{
	bool is_negative = *s == '-';
	uint64_t bound = is_negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	uint64_t magnitude;
	int64_t value;
	int r = wabe_parse_u64(s + is_negative, 0, bound, &magnitude);

	if (r < 0)
		return r;
	value = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	if (value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int wabe_parse_u32(const char *s, uint32_t *ret_value)
{
	uint64_t value;
	int r = wabe_parse_u64(s, 0, UINT32_MAX, &value);

	if (r == 0)
		*ret_value = (uint32_t)value;
	return r;
}

int wabe_parse_int(const char *s, int min, int max, int *ret_value)
{
	int64_t value;
	int r = wabe_parse_i64(s, min, max, &value);

	if (r == 0)
		*ret_value = (int)value;
	return r;
}

int wabe_parse_octal(const char *s, uint32_t *ret_mode)
{
	uint64_t value;
	int r = scan_digits(&s, 8, &value);

	if (r < 0)
		return r;
	if (*s)
		return -EINVAL;
	if (value > 07777)
		return -ERANGE;
	*ret_mode = (uint32_t)value;
	return 0;
}

/* "5" or "3-5" from *@s on. */
static int scan_range(const char **s, uint64_t max, uint64_t *ret_first, uint64_t *ret_last)
{
	int r = scan_digits(s, 10, ret_first);

	*ret_last = *ret_first;
	if (r == 0 && **s == '-') {
		(*s)++;
		r = scan_digits(s, 10, ret_last);
	}
	if (r < 0)
		return r;
	if (*ret_last < *ret_first)
		return -EINVAL;
	return *ret_last > max ? -ERANGE : 0;
}

int wabe_parse_list(const char *s, unsigned int max, unsigned long *bits)
{
	const unsigned int width = 8 * sizeof(*bits);

	memset(bits, 0, WABE_LIST_LONGS(max) * sizeof(*bits));
	for (;; s++) {
		uint64_t first, last;
		int r = scan_range(&s, max, &first, &last);

		if (r < 0)
			return r;
		for (; first <= last; first++)
			bits[first / width] |= 1UL << (first % width);
		if (*s != ',')
			return *s ? -EINVAL : 0;
	}
}

int wabe_parse_bool(const char *s, bool *ret_value)
{
	static const char *const words[][6] = {
		{ "0", "f", "F", "false", "False", "FALSE" },
		{ "1", "t", "T", "true", "True", "TRUE" },
	};

	for (size_t i = 0; i < 12; i++) {
		if (strcmp(s, words[i / 6][i % 6]) == 0) {
			*ret_value = i >= 6;
			return 0;
		}
	}
	return -EINVAL;
}

/* ".5" from *@s on: the part is *ret_part of *ret_whole, a power of ten. */
static int scan_part(const char **s, uint64_t *ret_part, uint64_t *ret_whole)
{
	const char *digits = *s + 1;
	int r;

	*ret_part = 0;
	*ret_whole = 1;
	if (**s != '.')
		return 0;
	*s = digits;
	r = scan_digits(s, 10, ret_part);
	/* As many as may be multiplied by 1024 below. */
	if (r < 0 || *s - digits > 15)
		return -EINVAL;
	for (; digits < *s; digits++)
		*ret_whole *= 10;
	return 0;
}

int wabe_parse_size(const char *s, uint64_t *ret_bytes)
{
	static const char units[] = "kmgtp";
	uint64_t value = 0, part = 0, whole = 1;
	const char *unit;
	int r = scan_digits(&s, 10, &value);

	if (r == 0)
		r = scan_part(&s, &part, &whole);
	if (r < 0)
		return r;
	unit = *s ? strchr(units, tolower((unsigned char)*s)) : NULL;
	if (!unit && whole > 1)
		return -EINVAL;
	for (const char *step = units; unit && step <= unit; step++) {
		if (__builtin_mul_overflow(value, 1024u, &value) ||
		    __builtin_add_overflow(value, part * 1024 / whole, &value))
			return -ERANGE;
		part = part * 1024 % whole;
	}
	s += unit != NULL;
	if (strcasecmp(s, "b") != 0 && !(unit && strcasecmp(s, "ib") == 0) && *s)
		return -EINVAL;
	*ret_bytes = value;
	return 0;
}

int wabe_parse_ctid(const char *s, uint32_t *ret_ctid)
{
	uint64_t value;
	int r = wabe_parse_u64(s, 1, CTID_MAX, &value);

	if (r == 0)
		*ret_ctid = (uint32_t)value;
	return r;
}

int wabe_parse_idmap(const char *s, struct wabe_idmap *ret_map)
{
	uint64_t v[3];

	for (int i = 0; i < 3; i++) {
		int r = scan_digits(&s, 10, &v[i]);

		if (r < 0)
			return r;
		if (v[i] > UINT32_MAX)
			return -ERANGE;
		if (*s != (i < 2 ? ':' : '\0'))
			return -EINVAL;
		s++;
	}
	/* The id 2^32-1 is "no id" to the kernel, so the last mapped one is below it. */
	if (v[2] == 0 || v[0] + v[2] > UINT32_MAX || v[1] + v[2] > UINT32_MAX)
		return -ERANGE;
	*ret_map = (struct wabe_idmap){ (uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2] };
	return 0;
}

int wabe_parse_id(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > OCI_ID_MAX || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return -EINVAL;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_+.-", *s))
			return -EINVAL;
	return 0;
}

static const struct wabe_name signal_names[] = {
	{ "HUP", SIGHUP },
	{ "INT", SIGINT },
	{ "QUIT", SIGQUIT },
	{ "ILL", SIGILL },
	{ "TRAP", SIGTRAP },
	{ "ABRT", SIGABRT },
	{ "IOT", SIGIOT },
	{ "BUS", SIGBUS },
	{ "FPE", SIGFPE },
	{ "KILL", SIGKILL },
	{ "USR1", SIGUSR1 },
	{ "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE },
	{ "ALRM", SIGALRM },
	{ "TERM", SIGTERM },
	{ "STKFLT", SIGSTKFLT },
	{ "CHLD", SIGCHLD },
	{ "CLD", SIGCHLD },
	{ "CONT", SIGCONT },
	{ "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU },
	{ "URG", SIGURG },
	{ "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },
	{ "WINCH", SIGWINCH },
	{ "IO", SIGIO },
	{ "POLL", SIGPOLL },
	{ "PWR", SIGPWR },
	{ "SYS", SIGSYS },
	{ "RTMIN", 34 },
	{ "RTMAX", 64 },
	{ NULL,
	  0 }, /* the C library's RTMIN: it keeps 32 and 33 for itself, kill -l counts the same way */
};

static int signal_named(const char *name, size_t len, long long *ret_value)
{
	for (const struct wabe_name *n = signal_names; n->name; n++) {
		if (strlen(n->name) == len && strncasecmp(n->name, name, len) == 0) {
			*ret_value = n->value;
			return 0;
		}
	}
	return -EINVAL;
}

int wabe_parse_signal(const char *s, int *ret_signal)
{
	long long value;
	size_t len;
	int offset = 0;

	if (isdigit((unsigned char)*s))
		return wabe_parse_int(s, 1, 64, ret_signal);
	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	len = strcspn(s, "+-");
	if (signal_named(s, len, &value) < 0)
		return -EINVAL;
	if (s[len]) {
		if (!(value == 34 && s[len] == '+') && !(value == 64 && s[len] == '-'))
			return -EINVAL;
		if (wabe_parse_int(s + len + 1, 0, 30, &offset) < 0)
			return -EINVAL;
		value += s[len] == '+' ? offset : -offset;
	}
	*ret_signal = (int)value;
	return 0;
}
