// SPDX-License-Identifier: GPL-2.0-or-later
/* base/str: strings, growing buffers, lists of words; see str.h. */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int wabe_strv_add(struct wabe_strv *list, struct wabe_arena *arena, const char *s)
{
	if (list->count + 1 >= list->room) {
		size_t room = list->room ? list->room * 2 : 8;
		char **items = wabe_arena_array(arena, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		list->room = room;
	}
	list->items[list->count++] = (char *)s;
	list->items[list->count] = NULL;
	return 0;
}

bool wabe_strv_has(const struct wabe_strv *list, const char *s)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], s) == 0)
			return true;
	return false;
}

int wabe_strv_split(struct wabe_strv *list, struct wabe_arena *arena, const char *s,
		    const char *separators)
{
	for (s += strspn(s, separators); *s; s += strspn(s, separators)) {
		size_t len = strcspn(s, separators);
		char *word = wabe_arena_strndup(arena, s, len);

		if (!word || wabe_strv_add(list, arena, word) < 0)
			return -ENOMEM;
		s += len;
	}
	return 0;
}

static int buf_grow(struct wabe_buf *buf, size_t add)
{
	size_t need, room = buf->room ? buf->room : 256;
	char *data;

	if (__builtin_add_overflow(buf->len, add, &need) || need >= SIZE_MAX / 2)
		return -ENOMEM;
	need++;
	if (need <= buf->room)
		return 0;
	while (room < need)
		room *= 2;
	data = realloc(buf->data, room);
	if (!data)
		return -ENOMEM;
	buf->data = data;
	buf->room = room;
	return 0;
}

char *wabe_buf_room(struct wabe_buf *buf, size_t len)
{
	return buf_grow(buf, len) < 0 ? NULL : buf->data + buf->len;
}

int wabe_buf_add(struct wabe_buf *buf, const void *data, size_t len)
{
	if (buf_grow(buf, len) < 0)
		return -ENOMEM;
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return 0;
}

int wabe_buf_puts(struct wabe_buf *buf, const char *s)
{
	return wabe_buf_add(buf, s, strlen(s));
}

int wabe_buf_printf(struct wabe_buf *buf, const char *fmt, ...)
{
	size_t room = buf->room - buf->len;
	va_list ap;
	int len;

	/* Most often it fits what there is. */
	va_start(ap, fmt);
	len = vsnprintf(room ? buf->data + buf->len : NULL, room, fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len >= room) {
		if (room)
			buf->data[buf->len] = '\0';
		if (buf_grow(buf, (size_t)len) < 0)
			return -ENOMEM;
		va_start(ap, fmt);
		vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, ap);
		va_end(ap);
	}
	if (len < 0)
		return -ENOMEM;
	buf->len += (size_t)len;
	return 0;
}

static int add_digits(struct wabe_buf *buf, uint64_t number, unsigned int base)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = "0123456789abcdef"[number % base];
	while (number /= base);
	return wabe_buf_add(buf, digits + at, sizeof(digits) - at);
}

int wabe_buf_number(struct wabe_buf *buf, uint64_t number)
{
	return add_digits(buf, number, 10);
}

int wabe_buf_hex(struct wabe_buf *buf, uint64_t number)
{
	return add_digits(buf, number, 16);
}

int wabe_buf_escape(struct wabe_buf *buf, const char *s)
{
	size_t before = buf->len;
	int r = 0;

	for (const unsigned char *p = (const unsigned char *)s; r == 0 && *p; p++)
		r = *p < 0x20 || *p == 0x7f ? wabe_buf_printf(buf, "\\x%02x", *p)
					    : wabe_buf_add(buf, p, 1);
	if (r < 0)
		buf->len = before;
	return r;
}

void wabe_buf_free(struct wabe_buf *buf)
{
	free(buf->data);
	buf->data = NULL;
	buf->len = 0;
	buf->room = 0;
}

bool wabe_str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool wabe_str_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool wabe_str_printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

int wabe_name_find(const struct wabe_name *table, const char *name, long long *ret_value)
{
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0) {
			*ret_value = table->value;
			return 0;
		}
	}
	return -ENOENT;
}

const char *wabe_name_of(const struct wabe_name *table, long long value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}
