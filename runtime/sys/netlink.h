/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/netlink: requests and answers of rtnetlink(7), for what is in one network namespace, and of generic netlink, whose messages
 * have the same form. Internal to sys/.
 */
#ifndef WABE_SYS_NETLINK_H
#define WABE_SYS_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A header, a body, attributes: more than anything that is asked here has. */
struct wabe_netlink_request {
	struct nlmsghdr header;
	unsigned char body[4096] __attribute__((aligned(4)));
};

/** wabe_netlink_begin() - a request of @type with @body; NLM_F_REQUEST is set besides @flags. */
void wabe_netlink_begin(struct wabe_netlink_request *q, uint16_t type, uint16_t flags,
			const void *body, size_t len);

/** wabe_netlink_add() - an attribute behind what is there; wabe_netlink_add_raw(): several as they are. 0, -EMSGSIZE: no room. */
int wabe_netlink_add(struct wabe_netlink_request *q, unsigned short type, const void *data,
		     size_t len);
int wabe_netlink_add_raw(struct wabe_netlink_request *q, const void *data, size_t len);

/** wabe_netlink_find() - the attribute @type among @len bytes from @a on, if it has @least bytes; or NULL. */
const struct rtattr *wabe_netlink_find(const struct rtattr *a, size_t len, unsigned short type,
				       size_t least);

/* Called for each message that is no error, no acknowledgement; its failure ends the talk. */
typedef int (*wabe_netlink_fn)(const struct nlmsghdr *h, void *arg);

/**
 * wabe_netlink_talk() - send, and read until the kernel says that it was all (so a request that is no dump wants NLM_F_ACK).
 * @take: NULL, or gets the answers with @arg
 * @what: what is done, for errors, which have the kernel's own words where it gives some
 * 0, the kernel's error, @take's, or -EPROTO.
 */
int wabe_netlink_talk(int sock, const struct nlmsghdr *request, wabe_netlink_fn take, void *arg,
		      const char *what, struct wabe_error *err);

/** wabe_netlink_dump() - the same; @ret_is_torn: what was dumped changed meanwhile, and isn't of one moment (NLM_F_DUMP_INTR). */
int wabe_netlink_dump(int sock, const struct nlmsghdr *request, wabe_netlink_fn take, void *arg,
		      const char *what, bool *ret_is_torn, struct wabe_error *err);

#endif
