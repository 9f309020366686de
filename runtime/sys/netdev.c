// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/netdev: rtnetlink for moving network devices; see netdev.h. */
#include "sys/netdev.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/namespace.h"
#include "sys/netlink.h"

#define ADDRESSES_MAX 4096

int wabe_netdev_socket_for(int protocol, struct wabe_error *err)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int on = 1;

	if (fd < 0 || connect(fd, (void *)&kernel, sizeof(kernel)) < 0)
		return wabe_error_set(err, -errno, "make a netlink socket");
	/* The kernel's words about an error, and no copy of the request in front of them. */
	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) < 0)
		return wabe_error_set(err, -errno, "set up a netlink socket");
	return TAKE_FD(fd);
}

int wabe_netdev_socket(struct wabe_error *err)
{
	return wabe_netdev_socket_for(NETLINK_ROUTE, err);
}

int wabe_netdev_socket_in(int netns_fd, struct wabe_error *err)
{
	_cleanup_close_ int own_fd =
		wabe_namespace_open("/proc/thread-self/ns/net", CLONE_NEWNET, err);
	int r = own_fd < 0 ? own_fd : wabe_namespace_join(netns_fd, CLONE_NEWNET, err);
	int fd;

	if (r < 0)
		return r;
	fd = wabe_netdev_socket(err);
	/* To go on in the wrong namespace would change things that nobody meant. */
	if (wabe_namespace_join(own_fd, CLONE_NEWNET, NULL) < 0)
		abort();
	return fd;
}

static int take_link(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *link = NLMSG_DATA(h);
	struct wabe_netdev *dev = arg;
	const struct rtattr *name;

	if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_LENGTH(sizeof(*link)))
		return -EPROTO;
	name = wabe_netlink_find(IFLA_RTA(link), h->nlmsg_len - NLMSG_LENGTH(sizeof(*link)),
				 IFLA_IFNAME, 1);
	if (!name || RTA_PAYLOAD(name) > sizeof(dev->name))
		return -EPROTO;
	memcpy(dev->name, RTA_DATA(name), RTA_PAYLOAD(name));
	dev->name[sizeof(dev->name) - 1] = '\0';
	dev->index = link->ifi_index;
	dev->is_up = link->ifi_flags & IFF_UP;
	return 0;
}

/* By name, or by index when @name is NULL. */
static int get_link(int sock, const char *name, int index, struct wabe_netdev *dev,
		    struct wabe_error *err)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	struct wabe_netlink_request q;
	int r = 0;

	wabe_netlink_begin(&q, RTM_GETLINK, NLM_F_ACK, &link, sizeof(link));
	if (name)
		r = wabe_netlink_add(&q, IFLA_IFNAME, name, strlen(name) + 1);
	return r < 0 ? wabe_error_set(err, r, "look for it")
		     : wabe_netlink_talk(sock, &q.header, take_link, dev, "look for it", err);
}

/* What of an address is the kernel's to say, not ours. */
static const uint32_t state_flags = IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED |
				    IFA_F_OPTIMISTIC | IFA_F_STABLE_PRIVACY;

static uint32_t address_flags(const struct ifaddrmsg *a, size_t room)
{
	const struct rtattr *flags =
		wabe_netlink_find(IFA_RTA(a), room, IFA_FLAGS, sizeof(uint32_t));
	uint32_t value = a->ifa_flags;

	if (flags)
		memcpy(&value, RTA_DATA(flags), sizeof(value));
	return value;
}

/* Only what makes the address; its label has the name of the device in it. */
static int keep_attributes(const struct ifaddrmsg *a, size_t room, struct wabe_netdev_address *kept)
{
	static const unsigned short types[] = { IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST,
						IFA_RT_PRIORITY, IFA_CACHEINFO };
	uint32_t flags = address_flags(a, room) & ~state_flags;
	struct wabe_netlink_request q;
	int r;

	wabe_netlink_begin(&q, RTM_NEWADDR, 0, a, sizeof(*a));
	r = wabe_netlink_add(&q, IFA_FLAGS, &flags, sizeof(flags));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(types); i++) {
		const struct rtattr *found = wabe_netlink_find(IFA_RTA(a), room, types[i], 1);

		if (found)
			r = wabe_netlink_add(&q, types[i], RTA_DATA(found), RTA_PAYLOAD(found));
	}
	if (r == 0 && q.header.nlmsg_len - NLMSG_LENGTH(sizeof(*a)) > sizeof(kept->attributes))
		r = -EMSGSIZE;
	if (r < 0)
		return r;
	kept->header = *a;
	/* config-linux.md, "netDevices": permanent addresses of global scope. */
	kept->is_lasting = a->ifa_scope == RT_SCOPE_UNIVERSE && (flags & IFA_F_PERMANENT);
	kept->header.ifa_flags = (uint8_t)flags;
	kept->attributes_len = q.header.nlmsg_len - (unsigned int)NLMSG_LENGTH(sizeof(*a));
	memcpy(kept->attributes, q.body + sizeof(*a), kept->attributes_len);
	return 0;
}

