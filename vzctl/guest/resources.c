// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/resources: PHYSPAGES, SWAPPAGES, NUMPROC, CPUUNITS, CPULIMIT, CPUS and the like as cgroup
 * limits; see resources.h.
 */
#include "guest/resources.h"

#include <string.h>

#include "base/cleanup.h"

#define CPU_PERIOD_US 100000u /* cgroup-v2.rst: cpu.max, the default period */
#define SHARES_MIN 2u
#define SHARES_MAX 262144u

static int64_t limit_bytes(struct vz_pair pair)
{
	return pair.limit == VZ_UNLIMITED ? -1 : (int64_t)pair.limit;
}

/*
 * OCI's swap is memory plus swap; without a limit on memory it can't be said, and cgroup v1
 * couldn't keep it.
 */
static void fill_memory(const struct vz_guest *g, struct wabe_spec_resources *res)
{
	int64_t memory = limit_bytes(vz_param_bytes(&g->conf.params, VZ_PARAM_PHYSPAGES));
	int64_t swap = limit_bytes(vz_param_bytes(&g->conf.params, VZ_PARAM_SWAPPAGES));

	res->memory.limit = (struct wabe_opt_i64){ .is_set = true, .value = memory };
	res->memory.swap = (struct wabe_opt_i64){ .is_set = true, .value = -1 };
	if (swap < 0)
		return;
	if (memory < 0) {
		vz_warn(g, "SWAPPAGES is not enforced: PHYSPAGES is unlimited");
		return;
	}
	res->memory.swap.value = memory > INT64_MAX - swap ? -1 : memory + swap;
}

static void fill_pids(const struct vz_guest *g, struct wabe_spec_resources *res)
{
	struct vz_pair numproc = vz_param_pair(&g->conf.params, VZ_PARAM_NUMPROC);

	res->pids.limit.is_set = true;
	res->pids.limit.value = numproc.limit == VZ_UNLIMITED ? VZ_NUMPROC_DEFAULT
							      : (int64_t)numproc.limit;
}

/* 1000 units, OpenVZ's default, are the kernel's default of 1024 shares. */
static uint64_t units_to_shares(uint64_t units)
{
	uint64_t shares;

	if (units == 0)
		return 1024;
	if (units > SHARES_MAX)
		return SHARES_MAX;
	shares = units * 1024 / 1000;
	if (shares < SHARES_MIN)
		return SHARES_MIN;
	return shares > SHARES_MAX ? SHARES_MAX : shares;
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

static void fill_cpu(const struct vz_guest *g, struct wabe_spec_resources *res)
{
	res->cpu.shares.is_set = res->cpu.quota.is_set = res->cpu.period.is_set = true;
	res->cpu.shares.value = units_to_shares(vz_param_u64(&g->conf.params, VZ_PARAM_CPUUNITS));
	res->cpu.quota.value = quota_us(&g->conf.params);
	res->cpu.period.value = CPU_PERIOD_US;
}

/* One row a controller: what it needs, and the parameters that decide. */
struct controller {
	const char *name;
	void (*fill)(const struct vz_guest *g, struct wabe_spec_resources *res);
	enum vz_param_id params[4];
	size_t count;
};

static const struct controller controllers[] = {
	{ "memory", fill_memory, { VZ_PARAM_PHYSPAGES, VZ_PARAM_SWAPPAGES }, 2 },
	{ "pids", fill_pids, { VZ_PARAM_NUMPROC }, 1 },
	{ "cpu", fill_cpu, { VZ_PARAM_CPUUNITS, VZ_PARAM_CPULIMIT, VZ_PARAM_CPUS }, 3 },
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

static void cgroup_close(struct wabe_cgroup **cgroup)
{
	if (*cgroup)
		wabe_cgroup_close(cgroup);
}

int vz_resources_fill(const struct vz_guest *g, const struct vz_params *only,
		      struct wabe_spec_resources *res, struct wabe_error *err)
{
	_cleanup_(cgroup_close) struct wabe_cgroup *cgroup = NULL;
	int r = wabe_cgroup_open(g->host->rt.cgroup_base, &cgroup, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		const struct controller *c = &controllers[i];

		if (only && !decides(c, only))
			continue;
		if (wabe_cgroup_has(cgroup, c->name))
			c->fill(g, res);
		else if (decides(c, only ? only : &g->conf.params))
			vz_warn(g,
				"the host has no cgroup controller \"%s\": its limits are not enforced",
				c->name);
	}
	return 0;
}
