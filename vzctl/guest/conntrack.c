// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/conntrack: see conntrack.h. */
#include "guest/conntrack.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>

#include "base/cleanup.h"
#include "guest/net_internal.h"
#include "guest/traffic_internal.h"

#define TABLE "wabe_conntrack"
#define SET "guests"

/* Behind the tracking (-200), before addresses are changed (-100), where it still is the guest's packet that is seen. */
static const char rules[] = "add table inet " TABLE "\n"
			    "delete table inet " TABLE "\n"
			    "table inet " TABLE " {\n"
			    " set " SET " { typeof iif; }\n"
			    " chain from {\n"
			    "  type filter hook prerouting priority -150; policy accept;\n"
			    "  ct state new iif @" SET " counter drop\n"
			    " }\n"
			    " chain to {\n"
			    "  type filter hook postrouting priority -150; policy accept;\n"
			    "  ct state new oif @" SET " counter drop\n"
			    " }\n"
			    "}\n";

static struct wabe_filter_element element_of(int index, uint32_t limit)
{
	struct wabe_filter_element e = {
		.family = NFPROTO_INET, .table = TABLE, .set = SET, .connections = limit
	};

	memcpy(e.key, &index, sizeof(index));
	e.key_len = sizeof(index);
	return e;
}

static uint32_t limit_of(const struct vz_params *params)
{
	return (uint32_t)vz_param_u64(params, VZ_PARAM_NUMCONNTRACK);
}

static int refuse(const char *reason, struct wabe_error *err)
{
	return vz_error_say(
		err, VZ_EXIT_NO_KERNEL, -ENOTSUP,
		"this kernel can't count a guest's connections (nft_ct, nft_connlimit): %s",
		reason);
}

static int add(const struct vz_host *host, int index, uint32_t limit, struct wabe_error *err)
{
	const struct wabe_filter_element element = element_of(index, limit);
	_cleanup_(wabe_rtnl_close) struct wabe_rtnl *nl = NULL;
	struct wabe_error reason = WABE_ERROR_INIT;
	_cleanup_close_ int lock_fd = -EBADF;
	int r = wabe_rtnl_open_filter(&nl, err);

	if (r < 0)
		return r;
	r = wabe_rtnl_filter(nl, true, &element, 1, &reason);
	if (r == -ENOENT) {
		lock_fd = vz_traffic_lock(host, err);
		if (lock_fd < 0)
			return lock_fd;
		/* Whoever had the lock made it. */
		r = wabe_rtnl_filter(nl, true, &element, 1, &reason);
	}
	if (r == -ENOENT) {
		wabe_error_clear(&reason);
		r = wabe_nftables_run(rules, &reason);
		if (r == 0)
			r = wabe_rtnl_filter(nl, true, &element, 1, &reason);
	}
	if (r == -ENOENT || r == -ENOTSUP || r == -EINVAL)
		return refuse(reason.text, err);
	return r < 0 ? wabe_error_say(err, r, "%s", reason.text) : 0;
}

static int drop(int index, struct wabe_error *err)
{
	const struct wabe_filter_element element = element_of(index, 0);
	_cleanup_(wabe_rtnl_close) struct wabe_rtnl *nl = NULL;
	struct wabe_error reason = WABE_ERROR_INIT;
	int r = wabe_rtnl_open_filter(&nl, err);

	if (r == 0)
		r = wabe_rtnl_filter(nl, false, &element, 1, &reason);
	/* No table: nobody ever had a limit, or the ruleset was flushed. */
	return r == 0 || r == -ENOENT ? 0 : wabe_error_say(err, r, "%s", reason.text);
}

/* The host tracks what it routes; a bridge hands frames on before that. */
static void warn_bridge(const struct vz_guest *g, const struct vz_net_device *device)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const struct wabe_strv *list = vz_param_list(&g->conf.params, VZ_PARAM_NETIF);

	for (size_t i = 0; i < list->count; i++) {
		const char *entry = vz_netif_complete(&arena, g->ctid, list->items[i], NULL);
		struct vz_netif n;

		if (entry && vz_netif_parse(entry, &n) == 0 && *n.bridge &&
		    strcmp(n.host_ifname, device->name) == 0)
			vz_warn(g,
				"NUMCONNTRACK doesn't hold on %s: what bridge %s hands on isn't tracked",
				device->name, n.bridge);
	}
}

static int limit_device(const struct vz_guest *g, const struct vz_net_device *device,
			struct wabe_error *err)
{
	int r = add(g->host, device->index, limit_of(&g->conf.params), err);

	if (r < 0)
		return wabe_error_prefix(err, "NUMCONNTRACK on %s", device->name);
	warn_bridge(g, device);
	return 0;
}

static int came(struct vz_guest *g, const struct vz_net_device *device, struct wabe_error *err)
{
	return limit_of(&g->conf.params) > 0 ? limit_device(g, device, err) : 0;
}

/* What a limit that was never saved may leave is an index that nothing has ever again. */
static void going(struct vz_guest *g, const struct vz_net_device *device, bool is_there)
{
	struct wabe_error reason = WABE_ERROR_INIT;

	(void)is_there;
	if (g->has_conf && limit_of(&g->conf.params) > 0 && drop(device->index, &reason) < 0)
		vz_warn(g, "NUMCONNTRACK on %s: %s", device->name, reason.text);
}

const struct vz_net_user vz_conntrack_user = { came, going };

int vz_conntrack_apply(struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_net_device *devices;
	size_t count;
	int r = vz_net_devices(g->host, g->ctid, &arena, &devices, &count, err);

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = drop(devices[i].index, err);
		if (r == 0 && limit_of(&g->conf.params) > 0)
			r = limit_device(g, &devices[i], err);
	}
	return r;
}
