// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/net: interfaces of NETIF: a pair of devices, whose host's end may be a port of a bridge. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "guest/net_internal.h"

/* The members of an entry, in the order of its canonical text (conf/value_net.c). */
static const char *const keys[] = { "ifname",	"mac",	  "host_ifname",
				    "host_mac", "bridge", "mac_filter" };
enum { IFNAME, MAC, HOST_IFNAME, HOST_MAC, BRIDGE, MAC_FILTER };

struct members {
	const char *values[ARRAY_SIZE(keys)];
};

static int split(struct wabe_arena *arena, const char *text, struct members *m)
{
	char *rest = wabe_arena_strdup(arena, text);

	if (!rest)
		return -ENOMEM;
	for (char *word; (word = strsep(&rest, ",")) != NULL;) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (strcmp(keys[i], word) == 0)
				m->values[i] = value;
	}
	return m->values[IFNAME] ? 0 : -EINVAL;
}

/* FNV-1a, 64 bits: no secret, only spread. */
static uint64_t hash(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u;
	return (h ^ 0xff) * 1099511628211u;
}

/*
 * The same for this host, guest and interface every time. Locally administered (the bit 02), of a range of our own.
 * The host's end has a high one: a bridge takes the lowest of its ports' for its own, and would change it with each guest.
 */
static const char *make_mac(struct wabe_arena *arena, uint32_t ctid, const char *ifname,
			    bool is_host)
{
	_cleanup_(wabe_buf_free) struct wabe_buf id = WABE_BUF_INIT;
	uint64_t h = 14695981039346656037u;

	/* machine-id(5); a host without one has its guests' numbers alone. */
	if (wabe_file_read_at(AT_FDCWD, "/etc/machine-id", 64, &id, NULL) == 0 && id.data)
		h = hash(h, id.data);
	h = hash(h, is_host ? "host" : "guest");
	h = hash(h, ifname);
	h = (h ^ ctid) * 1099511628211u;
	h ^= h >> 32;
	return wabe_arena_printf(arena, "%s:18:%02x:%02x:%02x:%02x", is_host ? "fe" : "02",
				 (unsigned int)(h >> 24) & 0xff, (unsigned int)(h >> 16) & 0xff,
				 (unsigned int)(h >> 8) & 0xff, (unsigned int)h & 0xff);
}

/* "veth101.0", with the interface's number; "v2147483644.0" where that is too long for a name (IFNAMSIZ). */
static const char *make_name(struct wabe_arena *arena, uint32_t ctid, const char *ifname)
{
	const char *digits = ifname + strlen(ifname);
	const char *name;

	while (digits > ifname && isdigit((unsigned char)digits[-1]))
		digits--;
	if (!*digits)
		digits = "0";
	name = wabe_arena_printf(arena, "veth%" PRIu32 ".%s", ctid, digits);
	if (name && strlen(name) >= IFNAMSIZ)
		name = wabe_arena_printf(arena, "v%" PRIu32 ".%s", ctid, digits);
	return name;
}

static int fill(struct wabe_arena *arena, uint32_t ctid, struct members *m)
{
	const char *ifname = m->values[IFNAME];

	if (!m->values[MAC])
		m->values[MAC] = make_mac(arena, ctid, ifname, false);
	if (!m->values[HOST_MAC])
		m->values[HOST_MAC] = make_mac(arena, ctid, ifname, true);
	if (!m->values[HOST_IFNAME])
		m->values[HOST_IFNAME] = make_name(arena, ctid, ifname);
	return m->values[MAC] && m->values[HOST_MAC] && m->values[HOST_IFNAME] ? 0 : -ENOMEM;
}

const char *vz_netif_complete(struct wabe_arena *arena, uint32_t ctid, const char *text,
			      const char *old)
{
	_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT;
	struct members m = { 0 }, was = { 0 };

	if (split(arena, text, &m) < 0 || (old && split(arena, old, &was) < 0))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!m.values[i])
			m.values[i] = was.values[i];
	if (fill(arena, ctid, &m) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (m.values[i] &&
		    wabe_buf_printf(&out, "%s%s=%s", i ? "," : "", keys[i], m.values[i]) < 0)
			return NULL;
	return wabe_arena_strdup(arena, out.data);
}

const char *vz_netif_find(const struct wabe_strv *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (vz_value_entry_same(VZ_TYPE_NETIF, list->items[i], text))
			return list->items[i];
	return NULL;
}

static int parse_mac(const char *text, unsigned char mac[WABE_MAC_BYTES])
{
	unsigned int b[WABE_MAC_BYTES];
	char end;

	if (!text || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4],
			    &b[5], &end) != WABE_MAC_BYTES)
		return -EINVAL;
	for (size_t i = 0; i < WABE_MAC_BYTES; i++)
		mac[i] = (unsigned char)b[i];
	return 0;
}

