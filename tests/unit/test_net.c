// SPDX-License-Identifier: GPL-2.0-or-later
/* tests/unit/test_net: addresses, interfaces' defaults and records of guests' networks, as text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "guest/net_internal.h"
#include "guest/traffic_quota.h"
#include "tap.h"

static void test_addresses(struct tap *t)
{
	static const char *const bad[] = { "",		 "10.0.0",	"10.0.0.1/33", "10.0.0.1/",
					   "10.0.0.1/x", "2001:db8::g", "::1/129" };
	char text[WABE_ADDRESS_TEXT_MAX];
	struct wabe_net_address a, net;

	tap_int(t, wabe_net_address_parse("10.1.2.3", &a), 0, "an IPv4 address");
	tap_int(t, (int)a.prefix, 32, "it is a host's");
	tap_int(t, wabe_net_address_parse("10.1.2.0/23", &net), 0, "a network");
	tap_int(t, wabe_net_address_covers(&net, &a), true, "which it is in");
	wabe_net_address_parse("10.1.4.3", &a);
	tap_int(t, wabe_net_address_covers(&net, &a), false, "another isn't");
	wabe_net_address_parse("2001:DB8::0:1", &a);
	wabe_net_address_text(&a, text);
	tap_str(t, text, "2001:db8::1", "IPv6, canonical");
	tap_int(t, wabe_net_address_covers(&net, &a), false, "families don't mix");
	wabe_net_address_parse("::/0", &net);
	tap_int(t, wabe_net_address_covers(&net, &a), true, "all is in the default route's");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		tap_int(t, wabe_net_address_parse(bad[i], &a), -EINVAL, "%s", bad[i]);
}

static void test_netif(struct tap *t, struct wabe_arena *arena)
{
	const char *one = vz_netif_complete(arena, 101, "ifname=eth3", NULL);
	const char *again = vz_netif_complete(arena, 101, "ifname=eth3", NULL);
	const char *other = vz_netif_complete(arena, 102, "ifname=eth3", NULL);
	struct vz_netif n, m;

	tap_str(t, again, one, "the same each time");
	tap_int(t, vz_netif_parse(one, &n), 0, "complete");
	tap_str(t, n.host_ifname, "veth101.3", "a name with id and number");
	tap_int(t, n.mac[0] == 0x02 && n.host_mac[0] == 0xfe, true,
		"locally administered, the host's end high");
	tap_int(t, n.is_filtered, true, "filtered by default");
	tap_int(t, vz_netif_parse(other, &m), 0, "another guest's");
	tap_int(t, memcmp(n.mac, m.mac, sizeof(n.mac)) != 0, true, "has another address");
	other = vz_netif_complete(arena, 101, "ifname=eth3,bridge=br0,mac_filter=off", one);
	tap_int(t, vz_netif_parse(other, &m), 0, "changed");
	tap_int(t, memcmp(n.mac, m.mac, sizeof(n.mac)), 0, "the rest stays");
	tap_str(t, m.bridge, "br0", "what was named has changed");
	tap_int(t, m.is_filtered, false, "and this");
	vz_netif_parse(vz_netif_complete(arena, 2147483644, "ifname=wan", NULL), &n);
	tap_str(t, n.host_ifname, "v2147483644.0", "the longest id has a name of 15 bytes or less");
	tap_int(t, vz_netif_parse("ifname=eth0", &n), -EINVAL, "not complete");
}

static void test_device(struct tap *t)
{
	static const char *const bad[] = { "",
					   "venet101:17:venet0",
					   "venet101:x:venet0:1",
					   ":17:venet0:1",
					   "abcdefghijklmnop:17:venet0:1",
					   "venet101:-1:venet0:1" };
	struct vz_net_device d;

	tap_int(t, vz_net_device_parse("venet101:17:venet0:1", &d), 0, "a device of a record");
	tap_int(t, d.index, 17, "its index");
	tap_str(t, d.inner, "venet0", "its name inside");
	tap_int(t, d.is_venet, true, "its kind");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		tap_int(t, vz_net_device_parse(bad[i], &d), -EINVAL, "%s", bad[i]);
}

/* Times are UTC's. */
static void test_month(struct tap *t)
{
	static const struct {
		int64_t now;
		unsigned int day;
		int64_t begin, next;
		const char *what;
	} rows[] = {
		{ 1767225600, 1, 1767225600, 1769904000, "2026-01-01 0:00, from the 1st" },
		{ 1767225599, 1, 1764547200, 1767225600, "a second before: December" },
		{ 1769471999, 27, 1766793600, 1769472000, "2026-01-26 23:59:59, from the 27th" },
		{ 1772236800, 31, 1772236800, 1774915200, "2026-02-28: February has no 31st" },
		{ 1772236799, 31, 1769817600, 1772236800, "and before it January's counts" },
		{ 1709164800, 30, 1709164800, 1711756800, "2024-02-29: a leap year" },
	};

	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tap_int(t, vz_traffic_quota_month(rows[i].now, rows[i].day, false), rows[i].begin,
			"%s", rows[i].what);
		tap_int(t, vz_traffic_quota_month(rows[i].now, rows[i].day, true), rows[i].next,
			"%s: the next", rows[i].what);
	}
}

int main(void)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct tap t = TAP_INIT;

	test_addresses(&t);
	test_netif(&t, &arena);
	test_device(&t);
	test_month(&t);
	return tap_end(&t);
}
