// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/update: new limits for a container that exists; see wabe.h.
 *
 * The limits that it was created with, and those of earlier updates, are in the config.json of its state: a change is merged
 * into them, checked as a whole, and written together with what hangs together with it (quota and period, memory and swap).
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "core/container.h"
#include "core/rdt.h"
#include "core/resources.h"
#include "core/scope.h"
#include "spec/spec.h"

#define LOCK_TIMEOUT_MS 10000

static bool is_number(const struct wabe_opt_i64 *value)
{
	return value->is_set && value->value != 0;
}

/*
 * Both are written where one changes: the kernel checks them against each other, and a driver that knows only one of them would
 * have to take the other from a file, or its default.
 */
static void complete_memory(struct wabe_spec_memory *m, const struct wabe_spec_memory *merged)
{
	if (!is_number(&m->limit) && !is_number(&m->swap))
		return;
	m->limit = merged->limit;
	m->swap = merged->swap;
}

static void complete_cpu(struct wabe_spec_cpu *c, const struct wabe_spec_cpu *merged)
{
	if (is_number(&c->quota) || (c->period.is_set && c->period.value != 0)) {
		c->quota = merged->quota;
		c->period = merged->period;
		c->burst = merged->burst;
	}
	if (c->realtime_period.is_set || c->realtime_runtime.is_set) {
		c->realtime_period = merged->realtime_period;
		c->realtime_runtime = merged->realtime_runtime;
	}
	/* A cgroup that is not idle any more has the default weight. */
	if (c->idle.is_set && c->idle.value == 0)
		c->shares = merged->shares;
}

/* config-linux.md, "Memory", checkBeforeUpdate: on v2 the kernel would kill to get below the new limit. */
static int check_usage(struct wabe_container *c, const struct wabe_spec_memory *change,
		       const struct wabe_spec_memory *merged, struct wabe_error *err)
{
	const unsigned int wanted = WABE_CGROUP_STAT(memory_bytes) | WABE_CGROUP_STAT(swap_bytes);
	struct wabe_cgroup_stats stats;
	int r;

	if (!merged->check_before_update.value ||
	    (change->limit.value <= 0 && change->swap.value <= 0))
		return 0;
	r = wabe_cgroup_stats(c->cgroup, wanted, &stats, err);
	if (r < 0 || stats.memory_bytes == UINT64_MAX)
		return r;
	if (change->limit.value > 0 && (uint64_t)change->limit.value <= stats.memory_bytes)
		return wabe_error_say(
			err, -EBUSY,
			"linux.resources.memory.limit: %lld is not above the %llu bytes in use",
			(long long)change->limit.value, (unsigned long long)stats.memory_bytes);
	if (stats.swap_bytes != UINT64_MAX)
		stats.memory_bytes += stats.swap_bytes;
	if (change->swap.value > 0 && (uint64_t)change->swap.value <= stats.memory_bytes)
		return wabe_error_say(
			err, -EBUSY,
			"linux.resources.memory.swap: %lld is not above the %llu bytes of memory and swap in use",
			(long long)change->swap.value, (unsigned long long)stats.memory_bytes);
	return 0;
}

static int write_limits(struct wabe_container *c, const struct wabe_spec_resources *resources,
			struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_cgroup_limits limits = { 0 };
	struct wabe_cgroup_device_rule *rules = NULL;
	size_t rule_count = 0;
	int r = wabe_resources_to_limits(&arena, resources, &limits, err);

	if (r == 0 && resources->devices.count)
		r = wabe_resources_to_devices(&arena, &resources->devices, &rules, &rule_count,
					      err);
	if (r == 0 && c->state.scope)
		r = wabe_scope_update(c, &limits, rules, rule_count, err);
	if (r == 0)
		r = wabe_cgroup_limit(c->cgroup, &limits, err);
	return r < 0 || !rule_count ? r : wabe_cgroup_devices(c->cgroup, rules, rule_count, err);
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/*
 * Engines send the container's rules with each update. Writing them again would take devices away for a moment (v1), and undo
 * what a program beside us has allowed.
 */
static bool same_devices(const struct wabe_list *a, const struct wabe_list *b)
{
	const struct wabe_spec_device_rule *one = a->items, *other = b->items;

	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (one[i].allow != other[i].allow || !same_text(one[i].type, other[i].type) ||
		    !same_text(one[i].access, other[i].access) ||
		    one[i].major.is_set != other[i].major.is_set ||
		    one[i].major.value != other[i].major.value ||
		    one[i].minor.is_set != other[i].minor.is_set ||
		    one[i].minor.value != other[i].minor.value)
			return false;
	return true;
}

static int update_locked(struct wabe_container *c, const struct wabe_spec_resources *change,
			 struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_spec_resources effective = *change;
	const struct wabe_spec *old;
	struct wabe_spec spec;
	int r;

	if (wabe_container_status(c) == WABE_STATUS_STOPPED)
		return wabe_error_say(err, -ESRCH, "container %s is not running", c->state.id);
	r = wabe_container_open_cgroup(c, err);
	old = r < 0 ? NULL : wabe_container_spec(c, err);
	if (!old)
		return r < 0 ? r : err ? err->code : -EIO;
	spec = *old;
	if (wabe_spec_merge_resources(&arena, &spec.resources, change) < 0)
		return wabe_error_set(err, -ENOMEM, "update");
	r = wabe_spec_validate(&spec, err);
	if (r == 0)
		r = check_usage(c, &change->memory, &spec.resources.memory, err);
	if (r < 0)
		return r;
	complete_memory(&effective.memory, &spec.resources.memory);
	complete_cpu(&effective.cpu, &spec.resources.cpu);
	if (same_devices(&old->resources.devices, &change->devices))
		effective.devices = (struct wabe_list){ 0 };
	r = write_limits(c, &effective, err);
	return r < 0 ? r : wabe_state_save_config(c, &spec, err);
}

/* Who was forked before it had a class follows. */
static int attach_all(struct wabe_container *c, struct wabe_error *err)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0;
	int r = wabe_container_pids(c, &pids, &count, err);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = wabe_rdt_attach(c, pids[i], err);
	return r;
}

