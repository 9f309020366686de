// SPDX-License-Identifier: GPL-2.0-or-later
/* base/json: what is refused and how it is said, limits, paths, numbers, the writer. */
#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "tap.h"

static int parse(struct wabe_arena *arena, const char *text, size_t len, struct wabe_json **root,
		 struct wabe_error *err)
{
	wabe_error_clear(err);
	return wabe_json_parse(arena, "config.json", text, len, root, err);
}

struct refused {
	const char *text;
	int code;
	const char *error; /* part of the message */
};

static const struct refused refused[] = {
	{ "", -EINVAL, "config.json: line 1, column 1: parse error: premature EOF" },
	{ " \n\t ", -EINVAL, "line 2, column 3: parse error: premature EOF" },
	{ "{", -EINVAL, "premature EOF" },
	{ "{\"a\":1", -EINVAL, "premature EOF" },
	{ "[1,2", -EINVAL, "premature EOF" },
	{ "\"abc", -EINVAL, "premature EOF" },
	{ "{\"a\":\"\\", -EINVAL, "inside a string" },
	{ "{\"a\":\"\\u", -EINVAL, "inside string" },
	{ "{\"a\":\"\\u12", -EINVAL, "inside string" },
	{ "{\"a\":\"\\uD800\\u", -EINVAL, "half of a surrogate pair" },
	{ "{\n  \"a\": 1,\n  \"b\": x\n}", -EINVAL, "config.json: line 3, column 8:" },
	{ "{\n  \"\xc3\xa4\": x\n}", -EINVAL, "config.json: line 2, column 8:" },
	{ "{} {}", -EINVAL, "line 1, column 4: parse error: trailing garbage" },
	{ "{}x", -EINVAL, "trailing garbage" },
	{ "1 2", -EINVAL, "trailing garbage" },
	{ "{} // comment", -EINVAL, "line 1" },
	{ "/* comment */ {}", -EINVAL, "line 1" },
	{ "{'a':1}", -EINVAL, "line 1" },
	{ "{a:1}", -EINVAL, "line 1" },
	{ "{\"a\":1,}", -EINVAL, "line 1" },
	{ "[1,]", -EINVAL, "line 1" },
	{ "{\"a\" 1}", -EINVAL, "line 1" },
	{ "{1:2}", -EINVAL, "line 1" },
	{ "nul", -EINVAL, "line 1" },
	{ "True", -EINVAL, "line 1" },
	{ "01", -EINVAL, "line 1" },
	{ "+1", -EINVAL, "line 1" },
	{ "-", -EINVAL, "line 1" },
	{ "1.", -EINVAL, "line 1" },
	{ ".5", -EINVAL, "line 1" },
	{ "1e", -EINVAL, "line 1" },
	{ "NaN", -EINVAL, "line 1" },
	{ "Infinity", -EINVAL, "line 1" },
	{ "0x10", -EINVAL, "line 1" },
	{ "\"a\nb\"", -EINVAL, "line 1" },
	{ "\"\\x41\"", -EINVAL, "line 1" },
	{ "\"\\u00g0\"", -EINVAL, "line 1" },
	{ "\"ab\\u0000cd\"", -EINVAL, "line 1, column 4: \\u0000 is not allowed" },
	{ "{\"a\\u0000\":1}", -EINVAL, "\\u0000 is not allowed" },
	{ "\"\\uD800\"", -EINVAL, "half of a surrogate pair" },
	{ "\"\\uDC00\"", -EINVAL, "half of a surrogate pair" },
	{ "\"\\uD83D\\uD83D\"", -EINVAL, "half of a surrogate pair" },
	{ "\"\\uD83Dx\"", -EINVAL, "half of a surrogate pair" },
	{ "\"\xff\"", -EINVAL, "line 1, column 2: not valid UTF-8" },
	{ "\"\xc0\x80\"", -EINVAL, "not valid UTF-8" },
	{ "\"\xe0\x80\xaf\"", -EINVAL, "not valid UTF-8" },
	{ "\"\xed\xa0\x80\"", -EINVAL, "not valid UTF-8" },
	{ "\"\xf4\x90\x80\x80\"", -EINVAL, "not valid UTF-8" },
	{ "\"\xf0\x9f\x98\"", -EINVAL, "not valid UTF-8" },
	{ "\xef\xbb\xbf{}", -EINVAL, "line 1" },
	{ "{\"a\":1,\"b\":2,\"a\":3}", -EINVAL, "the document has the key \"a\" twice" },
	{ "{\"a\":1,\"\\u0061\":3}", -EINVAL, "the key \"a\" twice" },
	{ "{\"p\":[{},{\"q\":{\"x\":1,\"x\":1}}]}", -EINVAL, "p[1].q has the key \"x\" twice" },
};

