/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/validate: vzcfgvalidate(8)'s rules at a start and at a change, as VALIDATE_MODE of vz.conf says.
 */
#ifndef VZ_GUEST_VALIDATE_H
#define VZ_GUEST_VALIDATE_H

#include "base/error.h"
#include "guest/guest.h"

/**
 * vz_guest_validate() - check the loaded configuration: warnings to the log, what can be mended in memory (mode "fix").
 * -EINVAL, kind VZ_EXIT_VALIDATE: mode "error", and something doesn't fit.
 */
int vz_guest_validate(struct vz_guest *g, struct wabe_error *err);

#endif
