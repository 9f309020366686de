/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/vzubc_store: what vzubc saw at its last look, for -r and -i: LOCKDIR/vzubc.store, which doesn't outlive a boot, as the
 * counters don't.
 */
#ifndef VZ_CMD_VZUBC_STORE_H
#define VZ_CMD_VZUBC_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "conf/host.h"

struct vzubc_store; /* in an arena; close with vzubc_store_close() */

/** vzubc_store_open() - lock and read it; none, or one that can't be read, is empty. 0 or -errno. */
int vzubc_store_open(const struct vz_host *host, struct wabe_arena *arena,
		     struct vzubc_store **ret_store, struct wabe_error *err);

/**
 * vzubc_store_swap() - put in what is held now; returns how much more it is than before (0 at the first look).
 * @failcnt: NULL, or the count of failures, which becomes what came since the last look
 */
int64_t vzubc_store_swap(struct vzubc_store *store, uint32_t ctid, const char *name, uint64_t held,
			 uint64_t *failcnt);

/**
 * vzubc_store_save() - what was put in since it was opened, and what was there before, unless @is_whole: all guests were
 * looked at, the others are gone. 0 or -errno.
 */
int vzubc_store_save(struct vzubc_store *store, bool is_whole, struct wabe_error *err);

/** vzubc_store_close() - unlock; for _cleanup_. */
void vzubc_store_close(struct vzubc_store **store);

/** vzubc_store_clear() - forget all. */
int vzubc_store_clear(const struct vz_host *host, struct wabe_error *err);

#endif
