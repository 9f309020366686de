// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/counters: counters of a whole guest; see counters.h. */
#include "guest/counters.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"

/*
 * getrlimit(2): signals and locked memory are counted for each user, and a guest's are its own by
 * its range of ids; its root can't raise the limit. The size of devpts is set where it is mounted
 * (guest/spec.c).
 */
static const struct vz_counter counters[] = {
	{ VZ_PARAM_NUMPROC, "numproc", "pids.max", -1 },
	{ VZ_PARAM_NUMFILE, "numfile", NULL, -1 },
	{ VZ_PARAM_NUMFLOCK, "numflock", NULL, -1 },
	{ VZ_PARAM_NUMTCPSOCK, "numtcpsock", NULL, -1 },
	{ VZ_PARAM_NUMOTHERSOCK, "numothersock", NULL, -1 },
	{ VZ_PARAM_NUMIPTENT, "numiptent", NULL, -1 },
	{ VZ_PARAM_NUMPTY, "numpty", "max= of devpts", -1 },
	{ VZ_PARAM_NUMSIGINFO, "numsiginfo", "RLIMIT_SIGPENDING, each user", RLIMIT_SIGPENDING },
	{ VZ_PARAM_LOCKEDPAGES, "lockedpages", "RLIMIT_MEMLOCK, each user", RLIMIT_MEMLOCK },
};

const struct vz_counter *vz_counters(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(counters);
	return counters;
}

bool vz_counters_has_kernel(const struct vz_guest *g)
{
	struct wabe_cgroup *base = NULL;
	bool has;

	if (wabe_cgroup_open(g->host->rt.cgroup_base, &base, NULL) < 0)
		return false;
	has = wabe_cgroup_mode(base) == WABE_CGROUP_V2 &&
	      wabe_cgroup_has(base, VZ_COUNTERS_CONTROLLER) && wabe_ctx_is_ours();
	wabe_cgroup_close(&base);
	return has;
}

const char *vz_counter_by(const struct vz_guest *g, const struct vz_counter *counter)
{
	return vz_counters_has_kernel(g) ? "ctx.max" : counter->stock;
}

bool vz_counters_is_any(const struct vz_params *params)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (vz_param_has(params, counters[i].id))
			return true;
	return false;
}

/* Where a limit of @type goes: in the place of the one that every guest has, or behind all. */
static struct wabe_spec_rlimit *rlimit_slot(struct wabe_spec_rlimit *items, size_t *count, int type)
{
	for (size_t i = 0; i < *count; i++)
		if (items[i].type == type)
			return &items[i];
	return &items[(*count)++];
}

static int fill_rlimits(const struct vz_guest *g, struct wabe_spec *spec)
{
	struct wabe_list *list = &spec->process->rlimits;
	struct wabe_spec_rlimit *items =
		wabe_arena_array(&spec->arena, list->count + ARRAY_SIZE(counters), sizeof(*items));
	size_t count = list->count;
	uint32_t uid = 0;

	/* The users of a guest without a user namespace are the host's, who counts elsewhere too. */
	if (!vz_guest_uid(g, &uid) || uid == 0)
		return 0;
	if (!items)
		return -ENOMEM;
	if (count)
		memcpy(items, list->items, count * sizeof(*items));
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		struct vz_pair pair = vz_param_bytes(&g->conf.params, counters[i].id);

		if (counters[i].rlimit < 0 || pair.limit == VZ_UNLIMITED)
			continue;
		*rlimit_slot(items, &count, counters[i].rlimit) = (struct wabe_spec_rlimit){
			.type = counters[i].rlimit,
			.soft = pair.limit,
			.hard = pair.limit,
		};
	}
	*list = (struct wabe_list){ .items = items, .count = count };
	return 0;
}

int vz_counters_fill(const struct vz_guest *g, struct wabe_spec *spec)
{
	return vz_counters_is_any(&g->conf.params) ? fill_rlimits(g, spec) : 0;
}

void vz_counters_say_kept(const struct vz_guest *g, const struct vz_params *changes)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (vz_param_has(changes, counters[i].id) && !counters[i].stock &&
		    !vz_counter_by(g, &counters[i]))
			vz_warn(g,
				"--%s is kept, but not enforced by this kernel: it has no "
				"cgroup controller \"" VZ_COUNTERS_CONTROLLER "\"",
				vz_param_row(counters[i].id)->option);
}
