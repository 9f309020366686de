/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/sched: how a process is scheduled: policy, CPUs, I/O priority, memory nodes (sched(7), ioprio_set(2), set_mempolicy(2)).
 *
 * @pid is 0 for the caller. To give another process more than the caller has wants CAP_SYS_NICE in the initial user namespace.
 * -ESRCH: there is no such process.
 */
#ifndef WABE_SYS_SCHED_H
#define WABE_SYS_SCHED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* linux/sched.h, which can't stand beside the C library's */
#define WABE_SCHED_DEADLINE 6
#define WABE_SCHED_RESET_ON_FORK 0x01

struct wabe_sched {
	uint32_t policy;			     /* SCHED_* */
	uint64_t flags;				     /* SCHED_FLAG_* */
	int32_t nice;				     /* -20..19; SCHED_OTHER and SCHED_BATCH */
	uint32_t priority;			     /* 1..99; SCHED_FIFO and SCHED_RR */
	uint64_t runtime_ns, deadline_ns, period_ns; /* SCHED_DEADLINE */
};

/** wabe_sched_set() - sched_setattr(2). */
int wabe_sched_set(pid_t pid, const struct wabe_sched *sched, struct wabe_error *err);

/** wabe_sched_set_io() - ioprio_set(2). @class: IOPRIO_CLASS_*; @priority: 0..7, the highest first */
int wabe_sched_set_io(pid_t pid, int class, int priority, struct wabe_error *err);

/**
 * wabe_sched_set_cpus(), wabe_sched_get_cpus() - sched_setaffinity(2), sched_getaffinity(2).
 * @bits: a bit a CPU; @longs: how many there are (of get: at least as many as the kernel has CPUs for, else -EINVAL)
 * -EINVAL of set: none of the CPUs exists and is allowed by the process's cgroup.
 */
int wabe_sched_set_cpus(pid_t pid, const unsigned long *bits, size_t longs, struct wabe_error *err);
int wabe_sched_get_cpus(pid_t pid, unsigned long *bits, size_t longs, struct wabe_error *err);

/**
 * wabe_sched_set_memory() - set_mempolicy(2), of the caller; it outlasts an execve.
 * @mode: MPOL_* with MPOL_F_*; @bits, @longs: the nodes
 * -ENOSYS: a kernel without NUMA. -EINVAL: none of the nodes exists and is allowed by the cgroup, or the kernel is too old for
 * the mode.
 */
int wabe_sched_set_memory(int mode, const unsigned long *bits, size_t longs,
			  struct wabe_error *err);

#endif
