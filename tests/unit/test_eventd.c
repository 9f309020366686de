// SPDX-License-Identifier: GPL-2.0-or-later
/* What vzctl and vzeventd tell each other: words there and back, broken ones; names of terminals; whom a context is about. */
#include "guest/console.h"
#include "guest/eventd.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "eventd/watcher.h"
#include "tap.h"

static void test_words(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	char *argv[] = { (char *)"vzctl", (char *)"", (char *)"a b\nc", NULL };
	char *env[] = { (char *)"A=1", (char *)"B=", NULL };
	struct wabe_strv got_argv = { 0 }, got_env = { 0 };

	tap_int(t, vz_eventd_pack(&text, argv, env), 0, "pack");
	tap_int(t, vz_eventd_unpack(&arena, text.data, text.len, &got_argv, &got_env), 0, "unpack");
	if (!tap_int(t, (long long)got_argv.count, 3, "words") ||
	    !tap_int(t, (long long)got_env.count, 2, "variables"))
		return;
	for (size_t i = 0; i < 3; i++)
		tap_str(t, got_argv.items[i], argv[i], "word %zu", i);
	for (size_t i = 0; i < 2; i++)
		tap_str(t, got_env.items[i], env[i], "variable %zu", i);
}

static void test_broken(struct tap *t)
{
#define TEXT(s)                  \
	{                        \
		s, sizeof(s) - 1 \
	}
	static const struct {
		const char *text;
		size_t len;
	} rows[] = { TEXT(""),		TEXT("\0"),	   TEXT("1"),
		     TEXT("1\0word"),	TEXT("2\0word\0"), TEXT("0\0word\0"),
		     TEXT("-1\0w\0"),	TEXT("x\0word\0"), TEXT("99999999999\0word\0"),
		     TEXT("1 \0word\0") };
#undef TEXT

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct wabe_strv argv = { 0 }, env = { 0 };
		_cleanup_free_ char *copy = malloc(rows[i].len + 1);

		if (!copy)
			abort();
		memcpy(copy, rows[i].text, rows[i].len);
		tap_int(t, vz_eventd_unpack(&arena, copy, rows[i].len, &argv, &env), -EINVAL,
			"broken words %zu", i);
	}
}

static void test_too_long(struct tap *t)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_free_ char *word = malloc(VZ_EVENTD_WORDS_MAX + 1);
	char *argv[] = { word, NULL }, *env[] = { NULL };

	if (!word)
		abort();
	memset(word, 'x', VZ_EVENTD_WORDS_MAX);
	word[VZ_EVENTD_WORDS_MAX] = '\0';
	tap_int(t, vz_eventd_pack(&text, argv, env), -E2BIG, "too many bytes");
}

static void test_names(struct tap *t)
{
	static const struct {
		const char *word, *name; /* NULL: refused */
	} rows[] = {
		{ NULL, "console" },   { "1", "console" },
		{ "tty1", "console" }, { "console", "console" },
		{ "2", "tty2" },       { "tty12", "tty12" },
		{ "0", NULL },	       { "13", NULL },
		{ "", NULL },	       { "tty", NULL },
		{ "ttytty2", NULL },   { "+2", NULL },
		{ "../2", NULL },      { "2 ", NULL },
		{ "-1", NULL },	       { "99999999999999", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wabe_error err = WABE_ERROR_INIT;
		char name[VZ_EVENTD_TTY_MAX] = "untouched";
		int r = vz_console_name(rows[i].word, name, &err);

		tap_int(t, r, rows[i].name ? 0 : -EINVAL, "terminal \"%s\"",
			rows[i].word ? rows[i].word : "(none)");
		tap_str(t, name, rows[i].name ? rows[i].name : "untouched", "its name");
		if (!rows[i].name)
			tap_has(t, err.text, rows[i].word, "the message has it");
	}
}

static void test_contexts(struct tap *t)
{
	static const struct {
		uint32_t id;
		uint64_t cgroup;
		bool is_its;
		const char *what;
	} rows[] = {
		{ 102, 77, false, "nobody's that we watch" },
		{ 101 + WATCHER_BUCKETS, 77, false, "in the same bucket" },
		{ 101, 78, false, "the guest's id, of another cgroup" },
		{ 102, 0, false, "of a guest that has no context" },
		{ 101, 77, true, "the guest's" },
	};
	struct guest without = { .ctid = 102 };
	struct guest g = { .ctid = 101, .cgroup = 77 };
	struct watcher w = { .guests = { [101 % WATCHER_BUCKETS] = &g,
					 [102 % WATCHER_BUCKETS] = &without } };
	struct eventd d = { .log = { .level = WABE_LOG_ERROR, .fd = -1 } };

	w.d = &d;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct wabe_ctx context = { .kind = WABE_CTX_ENDED,
						  .id = rows[i].id,
						  .cgroup = rows[i].cgroup,
						  .end = WABE_CTX_END_OOM };

		contexts_take(&w, &context);
		tap_int(t, g.end == WABE_CTX_END_OOM, rows[i].is_its, "%s", rows[i].what);
		tap_int(t, without.end, WABE_CTX_END_UNKNOWN, "nobody else's");
	}
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_words(&t);
	test_broken(&t);
	test_too_long(&t);
	test_names(&t);
	test_contexts(&t);
	return tap_end(&t);
}
