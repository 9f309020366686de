// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/guestfile: small files below a guest's root; see guestfile.h. */
#include "guest/guestfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"

int vz_guestfile_read(int root_fd, const char *path, struct wabe_buf *text, struct wabe_error *err)
{
	/* O_NONBLOCK: a pipe in the place of the file must not hold us up. */
	_cleanup_close_ int fd =
		wabe_path_open_in(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, err);
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return wabe_error_say(err, -EINVAL, "%s in the guest is no regular file", path);
	r = wabe_fd_read_all(fd, VZ_GUESTFILE_MAX_BYTES, text);
	return r < 0 ? wabe_error_set(err, r, "read %s in the guest", path) : 0;
}

static int write_new(int dir_fd, const char *name, const void *text, size_t len, mode_t mode,
		     const struct stat *like)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (like && fchown(fd, like->st_uid, like->st_gid) < 0)
		return -errno;
	r = wabe_fd_write_all(fd, text, len);
	if (r < 0)
		return r;
	return fchmod(fd, like ? like->st_mode & 07777 : mode) < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int replace(int dir_fd, const char *name, const void *text, size_t len, mode_t mode,
		   const struct stat *like)
{
	char temporary[NAME_MAX + 1];
	int r;

	snprintf(temporary, sizeof(temporary), ".%s.wabe", name);
	r = write_new(dir_fd, temporary, text, len, mode, like);
	if (r == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir_fd, temporary, 0);
	return r;
}

int vz_guestfile_replace(int root_fd, const char *name, const void *text, size_t len, mode_t mode,
			 struct wabe_error *err)
{
	_cleanup_close_ int dir_fd =
		wabe_path_open_in(root_fd, "/etc", O_PATH | O_DIRECTORY, 0, err);
	struct stat st;
	bool is_there;
	int r;

	if (dir_fd < 0)
		return dir_fd;
	is_there = fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
	r = replace(dir_fd, name, text, len, mode, is_there ? &st : NULL);
	return r < 0 ? wabe_error_set(err, r, "write /etc/%s in the guest", name) : 0;
}

int vz_guestfile_replace_at(int dir_fd, const char *name, const void *text, size_t len, mode_t mode)
{
	return replace(dir_fd, name, text, len, mode, NULL);
}
