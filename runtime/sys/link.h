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

/** wabe_link_up_by() - the same by @sock, a socket of any protocol family that knows the interfaces of its network namespace. */
int wabe_link_up_by(int sock, const char *name, struct wabe_error *err);

/** wabe_link_socket() - such a socket, of the caller's network namespace. -errno. */
int wabe_link_socket(struct wabe_error *err);

/**
 * wabe_link_namespace() - descriptor of the network namespace that @sock (any socket) was made in: ioctl SIOCGSKNS, since Linux
 * 4.10. One system call that touches no procfs, where a path in there makes up to eight inodes. Needs CAP_NET_ADMIN over the
 * namespace. -EPERM, -errno.
 */
int wabe_link_namespace(int sock, struct wabe_error *err);

#endif
