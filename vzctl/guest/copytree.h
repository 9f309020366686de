/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/copytree: a guest's tree, or a template's, into another file system or beside itself.
 *
 * Kept: owners, modes, times, extended attributes (ACLs, file capabilities), hard links among the files of the tree, holes,
 * device nodes, pipes, sockets. Content is shared where the file system can (FICLONE). The tree's names and depth are its
 * owner's: there is no recursion, no descriptor a level and no path longer than a name.
 */
#ifndef VZ_GUEST_COPYTREE_H
#define VZ_GUEST_COPYTREE_H

#include "base/error.h"

struct vz_copytree {
	int from_fd; /* directory; nobody else changes what is in it meanwhile */
	int to_fd;   /* directory, empty; gets the attributes of from_fd's too */
	/*
	 * < 0, or a template's tree that @to_fd will be mounted over as an overlay's upper directory: what is the same there is
	 * left out, what is only there is whited out, overlayfs' own attributes are not taken along.
	 */
	int base_fd;
};

/**
 * vz_copytree() - copy; what was copied is on disk when it returns. What failed leaves a part, which is the caller's to remove.
 * 0, or -errno with the file's name: -ENOSPC and -EDQUOT, -ENOTSUP (the target's file system has no such attribute).
 */
int vz_copytree(const struct vz_copytree *job, struct wabe_error *err);

/** vz_copyfile() - content and size of @in_fd into the empty file @out_fd: shared or copied, holes stay. 0 or -errno. */
int vz_copyfile(int in_fd, int out_fd);

#endif
