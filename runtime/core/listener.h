/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/listener: SCMP_ACT_NOTIFY: the listener of a filter goes to linux.seccomp.listenerPath (config-linux.md, "Seccomp").
 *
 * Who loads such a filter may be stopped by any later call of its own, even by the one that would pass the listener on. So a
 * process without the filter that shares the descriptors does that.
 */
#ifndef WABE_CORE_LISTENER_H
#define WABE_CORE_LISTENER_H

#include "core/container.h"
#include "sys/seccomp.h"

/**
 * wabe_listener_load() - load the filter into the calling process, the container's.
 * @sock: the child's end of the pair; the creator answers LISTENER on it by wabe_listener_deliver()
 * Returns 0 when the listener, if the filter has one, was passed on, or -errno.
 */
int wabe_listener_load(const struct wabe_seccomp_program *program, int sock,
		       struct wabe_error *err);

/**
 * wabe_listener_deliver() - in the creator: send the container process state and the listener, and let the child go on.
 * @pid: of the process on the host; @status: what the state in the document says; @listener_fd: closed here
 * @sock: the creator's end of the pair
 */
int wabe_listener_deliver(struct wabe_container *c, const struct wabe_spec_seccomp *seccomp,
			  pid_t pid, enum wabe_status status, int *listener_fd, int sock,
			  struct wabe_error *err);

#endif
