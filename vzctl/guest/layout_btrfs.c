// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/layout_btrfs: layout "btrfs": the root is a subvolume, limited by its quota group.
 *
 * The guest can't make subvolumes of its own, which would have quota groups, and so space, of their own: guest/confine.c.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "guest/layout.h"
#include "guest/quota.h"
#include "guest/template.h"

static int blame(const struct vz_area *area, int r, struct wabe_error *err)
{
	if (r == -ENOTSUP)
		return vz_error_say(err, VZ_EXIT_LAYOUT, r, "layout btrfs: %s is not on a btrfs",
				    area->path);
	return r;
}

static int make(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	(void)g;
	return blame(area, wabe_btrfs_create(area->fd, "fs", err), err);
}

/* A template that is a subvolume of the same file system costs nothing; any other is copied, sharing what can be shared. */
static int fill(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	_cleanup_close_ int tree_fd = vz_guest_template_fd(g, err), from_fd = -EBADF;
	struct wabe_error reason = WABE_ERROR_INIT;

	if (tree_fd < 0)
		return tree_fd;
	from_fd = openat(tree_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from_fd < 0)
		return wabe_error_set(err, -errno, "open the template's root directory");
	if (wabe_btrfs_is_subvolume(from_fd)) {
		int r = wabe_btrfs_snapshot(from_fd, area->fd, "fs", &reason);

		/* EXDEV: another btrfs. */
		if (r != -EXDEV && r < 0 && err)
			*err = reason;
		if (r != -EXDEV)
			return blame(area, r, err);
	}
	return vz_layout_fill_copy(g, &vz_layout_btrfs, area, err);
}

/* A snapshot is of one moment, whether the guest runs or not. */
static int clone_area(const struct vz_area *from, const struct vz_area *to, struct wabe_error *err)
{
	_cleanup_close_ int fd =
		openat(from->fd, "fs", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return wabe_error_set(err, -errno, "open %s/fs", from->path);
	return blame(to, wabe_btrfs_snapshot(fd, to->fd, "fs", err), err);
}

static int limit(struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	const struct wabe_quota_limits limits = vz_quota_limits(g);
	_cleanup_close_ int fd = openat(area->fd, "fs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct wabe_error reason = WABE_ERROR_INIT;
	int r;

	if (fd < 0)
		return wabe_error_set(err, -errno, "open %s/fs", area->path);
	vz_quota_say_no_owners(g);
	r = wabe_btrfs_limit(fd, limits.block_hard_bytes, &reason);
	if (r == -ENOTSUP && limits.block_hard_bytes)
		vz_warn(g, "DISKSPACE is not enforced: %s", reason.text);
	if (limits.inode_soft || limits.inode_hard ||
	    limits.block_soft_bytes < limits.block_hard_bytes)
		vz_warn(g,
			"layout btrfs: DISKINODES and a soft limit of DISKSPACE are not enforced, "
			"btrfs has no such limits");
	if (r < 0 && r != -ENOTSUP && err)
		*err = reason;
	return r == -ENOTSUP ? 0 : r;
}

static int usage(uint32_t ctid, int area_fd, struct wabe_quota_usage *ret_usage)
{
	_cleanup_close_ int fd = openat(area_fd, "fs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct wabe_quota_usage usage = { 0 };
	int r = fd < 0 ? -errno : wabe_btrfs_usage(fd, &usage.used_bytes, NULL);

	(void)ctid;
	if (r == 0)
		*ret_usage = usage;
	return r;
}

const struct vz_layout vz_layout_btrfs = {
	.name = "btrfs",
	.is_host_fs = true,
	.make = make,
	.fill = fill,
	.clone = clone_area,
	.mount = vz_layout_mount_dir,
	.limit = limit,
	.usage = usage,
};
