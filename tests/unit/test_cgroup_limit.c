// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup with real cgroups: limits are set, held by the kernel, counted, and refused with the
 * reason.
 */
#include <dirent.h>

#include "cgroup_live.h"

static void expect_limit(struct live *live, struct wabe_cgroup *cgroup, const char *controller,
			 const char *what, const struct wabe_cgroup_limits *limits)
{
	struct wabe_error err = WABE_ERROR_INIT;
	int r = wabe_cgroup_limit(cgroup, limits, &err);

	if (wabe_cgroup_has(cgroup, controller)) {
		tap_int(live->t, r, 0, "%s: limit %s %s", live->mode, what, err.text);
		return;
	}
	tap_int(live->t, r, -ENOTSUP, "%s: limit %s without its controller", live->mode, what);
	tap_has(live->t, err.text, "controller is not available on this host",
		"%s: limit %s: the error says so", live->mode, what);
}

static void expect_refused(struct live *live, struct wabe_cgroup *cgroup, const char *controller,
			   const char *part, const struct wabe_cgroup_limits *limits)
{
	struct wabe_error err = WABE_ERROR_INIT;

	if (!wabe_cgroup_has(cgroup, controller)) {
		char reason[96];

		snprintf(reason, sizeof(reason), "%s: no %s controller here for this driver",
			 live->mode, controller);
		tap_skip(live->t, reason);
		return;
	}
	tap_ok(live->t, wabe_cgroup_limit(cgroup, limits, &err) < 0,
	       "%s: a wrong limit of %s is refused", live->mode, controller);
	tap_has(live->t, err.text, part, "%s: and the error says why", live->mode);
}

static void test_refused(struct live *live, struct wabe_cgroup *cgroup)
{
	struct wabe_cgroup_hugetlb page = { .page_size = "3MB", .limit_bytes = 0 };
	struct wabe_cgroup_io_limit no_device = { .major = 240, .minor = 4000, .rbps = 1 << 20 };

	expect_refused(live, cgroup, "cpuset", "the host has CPUs ",
		       &(struct wabe_cgroup_limits){ .cpuset_cpus = "0-99999" });
	expect_refused(live, cgroup, "cpuset", "not a list like",
		       &(struct wabe_cgroup_limits){ .cpuset_cpus = "a" });
	expect_refused(live, cgroup, "io", "no block device 240:4000",
		       &(struct wabe_cgroup_limits){ .io = { &no_device, 1 } });
	expect_refused(live, cgroup, "cpu", "larger than the quota",
		       &(struct wabe_cgroup_limits){ .has_cpu_max = true,
						     .cpu_quota_us = 20000,
						     .has_cpu_burst = true,
						     .cpu_burst_us = 30000 });
	if (wabe_cgroup_mode(cgroup) == WABE_CGROUP_V2)
		expect_refused(live, cgroup, "hugetlb", "no huge pages of this size",
			       &(struct wabe_cgroup_limits){ .hugetlb = { &page, 1 } });
	else
		expect_refused(live, cgroup, "memory", "no such limit",
			       &(struct wabe_cgroup_limits){ .has_memory_high = true });
}

/* Each counter asked for alone is what it is among all, and nothing else is read. */
static void test_single_counters(struct live *live, struct wabe_cgroup *cgroup)
{
	const size_t count = sizeof(struct wabe_cgroup_stats) / sizeof(uint64_t);
	uint64_t all[sizeof(struct wabe_cgroup_stats) / sizeof(uint64_t)], one[ARRAY_SIZE(all)];
	struct wabe_cgroup_stats stats;

	wabe_cgroup_stats(cgroup, WABE_CGROUP_STATS_ALL, &stats, NULL);
	memcpy(all, &stats, sizeof(all));
	for (size_t i = 0; i < count; i++) {
		bool is_alone = true;

		tap_int(live->t, wabe_cgroup_stats(cgroup, 1u << i, &stats, NULL), 0,
			"%s: counter %zu alone", live->mode, i);
		memcpy(one, &stats, sizeof(one));
		for (size_t k = 0; k < count; k++)
			is_alone = is_alone && (k == i || one[k] == UINT64_MAX);
		tap_ok(live->t, is_alone, "%s: nothing beside it", live->mode);
		tap_ok(live->t, one[i] == all[i], "%s: it is the same", live->mode);
	}
}

