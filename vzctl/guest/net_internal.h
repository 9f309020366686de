/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest/net: what its files share. */
#ifndef VZ_GUEST_NET_INTERNAL_H
#define VZ_GUEST_NET_INTERNAL_H

#include "base/str.h"
#include "guest/net.h"
#include "wabe.h"

/*
 * Groups of devices (ip-link(8)) say which rules a device is under: it is born in its group, so there is no moment
 * without them, and the rules are as many as groups, not as guests.
 */
#define VZ_NET_GROUP 0x77616200u /* "wab" */
enum vz_net_group {
	VZ_NET_GROUP_VENET = VZ_NET_GROUP + 1, /* packets from its addresses alone */
	VZ_NET_GROUP_NETIF = VZ_NET_GROUP + 2, /* frames from its hardware address alone */
	VZ_NET_GROUP_FREE = VZ_NET_GROUP + 3,  /* mac_filter=off */
};

#define VZ_NET_VENET_INNER "venet0"

/** What a guest's network is made of; as text, since that is how the record has it. */
struct vz_net_record {
	struct wabe_strv addresses; /* "10.0.0.1": no prefix */
	struct wabe_strv proxies;   /* "10.0.0.1@eth0": the host answers there for it */
	struct wabe_strv netifs;    /* complete entries of NETIF */
	struct wabe_strv netdevs;   /* names on the host */
	struct wabe_strv moved;	    /* "eth1:7:3:1": NETDEV's devices, see net_netdev.c */
	struct wabe_strv devices;   /* "venet101:17:venet0:1": struct vz_net_device */
	struct wabe_strv changing;  /* addresses, netifs and netdevs that come or go just now */
};

/** vz_net_record_load() - strings in @arena; empty when there is none. */
int vz_net_record_load(const struct vz_host *host, uint32_t ctid, struct wabe_arena *arena,
		       struct vz_net_record *ret_record, struct wabe_error *err);
int vz_net_record_save(const struct vz_host *host, uint32_t ctid,
		       const struct vz_net_record *record, struct wabe_error *err);
int vz_net_record_remove(const struct vz_host *host, uint32_t ctid, struct wabe_error *err);

/** Takes one guest's record; < 0 ends it. */
typedef int vz_net_record_fn(uint32_t ctid, const struct vz_net_record *record, void *data);

/** vz_net_record_each() - all that can be read: a damaged one is its own guest's trouble. What @take returned, or -errno. */
int vz_net_record_each(const struct vz_host *host, vz_net_record_fn *take, void *data,
		       struct wabe_error *err);

/** vz_net_record_dir() - open <STATEDIR>/.net, which holds a record a guest; -ENOENT. */
int vz_net_record_dir(const struct vz_host *host);

/**
 * vz_net_record_lock() - the lock of what all records say together: whoever makes the tables of source addresses from them has
 * it alone; whoever takes addresses out of tables and record shares it, so that no table is made in between of what the record
 * still says. Each holds it for moments, and nothing else meanwhile that waits for it.
 * Returns the descriptor that holds it, or -errno.
 */
int vz_net_record_lock(const struct vz_host *host, bool is_shared, struct wabe_error *err);

/** vz_net_device_parse() - an entry of .devices. 0 or -EINVAL. */
int vz_net_device_parse(const char *text, struct vz_net_device *ret_device);

/** An interface of NETIF. */
struct vz_netif {
	char ifname[IFNAMSIZ], host_ifname[IFNAMSIZ], bridge[IFNAMSIZ];
	unsigned char mac[WABE_MAC_BYTES], host_mac[WABE_MAC_BYTES];
	bool is_filtered;
};

/** vz_netif_parse() - a complete entry. 0 or -EINVAL. */
int vz_netif_parse(const char *text, struct vz_netif *ret_netif);

/** vz_netif_complete() - @text with what is missing, taken from @old (NULL: none) or made up; NULL: no memory. */
const char *vz_netif_complete(struct wabe_arena *arena, uint32_t ctid, const char *text,
			      const char *old);

/** vz_netif_find() - the entry of the same interface as @text in a list, or NULL. */
const char *vz_netif_find(const struct wabe_strv *list, const char *text);

/** The host's devices that lead out, looked at once a command. */
struct vz_net_outer {
	bool is_loaded;
	struct wabe_link_address *addresses;
	size_t address_count;
	struct wabe_link *links;
	size_t link_count;
};

