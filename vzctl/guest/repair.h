/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/repair: finishing or taking back what a killed command left. Runs under the guest's lock,
 * before each verb that takes it, and costs a handful of system calls when there is nothing to do.
 */
#ifndef VZ_GUEST_REPAIR_H
#define VZ_GUEST_REPAIR_H

#include <stdbool.h>

#include "base/error.h"
#include "guest/guest.h"

/** vz_repair_is_pending() - is there the record of an unfinished create? */
bool vz_repair_is_pending(const struct vz_guest *g);

/**
 * vz_repair_create() - finish an interrupted create that had its configuration already, else take
 * all of it back.
 */
int vz_repair_create(struct vz_guest *g, struct wabe_error *err);

/**
 * vz_repair_container() - vz_guest_find(), and what is left of a container that isn't running is removed.
 */
int vz_repair_container(struct vz_guest *g, struct wabe_error *err);

/**
 * vz_repair() - with the configuration loaded: finish an interrupted destroy (the configuration is
 * then gone: g->has_conf false), remove the container of a guest that is not running, bring VE_ROOT
 * in line, finish or take back an exchange of the private area (the configuration has to be loaded again: g->has_conf false).
 */
int vz_repair(struct vz_guest *g, struct wabe_error *err);

#endif