static void test_cpu_limits(struct live *live, struct wabe_cgroup *cgroup)
{
	expect_limit(live, cgroup, "cpu", "of cpu weight",
		     &(struct wabe_cgroup_limits){ .has_cpu_weight = true, .cpu_weight = 50 });
	expect_limit(live, cgroup, "cpu", "of half a CPU",
		     &(struct wabe_cgroup_limits){ .has_cpu_max = true,
						   .cpu_quota_us = 50000,
						   .has_cpu_burst = true,
						   .cpu_burst_us = 40000 });
	expect_limit(live, cgroup, "cpu", "below the old burst",
		     &(struct wabe_cgroup_limits){ .has_cpu_max = true,
						   .cpu_quota_us = 20000,
						   .has_cpu_burst = true,
						   .cpu_burst_us = 10000 });
	expect_limit(live, cgroup, "cpu", "of idle and weight",
		     &(struct wabe_cgroup_limits){ .has_cpu_idle = true,
						   .cpu_idle = 1,
						   .has_cpu_weight = true,
						   .cpu_weight = 7 });
	expect_limit(live, cgroup, "cpu", "of not idle and weight",
		     &(struct wabe_cgroup_limits){
			     .has_cpu_idle = true, .has_cpu_weight = true, .cpu_weight = 7 });
	expect_limit(live, cgroup, "cpuset", "to CPU 0",
		     &(struct wabe_cgroup_limits){ .cpuset_cpus = "0", .cpuset_mems = "0" });
}

static void test_limits(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = open_at(live, "/limits");
	struct wabe_cgroup_stats stats;
	struct tap *t = live->t;

	create(live, cgroup);
	expect_limit(live, cgroup, "memory", "64 MiB of memory",
		     &(struct wabe_cgroup_limits){ .has_memory_max = true,
						   .memory_max_bytes = 64 << 20 });
	expect_limit(live, cgroup, "memory", "raised to 128 MiB",
		     &(struct wabe_cgroup_limits){ .has_memory_max = true,
						   .memory_max_bytes = 128 << 20 });
	expect_limit(live, cgroup, "memory", "lowered to 32 MiB",
		     &(struct wabe_cgroup_limits){ .has_memory_max = true,
						   .memory_max_bytes = 32 << 20 });
	tap_int(t, wabe_cgroup_stats(cgroup, WABE_CGROUP_STATS_ALL, &stats, NULL), 0,
		"%s: counters", live->mode);
	if (wabe_cgroup_has(cgroup, "memory"))
		tap_int(t, (long long)stats.memory_max_bytes, 32 << 20,
			"%s: the limit is what was set", live->mode);
	else
		tap_ok(t, stats.memory_max_bytes == UINT64_MAX, "%s: no limit is counted",
		       live->mode);
	test_single_counters(live, cgroup);
	test_cpu_limits(live, cgroup);
	expect_limit(live, cgroup, "pids", "of processes",
		     &(struct wabe_cgroup_limits){ .has_pids_max = true, .pids_max = 9 });
	tap_int(t,
		wabe_cgroup_limit(cgroup,
				  &(struct wabe_cgroup_limits){ .has_memory_max = true,
								.memory_max_bytes = -1,
								.has_memory_swap_max = true,
								.memory_swap_max_bytes = -1,
								.has_cpu_max = true,
								.cpu_quota_us = -1,
								.has_pids_max = true,
								.pids_max = -1 },
				  NULL),
		0, "%s: no limit is possible everywhere", live->mode);
	test_refused(live, cgroup);
	wabe_cgroup_remove(cgroup, WAIT_MS, NULL);
}

/*
 * v1 counts memory and swap together; here swap alone stays what it was while memory goes up and
 * down.
 */
