// SPDX-License-Identifier: GPL-2.0-or-later
/* core/resources: linux.resources of the specification as limits of a cgroup; see resources.h. */
#include "core/resources.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "core/container.h"
#include "spec/spec.h"

/*
 * What every container may use, whatever its rules say (config-linux.md, "Default Devices"), and
 * may make nodes of, which alone open nothing: as in runc and crun. Not the host's console, 5:1: a
 * container's /dev/console is a pty.
 */
static const struct wabe_cgroup_device_rule default_rules[] = {
	{ true, 'a', -1, -1, WABE_CGROUP_DEVICE_MKNOD },
	{ true, 'c', 1, 3, WABE_CGROUP_DEVICE_ALL },	/* null */
	{ true, 'c', 1, 5, WABE_CGROUP_DEVICE_ALL },	/* zero */
	{ true, 'c', 1, 7, WABE_CGROUP_DEVICE_ALL },	/* full */
	{ true, 'c', 1, 8, WABE_CGROUP_DEVICE_ALL },	/* random */
	{ true, 'c', 1, 9, WABE_CGROUP_DEVICE_ALL },	/* urandom */
	{ true, 'c', 5, 0, WABE_CGROUP_DEVICE_ALL },	/* tty */
	{ true, 'c', 5, 2, WABE_CGROUP_DEVICE_ALL },	/* ptmx */
	{ true, 'c', 136, -1, WABE_CGROUP_DEVICE_ALL }, /* pts */
};

static void memory_to_v1(const struct wabe_spec_memory *m, struct wabe_cgroup_v1_limits *l)
{
	l->has_swappiness = m->swappiness.is_set;
	l->swappiness = m->swappiness.value;
	l->has_oom_kill_disable = m->disable_oom_killer.is_set;
	l->oom_kill_disable = m->disable_oom_killer.value;
	l->kernel_bytes = m->kernel.value;
	l->kernel_tcp_bytes = m->kernel_tcp.value;
}

/*
 * OCI's swap is memory plus swap, as v1 counted; cgroup v2 limits swap alone. Without a limit on memory the difference
 * has no meaning (runc refuses it too).
 */
static int memory_to_limits(const struct wabe_spec_memory *m, struct wabe_cgroup_limits *l,
			    struct wabe_error *err)
{
	if (m->limit.is_set && m->limit.value != 0) {
		l->has_memory_max = true;
		l->memory_max_bytes = m->limit.value;
	}
	if (m->reservation.is_set && m->reservation.value != 0) {
		l->has_memory_low = true;
		l->memory_low_bytes = m->reservation.value;
	}
	if (!m->swap.is_set || m->swap.value == 0)
		return 0;
	l->has_memory_swap_max = true;
	l->memory_swap_max_bytes = -1;
	if (m->swap.value < 0)
		return 0;
	if (!l->has_memory_max || l->memory_max_bytes < 0 || m->swap.value < l->memory_max_bytes)
		return wabe_error_say(
			err, -EINVAL,
			"linux.resources.memory.swap: is memory plus swap, it can't be below memory.limit");
	l->memory_swap_max_bytes = m->swap.value - l->memory_max_bytes;
	return 0;
}

static void cpu_to_limits(const struct wabe_spec_cpu *c, struct wabe_cgroup_limits *l)
{
	if (c->shares.is_set && c->shares.value != 0) {
		l->has_cpu_weight = true;
		l->cpu_weight = wabe_cgroup_shares_to_weight(c->shares.value);
		l->cpu_shares = c->shares.value;
	}
	if ((c->quota.is_set && c->quota.value != 0) ||
	    (c->period.is_set && c->period.value != 0)) {
		l->has_cpu_max = true;
		l->cpu_quota_us = c->quota.is_set && c->quota.value != 0 ? c->quota.value : -1;
		l->cpu_period_us = c->period.is_set ? c->period.value : 0;
	}
	if (c->burst.is_set) {
		l->has_cpu_burst = true;
		l->cpu_burst_us = c->burst.value;
	}
	if (c->idle.is_set) {
		l->has_cpu_idle = true;
		l->cpu_idle = c->idle.value;
	}
	l->v1.rt_period_us = c->realtime_period.value;
	l->v1.rt_runtime_us = c->realtime_runtime.value;
	l->cpuset_cpus = c->cpus && c->cpus[0] ? c->cpus : NULL;
	l->cpuset_mems = c->mems && c->mems[0] ? c->mems : NULL;
}

