// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/start: the steps of a start; see start.h. */
#include "guest/start.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/console.h"
#include "guest/apply.h"
#include "guest/dist.h"
#include "guest/eventd.h"
#include "guest/devices.h"
#include "guest/hostname.h"
#include "guest/identity.h"
#include "guest/layout.h"
#include "guest/mount.h"
#include "guest/mountns.h"
#include "guest/net.h"
#include "guest/repair.h"
#include "guest/resources.h"
#include "guest/root.h"
#include "guest/running.h"
#include "guest/script.h"
#include "guest/seal.h"
#include "guest/spec.h"
#include "guest/steps.h"
#include "guest/traffic_quota.h"
#include "guest/validate.h"
#include "guest/wait.h"
#include "spec/spec.h"

struct start {
	struct vz_guest *g;
	struct vz_mountns ns;
	int root_fd;	  /* the mounted root */
	int stdio[3];	  /* ours, while the guest's first process is made */
	int netns_fd;	  /* the guest's, which a failed start takes devices back from */
	bool is_borrowed; /* make the container, but don't run init */
	bool has_dist;	  /* its distribution's scripts run before init */
	bool has_console; /* vzeventd, which is whom we descend from, gets its terminal before init */
	unsigned int flags; /* VZ_LAYOUT_* of the root's mount */
	struct vz_device_nodes nodes;
};

static int run_premount(void *data, struct wabe_error *err)
{
	struct start *s = data;

	return vz_script_host(s->g, "premount", err);
}

static void run_postumount(void *data)
{
	struct start *s = data;

	(void)vz_script_host(s->g, "postumount", NULL);
}

/* What needs no undo: nothing is left of it that the stopped guest must not have. */
static int prepare(void *data, struct wabe_error *err)
{
	struct start *s = data;
	int r = vz_guest_check(s->g, err);

	if (r == 0)
		r = vz_apply_check(s->g, false, err);
	if (r == 0)
		r = vz_guest_claim_ids(s->g, err);
	if (r == 0)
		r = vz_layout_limit(s->g, err);
	if (r == 0 && vz_guest_is_mounted(s->g))
		r = vz_guest_umount(s->g, err);
	if (r == 0 && vz_root_make_directory(s->g->conf.root, err) < 0)
		r = vz_guest_fail(err, VZ_EXIT_CREATE_ROOT);
	return r;
}

static int enter_namespace(void *data, struct wabe_error *err)
{
	struct start *s = data;

	return vz_mountns_enter(&s->ns, err);
}

static void leave_namespace(void *data)
{
	struct start *s = data;

	vz_mountns_drop(&s->ns);
}

/* Below the root, which is mounted on top of it. */
static int make_nodes(void *data, struct wabe_error *err)
{
	struct start *s = data;
	int r = vz_device_nodes_make(s->g, s->g->conf.root, &s->nodes, err);

	if (r == 0)
		return 0;
	vz_device_nodes_close(&s->nodes);
	return vz_error_default(err, VZ_EXIT_DEVICES);
}

static void close_nodes(void *data)
{
	struct start *s = data;

	vz_device_nodes_close(&s->nodes);
}

static int mount_root(void *data, struct wabe_error *err)
{
	struct start *s = data;
	_cleanup_close_ int mount_fd = vz_layout_mount(s->g, s->flags, err);

	if (mount_fd < 0)
		return mount_fd;
	if (wabe_mount_attach_at(mount_fd, s->g->conf.root, err) < 0)
		return vz_guest_fail(err, VZ_EXIT_MOUNT);
	s->root_fd = open(s->g->conf.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->root_fd < 0)
		return vz_error_set(err, VZ_EXIT_MOUNT, -errno, "open %s", s->g->conf.root);
	if (!s->is_borrowed)
		vz_say(s->g, "Container is mounted");
	return 0;
}

static void close_root(void *data)
{
	struct start *s = data;

	/* The mount goes with the namespace. */
	wabe_cleanup_close(&s->root_fd);
}

static int run_mount(void *data, struct wabe_error *err)
{
	struct start *s = data;

	return vz_script_host(s->g, "mount", err);
}

static void run_umount(void *data)
{
	struct start *s = data;

	(void)vz_script_host(s->g, "umount", NULL);
}

static int write_hostname(void *data, struct wabe_error *err)
{
	struct start *s = data;

	s->has_dist = vz_dist_is_due(s->g) || vz_identity_is_due(s->g);
	return vz_hostname_write(s->g, s->root_fd, err);
}

/*
 * What the guest's first process gets as 0, 1, 2: the administrator's terminal is none of the
 * guest's business.
 */
static int replace_stdio(int saved[3], struct wabe_error *err)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd < 0)
		return wabe_error_set(err, -errno, "open /dev/null");
	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (saved[fd] < 0 || dup2(null_fd, fd) < 0)
			return wabe_error_set(err, -errno, "put /dev/null on descriptor %d", fd);
	}
	return 0;
}

static void restore_stdio(int saved[3])
{
	for (int fd = 0; fd < 3; fd++) {
		if (saved[fd] >= 0)
			(void)dup2(saved[fd], fd);
		wabe_cleanup_close(&saved[fd]);
	}
}

