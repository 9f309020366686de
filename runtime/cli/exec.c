// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/exec: `wabe exec`; see cli.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "cli/cli.h"
#include "spec/spec.h"

struct values {
	const char *process, *console_socket, *pid_file, *pidfd_socket, *user, *cwd, *label,
		*profile;
	struct wabe_strv env, caps, gids, cgroups;
	int preserve_fds;
	bool is_tty, is_detached, no_new_privs, ignore_paused;
};

#define V(member) offsetof(struct values, member)

static const struct wabe_option options[] = {
	{ "process", 'p', WABE_OPTION_STRING, V(process), "FILE",
	  "the process as JSON (config.md, \"Process\")" },
	{ "tty", 't', WABE_OPTION_FLAG, V(is_tty), NULL, "with a terminal" },
	{ "console-socket", 0, WABE_OPTION_STRING, V(console_socket), "PATH",
	  "unix socket that gets the terminal" },
	{ "detach", 'd', WABE_OPTION_FLAG, V(is_detached), NULL, "don't wait for the process" },
	{ "pid-file", 0, WABE_OPTION_STRING, V(pid_file), "FILE", "where the process's pid goes" },
	{ "pidfd-socket", 0, WABE_OPTION_STRING, V(pidfd_socket), "PATH",
	  "unix socket that gets the pidfd of the process" },
	{ "user", 'u', WABE_OPTION_STRING, V(user), "UID[:GID]", "who runs it, by number" },
	{ "additional-gids", 'g', WABE_OPTION_LIST, V(gids), "GID",
	  "a further group (may be repeated)" },
	{ "cwd", 0, WABE_OPTION_STRING, V(cwd), "DIR", "working directory in the container" },
	{ "env", 'e', WABE_OPTION_LIST, V(env), "NAME=VALUE", "a variable (may be repeated)" },
	{ "cap", 'c', WABE_OPTION_LIST, V(caps), "CAP_NAME",
	  "a further capability (may be repeated)" },
	{ "no-new-privs", 0, WABE_OPTION_FLAG, V(no_new_privs), NULL, "set no_new_privs" },
	{ "cgroup", 0, WABE_OPTION_LIST, V(cgroups), "[CONTROLLER[,...]:]PATH",
	  "an existing cgroup below the container's (with a controller: may be repeated)" },
	{ "ignore-paused", 0, WABE_OPTION_FLAG, V(ignore_paused), NULL,
	  "in a paused container too; the process runs when that is resumed" },
	{ "process-label", 0, WABE_OPTION_STRING, V(label), "LABEL",
	  "the process's SELinux label" },
	{ "apparmor", 0, WABE_OPTION_STRING, V(profile), "PROFILE",
	  "the process's AppArmor profile" },
	{ "preserve-fds", 0, WABE_OPTION_INT, V(preserve_fds), "N",
	  "pass descriptors 3 to 3+N-1 on" },
};

/* Strict: "1", "1:2"; a name, a sign, an overflow is an error and never user 0 (CVE-2026-30892). */
static int parse_user(const char *text, struct wabe_spec_user *user, struct wabe_error *err)
{
	const char *colon = strchr(text, ':');
	char uid[16];

	snprintf(uid, sizeof(uid), "%.*s", colon ? (int)(colon - text) : 15, text);
	if ((colon ? (size_t)(colon - text) : strlen(text)) >= sizeof(uid) ||
	    wabe_parse_u32(uid, &user->uid) < 0 || user->uid == UINT32_MAX)
		return wabe_error_say(err, -EINVAL,
				      "--user %s: want UID[:GID], numbers from 0 to 4294967294",
				      text);
	if (colon && (wabe_parse_u32(colon + 1, &user->gid) < 0 || user->gid == UINT32_MAX))
		return wabe_error_say(err, -EINVAL,
				      "--user %s: want UID[:GID], numbers from 0 to 4294967294",
				      text);
	return 0;
}

static int parse_gids(struct cli *cli, const struct values *v, struct wabe_spec_user *user,
		      struct wabe_error *err)
{
	const struct wabe_u32_list had = user->additional_gids;
	uint32_t *gids;

	if (v->gids.count == 0)
		return 0;
	gids = wabe_arena_array(&cli->arena, had.count + v->gids.count, sizeof(*gids));
	if (!gids)
		return wabe_error_set(err, -ENOMEM, "--additional-gids");
	if (had.count)
		memcpy(gids, had.items, had.count * sizeof(*gids));
	for (size_t i = 0; i < v->gids.count; i++)
		if (wabe_parse_u32(v->gids.items[i], &gids[had.count + i]) < 0 ||
		    gids[had.count + i] == UINT32_MAX)
			return wabe_error_say(
				err, -EINVAL,
				"--additional-gids %s: want a number from 0 to 4294967294",
				v->gids.items[i]);
	user->additional_gids = (struct wabe_u32_list){ gids, had.count + v->gids.count };
	return 0;
}

