// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * base/codec: JSON objects to C structs and back; see codec.h.
 *
 * Each type is a row of `kinds`: what JSON type it wants, how it is loaded, saved, and told to be unset.
 */
#include "base/codec.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct loader {
	struct wabe_arena *arena;
	struct wabe_error *err;
};

struct kind {
	enum wabe_json_type wants;
	int (*load)(const struct loader *l, const struct wabe_codec_field *f,
		    const struct wabe_json *node, void *at);
	void (*save)(struct wabe_json_writer *w, const struct wabe_codec_field *f, const void *at);
	/* The bytes of the field that are all zero when it is unset; without any, its members tell. */
	size_t tell_offset, tell_size;
	bool has_absent; /* unset is apart from every value, so there is nothing that it could be written as */
};

static int load_object(const struct loader *l, const struct wabe_codec_field *fields,
		       const struct wabe_json *object, void *out);
static bool is_object_unset(const struct wabe_codec_field *fields, const void *in);

#define PATH_ROOM 256

static int no_memory(const struct loader *l, const struct wabe_json *node)
{
	char path[PATH_ROOM];

	return wabe_error_set(l->err, -ENOMEM, "%s", wabe_json_path(node, path, sizeof(path)));
}

static int check_type(const struct loader *l, const struct wabe_json *node,
		      enum wabe_json_type wants)
{
	char path[PATH_ROOM];

	if (node->type == wants)
		return 0;
	return wabe_error_say(l->err, -EINVAL, "%s: wants %s %s, not %s",
			      wabe_json_path(node, path, sizeof(path)),
			      wants == WABE_JSON_ARRAY || wants == WABE_JSON_OBJECT ? "an" : "a",
			      wabe_json_type_name(wants), wabe_json_type_name(node->type));
}

/* Scalars. The whole range of a type is written as 0, 0 in the row. */

static int load_signed(const struct loader *l, const struct wabe_codec_field *f,
		       const struct wabe_json *node, int64_t *ret_value)
{
	int64_t min = f->min == 0 && f->max == 0 ? INT64_MIN : f->min;
	int64_t max = f->max == 0 || f->max > INT64_MAX ? INT64_MAX : (int64_t)f->max;

	return wabe_json_int(node, min, max, ret_value, l->err);
}

static int load_unsigned(const struct loader *l, const struct wabe_codec_field *f,
			 const struct wabe_json *node, uint64_t type_max, uint64_t *ret_value)
{
	uint64_t min = f->min > 0 ? (uint64_t)f->min : 0, max = f->max ? f->max : type_max, value;
	char path[PATH_ROOM];
	int r = wabe_json_uint(node, max, &value, l->err);

	if (r < 0)
		return r;
	if (value < min)
		return wabe_error_say(l->err, -ERANGE,
				      "%s: %" PRIu64 " is out of range, %" PRIu64 "..%" PRIu64,
				      wabe_json_path(node, path, sizeof(path)), value, min, max);
	*ret_value = value;
	return 0;
}

static int load_bool(const struct loader *l, const struct wabe_codec_field *f,
		     const struct wabe_json *node, void *at)
{
	(void)l;
	(void)f;
	*(bool *)at = node->boolean;
	return 0;
}

static void save_bool(struct wabe_json_writer *w, const struct wabe_codec_field *f, const void *at)
{
	(void)f;
	wabe_json_add_bool(w, *(const bool *)at);
}

static int load_string(const struct loader *l, const struct wabe_codec_field *f,
		       const struct wabe_json *node, void *at)
{
	(void)l;
	(void)f;
	*(const char **)at = node->text;
	return 0;
}

static void save_string(struct wabe_json_writer *w, const struct wabe_codec_field *f,
			const void *at)
{
	(void)f;
	wabe_json_add_string(w, *(const char *const *)at);
}

static int load_i64(const struct loader *l, const struct wabe_codec_field *f,
		    const struct wabe_json *node, void *at)
{
	return load_signed(l, f, node, at);
}

static void save_i64(struct wabe_json_writer *w, const struct wabe_codec_field *f, const void *at)
{
	(void)f;
	wabe_json_add_int(w, *(const int64_t *)at);
}

static int load_u64(const struct loader *l, const struct wabe_codec_field *f,
		    const struct wabe_json *node, void *at)
{
	return load_unsigned(l, f, node, UINT64_MAX, at);
}

