// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/net: devices of the host that a guest gets (NETDEV), and gives back. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "guest/net_internal.h"

/* A network namespace that nobody uses any more is taken apart by the kernel in its own time. */
#define REMAKE_MS 3000
#define REMAKE_PAUSE_MS 20

/*
 * "eth1:7:3:vlan:HEX": its name here, its number inside, the number of the device that it sits on (0: none), its kind, and how
 * to make it again, if that is known. The guest's root can rename it and make another of that name; what comes back must be
 * what went.
 */
struct moved {
	char name[IFNAMSIZ], kind[16];
	int index, lower;
	struct wabe_link_recipe recipe;
};

#define HEX_MAX (2 * WABE_LINK_RECIPE_MAX + 1)

static const char *moved_text(struct wabe_arena *arena, const struct moved *m)
{
	char hex[HEX_MAX] = "";

	for (size_t i = 0; i < m->recipe.len; i++)
		snprintf(hex + 2 * i, 3, "%02x", m->recipe.attributes[i]);
	return wabe_arena_printf(arena, "%s:%d:%d:%s:%s", m->name, m->index, m->lower,
				 *m->kind ? m->kind : "-", hex);
}

static int parse_recipe(const char *hex, struct wabe_link_recipe *recipe)
{
	const size_t len = strlen(hex);

	if (len % 2 != 0 || len / 2 > sizeof(recipe->attributes))
		return -EINVAL;
	for (size_t i = 0; i < len / 2; i++) {
		unsigned int byte;

		if (strspn(hex + 2 * i, "0123456789abcdef") < 2 ||
		    sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return -EINVAL;
		recipe->attributes[i] = (unsigned char)byte;
	}
	recipe->len = len / 2;
	return 0;
}

static int moved_parse(const char *text, struct moved *ret_moved)
{
	struct moved m = { 0 };
	char room[HEX_MAX + 80], *rest = room, *name, *index, *lower, *kind;

	if (strlen(text) >= sizeof(room))
		return -EINVAL;
	memcpy(room, text, strlen(text) + 1);
	name = strsep(&rest, ":");
	index = strsep(&rest, ":");
	lower = strsep(&rest, ":");
	kind = strsep(&rest, ":");
	if (!kind || strlen(name) >= sizeof(m.name) || strlen(kind) >= sizeof(m.kind) ||
	    wabe_parse_int(index, 0, INT_MAX, &m.index) < 0 ||
	    wabe_parse_int(lower, 0, INT_MAX, &m.lower) < 0 ||
	    parse_recipe(rest ?: "", &m.recipe) < 0)
		return -EINVAL;
	memcpy(m.name, name, strlen(name) + 1);
	memcpy(m.kind, kind, strlen(kind) + 1);
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

static void forget_moved(struct vz_net_job *job, size_t at)
{
	job->have.moved.items[at] = job->have.moved.items[--job->have.moved.count];
}

/* In the place of what is said of it already. */
static int note_moved(struct vz_net_job *job, const struct moved *m, struct wabe_error *err)
{
	const char *text = moved_text(&job->arena, m);
	struct moved old;
	size_t at;

	if (find_moved(job, m->name, &old, &at) == 0)
		forget_moved(job, at);
	if (!text || wabe_strv_add(&job->have.moved, &job->arena, text) < 0)
		return wabe_error_set(err, -ENOMEM, "device %s", m->name);
	return vz_net_save(job, err);
}

static int look_at(struct vz_net_job *job, const char *name, struct moved *m,
		   struct wabe_error *err)
{
	struct wabe_link link;
	int r = wabe_rtnl_link(job->host, name, 0, &link, err);

	if (r < 0)
		return r;
	if (link.group == VZ_NET_GROUP_VENET || link.group == VZ_NET_GROUP_NETIF ||
	    link.group == VZ_NET_GROUP_FREE)
		return wabe_error_say(err, -EBUSY, "device %s belongs to a guest", name);
	memcpy(m->name, link.name, sizeof(m->name));
	memcpy(m->kind, link.kind, sizeof(m->kind));
	m->lower = link.peer;
	m->index = link.index;
	return wabe_rtnl_recipe(job->host, link.index, &m->recipe, err);
}

/* Its number inside is the one that it has, if that is free there: so the record is right before it goes, or soon after. */
static int move_in(struct vz_net_job *job, const char *name, struct wabe_error *err)
{
	_cleanup_(wabe_netdev_release) struct wabe_netdev dev = { 0 };
	struct moved m = { 0 };
	size_t at;
	int r = look_at(job, name, &m, err);

	if (r == 0)
		r = note_moved(job, &m, err);
	if (r == 0)
		r = wabe_netdev_find(wabe_rtnl_fd(job->host), name, &dev, err);
	if (r == 0)
		r = wabe_netdev_move(wabe_rtnl_fd(job->host), wabe_rtnl_fd(job->guest),
				     job->netns_fd, &dev, name, false, err);
	if (!dev.is_moved) {
		if (find_moved(job, name, &m, &at) == 0)
			forget_moved(job, at);
		return r;
	}
	if (m.index == dev.index)
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

/* Once the one that went is really gone: until then its driver may know it, and take no other. */
static int make_again(struct vz_net_job *job, const struct moved *m, struct wabe_error *err)
{
	static const struct timespec pause = { .tv_nsec = REMAKE_PAUSE_MS * 1000000L };
	struct wabe_link link;
	int r = 0;

	for (int waited_ms = 0; waited_ms <= REMAKE_MS; waited_ms += REMAKE_PAUSE_MS) {
		wabe_error_clear(err);
		/* Or a killed command did it already. */
		if (wabe_rtnl_link(job->host, m->name, 0, &link, NULL) == 0)
			return 0;
		r = wabe_rtnl_make(job->host, m->name, &m->recipe, err);
		if (r != -EEXIST && r != -EBUSY && r != -EINVAL)
			break;
		nanosleep(&pause, NULL);
	}
	return r;
}

/* The guest's root took it away, or the kernel did, which gives only hardware back (network_namespaces(7)). */
static void replace(struct vz_net_job *job, const struct moved *m)
{
	struct wabe_error reason = WABE_ERROR_INIT;
	struct wabe_link link;

	if (wabe_rtnl_link(job->host, m->name, 0, &link, NULL) == 0)
		return;
	if (m->recipe.len == 0)
		vz_warn(job->g, "device %s is gone with the guest's network", m->name);
	else if (make_again(job, m, &reason) < 0)
		vz_warn(job->g, "device %s is gone with the guest's network: %s", m->name,
			reason.text);
	else
		vz_say(job->g, "Device %s was gone with the container's network: made again",
		       m->name);
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
		replace(job, m);
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
	struct moved m;
	size_t at;
	int r = 0;

	if (find_moved(job, name, &m, &at) < 0)
		return 0;
	if (job->guest)
		r = move_out(job, &m, err);
	else
		replace(job, &m);
	if (r < 0)
		return vz_error_default(err, VZ_EXIT_NETDEV);
	forget_moved(job, at);
	return 0;
}
