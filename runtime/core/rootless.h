/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/rootless: what differs for a caller who is not the host's root: an ordinary user, or root of a user namespace.
 *
 * Nothing here runs before something else was refused: the host's root doesn't pay for the question who it is.
 */
#ifndef WABE_CORE_ROOTLESS_H
#define WABE_CORE_ROOTLESS_H

#include <stdbool.h>

#include "core/container.h"

/** wabe_rootless() - is a cgroup that can't be had no error? As --rootless says; by itself, for everyone but the host's root. */
bool wabe_rootless(const struct wabe_runtime *rt);

/** wabe_rootless_refused() - does @code say that the caller has no right to do it? */
bool wabe_rootless_refused(int code);

/**
 * wabe_rootless_cgroup() - after the usual cgroup was refused: one in the delegated part of the caller's own, which is claimed
 * and saved in the state (*ret_was_created as wabe_cgroup_create()); or none, then @why has the reason and c->state.cgroup is
 * NULL. 0, or -errno when the state can't be saved.
 */
int wabe_rootless_cgroup(struct wabe_container *c, bool *ret_was_created, struct wabe_error *why,
			 struct wabe_error *err);

#endif
