/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/identity: from the runtime's rights to the process's own: rlimits, groups, ids, capabilities, no_new_privs,
 * filter, working directory, environment, program. Shared by create and exec; runs in the child.
 */
#ifndef WABE_CORE_IDENTITY_H
#define WABE_CORE_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/log.h"
#include "spec/model.h"
#include "sys/seccomp.h"

/**
 * wabe_identity_raise_rlimits() - those of @process that are above the caller's, on its child @pid, with the host's rights
 * (prlimit(2)). To be called before the child gives its rights up.
 */
int wabe_identity_raise_rlimits(pid_t pid, const struct wabe_spec_process *process,
				struct wabe_error *err);

/** wabe_identity_oom_score() - write oom_score_adj of @pid from outside. */
int wabe_identity_oom_score(pid_t pid, const struct wabe_spec_process *process,
			    struct wabe_error *err);

/**
 * wabe_identity_warn() - of what @process asks for and can't have; called outside, before wabe_identity_assume().
 * @has_userns: its user namespace isn't the caller's
 */
void wabe_identity_warn(const struct wabe_spec_process *process, bool has_userns,
			const struct wabe_log *log);

/**
 * wabe_identity_bound() - drop all capabilities but @process's from the bounding set. Those that the caller has stay with it
 * until it executes something (capabilities(7)).
 */
int wabe_identity_bound(const struct wabe_spec_process *process, struct wabe_error *err);

/**
 * wabe_identity_assume() - become @process: the root is already the container's, and the bounding set @process's. Without
 * no_new_privs the filter is loaded in here, while CAP_SYS_ADMIN is still there; with it, wabe_identity_exec() loads it last,
 * but for one with a listener, whose creator has to be there: that is loaded at the end of this.
 * @has_userns: root here is not the host's; @make_cwd: make what is missing of process.cwd; @seccomp: NULL = none
 * @sock: the child's end of the pair to the creator (wabe_listener_load())
 */
int wabe_identity_assume(const struct wabe_spec_process *process, bool has_userns, bool make_cwd,
			 const struct wabe_seccomp_program *seccomp, int sock,
			 struct wabe_error *err);

/** wabe_identity_load_last() - the filter that wabe_identity_assume() left for the end; nothing when it left none. */
int wabe_identity_load_last(const struct wabe_spec_process *process,
			    const struct wabe_seccomp_program *seccomp, struct wabe_error *err);

/** wabe_identity_rlimits() - take on all of them: the last thing before the program, as they may be too tight for a setup. */
int wabe_identity_rlimits(const struct wabe_spec_process *process, struct wabe_error *err);

/**
 * wabe_identity_find_program() - path of args[0] by the process's own PATH, into @buf; -ENOENT, -EACCES named.
 * @is_checked: a path that needs no search is looked at too; false: execve will tell
 */
int wabe_identity_find_program(const struct wabe_spec_process *process, bool is_checked, char *buf,
			       size_t room, struct wabe_error *err);

/** wabe_identity_exec() - the last step; returns only on failure. */
int wabe_identity_exec(const struct wabe_spec_process *process, const char *program,
		       const struct wabe_seccomp_program *seccomp, struct wabe_error *err);

#endif
