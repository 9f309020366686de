// SPDX-License-Identifier: GPL-2.0-or-later
/* core/init: preparation, clone and life of the process that becomes the container's init; see init.h. */
#include "core/init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/signals.h"
#include "core/activation.h"
#include "core/attributes.h"
#include "core/hooks.h"
#include "core/identity.h"
#include "core/keyring.h"
#include "core/sync.h"
#include "sys/idmap.h"
#include "sys/mount.h"
#include "sys/namespace.h"
#include "sys/link.h"
#include "sys/lsm.h"

struct wabe_idmap *wabe_init_idmaps(struct wabe_init *init, const struct wabe_list *list)
{
	const struct wabe_spec_idmap *m = list->items;
	struct wabe_idmap *maps = wabe_arena_array(&init->arena, list->count, sizeof(*maps));

	for (size_t i = 0; maps && i < list->count; i++)
		maps[i] = (struct wabe_idmap){ m[i].container_id, m[i].host_id, m[i].size };
	return maps;
}

static int prepare_labels(struct wabe_init *init, struct wabe_error *err)
{
	if (init->spec->mount_label && wabe_lsm_need_selinux(err) < 0)
		return wabe_error_prefix(err, "linux.mountLabel");
	return wabe_attributes_prepare(init->spec->process, &init->proc_fd, err);
}

static int open_sources(struct wabe_init *init, struct wabe_error *err)
{
	static int (*const steps[])(struct wabe_init *, struct wabe_error *) = {
		wabe_root_open,		  wabe_sources_open,	prepare_labels,
		wabe_rootfs_prepare_mask, wabe_devices_prepare,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(steps); i++)
		r = steps[i](init, err);
	return r;
}

int wabe_init_prepare(struct wabe_init *init, struct wabe_error *err)
{
	int r = wabe_namespaces_prepare(init, err);

	if (r == 0)
		r = open_sources(init, err);
	/* open_tree(2): a detached mount wants CAP_SYS_ADMIN; an ordinary user's child has it over its own copy of all mounts. */
	if (r == -EPERM && init->rootfs_fd < 0) {
		wabe_error_clear(err);
		init->opens_inside = true;
		r = 0;
	}
	if (r == 0)
		r = wabe_sync_pair(&init->ours_fd, &init->theirs_fd, err);
	if (r == 0)
		wabe_namespaces_choose_network(init);
	return r;
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; fds && i < count; i++)
		wabe_cleanup_close(&fds[i]);
}

void wabe_init_release(struct wabe_init *init)
{
	wabe_netdevices_release(init);
	close_all(init->join_fds, WABE_NS_MAX);
	for (size_t i = 0; init->mounts && i < init->spec->mounts.count; i++)
		wabe_cleanup_close(&init->mounts[i].source_fd);
	close_all(init->device_fds, init->devices.count);
	wabe_cleanup_close(&init->ours_fd);
	wabe_cleanup_close(&init->theirs_fd);
	wabe_cleanup_close(&init->start_fd);
	wabe_cleanup_close(&init->rootfs_fd);
	wabe_cleanup_close(&init->null_fd);
	wabe_cleanup_close(&init->proc_fd);
	wabe_cleanup_close(&init->idmap_fd);
	wabe_cleanup_close(&init->pidfd);
	wabe_cleanup_close(&init->own_net_fd);
	wabe_seccomp_program_free(&init->seccomp);
	wabe_arena_free(&init->arena);
}

static int new_session(struct wabe_init *init, struct wabe_error *err)
{
	if (setsid() < 0)
		return wabe_error_set(err, -errno, "make a session");
	if (init->args->no_new_keyring)
		return 0;
	return wabe_keyring_make(init->c, init->spec->process, init->proc_fd, err);
}

static int set_names(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_spec *s = init->spec;

	if (s->hostname && sethostname(s->hostname, strlen(s->hostname)) < 0)
		return wabe_error_set(err, -errno, "hostname: set \"%s\"", s->hostname);
	if (s->domainname && setdomainname(s->domainname, strlen(s->domainname)) < 0)
		return wabe_error_set(err, -errno, "domainname: set \"%s\"", s->domainname);
	return 0;
}

