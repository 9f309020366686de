/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/hooks: programs that run at points of the life cycle (config.md, "POSIX-platform Hooks").
 */
#ifndef WABE_CORE_HOOKS_H
#define WABE_CORE_HOOKS_H

#include "core/container.h"

/**
 * wabe_hooks_run() - run a list in order, each with the state on its standard input; waits for each.
 * @name: "prestart" ..., for errors
 * @status: what the state document says
 * Stops at the first that fails or exceeds its timeout (it is killed then): -ECHILD, -ETIMEDOUT.
 */
int wabe_hooks_run(struct wabe_container *c, const char *name, const struct wabe_list *hooks,
		   enum wabe_status status, struct wabe_error *err);

/** wabe_hooks_input() - what wabe_hooks_run() gives to hooks: a descriptor of the state document, or -errno. */
int wabe_hooks_input(struct wabe_container *c, enum wabe_status status, struct wabe_error *err);

/** wabe_hooks_run_on() - wabe_hooks_run() with an input that was made before. @log: NULL in a container, whose streams aren't ours */
int wabe_hooks_run_on(int input_fd, const char *name, const struct wabe_list *hooks,
		      const struct wabe_log *log, struct wabe_error *err);

/** wabe_hooks_poststop() - run all poststop hooks of a container that is gone; failures are warnings (runtime.md, "Lifecycle"). */
void wabe_hooks_poststop(struct wabe_container *c);

#endif
