/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/notify: the container's side of the public functions on struct wabe_notify (wabe.h). */
#ifndef WABE_CORE_NOTIFY_H
#define WABE_CORE_NOTIFY_H

#include <stdbool.h>

#include "core/container.h"
#include "base/error.h"

#define WABE_NOTIFY_DIRECTORY "notify" /* in the state directory */
#define WABE_NOTIFY_SOCKET "notify.sock"

/** wabe_notify_make() - the directory that the container gets; with @is_bound the socket in it too, as c->notify_fd. */
int wabe_notify_make(struct wabe_container *c, bool is_bound, struct wabe_error *err);

#endif
