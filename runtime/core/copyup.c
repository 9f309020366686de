// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/copyup: a directory of the image copied into the tmpfs that will cover it (option "tmpcopyup"), and a link of the host
 * copied in place of a mount ("copy-symlink").
 *
 * The image is not trusted, and somebody may change it meanwhile: each name is looked up in the descriptor of its directory
 * and never followed, and what was opened is looked at again. What a tmpfs can't hold fails the container, as any copy would.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "core/init.h"

/* Two descriptors a level, of the 1024 that a process usually has. */
#define DEPTH_MAX 256

/* One name in two directories. */
struct entry {
	int from_fd, to_fd;
	const char *name;
	struct stat st;
	unsigned int depth;
};

static int copy_dir(int from_fd, int to_fd, unsigned int depth, struct wabe_error *err);

static int failed(const struct entry *e, int code, struct wabe_error *err)
{
	return wabe_error_set(err, code, "tmpcopyup: copy %s", e->name);
}

/* Only what is there: a sparse file stays one. */
static int copy_data(int in, int out, off_t size)
{
	off_t at = 0;

	while (at < size && (at = lseek(in, at, SEEK_DATA)) >= 0 && at < size) {
		off_t end = lseek(in, at, SEEK_HOLE);
		ssize_t n;

		if (end < 0 || lseek(out, at, SEEK_SET) < 0)
			return -errno;
		/* sendfile(2) moves the position it is given. */
		do {
			n = sendfile(out, in, &at, (size_t)(end - at));
		} while (n > 0 && at < end);
		if (n < 0)
			return -errno;
		if (n == 0)
			break; /* it became shorter */
	}
	/* ENXIO: nothing but a hole follows. */
	if (at < 0 && errno != ENXIO)
		return -errno;
	return ftruncate(out, size) < 0 ? -errno : 0;
}

/* The owner first: a change of owner takes setuid away. */
static int copy_attributes(int fd, const struct stat *st)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };

	if (fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0 ||
	    futimens(fd, times) < 0)
		return -errno;
	return 0;
}

