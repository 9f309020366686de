// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/idmap: user and group id maps; see idmap.h. */
#include "sys/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "sys/namespace.h"

static int write_map(pid_t pid, const char *file, const struct wabe_idmap *maps, size_t count,
		     struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	char path[64];

	if (count == 0)
		return 0;
	if (count > WABE_IDMAP_MAX)
		return wabe_error_say(err, -E2BIG, "%s: %zu lines, the kernel takes %d", file,
				      count, WABE_IDMAP_MAX);
	for (size_t i = 0; i < count; i++)
		if (wabe_buf_printf(&text, "%u %u %u\n", maps[i].inside_id, maps[i].outside_id,
				    maps[i].count) < 0)
			return wabe_error_set(err, -ENOMEM, "write %s", file);
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return wabe_file_write_at(AT_FDCWD, path, text.data, err);
}

static int add_number(struct wabe_arena *arena, struct wabe_strv *words, uint32_t number)
{
	char *text = wabe_arena_printf(arena, "%u", number);

	return text ? wabe_strv_add(words, arena, text) : -ENOMEM;
}

/* newuidmap(1): newuidmap PID INSIDE OUTSIDE COUNT ... */
static int tool_words(struct wabe_arena *arena, const char *tool, pid_t pid,
		      const struct wabe_idmap *maps, size_t count, struct wabe_strv *ret_words)
{
	int r = wabe_strv_add(ret_words, arena, tool);

	if (r == 0)
		r = add_number(arena, ret_words, (uint32_t)pid);
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = add_number(arena, ret_words, maps[i].inside_id);
		if (r == 0)
			r = add_number(arena, ret_words, maps[i].outside_id);
		if (r == 0)
			r = add_number(arena, ret_words, maps[i].count);
	}
	return r;
}

static void __attribute__((noreturn)) tool_child(char **words, int output_fd)
{
	if (dup2(output_fd, 1) == 1 && dup2(output_fd, 2) == 2)
		execvp(words[0], words);
	_exit(errno == ENOENT ? 127 : 126);
}

static int judge_tool(const char *tool, int status, int output_fd, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf said = WABE_BUF_INIT;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return wabe_error_say(
			err, -ENOENT,
			"map ids: an ordinary user needs %s (package uidmap) to map more than its own id",
			tool);
	(void)wabe_fd_read_all(output_fd, 4096, &said);
	if (said.len)
		said.data[strcspn(said.data, "\n")] = '\0';
	return wabe_error_say(err, -EPERM, "map ids: %s failed%s%s", tool, said.len ? ": " : "",
			      said.len ? said.data : "");
}

/* Its few lines of output stay in the pipe until it ended. */
static int run_tool(char **words, struct wabe_error *err)
{
	_cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF, pidfd = -EBADF;
	int pair[2], status;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
		return wabe_error_set(err, -errno, "make a pipe");
	read_fd = pair[0];
	write_fd = pair[1];
	pid = wabe_namespace_clone(0, -1, &pidfd, err);
	if (pid < 0)
		return pid;
	if (pid == 0)
		tool_child(words, write_fd);
	wabe_cleanup_close(&write_fd);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return wabe_error_set(err, -errno, "wait for %s", words[0]);
	return judge_tool(words[0], status, read_fd, err);
}

static int map_ids(pid_t pid, const char *file, const char *tool, const struct wabe_idmap *maps,
		   size_t count, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_strv words = { 0 };
	int r = write_map(pid, file, maps, count, err);

	if (r != -EPERM || geteuid() == 0)
		return r;
	wabe_error_clear(err);
	if (tool_words(&arena, tool, pid, maps, count, &words) < 0)
		return wabe_error_set(err, -ENOMEM, "map ids");
	return run_tool(words.items, err);
}

static bool is_own_group(const struct wabe_idmap *gids, size_t count)
{
	return count == 1 && gids->count == 1 && gids->outside_id == getegid();
}

int wabe_idmap_write(pid_t pid, const struct wabe_idmap *uids, size_t uid_count,
		     const struct wabe_idmap *gids, size_t gid_count, struct wabe_error *err)
{
	char path[64];
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
	if (geteuid() != 0 && is_own_group(gids, gid_count))
		r = wabe_file_write_at(AT_FDCWD, path, "deny", err);
	if (r == 0)
		r = map_ids(pid, "gid_map", "newgidmap", gids, gid_count, err);
	return r < 0 ? r : map_ids(pid, "uid_map", "newuidmap", uids, uid_count, err);
}

/* The child only has to exist until its namespace was opened; it ends when the socket does. */
static int userns_of(pid_t pid, struct wabe_error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	return wabe_namespace_open(path, CLONE_NEWUSER, err);
}

int wabe_idmap_userns(const struct wabe_idmap *uids, size_t uid_count,
		      const struct wabe_idmap *gids, size_t gid_count, struct wabe_error *err)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF;
	int pair[2], fd;
	char byte;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return wabe_error_set(err, -errno, "make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	pid = wabe_namespace_clone(CLONE_NEWUSER, -1, &pidfd, err);
	if (pid < 0)
		return pid;
	if (pid == 0) {
		close(ours);
		(void)!read(theirs, &byte, 1);
		_exit(0);
	}
	fd = wabe_idmap_write(pid, uids, uid_count, gids, gid_count, err);
	if (fd == 0)
		fd = userns_of(pid, err);
	wabe_cleanup_close(&ours);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}
