// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/resources: the cgroup controller ctx of our kernel (kernel-patches/), which knows a guest by its CTID and counts what
 * all of it holds. A stock kernel hasn't got it, and then nothing here does anything.
 */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "guest/counters.h"
#include "guest/resources_internal.h"

/* All cgroups of the controller but the root have this file, and it names what the kernel has. */
#define VIEWS "ctx.virt"
#define VIEWS_ROOM 512

/*
 * What a guest is shown its own of in place of the host's: /proc/stat, loadavg, meminfo, uptime and
 * what belongs to them, and dmesg.
 */
static const char *const views[] = { "cpu", "loadavg", "log", "memory", "uptime" };

static int add_line(struct wabe_buf *text, const char *name, uint64_t value)
{
	if (value == VZ_UNLIMITED)
		return wabe_buf_printf(text, "%s max\n", name);
	return wabe_buf_printf(text, "%s %" PRIu64 "\n", name, value);
}

/* One line a counter in each file; the kernel takes all lines of a write or none. @only: NULL, or which. */
static int fill_bounds(struct vz_fill *f, const struct vz_params *only)
{
	_cleanup_(wabe_buf_free) struct wabe_buf barrier = WABE_BUF_INIT, max = WABE_BUF_INIT;
	size_t count;
	const struct vz_counter *counters = vz_counters(&count);

	for (size_t i = 0; i < count; i++) {
		struct vz_pair pair = vz_param_pair(f->params, counters[i].id);

		if (only && !vz_param_has(only, counters[i].id))
			continue;
		if (add_line(&barrier, counters[i].name, pair.barrier) < 0 ||
		    add_line(&max, counters[i].name, pair.limit) < 0)
			return -ENOMEM;
	}
	if (max.len == 0)
		return 0;
	return vz_fill_file(f, "ctx.barrier", barrier.data) < 0
		       ? -ENOMEM
		       : vz_fill_file(f, "ctx.max", max.data);
}

/* @text: of ctx.virt, a line a view */
static bool has_view(const char *text, const char *name)
{
	const size_t len = strlen(name);

	for (const char *at = text; at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		if (strncmp(at, name, len) == 0 && at[len] == ' ')
			return true;
	return false;
}

/* The cgroup of all guests is there before the first of them, if only to ask it. */
static bool read_views(struct wabe_cgroup *base, char *text, size_t room)
{
	bool was_created;

	return wabe_cgroup_read(base, NULL, VIEWS, text, room) > 0 ||
	       (wabe_cgroup_create(base, &was_created, NULL) == 0 &&
		wabe_cgroup_read(base, NULL, VIEWS, text, room) > 0);
}

static int fill_views(struct vz_fill *f)
{
	_cleanup_(wabe_buf_free) struct wabe_buf lines = WABE_BUF_INIT;
	char known[VIEWS_ROOM];

	if (!read_views(f->cgroup, known, sizeof(known)))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		if (has_view(known, views[i]) && add_line(&lines, views[i], 1) < 0)
			return -ENOMEM;
	return lines.len ? vz_fill_file(f, VIEWS, lines.data) : 0;
}

/* In this order: bounds and views are those of the context. */
int vz_fill_ctx(struct vz_fill *f, struct wabe_error *err)
{
	(void)err;
	if (!wabe_ctx_is_ours())
		return 0;
	if (vz_fill_file(f, VZ_COUNTERS_CONTROLLER ".id", f->g->id) < 0)
		return -ENOMEM;
	return fill_bounds(f, f->params) < 0 ? -ENOMEM : fill_views(f);
}

bool vz_counters_has_view(const struct vz_guest *g, const char *view)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *base = NULL;
	char known[VIEWS_ROOM];

	/* Asked first, of one file: a stock kernel costs no more. */
	return wabe_ctx_is_ours() && vz_counters_has_kernel(g) &&
	       wabe_cgroup_open(g->host->rt.cgroup_base, &base, NULL) == 0 &&
	       read_views(base, known, sizeof(known)) && has_view(known, view);
}

int vz_counters_update(const struct vz_guest *g, struct wabe_arena *arena,
		       const struct vz_params *only, struct wabe_spec_resources *res,
		       struct wabe_error *err)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = NULL;
	struct vz_fill f = {
		.g = g,
		.params = &g->conf.params,
		.arena = arena,
		.res = res,
	};
	int r = wabe_cgroup_open(g->host->rt.cgroup_base, &cgroup, err);

	if (r < 0 || !wabe_cgroup_has(cgroup, VZ_COUNTERS_CONTROLLER) || !wabe_ctx_is_ours())
		return r;
	r = fill_bounds(&f, only);
	return r < 0 ? wabe_error_set(err, r, "counters of the container") : 0;
}
