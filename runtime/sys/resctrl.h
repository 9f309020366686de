/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/resctrl: classes of service of caches and memory bandwidth (the kernel's Documentation/filesystems/resctrl.rst).
 *
 * All take the descriptor of the file system's root, so that they work on a directory of plain files too, for tests.
 */
#ifndef WABE_SYS_RESCTRL_H
#define WABE_SYS_RESCTRL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/** wabe_resctrl_open() - descriptor of the mounted file system's root; -ENOTSUP: none is mounted. */
int wabe_resctrl_open(struct wabe_error *err);

/** wabe_resctrl_is_name() - can a group have this name? One component, none of the kernel's own. */
bool wabe_resctrl_is_name(const char *name);

/**
 * wabe_resctrl_make() - the group @name, with parents that are there ("a", "a/mon_groups/b").
 * 1: made, 0: it was there, -ENOSPC: the processor has no more classes, or -errno.
 */
int wabe_resctrl_make(int root_fd, const char *name, struct wabe_error *err);

/** wabe_resctrl_has() - is there a group @name? */
bool wabe_resctrl_has(int root_fd, const char *name);

/** wabe_resctrl_write() - lines to the group's schemata; the error has what the kernel says of them. */
int wabe_resctrl_write(int root_fd, const char *name, const char *schemata, struct wabe_error *err);

/**
 * wabe_resctrl_compare() - does the group's schemata file have each value of the lines of @schemata? Values are compared as
 * numbers. 0, -EEXIST: it has another one, or -errno.
 */
int wabe_resctrl_compare(int root_fd, const char *name, const char *schemata,
			 struct wabe_error *err);

/** wabe_resctrl_attach() - process @pid (host pid) into the group; those that it forks from then on follow it. */
int wabe_resctrl_attach(int root_fd, const char *name, pid_t pid, struct wabe_error *err);

/** wabe_resctrl_is_empty() - is it known that no process is in the group? */
bool wabe_resctrl_is_empty(int root_fd, const char *name);

/** wabe_resctrl_remove() - its processes go back to the group above. A missing one is success. */
int wabe_resctrl_remove(int root_fd, const char *name, struct wabe_error *err);

#endif
