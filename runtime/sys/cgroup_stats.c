// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/cgroup: counters of both kinds of hierarchies; see cgroup_internal.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/cgroup_internal.h"

/* Where one number of a file goes; the destination stays UINT64_MAX when it is not there. */
struct number {
	const char *file;
	const char *key; /* NULL: the file is one number */
	size_t offset;
};

static uint64_t *member(struct wabe_cgroup_stats *stats, size_t offset)
{
	return (uint64_t *)(void *)((char *)stats + offset);
}

static bool is_wanted(unsigned int wanted, const struct number *row)
{
	return wanted & 1u << (row->offset / sizeof(uint64_t));
}

/* Rows of one file stand together, it is read once. */
static void read_numbers(int dir_fd, const struct number *rows, size_t count, unsigned int wanted,
			 struct wabe_cgroup_stats *stats)
{
	char text[8192]; /* memory.stat is the longest one */
	const char *read = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!is_wanted(wanted, &rows[i]))
			continue;
		if (!rows[i].key) {
			wabe_cgroup_file_u64(dir_fd, rows[i].file, member(stats, rows[i].offset));
			continue;
		}
		if (read != rows[i].file &&
		    wabe_cgroup_file_read(dir_fd, rows[i].file, text, sizeof(text)) < 0)
			text[0] = '\0';
		read = rows[i].file;
		wabe_cgroup_text_u64(text, rows[i].key, member(stats, rows[i].offset));
	}
}

/*
 * One counter whose file is by itself, as a list of many guests asks for, costs one open(2) and no directory. False: nothing was
 * read, also when the cgroup is gone.
 * @controller: of v1, NULL: the cgroup2 tree
 */
static bool read_alone(struct wabe_cgroup *cgroup, const char *controller,
		       const struct number *rows, size_t count, unsigned int wanted,
		       struct wabe_cgroup_stats *stats)
{
	const struct number *row = NULL;
	char text[32];
	int r;

	for (size_t i = 0; i < count; i++) {
		if (!is_wanted(wanted, &rows[i]))
			continue;
		if (row || rows[i].key)
			return false;
		row = &rows[i];
	}
	if (!row)
		return false;
	r = controller ? wabe_cgroup_v1_read(cgroup, controller, row->file, text, sizeof(text))
		       : wabe_cgroup_v2_read(cgroup, row->file, text, sizeof(text));
	if (r >= 0)
		wabe_cgroup_text_number(text, member(stats, row->offset));
	return r >= 0;
}

#define AT(field) offsetof(struct wabe_cgroup_stats, field)

static int read_v2(struct wabe_cgroup *cgroup, unsigned int wanted, struct wabe_cgroup_stats *stats,
		   struct wabe_error *err)
{
	static const char events[] = "memory.events", cpu[] = "cpu.stat", pids[] = "pids.events",
			  memory[] = "memory.stat", swap[] = "memory.swap.events";
	static const struct number rows[] = {
		{ "memory.current", NULL, AT(memory_bytes) },
		{ "memory.peak", NULL, AT(memory_peak_bytes) },
		{ "memory.max", NULL, AT(memory_max_bytes) },
		{ events, "max", AT(memory_failcnt) },
		{ events, "oom_kill", AT(oom_kills) },
		{ "memory.swap.current", NULL, AT(swap_bytes) },
		{ "memory.swap.max", NULL, AT(swap_max_bytes) },
		{ cpu, "usage_usec", AT(cpu_usage_us) },
		{ cpu, "user_usec", AT(cpu_user_us) },
		{ cpu, "system_usec", AT(cpu_system_us) },
		{ cpu, "nr_periods", AT(cpu_nr_periods) },
		{ cpu, "nr_throttled", AT(cpu_nr_throttled) },
		{ cpu, "throttled_usec", AT(cpu_throttled_us) },
		{ "pids.current", NULL, AT(pids) },
		{ "pids.max", NULL, AT(pids_max) },
		{ pids, "max", AT(pids_failcnt) },
		{ "pids.peak", NULL, AT(pids_peak) },
		{ memory, "kernel", AT(kernel_bytes) },
		{ memory, "slab_reclaimable", AT(reclaimable_bytes) },
		{ memory, "shmem", AT(shmem_bytes) },
		{ memory, "unevictable", AT(locked_bytes) },
		{ "memory.swap.peak", NULL, AT(swap_peak_bytes) },
		{ swap, "max", AT(swap_failcnt) },
	};
	int dir_fd;

	if (read_alone(cgroup, NULL, rows, ARRAY_SIZE(rows), wanted, stats))
		return 0;
	dir_fd = wabe_cgroup_dir_fd(cgroup, err);
	if (dir_fd < 0)
		return dir_fd;
	read_numbers(dir_fd, rows, ARRAY_SIZE(rows), wanted, stats);
	return 0;
}

