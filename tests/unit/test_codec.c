// SPDX-License-Identifier: GPL-2.0-or-later
/* base/codec: every type of row: what it takes, what it refuses, and that saving gives back what was loaded. */
#include "base/codec.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "tap.h"

struct inner {
	int64_t number;
	const char *text;
};

struct outer {
	bool flag;
	const char *text;
	int64_t i64;
	uint64_t u64;
	uint32_t u32;
	struct wabe_opt_bool opt_bool;
	struct wabe_opt_i64 opt_i64;
	struct wabe_opt_u64 opt_u64;
	int choice;
	uint64_t mask;
	struct wabe_strv words;
	struct wabe_u32_list ids;
	struct wabe_pairs pairs;
	struct inner inside;
	struct inner *pointer;
	struct wabe_list list;
	bool kept;
};

static const struct wabe_name choices[] = { { "none", 0 },
					    { "one", 1 },
					    { "two", 2 },
					    { NULL, 0 } };
static const struct wabe_name bits[] = { { "low", 0 }, { "high", 63 }, { "top", 63 }, { NULL, 0 } };

static const struct wabe_codec_field inner_rows[] = {
	{ "number", WABE_CODEC_I64, offsetof(struct inner, number), .flags = WABE_CODEC_REQUIRED },
	{ "text", WABE_CODEC_STRING, offsetof(struct inner, text) },
	{ 0 },
};

static const struct wabe_codec_field rows[] = {
	{ "flag", WABE_CODEC_BOOL, offsetof(struct outer, flag) },
	{ "text", WABE_CODEC_STRING, offsetof(struct outer, text) },
	{ "i64", WABE_CODEC_I64, offsetof(struct outer, i64), .min = -10, .max = 10 },
	{ "u64", WABE_CODEC_U64, offsetof(struct outer, u64), .min = 5 },
	{ "u32", WABE_CODEC_U32, offsetof(struct outer, u32) },
	{ "optBool", WABE_CODEC_OPT_BOOL, offsetof(struct outer, opt_bool) },
	{ "optI64", WABE_CODEC_OPT_I64, offsetof(struct outer, opt_i64) },
	{ "optU64", WABE_CODEC_OPT_U64, offsetof(struct outer, opt_u64), .max = 100 },
	{ "choice", WABE_CODEC_ENUM, offsetof(struct outer, choice), .names = choices },
	{ "mask", WABE_CODEC_NAME_LIST, offsetof(struct outer, mask), .names = bits },
	{ "words", WABE_CODEC_STRV, offsetof(struct outer, words) },
	{ "ids", WABE_CODEC_U32_LIST, offsetof(struct outer, ids) },
	{ "pairs", WABE_CODEC_PAIRS, offsetof(struct outer, pairs) },
	{ "inside", WABE_CODEC_OBJECT, offsetof(struct outer, inside), .sub = inner_rows },
	{ "pointer", WABE_CODEC_POINTER, offsetof(struct outer, pointer), .sub = inner_rows,
	  .size = sizeof(struct inner) },
	{ "list", WABE_CODEC_LIST, offsetof(struct outer, list), .sub = inner_rows,
	  .size = sizeof(struct inner) },
	{ "kept", WABE_CODEC_BOOL, offsetof(struct outer, kept), .flags = WABE_CODEC_KEEP_EMPTY },
	{ "later", WABE_CODEC_UNSUPPORTED },
	{ 0 },
};

static int load(struct wabe_arena *arena, const char *text, struct outer *out,
		struct wabe_error *err)
{
	struct wabe_json *root;
	int r = wabe_json_parse(arena, "test", text, strlen(text), &root, err);

	return r < 0 ? r : wabe_codec_load(arena, rows, root, out, err);
}

static int save(const struct outer *in, struct wabe_buf *out)
{
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_COMPACT);

	wabe_codec_save(w, rows, in);
	return wabe_json_writer_finish(w, out);
}

/* What is loaded, and what saving it gives when that isn't the same text. */
static const struct {
	const char *text, *saved;
} kept[] = {
	{ "{\"kept\":false}", NULL },
	{ "{}", "{\"kept\":false}" },
	{ "{\"flag\":true,\"text\":\"\",\"i64\":-10,\"u64\":18446744073709551615,\"u32\":4294967295,\"kept\":true}",
	  NULL },
	{ "{\"optBool\":false,\"optI64\":0,\"optU64\":0,\"kept\":false}", NULL },
	{ "{\"optI64\":-9223372036854775808,\"optU64\":100,\"kept\":false}", NULL },
	{ "{\"choice\":\"two\",\"mask\":[\"low\",\"high\"],\"kept\":false}", NULL },
	{ "{\"mask\":[\"top\",\"low\",\"low\"]}", "{\"mask\":[\"low\",\"high\"],\"kept\":false}" },
	{ "{\"choice\":\"none\",\"mask\":[],\"words\":[],\"ids\":[],\"pairs\":{},\"list\":[]}",
	  "{\"kept\":false}" },
	{ "{\"words\":[\"a\",\"\",\"a\"],\"ids\":[0,4294967295],\"pairs\":{\"k\":\"v\",\"\":\"\"},\"kept\":false}",
	  NULL },
	{ "{\"inside\":{\"number\":1},\"kept\":false}", NULL },
	{ "{\"pointer\":{\"number\":0},\"list\":[{\"number\":0},{\"number\":2,\"text\":\"t\"}],\"kept\":false}",
	  NULL },
	{ "{\"later\":null,\"unknown\":[1]}", "{\"kept\":false}" },
	{ "{\"later\":\"\"}", "{\"kept\":false}" },
	{ "{\"flag\":null,\"text\":null,\"i64\":null,\"u64\":null,\"u32\":null,\"optBool\":null,\"optI64\":null,\"optU64\":null,"
	  "\"choice\":null,\"mask\":null,\"words\":null,\"ids\":null,\"pairs\":null,\"inside\":null,\"pointer\":null,\"list\":null}",
	  "{\"kept\":false}" },
	{ "{\"later\":[]}", "{\"kept\":false}" },
	{ "{\"later\":{}}", "{\"kept\":false}" },
	{ "{\"later\":false}", "{\"kept\":false}" },
};