static void save_u64(struct wabe_json_writer *w, const struct wabe_codec_field *f, const void *at)
{
	(void)f;
	wabe_json_add_uint(w, *(const uint64_t *)at);
}

static int load_u32(const struct loader *l, const struct wabe_codec_field *f,
		    const struct wabe_json *node, void *at)
{
	uint64_t value;
	int r = load_unsigned(l, f, node, UINT32_MAX, &value);

	if (r == 0)
		*(uint32_t *)at = (uint32_t)value;
	return r;
}

static void save_u32(struct wabe_json_writer *w, const struct wabe_codec_field *f, const void *at)
{
	(void)f;
	wabe_json_add_uint(w, *(const uint32_t *)at);
}

static int load_opt_bool(const struct loader *l, const struct wabe_codec_field *f,
			 const struct wabe_json *node, void *at)
{
	(void)l;
	(void)f;
	*(struct wabe_opt_bool *)at =
		(struct wabe_opt_bool){ .is_set = true, .value = node->boolean };
	return 0;
}

static void save_opt_bool(struct wabe_json_writer *w, const struct wabe_codec_field *f,
			  const void *at)
{
	(void)f;
	wabe_json_add_bool(w, ((const struct wabe_opt_bool *)at)->value);
}

static int load_opt_i64(const struct loader *l, const struct wabe_codec_field *f,
			const struct wabe_json *node, void *at)
{
	struct wabe_opt_i64 *opt = at;
	int r = load_signed(l, f, node, &opt->value);

	opt->is_set = r == 0;
	return r;
}

static void save_opt_i64(struct wabe_json_writer *w, const struct wabe_codec_field *f,
			 const void *at)
{
	(void)f;
	wabe_json_add_int(w, ((const struct wabe_opt_i64 *)at)->value);
}

static int load_opt_u64(const struct loader *l, const struct wabe_codec_field *f,
			const struct wabe_json *node, void *at)
{
	struct wabe_opt_u64 *opt = at;
	int r = load_unsigned(l, f, node, UINT64_MAX, &opt->value);

	opt->is_set = r == 0;
	return r;
}

static void save_opt_u64(struct wabe_json_writer *w, const struct wabe_codec_field *f,
			 const void *at)
{
	(void)f;
	wabe_json_add_uint(w, ((const struct wabe_opt_u64 *)at)->value);
}

/* Names. */

static int find_name(const struct loader *l, const struct wabe_codec_field *f,
		     const struct wabe_json *node, long long *ret_value)
{
	char path[PATH_ROOM];

	if (wabe_name_find(f->names, node->text, ret_value) == 0)
		return 0;
	return wabe_error_say(l->err, -EINVAL, "%s: unknown name \"%.100s\"",
			      wabe_json_path(node, path, sizeof(path)), node->text);
}

static int load_enum(const struct loader *l, const struct wabe_codec_field *f,
		     const struct wabe_json *node, void *at)
{
	long long value;
	int r = find_name(l, f, node, &value);

	if (r == 0)
		*(int *)at = (int)value;
	return r;
}

static void save_enum(struct wabe_json_writer *w, const struct wabe_codec_field *f, const void *at)
{
	wabe_json_add_string(w, wabe_name_of(f->names, *(const int *)at));
}

static int load_name_list(const struct loader *l, const struct wabe_codec_field *f,
			  const struct wabe_json *node, void *at)
{
	struct wabe_strv *unknown = f->size ? (void *)((char *)at - f->offset + f->size) : NULL;
	uint64_t mask = 0;
	long long bit;

	for (const struct wabe_json *c = node->first; c; c = c->next) {
		int r = check_type(l, c, WABE_JSON_STRING);

		if (r == 0 && unknown && wabe_name_find(f->names, c->text, &bit) < 0)
			r = wabe_strv_add(unknown, l->arena, c->text) < 0 ? no_memory(l, c) : 0;
		else if (r == 0 && (r = find_name(l, f, c, &bit)) == 0)
			mask |= UINT64_C(1) << bit;
		if (r < 0)
			return r;
	}
	*(uint64_t *)at = mask;
	return 0;
}

