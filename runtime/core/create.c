// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/create: create and run of a container, as a table of steps {name, apply, undo}.
 *
 * A failed step undoes those before it, last first. A creator that is killed leaves what the next command finds: the
 * state directory (written before the cgroup is made) names everything else, and the child sees end of file and exits.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/clock.h"
#include "core/activation.h"
#include "core/attributes.h"
#include "core/announce.h"
#include "core/console.h"
#include "core/delegation.h"
#include "core/filter.h"
#include "core/hooks.h"
#include "core/identity.h"
#include "core/init.h"
#include "core/listener.h"
#include "core/rdt.h"
#include "core/resources.h"
#include "core/rootless.h"
#include "core/scope.h"
#include "core/sync.h"
#include "sys/cgroup.h"
#include "sys/idmap.h"
#include "sys/pidfd.h"

struct create {
	const struct wabe_runtime *rt;
	struct wabe_init init;
	struct wabe_container *c;
	bool has_made_cgroup, has_run_hooks, has_saved_config, has_start_ticks;
	struct wabe_error why_no_cgroup;
	struct wabe_announce announce;
};

static int check_args(struct create *cr, struct wabe_error *err)
{
	const struct wabe_spec *spec = cr->init.spec;
	const struct wabe_create_args *args = cr->init.args;
	bool is_terminal = spec->process && spec->process->terminal;
	int r = wabe_root_check(spec, err);

	if (r < 0)
		return r;
	if (is_terminal && !args->console_socket && !args->ret_console_fd)
		return wabe_error_say(
			err, -EINVAL,
			"process.terminal: wants a console socket (--console-socket)");
	if (!is_terminal && args->console_socket)
		return wabe_error_say(
			err, -EINVAL,
			"a console socket was given, but process.terminal is not set");
	if (cr->init.is_run && !spec->process)
		return wabe_error_say(err, -EINVAL, "config.json has no process to start");
	return wabe_fd_check_passed(args->preserve_fds, err);
}

/* What the child doesn't need at once. */
static int work_beside(struct create *cr, struct wabe_error *err)
{
	int r = wabe_sources_send(&cr->init, err);

	return r < 0 ? r : wabe_namespaces_make_network(&cr->init, err);
}

static int make_state(struct create *cr, struct wabe_error *err)
{
	int r = wabe_state_new(cr->rt, cr->init.args->id, &cr->c, err);

	if (r == 0) {
		cr->init.c = cr->c;
		cr->c->spec = (struct wabe_spec){ 0 };
	}
	return r;
}

static void undo_state(struct create *cr)
{
	/* runtime.md, "Lifecycle": what a hook made while the container came up is for these to take away. */
	if (cr->has_run_hooks)
		wabe_hooks_poststop(cr->c);
	(void)wabe_state_remove(cr->c, NULL);
}

static int absolute_rootfs(struct create *cr, struct wabe_error *err)
{
	const char *path = cr->init.spec->root.path;

	cr->c->state.rootfs = path[0] == '/' ? path
					     : wabe_arena_printf(&cr->c->arena, "%s/%s",
								 cr->init.args->bundle, path);
	return cr->c->state.rootfs ? 0 : wabe_error_set(err, -ENOMEM, "root.path");
}

static int keep_config(struct create *cr, struct wabe_error *err)
{
	if (cr->has_saved_config)
		return 0;
	cr->has_saved_config = true;
	return wabe_state_first_config(cr->c, cr->init.spec, err);
}

static int fill_state(struct create *cr, struct wabe_error *err)
{
	const struct wabe_create_args *args = cr->init.args;
	struct wabe_state *s = &cr->c->state;
	int r;

	s->oci_version = cr->init.spec->oci_version ? cr->init.spec->oci_version
						    : WABE_SPEC_VERSION;
	s->bundle = args->bundle;
	s->config_path = args->config_path;
	s->annotations = cr->init.spec->annotations;
	s->created_us = wabe_clock_now_us();
	s->has_poststop = cr->init.spec->hooks.poststop.count > 0;
	s->keeps_keyring = args->no_new_keyring;
	if (cr->rt->is_systemd) {
		r = wabe_scope_name(cr->c, cr->init.spec->cgroups_path, err);
		if (r < 0)
			return r;
	} else if (!cr->rt->no_cgroup) {
		s->cgroup = wabe_state_cgroup_path(cr->c, cr->init.spec->cgroups_path);
		if (!s->cgroup)
			return wabe_error_set(err, -ENOMEM, "cgroup path");
	}
	r = absolute_rootfs(cr, err);
	/* A create that dies before its commit is found by its directory, and its cgroup by the id; only another place must be noted, and a class. */
	if (r < 0 || !(cr->init.spec->cgroups_path || s->scope || cr->init.spec->rdt))
		return r;
	r = keep_config(cr, err);
	return r < 0 ? r : wabe_state_save(cr->c, err);
}

