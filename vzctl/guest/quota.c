// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/quota: project quota of a guest's private area; see quota.h. */
#include "guest/quota.h"

static bool is_wanted(const struct vz_guest *g)
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

static bool has_limits(const struct wabe_quota_limits *limits)
{
	return limits->block_soft_bytes || limits->block_hard_bytes || limits->inode_soft ||
	       limits->inode_hard;
}

int vz_quota_prepare(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	if (!is_wanted(g) || wabe_quota_supported(area->path, NULL) < 0)
		return 0;
	return wabe_quota_assign(area->fd, g->ctid, err);
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
	return r;
}

int vz_quota_apply(struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	const struct wabe_quota_limits limits = vz_quota_limits(g);
	struct wabe_error reason = WABE_ERROR_INIT;
	int r;

	if (!is_wanted(g))
		return 0;
	r = wabe_quota_supported(area->path, &reason);
	if (r == -ENOTSUP) {
		if (has_limits(&limits))
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
