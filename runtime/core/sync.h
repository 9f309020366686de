/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/sync: the messages between a creator and the process that becomes the container's.
 *
 * One seqpacket socket pair. End of file means that the other side died: the child then exits, the creator undoes.
 *
 *     creator                          child
 *     SOURCE + descriptor           ->  of each plain bind mount, in order; taken when the child is at that mount
 *     NETNS + descriptor            ->  entered before the first mount that shows the network
 *     GO (maps, cgroup done)        ->
 *                                   <- CONSOLE + descriptor, when there is a terminal
 *                                   <- LISTENER + descriptor, when the filter has one
 *     GO (it was passed on)         ->
 *                                   <- HOOKS, when there are prestart or createRuntime hooks: all mounts are made
 *     GO (they ran)                 ->  createContainer hooks, pivot_root
 *                                   <- READY, or ERROR with the struct
 *     COMMIT (state is written)     ->  waits on the start socket
 *     START                         ->  startContainer hooks
 *                                   <- SCHEDULE, when its scheduler lets nobody fork: see wabe_attributes_finish()
 *     GO (it is set)                ->  execve; end of file on the other side is its success, ERROR its failure
 *
 * START comes by the start socket after `create`, by the pair itself (in place of COMMIT) for `run` and `exec`.
 */
#ifndef WABE_CORE_SYNC_H
#define WABE_CORE_SYNC_H

#include <sys/types.h>

#include "base/error.h"

enum wabe_sync_kind {
	WABE_SYNC_EOF,
	WABE_SYNC_SOURCE,
	WABE_SYNC_NETNS,
	WABE_SYNC_GO,
	WABE_SYNC_CONSOLE,
	WABE_SYNC_LISTENER,
	WABE_SYNC_HOOKS,
	WABE_SYNC_READY,
	WABE_SYNC_COMMIT,
	WABE_SYNC_START,
	WABE_SYNC_SCHEDULE,
	WABE_SYNC_ERROR,
	WABE_SYNC_KIND_MAX,
};

/** wabe_sync_pair() - both ends, close-on-exec. */
int wabe_sync_pair(int *ret_ours, int *ret_theirs, struct wabe_error *err);

/** wabe_sync_send() - a message of @kind, with a descriptor when @fd >= 0. -EPIPE: the peer has ended. */
int wabe_sync_send(int sock, enum wabe_sync_kind kind, int fd, struct wabe_error *err);

/** wabe_sync_send_error() - ERROR with @what; failures are of no interest, the peer sees end of file then. */
void wabe_sync_send_error(int sock, const struct wabe_error *what);

/**
 * wabe_sync_receive() - the next message.
 * @ret_fd: NULL, or where its descriptor goes
 * Returns enum wabe_sync_kind (EOF for end of file), or -errno: an ERROR message becomes *err and its code.
 */
int wabe_sync_receive(int sock, int *ret_fd, struct wabe_error *err);

/** wabe_sync_expect() - the next message must be @kind; end of file is -EPIPE "ended unexpectedly". */
int wabe_sync_expect(int sock, enum wabe_sync_kind kind, struct wabe_error *err);

/** wabe_sync_send_child() - a child that the sender made for its creator: @pid (< 0: *err instead) and @pidfd. 0 or -errno. */
int wabe_sync_send_child(int sock, pid_t pid, int pidfd, const struct wabe_error *err);

/** wabe_sync_receive_child() - the same on the other side: its pid and a descriptor of it, or the sender's error; -EIO: it died. */
int wabe_sync_receive_child(int sock, pid_t *ret_pid, int *ret_pidfd, struct wabe_error *err);

/**
 * wabe_sync_end_stage() - the last thing of a stage: a process that enters namespaces which its sister, the real child, shall be
 * born in. Hands the sister's @pid (< 0: *err instead) and @pidfd over @sock to the creator, and exits.
 */
void wabe_sync_end_stage(int sock, pid_t pid, int pidfd, const struct wabe_error *err)
	__attribute__((noreturn));

/** wabe_sync_staged() - reap the stage that *pid and *pidfd name and make them those of its sister. */
int wabe_sync_staged(int sock, pid_t *pid, int *pidfd, struct wabe_error *err);

#endif
