// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/exec: a further process in a running container.
 *
 * One clone: the caller enters the container's pid namespace for its next child only, the child is born in the cgroup and
 * joins the other namespaces through init's pidfd in one call. It is undumpable from before it is visible inside until
 * execve, so nobody in there can trace it or reach its descriptors (CVE-2016-9962).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/signals.h"
#include "core/attributes.h"
#include "core/announce.h"
#include "core/console.h"
#include "core/container.h"
#include "core/delegation.h"
#include "core/filter.h"
#include "core/identity.h"
#include "core/keyring.h"
#include "core/listener.h"
#include "core/rdt.h"
#include "core/reaper.h"
#include "core/scope.h"
#include "core/subcgroup.h"
#include "core/sync.h"
#include "spec/spec.h"
#include "sys/cgroup.h"
#include "sys/mount.h"
#include "sys/namespace.h"
#include "sys/pidfd.h"
#include "sys/tty.h"

struct exec {
	struct wabe_container *c;
	const struct wabe_exec_args *args;
	const struct wabe_spec *spec;
	struct wabe_spec_process process; /* args' over the container's */
	struct wabe_seccomp_program seccomp;
	int namespaces; /* CLONE_NEW* to join, without the pid namespace */
	bool has_pidns, has_userns, has_seccomp;
	bool is_staged; /* an ordinary user's: it has rights over the container in its user namespace alone */
	bool is_held_inside; /* it could not come back from the container's pid namespace */
	struct wabe_cgroup *init_cgroup; /* where init is, when it may not be the container's own */
	struct wabe_cgroup *sub_cgroup;	 /* where the caller wants it instead, or NULL */
	int cgroup_fd, own_pidns_fd;
	int proc_fd; /* the host's, for labels; < 0: there are none */
	int root_fd; /* of a container in the host's mount namespace; < 0: it has its own */
	int ours_fd, theirs_fd, pidfd;
	pid_t pid;
	bool has_reaper; /* the process is to be its child, not ours */
	struct wabe_reaper reaper;
};

static const int join_flags[WABE_NS_MAX] = {
	[WABE_NS_USER] = CLONE_NEWUSER,	  [WABE_NS_MOUNT] = CLONE_NEWNS,
	[WABE_NS_NETWORK] = CLONE_NEWNET, [WABE_NS_IPC] = CLONE_NEWIPC,
	[WABE_NS_UTS] = CLONE_NEWUTS,	  [WABE_NS_CGROUP] = CLONE_NEWCGROUP,
	[WABE_NS_TIME] = CLONE_NEWTIME,
};

static void choose_namespaces(struct exec *e)
{
	const struct wabe_spec_namespace *ns = e->spec->namespaces.items;

	for (size_t i = 0; i < e->spec->namespaces.count; i++) {
		e->namespaces |= join_flags[ns[i].type];
		e->has_pidns |= ns[i].type == WABE_NS_PID;
		e->has_userns |= ns[i].type == WABE_NS_USER;
	}
	if (e->spec->has_uptime)
		e->namespaces |= CLONE_NEWTIME;
	e->is_staged = e->has_userns && geteuid() != 0;
	/* Who is staged is made by CLONE_PARENT: a reaper would have to be the stage's creator as well. */
	e->has_reaper &= e->has_pidns && !e->is_staged;
}

