/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/hostname: HOSTNAME in the guest: the kernel's name and /etc/hostname, which systemd prefers
 * to it.
 */
#ifndef VZ_GUEST_HOSTNAME_H
#define VZ_GUEST_HOSTNAME_H

#include "base/error.h"
#include "guest/guest.h"

/**
 * vz_hostname_write() - bring /etc/hostname in line before init runs. Without HOSTNAME nothing is
 * done; a guest where it can't be written (full, read-only, no /etc) starts all the same, with a
 * warning.
 * @root_fd: the guest's root, mounted, with none of its processes running
 */
int vz_hostname_write(const struct vz_guest *g, int root_fd, struct wabe_error *err);

/** vz_hostname_set() - in the running guest: the kernel's name and /etc/hostname. */
int vz_hostname_set(struct vz_guest *g, const char *name, struct wabe_error *err);

#endif
