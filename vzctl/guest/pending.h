/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/pending: the record of a create in progress, <confdir>/conf/.CTID.creating.
 *
 * It is written before anything else is made and names all that will be, so whoever finds it (and
 * holds the guest's lock, so its writer is dead) can take everything back.
 */
#ifndef VZ_GUEST_PENDING_H
#define VZ_GUEST_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "conf/host.h"

struct vz_pending {
	const char *private, *root; /* absolute, nothing to expand */
	uint32_t uid;		    /* first id of the guest's range, 0 = none */
	const char *name;	    /* whose link may be there already, or NULL */
};

/** vz_pending_exists() - is a create of @ctid unfinished (or running)? */
bool vz_pending_exists(const struct vz_host *host, uint32_t ctid);

/** vz_pending_save() - write it durably. */
int vz_pending_save(const struct vz_host *host, uint32_t ctid, const struct vz_pending *pending,
		    struct wabe_error *err);

/** vz_pending_load() - strings in @arena. -ENOENT when there is none. */
int vz_pending_load(const struct vz_host *host, uint32_t ctid, struct wabe_arena *arena,
		    struct vz_pending *ret_pending, struct wabe_error *err);

/**
 * vz_pending_tidy() - remove what a writer of the record or of the configuration was killed over.
 * Never fails.
 */
void vz_pending_tidy(const struct vz_host *host, uint32_t ctid);

/** vz_pending_drop() - the create is finished or taken back. Idempotent. */
int vz_pending_drop(const struct vz_host *host, uint32_t ctid, struct wabe_error *err);

/** vz_pending_list() - CTIDs of all records, in @arena, in no order. One directory read. */
int vz_pending_list(const struct vz_host *host, struct wabe_arena *arena, uint32_t **ret_ctids,
		    size_t *ret_count, struct wabe_error *err);

#endif
