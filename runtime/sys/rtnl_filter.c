// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/rtnl: elements of nftables' sets, straight by nfnetlink; see netlink.h.
 *
 * libnftables does it too, from text: measured, 1.4 ms for loading it and its libraries and 0.2 ms and more a call for reading
 * the ruleset, against 0.01 ms here, on the path of every start. The tables themselves are made by it (sys/nftables.h), once a boot.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "sys/rtnl_internal.h"

/* Less than any kernel's net.core.wmem_default. */
#define DEFAULT_ROOM (64u << 10)

static uint16_t message(uint16_t type)
{
	return (uint16_t)((NFNL_SUBSYS_NFTABLES << 8) | type);
}

static int flush(struct wabe_rtnl_request *q, char *batch, size_t room, size_t *len)
{
	size_t size = MNL_ALIGN(q->header->nlmsg_len);

	if (q->is_full || size > room - *len)
		return -EMSGSIZE;
	memcpy(batch + *len, q->room, size);
	*len += size;
	return 0;
}

static int add_frame(struct wabe_rtnl *nl, uint16_t type, char *batch, size_t room, size_t *len)
{
	const struct nfgenmsg body = { .nfgen_family = AF_UNSPEC,
				       .version = NFNETLINK_V0,
				       .res_id = htons(NFNL_SUBSYS_NFTABLES) };
	struct wabe_rtnl_request q;

	wabe_rtnl_begin(&q, nl, type, 0, &body, sizeof(body));
	return flush(&q, batch, room, len);
}

/* nf_tables.h, enum nft_connlimit_attributes; numbers are in network order. */
static void put_connections(struct wabe_rtnl_request *q, uint32_t count)
{
	struct nlattr *expr = wabe_rtnl_nest(q, NFTA_SET_ELEM_EXPR);
	struct nlattr *data;

	wabe_rtnl_put_string(q, NFTA_EXPR_NAME, "connlimit");
	data = wabe_rtnl_nest(q, NFTA_EXPR_DATA);
	wabe_rtnl_put_u32(q, NFTA_CONNLIMIT_COUNT, htonl(count));
	wabe_rtnl_put_u32(q, NFTA_CONNLIMIT_FLAGS, htonl(NFT_CONNLIMIT_F_INV));
	wabe_rtnl_nest_end(q, data);
	wabe_rtnl_nest_end(q, expr);
}

static int add_element(struct wabe_rtnl *nl, uint16_t type, uint16_t flags,
		       const struct wabe_filter_element *e, char *batch, size_t room, size_t *len)
{
	const struct nfgenmsg body = { .nfgen_family = e->family, .version = NFNETLINK_V0 };
	struct nlattr *list, *item, *key;
	struct wabe_rtnl_request q;

	wabe_rtnl_begin(&q, nl, message(type), flags, &body, sizeof(body));
	wabe_rtnl_put_string(&q, NFTA_SET_ELEM_LIST_TABLE, e->table);
	wabe_rtnl_put_string(&q, NFTA_SET_ELEM_LIST_SET, e->set);
	list = wabe_rtnl_nest(&q, NFTA_SET_ELEM_LIST_ELEMENTS);
	item = wabe_rtnl_nest(&q, NFTA_LIST_ELEM);
	key = wabe_rtnl_nest(&q, NFTA_SET_ELEM_KEY);
	wabe_rtnl_put(&q, NFTA_DATA_VALUE, e->key, e->key_len);
	wabe_rtnl_nest_end(&q, key);
	if (e->connections > 0)
		put_connections(&q, e->connections);
	wabe_rtnl_nest_end(&q, item);
	wabe_rtnl_nest_end(&q, list);
	return flush(&q, batch, room, len);
}

/* Errors are told of each message, that it went well only of the last: a socket holds no more than some hundred answers. */
static uint16_t ack(size_t i, size_t count)
{
	return i + 1 == count ? NLM_F_ACK : 0;
}

