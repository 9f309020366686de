// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/copyfile: content and attributes of one file; see copyfile.h, and vz_copyfile() in copytree.h. */
#include "guest/copyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <linux/limits.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "guest/copytree.h"

#define CHUNK (256u * 1024)

/* "/proc/self/fd/N/NAME": the only way to the attributes of a link or a device. NAME is one component and not followed. */
struct entry_path {
	char text[WABE_PATH_PROC_FD + NAME_MAX + 2];
};

static struct entry_path entry_path(int dir_fd, const char *name)
{
	char dir[WABE_PATH_PROC_FD];
	struct entry_path path;

	snprintf(path.text, sizeof(path.text), "%s/%s", wabe_path_proc_fd(dir_fd, dir), name);
	return path;
}

static int pwrite_all(int fd, const char *data, size_t len, off_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, at);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
			at += n;
		}
	}
	return 0;
}

static int copy_range(int in_fd, int out_fd, off_t at, off_t end, char *buffer)
{
	while (at < end) {
		size_t wanted = end - at < (off_t)CHUNK ? (size_t)(end - at) : CHUNK;
		ssize_t n = pread(in_fd, buffer, wanted, at);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		r = pwrite_all(out_fd, buffer, (size_t)n, at);
		if (r < 0)
			return r;
		at += n;
	}
	return 0;
}

static int copy_data(int in_fd, int out_fd)
{
	_cleanup_free_ char *buffer = malloc(CHUNK);
	off_t at = 0, end;
	int r;

	if (!buffer)
		return -ENOMEM;
	while ((at = lseek(in_fd, at, SEEK_DATA)) >= 0) {
		end = lseek(in_fd, at, SEEK_HOLE);
		if (end < 0)
			return -errno;
		r = copy_range(in_fd, out_fd, at, end, buffer);
		if (r < 0)
			return r;
		at = end;
	}
	/* ENXIO: nothing but a hole follows. */
	return errno == ENXIO ? 0 : -errno;
}

int vz_copyfile(int in_fd, int out_fd)
{
	struct stat st;

	if (fstat(in_fd, &st) < 0)
		return -errno;
	/* Whatever the reason (another file system, one that can't share): it is copied then. */
	if (st.st_size == 0 || ioctl(out_fd, FICLONE, in_fd) == 0)
		return 0;
	if (ftruncate(out_fd, st.st_size) < 0)
		return -errno;
	return copy_data(in_fd, out_fd);
}

/* Whose attributes are the tree's own, and mean the same in another file system. */
static bool is_carried(const char *name, bool is_upper)
{
	if (wabe_str_starts(name, "trusted.overlay."))
		return !is_upper;
	return wabe_str_starts(name, "user.") || wabe_str_starts(name, "trusted.") ||
	       wabe_str_starts(name, "security.") || wabe_str_starts(name, "system.posix_acl_");
}

/* The names of all attributes, one after the other; the caller frees. Returns their length. */
static ssize_t list_xattrs(const char *path, char **ret_names)
{
	ssize_t len = llistxattr(path, NULL, 0);
	_cleanup_free_ char *names = NULL;

	if (len <= 0)
		return len < 0 && errno != ENOTSUP ? -errno : 0;
	names = malloc((size_t)len);
	if (!names)
		return -ENOMEM;
	len = llistxattr(path, names, (size_t)len);
	if (len < 0)
		return -errno;
	*ret_names = TAKE_PTR(names);
	return len;
}

/* xattr(7): at most 64 KB. */
static ssize_t get_xattr(const char *path, const char *name, char **ret_value)
{
	_cleanup_free_ char *value = malloc(XATTR_SIZE_MAX);
	ssize_t len;

	if (!value)
		return -ENOMEM;
	len = lgetxattr(path, name, value, XATTR_SIZE_MAX);
	if (len < 0)
		return -errno;
	*ret_value = TAKE_PTR(value);
	return len;
}

static int copy_xattr(const char *from, const char *to, const char *name)
{
	_cleanup_free_ char *value = NULL;
	ssize_t len = get_xattr(from, name, &value);

	if (len == -ENODATA)
		return 0;
	if (len < 0)
		return (int)len;
	if (lsetxattr(to, name, value, (size_t)len, 0) == 0)
		return 0;
	/* Labels are the host's policy's, not the file's content. */
	return errno == ENOTSUP && strcmp(name, "security.selinux") == 0 ? 0 : -errno;
}

static int copy_xattrs(const char *from, const char *to, bool is_upper)
{
	_cleanup_free_ char *names = NULL;
	ssize_t len = list_xattrs(from, &names);
	int r = len < 0 ? (int)len : 0;

	for (const char *name = names; r == 0 && name < names + len; name += strlen(name) + 1)
		if (is_carried(name, is_upper))
			r = copy_xattr(from, to, name);
	return r;
}