static void test_refused(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct wabe_json *root = NULL;
		struct wabe_error err = WABE_ERROR_INIT;

		tap_int(t, parse(&arena, refused[i].text, strlen(refused[i].text), &root, &err),
			refused[i].code, "refused: %s", refused[i].text);
		tap_has(t, err.text, refused[i].error, "its error: %s", refused[i].text);
		tap_ok(t, root == NULL && arena.max_bytes == 0, "outputs untouched: %s",
		       refused[i].text);
	}
}

/* A NUL byte in the text itself, outside and inside of a string. */
static void test_nul(struct tap *t)
{
	static const char outside[] = "{}\0", inside[] = "\"a\0b\"";
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_json *root = NULL;
	struct wabe_error err = WABE_ERROR_INIT;

	tap_int(t, parse(&arena, outside, 3, &root, &err), -EINVAL, "NUL behind the document");
	tap_int(t, parse(&arena, inside, 5, &root, &err), -EINVAL, "NUL in a string");
}

struct accepted {
	const char *text;
	const char *value; /* of the string or number */
};

static const struct accepted accepted[] = {
	{ "\"\"", "" },
	{ "\"a\\tb\\/\\\"\\\\\"", "a\tb/\"\\" },
	{ "\"\\u00e4\"", "\xc3\xa4" },
	{ "\"\\uD83D\\uDE00\"", "\xf0\x9f\x98\x80" },
	{ "\"\\\\u0000\"", "\\u0000" },
	{ "\"\xf0\x9f\x98\x80 1234567\xc3\xa4 1234567\"",
	  "\xf0\x9f\x98\x80 1234567\xc3\xa4 1234567" },
	{ " 0 ", "0" },
	{ "-0", "-0" },
	{ "18446744073709551616", "18446744073709551616" },
	{ "1.5e+300", "1.5e+300" },
};

static void test_accepted(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct wabe_json *root = NULL;
		struct wabe_error err = WABE_ERROR_INIT;

		if (tap_int(t,
			    parse(&arena, accepted[i].text, strlen(accepted[i].text), &root, &err),
			    0, "accepted: %s", accepted[i].text))
			tap_str(t, root->text, accepted[i].value, "value of %s", accepted[i].text);
	}
}

static void test_tree(struct tap *t)
{
	static const char text[] = "{\"a\":[null,true,{\"x.y\":-5,\"c\\nd\":\"s\"}],\"b\":{}}";
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_json *root = NULL;
	const struct wabe_json *a, *last;
	struct wabe_error err = WABE_ERROR_INIT;
	char path[64];

	if (!tap_int(t, parse(&arena, text, strlen(text), &root, &err), 0, "parses"))
		return;
	a = wabe_json_member(root, "a");
	tap_int(t, root->type, WABE_JSON_OBJECT, "root is an object");
	tap_int(t, (long long)root->count, 2, "with two members");
	tap_int(t, (long long)a->count, 3, "a has three items");
	tap_int(t, a->first->type, WABE_JSON_NULL, "the first is null");
	tap_ok(t, a->first->next->type == WABE_JSON_BOOL && a->first->next->boolean,
	       "the second true");
	last = a->last;
	tap_str(t, wabe_json_member(last, "x.y")->text, "-5", "numbers keep their text");
	tap_ok(t, wabe_json_member(root, "z") == NULL, "a missing member is NULL");
	tap_ok(t, wabe_json_member(NULL, "z") == NULL && wabe_json_member(a, "z") == NULL,
	       "no object, no member");
	tap_str(t, wabe_json_path(root, path, sizeof(path)), "the document", "path of the root");
	tap_str(t, wabe_json_path(last->first, path, sizeof(path)), "a[2][\"x.y\"]",
		"path with a dotted key");
	tap_str(t, wabe_json_path(last->last, path, sizeof(path)), "a[2][\"c?d\"]",
		"path with a control character");
	tap_str(t, wabe_json_path(last->last, path, 6), "a[2][", "a path is cut to fit");
}

