// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/create: `wabe create` and `wabe run`, which differ in when the process starts; see cli.h. */
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/signals.h"
#include "cli/cli.h"
#include "spec/spec.h"

#define LISTEN_FDS_MAX 1024 /* as many as a process may have open by default */

struct values {
	const char *bundle, *console_socket, *pid_file, *pidfd_socket;
	int preserve_fds;
	bool no_pivot, no_new_keyring, is_detached, is_kept, no_subreaper;
};

#define V(member) offsetof(struct values, member)
#define COMMON_OPTIONS                                                                            \
	{ "bundle",  'b',   WABE_OPTION_STRING,                                                   \
	  V(bundle), "DIR", "the bundle (default: the working directory)" },                      \
		{ "console-socket",  0,	     WABE_OPTION_STRING,                                  \
		  V(console_socket), "PATH", "unix socket that gets the terminal" },              \
		{ "pid-file",  0,      WABE_OPTION_STRING,                                        \
		  V(pid_file), "FILE", "where the process's pid goes" },                          \
		{ "pidfd-socket",  0,	   WABE_OPTION_STRING,                                    \
		  V(pidfd_socket), "PATH", "unix socket that gets a descriptor of the process" }, \
		{ "preserve-fds",  0,	WABE_OPTION_INT,                                          \
		  V(preserve_fds), "N", "pass descriptors 3 to 3+N-1 on" },                       \
		{ "no-pivot",  0,    WABE_OPTION_FLAG,                                            \
		  V(no_pivot), NULL, "move and chroot instead of pivot_root (initramfs)" },       \
	{                                                                                         \
		"no-new-keyring", 0, WABE_OPTION_FLAG, V(no_new_keyring), NULL,                   \
			"keep the caller's session keyring"                                       \
	}

/* The last three say what create does anyhow; runc's callers share a list of options with run, crun's create has the last. */
static const struct wabe_option create_options[] = {
	COMMON_OPTIONS,
	{ "detach", 'd', WABE_OPTION_FLAG, V(is_detached), NULL, "as create always does" },
	{ "keep", 0, WABE_OPTION_FLAG, V(is_kept), NULL, "as create always does" },
	{ "no-subreaper", 0, WABE_OPTION_FLAG, V(no_subreaper), NULL, "as create always does" },
};
static const struct wabe_option run_options[] = {
	COMMON_OPTIONS,
	{ "detach", 'd', WABE_OPTION_FLAG, V(is_detached), NULL, "don't wait for the process" },
	{ "keep", 0, WABE_OPTION_FLAG, V(is_kept), NULL, "don't delete the container at its end" },
	{ "no-subreaper", 0, WABE_OPTION_FLAG, V(no_subreaper), NULL,
	  "don't become the reaper of orphans" },
};

/* Sockets of a service manager come before those of --preserve-fds (as in runc). LISTEN_PID says whether they are for us. */
static int take_listen_fds(struct values *v, struct wabe_create_args *args, struct wabe_error *err)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	int for_pid;

	if (!count || !pid || wabe_parse_int(pid, 1, INT32_MAX, &for_pid) < 0 ||
	    for_pid != getpid())
		return 0;
	if (wabe_parse_int(count, 0, LISTEN_FDS_MAX, &args->listen_fds) < 0)
		return wabe_error_say(err, -EINVAL, "LISTEN_FDS=%s: want a number from 0 to %d",
				      count, LISTEN_FDS_MAX);
	args->listen_names = getenv("LISTEN_FDNAMES");
	if (__builtin_add_overflow(v->preserve_fds, args->listen_fds, &v->preserve_fds))
		return wabe_error_say(err, -EINVAL, "LISTEN_FDS and --preserve-fds: too many");
	return 0;
}

static int prepare(struct cli *cli, struct values *v, const char *id, struct wabe_spec *spec,
		   struct wabe_create_args *args, struct wabe_error *err)
{
	int r = take_listen_fds(v, args, err);

