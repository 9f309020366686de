// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/growfs: ioctls of ext4 and xfs; see growfs.h. */
#include "sys/growfs.h"

#include <errno.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#define XFS_MAGIC 0x58465342 /* not in linux/magic.h before 5.19 */

/* fs/ext4/ext4.h: the number of blocks that it shall have. */
#define EXT4_RESIZE_FS _IOW('f', 16, uint64_t)

/* fs/xfs/libxfs/xfs_fs.h: struct xfs_fsop_geom_v1 and struct xfs_growfs_data; the headers are in no package of the C library. */
struct xfs_geometry {
	uint32_t block_size, rt_extent_size, ag_blocks, ag_count, log_blocks, sector_size,
		inode_size, max_inode_percent;
	uint64_t data_blocks, rt_blocks, rt_extents, log_start;
	uint8_t uuid[16];
	uint32_t stripe_unit, stripe_width;
	int32_t version;
	uint32_t flags, log_sector_size, rt_sector_size, dir_block_size;
};

struct xfs_grow {
	uint64_t blocks;
	uint32_t max_inode_percent;
};

#define XFS_GEOMETRY _IOR('X', 100, struct xfs_geometry)
#define XFS_GROW _IOW('X', 110, struct xfs_grow)

static int grow_ext4(int dir_fd, const struct statfs *fs, uint64_t device_bytes)
{
	uint64_t blocks = device_bytes / (uint64_t)fs->f_bsize;

	return ioctl(dir_fd, EXT4_RESIZE_FS, &blocks) < 0 ? -errno : 0;
}

static int grow_xfs(int dir_fd, uint64_t device_bytes)
{
	struct xfs_geometry geometry = { 0 };
	struct xfs_grow grow = { 0 };

	if (ioctl(dir_fd, XFS_GEOMETRY, &geometry) < 0)
		return -errno;
	grow.blocks = device_bytes / geometry.block_size;
	grow.max_inode_percent = geometry.max_inode_percent;
	if (grow.blocks <= geometry.data_blocks)
		return 0;
	return ioctl(dir_fd, XFS_GROW, &grow) < 0 ? -errno : 0;
}

int wabe_fs_grow(int dir_fd, uint64_t device_bytes, struct wabe_error *err)
{
	struct statfs fs;
	int r;

	if (fstatfs(dir_fd, &fs) < 0)
		return wabe_error_set(err, -errno, "look at the filesystem to grow");
	if (fs.f_type == EXT4_SUPER_MAGIC)
		r = grow_ext4(dir_fd, &fs, device_bytes);
	else if (fs.f_type == XFS_MAGIC)
		r = grow_xfs(dir_fd, device_bytes);
	else
		r = -ENOTSUP;
	return r < 0 ? wabe_error_set(err, r, "grow the filesystem") : 0;
}

int wabe_fs_trim(int dir_fd, uint64_t *ret_bytes, struct wabe_error *err)
{
	struct fstrim_range range = { .len = UINT64_MAX };
	int r;

	if (ioctl(dir_fd, FITRIM, &range) == 0) {
		*ret_bytes = range.len;
		return 0;
	}
	r = errno == EOPNOTSUPP || errno == ENOTTY ? -ENOTSUP : -errno;
	return wabe_error_set(err, r, "discard what is free in the filesystem");
}
