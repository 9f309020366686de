/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/counters: the beancounters that only a kernel with contexts counts for a whole guest. One
 * interface for all of them, with two answers: enforced, or kept and not enforced by this kernel.
 *
 * Such a kernel has a cgroup v2 controller "ctx" (kernel-patches/): ctx.id, and ctx.barrier and
 * ctx.max with a line a counter. Some counters have something that a stock kernel enforces for a
 * part of it; that is used too, and on every kernel.
 */
#ifndef VZ_GUEST_COUNTERS_H
#define VZ_GUEST_COUNTERS_H

#include "base/error.h"
#include "guest/guest.h"

#define VZ_COUNTERS_CONTROLLER "ctx"

struct vz_counter {
	enum vz_param_id id;
	const char *name;  /* in the files of ctx */
	const char *stock; /* what a stock kernel enforces instead, or NULL */
	int rlimit;	   /* RLIMIT_* that .stock is, < 0: it is something else */
};

/** vz_counters() - all of them. */
const struct vz_counter *vz_counters(size_t *ret_count);

/** vz_counters_has_kernel() - does this host's kernel have the controller? */
bool vz_counters_has_kernel(const struct vz_guest *g);

/** vz_counters_has_view() - does it show a guest its own, and what? @view: as ctx.virt has it, "memory" */
bool vz_counters_has_view(const struct vz_guest *g, const char *view);

/**
 * vz_counter_by() - what enforces @counter on this host ("ctx.max numfile", "RLIMIT_MEMLOCK of each
 * process"), or NULL: kept, not enforced by this kernel.
 */
const char *vz_counter_by(const struct vz_guest *g, const struct vz_counter *counter);

/** vz_counters_is_any() - does @params set one of them? */
bool vz_counters_is_any(const struct vz_params *params);

/**
 * vz_counters_fill() - limits of a new guest's processes that a stock kernel has for a counter. The
 * controller's files are vz_resources_fill()'s. 0 or -ENOMEM.
 */
int vz_counters_fill(const struct vz_guest *g, struct wabe_spec *spec);

/**
 * vz_counters_update() - the controller's files for those counters of a running guest that @only sets, or all (NULL);
 * nothing without the controller. @res, @arena as of vz_resources_fill(). 0, -ENOMEM or errors of opening the cgroup.
 */
int vz_counters_update(const struct vz_guest *g, struct wabe_arena *arena,
		       const struct vz_params *only, struct wabe_spec_resources *res,
		       struct wabe_error *err);

/** vz_counters_say_kept() - a warning for each counter set in @changes that nothing enforces. */
void vz_counters_say_kept(const struct vz_guest *g, const struct vz_params *changes);

#endif
