// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/net: venet0: addresses without a network of their own, routed one by one.
 *
 * A pair of devices without ARP and with the same hardware address: whatever one end sends, the other takes. So there are no
 * neighbours to resolve, no link-local addresses, and nothing to answer or forge below IP; the guest's default route
 * leads into the device.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guest/net_internal.h"

/* The two ends of venet0. */
struct venet {
	struct vz_net_device device;
	int inner_index;
};

static void make_name(const struct vz_net_job *job, char name[IFNAMSIZ])
{
	/* 5 letters and at most 10 digits. */
	snprintf(name, IFNAMSIZ, "venet%" PRIu32, job->g->ctid);
}

/* The host's own address, or another guest's. */
static int check_free(struct vz_net_job *job, const struct wabe_net_address *a,
		      struct wabe_error *err)
{
	char text[WABE_ADDRESS_TEXT_MAX], own[IFNAMSIZ];
	struct wabe_route_match match;
	struct wabe_link link;
	int r = wabe_rtnl_route_find(job->host, a, &match, err);

	if (r < 0 || !match.is_found)
		return r;
	wabe_net_address_text(a, text);
	if (match.is_local)
		return vz_error_say(err, VZ_EXIT_IP_IN_USE, -EADDRINUSE,
				    "%s is this host's own address", text);
	if (match.prefix != a->prefix)
		return 0;
	r = wabe_rtnl_link(job->host, NULL, match.index, &link, err);
	if (r == -ENODEV) {
		wabe_error_clear(err);
		return 0;
	}
	make_name(job, own);
	if (r < 0 || strcmp(link.name, own) == 0)
		return r;
	return vz_error_say(err, VZ_EXIT_IP_IN_USE, -EADDRINUSE, "%s is in use on device %s%s%s",
			    text, link.name, *link.alias ? ", " : "", link.alias);
}

int vz_venet_check(struct vz_net_job *job, const struct wabe_strv *added, struct wabe_error *err)
{
	for (size_t i = 0; i < added->count; i++) {
		struct wabe_net_address a;
		int r = wabe_net_address_parse(added->items[i], &a);

		if (r < 0)
			return vz_error_say(err, VZ_EXIT_BAD_IP, r, "IP_ADDRESS %s",
					    added->items[i]);
		r = check_free(job, &a, err);
		if (r < 0)
			return vz_error_default(err, VZ_EXIT_ADD_IP);
	}
	return vz_net_outer_probe(job, added, err);
}

static int make_pair(struct vz_net_job *job, const char *name, struct vz_net_device *device,
		     struct wabe_error *err)
{
	const uint32_t ctid = job->g->ctid;
	const unsigned char mac[WABE_MAC_BYTES] = { 0x02,
						    0x18,
						    (unsigned char)(ctid >> 24),
						    (unsigned char)(ctid >> 16),
						    (unsigned char)(ctid >> 8),
						    (unsigned char)ctid };
	const struct vz_net_pair pair = {
		.name = name,
		.inner = VZ_NET_VENET_INNER,
		.mac = mac,
		.inner_mac = mac,
		.group = VZ_NET_GROUP_VENET,
	};

	return vz_net_pair(job, &pair, device, err);
}

static int find_inner(struct vz_net_job *job, struct venet *v, struct wabe_error *err)
{
	struct wabe_link link;
	int r = wabe_rtnl_link(job->host, NULL, v->device.index, &link, err);

	/* By number, since the guest's root may rename it. */
	v->inner_index = link.peer;
	return r;
}

static int bring_up(struct vz_net_job *job, const struct venet *v, struct wabe_error *err)
{
	const struct wabe_link_change up = { .flags = IFF_UP | IFF_NOARP,
					     .flag_mask = IFF_UP | IFF_NOARP };
	int r = wabe_rtnl_no_link_local(job->host, v->device.index, err);

	if (r == 0)
		r = wabe_rtnl_no_link_local(job->guest, v->inner_index, err);
	if (r == 0)
		r = wabe_rtnl_change(job->host, v->device.index, &up, err);
	return r < 0 ? r : wabe_rtnl_change(job->guest, v->inner_index, &up, err);
}

