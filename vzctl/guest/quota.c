// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/quota: project quota of a guest's private area; see quota.h. */
#include "guest/quota.h"

#include <inttypes.h>

#include "guest/owner_quota.h"

bool vz_quota_is_wanted(const struct vz_guest *g)
{
	if (vz_param_has(&g->conf.params, VZ_PARAM_DISK_QUOTA))
		return vz_param_yes(&g->conf.params, VZ_PARAM_DISK_QUOTA);
	return g->host->is_disk_quota;
}

static uint64_t limit_of(uint64_t value)
{
	return value == VZ_UNLIMITED ? 0 : value;
}

struct wabe_quota_limits vz_quota_limits(const struct vz_guest *g)
{
	struct vz_pair space = vz_param_bytes(&g->conf.params, VZ_PARAM_DISKSPACE);
	struct vz_pair inodes = vz_param_pair(&g->conf.params, VZ_PARAM_DISKINODES);

	return (struct wabe_quota_limits){
		.block_soft_bytes = limit_of(space.barrier),
		.block_hard_bytes = limit_of(space.limit),
		.inode_soft = limit_of(inodes.barrier),
		.inode_hard = limit_of(inodes.limit),
	};
}

bool vz_quota_has_limits(const struct wabe_quota_limits *limits)
{
	return limits->block_soft_bytes || limits->block_hard_bytes || limits->inode_soft ||
	       limits->inode_hard;
}

int vz_quota_prepare(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	if (!vz_quota_is_wanted(g) || wabe_quota_supported(area->path, NULL) < 0)
		return 0;
	return wabe_quota_assign(area->fd, g->ctid, err);
}

/* The kernel has one for all projects of a file system. */
static int set_grace(const struct vz_guest *g, int area_fd, struct wabe_error *err)
{
	uint64_t wanted = vz_param_u64(&g->conf.params, VZ_PARAM_QUOTATIME), now = 0;
	int r = wabe_quota_grace(area_fd, &now, err);

	if (r < 0 || now == wanted)
		return r;
	if (now != WABE_QUOTA_GRACE_DEFAULT)
		vz_warn(g,
			"QUOTATIME is one for all guests on this file system: it was %" PRIu64
			" seconds, it is %" PRIu64 " now",
			now, wanted);
	return wabe_quota_set_grace(area_fd, wanted, err);
}

static int put_in_force(const struct vz_guest *g, int area_fd,
			const struct wabe_quota_limits *limits, struct wabe_error *err)
{
	uint32_t project;
	int r = wabe_quota_project(area_fd, &project, err);

	if (r == 0 && project != g->ctid)
		r = wabe_quota_assign_tree(area_fd, g->ctid, err);
	if (r == 0)
		r = wabe_quota_set(area_fd, g->ctid, limits, err);
	if (r == 0 && vz_param_has(&g->conf.params, VZ_PARAM_QUOTATIME))
		r = set_grace(g, area_fd, err);
	return r;
}

void vz_quota_say_no_owners(const struct vz_guest *g)
{
	if (vz_owner_quota_max(g) > 0)
		vz_warn(g, "QUOTAUGIDLIMIT is not enforced: only layout image has quota of the "
			   "guest's users and groups");
}

int vz_quota_apply(struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	const struct wabe_quota_limits limits = vz_quota_limits(g);
	struct wabe_error reason = WABE_ERROR_INIT;
	int r;

	/* It may have been on before. */
	if (!vz_quota_is_wanted(g)) {
		vz_quota_drop(g, area);
		return 0;
	}
	vz_quota_say_no_owners(g);
	r = wabe_quota_supported(area->path, &reason);
	if (r == -ENOTSUP) {
		if (vz_quota_has_limits(&limits))
			vz_warn(g, "disk quota is not enforced: %s", reason.text);
		return 0;
	}
	if (r < 0) {
		if (err)
			*err = reason;
		return vz_guest_fail(err, VZ_EXIT_QUOTA_SET);
	}
	r = put_in_force(g, area->fd, &limits, err);
	return r < 0 ? vz_guest_fail(err, VZ_EXIT_QUOTA_SET) : 0;
}

void vz_quota_drop(const struct vz_guest *g, const struct vz_area *area)
{
	if (wabe_quota_supported(area->path, NULL) == 0)
		(void)wabe_quota_clear(area->fd, g->ctid, NULL);
}

int vz_quota_usage(uint32_t ctid, int area_fd, struct wabe_quota_usage *ret_usage)
{
	struct wabe_quota_usage usage;
	int r = wabe_quota_get(area_fd, ctid, &usage, NULL);

	if (r == 0 && usage.used_inodes == 0)
		return -ENOENT;
	if (r == 0)
		*ret_usage = usage;
	return r;
}