/* The container has strings of the specification, which ends with the step that made both. */
static int reload(struct vz_guest *g, struct wabe_error *err)
{
	struct wabe_container *c = NULL;
	int r = wabe_container_load(&g->host->rt, g->id, &c, err);

	if (r < 0)
		return r;
	wabe_container_free(&g->container);
	g->container = c;
	return 0;
}

static void delete_container(void *data)
{
	struct start *s = data;

	(void)vz_net_down(s->g, s->netns_fd, NULL);
	(void)wabe_container_delete(s->g->container, true, NULL);
	wabe_container_free(&s->g->container);
}

static int set_up_network(void *data, int netns_fd, struct wabe_error *err)
{
	struct start *s = data;
	int r;

	/* The guest's process has its own by now, and there may be something to say. */
	restore_stdio(s->stdio);
	r = vz_net_up(s->g, netns_fd, err);
	if (r == 0)
		s->netns_fd = fcntl(netns_fd, F_DUPFD_CLOEXEC, 3);
	return r;
}

static int run_container(struct start *s, const struct wabe_spec *spec, struct wabe_error *err)
{
	const struct wabe_create_args args = {
		.id = s->g->id,
		.bundle = s->g->conf.private,
		.config_path = s->g->conf.path,
		/* Somebody's command in a stopped guest is nothing that others see. */
		.network = s->is_borrowed ? NULL : set_up_network,
		.network_data = s,
	};
	const bool is_created = s->is_borrowed || s->has_dist || s->has_console;
	int r = replace_stdio(s->stdio, err);

	if (r == 0)
		r = is_created ? wabe_container_create(&s->g->host->rt, spec, &args,
						       &s->g->container, err)
			       : wabe_container_run(&s->g->host->rt, spec, &args, &s->g->container,
						    err);
	restore_stdio(s->stdio);
	if (r < 0 || !is_created)
		return r;
	r = reload(s->g, err);
	if (r < 0)
		delete_container(s);
	return r;
}

static int make_container(void *data, struct wabe_error *err)
{
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	struct start *s = data;
	enum vz_init_kind kind;
	const char *init;
	int r = vz_init_find(s->root_fd, &init, &kind, err);

	if (r < 0 && s->is_borrowed) {
		/*
		 * The guest may be broken just so that somebody wants to repair it. It is never
		 * executed.
		 */
		wabe_error_clear(err);
		init = "/sbin/init";
		kind = VZ_INIT_OTHER;
		r = 0;
	}
	if (r == 0)
		r = vz_spec_build(s->g, init, kind, &spec, err);
	if (r == 0 && vz_device_nodes_mount(&s->nodes, &spec) < 0)
		r = wabe_error_set(err, -ENOMEM, "device nodes");
	if (r == 0)
		r = wabe_spec_validate(&spec, err);
	if (r == 0)
		r = run_container(s, &spec, err);
	if (r < 0)
		(void)vz_net_down(s->g, s->netns_fd, NULL);
	return r < 0 ? vz_guest_fail(err, VZ_EXIT_ENV_CREATE) : 0;
}

static int go_back(void *data, struct wabe_error *err)
{
	struct start *s = data;

	wabe_cleanup_close(&s->root_fd);
	vz_device_nodes_close(&s->nodes);
	return vz_mountns_leave(&s->ns, err);
}

/*
 * A guest whose files can't be written (full, read-only, no shell) starts all the same: it may be
 * started for just that repair. The next start tries again.
 */
static int run_dist(void *data, struct wabe_error *err)
{
	struct wabe_error reason = WABE_ERROR_INIT;
	struct start *s = data;

	if (!s->has_dist && !s->has_console)
		return 0;
	if (s->has_console && vz_console_make(s->g, VZ_CONSOLE_NAME, &reason) < 0)
		vz_warn(s->g, "it has no console: %s", reason.text);
	if (vz_identity_is_due(s->g))
		vz_identity_make(s->g);
	if (s->has_dist && vz_dist_apply(s->g, true, &reason) < 0)
		vz_warn(s->g, "%s", reason.text);
	if (wabe_container_start(s->g->container, err) < 0)
		return vz_guest_fail(err, VZ_EXIT_ENV_CREATE);
	return 0;
}

/* After the container is made: other guests' sums must see its own part. */
static int protect_memory(void *data, struct wabe_error *err)
{
	struct start *s = data;

	(void)err;
	vz_resources_protect(s->g, NULL);
	return 0;
}

static int link_root(void *data, struct wabe_error *err)
{
	struct start *s = data;

	if (vz_root_make_link(s->g->conf.root, wabe_container_pid(s->g->container), err) < 0)
		return vz_guest_fail(err, VZ_EXIT_CREATE_ROOT);
	return 0;
}

static void unlink_root(void *data)
{
	struct start *s = data;

	(void)vz_root_make_directory(s->g->conf.root, NULL);
}

