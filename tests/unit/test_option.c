// SPDX-License-Identifier: GPL-2.0-or-later
/* tests/unit/test_option: options in front of words, behind and between them. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/option.h"
#include "tap.h"

#define WORDS_MAX 10

struct values {
	bool is_all;
	const char *root;
	int count;
};

static const struct wabe_option table[] = {
	{ "all", 'a', WABE_OPTION_FLAG, offsetof(struct values, is_all), NULL, "" },
	{ "root", 'r', WABE_OPTION_STRING, offsetof(struct values, root), "DIR", "" },
	{ "n", 'n', WABE_OPTION_INT, offsetof(struct values, count), "N", "" },
};

static const struct row {
	const char *line; /* words, by blanks */
	bool is_mixed;
	const char *words; /* those left; NULL: refused */
	bool is_all;
	const char *root;
} rows[] = {
	{ "id", false, "id", false, NULL },
	{ "--all --root /x id sig", false, "id sig", true, "/x" },
	{ "-all -root=/x id", false, "id", true, "/x" },
	{ "-ar /x id", false, "id", true, "/x" },
	{ "--all=false id", false, "id", false, NULL },
	{ "--all=no id", false, NULL, false, NULL },
	{ "id --all", false, "id --all", false, NULL },
	{ "id --all", true, "id", true, NULL },
	{ "id -r /x sig -a", true, "id sig", true, "/x" },
	{ "a b c --root /x d e", true, "a b c d e", false, "/x" },
	{ "a -- --all b", true, "a --all b", false, NULL },
	{ "a --all -- b -r", true, "a b -r", true, NULL },
	{ "-- a --all", true, "a --all", false, NULL },
	{ "a - b", true, "a - b", false, NULL },
	{ "a --nope", true, NULL, false, NULL },
	{ "a --root", true, NULL, false, NULL },
	{ "a -n x", true, NULL, false, NULL },
	{ "-r=/x id", true, "id", false, "=/x" },
	{ "-a=true id", true, NULL, false, NULL },
	{ "--all=1 id", true, NULL, false, NULL },
	{ "", true, "", false, NULL },
};

/* The same with what Go's flag package takes. */
static const struct row go_rows[] = {
	{ "--all --root=/x id", false, "id", true, "/x" },
	{ "-ar /x id", false, "id", true, "/x" },
	{ "-r=/x id", true, "id", false, "/x" },
	{ "-r=A=b id", true, "id", false, "A=b" },
	{ "-r==b id", true, "id", false, "=b" },
	{ "-r= id", true, "id", false, "" },
	{ "-r =b id", true, "id", false, "=b" },
	{ "-ar=/x id", true, "id", true, "/x" },
	{ "id -a=true", true, "id", true, NULL },
	{ "id -a=0", true, "id", false, NULL },
	{ "id -a= b", true, NULL, false, NULL },
	{ "id -a=yes", true, NULL, false, NULL },
	{ "id --all=1", true, "id", true, NULL },
	{ "id --all=t", true, "id", true, NULL },
	{ "id --all=T", true, "id", true, NULL },
	{ "id -all=True", true, "id", true, NULL },
	{ "id --all=TRUE", true, "id", true, NULL },
	{ "id --all --all=f", true, "id", false, NULL },
	{ "id --all --all=F", true, "id", false, NULL },
	{ "id --all --all=False", true, "id", false, NULL },
	{ "id --all --all=FALSE", true, "id", false, NULL },
	{ "id --all=2", true, NULL, false, NULL },
	{ "id --all=tRUE", true, NULL, false, NULL },
	{ "id --all=", true, NULL, false, NULL },
	{ "id -n=x", true, NULL, false, NULL },
	{ "id -n=3", true, "id", false, NULL },
	{ "id --all", false, "id --all", false, NULL },
};

static void join(char *text, size_t room, char **words, int count)
{
	size_t at = 0;

	text[0] = '\0';
	for (int i = 0; i < count; i++)
		at += (size_t)snprintf(text + at, room - at, "%s%s", i ? " " : "", words[i]);
}

static void test_row(struct tap *t, const struct row *row, bool is_go)
{
	struct wabe_arena arena = WABE_ARENA_INIT;
	char line[128], left[128], *argv[WORDS_MAX] = { (char *)"prog" }, *rest = line, *word;
	struct wabe_error err = WABE_ERROR_INIT;
	struct values v = { 0 };
	int argc = 1, first;

	snprintf(line, sizeof(line), "%s", row->line);
	while ((word = strsep(&rest, " ")) && argc < WORDS_MAX)
		if (*word)
			argv[argc++] = word;
	if (is_go)
		first = wabe_option_parse_go(table, 3, &v, &arena, row->is_mixed, argc, argv, &err);
	else if (row->is_mixed)
		first = wabe_option_parse_mixed(table, 3, &v, &arena, argc, argv, &err);
	else
		first = wabe_option_parse(table, 3, &v, &arena, argc, argv, &err);
	if (!row->words) {
		tap_ok(t, first == -EINVAL && err.code == -EINVAL, "\"%s\" is refused", row->line);
	} else if (tap_ok(t, first > 0 && first <= argc, "\"%s\" is taken", row->line)) {
		join(left, sizeof(left), argv + first, argc - first);
		tap_str(t, left, row->words, "\"%s\": words", row->line);
		tap_ok(t, v.is_all == row->is_all, "\"%s\": flag", row->line);
		tap_str(t, v.root ? v.root : "", row->root ? row->root : "", "\"%s\": value",
			row->line);
	}
	wabe_arena_free(&arena);
}

int main(void)
{
	struct tap t = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(&t, &rows[i], false);
	for (size_t i = 0; i < sizeof(go_rows) / sizeof(go_rows[0]); i++)
		test_row(&t, &go_rows[i], true);
	return tap_end(&t);
}
