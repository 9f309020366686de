/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/freeze: a running guest stands still while its files are copied: what is copied is what a
 * power cut at that moment would have left.
 *
 * A small process watches over it: when the command is killed it thaws the guest at once.
 */
#ifndef VZ_GUEST_FREEZE_H
#define VZ_GUEST_FREEZE_H

#include <errno.h>

#include "base/error.h"
#include "guest/guest.h"

struct vz_freeze {
	struct vz_guest *g; /* NULL: nothing is frozen by us */
	pid_t guard;
	int pipe_fd;
};

#define VZ_FREEZE_INIT            \
	{                         \
		.pipe_fd = -EBADF \
	}

/** vz_freeze_begin() - freeze the guest when it runs; one that is frozen already stays so. */
int vz_freeze_begin(struct vz_guest *g, struct vz_freeze *freeze, struct wabe_error *err);

/** vz_freeze_end() - thaw what was frozen. Idempotent; for _cleanup_. Never fails. */
void vz_freeze_end(struct vz_freeze *freeze);

#endif