static void test_swap(struct live *live)
{
	static const int64_t steps[] = { 64 << 20, 256 << 20, 16 << 20, -1, 32 << 20 };
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = open_at(live, "/swap");
	struct wabe_cgroup_limits limits = { .has_memory_max = true,
					     .has_memory_swap_max = true,
					     .memory_max_bytes = 8 << 20,
					     .memory_swap_max_bytes = 4 << 20 };
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_cgroup_stats stats;
	struct tap *t = live->t;
	int r;

	create(live, cgroup);
	r = wabe_cgroup_limit(cgroup, &limits, &err);
	if (r == -ENOTSUP) {
		tap_skip(t, err.text);
	} else {
		tap_int(t, r, 0, "%s: memory and swap %s", live->mode, err.text);
		limits.has_memory_swap_max = false;
		for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
			/* v1 has no swap limit without one of memory: there it is given again. */
			limits.has_memory_swap_max = i > 0 && steps[i - 1] < 0;
			limits.memory_max_bytes = steps[i];
			tap_int(t, wabe_cgroup_limit(cgroup, &limits, &err), 0,
				"%s: memory to %lld %s", live->mode, (long long)steps[i], err.text);
			wabe_cgroup_stats(cgroup, WABE_CGROUP_STATS_ALL, &stats, &err);
			tap_int(t, (long long)stats.memory_max_bytes, steps[i], "%s: that is set",
				live->mode);
			if (steps[i] >= 0)
				tap_int(t, (long long)stats.swap_max_bytes, 4 << 20,
					"%s: swap alone is what it was", live->mode);
		}
	}
	wabe_cgroup_remove(cgroup, WAIT_MS, NULL);
}

/* MAJOR:MINOR of the first block device that is, or isn't, a partition. */
static bool find_device(bool is_partition, uint32_t *ret_major, uint32_t *ret_minor)
{
	_cleanup_closedir_ DIR *dir = opendir("/sys/class/block");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[320], text[32];

		snprintf(path, sizeof(path), "%s/partition", entry->d_name);
		if (entry->d_name[0] == '.' ||
		    (faccessat(dirfd(dir), path, F_OK, 0) == 0) != is_partition)
			continue;
		snprintf(path, sizeof(path), "%s/dev", entry->d_name);
		if (wabe_cgroup_file_read(dirfd(dir), path, text, sizeof(text)) > 0 &&
		    sscanf(text, "%u:%u", ret_major, ret_minor) == 2)
			return true;
	}
	return false;
}

static void test_io(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = open_at(live, "/io");
	struct wabe_cgroup_io_limit io = {
		.rbps = 1 << 20, .wbps = 2 << 20, .riops = 100, .wiops = UINT64_MAX
	};
	struct wabe_cgroup_limits limits = { .io = { &io, 1 } };

	create(live, cgroup);
	if (find_device(false, &io.major, &io.minor))
		expect_limit(live, cgroup, "io", "of a disk", &limits);
	else
		tap_skip(live->t, "no block device");
	if (find_device(true, &io.major, &io.minor))
		expect_refused(live, cgroup, "io", "is a partition", &limits);
	else
		tap_skip(live->t, "no partition");
	wabe_cgroup_remove(cgroup, WAIT_MS, NULL);
}

/*
 * A parent that has processes passes no controllers on: the cgroup below works, its limits say why
 * they don't.
 */
static void test_busy_parent(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *parent = open_at(live, "/busy"),
							*cgroup = open_at(live, "/busy/below");
	struct wabe_cgroup_limits limits = { .has_memory_max = true, .memory_max_bytes = 64 << 20 };
	struct wabe_error err = WABE_ERROR_INIT;
	pid_t pid = start_worker(live), other = start_worker(live);
	struct tap *t = live->t;

	create(live, parent);
	tap_int(t, wabe_cgroup_attach(parent, pid, &err), 0, "%s: a parent with a process %s",
		live->mode, err.text);
	create(live, cgroup);
	tap_int(t, wabe_cgroup_attach(cgroup, other, &err), 0, "%s: another below %s", live->mode,
		err.text);
	if (wabe_cgroup_mode(cgroup) == WABE_CGROUP_V2 && wabe_cgroup_has(cgroup, "memory")) {
		tap_int(t, wabe_cgroup_limit(cgroup, &limits, &err), -ENOTSUP, "%s: no limit below",
			live->mode);
		tap_has(t, err.text, "/busy, which has processes of its own", "%s: for that reason",
			live->mode);
	}
	wabe_cgroup_signal(parent, SIGKILL, &err);
	tap_int(t, wait_signal(other), SIGKILL, "%s: killing the parent's reaches those below",
		live->mode);
	tap_int(t, wait_signal(pid), SIGKILL, "%s: and its own", live->mode);
	tap_int(t, wabe_cgroup_remove(parent, WAIT_MS, &err), 0, "%s: remove both %s", live->mode,
		err.text);
}

