// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: limits of the cgroup2 tree; see cgroup_internal.h. Files, ranges and defaults:
 * cgroup-v2.rst, "Controllers".
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/range.h"
#include "sys/cgroup_internal.h"

#define PERIOD_DEFAULT_US 100000

static bool in_range(uint64_t value, uint64_t min, uint64_t max)
{
	return value >= min && value <= max;
}

static int check_cpu(const struct wabe_cgroup_limits *l, struct wabe_error *err)
{
	if (l->has_cpu_weight && !in_range(l->cpu_weight, WABE_CPU_WEIGHT_MIN, WABE_CPU_WEIGHT_MAX))
		return wabe_error_say(err, -ERANGE, "cpu weight %" PRIu64 ": the range is 1..10000",
				      l->cpu_weight);
	if (l->has_cpu_weight && l->cpu_shares &&
	    !in_range(l->cpu_shares, WABE_CPU_SHARES_MIN, WABE_CPU_SHARES_MAX))
		return wabe_error_say(err, -ERANGE,
				      "cpu shares %" PRIu64 ": the range is 2..262144",
				      l->cpu_shares);
	if (l->has_cpu_max && l->cpu_quota_us >= 0 && l->cpu_quota_us < WABE_CPU_QUOTA_MIN_US)
		return wabe_error_say(err, -ERANGE, "cpu quota %" PRId64 " us: the least is %d us",
				      l->cpu_quota_us, WABE_CPU_QUOTA_MIN_US);
	if (l->has_cpu_max && l->cpu_period_us &&
	    !in_range(l->cpu_period_us, WABE_CPU_PERIOD_MIN_US, WABE_CPU_PERIOD_MAX_US))
		return wabe_error_say(err, -ERANGE,
				      "cpu period %" PRIu64 " us: the range is %d..%d us",
				      l->cpu_period_us, WABE_CPU_PERIOD_MIN_US,
				      WABE_CPU_PERIOD_MAX_US);
	if (l->has_cpu_max && l->cpu_quota_us >= 0 && l->has_cpu_burst &&
	    l->cpu_burst_us > (uint64_t)l->cpu_quota_us)
		return wabe_error_say(err, -EINVAL,
				      "cpu burst %" PRIu64
				      " us: it can't be larger than the quota, %" PRId64 " us",
				      l->cpu_burst_us, l->cpu_quota_us);
	if (l->has_cpu_idle && l->cpu_idle != 0 && l->cpu_idle != 1)
		return wabe_error_say(err, -ERANGE, "cpu idle %" PRId64 ": 0 or 1", l->cpu_idle);
	return 0;
}

/* These become parts of file names. */
static int check_names(const struct wabe_cgroup_limits *l, struct wabe_error *err)
{
	for (size_t i = 0; i < l->hugetlb.count; i++)
		if (!*l->hugetlb.items[i].page_size || strlen(l->hugetlb.items[i].page_size) > 16 ||
		    strspn(l->hugetlb.items[i].page_size, "0123456789KMGB") !=
			    strlen(l->hugetlb.items[i].page_size))
			return wabe_error_say(err, -EINVAL,
					      "huge page size \"%.32s\": not of the form 2MB",
					      l->hugetlb.items[i].page_size);
	for (size_t i = 0; i < l->unified_count; i++)
		if (!strchr(l->unified[i].file, '.') || l->unified[i].file[0] == '.' ||
		    strchr(l->unified[i].file, '/') || strlen(l->unified[i].file) > NAME_MAX)
			return wabe_error_say(err, -EINVAL,
					      "unified \"%.64s\": no name of a cgroup file",
					      l->unified[i].file);
	return 0;
}

int wabe_cgroup_limits_check(const struct wabe_cgroup_limits *l, struct wabe_error *err)
{
	int r = check_cpu(l, err);

	if (r < 0)
		return r;
	if (l->has_io_weight && !in_range(l->io_weight, WABE_CPU_WEIGHT_MIN, WABE_CPU_WEIGHT_MAX))
		return wabe_error_say(err, -ERANGE, "io weight %" PRIu64 ": the range is 1..10000",
				      l->io_weight);
	for (size_t i = 0; i < l->io.count; i++)
		if (l->io.items[i].weight > WABE_CPU_WEIGHT_MAX)
			return wabe_error_say(err, -ERANGE,
					      "io weight %" PRIu64 " of device %" PRIu32 ":%" PRIu32
					      ": the range is 1..10000",
					      l->io.items[i].weight, l->io.items[i].major,
					      l->io.items[i].minor);
	return check_names(l, err);
}

