/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpl/walk: every entry of a template's tree, without following links. For vzctl/tmpl only: a
 * template is at most 256 directories deep, as its scan saw to.
 */
#ifndef VZ_TMPL_WALK_H
#define VZ_TMPL_WALK_H

#include <sys/stat.h>

#include "base/error.h"

/** An entry: @name in the directory @dir_fd, which is @path ("" for the tree's top, "/usr/bin"). */
struct vz_walk_entry {
	int dir_fd;
	const char *path, *name;
	struct stat st;
};

/** What happens at an entry; 0, or -errno, which ends the walk. */
typedef int vz_walk_fn(void *data, const struct vz_walk_entry *e, struct wabe_error *err);

/** Answer of vz_walk_fn for a directory that shall not be gone into. */
#define VZ_WALK_SKIP 1

/**
 * vz_tree_walk() - @visit each entry below @root_fd, a directory before what is in it.
 * @leave: NULL, or called for each directory after what is in it
 * -EBADMSG: too deep.
 */
int vz_tree_walk(int root_fd, vz_walk_fn *visit, vz_walk_fn *leave, void *data,
		 struct wabe_error *err);

#endif
