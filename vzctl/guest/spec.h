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

#endif
