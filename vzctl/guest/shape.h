/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/shape: how fast a guest's devices are (NETRATE, NETBURST, NETQUEUE), both ways.
 *
 * All is on the host's side, where the guest's root can't reach it. To the guest: the queue of the host's end of its device.
 * From the guest: what comes in by that end is redirected to an intermediate device (ifb) whose queue it waits in, so streams
 * share the rate as they would a line's; nothing is thrown away that a queue can hold. On a kernel without such devices what is
 * above the rate is dropped (act_police), with a warning.
 */
#ifndef VZ_GUEST_SHAPE_H
#define VZ_GUEST_SHAPE_H

#include "base/error.h"
#include "guest/net.h"

/** Its row of vz_net_users: a device gets its rate before it is up. */
extern const struct vz_net_user vz_shape_user;

/**
 * vz_shape_apply() - put the configured rates of a running guest in force, or take them away, on each of its devices.
 * Kind VZ_EXIT_NETDEV; -ENOTSUP with VZ_EXIT_NO_KERNEL: the kernel lacks what it takes.
 */
int vz_shape_apply(struct vz_guest *g, struct wabe_error *err);

#endif
