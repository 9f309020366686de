/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/json: a strict JSON tree and a writer. The only user of yajl.
 *
 * Strict: valid UTF-8, no comments, nothing behind the document, no duplicate keys, no NUL in strings (\u0000), bounded
 * size and depth. All memory is in the caller's arena.
 */
#ifndef WABE_BASE_JSON_H
#define WABE_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#define WABE_JSON_MAX_BYTES (4u << 20) /* the largest config.json in the field is some 100 KB */
#define WABE_JSON_MAX_DEPTH 64

enum wabe_json_type {
	WABE_JSON_NULL,
	WABE_JSON_BOOL,
	WABE_JSON_NUMBER,
	WABE_JSON_STRING,
	WABE_JSON_ARRAY,
	WABE_JSON_OBJECT,
	WABE_JSON_TYPE_MAX,
};

struct wabe_json {
	enum wabe_json_type type;
	bool boolean;
	const char *key;  /* in an object: its name there */
	const char *text; /* a string's value, a number as it was written */
	size_t count;	  /* of an array's or object's children */
	struct wabe_json *first, *last, *next, *parent;
};

/**
 * wabe_json_parse() - text to tree.
 * @what: how errors name the document ("config.json")
 * Returns 0; -EINVAL (not JSON: with line and column), -E2BIG (too large or too deep), -ENOMEM.
 */
int wabe_json_parse(struct wabe_arena *arena, const char *what, const char *text, size_t len,
		    struct wabe_json **ret_root, struct wabe_error *err);

/** wabe_json_member() - child of an object by name, or NULL. NULL as @object is fine. */
const struct wabe_json *wabe_json_member(const struct wabe_json *object, const char *key);

/** wabe_json_path() - "process.rlimits[0].hard" into @buf, cut to fit; returns @buf. */
const char *wabe_json_path(const struct wabe_json *node, char *buf, size_t room);

/** wabe_json_type_name() - "string", "array", ... */
const char *wabe_json_type_name(enum wabe_json_type type);

/**
 * wabe_json_int(), wabe_json_uint() - integer value in min..max. A fraction is -EINVAL, out of range -ERANGE; the error names the path.
 */
int wabe_json_int(const struct wabe_json *node, int64_t min, int64_t max, int64_t *ret_value,
		  struct wabe_error *err);
int wabe_json_uint(const struct wabe_json *node, uint64_t max, uint64_t *ret_value,
		   struct wabe_error *err);

/**
 * The writer: wraps yajl_gen. Calls nest as the document does; the first failure sticks and wabe_json_writer_finish()
 * reports it, so the calls between need no checks.
 */
struct wabe_json_writer;

enum wabe_json_style { WABE_JSON_COMPACT, WABE_JSON_INDENTED };

struct wabe_json_writer *wabe_json_writer_new(enum wabe_json_style style);
void wabe_json_object_begin(struct wabe_json_writer *w);
void wabe_json_object_end(struct wabe_json_writer *w);
void wabe_json_array_begin(struct wabe_json_writer *w);
void wabe_json_array_end(struct wabe_json_writer *w);
void wabe_json_key(struct wabe_json_writer *w, const char *key);
void wabe_json_add_string(
	struct wabe_json_writer *w,
	const char *s); /* NULL writes null; bytes that are not UTF-8 become U+FFFD */
void wabe_json_add_int(struct wabe_json_writer *w, int64_t v);
void wabe_json_add_uint(struct wabe_json_writer *w, uint64_t v);
void wabe_json_add_double(struct wabe_json_writer *w, double v);
void wabe_json_add_bool(struct wabe_json_writer *w, bool v);
void wabe_json_add_null(struct wabe_json_writer *w);

/* The same, as a member of the object that is open. */
void wabe_json_put_string(struct wabe_json_writer *w, const char *key,
			  const char *s); /* NULL writes null */
void wabe_json_put_int(struct wabe_json_writer *w, const char *key, int64_t v);
void wabe_json_put_uint(struct wabe_json_writer *w, const char *key, uint64_t v);
void wabe_json_put_bool(struct wabe_json_writer *w, const char *key, bool v);

/** wabe_json_writer_finish() - append the text and a newline to @out and free the writer. 0 or -errno. */
int wabe_json_writer_finish(struct wabe_json_writer *w, struct wabe_buf *out);

/** wabe_json_writer_drop() - free a writer without its text; for cleanup. NULL is fine. */
void wabe_json_writer_drop(struct wabe_json_writer **w);

#endif
