// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/shape: rates of a guest's devices; see shape.h. */
#include "guest/shape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "guest/traffic_quota.h"

/* "ifb" and the index of the guest's device, which is never used twice. */
static void stand_in_name(const struct vz_net_device *device, char name[IFNAMSIZ])
{
	snprintf(name, IFNAMSIZ, "ifb%d", device->index);
}

static struct vz_pair rates_of(const struct vz_guest *g)
{
	return vz_traffic_quota_rates(g, vz_param_pair(&g->conf.params, VZ_PARAM_NETRATE));
}

static enum wabe_tc_queue queue_of(const struct vz_params *p)
{
	/* In the order of the row's names. */
	static const enum wabe_tc_queue queues[] = { WABE_TC_AUTO, WABE_TC_FQ_CODEL, WABE_TC_CAKE,
						     WABE_TC_FIFO };

	return vz_param_has(p, VZ_PARAM_NETQUEUE) ? queues[vz_param_u64(p, VZ_PARAM_NETQUEUE)]
						  : WABE_TC_AUTO;
}

static struct wabe_tc_shape shape_of(const struct vz_params *p, uint64_t rate)
{
	return (struct wabe_tc_shape){
		.rate = rate,
		.burst = (uint32_t)vz_param_u64(p, VZ_PARAM_NETBURST),
		.queue = queue_of(p),
	};
}

static int remove_stand_in(struct wabe_rtnl *nl, const struct vz_net_device *device,
			   struct wabe_error *err)
{
	struct wabe_error reason = WABE_ERROR_INIT;
	char name[IFNAMSIZ];
	struct wabe_link link;
	int r;

	stand_in_name(device, name);
	r = wabe_rtnl_link(nl, name, 0, &link, &reason);
	/* Somebody else's of that name is none of ours. */
	if (r == 0 && strcmp(link.kind, "ifb") == 0)
		r = wabe_rtnl_delete(nl, link.index, &reason);
	return r == 0 || r == -ENODEV ? 0 : wabe_error_say(err, r, "%s", reason.text);
}

static int shape_in(struct wabe_rtnl *nl, const struct vz_params *p, uint64_t rate,
		    const struct vz_net_device *device, struct wabe_error *err)
{
	const struct wabe_tc_shape shape = shape_of(p, rate);

	return rate != VZ_UNLIMITED ? wabe_tc_shape(nl, device->index, &shape, err)
				    : wabe_tc_unshape(nl, device->index, err);
}

/* A kernel without stand-ins can drop what it can't let wait. */
static int drop_out(struct wabe_rtnl *nl, const struct vz_guest *g,
		    const struct wabe_tc_shape *shape, const struct vz_net_device *device,
		    const struct wabe_error *reason, struct wabe_error *err)
{
	struct wabe_error also = WABE_ERROR_INIT;
	int r = wabe_tc_police(nl, device->index, shape, &also);

	if (r < 0)
		return wabe_error_say(err, r, "%s, and: %s", reason->text, also.text);
	vz_warn(g, "%s: what comes in by %s above the rate is dropped instead of waiting",
		reason->text, device->name);
	return 0;
}

/* The stand-in is ready before anything goes through it, and gone after that. */
static int shape_out(struct wabe_rtnl *nl, const struct vz_guest *g, uint64_t rate,
		     const struct vz_net_device *device, struct wabe_error *err)
{
	const struct wabe_tc_shape shape = shape_of(&g->conf.params, rate);
	struct wabe_error reason = WABE_ERROR_INIT;
	char name[IFNAMSIZ];
	int index = 0, r;

	if (rate == VZ_UNLIMITED) {
		r = wabe_tc_direct(nl, device->index, err);
		return r < 0 ? r : remove_stand_in(nl, device, err);
	}
	stand_in_name(device, name);
	r = wabe_tc_stand_in(nl, name, &index, &reason);
	if (r == -ENOTSUP)
		return drop_out(nl, g, &shape, device, &reason, err);
	if (r < 0)
		return wabe_error_say(err, r, "%s", reason.text);
	r = wabe_tc_shape(nl, index, &shape, err);
	if (r == 0)
		r = wabe_tc_redirect(nl, device->index, index, err);
	if (r < 0)
		(void)remove_stand_in(nl, device, NULL);
	return r;
}

static int shape_device(struct wabe_rtnl *nl, const struct vz_guest *g,
			const struct vz_net_device *device, struct wabe_error *err)
{
	const struct vz_pair rates = rates_of(g);
	int r = shape_in(nl, &g->conf.params, rates.barrier, device, err);

	if (r == 0)
		r = shape_out(nl, g, rates.limit, device, err);
	if (r == 0)
		return 0;
	wabe_error_prefix(err, "NETRATE on %s", device->name);
	return vz_error_default(err, r == -ENOTSUP ? VZ_EXIT_NO_KERNEL : VZ_EXIT_NETDEV);
}

/* A new device has nothing, so no limit is nothing to do. */
static int came(struct vz_guest *g, const struct vz_net_device *device, struct wabe_error *err)
{
	const struct vz_pair rates = rates_of(g);
	_cleanup_(wabe_rtnl_close) struct wabe_rtnl *nl = NULL;
	int r;

	if (rates.barrier == VZ_UNLIMITED && rates.limit == VZ_UNLIMITED)
		return 0;
	r = wabe_rtnl_open(-EBADF, &nl, err);
	return r < 0 ? r : shape_device(nl, g, device, err);
}

/*
 * The queues go with the device; the stand-in doesn't. Also of a guest whose configuration has no rate any more: it may have
 * been changed while it ran.
 */
static void going(struct vz_guest *g, const struct vz_net_device *device, bool is_there)
{
	_cleanup_(wabe_rtnl_close) struct wabe_rtnl *nl = NULL;
	struct wabe_error reason = WABE_ERROR_INIT;
	char name[IFNAMSIZ];
	int r;

	(void)is_there;
	stand_in_name(device, name);
	if (if_nametoindex(name) == 0)
		return;
	r = wabe_rtnl_open(-EBADF, &nl, &reason);
	if (r == 0)
		r = remove_stand_in(nl, device, &reason);
	if (r < 0)
		vz_warn(g, "%s", reason.text);
}

const struct vz_net_user vz_shape_user = { came, going };

int vz_shape_apply(struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(wabe_rtnl_close) struct wabe_rtnl *nl = NULL;
	struct vz_net_device *devices;
	size_t count;
	int r = vz_net_devices(g->host, g->ctid, &arena, &devices, &count, err);

	if (r < 0 || count == 0)
		return r;
	r = wabe_rtnl_open(-EBADF, &nl, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = shape_device(nl, g, &devices[i], err);
	return r;
}
