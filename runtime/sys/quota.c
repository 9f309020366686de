// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/quota: disk quota by project id, see the header.
 *
 * The generic Q_GETQUOTA and Q_SETQUOTA serve xfs too: the kernel (fs/quota/quota.c) hands both
 * families of commands to the same operations of the filesystem.
 */
#include "sys/quota.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/quota.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

#define XFS_MAGIC 0x58465342 /* statfs(2): XFS_SUPER_MAGIC; not in linux/magic.h before 5.19 */
#define ZFS_MAGIC 0x2fc12fc1 /* openzfs: ZFS_SUPER_MAGIC */

static const struct wabe_name filesystems[] = {
	{ "ext4", EXT4_SUPER_MAGIC },
	{ "xfs", XFS_MAGIC },
	{ "btrfs", BTRFS_SUPER_MAGIC },
	{ "f2fs", F2FS_SUPER_MAGIC },
	{ "zfs", ZFS_MAGIC },
	{ "overlay", OVERLAYFS_SUPER_MAGIC },
	{ "tmpfs", TMPFS_MAGIC },
	{ "nfs", NFS_SUPER_MAGIC },
	{ NULL, 0 },
};

/* glibc has no wrapper. */
static int quotactl_of(int fd, int type, unsigned int cmd, uint32_t id, void *addr)
{
	return syscall(SYS_quotactl_fd, fd, QCMD(cmd, type), id, addr) < 0 ? -errno : 0;
}

static int quotactl_fd(int fd, unsigned int cmd, uint32_t id, void *addr)
{
	return quotactl_of(fd, PRJQUOTA, cmd, id, addr);
}

static int refuse(int fd, const char *path, bool is_counting, struct wabe_error *err)
{
	struct statfs fs;
	const char *name;

	if (quotactl_fd(-EBADF, Q_GETQUOTA, 0, NULL) == -ENOSYS)
		return wabe_error_say(err, -ENOTSUP,
				      "%s: this kernel has no disk quota by descriptor "
				      "(needs Linux 5.14 and CONFIG_QUOTA)",
				      path);
	if (fstatfs(fd, &fs) < 0)
		return wabe_error_set(err, -errno, "stat the filesystem of %s", path);
	name = wabe_name_of(filesystems, (unsigned int)fs.f_type);
	if (is_counting)
		return wabe_error_say(err, -ENOTSUP,
				      "%s: %s counts project quota but does not enforce it "
				      "(mount it with prjquota)",
				      path, name ? name : "the filesystem");
	if (fs.f_type == EXT4_SUPER_MAGIC)
		return wabe_error_say(
			err, -ENOTSUP,
			"%s: ext4 without project quota (unmounted, "
			"\"tune2fs -O project,quota\" adds it; then mount option prjquota)",
			path);
	if (fs.f_type == XFS_MAGIC)
		return wabe_error_say(err, -ENOTSUP,
				      "%s: xfs without project quota (mount option prjquota)",
				      path);
	return wabe_error_say(err, -ENOTSUP, "%s: %s has no project quota (ext4 and xfs have)",
			      path, name ? name : "this filesystem");
}

int wabe_quota_supported(const char *path, struct wabe_error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct fs_quota_statv state = { .qs_version = FS_QSTATV_VERSION1 };

	if (fd < 0)
		return wabe_error_set(err, -errno, "open %s", path);
	/* Whatever the reason (no such call, not on this filesystem, not switched on), it can't be
	 * used. */
	if (quotactl_fd(fd, Q_XGETQSTATV, 0, &state) < 0)
		return refuse(fd, path, false, err);
	if (!(state.qs_flags & FS_QUOTA_PDQ_ENFD))
		return refuse(fd, path, state.qs_flags & FS_QUOTA_PDQ_ACCT, err);
	return 0;
}

/* An id on one open file or directory; what has it already is not written. */
static int assign(int fd, uint32_t project, bool is_directory)
{
	const uint32_t inherit = is_directory && project ? FS_XFLAG_PROJINHERIT : 0;
	struct fsxattr attr;

	if (ioctl(fd, FS_IOC_FSGETXATTR, &attr) < 0)
		return -errno;
	if (attr.fsx_projid == project && (attr.fsx_xflags & FS_XFLAG_PROJINHERIT) == inherit)
		return 0;
	attr.fsx_projid = project;
	attr.fsx_xflags = (attr.fsx_xflags & ~(uint32_t)FS_XFLAG_PROJINHERIT) | inherit;
	return ioctl(fd, FS_IOC_FSSETXATTR, &attr) < 0 ? -errno : 0;
}

/* 0 means "no project", the last one is the kernel's invalid id. */
static int check_project(uint32_t project, struct wabe_error *err)
{
	if (project == 0 || project == UINT32_MAX)
		return wabe_error_say(err, -EINVAL, "project id %" PRIu32 " is reserved", project);
	return 0;
}

