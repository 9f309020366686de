// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/netdev_nexthop: nexthop objects over a network device; see netdev_nexthop.h. */
#include "sys/netdev_nexthop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "sys/netlink.h"

#define NEXTHOPS_MAX 65536

static const struct rtattr *attributes_of(const struct nhmsg *nh)
{
	return (const void *)((const char *)nh + NLMSG_ALIGN(sizeof(*nh)));
}

/* How long it has been out of balance is for the kernel to say. */
static int keep_resilient(struct wabe_netlink_request *q, const struct rtattr *nest)
{
	unsigned char kept[256];
	size_t room = RTA_PAYLOAD(nest), len = 0;

	for (const struct rtattr *a = RTA_DATA(nest); RTA_OK(a, room); a = RTA_NEXT(a, room)) {
		if (a->rta_type == NHA_RES_GROUP_UNBALANCED_TIME)
			continue;
		if (len + RTA_ALIGN(a->rta_len) > sizeof(kept))
			return -EMSGSIZE;
		memcpy(kept + len, a, a->rta_len);
		len += RTA_ALIGN(a->rta_len);
	}
	return wabe_netlink_add(q, NHA_RES_GROUP | NLA_F_NESTED, kept, len);
}

/* What makes it, not what the kernel counts or finds out. */
static int keep_attributes(struct wabe_netlink_request *q, const struct rtattr *a, size_t len)
{
	static const unsigned short types[] = {
		NHA_ID,	     NHA_GROUP,	     NHA_GROUP_TYPE, NHA_OIF,
		NHA_GATEWAY, NHA_ENCAP_TYPE, NHA_ENCAP,	     NHA_FDB,
	};
	const struct rtattr *resilient = wabe_netlink_find(a, len, NHA_RES_GROUP, 0);
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(types); i++) {
		const struct rtattr *found = wabe_netlink_find(a, len, types[i], 0);

		if (found)
			r = wabe_netlink_add(q, found->rta_type, RTA_DATA(found),
					     RTA_PAYLOAD(found));
	}
	return r == 0 && resilient ? keep_resilient(q, resilient) : r;
}