/* "venet0:N", the lowest that is free. */
static int choose_label(struct vz_net_job *job, char label[IFNAMSIZ], struct wabe_error *err)
{
	_cleanup_free_ struct wabe_link_address *list = NULL;
	size_t count;
	int r = wabe_rtnl_addresses(job->guest, &list, &count, err);

	for (size_t n = 0; r == 0 && n <= count; n++) {
		bool is_used = false;

		snprintf(label, IFNAMSIZ, VZ_NET_VENET_INNER ":%zu", n);
		for (size_t i = 0; i < count && !is_used; i++)
			is_used = strcmp(list[i].label, label) == 0;
		if (!is_used)
			break;
	}
	return r;
}

static int add_inside(struct vz_net_job *job, const struct venet *v,
		      const struct wabe_net_address *a, struct wabe_error *err)
{
	const struct wabe_route out = { .to = { .family = a->family }, .index = v->inner_index };
	char label[IFNAMSIZ];
	int r = a->family == AF_INET ? choose_label(job, label, err) : 0;

	if (r == 0)
		r = wabe_rtnl_address_add(job->guest, v->inner_index, a,
					  a->family == AF_INET ? label : NULL, err);
	if (r == 0)
		r = wabe_rtnl_route_add(job->guest, &out, err);
	/* The guest's own default route goes before ours. */
	if (r == -EEXIST) {
		wabe_error_clear(err);
		r = 0;
	}
	return r;
}

static int add_one(struct vz_net_job *job, const struct venet *v, const char *text,
		   struct wabe_error *err)
{
	struct wabe_net_address a, source;
	struct wabe_route in = { .index = v->device.index };
	int r = wabe_net_address_parse(text, &a);

	if (r < 0)
		return wabe_error_set(err, r, "address %s", text);
	in.to = a;
	if (vz_net_outer_source(job, a.family, &source, err))
		in.source = &source;
	r = wabe_rtnl_route_add(job->host, &in, err);
	/* Of two guests that start at the same time with the same address, the route is one's. */
	if (r == -EEXIST) {
		wabe_error_clear(err);
		r = check_free(job, &a, err);
	}
	return r < 0 ? r : add_inside(job, v, &a, err);
}

static bool is_forwarding(const char *path)
{
	_cleanup_(wabe_buf_free) struct wabe_buf value = WABE_BUF_INIT;

	return wabe_file_read_at(AT_FDCWD, path, 16, &value, NULL) < 0 || !value.data ||
	       value.data[0] != '0';
}

