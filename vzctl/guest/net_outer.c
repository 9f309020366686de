// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/net: the host's links to others: who has an address, and whom we answer for it. */
#include <errno.h>
#include <fcntl.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guest/net_internal.h"

void vz_net_outer_free(struct vz_net_outer *outer)
{
	free(outer->addresses);
	free(outer->links);
	*outer = (struct vz_net_outer){ 0 };
}

static bool leads_out(const struct wabe_link *link)
{
	return (link->flags & IFF_UP) &&
	       !(link->flags & (IFF_LOOPBACK | IFF_NOARP | IFF_POINTOPOINT)) &&
	       link->type == ARPHRD_ETHER && link->has_mac &&
	       (link->group & ~0xffu) != VZ_NET_GROUP;
}

static bool has_link(const struct vz_net_outer *outer, int index)
{
	for (size_t i = 0; i < outer->link_count; i++)
		if (outer->links[i].index == index)
			return true;
	return false;
}

/*
 * Devices with an address of the host's own. A dump of addresses, not of devices: guests' have none, so it is as short with
 * a thousand of them.
 */
static int load(struct vz_net_job *job, struct wabe_error *err)
{
	struct vz_net_outer *outer = &job->outer;
	int r;

	if (outer->is_loaded)
		return 0;
	r = wabe_rtnl_addresses(job->host, &outer->addresses, &outer->address_count, err);
	if (r < 0)
		return r;
	outer->links = calloc(outer->address_count + 1, sizeof(*outer->links));
	if (!outer->links)
		return wabe_error_set(err, -ENOMEM, "devices of the host");
	for (size_t i = 0; i < outer->address_count; i++) {
		int index = outer->addresses[i].index;

		if (has_link(outer, index))
			continue;
		r = wabe_rtnl_link(job->host, NULL, index, &outer->links[outer->link_count], err);
		if (r == 0)
			outer->link_count++;
		else if (r != -ENODEV)
			return r;
		wabe_error_clear(err);
	}
	outer->is_loaded = true;
	return 0;
}

/* vz.conf(5), NEIGHBOUR_DEVS=detect: only where the address belongs to the link's network. */
static bool is_on_link(const struct vz_net_outer *outer, int index,
		       const struct wabe_net_address *address)
{
	for (size_t i = 0; i < outer->address_count; i++)
		if (outer->addresses[i].index == index &&
		    wabe_net_address_covers(&outer->addresses[i].address, address))
			return true;
	return false;
}

int vz_net_outer_choose(struct vz_net_job *job, const struct wabe_net_address *address,
			size_t **ret_chosen, size_t *ret_count, struct wabe_error *err)
{
	const char *devs = job->g->host->neighbour_devs;
	const bool is_detect = devs && strcmp(devs, "detect") == 0;
	size_t *chosen, count = 0;
	int r = load(job, err);

	if (r < 0)
		return r;
	chosen = wabe_arena_array(&job->arena, job->outer.link_count, sizeof(*chosen));
	if (!chosen)
		return wabe_error_set(err, -ENOMEM, "devices of the host");
	for (size_t i = 0; i < job->outer.link_count; i++) {
		const struct wabe_link *link = &job->outer.links[i];

		if (leads_out(link) &&
		    (!is_detect || is_on_link(&job->outer, link->index, address)))
			chosen[count++] = i;
	}
	*ret_chosen = chosen;
	*ret_count = count;
	return 0;
}

/* A place for each address on each of its links; those without a carrier too. */
static int list_neighbours(struct vz_net_job *job, const struct wabe_strv *addresses,
			   struct wabe_neighbour **ret_list, size_t *ret_count,
			   struct wabe_error *err)
{
	struct wabe_neighbour *list;
	size_t count = 0;
	int r = load(job, err);

	if (r < 0)
		return r;
	list = wabe_arena_array(&job->arena, addresses->count * job->outer.link_count,
				sizeof(*list));
	if (!list)
		return wabe_error_set(err, -ENOMEM, "devices of the host");
	for (size_t i = 0; i < addresses->count; i++) {
		struct wabe_net_address a;
		size_t *chosen, chosen_count;

		if (wabe_net_address_parse(addresses->items[i], &a) < 0)
			continue;
		r = vz_net_outer_choose(job, &a, &chosen, &chosen_count, err);
		if (r < 0)
			return r;
		for (size_t k = 0; k < chosen_count; k++, count++) {
			const struct wabe_link *link = &job->outer.links[chosen[k]];

			list[count] = (struct wabe_neighbour){ .index = link->index, .address = a };
			memcpy(list[count].mac, link->mac, WABE_MAC_BYTES);
		}
	}
	*ret_list = list;
	*ret_count = count;
	return 0;
}

static const struct wabe_link *link_of(const struct vz_net_job *job, int index)
{
	for (size_t i = 0; i < job->outer.link_count; i++)
		if (job->outer.links[i].index == index)
			return &job->outer.links[i];
	return NULL;
}

/* Nobody can be asked over a cable that isn't plugged in. */
static size_t drop_dead(const struct vz_net_job *job, struct wabe_neighbour *list, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct wabe_link *link = link_of(job, list[i].index);

		if (link && (link->flags & IFF_RUNNING))
			list[kept++] = list[i];
	}
	return kept;
}

static int say_taken(const struct vz_net_job *job, const struct wabe_neighbour *n,
		     struct wabe_error *err)
{
	const struct wabe_link *link = link_of(job, n->index);
	char address[WABE_ADDRESS_TEXT_MAX], text[160];

