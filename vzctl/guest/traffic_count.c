// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/traffic: the kernel's counters; see traffic.h. */
#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "guest/traffic_internal.h"
#include "wabe.h"

#define TABLE "wabe_traffic"

static const char *const sets[VZ_TRAFFIC_MAX] = {
	[VZ_TRAFFIC_IN4] = "in4",
	[VZ_TRAFFIC_IN6] = "in6",
	[VZ_TRAFFIC_OUT4] = "out4",
	[VZ_TRAFFIC_OUT6] = "out6",
};

struct table {
	uint8_t family;
	const char *rules;
};

#define TABLE_HEAD(family)                    \
	"add table " family " " TABLE "\n"    \
	"delete table " family " " TABLE "\n" \
	"table " family " " TABLE " {\n"

#define SETS                                   \
	" set in4 { typeof oif; counter; }\n"  \
	" set in6 { typeof oif; counter; }\n"  \
	" set out4 { typeof iif; counter; }\n" \
	" set out6 { typeof iif; counter; }\n"

/*
 * Routed packets and those through a bridge: a device of the one kind never meets the rules for the other. From the guest
 * behind the rules against forged packets (net_filter.c, -350): what is dropped there costs nobody. To the guest as the last.
 * What is said to a link's other members (224.0.0.0/24, ff02::/16) is no traffic of anybody's.
 *
 * On a bridge "meta protocol" is what a VLAN's tag leaves, where "ether type" would be the tag's: a tag of no VLAN (802.1p),
 * which whoever gets the frame ignores, must not hide a packet. What is below a second tag no rule sees; it counts as IPv4.
 */
static const struct table tables[] = {
	{ NFPROTO_INET,
	  TABLE_HEAD("inet") SETS " chain from {\n"
				  "  type filter hook prerouting priority -340; policy accept;\n"
				  "  ip daddr != 224.0.0.0/24 iif @out4\n"
				  "  ip6 daddr != ff02::/16 iif @out6\n"
				  " }\n"
				  " chain to {\n"
				  "  type filter hook postrouting priority 340; policy accept;\n"
				  "  ip daddr != 224.0.0.0/24 oif @in4\n"
				  "  ip6 daddr != ff02::/16 oif @in6\n"
				  " }\n"
				  "}\n" },
	{ NFPROTO_BRIDGE,
	  TABLE_HEAD("bridge") SETS " chain from {\n"
				    "  type filter hook prerouting priority -340; policy accept;\n"
				    "  meta protocol ip ip daddr != 224.0.0.0/24 iif @out4\n"
				    "  meta protocol { 0x8100, 0x88a8 } iif @out4\n"
				    "  meta protocol ip6 ip6 daddr != ff02::/16 iif @out6\n"
				    " }\n"
				    " chain to {\n"
				    "  type filter hook postrouting priority 340; policy accept;\n"
				    "  meta protocol ip ip daddr != 224.0.0.0/24 oif @in4\n"
				    "  meta protocol { 0x8100, 0x88a8 } oif @in4\n"
				    "  meta protocol ip6 ip6 daddr != ff02::/16 oif @in6\n"
				    " }\n"
				    "}\n" },
};

/* venet0 is always routed; which an interface is can change. */
static size_t table_count(bool is_venet)
{
	return is_venet ? 1 : ARRAY_SIZE(tables);
}

static struct wabe_filter_element element_of(uint8_t family, size_t kind, int index)
{
	struct wabe_filter_element e = { .family = family, .table = TABLE, .set = sets[kind] };

	if (index > 0) {
		memcpy(e.key, &index, sizeof(index));
		e.key_len = sizeof(index);
	}
	return e;
}

static int change(const struct table *table, bool is_add, int index, struct wabe_error *err)
{
	struct wabe_filter_element elements[VZ_TRAFFIC_MAX];
	_cleanup_(wabe_rtnl_close) struct wabe_rtnl *nl = NULL;
	int r = wabe_rtnl_open_filter(&nl, err);

	for (size_t kind = 0; kind < VZ_TRAFFIC_MAX; kind++)
		elements[kind] = element_of(table->family, kind, index);
	return r < 0 ? r : wabe_rtnl_filter(nl, is_add, elements, VZ_TRAFFIC_MAX, err);
}

static int begin(const struct vz_host *host, const struct table *table, int index,
		 struct wabe_error *err)
{
	struct wabe_error reason = WABE_ERROR_INIT;
	_cleanup_close_ int lock_fd = -EBADF;
	int r = change(table, true, index, &reason);

	if (r != -ENOENT)
		return r < 0 ? wabe_error_say(err, r, "%s", reason.text) : 0;
	/* Rules that are there twice count twice. */
	lock_fd = vz_traffic_lock(host, err);
	if (lock_fd < 0)
		return lock_fd;
	wabe_error_clear(&reason);
	r = change(table, true, index, &reason);
	if (r != -ENOENT)
		return r < 0 ? wabe_error_say(err, r, "%s", reason.text) : 0;
	r = wabe_nftables_run(table->rules, err);
	return r < 0 ? r : change(table, true, index, err);
}

int vz_traffic_begin(const struct vz_host *host, int index, bool is_venet, struct wabe_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < table_count(is_venet); i++)
		r = begin(host, &tables[i], index, err);
	return r;
}

