// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/rtnl: how a device was made, and making it again; see rtnl.h.
 *
 * What is kept of a kind is named, attribute by attribute: what the kernel tells of a device is more than it takes, and what it
 * takes of a device is more than belongs to making one.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "sys/rtnl_internal.h"

#define BIT(type) (1u << (type))

static const struct kind {
	const char *name;
	uint32_t attributes; /* of IFLA_INFO_DATA, a bit each */
} kinds[] = {
	{ "vlan", BIT(IFLA_VLAN_ID) | BIT(IFLA_VLAN_FLAGS) | BIT(IFLA_VLAN_EGRESS_QOS) |
			  BIT(IFLA_VLAN_INGRESS_QOS) | BIT(IFLA_VLAN_PROTOCOL) },
	{ "macvlan", BIT(IFLA_MACVLAN_MODE) | BIT(IFLA_MACVLAN_FLAGS) },
	{ "macvtap", BIT(IFLA_MACVLAN_MODE) | BIT(IFLA_MACVLAN_FLAGS) },
	{ "ipvlan", BIT(IFLA_IPVLAN_MODE) | BIT(IFLA_IPVLAN_FLAGS) },
	{ "ipvtap", BIT(IFLA_IPVLAN_MODE) | BIT(IFLA_IPVLAN_FLAGS) },
	{ "dummy", 0 },
};

#define DATA_MAX 8 /* the highest of the attributes above, and then some */

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

struct recipe_data {
	struct wabe_rtnl *nl;
	struct wabe_link_recipe *recipe;
};

static void begin(struct wabe_rtnl_request *q, struct wabe_rtnl *nl)
{
	const struct ifinfomsg body = { .ifi_family = AF_UNSPEC };

	wabe_rtnl_begin(q, nl, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &body,
			sizeof(body));
}

static void copy(struct wabe_rtnl_request *q, uint16_t type, const struct nlattr *attr)
{
	if (attr)
		wabe_rtnl_put(q, type, q->nl->mnl_attr_get_payload(attr),
			      q->nl->mnl_attr_get_payload_len(attr));
}

/* The kernel tells of all flags, and lets only those be set that it knows (net/8021q/vlan_dev.c). */
static void copy_vlan_flags(struct wabe_rtnl_request *q, const struct nlattr *attr)
{
	struct ifla_vlan_flags flags;

	if (q->nl->mnl_attr_get_payload_len(attr) < sizeof(flags))
		return;
	memcpy(&flags, q->nl->mnl_attr_get_payload(attr), sizeof(flags));
	flags.mask = flags.flags | VLAN_FLAG_REORDER_HDR;
	wabe_rtnl_put(q, IFLA_VLAN_FLAGS, &flags, sizeof(flags));
}

static void copy_data(struct wabe_rtnl_request *q, const struct kind *kind,
		      const struct nlattr *data)
{
	const struct nlattr *table[DATA_MAX + 1];
	struct nlattr *nest;

	if (!data || wabe_rtnl_attrs_nested(q->nl, data, table, DATA_MAX) < 0)
		return;
	nest = wabe_rtnl_nest(q, IFLA_INFO_DATA);
	for (uint16_t type = 1; type <= DATA_MAX; type++) {
		if (!table[type] || !(kind->attributes & BIT(type)))
			continue;
		if (strcmp(kind->name, "vlan") == 0 && type == IFLA_VLAN_FLAGS)
			copy_vlan_flags(q, table[type]);
		else
			copy(q, type, table[type]);
	}
	wabe_rtnl_nest_end(q, nest);
}

/* The attributes of the request that would make it. */
static void keep(const struct wabe_rtnl_request *q, struct wabe_link_recipe *recipe)
{
	const size_t head = MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct ifinfomsg));
	const size_t len = q->header->nlmsg_len - head;

	if (q->is_full || len > sizeof(recipe->attributes))
		return;
	memcpy(recipe->attributes, q->room + head, len);
	recipe->len = len;
}

static int take_recipe(const struct nlmsghdr *h, void *data)
{
	const struct nlattr *table[IFLA_LINK_NETNSID + 1], *info[IFLA_INFO_DATA + 1];
	const struct recipe_data *d = data;
	const struct kind *kind;
	struct wabe_rtnl_request q;
	struct nlattr *nest;
	char name[16];

	/* What it sits on has to be here. */
	if (wabe_rtnl_attrs(d->nl, h, sizeof(struct ifinfomsg), table, IFLA_LINK_NETNSID) < 0 ||
	    !table[IFLA_LINKINFO] || table[IFLA_LINK_NETNSID] ||
	    wabe_rtnl_attrs_nested(d->nl, table[IFLA_LINKINFO], info, IFLA_INFO_DATA) < 0 ||
	    !wabe_rtnl_copy(d->nl, info[IFLA_INFO_KIND], name, sizeof(name)))
		return MNL_CB_OK;
	kind = find_kind(name);
	if (!kind)
		return MNL_CB_OK;
	begin(&q, d->nl);
	copy(&q, IFLA_LINK, table[IFLA_LINK]);
	copy(&q, IFLA_MTU, table[IFLA_MTU]);
	/* An ipvlan has its lower device's. */
	if (strncmp(name, "ipv", 3) != 0)
		copy(&q, IFLA_ADDRESS, table[IFLA_ADDRESS]);
	nest = wabe_rtnl_nest(&q, IFLA_LINKINFO);
	wabe_rtnl_put_string(&q, IFLA_INFO_KIND, name);
	copy_data(&q, kind, info[IFLA_INFO_DATA]);
	wabe_rtnl_nest_end(&q, nest);
	keep(&q, d->recipe);
	return MNL_CB_OK;
}

int wabe_rtnl_recipe(struct wabe_rtnl *nl, int index, struct wabe_link_recipe *ret_recipe,
		     struct wabe_error *err)
{
	const struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	struct wabe_link_recipe recipe = { .len = 0 };
	struct recipe_data data = { nl, &recipe };
	struct wabe_rtnl_request q;
	int r;

	wabe_rtnl_begin(&q, nl, RTM_GETLINK, NLM_F_ACK, &body, sizeof(body));
	wabe_rtnl_put_u32(&q, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = wabe_rtnl_talk(&q, take_recipe, &data, err, "look how device %d was made", index);
	if (r == 0)
		*ret_recipe = recipe;
	return r;
}

int wabe_rtnl_make(struct wabe_rtnl *nl, const char *name, const struct wabe_link_recipe *recipe,
		   struct wabe_error *err)
{
	struct wabe_rtnl_request q;

	begin(&q, nl);
	wabe_rtnl_put_string(&q, IFLA_IFNAME, name);
	wabe_rtnl_put_raw(&q, recipe->attributes, recipe->len);
	return wabe_rtnl_talk(&q, NULL, NULL, err, "make device %s", name);
}
