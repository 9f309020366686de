/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/export: a guest's tree as the tree of a template.
 */
#ifndef VZ_GUEST_EXPORT_H
#define VZ_GUEST_EXPORT_H

#include <stdbool.h>

#include "base/error.h"
#include "guest/guest.h"

/**
 * vz_guest_export() - copy all that the guest sees of its root into a directory, without what makes
 * it this guest (guest/identity.h). One that runs is frozen meanwhile. The guest is locked.
 * @to_fd: an empty directory
 * @ret_needs_keys: guests of this tree need SSH keys at their first start
 * Kinds as vz_guest_check(), VZ_EXIT_RUNNING (its layout can't be read while it runs).
 */
int vz_guest_export(struct vz_guest *g, int to_fd, bool *ret_needs_keys, struct wabe_error *err);

#endif
