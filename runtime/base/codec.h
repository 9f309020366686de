/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/codec: JSON objects to C structs and back, by table. One row owns a field: its key, type, place, range, names.
 *
 * A struct is described by rows that end with a NULL key. Loading checks types and ranges, names the JSON path in every
 * error, ignores keys that no row has (OCI config.md, "Extensibility") and refuses keys of UNSUPPORTED rows. The value null of a
 * key that isn't required is none.
 * Saving leaves out what is unset. Memory is in the caller's arena.
 */
#ifndef WABE_BASE_CODEC_H
#define WABE_BASE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

/* Optional scalars: absent is not the same as zero. */
struct wabe_opt_i64 {
	bool is_set;
	int64_t value;
};
struct wabe_opt_u64 {
	bool is_set;
	uint64_t value;
};
struct wabe_opt_bool {
	bool is_set;
	bool value;
};

/** A string-to-string object in document order. */
struct wabe_pair {
	const char *key;
	const char *value;
};
struct wabe_pairs {
	struct wabe_pair *items;
	size_t count;
};

enum wabe_codec_type {
	WABE_CODEC_BOOL,     /* bool */
	WABE_CODEC_STRING,   /* const char * */
	WABE_CODEC_I64,	     /* int64_t, min..max */
	WABE_CODEC_U64,	     /* uint64_t, min..max */
	WABE_CODEC_U32,	     /* uint32_t, min..max */
	WABE_CODEC_OPT_BOOL, /* struct wabe_opt_bool */
	WABE_CODEC_OPT_I64,  /* struct wabe_opt_i64, min..max */
	WABE_CODEC_OPT_U64,  /* struct wabe_opt_u64, min..max */
	WABE_CODEC_ENUM,     /* int, from .names (exact spelling) */
	/*
	 * uint64_t bit mask, array of names of .names whose values are bit numbers. With .size, where in the struct a struct wabe_strv
	 * is: unknown names go there and have no bit. Else they are errors.
	 */
	WABE_CODEC_NAME_LIST,
	WABE_CODEC_STRV,     /* struct wabe_strv */
	WABE_CODEC_U32_LIST, /* struct wabe_u32_list */
	WABE_CODEC_PAIRS,    /* struct wabe_pairs, object of strings */
	WABE_CODEC_OBJECT,   /* struct inside the parent, .sub */
	WABE_CODEC_POINTER,  /* pointer to a struct of .size, .sub; NULL when absent */
	WABE_CODEC_LIST,     /* struct wabe_list of structs of .size, .sub */
	WABE_CODEC_MAP, /* the same of an object of objects: the struct's first member is its key, const char * */
	WABE_CODEC_UNSUPPORTED, /* present (and not null, "", [], {} or false): refused with -ENOTSUP */
};

struct wabe_list {
	void *items;
	size_t count;
};
struct wabe_u32_list {
	uint32_t *items;
	size_t count;
};

enum {
	WABE_CODEC_REQUIRED = 1 << 0,
	WABE_CODEC_KEEP_EMPTY = 1 << 1, /* save although it is zero, empty or false */
};

struct wabe_codec_field {
	const char *key;
	enum wabe_codec_type type;
	size_t offset;
	unsigned int flags;
	const struct wabe_codec_field *sub;
	size_t size;
	const struct wabe_name *names;
	int64_t min;  /* of number kinds; I64 with both 0: the whole range of the type */
	uint64_t max; /* 0: up to the end of the type's range */
};

/**
 * wabe_codec_load() - @object into the zeroed struct @out, which points into the tree of @object afterwards.
 * Returns 0, -EINVAL, -ERANGE, -ENOTSUP or -ENOMEM; on failure @out is half filled. null is a value of the wrong type.
 */
int wabe_codec_load(struct wabe_arena *arena, const struct wabe_codec_field *fields,
		    const struct wabe_json *object, void *out, struct wabe_error *err);

/** wabe_codec_save() - write @in as an object. A REQUIRED field is written even when zero; what is NULL or !is_set never is. */
void wabe_codec_save(struct wabe_json_writer *w, const struct wabe_codec_field *fields,
		     const void *in);

#endif
