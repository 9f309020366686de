/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/resources: linux.resources of the specification as limits of a cgroup.
 */
#ifndef WABE_CORE_RESOURCES_H
#define WABE_CORE_RESOURCES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "spec/model.h"
#include "sys/cgroup.h"

/** wabe_resources_to_limits() - translate what is set (OCI uses v1 terms: shares, memory+swap); memory is in @arena. */
int wabe_resources_to_limits(struct wabe_arena *arena, const struct wabe_spec_resources *resources,
			     struct wabe_cgroup_limits *ret_limits, struct wabe_error *err);

/** wabe_resources_any() - does it ask for anything that a cgroup must enforce? */
bool wabe_resources_any(const struct wabe_cgroup_limits *limits);

#endif
