// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bad input by generator: every value that a row of the tables can't have (bad_input.h) is refused with its path, and so is
 * every text that a string of a full config can't be.
 *
 *     test_bad_input                   the test
 *     test_bad_input --list DOCUMENT   each case of config, process or resources as a line, PATH TAB TEXT, for tests of the
 *                                      real program; huge: configs with a huge number each in linux.resources
 */
#include <errno.h>

#include "bad_input.h"
#include "edit.h"
#include "spec/internal.h"
#include "spec/spec.h"
#include "tap.h"

static int parse_config(const char *text, struct wabe_error *err)
{
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };

	return wabe_spec_parse(&spec, "x.json", text, strlen(text), err);
}

static int parse_process(const char *text, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_spec_process *process = NULL;
	int r = wabe_spec_parse_process(&arena, "x.json", text, strlen(text), &process, err);

	return r < 0 && process ? 1 : r; /* an output on failure is one, too */
}

static int parse_resources(const char *text, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_spec_resources resources = { 0 };

	return wabe_spec_parse_resources(&arena, "x.json", text, strlen(text), &resources, err);
}

/* A kind of document that somebody else writes for us to read. */
struct document {
	const char *name;
	const struct wabe_codec_field *rows;
	int (*parse)(const char *text, struct wabe_error *err);
};

static const struct document documents[] = {
	{ "config", wabe_spec_rows, parse_config },
	{ "process", wabe_spec_process_rows, parse_process },
	{ "resources", wabe_spec_resources_rows, parse_resources },
};

/* What the cases of one row came to: a test a row, not one a value. */
struct judge {
	struct tap *t;
	const struct document *document;
	const struct wabe_codec_field *row;
	char name[256];
	unsigned int cases;
	bool is_bad;
};

/* "linux.x" is named in "x.json: linux.x: ..." and "x.json: linux.x[0]: ...", not in "x.json: linux.xy: ...". */
static bool is_named(const char *text, const char *path)
{
	size_t len = strlen(path);

	return strncmp(text, "x.json: ", 8) == 0 && strncmp(text + 8, path, len) == 0 &&
	       strchr(":.[", text[8 + len]);
}

static bool is_refused(const struct bad_case *c, const struct document *d, struct wabe_error *err)
{
	int r = d->parse(c->text, err);
	char missing[100];

	if (r >= 0 || r != err->code || !is_named(err->text, c->path))
		return false;
	if (c->row->type == WABE_CODEC_UNSUPPORTED)
		return r == -ENOTSUP;
	snprintf(missing, sizeof(missing), "the required key \"%s\" is missing", c->key);
	return (strstr(err->text, missing) != NULL) == !c->value;
}

static void finish_row(struct judge *j)
{
	if (j->row)
		tap_ok(j->t, !j->is_bad, "%s: each of %u wrong values is refused and named",
		       j->name, j->cases);
	j->cases = 0;
	j->is_bad = false;
}

static void judge_case(void *data, const struct bad_case *c)
{
	struct wabe_error err = WABE_ERROR_INIT;
	struct judge *j = data;

	if (c->row != j->row) {
		finish_row(j);
		j->row = c->row;
		snprintf(j->name, sizeof(j->name), "%s: %s", j->document->name, c->path);
	}
	j->cases++;
	if (is_refused(c, j->document, &err))
		return;
	j->is_bad = true;
	printf("# %s: %d %s\n", c->text, err.code, err.text);
}

static void test_document(struct tap *t, const struct document *d)
{
	struct judge j = { .t = t, .document = d };

	bad_each(d->rows, judge_case, &j);
	finish_row(&j);
}

/* The largest number that each number's type has. Bytes are what the kernel takes as no limit. */
#define HUGE "9223372036854775807"

