// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/rtnl: links and their addresses; see netlink.h. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "sys/rtnl_internal.h"

#define ADDRESSES_MAX 65536

struct link_data {
	const struct wabe_rtnl *nl;
	struct wabe_link *link;
};

static void take_kind(const struct wabe_rtnl *nl, const struct nlattr *info, char *kind,
		      size_t room)
{
	const struct nlattr *table[IFLA_INFO_KIND + 1];

	if (info && wabe_rtnl_attrs_nested(nl, info, table, IFLA_INFO_KIND) == 0)
		(void)wabe_rtnl_copy(nl, table[IFLA_INFO_KIND], kind, room);
}

static int take_link(const struct nlmsghdr *h, void *data)
{
	const struct nlattr *table[IFLA_LINK_NETNSID + 1];
	const struct link_data *d = data;
	const struct ifinfomsg *body = d->nl->mnl_nlmsg_get_payload(h);
	const struct nlattr *mac;
	struct wabe_link link = { .peer_nsid = -1 };

	if (h->nlmsg_type != RTM_NEWLINK ||
	    wabe_rtnl_attrs(d->nl, h, sizeof(*body), table, IFLA_LINK_NETNSID) < 0 ||
	    !wabe_rtnl_copy(d->nl, table[IFLA_IFNAME], link.name, sizeof(link.name))) {
		errno = EPROTO;
		return MNL_CB_ERROR;
	}
	link.index = body->ifi_index;
	link.flags = body->ifi_flags;
	link.type = body->ifi_type;
	link.group = wabe_rtnl_u32(d->nl, table[IFLA_GROUP], 0);
	link.master = (int)wabe_rtnl_u32(d->nl, table[IFLA_MASTER], 0);
	link.peer = (int)wabe_rtnl_u32(d->nl, table[IFLA_LINK], 0);
	link.is_peer_elsewhere = table[IFLA_LINK_NETNSID] != NULL;
	link.peer_nsid = (int32_t)wabe_rtnl_u32(d->nl, table[IFLA_LINK_NETNSID], UINT32_MAX);
	take_kind(d->nl, table[IFLA_LINKINFO], link.kind, sizeof(link.kind));
	(void)wabe_rtnl_copy(d->nl, table[IFLA_IFALIAS], link.alias, sizeof(link.alias));
	mac = table[IFLA_ADDRESS];
	link.has_mac = mac && d->nl->mnl_attr_get_payload_len(mac) == WABE_MAC_BYTES;
	if (link.has_mac)
		memcpy(link.mac, d->nl->mnl_attr_get_payload(mac), WABE_MAC_BYTES);
	*d->link = link;
	return MNL_CB_OK;
}

int wabe_rtnl_link(struct wabe_rtnl *nl, const char *name, int index, struct wabe_link *ret_link,
		   struct wabe_error *err)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	struct link_data data = { nl, ret_link };
	struct wabe_rtnl_request q;

	wabe_rtnl_begin(&q, nl, RTM_GETLINK, NLM_F_ACK, &body, sizeof(body));
	if (name)
		wabe_rtnl_put_string(&q, IFLA_IFNAME, name);
	wabe_rtnl_put_u32(&q, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (name)
		return wabe_rtnl_talk(&q, take_link, &data, err, "look for device %s", name);
	return wabe_rtnl_talk(&q, take_link, &data, err, "look for device %d", index);
}

int wabe_rtnl_veth(struct wabe_rtnl *nl, const struct wabe_veth *veth, struct wabe_error *err)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
	struct nlattr *info, *data, *peer;
	struct wabe_rtnl_request q;

	wabe_rtnl_begin(&q, nl, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &body,
			sizeof(body));
	wabe_rtnl_put_string(&q, IFLA_IFNAME, veth->name);
	if (veth->mac)
		wabe_rtnl_put(&q, IFLA_ADDRESS, veth->mac, WABE_MAC_BYTES);
	wabe_rtnl_put_u32(&q, IFLA_GROUP, veth->group);
	info = wabe_rtnl_nest(&q, IFLA_LINKINFO);
	wabe_rtnl_put_string(&q, IFLA_INFO_KIND, "veth");
	data = wabe_rtnl_nest(&q, IFLA_INFO_DATA);
	peer = wabe_rtnl_nest(&q, VETH_INFO_PEER);
	/* A header of its own comes before the peer's attributes. */
	if (!q.is_full)
		nl->mnl_nlmsg_put_extra_header(q.header, sizeof(body));
	wabe_rtnl_put_string(&q, IFLA_IFNAME, veth->peer_name);
	if (veth->peer_mac)
		wabe_rtnl_put(&q, IFLA_ADDRESS, veth->peer_mac, WABE_MAC_BYTES);
	wabe_rtnl_put_u32(&q, IFLA_NET_NS_FD, (uint32_t)veth->peer_netns_fd);
	wabe_rtnl_nest_end(&q, peer);
	wabe_rtnl_nest_end(&q, data);
	wabe_rtnl_nest_end(&q, info);
	return wabe_rtnl_talk(&q, NULL, NULL, err, "make devices %s and, inside, %s", veth->name,
			      veth->peer_name);
}