static int copy_file(const struct entry *e, struct wabe_error *err)
{
	/* Not to wait for whatever may be there now. */
	_cleanup_close_ int in = openat(e->from_fd, e->name,
					O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	_cleanup_close_ int out = -EBADF;
	struct stat st;
	int r;

	if (in < 0 || fstat(in, &st) < 0)
		return failed(e, -errno, err);
	if (!S_ISREG(st.st_mode))
		return failed(e, -ESTALE, err);
	out = openat(e->to_fd, e->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return failed(e, -errno, err);
	r = copy_data(in, out, st.st_size);
	if (r == 0)
		r = copy_attributes(out, &st);
	return r < 0 ? failed(e, r, err) : 0;
}

static int copy_link(const struct entry *e, struct wabe_error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(e->from_fd, e->name, target, sizeof(target) - 1);

	if (n < 0)
		return failed(e, -errno, err);
	target[n] = '\0';
	if (symlinkat(target, e->to_fd, e->name) < 0 ||
	    fchownat(e->to_fd, e->name, e->st.st_uid, e->st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(e, -errno, err);
	return 0;
}

/* Pipes and sockets; devices too where the right to make them is (not in a user namespace). The umask is 0. */
static int copy_special(const struct entry *e, struct wabe_error *err)
{
	if (mknodat(e->to_fd, e->name, e->st.st_mode, e->st.st_rdev) < 0 ||
	    fchownat(e->to_fd, e->name, e->st.st_uid, e->st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(e, -errno, err);
	return 0;
}

static int copy_subdir(const struct entry *e, struct wabe_error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_close_ int from_fd = openat(e->from_fd, e->name, flags);
	_cleanup_close_ int to_fd = -EBADF;
	struct stat st;
	int r;

	if (e->depth >= DEPTH_MAX)
		return wabe_error_say(err, -E2BIG, "tmpcopyup: more than %d levels of directories",
				      DEPTH_MAX);
	if (from_fd < 0 || fstat(from_fd, &st) < 0 || mkdirat(e->to_fd, e->name, 0700) < 0)
		return failed(e, -errno, err);
	to_fd = openat(e->to_fd, e->name, flags);
	if (to_fd < 0)
		return failed(e, -errno, err);
	r = copy_dir(TAKE_FD(from_fd), to_fd, e->depth + 1, err);
	if (r < 0)
		return wabe_error_prefix(err, "%s", e->name);
	r = copy_attributes(to_fd, &st);
	return r < 0 ? failed(e, r, err) : 0;
}

static int copy_entry(struct entry *e, struct wabe_error *err)
{
	if (fstatat(e->from_fd, e->name, &e->st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(e, -errno, err);
	if (S_ISDIR(e->st.st_mode))
		return copy_subdir(e, err);
	if (S_ISREG(e->st.st_mode))
		return copy_file(e, err);
	return S_ISLNK(e->st.st_mode) ? copy_link(e, err) : copy_special(e, err);
}

/* Closes @from_fd. */
static int copy_dir(int from_fd, int to_fd, unsigned int depth, struct wabe_error *err)
{
	DIR *dir = fdopendir(from_fd);
	const struct dirent *d;
	int r = 0;

	if (!dir) {
		r = wabe_error_set(err, -errno, "tmpcopyup: read the directory");
		wabe_cleanup_close(&from_fd);
		return r;
	}
	while (r == 0 && (errno = 0, d = readdir(dir))) {
		struct entry e = { dirfd(dir), to_fd, d->d_name, .depth = depth };

		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			r = copy_entry(&e, err);
	}
	if (r == 0 && errno)
		r = wabe_error_set(err, -errno, "tmpcopyup: read the directory");
	closedir(dir);
	return r;
}

static bool has_owner(const struct wabe_strv *options)
{
	for (size_t i = 0; i < options->count; i++)
		if (wabe_str_starts(options->items[i], "uid=") ||
		    wabe_str_starts(options->items[i], "gid="))
			return true;
	return false;
}

int wabe_rootfs_copy_up(const struct wabe_init_mount *m, int from_fd, int to_fd,
			struct wabe_error *err)
{
	int dir_fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (dir_fd < 0 || fstat(dir_fd, &st) < 0)
		return wabe_error_set(err, -errno, "tmpcopyup: open %s", m->destination);
	if (!has_owner(&m->options.data) &&
	    fchownat(to_fd, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0)
		return wabe_error_set(err, -errno, "tmpcopyup: give %s its owner", m->destination);
	return copy_dir(dir_fd, to_fd, 0, err);
}

/* crun's "copy-symlink": the source is a link, and the container gets the same one. */
int wabe_rootfs_copy_link(struct wabe_init *init, const struct wabe_init_mount *m,
			  struct wabe_error *err)
{
	const char *slash = strrchr(m->destination, '/');
	const char *dir = wabe_arena_printf(&init->arena, "%.*s/", (int)(slash - m->destination),
					    m->destination);
	int dir_fd = dir ? wabe_path_mkdir_in(init->rootfs_fd, dir, 0755, err) : -ENOMEM;
	char found[PATH_MAX];
	ssize_t n;

	if (dir_fd < 0) /* swept, see wabe_init_sweep() */
		return dir ? dir_fd : wabe_error_set(err, -ENOMEM, "link %s", m->destination);
	if (symlinkat(m->link_target, dir_fd, slash + 1) == 0)
		return 0;
	if (errno != EEXIST)
		return wabe_error_set(err, -errno, "link %s", m->destination);
	n = readlinkat(dir_fd, slash + 1, found, sizeof(found));
	if (n == (ssize_t)strlen(m->link_target) && memcmp(found, m->link_target, (size_t)n) == 0)
		return 0;
	return wabe_error_say(err, -EEXIST, "link %s: the root has something else there",
			      m->destination);
}