static int fill(struct wabe_rtnl *nl, bool is_add, const struct wabe_filter_element *elements,
		size_t count, char *batch, size_t room, size_t *len)
{
	int r = add_frame(nl, NFNL_MSG_BATCH_BEGIN, batch, room, len);

	/*
	 * To remove what is not there would fail the whole transaction; adding it first makes it idempotent
	 * (NFT_MSG_DESTROYSETELEM is younger than the kernels that this runs on).
	 */
	for (size_t i = 0; r == 0 && i < count; i++)
		r = add_element(nl, NFT_MSG_NEWSETELEM, NLM_F_CREATE | (is_add ? ack(i, count) : 0),
				&elements[i], batch, room, len);
	for (size_t i = 0; !is_add && r == 0 && i < count; i++)
		r = add_element(nl, NFT_MSG_DELSETELEM, ack(i, count), &elements[i], batch, room,
				len);
	return r < 0 ? r : add_frame(nl, NFNL_MSG_BATCH_END, batch, room, len);
}

/* The first error that the kernel found, or 0. It answers all before send(2) returns. */
static int read_answers(struct wabe_rtnl *nl)
{
	int first = 0, answers = 0, lost = 0;

	for (;;) {
		ssize_t n = recv(nl->fd, nl->reply, WABE_RTNL_REPLY, MSG_DONTWAIT | MSG_TRUNC);
		const struct nlmsghdr *h = (const void *)nl->reply;

		if (n < 0 && errno == EINTR)
			continue;
		/* Too many errors: those that came are as good. */
		if (n < 0 && errno == ENOBUFS && lost == 0) {
			lost = -ENOBUFS;
			continue;
		}
		if (n < 0 && errno == EAGAIN && first == 0 && lost < 0)
			return lost;
		if (n < 0 && errno == EAGAIN)
			return answers > 0 ? first : -EPROTO;
		if (n < (ssize_t)sizeof(*h) || n > WABE_RTNL_REPLY)
			return n < 0 ? -errno : -EPROTO;
		answers++;
		if (h->nlmsg_type == NLMSG_ERROR && first == 0 &&
		    (size_t)n >= NLMSG_LENGTH(sizeof(struct nlmsgerr)))
			first = ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
	}
}

/* A transaction is one message, however large: the right to change the filter is that to have room for it (socket(7)). */
static int send_batch(struct wabe_rtnl *nl, const char *batch, size_t len)
{
	const int room = (int)(len * 2);

	if (len > DEFAULT_ROOM &&
	    setsockopt(nl->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
		return -errno;
	return send(nl->fd, batch, len, 0) < 0 ? -errno : 0;
}

int wabe_rtnl_filter(struct wabe_rtnl *nl, bool is_add, const struct wabe_filter_element *elements,
		     size_t count, struct wabe_error *err)
{
	/* An element's message has 150 bytes or so. */
	const size_t room = (2 * count + 2) * 256;
	_cleanup_free_ char *batch = malloc(room);
	const char *what = is_add ? "add to nftables' sets" : "remove from nftables' sets";
	size_t len = 0;
	int r;

	if (!batch)
		return wabe_error_set(err, -ENOMEM, "%s", what);
	r = fill(nl, is_add, elements, count, batch, room, &len);
	if (r == 0)
		r = send_batch(nl, batch, len);
	if (r == 0)
		r = read_answers(nl);
	if (r == -EOPNOTSUPP)
		return wabe_error_say(err, -ENOTSUP, "this kernel has no nftables");
	return r < 0 ? wabe_error_set(err, r, "%s", what) : 0;
}

int wabe_rtnl_has_table(struct wabe_rtnl *nl, uint8_t family, const char *table,
			struct wabe_error *err)
{
	const struct nfgenmsg body = { .nfgen_family = family, .version = NFNETLINK_V0 };
	struct wabe_error reason = WABE_ERROR_INIT;
	struct wabe_rtnl_request q;
	int r;

	wabe_rtnl_begin(&q, nl, message(NFT_MSG_GETTABLE), NLM_F_ACK, &body, sizeof(body));
	wabe_rtnl_put_string(&q, NFTA_TABLE_NAME, table);
	r = wabe_rtnl_talk(&q, NULL, NULL, &reason, "look for nftables' table %s", table);
	if (r == 0 || r == -ENOENT)
		return r == 0;
	return wabe_error_say(err, r, "%s", reason.text);
}
