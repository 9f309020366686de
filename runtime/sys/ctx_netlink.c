// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/ctx: asking the kernel for contexts, and listening to it; see ctx.h. */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/ctx_internal.h"
#include "sys/netlink.h"

/* The largest message is about 1.5 KiB; this has room for more that is counted. */
#define EVENT_BYTES 8192
/* So many guests may end at the same moment: about 1 KiB for each message, as the kernel counts. */
#define QUEUE_BYTES (4 << 20)
/* Contexts come and go while others are read; what is told of each is right all the same. */
#define DUMPS_MAX 4
#define TABLE_LEAST 64

static void begin(struct wabe_netlink_request *q, uint16_t type, uint16_t flags, uint8_t command,
		  uint8_t version)
{
	const struct genlmsghdr head = { .cmd = command, .version = version };

	wabe_netlink_begin(q, type, flags, &head, sizeof(head));
}

static int take_family(const struct nlmsghdr *h, void *arg)
{
	if (h->nlmsg_type != GENL_ID_CTRL)
		return -EPROTO;
	return wabe_ctx_parse_family(NLMSG_DATA(h), h->nlmsg_len - NLMSG_HDRLEN, arg);
}

static int resolve(int sock, struct wabe_ctx_family *ret_family, struct wabe_error *err)
{
	struct wabe_ctx_family family = { 0 };
	struct wabe_netlink_request q;
	int r;

	begin(&q, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY, 1);
	(void)wabe_netlink_add(&q, CTRL_ATTR_FAMILY_NAME, CTX_GENL_NAME, sizeof(CTX_GENL_NAME));
	r = wabe_netlink_talk(sock, &q.header, take_family, &family,
			      "look for netlink family \"" CTX_GENL_NAME "\"", err);
	if (r == 0 && family.id == 0)
		return wabe_error_say(err, -EPROTO, "netlink family \"%s\" has no number",
				      CTX_GENL_NAME);
	if (r == 0)
		*ret_family = family;
	return r;
}

/* A socket, and the family's numbers. */
static int open_family(struct wabe_ctx_family *ret_family, struct wabe_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!wabe_ctx_is_ours())
		return wabe_error_say(err, -ENOENT,
				      "this kernel has no contexts that are ours to ask for");
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return wabe_error_set(err, -errno, "open a generic netlink socket");
	r = resolve(fd, ret_family, err);
	return r < 0 ? r : TAKE_FD(fd);
}

int wabe_ctx_open(struct wabe_ctx_link *ret_link, struct wabe_error *err)
{
	struct wabe_ctx_family family;
	int fd = open_family(&family, err);

	if (fd < 0)
		return fd;
	*ret_link = (struct wabe_ctx_link){ .fd = fd, .family = family.id };
	return 0;
}

void wabe_ctx_close(struct wabe_ctx_link *link)
{
	wabe_cleanup_close(&link->fd);
}

void wabe_ctx_table_free(struct wabe_ctx_table *table)
{
	wabe_cleanup_free(&table->items);
	*table = (struct wabe_ctx_table){ 0 };
}

static int compare(const void *a, const void *b)
{
	const struct wabe_ctx *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

const struct wabe_ctx *wabe_ctx_find(const struct wabe_ctx_table *table, uint32_t id)
{
	const struct wabe_ctx key = { .id = id };

	return table->count ? bsearch(&key, table->items, table->count, sizeof(key), compare)
			    : NULL;
}

static int make_room(struct wabe_ctx_table *table)
{
	size_t room = table->room ? 2 * table->room : TABLE_LEAST;
	struct wabe_ctx *items;

	if (table->count < table->room)
		return 0;
	items = reallocarray(table->items, room, sizeof(*items));
	if (!items)
		return -ENOMEM;
	table->items = items;
	table->room = room;
	return 0;
}

struct gathering {
	uint16_t family;
	struct wabe_ctx_table *table;
};

/* The kernel goes through the ids upwards; what doesn't, isn't its. */
static int take_context(const struct nlmsghdr *h, void *arg)
{
	const struct gathering *to = arg;
	struct wabe_ctx_table *table = to->table;
	struct wabe_ctx c;
	int r;

	if (h->nlmsg_type != to->family)
		return -EPROTO;
	r = wabe_ctx_parse(NLMSG_DATA(h), h->nlmsg_len - NLMSG_HDRLEN, &c);
	if (r == -ENOMSG)
		return 0;
	if (r < 0 || c.kind != WABE_CTX_COUNTS ||
	    (table->count && table->items[table->count - 1].id >= c.id))
		return -EPROTO;
	r = make_room(table);
	if (r == 0)
		table->items[table->count++] = c;
	return r;
}

int wabe_ctx_get(const struct wabe_ctx_link *link, uint32_t id, struct wabe_ctx_table *table,
		 struct wabe_error *err)
{
	struct gathering to = { .family = link->family, .table = table };
	struct wabe_netlink_request q;

	begin(&q, link->family, NLM_F_ACK, CTX_CMD_GET, CTX_GENL_VERSION);
	(void)wabe_netlink_add(&q, CTX_A_ID, &id, sizeof(id));
	return wabe_netlink_talk(link->fd, &q.header, take_context, &to, "ask for a context", err);
}

int wabe_ctx_dump(const struct wabe_ctx_link *link, struct wabe_ctx_table *table,
		  struct wabe_error *err)
{
	struct gathering to = { .family = link->family, .table = table };
	struct wabe_netlink_request q;
	bool is_torn = true;
	int r = 0;

	for (int i = 0; r == 0 && is_torn && i < DUMPS_MAX; i++) {
		table->count = 0;
		begin(&q, link->family, NLM_F_DUMP, CTX_CMD_GET, CTX_GENL_VERSION);
		r = wabe_netlink_dump(link->fd, &q.header, take_context, &to, "ask for contexts",
				      &is_torn, err);
	}
	return r;
}

static int join(int fd, uint32_t group, struct wabe_error *err)
{
	const int bytes = QUEUE_BYTES;

	if (group == 0)
		return wabe_error_say(err, -ENOENT, "netlink family \"%s\" lacks a group",
				      CTX_GENL_NAME);
	/* Only a longer queue; without the right to it there is the usual one. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return wabe_error_set(err, -errno, "listen to netlink family \"%s\"",
				      CTX_GENL_NAME);
	return 0;
}

int wabe_ctx_listen(enum wabe_ctx_group group, struct wabe_error *err)
{
	struct wabe_ctx_family family;
	_cleanup_close_ int fd = open_family(&family, err);
	int r = fd < 0 ? fd : join(fd, family.groups[group], err);

	return r < 0 ? r : TAKE_FD(fd);
}

int wabe_ctx_receive(int fd, struct wabe_ctx *ret_ctx)
{
	char text[EVENT_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *h = (const void *)text;
	struct sockaddr_nl from = { 0 };
	socklen_t len = sizeof(from);
	ssize_t n;

	do
		n = recvfrom(fd, text, sizeof(text), MSG_TRUNC | MSG_DONTWAIT, (void *)&from, &len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* netlink(7): port 0 is the kernel. One message is one datagram: genlmsg_multicast() sends no more. */
	if (from.nl_pid != 0 || (size_t)n < sizeof(*h) || (size_t)n > sizeof(text) ||
	    h->nlmsg_len < sizeof(*h) || h->nlmsg_len > (size_t)n || h->nlmsg_type < GENL_MIN_ID ||
	    wabe_ctx_parse(NLMSG_DATA(h), h->nlmsg_len - NLMSG_HDRLEN, ret_ctx) < 0)
		return -EPROTO;
	return 1;
}
