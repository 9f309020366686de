/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/seal: our own binary, out of reach of a guest whose root is the host's (LOCAL_UID=0).
 *
 * Such a guest can open /proc/PID/exe of a process that has entered it, and may write to what it finds (CVE-2019-5736). So the
 * program runs again from a read-only clone of its mount before it enters one: no copy, and a remount is not in that guest's power.
 */
#ifndef VZ_GUEST_SEAL_H
#define VZ_GUEST_SEAL_H

#include <stdbool.h>

#include "base/error.h"
#include "guest/guest.h"

/** The container's annotation that says that it has no user namespace of its own. */
#define VZ_SEAL_ANNOTATION "org.wabe.host-users"

/**
 * vz_seal() - run this program again, from the beginning, unless it is sealed already. To be called before anything was done that
 * can't be done again; locks are let go. Does nothing for programs without host->argv, which enter no guests. 0 or -errno.
 */
int vz_seal(const struct vz_host *host, struct wabe_error *err);

/** vz_seal_for() - the same if the guest of @g->conf, or its container, has no user namespace. */
int vz_seal_for(const struct vz_guest *g, struct wabe_error *err);

#endif
