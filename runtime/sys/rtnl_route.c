// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/rtnl: routes and proxied neighbours; see netlink.h. */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "sys/rtnl_internal.h"

static void put_address(struct wabe_rtnl_request *q, uint16_t type,
			const struct wabe_net_address *a)
{
	wabe_rtnl_put(q, type, a->bytes, wabe_net_address_size(a));
}

static int change_route(struct wabe_rtnl *nl, uint16_t type, uint16_t flags,
			const struct wabe_route *route, struct wabe_error *err)
{
	const struct rtmsg body = {
		.rtm_family = (uint8_t)route->to.family,
		.rtm_dst_len = (uint8_t)route->to.prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = route->to.family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};
	char text[WABE_ADDRESS_TEXT_MAX];
	struct wabe_rtnl_request q;

	wabe_net_address_text(&route->to, text);
	wabe_rtnl_begin(&q, nl, type, NLM_F_ACK | flags, &body, sizeof(body));
	if (route->to.prefix > 0)
		put_address(&q, RTA_DST, &route->to);
	wabe_rtnl_put_u32(&q, RTA_OIF, (uint32_t)route->index);
	if (route->source)
		put_address(&q, RTA_PREFSRC, route->source);
	return wabe_rtnl_talk(&q, NULL, NULL, err, "%s the route to %s/%u",
			      type == RTM_NEWROUTE ? "set" : "remove", text, route->to.prefix);
}

int wabe_rtnl_route_add(struct wabe_rtnl *nl, const struct wabe_route *route,
			struct wabe_error *err)
{
	return change_route(nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route, err);
}

int wabe_rtnl_route_del(struct wabe_rtnl *nl, const struct wabe_route *route,
			struct wabe_error *err)
{
	return change_route(nl, RTM_DELROUTE, 0, route, err);
}

struct route_data {
	const struct wabe_rtnl *nl;
	struct wabe_route_match match;
};

static int take_route(const struct nlmsghdr *h, void *data)
{
	const struct nlattr *table[RTA_OIF + 1];
	struct route_data *d = data;
	const struct rtmsg *body = d->nl->mnl_nlmsg_get_payload(h);

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    wabe_rtnl_attrs(d->nl, h, sizeof(*body), table, RTA_OIF) < 0) {
		errno = EPROTO;
		return MNL_CB_ERROR;
	}
	d->match.is_found = true;
	d->match.is_local = body->rtm_type == RTN_LOCAL;
	d->match.prefix = body->rtm_dst_len;
	d->match.index = (int)wabe_rtnl_u32(d->nl, table[RTA_OIF], 0);
	return MNL_CB_OK;
}

int wabe_rtnl_route_find(struct wabe_rtnl *nl, const struct wabe_net_address *to,
			 struct wabe_route_match *ret_match, struct wabe_error *err)
{
	const struct rtmsg body = {
		.rtm_family = (uint8_t)to->family,
		.rtm_dst_len = (uint8_t)wabe_net_address_size(to) * 8,
		/* Which entry it is, not what becomes of it: rtnetlink(7) has no word on it. */
		.rtm_flags = RTM_F_FIB_MATCH
	};
	struct wabe_error reason = WABE_ERROR_INIT;
	struct route_data data = { .nl = nl };
	char text[WABE_ADDRESS_TEXT_MAX];
	struct wabe_rtnl_request q;
	int r;

	wabe_net_address_text(to, text);
	wabe_rtnl_begin(&q, nl, RTM_GETROUTE, NLM_F_ACK, &body, sizeof(body));
	put_address(&q, RTA_DST, to);
	r = wabe_rtnl_talk(&q, take_route, &data, &reason, "look for the route to %s", text);
	/* Nothing leads there; or, on purpose, nowhere: blackhole, prohibit, unreachable (ip-route(8)). */
	if (r == -ENETUNREACH || r == -EHOSTUNREACH || r == -EINVAL || r == -EACCES)
		r = 0;
	if (r < 0)
		return wabe_error_say(err, r, "%s", reason.text);
	*ret_match = data.match;
	return 0;
}

int wabe_rtnl_proxy(struct wabe_rtnl *nl, bool is_add, int index,
		    const struct wabe_net_address *address, struct wabe_error *err)
{
	const struct ndmsg body = { .ndm_family = (uint8_t)address->family,
				    .ndm_ifindex = index,
				    .ndm_state = NUD_PERMANENT,
				    .ndm_flags = NTF_PROXY };
	struct wabe_error reason = WABE_ERROR_INIT;
	char text[WABE_ADDRESS_TEXT_MAX];
	struct wabe_rtnl_request q;
	int r;

	wabe_net_address_text(address, text);
	wabe_rtnl_begin(&q, nl, is_add ? RTM_NEWNEIGH : RTM_DELNEIGH,
			is_add ? NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE : NLM_F_ACK, &body,
			sizeof(body));
	put_address(&q, NDA_DST, address);
	r = wabe_rtnl_talk(&q, NULL, NULL, &reason, "%s answering for %s on device %d",
			   is_add ? "begin" : "end", text, index);
	if (!is_add && (r == -ENOENT || r == -ENODEV))
		return 0;
	return r < 0 ? wabe_error_say(err, r, "%s", reason.text) : 0;
}
