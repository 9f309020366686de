/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/mount: a stopped guest's root on the host, at VE_ROOT.
 */
#ifndef VZ_GUEST_MOUNT_H
#define VZ_GUEST_MOUNT_H

#include <stdbool.h>

#include "base/error.h"
#include "guest/guest.h"

/**
 * vz_guest_check() - can this guest's root be put together: paths, layout, private area, template?
 * Kinds as vz_guest_need_paths(), VZ_EXIT_LAYOUT, VZ_EXIT_NO_PRIVATE_AREA, VZ_EXIT_NO_TEMPLATE and
 * so on.
 */
int vz_guest_check(const struct vz_guest *g, struct wabe_error *err);

/**
 * vz_guest_claim_ids() - make sure that no other guest has the ids of this one (a copied or moved
 * configuration).
 */
int vz_guest_claim_ids(const struct vz_guest *g, struct wabe_error *err);

/**
 * vz_guest_mount() - mount on the host. The guest is locked and not running.
 * @has_scripts: run the premount and mount scripts
 * Kind VZ_EXIT_MOUNTED when it is mounted already.
 */
int vz_guest_mount(struct vz_guest *g, bool has_scripts, struct wabe_error *err);

/**
 * vz_guest_umount() - undo it; umount and postumount scripts run. Kinds VZ_EXIT_NOT_MOUNTED,
 * VZ_EXIT_RUNNING, VZ_EXIT_UMOUNT (busy).
 */
int vz_guest_umount(struct vz_guest *g, struct wabe_error *err);

/** vz_guest_is_mounted() - is it mounted on the host (not: running)? */
bool vz_guest_is_mounted(const struct vz_guest *g);

#endif
