// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/main: `wabe`, global options and the table of verbs; see cli.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/parse.h"
#include "cli/cli.h"
#include "sys/seccomp.h"
#include "sys/tty.h"

static const struct cli_verb *const verbs[] = {
	&cli_checkpoint, &cli_create, &cli_delete, &cli_events, &cli_exec,    &cli_features,
	&cli_kill,	 &cli_list,   &cli_pause,  &cli_ps,	&cli_restore, &cli_resume,
	&cli_run,	 &cli_spec,   &cli_start,  &cli_state,	&cli_update,
};

struct globals {
	const char *root, *log, *log_format, *cgroup_manager, *rootless, *criu;
	bool is_debug, is_systemd, is_version, is_help;
};

#define G(member) offsetof(struct globals, member)

static const struct wabe_option global_options[] = {
	{ "root", 0, WABE_OPTION_STRING, G(root), "DIR",
	  "state of containers (default /run/wabe, a user's $XDG_RUNTIME_DIR/wabe)" },
	{ "log", 0, WABE_OPTION_STRING, G(log), "FILE",
	  "append messages to FILE; errors go to standard error too" },
	{ "log-format", 0, WABE_OPTION_STRING, G(log_format), "FORMAT", "text (default) or json" },
	{ "debug", 0, WABE_OPTION_FLAG, G(is_debug), NULL, "log more" },
	{ "cgroup-manager", 0, WABE_OPTION_STRING, G(cgroup_manager), "NAME",
	  "cgroupfs (default), systemd or disabled" },
	{ "systemd-cgroup", 0, WABE_OPTION_FLAG, G(is_systemd), NULL,
	  "the same as --cgroup-manager systemd" },
	{ "rootless", 0, WABE_OPTION_STRING, G(rootless), "WHEN",
	  "do without a cgroup where none may be made: true, false or auto (default)" },
	/* containerd passes it with each verb, when its configuration names one. */
	{ "criu", 0, WABE_OPTION_STRING, G(criu), "PROGRAM",
	  "what checkpoint and restore would call; nothing else does" },
	{ "version", 'v', WABE_OPTION_FLAG, G(is_version), NULL, "print the version" },
	{ "help", 'h', WABE_OPTION_FLAG, G(is_help), NULL, "print this help" },
};

/* Callers look for "NAME version X" and "spec: X" (runc's). */
static void print_version(void)
{
	char library[WABE_SECCOMP_LIBRARY_MAX];

	wabe_seccomp_library(library);
	printf("wabe version " WABE_VERSION "\nspec: " WABE_SPEC_VERSION "\nlibseccomp: %s\n",
	       library);
}

static void print_help(void)
{
	printf("Usage: wabe [global options] VERB [options] [arguments]\n\nRuns containers of the OCI runtime specification.\n\nVerbs:\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-32s %s\n", verbs[i]->name, verbs[i]->help);
	printf("\nGlobal options:\n");
	wabe_option_help(stdout, global_options, ARRAY_SIZE(global_options));
	printf("\nwabe VERB --help shows a verb's options. Exit status: 0, 1 on failure; run and exec return the process's own.\n");
}

static void print_verb_help(const struct cli_verb *verb)
{
	printf("Usage: wabe %s %s\n\n%s\n", verb->name, verb->usage, verb->help);
	if (verb->option_count)
		printf("\nOptions:\n");
	wabe_option_help(stdout, verb->options, verb->option_count);
}

int cli_options(struct cli *cli, const struct cli_verb *verb, void *values, int argc, char **argv,
		int min, int max, struct wabe_error *err)
{
	/* As runc: only what takes a command, which has options of its own, has its options in front. */
	int first = wabe_option_parse_go(verb->options, verb->option_count, values, &cli->arena,
					 max >= 0, argc, argv, err);

	if (first < 0)
		return wabe_error_prefix(err, "%s", verb->name);
	if (argc - first < min || (max >= 0 && argc - first > max))
		return wabe_error_say(err, -EINVAL, "usage: wabe %s %s", verb->name, verb->usage);
	return first;
}

