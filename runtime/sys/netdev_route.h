/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/netdev_route: the routes over a network device (rtnetlink(7), RTM_GETROUTE), of all tables, IPv4 and IPv6, and the nexthop
 * objects that some go by. The kernel drops them when the device leaves its network namespace; who brings it back puts them back.
 */
#ifndef WABE_SYS_NETDEV_ROUTE_H
#define WABE_SYS_NETDEV_ROUTE_H

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "sys/netdev_nexthop.h"

/* One route as the kernel gave it. */
struct wabe_netdev_route {
	struct rtmsg header;
	unsigned int attributes_len;
	unsigned char *attributes; /* on the heap */
};

struct wabe_netdev_routes {
	int index;			      /* that they have for the device */
	struct wabe_netdev_nexthops nexthops; /* over it; routes by one of them name that alone */
	unsigned char family;		      /* that is being read */
	struct wabe_netdev_route *items;
	size_t count;
};

/**
 * wabe_netdev_routes_read() - those over the device @index, also as one of several ways, which somebody has set: not what the
 * kernel makes by itself. wabe_netdev_routes_release() after it. 0, -E2BIG, -ENOMEM or what the kernel says.
 */
int wabe_netdev_routes_read(int sock, int index, struct wabe_netdev_routes *ret_routes,
			    struct wabe_error *err);

/**
 * wabe_netdev_routes_put() - all of them, over the device @index, which is up and has its addresses. One that is there is left alone.
 * All are tried; the first failure is returned.
 */
int wabe_netdev_routes_put(int sock, int index, struct wabe_netdev_routes *routes,
			   struct wabe_error *err);

/** wabe_netdev_routes_release() - what read allocated. */
void wabe_netdev_routes_release(struct wabe_netdev_routes *routes);

#endif