static int prepare(struct exec *e, struct wabe_error *err)
{
	int r = wabe_container_open_init(e->c, err);

	if (r == -ESRCH)
		return wabe_error_say(err, r, "it is not running");
	if (r < 0)
		return r;
	e->spec = wabe_container_spec(e->c, err);
	if (!e->spec)
		return err ? err->code : -EIO;
	choose_namespaces(e);
	wabe_spec_merge_process(&e->process, e->spec->process, e->args->process);
	wabe_identity_warn(&e->process, e->has_userns, e->c->rt->log);
	if (!e->args->main && !e->process.args.count)
		return wabe_error_say(err, -EINVAL, "exec: no command");
	if (e->process.terminal && !e->args->console_socket && !e->args->ret_console_fd)
		return wabe_error_say(
			err, -EINVAL,
			"process.terminal: wants a console socket (--console-socket)");
	if (!e->process.terminal && e->args->console_socket)
		return wabe_error_say(
			err, -EINVAL,
			"a console socket was given, but process.terminal is not set");
	r = wabe_fd_check_passed(e->args->preserve_fds, err);
	if (r == 0)
		r = wabe_attributes_prepare(&e->process, &e->proc_fd, err);
	if (r < 0)
		return r;
	r = wabe_filter_compile(e->c->rt, e->spec->seccomp, &e->seccomp, &e->has_seccomp, err);
	return r < 0 ? r : wabe_sync_pair(&e->ours_fd, &e->theirs_fd, err);
}

/*
 * A guest's systemd puts itself into a leaf and enables controllers in the container's cgroup, which then takes no process
 * any more (EBUSY; cgroup-v2.rst, "No Internal Process Constraint"). So a further process goes where init is.
 */
static int follow_init(struct exec *e, struct wabe_error *err)
{
	int r = wabe_cgroup_open_pid(e->c->state.pid, &e->init_cgroup, err);

	if (r == 0)
		r = e->cgroup_fd = wabe_cgroup_dir_fd(e->init_cgroup, err);
	return r < 0 ? r : 0;
}

/* Its root is init's alone then, by chroot(2). Whoever has the pidfd and lives had this pid when the path was opened. */
static int open_root(struct exec *e, struct wabe_error *err)
{
	char path[64];

	if (e->namespaces & CLONE_NEWNS)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/root", (int)e->c->state.pid);
	e->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (e->root_fd < 0)
		return wabe_error_set(err, -errno, "open %s", path);
	return wabe_pidfd_signal(e->c->pidfd, 0, err);
}

static int open_places(struct exec *e, struct wabe_error *err)
{
	int r = open_root(e, err);

	if (r < 0)
		return r;
	if (e->has_pidns && !e->is_staged && !e->has_reaper) {
		e->own_pidns_fd = wabe_namespace_open("/proc/self/ns/pid", CLONE_NEWPID, err);
		if (e->own_pidns_fd < 0)
			return e->own_pidns_fd;
	}
	if (!e->c->state.cgroup)
		return e->args->cgroup_count
			       ? wabe_error_say(err, -EINVAL, "the container has no cgroup")
			       : 0;
	r = wabe_container_open_cgroup(e->c, err);
	if (r == 0)
		r = wabe_subcgroup_open(e->c, e->args, &e->sub_cgroup, err);
	if (r < 0 || wabe_cgroup_mode(e->c->cgroup) == WABE_CGROUP_V1)
		return r;
	if (wabe_delegation_wanted(e->spec) && !e->sub_cgroup)
		return follow_init(e, err);
	e->cgroup_fd = wabe_cgroup_dir_fd(e->sub_cgroup ? e->sub_cgroup : e->c->cgroup, err);
	return e->cgroup_fd < 0 ? e->cgroup_fd : 0;
}

static int move_stdio(const struct wabe_exec_args *args, struct wabe_error *err)
{
	const int wanted[] = { args->stdin_fd, args->stdout_fd, args->stderr_fd };

	for (int i = 0; i < 3; i++)
		if (wanted[i] >= 0 && wanted[i] != i && dup2(wanted[i], i) < 0)
			return wabe_error_set(err, -errno, "set up standard descriptor %d", i);
	return 0;
}

