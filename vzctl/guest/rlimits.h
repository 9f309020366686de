/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/rlimits: what setrlimit(2) allows a guest's first process, and so all of them: the same whoever starts the guest,
 * from whatever shell. The guest's cgroup is what holds it to account.
 */
#ifndef VZ_GUEST_RLIMITS_H
#define VZ_GUEST_RLIMITS_H

#include "spec/model.h"

/** vz_rlimits_set() - fill @spec's process.rlimits, in its arena. 0 or -ENOMEM. */
int vz_rlimits_set(struct wabe_spec *spec);

#endif
