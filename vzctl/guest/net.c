// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/net: what a guest's network has, and shall have; see net.h. */
#include "guest/net.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "guest/net_internal.h"

static const enum vz_param_id network_ids[] = { VZ_PARAM_IP_ADDRESS, VZ_PARAM_NETIF,
						VZ_PARAM_NETDEV };

bool vz_net_is_any(const struct vz_params *changes)
{
	for (size_t i = 0; i < ARRAY_SIZE(network_ids); i++)
		if (changes->values[network_ids[i]].is_set)
			return true;
	return false;
}

/* Is @entry what --ifname changes, and not --netif_add? */
static bool is_named(const struct vz_params *changes, const char *entry)
{
	const char *name = vz_param_has(changes, VZ_PARAM_IFNAME)
				   ? vz_param_string(changes, VZ_PARAM_IFNAME)
				   : NULL;
	const size_t len = name ? strlen(name) : 0;

	return name && strncmp(entry, "ifname=", 7) == 0 && strncmp(entry + 7, name, len) == 0 &&
	       (entry[7 + len] == ',' || entry[7 + len] == '\0');
}

int vz_net_fill(const struct vz_guest *g, struct vz_params *changes, struct wabe_error *err)
{
	struct vz_value *value = &changes->values[VZ_PARAM_NETIF];
	const struct wabe_strv *have = g->has_conf ? vz_param_list(&g->conf.params, VZ_PARAM_NETIF)
						   : NULL;
	struct wabe_strv list = { 0 };

	if (!value->is_set)
		return 0;
	for (size_t i = 0; i < value->list.count; i++) {
		const char *old = have ? vz_netif_find(have, value->list.items[i]) : NULL;
		const char *entry =
			vz_netif_complete(changes->arena, g->ctid, value->list.items[i], old);

		if (!old && is_named(changes, value->list.items[i]))
			return vz_error_say(
				err, VZ_EXIT_VETH, -ENODEV,
				"--ifname %s: there is no such interface in the configuration (--netif_add makes one)",
				vz_param_string(changes, VZ_PARAM_IFNAME));
		if (!entry || wabe_strv_add(&list, changes->arena, entry) < 0)
			return wabe_error_set(err, -ENOMEM, "NETIF");
	}
	value->list = list;
	return vz_value_join(changes->arena, VZ_TYPE_NETIF, value) < 0
		       ? wabe_error_set(err, -ENOMEM, "NETIF")
		       : 0;
}

int vz_net_save(struct vz_net_job *job, struct wabe_error *err)
{
	return vz_net_record_save(job->g->host, job->g->ctid, &job->have, err);
}

bool vz_net_find(const struct vz_net_job *job, const char *name, struct vz_net_device *ret_device)
{
	for (size_t i = 0; i < job->have.devices.count; i++)
		if (vz_net_device_parse(job->have.devices.items[i], ret_device) == 0 &&
		    strcmp(ret_device->name, name) == 0)
			return true;
	return false;
}

/* Says whose it is, also to `ip link`; two trees of guests on one host have different ones. */
static void make_alias(const struct vz_net_job *job, char alias[WABE_LINK_ALIAS_MAX])
{
	snprintf(alias, WABE_LINK_ALIAS_MAX, "wabe CT %s of %s", job->g->id,
		 job->g->host->statedir);
}

/* What a killed command made before its record had it. */
static int remove_left(struct vz_net_job *job, const char *name, struct wabe_error *err)
{
	char alias[WABE_LINK_ALIAS_MAX];
	struct vz_net_device device;
	struct wabe_link link;
	int r = wabe_rtnl_link(job->host, name, 0, &link, err);

	if (r == -ENODEV) {
		wabe_error_clear(err);
		return 0;
	}
	make_alias(job, alias);
	if (r == 0 && (vz_net_find(job, name, &device) || strcmp(link.kind, "veth") != 0 ||
		       (link.group & ~0xffu) != VZ_NET_GROUP ||
		       (*link.alias && strcmp(link.alias, alias) != 0)))
		return vz_error_say(
			err, VZ_EXIT_VETH, -EEXIST,
			"there is a device %s already, which is not this guest's, or is another of its interfaces",
			name);
	return r < 0 ? r : wabe_rtnl_delete(job->host, link.index, err);
}

