/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/announce: which process it is, for who asked: the pid file and the pidfd socket of create, run and exec.
 */
#ifndef WABE_CORE_ANNOUNCE_H
#define WABE_CORE_ANNOUNCE_H

#include <sys/types.h>

#include "base/error.h"

struct wabe_announce {
	const char *pid_file;	  /* NULL, or where the pid goes, atomically (0644) */
	const char *pidfd_socket; /* NULL, or the unix stream socket that gets the pidfd */
	const char
		*kind; /* the text beside it, as runc's: "standard" for init, "setns" for others */
};

/** wabe_announce() - tell @pid, as the host sees it, and @pidfd, which stays the caller's. 0 or -errno. */
int wabe_announce(const struct wabe_announce *to, pid_t pid, int pidfd, struct wabe_error *err);

/** wabe_announce_undo() - take the pid file away. */
void wabe_announce_undo(const struct wabe_announce *to);

#endif
