// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/resources: PHYSPAGES, SWAPPAGES, VMGUARPAGES, OOMGUARPAGES; see resources.h.
 *
 * cgroup-v2.rst, "Memory Interface Files". PHYSPAGES' limit is memory.max, its barrier memory.high:
 * above it the guest is slowed down and made to give back, not killed. VMGUARPAGES' barrier is
 * memory.low: the host takes from others first. OOMGUARPAGES' barrier is memory.min: not even a
 * host without anything else left takes that. The ends of both that OpenVZ ignored are ignored.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "guest/resources_internal.h"

static int64_t limit_bytes(struct vz_pair pair)
{
	return pair.limit == VZ_UNLIMITED ? -1 : (int64_t)pair.limit;
}

/*
 * OCI's swap is memory plus swap; without a limit on memory it can't be said, and cgroup v1
 * couldn't keep it.
 */
static void fill_limits(struct vz_fill *f)
{
	int64_t memory = limit_bytes(vz_param_bytes(f->params, VZ_PARAM_PHYSPAGES));
	int64_t swap = limit_bytes(vz_param_bytes(f->params, VZ_PARAM_SWAPPAGES));
	struct wabe_spec_resources *res = f->res;

	res->memory.limit = (struct wabe_opt_i64){ .is_set = true, .value = memory };
	res->memory.swap = (struct wabe_opt_i64){ .is_set = true, .value = -1 };
	if (swap < 0)
		return;
	if (memory < 0) {
		vz_warn(f->g, "SWAPPAGES is not enforced: PHYSPAGES is unlimited");
		return;
	}
	res->memory.swap.value = memory > INT64_MAX - swap ? -1 : memory + swap;
}

/* Bytes that @id guarantees, at most what the guest may have at all; 0: none. */
static uint64_t guarantee(struct vz_fill *f, enum vz_param_id id)
{
	struct vz_pair ram = vz_param_bytes(f->params, VZ_PARAM_PHYSPAGES);
	struct vz_pair pages = vz_param_bytes(f->params, id);

	if (!vz_param_has(f->params, id))
		return 0;
	return pages.barrier < ram.limit ? pages.barrier : ram.limit;
}

/* Where the guest is slowed down; VZ_UNLIMITED: nowhere. A barrier of 0 is what --ram sets. */
static uint64_t high(struct vz_fill *f)
{
	struct vz_pair ram = vz_param_bytes(f->params, VZ_PARAM_PHYSPAGES);

	return ram.barrier > 0 && ram.barrier < ram.limit ? ram.barrier : VZ_UNLIMITED;
}

static int put(struct vz_fill *f, const char *file, uint64_t bytes, uint64_t none)
{
	char text[32] = "max";

	if (f->is_new && bytes == none)
		return 0;
	if (bytes != VZ_UNLIMITED)
		snprintf(text, sizeof(text), "%" PRIu64, bytes);
	return vz_fill_file(f, file, text);
}

static int fill_v2(struct vz_fill *f)
{
	int r = put(f, "memory.high", high(f), VZ_UNLIMITED);

	if (r == 0)
		r = put(f, "memory.low", guarantee(f, VZ_PARAM_VMGUARPAGES), 0);
	return r == 0 ? put(f, "memory.min", guarantee(f, VZ_PARAM_OOMGUARPAGES), 0) : r;
}

/*
 * cgroup-v1/memory.rst, "Soft limits": the nearest thing. What is above it goes first when the host
 * is short, so that what is below stays.
 */
static void fill_v1(struct vz_fill *f)
{
	uint64_t low = guarantee(f, VZ_PARAM_VMGUARPAGES);
	int64_t soft = low == 0 || low == VZ_UNLIMITED ? -1 : (int64_t)low;

	if (!f->is_new || soft >= 0)
		f->res->memory.reservation = (struct wabe_opt_i64){ true, soft };
	if (guarantee(f, VZ_PARAM_OOMGUARPAGES) > 0)
		vz_warn(f->g, "OOMGUARPAGES is not enforced: cgroup v1 can't guarantee memory");
	if (high(f) != VZ_UNLIMITED)
		vz_warn(f->g,
			"the barrier of PHYSPAGES is not enforced: cgroup v1 has no memory.high");
}

int vz_fill_memory(struct vz_fill *f, struct wabe_error *err)
{
	(void)err;
	fill_limits(f);
	if (wabe_cgroup_mode(f->cgroup) == WABE_CGROUP_V2)
		return fill_v2(f);
	fill_v1(f);
	return 0;
}
