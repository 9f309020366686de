/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/btrfs: subvolumes and their quota groups, by ioctl (btrfs-ioctl(2), linux/btrfs.h). All need CAP_SYS_ADMIN.
 */
#ifndef WABE_SYS_BTRFS_H
#define WABE_SYS_BTRFS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/** wabe_btrfs_is_subvolume() - is @fd the root directory of a subvolume of a btrfs? */
bool wabe_btrfs_is_subvolume(int fd);

/** wabe_btrfs_create() - an empty subvolume @name in @dir_fd. 0, -ENOTSUP (no btrfs), -errno. */
int wabe_btrfs_create(int dir_fd, const char *name, struct wabe_error *err);

/** wabe_btrfs_snapshot() - @name in @dir_fd, with all that the subvolume @from_fd has. Subvolumes in that one are left out. */
int wabe_btrfs_snapshot(int from_fd, int dir_fd, const char *name, struct wabe_error *err);

/** wabe_btrfs_delete() - the subvolume @name in @dir_fd, with those in it. What is no subvolume is left alone. */
int wabe_btrfs_delete(int dir_fd, const char *name, struct wabe_error *err);

/**
 * wabe_btrfs_limit() - how much the subvolume @fd may refer to; 0: no limit.
 * 0, -ENOTSUP (quota is off: btrfs quota enable), -errno.
 */
int wabe_btrfs_limit(int fd, uint64_t bytes, struct wabe_error *err);

/** wabe_btrfs_usage() - how much it refers to. -ENOTSUP: quota is off. */
int wabe_btrfs_usage(int fd, uint64_t *ret_bytes, struct wabe_error *err);

#endif