static int parse_caps(struct cli *cli, const struct values *v, struct wabe_spec_process *p,
		      struct wabe_error *err)
{
	struct wabe_spec_capabilities *caps = wabe_arena_alloc(&cli->arena, sizeof(*caps));

	if (!caps)
		return wabe_error_set(err, -ENOMEM, "--cap");
	if (p->capabilities)
		*caps = *p->capabilities;
	for (size_t i = 0; i < v->caps.count; i++) {
		long long number;

		/* As one of config.json (config.md, "Linux Process"). */
		if (wabe_name_find(wabe_spec_capability_names, v->caps.items[i], &number) < 0) {
			wabe_log(&cli->log, WABE_LOG_WARNING,
				 "--cap %s: unknown capability, not granted", v->caps.items[i]);
			continue;
		}
		caps->bounding |= 1ULL << number;
		caps->effective |= 1ULL << number;
		caps->permitted |= 1ULL << number;
	}
	p->capabilities = caps;
	return 0;
}

/* The container's environment, with --env in front of the search order: a later entry of the same name wins. */
static int merge_env(struct cli *cli, const struct values *v, struct wabe_spec_process *p,
		     struct wabe_error *err)
{
	struct wabe_strv merged = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->env.count; i++) {
		size_t name = strcspn(p->env.items[i], "=") + 1;
		bool is_replaced = false;

		for (size_t k = 0; k < v->env.count; k++)
			is_replaced |= strncmp(p->env.items[i], v->env.items[k], name) == 0;
		if (!is_replaced)
			r = wabe_strv_add(&merged, &cli->arena, p->env.items[i]);
	}
	for (size_t i = 0; r == 0 && i < v->env.count; i++) {
		if (!strchr(v->env.items[i], '=') || v->env.items[i][0] == '=')
			return wabe_error_say(err, -EINVAL, "--env %s: want NAME=VALUE",
					      v->env.items[i]);
		r = wabe_strv_add(&merged, &cli->arena, v->env.items[i]);
	}
	p->env = merged;
	return r < 0 ? wabe_error_set(err, r, "--env") : 0;
}

static int process_from_file(struct cli *cli, const char *path, struct wabe_spec_process *p,
			     struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_spec_process *loaded;
	int r = wabe_file_read_at(AT_FDCWD, path, WABE_JSON_MAX_BYTES, &text, err);

	if (r == 0)
		r = wabe_spec_parse_process(&cli->arena, path, text.data, text.len, &loaded, err);
	if (r == 0)
		*p = *loaded;
	return r;
}

static int process_from_words(struct wabe_container *c, char **words, int count,
			      struct wabe_spec_process *p, struct wabe_error *err)
{
	const struct wabe_spec_process *base = wabe_container_process(c, err);

	if (!base)
		return err->code;
	*p = *base;
	p->terminal = false;
	p->args = (struct wabe_strv){ words, (size_t)count, (size_t)count };
	return 0;
}

/* What the command line says holds over the container's process, and over that of --process. */
static int apply_options(struct cli *cli, const struct values *v, struct wabe_spec_process *p,
			 struct wabe_error *err)
{
	int r = 0;

	p->terminal |= v->is_tty;
	p->no_new_privileges |= v->no_new_privs;
	p->cwd = v->cwd ? v->cwd : p->cwd;
	p->apparmor_profile = v->profile ? v->profile : p->apparmor_profile;
	p->selinux_label = v->label ? v->label : p->selinux_label;
	if (p->cwd && p->cwd[0] != '/')
		return wabe_error_say(err, -EINVAL, "--cwd %s: want an absolute path", p->cwd);
	if (v->user)
		r = parse_user(v->user, &p->user, err);
	if (r == 0)
		r = parse_gids(cli, v, &p->user, err);
	if (r == 0 && v->caps.count)
		r = parse_caps(cli, v, p, err);
	return r < 0 ? r : merge_env(cli, v, p, err);
}

static int make_process(struct cli *cli, const struct values *v, struct wabe_container *c,
			char **words, int count, struct wabe_spec_process *p,
			struct wabe_error *err)
{
	int r;

	/* As runc and crun. */
	if (v->process && count)
		wabe_log(&cli->log, WABE_LOG_WARNING,
			 "exec: --process has the command, \"%.100s\" is ignored", words[0]);
	if (!v->process && !count)
		return wabe_error_say(err, -EINVAL, "usage: wabe exec %s", cli_exec.usage);
	r = v->process ? process_from_file(cli, v->process, p, err)
		       : process_from_words(c, words, count, p, err);
	return r < 0 ? r : apply_options(cli, v, p, err);
}

