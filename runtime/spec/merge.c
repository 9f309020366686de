// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spec/merge: linux.resources of a container with those of an update over them, its process with another's; see spec.h.
 *
 * In an update zero leaves a limit as it is (runc's flags default to it), so that it never takes the place of a number.
 */
#include <errno.h>
#include <string.h>

#include "spec/internal.h"
#include "spec/spec.h"

/* What is set replaces; REPLACE_NUMBER leaves out zero. */
#define REPLACE(member)                              \
	do {                                         \
		if (over->member.is_set)             \
			base->member = over->member; \
	} while (0)
#define REPLACE_NUMBER(member)                                      \
	do {                                                        \
		if (over->member.is_set && over->member.value != 0) \
			base->member = over->member;                \
	} while (0)

static bool is_number(const struct wabe_opt_i64 *value)
{
	return value->is_set && value->value != 0;
}

/*
 * Swap is memory plus swap. A new limit on memory alone leaves the swap that there is beside it, as cgroup v2 would; without
 * one on memory there is none on both.
 */
static void merge_swap(struct wabe_spec_memory *base, const struct wabe_spec_memory *over)
{
	const struct wabe_spec_memory old = *base;

	if (is_number(&over->swap)) {
		base->swap = over->swap;
		return;
	}
	if (!is_number(&over->limit))
		return;
	if (over->limit.value < 0)
		base->swap = (struct wabe_opt_i64){ true, -1 };
	else if (old.swap.is_set && old.swap.value > 0 && old.limit.is_set && old.limit.value > 0 &&
		 old.swap.value >= old.limit.value &&
		 over->limit.value <= INT64_MAX - (old.swap.value - old.limit.value))
		base->swap.value = over->limit.value + (old.swap.value - old.limit.value);
}

static void merge_memory(struct wabe_spec_memory *base, const struct wabe_spec_memory *over)
{
	merge_swap(base, over);
	REPLACE_NUMBER(limit);
	REPLACE_NUMBER(reservation);
	REPLACE_NUMBER(kernel);
	REPLACE_NUMBER(kernel_tcp);
	REPLACE(swappiness);
	REPLACE(disable_oom_killer);
	REPLACE(use_hierarchy);
	REPLACE(check_before_update);
}

static void merge_cpu(struct wabe_spec_cpu *base, const struct wabe_spec_cpu *over)
{
	REPLACE_NUMBER(shares);
	REPLACE_NUMBER(quota);
	REPLACE_NUMBER(period);
	REPLACE(burst);
	REPLACE_NUMBER(realtime_period);
	REPLACE_NUMBER(realtime_runtime);
	REPLACE(idle);
	if (over->cpus && *over->cpus)
		base->cpus = over->cpus;
	if (over->mems && *over->mems)
		base->mems = over->mems;
}

/*
 * A list whose entries have a key: entries of @over take the place of those with the same key in @base, others go behind. One
 * function for all, since an entry is only bytes to it.
 */
struct keyed {
	size_t size;
	bool (*is_same)(const void *a, const void *b);
};

static int merge_list(struct wabe_arena *arena, struct wabe_list *base,
		      const struct wabe_list *over, const struct keyed *kind)
{
	char *items;
	size_t count = base->count;

	if (over->count == 0)
		return 0;
	items = wabe_arena_array(arena, base->count + over->count, kind->size);
	if (!items)
		return -ENOMEM;
	if (count)
		memcpy(items, base->items, count * kind->size);
	for (size_t i = 0; i < over->count; i++) {
		const char *entry = (const char *)over->items + i * kind->size;
		size_t at = 0;

		while (at < count && !kind->is_same(items + at * kind->size, entry))
			at++;
		memcpy(items + at * kind->size, entry, kind->size);
		count += at == count;
	}
	*base = (struct wabe_list){ items, count };
	return 0;
}

static bool same_weight_device(const void *a, const void *b)
{
	const struct wabe_spec_weight_device *one = a, *other = b;

	return one->major == other->major && one->minor == other->minor;
}

static bool same_throttle_device(const void *a, const void *b)
{
	const struct wabe_spec_throttle_device *one = a, *other = b;

	return one->major == other->major && one->minor == other->minor;
}

static bool same_page_size(const void *a, const void *b)
{
	const struct wabe_spec_hugepage *one = a, *other = b;

	return strcmp(one->page_size, other->page_size) == 0;
}

static bool same_rdma_device(const void *a, const void *b)
{
	const struct wabe_spec_rdma *one = a, *other = b;

	return strcmp(one->device, other->device) == 0;
}

static bool same_interface(const void *a, const void *b)
{
	const struct wabe_spec_interface_priority *one = a, *other = b;

	return strcmp(one->name, other->name) == 0;
}

static bool same_key(const void *a, const void *b)
{
	const struct wabe_pair *one = a, *other = b;

	return strcmp(one->key, other->key) == 0;
}

static int merge_block_io(struct wabe_arena *arena, struct wabe_spec_block_io *base,
			  const struct wabe_spec_block_io *over)
{
	const struct keyed weight = { sizeof(struct wabe_spec_weight_device), same_weight_device };
	const struct keyed rate = { sizeof(struct wabe_spec_throttle_device),
				    same_throttle_device };
	int r;

	REPLACE_NUMBER(weight);
	REPLACE_NUMBER(leaf_weight);
	r = merge_list(arena, &base->weight_device, &over->weight_device, &weight);
	if (r == 0)
		r = merge_list(arena, &base->throttle_read_bps, &over->throttle_read_bps, &rate);
	if (r == 0)
		r = merge_list(arena, &base->throttle_write_bps, &over->throttle_write_bps, &rate);
	if (r == 0)
		r = merge_list(arena, &base->throttle_read_iops, &over->throttle_read_iops, &rate);
	if (r == 0)
		r = merge_list(arena, &base->throttle_write_iops, &over->throttle_write_iops,
			       &rate);
	return r;
}

static int merge_unified(struct wabe_arena *arena, struct wabe_pairs *base,
			 const struct wabe_pairs *over)
{
	const struct keyed pair = { sizeof(struct wabe_pair), same_key };
	struct wabe_list list = { base->items, base->count };
	int r = merge_list(arena, &list, &(struct wabe_list){ over->items, over->count }, &pair);

	if (r == 0)
		*base = (struct wabe_pairs){ list.items, list.count };
	return r;
}

int wabe_spec_merge_resources(struct wabe_arena *arena, struct wabe_spec_resources *base,
			      const struct wabe_spec_resources *over)
{
	const struct keyed page = { sizeof(struct wabe_spec_hugepage), same_page_size };
	const struct keyed rdma = { sizeof(struct wabe_spec_rdma), same_rdma_device };
	const struct keyed priority = { sizeof(struct wabe_spec_interface_priority),
					same_interface };
	int r;

	merge_memory(&base->memory, &over->memory);
	merge_cpu(&base->cpu, &over->cpu);
	REPLACE_NUMBER(pids.limit);
	if (over->devices.count)
		base->devices = over->devices;
	r = merge_block_io(arena, &base->block_io, &over->block_io);
	if (r == 0)
		r = merge_list(arena, &base->hugepages, &over->hugepages, &page);
	if (r == 0)
		r = merge_list(arena, &base->rdma, &over->rdma, &rdma);
	REPLACE_NUMBER(network.class_id);
	if (r == 0)
		r = merge_list(arena, &base->network.priorities, &over->network.priorities,
			       &priority);
	return r == 0 ? merge_unified(arena, &base->unified, &over->unified) : r;
}

#define FALL_BACK(member)                                   \
	do {                                                \
		if (!ret_process->member)                   \
			ret_process->member = base->member; \
	} while (0)

void wabe_spec_merge_process(struct wabe_spec_process *ret_process,
			     const struct wabe_spec_process *base,
			     const struct wabe_spec_process *over)
{
	if (over || base)
		*ret_process = over ? *over : *base;
	if (!ret_process->cwd)
		ret_process->cwd = base ? base->cwd : "/";
	if (!base)
		return;
	if (!ret_process->args.count)
		ret_process->args = base->args;
	if (!ret_process->env.count)
		ret_process->env = base->env;
	if (!ret_process->rlimits.count)
		ret_process->rlimits = base->rlimits;
	if (!ret_process->oom_score_adj.is_set)
		ret_process->oom_score_adj = base->oom_score_adj;
	if (!ret_process->user.umask.is_set)
		ret_process->user.umask = base->user.umask;
	FALL_BACK(capabilities);
	FALL_BACK(apparmor_profile);
	FALL_BACK(selinux_label);
	FALL_BACK(scheduler);
	FALL_BACK(io_priority);
	FALL_BACK(exec_cpu_affinity);
	ret_process->no_new_privileges |= base->no_new_privileges;
}
