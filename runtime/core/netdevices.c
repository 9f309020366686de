// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/netdevices: devices of the host that the container's network namespace gets (config-linux.md, "Network Devices").
 *
 * Moved by the creator, who has the right to on both sides, before the child is let go. Nobody moves them back at the end:
 * they are the namespace's, and the kernel gives physical ones back with it. A create that fails gives all back.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "core/init.h"
#include "sys/namespace.h"
#include "sys/netdev.h"

struct wabe_netdevices {
	int host_fd, guest_fd;	   /* network namespaces */
	int host_sock, guest_sock; /* rtnetlink, in each */
	struct wabe_netdev *devs;  /* one for each of the specification's */
};

static int open_guest(const struct wabe_init *init, struct wabe_error *err)
{
	char path[64];

	if (init->join_fds[WABE_NS_NETWORK] >= 0)
		return fcntl(init->join_fds[WABE_NS_NETWORK], F_DUPFD_CLOEXEC, 0);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", init->pid);
	return wabe_namespace_open(path, CLONE_NEWNET, err);
}

static int open_sides(struct wabe_netdevices *n, const struct wabe_init *init,
		      struct wabe_error *err)
{
	struct stat host, guest;

	n->host_fd = wabe_namespace_open("/proc/thread-self/ns/net", CLONE_NEWNET, err);
	n->guest_fd = n->host_fd < 0 ? n->host_fd : open_guest(init, err);
	if (n->guest_fd < 0)
		return n->guest_fd;
	if (fstat(n->host_fd, &host) < 0 || fstat(n->guest_fd, &guest) < 0)
		return wabe_error_set(err, -errno, "look at the network namespaces");
	if (host.st_dev == guest.st_dev && host.st_ino == guest.st_ino)
		return wabe_error_say(err, -EINVAL,
				      "the container's network namespace is the host's");
	n->host_sock = wabe_netdev_socket(err);
	if (n->host_sock >= 0)
		n->guest_sock = wabe_netdev_socket_in(n->guest_fd, err);
	return n->host_sock < 0 ? n->host_sock : n->guest_sock < 0 ? n->guest_sock : 0;
}

static int move_one(struct wabe_netdevices *n, const struct wabe_spec_net_device *spec, size_t i,
		    struct wabe_error *err)
{
	int r = wabe_netdev_find(n->host_sock, spec->host_name, &n->devs[i], err);

	if (r == 0)
		r = wabe_netdev_move(n->host_sock, n->guest_sock, n->guest_fd, &n->devs[i],
				     spec->name ? spec->name : spec->host_name, false, err);
	return r < 0 ? wabe_error_prefix(err, "linux.netDevices.%s", spec->host_name) : 0;
}

static int move_all(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_list *list = &init->spec->net_devices;
	const struct wabe_spec_net_device *specs = list->items;
	struct wabe_netdevices *n;
	int r;

	if (list->count == 0)
		return 0;
	n = wabe_arena_alloc(&init->arena, sizeof(*n));
	if (n)
		n->devs = wabe_arena_array(&init->arena, list->count, sizeof(*n->devs));
	if (!n || !n->devs)
		return wabe_error_set(err, -ENOMEM, "linux.netDevices");
	n->host_fd = n->guest_fd = n->host_sock = n->guest_sock = -EBADF;
	init->netdevices = n;
	r = open_sides(n, init, err);
	if (r < 0)
		return wabe_error_prefix(err, "linux.netDevices");
	for (size_t i = 0; i < list->count; i++) {
		r = move_one(n, &specs[i], i, err);
		if (r < 0) {
			wabe_netdevices_return(init);
			return r;
		}
	}
	return 0;
}

void wabe_netdevices_return(struct wabe_init *init)
{
	const struct wabe_spec_net_device *specs = init->spec->net_devices.items;
	struct wabe_netdevices *n = init->netdevices;

	for (size_t i = init->spec->net_devices.count; n && i-- > 0;)
		if (n->devs[i].is_moved)
			(void)wabe_netdev_move(n->guest_sock, n->host_sock, n->host_fd, &n->devs[i],
					       specs[i].host_name, true, NULL);
}

/* The caller's part: wabe.h, struct wabe_create_args. */
static int call_back(const struct wabe_init *init, struct wabe_error *err)
{
	_cleanup_close_ int netns_fd = -EBADF;
	struct stat host, guest;

	if (!init->args->network)
		return 0;
	netns_fd = open_guest(init, err);
	if (netns_fd < 0)
		return netns_fd;
	if (fstat(netns_fd, &guest) < 0 || stat("/proc/thread-self/ns/net", &host) < 0)
		return wabe_error_set(err, -errno, "look at the network namespaces");
	if (host.st_dev == guest.st_dev && host.st_ino == guest.st_ino)
		return wabe_error_say(err, -EINVAL,
				      "the container's network namespace is the host's");
	return init->args->network(init->args->network_data, netns_fd, err);
}

int wabe_netdevices_move(struct wabe_init *init, struct wabe_error *err)
{
	int r = move_all(init, err);

	if (r < 0)
		return r;
	r = call_back(init, err);
	if (r < 0)
		wabe_netdevices_return(init);
	return r;
}

void wabe_netdevices_release(struct wabe_init *init)
{
	struct wabe_netdevices *n = init->netdevices;

	if (!n)
		return;
	for (size_t i = 0; i < init->spec->net_devices.count; i++)
		wabe_netdev_release(&n->devs[i]);
	wabe_cleanup_close(&n->host_fd);
	wabe_cleanup_close(&n->guest_fd);
	wabe_cleanup_close(&n->host_sock);
	wabe_cleanup_close(&n->guest_sock);
}