/* Making a router of the host is a decision about the host, and not ours (vzctl(8), "NETWORK"). */
static void warn_forwarding(const struct vz_net_job *job, const struct wabe_strv *addresses)
{
	static const struct {
		int family;
		const char *path, *name;
	} rows[] = {
		{ AF_INET, "/proc/sys/net/ipv4/ip_forward", "net.ipv4.ip_forward" },
		{ AF_INET6, "/proc/sys/net/ipv6/conf/all/forwarding",
		  "net.ipv6.conf.all.forwarding" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool is_used = false;

		for (size_t k = 0; k < addresses->count; k++)
			is_used |= (strchr(addresses->items[k], ':') != NULL) ==
				   (rows[i].family == AF_INET6);
		if (is_used && !is_forwarding(rows[i].path))
			vz_warn(job->g,
				"%s is 0: the guest reaches this host and no further (sysctl -w %s=1)",
				rows[i].name, rows[i].name);
	}
}

/* The guest's root has removed the device, and with it all addresses. */
static int make_again(struct vz_net_job *job, const struct vz_net_device *gone,
		      struct wabe_error *err)
{
	int r;

	wabe_error_clear(err);
	r = vz_net_filter_addresses(job, false, gone->index, &job->have.addresses, err);
	if (r == 0)
		r = vz_net_unpair(job, gone->name, err);
	return r < 0 ? vz_error_default(err, VZ_EXIT_ADD_IP)
		     : vz_venet_add(job, &job->want.addresses, err);
}

int vz_venet_add(struct vz_net_job *job, const struct wabe_strv *added, struct wabe_error *err)
{
	char name[IFNAMSIZ];
	struct venet v = { 0 };
	bool is_there;
	int r = 0;

	if (added->count == 0)
		return 0;
	make_name(job, name);
	is_there = vz_net_find(job, name, &v.device);
	if (!is_there)
		r = make_pair(job, name, &v.device, err);
	if (r == 0)
		r = find_inner(job, &v, err);
	if (r == -ENODEV && is_there)
		return make_again(job, &v.device, err);
	/* Until its packets may come from somewhere, none may. */
	if (r == 0)
		r = vz_net_filter_addresses(job, true, v.device.index, added, err);
	/* Also one that was there: the guest's root may have put it down. */
	if (r == 0)
		r = bring_up(job, &v, err);
	for (size_t i = 0; r == 0 && i < added->count; i++)
		r = add_one(job, &v, added->items[i], err);
	if (r == 0)
		r = vz_net_outer_answer(job, added, err);
	if (r < 0)
		return vz_error_default(err, VZ_EXIT_ADD_IP);
	warn_forwarding(job, added);
	return 0;
}

static bool is_fine(int r)
{
	return r == 0 || r == -ESRCH || r == -EADDRNOTAVAIL || r == -ENODEV || r == -ENETDOWN;
}

/* Of what the guest's root took away itself nothing is left to do. */
static int remove_one(struct vz_net_job *job, const struct venet *v, const char *text,
		      struct wabe_error *err)
{
	struct wabe_route in = { .index = v->device.index };
	int r = vz_net_outer_silence(job, text, err);

	if (r < 0 || wabe_net_address_parse(text, &in.to) < 0)
		return r;
	r = wabe_rtnl_route_del(job->host, &in, err);
	if (is_fine(r) && job->guest && v->inner_index)
		r = wabe_rtnl_address_del(job->guest, v->inner_index, &in.to, err);
	if (!is_fine(r))
		return r;
	wabe_error_clear(err);
	return 0;
}

static bool has_family(const struct wabe_strv *addresses, int family)
{
	for (size_t i = 0; i < addresses->count; i++)
		if ((strchr(addresses->items[i], ':') != NULL) == (family == AF_INET6))
			return true;
	return false;
}

/* Without an address there is nothing to send from. */
static void drop_default(struct vz_net_job *job, const struct venet *v)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct wabe_route out = { .to = { .family = families[i] },
						.index = v->inner_index };

		if (!has_family(&job->want.addresses, families[i]))
			(void)wabe_rtnl_route_del(job->guest, &out, NULL);
	}
}

int vz_venet_remove(struct vz_net_job *job, const struct wabe_strv *removed, struct wabe_error *err)
{
	struct venet v = { 0 };
	char name[IFNAMSIZ];
	int r = 0;

	if (removed->count == 0)
		return 0;
	make_name(job, name);
	if (vz_net_find(job, name, &v.device)) {
		r = vz_net_filter_addresses(job, false, v.device.index, removed, err);
		if (r == 0 && job->guest)
			r = find_inner(job, &v, err);
		if (r == -ENODEV) {
			wabe_error_clear(err);
			v.inner_index = 0;
			r = 0;
		}
	}
	for (size_t i = 0; r == 0 && i < removed->count; i++)
		r = remove_one(job, &v, removed->items[i], err);
	if (r == 0 && job->guest && v.inner_index)
		drop_default(job, &v);
	return r < 0 ? vz_error_default(err, VZ_EXIT_ADD_IP) : 0;
}
