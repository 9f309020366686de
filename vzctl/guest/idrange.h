/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/idrange: which 65,536 user ids of the host belong to which guest.
 *
 * A directory holds one symbolic link a range, "<first id / 65536>" -> "<CTID>": made atomically
 * with its content, exclusive by nature, found in O(1). The link "next" is only a hint where to
 * look for a free one. What a guest uses is LOCAL_UID in its configuration; a range without a link
 * to its guest is claimed when the guest starts.
 */
#ifndef WABE_GUEST_IDRANGE_H
#define WABE_GUEST_IDRANGE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "conf/host.h"

#define VZ_IDRANGE_SIZE 65536u

/**
 * The directory <confdir>/uidranges, with the lock that orders allocations; close with
 * vz_idrange_close().
 */
struct vz_idrange {
	uint32_t first, count; /* indexes of ranges that vz_idrange_pick() chooses from: UID_BASE,
				  UID_END of vz.conf */
	int dir_fd;
	int lock_fd;
};

#define VZ_IDRANGE_INIT                             \
	{                                           \
		.dir_fd = -EBADF, .lock_fd = -EBADF \
	}

/**
 * vz_idrange_open() - open (make, 0700) the host's directory.
 * @is_locked: also wait for its lock (at most 10 s, -EWOULDBLOCK), as vz_idrange_pick() needs
 */
int vz_idrange_open(const struct vz_host *host, bool is_locked, struct vz_idrange *ret_ranges,
		    struct wabe_error *err);
void vz_idrange_close(struct vz_idrange *ranges); /* for _cleanup_ */

/**
 * vz_idrange_pick() - first id of a free range; it stays free until it is claimed. -ENOSPC: all
 * are taken.
 */
int vz_idrange_pick(struct vz_idrange *ranges, uint32_t *ret_uid, struct wabe_error *err);

/**
 * vz_idrange_claim() - make [@uid, @uid + 65535] the range of @ctid; it may already be. A @uid that
 * is no multiple of 65536 claims the two aligned ranges that it touches. -EEXIST: another guest has
 * it, the error names that guest. -ERANGE: reaches past the last user id.
 */
int vz_idrange_claim(struct vz_idrange *ranges, uint32_t uid, uint32_t ctid,
		     struct wabe_error *err);

/** vz_idrange_release() - free what of [@uid, @uid + 65535] belongs to @ctid. Idempotent. */
int vz_idrange_release(struct vz_idrange *ranges, uint32_t uid, uint32_t ctid,
		       struct wabe_error *err);

/** vz_idrange_release_all() - free all that belongs to @ctid, found by a look at every range: for a guest that has lost its LOCAL_UID. */
int vz_idrange_release_all(struct vz_idrange *ranges, uint32_t ctid, struct wabe_error *err);

#endif
