// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/neighbour: probes and announcements; see neighbour.h. */
#include "sys/neighbour.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cleanup.h"

#define HOP_LIMIT 255 /* RFC 4861, 7.1: else it is dropped as forged */
#define IPV6_BYTES 16
#define PACKETS_MAX 64 /* before the time is looked at again, however many there are */

struct sockets {
	int arp_fd, icmp6_fd; /* < 0: not needed, or not to be had */
};

static void close_sockets(struct sockets *s)
{
	wabe_cleanup_close(&s->arp_fd);
	wabe_cleanup_close(&s->icmp6_fd);
}

static bool has_family(const struct wabe_neighbour *list, size_t count, int family)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].address.family == family)
			return true;
	return false;
}

static int open_icmp6(struct wabe_error *err)
{
	_cleanup_close_ int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
	const int hops = HOP_LIMIT, loop = 0, on = 1;
	struct icmp6_filter filter;

	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &filter);
	if (fd < 0 || setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &loop, sizeof(loop)) < 0)
		return wabe_error_set(err, -errno, "make a socket for neighbour discovery");
	return TAKE_FD(fd);
}

static int open_sockets(const struct wabe_neighbour *list, size_t count, struct sockets *s,
			struct wabe_error *err)
{
	*s = (struct sockets){ -EBADF, -EBADF };
	if (has_family(list, count, AF_INET)) {
		s->arp_fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ARP));
		if (s->arp_fd < 0)
			return wabe_error_set(err, -errno, "make a socket for ARP");
	}
	if (has_family(list, count, AF_INET6)) {
		s->icmp6_fd = open_icmp6(err);
		if (s->icmp6_fd < 0)
			return s->icmp6_fd;
	}
	return 0;
}

/* A question from nobody (RFC 5227, 2.1.1), or a statement (2.3): sender and target are the address. */
static void send_arp(int fd, const struct wabe_neighbour *n, bool is_probe)
{
	static const unsigned char all[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ARP),
				  .sll_ifindex = n->index,
				  .sll_halen = ETH_ALEN };
	struct ether_arp arp = { .arp_hrd = htons(ARPHRD_ETHER),
				 .arp_pro = htons(ETHERTYPE_IP),
				 .arp_hln = ETH_ALEN,
				 .arp_pln = sizeof(struct in_addr),
				 .arp_op = htons(ARPOP_REQUEST) };

	memcpy(to.sll_addr, all, ETH_ALEN);
	memcpy(arp.arp_sha, n->mac, ETH_ALEN);
	memcpy(arp.arp_tpa, n->address.bytes, sizeof(struct in_addr));
	if (!is_probe)
		memcpy(arp.arp_spa, n->address.bytes, sizeof(struct in_addr));
	(void)sendto(fd, &arp, sizeof(arp), 0, (void *)&to, sizeof(to));
}

struct nd_packet {
	struct nd_neighbor_solicit
		head; /* an advertisement has the same layout (RFC 4861, 4.3 and 4.4) */
	struct nd_opt_hdr option;
	unsigned char mac[ETH_ALEN];
};

/*
 * From the device's own address: with none (RFC 4862, 5.4.2) the answer would go to all. To the address's group, or
 * to all nodes.
 */
static void send_nd(int fd, const struct wabe_neighbour *n, bool is_probe)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)n->index };
	struct nd_packet packet = {
		.option = { is_probe ? ND_OPT_SOURCE_LINKADDR : ND_OPT_TARGET_LINKADDR, 1 },
	};

	packet.head.nd_ns_type = is_probe ? ND_NEIGHBOR_SOLICIT : ND_NEIGHBOR_ADVERT;
	if (!is_probe)
		packet.head.nd_ns_reserved = ND_NA_FLAG_ROUTER | ND_NA_FLAG_OVERRIDE;
	memcpy(&packet.head.nd_ns_target, n->address.bytes, IPV6_BYTES);
	memcpy(packet.mac, n->mac, ETH_ALEN);
	(void)inet_pton(AF_INET6, is_probe ? "ff02::1:ff00:0" : "ff02::1", &to.sin6_addr);
	if (is_probe)
		memcpy(&to.sin6_addr.s6_addr[13], &n->address.bytes[13], 3);
	(void)sendto(fd, &packet, sizeof(packet), 0, (void *)&to, sizeof(to));
}

static void send_all(const struct sockets *s, const struct wabe_neighbour *list, size_t count,
		     bool is_probe)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].is_taken)
			continue;
		if (list[i].address.family == AF_INET)
			send_arp(s->arp_fd, &list[i], is_probe);
		else
			send_nd(s->icmp6_fd, &list[i], is_probe);
	}
}