int wabe_cgroup_v2_stats(struct wabe_cgroup *cgroup, unsigned int wanted,
			 struct wabe_cgroup_stats *ret_stats, struct wabe_error *err)
{
	struct wabe_cgroup_stats stats;
	int r;

	memset(&stats, 0xff, sizeof(stats));
	r = read_v2(cgroup, wanted, &stats, err);
	if (r == 0)
		*ret_stats = stats;
	return r;
}

static void scale(uint64_t *value, uint64_t multiply, uint64_t divide)
{
	if (*value != UINT64_MAX)
		*value = *value / divide * multiply;
}

#define MEMORY                                                                   \
	(WABE_CGROUP_STAT(memory_bytes) | WABE_CGROUP_STAT(memory_peak_bytes) |  \
	 WABE_CGROUP_STAT(memory_max_bytes) | WABE_CGROUP_STAT(memory_failcnt) | \
	 WABE_CGROUP_STAT(oom_kills) | WABE_CGROUP_STAT(swap_bytes) |            \
	 WABE_CGROUP_STAT(swap_max_bytes) | WABE_CGROUP_STAT(kernel_bytes) |     \
	 WABE_CGROUP_STAT(reclaimable_bytes) | WABE_CGROUP_STAT(shmem_bytes) |   \
	 WABE_CGROUP_STAT(locked_bytes) | WABE_CGROUP_STAT(swap_peak_bytes) |    \
	 WABE_CGROUP_STAT(swap_failcnt))
#define CPUACCT                                                           \
	(WABE_CGROUP_STAT(cpu_usage_us) | WABE_CGROUP_STAT(cpu_user_us) | \
	 WABE_CGROUP_STAT(cpu_system_us))
#define CPU                                                                      \
	(WABE_CGROUP_STAT(cpu_throttled_us) | WABE_CGROUP_STAT(cpu_nr_periods) | \
	 WABE_CGROUP_STAT(cpu_nr_throttled))
#define PIDS                                                                                    \
	(WABE_CGROUP_STAT(pids) | WABE_CGROUP_STAT(pids_max) | WABE_CGROUP_STAT(pids_failcnt) | \
	 WABE_CGROUP_STAT(pids_peak))

/* Memory and swap are counted together: swap alone is the difference. */
static void v1_swap(int dir_fd, unsigned int wanted, struct wabe_cgroup_stats *stats)
{
	uint64_t both, both_max;

	if (wanted & WABE_CGROUP_STAT(swap_bytes) && stats->memory_bytes != UINT64_MAX &&
	    wabe_cgroup_file_u64(dir_fd, "memory.memsw.usage_in_bytes", &both) == 0)
		stats->swap_bytes = both > stats->memory_bytes ? both - stats->memory_bytes : 0;
	if (wanted & WABE_CGROUP_STAT(swap_max_bytes) && stats->memory_max_bytes != UINT64_MAX &&
	    wabe_cgroup_file_u64(dir_fd, "memory.memsw.limit_in_bytes", &both_max) == 0 &&
	    both_max < WABE_CGROUP_V1_UNLIMITED)
		stats->swap_max_bytes = both_max - stats->memory_max_bytes;
}

static void v1_memory(int dir_fd, unsigned int wanted, struct wabe_cgroup_stats *stats)
{
	static const char memory[] = "memory.stat";
	static const struct number rows[] = {
		{ "memory.usage_in_bytes", NULL, AT(memory_bytes) },
		{ "memory.max_usage_in_bytes", NULL, AT(memory_peak_bytes) },
		{ "memory.limit_in_bytes", NULL, AT(memory_max_bytes) },
		{ "memory.failcnt", NULL, AT(memory_failcnt) },
		{ "memory.oom_control", "oom_kill", AT(oom_kills) },
		{ "memory.kmem.usage_in_bytes", NULL, AT(kernel_bytes) },
		{ memory, "total_shmem", AT(shmem_bytes) },
		{ memory, "total_unevictable", AT(locked_bytes) },
	};
	unsigned int read = wanted;
	uint64_t both_failcnt;

	if (wanted & WABE_CGROUP_STAT(swap_bytes))
		read |= WABE_CGROUP_STAT(memory_bytes);
	if (wanted & WABE_CGROUP_STAT(swap_max_bytes))
		read |= WABE_CGROUP_STAT(memory_max_bytes);
	read_numbers(dir_fd, rows, ARRAY_SIZE(rows), read, stats);
	if (stats->memory_max_bytes >= WABE_CGROUP_V1_UNLIMITED)
		stats->memory_max_bytes = UINT64_MAX;
	v1_swap(dir_fd, wanted, stats);
	if (!(wanted & WABE_CGROUP_STAT(memory_bytes)))
		stats->memory_bytes = UINT64_MAX;
	if (!(wanted & WABE_CGROUP_STAT(memory_max_bytes)))
		stats->memory_max_bytes = UINT64_MAX;
	/*
	 * With no swap allowed both limits are equal, and the one that is charged first counts the
	 * failure.
	 */
	if (stats->memory_failcnt != UINT64_MAX &&
	    wabe_cgroup_file_u64(dir_fd, "memory.memsw.failcnt", &both_failcnt) == 0)
		stats->memory_failcnt += both_failcnt;
}

