// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/walk: every entry of a template's tree; see walk.h. */
#include "tmpl/walk.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define DEPTH_MAX 256 /* of directories; each level holds a descriptor */

struct walk {
	vz_walk_fn *visit, *leave;
	void *data;
	char path[PATH_MAX]; /* of the directory being read */
	size_t path_len;
	unsigned int depth;
	struct wabe_error *err;
};

static int walk_dir(struct walk *w, int dir_fd);

static int walk_subdir(struct walk *w, int dir_fd, const char *name)
{
	size_t old_len = w->path_len, len = strlen(name);
	int r, fd;

	if (w->depth + 1 > DEPTH_MAX || old_len + 1 + len >= sizeof(w->path))
		return wabe_error_say(w->err, -EBADMSG, "%s/%s: directories are too deep", w->path,
				      name);
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return wabe_error_set(w->err, -errno, "open %s/%s", w->path, name);
	w->depth++;
	w->path[old_len] = '/';
	memcpy(w->path + old_len + 1, name, len + 1);
	w->path_len += 1 + len;
	r = walk_dir(w, fd);
	w->path[w->path_len = old_len] = '\0';
	w->depth--;
	return r;
}

static int walk_entry(struct walk *w, int dir_fd, const char *name)
{
	struct vz_walk_entry e = { .dir_fd = dir_fd, .path = w->path, .name = name };
	int r;

	if (fstatat(dir_fd, name, &e.st, AT_SYMLINK_NOFOLLOW) < 0)
		return wabe_error_set(w->err, -errno, "look at %s/%s", w->path, name);
	r = w->visit(w->data, &e, w->err);
	if (r != 0 || !S_ISDIR(e.st.st_mode))
		return r < 0 ? r : 0;
	r = walk_subdir(w, dir_fd, name);
	return r == 0 && w->leave ? w->leave(w->data, &e, w->err) : r;
}

/* Takes @dir_fd. */
static int walk_dir(struct walk *w, int dir_fd)
{
	_cleanup_closedir_ DIR *dir = fdopendir(dir_fd);
	struct dirent *entry;
	int r;

	if (!dir) {
		r = wabe_error_set(w->err, -errno, "read %s", w->path);
		close(dir_fd);
		return r;
	}
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = walk_entry(w, dir_fd, entry->d_name);
		if (r < 0)
			return r;
	}
	return 0;
}

int vz_tree_walk(int root_fd, vz_walk_fn *visit, vz_walk_fn *leave, void *data,
		 struct wabe_error *err)
{
	struct walk w = { .visit = visit, .leave = leave, .data = data, .err = err };
	int fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return wabe_error_set(err, -errno, "open the template's tree");
	return walk_dir(&w, fd);
}
