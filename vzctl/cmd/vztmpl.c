// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vztmpl: the command vztmpl(8): words to verbs, errors to exit codes. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/option.h"
#include "cmd/vztmpl.h"

struct verb {
	const char *name;
	int (*run)(struct vztmpl *t, int argc, char **argv, struct wabe_error *err);
	const char *words;
	const char *help;
};

static const struct verb verbs[] = {
	{ "build", vztmpl_build, "NAME [--recipe FILE] [--as NAME] [--mirror URL] [--keyring FILE]",
	  "make a template by its recipe" },
	{ "import", vztmpl_import,
	  "FILE|-|oci:PATH[:TAG]|docker-archive:PATH[:NAME:TAG] [--name NAME]",
	  "make a template of a tar archive or a container image" },
	{ "from", vztmpl_from, "CTID NAME [--update]",
	  "make a template of a container's files, or its next generation" },
	{ "update", vztmpl_update,
	  "NAME [--from FILE|-|IMAGE] [--recipe FILE] [--mirror URL] [--keyring FILE]",
	  "make the next generation of a template; containers stay on theirs" },
	{ "export", vztmpl_export, "NAME FILE", "write a template as a tar archive" },
	{ "list", vztmpl_list, "[-j] [-H]", "show all templates" },
	{ "info", vztmpl_info, "NAME [-j]", "show one template" },
	{ "du", vztmpl_du, "[NAME] [-j] [-H]", "show what templates take on the disk, and share" },
	{ "remove", vztmpl_remove, "NAME", "remove a template that no container uses" },
};

static const struct wabe_option options[] = {
	{ "config", 0, WABE_OPTION_STRING, offsetof(struct vztmpl, config), "FILE",
	  "vz.conf to use (or VZ_CONF)" },
	{ "quiet", 'q', WABE_OPTION_FLAG, offsetof(struct vztmpl, is_quiet), NULL,
	  "print only errors" },
	{ "verbose", 'v', WABE_OPTION_COUNT, offsetof(struct vztmpl, verbosity), NULL,
	  "show what recipes print" },
	{ "help", 'h', WABE_OPTION_FLAG, offsetof(struct vztmpl, is_help), NULL, "show this" },
	{ "version", 0, WABE_OPTION_FLAG, offsetof(struct vztmpl, is_version), NULL,
	  "show the version" },
};

static void usage(FILE *out)
{
	fputs("usage: vztmpl [option...] verb [word...]\n\nVerbs:\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(out, "  %s %s\n      %s\n", verbs[i].name, verbs[i].words, verbs[i].help);
	fputs("\nOptions:\n", out);
	wabe_option_help(out, options, ARRAY_SIZE(options));
}

/* Returns the number of words. */
static int parse_words(struct vztmpl *t, const struct wabe_option *table, size_t rows, void *values,
		       int argc, char **argv, const char **ret_words, size_t count,
		       struct wabe_error *err)
{
	bool is_literal = false; /* behind "--" */
	size_t found = 0;

	for (int at = 0; at < argc;) {
		int next = is_literal ? 1
				      : wabe_option_parse(table, rows, values, &t->arena, argc - at,
							  argv + at, err);

		if (next < 0) {
			wabe_error_kind(err, VZ_EXIT_BAD_OPTION);
			return next;
		}
		is_literal = is_literal || (next > 1 && strcmp(argv[at + next - 1], "--") == 0);
		at += next;
		if (at >= argc)
			break;
		if (found == count)
			return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
					    "unexpected word \"%s\"", argv[at]);
		ret_words[found++] = argv[at];
	}
	return (int)found;
}

int vztmpl_words(struct vztmpl *t, const struct wabe_option *table, size_t rows, void *values,
		 int argc, char **argv, const char **ret_words, size_t count,
		 struct wabe_error *err)
{
	int found = parse_words(t, table, rows, values, argc, argv, ret_words, count, err);

	if (found >= 0 && (size_t)found < count)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    "a word is missing (vztmpl --help)");
	return found < 0 ? found : 0;
}

int vztmpl_words_some(struct vztmpl *t, const struct wabe_option *table, size_t rows, void *values,
		      int argc, char **argv, const char **ret_words, size_t count,
		      struct wabe_error *err)
{
	int found = parse_words(t, table, rows, values, argc, argv, ret_words, count, err);

	for (size_t i = found < 0 ? count : (size_t)found; i < count; i++)
		ret_words[i] = NULL;
	return found < 0 ? found : 0;
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int run_verb(struct vztmpl *t, int argc, char **argv, struct wabe_error *err)
{
	const struct verb *verb = argc > 0 ? find_verb(argv[0]) : NULL;
	int r;

	if (argc == 0)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    "a verb is missing (vztmpl --help)");
	if (!verb)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    "unknown verb \"%s\" (vztmpl --help)", argv[0]);
	if (geteuid() != 0)
		return vz_error_say(err, VZ_EXIT_PERMISSION, -EPERM, "only root may use templates");
	r = vz_host_load(t->config, &t->log, &t->host, err);
	if (r < 0)
		return r;
	r = verb->run(t, argc, argv, err);
	vz_host_free(&t->host);
	return r;
}

/* Lists that could not be written whole must not look whole. */
static int flush_output(struct wabe_error *err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return vz_error_set(err, VZ_EXIT_IO, errno ? -errno : -EIO, "write the output");
	return 0;
}

int vz_vztmpl_main(int argc, char **argv)
{
	struct vztmpl t = {
		.log = { .program = "vztmpl", .level = WABE_LOG_WARNING, .fd = -EBADF }
	};
	struct wabe_error err = WABE_ERROR_INIT;
	int r = wabe_option_parse(options, ARRAY_SIZE(options), &t, &t.arena, argc, argv, &err);

	if (r < 0)
		wabe_error_kind(&err, VZ_EXIT_BAD_OPTION);
	else if (t.is_help)
		usage(stdout);
	else if (t.is_version)
		printf("vztmpl version %s\n", WABE_VERSION);
	else
		r = run_verb(&t, argc - r, argv + r, &err);
	if (r >= 0)
		r = flush_output(&err);
	wabe_arena_free(&t.arena);
	if (r >= 0)
		return VZ_EXIT_OK;
	wabe_log(&t.log, WABE_LOG_ERROR, "%s", err.text);
	return vz_exit_code(&err);
}
