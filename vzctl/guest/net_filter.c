// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/net: guests' packets come from guests' addresses, whatever they put into them.
 *
 * One table for routed packets, one for bridged frames, made by who needs it first. The rules look at a device's
 * group, and at sets of (device's index, address): a guest more is an element more. Indexes instead of names, because
 * they are never used twice, so what may be left of a guest that is gone lets nobody in.
 */
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guest/net_internal.h"

#define TABLE "wabe"

struct table {
	const char *name; /* of the family */
	const char *rules;
};

/*
 * Before connection tracking (-200), so that a forged packet leaves nothing there, and after defragmentation (-400;
 * linux/netfilter_ipv4.h). Interfaces without a bridge have no list of addresses: their packets come from where
 * packets to them would go.
 */
static const struct table routed = {
	"inet",
	"set source4 { typeof iif . ip saddr; }\n"
	"set source6 { typeof iif . ip6 saddr; }\n"
	"chain source {\n"
	" type filter hook prerouting priority -350; policy accept;\n"
	" iifgroup $venet meta nfproto ipv4 iif . ip saddr != @source4 counter drop\n"
	" iifgroup $venet meta nfproto ipv6 iif . ip6 saddr != @source6 counter drop\n"
	" iifgroup { $netif, $free } fib saddr . iif oif missing counter drop\n"
	"}\n",
};

static const struct table bridged = {
	"bridge",
	"set mac { typeof iif . ether saddr; }\n"
	"chain source {\n"
	" type filter hook prerouting priority -350; policy accept;\n"
	" iifgroup $netif iif . ether saddr != @mac counter drop\n"
	"}\n",
};

static void put(struct wabe_filter_element *e, const void *data, size_t len)
{
	memcpy(e->key + e->key_len, data, len);
	/* Fields are in registers of 32 bits (nf_tables.h). */
	e->key_len += (len + 3) & ~(size_t)3;
}

static struct wabe_filter_element address_element(int index, const struct wabe_net_address *a)
{
	struct wabe_filter_element e = {
		.family = NFPROTO_INET,
		.table = TABLE,
		.set = a->family == AF_INET ? "source4" : "source6",
	};

	put(&e, &index, sizeof(index));
	put(&e, a->bytes, wabe_net_address_size(a));
	return e;
}

static struct wabe_filter_element mac_element(int index, const unsigned char mac[WABE_MAC_BYTES])
{
	struct wabe_filter_element e = { .family = NFPROTO_BRIDGE, .table = TABLE, .set = "mac" };

	put(&e, &index, sizeof(index));
	put(&e, mac, WABE_MAC_BYTES);
	return e;
}

static int put_addresses(struct wabe_buf *text, const struct vz_net_record *record, int index)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < record->addresses.count; i++) {
		struct wabe_net_address a;
		char address[WABE_ADDRESS_TEXT_MAX];

		if (wabe_net_address_parse(record->addresses.items[i], &a) < 0)
			continue;
		wabe_net_address_text(&a, address);
		r = wabe_buf_printf(text, "add element inet " TABLE " source%c { %d . %s }\n",
				    a.family == AF_INET ? '4' : '6', index, address);
	}
	return r;
}

static int put_mac(struct wabe_buf *text, const struct vz_net_record *record,
		   const struct vz_net_device *device)
{
	for (size_t i = 0; i < record->netifs.count; i++) {
		struct vz_netif n;

		if (vz_netif_parse(record->netifs.items[i], &n) < 0 || !n.is_filtered ||
		    strcmp(n.host_ifname, device->name) != 0)
			continue;
		return wabe_buf_printf(text,
				       "add element bridge " TABLE
				       " mac { %d . %02x:%02x:%02x:%02x:%02x:%02x }\n",
				       device->index, n.mac[0], n.mac[1], n.mac[2], n.mac[3],
				       n.mac[4], n.mac[5]);
	}
	return 0;
}

struct making {
	const struct table *table;
	struct wabe_buf *text;
	size_t devices; /* that the table is for */
};

/* A record's elements for the table that is made again. */
static int put_record(uint32_t ctid, const struct vz_net_record *record, void *data)
{
	struct making *m = data;
	int r = 0;

	(void)ctid;
	for (size_t i = 0; r == 0 && i < record->devices.count; i++) {
		struct vz_net_device device;

		if (vz_net_device_parse(record->devices.items[i], &device) < 0)
			continue;
		/* Also interfaces are routed, those without a bridge. */
		m->devices += m->table == &routed || !device.is_venet;
		if (device.is_venet && m->table == &routed)
			r = put_addresses(m->text, record, device.index);
		else if (!device.is_venet && m->table == &bridged)
			r = put_mac(m->text, record, &device);
	}
	return r;
}

static int put_table(struct wabe_buf *text, const struct table *table)
{
	int r = wabe_buf_printf(text, "add table %s " TABLE "\ndelete table %s " TABLE "\n",
				table->name, table->name);

	if (r == 0)
		r = wabe_buf_printf(text,
				    "define venet = %u\ndefine netif = %u\ndefine free = %u\n",
				    VZ_NET_GROUP_VENET, VZ_NET_GROUP_NETIF, VZ_NET_GROUP_FREE);
	return r < 0 ? r
		     : wabe_buf_printf(text, "table %s " TABLE " {\n%s}\n", table->name,
				       table->rules);
}

