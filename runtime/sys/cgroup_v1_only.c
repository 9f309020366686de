// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: limits that v1 alone has; see cgroup_internal.h. Sources: the kernel's
 * Documentation/admin-guide/cgroup-v1/ (memory.rst, net_cls.rst, net_prio.rst),
 * scheduler/sched-rt-group.rst.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/cgroup_internal.h"

/* The default is written only over another value: engines send it with each container. */
static int limit_oom(struct wabe_cgroup *cgroup, const struct wabe_cgroup_v1_limits *l,
		     struct wabe_error *err)
{
	int dir_fd = wabe_cgroup_v1_dir(cgroup, "memory");
	char text[WABE_CGROUP_TEXT_MAX];
	uint64_t is_disabled = 0;

	if (!l->oom_kill_disable) {
		if (dir_fd < 0 ||
		    wabe_cgroup_file_read(dir_fd, "memory.oom_control", text, sizeof(text)) < 0)
			return 0;
		wabe_cgroup_text_u64(text, "oom_kill_disable", &is_disabled);
		if (!is_disabled)
			return 0;
	}
	return wabe_cgroup_v1_put(cgroup, "memory", "memory.oom_control",
				  l->oom_kill_disable ? "1" : "0", err);
}

/*
 * Since Linux 6.7 the kernel takes every value and limits nothing, before that since 5.16 it takes
 * none: what it says afterwards counts.
 */
static int limit_kernel(struct wabe_cgroup *cgroup, const char *file, int64_t bytes,
			struct wabe_error *err)
{
	int dir_fd = wabe_cgroup_v1_dir(cgroup, "memory"), r;
	uint64_t held;

	if (bytes == 0 || (bytes < 0 && dir_fd < 0))
		return 0;
	r = wabe_cgroup_v1_putf(cgroup, err, "memory", file, "%" PRId64, bytes < 0 ? -1 : bytes);
	if (bytes < 0) {
		wabe_error_clear(err); /* nothing limits it where this can't be written */
		return 0;
	}
	if (r == 0 && wabe_cgroup_file_u64(dir_fd, file, &held) == 0 &&
	    held >= WABE_CGROUP_V1_UNLIMITED)
		r = -EOPNOTSUPP;
	return r == -EOPNOTSUPP ? wabe_error_say(err, -ENOTSUP,
						 "%s %" PRId64 ": this kernel has no such limit",
						 file, bytes)
				: r;
}

/* Each is checked with the other at each write: the other order may be the one that works. */
static int limit_realtime(struct wabe_cgroup *cgroup, const struct wabe_cgroup_v1_limits *l,
			  struct wabe_error *err)
{
	char period[32];
	int r = 0;

	snprintf(period, sizeof(period), "%" PRIu64, l->rt_period_us);
	if (l->rt_period_us)
		r = wabe_cgroup_v1_set(cgroup, "cpu", "cpu.rt_period_us", period);
	if (r < 0 && (r != -EINVAL || l->rt_runtime_us == 0))
		return wabe_cgroup_explain_v1(cgroup, r, "cpu", "cpu.rt_period_us", period, err);
	if (l->rt_runtime_us) {
		int written = wabe_cgroup_v1_putf(cgroup, err, "cpu", "cpu.rt_runtime_us",
						  "%" PRId64, l->rt_runtime_us);

		if (written < 0)
			return written;
	}
	return r < 0 ? wabe_cgroup_v1_put(cgroup, "cpu", "cpu.rt_period_us", period, err) : 0;
}

static int limit_network(struct wabe_cgroup *cgroup, const struct wabe_cgroup_v1_limits *l,
			 struct wabe_error *err)
{
	int r = 0;

	if (l->has_class_id)
		r = wabe_cgroup_v1_putf(cgroup, err, "net_cls", "net_cls.classid", "%" PRIu32,
					l->class_id);
	for (size_t i = 0; r == 0 && i < l->priority_count; i++)
		r = wabe_cgroup_v1_putf(cgroup, err, "net_prio", "net_prio.ifpriomap",
					"%s %" PRIu32, l->priorities[i].interface,
					l->priorities[i].priority);
	return r;
}

int wabe_cgroup_v1_limit_only(struct wabe_cgroup *cgroup, const struct wabe_cgroup_v1_limits *l,
			      struct wabe_error *err)
{
	int r = 0;

	if (l->has_swappiness)
		r = wabe_cgroup_v1_putf(cgroup, err, "memory", "memory.swappiness", "%" PRIu64,
					l->swappiness);
	if (r == 0 && l->has_oom_kill_disable)
		r = limit_oom(cgroup, l, err);
	if (r == 0)
		r = limit_kernel(cgroup, "memory.kmem.limit_in_bytes", l->kernel_bytes, err);
	if (r == 0)
		r = limit_kernel(cgroup, "memory.kmem.tcp.limit_in_bytes", l->kernel_tcp_bytes,
				 err);
	if (r == 0)
		r = limit_realtime(cgroup, l, err);
	if (r == 0 && l->blkio_leaf_weight)
		r = wabe_cgroup_v1_putf(cgroup, err, "blkio", "blkio.leaf_weight", "%" PRIu64,
					l->blkio_leaf_weight);
	return r == 0 ? limit_network(cgroup, l, err) : r;
}

int wabe_cgroup_v2_refuse_v1(const struct wabe_cgroup_limits *limits, struct wabe_error *err)
{
	const struct wabe_cgroup_v1_limits *l = &limits->v1;
	bool has_leaf_device = false;

	for (size_t i = 0; i < limits->io.count; i++)
		has_leaf_device |= limits->io.items[i].leaf_weight != 0;
	const struct {
		bool is_asked;
		const char *name; /* in config-linux.md */
	} rows[] = {
		{ l->has_swappiness, "memory.swappiness" },
		{ l->has_oom_kill_disable && l->oom_kill_disable, "memory.disableOOMKiller" },
		{ l->kernel_bytes > 0, "memory.kernel" },
		{ l->kernel_tcp_bytes > 0, "memory.kernelTCP" },
		{ l->rt_period_us != 0, "cpu.realtimePeriod" },
		{ l->rt_runtime_us != 0, "cpu.realtimeRuntime" },
		{ l->blkio_leaf_weight != 0, "blockIO.leafWeight" },
		{ has_leaf_device, "blockIO.weightDevice[].leafWeight" },
		{ l->has_class_id, "network.classID" },
		{ l->priority_count > 0, "network.priorities" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].is_asked)
			return wabe_error_say(
				err, -ENOTSUP,
				"%s: only cgroup v1 has it, this host's limits are cgroup v2",
				rows[i].name);
	return 0;
}
