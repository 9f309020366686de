// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/dist: finding and running a distribution's scripts; see dist.h. */
#include "guest/dist.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guest/run.h"

#define SCRIPT_MAX_BYTES (1u << 20)
#define SCRIPT_TIMEOUT_MS 60000
#define PIPE_BYTES 65536 /* pipe(7): the default capacity */
#define OUTPUT_MAX_BYTES (2 * PIPE_BYTES)
#define SHOWN_MAX 160
#define NAME_MAX_BYTES 128 /* of a template: VZ_TYPE_TEMPLATE */

static const char *const names[VZ_DIST_MAX] = {
	[VZ_DIST_ADD_IP] = "ADD_IP",
	[VZ_DIST_DEL_IP] = "DEL_IP",
	[VZ_DIST_SET_HOSTNAME] = "SET_HOSTNAME",
	[VZ_DIST_SET_DNS] = "SET_DNS",
	[VZ_DIST_SET_USERPASS] = "SET_USERPASS",
	[VZ_DIST_SET_UGID_QUOTA] = "SET_UGID_QUOTA",
	[VZ_DIST_POST_CREATE] = "POST_CREATE",
	[VZ_DIST_PRE_START] = "PRE_START",
	[VZ_DIST_SET_CONSOLE] = "SET_CONSOLE",
};

const char *vz_dist_name(enum vz_dist_action action)
{
	return names[action];
}

/* @dir/@name, when there is such a file. */
static const char *look(struct wabe_arena *arena, const char *dir, const char *name)
{
	const char *path = wabe_arena_printf(arena, "%s/%s", dir, name);

	return path && access(path, F_OK) == 0 ? path : NULL;
}

/* "debian-12-web": debian-12-web.conf, debian-12.conf, debian.conf, default; the administrator's
 * directory first. */
static const char *find_conf(const struct vz_guest *g, struct wabe_arena *arena,
			     const char **ret_dir)
{
	const char *const dirs[] = { g->host->distdir, g->host->dist_default };
	const char *template = vz_param_string(&g->conf.params, VZ_PARAM_OSTEMPLATE), *path;
	char name[NAME_MAX_BYTES + sizeof(".conf")];
	int len = template ? (int)strnlen(template, NAME_MAX_BYTES) : 0;

	for (;;) {
		if (len > 0)
			snprintf(name, sizeof(name), "%.*s.conf", len, template);
		else
			snprintf(name, sizeof(name), "default");
		for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
			*ret_dir = dirs[i];
			path = look(arena, dirs[i], name);
			if (path)
				return path;
		}
		if (len <= 0)
			return NULL;
		while (--len > 0 && template[len] != '-')
			;
	}
}

static int read_scripts(const struct vz_conffile *file, struct vz_dist *dist,
			struct wabe_error *err)
{
	for (size_t i = 0; i < VZ_DIST_MAX; i++) {
		const char *name = vz_conffile_get(file, names[i]);

		if (!name || !*name)
			continue;
		if (strchr(name, '/') || *name == '.' || strlen(name) > NAME_MAX)
			return vz_error_say(err, VZ_EXIT_NO_DIST_CONFIG, -EINVAL,
					    "%s: %s \"%s\" is no file name in scripts/", dist->path,
					    names[i], name);
		dist->scripts[i] = name;
	}
	return 0;
}

int vz_dist_load(const struct vz_guest *g, struct wabe_arena *arena, struct vz_dist *ret_dist,
		 struct wabe_error *err)
{
	struct vz_dist dist = { .path = find_conf(g, arena, &dist.dir) };
	struct vz_conffile file;
	int r;

	if (!dist.path)
		return vz_error_say(
			err, VZ_EXIT_NO_DIST_CONFIG, -ENOENT,
			"no distribution configuration: neither %s nor %s has \"default\"",
			g->host->distdir, g->host->dist_default);
	vz_conffile_init(&file, arena, dist.path);
	r = vz_conffile_load_at(AT_FDCWD, dist.path, &file, err);
	if (r == 0)
		r = read_scripts(&file, &dist, err);
	if (r < 0) {
		wabe_error_kind(err, VZ_EXIT_NO_DIST_CONFIG);
		return r;
	}
	*ret_dist = dist;
	return 0;
}

/* scripts/functions, when it is there, and the action's script. */
static int read_text(const struct vz_dist *dist, enum vz_dist_action action, struct wabe_buf *text,
		     struct wabe_error *err)
{
	char path[PATH_MAX];
	int r;