/* The entry of a device, made when it is new; .items has room for every entry of every list. */
static struct wabe_cgroup_io_limit *io_entry(struct wabe_cgroup_limits *l, int64_t major,
					     int64_t minor)
{
	struct wabe_cgroup_io_limit *io;

	for (size_t i = 0; i < l->io.count; i++) {
		io = &l->io.items[i];
		if (io->major == (uint32_t)major && io->minor == (uint32_t)minor)
			return io;
	}
	io = &l->io.items[l->io.count++];
	io->major = (uint32_t)major;
	io->minor = (uint32_t)minor;
	return io;
}

static void throttles_to_limits(const struct wabe_list *list, struct wabe_cgroup_limits *l,
				size_t member)
{
	const struct wabe_spec_throttle_device *devices = list->items;

	for (size_t i = 0; i < list->count; i++) {
		struct wabe_cgroup_io_limit *io = io_entry(l, devices[i].major, devices[i].minor);

		/* config-linux.md: 0 takes the limit away. */
		*(uint64_t *)((char *)io + member) = devices[i].rate ? devices[i].rate : UINT64_MAX;
	}
}

static int io_to_limits(struct wabe_arena *arena, const struct wabe_spec_block_io *b,
			struct wabe_cgroup_limits *l, struct wabe_error *err)
{
	const struct wabe_spec_weight_device *weights = b->weight_device.items;
	size_t room = b->weight_device.count + b->throttle_read_bps.count +
		      b->throttle_write_bps.count + b->throttle_read_iops.count +
		      b->throttle_write_iops.count;

	if (b->weight.is_set && b->weight.value != 0) {
		l->has_io_weight = true;
		l->io_weight = wabe_cgroup_blkio_to_io_weight(b->weight.value);
	}
	l->v1.blkio_leaf_weight = b->leaf_weight.value;
	if (room == 0)
		return 0;
	l->io.items = wabe_arena_array(arena, room, sizeof(*l->io.items));
	if (!l->io.items)
		return wabe_error_set(err, -ENOMEM, "linux.resources.blockIO");
	for (size_t i = 0; i < b->weight_device.count; i++) {
		struct wabe_cgroup_io_limit *io = io_entry(l, weights[i].major, weights[i].minor);

		io->weight = wabe_cgroup_blkio_to_io_weight(weights[i].weight.value);
		io->leaf_weight = weights[i].leaf_weight.value;
	}
	throttles_to_limits(&b->throttle_read_bps, l, offsetof(struct wabe_cgroup_io_limit, rbps));
	throttles_to_limits(&b->throttle_write_bps, l, offsetof(struct wabe_cgroup_io_limit, wbps));
	throttles_to_limits(&b->throttle_read_iops, l,
			    offsetof(struct wabe_cgroup_io_limit, riops));
	throttles_to_limits(&b->throttle_write_iops, l,
			    offsetof(struct wabe_cgroup_io_limit, wiops));
	return 0;
}

static int hugepages_to_limits(struct wabe_arena *arena, const struct wabe_list *list,
			       struct wabe_cgroup_limits *l, struct wabe_error *err)
{
	const struct wabe_spec_hugepage *pages = list->items;

	if (list->count == 0)
		return 0;
	l->hugetlb.items = wabe_arena_array(arena, list->count, sizeof(*l->hugetlb.items));
	if (!l->hugetlb.items)
		return wabe_error_set(err, -ENOMEM, "linux.resources.hugepageLimits");
	for (size_t i = 0; i < list->count; i++)
		l->hugetlb.items[i] =
			(struct wabe_cgroup_hugetlb){ pages[i].page_size, pages[i].limit };
	l->hugetlb.count = list->count;
	return 0;
}

static int rdma_to_limits(struct wabe_arena *arena, const struct wabe_list *list,
			  struct wabe_cgroup_limits *l, struct wabe_error *err)
{
	const struct wabe_spec_rdma *rdma = list->items;

	if (list->count == 0)
		return 0;
	l->rdma.items = wabe_arena_array(arena, list->count, sizeof(*l->rdma.items));
	if (!l->rdma.items)
		return wabe_error_set(err, -ENOMEM, "linux.resources.rdma");
	for (size_t i = 0; i < list->count; i++)
		l->rdma.items[i] = (struct wabe_cgroup_rdma){
			rdma[i].device,
			rdma[i].hca_handles.is_set ? rdma[i].hca_handles.value : UINT64_MAX,
			rdma[i].hca_objects.is_set ? rdma[i].hca_objects.value : UINT64_MAX,
		};
	l->rdma.count = list->count;
	return 0;
}

static int network_to_limits(struct wabe_arena *arena, const struct wabe_spec_network *network,
			     struct wabe_cgroup_limits *l, struct wabe_error *err)
{
	const struct wabe_spec_interface_priority *from = network->priorities.items;
	size_t count = network->priorities.count;

