/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/activation: what a service manager gave to the caller goes on to the container's process: sockets to listen on
 * (sd_listen_fds(3)) and a socket to say "ready" to (sd_notify(3)). It is no part of the configuration that is kept.
 */
#ifndef WABE_CORE_ACTIVATION_H
#define WABE_CORE_ACTIVATION_H

#include "core/init.h"
#include "base/error.h"

/**
 * wabe_activation_apply() - when init->args ask for it: the directory "notify" in the container's state, and init->spec becomes
 * a copy that mounts it and has the variables. The socket in it is bound at once for `run`, by start else.
 */
int wabe_activation_apply(struct wabe_init *init, struct wabe_error *err);

/** wabe_activation_number() - in the child: LISTEN_PID is its number in its pid namespace. */
void wabe_activation_number(const struct wabe_init *init);

#endif
