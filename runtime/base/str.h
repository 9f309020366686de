/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/str: strings, growing buffers, lists of words.
 */
#ifndef WABE_BASE_STR_H
#define WABE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/** A list of strings whose memory belongs to an arena; .items is NULL-terminated (usable as argv) once non-empty. */
struct wabe_strv {
	char **items;
	size_t count;
	size_t room;
};

/** wabe_strv_add() - append @s itself (not a copy) to the list. 0 or -ENOMEM. */
int wabe_strv_add(struct wabe_strv *list, struct wabe_arena *arena, const char *s);

/** wabe_strv_has() - is @s one of the strings? */
bool wabe_strv_has(const struct wabe_strv *list, const char *s);

/** wabe_strv_split() - append the words of @s, separated by any of the characters of @separators. 0 or -ENOMEM. */
int wabe_strv_split(struct wabe_strv *list, struct wabe_arena *arena, const char *s,
		    const char *separators);

/** A growing byte buffer; .data is always NUL-terminated once something was added. Free with wabe_buf_free(). */
struct wabe_buf {
	char *data;
	size_t len;
	size_t room;
};

#define WABE_BUF_INIT \
	{             \
		0     \
	}

/**
 * wabe_buf_room() - room for @len bytes more behind the text, to be written by the caller, who then raises .len and ends
 * the text with a NUL. NULL: no memory.
 */
char *wabe_buf_room(struct wabe_buf *buf, size_t len);

/** wabe_buf_add(), wabe_buf_printf() - append. 0 or -ENOMEM (the buffer is then unchanged). */
int wabe_buf_add(struct wabe_buf *buf, const void *data, size_t len);
int wabe_buf_puts(struct wabe_buf *buf, const char *s);
int wabe_buf_printf(struct wabe_buf *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * wabe_buf_number(), wabe_buf_hex() - append @number, as printf's %llu and %llx for a fraction of what those cost: a process that
 * formats nothing else has all of printf to page in. 0 or -ENOMEM.
 */
int wabe_buf_number(struct wabe_buf *buf, uint64_t number);
int wabe_buf_hex(struct wabe_buf *buf, uint64_t number);

/** wabe_buf_escape() - append @s with control characters as \xNN: one line, whatever it holds. 0 or -ENOMEM. */
int wabe_buf_escape(struct wabe_buf *buf, const char *s);

/** wabe_buf_free() - for _cleanup_(wabe_buf_free). */
void wabe_buf_free(struct wabe_buf *buf);

bool wabe_str_starts(const char *s, const char *prefix);
bool wabe_str_equal(const char *a, const char *b); /* NULL equals only NULL */

/** wabe_str_printable() - does @s have no control characters (CR, LF, ESC, DEL ...)? */
bool wabe_str_printable(const char *s);

/** A row that ties a name to a value; tables end with a NULL name. */
struct wabe_name {
	const char *name;
	long long value;
};

/** wabe_name_find() - value of @name in @table to *ret_value: 0 or -ENOENT. */
int wabe_name_find(const struct wabe_name *table, const char *name, long long *ret_value);

/** wabe_name_of() - the first name with @value, or NULL. */
const char *wabe_name_of(const struct wabe_name *table, long long value);

#endif
