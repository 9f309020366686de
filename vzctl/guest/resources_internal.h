/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest/resources, inside: what the files for single controllers share. Only resources*.c. */
#ifndef VZ_GUEST_RESOURCES_INTERNAL_H
#define VZ_GUEST_RESOURCES_INTERNAL_H

#include "guest/resources.h"

struct vz_fill {
	const struct vz_guest *g;
	const struct vz_params *params; /* the guest's */
	struct wabe_arena *arena;
	struct wabe_cgroup *cgroup; /* the one that guests are below */
	struct wabe_spec_resources *res;
	bool is_new; /* the guest's cgroup is being made: what is a default may be left out */
};

/** vz_fill_file() - a file of cgroup v2 that the specification has no key for. 0 or -ENOMEM. */
int vz_fill_file(struct vz_fill *f, const char *file, const char *value);

/* One a controller. 0, -ENOMEM, or errors of vz_resources_check(). */
int vz_fill_memory(struct vz_fill *f, struct wabe_error *err);
int vz_fill_cpuset(struct vz_fill *f, struct wabe_error *err);
int vz_fill_io(struct vz_fill *f, struct wabe_error *err);
int vz_fill_ctx(struct vz_fill *f, struct wabe_error *err);

/** vz_cpuset_check() - vz_resources_check() for CPUMASK and NODEMASK. */
int vz_cpuset_check(const struct vz_params *params, struct wabe_error *err);

#endif