static void mark(struct wabe_neighbour *list, size_t count, int family, int index,
		 const void *address, const unsigned char *mac)
{
	for (size_t i = 0; i < count; i++) {
		struct wabe_neighbour *n = &list[i];

		if (n->address.family != family || n->index != index || n->is_taken ||
		    memcmp(n->address.bytes, address, wabe_net_address_size(&n->address)) != 0)
			continue;
		/* A switch may send us what we said ourselves. */
		if (mac && memcmp(mac, n->mac, WABE_MAC_BYTES) == 0)
			continue;
		n->is_taken = true;
		if (mac)
			memcpy(n->taker, mac, WABE_MAC_BYTES);
	}
}

/* Who says in any packet that the address is its own, has it (RFC 5227, 2.1.1). */
static void read_arp(int fd, struct wabe_neighbour *list, size_t count)
{
	struct sockaddr_ll from;
	struct ether_arp arp;

	for (int i = 0; i < PACKETS_MAX; i++) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, &arp, sizeof(arp), MSG_DONTWAIT, (void *)&from, &len);

		if (n < 0)
			return;
		if (n == (ssize_t)sizeof(arp) && from.sll_pkttype != PACKET_OUTGOING &&
		    arp.arp_pro == htons(ETHERTYPE_IP) && arp.arp_hln == ETH_ALEN)
			mark(list, count, AF_INET, from.sll_ifindex, arp.arp_spa, arp.arp_sha);
	}
}

/* Answers come from the address itself, which doesn't say by which device: that is asked for. */
static int device_of(struct msghdr *message)
{
	struct in6_pktinfo info;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		return (int)info.ipi6_ifindex;
	}
	return 0;
}

static void read_nd(int fd, struct wabe_neighbour *list, size_t count)
{
	for (int i = 0; i < PACKETS_MAX; i++) {
		char control[CMSG_SPACE(sizeof(struct in6_pktinfo))] __attribute__((aligned(8)));
		struct nd_packet packet;
		struct iovec part = { &packet, sizeof(packet) };
		struct msghdr message = { .msg_iov = &part,
					  .msg_iovlen = 1,
					  .msg_control = control,
					  .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);
		bool has_mac;

		if (n < 0)
			return;
		if (n < (ssize_t)sizeof(packet.head) ||
		    packet.head.nd_ns_type != ND_NEIGHBOR_ADVERT)
			continue;
		has_mac = n >= (ssize_t)sizeof(packet) &&
			  packet.option.nd_opt_type == ND_OPT_TARGET_LINKADDR;
		mark(list, count, AF_INET6, device_of(&message), &packet.head.nd_ns_target,
		     has_mac ? packet.mac : NULL);
	}
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_all_taken(const struct wabe_neighbour *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!list[i].is_taken)
			return false;
	return true;
}

static void listen_until(const struct sockets *s, struct wabe_neighbour *list, size_t count,
			 int64_t end_ms)
{
	/* poll(2) passes over negative descriptors. */
	struct pollfd fds[] = { { s->arp_fd, POLLIN, 0 }, { s->icmp6_fd, POLLIN, 0 } };

	for (;;) {
		int64_t left = end_ms - now_ms();

		if (left <= 0 || is_all_taken(list, count))
			return;
		if (poll(fds, ARRAY_SIZE(fds), (int)left) <= 0)
			continue;
		if (fds[0].revents)
			read_arp(s->arp_fd, list, count);
		if (fds[1].revents)
			read_nd(s->icmp6_fd, list, count);
	}
}

int wabe_neighbour_probe(struct wabe_neighbour *list, size_t count, struct wabe_error *err)
{
	_cleanup_(close_sockets) struct sockets s = { -EBADF, -EBADF };
	int r = open_sockets(list, count, &s, err);

	if (r < 0)
		return r;
	for (int i = 0; i < WABE_NEIGHBOUR_PROBES && !is_all_taken(list, count); i++) {
		send_all(&s, list, count, true);
		listen_until(&s, list, count, now_ms() + WABE_NEIGHBOUR_INTERVAL_MS);
	}
	return 0;
}

void wabe_neighbour_announce(const struct wabe_neighbour *list, size_t count)
{
	_cleanup_(close_sockets) struct sockets s = { -EBADF, -EBADF };

	if (open_sockets(list, count, &s, NULL) == 0)
		send_all(&s, list, count, false);
}