struct integer {
	const char *text;
	bool is_unsigned;
	int64_t min;
	uint64_t max;
	int code;
	int64_t value;
	const char *error;
};

static const struct integer integers[] = {
	{ "0", false, -5, 5, 0, 0, NULL },
	{ "-5", false, -5, 5, 0, -5, NULL },
	{ "-6", false, -5, 5, -ERANGE, 0, "n: -6 is out of range, -5..5" },
	{ "6", false, -5, 5, -ERANGE, 0, "n: 6 is out of range, -5..5" },
	{ "9223372036854775807", false, INT64_MIN, INT64_MAX, 0, INT64_MAX, NULL },
	{ "-9223372036854775808", false, INT64_MIN, INT64_MAX, 0, INT64_MIN, NULL },
	{ "9223372036854775808", false, INT64_MIN, INT64_MAX, -ERANGE, 0, "out of range" },
	{ "99999999999999999999999999999999999999999999999999", false, INT64_MIN, INT64_MAX,
	  -ERANGE, 0, "out of range" },
	{ "1.0", false, 0, 5, -EINVAL, 0, "n: 1.0 is not a whole number" },
	{ "1e2", false, 0, 500, -EINVAL, 0, "n: 1e2 is not a whole number" },
	{ "\"1\"", false, 0, 5, -EINVAL, 0, "n: wants a number, not string" },
	{ "null", false, 0, 5, -EINVAL, 0, "n: wants a number, not null" },
	{ "18446744073709551615", true, 0, UINT64_MAX, 0, -1, NULL },
	{ "18446744073709551616", true, 0, UINT64_MAX, -ERANGE, 0, "0..18446744073709551615" },
	{ "4294967295", true, 0, UINT32_MAX, 0, UINT32_MAX, NULL },
	{ "4294967296", true, 0, UINT32_MAX, -ERANGE, 0, "0..4294967295" },
	{ "-1", true, 0, UINT32_MAX, -ERANGE, 0, "n: -1 is out of range, 0..4294967295" },
	{ "0.5", true, 0, 5, -EINVAL, 0, "n: 0.5 is not a whole number" },
	{ "[1]", true, 0, 5, -EINVAL, 0, "n: wants a number, not array" },
};

static int read_integer(const struct integer *row, const struct wabe_json *node, int64_t *value,
			struct wabe_error *err)
{
	uint64_t u = 77;
	int r;

	if (!row->is_unsigned)
		return wabe_json_int(node, row->min, (int64_t)row->max, value, err);
	r = wabe_json_uint(node, row->max, &u, err);
	*value = (int64_t)u;
	return r;
}

static void test_integers(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(integers); i++) {
		const struct integer *row = &integers[i];
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct wabe_json *root = NULL;
		struct wabe_error err = WABE_ERROR_INIT;
		char *text = wabe_arena_printf(&arena, "{\"n\":%s}", row->text);
		int64_t value = 77;

		if (!tap_int(t, parse(&arena, text, strlen(text), &root, &err), 0, "integer %s",
			     row->text))
			continue;
		tap_int(t, read_integer(row, root->first, &value, &err), row->code, "code of %s",
			row->text);
		tap_int(t, value, row->code == 0 ? row->value : 77, "value of %s", row->text);
		if (row->error)
			tap_has(t, err.text, row->error, "error of %s", row->text);
	}
}

/* Text from repeated parts: @before, @count times @part, @after. */
static char *repeat(const char *before, const char *part, size_t count, const char *after)
{
	size_t n = strlen(part), head = strlen(before);
	char *text = malloc(head + n * count + strlen(after) + 1);

	if (!text)
		abort();
	memcpy(text, before, head);
	for (size_t i = 0; i < count; i++)
		memcpy(text + head + i * n, part, n);
	memcpy(text + head + n * count, after, strlen(after) + 1);
	return text;
}

struct hostile {
	const char *name, *before, *part;
	size_t count;
	const char *after;
	int code;
	const char *error;
};

