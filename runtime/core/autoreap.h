/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/autoreap: a child that the kernel reaps, and how it ended all the same.
 *
 * A container's init, when it ends, waits in the kernel until every process of its pid namespace is reaped (kernel/pid_namespace.c,
 * zap_pid_ns_processes()); one that came in from outside is its parent's to reap. A parent that is stopped, or that sleeps in a
 * write to a terminal nobody reads, would so keep a container from ending for as long as it likes. With SA_NOCLDWAIT the child
 * needn't be reaped, and its status comes with SIGCHLD, which waits for us while it is blocked (sigaction(2)).
 *
 * Of two such signals that wait the kernel keeps one. So this is for a caller without other children; who has some reaps its child
 * itself.
 */
#ifndef WABE_CORE_AUTOREAP_H
#define WABE_CORE_AUTOREAP_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct wabe_autoreap {
	bool is_on;
	pid_t pid;	/* the child; 0: it isn't released yet */
	bool has_ended; /* before it was released; with: */
	int status;
	sigset_t old_mask;
};

/**
 * wabe_autoreap_begin() - before the child is made: SIGCHLD has its default action and is blocked from here to
 * wabe_autoreap_end(). Off when the caller has children.
 */
void wabe_autoreap_begin(struct wabe_autoreap *a);

/** wabe_autoreap_release() - all that is done by the child's pid is done: it may be reaped. Once; nothing when it is off. */
void wabe_autoreap_release(struct wabe_autoreap *a, pid_t pid);

/**
 * wabe_autoreap_ended() - has the child ended? *ret_status is its wait status then.
 * @signal: one that came since the last question; .si_signo 0: none yet
 * Somebody's kill -CHLD in the moment of its end takes the status with it: that counts as exit status 255.
 */
bool wabe_autoreap_ended(const struct wabe_autoreap *a, const siginfo_t *signal, int *ret_status);

/** wabe_autoreap_end() - further children are the caller's to reap. */
void wabe_autoreap_end(struct wabe_autoreap *a);

#endif
