// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/rtnl: the connections that the host tracks, by nfnetlink (linux/netfilter/nfnetlink_conntrack.h); see rtnl.h. */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>

#include "sys/rtnl_internal.h"

static void put_ends(struct wabe_rtnl_request *q, const struct wabe_net_address *from,
		     const struct wabe_net_address *to)
{
	const bool is_4 = to->family == AF_INET;
	struct nlattr *nest = wabe_rtnl_nest(q, CTA_TUPLE_IP);

	wabe_rtnl_put(q, is_4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, from->bytes,
		      wabe_net_address_size(from));
	wabe_rtnl_put(q, is_4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, to->bytes,
		      wabe_net_address_size(to));
	wabe_rtnl_nest_end(q, nest);
}

static void put_ports(struct wabe_rtnl_request *q, uint8_t protocol, uint16_t from, uint16_t to)
{
	struct nlattr *nest = wabe_rtnl_nest(q, CTA_TUPLE_PROTO);

	wabe_rtnl_put(q, CTA_PROTO_NUM, &protocol, sizeof(protocol));
	wabe_rtnl_put(q, CTA_PROTO_SRC_PORT, &from, sizeof(from));
	wabe_rtnl_put(q, CTA_PROTO_DST_PORT, &to, sizeof(to));
	wabe_rtnl_nest_end(q, nest);
}

int wabe_rtnl_untrack(struct wabe_rtnl *nl, const struct wabe_connection *c, struct wabe_error *err)
{
	const struct nfgenmsg body = { .nfgen_family = (uint8_t)c->to.family,
				       .version = NFNETLINK_V0 };
	struct wabe_error reason = WABE_ERROR_INIT;
	struct wabe_rtnl_request q;
	struct nlattr *nest;
	int r;

	wabe_rtnl_begin(&q, nl, (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE, NLM_F_ACK,
			&body, sizeof(body));
	/* Without it the kernel would forget all that there are. */
	nest = wabe_rtnl_nest(&q, CTA_TUPLE_ORIG);
	put_ends(&q, &c->from, &c->to);
	put_ports(&q, c->protocol, c->from_port, c->to_port);
	wabe_rtnl_nest_end(&q, nest);
	r = wabe_rtnl_talk(&q, NULL, NULL, &reason, "forget a tracked connection");
	return r == 0 || r == -ENOENT ? 0 : wabe_error_say(err, r, "%s", reason.text);
}
