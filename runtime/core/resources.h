/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/resources: linux.resources of the specification as limits of a cgroup.
 */
#ifndef WABE_CORE_RESOURCES_H
#define WABE_CORE_RESOURCES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "spec/model.h"
#include "sys/cgroup.h"

struct wabe_container;

/** wabe_resources_to_limits() - translate what is set (OCI uses v1 terms: shares, memory+swap); memory is in @arena. */
int wabe_resources_to_limits(struct wabe_arena *arena, const struct wabe_spec_resources *resources,
			     struct wabe_cgroup_limits *ret_limits, struct wabe_error *err);

/**
 * wabe_resources_to_devices() - linux.resources.devices and, behind them, the rules that every
 * container has; in @arena.
 */
int wabe_resources_to_devices(struct wabe_arena *arena, const struct wabe_list *devices,
			      struct wabe_cgroup_device_rule **ret_rules, size_t *ret_count,
			      struct wabe_error *err);

/**
 * wabe_resources_restrict_devices() - enforce the device rules of @spec in @cgroup (NULL: cgroups
 * are disabled). A container without rules has those of every container alone, one in a user
 * namespace none.
 * Where the host can't: an error, unless the rules only deny and the container can't make nodes of
 * its own anyway (a user namespace, or neither CAP_MKNOD nor CAP_SYS_ADMIN), which is logged; or
 * there are none, which is warned of.
 */
int wabe_resources_restrict_devices(struct wabe_cgroup *cgroup, const struct wabe_spec *spec,
				    const struct wabe_log *log, struct wabe_error *err);

/**
 * wabe_resources_context() - make the cgroup of @c the context that WABE_SPEC_CTX_ANNOTATION names; without it nothing. -EEXIST: it
 * is another cgroup's; -ENOTSUP: the host has no contexts, or @c no cgroup. Then switch on what WABE_SPEC_CTX_VIRT_ANNOTATION names.
 * Errors name the annotation.
 */
int wabe_resources_context(struct wabe_container *c, struct wabe_error *err);

/** wabe_resources_any() - does it ask for anything that a cgroup must enforce? */
bool wabe_resources_any(const struct wabe_cgroup_limits *limits);

#endif
