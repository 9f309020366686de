// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * base/json: a strict JSON tree; see json.h. The writer is in json_write.c.
 *
 * yajl reads the text, the callbacks here build the tree. What yajl 2.1.0 is too lenient with or has had bugs in is decided
 * before it sees the text or never reached: UTF-8 and surrogate escapes are checked here (it takes overlong forms and turns
 * a lone surrogate into "?"; CVE-2017-16516 was in that code), the text is bounded and handed over in one piece (buffer
 * growth, CVE-2022-24795), and its own tree, which leaks on errors (CVE-2023-33460), isn't used.
 */
#include "base/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/parse.h"
#include "base/utf8.h"

/* A tree of the largest accepted text can be 30 times its size ("[0,0,..."); real ones need less than 1 MB. */
#define TREE_MAX_BYTES (64u << 20)
/* Up to here comparing all pairs of keys is cheaper than sorting them. */
#define PAIRWISE_KEYS_MAX 24

struct parser {
	struct wabe_arena *arena;
	struct wabe_json *root;
	struct wabe_json *top; /* the open array or object, NULL outside */
	const char *key;       /* name of the next value, when top is an object */
	size_t depth;
	int code; /* why a callback stopped the parse, 0 when yajl did */
	char reason[WABE_ERROR_TEXT_MAX / 2];
};

static int stop(struct parser *p, int code, const char *reason)
{
	p->code = code;
	snprintf(p->reason, sizeof(p->reason), "%s", reason);
	return 0;
}

static int stop_too_large(struct parser *p)
{
	return stop(p, -ENOMEM, "too many values to hold in memory");
}

/* Not wabe_arena_strndup(): the length is known and without NUL, there is nothing to search for. */
static char *copy_text(struct parser *p, const void *s, size_t len)
{
	char *copy = wabe_arena_alloc(p->arena, len + 1);

	if (copy && len)
		memcpy(copy, s, len);
	return copy;
}

static struct wabe_json *node_add(struct parser *p, enum wabe_json_type type)
{
	struct wabe_json *node = wabe_arena_alloc(p->arena, sizeof(*node));

	if (!node) {
		stop_too_large(p);
		return NULL;
	}
	node->type = type;
	node->parent = p->top;
	node->key = p->key;
	p->key = NULL;
	if (!p->top) {
		p->root = node;
		return node;
	}
	if (p->top->last)
		p->top->last->next = node;
	else
		p->top->first = node;
	p->top->last = node;
	p->top->count++;
	return node;
}

static int on_null(void *ctx)
{
	return node_add(ctx, WABE_JSON_NULL) != NULL;
}

static int on_boolean(void *ctx, int value)
{
	struct wabe_json *node = node_add(ctx, WABE_JSON_BOOL);

	if (node)
		node->boolean = value;
	return node != NULL;
}

static int text_add(struct parser *p, enum wabe_json_type type, const void *s, size_t len)
{
	struct wabe_json *node = node_add(p, type);

	if (!node)
		return 0;
	node->text = copy_text(p, s, len);
	return node->text ? 1 : stop_too_large(p);
}

static int on_number(void *ctx, const char *s, size_t len)
{
	return text_add(ctx, WABE_JSON_NUMBER, s, len);
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	return text_add(ctx, WABE_JSON_STRING, s, len);
}

static int on_key(void *ctx, const unsigned char *s, size_t len)
{
	struct parser *p = ctx;

	p->key = copy_text(p, s, len);
	return p->key ? 1 : stop_too_large(p);
}

static int container_begin(struct parser *p, enum wabe_json_type type)
{
	struct wabe_json *node;

	if (p->depth >= WABE_JSON_MAX_DEPTH) {
		snprintf(p->reason, sizeof(p->reason), "nested deeper than %d levels",
			 WABE_JSON_MAX_DEPTH);
		p->code = -E2BIG;
		return 0;
	}
	node = node_add(p, type);
	if (!node)
		return 0;
	p->depth++;
	p->top = node;
	return 1;
}

static int on_array_begin(void *ctx)
{
	return container_begin(ctx, WABE_JSON_ARRAY);
}

static int on_object_begin(void *ctx)
{
	return container_begin(ctx, WABE_JSON_OBJECT);
}

