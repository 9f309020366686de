// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/resources: which controller has which parameters, and the simple ones: NUMPROC, CPUUNITS,
 * CPULIMIT, CPUS; see resources.h.
 */
#include "guest/resources.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/range.h"
#include "guest/counters.h"
#include "guest/resources_internal.h"

#define CPU_PERIOD_US 100000u /* cgroup-v2.rst: cpu.max, the default period */

int vz_fill_file(struct vz_fill *f, const char *file, const char *value)
{
	struct wabe_pairs *pairs = &f->res->unified;
	struct wabe_pair *items =
		wabe_arena_array(f->arena, pairs->count + 1, sizeof(*pairs->items));
	const char *copy = wabe_arena_strdup(f->arena, value);

	if (!items || !copy)
		return -ENOMEM;
	if (pairs->count)
		memcpy(items, pairs->items, pairs->count * sizeof(*items));
	items[pairs->count] = (struct wabe_pair){ .key = file, .value = copy };
	*pairs = (struct wabe_pairs){ .items = items, .count = pairs->count + 1 };
	return 0;
}

static int fill_pids(struct vz_fill *f, struct wabe_error *err)
{
	struct vz_pair numproc = vz_param_pair(f->params, VZ_PARAM_NUMPROC);
	/* OpenVZ's files have more than there can be. */
	uint64_t limit = numproc.limit > WABE_PIDS_MAX ? WABE_PIDS_MAX : numproc.limit;

	(void)err;
	f->res->pids.limit.is_set = true;
	f->res->pids.limit.value = numproc.limit == VZ_UNLIMITED ? VZ_NUMPROC_DEFAULT
								 : (int64_t)limit;
	return 0;
}

/* 1000 units, OpenVZ's default, are the kernel's default of 1024 shares. */
static uint64_t units_to_shares(uint64_t units)
{
	uint64_t shares;

	if (units == 0)
		return 1024;
	if (units > WABE_CPU_SHARES_MAX)
		return WABE_CPU_SHARES_MAX;
	shares = units * 1024 / 1000;
	if (shares < WABE_CPU_SHARES_MIN)
		return WABE_CPU_SHARES_MIN;
	return shares > WABE_CPU_SHARES_MAX ? WABE_CPU_SHARES_MAX : shares;
}

/*
 * CPULIMIT is in per cent of one processor, CPUS a number of processors: the smaller one counts; 0
 * is no limit.
 */
static int64_t quota_us(const struct vz_params *params)
{
	uint64_t percent = vz_param_u64(params, VZ_PARAM_CPULIMIT);
	uint64_t cpus = vz_param_u64(params, VZ_PARAM_CPUS);

	if (percent == VZ_UNLIMITED)
		percent = 0;
	if (cpus != 0 && cpus != VZ_UNLIMITED && (percent == 0 || cpus * 100 < percent))
		percent = cpus * 100;
	return percent == 0 ? -1 : (int64_t)(percent * (CPU_PERIOD_US / 100));
}

static int fill_cpu(struct vz_fill *f, struct wabe_error *err)
{
	struct wabe_spec_cpu *cpu = &f->res->cpu;

	(void)err;
	cpu->shares.is_set = cpu->quota.is_set = cpu->period.is_set = true;
	cpu->shares.value = units_to_shares(vz_param_u64(f->params, VZ_PARAM_CPUUNITS));
	cpu->quota.value = quota_us(f->params);
	cpu->period.value = CPU_PERIOD_US;
	return 0;
}

/* One row a controller: what it needs, and the parameters that decide. */
struct controller {
	const char *name;
	int (*fill)(struct vz_fill *f, struct wabe_error *err);
	enum vz_param_id params[4];
	size_t count;
	bool is_optional; /* nothing to do for a new guest that sets none of them */
};