	snprintf(path, sizeof(path), "%s/scripts/functions", dist->dir);
	r = access(path, F_OK) < 0 ? 0
				   : wabe_file_read_at(AT_FDCWD, path, SCRIPT_MAX_BYTES, text, err);
	if (r == 0 && wabe_buf_puts(text, "\n") < 0)
		r = wabe_error_set(err, -ENOMEM, "%s", path);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/scripts/%s", dist->dir, dist->scripts[action]);
	r = wabe_file_read_at(AT_FDCWD, path, SCRIPT_MAX_BYTES, text, err);
	if (r == -ENOENT)
		wabe_error_kind(err, VZ_EXIT_NO_DIST_CONFIG);
	return r;
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/*
 * At most what a pipe holds; the newest part is kept, since the reason of a failure is at the end.
 */
static void read_some(int fd, struct wabe_buf *output)
{
	char part[PIPE_BYTES];
	ssize_t n = read(fd, part, sizeof(part));

	if (n <= 0)
		return;
	if (output->len + (size_t)n > OUTPUT_MAX_BYTES)
		output->len = 0;
	(void)wabe_buf_add(output, part, (size_t)n);
}

/*
 * Until @pid has ended, not until its output is closed: a service that it restarted may hold that
 * open for ever.
 */
static int follow(pid_t pid, int out_fd, struct wabe_buf *output)
{
	_cleanup_close_ int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	const long long end_ms = now_ms() + SCRIPT_TIMEOUT_MS;
	struct pollfd fds[] = { { .fd = pid_fd, .events = POLLIN },
				{ .fd = out_fd, .events = POLLIN } };

	if (pid_fd < 0)
		return -errno;
	for (;;) {
		long long left_ms = end_ms - now_ms();
		int n = left_ms > 0 ? poll(fds, ARRAY_SIZE(fds), (int)left_ms) : 0;

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -ETIMEDOUT;
		if (n > 0 && fds[1].revents & POLLIN)
			read_some(out_fd, output);
		/* No writer is left, but the process lives: it closed its output. */
		else if (n > 0 && fds[1].revents)
			fds[1].fd = -1;
		if (n > 0 && fds[0].revents)
			return 0;
	}
}

/* The last line that says something, as plain text: a guest's program wrote it. */
static const char *last_line(struct wabe_buf *output, char shown[SHOWN_MAX])
{
	char *start, *end;
	size_t len;

	if (!output->data)
		return "";
	output->data[output->len] = '\0';
	for (end = output->data + output->len; end > output->data && strchr(" \t\r\n", end[-1]);)
		end--;
	for (start = end; start > output->data && start[-1] != '\n';)
		start--;
	len = (size_t)(end - start) < SHOWN_MAX - 1 ? (size_t)(end - start) : SHOWN_MAX - 1;
	for (size_t i = 0; i < len; i++)
		shown[i] = start[i] >= ' ' && start[i] < 0x7f ? start[i] : '?';
	shown[len] = '\0';
	return shown;
}

static int say_end(const struct vz_dist *dist, enum vz_dist_action action, int status,
		   struct wabe_buf *output, struct wabe_error *err)
{
	char shown[SHOWN_MAX];
	const char *line = last_line(output, shown);

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return wabe_error_say(err, -ECHILD,
				      "%s (%s) was killed by signal %d in the guest%s%s",
				      names[action], dist->scripts[action], WTERMSIG(status),
				      *line ? ": " : "", line);
	return wabe_error_say(err, -ECHILD, "%s (%s) failed in the guest with exit code %d%s%s",
			      names[action], dist->scripts[action], WEXITSTATUS(status),
			      *line ? ": " : "", line);
}

static int run_text(struct vz_guest *g, const struct vz_dist *dist, enum vz_dist_action action,
		    const struct wabe_buf *text, const struct wabe_strv *env,
		    struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf output = WABE_BUF_INIT;
	_cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
	int ends[2], status = 0, r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return wabe_error_set(err, -errno, "make a pipe");
	read_fd = ends[0];
	write_fd = ends[1];
	pid = vz_run_script_start(g, text->data, text->len, env, write_fd, err);
	if (pid < 0)
		return (int)pid;
	wabe_cleanup_close(&write_fd);
	r = follow(pid, read_fd, &output);
	if (r < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == -ETIMEDOUT)
		return wabe_error_say(err, r, "%s (%s) did not end in the guest within %d seconds",
				      names[action], dist->scripts[action],
				      SCRIPT_TIMEOUT_MS / 1000);
	return r < 0 ? wabe_error_set(err, r, "wait for %s", dist->scripts[action])
		     : say_end(dist, action, status, &output, err);
}

int vz_dist_run(struct vz_guest *g, const struct vz_dist *dist, enum vz_dist_action action,
		const struct wabe_strv *env, const char *secret, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r;

	if (!dist->scripts[action])
		return 0;
	if (secret && wabe_buf_puts(&text, secret) < 0)
		return wabe_error_set(err, -ENOMEM, "%s", dist->scripts[action]);
	r = read_text(dist, action, &text, err);
	if (r == 0)
		r = run_text(g, dist, action, &text, env, err);
	if (secret && text.data)
		explicit_bzero(text.data, text.len);
	return r;
}