/*
 * Through a procfs of our own that is attached nowhere: whatever the container has at /proc, the write goes to the
 * sysctl that was named (CVE-2025-52881).
 */
static int set_sysctls(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_pairs *sysctl = &init->spec->sysctl;
	_cleanup_close_ int proc_fd = -EBADF;

	if (sysctl->count == 0)
		return 0;
	proc_fd = wabe_mount_new("proc", NULL, NULL, 0, 0, err);
	if (proc_fd < 0)
		return proc_fd;
	for (size_t i = 0; i < sysctl->count; i++) {
		char path[256] = "sys/";
		int r = wabe_spec_sysctl_path(sysctl->items[i].key, path + 4, sizeof(path) - 4);

		if (r == 0)
			r = wabe_file_write_at(proc_fd, path, sysctl->items[i].value, err);
		if (r < 0)
			return wabe_error_prefix(err, "linux.sysctl[\"%s\"]", sysctl->items[i].key);
	}
	return 0;
}

static int raise_loopback(struct wabe_init *init, struct wabe_error *err)
{
	return (init->clone_flags & CLONE_NEWNET) ? wabe_link_up("lo", err) : 0;
}

/* config.md, "Prestart" and "CreateRuntime Hooks": after the mounts, before the pivot, in the runtime's namespaces. */
static int runtime_hooks(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_spec_hooks *h = &init->spec->hooks;
	int r;

	if (h->prestart.count == 0 && h->create_runtime.count == 0)
		return 0;
	r = wabe_sync_send(init->theirs_fd, WABE_SYNC_HOOKS, -1, err);
	return r < 0 ? r : wabe_sync_expect(init->theirs_fd, WABE_SYNC_GO, err);
}

static int container_hooks(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_spec_hooks *hooks = &init->spec->hooks;
	int r;

	if (hooks->create_container.count == 0 && hooks->start_container.count == 0)
		return 0;
	/* runtime.md, "State": hooks in the container's namespaces get the pid as it is seen there. */
	init->c->state.pid = getpid();
	if (init->cwd_fd >= 0 && fchdir(init->cwd_fd) < 0)
		return wabe_error_set(err, -errno, "return to the working directory");
	umask(022); /* ours is 0 */
	r = wabe_hooks_run(init->c, "createContainer", &hooks->create_container,
			   WABE_STATUS_CREATING, err);
	umask(0);
	/* Already now: the filter of a process without no_new_privs is loaded before they run, and may refuse what makes it. */
	if (r == 0 && hooks->start_container.count)
		r = init->hook_fd = wabe_hooks_input(init->c, WABE_STATUS_CREATED, err);
	return r < 0 ? r : 0;
}

/* 38 calls that want nothing of the network namespace, for which the child would wait. Hooks that it executes have all rights. */
static int bound_early(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_spec_process *p = init->spec->process;

	init->is_bound = p && init->has_own_network &&
			 init->spec->hooks.create_container.count == 0;
	return init->is_bound ? wabe_identity_bound(p, err) : 0;
}

static int assume_identity(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_spec_process *p = init->spec->process;
	int r;

	if (!p)
		return 0;
	wabe_activation_number(init);
	r = wabe_attributes_inside(init->spec, p, init->proc_fd, err);
	if (r == 0 && !init->is_bound)
		r = wabe_identity_bound(p, err);
	return r < 0 ? r
		     : wabe_identity_assume(p, init->has_userns, true,
					    init->has_seccomp ? &init->seccomp : NULL,
					    init->theirs_fd, err);
}

