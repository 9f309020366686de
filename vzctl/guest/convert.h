/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/convert: another layout for a guest that is down.
 *
 * The new private area is made beside the old one and takes its place together with the configuration (vz_area_replace()): a kill
 * at any point leaves the guest with one of the two, whole. Files keep owners, attributes and hard links. Into "overlay" only
 * what differs from the template is taken.
 */
#ifndef VZ_GUEST_CONVERT_H
#define VZ_GUEST_CONVERT_H

#include "base/error.h"
#include "guest/guest.h"

/**
 * vz_guest_convert() - @name: the layout's. The guest is locked. A guest that has it already is left as it is.
 * Kinds VZ_EXIT_LAYOUT, VZ_EXIT_RUNNING, VZ_EXIT_MOUNTED, VZ_EXIT_NO_SPACE, VZ_EXIT_CREATE_PRIVATE, those of the layout's check
 * and of the template.
 */
int vz_guest_convert(struct vz_guest *g, const char *name, struct wabe_error *err);

/**
 * vz_guest_rebuild() - the same layout, made anew as the guest is configured in memory, which is saved with it. For a guest that
 * is down.
 */
int vz_guest_rebuild(struct vz_guest *g, struct wabe_error *err);

#endif