/* In the order of the table, a name that comes again there (an alias) is not repeated. */
static void save_name_list(struct wabe_json_writer *w, const struct wabe_codec_field *f,
			   const void *at)
{
	uint64_t mask = *(const uint64_t *)at;

	wabe_json_array_begin(w);
	for (const struct wabe_name *n = f->names; n->name; n++) {
		if (mask & (UINT64_C(1) << n->value))
			wabe_json_add_string(w, n->name);
		mask &= ~(UINT64_C(1) << n->value);
	}
	wabe_json_array_end(w);
}

/* Lists. */

static int load_strv(const struct loader *l, const struct wabe_codec_field *f,
		     const struct wabe_json *node, void *at)
{
	struct wabe_strv list = { 0 };

	(void)f;
	for (const struct wabe_json *c = node->first; c; c = c->next) {
		int r = check_type(l, c, WABE_JSON_STRING);

		if (r < 0)
			return r;
		if (wabe_strv_add(&list, l->arena, c->text) < 0)
			return no_memory(l, c);
	}
	*(struct wabe_strv *)at = list;
	return 0;
}

static void save_strv(struct wabe_json_writer *w, const struct wabe_codec_field *f, const void *at)
{
	const struct wabe_strv *list = at;

	(void)f;
	wabe_json_array_begin(w);
	for (size_t i = 0; i < list->count; i++)
		wabe_json_add_string(w, list->items[i]);
	wabe_json_array_end(w);
}

static int load_u32_list(const struct loader *l, const struct wabe_codec_field *f,
			 const struct wabe_json *node, void *at)
{
	uint32_t *items = wabe_arena_array(l->arena, node->count, sizeof(*items));
	size_t i = 0;

	if (!items)
		return no_memory(l, node);
	for (const struct wabe_json *c = node->first; c; c = c->next) {
		int r = load_u32(l, f, c, &items[i++]);

		if (r < 0)
			return r;
	}
	*(struct wabe_u32_list *)at =
		(struct wabe_u32_list){ .items = items, .count = node->count };
	return 0;
}

static void save_u32_list(struct wabe_json_writer *w, const struct wabe_codec_field *f,
			  const void *at)
{
	const struct wabe_u32_list *list = at;

	(void)f;
	wabe_json_array_begin(w);
	for (size_t i = 0; i < list->count; i++)
		wabe_json_add_uint(w, list->items[i]);
	wabe_json_array_end(w);
}

static int load_pairs(const struct loader *l, const struct wabe_codec_field *f,
		      const struct wabe_json *node, void *at)
{
	struct wabe_pair *items = wabe_arena_array(l->arena, node->count, sizeof(*items));
	size_t i = 0;

	(void)f;
	if (!items)
		return no_memory(l, node);
	for (const struct wabe_json *c = node->first; c; c = c->next) {
		int r = check_type(l, c, WABE_JSON_STRING);

		if (r < 0)
			return r;
		items[i++] = (struct wabe_pair){ .key = c->key, .value = c->text };
	}
	*(struct wabe_pairs *)at = (struct wabe_pairs){ .items = items, .count = node->count };
	return 0;
}

static void save_pairs(struct wabe_json_writer *w, const struct wabe_codec_field *f, const void *at)
{
	const struct wabe_pairs *pairs = at;

	(void)f;
	wabe_json_object_begin(w);
	for (size_t i = 0; i < pairs->count; i++)
		wabe_json_put_string(w, pairs->items[i].key, pairs->items[i].value);
	wabe_json_object_end(w);
}

/* Structs. */

static int load_embedded(const struct loader *l, const struct wabe_codec_field *f,
			 const struct wabe_json *node, void *at)
{
	return load_object(l, f->sub, node, at);
}

static void save_embedded(struct wabe_json_writer *w, const struct wabe_codec_field *f,
			  const void *at)
{
	wabe_codec_save(w, f->sub, at);
}

static int load_pointer(const struct loader *l, const struct wabe_codec_field *f,
			const struct wabe_json *node, void *at)
{
	void *item = wabe_arena_alloc(l->arena, f->size);
	int r;

	if (!item)
		return no_memory(l, node);
	r = load_object(l, f->sub, node, item);
	if (r == 0)
		*(void **)at = item;
	return r;
}

static void save_pointer(struct wabe_json_writer *w, const struct wabe_codec_field *f,
			 const void *at)
{
	wabe_codec_save(w, f->sub, *(const void *const *)at);
}