static int make_cgroup(struct create *cr, struct wabe_error *err)
{
	int r;

	if (!cr->c->state.cgroup || cr->c->state.scope)
		return 0;
	r = wabe_container_open_cgroup(cr->c, err);
	if (r == 0)
		r = wabe_cgroup_create(cr->c->cgroup, &cr->has_made_cgroup, err);
	if (wabe_rootless_refused(r) && !cr->init.spec->cgroups_path && wabe_rootless(cr->rt)) {
		wabe_error_clear(err);
		r = wabe_rootless_cgroup(cr->c, &cr->has_made_cgroup, &cr->why_no_cgroup, err);
	}
	return r < 0 ? wabe_error_prefix(err, "cgroup %s", cr->c->state.cgroup) : 0;
}

static void undo_cgroup(struct create *cr)
{
	if (cr->has_made_cgroup)
		(void)wabe_cgroup_remove(cr->c->cgroup, 5000, NULL);
}

static int write_resources(struct create *cr, struct wabe_error *err)
{
	const struct wabe_spec *spec = cr->init.spec;
	struct wabe_cgroup_limits limits = { 0 };
	int r = wabe_resources_to_limits(&cr->init.arena, &spec->resources, &limits, err);

	if (r == 0 && wabe_resources_any(&limits)) {
		if (!cr->c->cgroup)
			return wabe_error_say(err, -ENOTSUP,
					      "linux.resources: limits need a cgroup, and %s",
					      cr->why_no_cgroup.code ? cr->why_no_cgroup.text
								     : "cgroups are disabled");
		r = wabe_cgroup_limit(cr->c->cgroup, &limits, err);
	}
	return r < 0 ? wabe_error_prefix(err, "linux.resources")
		     : wabe_resources_context(cr->c, err);
}

/* A step of its own: what a step that fails has made is its own to undo. */
static int set_resources(struct create *cr, struct wabe_error *err)
{
	return cr->c->state.scope ? 0 : write_resources(cr, err);
}

/* A scope of systemd is made around a process, which is there by now and waits. */
static int make_scope(struct create *cr, struct wabe_error *err)
{
	return cr->c->state.scope ? wabe_scope_start(cr->c, cr->init.spec, cr->init.pid, err) : 0;
}

static void undo_scope(struct create *cr)
{
	if (!cr->c->state.scope)
		return;
	(void)wabe_scope_stop(cr->c, NULL);
	if (cr->c->cgroup)
		(void)wabe_cgroup_remove(cr->c->cgroup, 5000, NULL);
}

static int join_class(struct create *cr, struct wabe_error *err)
{
	const struct wabe_spec_rdt *rdt = cr->init.spec->rdt;
	int r = rdt ? wabe_rdt_join(cr->c, rdt, cr->init.pid, err) : 0;

	/* A step that fails undoes itself. */
	if (r < 0)
		(void)wabe_rdt_leave(cr->c, NULL);
	return r;
}

static void undo_class(struct create *cr)
{
	(void)wabe_rdt_leave(cr->c, NULL);
}

static int set_scope_resources(struct create *cr, struct wabe_error *err)
{
	return cr->c->state.scope ? write_resources(cr, err) : 0;
}

static int prepare(struct create *cr, struct wabe_error *err)
{
	int r = wabe_activation_apply(&cr->init, err);

	if (r == 0)
		r = wabe_init_prepare(&cr->init, err);
	if (r == 0)
		wabe_sources_warn(&cr->init, cr->rt->log);
	if (r == 0 && cr->init.spec->process)
		wabe_identity_warn(cr->init.spec->process, cr->init.has_userns, cr->rt->log);
	return r < 0 ? r
		     : wabe_filter_compile(cr->rt, cr->init.spec->seccomp, &cr->init.seccomp,
					   &cr->init.has_seccomp, err);
}

/* The start socket's address goes through /proc/self/fd: sun_path is short, state roots may be long. */
static int make_start_socket(struct create *cr, struct wabe_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char dir[WABE_PATH_PROC_FD];

	if (cr->init.is_run)
		return 0;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/" WABE_START_SOCKET,
		 wabe_path_proc_fd(cr->c->dir_fd, dir));
	cr->init.start_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (cr->init.start_fd < 0 ||
	    bind(cr->init.start_fd, (void *)&address, sizeof(address)) < 0 ||
	    listen(cr->init.start_fd, 8) < 0)
		return wabe_error_set(err, -errno, "make the start socket");
	return 0;
}