static int call_users(struct vz_net_job *job, const struct vz_net_device *device,
		      struct wabe_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && vz_net_users[i]; i++)
		r = vz_net_users[i]->came(job->g, device, err);
	return r;
}

static int note_device(struct vz_net_job *job, const struct vz_net_device *d,
		       struct wabe_error *err)
{
	const char *entry = wabe_arena_printf(&job->arena, "%s:%d:%s:%d", d->name, d->index,
					      d->inner, d->is_venet);

	if (!entry || wabe_strv_add(&job->have.devices, &job->arena, entry) < 0)
		return wabe_error_set(err, -ENOMEM, "device %s", d->name);
	return vz_net_save(job, err);
}

static int settle(struct vz_net_job *job, const struct vz_net_pair *pair,
		  struct vz_net_device *ret_device, struct wabe_error *err)
{
	struct vz_net_device d = { .is_venet = pair->group == VZ_NET_GROUP_VENET };
	struct wabe_link_change change = { 0 };
	char alias[WABE_LINK_ALIAS_MAX];
	struct wabe_link link;
	int r = wabe_rtnl_link(job->host, pair->name, 0, &link, err);

	if (r < 0)
		return r;
	memcpy(d.name, link.name, sizeof(d.name));
	memcpy(d.inner, pair->inner, strlen(pair->inner) + 1);
	d.index = link.index;
	make_alias(job, alias);
	change.alias = alias;
	r = wabe_rtnl_change(job->host, d.index, &change, err);
	if (r == 0)
		r = note_device(job, &d, err);
	if (r == 0)
		r = call_users(job, &d, err);
	if (r < 0)
		(void)wabe_rtnl_delete(job->host, d.index, NULL);
	else
		*ret_device = d;
	return r;
}

int vz_net_pair(struct vz_net_job *job, const struct vz_net_pair *pair,
		struct vz_net_device *ret_device, struct wabe_error *err)
{
	const struct wabe_veth veth = {
		.name = pair->name,
		.peer_name = pair->inner,
		.mac = pair->mac,
		.peer_mac = pair->inner_mac,
		.group = pair->group,
		.peer_netns_fd = job->netns_fd,
	};
	int r = remove_left(job, pair->name, err);

	if (r == 0)
		r = wabe_rtnl_veth(job->host, &veth, err);
	return r < 0 ? r : settle(job, pair, ret_device, err);
}

static void forget_device(struct vz_net_job *job, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < job->have.devices.count; i++) {
		struct vz_net_device d;
		char *entry = job->have.devices.items[i];

		if (vz_net_device_parse(entry, &d) == 0 && strcmp(d.name, name) != 0)
			job->have.devices.items[kept++] = entry;
	}
	job->have.devices.count = kept;
}

int vz_net_unpair(struct vz_net_job *job, const char *name, struct wabe_error *err)
{
	struct vz_net_device d;
	struct wabe_link link;
	int r;

	if (!vz_net_find(job, name, &d))
		return 0;
	r = wabe_rtnl_link(job->host, NULL, d.index, &link, err);
	for (size_t i = 0; (r == 0 || r == -ENODEV) && vz_net_users[i]; i++)
		if (vz_net_users[i]->going)
			vz_net_users[i]->going(job->g, &d, r == 0);
	if (r == 0)
		r = wabe_rtnl_delete(job->host, d.index, err);
	if (r < 0 && r != -ENODEV)
		return r;
	wabe_error_clear(err);
	forget_device(job, name);
	return 0;
}