static int put(struct wabe_cgroup *cgroup, const char *file, const char *value,
	       struct wabe_error *err)
{
	int r = wabe_cgroup_file_write(cgroup->dir_fd, file, value);

	return r < 0 ? wabe_cgroup_explain_v2(cgroup, r, file, value, err) : 0;
}

__attribute__((format(printf, 4, 5))) static int
putf(struct wabe_cgroup *cgroup, struct wabe_error *err, const char *file, const char *fmt, ...)
{
	char value[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	return put(cgroup, file, value, err);
}

/* @value < 0: no limit, which is what a host without the file has anyway. */
static int put_max(struct wabe_cgroup *cgroup, const char *file, int64_t value,
		   struct wabe_error *err)
{
	int r;

	if (value >= 0)
		return putf(cgroup, err, file, "%" PRId64, value);
	r = wabe_cgroup_file_write(cgroup->dir_fd, file, "max");
	return r < 0 && r != -ENOENT ? wabe_cgroup_explain_v2(cgroup, r, file, "max", err) : 0;
}

static int limit_memory(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
			struct wabe_error *err)
{
	int r = 0;

	if (l->has_memory_low)
		r = put_max(cgroup, "memory.low", l->memory_low_bytes, err);
	if (r == 0 && l->has_memory_high)
		r = put_max(cgroup, "memory.high", l->memory_high_bytes, err);
	/* Swap first: lowering memory.max may have to push something out. */
	if (r == 0 && l->has_memory_swap_max)
		r = put_max(cgroup, "memory.swap.max", l->memory_swap_max_bytes, err);
	if (r == 0 && l->has_memory_max)
		r = put_max(cgroup, "memory.max", l->memory_max_bytes, err);
	return r;
}

static int limit_cpu_max(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
			 struct wabe_error *err)
{
	uint64_t period_us = l->cpu_period_us ? l->cpu_period_us : PERIOD_DEFAULT_US;
	char value[64];
	int r;

	if (l->cpu_quota_us < 0)
		snprintf(value, sizeof(value), "max %" PRIu64, period_us);
	else
		snprintf(value, sizeof(value), "%" PRId64 " %" PRIu64, l->cpu_quota_us, period_us);
	r = wabe_cgroup_file_write(cgroup->dir_fd, "cpu.max", value);
	/*
	 * A burst larger than the quota is refused, so the old burst may be in the way of the new
	 * quota.
	 */
	if (r == -EINVAL && l->has_cpu_burst &&
	    wabe_cgroup_file_write(cgroup->dir_fd, "cpu.max.burst", "0") == 0)
		r = wabe_cgroup_file_write(cgroup->dir_fd, "cpu.max", value);
	if (r == -ENOENT && l->cpu_quota_us < 0)
		return 0;
	return r < 0 ? wabe_cgroup_explain_v2(cgroup, r, "cpu.max", value, err) : 0;
}

static int limit_cpu(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
		     struct wabe_error *err)
{
	bool is_idle = l->has_cpu_idle && l->cpu_idle;
	int r = 0;

	/*
	 * An idle cgroup refuses a weight, and loses it when it leaves that state: idle before
	 * weight, and instead of it.
	 */
	if (l->has_cpu_idle)
		r = putf(cgroup, err, "cpu.idle", "%" PRId64, l->cpu_idle);
	if (r == 0 && l->has_cpu_weight && !is_idle)
		r = putf(cgroup, err, "cpu.weight", "%" PRIu64, l->cpu_weight);
	if (r == 0 && l->has_cpu_max)
		r = limit_cpu_max(cgroup, l, err);
	if (r == 0 && l->has_cpu_burst)
		r = putf(cgroup, err, "cpu.max.burst", "%" PRIu64, l->cpu_burst_us);
	if (r == 0 && l->cpuset_cpus)
		r = put(cgroup, "cpuset.cpus", l->cpuset_cpus, err);
	if (r == 0 && l->cpuset_mems)
		r = put(cgroup, "cpuset.mems", l->cpuset_mems, err);
	return r;
}

/*
 * io.weight is there with CONFIG_BLK_CGROUP_IOCOST, io.bfq.weight (1..1000, default 100:
 * bfq-iosched.rst) with BFQ's group scheduling; the cgroup that has neither can't weigh. @device is
 * "default" or "8:0".
 */
static int put_io_weight(struct wabe_cgroup *cgroup, const char *device, uint64_t weight,
			 struct wabe_error *err)
{
	char value[64];
	int r;

	snprintf(value, sizeof(value), "%s %" PRIu64, device, weight);
	r = wabe_cgroup_file_write(cgroup->dir_fd, "io.weight", value);
	if (r == -ENOENT) {
		snprintf(value, sizeof(value), "%s %" PRIu64, device,
			 wabe_cgroup_io_to_blkio_weight(weight));
		r = wabe_cgroup_file_write(cgroup->dir_fd, "io.bfq.weight", value);
	}
	return r < 0 ? wabe_cgroup_explain_v2(cgroup, r, "io.weight", value, err) : 0;
}

static void add_rate(char *text, size_t room, const char *key, uint64_t value)
{
	size_t at = strlen(text);

	if (value == UINT64_MAX)
		snprintf(text + at, room - at, " %s=max", key);
	else if (value)
		snprintf(text + at, room - at, " %s=%" PRIu64, key, value);
}

static bool is_rate(uint64_t value)
{
	return value && value != UINT64_MAX;
}

/* To have no limit is what a kernel without CONFIG_BLK_DEV_THROTTLING offers: as put_max(). */
static int put_io_max(struct wabe_cgroup *cgroup, const char *device,
		      const struct wabe_cgroup_io_limit *io, struct wabe_error *err)
{
	bool is_limit = is_rate(io->rbps) || is_rate(io->wbps) || is_rate(io->riops) ||
			is_rate(io->wiops);
	char rates[160] = "", value[192];
	int r;

	add_rate(rates, sizeof(rates), "rbps", io->rbps);
	add_rate(rates, sizeof(rates), "wbps", io->wbps);
	add_rate(rates, sizeof(rates), "riops", io->riops);
	add_rate(rates, sizeof(rates), "wiops", io->wiops);
	if (!*rates)
		return 0;
	snprintf(value, sizeof(value), "%s%s", device, rates);
	r = wabe_cgroup_file_write(cgroup->dir_fd, "io.max", value);
	return r < 0 && (is_limit || r != -ENOENT)
		       ? wabe_cgroup_explain_v2(cgroup, r, "io.max", value, err)
		       : 0;
}

static int limit_io(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
		    struct wabe_error *err)
{
	int r = l->has_io_weight ? put_io_weight(cgroup, "default", l->io_weight, err) : 0;

	for (size_t i = 0; r == 0 && i < l->io.count; i++) {
		const struct wabe_cgroup_io_limit *io = &l->io.items[i];
		char device[32];

		snprintf(device, sizeof(device), "%" PRIu32 ":%" PRIu32, io->major, io->minor);
		r = put_io_max(cgroup, device, io, err);
		if (r == 0 && io->weight)
			r = put_io_weight(cgroup, device, io->weight, err);
	}
	return r;
}

static int limit_hugetlb(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
			 struct wabe_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->hugetlb.count; i++) {
		char file[64];

		snprintf(file, sizeof(file), "hugetlb.%s.max", l->hugetlb.items[i].page_size);
		r = putf(cgroup, err, file, "%" PRIu64, l->hugetlb.items[i].limit_bytes);
	}
	return r;
}

