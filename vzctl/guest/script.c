// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/script: action scripts on the host and in the guest; see script.h. */
#include "guest/script.h"

#include <fcntl.h>
#include <limits.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "guest/run.h"

#define SCRIPT_MAX_BYTES (1u << 20)

static int wait_for(pid_t pid, const char *name, struct wabe_error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return wabe_error_set(err, -errno, "wait for action script %s", name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status))
		return wabe_error_say(err, -ECHILD, "action script %s failed with exit code %d",
				      name, WEXITSTATUS(status));
	return wabe_error_say(err, -ECHILD, "action script %s was killed by signal %d", name,
			      WTERMSIG(status));
}

static char **make_environment(const struct vz_guest *g, struct wabe_arena *arena)
{
	const char *words[] = {
		wabe_arena_printf(arena, "VEID=%s", g->id),
		wabe_arena_printf(arena, "VE_CONFFILE=%s", g->conf.path),
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root",
	};
	struct wabe_strv env = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!words[i] || wabe_strv_add(&env, arena, words[i]) < 0)
			return NULL;
	return env.items;
}

static int spawn(const struct vz_guest *g, const char *path, const char *name,
		 struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	char *argv[] = { wabe_arena_strdup(&arena, path), NULL };
	char **env = make_environment(g, &arena);
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	if (!argv[0] || !env || posix_spawn_file_actions_init(&actions) != 0)
		return wabe_error_set(err, -ENOMEM, "run action script %s", name);
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn(&pid, path, &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		return wabe_error_set(err, -r, "run action script %s", name);
	return wait_for(pid, name, err);
}

static int run_one(const struct vz_guest *g, const char *who, const char *when,
		   struct wabe_error *err)
{
	char path[PATH_MAX];
	const char *name;

	if (snprintf(path, sizeof(path), "%s/conf/%s.%s", g->host->confdir, who, when) >=
	    (int)sizeof(path))
		return wabe_error_set(err, -ENAMETOOLONG, "action script %s.%s", who, when);
	if (access(path, F_OK) < 0)
		return 0;
	name = path + strlen(g->host->confdir) + strlen("/conf/");
	return spawn(g, path, name, err);
}

int vz_script_host(const struct vz_guest *g, const char *when, struct wabe_error *err)
{
	int r = run_one(g, "vps", when, err);

	if (r == 0)
		r = run_one(g, g->id, when, err);
	return r < 0 ? vz_guest_fail(err, VZ_EXIT_ACTION_SCRIPT) : 0;
}

int vz_script_guest(struct vz_guest *g, const char *when, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	char name[64];
	int r;

	snprintf(name, sizeof(name), "%s.%s", g->id, when);
	if (faccessat(g->host->conf_fd, name, F_OK, 0) < 0)
		return 0;
	r = wabe_file_read_at(g->host->conf_fd, name, SCRIPT_MAX_BYTES, &text, err);
	if (r == 0)
		r = vz_run_script(g, text.data ? text.data : "", text.len, err);
	if (r > 0)
		r = wabe_error_say(err, -ECHILD,
				   "action script %s failed in the guest with exit code %d", name,
				   r);
	return r < 0 ? vz_guest_fail(err, VZ_EXIT_ACTION_SCRIPT) : 0;
}
