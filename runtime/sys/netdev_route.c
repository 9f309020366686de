// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/netdev_route: the routes over a network device, which the kernel drops when it leaves; see netdev_route.h.
 */
#include "sys/netdev_route.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "sys/netlink.h"

#define ROUTES_MAX 65536
#define USER_HZ 100 /* of times in rtnetlink, on every architecture that Debian has: rtnetlink(7) */

/* The walk over what @dev's routes refer to devices by: RTA_OIF, or the nexthops of RTA_MULTIPATH. */
typedef void (*index_fn)(int *index, void *arg);

static void each_nexthop(struct rtattr *multipath, index_fn fn, void *arg)
{
	size_t left = RTA_PAYLOAD(multipath);

	for (struct rtnexthop *hop = RTA_DATA(multipath);
	     left >= sizeof(*hop) && hop->rtnh_len >= sizeof(*hop) && hop->rtnh_len <= left;
	     hop = RTNH_NEXT(hop)) {
		/* What the kernel found out about it is not for it to be told. */
		hop->rtnh_flags &= RTNH_F_ONLINK;
		fn(&hop->rtnh_ifindex, arg);
		if ((size_t)RTNH_ALIGN(hop->rtnh_len) >= left)
			return;
		left -= (size_t)RTNH_ALIGN(hop->rtnh_len);
	}
}

static void each_index(struct wabe_netdev_route *route, index_fn fn, void *arg)
{
	struct rtattr *first = (void *)route->attributes;
	/* The attributes are ours to change. */
	struct rtattr *out = (struct rtattr *)wabe_netlink_find(first, route->attributes_len,
								RTA_OIF, sizeof(int));
	struct rtattr *multipath = (struct rtattr *)wabe_netlink_find(first, route->attributes_len,
								      RTA_MULTIPATH,
								      sizeof(struct rtnexthop));

	if (out)
		fn(RTA_DATA(out), arg);
	if (multipath)
		each_nexthop(multipath, fn, arg);
}

struct search {
	int index;
	bool is_found;
};

static void compare(int *index, void *arg)
{
	struct search *search = arg;

	search->is_found |= *index == search->index;
}

static void replace(int *index, void *arg)
{
	const int *from_to = arg;

	if (*index == from_to[0])
		*index = from_to[1];
}

/* Nobody has to restore what the kernel makes by itself, of addresses and of what routers say. */
static bool is_kept(const struct rtmsg *r)
{
	return !(r->rtm_flags & RTM_F_CLONED) && r->rtm_protocol != RTPROT_KERNEL &&
	       r->rtm_protocol != RTPROT_REDIRECT && r->rtm_protocol != RTPROT_RA;
}

/* A time to live is told in another attribute than it is asked for in. */
static int keep_expiry(struct wabe_netlink_request *q, const struct rtattr *a)
{
	struct rta_cacheinfo info;
	uint32_t seconds;

	if (RTA_PAYLOAD(a) < sizeof(info))
		return 0;
	memcpy(&info, RTA_DATA(a), sizeof(info));
	if (info.rta_expires <= 0)
		return 0;
	seconds = (uint32_t)info.rta_expires / USER_HZ + 1;
	return wabe_netlink_add(q, RTA_EXPIRES, &seconds, sizeof(seconds));
}

/* What a nexthop object says: the kernel shows it beside the object's number, and takes one of both. */
static bool is_of_nexthop(unsigned short type)
{
	return type == RTA_OIF || type == RTA_GATEWAY || type == RTA_VIA || type == RTA_MULTIPATH ||
	       type == RTA_ENCAP || type == RTA_ENCAP_TYPE;
}

static int keep_attributes(struct wabe_netlink_request *q, const struct rtattr *a, size_t len)
{
	bool has_nexthop = wabe_netlink_find(a, len, RTA_NH_ID, sizeof(uint32_t));
	int r = 0;

	for (; r == 0 && RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if (a->rta_type == RTA_CACHEINFO)
			r = keep_expiry(q, a);
		else if (!has_nexthop || !is_of_nexthop(a->rta_type & NLA_TYPE_MASK))
			r = wabe_netlink_add(q, a->rta_type, RTA_DATA(a), RTA_PAYLOAD(a));
	}
	return r;
}