static const struct controller controllers[] = {
	{ "memory",
	  vz_fill_memory,
	  { VZ_PARAM_PHYSPAGES, VZ_PARAM_SWAPPAGES, VZ_PARAM_VMGUARPAGES, VZ_PARAM_OOMGUARPAGES },
	  4,
	  false },
	{ "pids", fill_pids, { VZ_PARAM_NUMPROC }, 1, false },
	{ "cpu", fill_cpu, { VZ_PARAM_CPUUNITS, VZ_PARAM_CPULIMIT, VZ_PARAM_CPUS }, 3, false },
	{ "cpuset", vz_fill_cpuset, { VZ_PARAM_CPUMASK, VZ_PARAM_NODEMASK }, 2, true },
	{ "io", vz_fill_io, { VZ_PARAM_IOPRIO, VZ_PARAM_IOLIMIT, VZ_PARAM_IOPSLIMIT }, 3, true },
	/* No parameter decides: every new guest has its id. What changes later: vz_counters_update(). */
	{ VZ_COUNTERS_CONTROLLER, vz_fill_ctx, { 0 }, 0, false },
};

static bool decides(const struct controller *c, const struct vz_params *params)
{
	for (size_t i = 0; i < c->count; i++)
		if (vz_param_has(params, c->params[i]))
			return true;
	return false;
}

bool vz_resources_is_any(const struct vz_params *params)
{
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (decides(&controllers[i], params))
			return true;
	return false;
}

int vz_resources_check(const struct vz_params *params, struct wabe_error *err)
{
	return vz_cpuset_check(params, err);
}

static int fill(struct vz_fill *f, const struct controller *c, bool is_asked,
		struct wabe_error *err)
{
	int r;

	if (!wabe_cgroup_has(f->cgroup, c->name)) {
		if (is_asked)
			vz_warn(f->g,
				"the host has no cgroup controller \"%s\": its limits are not enforced",
				c->name);
		return 0;
	}
	r = c->fill(f, err);
	return r == -ENOMEM ? wabe_error_set(err, r, "limits of the container") : r;
}

int vz_resources_fill(const struct vz_guest *g, struct wabe_arena *arena,
		      const struct vz_params *only, struct wabe_spec_resources *res,
		      struct wabe_error *err)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = NULL;
	struct vz_fill f = {
		.g = g,
		.params = &g->conf.params,
		.arena = arena,
		.res = res,
		.is_new = !g->container,
	};
	int r = wabe_cgroup_open(g->host->rt.cgroup_base, &cgroup, err);

	f.cgroup = cgroup;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(controllers); i++) {
		const struct controller *c = &controllers[i];
		bool is_set = decides(c, f.params);

		if ((only && !decides(c, only)) || (c->is_optional && f.is_new && !is_set))
			continue;
		r = fill(&f, c, only || is_set, err);
	}
	return r;
}

void vz_resources_lift_io(const struct vz_guest *g)
{
	static const struct vz_params none = { 0 };
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = NULL;
	struct wabe_spec_resources res = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_fill f = { .g = g, .params = &none, .arena = &arena, .res = &res };
	int r = wabe_cgroup_open(g->host->rt.cgroup_base, &cgroup, &err);

	f.cgroup = cgroup;
	if (r == 0 && wabe_cgroup_has(cgroup, "io"))
		r = vz_fill_io(&f, &err);
	if (r == 0)
		(void)wabe_container_update(g->container, &res, &err);
}

void vz_resources_protect(const struct vz_guest *g, const struct vz_params *only)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = NULL;
	const struct vz_params *params = only ? only : &g->conf.params;
	struct wabe_error err = WABE_ERROR_INIT;
	char path[PATH_MAX];
	int r;

	if (!vz_param_has(params, VZ_PARAM_VMGUARPAGES) &&
	    !vz_param_has(params, VZ_PARAM_OOMGUARPAGES))
		return;
	snprintf(path, sizeof(path), "%s/%s", g->host->rt.cgroup_base, g->id);
	r = wabe_cgroup_open(g->container ? wabe_container_cgroup(g->container) : path, &cgroup,
			     &err);
	if (r == 0)
		r = wabe_cgroup_protect(cgroup, &err);
	if (r < 0)
		vz_warn(g, "the guarantee of memory may not hold: %s", err.text);
}