	wabe_net_address_text(&n->address, address);
	snprintf(text, sizeof(text),
		 "%s is used by another host on %s, %02x:%02x:%02x:%02x:%02x:%02x", address,
		 link ? link->name : "?", n->taker[0], n->taker[1], n->taker[2], n->taker[3],
		 n->taker[4], n->taker[5]);
	if (job->g->host->is_arpfail_error)
		return vz_error_say(err, VZ_EXIT_IP_IN_USE, -EADDRINUSE, "%s", text);
	vz_warn(job->g, "%s (ERROR_ON_ARPFAIL=yes makes it an error)", text);
	return 0;
}

int vz_net_outer_probe(struct vz_net_job *job, const struct wabe_strv *addresses,
		       struct wabe_error *err)
{
	struct wabe_neighbour *list;
	size_t count;
	int r;

	if (job->g->host->has_no_arpdetect || addresses->count == 0)
		return 0;
	r = list_neighbours(job, addresses, &list, &count, err);
	if (r < 0)
		return r;
	count = drop_dead(job, list, count);
	if (count == 0)
		return 0;
	r = wabe_neighbour_probe(list, count, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (list[i].is_taken)
			r = say_taken(job, &list[i], err);
	return r;
}

/*
 * proxy_ndp of one device lets it answer for addresses that are named one by one, as IPv4 does by itself (ip-sysctl.rst). What
 * is named is ours, so this is too; forwarding is the administrator's.
 */
static int allow_ndp(const struct vz_net_job *job, const struct wabe_link *link,
		     struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf value = WABE_BUF_INIT;
	char path[80];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/proxy_ndp", link->name);
	if (wabe_file_read_at(AT_FDCWD, path, 16, &value, NULL) == 0 && value.data &&
	    value.data[0] == '1')
		return 0;
	wabe_log(job->g->host->rt.log, WABE_LOG_INFO, "CT %s: net.ipv6.conf.%s.proxy_ndp is set",
		 job->g->id, link->name);
	return wabe_file_write_at(AT_FDCWD, path, "1", err);
}

int vz_net_outer_answer(struct vz_net_job *job, const struct wabe_strv *addresses,
			struct wabe_error *err)
{
	struct wabe_neighbour *list;
	size_t count;
	int r = list_neighbours(job, addresses, &list, &count, err);

	if (r < 0 || count == 0)
		return r;
	/* In the record first: it is what is taken back. */
	for (size_t i = 0; i < count; i++) {
		char address[WABE_ADDRESS_TEXT_MAX];
		const char *entry;

		wabe_net_address_text(&list[i].address, address);
		entry = wabe_arena_printf(&job->arena, "%s@%s", address,
					  link_of(job, list[i].index)->name);
		if (!entry || (!wabe_strv_has(&job->have.proxies, entry) &&
			       wabe_strv_add(&job->have.proxies, &job->arena, entry) < 0))
			return wabe_error_set(err, -ENOMEM, "answer for %s", address);
	}
	r = vz_net_save(job, err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (list[i].address.family == AF_INET6)
			r = allow_ndp(job, link_of(job, list[i].index), err);
		if (r == 0)
			r = wabe_rtnl_proxy(job->host, true, list[i].index, &list[i].address, err);
	}
	if (r == 0)
		wabe_neighbour_announce(list, count);
	return r;
}

/* Has another guest the address by now? Then it is that one's that the host answers for. */
static bool is_anothers(struct vz_net_job *job, const struct wabe_net_address *a)
{
	struct wabe_route_match match;
	struct wabe_link link;

	if (wabe_rtnl_route_find(job->host, a, &match, NULL) < 0 || !match.is_found ||
	    match.prefix != a->prefix ||
	    wabe_rtnl_link(job->host, NULL, match.index, &link, NULL) < 0)
		return false;
	for (size_t i = 0; i < job->have.devices.count; i++) {
		struct vz_net_device own;

		if (vz_net_device_parse(job->have.devices.items[i], &own) == 0 &&
		    own.index == match.index)
			return false;
	}
	return link.group == VZ_NET_GROUP_VENET;
}

int vz_net_outer_silence(struct vz_net_job *job, const char *address, struct wabe_error *err)
{
	const size_t len = strlen(address);
	struct wabe_strv left = { 0 };
	struct wabe_net_address a;
	bool is_kept;
	int r = 0;

	if (wabe_net_address_parse(address, &a) < 0)
		return 0;
	is_kept = is_anothers(job, &a);
	for (size_t i = 0; r == 0 && i < job->have.proxies.count; i++) {
		char *entry = job->have.proxies.items[i];
		struct wabe_link link;

		if (strncmp(entry, address, len) != 0 || entry[len] != '@') {
			r = wabe_strv_add(&left, &job->arena, entry);
			continue;
		}
		if (is_kept)
			continue;
		r = wabe_rtnl_link(job->host, entry + len + 1, 0, &link, err);
		if (r == 0)
			r = wabe_rtnl_proxy(job->host, false, link.index, &a, err);
		else if (r == -ENODEV)
			r = 0;
		wabe_error_clear(r == 0 ? err : NULL);
	}
	if (r == 0)
		job->have.proxies = left;
	return r;
}

bool vz_net_outer_source(struct vz_net_job *job, int family, struct wabe_net_address *ret_source,
			 struct wabe_error *err)
{
	const char *dev = job->g->host->route_src_dev;

	if (!dev || load(job, err) < 0)
		return false;
	for (size_t i = 0; i < job->outer.address_count; i++) {
		const struct wabe_link_address *a = &job->outer.addresses[i];
		const struct wabe_link *link = link_of(job, a->index);

		if (!link || strcmp(link->name, dev) != 0 || a->address.family != family ||
		    !a->is_global)
			continue;
		*ret_source = a->address;
		return true;
	}
	return false;
}
