/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/scope: a container's cgroup as a transient scope of systemd (--systemd-cgroup).
 *
 * linux.cgroupsPath is "SLICE:PREFIX:NAME" then: the scope PREFIX-NAME.scope in SLICE. systemd makes it around the container's
 * process, which waits meanwhile, passes it on (Delegate=) and gets the limits that it knows as properties, so that it writes
 * the same when it writes; everything is written by us as well.
 */
#ifndef WABE_CORE_SCOPE_H
#define WABE_CORE_SCOPE_H

#include "core/container.h"
#include "sys/cgroup.h"

/**
 * wabe_scope_name() - set state.scope and state.scope_slice from linux.cgroupsPath (@wanted, NULL: wabe-ID.scope).
 * -EINVAL: not of the form; names linux.cgroupsPath.
 */
int wabe_scope_name(struct wabe_container *c, const char *wanted, struct wabe_error *err);

/** wabe_scope_start() - make it around the process @pid; state.cgroup is what it got, and c->cgroup is open. */
int wabe_scope_start(struct wabe_container *c, const struct wabe_spec *spec, pid_t pid,
		     struct wabe_error *err);

/**
 * wabe_scope_update() - the properties of new limits and, when there are @rules (all of the container's), of devices. Nothing
 * is asked of systemd where it has none of them.
 */
int wabe_scope_update(struct wabe_container *c, const struct wabe_cgroup_limits *limits,
		      const struct wabe_cgroup_device_rule *rules, size_t rule_count,
		      struct wabe_error *err);

/**
 * wabe_scope_take() - a further process @pid, if it isn't in the scope yet, into @cgroup of it, NULL: where init is. For a user's own
 * service manager: the user's shell is in a session beside that, and between the two nobody but root moves processes (cgroup-v2.rst,
 * "Delegation Containment"); the manager has it done.
 * @is_held_inside: what the caller starts is in the container's pid namespace, the guest's to trace: then -EACCES
 */
int wabe_scope_take(const struct wabe_container *c, const struct wabe_cgroup *cgroup, pid_t pid,
		    bool is_held_inside, struct wabe_error *err);

/** wabe_scope_stop() - end what runs in it, and it. One that is gone is success. */
int wabe_scope_stop(struct wabe_container *c, struct wabe_error *err);

#endif
