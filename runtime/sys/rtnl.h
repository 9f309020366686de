/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/rtnl: rtnetlink(7) through libmnl: links, addresses, routes, neighbours that the host answers for; and elements
 * of nftables' sets.
 *
 * libmnl is loaded by wabe_rtnl_open(): Debian has no archive of it, and who sets up no network doesn't pay for it.
 * A socket stays in the network namespace that it was made in, so one for each side is all that is needed of the
 * caller's namespaces. Everything here needs CAP_NET_ADMIN over that namespace. Errors have the kernel's own words.
 */
#ifndef WABE_SYS_RTNL_H
#define WABE_SYS_RTNL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define WABE_MAC_BYTES 6
#define WABE_LINK_ALIAS_MAX 256 /* IFALIASZ */
#define WABE_ADDRESS_TEXT_MAX 48

struct wabe_rtnl; /* a socket and libmnl */

/**
 * wabe_rtnl_open() - rtnetlink in the network namespace @netns_fd, or the caller's when it is < 0.
 * -ENOTSUP: libmnl is not installed. wabe_rtnl_close() for _cleanup_.
 */
int wabe_rtnl_open(int netns_fd, struct wabe_rtnl **ret_nl, struct wabe_error *err);

/** wabe_rtnl_open_filter() - the same for nftables, in the caller's network namespace. */
int wabe_rtnl_open_filter(struct wabe_rtnl **ret_nl, struct wabe_error *err);
void wabe_rtnl_close(struct wabe_rtnl **nl);

/** wabe_rtnl_fd() - its socket, for wabe_netdev_move(). Stays its own. */
int wabe_rtnl_fd(const struct wabe_rtnl *nl);

/** An address with its prefix; bytes in network order. */
struct wabe_net_address {
	int family; /* AF_INET, AF_INET6 */
	unsigned int prefix;
	unsigned char bytes[16];
};

/** wabe_net_address_parse() - "ADDRESS[/PREFIX]"; without a prefix it is a host's, 32 or 128. 0 or -EINVAL. */
int wabe_net_address_parse(const char *text, struct wabe_net_address *ret_address);

/** wabe_net_address_text() - the address without its prefix. */
void wabe_net_address_text(const struct wabe_net_address *address,
			   char text[WABE_ADDRESS_TEXT_MAX]);

/** wabe_net_address_size() - 4 or 16 bytes. */
size_t wabe_net_address_size(const struct wabe_net_address *address);

/** wabe_net_address_covers() - is @address in the network of @net? */
bool wabe_net_address_covers(const struct wabe_net_address *net,
			     const struct wabe_net_address *address);

struct wabe_link {
	char name[IFNAMSIZ];
	int index;
	unsigned int flags;  /* IFF_UP ...; netdevice(7) */
	unsigned short type; /* ARPHRD_ETHER ... */
	uint32_t group;
	int master; /* index of the bridge that it is a port of, or 0 */
	int peer;   /* IFLA_LINK: index of a veth's other end, of a vlan's lower device, 0: none */
	bool is_peer_elsewhere; /* that one is in another network namespace */
	int32_t peer_nsid;	/* then: which, in this one's numbers, -1: no number */
	char kind[16];		/* "veth", "bridge", ""; of the kernel's drivers */
	char alias[WABE_LINK_ALIAS_MAX];
	unsigned char mac[WABE_MAC_BYTES];
	bool has_mac;
};

/** wabe_rtnl_link() - look a device up by @name, or by @index when @name is NULL. -ENODEV: there is none. */
int wabe_rtnl_link(struct wabe_rtnl *nl, const char *name, int index, struct wabe_link *ret_link,
		   struct wabe_error *err);

struct wabe_veth {
	const char *name, *peer_name;
	const unsigned char *mac, *peer_mac; /* NULL: the kernel chooses */
	uint32_t group;			     /* of the device @name */
	int peer_netns_fd;		     /* where the other end appears */
};

/**
 * wabe_rtnl_veth() - make a pair of devices, both down, each at once where it belongs: there is never half a pair.
 * -EEXIST: one of the names is taken.
 */
int wabe_rtnl_veth(struct wabe_rtnl *nl, const struct wabe_veth *veth, struct wabe_error *err);

struct wabe_link_change {
	unsigned int flags,
		flag_mask; /* of @flag_mask those in @flags are set, the others cleared */
	const char *alias; /* NULL: as it is */
	int master;	   /* index of a bridge, 0: as it is */
};

int wabe_rtnl_change(struct wabe_rtnl *nl, int index, const struct wabe_link_change *change,
		     struct wabe_error *err);

/** wabe_rtnl_no_link_local() - the device gets no fe80:: address by itself. A kernel without IPv6 is fine. */
int wabe_rtnl_no_link_local(struct wabe_rtnl *nl, int index, struct wabe_error *err);

#define WABE_LINK_RECIPE_MAX 224

/** How a device was made: attributes of the request that makes one like it. */
struct wabe_link_recipe {
	unsigned char attributes[WABE_LINK_RECIPE_MAX];
	size_t len; /* 0: of a kind that isn't made again (hardware; of a driver that isn't known) */
};

/** wabe_rtnl_recipe() - of vlan, macvlan, macvtap, ipvlan, ipvtap and dummy: kind, lower device, address, MTU, mode, VLAN. */
int wabe_rtnl_recipe(struct wabe_rtnl *nl, int index, struct wabe_link_recipe *ret_recipe,
		     struct wabe_error *err);