	l->v1.has_class_id = network->class_id.is_set && network->class_id.value != 0;
	l->v1.class_id = (uint32_t)network->class_id.value;
	if (count == 0)
		return 0;
	l->v1.priorities = wabe_arena_array(arena, count, sizeof(*l->v1.priorities));
	if (!l->v1.priorities)
		return wabe_error_set(err, -ENOMEM, "linux.resources.network");
	for (size_t i = 0; i < count; i++)
		l->v1.priorities[i] =
			(struct wabe_cgroup_priority){ from[i].name, from[i].priority };
	l->v1.priority_count = count;
	return 0;
}

static int unified_to_limits(struct wabe_arena *arena, const struct wabe_pairs *pairs,
			     struct wabe_cgroup_limits *l, struct wabe_error *err)
{
	if (pairs->count == 0)
		return 0;
	l->unified = wabe_arena_array(arena, pairs->count, sizeof(*l->unified));
	if (!l->unified)
		return wabe_error_set(err, -ENOMEM, "linux.resources.unified");
	for (size_t i = 0; i < pairs->count; i++)
		l->unified[i] =
			(struct wabe_cgroup_file){ pairs->items[i].key, pairs->items[i].value };
	l->unified_count = pairs->count;
	return 0;
}

int wabe_resources_to_limits(struct wabe_arena *arena, const struct wabe_spec_resources *resources,
			     struct wabe_cgroup_limits *ret_limits, struct wabe_error *err)
{
	struct wabe_cgroup_limits l = { 0 };
	int r = memory_to_limits(&resources->memory, &l, err);

	memory_to_v1(&resources->memory, &l.v1);
	cpu_to_limits(&resources->cpu, &l);
	if (resources->pids.limit.is_set && resources->pids.limit.value != 0) {
		l.has_pids_max = true;
		l.pids_max = resources->pids.limit.value;
	}
	if (r == 0)
		r = io_to_limits(arena, &resources->block_io, &l, err);
	if (r == 0)
		r = hugepages_to_limits(arena, &resources->hugepages, &l, err);
	if (r == 0)
		r = rdma_to_limits(arena, &resources->rdma, &l, err);
	if (r == 0)
		r = network_to_limits(arena, &resources->network, &l, err);
	if (r == 0)
		r = unified_to_limits(arena, &resources->unified, &l, err);
	if (r == 0)
		*ret_limits = l;
	return r;
}

static int write_context(struct wabe_container *c, const char *name, const char *value,
			 struct wabe_error *err)
{
	struct wabe_cgroup_file file = { name, value };
	const struct wabe_cgroup_limits limits = { .unified = &file, .unified_count = 1 };

	return c->cgroup ? wabe_cgroup_limit(c->cgroup, &limits, err)
			 : wabe_error_say(err, -ENOTSUP,
					  "a context is a cgroup, and the container has none");
}

/* @views: names with commas in between; a line for each. The kernel takes all of them or none. */
static int write_views(struct wabe_container *c, const char *views, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf lines = WABE_BUF_INIT;
	int r = 0;

	for (const char *at = views; r >= 0 && *at; at += *at == ',') {
		const size_t len = strcspn(at, ",");

		r = wabe_buf_printf(&lines, "%.*s 1\n", (int)len, at);
		at += len;
	}
	r = r < 0 ? wabe_error_set(err, r, "views") : write_context(c, "ctx.virt", lines.data, err);
	return r == -EINVAL ? wabe_error_say(err, r, "the kernel hasn't got all of %s", views) : r;
}

int wabe_resources_context(struct wabe_container *c, struct wabe_error *err)
{
	const char *id = wabe_container_annotation(c, WABE_SPEC_CTX_ANNOTATION);
	const char *views = wabe_container_annotation(c, WABE_SPEC_CTX_VIRT_ANNOTATION);
	int r;

	if (!id)
		return 0;
	r = write_context(c, "ctx.id", id, err);
	if (r == -EEXIST)
		r = wabe_error_say(err, r, "context %s is another cgroup's", id);
	if (r < 0)
		return wabe_error_prefix(err, "annotations[\"" WABE_SPEC_CTX_ANNOTATION "\"]");
	r = views ? write_views(c, views, err) : 0;
	return r < 0 ? wabe_error_prefix(err, "annotations[\"" WABE_SPEC_CTX_VIRT_ANNOTATION "\"]")
		     : 0;
}

static bool any_of_v1(const struct wabe_cgroup_v1_limits *l)
{
	return l->has_swappiness || (l->has_oom_kill_disable && l->oom_kill_disable) ||
	       l->kernel_bytes || l->kernel_tcp_bytes || l->rt_period_us || l->rt_runtime_us ||
	       l->blkio_leaf_weight || l->has_class_id || l->priority_count;
}

