// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/verify: the rows one after the other, and what probes share; see verify.h. */
#include "guest/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/counters.h"
#include "guest/run.h"

typedef const struct vz_verify_row *table_fn(size_t *ret_count);

static table_fn *const tables[] = {
	vz_verify_memory_rows, vz_verify_cgroup_rows, vz_verify_counter_rows,
	vz_verify_disk_rows,   vz_verify_rights_rows, vz_verify_net_rows,
};

const char *vz_verdict_name(enum vz_verdict verdict)
{
	static const char *const names[VZ_VERDICT_MAX] = {
		[VZ_VERDICT_PROVEN] = "proven",
		[VZ_VERDICT_IN_FORCE] = "in force",
		[VZ_VERDICT_NOT_HERE] = "not here",
		[VZ_VERDICT_FAILED] = "FAILED",
	};

	return names[verdict];
}

/* The file of v1 that does what @file does on v2, if that is what the guest has. */
static const char *file_here(const struct vz_verify *v, const char *file)
{
	static const struct {
		const char *v2, *controller, *v1;
	} rows[] = {
		{ "memory.max", "memory", "memory.limit_in_bytes" },
		{ "memory.swap.max", "memory", "memory.memsw.limit_in_bytes" },
		{ "cpu.max", "cpu", "cpu.cfs_quota_us" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(file, rows[i].v2) == 0 &&
		    wabe_cgroup_has(v->cgroup, rows[i].controller) &&
		    wabe_cgroup_is_v1(v->cgroup, rows[i].controller))
			return rows[i].v1;
	return file;
}

int vz_verify_say(struct vz_verify *v, enum vz_verdict verdict, const char *by, const char *fmt,
		  ...)
{
	va_list ap;

	v->result->verdict = verdict;
	v->result->by = file_here(v, by);
	va_start(ap, fmt);
	vsnprintf(v->result->note, sizeof(v->result->note), fmt, ap);
	va_end(ap);
	return 0;
}

uint64_t vz_verify_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int vz_verify_scratch(int flags)
{
	char name[48];
	unsigned int random = 0;
	int fd = open("/", O_TMPFILE | O_RDWR | O_CLOEXEC | flags, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd < 0 ? -errno : fd;
	/* A filesystem without: a name for a moment. */
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	snprintf(name, sizeof(name), "/.vzctl-verify-%08x", random);
	fd = open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | flags, 0600);
	if (fd < 0)
		return -errno;
	unlink(name);
	return fd;
}

struct job {
	int (*main)(struct vz_probe *probe);
	struct vz_probe *probe;
	unsigned int seconds;
};

/* In the guest. */
static int job_main(void *data)
{
	static const char first[] = "1000";
	const struct job *job = data;
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, first, sizeof(first) - 1) < 0)
		errno = 0;
	if (fd >= 0)
		close(fd);
	alarm(job->seconds);
	return job->main(job->probe);
}

int vz_verify_inside(struct vz_verify *v, int (*main)(struct vz_probe *probe), unsigned int seconds,
		     struct wabe_error *err)
{
	struct job job = { .main = main, .probe = v->probe, .seconds = seconds };

	return vz_run_function(v->g, job_main, &job, err);
}

/* No limit, or none that means anything? */
static bool is_unlimited(const struct vz_params *params, enum vz_param_id id)
{
	switch (vz_param_row(id)->rule.type) {
	case VZ_TYPE_PAIR:
		return vz_param_pair(params, id).limit == VZ_UNLIMITED;
	case VZ_TYPE_LIMIT:
		return vz_param_u64(params, id) == 0;
	default:
		return false;
	}
}

static bool is_set(const struct vz_verify_row *row, const struct vz_params *params)
{
	if (row->is_set)
		return row->is_set(params);
	return vz_param_has(params, row->param) && !is_unlimited(params, row->param);
}

struct run {
	struct vz_verify v;
	vz_verify_each_fn *each;
	void *data;
	int failed;
};

static void begin(struct run *run, struct vz_verify_result *result, enum vz_param_id param)
{
	const char *value = vz_param_string(run->v.params, param);

	*result = (struct vz_verify_result){
		.param = param,
		.value = value ? value : "-",
		.by = "-",
		.verdict = VZ_VERDICT_FAILED,
	};
	memset(run->v.probe, 0, sizeof(*run->v.probe));
	run->v.result = result;
}

static void end(struct run *run)
{
	if (run->v.result->verdict == VZ_VERDICT_FAILED)
		run->failed++;
	run->each(run->data, run->v.result);
}

static int do_table(struct run *run, table_fn *table, struct wabe_error *err)
{
	size_t count;
	const struct vz_verify_row *rows = table(&count);
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct vz_verify_result result;

		if (!is_set(&rows[i], run->v.params))
			continue;
		begin(run, &result, rows[i].param);
		r = rows[i].check(&run->v, err);
		if (r == 0)
			end(run);
	}
	return r;
}

/* What is configured and nothing enforces; the kernel's counters have rows. */
static void say_kept(struct run *run)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		const struct vz_param *row = vz_param_row(id);
		struct vz_verify_result result;

		if (!row->unenforced || (row->flags & VZ_PARAM_KERNEL) ||
		    !vz_param_has(run->v.params, id) || is_unlimited(run->v.params, id))
			continue;
		begin(run, &result, id);
		vz_verify_say(&run->v, VZ_VERDICT_NOT_HERE, "-", "%s", row->unenforced);
		end(run);
	}
}

static int do_all(struct run *run, struct wabe_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(tables); i++)
		r = do_table(run, tables[i], err);
	if (r == 0)
		say_kept(run);
	return r;
}

int vz_guest_verify(struct vz_guest *g, vz_verify_each_fn *each, void *data, struct wabe_error *err)
{
	struct run run = { .v = { .g = g, .params = &g->conf.params }, .each = each, .data = data };
	int r = vz_guest_need_running(g, err);

	if (r < 0)
		return r;
	if (wabe_container_status(g->container) == WABE_STATUS_PAUSED)
		return vz_error_say(err, VZ_EXIT_NOT_RUNNING, -EBUSY,
				    "Container is suspended: nothing can be tried in it");
	run.v.probe = mmap(NULL, sizeof(*run.v.probe), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run.v.probe == MAP_FAILED)
		return wabe_error_set(err, -errno, "memory shared with the probe");
	r = wabe_cgroup_open(wabe_container_cgroup(g->container), &run.v.cgroup, err);
	if (r == 0)
		r = do_all(&run, err);
	if (run.v.cgroup)
		wabe_cgroup_close(&run.v.cgroup);
	munmap(run.v.probe, sizeof(*run.v.probe));
	return r < 0 ? r : run.failed;
}