static const struct hostile hostile[] = {
	{ "64 levels", "", "[", 64,
	  "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", 0, NULL },
	{ "65 levels", "", "[", 65, "", -E2BIG, "column 65: nested deeper than 64 levels" },
	{ "a million arrays deep", "", "[", 1000000, "", -E2BIG, "nested deeper" },
	{ "objects, as deep as the size bound allows", "", "{\"a\":", 800000, "", -E2BIG,
	  "nested deeper" },
	{ "10 MB of string", "\"", "aaaaaaaaaa", 1000000, "\"", -E2BIG,
	  "larger than 4194304 bytes" },
	{ "10 MB of blanks", "", "          ", 1000000, "{}", -E2BIG, "larger than 4194304 bytes" },
	{ "4 MB of numbers", "[0", ",0", 2000000, "]", -ENOMEM, "too many values" },
	{ "4 MB of empty objects", "[{}", ",{}", 1300000, "]", -ENOMEM, "too many values" },
	{ "one key over and over", "{\"a\":0", ",\"a\":0", 300000, "}", -EINVAL,
	  "the key \"a\" twice" },
	{ "4 MB of backslashes", "\"", "\\\\", 2000000, "\"", 0, NULL },
	{ "a number of 4 MB", "", "1", 4000000, "", 0, NULL },
};

static void test_hostile(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		const struct hostile *h = &hostile[i];
		_cleanup_free_ char *text = repeat(h->before, h->part, h->count, h->after);
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct wabe_json *root = NULL;
		struct wabe_error err = WABE_ERROR_INIT;

		tap_int(t, parse(&arena, text, strlen(text), &root, &err), h->code, "hostile: %s",
			h->name);
		if (h->error)
			tap_has(t, err.text, h->error, "its error: %s", h->name);
		tap_ok(t, arena.used_bytes <= (64u << 20), "memory is bounded: %s", h->name);
	}
}

/* 250,000 different keys: pairwise comparison would be 3 * 10^10 steps, minutes instead of well below a second. */
static void test_many_keys(struct tap *t)
{
	enum { KEYS = 250000 };
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_json *root = NULL;
	struct wabe_error err = WABE_ERROR_INIT;
	struct timespec start, end;

	for (int i = 0; i < KEYS; i++)
		wabe_buf_printf(&text, "%s\"k%d\":0", i ? "," : "{", i);
	wabe_buf_puts(&text, ",\"k7\":0}");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	tap_int(t, parse(&arena, text.data, text.len, &root, &err), -EINVAL,
		"one of many keys is there twice");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	tap_has(t, err.text, "the key \"k7\" twice", "and it is named");
	tap_ok(t, end.tv_sec - start.tv_sec < 20, "in less than quadratic time");
	text.data[text.len - 6] = 'x'; /* "x7":0} */
	tap_int(t, parse(&arena, text.data, text.len, &root, &err), 0, "all keys differ");
}

/* Whatever the caller set as bound holds, and is still there behind. */
static void test_callers_bound(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = { .max_bytes = 1000 };
	_cleanup_free_ char *text = repeat("[0", ",0", 100, "]");
	struct wabe_json *root = NULL;
	struct wabe_error err = WABE_ERROR_INIT;

	tap_int(t, parse(&arena, text, strlen(text), &root, &err), -ENOMEM,
		"the caller's bound holds");
	tap_int(t, (long long)arena.max_bytes, 1000, "and is kept");
}

static void write_all(struct wabe_json_writer *w)
{
	wabe_json_object_begin(w);
	wabe_json_key(w, "s");
	wabe_json_add_string(w, "a\"\n/\x01\xc3\xa4");
	wabe_json_key(w, "bad");
	wabe_json_add_string(w, "x\xff\xfey\xc3");
	wabe_json_key(w, "null");
	wabe_json_add_string(w, NULL);
	wabe_json_key(w, "n");
	wabe_json_array_begin(w);
	wabe_json_add_int(w, INT64_MIN);
	wabe_json_add_uint(w, UINT64_MAX);
	wabe_json_add_double(w, 0.1);
	wabe_json_add_double(w, 1.0 / 3);
	wabe_json_add_bool(w, false);
	wabe_json_array_end(w);
	wabe_json_key(w, "o");
	wabe_json_object_begin(w);
	wabe_json_object_end(w);
	wabe_json_key(w, "a");
	wabe_json_array_begin(w);
	wabe_json_array_end(w);
	wabe_json_object_end(w);
}

