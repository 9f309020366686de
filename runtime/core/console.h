/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/console: what happens to a terminal's master on the caller's side.
 */
#ifndef WABE_CORE_CONSOLE_H
#define WABE_CORE_CONSOLE_H

#include <sys/types.h>

#include "base/error.h"
#include "wabe.h"

/**
 * wabe_console_deliver() - send @master_fd to the unix socket @socket_path (one message, SCM_RIGHTS, as containerd and
 * podman expect), or move it to *ret_fd when that is given. *master_fd is taken on success.
 */
int wabe_console_deliver(const char *socket_path, int *ret_fd, int *master_fd,
			 struct wabe_error *err);

/**
 * wabe_console_follow() - wabe_container_relay() for a process whose end another one waits for: @pid is that one, a child of ours that
 * ends with its exit status; signals go to @target_fd, a pidfd. < 0: they are the same process.
 */
int wabe_console_follow(pid_t pid, int target_fd, int console_fd, struct wabe_error *err);

#endif
