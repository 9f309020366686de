/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/console: what happens to a terminal's master on the caller's side.
 */
#ifndef WABE_CORE_CONSOLE_H
#define WABE_CORE_CONSOLE_H

#include "base/error.h"

/**
 * wabe_console_deliver() - send @master_fd to the unix socket @socket_path (one message, SCM_RIGHTS, as containerd and
 * podman expect), or move it to *ret_fd when that is given. *master_fd is taken on success.
 */
int wabe_console_deliver(const char *socket_path, int *ret_fd, int *master_fd,
			 struct wabe_error *err);

#endif
