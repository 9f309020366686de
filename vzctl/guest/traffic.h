/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/traffic: what a guest sent and received, by IP version, over all its starts.
 *
 * The kernel counts by device: sets of nftables whose elements have counters, in tables of ours beside the packet filter's, a
 * lookup a packet, whatever the number of guests. <confdir>/traffic/CTID keeps what devices that are gone have counted, and
 * what was read last of those that live, so that a crash of the host loses no more than what came after the last
 * `vznetstat --save`. An index of a device is never used twice while the host is up: what was added up already is known by it.
 *
 *     BOOT    the boot that the other keys but TOTAL are of
 *     TOTAL   of devices that are gone: 8 numbers, see struct vz_traffic
 *     SEEN    INDEX:8 numbers of each device that lived at the last look
 *     DONE    indexes of devices that are in TOTAL, while the network's record may still have them
 */
#ifndef VZ_GUEST_TRAFFIC_H
#define VZ_GUEST_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "conf/host.h"
#include "guest/net.h"

enum vz_traffic_kind {
	VZ_TRAFFIC_IN4, /* to the guest */
	VZ_TRAFFIC_IN6,
	VZ_TRAFFIC_OUT4, /* from the guest */
	VZ_TRAFFIC_OUT6,
	VZ_TRAFFIC_MAX,
};

/** Bytes are of IP packets, without headers below. What the kernel handles as one large packet is one. */
struct vz_traffic {
	struct {
		uint64_t bytes, packets;
	} of[VZ_TRAFFIC_MAX];
};

/** Its row of vz_net_users: a device is counted from its first packet to its last. */
extern const struct vz_net_user vz_traffic_user;

/** What the kernel counts now, of all devices. */
struct vz_traffic_counters {
	struct wabe_arena arena;
	struct vz_traffic_device *devices; /* ascending by index */
	size_t count, room;
	bool is_sorted;
};

struct vz_traffic_device {
	int index;
	struct vz_traffic counted;
};

/** vz_traffic_read() - one dump a set, whatever the number of guests. vz_traffic_free() for _cleanup_. */
int vz_traffic_read(struct vz_traffic_counters *ret_counters, struct wabe_error *err);
void vz_traffic_free(struct vz_traffic_counters *counters);

/**
 * vz_traffic_of() - a guest's totals up to now.
 * @counters: of vz_traffic_read(), for many guests; a device that came after it has 0 there. NULL: its own are asked for
 * @is_saved: write what was seen, so that a crash doesn't lose it
 */
int vz_traffic_of(const struct vz_host *host, uint32_t ctid,
		  const struct vz_traffic_counters *counters, bool is_saved,
		  struct vz_traffic *ret_traffic, struct wabe_error *err);

/** vz_traffic_remove() - of a guest that is destroyed: kept as CTID.destroyed. Never fails. */
void vz_traffic_remove(const struct vz_host *host, uint32_t ctid);

/* For their test: one device's counters as text, and back. */
#define VZ_TRAFFIC_TEXT_MAX 192
void vz_traffic_text(const struct vz_traffic *traffic, char text[VZ_TRAFFIC_TEXT_MAX]);
int vz_traffic_parse(const char *text, struct vz_traffic *ret_traffic);

#endif
