// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * base/file: removal of a tree; see wabe_file_remove_tree_at() in file.h.
 *
 * The tree may be a guest's: it can be as deep as the file system allows, so there is no recursion and no descriptor
 * a level. One descriptor walks down, and up again by "..", whose identity is compared with what was left behind.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

/* A directory on the way down: which inode it is and how its parent calls it. */
struct level {
	ino_t ino;
	dev_t dev;
	char *name;
};

struct walk {
	struct level *levels;
	size_t depth, room;
	dev_t dev; /* of the top: another file system is a mount, which is not ours to empty */
};

static void walk_free(struct walk *w)
{
	while (w->depth)
		free(w->levels[--w->depth].name);
	free(w->levels);
}

static int walk_push(struct walk *w, int fd, const char *name)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (w->depth == w->room) {
		size_t room = w->room ? w->room * 2 : 16;
		struct level *levels = reallocarray(w->levels, room, sizeof(*levels));

		if (!levels)
			return -ENOMEM;
		w->levels = levels;
		w->room = room;
	}
	if (w->depth == 0)
		w->dev = st.st_dev;
	else if (st.st_dev != w->dev)
		return -EXDEV;
	w->levels[w->depth].name = strdup(name);
	if (!w->levels[w->depth].name)
		return -ENOMEM;
	w->levels[w->depth].ino = st.st_ino;
	w->levels[w->depth].dev = st.st_dev;
	w->depth++;
	return 0;
}

/* Opens the directory @name below *fd and makes it the current one. */
static int walk_down(struct walk *w, int *fd, const char *name)
{
	int next = openat(*fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	/* Somebody else removed it meanwhile: the current directory is read again. */
	if (next < 0)
		return errno == ENOENT ? 0 : -errno;
	r = walk_push(w, next, name);
	if (r < 0) {
		close(next);
		return r;
	}
	close(*fd);
	*fd = next;
	return 0;
}

/* Removes the files of the directory @fd; *ret_subdir (malloc'd) is its first directory, NULL when it is empty now. */
static int empty_files(int fd, char **ret_subdir)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_close_ int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;

	*ret_subdir = NULL;
	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir)
		return -errno;
	(void)TAKE_FD(copy);
	while (errno = 0, (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR && errno != EPERM)
			return -errno;
		if (unlinkat(fd, e->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			continue;
		if (errno != ENOTEMPTY)
			return -errno;
		*ret_subdir = strdup(e->d_name);
		return *ret_subdir ? 0 : -ENOMEM;
	}
	return -errno;
}

/* The current directory is empty: to its parent, which must be the one we came from, and remove it there. */
static int walk_up(struct walk *w, int *fd)
{
	struct level *left = &w->levels[w->depth - 1], *parent = left - 1;
	int up = openat(*fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (up < 0)
		return -errno;
	close(*fd);
	*fd = up;
	if (fstat(up, &st) < 0)
		return -errno;
	if (st.st_ino != parent->ino || st.st_dev != parent->dev)
		return -ESTALE;
	if (unlinkat(up, left->name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return -errno;
	free(left->name);
	w->depth--;
	return 0;
}

static int remove_directory(int dir_fd, const char *name)
{
	_cleanup_(walk_free) struct walk w = { 0 };
	_cleanup_close_ int fd =
		openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = walk_push(&w, fd, name);
	while (r == 0) {
		_cleanup_free_ char *subdir = NULL;

		r = empty_files(fd, &subdir);
		if (r < 0)
			return r;
		if (subdir)
			r = walk_down(&w, &fd, subdir);
		else if (w.depth > 1)
			r = walk_up(&w, &fd);
		else
			break;
	}
	if (r == 0 && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

int wabe_file_remove_tree_at(int dir_fd, const char *name, struct wabe_error *err)
{
	int r;

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return wabe_error_set(err, -errno, "remove %s", name);
	r = remove_directory(dir_fd, name);
	if (r < 0)
		return wabe_error_set(err, r, "remove %s", name);
	return 0;
}
