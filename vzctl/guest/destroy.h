/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/destroy: removing a guest.
 */
#ifndef VZ_GUEST_DESTROY_H
#define VZ_GUEST_DESTROY_H

#include "base/error.h"
#include "guest/guest.h"

/**
 * vz_guest_destroy() - remove private area, quota, range of ids, VE_ROOT and last the configuration
 * (kept as CTID.conf.destroyed). What is missing already is no error. The guest is locked. Kinds
 * VZ_EXIT_RUNNING, VZ_EXIT_MOUNTED, VZ_EXIT_DELETE.
 */
int vz_guest_destroy(struct vz_guest *g, struct wabe_error *err);

/** vz_destroy_rest() - the same from wherever it was interrupted; g->has_conf is false afterwards.
 */
int vz_destroy_rest(struct vz_guest *g, struct wabe_error *err);

#endif