static int add(struct wabe_netdev_nexthops *nexthops, const struct wabe_netlink_request *q,
	       uint32_t id)
{
	const size_t head = NLMSG_LENGTH(sizeof(struct nhmsg));
	struct wabe_netdev_nexthop *more, *new;

	if (nexthops->count >= NEXTHOPS_MAX)
		return -E2BIG;
	more = reallocarray(nexthops->items, nexthops->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	nexthops->items = more;
	new = &more[nexthops->count];
	memcpy(&new->header, q->body, sizeof(new->header));
	new->id = id;
	new->attributes_len = q->header.nlmsg_len - (unsigned int)head;
	new->attributes = malloc(new->attributes_len + 1);
	if (!new->attributes)
		return -ENOMEM;
	memcpy(new->attributes, q->body + NLMSG_ALIGN(sizeof(new->header)), new->attributes_len);
	nexthops->count++;
	return 0;
}

bool wabe_netdev_nexthops_have(const struct wabe_netdev_nexthops *nexthops, uint32_t id)
{
	for (size_t i = 0; i < nexthops->count; i++)
		if (nexthops->items[i].id == id)
			return true;
	return false;
}

/* Is one of ours a member? Groups of groups there are none. */
static bool is_affected(const struct wabe_netdev_nexthops *nexthops, const struct rtattr *group)
{
	const struct nexthop_grp *members = RTA_DATA(group);

	for (size_t i = 0; i < RTA_PAYLOAD(group) / sizeof(*members); i++)
		if (wabe_netdev_nexthops_have(nexthops, members[i].id))
			return true;
	return false;
}

static int take(const struct nlmsghdr *h, void *arg)
{
	struct wabe_netdev_nexthops *nexthops = arg;
	struct nhmsg nh;
	const struct rtattr *id, *group;
	struct wabe_netlink_request q;
	size_t room;
	int r;

	if (h->nlmsg_type != RTM_NEWNEXTHOP || h->nlmsg_len < NLMSG_LENGTH(sizeof(nh)))
		return -EPROTO;
	room = h->nlmsg_len - NLMSG_LENGTH(sizeof(nh));
	id = wabe_netlink_find(attributes_of(NLMSG_DATA(h)), room, NHA_ID, sizeof(uint32_t));
	group = wabe_netlink_find(attributes_of(NLMSG_DATA(h)), room, NHA_GROUP, 0);
	if (!id)
		return -EPROTO;
	if (group && !is_affected(nexthops, group))
		return 0;
	memcpy(&nh, NLMSG_DATA(h), sizeof(nh));
	/* The kernel takes no more than this back. */
	nh.nh_scope = nh.resvd = 0;
	nh.nh_flags &= RTNH_F_ONLINK;
	wabe_netlink_begin(&q, RTM_NEWNEXTHOP, 0, &nh, sizeof(nh));
	r = keep_attributes(&q, attributes_of(NLMSG_DATA(h)), room);
	return r < 0 ? r : add(nexthops, &q, *(const uint32_t *)RTA_DATA(id));
}

/* Those that have the attribute @type, of @len bytes at @data. */
static int read_some(int sock, struct wabe_netdev_nexthops *nexthops, unsigned short type,
		     const void *data, size_t len, struct wabe_error *err)
{
	const struct nhmsg all = { .nh_family = AF_UNSPEC };
	struct wabe_netlink_request q;
	int r;

	wabe_netlink_begin(&q, RTM_GETNEXTHOP, NLM_F_DUMP, &all, sizeof(all));
	r = wabe_netlink_add(&q, type, data, len);
	return r < 0 ? wabe_error_set(err, r, "read its nexthops")
		     : wabe_netlink_talk(sock, &q.header, take, nexthops, "read its nexthops", err);
}

int wabe_netdev_nexthops_read(int sock, int index, struct wabe_netdev_nexthops *ret_nexthops,
			      struct wabe_error *err)
{
	struct wabe_netdev_nexthops nexthops = { 0 };
	int r = read_some(sock, &nexthops, NHA_OIF, &index, sizeof(index), err);

	if (r == 0 && nexthops.count)
		r = read_some(sock, &nexthops, NHA_GROUPS, "", 0, err);
	/* Before Linux 5.3 there are none. */
	if (r == -EOPNOTSUPP) {
		wabe_error_clear(err);
		r = 0;
	}
	if (r < 0)
		wabe_netdev_nexthops_release(&nexthops);
	else
		*ret_nexthops = nexthops;
	return r;
}

static int put(int sock, const struct wabe_netdev_nexthop *nh, struct wabe_error *err)
{
	struct wabe_netlink_request q;
	int r;

	/* A group that lost a member may be there still, with the others. */
	wabe_netlink_begin(&q, RTM_NEWNEXTHOP, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
			   &nh->header, sizeof(nh->header));
	r = wabe_netlink_add_raw(&q, nh->attributes, nh->attributes_len);
	return r < 0 ? wabe_error_set(err, r, "restore a nexthop")
		     : wabe_netlink_talk(sock, &q.header, NULL, NULL, "restore a nexthop", err);
}

int wabe_netdev_nexthops_put(int sock, int index, struct wabe_netdev_nexthops *nexthops,
			     struct wabe_error *err)
{
	int result = 0;

	for (size_t i = 0; i < nexthops->count; i++) {
		struct wabe_netdev_nexthop *nh = &nexthops->items[i];
		/* The attributes are ours to change. */
		struct rtattr *out =
			(struct rtattr *)wabe_netlink_find((const void *)nh->attributes,
							   nh->attributes_len, NHA_OIF,
							   sizeof(index));
		int r;

		if (out)
			memcpy(RTA_DATA(out), &index, sizeof(index));
		r = put(sock, nh, result < 0 ? NULL : err);
		result = result < 0 ? result : r;
	}
	return result;
}

void wabe_netdev_nexthops_release(struct wabe_netdev_nexthops *nexthops)
{
	for (size_t i = 0; i < nexthops->count; i++)
		free(nexthops->items[i].attributes);
	free(nexthops->items);
	*nexthops = (struct wabe_netdev_nexthops){ 0 };
}