void wabe_cgroup_rdma_text(const struct wabe_cgroup_rdma *rdma, char *text, size_t room)
{
	size_t at = (size_t)snprintf(text, room, "%s", rdma->device);

	if (rdma->hca_handles != UINT64_MAX && at < room)
		at += (size_t)snprintf(text + at, room - at, " hca_handle=%" PRIu64,
				       rdma->hca_handles);
	if (rdma->hca_objects != UINT64_MAX && at < room)
		snprintf(text + at, room - at, " hca_object=%" PRIu64, rdma->hca_objects);
}

static int limit_rdma(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
		      struct wabe_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->rdma.count; i++) {
		char value[128];

		wabe_cgroup_rdma_text(&l->rdma.items[i], value, sizeof(value));
		r = put(cgroup, "rdma.max", value, err);
	}
	return r;
}

static int limit_unified(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
			 struct wabe_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->unified_count; i++)
		r = put(cgroup, l->unified[i].file, l->unified[i].value, err);
	return r;
}

int wabe_cgroup_v2_limit(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *l,
			 struct wabe_error *err)
{
	int r = wabe_cgroup_dir_fd(cgroup, err);

	if (r < 0)
		return r;
	r = wabe_cgroup_v2_refuse_v1(l, err);
	if (r == 0)
		r = limit_memory(cgroup, l, err);
	if (r == 0)
		r = limit_cpu(cgroup, l, err);
	if (r == 0 && l->has_pids_max)
		r = put_max(cgroup, "pids.max", l->pids_max, err);
	if (r == 0)
		r = limit_io(cgroup, l, err);
	if (r == 0)
		r = limit_hugetlb(cgroup, l, err);
	if (r == 0)
		r = limit_rdma(cgroup, l, err);
	return r == 0 ? limit_unified(cgroup, l, err) : r;
}