static int copy_name(char to[IFNAMSIZ], const char *from)
{
	size_t len = from ? strlen(from) : 0;

	if (len >= IFNAMSIZ)
		return -EINVAL;
	if (len)
		memcpy(to, from, len + 1);
	return 0;
}

int vz_netif_parse(const char *text, struct vz_netif *ret_netif)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_netif n = { 0 };
	struct members m = { 0 };
	int r = split(&arena, text, &m);

	if (r < 0)
		return r;
	if (parse_mac(m.values[MAC], n.mac) < 0 || parse_mac(m.values[HOST_MAC], n.host_mac) < 0 ||
	    copy_name(n.ifname, m.values[IFNAME]) < 0 ||
	    copy_name(n.host_ifname, m.values[HOST_IFNAME]) < 0 ||
	    copy_name(n.bridge, m.values[BRIDGE]) < 0)
		return -EINVAL;
	n.is_filtered = !m.values[MAC_FILTER] || strcmp(m.values[MAC_FILTER], "off") != 0;
	*ret_netif = n;
	return 0;
}

static int find_bridge(struct vz_net_job *job, const struct vz_netif *n, int *ret_index,
		       struct wabe_error *err)
{
	struct wabe_link bridge;
	int r;

	*ret_index = 0;
	if (!*n->bridge)
		return 0;
	r = wabe_rtnl_link(job->host, n->bridge, 0, &bridge, err);
	if (r == -ENODEV)
		return vz_error_say(err, VZ_EXIT_VETH, r, "%s: there is no bridge %s", n->ifname,
				    n->bridge);
	if (r == 0 && strcmp(bridge.kind, "bridge") != 0)
		return vz_error_say(err, VZ_EXIT_VETH, -EINVAL, "%s: device %s is no bridge",
				    n->ifname, n->bridge);
	if (r == 0)
		*ret_index = bridge.index;
	return r;
}

static int bring_up(struct vz_net_job *job, const struct vz_netif *n, int index, int bridge,
		    struct wabe_error *err)
{
	const struct wabe_link_change join = { .master = bridge };
	const struct wabe_link_change up = { .flags = IFF_UP, .flag_mask = IFF_UP };
	struct wabe_link inner = { 0 };
	int r = 0;

	if (bridge) {
		r = wabe_rtnl_no_link_local(job->host, index, err);
		if (r == 0)
			r = wabe_rtnl_change(job->host, index, &join, err);
	}
	if (r == 0)
		r = wabe_rtnl_change(job->host, index, &up, err);
	if (r == 0)
		r = wabe_rtnl_link(job->guest, n->ifname, 0, &inner, err);
	return r < 0 ? r : wabe_rtnl_change(job->guest, inner.index, &up, err);
}

int vz_netif_add(struct vz_net_job *job, const char *entry, struct wabe_error *err)
{
	struct vz_net_device device;
	struct vz_net_pair pair;
	struct vz_netif n;
	int bridge, r = vz_netif_parse(entry, &n);

	if (r < 0)
		return vz_error_say(err, VZ_EXIT_VETH, r, "NETIF %s: not complete", entry);
	r = find_bridge(job, &n, &bridge, err);
	pair = (struct vz_net_pair){
		.name = n.host_ifname,
		.inner = n.ifname,
		.mac = n.host_mac,
		.inner_mac = n.mac,
		.group = n.is_filtered ? VZ_NET_GROUP_NETIF : VZ_NET_GROUP_FREE,
	};
	if (r == 0)
		r = vz_net_filter_routed(job, err);
	if (r == 0)
		r = vz_net_pair(job, &pair, &device, err);
	if (r == 0 && n.is_filtered)
		r = vz_net_filter_mac(job, true, device.index, n.mac, err);
	if (r == 0)
		r = bring_up(job, &n, device.index, bridge, err);
	return r < 0 ? vz_error_default(err, VZ_EXIT_VETH) : 0;
}

int vz_netif_remove(struct vz_net_job *job, const char *entry, struct wabe_error *err)
{
	struct vz_net_device device;
	struct vz_netif n;
	int r = 0;

	/* One that was never made: its name is that of another interface. */
	if (vz_netif_parse(entry, &n) < 0 || !vz_net_find(job, n.host_ifname, &device) ||
	    strcmp(device.inner, n.ifname) != 0)
		return 0;
	if (n.is_filtered)
		r = vz_net_filter_mac(job, false, device.index, n.mac, err);
	if (r == 0)
		r = vz_net_unpair(job, n.host_ifname, err);
	return r < 0 ? vz_error_default(err, VZ_EXIT_VETH) : 0;
}
