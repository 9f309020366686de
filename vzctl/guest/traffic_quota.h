/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/traffic_quota: how much a guest may send and receive in a month (TRAFFIC_QUOTA), and what happens when it has.
 *
 * The state is <confdir>/traffic/CTID.quota, of guests that have a quota and no others: it is what `vznetstat --quota` finds them by,
 * whatever the number of the others.
 *
 *     SINCE    when the month began, seconds since 1970
 *     BASE     what the guest's total was then, in bytes
 *     DONE     what was done about a quota that is used up: throttle, suspend, none; or ok: it isn't
 *     DOING    yes: that was begun, and may not be finished
 *     EXCUSED  yes: it was started by force after that, and runs until the next month
 */
#ifndef VZ_GUEST_TRAFFIC_QUOTA_H
#define VZ_GUEST_TRAFFIC_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "guest/guest.h"
#include "guest/traffic.h"

/** vz_traffic_quota_is_set() - does the guest's configuration have one? */
bool vz_traffic_quota_is_set(const struct vz_params *params);

/**
 * vz_traffic_quota_month() - when the month that @now is in began (@is_next: when the next one does), 0:00 local time.
 * @day: 1..31, of which shorter months have their last one
 */
int64_t vz_traffic_quota_month(int64_t now, unsigned int day, bool is_next);

/** vz_traffic_quota_rates() - @rates, or what a used up quota leaves of them. Reads the state only of a guest that has a quota. */
struct vz_pair vz_traffic_quota_rates(const struct vz_guest *g, struct vz_pair rates);

/**
 * vz_traffic_quota_may_start() - of a guest that starts: it is looked at from now on. Refuse the start of one that was suspended
 * for this month, kind VZ_EXIT_RESOURCES; or @is_forced, let it run until the next one.
 */
int vz_traffic_quota_may_start(struct vz_guest *g, bool is_forced, struct wabe_error *err);

/**
 * vz_traffic_quota_apply() - see what the guest has used, and do what follows: throttle, suspend, or take that back. The guest is
 * locked, and looked for. Idempotent; the next call finishes what a killed one began.
 * @counters: as for vz_traffic_of()
 */
int vz_traffic_quota_apply(struct vz_guest *g, const struct vz_traffic_counters *counters,
			   struct wabe_error *err);

/**
 * vz_traffic_quota_check() - the same of a guest that nobody has locked: it is only if there is something to do; one that a
 * command is at is left for the next time.
 */
int vz_traffic_quota_check(const struct vz_host *host, uint32_t ctid,
			   const struct vz_traffic_counters *counters, struct wabe_error *err);

/** vz_traffic_quota_list() - guests with a state; in @arena, in no order. */
int vz_traffic_quota_list(const struct vz_host *host, struct wabe_arena *arena,
			  uint32_t **ret_ctids, size_t *ret_count, struct wabe_error *err);

/** vz_traffic_quota_used() - bytes of this month, of a guest whose total is @total. False: it has no state. */
bool vz_traffic_quota_used(const struct vz_host *host, uint32_t ctid,
			   const struct vz_traffic *total, uint64_t *ret_used);

/** vz_traffic_quota_is_due() - would vz_traffic_quota_apply() do anything for a guest with this total? Asked without its lock. */
bool vz_traffic_quota_is_due(struct vz_guest *g, const struct vz_traffic *total);

/** vz_traffic_quota_remove() - forget the state. Never fails. */
void vz_traffic_quota_remove(const struct vz_host *host, uint32_t ctid);

#endif
