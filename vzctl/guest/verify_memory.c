// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/verify: memory: a process that takes it until it is killed; see verify.h. cgroup-v2.rst,
 * "Memory Interface Files".
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guest/verify.h"

#define CHUNK (4u << 20)
#define SLACK (64u << 20)
#define HOG_SECONDS 60
#define SLOWED_SECONDS 8 /* above memory.high every page is waited for */
#define MB (1u << 20)

/* A line of /proc/meminfo in bytes; 0: it isn't there. */
static uint64_t host_bytes(const char *key)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	unsigned long long kb = 0;
	const char *at;

	if (wabe_file_read_at(AT_FDCWD, "/proc/meminfo", 65536, &text, NULL) < 0 || !text.data)
		return 0;
	at = strstr(text.data, key);
	return at && sscanf(at + strlen(key), ": %llu", &kb) == 1 ? kb * 1024 : 0;
}

/* In the guest. */
static int hog(struct vz_probe *probe)
{
	while (probe->bytes < probe->wanted) {
		char *chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);

		if (chunk == MAP_FAILED) {
			probe->error = errno;
			return 1;
		}
		for (size_t i = 0; i < CHUNK; i += 4096) {
			chunk[i] = 1;
			probe->bytes += 4096;
		}
	}
	return 0;
}

/* "high" of memory.events: how often the guest was slowed down. */
static uint64_t slowed(struct vz_verify *v)
{
	char text[512];
	const char *at;
	unsigned long long count = 0;

	if (wabe_cgroup_read(v->cgroup, NULL, "memory.events", text, sizeof(text)) < 0)
		return 0;
	at = strstr(text, "high ");
	return at && sscanf(at, "high %llu", &count) == 1 ? count : 0;
}

static bool has_high(const struct vz_params *params)
{
	struct vz_pair ram = vz_param_bytes(params, VZ_PARAM_PHYSPAGES);

	return ram.barrier > 0 && ram.barrier < ram.limit;
}

/* Never more than what the host can give without pain. */
static bool host_can(uint64_t wanted)
{
	return wanted < (host_bytes("MemAvailable") + host_bytes("SwapFree")) / 4 * 3;
}

static int judge_hog(struct vz_verify *v, int status, uint64_t kills_before, uint64_t limit,
		     struct wabe_error *err)
{
	const unsigned int wanted = WABE_CGROUP_STAT(oom_kills);
	uint64_t megabytes = v->probe->bytes / MB;
	struct wabe_cgroup_stats after;
	int r = wabe_container_stats(v->g->container, wanted, &after, err);

	if (r < 0)
		return r;
	if (status == 137 && (after.oom_kills == UINT64_MAX || after.oom_kills > kills_before) &&
	    v->probe->bytes <= limit + SLACK) {
		v->hog_bytes = v->probe->bytes;
		return vz_verify_say(v, VZ_VERDICT_PROVEN, "memory.max",
				     "a process was killed at %" PRIu64 " MB", megabytes);
	}
	return vz_verify_say(v, VZ_VERDICT_FAILED, "memory.max",
			     "a process got %" PRIu64 " MB and ended with status %d", megabytes,
			     status);
}

static int judge_slowed(struct vz_verify *v, int status, uint64_t slowed_before)
{
	uint64_t megabytes = v->probe->bytes / MB;
	uint64_t barrier = vz_param_bytes(v->params, VZ_PARAM_PHYSPAGES).barrier;

	/* Killed by the limit, or by its alarm, but never at the end. */
	if (status > 128 && slowed(v) > slowed_before)
		return vz_verify_say(v, VZ_VERDICT_PROVEN, "memory.high, memory.max",
				     "a process was slowed from %" PRIu64 " MB on, and got %" PRIu64
				     " MB",
				     barrier / MB, megabytes);
	return vz_verify_say(v, VZ_VERDICT_FAILED, "memory.high, memory.max",
			     "a process got %" PRIu64 " MB, not slowed, and ended with status %d",
			     megabytes, status);
}

/* What the guest may have of memory and swap together, as its cgroup says. */
static uint64_t all_bytes(const struct wabe_cgroup_stats *stats)
{
	uint64_t swap = stats->swap_max_bytes, host = host_bytes("SwapTotal");

	if (swap == UINT64_MAX || swap > host)
		swap = host;
	return stats->memory_max_bytes + swap;
}