int cli_load(struct cli *cli, const char *id, struct wabe_container **ret_c, struct wabe_error *err)
{
	return wabe_container_load(&cli->rt, id, ret_c, err);
}

void cli_size_console(struct wabe_spec_process *process)
{
	struct wabe_tty_size size;

	if (process->console_size.height || process->console_size.width ||
	    wabe_tty_get_size(STDIN_FILENO, &size, NULL) < 0)
		return;
	process->console_size =
		(struct wabe_spec_size){ .height = size.rows, .width = size.columns };
}

int cli_check_preserved(struct cli *cli, int count, struct wabe_error *err)
{
	/* linux/fs.h, NR_OPEN: no process has more. */
	if (count > 1024 * 1024 - 3)
		return wabe_error_say(err, -EBADF, "--preserve-fds %d: too many", count);
	for (int fd = 3; fd < 3 + count; fd++)
		if (fd == cli->log.fd || fcntl(fd, F_GETFD) < 0)
			return wabe_error_set(err, -EBADF, "--preserve-fds %d: descriptor %d",
					      count, fd);
	return 0;
}

int cli_format(const char *format, bool *ret_is_json, struct wabe_error *err)
{
	bool is_json = format && strcmp(format, "json") == 0;

	if (format && !is_json && strcmp(format, "table") != 0)
		return wabe_error_say(err, -EINVAL, "--format %s: want table or json", format);
	*ret_is_json = is_json;
	return 0;
}

int cli_write_out(const struct wabe_buf *text, struct wabe_error *err)
{
	int r = wabe_fd_write_all(STDOUT_FILENO, text->data, text->len);

	return r < 0 ? wabe_error_set(err, r, "write to standard output") : 0;
}

int cli_absolute(struct cli *cli, const char *path, const char **ret_path, struct wabe_error *err)
{
	char cwd[PATH_MAX];
	const char *full = path;

	if (path && path[0] != '/') {
		if (!getcwd(cwd, sizeof(cwd)))
			return wabe_error_set(err, -errno, "find the working directory");
		full = strcmp(path, ".") == 0 ? wabe_arena_strdup(&cli->arena, cwd)
					      : wabe_arena_printf(&cli->arena, "%s/%s", cwd, path);
		if (!full)
			return wabe_error_set(err, -ENOMEM, "path %s", path);
	}
	*ret_path = full;
	return 0;
}

/* As runc: auto, or a boolean. */
static int parse_rootless(const char *word, enum wabe_rootless_mode *ret_mode,
			  struct wabe_error *err)
{
	bool is_true;

	*ret_mode = WABE_ROOTLESS_AUTO;
	if (!word || strcmp(word, "auto") == 0)
		return 0;
	if (wabe_parse_bool(word, &is_true) < 0)
		return wabe_error_say(err, -EINVAL, "--rootless %s: want auto, true or false",
				      word);
	*ret_mode = is_true ? WABE_ROOTLESS_TRUE : WABE_ROOTLESS_FALSE;
	return 0;
}

static int apply_globals(struct cli *cli, const struct globals *g, struct wabe_error *err)
{
	const char *manager = g->cgroup_manager ? g->cgroup_manager : "cgroupfs";
	const char *format = g->log_format ? g->log_format : "text";
	int r;

	cli->log = (struct wabe_log){ .program = "wabe",
				      .level = g->is_debug ? WABE_LOG_DEBUG : WABE_LOG_WARNING,
				      .fd = -1 };
	if (strcmp(format, "json") != 0 && strcmp(format, "text") != 0)
		return wabe_error_say(err, -EINVAL, "--log-format %s: want text or json", format);
	cli->log.is_json = strcmp(format, "json") == 0;
	if (g->log) {
		r = wabe_log_open(&cli->log, g->log, err);
		if (r < 0)
			return r;
	}
	if (strcmp(manager, "cgroupfs") != 0 && strcmp(manager, "disabled") != 0 &&
	    strcmp(manager, "systemd") != 0)
		return wabe_error_say(err, -EINVAL,
				      "--cgroup-manager %s: want cgroupfs, systemd or disabled",
				      manager);
	if (g->is_systemd && g->cgroup_manager && strcmp(manager, "systemd") != 0)
		return wabe_error_say(err, -EINVAL, "--systemd-cgroup and --cgroup-manager %s",
				      manager);
	cli->rt.is_systemd = g->is_systemd || strcmp(manager, "systemd") == 0;
	r = parse_rootless(g->rootless, &cli->rt.rootless, err);
	if (r < 0)
		return r;
	cli->rt.no_cgroup = strcmp(manager, "disabled") == 0;
	cli->rt.cgroup_base = "/wabe";
	cli->rt.log = &cli->log;
	/* A script's unset variable, not the working directory. */
	if (g->root && !*g->root)
		return wabe_error_say(err, -EINVAL, "--root: is empty");
	return g->root ? cli_absolute(cli, g->root, &cli->rt.state_root, err)
		       : cli_state_root(cli, &cli->rt.state_root, err);
}

