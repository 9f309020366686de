/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/neighbour: asking the link who has an address, and telling it that we have (ARP: RFC 826, 5227; neighbour discovery:
 * RFC 4861).
 *
 * Sockets are the caller's network namespace's. Needs CAP_NET_RAW.
 */
#ifndef WABE_SYS_NEIGHBOUR_H
#define WABE_SYS_NEIGHBOUR_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/rtnl.h"

/** An address on a link. */
struct wabe_neighbour {
	int index;			   /* of our device on that link, which is up */
	unsigned char mac[WABE_MAC_BYTES]; /* of that device */
	struct wabe_net_address address;
	bool is_taken;			     /* answer: somebody else has it ... */
	unsigned char taker[WABE_MAC_BYTES]; /* ... with this hardware address (all 0: unknown) */
};

/** How long wabe_neighbour_probe() takes when nobody answers: three questions, 100 ms apart. */
#define WABE_NEIGHBOUR_PROBES 3
#define WABE_NEIGHBOUR_INTERVAL_MS 100

/**
 * wabe_neighbour_probe() - ask for all of @list at once; sets .is_taken and .taker. It ends early when all are taken.
 * A link that can't be asked (down, no IPv6) has nobody. 0 or -errno.
 */
int wabe_neighbour_probe(struct wabe_neighbour *list, size_t count, struct wabe_error *err);

/** wabe_neighbour_announce() - all on the links learn that the addresses are at our devices. Best effort. */
void wabe_neighbour_announce(const struct wabe_neighbour *list, size_t count);

#endif
