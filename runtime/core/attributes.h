/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/attributes: what a process runs with beside its identity: scheduling, CPUs, memory policy, personality. Shared by
 * create and exec. Who asks for none of these pays for none.
 */
#ifndef WABE_CORE_ATTRIBUTES_H
#define WABE_CORE_ATTRIBUTES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "spec/spec.h"

/**
 * wabe_attributes_outside() - scheduler and I/O priority of the child @pid, by the caller with the host's rights: root of a
 * user namespace may set neither. Before the child changes its ids, so that a caller without rights may still lower them.
 */
int wabe_attributes_outside(pid_t pid, const struct wabe_spec_process *process,
			    struct wabe_error *err);

/**
 * wabe_attributes_finish() - the last thing of the child before its execve, on @sock: under SCHED_DEADLINE nobody may fork who
 * wasn't given SCHED_FLAG_RESET_ON_FORK (sched(7)). So wabe_attributes_outside() gives it the flag though it isn't asked for:
 * hooks and helpers are still to be made. Here the child asks its creator, or starter, to take it away.
 * wabe_attributes_release() is the answer to its SCHEDULE, and waits for the execve: 0, or its error.
 */
int wabe_attributes_finish(const struct wabe_spec_process *process, int sock,
			   struct wabe_error *err);
int wabe_attributes_release(const struct wabe_spec_process *process, pid_t pid, int sock,
			    struct wabe_error *err);

/**
 * wabe_attributes_prepare() - on the host's side: are the security modules on that @process names labels for?
 * @ret_proc_fd: gets the host's procfs when there are labels, is left alone else
 */
int wabe_attributes_prepare(const struct wabe_spec_process *process, int *ret_proc_fd,
			    struct wabe_error *err);

/**
 * wabe_attributes_inside() - personality and memory policy of @spec, labels of @process, in the child. Its cgroup is the
 * container's, no filter is loaded yet, and it still has the rights to say what its execve shall become.
 * @proc_fd: of wabe_attributes_prepare(): what is at /proc by now may be a guest's forgery (CVE-2019-16884)
 */
int wabe_attributes_inside(const struct wabe_spec *spec, const struct wabe_spec_process *process,
			   int proc_fd, struct wabe_error *err);

/* The caller's own CPUs while it has those of a child to be. */
struct wabe_attributes_cpus {
	unsigned long bits[WABE_LIST_LONGS(WABE_SPEC_CPU_MAX)];
	bool is_changed;
};

/**
 * wabe_attributes_initial_cpus() - the caller goes to execCPUAffinity.initial, for the next child to be born there;
 * wabe_attributes_own_cpus() brings it back (and does nothing when it never went). Those of a cgroup may have become fewer
 * meanwhile; that is no failure of the child.
 */
int wabe_attributes_initial_cpus(const struct wabe_spec_process *process,
				 struct wabe_attributes_cpus *ret_own, struct wabe_error *err);
void wabe_attributes_own_cpus(const struct wabe_attributes_cpus *own);

/** wabe_attributes_final_cpus() - execCPUAffinity.final for @pid, which is in the container's cgroup. */
int wabe_attributes_final_cpus(pid_t pid, const struct wabe_spec_process *process,
			       struct wabe_error *err);

#endif
