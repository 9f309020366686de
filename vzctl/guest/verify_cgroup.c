// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/verify: processes and processors; see verify.h. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "guest/verify.h"

#define PROCESSES_MAX 100000u
#define NUMPROC_SLACK 16u /* processes of the guest that come and go meanwhile */
#define NUMPROC_SECONDS 120
#define BURN_US 1500000u
#define BURN_SECONDS 60
#define BURNS_MAX 6 /* on a busy host not every one gets as far as the limit */
#define BURNERS_MAX 1024u
#define CPUS_MAX 8191u

/* In the guest: processes that wait for the end of a pipe, until there can't be one more. */
static int forks(struct vz_probe *probe)
{
	int ends[2];
	char byte;

	if (pipe(ends) < 0) {
		probe->error = errno;
		return 1;
	}
	while (probe->count < probe->wanted) {
		pid_t pid = fork();

		if (pid == 0) {
			close(ends[1]);
			_exit(read(ends[0], &byte, 1) < 0);
		}
		if (pid < 0) {
			probe->error = errno;
			break;
		}
		probe->count++;
	}
	close(ends[1]);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return 0;
}

static int check_numproc(struct vz_verify *v, struct wabe_error *err)
{
	const unsigned int wanted = WABE_CGROUP_STAT(pids) | WABE_CGROUP_STAT(pids_max);
	uint64_t limit = vz_param_pair(v->params, VZ_PARAM_NUMPROC).limit, all;
	struct wabe_cgroup_stats stats;
	int r;

	if (!wabe_cgroup_has(v->cgroup, "pids"))
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-",
				     "the host has no cgroup controller \"pids\"");
	if (limit > PROCESSES_MAX)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "pids.max", "too many to try");
	r = wabe_container_stats(v->g->container, wanted, &stats, err);
	if (r < 0)
		return r;
	v->probe->wanted = limit + NUMPROC_SLACK;
	r = vz_verify_inside(v, forks, NUMPROC_SECONDS, err);
	if (r < 0)
		return r;
	/* Itself is one too. */
	all = stats.pids + 1 + v->probe->count;
	if (r == 0 && v->probe->error == EAGAIN && all <= limit + NUMPROC_SLACK &&
	    all + NUMPROC_SLACK >= limit)
		return vz_verify_say(v, VZ_VERDICT_PROVEN, "pids.max",
				     "no more than %" PRIu64 " beside %" PRIu64 " that there were",
				     v->probe->count, stats.pids);
	return vz_verify_say(v, VZ_VERDICT_FAILED, "pids.max",
			     "%" PRIu64 " beside %" PRIu64 " that there were; then: %s",
			     v->probe->count, stats.pids,
			     v->probe->error ? strerror(v->probe->error) : "no error");
}

static void burn(uint64_t until_us)
{
	while (vz_verify_clock_us() < until_us)
		;
}

/* In the guest: probe->wanted processes that do nothing but run. */
static int burners(struct vz_probe *probe)
{
	uint64_t start_us = vz_verify_clock_us(), until_us = start_us + BURN_US;

	for (uint64_t i = 1; i < probe->wanted; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			burn(until_us);
			_exit(0);
		}
		if (pid < 0)
			break; /* numproc: fewer have to do */
		probe->count++;
	}
	burn(until_us);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	probe->elapsed_us = vz_verify_clock_us() - start_us;
	return 0;
}

