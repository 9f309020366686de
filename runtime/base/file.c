// SPDX-License-Identifier: GPL-2.0-or-later
/* base/file: whole files: read with a bound, replaced atomically; see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

int wabe_file_read_at(int dir_fd, const char *path, size_t max_bytes, struct wabe_buf *ret_content,
		      struct wabe_error *err)
{
	_cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return wabe_error_set(err, -errno, "open %s", path);
	r = wabe_fd_read_all(fd, max_bytes, ret_content);
	if (r < 0)
		return wabe_error_set(err, r, "read %s", path);
	return 0;
}

int wabe_file_read_regular(const char *path, size_t max_bytes, struct wabe_buf *ret_content,
			   struct wabe_error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return wabe_error_set(err, -errno, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return wabe_error_say(err, -EINVAL, "%s is no regular file", path);
	if ((uint64_t)st.st_size > max_bytes)
		return wabe_error_say(err, -EFBIG, "%s: more than %zu bytes", path, max_bytes);
	/* Some file systems don't know a size. */
	r = st.st_size > 0 ? wabe_fd_read_size(fd, (size_t)st.st_size, ret_content)
			   : wabe_fd_read_all(fd, max_bytes, ret_content);
	return r < 0 ? wabe_error_set(err, r, "read %s", path) : 0;
}

/* "dir/name" to an open directory and the name in it. */
static int open_parent(int dir_fd, const char *path, const char **ret_name, struct wabe_error *err)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd;

	*ret_name = slash ? slash + 1 : path;
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) : 0, path);
	fd = openat(dir_fd, dir[0] ? dir : (slash ? "/" : "."), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return wabe_error_set(err, -errno, "open the directory of %s", path);
	return fd;
}

static int write_new(int dir_fd, const char *name, const void *content, size_t len, mode_t mode,
		     bool is_durable)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_close_ int fd = -EBADF;
	int r;

	fd = openat(dir_fd, name, flags, 0600);
	/* A killed writer's: the caller has the lock, so nobody is writing it. */
	if (fd < 0 && errno == EEXIST && unlinkat(dir_fd, name, 0) == 0)
		fd = openat(dir_fd, name, flags, 0600);
	if (fd < 0)
		return -errno;
	r = wabe_fd_write_all(fd, content, len);
	if (r < 0)
		return r;
	if ((mode != 0600 && fchmod(fd, mode) < 0) || (is_durable && fsync(fd) < 0))
		return -errno;
	return 0;
}

/* Where @name is written before it takes its place. */
static int temporary_name(char temporary[NAME_MAX + 1], const char *name, struct wabe_error *err)
{
	if (snprintf(temporary, NAME_MAX + 1, ".%s.tmp", name) > NAME_MAX)
		return wabe_error_set(err, -ENAMETOOLONG, "write %s", name);
	return 0;
}

int wabe_file_stage_at(int dir_fd, const char *name, const void *content, size_t len, mode_t mode,
		       enum wabe_file_sync sync, struct wabe_error *err)
{
	char temporary[NAME_MAX + 1];
	int r = temporary_name(temporary, name, err);

	if (r < 0)
		return r;
	r = write_new(dir_fd, temporary, content, len, mode, sync == WABE_FILE_DURABLE);
	if (r == 0)
		return 0;
	unlinkat(dir_fd, temporary, 0);
	return wabe_error_set(err, r, "write %s", name);
}

int wabe_file_replace_at(int dir_fd, const char *path, const void *content, size_t len, mode_t mode,
			 enum wabe_file_sync sync, struct wabe_error *err)
{
	bool is_plain = dir_fd >= 0 && !strchr(path, '/');
	_cleanup_close_ int opened = -EBADF;
	char temporary[NAME_MAX + 1];
	const char *name = path;
	int parent = dir_fd, r;

	if (!is_plain)
		parent = opened = open_parent(dir_fd, path, &name, err);
	if (parent < 0)
		return parent;
	r = temporary_name(temporary, name, err);
	if (r == 0)
		r = wabe_file_stage_at(parent, name, content, len, mode, sync, err);
	if (r < 0)
		return r;
	if (renameat(parent, temporary, parent, name) < 0) {
		r = -errno;
		unlinkat(parent, temporary, 0);
		return wabe_error_set(err, r, "write %s", path);
	}
	if (sync == WABE_FILE_DURABLE && fsync(parent) < 0)
		return wabe_error_set(err, -errno, "sync the directory of %s", path);
	return 0;
}

int wabe_file_write_at(int dir_fd, const char *path, const char *text, struct wabe_error *err)
{
	_cleanup_close_ int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return wabe_error_set(err, -errno, "open %s", path);
	do {
		n = write(fd, text, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return wabe_error_set(err, -errno, "write \"%s\" to %s", text, path);
	if ((size_t)n != len)
		return wabe_error_set(err, -EIO, "write \"%s\" to %s", text, path);
	return 0;
}

int wabe_file_mkdir_all(const char *path, mode_t mode, struct wabe_error *err)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return wabe_error_set(err, -ENAMETOOLONG, "make directory %s", path);
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return wabe_error_set(err, -errno, "make directory %s", path);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return wabe_error_set(err, -errno, "make directory %s", part);
	}
	return 0;
}

/* flock(2) has no timeout: tries every 10 ms. A signal handler that ends the program ends the wait too. */
static int flock_for(int fd, int operation, int timeout_ms)
{
	static const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	for (int waited_ms = 0;; waited_ms += 10) {
		if (flock(fd, operation | (timeout_ms < 0 ? 0 : LOCK_NB)) == 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK || waited_ms >= timeout_ms)
			return -errno;
		nanosleep(&pause, NULL);
	}
}

int wabe_file_flock(int fd, int timeout_ms)
{
	return flock_for(fd, LOCK_EX, timeout_ms);
}

int wabe_file_flock_shared(int fd, int timeout_ms)
{
	return flock_for(fd, LOCK_SH, timeout_ms);
}

int wabe_file_lock_at(int dir_fd, const char *path, int timeout_ms, struct wabe_error *err)
{
	for (;;) {
		_cleanup_close_ int fd =
			openat(dir_fd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
			       0600);
		struct stat locked, named;
		int r;

		if (fd < 0)
			return wabe_error_set(err, -errno, "open lock %s", path);
		r = wabe_file_flock(fd, timeout_ms);
		if (r == -EWOULDBLOCK)
			return wabe_error_say(err, r, "%s is locked by another process", path);
		if (r < 0)
			return wabe_error_set(err, r, "lock %s", path);
		/* The holder before us may have removed the file: then this lock guards nothing. */
		if (fstat(fd, &locked) == 0 &&
		    fstatat(dir_fd, path, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
		    locked.st_ino == named.st_ino && locked.st_dev == named.st_dev)
			return TAKE_FD(fd);
	}
}