/* Does @b have all that @a has, with the same values? 1, 0 or -errno. */
static int has_xattrs(const char *a, const char *b)
{
	_cleanup_free_ char *names = NULL;
	ssize_t len = list_xattrs(a, &names);
	int is_same = len < 0 ? (int)len : 1;

	for (const char *name = names; is_same > 0 && name < names + len;
	     name += strlen(name) + 1) {
		_cleanup_free_ char *mine = NULL, *other = NULL;
		ssize_t mine_len, other_len;

		if (!is_carried(name, true))
			continue;
		mine_len = get_xattr(a, name, &mine);
		other_len = get_xattr(b, name, &other);
		is_same = mine_len >= 0 && mine_len == other_len &&
			  (!mine || !other || memcmp(mine, other, (size_t)mine_len) == 0);
	}
	return is_same;
}

static int same_xattrs(const struct vz_copy_entry *e)
{
	struct entry_path from = entry_path(e->from_fd, e->name),
			  to = entry_path(e->to_fd, e->name);
	int is_same = has_xattrs(from.text, to.text);

	return is_same > 0 ? has_xattrs(to.text, from.text) : is_same;
}

/* The owner first: a change of owner takes setuid and file capabilities away. */
int vz_copy_attributes(const struct vz_copy_entry *e, bool is_upper)
{
	struct entry_path from = entry_path(e->from_fd, e->name),
			  to = entry_path(e->to_fd, e->name);
	struct timespec times[2];
	struct stat found;
	const struct stat *st = e->st;
	int r;

	if (!st && fstatat(e->from_fd, e->name, &found, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	st = st ? st : &found;
	if (fchownat(e->to_fd, e->name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISLNK(st->st_mode) && fchmodat(e->to_fd, e->name, st->st_mode & 07777, 0) < 0)
		return -errno;
	r = copy_xattrs(from.text, to.text, is_upper);
	if (r < 0)
		return r;
	times[0] = st->st_atim;
	times[1] = st->st_mtim;
	return utimensat(e->to_fd, e->name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int open_file(int dir_fd, const char *name)
{
	return openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int make_file(const struct vz_copy_entry *e)
{
	_cleanup_close_ int in_fd = open_file(e->from_fd, e->name);
	_cleanup_close_ int out_fd = -EBADF;

	if (in_fd < 0)
		return -errno;
	out_fd = openat(e->to_fd, e->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	return out_fd < 0 ? -errno : vz_copyfile(in_fd, out_fd);
}

static int read_link(int dir_fd, const char *name, char target[PATH_MAX])
{
	ssize_t n = readlinkat(dir_fd, name, target, PATH_MAX - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	return 0;
}

static int make_link(const struct vz_copy_entry *e)
{
	char target[PATH_MAX];
	int r = read_link(e->from_fd, e->name, target);

	if (r < 0)
		return r;
	return symlinkat(target, e->to_fd, e->name) < 0 ? -errno : 0;
}

int vz_copy_entry(const struct vz_copy_entry *e, bool is_upper)
{
	int r;

	if (S_ISREG(e->st->st_mode))
		r = make_file(e);
	else if (S_ISLNK(e->st->st_mode))
		r = make_link(e);
	else
		r = mknodat(e->to_fd, e->name, (e->st->st_mode & S_IFMT) | 0600, e->st->st_rdev) < 0
			    ? -errno
			    : 0;
	return r < 0 ? r : vz_copy_attributes(e, is_upper);
}

static int same_data(const struct vz_copy_entry *e)
{
	_cleanup_close_ int a_fd = open_file(e->from_fd, e->name);
	_cleanup_close_ int b_fd = open_file(e->to_fd, e->name);
	_cleanup_free_ char *buffer = malloc(CHUNK);
	const size_t half = CHUNK / 2;
	ssize_t a, b;

	if (a_fd < 0 || b_fd < 0)
		return -errno;
	if (!buffer)
		return -ENOMEM;
	for (off_t at = 0;; at += a) {
		a = pread(a_fd, buffer, half, at);
		b = pread(b_fd, buffer + half, half, at);
		if (a < 0 || b < 0)
			return -errno;
		if (a != b || memcmp(buffer, buffer + half, (size_t)a) != 0)
			return 0;
		if (a == 0)
			return 1;
	}
}

static int same_link(const struct vz_copy_entry *e)
{
	char a[PATH_MAX], b[PATH_MAX];
	int r = read_link(e->from_fd, e->name, a);

	if (r == 0)
		r = read_link(e->to_fd, e->name, b);
	return r < 0 ? r : strcmp(a, b) == 0;
}

static bool same_stat(const struct stat *a, const struct stat *b)
{
	return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
	       a->st_rdev == b->st_rdev && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int vz_copy_is_same(const struct vz_copy_entry *e)
{
	struct stat a, b;
	int r;

	if (fstatat(e->from_fd, e->name, &a, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (fstatat(e->to_fd, e->name, &b, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	/* What may be changed by its owner proves nothing: the same size and times are looked into. */
	if (!same_stat(&a, &b) || (!S_ISDIR(a.st_mode) && a.st_size != b.st_size))
		return 0;
	r = same_xattrs(e);
	if (r <= 0)
		return r;
	if (S_ISREG(a.st_mode))
		return same_data(e);
	return S_ISLNK(a.st_mode) ? same_link(e) : 1;
}