static int open_namespace(const struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat own, guest;
	char path[64];
	pid_t pid = wabe_container_pid(g->container);

	if (pid <= 0)
		return vz_error_say(err, VZ_EXIT_NOT_RUNNING, -ESRCH, "Container is not running");
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = wabe_namespace_open(path, CLONE_NEWNET, err);
	if (fd < 0)
		return fd;
	/* A number that is another process' by now: whose start time is wrong. */
	if (wabe_container_pid(g->container) != pid)
		return vz_error_say(err, VZ_EXIT_NOT_RUNNING, -ESRCH, "Container is not running");
	if (stat("/proc/thread-self/ns/net", &own) < 0 || fstat(fd, &guest) < 0)
		return wabe_error_set(err, -errno, "look at the network namespaces");
	if (own.st_ino == guest.st_ino && own.st_dev == guest.st_dev)
		return wabe_error_say(err, -EINVAL, "the guest's network namespace is the host's");
	return TAKE_FD(fd);
}

int vz_net_hold(const struct vz_guest *g)
{
	return vz_net_is_left(g) ? open_namespace(g, NULL) : -EBADF;
}

static void end_job(struct vz_net_job *job)
{
	wabe_rtnl_close(&job->host);
	wabe_rtnl_close(&job->guest);
	vz_net_outer_free(&job->outer);
	wabe_arena_free(&job->arena);
}

static int begin_job(struct vz_net_job *job, struct wabe_error *err)
{
	int r = wabe_rtnl_open(-EBADF, &job->host, err);

	return r < 0 || job->netns_fd < 0 ? r : wabe_rtnl_open(job->netns_fd, &job->guest, err);
}

static int plan(struct vz_net_job *job, const struct vz_params *p, struct wabe_error *err)
{
	const struct wabe_strv *list = vz_param_list(p, VZ_PARAM_IP_ADDRESS);
	const char *text;
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->count; i++) {
		text = wabe_arena_strndup(&job->arena, list->items[i],
					  strcspn(list->items[i], "/"));
		r = text ? wabe_strv_add(&job->want.addresses, &job->arena, text) : -ENOMEM;
	}
	list = vz_param_list(p, VZ_PARAM_NETIF);
	for (size_t i = 0; r == 0 && i < list->count; i++) {
		text = vz_netif_complete(&job->arena, job->g->ctid, list->items[i], NULL);
		r = text ? wabe_strv_add(&job->want.netifs, &job->arena, text) : -ENOMEM;
	}
	list = vz_param_list(p, VZ_PARAM_NETDEV);
	for (size_t i = 0; r == 0 && i < list->count; i++)
		r = wabe_strv_add(&job->want.netdevs, &job->arena, list->items[i]);
	return r < 0 ? wabe_error_set(err, r, "network") : 0;
}

/* What @a has and @b hasn't. */
static int subtract(struct vz_net_job *job, const struct wabe_strv *a, const struct wabe_strv *b,
		    struct wabe_strv *ret_rest)
{
	struct wabe_strv rest = { 0 };

	for (size_t i = 0; i < a->count; i++)
		if (!wabe_strv_has(b, a->items[i]) &&
		    wabe_strv_add(&rest, &job->arena, a->items[i]) < 0)
			return -ENOMEM;
	*ret_rest = rest;
	return 0;
}

struct difference {
	struct vz_net_record added, removed;
};

static int compare(struct vz_net_job *job, const struct vz_net_record *a,
		   const struct vz_net_record *b, struct vz_net_record *rest,
		   struct wabe_error *err)
{
	if (subtract(job, &a->addresses, &b->addresses, &rest->addresses) < 0 ||
	    subtract(job, &a->netifs, &b->netifs, &rest->netifs) < 0 ||
	    subtract(job, &a->netdevs, &b->netdevs, &rest->netdevs) < 0)
		return wabe_error_set(err, -ENOMEM, "network");
	return 0;
}

