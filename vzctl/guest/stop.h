/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/stop: taking a guest down.
 */
#ifndef VZ_GUEST_STOP_H
#define VZ_GUEST_STOP_H

#include <stdbool.h>

#include "base/error.h"
#include "guest/guest.h"

struct vz_stop_options {
	bool is_fast;	      /* SIGKILL at once */
	bool has_skip_umount; /* leave the root mounted on the host */
};

/**
 * vz_guest_stop() - ask init to halt, wait STOP_TIMEOUT, then kill everything. Always bounded. The
 * guest is locked. A guest that does not run is a message, no error (as vzctl always had it). Kinds
 * VZ_EXIT_ACTION_SCRIPT (CTID.stop failed: nothing was stopped), VZ_EXIT_STOP (processes that don't
 * die).
 */
int vz_guest_stop(struct vz_guest *g, const struct vz_stop_options *options,
		  struct wabe_error *err);

/**
 * vz_stop_clean() - what is left of a guest whose init has ended: container, link at VE_ROOT;
 * umount scripts run.
 */
int vz_stop_clean(struct vz_guest *g, struct wabe_container *c, struct wabe_error *err);

#endif
