/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/netdev: network devices that change their network namespace, with their addresses (rtnetlink(7)).
 *
 * Plain netlink: `wabe` is linked statically, and Debian has no archive of libmnl. A socket stays in the network namespace
 * that it was made in, so one for each side is all that is needed of the caller's namespaces.
 */
#ifndef WABE_SYS_NETDEV_H
#define WABE_SYS_NETDEV_H

#include <linux/if_addr.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "sys/netdev_route.h"

/* One address as the kernel gave it: its header and the attributes that make it. */
struct wabe_netdev_address {
	struct ifaddrmsg header;
	bool is_lasting; /* permanent and of global scope */
	unsigned int attributes_len;
	unsigned char attributes[92] __attribute__((aligned(4)));
};

struct wabe_netdev {
	char name[IFNAMSIZ];
	int index;
	bool is_up;
	bool is_moved; /* by wabe_netdev_move(), also when a later part of it failed */
	struct wabe_netdev_address *addresses; /* on the heap */
	size_t address_count;
	struct wabe_netdev_routes routes; /* over it, where it was found */
};

/** wabe_netdev_socket() - an rtnetlink socket in the caller's network namespace, or -errno. */
int wabe_netdev_socket(struct wabe_error *err);

/** wabe_netdev_socket_for() - the same for another protocol of netlink(7) (sys/rtnl.h). */
int wabe_netdev_socket_for(int protocol, struct wabe_error *err);

/** wabe_netdev_socket_in() - the same in the network namespace @netns_fd; the calling thread goes there and comes back. */
int wabe_netdev_socket_in(int netns_fd, struct wabe_error *err);

/** wabe_netdev_find() - look a device up by its name, with its addresses and routes. -ENODEV: none there. wabe_netdev_release() after it. */
int wabe_netdev_find(int sock, const char *name, struct wabe_netdev *ret_dev,
		     struct wabe_error *err);

/**
 * wabe_netdev_move() - move @dev to the other side and name it there; its addresses come with it.
 * @from_sock, @to_sock: sockets of both sides; @to_netns_fd: the other side
 * @name: its name there, also a pattern like "eth%d", of which the kernel makes a name that is free
 * @is_return: false: it gets its lasting addresses and is set up there (config-linux.md, "Network Devices");
 *             true: all addresses and routes that it was found with, its number if that is still free, and up only if it was
 * dev->index is that of the other side when dev->is_moved is set, which it also is when only a later part failed.
 * 0, -EEXIST (the name is taken there), -EINVAL (a device that can't be moved), -EPERM.
 */
int wabe_netdev_move(int from_sock, int to_sock, int to_netns_fd, struct wabe_netdev *dev,
		     const char *name, bool is_return, struct wabe_error *err);

/** wabe_netdev_release() - what find allocated. */
void wabe_netdev_release(struct wabe_netdev *dev);

#endif
