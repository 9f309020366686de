/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/namespace: clone3(2), setns(2), unshare(2), one-time namespace setup.
 */
#ifndef WABE_SYS_NAMESPACE_H
#define WABE_SYS_NAMESPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"

/**
 * wabe_namespace_clone() - clone(2), or clone3(2) where that can't do it, without shared memory: the child continues after the call as after fork(2).
 * @flags: CLONE_NEW* and CLONE_PARENT; close-on-exec pidfd always
 * @cgroup_fd: start in this cgroup v2 directory (CLONE_INTO_CGROUP), < 0 = the caller's
 * @ret_pidfd: descriptor of the child in the parent
 * Returns 0 in the child, its pid in the parent, or -errno (-EUSERS: a limit of /proc/sys/user).
 */
pid_t wabe_namespace_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd, struct wabe_error *err);

/** wabe_namespace_join() - setns(2); @fd: a namespace file or a pidfd, @type: CLONE_NEW* (several for a pidfd). */
int wabe_namespace_join(int fd, int type, struct wabe_error *err);

/** wabe_namespace_unshare() - unshare(2). */
int wabe_namespace_unshare(int flags, struct wabe_error *err);

/** wabe_namespace_open() - descriptor of a namespace file, checked to be on nsfs and of @type (ioctl_ns(2)); -EINVAL else. */
int wabe_namespace_open(const char *path, int type, struct wabe_error *err);

/**
 * wabe_namespace_pids() - the processes in the pid namespace that @pid is in, and in those below it, by a walk over /proc.
 * @ret_pids: caller frees; ids of the caller's own pid namespace
 * 0, -EINVAL when that is the caller's own namespace, or -errno.
 */
int wabe_namespace_pids(pid_t pid, pid_t **ret_pids, size_t *ret_count, struct wabe_error *err);

/**
 * wabe_namespace_signal() - @signal (0: only look) to all processes of the pid namespace, and of those below it, of the process
 * that @pidfd is, but its process 1; at one moment, so that none forks out of the way.
 * @is_by_userns: the caller has rights over them in that process's user namespace alone (an ordinary user)
 * 0; -ESRCH: the namespace has ended; -EXDEV: it is the caller's own; -ETIMEDOUT: the helper inside was stopped; or -errno.
 */
int wabe_namespace_signal(int pidfd, bool is_by_userns, int signal, struct wabe_error *err);

/** wabe_namespace_is_initial_user() - is the caller in the first user namespace, the host's? */
bool wabe_namespace_is_initial_user(void);

/** wabe_namespace_same() - 1 when the namespace file @path is the caller's own of that name ("net" ...), 0 when not, -errno. */
int wabe_namespace_same(const char *path, const char *name, struct wabe_error *err);

/**
 * wabe_namespace_enter_lower_mounts() - a copy of our mount namespace, owned by a new user namespace below ours, and into it.
 * We may mount in there as before. A later wabe_namespace_unshare(CLONE_NEWNS) then copies across user namespaces, and the
 * kernel locks all mounts of the copy: together, and their flags (mount_namespaces(7), "Restrictions on mount namespaces").
 * For root of a user namespace, who has to be known in it. Root and working directory are the namespace's root afterwards.
 * Needs a procfs at /proc. 0, or -errno (-EUSERS; -EPERM: such as kernel.unprivileged_userns_clone=0 of Debian's kernels).
 */
int wabe_namespace_enter_lower_mounts(struct wabe_error *err);

/** Offsets of the clocks of a time namespace from the host's; a tv_nsec is 0..999999999. */
struct wabe_namespace_clocks {
	struct timespec monotonic, boottime;
};

/** wabe_namespace_clocks_from_zero() - offsets for clocks that begin now; the caller is in the host's time namespace. */
void wabe_namespace_clocks_from_zero(struct wabe_namespace_clocks *ret_clocks);

/**
 * wabe_namespace_new_time() - make a time namespace and enter it (time_namespaces(7)).
 * @proc_fd: a procfs root
 * @offsets: NULL: the clocks go on as they are
 * Single-threaded callers only. 0, or -errno (-EINVAL: kernel without them, -ERANGE: a clock would be negative or too late).
 */
int wabe_namespace_new_time(int proc_fd, const struct wabe_namespace_clocks *offsets,
			    struct wabe_error *err);

#endif
