/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/quota: disk quota by project id (quotactl(2), ioctl_fsgetxattr; ext4 with "prjquota", xfs
 * with "prjquota"; kernel >= 5.14).
 *
 * A directory that has a project id with inheritance gives it to all that is made below it; the
 * filesystem counts and limits the space and the inodes of one id. statfs(2) below such a directory
 * shows the limits, so df in a guest does too. All calls need CAP_SYS_ADMIN in the initial user
 * namespace. @fd is any descriptor (not O_PATH) on the filesystem.
 */
#ifndef WABE_SYS_QUOTA_H
#define WABE_SYS_QUOTA_H

#include <stdint.h>

#include "base/error.h"

/* 0 = no limit. Bytes are rounded up to the quota interface's 1024. A soft limit must be <= its
 * hard limit. */
struct wabe_quota_limits {
	uint64_t block_soft_bytes, block_hard_bytes;
	uint64_t inode_soft, inode_hard;
};

struct wabe_quota_usage {
	struct wabe_quota_limits limits;
	uint64_t used_bytes, used_inodes;
};

/**
 * wabe_quota_supported() - can project quota be enforced where @path is?
 * Returns 0, or -ENOTSUP with the reason and the remedy ("/var/lib/vz: ext4 without project quota
 * (...)"), or what open(2) said.
 */
int wabe_quota_supported(const char *path, struct wabe_error *err);

/**
 * wabe_quota_assign() - give one directory the id @project (1..4294967294), inherited by what will
 * be made in it. wabe_quota_assign_tree() - the same for all that is below it already, not across
 * mounts; symbolic links, devices, sockets and pipes can't carry an id on older kernels and are
 * left out. Cost: some system calls a file. wabe_quota_unassign() - id 0 and no inheritance for the
 * directory alone.
 */
int wabe_quota_assign(int dir_fd, uint32_t project, struct wabe_error *err);
int wabe_quota_assign_tree(int dir_fd, uint32_t project, struct wabe_error *err);
int wabe_quota_unassign(int dir_fd, struct wabe_error *err);

/** wabe_quota_project() - the project id of a file or directory. */
int wabe_quota_project(int fd, uint32_t *ret_project, struct wabe_error *err);

/** wabe_quota_set() - replace all four limits of @project. 0, -EINVAL (soft above hard, id 0),
 * -ENOTSUP, -EPERM. */
int wabe_quota_set(int fd, uint32_t project, const struct wabe_quota_limits *limits,
		   struct wabe_error *err);

/** wabe_quota_get() - limits and usage; an id that was never used has zeros. */
int wabe_quota_get(int fd, uint32_t project, struct wabe_quota_usage *ret_usage,
		   struct wabe_error *err);

enum wabe_quota_type {
	WABE_QUOTA_USER,
	WABE_QUOTA_GROUP,
};

/** wabe_quota_set_owner() - as wabe_quota_set(), for the user or group @id of the filesystem of @fd. */
int wabe_quota_set_owner(int fd, enum wabe_quota_type type, uint32_t id,
			 const struct wabe_quota_limits *limits, struct wabe_error *err);

/**
 * wabe_quota_next() - the first user or group from @from on that owns something or has limits.
 * 0, -ENOENT (there is no further one; no error is set), -ENOTSUP, -EPERM.
 */
int wabe_quota_next(int fd, enum wabe_quota_type type, uint32_t from, uint32_t *ret_id,
		    struct wabe_quota_usage *ret_usage, struct wabe_error *err);

/** What a filesystem has until it is told otherwise (linux/quota.h: MAX_DQ_TIME, MAX_IQ_TIME): a week. */
#define WABE_QUOTA_GRACE_DEFAULT (7u * 24 * 60 * 60)

/**
 * wabe_quota_grace() - how many seconds projects may be above a soft limit, of space and inodes (the shorter one). One for the
 * whole filesystem. wabe_quota_set_grace() - change both. 0, -ENOTSUP, -EPERM.
 */
int wabe_quota_grace(int fd, uint64_t *ret_seconds, struct wabe_error *err);
int wabe_quota_set_grace(int fd, uint64_t seconds, struct wabe_error *err);

/** wabe_quota_clear() - no limits for @project any more (the id may be used again). */
int wabe_quota_clear(int fd, uint32_t project, struct wabe_error *err);

#endif
