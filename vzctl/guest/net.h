/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/net: a guest's network: addresses on venet0 (IP_ADDRESS), interfaces (NETIF), devices of the host (NETDEV).
 *
 * All is set from outside, in the guest's network namespace and on the host, so that a guest with any userland has it:
 * files inside are the distribution scripts' business. What was set up, or may have been by a command that was
 * killed, is in the guest's record, <STATEDIR>/.net/CTID, written before anything is done and removed last: it is what is
 * taken back, whatever the configuration says by then.
 */
#ifndef VZ_GUEST_NET_H
#define VZ_GUEST_NET_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "guest/guest.h"

/** A device of the host whose other end is in a guest. */
struct vz_net_device {
	char name[IFNAMSIZ];  /* "venet101", "veth101.0" */
	char inner[IFNAMSIZ]; /* the other end, as it was named: "venet0", "eth0" */
	int index; /* of the host's end; never used for another device while the host is up */
	bool is_venet;
};

/**
 * vz_net_devices() - which devices a guest has; of one that isn't running none. Reads the record, asks no kernel.
 * @ret_devices: in @arena; may be none
 */
int vz_net_devices(const struct vz_host *host, uint32_t ctid, struct wabe_arena *arena,
		   struct vz_net_device **ret_devices, size_t *ret_count, struct wabe_error *err);

/**
 * Who builds on guests' devices (shaping, accounting): a row in guest/net_users.c.
 * .came: the device is there and still down; an error takes it away again, and fails the start or the change.
 * .going: it is about to be deleted; @is_there is false when the guest's end took it along already. May be NULL.
 */
struct vz_net_user {
	int (*came)(struct vz_guest *g, const struct vz_net_device *device, struct wabe_error *err);
	void (*going)(struct vz_guest *g, const struct vz_net_device *device, bool is_there);
};

extern const struct vz_net_user *const vz_net_users[]; /* ends with NULL */

/**
 * vz_net_fill() - complete the interfaces that a command line names: what it doesn't say stays as the guest has it
 * (--ifname eth0 --bridge br0), or gets its default: hardware addresses that stay the same, names with the CTID.
 */
int vz_net_fill(const struct vz_guest *g, struct vz_params *changes, struct wabe_error *err);

/** vz_net_is_any() - do the changes concern the network? */
bool vz_net_is_any(const struct vz_params *changes);

/**
 * vz_net_up() - the network of a guest that is being started; nothing of it runs yet. On failure nothing stays.
 * Kinds VZ_EXIT_IP_IN_USE (another guest or host has an address), VZ_EXIT_ADD_IP, VZ_EXIT_VETH, VZ_EXIT_NETDEV.
 */
int vz_net_up(struct vz_guest *g, int netns_fd, struct wabe_error *err);

/**
 * vz_net_change() - change what a running guest has, saved or not. On failure it is as it was. What a killed change left by half
 * is taken back first; what of it the configuration had is made again.
 * @changes: of the command line
 * @before: the configuration without them
 */
int vz_net_change(struct vz_guest *g, const struct vz_params *changes,
		  const struct vz_params *before, struct wabe_error *err);

/** vz_net_hold() - keep a running guest's network namespace beyond its end, to take its devices back; < 0: nothing to. */
int vz_net_hold(const struct vz_guest *g);

/**
 * vz_net_down() - take back all that the record names, and the record. Idempotent.
 * @netns_fd: of vz_net_hold(), or < 0: it is gone, or has nothing to be saved
 */
int vz_net_down(struct vz_guest *g, int netns_fd, struct wabe_error *err);

/**
 * vz_net_repair_rules() - somebody flushed nftables' ruleset under running guests: make again what keeps them to their addresses,
 * counts their traffic and limits their connections. Asks the kernel one thing when nobody did.
 * 1: it was so, 0, or -errno.
 */
int vz_net_repair_rules(const struct vz_host *host, struct wabe_error *err);

/** vz_net_is_left() - is there a record? Of a guest that doesn't run: there is something to take back. */
bool vz_net_is_left(const struct vz_guest *g);

#endif
