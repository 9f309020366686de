/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/home: the variable HOME of a process whose configuration has none. runc and crun set it by the container's
 * /etc/passwd, and engines leave it to them: neither dockerd nor containerd puts it into config.json.
 */
#ifndef WABE_CORE_HOME_H
#define WABE_CORE_HOME_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

#define WABE_HOME_MAX 1024 /* longest home that is taken, with its NUL */

/**
 * wabe_home_read() - the home of @uid in the file of the form of passwd(5) at @fd, into @home (WABE_HOME_MAX bytes). The file is the
 * guest's, who may have put anything there: no more than 1 MiB of it is read, and lines above 4 KiB are passed over.
 * 0, or -ENOENT: no such line, or one without an absolute home; *@home is untouched then.
 */
int wabe_home_read(int fd, uint32_t uid, char *home);

/**
 * wabe_home_env() - the environment for execve(2): @env's, and where it has no HOME, or an empty one, that of @uid by /etc/passwd or
 * else "/". Nothing is read where there is one. To be called by the process itself, with its own rights alone: it opens nothing
 * that its program couldn't. *ret_env is @env's, or on the heap, until the execve. 0 or -ENOMEM.
 */
int wabe_home_env(const struct wabe_strv *env, uint32_t uid, char ***ret_env,
		  struct wabe_error *err);

#endif