static int load_list(const struct loader *l, const struct wabe_codec_field *f,
		     const struct wabe_json *node, void *at)
{
	char *items = wabe_arena_array(l->arena, node->count, f->size), *item = items;

	if (!items)
		return no_memory(l, node);
	for (const struct wabe_json *c = node->first; c; c = c->next, item += f->size) {
		int r = check_type(l, c, WABE_JSON_OBJECT);

		if (r == 0)
			r = load_object(l, f->sub, c, item);
		if (r < 0)
			return r;
	}
	*(struct wabe_list *)at = (struct wabe_list){ .items = items, .count = node->count };
	return 0;
}

static void save_list(struct wabe_json_writer *w, const struct wabe_codec_field *f, const void *at)
{
	const struct wabe_list *list = at;

	wabe_json_array_begin(w);
	for (size_t i = 0; i < list->count; i++)
		wabe_codec_save(w, f->sub, (const char *)list->items + i * f->size);
	wabe_json_array_end(w);
}

static int load_map(const struct loader *l, const struct wabe_codec_field *f,
		    const struct wabe_json *node, void *at)
{
	struct wabe_list *list = at;
	int r = load_list(l, f, node, at);
	size_t i = 0;

	if (r < 0)
		return r;
	for (const struct wabe_json *c = node->first; c; c = c->next)
		*(const char **)(void *)((char *)list->items + i++ * f->size) = c->key;
	return 0;
}

static void save_map(struct wabe_json_writer *w, const struct wabe_codec_field *f, const void *at)
{
	const struct wabe_list *list = at;

	wabe_json_object_begin(w);
	for (size_t i = 0; i < list->count; i++) {
		const char *item = (const char *)list->items + i * f->size;

		wabe_json_key(w, *(const char *const *)(const void *)item);
		wabe_codec_save(w, f->sub, item);
	}
	wabe_json_object_end(w);
}

/* Keys that this version knows and doesn't do. Empty values ask for nothing. */

static bool is_blank(const struct wabe_json *node)
{
	switch (node->type) {
	case WABE_JSON_NULL:
		return true;
	case WABE_JSON_BOOL:
		return !node->boolean;
	case WABE_JSON_STRING:
		return node->text[0] == '\0';
	case WABE_JSON_ARRAY:
	case WABE_JSON_OBJECT:
		return node->count == 0;
	default:
		return false;
	}
}

static int load_unsupported(const struct loader *l, const struct wabe_json *node)
{
	char path[PATH_ROOM];

	if (is_blank(node))
		return 0;
	return wabe_error_say(l->err, -ENOTSUP, "%s: not supported by this version of wabe",
			      wabe_json_path(node, path, sizeof(path)));
}

#define TELLS(type, member) offsetof(type, member), sizeof(((type *)NULL)->member)

static const struct kind kinds[] = {
	[WABE_CODEC_BOOL] = { WABE_JSON_BOOL, load_bool, save_bool, 0, sizeof(bool) },
	[WABE_CODEC_STRING] = { WABE_JSON_STRING, load_string, save_string, 0, sizeof(char *),
				true },
	[WABE_CODEC_I64] = { WABE_JSON_NUMBER, load_i64, save_i64, 0, sizeof(int64_t) },
	[WABE_CODEC_U64] = { WABE_JSON_NUMBER, load_u64, save_u64, 0, sizeof(uint64_t) },
	[WABE_CODEC_U32] = { WABE_JSON_NUMBER, load_u32, save_u32, 0, sizeof(uint32_t) },
	[WABE_CODEC_OPT_BOOL] = { WABE_JSON_BOOL, load_opt_bool, save_opt_bool,
				  TELLS(struct wabe_opt_bool, is_set), true },
	[WABE_CODEC_OPT_I64] = { WABE_JSON_NUMBER, load_opt_i64, save_opt_i64,
				 TELLS(struct wabe_opt_i64, is_set), true },
	[WABE_CODEC_OPT_U64] = { WABE_JSON_NUMBER, load_opt_u64, save_opt_u64,
				 TELLS(struct wabe_opt_u64, is_set), true },
	[WABE_CODEC_ENUM] = { WABE_JSON_STRING, load_enum, save_enum, 0, sizeof(int) },
	[WABE_CODEC_NAME_LIST] = { WABE_JSON_ARRAY, load_name_list, save_name_list, 0,
				   sizeof(uint64_t) },
	[WABE_CODEC_STRV] = { WABE_JSON_ARRAY, load_strv, save_strv,
			      TELLS(struct wabe_strv, count) },
	[WABE_CODEC_U32_LIST] = { WABE_JSON_ARRAY, load_u32_list, save_u32_list,
				  TELLS(struct wabe_u32_list, count) },
	[WABE_CODEC_PAIRS] = { WABE_JSON_OBJECT, load_pairs, save_pairs,
			       TELLS(struct wabe_pairs, count) },
	[WABE_CODEC_OBJECT] = { WABE_JSON_OBJECT, load_embedded, save_embedded, 0, 0 },
	[WABE_CODEC_POINTER] = { WABE_JSON_OBJECT, load_pointer, save_pointer, 0, sizeof(void *),
				 true },
	[WABE_CODEC_LIST] = { WABE_JSON_ARRAY, load_list, save_list,
			      TELLS(struct wabe_list, count) },
	[WABE_CODEC_MAP] = { WABE_JSON_OBJECT, load_map, save_map, TELLS(struct wabe_list, count) },
};

