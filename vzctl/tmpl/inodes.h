/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpl/inodes: which inodes of one file system a walk has met: hard links are one file.
 */
#ifndef VZ_TMPL_INODES_H
#define VZ_TMPL_INODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** An inode that was met. */
struct vz_inode {
	ino_t ino;
	uint64_t links;	      /* names that were met */
	uint64_t note, bytes; /* the caller's, 0 at first */
};

/** Open addressing; at most half full. Free with vz_inodes_free(). */
struct vz_inodes {
	struct vz_inode *slots; /* unused: .links 0 */
	size_t room, count;
};

/**
 * vz_inodes_meet() - count a name of an inode.
 * Returns its place, good until the next call (->links 1: met for the first time), or NULL: no
 * memory.
 */
struct vz_inode *vz_inodes_meet(struct vz_inodes *table, ino_t ino);

/** vz_inodes_find() - its place, or NULL: it was not met. */
struct vz_inode *vz_inodes_find(const struct vz_inodes *table, ino_t ino);

void vz_inodes_free(struct vz_inodes *table); /* for _cleanup_ */

#endif