static int add_cgroup(struct cli *cli, struct wabe_exec_args *args, const char *controller,
		      const char *path, struct wabe_error *err)
{
	struct wabe_exec_cgroup *list =
		wabe_arena_array(&cli->arena, args->cgroup_count + 1, sizeof(*list));

	if (!list)
		return wabe_error_set(err, -ENOMEM, "--cgroup");
	for (size_t i = 0; i < args->cgroup_count; i++) {
		list[i] = args->cgroups[i];
		if (!controller || !list[i].controller)
			return wabe_error_say(
				err, -EINVAL,
				"--cgroup %s: of several each wants a controller before it", path);
		if (strcmp(controller, list[i].controller) == 0)
			return wabe_error_say(err, -EINVAL, "--cgroup: %s is there twice",
					      controller);
	}
	list[args->cgroup_count++] = (struct wabe_exec_cgroup){ controller, path };
	args->cgroups = list;
	return 0;
}

/* "PATH", "CONTROLLER:PATH" or "CONTROLLER,CONTROLLER:PATH". */
static int parse_cgroup(struct cli *cli, const char *text, struct wabe_exec_args *args,
			struct wabe_error *err)
{
	const char *colon = strchr(text, ':');
	size_t len;
	int r = 0;

	if (!*text || (colon && !colon[1]))
		return wabe_error_say(err, -EINVAL, "--cgroup %s: want [CONTROLLER:]PATH", text);
	if (!colon)
		return add_cgroup(cli, args, NULL, text, err);
	for (const char *at = text; r == 0 && at <= colon; at += len + 1) {
		char *controller;

		len = strcspn(at, ",:");
		controller = wabe_arena_printf(&cli->arena, "%.*s", (int)len, at);
		if (len == 0)
			return wabe_error_say(err, -EINVAL,
					      "--cgroup %s: the name of a controller is empty",
					      text);
		r = controller ? add_cgroup(cli, args, controller, colon + 1, err)
			       : wabe_error_set(err, -ENOMEM, "--cgroup");
	}
	return r;
}

static int check_ready(struct wabe_container *c, bool ignore_paused, struct wabe_error *err)
{
	enum wabe_status status = wabe_container_status(c);

	if (status == WABE_STATUS_PAUSED && !ignore_paused)
		return wabe_error_say(err, -EINVAL, "container %s is paused", wabe_container_id(c));
	if (status == WABE_STATUS_STOPPED || status == WABE_STATUS_CREATING)
		return wabe_error_say(err, -ESRCH, "container %s is not running",
				      wabe_container_id(c));
	return 0;
}

static int run_exec(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = NULL;
	struct wabe_exec_args args = { .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 };
	struct wabe_spec_process process = { 0 };
	struct values v = { 0 };
	int first = cli_options(cli, &cli_exec, &v, argc, argv, 1, -1, err);
	int r = first < 0 ? first : cli_check_preserved(cli, v.preserve_fds, err);
	pid_t pid;

	if (first >= 0)
		cli->failed = CLI_EXIT_EXEC_FAILED;
	if (r == 0)
		r = cli_protect_self(cli, v.preserve_fds, err);
	if (r == 0)
		r = cli_load(cli, argv[first], &c, err);
	if (r == 0)
		r = check_ready(c, v.ignore_paused, err);
	if (r == 0)
		r = make_process(cli, &v, c, argv + first + 1, argc - first - 1, &process, err);
	for (size_t i = 0; r == 0 && i < v.cgroups.count; i++)
		r = parse_cgroup(cli, v.cgroups.items[i], &args, err);
	if (r < 0)
		return r;
	args.process = &process;
	args.console_socket = v.console_socket;
	args.pid_file = v.pid_file;
	args.pidfd_socket = v.pidfd_socket;
	args.preserve_fds = v.preserve_fds;
	if (!v.console_socket && !v.is_detached && process.terminal)
		cli_size_console(&process);
	if (process.terminal && v.is_detached && !args.console_socket)
		return wabe_error_say(err, -EINVAL,
				      "a detached process with a terminal wants --console-socket");
	if (!v.is_detached)
		return wabe_container_exec_relay(c, &args, err);
	pid = wabe_container_exec(c, &args, err);
	return pid < 0 ? pid : 0;
}

const struct cli_verb cli_exec = {
	"exec",
	"[options] ID COMMAND [ARGUMENT...]",
	"run a process in a running container",
	options,
	ARRAY_SIZE(options),
	run_exec,
};