/*
 * cpuacct counts in nanoseconds, its split by mode in clock ticks where the files in nanoseconds
 * are missing.
 */
static void v1_cpuacct(int dir_fd, unsigned int wanted, struct wabe_cgroup_stats *stats)
{
	static const char ticks[] = "cpuacct.stat";
	static const struct number ns_rows[] = {
		{ "cpuacct.usage", NULL, AT(cpu_usage_us) },
		{ "cpuacct.usage_user", NULL, AT(cpu_user_us) },
		{ "cpuacct.usage_sys", NULL, AT(cpu_system_us) },
	};
	static const struct number tick_rows[] = {
		{ ticks, "user", AT(cpu_user_us) },
		{ ticks, "system", AT(cpu_system_us) },
	};

	read_numbers(dir_fd, ns_rows, ARRAY_SIZE(ns_rows), wanted, stats);
	scale(&stats->cpu_usage_us, 1, 1000);
	scale(&stats->cpu_user_us, 1, 1000);
	scale(&stats->cpu_system_us, 1, 1000);
	if (stats->cpu_user_us != UINT64_MAX && stats->cpu_system_us != UINT64_MAX)
		return;
	read_numbers(dir_fd, tick_rows, ARRAY_SIZE(tick_rows), wanted, stats);
	scale(&stats->cpu_user_us, 1000000 / (uint64_t)sysconf(_SC_CLK_TCK), 1);
	scale(&stats->cpu_system_us, 1000000 / (uint64_t)sysconf(_SC_CLK_TCK), 1);
}

static void v1_cpu(int dir_fd, unsigned int wanted, struct wabe_cgroup_stats *stats)
{
	static const char cpu[] = "cpu.stat";
	static const struct number rows[] = {
		{ cpu, "nr_periods", AT(cpu_nr_periods) },
		{ cpu, "nr_throttled", AT(cpu_nr_throttled) },
		{ cpu, "throttled_time", AT(cpu_throttled_us) }, /* ns */
	};

	read_numbers(dir_fd, rows, ARRAY_SIZE(rows), wanted, stats);
	scale(&stats->cpu_throttled_us, 1, 1000);
}

static const struct number v1_pids_rows[] = {
	{ "pids.current", NULL, AT(pids) },
	{ "pids.max", NULL, AT(pids_max) },
	{ "pids.events", "max", AT(pids_failcnt) },
	{ "pids.peak", NULL, AT(pids_peak) },
};

static void v1_pids(int dir_fd, unsigned int wanted, struct wabe_cgroup_stats *stats)
{
	read_numbers(dir_fd, v1_pids_rows, ARRAY_SIZE(v1_pids_rows), wanted, stats);
}

/* What v1's controllers count, and for the rest a hybrid host's cgroup2 tree. */
int wabe_cgroup_v1_stats(struct wabe_cgroup *cgroup, unsigned int wanted,
			 struct wabe_cgroup_stats *ret_stats, struct wabe_error *err)
{
	static const struct {
		const char *controller;
		unsigned int members;
		void (*read)(int dir_fd, unsigned int wanted, struct wabe_cgroup_stats *stats);
	} parts[] = { { "memory", MEMORY, v1_memory },
		      { "cpuacct", CPUACCT, v1_cpuacct },
		      { "cpu", CPU, v1_cpu },
		      { "pids", PIDS, v1_pids } };
	struct wabe_cgroup_stats stats;
	int r = 0;

	memset(&stats, 0xff, sizeof(stats));
	if (read_alone(cgroup, "pids", v1_pids_rows, ARRAY_SIZE(v1_pids_rows), wanted & PIDS,
		       &stats))
		wanted &= ~PIDS;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int dir_fd;

		if (!(wanted & parts[i].members))
			continue;
		dir_fd = wabe_cgroup_v1_dir(cgroup, parts[i].controller);
		if (dir_fd == -ENOTSUP)
			continue;
		if (dir_fd < 0)
			return wabe_error_set(err, dir_fd, "open cgroup %s of %s", cgroup->path,
					      parts[i].controller);
		parts[i].read(dir_fd, wanted & parts[i].members, &stats);
		wanted &= ~parts[i].members;
	}
	if (wanted && cgroup->root_fd >= 0)
		r = read_v2(cgroup, wanted, &stats, err);
	if (r == 0)
		*ret_stats = stats;
	return r;
}
