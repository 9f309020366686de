/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/start: bringing a guest up.
 */
#ifndef VZ_GUEST_START_H
#define VZ_GUEST_START_H

#include <stdbool.h>

#include "base/error.h"
#include "guest/guest.h"

struct vz_start_options {
	bool is_forced;	  /* although DISABLED=yes */
	bool is_waiting;  /* until its init says that it is up */
	bool skips_check; /* mount a file system that is marked as damaged without e2fsck */
};

/**
 * vz_guest_may_start() - does its configuration let it? Asked before a restart too, which must not
 * leave it down. Kinds: VZ_EXIT_DISABLED, VZ_EXIT_VALIDATE, those of vz_guest_need_paths().
 */
int vz_guest_may_start(struct vz_guest *g, const struct vz_start_options *options,
		       struct wabe_error *err);

/**
 * vz_guest_start() - mount, make the container, run init. The guest is locked.
 * Every step is undone on failure. Kinds: VZ_EXIT_RUNNING, VZ_EXIT_DISABLED, VZ_EXIT_BROKEN_CT,
 * VZ_EXIT_ACTION_SCRIPT, VZ_EXIT_WAIT (it runs, but was not up in time), those of vz_guest_check(),
 * else VZ_EXIT_ENV_CREATE.
 */
int vz_guest_start(struct vz_guest *g, const struct vz_start_options *options,
		   struct wabe_error *err);

/**
 * vz_borrow_begin() - for a guest that is down: its namespaces, root and confinement with a process
 * that waits for ever, so that the calls of guest/run.h can be made; its init is not run, no action
 * scripts, no link at VE_ROOT. The guest is locked. vz_borrow_end() - take it away again.
 */
int vz_borrow_begin(struct vz_guest *g, struct wabe_error *err);
int vz_borrow_end(struct vz_guest *g, struct wabe_error *err);

/**
 * vz_borrow_call() - @call(g, data, err) with g->container there: the running guest's, else a
 * borrowed one. Returns what it returned, or -errno.
 */
int vz_borrow_call(struct vz_guest *g,
		   int (*call)(struct vz_guest *g, void *data, struct wabe_error *err), void *data,
		   struct wabe_error *err);

#endif