static bool is_bytes(const char *path)
{
	static const char *const paths[] = {
		"memory.limit",
		"memory.reservation",
		"memory.swap",
		"memory.kernel",
		"memory.kernelTCP",
		"hugepageLimits[0].limit",
		"blockIO.throttleReadBpsDevice[0].rate",
		"blockIO.throttleWriteBpsDevice[0].rate",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (strcmp(path, paths[i]) == 0)
			return true;
	return false;
}

static void judge_huge(void *data, const struct bad_case *c)
{
	const char *field = strstr(c->path, "linux.resources.");
	struct wabe_error err = WABE_ERROR_INIT;
	struct tap *t = data;

	if (field != c->path || is_bytes(c->path + strlen("linux.resources.")))
		return;
	if (!tap_ok(t, is_refused(c, &documents[0], &err),
		    "config: %s: " HUGE " is refused and named", c->path))
		printf("# %s: %d %s\n", c->text, err.code, err.text);
}

static void list_huge(void *data, const struct bad_case *c)
{
	(void)data;
	if (wabe_str_starts(c->path, "linux.resources.") &&
	    !is_bytes(c->path + strlen("linux.resources.")))
		printf("%s\t%s\n", c->path, c->text);
}

static void list_case(void *data, const struct bad_case *c)
{
	(void)data;
	printf("%s\t%s\n", c->path, c->text);
}

/* Strings that may hold any character: what a program or a file system is given, and what is somebody else's to read. */
static bool takes_any_text(const char *path)
{
	static const char *const paths[] = {
		"annotations",
		"hooks.",
		"linux.resources.unified", /* lines of the kernel's files */
		"linux.seccomp.listenerMetadata",
		"linux.seccomp.syscalls[0].names", /* of other kernels */
		"linux.seccomp.syscalls[1].names",
		"mounts",
		"process.args",
		"process.cwd",
		"process.env",
		"root.path",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (wabe_str_starts(path, paths[i]))
			return true;
	return false;
}

/* An entry of a list is named, or the list is; of a mount, any key of it. */
static bool is_near(const char *text, const char *path)
{
	size_t len = strlen(path);

	if (is_named(text, path))
		return true;
	while (len > 0 && path[len - 1] != '[' && path[len - 1] != '.')
		len--;
	if (len == 0 || (path[len - 1] == '.' && !wabe_str_starts(path, "mounts[")))
		return false;
	return wabe_str_starts(text, "x.json: ") && strncmp(text + 8, path, len - 1) == 0;
}

/* 1: accepted, and there when it is saved; 0: refused with its path; or -1. */
static int try_text(const struct wabe_json *root, const char *path, const char *value,
		    struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT, saved = WABE_BUF_INIT;
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	int r;

	edit_apply(root, path, value, &text);
	wabe_error_clear(err);
	r = wabe_spec_parse(&spec, "x.json", text.data, text.len, err);
	if (r < 0)
		return is_near(err->text, path) ? 0 : -1;
	if (strlen(value) <= 2)
		return 1; /* "" may be the same as nothing */
	/* A path may have got its slash in front. */
	return wabe_spec_save(&spec, WABE_JSON_INDENTED, &saved, err) == 0 &&
			       strstr(saved.data, value + 1)
		       ? 1
		       : -1;
}

static void test_text(struct tap *t, const struct wabe_json *root, const struct wabe_json *node)
{
	static const char *const values[] = { "\"\"", "\"wabe-no-such-name\"",
					      "\"x\\nwabe-no-such-name\"" };
	struct wabe_error err = WABE_ERROR_INIT;
	char path[256];
	int r = 0;

	for (const struct wabe_json *c = node->first; c; c = c->next)
		test_text(t, root, c);
	if (node->type != WABE_JSON_STRING)
		return;
	wabe_json_path(node, path, sizeof(path));
	/* Unknown ones are warned of and dropped (config.md): test_validate, bats/wabe_process.bats. */
	if (wabe_str_starts(path, "process.capabilities."))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(values) && r >= 0; i++) {
		bool is_odd = strstr(values[i], "\\n") != NULL;

		r = try_text(root, path, values[i], &err);
		if (r < 0 || (r == 1 && is_odd && !takes_any_text(path)))
			printf("# %s = %s: %s\n", path, values[i], r < 0 ? err.text : "accepted");
		if (r == 1 && is_odd && !takes_any_text(path))
			r = -1;
	}
	tap_ok(t, r >= 0, "%s: a text is refused and named, or kept", path);
}

static void test_texts(struct tap *t)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_json *root;

	edit_corpus("config/maximal.json", &text);
	if (tap_int(t, wabe_json_parse(&arena, "maximal", text.data, text.len, &root, &err), 0,
		    "maximal config"))
		test_text(t, root, root);
}

static int list(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
		if (strcmp(documents[i].name, name) != 0)
			continue;
		bad_each(documents[i].rows, list_case, NULL);
		return 0;
	}
	if (strcmp(name, "huge") == 0) {
		bad_each_number(documents[0].rows, HUGE, list_huge, NULL);
		return 0;
	}
	fprintf(stderr, "test_bad_input: no document \"%s\"\n", name);
	return 1;
}

int main(int argc, char **argv)
{
	struct tap t = TAP_INIT;

	if (argc == 3 && strcmp(argv[1], "--list") == 0)
		return list(argv[2]);
	for (size_t i = 0; i < ARRAY_SIZE(documents); i++)
		test_document(&t, &documents[i]);
	bad_each_number(documents[0].rows, HUGE, judge_huge, &t);
	test_texts(&t);
	return tap_end(&t);
}
