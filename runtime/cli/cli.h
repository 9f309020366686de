/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cli: the `wabe` command: runc's command line over libwabe. main.c has the table of verbs, each verb has its file.
 */
#ifndef WABE_CLI_CLI_H
#define WABE_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/option.h"
#include "wabe.h"

#define CLI_EXIT_FAILED 1
#define CLI_EXIT_EXEC_FAILED 255 /* runc-exec(8): told from a process that ended with 1 */

/* What main found; passed to each verb. */
struct cli {
	struct wabe_runtime rt;
	struct wabe_log log;
	struct wabe_arena arena; /* of the whole run */
	char **argv;		 /* of the whole command, to run it again (cli/self.c) */
	int failed;		 /* the exit status of an error */
};

struct cli_verb {
	const char *name, *usage, *help;
	const struct wabe_option *options;
	size_t option_count;
	/* Returns the exit status, or -errno with the error set. */
	int (*run)(struct cli *cli, int argc, char **argv, struct wabe_error *err);
};

/**
 * cli_options() - options of a verb into @values, then exactly @min..@max words (max < 0: any number).
 * Returns the index of the first word, or -errno.
 */
int cli_options(struct cli *cli, const struct cli_verb *verb, void *values, int argc, char **argv,
		int min, int max, struct wabe_error *err);

/** cli_load() - the container that a command line names. */
int cli_load(struct cli *cli, const char *id, struct wabe_container **ret_c,
	     struct wabe_error *err);

/**
 * cli_size_console() - a foreground process with a terminal has the caller's size from its first moment, unless the
 * configuration has another.
 */
void cli_size_console(struct wabe_spec_process *process);

/**
 * cli_check_preserved() - are descriptors 3 to 3+@count-1 the caller's? To be asked before anything of ours is opened, which
 * would get the free ones of these numbers and go into the container.
 */
int cli_check_preserved(struct cli *cli, int count, struct wabe_error *err);

/** cli_format() - --format table (also NULL) or json; else -EINVAL. */
int cli_format(const char *format, bool *ret_is_json, struct wabe_error *err);

/** cli_write_out() - a document to standard output. */
int cli_write_out(const struct wabe_buf *text, struct wabe_error *err);

/**
 * cli_protect_self() - make sure that a container without a user namespace can't write to our binary through /proc/PID/exe
 * (CVE-2019-5736): run from a read-only clone of the mount it is on. The static program does so before main, where the kernel
 * lets it; else it is executed again, and this returns only when nothing is to be done.
 * @preserve_fds: descriptors 3 to 3+N-1, which cli_check_preserved() looked at, stay open
 */
int cli_protect_self(struct cli *cli, int preserve_fds, struct wabe_error *err);

/** cli_notify_address() - NOTIFY_SOCKET of a service manager, or NULL. */
const char *cli_notify_address(void);

/**
 * cli_start_ready() - wabe_container_start(), and with a service manager wait until the container is ready and it is told.
 * cli_wait_ready() - the waiting alone, for a container that runs. That it can't be told is a warning.
 */
int cli_start_ready(struct cli *cli, struct wabe_container *c, struct wabe_error *err);
void cli_wait_ready(struct cli *cli, struct wabe_container *c);

/**
 * cli_protect_copy() - the same for an ordinary user, who can't clone the mount. A binary of root's is out of reach for its
 * containers; its own belongs to its container's root as well, and is run again from a sealed copy in memory.
 */
int cli_protect_copy(struct cli *cli, struct wabe_error *err);

/**
 * cli_state_root() - the state root without --root: /run/wabe for root; for others $XDG_RUNTIME_DIR/wabe, /run/user/UID/wabe, or
 * /tmp/wabe-UID, which must be a directory of the caller alone.
 */
int cli_state_root(struct cli *cli, const char **ret_path, struct wabe_error *err);

/** cli_absolute() - absolute form of a path, in the arena; NULL as NULL. */
int cli_absolute(struct cli *cli, const char *path, const char **ret_path, struct wabe_error *err);

extern const struct cli_verb cli_checkpoint, cli_create, cli_delete, cli_events, cli_exec,
	cli_features, cli_kill, cli_list, cli_pause, cli_ps, cli_restore, cli_resume, cli_run,
	cli_spec, cli_start, cli_state, cli_update;

#endif
