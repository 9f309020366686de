// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/quota_switch: see quota_switch.h. */
#include "guest/quota_switch.h"

#include <inttypes.h>

#include "base/cleanup.h"
#include "guest/layout.h"
#include "guest/quota.h"

/* The private area, if its file system can limit it by project. */
static int open_area(const struct vz_guest *g, enum vz_exit kind, struct vz_area *ret_area,
		     struct wabe_error *err)
{
	const struct vz_layout *layout = NULL;
	int r = vz_guest_need_paths(g, err);

	if (r == 0)
		r = vz_layout_of(g, &layout, err);
	if (r < 0 || !layout)
		return r;
	if (layout->limit != vz_quota_apply)
		return vz_error_say(err, kind, -ENOTSUP,
				    "layout %s has limits of its own, which are always on",
				    layout->name);
	r = vz_area_open(g->conf.private, ret_area, err);
	if (r == 0)
		r = wabe_quota_supported(g->conf.private, err);
	return r < 0 ? vz_error_default(err, kind) : 0;
}

static int is_on(const struct vz_guest *g, const struct vz_area *area, bool *ret_is_on,
		 struct wabe_error *err)
{
	struct wabe_quota_usage usage;
	int r = wabe_quota_get(area->fd, g->ctid, &usage, err);

	if (r < 0)
		return vz_error_default(err, VZ_EXIT_QUOTA_USAGE);
	*ret_is_on = vz_quota_has_limits(&usage.limits);
	return 0;
}

static int check_configured(const struct vz_guest *g, struct wabe_error *err)
{
	const struct vz_params *p = &g->conf.params;

	if (!vz_param_has(p, VZ_PARAM_DISKSPACE))
		return vz_error_say(err, VZ_EXIT_NO_DISKSPACE, -EINVAL,
				    "DISKSPACE is not set in %s", g->conf.path);
	if (!vz_param_has(p, VZ_PARAM_DISKINODES))
		return vz_error_say(err, VZ_EXIT_NO_DISKINODES, -EINVAL,
				    "DISKINODES is not set in %s", g->conf.path);
	if (!vz_quota_is_wanted(g))
		return vz_error_say(err, VZ_EXIT_QUOTA_SET, -EINVAL,
				    "DISK_QUOTA is \"no\": vzctl set %s --diskquota yes --save",
				    g->id);
	return 0;
}

int vz_quota_switch_on(struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(vz_area_close) struct vz_area area = VZ_AREA_INIT;
	bool was_on = false;
	int r = check_configured(g, err);

	if (r == 0)
		r = open_area(g, VZ_EXIT_QUOTA_SET, &area, err);
	if (r == 0)
		r = is_on(g, &area, &was_on, err);
	if (r < 0)
		return r;
	if (was_on)
		return vz_error_say(err, VZ_EXIT_QUOTA_RUNNING, -EALREADY,
				    "Disk quota is on already");
	r = vz_quota_apply(g, &area, err);
	if (r == 0)
		vz_say(g, "Disk quota is on");
	return r;
}

int vz_quota_switch_off(struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(vz_area_close) struct vz_area area = VZ_AREA_INIT;
	bool was_on = false;
	int r = open_area(g, VZ_EXIT_QUOTA_OFF, &area, err);

	if (r == 0)
		r = is_on(g, &area, &was_on, err);
	if (r < 0)
		return r;
	if (!was_on)
		return vz_error_say(err, VZ_EXIT_QUOTA_OFF, -EALREADY, "Disk quota is off already");
	if (wabe_quota_clear(area.fd, g->ctid, err) < 0)
		return vz_error_default(err, VZ_EXIT_QUOTA_OFF);
	vz_say(g, "Disk quota is off until the next start");
	return 0;
}

int vz_quota_switch_init(struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(vz_area_close) struct vz_area area = VZ_AREA_INIT;
	struct wabe_quota_usage usage;
	bool was_on = false;
	int r = open_area(g, VZ_EXIT_QUOTA_INIT, &area, err);

	if (r == 0)
		r = is_on(g, &area, &was_on, err);
	if (r < 0)
		return r;
	if (was_on)
		return vz_error_say(err, VZ_EXIT_QUOTA_RUNNING, -EBUSY,
				    "Disk quota is on (vzctl quotaoff %s switches it off)", g->id);
	if (wabe_quota_assign_tree(area.fd, g->ctid, err) < 0)
		return vz_error_default(err, VZ_EXIT_QUOTA_INIT);
	if (wabe_quota_get(area.fd, g->ctid, &usage, err) < 0)
		return vz_error_default(err, VZ_EXIT_QUOTA_USAGE);
	vz_say(g, "Disk quota is initialised: %" PRIu64 " KB, %" PRIu64 " inodes",
	       usage.used_bytes >> 10, usage.used_inodes);
	return 0;
}