static int spawn(struct create *cr, struct wabe_error *err)
{
	const struct wabe_spec_process *p = cr->init.spec->process;
	int cgroup_fd = -EBADF;
	uint64_t before;
	bool is_v2;
	int r;

	is_v2 = cr->c->cgroup && wabe_cgroup_mode(cr->c->cgroup) != WABE_CGROUP_V1;
	if (is_v2) {
		cgroup_fd = wabe_cgroup_dir_fd(cr->c->cgroup, err);
		if (cgroup_fd < 0)
			return cgroup_fd;
	}
	cr->init.waits_for_go =
		cr->init.has_userns || cr->init.spec->net_devices.count > 0 ||
		(cr->c->cgroup && wabe_cgroup_mode(cr->c->cgroup) != WABE_CGROUP_V2) ||
		(p && (p->scheduler || p->io_priority)) || cr->c->state.scope || cr->init.spec->rdt;
	cr->init.goes_at_once = wabe_init_goes_at_once(&cr->init);
	before = wabe_pidfd_ticks();
	r = wabe_init_spawn(&cr->init, cgroup_fd, err);
	if (r < 0)
		return r;
	cr->has_start_ticks = before == wabe_pidfd_ticks();
	cr->c->state.start_ticks = before;
	wabe_cleanup_close(&cr->init.theirs_fd);
	cr->c->state.pid = cr->init.pid;
	return 0;
}

/* SIGKILL to a pid namespace's init ends all in it; processes of a shared one are in the cgroup. */
static void undo_spawn(struct create *cr)
{
	int status;

	(void)wabe_pidfd_signal(cr->init.pidfd >= 0 ? cr->init.pidfd : cr->c->pidfd, SIGKILL, NULL);
	(void)wabe_pidfd_reap(cr->init.pid, &status, NULL);
	if (cr->has_made_cgroup)
		(void)wabe_cgroup_signal(cr->c->cgroup, SIGKILL, NULL);
}

static int write_maps(struct create *cr, struct wabe_error *err)
{
	const struct wabe_spec *spec = cr->init.spec;
	struct wabe_idmap *uids, *gids;

	if (cr->init.join_fds[WABE_NS_USER] >= 0 || !cr->init.has_userns)
		return 0;
	uids = wabe_init_idmaps(&cr->init, &spec->uid_mappings);
	gids = wabe_init_idmaps(&cr->init, &spec->gid_mappings);
	if (!uids || !gids)
		return wabe_error_set(err, -ENOMEM, "id maps");
	return wabe_idmap_write(cr->init.pid, uids, spec->uid_mappings.count, gids,
				spec->gid_mappings.count, err);
}

static int place_in_cgroup(struct create *cr, struct wabe_error *err)
{
	int r = 0;

	if (!cr->c->cgroup)
		return 0;
	if (wabe_cgroup_mode(cr->c->cgroup) != WABE_CGROUP_V2)
		r = wabe_cgroup_attach(cr->c->cgroup, cr->init.pid, err);
	return r < 0 ? r : wabe_delegation_apply(cr->init.spec, cr->c->cgroup, err);
}

static int set_limits(struct create *cr, struct wabe_error *err)
{
	const struct wabe_spec_process *p = cr->init.spec->process;
	int r = p ? wabe_identity_raise_rlimits(cr->init.pid, p, err) : 0;

	return p && r == 0 ? wabe_identity_oom_score(cr->init.pid, p, err) : r;
}

static int outside_rights(struct create *cr, struct wabe_error *err)
{
	return cr->init.opens_inside ? 0 : set_limits(cr, err);
}

/*
 * Before the child changes its ids, see wabe_attributes_outside(). It becomes undumpable then: files of it in /proc are out of
 * an ordinary user's reach.
 */
static int schedule(struct create *cr, struct wabe_error *err)
{
	const struct wabe_spec_process *p = cr->init.spec->process;
	int r = p ? wabe_attributes_outside(cr->init.pid, p, err) : 0;

	return r == 0 && cr->init.opens_inside ? set_limits(cr, err) : r;
}

static int runtime_hooks(struct create *cr, struct wabe_error *err)
{
	const struct wabe_spec_hooks *h = &cr->init.spec->hooks;
	int r = wabe_hooks_run(cr->c, "prestart", &h->prestart, WABE_STATUS_CREATING, err);

	if (r == 0)
		r = wabe_hooks_run(cr->c, "createRuntime", &h->create_runtime, WABE_STATUS_CREATING,
				   err);
	return r;
}

