/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/steps: work that is done row by row, and undone from where it failed.
 */
#ifndef VZ_GUEST_STEPS_H
#define VZ_GUEST_STEPS_H

#include <stddef.h>

#include "base/error.h"

/**
 * One row. @undo takes back what a successful @apply did; NULL: nothing to take back. A failed
 * apply leaves nothing.
 */
struct vz_step {
	const char *name; /* for people who read the table */
	int (*apply)(void *data, struct wabe_error *err);
	void (*undo)(void *data);
};

/**
 * vz_steps_run() - apply all, or fail with the first error after undoing the rows before it in
 * reverse order.
 */
int vz_steps_run(const struct vz_step *steps, size_t count, void *data, struct wabe_error *err);

#endif