static int enter_class(struct wabe_container *c, const struct wabe_spec_rdt *rdt,
		       struct wabe_error *err)
{
	int r = wabe_state_mark_changed(c, err);

	if (r == 0)
		r = wabe_rdt_join(c, rdt, (pid_t)c->state.pid, err);
	if (r == 0)
		r = attach_all(c, err);
	if (r == 0)
		r = wabe_state_save(c, err);
	/* What was noted before it was made is taken back. */
	if (r < 0 && c->state.rdt_class && wabe_rdt_leave(c, NULL) == 0)
		(void)wabe_state_save(c, NULL);
	return r;
}

/*
 * Others may be in a class that was there before the container. One that isn't there was noted by an update that was killed,
 * or taken away by somebody; and of one that was killed later some processes may still be outside.
 */
static int change_class(struct wabe_container *c, const struct wabe_spec_rdt *rdt,
			struct wabe_error *err)
{
	int r;

	if (!c->state.rdt_class || !wabe_rdt_is_there(c))
		return enter_class(c, rdt, err);
	if (!c->state.is_rdt_made)
		return wabe_error_say(err, -EPERM, "class %s of resctrl is not the container's own",
				      c->state.rdt_class);
	r = wabe_rdt_write(c, rdt, err);
	return r < 0 ? r : attach_all(c, err);
}

static int update_class_locked(struct wabe_container *c, const char *l3_cache_schema,
			       const char *mem_bw_schema, struct wabe_error *err)
{
	struct wabe_spec_rdt rdt = { 0 };
	const struct wabe_spec *old;
	struct wabe_spec spec;
	int r;

	if (wabe_container_status(c) == WABE_STATUS_STOPPED)
		return wabe_error_say(err, -ESRCH, "container %s is not running", c->state.id);
	old = wabe_container_spec(c, err);
	if (!old)
		return err ? err->code : -EIO;
	spec = *old;
	if (old->rdt)
		rdt = *old->rdt;
	if (l3_cache_schema)
		rdt.l3_cache_schema = l3_cache_schema;
	if (mem_bw_schema)
		rdt.mem_bw_schema = mem_bw_schema;
	spec.rdt = &rdt;
	r = wabe_spec_validate(&spec, err);
	if (r == 0)
		r = change_class(c, &rdt, err);
	return r < 0 ? r : wabe_state_save_config(c, &spec, err);
}

/* Ends a change: the strings of the new spec are the caller's, what is asked next is read again. */
static int end_update(struct wabe_container *c, int r, struct wabe_error *err)
{
	wabe_spec_free(&c->spec);
	c->has_spec = false;
	wabe_container_unlock(c);
	return r < 0 ? wabe_error_prefix(err, "update") : 0;
}

int wabe_container_update_class(struct wabe_container *c, const char *l3_cache_schema,
				const char *mem_bw_schema, struct wabe_error *err)
{
	int r = wabe_container_lock(c, LOCK_TIMEOUT_MS, err);

	if (r < 0)
		return r;
	r = wabe_state_refresh(c, err);
	if (r == 0)
		r = update_class_locked(c, l3_cache_schema, mem_bw_schema, err);
	return end_update(c, r, err);
}

int wabe_container_update(struct wabe_container *c, const struct wabe_spec_resources *resources,
			  struct wabe_error *err)
{
	int r = wabe_container_lock(c, LOCK_TIMEOUT_MS, err);

	if (r < 0)
		return r;
	r = wabe_state_refresh(c, err);
	if (r == 0)
		r = update_locked(c, resources, err);
	return end_update(c, r, err);
}
