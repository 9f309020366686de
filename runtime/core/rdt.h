/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/rdt: linux.intelRdt, a container's class of service in resctrl (config-linux.md, "IntelRdt").
 *
 * The class is the group closID, or one named as the container; monitoring is a group mon_groups/ID in it. What was made for
 * the container is noted in its state and goes with it.
 */
#ifndef WABE_CORE_RDT_H
#define WABE_CORE_RDT_H

#include "core/container.h"

/**
 * wabe_rdt_join() - process @pid of a container into its class, which is made or compared as the specification says.
 * What is going to be made is noted in state.json before it is, so that whoever is killed leaves nothing that delete doesn't
 * find. Errors name linux.intelRdt; -ENOTSUP: no resctrl. What was made is undone by wabe_rdt_leave().
 */
int wabe_rdt_join(struct wabe_container *c, const struct wabe_spec_rdt *rdt, pid_t pid,
		  struct wabe_error *err);

/** wabe_rdt_write() - the schemata of @rdt to the class that the container has. */
int wabe_rdt_write(struct wabe_container *c, const struct wabe_spec_rdt *rdt,
		   struct wabe_error *err);

/** wabe_rdt_is_there() - is the class that is noted in the state there? */
bool wabe_rdt_is_there(const struct wabe_container *c);

/** wabe_rdt_attach() - a further process of a container that has a class. Nothing to do without one. */
int wabe_rdt_attach(struct wabe_container *c, pid_t pid, struct wabe_error *err);

/**
 * wabe_rdt_leave() - remove what was made for it, and forget it. Of a container whose create didn't end only what nobody is in:
 * its class may have been noted and not made, and be somebody else's by now.
 */
int wabe_rdt_leave(struct wabe_container *c, struct wabe_error *err);

/** wabe_rdt_join_in(), wabe_rdt_leave_in() - the same in the file system at @root_fd. */
int wabe_rdt_join_in(int root_fd, struct wabe_container *c, const struct wabe_spec_rdt *rdt,
		     pid_t pid, struct wabe_error *err);
int wabe_rdt_leave_in(int root_fd, struct wabe_container *c, struct wabe_error *err);

#endif
