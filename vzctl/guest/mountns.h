/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/mountns: a mount namespace of our own in which a guest's root is put together, and the way
 * back.
 *
 * What is mounted in it never shows on the host. It ends when its last process left it; a guest
 * that was started from it has a copy.
 */
#ifndef VZ_GUEST_MOUNTNS_H
#define VZ_GUEST_MOUNTNS_H

#include <errno.h>

#include "base/error.h"

struct vz_mountns {
	int host_fd; /* the namespace we came from; < 0: we are there */
	int cwd_fd;
};

#define VZ_MOUNTNS_INIT        \
	{                      \
		-EBADF, -EBADF \
	}

/**
 * vz_mountns_enter() - go into a new mount namespace; it gets the host's mounts and later changes,
 * the host none of its.
 */
int vz_mountns_enter(struct vz_mountns *ns, struct wabe_error *err);

/**
 * vz_mountns_leave() - back to where we came from, working directory too. Nothing to do when we
 * are there.
 */
int vz_mountns_leave(struct vz_mountns *ns, struct wabe_error *err);

/**
 * vz_mountns_drop() - vz_mountns_leave() for _cleanup_; ends the program when there is no way
 * back.
 */
void vz_mountns_drop(struct vz_mountns *ns);

#endif
