/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/tap: Test Anything Protocol for the C tests: one line a check, the plan at the end.
 *
 *     struct tap t = TAP_INIT;
 *     tap_ok(&t, r == 0, "row %s", row->name);
 *     return tap_end(&t);
 *
 * A check returns whether it held, so that what depends on it can be left out.
 */
#ifndef WABE_TESTS_TAP_H
#define WABE_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct tap {
	unsigned int count, failed;
};

#define TAP_INIT  \
	{         \
		0 \
	}

/* A test's name is one line without '#', which TAP would read as a directive. */
__attribute__((format(printf, 1, 0))) static inline void tap_name(const char *fmt, va_list ap)
{
	char name[512];

	vsnprintf(name, sizeof(name), fmt, ap);
	for (char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == '#')
			*c = '.';
	puts(name);
}

__attribute__((format(printf, 3, 0))) static inline bool tap_vok(struct tap *t, bool is_good,
								 const char *fmt, va_list ap)
{
	t->count++;
	if (!is_good)
		t->failed++;
	printf("%sok %u - ", is_good ? "" : "not ", t->count);
	tap_name(fmt, ap);
	return is_good;
}

/** tap_ok() - one check that holds when @is_good. */
__attribute__((format(printf, 3, 4))) static inline bool tap_ok(struct tap *t, bool is_good,
								const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_vok(t, is_good, fmt, ap);
	va_end(ap);
	return is_good;
}

/** tap_int() - two integers are equal; both are shown when they aren't. */
__attribute__((format(printf, 4, 5))) static inline bool
tap_int(struct tap *t, long long got, long long want, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_vok(t, got == want, fmt, ap);
	va_end(ap);
	if (got != want)
		printf("# got %lld, want %lld\n", got, want);
	return got == want;
}

static inline void tap_show(const char *label, const char *s)
{
	printf("# %s ", label);
	for (; s && *s; s++)
		printf(*s == '\n' ? "\n#      " : "%c", *s);
	puts(s ? "" : "(null)");
}

/** tap_str() - two strings are equal; NULL equals only NULL. */
__attribute__((format(printf, 4, 5))) static inline bool
tap_str(struct tap *t, const char *got, const char *want, const char *fmt, ...)
{
	bool is_same = got == want || (got && want && strcmp(got, want) == 0);
	va_list ap;

	va_start(ap, fmt);
	tap_vok(t, is_same, fmt, ap);
	va_end(ap);
	if (!is_same) {
		tap_show("got ", got);
		tap_show("want", want);
	}
	return is_same;
}

/** tap_has() - @text contains @part. */
__attribute__((format(printf, 4, 5))) static inline bool
tap_has(struct tap *t, const char *text, const char *part, const char *fmt, ...)
{
	bool is_there = text && strstr(text, part);
	va_list ap;

	va_start(ap, fmt);
	tap_vok(t, is_there, fmt, ap);
	va_end(ap);
	if (!is_there) {
		tap_show("text", text);
		tap_show("part", part);
	}
	return is_there;
}

/** tap_skip() - one check that this machine can't do, with the reason. */
static inline void tap_skip(struct tap *t, const char *reason)
{
	t->count++;
	printf("ok %u # SKIP %s\n", t->count, reason);
}

/** tap_end() - print the plan; the exit status of the test program. A test that checked nothing fails. */
static inline int tap_end(const struct tap *t)
{
	printf("1..%u\n", t->count);
	return t->failed || t->count == 0;
}

#endif
