/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/quota_switch: vzctl quotaon, quotaoff and quotainit: the guest's project quota by hand.
 */
#ifndef VZ_GUEST_QUOTA_SWITCH_H
#define VZ_GUEST_QUOTA_SWITCH_H

#include "base/error.h"
#include "guest/guest.h"

/**
 * vz_quota_switch_on() - put the configured limits in force, until they are switched off; a start does the same. Kinds
 * VZ_EXIT_QUOTA_RUNNING (they are), VZ_EXIT_NO_DISKSPACE, VZ_EXIT_NO_DISKINODES, VZ_EXIT_QUOTA_SET.
 */
int vz_quota_switch_on(struct vz_guest *g, struct wabe_error *err);

/** vz_quota_switch_off() - no limits until the next start or quotaon; use is still counted. Kind VZ_EXIT_QUOTA_OFF. */
int vz_quota_switch_off(struct vz_guest *g, struct wabe_error *err);

/**
 * vz_quota_switch_init() - count anew: every file of the private area gets the guest's project. Limits must be off. Kinds
 * VZ_EXIT_QUOTA_RUNNING, VZ_EXIT_QUOTA_INIT, VZ_EXIT_QUOTA_USAGE.
 */
int vz_quota_switch_init(struct vz_guest *g, struct wabe_error *err);

#endif
