/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/script: action scripts in <confdir>/conf (vzctl(8), "ACTION SCRIPTS").
 *
 * vps.WHEN and CTID.WHEN for premount, mount, umount, postumount run on the host (the mount ones in
 * the namespace where VE_ROOT is mounted), CTID.start and CTID.stop inside the guest.
 */
#ifndef VZ_GUEST_SCRIPT_H
#define VZ_GUEST_SCRIPT_H

#include "base/error.h"
#include "guest/guest.h"

/**
 * vz_script_host() - run vps.@when, then CTID.@when, on the host; scripts that are not there are
 * skipped. Their environment is VEID, VE_CONFFILE, PATH and HOME; their standard input is
 * /dev/null. Kind VZ_EXIT_ACTION_SCRIPT when one can't be run, exits non-zero or is killed.
 */
int vz_script_host(const struct vz_guest *g, const char *when, struct wabe_error *err);

/** vz_script_guest() - run CTID.@when inside the running guest; as above. */
int vz_script_guest(struct vz_guest *g, const char *when, struct wabe_error *err);

#endif