int wabe_quota_assign(int dir_fd, uint32_t project, struct wabe_error *err)
{
	int r = check_project(project, err);

	if (r < 0)
		return r;
	r = assign(dir_fd, project, true);
	/* ENOTTY, EOPNOTSUPP: a filesystem without such attributes; one errno for all who ask. */
	if (r == -ENOTTY || r == -EOPNOTSUPP)
		r = -ENOTSUP;
	return r < 0 ? wabe_error_set(err, r, "assign project id %" PRIu32, project) : 0;
}

int wabe_quota_unassign(int dir_fd, struct wabe_error *err)
{
	int r = assign(dir_fd, 0, true);

	return r < 0 ? wabe_error_set(err, r, "remove the project id") : 0;
}

/* Directories still to be read, as paths below the top: no descriptor a level, and the tree may be
 * a guest's own. */
struct pending {
	char **paths;
	size_t count, room;
};

static void pending_free(struct pending *list)
{
	while (list->count)
		free(list->paths[--list->count]);
	free(list->paths);
}

static int pending_add(struct pending *list, const char *dir, const char *name)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		char **paths = reallocarray(list->paths, room, sizeof(*paths));

		if (!paths)
			return -ENOMEM;
		list->paths = paths;
		list->room = room;
	}
	if (asprintf(&list->paths[list->count], "%s/%s", dir, name) < 0)
		return -ENOMEM;
	list->count++;
	return 0;
}