	if (r == 0)
		r = cli_check_preserved(cli, v->preserve_fds, err);
	if (r == 0)
		r = cli_protect_self(
			cli, v->preserve_fds,
			err); /* before the configuration is read, which would be read twice else */
	if (r == 0)
		r = cli_absolute(cli, v->bundle ? v->bundle : ".", &args->bundle, err);
	if (r == 0)
		r = wabe_spec_load(spec, args->bundle, err);
	args->id = id;
	args->console_socket = v->console_socket;
	args->pid_file = v->pid_file;
	args->pidfd_socket = v->pidfd_socket;
	args->preserve_fds = v->preserve_fds;
	args->has_notify = cli_notify_address() != NULL;
	args->no_pivot = v->no_pivot;
	args->no_new_keyring = v->no_new_keyring;
	return r;
}

static int run_create(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	struct wabe_create_args args = { 0 };
	struct values v = { 0 };
	int first = cli_options(cli, &cli_create, &v, argc, argv, 1, 1, err);
	int r = first < 0 ? first : prepare(cli, &v, argv[first], &spec, &args, err);

	return r < 0 ? r : wabe_container_create(&cli->rt, &spec, &args, NULL, err);
}

/* The end of a foreground container: its status is ours. */
static int follow(struct cli *cli, struct values *v, struct wabe_container *c, int console_fd,
		  struct wabe_error *err)
{
	struct wabe_error late = WABE_ERROR_INIT;
	struct wabe_notify notify = { 0 };
	int status;

	if (cli_notify_address() && wabe_notify_open(c, cli_notify_address(), &notify, &late) < 0)
		wabe_log(&cli->log, WABE_LOG_WARNING, "%s", late.text);
	if (notify.fd > 0)
		notify.main_pid = getpid();
	status = wabe_container_relay(c, console_fd, &notify, err);
	if (notify.error.code < 0)
		wabe_log(&cli->log, WABE_LOG_WARNING, "%s", notify.error.text);
	wabe_notify_close(&notify);
	if (!v->is_kept && wabe_container_delete(c, true, &late) < 0)
		wabe_log(&cli->log, WABE_LOG_ERROR, "%s", late.text);
	return status;
}

static int run_run(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = NULL;
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	_cleanup_close_ int console_fd = -EBADF;
	struct wabe_create_args args = { 0 };
	struct values v = { 0 };
	sigset_t old;
	int first = cli_options(cli, &cli_run, &v, argc, argv, 1, 1, err);
	int r = first < 0 ? first : prepare(cli, &v, argv[first], &spec, &args, err);

	if (r < 0)
		return r;
	if (!v.is_detached && !v.console_socket)
		args.ret_console_fd = &console_fd;
	if (args.ret_console_fd && spec.process && spec.process->terminal)
		cli_size_console(spec.process);
	if (!v.is_detached && !v.no_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return wabe_error_set(err, -errno, "become the reaper of orphans");
	/* Of a foreground one to its deletion, and to our end: what was for the container is nobody's then. */
	if (!v.is_detached)
		wabe_signals_hold(&old);
	r = wabe_container_run(&cli->rt, &spec, &args, &c, err);
	if (r < 0 && !v.is_detached)
		wabe_signals_release(&old);
	if (r == 0 && v.is_detached)
		cli_wait_ready(cli, c);
	if (r < 0 || v.is_detached)
		return r;
	return follow(cli, &v, c, console_fd, err);
}

const struct cli_verb cli_create = {
	"create",
	"[options] ID",
	"create a container; its process waits for start",
	create_options,
	ARRAY_SIZE(create_options),
	run_create,
};
const struct cli_verb cli_run = {
	"run",
	"[options] ID",
	"create and start a container, wait for its end and delete it",
	run_options,
	ARRAY_SIZE(run_options),
	run_run,
};
