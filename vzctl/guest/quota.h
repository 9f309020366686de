/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/quota: the guest's disk quota: project id = CTID on its private area, limits from DISKSPACE
 * and DISKINODES, how long a soft one may be exceeded from QUOTATIME.
 *
 * Where the filesystem has no project quota the guest runs without, and one warning says why.
 */
#ifndef VZ_GUEST_QUOTA_H
#define VZ_GUEST_QUOTA_H

#include "base/error.h"
#include "guest/area.h"
#include "guest/guest.h"

/** vz_quota_is_wanted() - DISK_QUOTA of the guest, else of the host. */
bool vz_quota_is_wanted(const struct vz_guest *g);

/** vz_quota_has_limits() - is any of the four set? */
bool vz_quota_has_limits(const struct wabe_quota_limits *limits);

/** vz_quota_limits() - DISKSPACE and DISKINODES; 0: no limit. */
struct wabe_quota_limits vz_quota_limits(const struct vz_guest *g);

/**
 * vz_quota_prepare() - give a new, empty private area its project, so that all made in it belongs
 * to it. Does nothing, silently, where there is no project quota or DISK_QUOTA=no.
 */
int vz_quota_prepare(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err);

/**
 * vz_quota_apply() - put the configured limits in force, for a running guest too. A private area
 * that has no project yet (it came from another host) gets it, file by file. A filesystem without
 * project quota is a warning when limits are configured, no error. Kind VZ_EXIT_QUOTA_SET.
 */
int vz_quota_apply(struct vz_guest *g, const struct vz_area *area, struct wabe_error *err);

/** vz_quota_say_no_owners() - a warning when QUOTAUGIDLIMIT is set, for a layout that has no such quota. */
void vz_quota_say_no_owners(const struct vz_guest *g);

/** vz_quota_usage() - what the project uses. 0, -errno; -ENOENT: nothing is counted. */
int vz_quota_usage(uint32_t ctid, int area_fd, struct wabe_quota_usage *ret_usage);

/**
 * vz_quota_drop() - forget the project's limits. Never fails. Call it while the private area is
 * still there.
 */
void vz_quota_drop(const struct vz_guest *g, const struct vz_area *area);

#endif
