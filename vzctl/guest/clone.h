/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/clone: a new guest with the files and parameters of another, and an identity of its own.
 */
#ifndef VZ_GUEST_CLONE_H
#define VZ_GUEST_CLONE_H

#include "base/error.h"
#include "guest/guest.h"

/**
 * vz_guest_clone() - make @g a copy of @from. Only the private area is copied; a source that runs is
 * frozen meanwhile. Not copied: name, addresses, MAC addresses, names of interfaces on the host,
 * network and PCI devices of the host, the range of ids, and what guest/identity.h takes out. Both
 * guests are locked, @g by vz_guest_lock_new().
 * @options: of the command line, laid over the copy; VZ_PARAM_HOSTNAME is ctCTID without
 * All is undone on failure. Kinds as vz_guest_create(), VZ_EXIT_NO_PRIVATE_AREA, VZ_EXIT_BAD_OPTION
 * (a template or a layout in the options), VZ_EXIT_RUNNING (a layout that can't be copied then).
 */
int vz_guest_clone(struct vz_guest *from, struct vz_guest *g, const struct vz_params *options,
		   struct wabe_error *err);

/**
 * vz_clone_interfaces() - NETIF without what belongs to one guest alone: MAC addresses and names on
 * the host. NULL: no memory.
 * @text: "ifname=eth0,mac=...,host_ifname=...;ifname=..."
 */
char *vz_clone_interfaces(struct wabe_arena *arena, const char *text);

#endif
