/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/reinstall: a guest's files made anew from a template; its configuration stays.
 */
#ifndef VZ_GUEST_REINSTALL_H
#define VZ_GUEST_REINSTALL_H

#include <stdbool.h>

#include "base/error.h"
#include "guest/guest.h"

struct vz_reinstall_options {
	const char *ostemplate; /* NULL: the guest's own, its current generation */
	bool is_forced;		/* stop, and unmount, it first */
};

/**
 * vz_guest_reinstall() - a new private area takes the place of the old one, which is removed when all
 * is done: whenever this is killed, the guest has one or the other, whole. The guest is locked.
 * Kinds: VZ_EXIT_RUNNING, VZ_EXIT_MOUNTED (without is_forced), those of a create.
 */
int vz_guest_reinstall(struct vz_guest *g, const struct vz_reinstall_options *options,
		       struct wabe_error *err);

#endif