/* The highest descriptor that has to stay open until the execve. */
static int highest_fd(const struct wabe_init *init)
{
	const int lasting[] = { init->theirs_fd,
				init->start_fd,
				init->rootfs_fd,
				init->null_fd,
				init->proc_fd,
				init->cwd_fd,
				2 + init->args->preserve_fds };
	int highest = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lasting); i++)
		highest = lasting[i] > highest ? lasting[i] : highest;
	for (size_t i = 0; init->mounts && i < init->spec->mounts.count; i++)
		highest = init->mounts[i].source_fd > highest ? init->mounts[i].source_fd : highest;
	for (size_t i = 0; init->device_fds && i < init->devices.count; i++)
		highest = init->device_fds[i] > highest ? init->device_fds[i] : highest;
	return highest;
}

static int open_inside(struct wabe_init *init, struct wabe_error *err)
{
	int r = init->opens_inside ? open_sources(init, err) : 0;

	/* Mounts change it: wabe_mount_on(). */
	if (r == 0 && init->spec->hooks.create_container.count) {
		init->cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (init->cwd_fd < 0)
			return wabe_error_set(err, -errno, "open the working directory");
	}
	init->scratch_fd = (unsigned int)highest_fd(init) + 1;
	return r;
}

/* In this order: mounts before the devices in them, the host's view until the pivot, rights last. */
static int (*const child_steps[])(struct wabe_init *, struct wabe_error *) = {
	wabe_namespaces_join,
	new_session,
	wabe_namespaces_enter_time,
	open_inside,
	wabe_root_attach,
	wabe_rootfs_mounts,
	wabe_devices_make,
	wabe_console_make,
	bound_early,
	wabe_rootfs_mask,
	wabe_namespaces_take_network,
	runtime_hooks,
	container_hooks,
	wabe_root_enter,
	wabe_root_lock,
	set_names,
	set_sysctls,
	raise_loopback,
	assume_identity,
};

/* After COMMIT the creator may go away; from then on START comes from whoever connects to the start socket. */
static int wait_start(struct wabe_init *init, int *ret_sock, struct wabe_error *err)
{
	int r, sock;

	if (init->is_run) {
		*ret_sock = init->theirs_fd;
		return wabe_sync_expect(init->theirs_fd, WABE_SYNC_START, err);
	}
	r = wabe_sync_expect(init->theirs_fd, WABE_SYNC_COMMIT, err);
	if (r < 0)
		return r;
	wabe_cleanup_close(&init->theirs_fd);
	for (;;) {
		sock = accept4(init->start_fd, NULL, NULL, SOCK_CLOEXEC);
		if (sock < 0 && errno != EINTR && errno != ECONNABORTED)
			return wabe_error_set(err, -errno, "wait for start");
		/* A starter that dies before it said START changes nothing. */
		if (sock >= 0 && wabe_sync_expect(sock, WABE_SYNC_START, NULL) == 0)
			break;
		wabe_cleanup_close(&sock);
	}
	*ret_sock = sock;
	return 0;
}

/*
 * A created process may wait for days: it keeps its socket, the start socket and what it shall pass on, none of its creator's
 * locks, directories and namespaces. execve would close them, but that is what it waits for.
 */
static int drop_fds(const struct wabe_init *init, struct wabe_error *err)
{
	const int keep[] = { init->theirs_fd, init->start_fd, init->hook_fd };
	unsigned int first = 3 + (unsigned int)init->args->preserve_fds;

	for (;;) {
		unsigned int last = ~0U;

		for (size_t i = 0; i < ARRAY_SIZE(keep); i++)
			if (keep[i] >= (int)first && (unsigned int)keep[i] <= last)
				last = (unsigned int)keep[i] - 1;
		if (last >= first && close_range(first, last, 0) < 0)
			return wabe_error_set(err, -errno, "close the creator's descriptors");
		if (last == ~0U)
			return 0;
		first = last + 2;
	}
}

static void __attribute__((noreturn)) end_by(int signal)
{
	_exit(128 + signal);
}

/*
 * The kernel keeps from a pid namespace's init what it has no handler for (pid_namespaces(7)): `kill` of a created container would
 * end nothing. The execve takes the handlers away.
 */