static bool is_empty(const struct vz_net_record *r)
{
	return r->addresses.count + r->netifs.count + r->netdevs.count == 0;
}

static int append(struct vz_net_job *job, struct wabe_strv *to, const struct wabe_strv *from)
{
	struct wabe_strv all = { 0 };

	for (size_t i = 0; i < to->count + from->count; i++)
		if (wabe_strv_add(&all, &job->arena,
				  i < to->count ? to->items[i] : from->items[i - to->count]) < 0)
			return -ENOMEM;
	*to = all;
	return 0;
}

static int append_all(struct vz_net_job *job, struct wabe_strv *to,
		      const struct vz_net_record *from)
{
	int r = append(job, to, &from->addresses);

	if (r == 0)
		r = append(job, to, &from->netifs);
	return r < 0 ? r : append(job, to, &from->netdevs);
}

/* All that may be there from now on, and what may be there by half: the record before the deed. */
static int announce(struct vz_net_job *job, const struct difference *d, struct wabe_error *err)
{
	job->have.changing = (struct wabe_strv){ 0 };
	if (append_all(job, &job->have.changing, &d->added) < 0 ||
	    append_all(job, &job->have.changing, &d->removed) < 0 ||
	    append(job, &job->have.addresses, &d->added.addresses) < 0 ||
	    append(job, &job->have.netifs, &d->added.netifs) < 0 ||
	    append(job, &job->have.netdevs, &d->added.netdevs) < 0)
		return wabe_error_set(err, -ENOMEM, "network");
	return vz_net_save(job, err);
}

/* A line as vzctl always had it: "Adding IP address(es): 10.0.0.1 10.0.0.2". */
static void say_list(const struct vz_net_job *job, const char *what, const struct wabe_strv *list)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	for (size_t i = 0; i < list->count; i++)
		if (wabe_buf_printf(&text, " %s", list->items[i]) < 0)
			return;
	if (text.len > 0)
		vz_say(job->g, "%s:%s", what, text.data);
}

static int remove_all(struct vz_net_job *job, const struct vz_net_record *removed,
		      struct wabe_error *err)
{
	int r = 0;

	say_list(job, "Deleting IP address(es)", &removed->addresses);
	for (size_t i = 0; r == 0 && i < removed->netdevs.count; i++)
		r = vz_netdev_remove(job, removed->netdevs.items[i], err);
	for (size_t i = 0; r == 0 && i < removed->netifs.count; i++)
		r = vz_netif_remove(job, removed->netifs.items[i], err);
	return r < 0 ? r : vz_venet_remove(job, &removed->addresses, err);
}

/* What is gone is out of the record before anybody makes a table of it, and is known as gone if the rest of the change fails. */
static int take_away(struct vz_net_job *job, const struct vz_net_record *removed,
		     struct wabe_error *err)
{
	_cleanup_close_ int lock_fd = -EBADF;
	int r;

	if (is_empty(removed))
		return 0;
	lock_fd = vz_net_record_lock(job->g->host, true, err);
	r = lock_fd < 0 ? lock_fd : remove_all(job, removed, err);
	if (r == 0)
		r = compare(job, &job->have, removed, &job->have, err);
	return r < 0 ? r : vz_net_save(job, err);
}

static int add_all(struct vz_net_job *job, const struct vz_net_record *added,
		   struct wabe_error *err)
{
	int r;

	say_list(job, "Adding IP address(es)", &added->addresses);
	r = vz_venet_add(job, &added->addresses, err);
	for (size_t i = 0; r == 0 && i < added->netifs.count; i++)
		r = vz_netif_add(job, added->netifs.items[i], err);
	for (size_t i = 0; r == 0 && i < added->netdevs.count; i++)
		r = vz_netdev_add(job, added->netdevs.items[i], err);
	return r;
}

