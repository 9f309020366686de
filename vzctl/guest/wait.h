/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/wait: `vzctl start --wait`: until the guest's own init says that it is up.
 */
#ifndef VZ_GUEST_WAIT_H
#define VZ_GUEST_WAIT_H

#include "base/error.h"
#include "guest/guest.h"

#define VZ_WAIT_SECONDS 300

/**
 * vz_wait_up() - systemd is asked (systemctl is-system-running) until it is no longer starting,
 * sysvinit until it has a runlevel. Other inits have no such notion: they are up as soon as they
 * run. Kind VZ_EXIT_WAIT: not up after VZ_WAIT_SECONDS, or the guest halted while it was starting.
 */
int vz_wait_up(struct vz_guest *g, struct wabe_error *err);

#endif
