/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/link: network links of the calling process's network namespace.
 */
#ifndef WABE_SYS_LINK_H
#define WABE_SYS_LINK_H

#include "base/error.h"

/**
 * wabe_link_up() - set a link up ("lo" in a new network namespace).
 * By ioctl (netdevice(7)): `wabe` is linked statically, and Debian has no archive of libmnl; rtnetlink through libmnl is for
 * what ioctl can't do. Needs CAP_NET_ADMIN over the namespace. 0, -EINVAL (no name of a link), -ENODEV, -EPERM.
 */
int wabe_link_up(const char *name, struct wabe_error *err);

#endif