static int finish(struct vz_net_job *job, struct wabe_error *err)
{
	job->have.addresses = job->want.addresses;
	job->have.netifs = job->want.netifs;
	job->have.netdevs = job->want.netdevs;
	job->have.changing = (struct wabe_strv){ 0 };
	if (is_empty(&job->have) && job->have.devices.count == 0)
		return vz_net_record_remove(job->g->host, job->g->ctid, err);
	return vz_net_save(job, err);
}

/* From job->have to job->want. */
static int apply(struct vz_net_job *job, bool is_checked, struct wabe_error *err)
{
	struct difference d = { 0 };
	int r = compare(job, &job->want, &job->have, &d.added, err);

	if (r == 0)
		r = compare(job, &job->have, &job->want, &d.removed, err);
	if (r < 0 || (is_empty(&d.added) && is_empty(&d.removed)))
		return r;
	if (!job->host)
		r = begin_job(job, err);
	if (r == 0 && is_checked)
		r = vz_venet_check(job, &d.added.addresses, err);
	if (r == 0)
		r = announce(job, &d, err);
	if (r == 0)
		r = take_away(job, &d.removed, err);
	if (r == 0)
		r = add_all(job, &d.added, err);
	return r < 0 ? r : finish(job, err);
}

int vz_net_up(struct vz_guest *g, int netns_fd, struct wabe_error *err)
{
	_cleanup_(end_job) struct vz_net_job job = { .g = g, .netns_fd = netns_fd };
	int r = plan(&job, &g->conf.params, err);

	if (r < 0 || is_empty(&job.want))
		return r;
	r = apply(&job, true, err);
	if (r < 0)
		(void)vz_net_down(g, netns_fd, NULL);
	return r;
}

/* Half of a change is none. */
static void go_back(struct vz_net_job *job, const struct vz_net_record *before)
{
	struct wabe_error reason = WABE_ERROR_INIT;

	if (!job->host)
		return;
	job->want = *before;
	if (apply(job, false, &reason) < 0)
		vz_warn(job->g, "the network is not as it was: %s", reason.text);
}

/* What @list has of @names. */
static int intersect(struct vz_net_job *job, const struct wabe_strv *list,
		     const struct wabe_strv *names, struct wabe_strv *ret_both)
{
	struct wabe_strv both = { 0 };

	for (size_t i = 0; i < list->count; i++)
		if (wabe_strv_has(names, list->items[i]) &&
		    wabe_strv_add(&both, &job->arena, list->items[i]) < 0)
			return -ENOMEM;
	*ret_both = both;
	return 0;
}

/* A command that was killed left some of it there by half: none of that is kept. */
static int undo_half(struct vz_net_job *job, struct vz_net_record *ret_half, struct wabe_error *err)
{
	const struct vz_net_record *have = &job->have;
	struct vz_net_record half = { 0 };
	int r;

	if (intersect(job, &have->addresses, &have->changing, &half.addresses) < 0 ||
	    intersect(job, &have->netifs, &have->changing, &half.netifs) < 0 ||
	    intersect(job, &have->netdevs, &have->changing, &half.netdevs) < 0)
		return wabe_error_set(err, -ENOMEM, "network");
	r = is_empty(&half) ? 0 : begin_job(job, err);
	if (r == 0)
		r = take_away(job, &half, err);
	if (r == 0)
		*ret_half = half;
	return r;
}

/* What there is, and what of the half was the file's. */
static int put_list(struct vz_params *params, const struct vz_params *before, enum vz_param_id id,
		    const struct wabe_strv *have, const struct wabe_strv *half)
{
	const enum vz_type type = vz_param_row(id)->rule.type;
	const struct wabe_strv *file = vz_param_list(before, id);
	struct wabe_strv *list = &params->values[id].list;
	int r = 0;

	params->values[id].is_set = true;
	for (size_t i = 0; r == 0 && i < have->count; i++)
		r = wabe_strv_add(list, params->arena, have->items[i]);
	for (size_t i = 0; r == 0 && i < half->count; i++)
		for (size_t k = 0; r == 0 && k < file->count; k++)
			if (vz_value_entry_same(type, file->items[k], half->items[i]))
				r = wabe_strv_add(list, params->arena, half->items[i]);
	return r;
}

