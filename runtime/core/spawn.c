// SPDX-License-Identifier: GPL-2.0-or-later
/* core/spawn: the clone of the process that becomes the container's init; see init.h. */
#include <errno.h>
#include <linux/sched.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/signals.h"
#include "core/init.h"
#include "core/sync.h"
#include "core/trace.h"
#include "sys/namespace.h"

/*
 * Whoever is in a user namespace may join nothing that belongs to the host, and what it makes belongs to its user
 * namespace. So a stage process joins the host's namespaces first, then the user namespace, when that is joined too, and
 * clones the real child as its sister.
 */
static void __attribute__((noreturn)) stage(struct wabe_init *init)
{
	struct wabe_error err = WABE_ERROR_INIT;
	int pidfd = -EBADF, r = wabe_namespaces_join_for_child(init, &err);
	pid_t pid;

	pid = r < 0 ? r : wabe_namespace_clone(init->clone_flags | CLONE_PARENT, -1, &pidfd, &err);
	if (pid == 0)
		wabe_init_child(init);
	wabe_sync_end_stage(init->theirs_fd, pid, pidfd, &err);
}

/* Joined by the caller for its next child, and left again. */
static int clone_in_pidns(struct wabe_init *init, int cgroup_fd, struct wabe_error *err)
{
	_cleanup_close_ int own_fd = wabe_namespace_open("/proc/self/ns/pid", CLONE_NEWPID, err);
	int r = own_fd < 0 ? own_fd
			   : wabe_namespace_join(init->join_fds[WABE_NS_PID], CLONE_NEWPID, err);
	pid_t pid;

	if (r < 0)
		return r;
	pid = wabe_namespace_clone(init->clone_flags, cgroup_fd, &init->pidfd, err);
	if (pid != 0 && wabe_namespace_join(own_fd, CLONE_NEWPID, pid < 0 ? NULL : err) < 0)
		return pid < 0 ? pid : -EIO;
	return pid;
}

int wabe_init_spawn(struct wabe_init *init, int cgroup_fd, struct wabe_error *err)
{
	bool is_staged = wabe_namespaces_are_staged(init);
	pid_t pid;
	int r;

	init->ignored_signals = wabe_signals_ignored();
	/*
	 * Inherited by the child: it must be undumpable before it is in a namespace that a guest can look into. In an ordinary
	 * user's new user namespace nobody else is yet, and the maps of an undumpable process are root's (proc(5)).
	 */
	if ((getauxval(AT_EUID) == 0 || is_staged) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return wabe_error_set(err, -errno, "become undumpable");
	if (is_staged)
		pid = wabe_namespace_clone(0, cgroup_fd, &init->pidfd, err);
	else if (init->join_fds[WABE_NS_PID] >= 0)
		pid = clone_in_pidns(init, cgroup_fd, err);
	else
		pid = wabe_namespace_clone(init->clone_flags, cgroup_fd, &init->pidfd, err);
	if (pid == -EPERM && !init->has_userns && geteuid() != 0)
		return wabe_error_say(
			err, pid,
			"linux.namespaces: an ordinary user's container needs a user namespace");
	if (pid < 0)
		return pid;
	if (pid == 0 && is_staged)
		stage(init);
	if (pid == 0)
		wabe_init_child(init);
	init->pid = pid;
	/* Or a stage that is killed would leave no end of file. */
	if (is_staged)
		wabe_cleanup_close(&init->theirs_fd);
	r = is_staged ? wabe_sync_staged(init->ours_fd, &init->pid, &init->pidfd, err) : 0;
	if (r == 0)
		wabe_trace_process(init);
	return r;
}
