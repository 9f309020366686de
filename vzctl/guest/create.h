/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/create: making a guest.
 *
 * The order makes a kill at any point harmless: a record of all that will be made (guest/pending.h), range of ids, private
 * area beside its place, VE_ROOT, the configuration, whose appearance makes the guest, and the private area gets its name.
 * Then the record goes.
 */
#ifndef VZ_GUEST_CREATE_H
#define VZ_GUEST_CREATE_H

#include "base/error.h"
#include "guest/area.h"
#include "guest/guest.h"

/**
 * vz_guest_create() - make the guest; all is undone on failure. The guest is locked by
 * vz_guest_lock_new().
 * @sample: as in vz_ctconf_new(); @options: of the command line, or NULL
 * Kinds: VZ_EXIT_BAD_VALUE (reserved id), VZ_EXIT_PRIVATE_AREA_EXISTS (the guest or its private
 * area exists), VZ_EXIT_NO_SPACE, VZ_EXIT_LAYOUT, those of the template and of saving.
 */
int vz_guest_create(struct vz_guest *g, const char *sample, const struct vz_params *options,
		    struct wabe_error *err);

/** What fills the private area of a new guest; g->conf may be changed, it is saved afterwards. */
typedef int vz_create_fill(struct vz_guest *g, const struct vz_area *area, void *data,
			   struct wabe_error *err);

/**
 * vz_guest_create_by() - the same with the configuration in memory (g->conf), and a private area that
 * @fill makes. Errors as vz_guest_create(), and those of @fill.
 * @needs_template: the template is held, and the generation noted
 */
int vz_guest_create_by(struct vz_guest *g, vz_create_fill *fill, void *data, bool needs_template,
		       struct wabe_error *err);

/**
 * vz_create_take_back() - remove what an interrupted create made, by its record; nothing that was
 * written since is lost.
 */
int vz_create_take_back(struct vz_guest *g, struct wabe_error *err);

#endif