/*
 * One transaction: the table is there as a whole, or not at all; with all guests: somebody may have flushed the ruleset under
 * them, and those that are in no table are cut off. The lock is the caller's.
 * @is_for_guests: not if there are none for it: 0; else 1 or -errno
 */
static int make_table(const struct table *table, const struct vz_host *host, bool is_for_guests,
		      struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct making m = { table, &text, 0 };
	int r = put_table(&text, table);

	if (r == 0)
		r = vz_net_record_each(host, put_record, &m, err);
	if (r < 0)
		return wabe_error_set(err, r, "nftables table " TABLE);
	if (is_for_guests && m.devices == 0)
		return 0;
	r = wabe_nftables_run(text.data, err);
	return r < 0 ? r : 1;
}

static int change(const struct vz_host *host, const struct table *table, bool is_add,
		  const struct wabe_filter_element *elements, size_t count, struct wabe_error *err)
{
	_cleanup_(wabe_rtnl_close) struct wabe_rtnl *nl = NULL;
	struct wabe_error reason = WABE_ERROR_INIT;
	_cleanup_close_ int lock_fd = -EBADF;
	int r = count > 0 ? wabe_rtnl_open_filter(&nl, err) : 0;

	if (r < 0 || count == 0)
		return r;
	r = wabe_rtnl_filter(nl, is_add, elements, count, &reason);
	if (r == -ENOENT && !is_add)
		return 0;
	if (r == -ENOENT) {
		lock_fd = vz_net_record_lock(host, false, err);
		if (lock_fd < 0)
			return lock_fd;
		/* Whoever had the lock made it. */
		wabe_error_clear(&reason);
		r = wabe_rtnl_filter(nl, is_add, elements, count, &reason);
		if (r == -ENOENT) {
			r = make_table(table, host, false, err);
			return r < 0 ? r : 0;
		}
	}
	return r < 0 ? wabe_error_say(err, r, "%s", reason.text) : 0;
}

int vz_net_filter_addresses(struct vz_net_job *job, bool is_add, int index,
			    const struct wabe_strv *addresses, struct wabe_error *err)
{
	struct wabe_filter_element *elements =
		wabe_arena_array(&job->arena, addresses->count, sizeof(*elements));
	size_t count = 0;

	if (!elements)
		return wabe_error_set(err, -ENOMEM, "nftables table " TABLE);
	for (size_t i = 0; i < addresses->count; i++) {
		struct wabe_net_address a;

		if (wabe_net_address_parse(addresses->items[i], &a) == 0)
			elements[count++] = address_element(index, &a);
	}
	return change(job->g->host, &routed, is_add, elements, count, err);
}

int vz_net_filter_mac(struct vz_net_job *job, bool is_add, int index,
		      const unsigned char mac[WABE_MAC_BYTES], struct wabe_error *err)
{
	const struct wabe_filter_element element = mac_element(index, mac);

	return change(job->g->host, &bridged, is_add, &element, 1, err);
}

/* 0: the table for routed packets is missing, and @ret_lock_fd has the lock to make it; 1: it is there. */
static int find_missing(const struct vz_host *host, int *ret_lock_fd, struct wabe_error *err)
{
	_cleanup_(wabe_rtnl_close) struct wabe_rtnl *nl = NULL;
	_cleanup_close_ int lock_fd = -EBADF;
	int r = wabe_rtnl_open_filter(&nl, err);

	if (r == 0)
		r = wabe_rtnl_has_table(nl, NFPROTO_INET, TABLE, err);
	if (r != 0)
		return r;
	lock_fd = vz_net_record_lock(host, false, err);
	if (lock_fd < 0)
		return lock_fd;
	/* Whoever had the lock may have made it. */
	r = wabe_rtnl_has_table(nl, NFPROTO_INET, TABLE, err);
	if (r == 0)
		*ret_lock_fd = TAKE_FD(lock_fd);
	return r;
}

int vz_net_filter_routed(struct vz_net_job *job, struct wabe_error *err)
{
	_cleanup_close_ int lock_fd = -EBADF;
	int r = find_missing(job->g->host, &lock_fd, err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = make_table(&routed, job->g->host, false, err);
	return r < 0 ? r : 0;
}

/* Only a flush of all takes the one for routed packets away, which every guest with a network needs: it is asked for alone. */
int vz_net_filter_repair(const struct vz_host *host, struct wabe_error *err)
{
	_cleanup_close_ int lock_fd = -EBADF, dir_fd = vz_net_record_dir(host);
	int r;

	if (dir_fd == -ENOENT)
		return 0;
	r = find_missing(host, &lock_fd, err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = make_table(&routed, host, true, err);
	if (r <= 0)
		return r;
	r = make_table(&bridged, host, true, err);
	return r < 0 ? r : 1;
}
