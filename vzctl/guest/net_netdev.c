// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/net: devices of the host that a guest gets (NETDEV), and gives back. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "guest/net_internal.h"

/*
 * "eth1:7:3:vlan": its name here, its number inside, the number of the device that it sits on (0: none), its kind. The guest's
 * root can rename it and make another of that name; what comes back must be what went.
 */
struct moved {
	char name[IFNAMSIZ], kind[16];
	int index, lower;
};

static const char *moved_text(struct wabe_arena *arena, const struct moved *m)
{
	return wabe_arena_printf(arena, "%s:%d:%d:%s", m->name, m->index, m->lower,
				 *m->kind ? m->kind : "-");
}

static int moved_parse(const char *text, struct moved *ret_moved)
{
	struct moved m = { 0 };
	char room[80], *rest = room, *name, *index, *lower;

	if (strlen(text) >= sizeof(room))
		return -EINVAL;
	memcpy(room, text, strlen(text) + 1);
	name = strsep(&rest, ":");
	index = strsep(&rest, ":");
	lower = strsep(&rest, ":");
	if (!rest || strlen(name) >= sizeof(m.name) || strlen(rest) >= sizeof(m.kind) ||
	    wabe_parse_int(index, 0, INT_MAX, &m.index) < 0 ||
	    wabe_parse_int(lower, 0, INT_MAX, &m.lower) < 0)
		return -EINVAL;
	memcpy(m.name, name, strlen(name) + 1);
	memcpy(m.kind, rest, strlen(rest) + 1);
	*ret_moved = m;
	return 0;
}

static int find_moved(const struct vz_net_job *job, const char *name, struct moved *ret_moved,
		      size_t *ret_at)
{
	for (size_t i = 0; i < job->have.moved.count; i++) {
		if (moved_parse(job->have.moved.items[i], ret_moved) < 0 ||
		    strcmp(ret_moved->name, name) != 0)
			continue;
		*ret_at = i;
		return 0;
	}
	return -ENOENT;
}

static int note_moved(struct vz_net_job *job, const struct moved *m, struct wabe_error *err)
{
	const char *text = moved_text(&job->arena, m);

	if (!text || wabe_strv_add(&job->have.moved, &job->arena, text) < 0)
		return wabe_error_set(err, -ENOMEM, "device %s", m->name);
	return vz_net_save(job, err);
}

static int move_in(struct vz_net_job *job, const char *name, struct wabe_error *err)
{
	_cleanup_(wabe_netdev_release) struct wabe_netdev dev = { 0 };
	struct moved m = { 0 };
	struct wabe_link link;
	int r = wabe_rtnl_link(job->host, name, 0, &link, err);

	if (r < 0)
		return r;
	if (link.group == VZ_NET_GROUP_VENET || link.group == VZ_NET_GROUP_NETIF ||
	    link.group == VZ_NET_GROUP_FREE)
		return wabe_error_say(err, -EBUSY, "device %s belongs to a guest", name);
	memcpy(m.name, link.name, sizeof(m.name));
	memcpy(m.kind, link.kind, sizeof(m.kind));
	m.lower = link.peer;
	r = wabe_netdev_find(wabe_rtnl_fd(job->host), name, &dev, err);
	if (r == 0)
		r = wabe_netdev_move(wabe_rtnl_fd(job->host), wabe_rtnl_fd(job->guest),
				     job->netns_fd, &dev, name, false, err);
	if (!dev.is_moved)
		return r;
	m.index = dev.index;
	return note_moved(job, &m, r < 0 ? NULL : err) < 0 ? -EIO : r;
}

int vz_netdev_add(struct vz_net_job *job, const char *name, struct wabe_error *err)
{
	struct moved m;
	size_t at;

	if (find_moved(job, name, &m, &at) == 0)
		return 0;
	return move_in(job, name, err) < 0 ? vz_error_default(err, VZ_EXIT_NETDEV) : 0;
}

/*
 * A device that the guest's root made, under the number of ours, would be the guest's foot in the host's network. What ours
 * sits on is the host's, which nothing that is made inside can do.
 */
static bool is_ours(struct vz_net_job *job, const struct moved *m, const struct wabe_link *link)
{
	_cleanup_close_ int host_fd = -EBADF;
	int32_t nsid;

	if (strcmp(m->kind, *link->kind ? link->kind : "-") != 0 || m->lower != link->peer)
		return false;
	if (!link->peer)
		return true;
	host_fd = wabe_namespace_open("/proc/thread-self/ns/net", CLONE_NEWNET, NULL);
	return host_fd >= 0 && link->is_peer_elsewhere &&
	       wabe_rtnl_nsid(job->guest, host_fd, &nsid, NULL) == 0 && nsid >= 0 &&
	       nsid == link->peer_nsid;
}

static int move_out(struct vz_net_job *job, const struct moved *m, struct wabe_error *err)
{
	_cleanup_(wabe_netdev_release) struct wabe_netdev dev = { 0 };
	_cleanup_close_ int host_fd = -EBADF;
	struct wabe_link link;
	int r = wabe_rtnl_link(job->guest, NULL, m->index, &link, err);

	if (r == -ENODEV || (r == 0 && !is_ours(job, m, &link))) {
		wabe_error_clear(err);
		vz_warn(job->g, "device %s is not in the guest any more", m->name);
		return 0;
	}
	if (r < 0)
		return r;
	host_fd = wabe_namespace_open("/proc/thread-self/ns/net", CLONE_NEWNET, err);
	r = host_fd < 0 ? host_fd
			: wabe_netdev_find(wabe_rtnl_fd(job->guest), link.name, &dev, err);
	if (r < 0)
		return r;
	/* Down, and without what the guest's root gave it. */
	dev.address_count = 0;
	wabe_netdev_routes_release(&dev.routes);
	dev.routes.index = dev.index;
	dev.is_up = false;
	return wabe_netdev_move(wabe_rtnl_fd(job->guest), wabe_rtnl_fd(job->host), host_fd, &dev,
				m->name, true, err);
}

int vz_netdev_remove(struct vz_net_job *job, const char *name, struct wabe_error *err)
{
	struct wabe_link link;
	struct moved m;
	size_t at;
	int r = 0;

	if (find_moved(job, name, &m, &at) < 0)
		return 0;
	if (job->guest)
		r = move_out(job, &m, err);
	/* The kernel gives hardware back by itself, all else ends with the guest's namespace (network_namespaces(7)). */
	else if (wabe_rtnl_link(job->host, name, 0, &link, NULL) == -ENODEV)
		vz_warn(job->g, "device %s went with the guest's network namespace", name);
	if (r < 0)
		return vz_error_default(err, VZ_EXIT_NETDEV);
	job->have.moved.items[at] = job->have.moved.items[--job->have.moved.count];
	return 0;
}
