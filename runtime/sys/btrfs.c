// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/btrfs: ioctls of btrfs; see btrfs.h. */
#include "sys/btrfs.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"

/* One after the other is deleted, the innermost first: as many as a guest may have made. */
#define ROUNDS_MAX 1000000u

bool wabe_btrfs_is_subvolume(int fd)
{
	struct statfs fs;
	struct stat st;

	return fstatfs(fd, &fs) == 0 && fs.f_type == BTRFS_SUPER_MAGIC && fstat(fd, &st) == 0 &&
	       st.st_ino == BTRFS_FIRST_FREE_OBJECTID;
}

/* Another file system doesn't know the request. */
static int ioctl_errno(void)
{
	return errno == ENOTTY || errno == ENOTCONN ? -ENOTSUP : -errno;
}

int wabe_btrfs_create(int dir_fd, const char *name, struct wabe_error *err)
{
	struct btrfs_ioctl_vol_args args = { 0 };

	snprintf(args.name, sizeof(args.name), "%s", name);
	if (ioctl(dir_fd, BTRFS_IOC_SUBVOL_CREATE, &args) < 0)
		return wabe_error_set(err, ioctl_errno(), "make subvolume %s", name);
	return 0;
}

int wabe_btrfs_snapshot(int from_fd, int dir_fd, const char *name, struct wabe_error *err)
{
	struct btrfs_ioctl_vol_args_v2 args = { .fd = from_fd };

	snprintf(args.name, sizeof(args.name), "%s", name);
	if (ioctl(dir_fd, BTRFS_IOC_SNAP_CREATE_V2, &args) < 0)
		return wabe_error_set(err, ioctl_errno(), "make snapshot %s", name);
	return 0;
}

static int destroy(int dir_fd, const char *name)
{
	struct btrfs_ioctl_vol_args args = { 0 };

	snprintf(args.name, sizeof(args.name), "%s", name);
	return ioctl(dir_fd, BTRFS_IOC_SNAP_DESTROY, &args) < 0 ? -errno : 0;
}

/* The directory that holds a subvolume of *fd, in its place, and its name there. -ENOENT: there is none. */
static int find_inner(int *fd, char name[BTRFS_VOL_NAME_MAX + 1])
{
	_cleanup_free_ struct btrfs_ioctl_get_subvol_rootref_args *refs = calloc(1, sizeof(*refs));
	_cleanup_free_ struct btrfs_ioctl_ino_lookup_user_args *found = calloc(1, sizeof(*found));
	int dir_fd;

	if (!refs || !found)
		return -ENOMEM;
	/* EOVERFLOW: there are more than fit, which will do. */
	if (ioctl(*fd, BTRFS_IOC_GET_SUBVOL_ROOTREF, refs) < 0 && errno != EOVERFLOW)
		return -errno;
	if (refs->num_items == 0)
		return -ENOENT;
	found->treeid = refs->rootref[0].treeid;
	found->dirid = refs->rootref[0].dirid;
	if (ioctl(*fd, BTRFS_IOC_INO_LOOKUP_USER, found) < 0)
		return -errno;
	dir_fd = openat(*fd, found->path[0] ? found->path : ".",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir_fd < 0)
		return -errno;
	snprintf(name, BTRFS_VOL_NAME_MAX + 1, "%s", found->name);
	close(*fd);
	*fd = dir_fd;
	return 0;
}