/* The command line's changes to what the guest has, not to what its file says: who didn't save had a reason. */
static int plan_change(struct vz_net_job *job, const struct vz_params *changes,
		       const struct vz_params *before, struct wabe_error *err)
{
	struct vz_params params = { .arena = &job->arena };
	struct vz_net_record half = { 0 };
	int r = undo_half(job, &half, err);

	if (r < 0)
		return r;
	if (put_list(&params, before, VZ_PARAM_IP_ADDRESS, &job->have.addresses, &half.addresses) <
		    0 ||
	    put_list(&params, before, VZ_PARAM_NETIF, &job->have.netifs, &half.netifs) < 0 ||
	    put_list(&params, before, VZ_PARAM_NETDEV, &job->have.netdevs, &half.netdevs) < 0)
		return wabe_error_set(err, -ENOMEM, "network");
	r = vz_params_merge(&params, changes, err);
	return r < 0 ? r : plan(job, &params, err);
}

int vz_net_change(struct vz_guest *g, const struct vz_params *changes,
		  const struct vz_params *before, struct wabe_error *err)
{
	_cleanup_close_ int netns_fd = open_namespace(g, err);
	_cleanup_(end_job) struct vz_net_job job = { .g = g, .netns_fd = netns_fd };
	struct vz_net_record was;
	int r = netns_fd < 0 ? netns_fd
			     : vz_net_record_load(g->host, g->ctid, &job.arena, &job.have, err);

	if (r == 0)
		r = plan_change(&job, changes, before, err);
	if (r < 0)
		return r;
	was = job.have;
	r = apply(&job, true, err);
	if (r < 0)
		go_back(&job, &was);
	return r;
}

/* As much as can be; the first error counts. */
static int take_back(struct vz_net_job *job, struct wabe_error *err)
{
	struct wabe_error other = WABE_ERROR_INIT;
	int r = 0;

	for (size_t i = 0; i < job->have.netdevs.count; i++)
		if (vz_netdev_remove(job, job->have.netdevs.items[i], r ? &other : err) < 0)
			r = -EIO;
	for (size_t i = 0; i < job->have.netifs.count; i++)
		if (vz_netif_remove(job, job->have.netifs.items[i], r ? &other : err) < 0)
			r = -EIO;
	if (vz_venet_remove(job, &job->have.addresses, r ? &other : err) < 0)
		r = -EIO;
	while (r == 0 && job->have.devices.count > 0) {
		struct vz_net_device d;

		if (vz_net_device_parse(job->have.devices.items[0], &d) < 0)
			break;
		r = vz_net_unpair(job, d.name, err);
	}
	return r;
}

int vz_net_down(struct vz_guest *g, int netns_fd, struct wabe_error *err)
{
	_cleanup_(end_job) struct vz_net_job job = { .g = g, .netns_fd = netns_fd };
	struct wabe_error reason = WABE_ERROR_INIT;
	_cleanup_close_ int lock_fd = -EBADF;
	int r;

	if (!vz_net_is_left(g))
		return 0;
	lock_fd = vz_net_record_lock(g->host, true, err);
	if (lock_fd < 0)
		return lock_fd;
	if (vz_net_record_load(g->host, g->ctid, &job.arena, &job.have, &reason) < 0) {
		vz_warn(g, "the record of its network is damaged and dropped: %s", reason.text);
		return vz_net_record_remove(g->host, g->ctid, err);
	}
	r = begin_job(&job, err);
	if (r == 0)
		r = take_back(&job, err);
	return r < 0 ? r : vz_net_record_remove(g->host, g->ctid, err);
}
