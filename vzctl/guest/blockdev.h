/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/blockdev: the block device behind a directory, for limits on what is read and written.
 */
#ifndef VZ_GUEST_BLOCKDEV_H
#define VZ_GUEST_BLOCKDEV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define VZ_BLOCKDEVS_MAX 16

struct vz_blockdev {
	unsigned int major, minor;
};

struct vz_blockdevs {
	struct vz_blockdev items[VZ_BLOCKDEVS_MAX];
	size_t count;
};

/**
 * vz_blockdev_find() - the devices that the filesystem of @path is on, whole disks for partitions:
 * what io.max takes. dm, md and loop devices are limited themselves (what is sent to them is
 * counted once, whatever is below); btrfs has several devices; an overlay is on its upper directory.
 * -ENOTSUP: it is on none (tmpfs, nfs ...), the text says on what.
 */
int vz_blockdev_find(const char *path, struct vz_blockdevs *ret_devices, struct wabe_error *err);

/**
 * vz_blockdev_disks() - the disks at the bottom of @devices: below dm, md and loop. What has no
 * sysfs entry is left out.
 */
void vz_blockdev_disks(const struct vz_blockdevs *devices, struct vz_blockdevs *ret_disks);

/** vz_blockdev_has_scheduler() - is @name in the disk's queue/scheduler; @is_active: in use? */
bool vz_blockdev_has_scheduler(const struct vz_blockdev *disk, const char *name, bool is_active);

#endif
