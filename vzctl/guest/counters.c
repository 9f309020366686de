// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/counters: counters of a whole guest; see counters.h. */
#include "guest/counters.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"

#define CONTROLLER "ctx"

/*
 * getrlimit(2): signals and locked memory are counted for each user, and a guest's are its own by
 * its range of ids; its root can't raise the limit. The size of devpts is set where it is mounted
 * (guest/spec.c).
 */
static const struct vz_counter counters[] = {
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
	has = wabe_cgroup_mode(base) == WABE_CGROUP_V2 && wabe_cgroup_has(base, CONTROLLER);
	wabe_cgroup_close(&base);
	return has;
}

const char *vz_counter_by(const struct vz_guest *g, const struct vz_counter *counter)
{
	return vz_counters_has_kernel(g) ? "ctx.max" : counter->stock;
}

static bool is_any_set(const struct vz_params *params)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (vz_param_has(params, counters[i].id))
			return true;
	return false;
}

/* Bytes of memory are counted in pages, as the parameter is. */
static int add_line(struct wabe_buf *text, const char *name, uint64_t value)
{
	if (value == VZ_UNLIMITED)
		return wabe_buf_printf(text, "%s max\n", name);
	return wabe_buf_printf(text, "%s %" PRIu64 "\n", name, value);
}

static int fill_controller(const struct vz_guest *g, struct wabe_spec *spec)
{
	_cleanup_(wabe_buf_free) struct wabe_buf barrier = WABE_BUF_INIT, max = WABE_BUF_INIT;
	struct wabe_pairs *pairs = &spec->resources.unified;
	struct wabe_pair *items =
		wabe_arena_array(&spec->arena, pairs->count + 3, sizeof(*pairs->items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		struct vz_pair pair = vz_param_pair(&g->conf.params, counters[i].id);

		if (!vz_param_has(&g->conf.params, counters[i].id))
			continue;
		if (add_line(&barrier, counters[i].name, pair.barrier) < 0 ||
		    add_line(&max, counters[i].name, pair.limit) < 0)
			return -ENOMEM;
	}
	if (pairs->count)
		memcpy(items, pairs->items, pairs->count * sizeof(*items));
	items[pairs->count] = (struct wabe_pair){ "ctx.id", (char *)g->id };
	items[pairs->count + 1] =
		(struct wabe_pair){ "ctx.barrier", wabe_arena_strdup(&spec->arena, barrier.data) };
	items[pairs->count + 2] =
		(struct wabe_pair){ "ctx.max", wabe_arena_strdup(&spec->arena, max.data) };
	if (!items[pairs->count + 1].value || !items[pairs->count + 2].value)
		return -ENOMEM;
	*pairs = (struct wabe_pairs){ .items = items, .count = pairs->count + 3 };
	return 0;
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
	if (!is_any_set(&g->conf.params))
		return 0;
	if (vz_counters_has_kernel(g))
		return fill_controller(g, spec);
	return fill_rlimits(g, spec);
}

void vz_counters_say_kept(const struct vz_guest *g, const struct vz_params *changes)
{
	if (!is_any_set(changes))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (vz_param_has(changes, counters[i].id) && !vz_counter_by(g, &counters[i]))
			vz_warn(g,
				"--%s is kept, but not enforced by this kernel: it has no cgroup "
				"controller \"" CONTROLLER "\"",
				vz_param_row(counters[i].id)->option);
}