static int load_field(const struct loader *l, const struct wabe_codec_field *f,
		      const struct wabe_json *object, void *out)
{
	const struct wabe_json *node = wabe_json_member(object, f->key);
	bool is_required = f->flags & WABE_CODEC_REQUIRED;
	char path[PATH_ROOM];
	int r;

	if (!node && is_required)
		return wabe_error_say(l->err, -EINVAL, "%s: the required key \"%s\" is missing",
				      wabe_json_path(object, path, sizeof(path)), f->key);
	/* Writers of JSON without optional members have null for what isn't there. */
	if (!node || (node->type == WABE_JSON_NULL && !is_required))
		return 0;
	if (f->type == WABE_CODEC_UNSUPPORTED)
		return load_unsupported(l, node);
	r = check_type(l, node, kinds[f->type].wants);
	return r < 0 ? r : kinds[f->type].load(l, f, node, (char *)out + f->offset);
}

static int load_object(const struct loader *l, const struct wabe_codec_field *fields,
		       const struct wabe_json *object, void *out)
{
	for (; fields->key; fields++) {
		int r = load_field(l, fields, object, out);

		if (r < 0)
			return r;
	}
	return 0;
}

int wabe_codec_load(struct wabe_arena *arena, const struct wabe_codec_field *fields,
		    const struct wabe_json *object, void *out, struct wabe_error *err)
{
	struct loader l = { .arena = arena, .err = err };
	int r = check_type(&l, object, WABE_JSON_OBJECT);

	return r < 0 ? r : load_object(&l, fields, object, out);
}

/* Of an embedded struct only what was set counts: a required zero alone doesn't bring an absent object into being. */
static bool is_field_unset(const struct wabe_codec_field *f, const void *in)
{
	const char *at = (const char *)in + f->offset;
	const struct kind *kind = &kinds[f->type];

	if (kind->tell_size == 0)
		return is_object_unset(f->sub, at);
	for (size_t i = 0; i < kind->tell_size; i++)
		if (at[kind->tell_offset + i])
			return false;
	return true;
}

static bool is_object_unset(const struct wabe_codec_field *fields, const void *in)
{
	for (; fields->key; fields++)
		if (fields->type != WABE_CODEC_UNSUPPORTED && !is_field_unset(fields, in))
			return false;
	return true;
}

static bool is_field_left_out(const struct wabe_codec_field *f, const void *in)
{
	if (f->type == WABE_CODEC_UNSUPPORTED)
		return true;
	if ((f->flags & (WABE_CODEC_REQUIRED | WABE_CODEC_KEEP_EMPTY)) &&
	    !kinds[f->type].has_absent)
		return false;
	return is_field_unset(f, in);
}

void wabe_codec_save(struct wabe_json_writer *w, const struct wabe_codec_field *fields,
		     const void *in)
{
	wabe_json_object_begin(w);
	for (; fields->key; fields++) {
		if (is_field_left_out(fields, in))
			continue;
		wabe_json_key(w, fields->key);
		kinds[fields->type].save(w, fields, (const char *)in + fields->offset);
	}
	wabe_json_object_end(w);
}
