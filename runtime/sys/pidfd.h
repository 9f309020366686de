/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/pidfd: processes by descriptor, and by pid plus start time where a descriptor can't be kept.
 */
#ifndef WABE_SYS_PIDFD_H
#define WABE_SYS_PIDFD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/** wabe_pidfd_start_time() - field 22 of /proc/PID/stat, clock ticks since boot (proc(5)); *ret_is_zombie for state Z or X. -ESRCH. */
int wabe_pidfd_start_time(pid_t pid, uint64_t *ret_ticks, bool *ret_is_zombie,
			  struct wabe_error *err);

/**
 * wabe_pidfd_zombie_status() - the wait status of a process that has ended and is not reaped yet, by field 52 of /proc/PID/stat.
 * Linux 6.18 has what the parent is told there, older ones (6.1) the last thread's. -ESRCH: reaped, or not ended; -EPERM.
 */
int wabe_pidfd_zombie_status(pid_t pid, uint64_t start_ticks, int *ret_wait_status,
			     struct wabe_error *err);

/**
 * wabe_pidfd_ticks() - now, on the clock of start times: who was born between two equal answers has that start time, and needs
 * no look into /proc, which would stay in the kernel's caches for as long as the process lives.
 */
uint64_t wabe_pidfd_ticks(void);

/**
 * wabe_pidfd_open() - pidfd of the very process that had @start_ticks: opened first, then compared, so that a reused
 * pid is never taken for it. -ESRCH when it is gone (or a zombie).
 */
int wabe_pidfd_open(pid_t pid, uint64_t start_ticks, struct wabe_error *err);

/** wabe_pidfd_signal() - pidfd_send_signal(2). */
int wabe_pidfd_signal(int pidfd, int signal, struct wabe_error *err);

/** wabe_pidfd_wait() - wait until it ended; @timeout_ms < 0 = for ever. 0 or -ETIMEDOUT. */
int wabe_pidfd_wait(int pidfd, int timeout_ms, struct wabe_error *err);

/** wabe_pidfd_shell_status() - a wait status as a shell counts it: 0..255, 128 + signal. */
int wabe_pidfd_shell_status(int wait_status);

/** wabe_pidfd_reap() - waitpid(2) of a child until it ended; the wait status, or -errno. */
int wabe_pidfd_reap(pid_t pid, int *ret_wait_status, struct wabe_error *err);

#endif