static void test_round_trip(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT;
		struct wabe_error err = WABE_ERROR_INIT;
		struct outer o = { 0 };

		if (!tap_int(t, load(&arena, kept[i].text, &o, &err), 0, "loads: %s", kept[i].text))
			continue;
		tap_int(t, save(&o, &out), 0, "saves: %s", kept[i].text);
		out.data[out.len - 1] = '\0';
		tap_str(t, out.data, kept[i].saved ? kept[i].saved : kept[i].text, "comes back: %s",
			kept[i].text);
	}
}

static const struct {
	const char *text;
	int code;
	const char *error;
} refused[] = {
	{ "[]", -EINVAL, "the document: wants an object, not array" },
	{ "{\"flag\":1}", -EINVAL, "flag: wants a boolean, not number" },
	{ "{\"inside\":{\"number\":null}}", -EINVAL, "inside.number: wants a number, not null" },
	{ "{\"list\":[null]}", -EINVAL, "list[0]: wants an object, not null" },
	{ "{\"pairs\":{\"a\":null}}", -EINVAL, "pairs.a: wants a string, not null" },
	{ "{\"text\":true}", -EINVAL, "text: wants a string, not boolean" },
	{ "{\"i64\":\"1\"}", -EINVAL, "i64: wants a number, not string" },
	{ "{\"i64\":11}", -ERANGE, "i64: 11 is out of range, -10..10" },
	{ "{\"i64\":-11}", -ERANGE, "i64: -11 is out of range, -10..10" },
	{ "{\"i64\":1.5}", -EINVAL, "i64: 1.5 is not a whole number" },
	{ "{\"u64\":4}", -ERANGE, "u64: 4 is out of range, 5..18446744073709551615" },
	{ "{\"u64\":-1}", -ERANGE, "u64: -1 is out of range" },
	{ "{\"u32\":4294967296}", -ERANGE, "u32: 4294967296 is out of range" },
	{ "{\"optU64\":101}", -ERANGE, "optU64: 101 is out of range, 0..100" },
	{ "{\"optI64\":{}}", -EINVAL, "optI64: wants a number, not object" },
	{ "{\"optBool\":\"true\"}", -EINVAL, "optBool: wants a boolean, not string" },
	{ "{\"choice\":\"One\"}", -EINVAL, "choice: unknown name \"One\"" },
	{ "{\"choice\":1}", -EINVAL, "choice: wants a string, not number" },
	{ "{\"mask\":\"low\"}", -EINVAL, "mask: wants an array, not string" },
	{ "{\"mask\":[\"low\",\"mid\"]}", -EINVAL, "mask[1]: unknown name \"mid\"" },
	{ "{\"mask\":[0]}", -EINVAL, "mask[0]: wants a string, not number" },
	{ "{\"words\":[\"a\",null]}", -EINVAL, "words[1]: wants a string, not null" },
	{ "{\"words\":{\"a\":\"b\"}}", -EINVAL, "words: wants an array, not object" },
	{ "{\"ids\":[1,-1]}", -ERANGE, "ids[1]: -1 is out of range" },
	{ "{\"pairs\":{\"a.b\":1}}", -EINVAL, "pairs[\"a.b\"]: wants a string, not number" },
	{ "{\"pairs\":[]}", -EINVAL, "pairs: wants an object, not array" },
	{ "{\"inside\":[]}", -EINVAL, "inside: wants an object, not array" },
	{ "{\"inside\":{}}", -EINVAL, "inside: the required key \"number\" is missing" },
	{ "{\"pointer\":{\"text\":\"\"}}", -EINVAL,
	  "pointer: the required key \"number\" is missing" },
	{ "{\"list\":{}}", -EINVAL, "list: wants an array, not object" },
	{ "{\"list\":[1]}", -EINVAL, "list[0]: wants an object, not number" },
	{ "{\"list\":[{\"number\":1},{\"number\":\"\"}]}", -EINVAL,
	  "list[1].number: wants a number, not string" },
	{ "{\"later\":0}", -ENOTSUP, "later: not supported by this version" },
	{ "{\"later\":true}", -ENOTSUP, "later: not supported by this version" },
	{ "{\"later\":\"x\"}", -ENOTSUP, "later: not supported by this version" },
	{ "{\"later\":[0]}", -ENOTSUP, "later: not supported by this version" },
	{ "{\"later\":{\"a\":null}}", -ENOTSUP, "later: not supported by this version" },
};

static void test_refused(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct wabe_error err = WABE_ERROR_INIT;
		struct outer o = { 0 };

		tap_int(t, load(&arena, refused[i].text, &o, &err), refused[i].code, "refused: %s",
			refused[i].text);
		tap_has(t, err.text, refused[i].error, "its error: %s", refused[i].text);
	}
}

/* strv lists are used as argv. */
static void test_argv(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct outer o = { 0 };

	tap_int(t, load(&arena, "{\"words\":[\"a\",\"b\"]}", &o, &err), 0, "list of words");
	tap_ok(t, o.words.count == 2 && o.words.items[2] == NULL, "ends with NULL");
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_round_trip(&t);
	test_refused(&t);
	test_argv(&t);
	return tap_end(&t);
}