static int on_array_end(void *ctx)
{
	struct parser *p = ctx;

	p->depth--;
	p->top = p->top->parent;
	return 1;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *duplicate_pairwise(const struct wabe_json *object)
{
	for (const struct wabe_json *a = object->first; a; a = a->next)
		for (const struct wabe_json *b = a->next; b; b = b->next)
			if (a->key[0] == b->key[0] && strcmp(a->key, b->key) == 0)
				return a->key;
	return NULL;
}

/* The first key in order that an object has twice to *ret_key, or NULL there. 0 or -ENOMEM. */
static int duplicate_sorted(const struct wabe_json *object, const char **ret_key)
{
	const char **keys = malloc(object->count * sizeof(*keys));
	size_t n = 0;

	if (!keys)
		return -ENOMEM;
	for (const struct wabe_json *c = object->first; c; c = c->next)
		keys[n++] = c->key;
	qsort(keys, n, sizeof(*keys), compare_keys);
	*ret_key = NULL;
	for (size_t i = 1; i < n && !*ret_key; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0)
			*ret_key = keys[i];
	free(keys);
	return 0;
}

static int on_object_end(void *ctx)
{
	struct parser *p = ctx;
	const char *twice = NULL;

	if (p->top->count <= PAIRWISE_KEYS_MAX)
		twice = duplicate_pairwise(p->top);
	else if (duplicate_sorted(p->top, &twice) < 0)
		return stop_too_large(p);
	if (twice) {
		char path[256];

		snprintf(p->reason, sizeof(p->reason), "%s has the key \"%.100s\" twice",
			 wabe_json_path(p->top, path, sizeof(path)), twice);
		p->code = -EINVAL;
		return 0;
	}
	p->depth--;
	p->top = p->top->parent;
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_object_begin,
	.yajl_map_key = on_key,
	.yajl_end_map = on_object_end,
	.yajl_start_array = on_array_begin,
	.yajl_end_array = on_array_end,
};

static int error_at(struct wabe_error *err, int code, const char *what, const char *text,
		    size_t offset, const char *reason)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			column++; /* characters, as an editor counts: continuation bytes are none */
		}
	}
	return wabe_error_say(err, code, "%s: line %zu, column %zu: %s", what, line, column,
			      reason);
}

