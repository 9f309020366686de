// SPDX-License-Identifier: GPL-2.0-or-later
/* base/error: the one error convention of the project; see error.h. */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CAUSE_MAX \
	128 /* of a text too long for the buffer, this much of its end stays: the cause is there */

/* ": @rest" behind the first @len bytes; what is too long loses bytes before its end, never the end. */
static void append(struct wabe_error *err, size_t len, const char *rest)
{
	const size_t room = sizeof(err->text), tail = CAUSE_MAX, wanted = strlen(rest);

	if (len > room - 2 * tail) {
		len = room - 2 * tail;
		memcpy(err->text + len - 3, "...", 3);
	}
	if (len + 2 + wanted < room)
		snprintf(err->text + len, room - len, ": %s", rest);
	else
		snprintf(err->text + len, room - len, ": %.*s...%s", (int)(room - len - tail - 6),
			 rest, rest + wanted - tail);
}

int wabe_error_set(struct wabe_error *err, int code, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	int len;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	len = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (len >= 0)
		append(err, (size_t)len, strerror(-code));
	errno = saved;
	return code;
}

int wabe_error_say(struct wabe_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

int wabe_error_prefix(struct wabe_error *err, const char *fmt, ...)
{
	char rest[WABE_ERROR_TEXT_MAX];
	va_list ap;
	int len;

	if (!err || err->code == 0)
		return -EIO;
	memcpy(rest, err->text, sizeof(rest));
	rest[sizeof(rest) - 1] = '\0';
	va_start(ap, fmt);
	len = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (len >= 0)
		append(err, (size_t)len, rest);
	return err->code;
}

int wabe_error_kind(struct wabe_error *err, int kind)
{
	if (!err || err->code == 0)
		return -EIO;
	err->kind = kind;
	return err->code;
}

void wabe_error_clear(struct wabe_error *err)
{
	if (!err)
		return;
	err->code = 0;
	err->kind = 0;
	err->text[0] = '\0';
}