static int join(struct exec *e, struct wabe_error *err)
{
	/* Those that are shared with the host by the configuration are not joined: we are in them. */
	int flags = e->namespaces & ~(e->is_staged ? CLONE_NEWUSER : 0);
	int r = flags ? wabe_namespace_join(e->c->pidfd, flags, err) : 0;

	if (r == 0 && e->root_fd >= 0)
		r = wabe_mount_chroot(e->root_fd, err);
	wabe_cleanup_close(&e->root_fd);
	if (r == 0 && e->has_userns && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		r = wabe_error_set(err, -errno, "become root of the user namespace");
	if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = wabe_error_set(err, -errno, "become undumpable");
	return r;
}

/* The container's own devpts, reached in the mount namespace just joined, and checked to be one. */
static int open_terminal(struct exec *e, struct wabe_error *err)
{
	struct wabe_tty_size size = {
		(uint16_t)e->process.console_size.height,
		(uint16_t)e->process.console_size.width,
	};
	_cleanup_close_ int pts_fd = -EBADF, master_fd = -EBADF, slave_fd = -EBADF;
	int r;

	if (!e->process.terminal)
		return 0;
	pts_fd = open("/dev/pts", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (pts_fd < 0)
		return wabe_error_set(err, -errno, "open /dev/pts of the container");
	r = wabe_tty_open_pair(pts_fd, &size, &master_fd, &slave_fd, err);
	if (r == 0)
		r = wabe_tty_own(slave_fd, e->process.user.uid, err);
	if (r == 0)
		r = wabe_sync_send(e->theirs_fd, WABE_SYNC_CONSOLE, master_fd, err);
	return r < 0 ? r : wabe_tty_make_controlling(slave_fd, err);
}

static int child_setup(struct exec *e, struct wabe_error *err)
{
	int r = wabe_sync_expect(e->theirs_fd, WABE_SYNC_GO, err);

	if (r == 0)
		r = move_stdio(e->args, err);
	if (r == 0)
		r = join(e, err);
	if (r == 0 && setsid() < 0)
		r = wabe_error_set(err, -errno, "make a session");
	if (r == 0)
		r = wabe_keyring_join(e->c, &e->process, e->proc_fd, err);
	if (r == 0)
		r = open_terminal(e, err);
	return r;
}

static int run_program(struct exec *e, struct wabe_error *err)
{
	const struct wabe_seccomp_program *seccomp = e->has_seccomp ? &e->seccomp : NULL;
	char program[4096];
	int r = wabe_attributes_inside(e->spec, &e->process, e->proc_fd, err);

	if (r == 0)
		r = wabe_identity_bound(&e->process, err);
	if (r == 0)
		r = wabe_identity_assume(&e->process, e->has_userns, false, seccomp, e->theirs_fd,
					 err);
	if (r == 0)
		r = wabe_attributes_finish(&e->process, e->theirs_fd, err);
	wabe_cleanup_close(&e->proc_fd); /* no way out for what goes on without an execve */
	if (r == 0 && e->args->main) {
		r = wabe_identity_rlimits(&e->process, err);
		if (r == 0)
			r = wabe_identity_load_last(&e->process, seccomp, err);
		wabe_cleanup_close(&e->theirs_fd);
		_exit(r < 0 ? 126 : e->args->main(e->args->main_data));
	}
	if (r == 0)
		r = wabe_identity_find_program(&e->process, true, program, sizeof(program), err);
	if (r == 0)
		r = wabe_fd_pass(e->args->preserve_fds, err);
	return r < 0 ? r : wabe_identity_exec(&e->process, program, seccomp, err);
}

static void __attribute__((noreturn)) exec_child(struct exec *e)
{
	struct wabe_error err = WABE_ERROR_INIT;

	wabe_signals_reset(WABE_SIGNALS_ALL);
	umask(0);
	wabe_cleanup_close(&e->ours_fd);
	if (child_setup(e, &err) == 0)
		(void)run_program(e, &err);
	wabe_sync_send_error(e->theirs_fd, &err);
	_exit(err.code == -ENOENT ? 127 : 126);
}

/* In a container that may write its cgroup though nothing says that it is delegated, the cgroup may be closed as well. */
static pid_t clone_child(struct exec *e, struct wabe_error *err)
{
	pid_t pid = wabe_namespace_clone(0, e->cgroup_fd, &e->pidfd, err);
	int r;

	if (pid == -EBUSY && e->sub_cgroup)
		return wabe_error_say(
			err, pid,
			"cgroup %s passes controllers on to cgroups below, and then takes no processes itself",
			wabe_cgroup_path(e->sub_cgroup));
	/* An ordinary user's, from another session: see wabe_scope_take(). */
	if ((pid == -EACCES || pid == -EPERM) && e->c->state.is_user_scope) {
		wabe_error_clear(err);
		return wabe_namespace_clone(0, -1, &e->pidfd, err);
	}
	if (pid != -EBUSY || e->init_cgroup)
		return pid;
	wabe_error_clear(err);
	r = follow_init(e, err);
	return r < 0 ? r : wabe_namespace_clone(0, e->cgroup_fd, &e->pidfd, err);
}

/* Born on execCPUAffinity.initial; the caller is back on its own CPUs then. */
static pid_t clone_on_cpus(struct exec *e, struct wabe_error *err)
{
	struct wabe_attributes_cpus own;
	int r = wabe_attributes_initial_cpus(&e->process, &own, err);
	pid_t pid = r < 0 ? r : clone_child(e, err);

	if (pid != 0)
		wabe_attributes_own_cpus(&own);
	return pid;
}

/*
 * setns(2): a pid namespace is joined with CAP_SYS_ADMIN in it and in one's own user namespace, so the user namespace comes first;
 * and from there is no way back, so that the child is cloned as a sister. It inherits what its creator gave the stage, the
 * cgroup and what outside_rights() sets: an undumpable process would be out of its creator's reach.
 */
static void __attribute__((noreturn)) stage(struct exec *e)
{
	struct wabe_error err = WABE_ERROR_INIT;
	int pidfd = -EBADF, r = wabe_sync_expect(e->theirs_fd, WABE_SYNC_GO, &err);
	pid_t pid;

	if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = wabe_error_set(&err, -errno, "become undumpable");
	if (r == 0)
		r = wabe_namespace_join(e->c->pidfd,
					CLONE_NEWUSER | (e->has_pidns ? CLONE_NEWPID : 0), &err);
	pid = r < 0 ? r : wabe_namespace_clone(CLONE_PARENT, -1, &pidfd, &err);
	if (pid == 0)
		exec_child(e);
	wabe_sync_end_stage(e->theirs_fd, pid, pidfd, &err);
}

static int leave_stage(struct exec *e, struct wabe_error *err)
{
	int r;

	if (!e->is_staged)
		return 0;
	r = wabe_sync_send(e->ours_fd, WABE_SYNC_GO, -1, err);
	if (r == 0)
		r = wabe_sync_staged(e->ours_fd, &e->pid, &e->pidfd, err);
	wabe_cleanup_close(&e->theirs_fd);
	return r;
}

/*
 * The caller's further children are its own again. Root of a user namespace that doesn't own the caller's pid namespace may not
 * go back (podman of an ordinary user): its children would be the container's, and `wabe exec` has none.
 */
static int go_back(struct exec *e, struct wabe_error *err)
{
	struct wabe_error why = WABE_ERROR_INIT;
	int r = e->own_pidns_fd < 0 ? 0 : wabe_namespace_join(e->own_pidns_fd, CLONE_NEWPID, &why);

	e->is_held_inside = r == -EPERM;
	return r == 0 || r == -EPERM ? 0 : wabe_error_say(err, r, "%s", why.text);
}

/* The process's pid, or -errno. */
static pid_t clone_inside(struct exec *e, struct wabe_error *err)
{
	pid_t pid;
	int r;

	if (!e->is_staged && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return wabe_error_set(err, -errno, "become undumpable");
	if (e->has_pidns && !e->is_staged) {
		r = wabe_namespace_join(e->c->pidfd, CLONE_NEWPID, err);
		if (r < 0)
			return r;
	}
	pid = clone_on_cpus(e, err);
	if (pid == 0) {
		wabe_reaper_leave(&e->reaper);
		if (e->is_staged)
			stage(e);
		exec_child(e);
	}
	return pid;
}

/* What it changes is in its copy: descriptors have other numbers in there. */
static int reaper_main(void *data)
{
	struct exec e = *(const struct exec *)data;
	struct wabe_error why = WABE_ERROR_INIT;
	pid_t pid;

	wabe_reaper_settle(&e.reaper);
	pid = clone_inside(&e, &why);
	wabe_reaper_wait(&e.reaper, pid, e.pidfd, &why);
}

static int spawn_by_reaper(struct exec *e, struct wabe_error *err)
{
	int r = wabe_reaper_start(&e->reaper, reaper_main, e, err);

	if (r == 0)
		r = wabe_reaper_child(&e->reaper, &e->ours_fd, &e->pid, &e->pidfd, err);
	wabe_cleanup_close(&e->theirs_fd);
	return r;
}

static int spawn(struct exec *e, struct wabe_error *err)
{
	int r;

	if (e->has_reaper)
		return spawn_by_reaper(e, err);
	e->pid = clone_inside(e, err);
	r = go_back(e, e->pid < 0 ? NULL : err);
	if (r < 0 && e->pid > 0)
		return r;
	wabe_cleanup_close(&e->theirs_fd);
	return e->pid < 0 ? e->pid : 0;
}

/* With the host's rights, before the child is let into the container. */
static int outside_rights(struct exec *e, struct wabe_error *err)
{
	int r = 0;

	if (e->c->cgroup && wabe_cgroup_mode(e->c->cgroup) != WABE_CGROUP_V2)
		r = wabe_cgroup_attach(e->sub_cgroup ? e->sub_cgroup : e->c->cgroup, e->pid, err);
	else if (e->c->cgroup && e->c->state.is_user_scope)
		r = wabe_scope_take(e->c, e->sub_cgroup, e->pid, e->is_held_inside, err);
	if (r == 0)
		r = wabe_subcgroup_attach(e->c, e->args, e->pid, err);
	if (r == 0)
		r = wabe_attributes_final_cpus(e->pid, &e->process, err);
	if (r == 0)
		r = wabe_attributes_outside(e->pid, &e->process, err);
	if (r == 0)
		r = wabe_rdt_attach(e->c, e->pid, err);
	if (r == 0)
		r = wabe_identity_raise_rlimits(e->pid, &e->process, err);
	if (r == 0)
		r = wabe_identity_oom_score(e->pid, &e->process, err);
	return r;
}

static int follow_child(struct exec *e, struct wabe_error *err)
{
	int r = wabe_sync_send(e->ours_fd, WABE_SYNC_GO, -1, err);

	while (r == 0) {
		_cleanup_close_ int fd = -EBADF;
		int got = wabe_sync_receive(e->ours_fd, &fd, err);

		/* End of file is the execve. */
		if (got <= 0)
			return got;
		if (got == WABE_SYNC_LISTENER && fd >= 0 && e->spec->seccomp)
			r = wabe_listener_deliver(e->c, e->spec->seccomp, e->pid,
						  wabe_container_status(e->c), &fd, e->ours_fd,
						  err);
		else if (got == WABE_SYNC_CONSOLE && fd >= 0)
			r = wabe_console_deliver(e->args->console_socket, e->args->ret_console_fd,
						 &fd, err);
		else if (got != WABE_SYNC_SCHEDULE)
			return wabe_error_say(err, -EPROTO, "unexpected message %d", got);
		else /* the last that it asks for */
			return wabe_attributes_release(&e->process, e->pid, e->ours_fd, err);
	}
	return r;
}

static struct wabe_announce announcement(const struct exec *e)
{
	return (struct wabe_announce){ e->args->pid_file, e->args->pidfd_socket, "setns" };
}

static int announce(struct exec *e, struct wabe_error *err)
{
	const struct wabe_announce to = announcement(e);
	int r = wabe_announce(&to, e->pid, e->pidfd, err);

	/* All else is done by the pidfd, but for the scheduler's last setting. What the child meets in there may take for ever. */
	if (r == 0 && !e->process.scheduler)
		wabe_reaper_release(&e->reaper);
	return r;
}

/* Who waits for the process, in this one's children. */
static pid_t waited(const struct exec *e)
{
	return e->reaper.pid > 0 ? e->reaper.pid : e->pid;
}

static int run(struct exec *e, struct wabe_error *err)
{
	const struct wabe_announce to = announcement(e);
	static const struct exec_step {
		const char *name;
		int (*apply)(struct exec *e, struct wabe_error *err);
	} steps[] = {
		{ "preparation", prepare },
		{ "places", open_places },
		{ "process", spawn },
		{ "rights", outside_rights },
		{ "user namespace", leave_stage },
		{ "announcement", announce },
		{ "setup in the container", follow_child },
	};
	int r = 0, status;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(steps); i++) {
		wabe_log(e->c->rt->log, WABE_LOG_DEBUG, "container %s: exec, step %zu, %s",
			 e->c->state.id, i + 1, steps[i].name);
		r = steps[i].apply(e, err);
	}
	if (r == 0)
		wabe_log(e->c->rt->log, WABE_LOG_DEBUG, "container %s: process %d runs",
			 e->c->state.id, (int)e->pid);
	if (r < 0 && e->pid > 0) {
		(void)wabe_pidfd_signal(e->pidfd, SIGKILL, NULL);
		wabe_reaper_release(&e->reaper);
		(void)wabe_pidfd_reap(waited(e), &status, NULL);
		wabe_announce_undo(&to);
	}
	return r;
}

/* What was only needed to make the process. */
static void close_all(struct exec *e)
{
	wabe_cgroup_close(&e->init_cgroup);
	wabe_cgroup_close(&e->sub_cgroup);
	wabe_cleanup_close(&e->own_pidns_fd);
	wabe_cleanup_close(&e->proc_fd);
	wabe_cleanup_close(&e->root_fd);
	wabe_cleanup_close(&e->ours_fd);
	wabe_cleanup_close(&e->theirs_fd);
	wabe_reaper_release(&e->reaper);
	wabe_seccomp_program_free(&e->seccomp);
}

static int make(struct exec *e, struct wabe_container *c, const struct wabe_exec_args *args,
		bool has_reaper, struct wabe_error *err)
{
	int r;

	*e = (struct exec){
		.c = c,
		.args = args,
		.cgroup_fd = -EBADF,
		.own_pidns_fd = -EBADF,
		.proc_fd = -EBADF,
		.root_fd = -EBADF,
		.ours_fd = -EBADF,
		.theirs_fd = -EBADF,
		.pidfd = -EBADF,
		.has_reaper = has_reaper,
		.reaper = WABE_REAPER_INIT,
	};
	r = run(e, err);
	close_all(e);
	if (r < 0)
		wabe_reaper_free(&e->reaper);
	return r < 0 ? wabe_error_prefix(err, "container %s", c->state.id) : 0;
}

pid_t wabe_container_exec(struct wabe_container *c, const struct wabe_exec_args *args,
			  struct wabe_error *err)
{
	struct exec e;
	int r = make(&e, c, args, false, err);

	wabe_cleanup_close(&e.pidfd);
	return r < 0 ? r : e.pid;
}

int wabe_container_exec_relay(struct wabe_container *c, const struct wabe_exec_args *args,
			      struct wabe_error *err)
{
	_cleanup_close_ int console_fd = -EBADF;
	struct wabe_exec_args with = *args;
	struct exec e;
	sigset_t old;
	int r;

	wabe_signals_hold(&old);
	if (!with.console_socket)
		with.ret_console_fd = &console_fd;
	r = make(&e, c, &with, true, err);
	if (r == 0)
		r = wabe_console_follow(waited(&e), e.pidfd, console_fd, err);
	if (r >= 0)
		wabe_reaper_free(&e.reaper);
	wabe_cleanup_close(&e.pidfd);
	wabe_signals_release(&old);
	return r;
}
