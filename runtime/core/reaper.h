/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/reaper: a process of the host's that waits for one inside a container in the caller's stead.
 *
 * A container's init, when it ends, waits in the kernel until every process of its pid namespace is reaped (kernel/pid_namespace.c,
 * zap_pid_ns_processes()); one that came in from outside is its parent's to reap. A parent that is stopped, or that sleeps in a
 * write to a terminal nobody reads, would so keep a container from ending for as long as it likes. So that parent is a process
 * that does nothing else: in a session of its own, out of reach of a terminal's signals, with no descriptor open but its socket.
 * It ends with the process that it waits for, and with the caller.
 *
 * To copy the caller's memory for that would be a tenth of what a visit costs, so it shares it (clone(2), CLONE_VM), on a stack of
 * its own. While both run one of them is in a system call: the caller until it is told of the child, from then on the reaper. Its
 * descriptors are its own. Not by SIGCHLD, which tells how the first thread ended, not the process (kernel/signal.c,
 * do_notify_parent()), so that with SA_NOCLDWAIT there is no right status on many kernels.
 */
#ifndef WABE_CORE_REAPER_H
#define WABE_CORE_REAPER_H

#include <sys/types.h>

#include "base/error.h"

struct wabe_reaper {
	pid_t pid; /* a child of the caller; ends with the other's exit status, as a shell counts it. 0: there is none */
	pid_t caller;
	int ours_fd;   /* open: it doesn't reap yet, so that the pid stays the process's */
	int theirs_fd; /* only in the reaper */
	void *stack;
};

#define WABE_REAPER_INIT                               \
	{                                              \
		.ours_fd = -EBADF, .theirs_fd = -EBADF \
	}

/**
 * wabe_reaper_start() - make the reaper, which runs @main with @data. The caller doesn't touch @data nor what it shares with it, and
 * goes on to wabe_reaper_child(). @main copies @data to its own stack, calls wabe_reaper_settle() on the copy, makes its child, which
 * calls wabe_reaper_leave(), and then wabe_reaper_wait(). Single-threaded callers only. 0 or -errno.
 */
int wabe_reaper_start(struct wabe_reaper *reaper, int (*main)(void *data), void *data,
		      struct wabe_error *err);

/** wabe_reaper_settle() - in the reaper, first: out of reach of signals, and gone with the caller. */
void wabe_reaper_settle(struct wabe_reaper *reaper);

/** wabe_reaper_free() - in the caller, when the reaper has been waited for, or was never made. */
void wabe_reaper_free(struct wabe_reaper *reaper);

/** wabe_reaper_leave() - in the reaper's child: nothing of this is its business. */
void wabe_reaper_leave(struct wabe_reaper *reaper);

/** wabe_reaper_wait() - in the reaper: tell the caller of its child @pid (< 0: of *err), wait for it, and exit as it did. */
void wabe_reaper_wait(struct wabe_reaper *reaper, pid_t pid, int pidfd,
		      const struct wabe_error *err) __attribute__((noreturn));

/**
 * wabe_reaper_child() - in the caller: the reaper's child, or its error, with which it is gone.
 * @word_fd: by which the caller is to tell the child to go on; closed on failure
 */
int wabe_reaper_child(struct wabe_reaper *reaper, int *word_fd, pid_t *ret_pid, int *ret_pidfd,
		      struct wabe_error *err);

/** wabe_reaper_release() - all that the caller does by the child's pid is done: from now on it may be reaped. */
void wabe_reaper_release(struct wabe_reaper *reaper);

#endif