/* No symbolic links and no other mounts on the way, whoever renames things meanwhile. */
static int open_below(int top_fd, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	long fd = syscall(SYS_openat2, top_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int assign_file(int dir_fd, const char *name, uint32_t project)
{
	_cleanup_close_ int fd =
		openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? assign(fd, project, false) : 0;
}

static int assign_entry(struct pending *list, const char *path, int dir_fd, const struct dirent *e,
			uint32_t project)
{
	struct stat st;

	if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
		return 0;
	if (fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return pending_add(list, path, e->d_name);
	return S_ISREG(st.st_mode) ? assign_file(dir_fd, e->d_name, project) : 0;
}

/* One directory and its files; the directories in it are added to @list. */
static int assign_directory(struct pending *list, int top_fd, const char *path, uint32_t project)
{
	_cleanup_close_ int fd = open_below(top_fd, path);
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *e;
	int r;

	if (fd == -EXDEV || fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	r = assign(fd, project, true);
	if (r < 0)
		return r;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)TAKE_FD(fd);
	while (r == 0 && (errno = 0, e = readdir(dir)))
		r = assign_entry(list, path, dirfd(dir), e, project);
	return r < 0 ? r : -errno;
}

int wabe_quota_assign_tree(int dir_fd, uint32_t project, struct wabe_error *err)
{
	_cleanup_(pending_free) struct pending list = { 0 };
	/* First the top with the checks of the single call; its error needs no path. */
	int r = wabe_quota_assign(dir_fd, project, err);

	if (r < 0)
		return r;
	r = assign_directory(&list, dir_fd, ".", project);
	while (r == 0 && list.count) {
		_cleanup_free_ char *path = list.paths[--list.count];

		r = assign_directory(&list, dir_fd, path, project);
		if (r < 0)
			return wabe_error_set(err, r, "assign project id %" PRIu32 " in %s",
					      project, path);
	}
	return r < 0 ? wabe_error_set(err, r, "assign project id %" PRIu32, project) : 0;
}

int wabe_quota_project(int fd, uint32_t *ret_project, struct wabe_error *err)
{
	struct fsxattr attr;

	if (ioctl(fd, FS_IOC_FSGETXATTR, &attr) < 0)
		return wabe_error_set(err, -errno, "read the project id");
	*ret_project = attr.fsx_projid;
	return 0;
}

/* ENOSYS: quota is off there, EINVAL and ESRCH: not for projects. All mean: not supported here. */
static int command_errno(int r)
{
	return r == -ENOSYS || r == -ESRCH || r == -EOPNOTSUPP ? -ENOTSUP : r;
}

static uint64_t to_blocks(uint64_t bytes)
{
	return bytes / QIF_DQBLKSIZE + (bytes % QIF_DQBLKSIZE != 0);
}

static int check_limits(const struct wabe_quota_limits *limits, struct wabe_error *err)
{
	if (limits->block_hard_bytes && limits->block_soft_bytes > limits->block_hard_bytes)
		return wabe_error_say(err, -EINVAL,
				      "disk space: barrier %" PRIu64 " is above the limit %" PRIu64
				      " bytes",
				      limits->block_soft_bytes, limits->block_hard_bytes);
	if (limits->inode_hard && limits->inode_soft > limits->inode_hard)
		return wabe_error_say(err, -EINVAL,
				      "inodes: barrier %" PRIu64 " is above the limit %" PRIu64,
				      limits->inode_soft, limits->inode_hard);
	return 0;
}

static struct if_dqblk limits_record(const struct wabe_quota_limits *limits)
{
	return (struct if_dqblk){
		.dqb_bsoftlimit = to_blocks(limits->block_soft_bytes),
		.dqb_bhardlimit = to_blocks(limits->block_hard_bytes),
		.dqb_isoftlimit = limits->inode_soft,
		.dqb_ihardlimit = limits->inode_hard,
		.dqb_valid = QIF_LIMITS,
	};
}

int wabe_quota_set(int fd, uint32_t project, const struct wabe_quota_limits *limits,
		   struct wabe_error *err)
{
	struct if_dqblk dq = limits_record(limits);
	int r = check_project(project, err);

	if (r == 0)
		r = check_limits(limits, err);
	if (r < 0)
		return r;
	r = command_errno(quotactl_fd(fd, Q_SETQUOTA, project, &dq));
	return r < 0 ? wabe_error_set(err, r, "set the quota of project %" PRIu32, project) : 0;
}

static struct wabe_quota_usage usage_of(uint64_t bsoft, uint64_t bhard, uint64_t isoft,
					uint64_t ihard, uint64_t space, uint64_t inodes)
{
	return (struct wabe_quota_usage){
		.limits = {
			.block_soft_bytes = bsoft * QIF_DQBLKSIZE,
			.block_hard_bytes = bhard * QIF_DQBLKSIZE,
			.inode_soft = isoft,
			.inode_hard = ihard,
		},
		.used_bytes = space,
		.used_inodes = inodes,
	};
}

int wabe_quota_get(int fd, uint32_t project, struct wabe_quota_usage *ret_usage,
		   struct wabe_error *err)
{
	struct if_dqblk dq = { 0 };
	int r = command_errno(quotactl_fd(fd, Q_GETQUOTA, project, &dq));

	/* xfs has no record of an id before its first use. */
	if (r < 0 && r != -ENOENT)
		return wabe_error_set(err, r, "read the quota of project %" PRIu32, project);
	*ret_usage = usage_of(dq.dqb_bsoftlimit, dq.dqb_bhardlimit, dq.dqb_isoftlimit,
			      dq.dqb_ihardlimit, dq.dqb_curspace, dq.dqb_curinodes);
	return 0;
}

static int quota_type(enum wabe_quota_type type)
{
	return type == WABE_QUOTA_USER ? USRQUOTA : GRPQUOTA;
}

int wabe_quota_set_owner(int fd, enum wabe_quota_type type, uint32_t id,
			 const struct wabe_quota_limits *limits, struct wabe_error *err)
{
	struct if_dqblk dq = limits_record(limits);
	int r = check_limits(limits, err);

	if (r < 0)
		return r;
	r = command_errno(quotactl_of(fd, quota_type(type), Q_SETQUOTA, id, &dq));
	return r < 0 ? wabe_error_set(err, r, "set the quota of %s %" PRIu32,
				      type == WABE_QUOTA_USER ? "user" : "group", id)
		     : 0;
}

int wabe_quota_next(int fd, enum wabe_quota_type type, uint32_t from, uint32_t *ret_id,
		    struct wabe_quota_usage *ret_usage, struct wabe_error *err)
{
	struct if_nextdqblk dq = { 0 };
	int r = quotactl_of(fd, quota_type(type), Q_GETNEXTQUOTA, from, &dq);

	if (r == -ENOENT || r == -ESRCH)
		return r == -ENOENT ? r : wabe_error_set(err, -ENOTSUP, "read the quota of users");
	if (r < 0)
		return wabe_error_set(err, command_errno(r), "read the quota of users and groups");
	*ret_id = dq.dqb_id;
	*ret_usage = usage_of(dq.dqb_bsoftlimit, dq.dqb_bhardlimit, dq.dqb_isoftlimit,
			      dq.dqb_ihardlimit, dq.dqb_curspace, dq.dqb_curinodes);
	return 0;
}

int wabe_quota_clear(int fd, uint32_t project, struct wabe_error *err)
{
	return wabe_quota_set(fd, project, &(struct wabe_quota_limits){ 0 }, err);
}

int wabe_quota_grace(int fd, uint64_t *ret_seconds, struct wabe_error *err)
{
	struct if_dqinfo info = { 0 };
	int r = command_errno(quotactl_fd(fd, Q_GETINFO, 0, &info));

	if (r < 0)
		return wabe_error_set(err, r, "read the grace time of quotas");
	*ret_seconds = info.dqi_bgrace < info.dqi_igrace ? info.dqi_bgrace : info.dqi_igrace;
	return 0;
}

int wabe_quota_set_grace(int fd, uint64_t seconds, struct wabe_error *err)
{
	struct if_dqinfo info = {
		.dqi_bgrace = seconds,
		.dqi_igrace = seconds,
		.dqi_valid = IIF_BGRACE | IIF_IGRACE,
	};
	int r = command_errno(quotactl_fd(fd, Q_SETINFO, 0, &info));

	return r < 0 ? wabe_error_set(err, r, "set the grace time of quotas") : 0;
}