/* What the child said. An answer that nobody reads any more is none: the child tells why it ended. */
static int answer_child(struct create *cr, int kind, int *fd, struct wabe_error *err)
{
	int r;

	if (kind == WABE_SYNC_CONSOLE && *fd >= 0)
		return wabe_console_deliver(cr->init.args->console_socket,
					    cr->init.args->ret_console_fd, fd, err);
	if (kind == WABE_SYNC_LISTENER && *fd >= 0 && cr->init.spec->seccomp)
		return wabe_listener_deliver(cr->c, cr->init.spec->seccomp, cr->init.pid,
					     WABE_STATUS_CREATING, fd, cr->init.ours_fd, err);
	if (kind != WABE_SYNC_HOOKS)
		return wabe_error_say(err, -EPROTO, "unexpected message %d", kind);
	r = runtime_hooks(cr, err);
	if (r == 0)
		(void)wabe_sync_send(cr->init.ours_fd, WABE_SYNC_GO, -1, NULL);
	return r;
}

static int move_devices(struct create *cr, struct wabe_error *err)
{
	return wabe_netdevices_move(&cr->init, err);
}

static void return_devices(struct create *cr)
{
	wabe_netdevices_return(&cr->init);
}

/* A child that failed already tells why to follow_child(). */
static int let_child_go(struct create *cr, struct wabe_error *err)
{
	int r = cr->init.waits_for_go ? wabe_sync_send(cr->init.ours_fd, WABE_SYNC_GO, -1, NULL)
				      : 0;

	cr->has_run_hooks = true;
	return r < 0 && r != -EPIPE ? wabe_error_set(err, r, "talk to the container's process") : 0;
}

/* Nothing but our own code runs in the container until START, and making nodes is always allowed. */
static int restrict_devices(struct create *cr, struct wabe_error *err)
{
	int r = wabe_resources_restrict_devices(cr->c->cgroup, cr->init.spec, cr->rt->log, err);

	/* As runc: who has no rights of its own over devices can give none away. */
	if ((wabe_rootless_refused(r) || (r < 0 && !cr->c->cgroup)) && wabe_rootless(cr->rt)) {
		wabe_error_clear(err);
		r = 0;
	}
	return r;
}

