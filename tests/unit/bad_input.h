/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/bad_input: documents with one wrong value, made from the tables that load them. For each row, whoever adds it,
 * and each value that a field of its type can't have: the smallest document in which that row has that value.
 *
 * A type of row that isn't known here ends the program, so that a new one can't be left out.
 */
#ifndef WABE_TESTS_BAD_INPUT_H
#define WABE_TESTS_BAD_INPUT_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/codec.h"

#define BAD_DEPTH_MAX 16

/* One case: @path is where the wrong value is, @text the whole document. @value NULL: a required key was left out. */
struct bad_case {
	const char *path, *key, *value, *text;
	const struct wabe_codec_field *row;
};

typedef void bad_sink(void *data, const struct bad_case *c);

struct bad_walk {
	bad_sink *sink;
	void *data;
	const struct wabe_codec_field *rows[BAD_DEPTH_MAX]; /* of each object on the way ... */
	const struct wabe_codec_field *row[BAD_DEPTH_MAX];  /* ... and the key that leads on */
	size_t depth;
	const char *only; /* NULL, or: the one value, of each number */
};

/* What no field of a type can be. */
struct bad_values {
	enum wabe_codec_type type;
	const char *values[16];
};

#define BAD_NO_LIST "null", "true", "1", "\"x\"", "{}", "{\"a\":1}"
#define BAD_NO_MAP "null", "true", "1", "\"x\"", "[]", "[{}]"
#define BAD_NUMBER                                                                \
	"null", "true", "\"1\"", "\"\"", "[]", "{}", "[1]", "1.5", "-0.5", "1e3", \
		"18446744073709551616", "-9223372036854775809", "99999999999999999999999999999999"
#define BAD_WORD "null", "true", "0", "-1", "1.5", "18446744073709551616", "[]", "[\"x\"]", "{}"

static const struct bad_values bad_values[] = {
	{ WABE_CODEC_BOOL, { "null", "\"true\"", "\"\"", "0", "1", "-1", "[]", "{}" } },
	{ WABE_CODEC_OPT_BOOL, { "null", "\"true\"", "\"\"", "0", "1", "-1", "[]", "{}" } },
	{ WABE_CODEC_STRING, { BAD_WORD } },
	{ WABE_CODEC_ENUM, { BAD_WORD, "\"\"", "\"wabe-no-such-name\"", "\"\\u001b\"" } },
	{ WABE_CODEC_I64, { BAD_NUMBER } },
	{ WABE_CODEC_U64, { BAD_NUMBER, "-1" } },
	{ WABE_CODEC_U32, { BAD_NUMBER, "-1", "4294967296" } },
	{ WABE_CODEC_OPT_I64, { BAD_NUMBER } },
	{ WABE_CODEC_OPT_U64, { BAD_NUMBER, "-1" } },
	{ WABE_CODEC_NAME_LIST,
	  { BAD_NO_LIST, "[null]", "[1]", "[[]]", "[\"\"]", "[\"wabe-no-such-name\"]" } },
	{ WABE_CODEC_STRV, { BAD_NO_LIST, "[null]", "[1]", "[true]", "[[]]", "[{}]" } },
	{ WABE_CODEC_U32_LIST,
	  { BAD_NO_LIST, "[null]", "[\"1\"]", "[-1]", "[4294967296]", "[1.5]", "[[]]" } },
	{ WABE_CODEC_PAIRS,
	  { BAD_NO_MAP, "{\"a\":null}", "{\"a\":1}", "{\"a\":true}", "{\"a\":[]}", "{\"a\":{}}" } },
	{ WABE_CODEC_OBJECT, { BAD_NO_MAP } },
	{ WABE_CODEC_POINTER, { BAD_NO_MAP } },
	{ WABE_CODEC_LIST, { BAD_NO_LIST, "[null]", "[1]", "[true]", "[\"x\"]", "[[]]" } },
	{ WABE_CODEC_UNSUPPORTED, { "true", "1", "-1", "\"x\"", "[1]", "{\"a\":1}" } },
};

/* Objects by the user's names: whatever the tables have of structs in structs and isn't one of these. */
static inline bool bad_is_map(const struct wabe_codec_field *row)
{
	return row->sub && row->type != WABE_CODEC_OBJECT && row->type != WABE_CODEC_POINTER &&
	       row->type != WABE_CODEC_LIST;
}

static const struct bad_values bad_map_values = {
	WABE_CODEC_OBJECT,
	{ BAD_NO_MAP, "{\"a\":null}", "{\"a\":1}", "{\"a\":\"x\"}", "{\"a\":[]}" },
};