static const char compact[] =
	"{\"s\":\"a\\\"\\n/\\u0001\xc3\xa4\",\"bad\":\"x\xef\xbf\xbd\xef\xbf\xbdy\xef\xbf\xbd\",\"null\":null,"
	"\"n\":[-9223372036854775808,18446744073709551615,0.1,0.3333333333333333,false],\"o\":{},\"a\":[]}\n";

static const char indented[] =
	"{\n\t\"s\": \"a\\\"\\n/\\u0001\xc3\xa4\",\n\t\"bad\": \"x\xef\xbf\xbd\xef\xbf\xbdy\xef\xbf\xbd\",\n"
	"\t\"null\": null,\n\t\"n\": [\n\t\t-9223372036854775808,\n\t\t18446744073709551615,\n\t\t0.1,\n"
	"\t\t0.3333333333333333,\n\t\tfalse\n\t],\n\t\"o\": {},\n\t\"a\": []\n}\n";

static void test_writer(struct tap *t)
{
	_cleanup_(wabe_buf_free) struct wabe_buf a = WABE_BUF_INIT, b = WABE_BUF_INIT;
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_COMPACT);

	write_all(w);
	tap_int(t, wabe_json_writer_finish(w, &a), 0, "compact");
	tap_str(t, a.data, compact, "compact text");
	w = wabe_json_writer_new(WABE_JSON_INDENTED);
	write_all(w);
	tap_int(t, wabe_json_writer_finish(w, &b), 0, "indented");
	tap_str(t, b.data, indented, "indented text");
}

static void unfinished(struct wabe_json_writer *w)
{
	wabe_json_object_begin(w);
}

static void unopened(struct wabe_json_writer *w)
{
	wabe_json_object_end(w);
}

static void crossed(struct wabe_json_writer *w)
{
	wabe_json_object_begin(w);
	wabe_json_array_end(w);
}

static void nothing(struct wabe_json_writer *w)
{
	(void)w;
}

static void two_documents(struct wabe_json_writer *w)
{
	wabe_json_add_null(w);
	wabe_json_add_null(w);
}

static void number_as_key(struct wabe_json_writer *w)
{
	wabe_json_object_begin(w);
	wabe_json_add_int(w, 1);
	wabe_json_object_end(w);
}

static void not_a_number(struct wabe_json_writer *w)
{
	wabe_json_add_double(w, NAN);
}

static void too_deep(struct wabe_json_writer *w)
{
	for (int i = 0; i < 1000; i++)
		wabe_json_array_begin(w);
	for (int i = 0; i < 1000; i++)
		wabe_json_array_end(w);
}

static void test_writer_errors(struct tap *t)
{
	static void (*const wrong[])(struct wabe_json_writer *) = { unfinished,	   unopened,
								    crossed,	   nothing,
								    two_documents, number_as_key,
								    not_a_number,  too_deep };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT;
		struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_INDENTED);

		wrong[i](w);
		tap_int(t, wabe_json_writer_finish(w, &out), -EINVAL, "misuse %zu is found", i);
		tap_int(t, (long long)out.len, 0, "misuse %zu leaves the output untouched", i);
	}
}

static void test_writer_null(struct tap *t)
{
	_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT;
	struct wabe_json_writer *w = NULL;

	write_all(w);
	wabe_json_writer_drop(&w);
	tap_int(t, wabe_json_writer_finish(w, &out), -ENOMEM,
		"a writer that could not be made reports it at the end");
	w = wabe_json_writer_new(WABE_JSON_COMPACT);
	write_all(w);
	wabe_json_writer_drop(&w);
	tap_ok(t, w == NULL, "a dropped writer is NULL");
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_refused(&t);
	test_nul(&t);
	test_accepted(&t);
	test_tree(&t);
	test_integers(&t);
	test_hostile(&t);
	test_many_keys(&t);
	test_callers_bound(&t);
	test_writer(&t);
	test_writer_errors(&t);
	test_writer_null(&t);
	return tap_end(&t);
}