/* No reason not to run it: what is lost is that it comes back after a crash. */
static int note_running(void *data, struct wabe_error *err)
{
	struct wabe_error reason = WABE_ERROR_INIT;
	struct start *s = data;

	(void)err;
	if (vz_running_note(s->g->host, s->g->ctid, &reason) < 0)
		vz_warn(s->g, "after a crash of the host it would stay down: %s", reason.text);
	return 0;
}

static void forget_running(void *data)
{
	struct start *s = data;

	(void)vz_running_forget(s->g->host, s->g->ctid, NULL);
}

static int run_start(void *data, struct wabe_error *err)
{
	struct start *s = data;

	return vz_script_guest(s->g, "start", err);
}

static const struct vz_step start_steps[] = {
	{ "premount scripts", run_premount, run_postumount },
	{ "checks, ids, quota, VE_ROOT", prepare, NULL },
	{ "mount namespace", enter_namespace, leave_namespace },
	{ "device nodes", make_nodes, close_nodes },
	{ "root", mount_root, close_root },
	{ "mount scripts", run_mount, run_umount },
	{ "/etc/hostname", write_hostname, NULL },
	{ "container", make_container, delete_container },
	{ "back to the host", go_back, NULL },
	{ "console, distribution's scripts, init", run_dist, NULL },
	{ "guarantees of memory", protect_memory, NULL },
	{ "link at VE_ROOT", link_root, unlink_root },
	{ "record", note_running, forget_running },
	{ "start script", run_start, NULL },
};

static const struct vz_step borrow_steps[] = {
	{ "checks, ids, quota, VE_ROOT", prepare, NULL },
	{ "mount namespace", enter_namespace, leave_namespace },
	{ "root", mount_root, close_root },
	{ "container", make_container, delete_container },
	{ "back to the host", go_back, NULL },
};

int vz_guest_may_start(struct vz_guest *g, const struct vz_start_options *options,
		       struct wabe_error *err)
{
	int r;

	if (vz_param_yes(&g->conf.params, VZ_PARAM_DISABLED) && !options->is_forced)
		return vz_error_say(err, VZ_EXIT_DISABLED, -EPERM,
				    "Container start disabled (DISABLED=yes; --force starts it)");
	r = vz_guest_need_paths(g, err);
	if (r == 0)
		r = vz_guest_validate(g, err);
	return r < 0 ? r : vz_traffic_quota_may_start(g, options->is_forced, err);
}

int vz_guest_start(struct vz_guest *g, const struct vz_start_options *options,
		   struct wabe_error *err)
{
	struct start s = { .g = g,
			   .ns = VZ_MOUNTNS_INIT,
			   .root_fd = -EBADF,
			   .stdio = { -EBADF, -EBADF, -EBADF },
			   .netns_fd = -EBADF,
			   .has_console = secure_getenv(VZ_EVENTD_ENV),
			   .flags = options->skips_check ? VZ_LAYOUT_SKIP_CHECK : 0 };
	/*
	 * What a killed start had begun may have been there a moment ago, when the guest was locked; and the guest may have
	 * halted by itself since then.
	 */
	int r = vz_repair_container(g, err);

	if (r < 0)
		return r;
	if (g->container)
		return vz_error_say(err, VZ_EXIT_RUNNING, -EBUSY, "Container is already running");
	r = vz_guest_may_start(g, options, err);
	if (r == 0)
		r = vz_seal_for(g, err);
	if (r < 0)
		return r;
	vz_say(g, "Starting container...");
	r = vz_steps_run(start_steps, ARRAY_SIZE(start_steps), &s, err);
	wabe_cleanup_close(&s.netns_fd);
	if (r < 0) {
		vz_say(g, "Container start failed");
		return r;
	}
	vz_say(g, "Container start in progress...");
	if (!options->is_waiting)
		return 0;
	r = reload(g, err);
	return r < 0 ? r : vz_wait_up(g, err);
}

int vz_borrow_begin(struct vz_guest *g, struct wabe_error *err)
{
	struct start s = { .g = g,
			   .ns = VZ_MOUNTNS_INIT,
			   .root_fd = -EBADF,
			   .stdio = { -EBADF, -EBADF, -EBADF },
			   .netns_fd = -EBADF,
			   .is_borrowed = true };
	int r = vz_guest_need_paths(g, err);

	if (r == 0)
		r = vz_seal_for(g, err);
	return r < 0 ? r : vz_steps_run(borrow_steps, ARRAY_SIZE(borrow_steps), &s, err);
}

int vz_borrow_end(struct vz_guest *g, struct wabe_error *err)
{
	int r = wabe_container_delete(g->container, true, err);

	wabe_container_free(&g->container);
	return r;
}

int vz_borrow_call(struct vz_guest *g,
		   int (*call)(struct vz_guest *g, void *data, struct wabe_error *err), void *data,
		   struct wabe_error *err)
{
	int r = vz_repair_container(g, err), r_end;

	if (r < 0)
		return r;
	if (g->container)
		return call(g, data, err);
	r = vz_borrow_begin(g, err);
	if (r < 0)
		return r;
	r = call(g, data, err);
	r_end = vz_borrow_end(g, r < 0 ? NULL : err);
	return r < 0 || r_end == 0 ? r : r_end;
}
