// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: limits of v1, given in the terms of v2; see cgroup_internal.h. Sources: the kernel's
 * Documentation/admin-guide/cgroup-v1/ (memory.rst, blkio-controller.rst, cpusets.rst,
 * hugetlb.rst), scheduler/sched-bwc.rst.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/cgroup_internal.h"

#define PERIOD_DEFAULT_US 100000

int wabe_cgroup_v1_put(struct wabe_cgroup *cgroup, const char *controller, const char *file,
		       const char *value, struct wabe_error *err)
{
	int r = wabe_cgroup_v1_set(cgroup, controller, file, value);

	return r < 0 ? wabe_cgroup_explain_v1(cgroup, r, controller, file, value, err) : 0;
}

int wabe_cgroup_v1_putf(struct wabe_cgroup *cgroup, struct wabe_error *err, const char *controller,
			const char *file, const char *fmt, ...)
{
	char value[96];
	va_list args;

	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	return wabe_cgroup_v1_put(cgroup, controller, file, value, err);
}

/* < 0: none. A host without the controller or the file doesn't limit either. */
static int put_max(struct wabe_cgroup *cgroup, const char *controller, const char *file,
		   int64_t value, const char *none, struct wabe_error *err)
{
	int r;

	if (value >= 0)
		return wabe_cgroup_v1_putf(cgroup, err, controller, file, "%" PRId64, value);
	r = wabe_cgroup_v1_set(cgroup, controller, file, none);
	return r < 0 && r != -ENOENT && r != -ENOTSUP
		       ? wabe_cgroup_explain_v1(cgroup, r, controller, file, none, err)
		       : 0;
}

/* A limit as v2 sees it: < 0 when there is none. */
static int64_t read_limit(int dir_fd, const char *file)
{
	uint64_t value;

	if (wabe_cgroup_file_u64(dir_fd, file, &value) < 0 || value >= WABE_CGROUP_V1_UNLIMITED)
		return -1;
	return (int64_t)value;
}

/*
 * memory.memsw is memory and swap together, and never below memory: raising starts with memsw,
 * lowering with memory. When only one of the two is given, the other stays as v2 counts it (swap
 * alone).
 */
static int limit_memory_max(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
			    struct wabe_error *err)
{
	static const char memory_file[] = "memory.limit_in_bytes";
	static const char both_file[] = "memory.memsw.limit_in_bytes";
	int dir_fd = wabe_cgroup_v1_dir(cgroup, "memory");
	int64_t old_memory = -1, old_both = -1, memory, swap, both;
	bool has_swap_file;
	uint64_t ignored;
	int r = 0;

	if (dir_fd >= 0) {
		old_memory = read_limit(dir_fd, memory_file);
		old_both = read_limit(dir_fd, both_file);
	}
	has_swap_file = dir_fd >= 0 && wabe_cgroup_file_u64(dir_fd, both_file, &ignored) == 0;
	memory = l->has_memory_max ? l->memory_max_bytes : old_memory;
	swap = old_both < 0 || old_memory < 0 ? -1 : old_both - old_memory;
	if (l->has_memory_swap_max)
		swap = l->memory_swap_max_bytes;
	if (l->has_memory_swap_max && swap >= 0 && memory < 0)
		return wabe_error_say(err, -EINVAL,
				      "swap limit %" PRId64
				      ": cgroup v1 can limit swap only together with memory",
				      swap);
	both = memory < 0 || swap < 0 ? -1 : swap > INT64_MAX - memory ? -1 : memory + swap;
	if (!has_swap_file && !l->has_memory_swap_max)
		return put_max(cgroup, "memory", memory_file, memory, "-1", err);
	if (l->has_memory_max && old_both >= 0 && (memory < 0 || memory > old_both)) {
		r = put_max(cgroup, "memory", both_file, both, "-1", err);
		return r == 0 ? put_max(cgroup, "memory", memory_file, memory, "-1", err) : r;
	}
	if (l->has_memory_max)
		r = put_max(cgroup, "memory", memory_file, memory, "-1", err);
	return r == 0 ? put_max(cgroup, "memory", both_file, both, "-1", err) : r;
}

static int limit_memory(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
			struct wabe_error *err)
{
	int r = 0;

	if (l->has_memory_high && l->memory_high_bytes >= 0)
		return wabe_error_say(err, -ENOTSUP, "memory.high: cgroup v1 has no such limit");
	if (l->has_memory_max || l->has_memory_swap_max)
		r = limit_memory_max(cgroup, l, err);
	/* The nearest thing: what is left to it when the host runs short. */
	if (r == 0 && l->has_memory_low)
		r = put_max(cgroup, "memory", "memory.soft_limit_in_bytes", l->memory_low_bytes,
			    "-1", err);
	return r;
}

/*
 * Quota and period are checked against each other and the parent's at each write: the other order
 * may be the one that works.
 */
static int limit_cpu_max(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
			 struct wabe_error *err)
{
	static const char quota_file[] = "cpu.cfs_quota_us";
	static const char period_file[] = "cpu.cfs_period_us";
	static const char burst_file[] = "cpu.cfs_burst_us";
	char quota[32], period[32];
	int r;

