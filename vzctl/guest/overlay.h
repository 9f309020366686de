/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/overlay: layout "overlay": the template's tree below, the guest's own files above.
 *
 *     <VE_PRIVATE>/        0700, root's: setuid files in it are out of reach for the host's users
 *     <VE_PRIVATE>/fs/     the guest's files (upper directory)
 *     <VE_PRIVATE>/work/   overlayfs' own
 *
 * Both trees are mounted idmapped, so that owners on disk are the guest's own ids: creating a guest
 * changes no owner, and a private area can move to another range or host as it is.
 */
#ifndef VZ_GUEST_OVERLAY_H
#define VZ_GUEST_OVERLAY_H

#include <stdbool.h>

#include "base/error.h"
#include "guest/guest.h"

/**
 * vz_overlay_create() - make a fresh private area (12 KB on ext4).
 * @ret_was_made: true as soon as there is something to take back, on failure too
 * Kind VZ_EXIT_PRIVATE_AREA_EXISTS when something is at VE_PRIVATE already, else
 * VZ_EXIT_CREATE_PRIVATE or VZ_EXIT_NO_SPACE.
 */
int vz_overlay_create(const struct vz_guest *g, bool *ret_was_made, struct wabe_error *err);

/**
 * vz_overlay_remove_fresh() - take back a private area in which nothing was written yet; anything
 * else is left alone.
 */
void vz_overlay_remove_fresh(const char *private);

/** vz_overlay_is_removed() - was a removal begun, and not finished? */
bool vz_overlay_is_removed(const char *private);

/**
 * vz_overlay_remove() - remove the private area with all in it; finishes a removal that was begun.
 * Idempotent.
 */
int vz_overlay_remove(const char *private, struct wabe_error *err);

/**
 * vz_overlay_mount() - make the mount of template and private area; it is attached nowhere yet.
 * Where: in a mount namespace of the caller's own (guest/mountns.h): both trees are attached over
 * themselves on the way.
 * @is_for_host: nosuid and nodev, for a mount that host users may reach
 * Returns the descriptor of the mount, or -errno (kinds VZ_EXIT_MOUNT, VZ_EXIT_NO_TEMPLATE,
 * VZ_EXIT_NO_PRIVATE_AREA).
 */
int vz_overlay_mount(const struct vz_guest *g, bool is_for_host, struct wabe_error *err);

#endif