static void end_by_signals(void)
{
	static const int signals[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM
	};
	const struct sigaction end = { .sa_handler = end_by };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)sigaction(signals[i], &end, NULL);
}

/*
 * Its creator, and what joins it, has to be able to look at a created process. An undumpable one shows itself to the host's root
 * alone (ptrace(2), "Ptrace access mode checking"), so that of an ordinary user becomes dumpable, where nobody else may trace
 * it: in a user namespace that was made for it is nobody but this user, and those of one that is joined don't see into a pid
 * namespace that was. Descriptors of the host are closed by now.
 */
static int wait_visibly(const struct wabe_init *init, struct wabe_error *err)
{
	bool is_users = init->opens_inside && (init->clone_flags & (CLONE_NEWUSER | CLONE_NEWPID));
	int r = drop_fds(init, err);

	end_by_signals();
	if (r == 0 && is_users && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		r = wabe_error_set(err, -errno, "become dumpable");
	return r;
}

static int run_process(struct wabe_init *init, int *sock, struct wabe_error *err)
{
	const struct wabe_spec_process *p = init->spec->process;
	char program[4096];
	int r;

	if (p) {
		r = wabe_identity_find_program(p, !init->goes_at_once, program, sizeof(program),
					       err);
		if (r < 0)
			return r;
	}
	r = init->is_run ? 0 : wait_visibly(init, err);
	if (r == 0 && !init->goes_at_once)
		r = wabe_sync_send(init->theirs_fd, WABE_SYNC_READY, -1, err);
	if (r == 0)
		r = wait_start(init, sock, err);
	if (r < 0)
		return r;
	if (!p)
		return wabe_error_say(err, -EINVAL, "config.json has no process to start");
	r = wabe_hooks_run_on(init->hook_fd, "startContainer", &init->spec->hooks.start_container,
			      NULL, err);
	if (r == 0)
		r = wabe_attributes_finish(p, *sock, err);
	if (r == 0)
		r = wabe_fd_pass(init->args->preserve_fds, err);
	return r < 0 ? r
		     : wabe_identity_exec(p, program, init->has_seccomp ? &init->seccomp : NULL,
					  err);
}

void wabe_init_sweep(struct wabe_init *init)
{
	init->dev_fd = init->mask_fd = -EBADF;
	(void)syscall(SYS_close_range, init->scratch_fd, ~0U, 0);
}

bool wabe_init_goes_at_once(const struct wabe_init *init)
{
	const struct wabe_spec *spec = init->spec;
	const struct wabe_spec_process *p = spec->process;
	const struct wabe_spec_hooks *h = &spec->hooks;

	return init->is_run && init->args->ret_console_fd && p && !p->terminal &&
	       !(spec->seccomp && spec->seccomp->listener_path) && h->prestart.count == 0 &&
	       h->create_runtime.count == 0 && h->create_container.count == 0 &&
	       h->start_container.count == 0;
}

static int await_go(struct wabe_init *init, struct wabe_error *err)
{
	int r = wabe_sources_take(init, NULL, err); /* sent before GO, as the network */

	if (r == 0)
		r = wabe_namespaces_take_network(init, err);
	return r < 0 ? r : wabe_sync_expect(init->theirs_fd, WABE_SYNC_GO, err);
}

static int child_setup(struct wabe_init *init, struct wabe_error *err)
{
	int r = init->waits_for_go ? await_go(init, err) : 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(child_steps); i++)
		r = child_steps[i](init, err);
	return r;
}

void wabe_init_child(struct wabe_init *init)
{
	struct wabe_error err = WABE_ERROR_INIT;
	int sock = init->theirs_fd;

	wabe_signals_reset(init->ignored_signals);
	umask(0);
	wabe_cleanup_close(&init->ours_fd);
	wabe_cleanup_close(&init->c->dir_fd);
	if (child_setup(init, &err) == 0)
		(void)run_process(init, &sock, &err);
	if (sock >= 0)
		wabe_sync_send_error(sock, &err);
	_exit(1);
}
