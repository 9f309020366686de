/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/growfs: a mounted ext4 or xfs made larger, and what is free in it given back to its device.
 */
#ifndef WABE_SYS_GROWFS_H
#define WABE_SYS_GROWFS_H

#include <stdint.h>

#include "base/error.h"

/**
 * wabe_fs_grow() - take all of a device that has become larger. Needs CAP_SYS_RESOURCE (ext4), CAP_SYS_ADMIN (xfs).
 * @dir_fd: a directory of the filesystem, open for reading
 * @device_bytes: the device's size
 * A filesystem of that size is left alone. 0, -ENOTSUP (neither ext4 nor xfs), -errno.
 */
int wabe_fs_grow(int dir_fd, uint64_t device_bytes, struct wabe_error *err);

/** wabe_fs_trim() - discard what is free (FITRIM). @ret_bytes: how much was discarded. 0, -ENOTSUP, -errno. */
int wabe_fs_trim(int dir_fd, uint64_t *ret_bytes, struct wabe_error *err);

#endif