/* The processors that the guest's processes may run on, as far as the host knows. */
static unsigned int usable_cpus(const struct vz_verify *v)
{
	const char *mask = vz_param_string(v->params, VZ_PARAM_CPUMASK);
	unsigned long bits[WABE_LIST_LONGS(CPUS_MAX)] = { 0 };
	unsigned int count = 0;

	if (mask && wabe_parse_list(mask, CPUS_MAX, bits) == 0)
		for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
			count += (unsigned)__builtin_popcountl(bits[i]);
	return count ? count : (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
}

static int judge_burn(struct vz_verify *v, uint64_t percent, const struct wabe_cgroup_stats *before,
		      const struct wabe_cgroup_stats *after)
{
	uint64_t used_us = after->cpu_usage_us - before->cpu_usage_us;
	uint64_t got = v->probe->elapsed_us ? used_us * 100 / v->probe->elapsed_us : 0;
	bool is_throttled = after->cpu_nr_throttled > before->cpu_nr_throttled;

	/* A period may begin and end within the measurement, and each processor has a slice. */
	if (is_throttled && got <= percent + percent / 4 + 10)
		return vz_verify_say(v, VZ_VERDICT_PROVEN, "cpu.max",
				     "busy processes got %" PRIu64 " %% and were throttled", got);
	if (!is_throttled && got < percent)
		return vz_verify_say(v, VZ_VERDICT_FAILED, "cpu.max",
				     "not reached: the host is too busy (%" PRIu64
				     " %% were to be had)",
				     got);
	return vz_verify_say(v, VZ_VERDICT_FAILED, "cpu.max", "busy processes got %" PRIu64 " %%%s",
			     got, is_throttled ? "" : ", and were not throttled");
}

static int prove_quota(struct vz_verify *v, uint64_t percent, struct wabe_error *err)
{
	const unsigned int wanted = WABE_CGROUP_STAT(cpu_usage_us) |
				    WABE_CGROUP_STAT(cpu_nr_throttled);
	struct wabe_cgroup_stats before = { 0 }, after = { 0 };
	unsigned int cpus = usable_cpus(v);
	int r;

	if (!wabe_cgroup_has(v->cgroup, "cpu"))
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-",
				     "the host has no cgroup controller \"cpu\"");
	if (percent >= (uint64_t)cpus * 100)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "cpu.max",
				     "it can run on %u processors, which is not more", cpus);
	v->probe->wanted = percent / 100 + 2;
	if (v->probe->wanted > BURNERS_MAX)
		v->probe->wanted = BURNERS_MAX;
	for (int i = 0; i < BURNS_MAX; i++) {
		r = wabe_container_stats(v->g->container, wanted, &before, err);
		if (r == 0)
			r = vz_verify_inside(v, burners, BURN_SECONDS, err);
		if (r < 0)
			return r;
		r = wabe_container_stats(v->g->container, wanted, &after, err);
		if (r < 0)
			return r;
		if (after.cpu_nr_throttled > before.cpu_nr_throttled)
			break;
	}
	return judge_burn(v, percent, &before, &after);
}

/* CPULIMIT and CPUS are one quota, that of the smaller. */
static int check_quota(struct vz_verify *v, uint64_t own, uint64_t other, enum vz_param_id id,
		       struct wabe_error *err)
{
	if (other != 0 && other < own)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "cpu.max", "%s is less",
				     vz_param_row(id)->key);
	return prove_quota(v, own, err);
}

static int check_cpulimit(struct vz_verify *v, struct wabe_error *err)
{
	return check_quota(v, vz_param_u64(v->params, VZ_PARAM_CPULIMIT),
			   vz_param_u64(v->params, VZ_PARAM_CPUS) * 100, VZ_PARAM_CPUS, err);
}

static int check_cpus(struct vz_verify *v, struct wabe_error *err)
{
	return check_quota(v, vz_param_u64(v->params, VZ_PARAM_CPUS) * 100,
			   vz_param_u64(v->params, VZ_PARAM_CPULIMIT), VZ_PARAM_CPULIMIT, err);
}

static int check_cpuunits(struct vz_verify *v, struct wabe_error *err)
{
	bool is_v1 = wabe_cgroup_is_v1(v->cgroup, "cpu");
	const char *file = is_v1 ? "cpu.shares" : "cpu.weight";
	char text[64];

	(void)err;
	if (!wabe_cgroup_has(v->cgroup, "cpu") ||
	    wabe_cgroup_read(v->cgroup, is_v1 ? "cpu" : NULL, file, text, sizeof(text)) < 0)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-",
				     "the host has no cgroup controller \"cpu\"");
	return vz_verify_say(v, VZ_VERDICT_IN_FORCE, file, "%s: a share, it counts among guests",
			     text);
}

/* In the guest: does it get onto a processor that is not in the mask? All are tried. */
static int other_cpus(struct vz_probe *probe)
{
	unsigned long bits[WABE_LIST_LONGS(CPUS_MAX)] = { 0 };
	long last = sysconf(_SC_NPROCESSORS_CONF);

	if (wabe_parse_list(probe->text, CPUS_MAX, bits) < 0)
		return 1;
	for (long cpu = 0; cpu < last && cpu < CPU_SETSIZE; cpu++) {
		const size_t word = 8 * sizeof(bits[0]);
		cpu_set_t set;

		if (bits[(size_t)cpu / word] & 1UL << (size_t)cpu % word)
			continue;
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		probe->total++;
		if (sched_setaffinity(0, sizeof(set), &set) == 0)
			probe->count++;
	}
	return 0;
}

