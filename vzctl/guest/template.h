/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/template: the template that a guest is made of (OSTEMPLATE), in the host's store.
 */
#ifndef VZ_GUEST_TEMPLATE_H
#define VZ_GUEST_TEMPLATE_H

#include <limits.h>

#include "base/error.h"
#include "guest/guest.h"

/**
 * vz_guest_template_hold() - keep the guest's template from being removed, until the descriptor is
 * closed. Kinds VZ_EXIT_NO_OSTEMPLATE, VZ_EXIT_NO_TEMPLATE_DIR, VZ_EXIT_NO_TEMPLATE.
 */
int vz_guest_template_hold(const struct vz_guest *g, struct wabe_error *err);

/** vz_guest_template_fd() - its tree, O_PATH, in the caller's mount namespace; errors as above. */
int vz_guest_template_fd(const struct vz_guest *g, struct wabe_error *err);

/** vz_guest_template_path() - the path of its tree; errors as above. */
int vz_guest_template_path(const struct vz_guest *g, char path[PATH_MAX], struct wabe_error *err);

/**
 * vz_guest_template_created() - when the template was made (meta.json): its generation. A guest
 * keeps it (TEMPLATE_CREATED), because its private area fits that tree and no other of the same
 * name.
 */
int vz_guest_template_created(const struct vz_guest *g, struct wabe_arena *arena,
			      const char **ret_created, struct wabe_error *err);

#endif