/** wabe_rtnl_make() - a device like it, down. @recipe->len > 0. -EEXIST, and what the driver says of its lower device. */
int wabe_rtnl_make(struct wabe_rtnl *nl, const char *name, const struct wabe_link_recipe *recipe,
		   struct wabe_error *err);

/** wabe_rtnl_delete() - a veth's other end goes with it. -ENODEV: it is gone. */
int wabe_rtnl_delete(struct wabe_rtnl *nl, int index, struct wabe_error *err);

/** wabe_rtnl_nsid() - the number that the network namespace @netns_fd has in @nl's, -1: none yet. 0 or -errno. */
int wabe_rtnl_nsid(struct wabe_rtnl *nl, int netns_fd, int32_t *ret_nsid, struct wabe_error *err);

/** wabe_rtnl_address_add() - @label: "venet0:0", or NULL. No duplicate address detection. Idempotent. */
int wabe_rtnl_address_add(struct wabe_rtnl *nl, int index, const struct wabe_net_address *address,
			  const char *label, struct wabe_error *err);

/** wabe_rtnl_address_del() - -EADDRNOTAVAIL: it has no such address. */
int wabe_rtnl_address_del(struct wabe_rtnl *nl, int index, const struct wabe_net_address *address,
			  struct wabe_error *err);

struct wabe_link_address {
	int index; /* of the device */
	struct wabe_net_address address;
	bool is_global; /* scope */
	char label[IFNAMSIZ];
};

/** wabe_rtnl_addresses() - all addresses of the namespace; free() the list. */
int wabe_rtnl_addresses(struct wabe_rtnl *nl, struct wabe_link_address **ret_list,
			size_t *ret_count, struct wabe_error *err);

struct wabe_route {
	struct wabe_net_address to;	       /* prefix 0: the default route */
	int index;			       /* of the device; the destination is on its link */
	const struct wabe_net_address *source; /* NULL, or what our own packets come from */
};

/** wabe_rtnl_route_add() - -EEXIST: there is a route to exactly this destination. The device must be up. */
int wabe_rtnl_route_add(struct wabe_rtnl *nl, const struct wabe_route *route,
			struct wabe_error *err);

/** wabe_rtnl_route_del() - -ESRCH: there is no such route. */
int wabe_rtnl_route_del(struct wabe_rtnl *nl, const struct wabe_route *route,
			struct wabe_error *err);

struct wabe_route_match {
	bool is_found;	     /* false: nothing leads there */
	bool is_local;	     /* the address is one of the host's own */
	unsigned int prefix; /* of the route that matches */
	int index;	     /* of the device */
};

/** wabe_rtnl_route_find() - which route packets to @to take. */
int wabe_rtnl_route_find(struct wabe_rtnl *nl, const struct wabe_net_address *to,
			 struct wabe_route_match *ret_match, struct wabe_error *err);

/**
 * wabe_rtnl_proxy() - answer on device @index for @address (arp(7), proxied neighbours), or no more. Idempotent.
 */
int wabe_rtnl_proxy(struct wabe_rtnl *nl, bool is_add, int index,
		    const struct wabe_net_address *address, struct wabe_error *err);

#define WABE_FILTER_KEY_MAX 20

/** An element of a set of nftables. */
struct wabe_filter_element {
	uint8_t family; /* NFPROTO_INET, NFPROTO_BRIDGE */
	const char *table, *set;
	unsigned char
		key[WABE_FILTER_KEY_MAX]; /* fields one after the other, each padded to 4 bytes */
	size_t key_len;
	uint32_t
		connections; /* > 0: it matches only when there are more of these (nft(8), "ct count over") */
};

/**
 * wabe_rtnl_filter() - add or remove elements in one transaction: all or none.
 * Both are idempotent. -ENOENT: there is no such table or set; -ENOTSUP: the kernel has no nftables.
 */
int wabe_rtnl_filter(struct wabe_rtnl *nl, bool is_add, const struct wabe_filter_element *elements,
		     size_t count, struct wabe_error *err);

/** wabe_rtnl_has_table() - is there such a table of nftables? 1, 0, or -errno. */
int wabe_rtnl_has_table(struct wabe_rtnl *nl, uint8_t family, const char *table,
			struct wabe_error *err);

/** A connection as its first packet said; ports in network order. */
struct wabe_connection {
	struct wabe_net_address from, to;
	uint8_t protocol; /* IPPROTO_UDP ... */
	uint16_t from_port, to_port;
};

/**
 * wabe_rtnl_untrack() - the host tracks this connection no more. Idempotent. @nl: of wabe_rtnl_open_filter().
 * -errno: the kernel can't (no nf_conntrack_netlink), and forgets it by itself in time.
 */
int wabe_rtnl_untrack(struct wabe_rtnl *nl, const struct wabe_connection *connection,
		      struct wabe_error *err);

/** What an element whose set has counters has counted. */
struct wabe_filter_counter {
	const void *key; /* as in the set; only while it is given */
	size_t key_len;
	uint64_t packets, bytes;
};

/** Takes one; < 0 ends it. */
typedef int wabe_rtnl_counter_fn(const struct wabe_filter_counter *counter, void *data);

/**
 * wabe_rtnl_counters() - read the counters of a set in one dump.
 * @nl: of wabe_rtnl_open_filter(); @set: with a key: of that element alone
 * -ENOENT: there is no such table, set or element.
 */
int wabe_rtnl_counters(struct wabe_rtnl *nl, const struct wabe_filter_element *set,
		       wabe_rtnl_counter_fn *take, void *data, struct wabe_error *err);

#endif
