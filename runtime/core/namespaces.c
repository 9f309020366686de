// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/namespaces: how the container's process comes into its namespaces, new ones and those joined by path.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "core/init.h"
#include "core/sync.h"
#include "spec/spec.h"
#include "sys/link.h"
#include "sys/namespace.h"
#include "sys/pidfd.h"

/* Clone flag of each namespace. */
static const uint64_t ns_flags[WABE_NS_MAX] = {
	[WABE_NS_USER] = CLONE_NEWUSER,	    [WABE_NS_MOUNT] = CLONE_NEWNS,
	[WABE_NS_PID] = CLONE_NEWPID,	    [WABE_NS_NETWORK] = CLONE_NEWNET,
	[WABE_NS_IPC] = CLONE_NEWIPC,	    [WABE_NS_UTS] = CLONE_NEWUTS,
	[WABE_NS_CGROUP] = CLONE_NEWCGROUP, [WABE_NS_TIME] = CLONE_NEWTIME,
};

static bool has_key(const struct wabe_pairs *pairs, const char *prefix)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (strncmp(pairs->items[i].key, prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

/*
 * Is it a context, or held to limits as one is? Its network has to be the child's own then: our kernel charges what is in there to
 * the cgroup that it was made for.
 */
static bool has_context(const struct wabe_spec *spec)
{
	return has_key(&spec->annotations, WABE_SPEC_CTX_ANNOTATION) ||
	       has_key(&spec->resources.unified, "ctx.");
}

/*
 * Not in a user namespace, which it would have to belong to; not with devices to move into it, or a caller who sets it up
 * (struct wabe_create_args), before the child is in there.
 */
static bool may_make_network(const struct wabe_init *init)
{
	return (init->clone_flags & CLONE_NEWNET) && !init->has_userns && !init->opens_inside &&
	       init->spec->net_devices.count == 0 && !init->args->network &&
	       !has_context(init->spec) && getauxval(AT_EUID) == 0;
}

/*
 * setns(2) to come back wants CAP_SYS_ADMIN over the network namespace that the caller is in, which is asked for here by another
 * capability: who is in a user namespace below it has neither.
 */
void wabe_namespaces_choose_network(struct wabe_init *init)
{
	if (!may_make_network(init))
		return;
	/* The calling thread's, which made the pair: libwabe's caller may have others elsewhere. */
	init->own_net_fd = wabe_link_namespace(init->ours_fd, NULL);
	if (init->own_net_fd < 0)
		return;
	init->has_own_network = true;
	init->clone_flags &= ~(uint64_t)CLONE_NEWNET;
}

static int prepare_one(struct wabe_init *init, const struct wabe_spec_namespace *ns,
		       struct wabe_error *err)
{
	if (ns->type == WABE_NS_USER)
		init->has_userns = true;
	if (ns->path) {
		init->join_fds[ns->type] =
			wabe_namespace_open(ns->path, (int)ns_flags[ns->type], err);
		return init->join_fds[ns->type] < 0 ? init->join_fds[ns->type] : 0;
	}
	/*
	 * Two are unshared by the child: the offsets of a time namespace can't be set after a clone into it, and clone3 roots a
	 * cgroup namespace in the creator's cgroup.
	 */
	if (ns->type == WABE_NS_CGROUP)
		init->has_cgroupns = true;
	else if (ns->type != WABE_NS_TIME)
		init->clone_flags |= ns_flags[ns->type];
	return 0;
}

/* Root of a user namespace that may mount could take away what was mounted for it, see wabe_namespace_enter_lower_mounts(). */
static bool has_to_lock(const struct wabe_init *init)
{
	const struct wabe_spec_process *p = init->spec->process;
	uint64_t mask =
		p && p->capabilities ? p->capabilities->bounding | p->capabilities->permitted : 0;

	return init->has_userns && (init->clone_flags & CLONE_NEWNS) &&
	       (mask & (1ULL << CAP_SYS_ADMIN));
}

int wabe_namespaces_prepare(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_spec_namespace *ns = init->spec->namespaces.items;

	for (size_t i = 0; i < init->spec->namespaces.count; i++) {
		int r = prepare_one(init, &ns[i], err);

		if (r < 0)
			return wabe_error_prefix(err, "linux.namespaces[%zu].path", i);
	}
	init->has_locked_mounts = has_to_lock(init);
	if (init->has_locked_mounts)
		init->clone_flags &= ~(uint64_t)CLONE_NEWNS;
	return 0;
}

/* Of the new namespace, in which the calling thread is; the child finds it by its socket. */
static int set_up_network(struct wabe_init *init, struct wabe_error *err)
{
	_cleanup_close_ int sock = wabe_link_socket(err);
	int r = sock < 0 ? sock : wabe_sync_send(init->ours_fd, WABE_SYNC_NETNS, sock, NULL);

	/* A child that has failed tells why when it is asked. */
	if (r < 0 && r != -EPIPE)
		return wabe_error_set(err, r, "send the network to the container's process");
	return wabe_link_up_by(sock, "lo", err);
}

int wabe_namespaces_make_network(struct wabe_init *init, struct wabe_error *err)
{
	int r;

	if (!init->has_own_network)
		return 0;
	r = wabe_namespace_unshare(CLONE_NEWNET, err);
	if (r < 0)
		return r;
	r = set_up_network(init, err);
	if (wabe_namespace_join(init->own_net_fd, CLONE_NEWNET, r < 0 ? NULL : err) < 0)
		return r < 0 ? r : -EIO;
	return r;
}

int wabe_namespaces_take_network(struct wabe_init *init, struct wabe_error *err)
{
	int got, fd = -EBADF; /* close-on-exec, and swept at the latest after the mounts */

	if (!init->has_own_network)
		return 0;
	init->has_own_network = false;
	got = wabe_sources_take(init, NULL, err); /* sent before */
	if (got == 0)
		got = wabe_sync_receive(init->theirs_fd, &fd, err);
	if (got < 0)
		return got;
	if (got != WABE_SYNC_NETNS || fd < 0)
		return wabe_error_say(err, -EPIPE, "the other side made no network namespace");
	fd = wabe_link_namespace(fd, err);
	return fd < 0 ? fd : wabe_namespace_join(fd, CLONE_NEWNET, err);
}

/*
 * Join those that are not joined yet. Before a user namespace is entered, one that can't be joined yet is left for
 * afterwards: an ordinary user has the right to only in there.
 */
static int join_others(struct wabe_init *init, bool is_before_userns, struct wabe_error *err)
{
	for (int type = WABE_NS_MAX - 1; type > WABE_NS_USER; type--) {
		int r;

		/* The pid namespace is for children: whoever clones joins it. */
		if (type == WABE_NS_PID || init->join_fds[type] < 0)
			continue;
		r = wabe_namespace_join(init->join_fds[type], (int)ns_flags[type],
					is_before_userns ? NULL : err);
		if (r == -EPERM && is_before_userns)
			continue;
		if (r < 0)
			return wabe_error_set(err, r, "join the %s namespace",
					      wabe_name_of(wabe_spec_names(WABE_SPEC_NAMESPACES),
							   type));
		wabe_cleanup_close(&init->join_fds[type]);
	}
	return 0;
}

/* Root of the user namespace: until now our ids have no name in it. */
static int become_root(struct wabe_error *err)
{
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return wabe_error_set(err, -errno,
				      "become root of the user namespace (is id 0 mapped?)");
	/* A change of ids may have made us dumpable: nobody in there shall trace us or see our descriptors. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return wabe_error_set(err, -errno, "become undumpable");
	return 0;
}

int wabe_namespaces_join(struct wabe_init *init, struct wabe_error *err)
{
	int r = join_others(init, false, err);

	if (r == 0 && init->has_userns)
		r = become_root(err);
	if (r == 0 && init->has_cgroupns)
		r = wabe_namespace_unshare(CLONE_NEWCGROUP, err);
	if (r == 0 && init->has_locked_mounts)
		r = wabe_namespace_enter_lower_mounts(err);
	return r;
}

/* What the clocks are set off by: the specification's from the host's clocks or, with "uptime", from zero; or nothing. */
static const struct wabe_namespace_clocks *time_offsets(const struct wabe_spec *spec,
							struct wabe_namespace_clocks *clocks)
{
	const struct wabe_spec_time_offsets *o = spec->time_offsets;

	*clocks = (struct wabe_namespace_clocks){ 0 };
	if (spec->has_uptime)
		wabe_namespace_clocks_from_zero(clocks);
	else if (!o)
		return NULL;
	if (o) {
		clocks->monotonic.tv_sec += o->monotonic.secs;
		clocks->monotonic.tv_nsec = o->monotonic.nanosecs;
		clocks->boottime.tv_sec += o->boottime.secs;
		clocks->boottime.tv_nsec = o->boottime.nanosecs;
	}
	return clocks;
}

int wabe_namespaces_enter_time(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_spec_namespace *ns = wabe_spec_namespace(init->spec, WABE_NS_TIME);
	struct wabe_namespace_clocks clocks;
	_cleanup_close_ int proc_fd = -EBADF;
	int r;

	if (!init->spec->has_uptime && (!ns || ns->path))
		return 0;
	proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc_fd < 0)
		return wabe_error_set(err, -errno, "open /proc");
	/* Files of an undumpable process belong to the host's root; nobody else is in the container yet to make use of it. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return wabe_error_set(err, -errno, "become dumpable");
	r = wabe_namespace_new_time(proc_fd, time_offsets(init->spec, &clocks), err);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 && r == 0)
		r = wabe_error_set(err, -errno, "become undumpable");
	return r < 0 && init->spec->time_offsets ? wabe_error_prefix(err, "linux.timeOffsets") : r;
}

static bool joins_others(const struct wabe_init *init)
{
	for (int type = 0; type < WABE_NS_MAX; type++)
		if (type != WABE_NS_USER && type != WABE_NS_PID && init->join_fds[type] >= 0)
			return true;
	return false;
}

int wabe_namespaces_join_for_child(struct wabe_init *init, struct wabe_error *err)
{
	int r = join_others(init, true, err);

	if (r == 0 && init->join_fds[WABE_NS_USER] >= 0)
		r = wabe_namespace_join(init->join_fds[WABE_NS_USER], CLONE_NEWUSER, err);
	if (r == 0 && init->join_fds[WABE_NS_PID] >= 0)
		r = wabe_namespace_join(init->join_fds[WABE_NS_PID], CLONE_NEWPID, err);
	return r;
}

bool wabe_namespaces_are_staged(const struct wabe_init *init)
{
	return init->has_userns && (init->join_fds[WABE_NS_USER] >= 0 || joins_others(init));
}