/* Deletes one subvolume that has none in it: @name, or one somewhere below. Returns 1 when it was @name. */
static int delete_innermost(int top_fd, const char *top_name)
{
	_cleanup_close_ int dir_fd = openat(top_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[BTRFS_VOL_NAME_MAX + 1];
	bool is_top = true;

	snprintf(name, sizeof(name), "%s", top_name);
	for (unsigned int i = 0; i < ROUNDS_MAX; i++) {
		_cleanup_close_ int fd = -EBADF;
		int r = dir_fd < 0 ? -errno : destroy(dir_fd, name);

		if (r != -ENOTEMPTY)
			return r < 0 ? r : is_top;
		fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		r = find_inner(&fd, name);
		if (r < 0)
			return r == -ENOENT ? -ENOTEMPTY : r;
		close(dir_fd);
		dir_fd = TAKE_FD(fd);
		is_top = false;
	}
	return -ELOOP;
}

int wabe_btrfs_delete(int dir_fd, const char *name, struct wabe_error *err)
{
	_cleanup_close_ int fd =
		openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = 0;

	if (fd < 0 || !wabe_btrfs_is_subvolume(fd))
		return 0;
	wabe_cleanup_close(&fd);
	for (unsigned int i = 0; i < ROUNDS_MAX && r == 0; i++)
		r = delete_innermost(dir_fd, name);
	return r < 0 ? wabe_error_set(err, r, "delete subvolume %s", name) : 0;
}

static int subvolume_id(int fd, uint64_t *ret_id)
{
	_cleanup_free_ struct btrfs_ioctl_ino_lookup_args *args = calloc(1, sizeof(*args));

	if (!args)
		return -ENOMEM;
	args->objectid = BTRFS_FIRST_FREE_OBJECTID;
	if (ioctl(fd, BTRFS_IOC_INO_LOOKUP, args) < 0)
		return ioctl_errno();
	*ret_id = args->treeid;
	return 0;
}

int wabe_btrfs_limit(int fd, uint64_t bytes, struct wabe_error *err)
{
	struct btrfs_ioctl_qgroup_limit_args args = {
		/* fs/btrfs/qgroup.c, btrfs_limit_qgroup(): all ones take a limit away. */
		.lim = { .flags = BTRFS_QGROUP_LIMIT_MAX_RFER,
			 .max_rfer = bytes ? bytes : UINT64_MAX },
	};
	uint64_t id = 0;
	int r = subvolume_id(fd, &id);

	args.qgroupid = id;
	if (r == 0 && ioctl(fd, BTRFS_IOC_QGROUP_LIMIT, &args) < 0)
		r = errno == EINVAL ? -ENOTSUP : ioctl_errno();
	return r < 0 ? wabe_error_set(err, r, "limit the subvolume (btrfs quota enable?)") : 0;
}

/* The one item of the quota tree that tells; btrfs-ioctl(2), "BTRFS_IOC_TREE_SEARCH". */
static int read_info(int fd, uint64_t id, struct btrfs_qgroup_info_item *ret_info)
{
	_cleanup_free_ struct btrfs_ioctl_search_args *args = calloc(1, sizeof(*args));
	struct btrfs_ioctl_search_header header;

	if (!args)
		return -ENOMEM;
	args->key = (struct btrfs_ioctl_search_key){
		.tree_id = BTRFS_QUOTA_TREE_OBJECTID,
		.min_type = BTRFS_QGROUP_INFO_KEY,
		.max_type = BTRFS_QGROUP_INFO_KEY,
		.min_offset = id,
		.max_offset = id,
		.max_transid = UINT64_MAX,
		.nr_items = 1,
	};
	if (ioctl(fd, BTRFS_IOC_TREE_SEARCH, args) < 0)
		return errno == ENOENT ? -ENOTSUP : ioctl_errno();
	if (args->key.nr_items == 0)
		return -ENOTSUP;
	memcpy(&header, args->buf, sizeof(header));
	if (header.len < sizeof(*ret_info))
		return -EIO;
	memcpy(ret_info, args->buf + sizeof(header), sizeof(*ret_info));
	return 0;
}

int wabe_btrfs_usage(int fd, uint64_t *ret_bytes, struct wabe_error *err)
{
	struct btrfs_qgroup_info_item info = { 0 };
	uint64_t id = 0;
	int r = subvolume_id(fd, &id);

	if (r == 0)
		r = read_info(fd, id, &info);
	if (r < 0)
		return wabe_error_set(err, r, "read the subvolume's usage");
	/* struct btrfs_qgroup_info_item is little endian, as all on disk. */
	*ret_bytes = le64toh(info.rfer);
	return 0;
}
