/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/owner_quota: quota of a guest's users and groups (QUOTAUGIDLIMIT), in layout image.
 *
 * The image's file system counts and limits them by its own user and group quota, for the guest's own ids, which are those on
 * disk. Who may set them is the kernel's decision: quotactl(2) asks for CAP_SYS_ADMIN of the host's user namespace (fs/quota/
 * quota.c, check_quotactl_permission()), so nobody inside a guest can, and the host does it for him.
 */
#ifndef VZ_GUEST_OWNER_QUOTA_H
#define VZ_GUEST_OWNER_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "guest/guest.h"

/** vz_owner_quota_max() - how many users and groups may have limits; 0: none, there is no such quota. */
uint64_t vz_owner_quota_max(const struct vz_guest *g);

/** vz_owner_quota_is_counted() - has it such a quota when it runs: is the limit set, and has its layout a file system that counts? */
bool vz_owner_quota_is_counted(const struct vz_guest *g);

/** One user or group. */
struct vz_owner_quota {
	enum wabe_quota_type type;
	uint32_t id; /* the guest's */
	struct wabe_quota_usage usage;
};

/**
 * vz_owner_quota_set() - replace all four limits of @owner, whether the guest runs or not. Kinds VZ_EXIT_NO_UGID_QUOTA
 * (QUOTAUGIDLIMIT is 0, or the layout has none), VZ_EXIT_UGID_QUOTA (as many have limits as may, or the kernel refused).
 */
int vz_owner_quota_set(const struct vz_guest *g, const struct vz_owner_quota *owner,
		       struct wabe_error *err);

typedef void vz_owner_quota_fn(void *data, const struct vz_owner_quota *owner);

/** vz_owner_quota_list() - all users, then all groups that own something or have limits. Kinds as above. */
int vz_owner_quota_list(const struct vz_guest *g, vz_owner_quota_fn *found, void *data,
			struct wabe_error *err);

/**
 * vz_owner_quota_copy() - give the file system of @to_fd the limits that the one of @from_fd has; both are its root directory.
 * One without this quota has none to give. Kind VZ_EXIT_UGID_QUOTA: it can't take them.
 */
int vz_owner_quota_copy(int from_fd, int to_fd, struct wabe_error *err);

#endif
