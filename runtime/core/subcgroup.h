/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/subcgroup: cgroups below a container's that exec's caller chooses for a process. They have to exist: whoever made them
 * removes them, or the container's end does.
 */
#ifndef WABE_CORE_SUBCGROUP_H
#define WABE_CORE_SUBCGROUP_H

#include "core/container.h"
#include "base/error.h"

/**
 * wabe_subcgroup_open() - the one for all hierarchies, if @args has one; *ret_cgroup is left alone else. The container's cgroup
 * is open.
 */
int wabe_subcgroup_open(const struct wabe_container *c, const struct wabe_exec_args *args,
			struct wabe_cgroup **ret_cgroup, struct wabe_error *err);

/** wabe_subcgroup_attach() - @pid to those of single hierarchies. */
int wabe_subcgroup_attach(const struct wabe_container *c, const struct wabe_exec_args *args,
			  pid_t pid, struct wabe_error *err);

#endif