static int check_ram(struct vz_verify *v, struct wabe_error *err)
{
	const unsigned int wanted = WABE_CGROUP_STAT(memory_bytes) |
				    WABE_CGROUP_STAT(memory_max_bytes) |
				    WABE_CGROUP_STAT(swap_max_bytes) | WABE_CGROUP_STAT(oom_kills);
	bool is_slowed = has_high(v->params) && wabe_cgroup_mode(v->cgroup) == WABE_CGROUP_V2;
	uint64_t before = slowed(v), limit;
	struct wabe_cgroup_stats stats;
	int r;

	if (!wabe_cgroup_has(v->cgroup, "memory"))
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-",
				     "the host has no cgroup controller \"memory\"");
	r = wabe_container_stats(v->g->container, wanted, &stats, err);
	if (r < 0)
		return r;
	if (stats.memory_max_bytes == UINT64_MAX)
		return vz_verify_say(v, VZ_VERDICT_FAILED, "memory.max", "its cgroup has no limit");
	limit = all_bytes(&stats);
	if (!host_can(limit))
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "memory.max",
				     "the host has not so much memory left; its cgroup has %" PRIu64
				     " MB",
				     stats.memory_max_bytes / MB);
	v->probe->wanted = limit + limit / 4 + SLACK;
	r = vz_verify_inside(v, hog, is_slowed ? SLOWED_SECONDS : HOG_SECONDS, err);
	if (r < 0)
		return r;
	return is_slowed ? judge_slowed(v, r, before)
			 : judge_hog(v, r, stats.oom_kills, limit, err);
}

static int check_swap(struct vz_verify *v, struct wabe_error *err)
{
	uint64_t swap = vz_param_bytes(v->params, VZ_PARAM_SWAPPAGES).limit;
	uint64_t ram = vz_param_bytes(v->params, VZ_PARAM_PHYSPAGES).limit;
	struct wabe_cgroup_stats stats;
	int r;

	if (ram == VZ_UNLIMITED)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-", "PHYSPAGES is unlimited");
	if (host_bytes("SwapTotal") == 0)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "memory.swap.max",
				     "the host has no swap");
	r = wabe_container_stats(v->g->container, WABE_CGROUP_STAT(swap_max_bytes), &stats, err);
	if (r < 0)
		return r;
	if (stats.swap_max_bytes != swap)
		return vz_verify_say(v, VZ_VERDICT_FAILED, "memory.swap.max",
				     "its cgroup has another limit");
	if (v->hog_bytes > 0 && v->hog_bytes <= ram + swap + SLACK)
		return vz_verify_say(v, VZ_VERDICT_PROVEN, "memory.swap.max",
				     "no more than both together was to be had");
	return vz_verify_say(v, VZ_VERDICT_IN_FORCE, "memory.swap.max", "not reached");
}

/* The first number of a file of the guest's cgroup; UINT64_MAX: "max", or it isn't there. */
static uint64_t number_in(struct vz_verify *v, const char *v1_controller, const char *file)
{
	unsigned long long number;
	char text[64];

	if (wabe_cgroup_read(v->cgroup, v1_controller, file, text, sizeof(text)) < 0 ||
	    sscanf(text, "%llu", &number) != 1)
		return UINT64_MAX;
	return number;
}

static int check_guarantee(struct vz_verify *v, const char *file, const char *v1_file)
{
	bool is_v2 = wabe_cgroup_mode(v->cgroup) == WABE_CGROUP_V2;
	uint64_t wanted = vz_param_bytes(v->params, v->result->param).barrier;
	uint64_t ram = vz_param_bytes(v->params, VZ_PARAM_PHYSPAGES).limit, is;

	if (!is_v2 && !v1_file)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-",
				     "cgroup v1 can't guarantee memory");
	if (wanted > ram)
		wanted = ram;
	is = number_in(v, is_v2 ? NULL : "memory", is_v2 ? file : v1_file);
	if (is == wanted || (wanted == VZ_UNLIMITED && is == UINT64_MAX))
		return vz_verify_say(v, VZ_VERDICT_IN_FORCE, is_v2 ? file : v1_file,
				     "a guarantee: it is others who notice");
	return vz_verify_say(v, VZ_VERDICT_FAILED, is_v2 ? file : v1_file,
			     "its cgroup has %" PRIu64, is);
}

static int check_vmguar(struct vz_verify *v, struct wabe_error *err)
{
	(void)err;
	return check_guarantee(v, "memory.low", "memory.soft_limit_in_bytes");
}

static int check_oomguar(struct vz_verify *v, struct wabe_error *err)
{
	(void)err;
	return check_guarantee(v, "memory.min", NULL);
}

/* It is the barrier that guarantees. */
static bool has_vmguar(const struct vz_params *params)
{
	return vz_param_has(params, VZ_PARAM_VMGUARPAGES) &&
	       vz_param_pair(params, VZ_PARAM_VMGUARPAGES).barrier > 0;
}

static bool has_oomguar(const struct vz_params *params)
{
	return vz_param_has(params, VZ_PARAM_OOMGUARPAGES) &&
	       vz_param_pair(params, VZ_PARAM_OOMGUARPAGES).barrier > 0;
}

static const struct vz_verify_row rows[] = {
	{ VZ_PARAM_PHYSPAGES, NULL, check_ram },
	{ VZ_PARAM_SWAPPAGES, NULL, check_swap },
	{ VZ_PARAM_VMGUARPAGES, has_vmguar, check_vmguar },
	{ VZ_PARAM_OOMGUARPAGES, has_oomguar, check_oomguar },
};

const struct vz_verify_row *vz_verify_memory_rows(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(rows);
	return rows;
}