bool wabe_resources_any(const struct wabe_cgroup_limits *l)
{
	return any_of_v1(&l->v1) || l->rdma.count || l->has_memory_max || l->has_memory_swap_max ||
	       l->has_memory_low || l->has_memory_high || l->has_cpu_weight || l->has_cpu_max ||
	       l->has_cpu_burst || l->has_cpu_idle || l->cpuset_cpus || l->cpuset_mems ||
	       l->has_pids_max || l->has_io_weight || l->io.count || l->hugetlb.count ||
	       l->unified_count;
}

/* Unset is every access in a denial; in a permission it is refused (spec/validate_resources.c). */
static unsigned int access_mask(const char *access)
{
	if (!access || !access[0])
		return WABE_CGROUP_DEVICE_ALL;
	return (strchr(access, 'r') ? WABE_CGROUP_DEVICE_READ : 0) |
	       (strchr(access, 'w') ? WABE_CGROUP_DEVICE_WRITE : 0) |
	       (strchr(access, 'm') ? WABE_CGROUP_DEVICE_MKNOD : 0);
}

int wabe_resources_to_devices(struct wabe_arena *arena, const struct wabe_list *devices,
			      struct wabe_cgroup_device_rule **ret_rules, size_t *ret_count,
			      struct wabe_error *err)
{
	const struct wabe_spec_device_rule *from = devices->items;
	struct wabe_cgroup_device_rule *rules =
		wabe_arena_array(arena, devices->count + ARRAY_SIZE(default_rules), sizeof(*rules));

	if (!rules)
		return wabe_error_set(err, -ENOMEM, "linux.resources.devices");
	for (size_t i = 0; i < devices->count; i++)
		rules[i] = (struct wabe_cgroup_device_rule){
			.is_allowed = from[i].allow,
			.type = from[i].type && from[i].type[0] ? from[i].type[0] : 'a',
			.major = from[i].major.is_set ? from[i].major.value : -1,
			.minor = from[i].minor.is_set ? from[i].minor.value : -1,
			.access = access_mask(from[i].access),
		};
	memcpy(rules + devices->count, default_rules, sizeof(default_rules));
	*ret_rules = rules;
	*ret_count = devices->count + ARRAY_SIZE(default_rules);
	return 0;
}

static int apply_devices(struct wabe_cgroup *cgroup, const struct wabe_list *devices,
			 struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_cgroup_device_rule *rules = NULL;
	size_t count = 0;
	int r;

	if (!cgroup)
		return wabe_error_say(err, -ENOTSUP,
				      "they need a cgroup, and cgroups are disabled");
	r = wabe_resources_to_devices(&arena, devices, &rules, &count, err);
	return r < 0 ? r : wabe_cgroup_devices(cgroup, rules, count, err);
}

static bool denies_only(const struct wabe_list *devices)
{
	const struct wabe_spec_device_rule *rules = devices->items;

	for (size_t i = 0; i < devices->count; i++)
		if (rules[i].allow)
			return false;
	return true;
}

/* mknod(2) wants CAP_MKNOD in the first user namespace, mounting a devtmpfs CAP_SYS_ADMIN. */
static bool makes_no_nodes(const struct wabe_spec *spec)
{
	const uint64_t makers = 1ULL << CAP_MKNOD | 1ULL << CAP_SYS_ADMIN;
	const struct wabe_spec_process *p = spec->process;

	return wabe_spec_namespace(spec, WABE_NS_USER) || !p || !p->capabilities ||
	       !(p->capabilities->bounding & makers);
}

int wabe_resources_restrict_devices(struct wabe_cgroup *cgroup, const struct wabe_spec *spec,
				    const struct wabe_log *log, struct wabe_error *err)
{
	const struct wabe_list *devices = &spec->resources.devices;
	struct wabe_error why = WABE_ERROR_INIT;
	int r;

	if (devices->count == 0 && wabe_spec_namespace(spec, WABE_NS_USER))
		return 0;
	r = apply_devices(cgroup, devices, &why);
	if (r == 0)
		return 0;
	if ((r != -ENOTSUP && r != -EPERM) || !denies_only(devices) ||
	    (devices->count > 0 && !makes_no_nodes(spec)))
		return wabe_error_say(err, r, "linux.resources.devices: %s", why.text);
	wabe_log(log, makes_no_nodes(spec) ? WABE_LOG_DEBUG : WABE_LOG_WARNING,
		 "access to devices is not restricted: %s", why.text);
	return 0;
}