/* Four hex digits to a UTF-16 unit, or -1. */
static long hex4(const char *s, const char *end)
{
	long value = 0;

	if (end - s < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = s[i];

		if (c >= '0' && c <= '9')
			value = value * 16 + (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value * 16 + ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return value;
}

/*
 * The \u escape whose digits start at @s: its length from there, or 0 with the reason. Malformed hex is yajl's to report,
 * it counts as a length of 0 digits here.
 */
static size_t check_unicode_escape(const char *s, const char *end, const char **ret_reason)
{
	long low, unit = hex4(s, end);

	if (unit == 0) {
		*ret_reason = "\\u0000 is not allowed in a string";
		return 0;
	}
	if (unit < 0xd800 || unit > 0xdfff)
		return unit < 0 ? 1 : 4;
	low = end - s >= 10 && s[4] == '\\' && s[5] == 'u' ? hex4(s + 6, end) : -1;
	if (unit >= 0xdc00 || low < 0xdc00 || low > 0xdfff) {
		*ret_reason = "\\u escape is half of a surrogate pair";
		return 0;
	}
	return 10;
}

/* Backslashes stand only in strings, so escapes can be found without parsing; whatever else is wrong yajl finds later. */
static int check_escapes(const char *what, const char *text, size_t len, struct wabe_error *err)
{
	const char *end = text + len;

	for (const char *s = memchr(text, '\\', len); s; s = memchr(s, '\\', (size_t)(end - s))) {
		const char *reason = NULL;

		s += 2;
		if (s >= end)
			break;
		if (s[-1] != 'u')
			continue;
		s += check_unicode_escape(s, end, &reason);
		if (reason)
			return error_at(err, -EINVAL, what, text, (size_t)(s - 2 - text), reason);
		if (s >= end)
			break;
	}
	return 0;
}

static int check_text(const char *what, const char *text, size_t len, struct wabe_error *err)
{
	size_t valid;

	if (len > WABE_JSON_MAX_BYTES)
		return wabe_error_say(err, -E2BIG, "%s: larger than %u bytes", what,
				      WABE_JSON_MAX_BYTES);
	valid = wabe_utf8_valid_len(text, len);
	if (valid != len)
		return error_at(err, -EINVAL, what, text, valid, "not valid UTF-8");
	return check_escapes(what, text, len, err);
}

/* yajl's words end with a newline. */
static void yajl_reason(yajl_handle handle, char *reason, size_t room)
{
	unsigned char *text = yajl_get_error(handle, 0, NULL, 0);

	snprintf(reason, room, "%s", text ? (const char *)text : "out of memory");
	reason[strcspn(reason, "\n")] = '\0';
	if (text)
		yajl_free_error(handle, text);
}

static int run_yajl(struct parser *p, yajl_handle handle, const char *what, const char *text,
		    size_t len, struct wabe_error *err)
{
	yajl_status status = yajl_parse(handle, (const unsigned char *)text, len);
	size_t consumed = yajl_get_bytes_consumed(handle), offset = consumed > 0 ? consumed - 1 : 0;

	if (status == yajl_status_ok) {
		status = yajl_complete_parse(handle);
		offset = len; /* what is missing is missing at the end */
	}
	if (status == yajl_status_ok)
		return 0;
	if (p->code == 0) {
		p->code = -EINVAL;
		yajl_reason(handle, p->reason, sizeof(p->reason));
	}
	return error_at(err, p->code, what, text, offset < len ? offset : len, p->reason);
}

int wabe_json_parse(struct wabe_arena *arena, const char *what, const char *text, size_t len,
		    struct wabe_json **ret_root, struct wabe_error *err)
{
	struct parser p = { .arena = arena };
	size_t bound = arena->max_bytes;
	yajl_handle handle;
	int r = check_text(what, text, len, err);

	if (r < 0)
		return r;
	handle = yajl_alloc(&callbacks, NULL, &p);
	if (!handle)
		return wabe_error_set(err, -ENOMEM, "%s", what);
	/* Checked above, more strictly. */
	yajl_config(handle, yajl_dont_validate_strings, 1);
	if (!bound)
		arena->max_bytes = arena->used_bytes + TREE_MAX_BYTES;
	r = run_yajl(&p, handle, what, text, len, err);
	arena->max_bytes = bound;
	yajl_free(handle);
	if (r == 0)
		*ret_root = p.root;
	return r;
}

const struct wabe_json *wabe_json_member(const struct wabe_json *object, const char *key)
{
	if (!object || object->type != WABE_JSON_OBJECT)
		return NULL;
	for (const struct wabe_json *c = object->first; c; c = c->next)
		if (c->key[0] == key[0] && strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

static size_t index_of(const struct wabe_json *node)
{
	size_t i = 0;

	for (const struct wabe_json *c = node->parent->first; c != node; c = c->next)
		i++;
	return i;
}

/* Letters, digits, '_' and '-' need no quoting in a path; "net.ipv4.ip_forward" does, or its dots would mislead. */
static bool is_plain_key(const char *key)
{
	size_t n = strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return n > 0 && key[n] == '\0';
}

/* One step of the path; returns the length that it would have had, as snprintf(3). */
static int path_step(const struct wabe_json *node, bool is_first, char *buf, size_t room)
{
	int n;

	if (node->parent->type == WABE_JSON_ARRAY)
		return snprintf(buf, room, "[%zu]", index_of(node));
	if (is_plain_key(node->key))
		return snprintf(buf, room, "%s%s", is_first ? "" : ".", node->key);
	n = snprintf(buf, room, "[\"%s\"]", node->key);
	for (char *c = buf; room && *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return n;
}

const char *wabe_json_path(const struct wabe_json *node, char *buf, size_t room)
{
	const struct wabe_json *steps[WABE_JSON_MAX_DEPTH + 1];
	size_t count = 0, used = 0;

	for (; node && node->parent && count < sizeof(steps) / sizeof(steps[0]);
	     node = node->parent)
		steps[count++] = node;
	if (count == 0)
		snprintf(buf, room, "the document");
	for (size_t i = count; i > 0 && used < room; i--)
		used += (size_t)path_step(steps[i - 1], i == count, buf + used, room - used);
	return buf;
}

const char *wabe_json_type_name(enum wabe_json_type type)
{
	static const char *const names[WABE_JSON_TYPE_MAX] = {
		[WABE_JSON_NULL] = "null",     [WABE_JSON_BOOL] = "boolean",
		[WABE_JSON_NUMBER] = "number", [WABE_JSON_STRING] = "string",
		[WABE_JSON_ARRAY] = "array",   [WABE_JSON_OBJECT] = "object",
	};

	return (unsigned int)type < WABE_JSON_TYPE_MAX ? names[type] : "unknown";
}

/* Common to both integer readers: is it a number without fraction and exponent? */
static int check_integer(const struct wabe_json *node, const char *path, struct wabe_error *err)
{
	if (node->type != WABE_JSON_NUMBER)
		return wabe_error_say(err, -EINVAL, "%s: wants a number, not %s", path,
				      wabe_json_type_name(node->type));
	if (strpbrk(node->text, ".eE"))
		return wabe_error_say(err, -EINVAL, "%s: %.40s is not a whole number", path,
				      node->text);
	return 0;
}

int wabe_json_int(const struct wabe_json *node, int64_t min, int64_t max, int64_t *ret_value,
		  struct wabe_error *err)
{
	char path[256];
	int r;

	if (node->type == WABE_JSON_NUMBER && wabe_parse_i64(node->text, min, max, ret_value) == 0)
		return 0;
	r = check_integer(node, wabe_json_path(node, path, sizeof(path)), err);
	if (r < 0)
		return r;
	return wabe_error_say(err, -ERANGE, "%s: %.40s is out of range, %lld..%lld", path,
			      node->text, (long long)min, (long long)max);
}

int wabe_json_uint(const struct wabe_json *node, uint64_t max, uint64_t *ret_value,
		   struct wabe_error *err)
{
	char path[256];
	int r;

	if (node->type == WABE_JSON_NUMBER && wabe_parse_u64(node->text, 0, max, ret_value) == 0)
		return 0;
	r = check_integer(node, wabe_json_path(node, path, sizeof(path)), err);
	if (r < 0)
		return r;
	return wabe_error_say(err, -ERANGE, "%s: %.40s is out of range, 0..%llu", path, node->text,
			      (unsigned long long)max);
}
