// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/sched: how a process is scheduled; see sched.h. */
#include "sys/sched.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* sched_setattr(2): the first version, 48 bytes; C libraries have it since glibc 2.41 only. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int refused(int code, const struct wabe_sched *sched, struct wabe_error *err)
{
	if (code == -EBUSY)
		return wabe_error_say(
			err, code,
			"the CPUs have not that much time left for SCHED_DEADLINE (sched(7))");
	if (code == -EPERM && sched->policy == WABE_SCHED_DEADLINE)
		return wabe_error_say(
			err, code,
			"set SCHED_DEADLINE: wants CAP_SYS_NICE, and all CPUs of the host to run on (sched(7))");
	if (code == -EPERM)
		return wabe_error_say(
			err, code,
			"set policy %u: wants CAP_SYS_NICE, or the cgroup has no realtime budget",
			sched->policy);
	return wabe_error_set(err, code, "set policy %u", sched->policy);
}

int wabe_sched_set(pid_t pid, const struct wabe_sched *sched, struct wabe_error *err)
{
	struct attributes attributes = {
		.size = sizeof(attributes),
		.policy = sched->policy,
		.flags = sched->flags,
		.nice = sched->nice,
		.priority = sched->priority,
		.runtime = sched->runtime_ns,
		.deadline = sched->deadline_ns,
		.period = sched->period_ns,
	};

	if (syscall(SYS_sched_setattr, pid, &attributes, 0) < 0)
		return refused(-errno, sched, err);
	return 0;
}

int wabe_sched_set_io(pid_t pid, int class, int priority, struct wabe_error *err)
{
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, IOPRIO_PRIO_VALUE(class, priority)) <
	    0)
		return wabe_error_set(err, -errno, "set I/O class %d, priority %d", class,
				      priority);
	return 0;
}

int wabe_sched_set_cpus(pid_t pid, const unsigned long *bits, size_t longs, struct wabe_error *err)
{
	if (syscall(SYS_sched_setaffinity, pid, longs * sizeof(*bits), bits) >= 0)
		return 0;
	if (errno == EINVAL)
		return wabe_error_say(
			err, -EINVAL,
			"none of these CPUs is there, or the cgroup (cpuset.cpus) allows none of them");
	return wabe_error_set(err, -errno, "set CPU affinity");
}

int wabe_sched_get_cpus(pid_t pid, unsigned long *bits, size_t longs, struct wabe_error *err)
{
	long filled = syscall(SYS_sched_getaffinity, pid, longs * sizeof(*bits), bits);

	if (filled < 0)
		return wabe_error_set(err, -errno, "get CPU affinity");
	for (size_t i = (size_t)filled / sizeof(*bits); i < longs; i++)
		bits[i] = 0;
	return 0;
}

int wabe_sched_set_memory(int mode, const unsigned long *bits, size_t longs, struct wabe_error *err)
{
	/* The kernel counts one bit less than it is told (get_nodes() in mm/mempolicy.c). */
	const unsigned long max_node = longs * 8 * sizeof(*bits) + 1;

	if (syscall(SYS_set_mempolicy, mode, bits, max_node) >= 0)
		return 0;
	if (errno == ENOSYS)
		return wabe_error_say(err, -ENOSYS,
				      "this kernel has no memory policies (CONFIG_NUMA)");
	if (errno == EINVAL)
		return wabe_error_say(
			err, -EINVAL,
			"none of these nodes is there, the cgroup (cpuset.mems) allows none of them, or this kernel lacks the mode or the flags");
	return wabe_error_set(err, -errno, "set memory policy");
}
