// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/idmap: user and group id maps; see idmap.h. */
#include "sys/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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

int wabe_idmap_write(pid_t pid, const struct wabe_idmap *uids, size_t uid_count,
		     const struct wabe_idmap *gids, size_t gid_count, bool deny_setgroups,
		     struct wabe_error *err)
{
	char path[64];
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
	if (deny_setgroups)
		r = wabe_file_write_at(AT_FDCWD, path, "deny", err);
	if (r == 0)
		r = write_map(pid, "gid_map", gids, gid_count, err);
	if (r == 0)
		r = write_map(pid, "uid_map", uids, uid_count, err);
	return r;
}

/* The child only has to exist until its namespace was opened; it ends when the socket does. */
static int userns_of(pid_t pid, const struct wabe_idmap *maps, size_t count, struct wabe_error *err)
{
	char path[64];
	int r = wabe_idmap_write(pid, maps, count, maps, count, false, err);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	return wabe_namespace_open(path, CLONE_NEWUSER, err);
}

int wabe_idmap_userns(const struct wabe_idmap *maps, size_t count, struct wabe_error *err)
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
	fd = userns_of(pid, maps, count, err);
	shutdown(ours, SHUT_RDWR);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}
