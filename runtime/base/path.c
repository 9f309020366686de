// SPDX-License-Identifier: GPL-2.0-or-later
/* base/path: paths below a root that somebody else controls; see path.h. */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"

#define RACE_TRIES 64 /* openat2(2): EAGAIN while somebody renames; a guest may do so for ever */

static int open_by(int dir_fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)flags | O_CLOEXEC,
		.mode = (flags & O_CREAT) ? mode : 0,
		.resolve = resolve | RESOLVE_NO_MAGICLINKS,
	};
	long fd;
	int tries = 0;

	do {
		fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
	} while (fd < 0 && (errno == EAGAIN || errno == EINTR) && ++tries < RACE_TRIES);
	return fd < 0 ? -errno : (int)fd;
}

/* As after a chroot to @root_fd. */
static int open_resolved(int root_fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	return open_by(root_fd, path, flags, mode, resolve | RESOLVE_IN_ROOT);
}

void wabe_path_clean(char *path)
{
	char *out = path;
	size_t len;

	for (const char *p = path; *(p += strspn(p, "/")); p += len) {
		len = strcspn(p, "/");
		if (len == 1 && p[0] == '.')
			continue;
		if (len == 2 && p[0] == '.' && p[1] == '.') {
			while (out > path && *--out != '/')
				;
			continue;
		}
		*out++ = '/';
		memmove(out, p, len);
		out += len;
	}
	if (out == path)
		*out++ = '/';
	*out = '\0';
}

int wabe_path_open_in(int root_fd, const char *path, int flags, mode_t mode, struct wabe_error *err)
{
	int fd = open_resolved(root_fd, path, flags, mode, 0);

	if (fd < 0)
		return wabe_error_set(err, fd, "open %s in the container's root", path);
	return fd;
}

int wabe_path_open_own(const char *path, int flags, struct wabe_error *err)
{
	int fd = open_by(AT_FDCWD, path, flags, 0, 0);

	return fd < 0 ? wabe_error_set(err, fd, "open %s", path) : fd;
}

int wabe_path_open_proc(int proc_fd, const char *path, int flags, struct wabe_error *err)
{
	_cleanup_close_ int fd = open_resolved(proc_fd, path, flags, 0, RESOLVE_NO_XDEV);
	struct statfs st;

	if (fd < 0)
		return wabe_error_set(err, fd, "open /proc/%s", path);
	if (fstatfs(fd, &st) < 0)
		return wabe_error_set(err, -errno, "look at /proc/%s", path);
	if (st.f_type != PROC_SUPER_MAGIC)
		return wabe_error_say(err, -EPERM, "/proc/%s is not on a procfs", path);
	return TAKE_FD(fd);
}

int wabe_path_open_strict(int root_fd, const char *path, int flags, mode_t mode,
			  struct wabe_error *err)
{
	int fd = open_resolved(root_fd, path, flags, mode, RESOLVE_NO_SYMLINKS);

	if (fd < 0)
		return wabe_error_set(err, fd, "open %s in the container's root%s", path,
				      fd == -ELOOP ? " (no symbolic link is allowed there)" : "");
	return fd;
}

/* Where the last component of @path[0..@len] begins; 0 when there is only one. Slashes at the end don't count. */
static size_t parent_end(const char *path, size_t len)
{
	while (len && path[len - 1] == '/')
		len--;
	while (len && path[len - 1] != '/')
		len--;
	return len;
}

/* The deepest directory of @path that exists: its descriptor, and in *ret_end where what is missing begins. */
static int open_existing(int root_fd, const char *path, size_t *ret_end)
{
	size_t end = strlen(path);
	char prefix[PATH_MAX];
	int fd;

	if (end >= sizeof(prefix))
		return -ENAMETOOLONG;
	for (;;) {
		snprintf(prefix, sizeof(prefix), "%.*s", (int)end, path);
		fd = open_resolved(root_fd, end ? prefix : ".", O_PATH | O_DIRECTORY, 0, 0);
		*ret_end = end;
		if (fd != -ENOENT || end == 0)
			return fd;
		end = parent_end(path, end);
	}
}

/*
 * One component more, below the descriptor of its parent. What was made here, or by somebody at the same time, is entered
 * without following a link. ".." is refused: "a/../b" would make directories that nobody asked for.
 */
static int make_component(int parent_fd, const char *name, mode_t mode)
{
	int fd;

	if (strcmp(name, "..") == 0)
		return -EINVAL;
	if (mkdirat(parent_fd, name, mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int wabe_path_mkdir_in(int root_fd, const char *path, mode_t mode, struct wabe_error *err)
{
	char name[NAME_MAX + 1];
	size_t end = 0, len;
	int fd = open_existing(root_fd, path, &end);

	for (const char *p = path + end; fd >= 0 && *(p += strspn(p, "/")); p += len) {
		int next;

		len = strcspn(p, "/");
		next = len > NAME_MAX ? -ENAMETOOLONG : 0;
		snprintf(name, sizeof(name), "%.*s", (int)len, p);
		if (next == 0)
			next = make_component(fd, name, mode);
		close(fd);
		fd = next;
	}
	if (fd < 0)
		return wabe_error_set(err, fd, "make directory %s in the container's root", path);
	return fd;
}

int wabe_path_mkdir_strict(int root_fd, const char *path, mode_t mode)
{
	const char *slash = strrchr(path, '/');
	_cleanup_close_ int parent_fd = -EBADF;
	char parent[PATH_MAX];

	if (!slash || !slash[1] || strlen(path) >= sizeof(parent))
		return -ENOENT;
	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	parent_fd = open_resolved(root_fd, slash > path ? parent : "/", O_PATH | O_DIRECTORY, 0,
				  RESOLVE_NO_SYMLINKS);
	return parent_fd < 0 ? parent_fd : make_component(parent_fd, slash + 1, mode);
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
	made = openat(parent, slash ? slash + 1 : path,
		      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (made < 0 && errno != EEXIST)
		return wabe_error_set(err, -errno, "create %s in the container's root", path);
	return wabe_path_open_strict(parent, slash ? slash + 1 : path, O_PATH, 0, err);
}

const char *wabe_path_proc_fd(int fd, char buf[WABE_PATH_PROC_FD])
{
	snprintf(buf, WABE_PATH_PROC_FD, "/proc/self/fd/%d", fd);
	return buf;
}
