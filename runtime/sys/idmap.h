/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/idmap: user and group id maps (user_namespaces(7)).
 */
#ifndef WABE_SYS_IDMAP_H
#define WABE_SYS_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/parse.h"

#define WABE_IDMAP_MAX 340 /* user_namespaces(7): lines in a map file */

/**
 * wabe_idmap_write() - write both maps of process @pid, which has a new user namespace and is dumpable. Once for a process.
 *
 * A caller without CAP_SETUID (CAP_SETGID) may map its own id alone; for more newuidmap(1) and newgidmap(1) are asked, which
 * know /etc/subuid and /etc/subgid. Who maps its own group alone loses setgroups(2) in there: a negative ACL stays negative.
 */
int wabe_idmap_write(pid_t pid, const struct wabe_idmap *uids, size_t uid_count,
		     const struct wabe_idmap *gids, size_t gid_count, struct wabe_error *err);

/**
 * wabe_idmap_userns() - a user namespace with these maps and no process in it, for idmapped mounts.
 * Returns its descriptor or -errno. A short-lived child is made and reaped.
 */
int wabe_idmap_userns(const struct wabe_idmap *uids, size_t uid_count,
		      const struct wabe_idmap *gids, size_t gid_count, struct wabe_error *err);

#endif
