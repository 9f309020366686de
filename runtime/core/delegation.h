/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/delegation: containers whose cgroup is theirs to divide (config-linux.md, "Cgroup ownership"; cgroup-v2.rst, "Delegation").
 */
#ifndef WABE_CORE_DELEGATION_H
#define WABE_CORE_DELEGATION_H

#include <stdbool.h>

#include "base/error.h"
#include "spec/spec.h"
#include "sys/cgroup.h"

/**
 * wabe_delegation_wanted() - does @spec ask for it: by a new cgroup namespace in which a cgroup filesystem is mounted writable, or by
 * "wabe.delegateCgroup"?
 */
bool wabe_delegation_wanted(const struct wabe_spec *spec);

/**
 * wabe_delegation_apply() - give the v2 directory of @cgroup to the host's ids of process.user, if @spec asks for it. Nothing on v1, nor,
 * unless asked for by its name, where that is the host's root, who needs none. An ordinary user can't give a cgroup away: then it stays that user's.
 * Nor where the user namespace is joined.
 */
int wabe_delegation_apply(const struct wabe_spec *spec, struct wabe_cgroup *cgroup,
			  struct wabe_error *err);

#endif