static const struct cli_verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static int unknown_verb(const char *name, struct wabe_error *err)
{
	return wabe_error_say(err, -EINVAL, "unknown verb %s (wabe --help lists them)", name);
}

/* "help" or "h", "help VERB": as runc's, the same as --help. */
static int help(int argc, char **argv, struct wabe_error *err)
{
	const struct cli_verb *verb = argc > 1 ? find_verb(argv[1]) : NULL;

	if (argc > 2)
		return wabe_error_say(err, -EINVAL, "usage: wabe help [VERB]");
	if (argc > 1 && !verb)
		return unknown_verb(argv[1], err);
	if (verb)
		print_verb_help(verb);
	else
		print_help();
	return 0;
}

static int dispatch(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	const struct cli_verb *verb = find_verb(argv[0]);

	if (!verb)
		return unknown_verb(argv[0], err);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		print_verb_help(verb);
		return 0;
	}
	wabe_log(&cli->log, WABE_LOG_DEBUG,
		 "wabe " WABE_VERSION ": %s, state root %s, cgroups by %s", verb->name,
		 cli->rt.state_root,
		 cli->rt.no_cgroup    ? "nobody"
		 : cli->rt.is_systemd ? "systemd"
				      : "file");
	return verb->run(cli, argc, argv, err);
}

static int run(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	struct globals g = { 0 };
	int first, r;

	cli->log = (struct wabe_log){ .program = "wabe", .level = WABE_LOG_WARNING, .fd = -1 };
	/* Nothing that the caller left open goes into a container unless --preserve-fds says so. */
	r = wabe_fd_pin_stdio();
	if (r == 0)
		r = wabe_fd_cloexec_from(3);
	if (r < 0)
		return wabe_error_set(err, r, "keep the caller's descriptors out");
	first = wabe_option_parse_go(global_options, ARRAY_SIZE(global_options), &g, &cli->arena,
				     false, argc, argv, err);
	if (first < 0)
		return first;
	if (g.is_version) {
		print_version();
		return 0;
	}
	if (g.is_help || first == argc) {
		print_help();
		return g.is_help ? 0 : CLI_EXIT_FAILED;
	}
	if (strcmp(argv[first], "help") == 0 || strcmp(argv[first], "h") == 0)
		return help(argc - first, argv + first, err);
	r = apply_globals(cli, &g, err);
	return r < 0 ? r : dispatch(cli, argc - first, argv + first, err);
}

int main(int argc, char **argv)
{
	struct wabe_error err = WABE_ERROR_INIT;
	struct cli cli = { .argv = argv, .failed = CLI_EXIT_FAILED };
	int r;

	/* A caller that ignores it would have the kernel reap our children before we ask how they ended, and the container's ignore it. */
	(void)signal(SIGCHLD, SIG_DFL);
	r = run(&cli, argc, argv, &err);
	if (r < 0) {
		wabe_log(&cli.log, WABE_LOG_ERROR, "%s", err.text);
		r = cli.failed;
	}
	if (fflush(stdout) != 0) {
		wabe_log(&cli.log, WABE_LOG_ERROR, "write to standard output: %s", strerror(errno));
		r = CLI_EXIT_FAILED;
	}
	wabe_cleanup_close(&cli.log.fd);
	wabe_arena_free(&cli.arena);
	return r;
}
