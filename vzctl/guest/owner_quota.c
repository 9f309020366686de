// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/owner_quota: see owner_quota.h. */
#include "guest/owner_quota.h"

#include <errno.h>
#include <inttypes.h>

#include "base/cleanup.h"
#include "guest/layout.h"
#include "guest/quota.h"

static const enum wabe_quota_type types[] = { WABE_QUOTA_USER, WABE_QUOTA_GROUP };

uint64_t vz_owner_quota_max(const struct vz_guest *g)
{
	return vz_param_has(&g->conf.params, VZ_PARAM_QUOTAUGIDLIMIT)
		       ? vz_param_u64(&g->conf.params, VZ_PARAM_QUOTAUGIDLIMIT)
		       : 0;
}

bool vz_owner_quota_is_counted(const struct vz_guest *g)
{
	const struct vz_layout *layout = NULL;

	return vz_owner_quota_max(g) > 0 && vz_layout_of(g, &layout, NULL) == 0 && layout &&
	       layout->open_running;
}

/* The root of the file system that counts. */
static int open_counted(const struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(vz_area_close) struct vz_area area = VZ_AREA_INIT;
	const struct vz_layout *layout = NULL;
	int r = vz_guest_need_paths(g, err);

	if (r == 0)
		r = vz_layout_of(g, &layout, err);
	if (r < 0 || !layout)
		return r;
	if (!layout->open_running)
		return vz_error_say(err, VZ_EXIT_NO_UGID_QUOTA, -ENOTSUP,
				    "layout %s has no quota of users and groups (image has)",
				    layout->name);
	if (vz_owner_quota_max(g) == 0)
		return vz_error_say(
			err, VZ_EXIT_NO_UGID_QUOTA, -EINVAL,
			"QUOTAUGIDLIMIT is 0: the guest's users and groups have no quota");
	r = vz_area_open(g->conf.private, &area, err);
	if (r == 0)
		r = layout->open_running(g, &area, err);
	return r < 0 ? vz_error_default(err, VZ_EXIT_UGID_QUOTA) : r;
}

static int list_type(int fd, enum wabe_quota_type type, vz_owner_quota_fn *found, void *data,
		     struct wabe_error *err)
{
	struct vz_owner_quota owner = { .type = type };
	uint32_t from = 0;
	int r;

	while ((r = wabe_quota_next(fd, type, from, &owner.id, &owner.usage, err)) == 0) {
		found(data, &owner);
		if (owner.id == UINT32_MAX)
			break;
		from = owner.id + 1;
	}
	return r == -ENOENT ? 0 : r;
}

static int list_all(int fd, vz_owner_quota_fn *found, void *data, struct wabe_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(types); i++)
		r = list_type(fd, types[i], found, data, err);
	return r < 0 ? vz_error_default(err, VZ_EXIT_UGID_QUOTA) : 0;
}

int vz_owner_quota_list(const struct vz_guest *g, vz_owner_quota_fn *found, void *data,
			struct wabe_error *err)
{
	_cleanup_close_ int fd = open_counted(g, err);

	return fd < 0 ? fd : list_all(fd, found, data, err);
}

/* How many others have limits already. */
struct count {
	const struct vz_owner_quota *except;
	uint64_t others;
};

static void count_limited(void *data, const struct vz_owner_quota *owner)
{
	struct count *count = data;

	if (vz_quota_has_limits(&owner->usage.limits) &&
	    (owner->type != count->except->type || owner->id != count->except->id))
		count->others++;
}

int vz_owner_quota_set(const struct vz_guest *g, const struct vz_owner_quota *owner,
		       struct wabe_error *err)
{
	_cleanup_close_ int fd = open_counted(g, err);
	struct count count = { .except = owner };
	int r = fd < 0 ? fd : list_all(fd, count_limited, &count, err);

	if (r < 0)
		return r;
	if (vz_quota_has_limits(&owner->usage.limits) && count.others >= vz_owner_quota_max(g))
		return vz_error_say(err, VZ_EXIT_UGID_QUOTA, -ENOSPC,
				    "QUOTAUGIDLIMIT: %" PRIu64
				    " users and groups have limits already, no more may",
				    count.others);
	r = wabe_quota_set_owner(fd, owner->type, owner->id, &owner->usage.limits, err);
	return r < 0 ? vz_error_default(err, VZ_EXIT_UGID_QUOTA) : 0;
}

struct copy {
	int fd, code; /* the first that failed, or 0 */
	struct wabe_error *err;
};

static void copy_limits(void *data, const struct vz_owner_quota *owner)
{
	struct copy *copy = data;

	if (copy->code == 0 && vz_quota_has_limits(&owner->usage.limits))
		copy->code = wabe_quota_set_owner(copy->fd, owner->type, owner->id,
						  &owner->usage.limits, copy->err);
}

int vz_owner_quota_copy(int from_fd, int to_fd, struct wabe_error *err)
{
	struct copy copy = { .fd = to_fd, .err = err };
	int r = list_all(from_fd, copy_limits, &copy, NULL);

	if (r == -ENOTSUP)
		return 0;
	if (r < 0)
		return vz_error_say(err, VZ_EXIT_UGID_QUOTA, r,
				    "the limits of the guest's users and groups can't be read");
	return copy.code < 0 ? vz_error_default(err, VZ_EXIT_UGID_QUOTA) : 0;
}