int vz_traffic_end(int index, bool is_venet, struct wabe_error *err)
{
	struct wabe_error reason = WABE_ERROR_INIT;

	for (size_t i = 0; i < table_count(is_venet); i++) {
		int r = change(&tables[i], false, index, &reason);

		if (r < 0 && r != -ENOENT)
			return wabe_error_say(err, r, "%s", reason.text);
		wabe_error_clear(&reason);
	}
	return 0;
}

struct one {
	struct vz_traffic *traffic;
	size_t kind;
};

static int take_one(const struct wabe_filter_counter *counter, void *data)
{
	const struct one *one = data;

	one->traffic->of[one->kind].bytes += counter->bytes;
	one->traffic->of[one->kind].packets += counter->packets;
	return 0;
}

int vz_traffic_read_one(int index, bool is_venet, struct vz_traffic *ret_traffic,
			struct wabe_error *err)
{
	_cleanup_(wabe_rtnl_close) struct wabe_rtnl *nl = NULL;
	struct wabe_error reason = WABE_ERROR_INIT;
	struct vz_traffic traffic = { 0 };
	int r = wabe_rtnl_open_filter(&nl, err);

	for (size_t i = 0; r == 0 && i < table_count(is_venet) * VZ_TRAFFIC_MAX; i++) {
		struct one one = { &traffic, i % VZ_TRAFFIC_MAX };
		const struct wabe_filter_element e =
			element_of(tables[i / VZ_TRAFFIC_MAX].family, one.kind, index);

		r = wabe_rtnl_counters(nl, &e, take_one, &one, &reason);
		if (r < 0 && r != -ENOENT)
			return wabe_error_say(err, r, "%s", reason.text);
		/* Somebody flushed it: nothing was counted. */
		r = 0;
	}
	if (r == 0)
		*ret_traffic = traffic;
	return r;
}

struct all {
	struct vz_traffic_counters *counters;
	size_t kind;
};

static int compare_devices(const void *a, const void *b)
{
	const struct vz_traffic_device *left = a, *right = b;

	return (left->index > right->index) - (left->index < right->index);
}

static struct vz_traffic_device *add_device(struct vz_traffic_counters *counters, int index)
{
	size_t room = counters->room ? counters->room * 2 : 64;
	struct vz_traffic_device *devices = counters->devices;

	if (counters->count == counters->room) {
		devices = wabe_arena_array(&counters->arena, room, sizeof(*devices));
		if (!devices)
			return NULL;
		if (counters->count > 0)
			memcpy(devices, counters->devices, counters->count * sizeof(*devices));
		counters->devices = devices;
		counters->room = room;
	}
	devices[counters->count] = (struct vz_traffic_device){ .index = index };
	return &devices[counters->count++];
}

/* The first set, which has every device, brings them; those of the others are looked for among them. */
static int take_all(const struct wabe_filter_counter *counter, void *data)
{
	const struct all *all = data;
	struct vz_traffic_counters *counters = all->counters;
	struct vz_traffic_device *device, key;

	if (counter->key_len < sizeof(key.index))
		return 0;
	memcpy(&key.index, counter->key, sizeof(key.index));
	device = counters->is_sorted ? bsearch(&key, counters->devices, counters->count,
					       sizeof(key), compare_devices)
				     : add_device(counters, key.index);
	if (!device)
		return counters->is_sorted ? 0 : -ENOMEM;
	device->counted.of[all->kind].bytes += counter->bytes;
	device->counted.of[all->kind].packets += counter->packets;
	return 0;
}

static int read_set(struct wabe_rtnl *nl, uint8_t family, struct all *all, struct wabe_error *err)
{
	const struct wabe_filter_element set = element_of(family, all->kind, 0);
	struct wabe_error reason = WABE_ERROR_INIT;
	int r = wabe_rtnl_counters(nl, &set, take_all, all, &reason);

	return r == 0 || r == -ENOENT ? 0 : wabe_error_say(err, r, "%s", reason.text);
}

int vz_traffic_read(struct vz_traffic_counters *ret_counters, struct wabe_error *err)
{
	struct vz_traffic_counters counters = { .arena = WABE_ARENA_INIT };
	_cleanup_(wabe_rtnl_close) struct wabe_rtnl *nl = NULL;
	int r = wabe_rtnl_open_filter(&nl, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(tables) * VZ_TRAFFIC_MAX; i++) {
		struct all all = { &counters, i % VZ_TRAFFIC_MAX };

		r = read_set(nl, tables[i / VZ_TRAFFIC_MAX].family, &all, err);
		if (i == 0 && counters.count > 0)
			qsort(counters.devices, counters.count, sizeof(*counters.devices),
			      compare_devices);
		counters.is_sorted = true;
	}
	if (r < 0) {
		vz_traffic_free(&counters);
		return r;
	}
	*ret_counters = counters;
	return 0;
}

const struct vz_traffic *vz_traffic_find(const struct vz_traffic_counters *counters, int index)
{
	const struct vz_traffic_device key = { .index = index };
	const struct vz_traffic_device *device =
		counters->count > 0 ? bsearch(&key, counters->devices, counters->count, sizeof(key),
					      compare_devices)
				    : NULL;

	return device ? &device->counted : NULL;
}

void vz_traffic_free(struct vz_traffic_counters *counters)
{
	wabe_arena_free(&counters->arena);
	*counters = (struct vz_traffic_counters){ .arena = WABE_ARENA_INIT };
}
