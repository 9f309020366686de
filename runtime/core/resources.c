// SPDX-License-Identifier: GPL-2.0-or-later
/* core/resources: linux.resources of the specification as limits of a cgroup; see resources.h. */
#include "core/resources.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

/*
 * OCI's swap is memory plus swap, as v1 counted; cgroup v2 limits swap alone. Without a limit on memory the difference
 * has no meaning (runc refuses it too).
 */
static int memory_to_limits(const struct wabe_spec_memory *m, struct wabe_cgroup_limits *l, struct wabe_error *err)
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
		return wabe_error_say(err, -EINVAL,
				      "linux.resources.memory.swap: is memory plus swap, it can't be below memory.limit");
	l->memory_swap_max_bytes = m->swap.value - l->memory_max_bytes;
	return 0;
}

static void cpu_to_limits(const struct wabe_spec_cpu *c, struct wabe_cgroup_limits *l)
{
	if (c->shares.is_set && c->shares.value != 0) {
		l->has_cpu_weight = true;
		l->cpu_weight = wabe_cgroup_shares_to_weight(c->shares.value);
	}
	if ((c->quota.is_set && c->quota.value != 0) || (c->period.is_set && c->period.value != 0)) {
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
	l->cpuset_cpus = c->cpus && c->cpus[0] ? c->cpus : NULL;
	l->cpuset_mems = c->mems && c->mems[0] ? c->mems : NULL;
}

/* The entry of a device, made when it is new; .items has room for every entry of every list. */
static struct wabe_cgroup_io_limit *io_entry(struct wabe_cgroup_limits *l, int64_t major, int64_t minor)
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

static void throttles_to_limits(const struct wabe_list *list, struct wabe_cgroup_limits *l, size_t member)
{
	const struct wabe_spec_throttle_device *devices = list->items;

	for (size_t i = 0; i < list->count; i++) {
		struct wabe_cgroup_io_limit *io = io_entry(l, devices[i].major, devices[i].minor);

		/* config-linux.md: 0 takes the limit away. */
		*(uint64_t *)((char *)io + member) = devices[i].rate ? devices[i].rate : UINT64_MAX;
	}
}

static int io_to_limits(struct wabe_arena *arena, const struct wabe_spec_block_io *b, struct wabe_cgroup_limits *l,
			struct wabe_error *err)
{
	const struct wabe_spec_weight_device *weights = b->weight_device.items;
	size_t room = b->weight_device.count + b->throttle_read_bps.count + b->throttle_write_bps.count +
		      b->throttle_read_iops.count + b->throttle_write_iops.count;

	if (b->weight.is_set && b->weight.value != 0) {
		l->has_io_weight = true;
		l->io_weight = wabe_cgroup_blkio_to_io_weight(b->weight.value);
	}
	if (room == 0)
		return 0;
	l->io.items = wabe_arena_array(arena, room, sizeof(*l->io.items));
	if (!l->io.items)
		return wabe_error_set(err, -ENOMEM, "linux.resources.blockIO");
	for (size_t i = 0; i < b->weight_device.count; i++)
		if (weights[i].weight.is_set)
			io_entry(l, weights[i].major, weights[i].minor)->weight =
				wabe_cgroup_blkio_to_io_weight(weights[i].weight.value);
	throttles_to_limits(&b->throttle_read_bps, l, offsetof(struct wabe_cgroup_io_limit, rbps));
	throttles_to_limits(&b->throttle_write_bps, l, offsetof(struct wabe_cgroup_io_limit, wbps));
	throttles_to_limits(&b->throttle_read_iops, l, offsetof(struct wabe_cgroup_io_limit, riops));
	throttles_to_limits(&b->throttle_write_iops, l, offsetof(struct wabe_cgroup_io_limit, wiops));
	return 0;
}

static int hugepages_to_limits(struct wabe_arena *arena, const struct wabe_list *list, struct wabe_cgroup_limits *l,
			       struct wabe_error *err)
{
	const struct wabe_spec_hugepage *pages = list->items;

	if (list->count == 0)
		return 0;
	l->hugetlb.items = wabe_arena_array(arena, list->count, sizeof(*l->hugetlb.items));
	if (!l->hugetlb.items)
		return wabe_error_set(err, -ENOMEM, "linux.resources.hugepageLimits");
	for (size_t i = 0; i < list->count; i++)
		l->hugetlb.items[i] = (struct wabe_cgroup_hugetlb){ pages[i].page_size, pages[i].limit };
	l->hugetlb.count = list->count;
	return 0;
}

static int unified_to_limits(struct wabe_arena *arena, const struct wabe_pairs *pairs, struct wabe_cgroup_limits *l,
			     struct wabe_error *err)
{
	if (pairs->count == 0)
		return 0;
	l->unified = wabe_arena_array(arena, pairs->count, sizeof(*l->unified));
	if (!l->unified)
		return wabe_error_set(err, -ENOMEM, "linux.resources.unified");
	for (size_t i = 0; i < pairs->count; i++)
		l->unified[i] = (struct wabe_cgroup_file){ pairs->items[i].key, pairs->items[i].value };
	l->unified_count = pairs->count;
	return 0;
}

int wabe_resources_to_limits(struct wabe_arena *arena, const struct wabe_spec_resources *resources,
			     struct wabe_cgroup_limits *ret_limits, struct wabe_error *err)
{
	struct wabe_cgroup_limits l = { 0 };
	int r = memory_to_limits(&resources->memory, &l, err);

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
		r = unified_to_limits(arena, &resources->unified, &l, err);
	if (r == 0)
		*ret_limits = l;
	return r;
}

bool wabe_resources_any(const struct wabe_cgroup_limits *l)
{
	return l->has_memory_max || l->has_memory_swap_max || l->has_memory_low || l->has_memory_high ||
	       l->has_cpu_weight || l->has_cpu_max || l->has_cpu_burst || l->has_cpu_idle || l->cpuset_cpus ||
	       l->cpuset_mems || l->has_pids_max || l->has_io_weight || l->io.count || l->hugetlb.count ||
	       l->unified_count;
}
