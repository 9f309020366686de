/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/set: changing a guest's parameters, in force at once where the guest runs, and in its
 * configuration with --save.
 */
#ifndef VZ_GUEST_SET_H
#define VZ_GUEST_SET_H

#include <stdbool.h>

#include "base/error.h"
#include "guest/guest.h"

enum vz_setmode { VZ_SETMODE_NONE, VZ_SETMODE_RESTART, VZ_SETMODE_IGNORE };

struct vz_set_options {
	bool is_saved;
	enum vz_setmode mode; /* for what only a restart puts in force */
	bool is_reset_ub;     /* put the configured limits in force again, nothing else */
	const char *sample;   /* --applyconfig, or NULL */
};

/**
 * vz_guest_set() - @changes: of the command line. The guest is locked.
 * When something can't be put in force nothing is saved. Kinds: VZ_EXIT_RUNNING (only a stopped
 * guest can change that), VZ_EXIT_BAD_OPTION, VZ_EXIT_NAME, VZ_EXIT_PASSWORD, VZ_EXIT_SET_UBC,
 * VZ_EXIT_QUOTA_SET, VZ_EXIT_BAD_HOSTNAME, VZ_EXIT_SAVE.
 */
int vz_guest_set(struct vz_guest *g, const struct vz_params *changes,
		 const struct vz_set_options *options, struct wabe_error *err);

#endif
