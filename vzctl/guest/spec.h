/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/spec: a guest's parameters as the OCI configuration that libwabe runs.
 */
#ifndef VZ_GUEST_SPEC_H
#define VZ_GUEST_SPEC_H

#include "base/error.h"
#include "guest/guest.h"
#include "guest/init.h"

/**
 * vz_spec_build() - namespaces, id maps, mounts, limits, confinement and process of the guest.
 * @init: the program that becomes process 1: absolute path in the guest
 * @kind: of that program
 * @ret_spec: zeroed by the caller, freed by wabe_spec_free(), on failure too
 */
int vz_spec_build(const struct vz_guest *g, const char *init, enum vz_init_kind kind,
		  struct wabe_spec *spec, struct wabe_error *err);

/**
 * vz_spec_environment() - PATH, HOME and the like, nothing of the host's; @term NULL: "linux".
 * Appended. 0 or -ENOMEM.
 */
int vz_spec_environment(struct wabe_strv *env, struct wabe_arena *arena, const char *term);

/**
 * vz_spec_add_mount() - one more mount, behind the others.
 * @options: separated by commas; texts are copied. 0 or -ENOMEM.
 */
int vz_spec_add_mount(struct wabe_spec *spec, const char *type, const char *source,
		      const char *destination, const char *options);

#endif