static int check_cpumask(struct vz_verify *v, struct wabe_error *err)
{
	const char *mask = vz_param_string(v->params, VZ_PARAM_CPUMASK);
	int r;

	if (!wabe_cgroup_has(v->cgroup, "cpuset"))
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-",
				     "the host has no cgroup controller \"cpuset\"");
	if (strlen(mask) >= sizeof(v->probe->text) || mask[0] < '0' || mask[0] > '9')
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "cpuset.cpus",
				     "\"%.32s\" is not a list to try against", mask);
	memcpy(v->probe->text, mask, strlen(mask) + 1);
	r = vz_verify_inside(v, other_cpus, BURN_SECONDS, err);
	if (r < 0)
		return r;
	if (r == 0 && v->probe->total == 0)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "cpuset.cpus",
				     "the host has no other processors");
	if (r == 0 && v->probe->count == 0)
		return vz_verify_say(v, VZ_VERDICT_PROVEN, "cpuset.cpus",
				     "none of the %" PRIu64 " others could be had",
				     v->probe->total);
	return vz_verify_say(v, VZ_VERDICT_FAILED, "cpuset.cpus",
			     "%" PRIu64 " other processors could be had", v->probe->count);
}

/* In the guest: Mems_allowed_list of proc_pid_status(5). */
static int allowed_nodes(struct vz_probe *probe)
{
	_cleanup_fclose_ FILE *status = fopen("/proc/self/status", "re");
	char line[4096];

	while (status && fgets(line, sizeof(line), status)) {
		size_t len = strcspn(line + 1, "\n") + 1;
		const char *list = line + strlen("Mems_allowed_list:\t");

		if (strncmp(line, "Mems_allowed_list:\t", strlen("Mems_allowed_list:\t")) != 0 ||
		    len - (size_t)(list - line) >= sizeof(probe->text))
			continue;
		line[len] = '\0';
		memcpy(probe->text, list, strlen(list) + 1);
		return 0;
	}
	return 1;
}

static bool same_list(const char *a, const char *b)
{
	unsigned long one[WABE_LIST_LONGS(CPUS_MAX)], other[WABE_LIST_LONGS(CPUS_MAX)];

	return wabe_parse_list(a, CPUS_MAX, one) == 0 && wabe_parse_list(b, CPUS_MAX, other) == 0 &&
	       memcmp(one, other, sizeof(one)) == 0;
}

static int check_nodemask(struct vz_verify *v, struct wabe_error *err)
{
	const char *mask = vz_param_string(v->params, VZ_PARAM_NODEMASK);
	int r;

	if (!wabe_cgroup_has(v->cgroup, "cpuset"))
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-",
				     "the host has no cgroup controller \"cpuset\"");
	if (mask[0] < '0' || mask[0] > '9')
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "cpuset.mems", "no limit");
	r = vz_verify_inside(v, allowed_nodes, BURN_SECONDS, err);
	if (r < 0)
		return r;
	if (r == 0 && same_list(v->probe->text, mask))
		return vz_verify_say(v, VZ_VERDICT_PROVEN, "cpuset.mems",
				     "processes are held to these");
	return vz_verify_say(v, VZ_VERDICT_FAILED, "cpuset.mems", "processes may use %.64s",
			     v->probe->text);
}

static const struct vz_verify_row rows[] = {
	{ VZ_PARAM_NUMPROC, NULL, check_numproc },   { VZ_PARAM_CPUUNITS, NULL, check_cpuunits },
	{ VZ_PARAM_CPULIMIT, NULL, check_cpulimit }, { VZ_PARAM_CPUS, NULL, check_cpus },
	{ VZ_PARAM_CPUMASK, NULL, check_cpumask },   { VZ_PARAM_NODEMASK, NULL, check_nodemask },
};

const struct vz_verify_row *vz_verify_cgroup_rows(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(rows);
	return rows;
}