/** One change of a guest's network. */
struct vz_net_job {
	struct vz_guest *g;
	struct wabe_arena arena;
	struct vz_net_record have, want;
	struct wabe_rtnl *host, *guest; /* guest NULL: its namespace is gone */
	int netns_fd;
	struct vz_net_outer outer;
};

int vz_net_save(struct vz_net_job *job, struct wabe_error *err);

/** vz_net_pair() - a pair of devices with its place in the record; users have come, the device is down. */
struct vz_net_pair {
	const char *name, *inner;
	const unsigned char *mac, *inner_mac;
	enum vz_net_group group;
};
int vz_net_pair(struct vz_net_job *job, const struct vz_net_pair *pair,
		struct vz_net_device *ret_device, struct wabe_error *err);

/** vz_net_unpair() - delete the device that the record calls so; nothing to do when there is none. */
int vz_net_unpair(struct vz_net_job *job, const char *name, struct wabe_error *err);

/** vz_net_find() - the device that the record calls @name. */
bool vz_net_find(const struct vz_net_job *job, const char *name, struct vz_net_device *ret_device);

/* net_venet.c */
int vz_venet_check(struct vz_net_job *job, const struct wabe_strv *added, struct wabe_error *err);
int vz_venet_add(struct vz_net_job *job, const struct wabe_strv *added, struct wabe_error *err);
int vz_venet_remove(struct vz_net_job *job, const struct wabe_strv *removed,
		    struct wabe_error *err);

/* net_netif.c */
int vz_netif_add(struct vz_net_job *job, const char *entry, struct wabe_error *err);
int vz_netif_remove(struct vz_net_job *job, const char *entry, struct wabe_error *err);

/* net_netdev.c */
int vz_netdev_add(struct vz_net_job *job, const char *name, struct wabe_error *err);
int vz_netdev_remove(struct vz_net_job *job, const char *name, struct wabe_error *err);

/* net_outer.c */

/** vz_net_outer_choose() - indexes into job->outer.links of the devices to answer on for @address (NEIGHBOUR_DEVS). */
int vz_net_outer_choose(struct vz_net_job *job, const struct wabe_net_address *address,
			size_t **ret_chosen, size_t *ret_count, struct wabe_error *err);

/** vz_net_outer_probe() - has another host one of these addresses (SKIP_ARPDETECT, ERROR_ON_ARPFAIL)? */
int vz_net_outer_probe(struct vz_net_job *job, const struct wabe_strv *addresses,
		       struct wabe_error *err);

/** vz_net_outer_answer() - answer for the address on the devices outside, and announce it. */
int vz_net_outer_answer(struct vz_net_job *job, const struct wabe_strv *addresses,
			struct wabe_error *err);

/** vz_net_outer_silence() - no more, unless another guest has it by now. */
int vz_net_outer_silence(struct vz_net_job *job, const char *address, struct wabe_error *err);

/** vz_net_outer_source() - VE_ROUTE_SRC_DEV's address of @family; false: the kernel shall choose. */
bool vz_net_outer_source(struct vz_net_job *job, int family, struct wabe_net_address *ret_source,
			 struct wabe_error *err);
void vz_net_outer_free(struct vz_net_outer *outer);

/* net_filter.c */

/** vz_net_filter_addresses() - let packets from these addresses in from the device, or no more. Idempotent. */
int vz_net_filter_addresses(struct vz_net_job *job, bool is_add, int index,
			    const struct wabe_strv *addresses, struct wabe_error *err);

/** vz_net_filter_mac() - the same for frames from a hardware address. */
int vz_net_filter_mac(struct vz_net_job *job, bool is_add, int index,
		      const unsigned char mac[WABE_MAC_BYTES], struct wabe_error *err);

/** vz_net_filter_routed() - the rules for routed packets are there, also for a guest that has no element in them: an interface. */
int vz_net_filter_routed(struct vz_net_job *job, struct wabe_error *err);

/**
 * vz_net_filter_repair() - make the tables again if somebody flushed them under running guests. One question to the kernel when
 * nobody did. 1: they were gone, 0, or -errno.
 */
int vz_net_filter_repair(const struct vz_host *host, struct wabe_error *err);

#endif
