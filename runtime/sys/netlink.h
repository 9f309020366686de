/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/netlink: network links of the calling thread's network namespace, by rtnetlink(7). The only user of libmnl.
 */
#ifndef WABE_SYS_NETLINK_H
#define WABE_SYS_NETLINK_H

#include "base/error.h"

/**
 * wabe_netlink_link_up() - set IFF_UP on the link @name ("lo"). Four system calls.
 * Needs CAP_NET_ADMIN over the network namespace. Returns 0, -ENODEV (no such link), -EINVAL (no link name), -EPERM.
 */
int wabe_netlink_link_up(const char *name, struct wabe_error *err);

#endif