static inline const struct bad_values *bad_values_of(const struct wabe_codec_field *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_values); i++)
		if (bad_values[i].type == row->type)
			return &bad_values[i];
	if (bad_is_map(row))
		return &bad_map_values;
	printf("Bail out! %s: tests/unit/bad_input.h has no wrong values for a row of type %d\n",
	       row->key, (int)row->type);
	exit(1);
}

/* A value that the table alone accepts. */
static inline void bad_placeholder(struct wabe_buf *out, const struct wabe_codec_field *row);

static inline void bad_required(struct wabe_buf *out, const struct wabe_codec_field *rows,
				const struct wabe_codec_field *without, bool *is_first)
{
	for (const struct wabe_codec_field *f = rows; f->key; f++) {
		if (!(f->flags & WABE_CODEC_REQUIRED) || f == without)
			continue;
		wabe_buf_printf(out, "%s\"%s\":", *is_first ? "" : ",", f->key);
		bad_placeholder(out, f);
		*is_first = false;
	}
}

static inline void bad_placeholder(struct wabe_buf *out, const struct wabe_codec_field *row)
{
	bool is_first = true;

	switch (row->type) {
	case WABE_CODEC_BOOL:
	case WABE_CODEC_OPT_BOOL:
		wabe_buf_puts(out, "false");
		return;
	case WABE_CODEC_STRING:
		wabe_buf_puts(out, strcmp(row->key, "ociVersion") == 0 ? "\"1.0.2\"" : "\"x\"");
		return;
	case WABE_CODEC_ENUM:
		wabe_buf_printf(out, "\"%s\"", row->names[0].name);
		return;
	case WABE_CODEC_OBJECT:
	case WABE_CODEC_POINTER:
		wabe_buf_puts(out, "{");
		bad_required(out, row->sub, NULL, &is_first);
		wabe_buf_puts(out, "}");
		return;
	case WABE_CODEC_LIST:
	case WABE_CODEC_STRV:
	case WABE_CODEC_NAME_LIST:
	case WABE_CODEC_U32_LIST:
		wabe_buf_puts(out, "[]");
		return;
	case WABE_CODEC_PAIRS:
		wabe_buf_puts(out, "{}");
		return;
	default:
		if (bad_is_map(row))
			wabe_buf_puts(out, "{}");
		else
			wabe_buf_printf(out, "%" PRId64, row->min > 0 ? row->min : 0);
	}
}

/* What stands around the one entry of a list or a map. */
static inline const char *bad_opening(const struct wabe_codec_field *row)
{
	return row->type == WABE_CODEC_LIST ? "[" : bad_is_map(row) ? "{\"k\":" : "";
}

static inline const char *bad_closing(const struct wabe_codec_field *row)
{
	return row->type == WABE_CODEC_LIST ? "]" : bad_is_map(row) ? "}" : "";
}

static inline const char *bad_step(const struct wabe_codec_field *row)
{
	return row->type == WABE_CODEC_LIST ? "[0]" : bad_is_map(row) ? ".k" : "";
}

/* The document around the last step of the walk; @value NULL leaves its key out. */
static inline void bad_document(const struct bad_walk *w, const char *value, struct wabe_buf *out)
{
	size_t last = w->depth - 1;

	for (size_t i = 0; i < w->depth; i++) {
		bool is_first = true;

		wabe_buf_puts(out, "{");
		bad_required(out, w->rows[i], w->row[i], &is_first);
		if (i == last && !value)
			break;
		wabe_buf_printf(out, "%s\"%s\":%s", is_first ? "" : ",", w->row[i]->key,
				i == last ? value : bad_opening(w->row[i]));
	}
	wabe_buf_puts(out, "}");
	for (size_t i = last; i-- > 0;)
		wabe_buf_printf(out, "%s}", bad_closing(w->row[i]));
}

/* As wabe_json_path() writes it. @count: how many steps. */
static inline void bad_path(const struct bad_walk *w, size_t count, char *path, size_t room)
{
	size_t used = 0;

	snprintf(path, room, "the document");
	for (size_t i = 0; i < count && used < room; i++)
		used += (size_t)snprintf(path + used, room - used, "%s%s%s", i ? "." : "",
					 w->row[i]->key,
					 i + 1 < w->depth ? bad_step(w->row[i]) : "");
}

static inline void bad_emit(const struct bad_walk *w, const char *value)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	const struct wabe_codec_field *row = w->row[w->depth - 1];
	char path[256];

	/* null is none, where there need be none. */
	if (value && strcmp(value, "null") == 0 && !(row->flags & WABE_CODEC_REQUIRED))
		return;
	bad_document(w, value, &text);
	/* What is missing is said of the object. */
	bad_path(w, value ? w->depth : w->depth - 1, path, sizeof(path));
	w->sink(w->data, &(struct bad_case){ path, row->key, value, text.data, row });
}

