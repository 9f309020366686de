// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/netlink: requests and answers of rtnetlink and its kin; see netlink.h. */
#include "sys/netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

/* netlink(7): a dump's messages are at most 32 KiB together. */
#define REPLY_BYTES 32768

void wabe_netlink_begin(struct wabe_netlink_request *q, uint16_t type, uint16_t flags,
			const void *body, size_t len)
{
	*q = (struct wabe_netlink_request){ .header = { .nlmsg_type = type,
							.nlmsg_flags = NLM_F_REQUEST | flags,
							.nlmsg_seq = 1 } };
	memcpy(q->body, body, len);
	q->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
}

int wabe_netlink_add_raw(struct wabe_netlink_request *q, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(q->header.nlmsg_len);

	if (len > sizeof(*q) || at > sizeof(*q) - len)
		return -EMSGSIZE;
	memcpy((char *)q + at, data, len);
	q->header.nlmsg_len = (uint32_t)(at + len);
	return 0;
}

int wabe_netlink_add(struct wabe_netlink_request *q, unsigned short type, const void *data,
		     size_t len)
{
	struct rtattr head = { .rta_len = (unsigned short)RTA_LENGTH(len), .rta_type = type };
	int r = wabe_netlink_add_raw(q, &head, sizeof(head));

	return r < 0 ? r : wabe_netlink_add_raw(q, data, len);
}

const struct rtattr *wabe_netlink_find(const struct rtattr *a, size_t len, unsigned short type,
				       size_t least)
{
	while (len >= sizeof(*a) && a->rta_len >= sizeof(*a) && a->rta_len <= len) {
		size_t step = RTA_ALIGN(a->rta_len);

		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return RTA_PAYLOAD(a) >= least ? a : NULL;
		if (step >= len)
			return NULL;
		len -= step;
		a = (const void *)((const char *)a + step);
	}
	return NULL;
}

/* 0 for an acknowledgement, or the end of a dump that went well. */
static int take_end(const struct nlmsghdr *h, struct wabe_error *err, const char *what)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);
	const struct rtattr *said = NULL;
	size_t room;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(e->error)) || e->error > 0 || e->error < -4095)
		return wabe_error_set(err, -EPROTO, "%s", what);
	if (e->error == 0)
		return 0;
	if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
		return wabe_error_set(err, e->error, "%s", what);
	room = h->nlmsg_len - NLMSG_LENGTH(sizeof(*e));
	if (h->nlmsg_flags & NLM_F_ACK_TLVS)
		said = wabe_netlink_find((const void *)(e + 1), room, NLMSGERR_ATTR_MSG, 2);
	if (!said)
		return wabe_error_set(err, e->error, "%s", what);
	return wabe_error_set(err, e->error, "%s: %.*s", what, (int)RTA_PAYLOAD(said) - 1,
			      (const char *)RTA_DATA(said));
}

/* One piece of the answer: 1 when it was the last, 0 when more comes. @is_torn becomes true when the kernel says so. */
static int take_piece(const char *buf, size_t len, wabe_netlink_fn take, void *arg,
		      const char *what, bool *is_torn, struct wabe_error *err)
{
	const struct nlmsghdr *h = (const void *)buf;

	for (size_t step; len >= sizeof(*h);
	     len -= step, h = (const void *)((const char *)h + step)) {
		int r = 0;

		if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > len)
			return wabe_error_set(err, -EPROTO, "%s", what);
		step = NLMSG_ALIGN(h->nlmsg_len);
		step = step > len ? len : step;
		*is_torn |= (h->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		/* The end of a dump begins with an error's code as well. */
		if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE) {
			r = take_end(h, err, what);
			return r < 0 ? r : 1;
		}
		if (take)
			r = take(h, arg);
		if (r < 0)
			return wabe_error_set(err, r, "%s", what);
	}
	return 0;
}

int wabe_netlink_dump(int sock, const struct nlmsghdr *request, wabe_netlink_fn take, void *arg,
		      const char *what, bool *ret_is_torn, struct wabe_error *err)
{
	_cleanup_free_ char *buf = malloc(REPLY_BYTES);
	int r = 0;

	*ret_is_torn = false;
	if (!buf)
		return wabe_error_set(err, -ENOMEM, "%s", what);
	if (send(sock, request, request->nlmsg_len, 0) < 0)
		return wabe_error_set(err, -errno, "%s", what);
	while (r == 0) {
		ssize_t n = recv(sock, buf, REPLY_BYTES, MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || n > REPLY_BYTES)
			return wabe_error_set(err, n < 0 ? -errno : -EPROTO, "%s", what);
		r = take_piece(buf, (size_t)n, take, arg, what, ret_is_torn, err);
	}
	return r < 0 ? r : 0;
}

int wabe_netlink_talk(int sock, const struct nlmsghdr *request, wabe_netlink_fn take, void *arg,
		      const char *what, struct wabe_error *err)
{
	bool is_torn;

	return wabe_netlink_dump(sock, request, take, arg, what, &is_torn, err);
}
