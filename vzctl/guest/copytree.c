// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/copytree: the walk over two trees, or three; see copytree.h. */
#include "guest/copytree.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guest/copyfile.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* A directory on the way down. */
struct level {
	char *name;
	char **todo; /* directories in it that are still to be copied */
	size_t todo_count, todo_room;
	bool has_base;
};

struct copy {
	int from_fd, to_fd, base_fd; /* the current directory; base_fd is where it last had one */
	int top_fd;		     /* of the target */
	int links_fd;		     /* first names of files with several; < 0: none yet */
	char links[32];
	struct level *levels;
	size_t depth, room;
};

static struct level *top(struct copy *c)
{
	return &c->levels[c->depth - 1];
}

static bool has_base(struct copy *c)
{
	return top(c)->has_base;
}

static void free_level(struct level *l)
{
	while (l->todo_count)
		free(l->todo[--l->todo_count]);
	free(l->todo);
	free(l->name);
}

static void copy_close(struct copy *c)
{
	while (c->depth)
		free_level(&c->levels[--c->depth]);
	free(c->levels);
	wabe_cleanup_close(&c->from_fd);
	wabe_cleanup_close(&c->to_fd);
	wabe_cleanup_close(&c->base_fd);
	wabe_cleanup_close(&c->top_fd);
	wabe_cleanup_close(&c->links_fd);
}

/* The end of a deep path says more than its beginning. */
static int failed(struct copy *c, const char *name, int code, struct wabe_error *err)
{
	const char *parent = c->depth > 1 ? top(c)->name : "";

	return wabe_error_set(err, code, "copy %s%s%s%s", c->depth > 2 ? ".../" : "", parent,
			      *parent ? "/" : "", name);
}

static int push(struct copy *c, const char *name, bool is_in_base)
{
	if (c->depth == c->room) {
		size_t room = c->room ? c->room * 2 : 32;
		struct level *levels = reallocarray(c->levels, room, sizeof(*levels));

		if (!levels)
			return -ENOMEM;
		c->levels = levels;
		c->room = room;
	}
	c->levels[c->depth] = (struct level){ .name = strdup(name), .has_base = is_in_base };
	if (!c->levels[c->depth].name)
		return -ENOMEM;
	c->depth++;
	return 0;
}

static int add_todo(struct level *l, const char *name)
{
	if (l->todo_count == l->todo_room) {
		size_t room = l->todo_room ? l->todo_room * 2 : 16;
		char **todo = reallocarray(l->todo, room, sizeof(*todo));

		if (!todo)
			return -ENOMEM;
		l->todo = todo;
		l->todo_room = room;
	}
	l->todo[l->todo_count] = strdup(name);
	if (!l->todo[l->todo_count])
		return -ENOMEM;
	l->todo_count++;
	return 0;
}

/* A directory of the target that the tree has no name for; its files are links, so they cost nothing and go with it. */
static int open_links(struct copy *c)
{
	uint64_t number;

	if (c->links_fd >= 0)
		return 0;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	snprintf(c->links, sizeof(c->links), ".wabe-%016" PRIx64, number);
	if (mkdirat(c->top_fd, c->links, 0700) < 0)
		return -errno;
	c->links_fd = openat(c->top_fd, c->links, DIR_FLAGS);
	return c->links_fd < 0 ? -errno : 0;
}

struct link_name {
	char text[40];
};

static struct link_name link_name(const struct stat *st)
{
	struct link_name name;

	snprintf(name.text, sizeof(name.text), "%jx-%jx", (uintmax_t)st->st_dev,
		 (uintmax_t)st->st_ino);
	return name;
}

/* Returns 1 when the file has another name already, and got this one too. */
static int link_known(struct copy *c, const char *name, const struct stat *st)
{
	struct link_name key = link_name(st);

	if (st->st_nlink < 2 || c->links_fd < 0)
		return 0;
	if (linkat(c->links_fd, key.text, c->to_fd, name, 0) == 0)
		return 1;
	/* EMLINK: that many names are one file more. */
	return errno == ENOENT || errno == EMLINK ? 0 : -errno;
}

static int remember_link(struct copy *c, const char *name, const struct stat *st)
{
	struct link_name key = link_name(st);
	int r;

	if (st->st_nlink < 2)
		return 0;
	r = open_links(c);
	if (r == 0 && linkat(c->to_fd, name, c->links_fd, key.text, 0) < 0 && errno != EEXIST &&
	    errno != EMLINK)
		r = -errno;
	return r;
}

/* A file with several names is copied with all of them: one that stayed below would no longer be the same file. */
static int is_in_base(struct copy *c, const char *name, const struct stat *st)
{
	if (!has_base(c) || st->st_nlink > 1)
		return 0;
	return vz_copy_is_same(&(struct vz_copy_entry){ c->from_fd, c->base_fd, name, st });
}

