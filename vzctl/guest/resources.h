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
 * vz_resources_check() - can this host do what @params say at all: CPUs and nodes that it has?
 * -EINVAL, kind VZ_EXIT_BAD_VALUE; the error names parameter and value.
 */
int vz_resources_check(const struct vz_params *params, struct wabe_error *err);

/**
 * vz_resources_fill() - the limits that follow from g->conf.params.
 * @arena: for lists and texts in @res
 * @only: NULL: all of them; else those that depend on what is set in @only (what vzctl set changes)
 * @res: zeroed
 * For a guest that runs (g->container) what is not set takes an earlier limit back; for one that is
 * being made it is left out. A limit that this host can't enforce is left out, with a warning. 0,
 * -errno, errors of vz_resources_check().
 */
int vz_resources_fill(const struct vz_guest *g, struct wabe_arena *arena,
		      const struct vz_params *only, struct wabe_spec_resources *res,
		      struct wabe_error *err);

/** vz_resources_is_any() - does @params set a parameter that becomes a limit of the cgroup? */
bool vz_resources_is_any(const struct vz_params *params);

/**
 * vz_resources_lift_io() - take the limits of disk bandwidth and operations from a guest that is being killed: what waits for them
 * can't die. Never fails.
 */
void vz_resources_lift_io(const struct vz_guest *g);

/**
 * vz_resources_protect() - after the limits are written, or the guest's cgroup has gone: let the guarantees of memory hold, if the
 * guest has any or had (wabe_cgroup_protect()). A failure is a warning: the guest goes on.
 * @only: NULL, or what was changed
 */
void vz_resources_protect(const struct vz_guest *g, const struct vz_params *only);

#endif
