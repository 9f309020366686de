// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/resources: the cgroup controller ctx of our kernel (kernel-patches/), which knows a guest by its CTID and counts what
 * all of it holds. A stock kernel hasn't got it, and then nothing here does anything.
 */
#include <inttypes.h>

#include "base/cleanup.h"
#include "guest/counters.h"
#include "guest/resources_internal.h"

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

int vz_fill_ctx(struct vz_fill *f, struct wabe_error *err)
{
	(void)err;
	if (!wabe_ctx_is_ours())
		return 0;
	return vz_fill_file(f, VZ_COUNTERS_CONTROLLER ".id", f->g->id) < 0
		       ? -ENOMEM
		       : fill_bounds(f, f->params);
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