	snprintf(quota, sizeof(quota), "%" PRId64, l->cpu_quota_us < 0 ? -1 : l->cpu_quota_us);
	snprintf(period, sizeof(period), "%" PRIu64,
		 l->cpu_period_us ? l->cpu_period_us : (uint64_t)PERIOD_DEFAULT_US);
	if (l->has_cpu_burst && l->cpu_quota_us >= 0)
		/* An old burst may be larger than the new quota. */
		wabe_cgroup_v1_set(cgroup, "cpu", burst_file, "0");
	r = wabe_cgroup_v1_set(cgroup, "cpu", period_file, period);
	if (r == -EINVAL) {
		r = wabe_cgroup_v1_put(cgroup, "cpu", quota_file, quota, err);
		return r == 0 ? wabe_cgroup_v1_put(cgroup, "cpu", period_file, period, err) : r;
	}
	if ((r == -ENOENT || r == -ENOTSUP) && l->cpu_quota_us < 0)
		return 0;
	if (r < 0)
		return wabe_cgroup_explain_v1(cgroup, r, "cpu", period_file, period, err);
	return wabe_cgroup_v1_put(cgroup, "cpu", quota_file, quota, err);
}

static int limit_cpu(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
		     struct wabe_error *err)
{
	uint64_t shares = l->cpu_shares ? l->cpu_shares
					: wabe_cgroup_weight_to_shares(l->cpu_weight);
	bool is_idle = l->has_cpu_idle && l->cpu_idle;
	int r = 0;

	if (l->has_cpu_idle)
		r = wabe_cgroup_v1_putf(cgroup, err, "cpu", "cpu.idle", "%" PRId64, l->cpu_idle);
	if (r == 0 && l->has_cpu_weight && !is_idle)
		r = wabe_cgroup_v1_putf(cgroup, err, "cpu", "cpu.shares", "%" PRIu64, shares);
	if (r == 0 && l->has_cpu_max)
		r = limit_cpu_max(cgroup, l, err);
	if (r == 0 && l->has_cpu_burst)
		r = wabe_cgroup_v1_putf(cgroup, err, "cpu", "cpu.cfs_burst_us", "%" PRIu64,
					l->cpu_burst_us);
	if (r == 0 && l->cpuset_cpus)
		r = wabe_cgroup_v1_put(cgroup, "cpuset", "cpuset.cpus", l->cpuset_cpus, err);
	if (r == 0 && l->cpuset_mems)
		r = wabe_cgroup_v1_put(cgroup, "cpuset", "cpuset.mems", l->cpuset_mems, err);
	return r;
}

/* The weights were CFQ's, "blkio.weight"; today BFQ has them under its own name. */
static int put_weight(struct wabe_cgroup *cgroup, const char *device, uint64_t io_weight,
		      struct wabe_error *err)
{
	uint64_t weight = wabe_cgroup_io_to_blkio_weight(io_weight);
	const char *suffix = device ? "_device" : "";
	char file[48], value[64];
	int r;

	snprintf(value, sizeof(value), "%s%s%" PRIu64, device ? device : "", device ? " " : "",
		 weight);
	snprintf(file, sizeof(file), "blkio.weight%s", suffix);
	r = wabe_cgroup_v1_set(cgroup, "blkio", file, value);
	if (r == -ENOENT) {
		snprintf(file, sizeof(file), "blkio.bfq.weight%s", suffix);
		r = wabe_cgroup_v1_set(cgroup, "blkio", file, value);
	}
	return r < 0 ? wabe_cgroup_explain_v1(cgroup, r, "blkio", "blkio.weight", value, err) : 0;
}

static int put_rate(struct wabe_cgroup *cgroup, const char *kind, const char *device, uint64_t rate,
		    struct wabe_error *err)
{
	char file[48];

	if (rate == 0)
		return 0;
	snprintf(file, sizeof(file), "blkio.throttle.%s_device", kind);
	return wabe_cgroup_v1_putf(cgroup, err, "blkio", file, "%s %" PRIu64, device,
				   rate == UINT64_MAX ? 0 : rate); /* 0 takes the rule away */
}

static int limit_io(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
		    struct wabe_error *err)
{
	int r = l->has_io_weight ? put_weight(cgroup, NULL, l->io_weight, err) : 0;

	for (size_t i = 0; r == 0 && i < l->io.count; i++) {
		const struct wabe_cgroup_io_limit *io = &l->io.items[i];
		char device[32];

		snprintf(device, sizeof(device), "%" PRIu32 ":%" PRIu32, io->major, io->minor);
		r = put_rate(cgroup, "read_bps", device, io->rbps, err);
		if (r == 0)
			r = put_rate(cgroup, "write_bps", device, io->wbps, err);
		if (r == 0)
			r = put_rate(cgroup, "read_iops", device, io->riops, err);
		if (r == 0)
			r = put_rate(cgroup, "write_iops", device, io->wiops, err);
		if (r == 0 && io->weight)
			r = put_weight(cgroup, device, io->weight, err);
		if (r == 0 && io->leaf_weight)
			r = wabe_cgroup_v1_putf(cgroup, err, "blkio", "blkio.leaf_weight_device",
						"%s %" PRIu64, device, io->leaf_weight);
	}
	return r;
}

