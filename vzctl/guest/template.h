/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/template: the template that a guest is made of (OSTEMPLATE), in the host's store.
 */
#ifndef VZ_GUEST_TEMPLATE_H
#define VZ_GUEST_TEMPLATE_H

#include <limits.h>

#include "base/clock.h"
#include "base/error.h"
#include "guest/guest.h"

/** The key of CTID.conf that keeps which generation of the template the guest was made of. */
#define VZ_GUEST_GENERATION_KEY "TEMPLATE_CREATED"

/**
 * vz_guest_template_hold() - keep the guest's generation of its template, or, when it has none yet,
 * the current one, from being removed until the descriptor is closed.
 * @ret_created: NULL, or which generation that is
 * Kinds VZ_EXIT_NO_OSTEMPLATE, VZ_EXIT_NO_TEMPLATE_DIR, VZ_EXIT_NO_TEMPLATE.
 */
int vz_guest_template_hold(const struct vz_guest *g, char ret_created[WABE_CLOCK_TEXT_MAX],
			   struct wabe_error *err);

/**
 * vz_guest_template_fd() - the tree of the guest's generation, O_PATH, in the caller's mount
 * namespace; errors as above.
 */
int vz_guest_template_fd(const struct vz_guest *g, struct wabe_error *err);

/** vz_guest_template_path() - the path of that tree; errors as above. */
int vz_guest_template_path(const struct vz_guest *g, char path[PATH_MAX], struct wabe_error *err);

/**
 * vz_guest_template_generation() - which generation the guest gets: its own, or the current one of
 * its OSTEMPLATE (@is_current, or when its own is not in the store). A guest keeps it, because its
 * private area fits that tree and no other of the same name.
 */
int vz_guest_template_generation(const struct vz_guest *g, bool is_current,
				 char ret_created[WABE_CLOCK_TEXT_MAX], struct wabe_error *err);

#endif