/* In the child: fork up to @count idle processes, the status is how many there were. */
static void fork_many(int count)
{
	int made = 0;

	for (; made < count; made++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause();
		}
	}
	_exit(made);
}

static void eat(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; p != MAP_FAILED && i < bytes; i += 4096)
		p[i] = 1;
	_exit(0);
}

/* That the kernel holds the limits: a process in the cgroup runs into each. */
static void test_enforced(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = open_at(live, "/enforced");
	struct wabe_cgroup_limits limits = { .has_memory_max = true,
					     .memory_max_bytes = 24 << 20,
					     .has_pids_max = true,
					     .pids_max = 4 };
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_cgroup_stats stats;
	struct tap *t = live->t;
	int status = 0;
	pid_t pid;

	if (!wabe_cgroup_has(cgroup, "pids") || !wabe_cgroup_has(cgroup, "memory")) {
		tap_skip(t, "no memory and pids controllers here for this driver");
		return;
	}
	create(live, cgroup);
	tap_int(t, wabe_cgroup_limit(cgroup, &limits, &err), 0, "%s: limits %s", live->mode,
		err.text);
	limits = (struct wabe_cgroup_limits){ .has_memory_swap_max = true,
					      .memory_swap_max_bytes = 0 };
	wabe_cgroup_limit(cgroup, &limits, NULL); /* not every host accounts swap */
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (wabe_cgroup_attach(cgroup, getpid(), NULL) < 0)
			_exit(99);
		fork_many(10);
	}
	waitpid(pid, &status, 0);
	tap_int(t, WEXITSTATUS(status), 3, "%s: of ten forks three fit beside the first",
		live->mode);
	wabe_cgroup_signal(cgroup, SIGKILL, NULL);
	pid = fork();
	if (pid == 0) {
		if (wabe_cgroup_attach(cgroup, getpid(), NULL) < 0)
			_exit(99);
		eat(200 << 20);
	}
	tap_int(t, wait_signal(pid), SIGKILL, "%s: who takes more memory is killed", live->mode);
	tap_int(t, wabe_cgroup_stats(cgroup, WABE_CGROUP_STATS_ALL, &stats, &err), 0,
		"%s: counters", live->mode);
	tap_ok(t, stats.oom_kills == 1, "%s: one kill is counted", live->mode);
	tap_ok(t, stats.pids_failcnt >= 1, "%s: the refused forks are counted", live->mode);
	if (wabe_cgroup_mode(cgroup) ==
	    WABE_CGROUP_V2) /* v1's failcnt stays 0 on some kernels after 6.12 */
		tap_ok(t, stats.memory_failcnt >= 1, "%s: so is reaching the limit", live->mode);
	if (stats.memory_peak_bytes != UINT64_MAX) /* v2: since 5.19 */
		tap_ok(t, stats.memory_peak_bytes >= 20 << 20, "%s: the peak is near it: %llu",
		       live->mode, (unsigned long long)stats.memory_peak_bytes);
	tap_int(t, (long long)stats.pids_max, 4, "%s: the limit of processes is what was set",
		live->mode);
	tap_int(t, wabe_cgroup_remove(cgroup, WAIT_MS, &err), 0, "%s: remove %s", live->mode,
		err.text);
}

static void run(struct live *live)
{
	test_limits(live);
	test_swap(live);
	test_io(live);
	test_busy_parent(live);
	test_enforced(live);
}

int main(void)
{
	return live_main(run);
}