static int copy_entry(struct copy *c, const char *name, struct wabe_error *err)
{
	struct stat st;
	int r;

	if (fstatat(c->from_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(c, name, -errno, err);
	if (S_ISDIR(st.st_mode)) {
		r = add_todo(top(c), name);
		return r < 0 ? failed(c, name, r, err) : 0;
	}
	r = is_in_base(c, name, &st);
	if (r > 0)
		return 0;
	if (r == 0)
		r = link_known(c, name, &st);
	if (r > 0)
		return 0;
	if (r == 0)
		r = vz_copy_entry(&(struct vz_copy_entry){ c->from_fd, c->to_fd, name, &st },
				  c->base_fd >= 0);
	if (r == 0)
		r = remember_link(c, name, &st);
	return r < 0 ? failed(c, name, r, err) : 0;
}

typedef int entry_fn(struct copy *c, const char *name, struct wabe_error *err);

static int for_each(struct copy *c, int dir_fd, entry_fn *fn, struct wabe_error *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd = openat(dir_fd, ".", DIR_FLAGS), r = 0;
	const struct dirent *e;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		r = failed(c, ".", -errno, err);
		wabe_cleanup_close(&fd);
		return r;
	}
	while (r == 0 && (errno = 0, e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = fn(c, e->d_name, err);
	return r == 0 && errno ? failed(c, ".", -errno, err) : r;
}

/* overlayfs.rst: a character device 0:0 hides what is below. */
static int white_out(struct copy *c, const char *name, struct wabe_error *err)
{
	struct stat st;

	if (fstatat(c->from_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (errno != ENOENT || mknodat(c->to_fd, name, S_IFCHR, makedev(0, 0)) < 0)
		return failed(c, name, -errno, err);
	return 0;
}

static int copy_files(struct copy *c, struct wabe_error *err)
{
	int r = for_each(c, c->from_fd, copy_entry, err);

	if (r == 0 && has_base(c))
		r = for_each(c, c->base_fd, white_out, err);
	return r;
}

/* Moves a descriptor to @name below it. */
static int move(int *fd, const char *name)
{
	int next = openat(*fd, name, DIR_FLAGS);

	if (next < 0)
		return -errno;
	close(*fd);
	*fd = next;
	return 0;
}

static int go_down(struct copy *c, const char *name, struct wabe_error *err)
{
	int r = 0, is_below = has_base(c) ? move(&c->base_fd, name) : -ENOENT;

	/* Not a directory, a link, or nothing there: the whole directory is new. */
	if (is_below < 0 && is_below != -ENOENT && is_below != -ENOTDIR && is_below != -ELOOP)
		return failed(c, name, is_below, err);
	if (mkdirat(c->to_fd, name, 0700) < 0)
		r = -errno;
	if (r == 0)
		r = move(&c->from_fd, name);
	if (r == 0)
		r = move(&c->to_fd, name);
	if (r < 0)
		return failed(c, name, r, err);
	r = push(c, name, is_below == 0);
	return r < 0 ? failed(c, name, r, err) : copy_files(c, err);
}

/* Of the directory that is finished: last, because files that are made in it change its times and inherit its ACL. */
static int copy_own(struct copy *c, bool *ret_is_same)
{
	const struct vz_copy_entry own = { c->from_fd, c->to_fd, ".", NULL };
	int r = 0;

	*ret_is_same = false;
	if (has_base(c) && c->depth > 1)
		r = vz_copy_is_same(&(struct vz_copy_entry){ c->from_fd, c->base_fd, ".", NULL });
	*ret_is_same = r > 0;
	return r < 0 ? r : vz_copy_attributes(&own, c->base_fd >= 0);
}

static int go_up(struct copy *c, struct wabe_error *err)
{
	char *name = top(c)->name;
	bool is_same;
	int r = copy_own(c, &is_same);

	if (r == 0)
		r = move(&c->from_fd, "..");
	if (r == 0)
		r = move(&c->to_fd, "..");
	if (r == 0 && has_base(c))
		r = move(&c->base_fd, "..");
	/* Nothing in it differs from the template's: an empty directory is not needed to say so. */
	if (r == 0 && is_same && unlinkat(c->to_fd, name, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY &&
	    errno != EEXIST)
		r = -errno;
	if (r < 0)
		return failed(c, ".", r, err);
	free_level(top(c));
	c->depth--;
	return 0;
}

static int finish(struct copy *c, struct wabe_error *err)
{
	bool is_same;
	int r = c->links_fd >= 0 ? wabe_file_remove_tree_at(c->top_fd, c->links, err) : 0;

	if (r < 0)
		return r;
	r = copy_own(c, &is_same);
	if (r == 0 && syncfs(c->top_fd) < 0)
		r = -errno;
	return r < 0 ? failed(c, ".", r, err) : 0;
}

static int walk(struct copy *c, struct wabe_error *err)
{
	int r = copy_files(c, err);

	while (r == 0) {
		struct level *l = top(c);

		if (l->todo_count) {
			_cleanup_free_ char *name = l->todo[--l->todo_count];

			r = go_down(c, name, err);
		} else if (c->depth > 1) {
			r = go_up(c, err);
		} else {
			return finish(c, err);
		}
	}
	return r;
}

int vz_copytree(const struct vz_copytree *job, struct wabe_error *err)
{
	_cleanup_(copy_close) struct copy c = {
		.from_fd = openat(job->from_fd, ".", DIR_FLAGS),
		.to_fd = openat(job->to_fd, ".", DIR_FLAGS),
		.top_fd = openat(job->to_fd, ".", DIR_FLAGS),
		.base_fd = job->base_fd >= 0 ? openat(job->base_fd, ".", DIR_FLAGS) : -EBADF,
		.links_fd = -EBADF,
	};

	if (c.from_fd < 0 || c.to_fd < 0 || c.top_fd < 0 || (job->base_fd >= 0 && c.base_fd < 0))
		return wabe_error_set(err, -errno, "open the trees to copy");
	/* mke2fs' own; e2fsck makes it again when it has something to put there. */
	(void)unlinkat(c.top_fd, "lost+found", AT_REMOVEDIR);
	if (push(&c, "", c.base_fd >= 0) < 0)
		return wabe_error_set(err, -ENOMEM, "copy");
	return walk(&c, err);
}