int wabe_rtnl_change(struct wabe_rtnl *nl, int index, const struct wabe_link_change *change,
		     struct wabe_error *err)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC,
				  .ifi_index = index,
				  .ifi_flags = change->flags,
				  .ifi_change = change->flag_mask };
	struct wabe_rtnl_request q;

	wabe_rtnl_begin(&q, nl, RTM_NEWLINK, NLM_F_ACK, &body, sizeof(body));
	if (change->alias)
		wabe_rtnl_put_string(&q, IFLA_IFALIAS, change->alias);
	if (change->master)
		wabe_rtnl_put_u32(&q, IFLA_MASTER, (uint32_t)change->master);
	return wabe_rtnl_talk(&q, NULL, NULL, err, "set up device %d", index);
}

int wabe_rtnl_no_link_local(struct wabe_rtnl *nl, int index, struct wabe_error *err)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	const uint8_t mode = IN6_ADDR_GEN_MODE_NONE;
	struct wabe_error reason = WABE_ERROR_INIT;
	struct wabe_rtnl_request q;
	struct nlattr *families, *inet6;
	int r;

	wabe_rtnl_begin(&q, nl, RTM_NEWLINK, NLM_F_ACK, &body, sizeof(body));
	families = wabe_rtnl_nest(&q, IFLA_AF_SPEC);
	inet6 = wabe_rtnl_nest(&q, AF_INET6);
	wabe_rtnl_put(&q, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof(mode));
	wabe_rtnl_nest_end(&q, inet6);
	wabe_rtnl_nest_end(&q, families);
	r = wabe_rtnl_talk(&q, NULL, NULL, &reason, "keep device %d from an address of its own",
			   index);
	/* Without IPv6 (ipv6.disable=1) there is none to keep it from. */
	if (r == 0 || r == -EAFNOSUPPORT)
		return 0;
	return wabe_error_say(err, r, "%s", reason.text);
}

int wabe_rtnl_delete(struct wabe_rtnl *nl, int index, struct wabe_error *err)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	struct wabe_rtnl_request q;

	wabe_rtnl_begin(&q, nl, RTM_DELLINK, NLM_F_ACK, &body, sizeof(body));
	return wabe_rtnl_talk(&q, NULL, NULL, err, "delete device %d", index);
}

struct nsid_data {
	const struct wabe_rtnl *nl;
	int32_t nsid;
};

static int take_nsid(const struct nlmsghdr *h, void *data)
{
	const struct nlattr *table[NETNSA_NSID + 1];
	struct nsid_data *d = data;

	if (wabe_rtnl_attrs(d->nl, h, sizeof(struct rtgenmsg), table, NETNSA_NSID) == 0)
		d->nsid = (int32_t)wabe_rtnl_u32(d->nl, table[NETNSA_NSID], UINT32_MAX);
	return MNL_CB_OK;
}

int wabe_rtnl_nsid(struct wabe_rtnl *nl, int netns_fd, int32_t *ret_nsid, struct wabe_error *err)
{
	struct rtgenmsg body = { .rtgen_family = AF_UNSPEC };
	struct nsid_data data = { nl, -1 };
	struct wabe_rtnl_request q;
	int r;

	wabe_rtnl_begin(&q, nl, RTM_GETNSID, NLM_F_ACK, &body, sizeof(body));
	wabe_rtnl_put_u32(&q, NETNSA_FD, (uint32_t)netns_fd);
	r = wabe_rtnl_talk(&q, take_nsid, &data, err, "ask for a network namespace's number");
	if (r == 0)
		*ret_nsid = data.nsid;
	return r;
}

