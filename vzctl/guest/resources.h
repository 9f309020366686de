/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/resources: a guest's parameters as limits of its cgroup.
 */
#ifndef VZ_GUEST_RESOURCES_H
#define VZ_GUEST_RESOURCES_H

#include "base/error.h"
#include "guest/guest.h"

/* A guest without NUMPROC still may not take all process ids of the host. */
#define VZ_NUMPROC_DEFAULT 4096

/**
 * vz_resources_fill() - the limits that follow from g->conf.params.
 * @only: NULL: all of them; else those that depend on what is set in @only (what vzctl set changes)
 * @res: zeroed
 * A limit that this host has no controller for is left out, with a warning. 0 or -errno.
 */
int vz_resources_fill(const struct vz_guest *g, const struct vz_params *only,
		      struct wabe_spec_resources *res, struct wabe_error *err);

/** vz_resources_is_any() - does @params set a parameter that becomes a limit of the cgroup? */
bool vz_resources_is_any(const struct vz_params *params);

#endif
