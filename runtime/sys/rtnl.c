// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/rtnl: libmnl, requests and the exchange with the kernel; see netlink.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/library.h"
#include "base/parse.h"
#include "sys/netdev.h"
#include "sys/rtnl_internal.h"

#define LIBRARY "libmnl.so.0"

static int load(struct wabe_rtnl *nl, struct wabe_error *err)
{
#define NAME_AND_PLACE(name) { #name, offsetof(struct wabe_rtnl, name) },
	static const struct wabe_library_row rows[] = { WABE_MNL_FUNCTIONS(NAME_AND_PLACE) };
#undef NAME_AND_PLACE
	int r = wabe_library_load(LIBRARY, rows, ARRAY_SIZE(rows), nl, err);

	return r < 0 ? wabe_error_prefix(err, "set up networks") : 0;
}

static int make(int fd, struct wabe_rtnl **ret_nl, struct wabe_error *err)
{
	_cleanup_(wabe_rtnl_close) struct wabe_rtnl *nl = NULL;
	_cleanup_close_ int owned_fd = fd;
	int r;

	if (fd < 0)
		return fd;
	nl = calloc(1, sizeof(*nl));
	if (!nl)
		return wabe_error_set(err, -ENOMEM, "open netlink");
	nl->fd = TAKE_FD(owned_fd);
	nl->reply = malloc(WABE_RTNL_REPLY);
	if (!nl->reply)
		return wabe_error_set(err, -ENOMEM, "open netlink");
	r = load(nl, err);
	if (r == 0)
		*ret_nl = TAKE_PTR(nl);
	return r;
}

int wabe_rtnl_open(int netns_fd, struct wabe_rtnl **ret_nl, struct wabe_error *err)
{
	return make(netns_fd < 0 ? wabe_netdev_socket(err) : wabe_netdev_socket_in(netns_fd, err),
		    ret_nl, err);
}

int wabe_rtnl_open_filter(struct wabe_rtnl **ret_nl, struct wabe_error *err)
{
	return make(wabe_netdev_socket_for(NETLINK_NETFILTER, err), ret_nl, err);
}

void wabe_rtnl_close(struct wabe_rtnl **nl)
{
	if (!*nl)
		return;
	wabe_cleanup_close(&(*nl)->fd);
	free((*nl)->reply);
	free(*nl);
	*nl = NULL;
}

int wabe_rtnl_fd(const struct wabe_rtnl *nl)
{
	return nl->fd;
}

void wabe_rtnl_begin(struct wabe_rtnl_request *q, struct wabe_rtnl *nl, uint16_t type,
		     uint16_t flags, const void *body, size_t len)
{
	*q = (struct wabe_rtnl_request){ .nl = nl };
	q->header = nl->mnl_nlmsg_put_header(q->room);
	q->header->nlmsg_type = type;
	q->header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	q->header->nlmsg_seq = ++nl->seq;
	memcpy(nl->mnl_nlmsg_put_extra_header(q->header, len), body, len);
}

void wabe_rtnl_put(struct wabe_rtnl_request *q, uint16_t type, const void *data, size_t len)
{
	if (!q->is_full)
		q->is_full =
			!q->nl->mnl_attr_put_check(q->header, sizeof(q->room), type, len, data);
}

void wabe_rtnl_put_u32(struct wabe_rtnl_request *q, uint16_t type, uint32_t value)
{
	wabe_rtnl_put(q, type, &value, sizeof(value));
}

void wabe_rtnl_put_raw(struct wabe_rtnl_request *q, const void *attributes, size_t len)
{
	if (q->is_full || MNL_ALIGN(q->header->nlmsg_len) + len > sizeof(q->room)) {
		q->is_full = true;
		return;
	}
	memcpy(q->room + MNL_ALIGN(q->header->nlmsg_len), attributes, len);
	q->header->nlmsg_len = (uint32_t)(MNL_ALIGN(q->header->nlmsg_len) + len);
}

void wabe_rtnl_put_string(struct wabe_rtnl_request *q, uint16_t type, const char *text)
{
	wabe_rtnl_put(q, type, text, strlen(text) + 1);
}

struct nlattr *wabe_rtnl_nest(struct wabe_rtnl_request *q, uint16_t type)
{
	struct nlattr *nest = NULL;

	if (!q->is_full)
		nest = q->nl->mnl_attr_nest_start_check(q->header, sizeof(q->room), type);
	q->is_full |= !nest;
	return nest;
}

void wabe_rtnl_nest_end(struct wabe_rtnl_request *q, struct nlattr *nest)
{
	if (nest)
		q->nl->mnl_attr_nest_end(q->header, nest);
}

struct attrs {
	const struct wabe_rtnl *nl;
	const struct nlattr **table;
	uint16_t max;
};

static int take_attr(const struct nlattr *attr, void *data)
{
	const struct attrs *attrs = data;
	uint16_t type = attrs->nl->mnl_attr_get_type(attr);

	if (type <= attrs->max)
		attrs->table[type] = attr;
	return MNL_CB_OK;
}

int wabe_rtnl_attrs(const struct wabe_rtnl *nl, const struct nlmsghdr *h, size_t offset,
		    const struct nlattr **table, uint16_t max)
{
	struct attrs attrs = { nl, table, max };

	for (unsigned int i = 0; i <= max; i++)
		table[i] = NULL;
	if (h->nlmsg_len < MNL_NLMSG_HDRLEN + offset)
		return -EPROTO;
	return nl->mnl_attr_parse(h, (unsigned int)offset, take_attr, &attrs) < 0 ? -EPROTO : 0;
}