static void begin_address(struct wabe_rtnl_request *q, struct wabe_rtnl *nl, uint16_t type,
			  uint16_t flags, int index, const struct wabe_net_address *a)
{
	struct ifaddrmsg body = { .ifa_family = (uint8_t)a->family,
				  .ifa_prefixlen = (uint8_t)a->prefix,
				  .ifa_scope = RT_SCOPE_UNIVERSE,
				  .ifa_flags = IFA_F_PERMANENT,
				  .ifa_index = (uint32_t)index };

	/* Who else has it was asked before (guest/net_outer.c). */
	if (a->family == AF_INET6)
		body.ifa_flags |= IFA_F_NODAD;
	wabe_rtnl_begin(q, nl, type, flags, &body, sizeof(body));
	wabe_rtnl_put(q, IFA_LOCAL, a->bytes, wabe_net_address_size(a));
	wabe_rtnl_put(q, IFA_ADDRESS, a->bytes, wabe_net_address_size(a));
}

int wabe_rtnl_address_add(struct wabe_rtnl *nl, int index, const struct wabe_net_address *address,
			  const char *label, struct wabe_error *err)
{
	char text[WABE_ADDRESS_TEXT_MAX];
	struct wabe_rtnl_request q;

	wabe_net_address_text(address, text);
	begin_address(&q, nl, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, index,
		      address);
	if (label)
		wabe_rtnl_put_string(&q, IFA_LABEL, label);
	return wabe_rtnl_talk(&q, NULL, NULL, err, "add address %s", text);
}

int wabe_rtnl_address_del(struct wabe_rtnl *nl, int index, const struct wabe_net_address *address,
			  struct wabe_error *err)
{
	char text[WABE_ADDRESS_TEXT_MAX];
	struct wabe_rtnl_request q;

	wabe_net_address_text(address, text);
	begin_address(&q, nl, RTM_DELADDR, NLM_F_ACK, index, address);
	return wabe_rtnl_talk(&q, NULL, NULL, err, "remove address %s", text);
}

struct address_list {
	const struct wabe_rtnl *nl;
	struct wabe_link_address *items;
	size_t count, room;
};

static int grow(struct address_list *list)
{
	size_t room = list->room ? list->room * 2 : 16;
	struct wabe_link_address *more;

	if (list->count < list->room)
		return 0;
	if (list->count >= ADDRESSES_MAX) {
		errno = E2BIG;
		return -1;
	}
	more = reallocarray(list->items, room, sizeof(*more));
	if (!more)
		return -1;
	list->items = more;
	list->room = room;
	return 0;
}

static int take_address(const struct nlmsghdr *h, void *data)
{
	const struct nlattr *table[IFA_LABEL + 1], *local;
	struct address_list *list = data;
	const struct ifaddrmsg *body = list->nl->mnl_nlmsg_get_payload(h);
	struct wabe_link_address a = { 0 };

	if (h->nlmsg_type != RTM_NEWADDR ||
	    wabe_rtnl_attrs(list->nl, h, sizeof(*body), table, IFA_LABEL) < 0) {
		errno = EPROTO;
		return MNL_CB_ERROR;
	}
	a.address.family = body->ifa_family;
	a.address.prefix = body->ifa_prefixlen;
	a.index = (int)body->ifa_index;
	a.is_global = body->ifa_scope == RT_SCOPE_UNIVERSE;
	/* With a peer, IFA_ADDRESS is that one (rtnetlink(7)). */
	local = table[IFA_LOCAL] ? table[IFA_LOCAL] : table[IFA_ADDRESS];
	if ((body->ifa_family != AF_INET && body->ifa_family != AF_INET6) || !local ||
	    list->nl->mnl_attr_get_payload_len(local) != wabe_net_address_size(&a.address) ||
	    a.address.prefix > wabe_net_address_size(&a.address) * 8)
		return MNL_CB_OK;
	memcpy(a.address.bytes, list->nl->mnl_attr_get_payload(local),
	       wabe_net_address_size(&a.address));
	(void)wabe_rtnl_copy(list->nl, table[IFA_LABEL], a.label, sizeof(a.label));
	if (grow(list) < 0)
		return MNL_CB_ERROR;
	list->items[list->count++] = a;
	return MNL_CB_OK;
}

int wabe_rtnl_addresses(struct wabe_rtnl *nl, struct wabe_link_address **ret_list,
			size_t *ret_count, struct wabe_error *err)
{
	struct ifaddrmsg body = { .ifa_family = AF_UNSPEC };
	struct address_list list = { .nl = nl };
	struct wabe_rtnl_request q;
	int r;

	wabe_rtnl_begin(&q, nl, RTM_GETADDR, NLM_F_DUMP, &body, sizeof(body));
	r = wabe_rtnl_talk(&q, take_address, &list, err, "read addresses");
	if (r < 0) {
		free(list.items);
		return r;
	}
	*ret_list = list.items;
	*ret_count = list.count;
	return 0;
}