/* What the child has to say until it is READY, if we wait for that. */
static int follow_child(struct create *cr, struct wabe_error *err)
{
	while (!cr->init.goes_at_once) {
		_cleanup_close_ int fd = -EBADF;
		int r, got = wabe_sync_receive(cr->init.ours_fd, &fd, err);

		if (got < 0 || got == WABE_SYNC_READY)
			return got < 0 ? got : 0;
		if (got == WABE_SYNC_EOF)
			return wabe_error_say(
				err, -EIO,
				"the container's process died while it was set up (out of memory?)");
		r = answer_child(cr, got, &fd, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int announce(struct create *cr, struct wabe_error *err)
{
	return wabe_announce(&cr->announce, cr->init.pid, cr->init.pidfd, err);
}

static void undo_announce(struct create *cr)
{
	wabe_announce_undo(&cr->announce);
}

static int commit(struct create *cr, struct wabe_error *err)
{
	struct wabe_state *s = &cr->c->state;
	bool is_zombie;
	int r = cr->has_start_ticks
			? 0
			: wabe_pidfd_start_time(cr->init.pid, &s->start_ticks, &is_zombie, err);

	if (r < 0)
		return r;
	s->is_created = true;
	s->is_started = cr->init.is_run;
	r = wabe_state_save(cr->c, err);
	if (r == 0 && !cr->init.is_run)
		r = wabe_sync_send(cr->init.ours_fd, WABE_SYNC_COMMIT, -1, err);
	if (r == 0)
		cr->c->pidfd = TAKE_FD(cr->init.pidfd);
	return r;
}

/*
 * `run`: START comes by the pair, and end of file on it is the execve. Of who goes at once it may also be death while it was set
 * up (only of a signal: else it says why); whoever waits for the foreground container sees that in its status.
 */
static int start_at_once(struct create *cr, struct wabe_error *err)
{
	int got;

	if (!cr->init.is_run)
		return 0;
	got = wabe_sync_send(cr->init.ours_fd, WABE_SYNC_START, -1, NULL);
	/* A child that has failed says why. */
	if (got < 0 && got != -EPIPE)
		return wabe_error_set(err, got, "talk to the container's process");
	got = wabe_sync_receive(cr->init.ours_fd, NULL, err);
	if (got == WABE_SYNC_SCHEDULE)
		got = wabe_attributes_release(cr->init.spec->process, cr->init.pid,
					      cr->init.ours_fd, err);
	if (got > 0)
		return wabe_error_say(err, -EPROTO, "unexpected message %d", got);
	return got;
}

static int poststart_hooks(struct create *cr, struct wabe_error *err)
{
	if (!cr->init.is_run)
		return 0;
	return wabe_hooks_run(cr->c, "poststart", &cr->init.spec->hooks.poststart,
			      WABE_STATUS_RUNNING, err);
}

static const struct create_step {
	const char *name;
	int (*apply)(struct create *cr, struct wabe_error *err);
	void (*undo)(struct create *cr);
} steps[] = {
	{ "check", check_args, NULL },
	{ "state directory", make_state, undo_state },
	{ "state", fill_state, NULL },
	{ "cgroup", make_cgroup, undo_cgroup },
	{ "resources", set_resources, NULL },
	{ "sources", prepare, NULL },
	{ "start socket", make_start_socket, NULL },
	{ "process", spawn, undo_spawn },
	{ "mounts' sources, network namespace", work_beside, NULL },
	{ "id maps", write_maps, NULL },
	{ "scope", make_scope, undo_scope },
	{ "resources of the scope", set_scope_resources, NULL },
	{ "cgroup membership", place_in_cgroup, NULL },
	{ "class of service", join_class, undo_class },
	{ "scheduling", schedule, NULL },
	{ "network devices", move_devices, return_devices },
	{ "go", let_child_go, NULL },
	/* Beside the child's setup; its hooks ask for poststop's. */
	{ "configuration", keep_config, NULL },
	{ "limits", outside_rights, NULL },
	{ "device rules", restrict_devices, NULL },
	{ "setup in the container", follow_child, NULL },
	{ "announcement", announce, undo_announce },
	{ "commit", commit, NULL },
	{ "start", start_at_once, NULL },
	{ "poststart hooks", poststart_hooks, NULL },
};

static int apply_steps(struct create *cr, struct wabe_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int r;

		wabe_log(cr->rt->log, WABE_LOG_DEBUG, "container %s: step %zu, %s",
			 cr->init.args->id, i + 1, steps[i].name);
		r = steps[i].apply(cr, err);
		if (r == 0)
			continue;
		wabe_log(cr->rt->log, WABE_LOG_DEBUG, "container %s: step \"%s\" failed",
			 cr->init.args->id, steps[i].name);
		while (i-- > 0)
			if (steps[i].undo)
				steps[i].undo(cr);
		return r;
	}
	return 0;
}

static int create_or_run(const struct wabe_runtime *rt, const struct wabe_spec *spec,
			 const struct wabe_create_args *args, bool is_run,
			 struct wabe_container **ret_container, struct wabe_error *err)
{
	struct create cr = {
		.rt = rt,
		.announce = { args->pid_file, args->pidfd_socket, "standard" },
		.init = {
			.spec = spec, .args = args, .is_run = is_run, .ours_fd = -EBADF, .theirs_fd = -EBADF,
			.start_fd = -EBADF, .rootfs_fd = -EBADF, .null_fd = -EBADF, .proc_fd = -EBADF, .hook_fd = -EBADF, .cwd_fd = -EBADF, .dev_fd = -EBADF, .mask_fd = -EBADF, .idmap_fd = -EBADF, .pidfd = -EBADF, .own_net_fd = -EBADF,
		},
	};
	int r;

	memset(cr.init.join_fds, 0xff, sizeof(cr.init.join_fds));
	r = apply_steps(&cr, err);
	wabe_init_release(&cr.init);
	if (cr.c)
		wabe_container_unlock(cr.c);
	if (r == 0 && ret_container)
		*ret_container = TAKE_PTR(cr.c);
	wabe_container_free(&cr.c);
	return r < 0 ? wabe_error_prefix(err, "container %s", args->id) : 0;
}

int wabe_container_create(const struct wabe_runtime *rt, const struct wabe_spec *spec,
			  const struct wabe_create_args *args,
			  struct wabe_container **ret_container, struct wabe_error *err)
{
	return create_or_run(rt, spec, args, false, ret_container, err);
}

int wabe_container_run(const struct wabe_runtime *rt, const struct wabe_spec *spec,
		       const struct wabe_create_args *args, struct wabe_container **ret_container,
		       struct wabe_error *err)
{
	return create_or_run(rt, spec, args, true, ret_container, err);
}