static int add_route(struct wabe_netdev_routes *routes, const struct wabe_netlink_request *q)
{
	const size_t head = NLMSG_LENGTH(sizeof(struct rtmsg));
	struct wabe_netdev_route *more, *route;

	if (routes->count >= ROUTES_MAX)
		return -E2BIG;
	more = reallocarray(routes->items, routes->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	routes->items = more;
	route = &more[routes->count];
	memcpy(&route->header, q->body, sizeof(route->header));
	route->header.rtm_flags &= RTNH_F_ONLINK;
	route->attributes_len = q->header.nlmsg_len - (unsigned int)head;
	route->attributes = malloc(route->attributes_len + 1);
	if (!route->attributes)
		return -ENOMEM;
	memcpy(route->attributes, q->body + NLMSG_ALIGN(sizeof(route->header)),
	       route->attributes_len);
	routes->count++;
	return 0;
}

static void drop_last(struct wabe_netdev_routes *routes)
{
	free(routes->items[--routes->count].attributes);
}

static bool is_over(struct wabe_netdev_routes *routes, struct wabe_netdev_route *route)
{
	const struct rtattr *nexthop = wabe_netlink_find((const void *)route->attributes,
							 route->attributes_len, RTA_NH_ID,
							 sizeof(uint32_t));
	struct search search = { .index = routes->index };
	uint32_t id;

	if (nexthop) {
		memcpy(&id, RTA_DATA(nexthop), sizeof(id));
		return wabe_netdev_nexthops_have(&routes->nexthops, id);
	}
	each_index(route, compare, &search);
	return search.is_found;
}

/* Kernels that don't choose by RTA_OIF, or have not this family, say more than was asked. */
static int take_route(const struct nlmsghdr *h, void *arg)
{
	struct wabe_netdev_routes *routes = arg;
	const struct rtmsg *route = NLMSG_DATA(h);
	struct wabe_netlink_request q;
	int r;

	if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < NLMSG_LENGTH(sizeof(*route)))
		return -EPROTO;
	if (route->rtm_family != routes->family || !is_kept(route))
		return 0;
	wabe_netlink_begin(&q, RTM_NEWROUTE, 0, route, sizeof(*route));
	r = keep_attributes(&q, RTM_RTA(route), h->nlmsg_len - NLMSG_LENGTH(sizeof(*route)));
	if (r == 0)
		r = add_route(routes, &q);
	if (r < 0)
		return r;
	if (!is_over(routes, &routes->items[routes->count - 1]))
		drop_last(routes);
	return 0;
}

static int read_family(int sock, struct wabe_netdev_routes *routes, unsigned char family,
		       struct wabe_error *err)
{
	const struct rtmsg all = { .rtm_family = family };
	struct wabe_netlink_request q;
	int r;

	routes->family = family;
	wabe_netlink_begin(&q, RTM_GETROUTE, NLM_F_DUMP, &all, sizeof(all));
	r = wabe_netlink_add(&q, RTA_OIF, &routes->index, sizeof(routes->index));
	return r < 0 ? wabe_error_set(err, r, "read its routes")
		     : wabe_netlink_talk(sock, &q.header, take_route, routes, "read its routes",
					 err);
}

int wabe_netdev_routes_read(int sock, int index, struct wabe_netdev_routes *ret_routes,
			    struct wabe_error *err)
{
	struct wabe_netdev_routes routes = { .index = index };
	int on = 1, r;

	/* Only then the kernel chooses itself: a router has a million routes. */
	(void)setsockopt(sock, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	r = wabe_netdev_nexthops_read(sock, index, &routes.nexthops, err);
	if (r == 0)
		r = read_family(sock, &routes, AF_INET, err);
	if (r == 0)
		r = read_family(sock, &routes, AF_INET6, err);
	on = 0;
	(void)setsockopt(sock, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (r < 0)
		wabe_netdev_routes_release(&routes);
	else
		*ret_routes = routes;
	return r;
}

/* What goes by a router wants the route to it first. */
static bool has_router(const struct wabe_netdev_route *route)
{
	const struct rtattr *first = (const void *)route->attributes;

	return wabe_netlink_find(first, route->attributes_len, RTA_GATEWAY, 0) ||
	       wabe_netlink_find(first, route->attributes_len, RTA_VIA, 0) ||
	       wabe_netlink_find(first, route->attributes_len, RTA_MULTIPATH, 0) ||
	       wabe_netlink_find(first, route->attributes_len, RTA_NH_ID, 0);
}

static int put_route(int sock, const struct wabe_netdev_route *route, struct wabe_error *err)
{
	struct wabe_error why = WABE_ERROR_INIT;
	struct wabe_netlink_request q;
	int r;

	wabe_netlink_begin(&q, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &route->header,
			   sizeof(route->header));
	r = wabe_netlink_add_raw(&q, route->attributes, route->attributes_len);
	if (r == 0)
		r = wabe_netlink_talk(sock, &q.header, NULL, NULL, "restore a route", &why);
	return r < 0 && r != -EEXIST ? wabe_error_say(err, r, "%s", why.text) : 0;
}

int wabe_netdev_routes_put(int sock, int index, struct wabe_netdev_routes *routes,
			   struct wabe_error *err)
{
	int from_to[] = { routes->index, index };
	int result = wabe_netdev_nexthops_put(sock, index, &routes->nexthops, err);

	for (size_t i = 0; i < routes->count; i++)
		each_index(&routes->items[i], replace, from_to);
	routes->index = index;
	for (int by_router = 0; by_router < 2; by_router++)
		for (size_t i = 0; i < routes->count; i++) {
			int r = 0;

			if (has_router(&routes->items[i]) == by_router)
				r = put_route(sock, &routes->items[i], result < 0 ? NULL : err);
			result = result < 0 ? result : r;
		}
	return result;
}

void wabe_netdev_routes_release(struct wabe_netdev_routes *routes)
{
	for (size_t i = 0; i < routes->count; i++)
		free(routes->items[i].attributes);
	free(routes->items);
	wabe_netdev_nexthops_release(&routes->nexthops);
	*routes = (struct wabe_netdev_routes){ 0 };
}
