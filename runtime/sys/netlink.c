// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/netlink: links by rtnetlink, see the header. The only user of libmnl.
 */
#include "sys/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

#define REPLY_BYTES 1024 /* an acknowledgement is a struct nlmsgerr and, on errors, the request behind it */

static void close_socket(struct mnl_socket **nl)
{
	int saved = errno;

	if (*nl)
		mnl_socket_close(*nl);
	*nl = NULL;
	errno = saved;
}

/* Send one request that asks for an acknowledgement, and wait for it. The socket needs no bind: sending gives it a port. */
static int exchange(struct mnl_socket *nl, struct nlmsghdr *request)
{
	_Alignas(struct nlmsghdr) char reply[REPLY_BYTES];
	ssize_t len;
	int r;

	if (mnl_socket_sendto(nl, request, request->nlmsg_len) < 0)
		return -errno;
	len = mnl_socket_recvfrom(nl, reply, sizeof(reply));
	if (len < 0)
		return -errno;
	/* Stops at the acknowledgement (0) or sets errno to what the kernel said (< 0). */
	r = mnl_cb_run(reply, (size_t)len, request->nlmsg_seq, 0, NULL, NULL);
	if (r < 0)
		return -errno;
	return r == 0 ? 0 : -EPROTO;
}

int wabe_netlink_link_up(const char *name, struct wabe_error *err)
{
	_cleanup_(close_socket) struct mnl_socket *nl = NULL;
	_Alignas(struct nlmsghdr) char buf[256];
	struct nlmsghdr *header;
	struct ifinfomsg *link;
	int r;

	if (name[0] == '\0' || strlen(name) >= IFNAMSIZ)
		return wabe_error_set(err, -EINVAL, "network link \"%s\"", name);
	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl)
		return wabe_error_set(err, -errno, "open a route netlink socket");
	header = mnl_nlmsg_put_header(buf);
	header->nlmsg_type = RTM_NEWLINK;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	header->nlmsg_seq = 1;
	link = mnl_nlmsg_put_extra_header(header, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	link->ifi_change = IFF_UP;
	link->ifi_flags = IFF_UP;
	/* Index 0 and a name: the kernel looks it up, no second request. */
	mnl_attr_put_strz(header, IFLA_IFNAME, name);
	r = exchange(nl, header);
	if (r < 0)
		return wabe_error_set(err, r, "set network link %s up", name);
	return 0;
}