static int limit_rdma(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
		      struct wabe_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->rdma.count; i++) {
		char value[128];

		wabe_cgroup_rdma_text(&l->rdma.items[i], value, sizeof(value));
		r = wabe_cgroup_v1_put(cgroup, "rdma", "rdma.max", value, err);
	}
	return r;
}

static int limit_hugetlb(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
			 struct wabe_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->hugetlb.count; i++) {
		char file[64];

		snprintf(file, sizeof(file), "hugetlb.%s.limit_in_bytes",
			 l->hugetlb.items[i].page_size);
		r = wabe_cgroup_v1_putf(cgroup, err, "hugetlb", file, "%" PRIu64,
					l->hugetlb.items[i].limit_bytes);
	}
	return r;
}

static bool is_in_v2(struct wabe_cgroup *cgroup, const char *v1_name, const char *v2_name)
{
	return wabe_cgroup_v1_dir(cgroup, v1_name) == -ENOTSUP &&
	       wabe_cgroup_v2_ops.has(cgroup, v2_name);
}

/*
 * Move from @l to @v2 what belongs to controllers that v1 has not taken; returns whether that is
 * anything.
 */
static bool split(struct wabe_cgroup *cgroup, struct wabe_cgroup_limits *l,
		  struct wabe_cgroup_limits *v2)
{
#define MOVE(member) \
	(v2->member = l->member, memset(&l->member, 0, sizeof(l->member)), is_moved = true)
	bool is_moved = false;

	memset(v2, 0, sizeof(*v2));
	if ((l->has_memory_max || l->has_memory_swap_max || l->has_memory_low ||
	     l->has_memory_high) &&
	    is_in_v2(cgroup, "memory", "memory")) {
		MOVE(has_memory_max), MOVE(has_memory_swap_max), MOVE(has_memory_low),
			MOVE(has_memory_high);
		MOVE(memory_max_bytes), MOVE(memory_swap_max_bytes), MOVE(memory_low_bytes),
			MOVE(memory_high_bytes);
	}
	if ((l->has_cpu_weight || l->has_cpu_max || l->has_cpu_burst || l->has_cpu_idle) &&
	    is_in_v2(cgroup, "cpu", "cpu")) {
		MOVE(has_cpu_weight), MOVE(has_cpu_max), MOVE(has_cpu_burst), MOVE(has_cpu_idle);
		MOVE(cpu_weight), MOVE(cpu_quota_us), MOVE(cpu_period_us), MOVE(cpu_burst_us),
			MOVE(cpu_idle);
	}
	if ((l->cpuset_cpus || l->cpuset_mems) && is_in_v2(cgroup, "cpuset", "cpuset"))
		MOVE(cpuset_cpus), MOVE(cpuset_mems);
	if (l->has_pids_max && is_in_v2(cgroup, "pids", "pids"))
		MOVE(has_pids_max), MOVE(pids_max);
	if ((l->has_io_weight || l->io.count) && is_in_v2(cgroup, "blkio", "io"))
		MOVE(has_io_weight), MOVE(io_weight), MOVE(io);
	if (l->hugetlb.count && is_in_v2(cgroup, "hugetlb", "hugetlb"))
		MOVE(hugetlb);
	if (l->rdma.count && is_in_v2(cgroup, "rdma", "rdma"))
		MOVE(rdma);
#undef MOVE
	return is_moved;
}

int wabe_cgroup_v1_limit(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *limits,
			 struct wabe_error *err)
{
	struct wabe_cgroup_limits l = *limits, v2;
	int r;

	if (l.unified_count)
		return wabe_error_say(err, -ENOTSUP, "unified %s: the host's limits are cgroup v1",
				      l.unified[0].file);
	if (cgroup->root_fd >= 0 && split(cgroup, &l, &v2)) {
		r = wabe_cgroup_dir_fd(cgroup, err);
		if (r < 0)
			return r;
		/* Not at create: it changes the host's tree, and mostly v1 has all of them. */
		wabe_cgroup_v2_enable(cgroup);
		r = wabe_cgroup_v2_limit(cgroup, &v2, err);
		if (r < 0)
			return r;
	}
	r = limit_memory(cgroup, &l, err);
	if (r == 0)
		r = limit_cpu(cgroup, &l, err);
	if (r == 0 && l.has_pids_max)
		r = put_max(cgroup, "pids", "pids.max", l.pids_max, "max", err);
	if (r == 0)
		r = limit_io(cgroup, &l, err);
	if (r == 0)
		r = limit_hugetlb(cgroup, &l, err);
	if (r == 0)
		r = limit_rdma(cgroup, &l, err);
	return r == 0 ? wabe_cgroup_v1_limit_only(cgroup, &l.v1, err) : r;
}
