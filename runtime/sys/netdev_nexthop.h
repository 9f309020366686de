/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/netdev_nexthop: nexthop objects over a network device (ip-nexthop(8), linux/nexthop.h), and the groups that have them as
 * members. The kernel drops them, and what routes go by them, when the device leaves its network namespace.
 */
#ifndef WABE_SYS_NETDEV_NEXTHOP_H
#define WABE_SYS_NETDEV_NEXTHOP_H

#include <linux/nexthop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* One object as the kernel takes it. */
struct wabe_netdev_nexthop {
	struct nhmsg header;
	uint32_t id;
	unsigned int attributes_len;
	unsigned char *attributes; /* on the heap */
};

/* Those over the device first, then the groups. */
struct wabe_netdev_nexthops {
	struct wabe_netdev_nexthop *items;
	size_t count;
};

/**
 * wabe_netdev_nexthops_read() - those of the device @index, and the groups with any of them. None where the kernel has no such
 * objects. wabe_netdev_nexthops_release() after it. 0, -E2BIG, -ENOMEM or what the kernel says.
 */
int wabe_netdev_nexthops_read(int sock, int index, struct wabe_netdev_nexthops *ret_nexthops,
			      struct wabe_error *err);

/** wabe_netdev_nexthops_have() - is the object @id among them? */
bool wabe_netdev_nexthops_have(const struct wabe_netdev_nexthops *nexthops, uint32_t id);

/**
 * wabe_netdev_nexthops_put() - all of them, over the device @index, which is up and has its addresses; a group has the members that
 * it had. All are tried; the first failure is returned.
 */
int wabe_netdev_nexthops_put(int sock, int index, struct wabe_netdev_nexthops *nexthops,
			     struct wabe_error *err);

/** wabe_netdev_nexthops_release() - what read allocated. */
void wabe_netdev_nexthops_release(struct wabe_netdev_nexthops *nexthops);

#endif