int wabe_rtnl_attrs_nested(const struct wabe_rtnl *nl, const struct nlattr *nest,
			   const struct nlattr **table, uint16_t max)
{
	struct attrs attrs = { nl, table, max };

	for (unsigned int i = 0; i <= max; i++)
		table[i] = NULL;
	return nl->mnl_attr_parse_nested(nest, take_attr, &attrs) < 0 ? -EPROTO : 0;
}

bool wabe_rtnl_copy(const struct wabe_rtnl *nl, const struct nlattr *attr, char *text, size_t room)
{
	size_t len = attr ? nl->mnl_attr_get_payload_len(attr) : 0;

	text[0] = '\0';
	if (len == 0 || len > room)
		return false;
	memcpy(text, nl->mnl_attr_get_payload(attr), len);
	text[len - 1] = '\0';
	return true;
}

uint32_t wabe_rtnl_u32(const struct wabe_rtnl *nl, const struct nlattr *attr, uint32_t fallback)
{
	return attr && nl->mnl_attr_get_payload_len(attr) >= sizeof(uint32_t)
		       ? nl->mnl_attr_get_u32(attr)
		       : fallback;
}

/* What the kernel answers: the code, and its words (netlink(7), NETLINK_EXT_ACK). */
struct answer {
	const struct wabe_rtnl *nl;
	mnl_cb_t take;
	void *data;
	int code;
	char words[160];
};

static int take_error(const struct nlmsghdr *h, void *data)
{
	const struct nlattr *table[NLMSGERR_ATTR_MSG + 1];
	struct answer *answer = data;
	const struct nlmsgerr *e = answer->nl->mnl_nlmsg_get_payload(h);

	if (h->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(*e) || e->error > 0 || e->error < -4095) {
		answer->code = -EPROTO;
		return MNL_CB_STOP;
	}
	answer->code = e->error;
	if ((h->nlmsg_flags & NLM_F_ACK_TLVS) &&
	    wabe_rtnl_attrs(answer->nl, h, sizeof(*e), table, NLMSGERR_ATTR_MSG) == 0)
		(void)wabe_rtnl_copy(answer->nl, table[NLMSGERR_ATTR_MSG], answer->words,
				     sizeof(answer->words));
	return MNL_CB_STOP;
}

static int take_done(const struct nlmsghdr *h, void *data)
{
	struct answer *answer = data;
	const int *code = answer->nl->mnl_nlmsg_get_payload(h);

	/* The end of a dump begins with an error's code as well. */
	if (h->nlmsg_len >= MNL_NLMSG_HDRLEN + sizeof(*code) && *code < 0)
		answer->code = *code;
	return MNL_CB_STOP;
}

static int take_message(const struct nlmsghdr *h, void *data)
{
	struct answer *answer = data;

	return answer->take ? answer->take(h, answer->data) : MNL_CB_OK;
}

static int exchange(struct wabe_rtnl_request *q, struct answer *answer)
{
	/* mnl_cb_run2(): by type of control message. */
	mnl_cb_t control[] = { [NLMSG_ERROR] = take_error, [NLMSG_DONE] = take_done };
	struct wabe_rtnl *nl = q->nl;
	int r = MNL_CB_OK;

	if (q->is_full)
		return -EMSGSIZE;
	if (send(nl->fd, q->header, q->header->nlmsg_len, 0) < 0)
		return -errno;
	while (r > MNL_CB_STOP) {
		ssize_t n = recv(nl->fd, nl->reply, WABE_RTNL_REPLY, MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || n > WABE_RTNL_REPLY)
			return n < 0 ? -errno : -EPROTO;
		r = nl->mnl_cb_run2(nl->reply, (size_t)n, q->header->nlmsg_seq, 0, take_message,
				    answer, control, ARRAY_SIZE(control));
		if (r < 0)
			return errno ? -errno : -EPROTO;
	}
	return answer->code;
}

int wabe_rtnl_talk(struct wabe_rtnl_request *q, mnl_cb_t take, void *data, struct wabe_error *err,
		   const char *fmt, ...)
{
	struct answer answer = { .nl = q->nl, .take = take, .data = data };
	char what[160];
	va_list ap;
	int r = exchange(q, &answer);

	if (r == 0)
		return 0;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (answer.words[0])
		return wabe_error_set(err, r, "%s: %s", what, answer.words);
	return wabe_error_set(err, r, "%s", what);
}

size_t wabe_net_address_size(const struct wabe_net_address *address)
{
	return address->family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

int wabe_net_address_parse(const char *text, struct wabe_net_address *ret_address)
{
	struct wabe_net_address a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char address[WABE_ADDRESS_TEXT_MAX];
	uint32_t prefix = (uint32_t)wabe_net_address_size(&a) * 8;

	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(a.family, address, a.bytes) != 1)
		return -EINVAL;
	a.prefix = prefix;
	if (slash && (wabe_parse_u32(slash + 1, &prefix) < 0 || prefix > a.prefix))
		return -EINVAL;
	a.prefix = prefix;
	*ret_address = a;
	return 0;
}

void wabe_net_address_text(const struct wabe_net_address *address, char text[WABE_ADDRESS_TEXT_MAX])
{
	if (!inet_ntop(address->family, address->bytes, text, WABE_ADDRESS_TEXT_MAX))
		snprintf(text, WABE_ADDRESS_TEXT_MAX, "?");
}

bool wabe_net_address_covers(const struct wabe_net_address *net,
			     const struct wabe_net_address *address)
{
	size_t whole = net->prefix / 8;
	unsigned int rest = net->prefix % 8;

	if (net->family != address->family || memcmp(net->bytes, address->bytes, whole) != 0)
		return false;
	return rest == 0 || ((net->bytes[whole] ^ address->bytes[whole]) >> (8 - rest)) == 0;
}
