/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/conntrack: how many connections the host tracks for a guest at a time (NUMCONNTRACK), so that one of them doesn't fill
 * the table that all share.
 *
 * What a kernel has as a limit, nf_conntrack_max, is one number for all network namespaces: in one of its own it can be read and
 * no more (measured on 6.18; net/netfilter/nf_conntrack_standalone.c of 6.1). So it is nftables that counts: a set whose elements,
 * a device's index each, match once there are more connections than theirs. Two rules whatever the number of guests. The table is
 * made for the first guest that has a limit, because tracking costs the host something, and stays.
 */
#ifndef VZ_GUEST_CONNTRACK_H
#define VZ_GUEST_CONNTRACK_H

#include "base/error.h"
#include "guest/net.h"

/** Its row of vz_net_users: a device has its limit before it is up. */
extern const struct vz_net_user vz_conntrack_user;

/**
 * vz_conntrack_apply() - put the configured limit of a running guest in force, or take it away, on each of its devices.
 * Connections that there are go on, and don't count against a new limit. -ENOTSUP with VZ_EXIT_NO_KERNEL: the kernel can't.
 */
int vz_conntrack_apply(struct vz_guest *g, struct wabe_error *err);

#endif