static int take_address(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *a = NLMSG_DATA(h);
	struct wabe_netdev *dev = arg;
	struct wabe_netdev_address *more;
	size_t room;
	int r;

	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof(*a)))
		return -EPROTO;
	room = h->nlmsg_len - NLMSG_LENGTH(sizeof(*a));
	if ((int)a->ifa_index != dev->index)
		return 0;
	if (dev->address_count >= ADDRESSES_MAX)
		return -E2BIG;
	more = reallocarray(dev->addresses, dev->address_count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	dev->addresses = more;
	r = keep_attributes(a, room, &more[dev->address_count]);
	dev->address_count += r == 0;
	return r;
}

int wabe_netdev_find(int sock, const char *name, struct wabe_netdev *ret_dev,
		     struct wabe_error *err)
{
	struct ifaddrmsg all = { .ifa_family = AF_UNSPEC };
	struct wabe_netdev dev = { 0 };
	struct wabe_netlink_request q;
	int r = get_link(sock, name, 0, &dev, err);

	if (r < 0)
		return r;
	wabe_netlink_begin(&q, RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all));
	r = wabe_netlink_talk(sock, &q.header, take_address, &dev, "read its addresses", err);
	if (r == 0)
		r = wabe_netdev_routes_read(sock, dev.index, &dev.routes, err);
	if (r < 0)
		wabe_netdev_release(&dev);
	else
		*ret_dev = dev;
	return r;
}

/* The index is kept, or the next that is free taken, so that it is known however the kernel names the device. */
static int free_index(int sock, int wanted, int *ret_index, struct wabe_error *err)
{
	struct wabe_netdev other;
	int r = 0;

	for (int index = wanted; r == 0 && index < INT_MAX; index++) {
		r = get_link(sock, NULL, index, &other, err);
		*ret_index = index;
	}
	wabe_error_clear(err);
	return r == -ENODEV ? 0 : wabe_error_set(err, r ? r : -ENFILE, "find a free index");
}

static int check_free(int sock, const char *name, struct wabe_error *err)
{
	struct wabe_netdev other;
	int r;

	if (strchr(name, '%'))
		return 0;
	r = get_link(sock, name, 0, &other, err);
	if (r == 0)
		return wabe_error_say(err, -EEXIST, "there is a device \"%s\" already", name);
	if (r == -ENODEV)
		wabe_error_clear(err);
	return r == -ENODEV ? 0 : r;
}

static int set_namespace(int sock, const struct wabe_netdev *dev, int netns_fd, const char *name,
			 int new_index, struct wabe_error *err)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC, .ifi_index = dev->index };
	struct wabe_netlink_request q;
	int r;

	wabe_netlink_begin(&q, RTM_NEWLINK, NLM_F_ACK, &link, sizeof(link));
	r = wabe_netlink_add(&q, IFLA_NET_NS_FD, &netns_fd, sizeof(netns_fd));
	if (r == 0)
		r = wabe_netlink_add(&q, IFLA_IFNAME, name, strlen(name) + 1);
	if (r == 0)
		r = wabe_netlink_add(&q, IFLA_NEW_IFINDEX, &new_index, sizeof(new_index));
	return r < 0 ? wabe_error_set(err, r, "move it")
		     : wabe_netlink_talk(sock, &q.header, NULL, NULL, "move it", err);
}

static int add_address(int sock, int index, const struct wabe_netdev_address *a,
		       struct wabe_error *err)
{
	struct ifaddrmsg header = a->header;
	struct wabe_netlink_request q;
	int r;

	header.ifa_index = (unsigned int)index;
	wabe_netlink_begin(&q, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &header,
			   sizeof(header));
	r = wabe_netlink_add_raw(&q, a->attributes, a->attributes_len);
	return r < 0 ? wabe_error_set(err, r, "give it its address")
		     : wabe_netlink_talk(sock, &q.header, NULL, NULL, "give it its address", err);
}

static int set_up(int sock, int index, struct wabe_error *err)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC,
				  .ifi_index = index,
				  .ifi_flags = IFF_UP,
				  .ifi_change = IFF_UP };
	struct wabe_netlink_request q;

	wabe_netlink_begin(&q, RTM_NEWLINK, NLM_F_ACK, &link, sizeof(link));
	return wabe_netlink_talk(sock, &q.header, NULL, NULL, "set it up", err);
}

int wabe_netdev_move(int from_sock, int to_sock, int to_netns_fd, struct wabe_netdev *dev,
		     const char *name, bool is_return, struct wabe_error *err)
{
	struct wabe_netdev here;
	int index = 0, r = check_free(to_sock, name, err);

	if (r == 0)
		r = free_index(to_sock, is_return ? dev->routes.index : dev->index, &index, err);
	if (r < 0)
		return r;
	r = set_namespace(from_sock, dev, to_netns_fd, name, index, err);
	/* The name comes after the move: the device may be there when the kernel refuses it. */
	if (r < 0 && get_link(from_sock, NULL, dev->index, &here, NULL) != -ENODEV)
		return r;
	dev->is_moved = true;
	dev->index = index;
	for (size_t i = 0; r == 0 && i < dev->address_count; i++)
		if (is_return || dev->addresses[i].is_lasting)
			r = add_address(to_sock, index, &dev->addresses[i], err);
	if (r == 0 && (dev->is_up || !is_return))
		r = set_up(to_sock, index, err);
	return r == 0 && is_return ? wabe_netdev_routes_put(to_sock, index, &dev->routes, err) : r;
}

void wabe_netdev_release(struct wabe_netdev *dev)
{
	free(dev->addresses);
	wabe_netdev_routes_release(&dev->routes);
	*dev = (struct wabe_netdev){ 0 };
}
