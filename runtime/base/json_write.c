// SPDX-License-Identifier: GPL-2.0-or-later
/* base/json: the writer; see json.h. Wraps yajl_gen, which writes straight into a wabe_buf. */
#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/cleanup.h"
#include "base/utf8.h"

struct wabe_json_writer {
	yajl_gen gen;
	struct wabe_buf text;
	int code;     /* the first failure */
	char pending; /* '{' or '[': begun, and nothing inside yet */
	size_t depth;
	bool has_content;
};

static void note(struct wabe_json_writer *w, int code)
{
	if (w->code == 0)
		w->code = code;
}

static void on_print(void *ctx, const char *s, size_t len)
{
	struct wabe_json_writer *w = ctx;

	if (wabe_buf_add(&w->text, s, len) < 0)
		note(w, -ENOMEM);
}

static void check(struct wabe_json_writer *w, yajl_gen_status status)
{
	if (status != yajl_gen_status_ok)
		note(w, -EINVAL);
}

/*
 * Before anything is written inside: yajl_gen prints an empty container as "{\n\n}", so the opening is held back until it
 * is known whether something follows. False: nothing may be written (no memory, or failed before).
 */
static bool ready(struct wabe_json_writer *w)
{
	char pending;

	if (!w || w->code < 0)
		return false;
	pending = w->pending;
	w->pending = 0;
	w->has_content = true;
	if (pending == '{')
		check(w, yajl_gen_map_open(w->gen));
	else if (pending == '[')
		check(w, yajl_gen_array_open(w->gen));
	return w->code == 0;
}

struct wabe_json_writer *wabe_json_writer_new(enum wabe_json_style style)
{
	struct wabe_json_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->gen = yajl_gen_alloc(NULL);
	if (!w->gen) {
		free(w);
		return NULL;
	}
	yajl_gen_config(w->gen, yajl_gen_print_callback, on_print, w);
	if (style == WABE_JSON_INDENTED) {
		yajl_gen_config(w->gen, yajl_gen_beautify, 1);
		yajl_gen_config(w->gen, yajl_gen_indent_string, "\t");
	}
	return w;
}

static void begin(struct wabe_json_writer *w, char kind)
{
	if (!ready(w))
		return;
	w->pending = kind;
	w->depth++;
}

static void end(struct wabe_json_writer *w, char kind)
{
	if (!w || w->code < 0)
		return;
	if (w->depth == 0 || (w->pending && w->pending != kind)) {
		note(w, -EINVAL);
		return;
	}
	w->depth--;
	if (w->pending) /* yajl_gen_number() prints its text as it is */
		check(w, yajl_gen_number(w->gen, kind == '{' ? "{}" : "[]", 2));
	else
		check(w, kind == '{' ? yajl_gen_map_close(w->gen) : yajl_gen_array_close(w->gen));
	w->pending = 0;
}

void wabe_json_object_begin(struct wabe_json_writer *w)
{
	begin(w, '{');
}

void wabe_json_object_end(struct wabe_json_writer *w)
{
	end(w, '{');
}

void wabe_json_array_begin(struct wabe_json_writer *w)
{
	begin(w, '[');
}

void wabe_json_array_end(struct wabe_json_writer *w)
{
	end(w, '[');
}

/* A copy of @s in @out whose bytes that are no UTF-8 are U+FFFD each. */
static int make_valid(const char *s, size_t len, struct wabe_buf *out)
{
	while (len > 0) {
		size_t n = wabe_utf8_valid_len(s, len);
		int r = wabe_buf_add(out, s, n);

		if (r == 0 && n < len) {
			r = wabe_buf_add(out, "\xef\xbf\xbd", 3);
			n++;
		}
		if (r < 0)
			return r;
		s += n;
		len -= n;
	}
	return 0;
}

static void put_string(struct wabe_json_writer *w, const char *s)
{
	size_t len = strlen(s);
	_cleanup_(wabe_buf_free) struct wabe_buf valid = WABE_BUF_INIT;

	if (wabe_utf8_valid_len(s, len) != len) {
		if (make_valid(s, len, &valid) < 0) {
			note(w, -ENOMEM);
			return;
		}
		s = valid.data;
		len = valid.len;
	}
	check(w, yajl_gen_string(w->gen, (const unsigned char *)s, len));
}

void wabe_json_key(struct wabe_json_writer *w, const char *key)
{
	if (ready(w))
		put_string(w, key);
}

void wabe_json_add_string(struct wabe_json_writer *w, const char *s)
{
	if (!s)
		wabe_json_add_null(w);
	else if (ready(w))
		put_string(w, s);
}

static void put_number(struct wabe_json_writer *w, const char *text)
{
	if (ready(w))
		check(w, yajl_gen_number(w->gen, text, strlen(text)));
}

void wabe_json_add_int(struct wabe_json_writer *w, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)v);
	put_number(w, text);
}

void wabe_json_add_uint(struct wabe_json_writer *w, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	put_number(w, text);
}

/* The shortest text that reads back as the same value: yajl_gen_double() would write 0.1 with 20 digits. */
void wabe_json_add_double(struct wabe_json_writer *w, double v)
{
	char text[40];

	if (!isfinite(v)) {
		if (w)
			note(w, -EINVAL);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	put_number(w, text);
}

void wabe_json_add_bool(struct wabe_json_writer *w, bool v)
{
	if (ready(w))
		check(w, yajl_gen_bool(w->gen, v));
}

void wabe_json_add_null(struct wabe_json_writer *w)
{
	if (ready(w))
		check(w, yajl_gen_null(w->gen));
}

void wabe_json_put_string(struct wabe_json_writer *w, const char *key, const char *s)
{
	wabe_json_key(w, key);
	wabe_json_add_string(w, s);
}

void wabe_json_put_int(struct wabe_json_writer *w, const char *key, int64_t v)
{
	wabe_json_key(w, key);
	wabe_json_add_int(w, v);
}

void wabe_json_put_uint(struct wabe_json_writer *w, const char *key, uint64_t v)
{
	wabe_json_key(w, key);
	wabe_json_add_uint(w, v);
}

void wabe_json_put_bool(struct wabe_json_writer *w, const char *key, bool v)
{
	wabe_json_key(w, key);
	wabe_json_add_bool(w, v);
}

int wabe_json_writer_finish(struct wabe_json_writer *w, struct wabe_buf *out)
{
	int r;

	if (!w)
		return -ENOMEM;
	r = w->code;
	if (r == 0 && (w->depth > 0 || !w->has_content))
		r = -EINVAL;
	while (r == 0 && w->text.len > 0 && w->text.data[w->text.len - 1] == '\n')
		w->text.len--; /* yajl_gen ends indented documents with one, compact ones without */
	if (r == 0)
		r = wabe_buf_add(&w->text, "\n", 1);
	if (r == 0)
		r = wabe_buf_add(out, w->text.data, w->text.len);
	wabe_json_writer_drop(&w);
	return r;
}

void wabe_json_writer_drop(struct wabe_json_writer **w)
{
	if (!*w)
		return;
	yajl_gen_free((*w)->gen);
	wabe_buf_free(&(*w)->text);
	free(*w);
	*w = NULL;
}