static inline void bad_emit_number(const struct bad_walk *w, const char *sign, uint64_t number)
{
	bool is_list = w->row[w->depth - 1]->type == WABE_CODEC_U32_LIST;
	char value[40];

	snprintf(value, sizeof(value), "%s%s%" PRIu64 "%s", is_list ? "[" : "", sign, number,
		 is_list ? "]" : "");
	bad_emit(w, value);
}

/* One below the least and one above the most that the row allows, where a type's own end isn't the bound. */
static inline void bad_emit_bounds(const struct bad_walk *w, const struct wabe_codec_field *row)
{
	bool is_signed = row->type == WABE_CODEC_I64 || row->type == WABE_CODEC_OPT_I64;

	if (row->max != 0 && row->max < UINT64_MAX)
		bad_emit_number(w, "", row->max + 1);
	if (row->min > 0)
		bad_emit_number(w, "", (uint64_t)row->min - 1);
	else if (row->min < 0 || (is_signed && row->max != 0))
		bad_emit_number(w, "-", (uint64_t)-row->min + 1);
}

/* A name of the list in the other case is another name. */
static inline void bad_emit_case(const struct bad_walk *w, const struct wabe_codec_field *row)
{
	const char *name = row->names[0].name;
	bool is_list = row->type == WABE_CODEC_NAME_LIST;
	char value[80];

	snprintf(value, sizeof(value), "%s\"%s\"%s", is_list ? "[" : "", name, is_list ? "]" : "");
	for (char *c = value; *c; c++)
		*c = *c >= 'a' && *c <= 'z' ? *c - 32 : *c >= 'A' && *c <= 'Z' ? *c + 32 : *c;
	bad_emit(w, value);
}

static inline void bad_walk_rows(struct bad_walk *w, const struct wabe_codec_field *rows);

static inline bool bad_is_number(const struct wabe_codec_field *row)
{
	return row->type == WABE_CODEC_I64 || row->type == WABE_CODEC_U64 ||
	       row->type == WABE_CODEC_U32 || row->type == WABE_CODEC_OPT_I64 ||
	       row->type == WABE_CODEC_OPT_U64;
}

static inline void bad_emit_all(const struct bad_walk *w, const struct wabe_codec_field *row)
{
	const struct bad_values *bad = bad_values_of(row);
	bool takes_unknown = row->type == WABE_CODEC_NAME_LIST && row->size;

	for (size_t i = 0; i < ARRAY_SIZE(bad->values) && bad->values[i]; i++)
		if (!takes_unknown || strncmp(bad->values[i], "[\"", 2) != 0)
			bad_emit(w, bad->values[i]);
	if (bad_is_number(row) || row->type == WABE_CODEC_U32_LIST)
		bad_emit_bounds(w, row);
	if (row->names && !takes_unknown)
		bad_emit_case(w, row);
	if (row->flags & WABE_CODEC_REQUIRED)
		bad_emit(w, NULL);
}

static inline void bad_walk_row(struct bad_walk *w, const struct wabe_codec_field *row)
{
	if (!w->only)
		bad_emit_all(w, row);
	else if (bad_is_number(row))
		bad_emit(w, w->only);
	if (row->sub)
		bad_walk_rows(w, row->sub);
}

static inline void bad_walk_rows(struct bad_walk *w, const struct wabe_codec_field *rows)
{
	if (w->depth == BAD_DEPTH_MAX) {
		printf("Bail out! the tables are deeper than %d\n", BAD_DEPTH_MAX);
		exit(1);
	}
	w->rows[w->depth] = rows;
	for (const struct wabe_codec_field *f = rows; f->key; f++) {
		w->row[w->depth++] = f;
		bad_walk_row(w, f);
		w->depth--;
	}
}

/** bad_each() - every case that @rows give, told to @sink. */
static inline void bad_each(const struct wabe_codec_field *rows, bad_sink *sink, void *data)
{
	struct bad_walk w = { .sink = sink, .data = data };

	bad_walk_rows(&w, rows);
}

/** bad_each_number() - documents with @number in each place of the rows that takes numbers, well-formed for each. */
static inline void bad_each_number(const struct wabe_codec_field *rows, const char *number,
				   bad_sink *sink, void *data)
{
	struct bad_walk w = { .sink = sink, .data = data, .only = number };

	bad_walk_rows(&w, rows);
}

#endif
