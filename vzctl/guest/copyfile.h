/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/copyfile: one directory entry for guest/copytree: content, attributes, comparison.
 */
#ifndef VZ_GUEST_COPYFILE_H
#define VZ_GUEST_COPYFILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

/** One name in two directories. "." is the directories themselves. */
struct vz_copy_entry {
	int from_fd, to_fd;
	const char *name;
	const struct stat *st; /* of the one in from_fd; NULL: looked up */
};

/**
 * vz_copy_entry() - make @name in to_fd what it is in from_fd; no directories.
 * @is_upper: leave overlayfs' own attributes behind
 * 0 or -errno.
 */
int vz_copy_entry(const struct vz_copy_entry *e, bool is_upper);

/** vz_copy_attributes() - owner, mode, extended attributes and times alone, of a directory. 0 or -errno. */
int vz_copy_attributes(const struct vz_copy_entry *e, bool is_upper);

/** vz_copy_is_same() - 1 when both are the same in kind, content and attributes (times too), 0 when not, -errno. */
int vz_copy_is_same(const struct vz_copy_entry *e);

#endif
