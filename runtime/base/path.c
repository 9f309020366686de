// SPDX-License-Identifier: GPL-2.0-or-later
/* base/path: paths below a root that somebody else controls; see path.h. */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define RACE_TRIES 64 /* openat2(2): EAGAIN while somebody renames; a guest may do so for ever */

static int open_resolved(int root_fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)flags | O_CLOEXEC,
		.mode = (flags & O_CREAT) ? mode : 0,
		.resolve = resolve | RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;
	int tries = 0;

	do {
		fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	} while (fd < 0 && (errno == EAGAIN || errno == EINTR) && ++tries < RACE_TRIES);
	return fd < 0 ? -errno : (int)fd;
}

int wabe_path_open_in(int root_fd, const char *path, int flags, mode_t mode, struct wabe_error *err)
{
	int fd = open_resolved(root_fd, path, flags, mode, 0);

	if (fd < 0)
		return wabe_error_set(err, fd, "open %s in the container's root", path);
	return fd;
}

int wabe_path_open_strict(int root_fd, const char *path, int flags, mode_t mode, struct wabe_error *err)
{
	int fd = open_resolved(root_fd, path, flags, mode, RESOLVE_NO_SYMLINKS);

	if (fd < 0)
		return wabe_error_set(err, fd, "open %s in the container's root%s", path,
				      fd == -ELOOP ? " (no symbolic link is allowed there)" : "");
	return fd;
}

/* Makes @name, one component, below the directory @dir_fd unless something is there. */
static int mkdir_step(int dir_fd, const char *name, mode_t mode)
{
	if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/*
 * One more component: opened through the root by its whole path, so that a link resolves in the root; made below the
 * descriptor of its parent when it is missing. ".." is refused: "a/../b" would make directories nobody asked for.
 */
static int descend(int root_fd, const char *so_far, int parent_fd, const char *name, mode_t mode)
{
	int fd = open_resolved(root_fd, so_far, O_PATH | O_DIRECTORY, 0, 0);
	int r;

	if (fd != -ENOENT)
		return fd;
	r = mkdir_step(parent_fd, name, mode);
	if (r < 0)
		return r;
	return open_resolved(root_fd, so_far, O_PATH | O_DIRECTORY, 0, 0);
}

int wabe_path_mkdir_in(int root_fd, const char *path, mode_t mode, struct wabe_error *err)
{
	_cleanup_close_ int fd = open_resolved(root_fd, path, O_PATH | O_DIRECTORY, 0, 0);
	char so_far[PATH_MAX] = "", name[NAME_MAX + 1];
	const char *p = path;
	size_t len;

	if (fd >= 0)
		return TAKE_FD(fd);
	fd = open_resolved(root_fd, ".", O_PATH | O_DIRECTORY, 0, 0);
	for (p += strspn(p, "/"); fd >= 0 && *p; p += strspn(p, "/")) {
		int next;

		len = strcspn(p, "/");
		if (len > NAME_MAX || strlen(so_far) + len + 2 > sizeof(so_far))
			return wabe_error_set(err, -ENAMETOOLONG, "make directory %s in the container's root", path);
		if (len == 2 && memcmp(p, "..", 2) == 0)
			return wabe_error_set(err, -EINVAL, "make directory %s in the container's root", path);
		snprintf(name, sizeof(name), "%.*s", (int)len, p);
		snprintf(so_far + strlen(so_far), sizeof(so_far) - strlen(so_far), "/%s", name);
		next = descend(root_fd, so_far, fd, name, mode);
		close(fd);
		fd = next;
		p += len;
	}
	if (fd < 0)
		return wabe_error_set(err, fd, "make directory %s in the container's root", path);
	return TAKE_FD(fd);
}

int wabe_path_touch_in(int root_fd, const char *path, struct wabe_error *err)
{
	int fd = open_resolved(root_fd, path, O_PATH, 0, 0);
	_cleanup_close_ int parent = -EBADF, made = -EBADF;
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	if (fd >= 0)
		return fd;
	if (fd != -ENOENT || (slash && !slash[1]))
		return wabe_error_set(err, fd, "open %s in the container's root", path);
	snprintf(dir, sizeof(dir), "/%.*s", slash ? (int)(slash - path) : 0, path);
	parent = wabe_path_mkdir_in(root_fd, dir, 0755, err);
	if (parent < 0)
		return parent;
	/* O_EXCL: a dangling link at the end is an error, its target is not created. */
	made = openat(parent, slash ? slash + 1 : path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (made < 0 && errno != EEXIST)
		return wabe_error_set(err, -errno, "create %s in the container's root", path);
	return wabe_path_open_strict(parent, slash ? slash + 1 : path, O_PATH, 0, err);
}

const char *wabe_path_proc_fd(int fd, char buf[WABE_PATH_PROC_FD])
{
	snprintf(buf, WABE_PATH_PROC_FD, "/proc/self/fd/%d", fd);
	return buf;
}
