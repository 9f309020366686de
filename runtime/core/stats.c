// SPDX-License-Identifier: GPL-2.0-or-later
/* core/stats: the document of `events`: processor, memory, processes, cpuset; see stats.h. */
#include "core/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "spec/spec.h"
#include "sys/resctrl.h"

void wabe_stats_uint(struct wabe_json_writer *w, const char *key, uint64_t value)
{
	if (value == UINT64_MAX)
		return;
	wabe_json_put_uint(w, key, value);
}

static void begin(struct wabe_json_writer *w, const char *key)
{
	wabe_json_key(w, key);
	wabe_json_object_begin(w);
}

/* psi.rst: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", and such a line of "full". */
static void psi_line(struct wabe_json_writer *w, const char *text, const char *kind)
{
	const char *line = strncmp(text, kind, 4) == 0 ? text : strstr(text, kind);
	double avg10, avg60, avg300;
	unsigned long long total;

	if (!line || sscanf(line + 4, " avg10=%lf avg60=%lf avg300=%lf total=%llu", &avg10, &avg60,
			    &avg300, &total) != 4)
		return;
	begin(w, kind);
	wabe_json_key(w, "avg10");
	wabe_json_add_double(w, avg10);
	wabe_json_key(w, "avg60");
	wabe_json_add_double(w, avg60);
	wabe_json_key(w, "avg300");
	wabe_json_add_double(w, avg300);
	wabe_stats_uint(w, "total", total);
	wabe_json_object_end(w);
}

void wabe_stats_psi(struct wabe_json_writer *w, struct wabe_cgroup *cgroup, const char *file)
{
	char text[512];

	/* EOPNOTSUPP: the kernel can, and was started with psi=0. */
	if (wabe_cgroup_read(cgroup, NULL, file, text, sizeof(text)) <= 0)
		return;
	begin(w, "psi");
	psi_line(w, text, "some");
	psi_line(w, text, "full");
	wabe_json_object_end(w);
}

static uint64_t scaled(uint64_t value, uint64_t by)
{
	return value == UINT64_MAX ? UINT64_MAX : value * by;
}

static uint64_t or_zero(uint64_t value)
{
	return value == UINT64_MAX ? 0 : value;
}

/* One number for each CPU on a line, nanoseconds. */
static void percpu(struct wabe_json_writer *w, struct wabe_cgroup *cgroup, const char *key,
		   const char *file)
{
	char text[WABE_STATS_TEXT], *rest = text, *word;

	if (wabe_cgroup_read(cgroup, "cpuacct", file, text, sizeof(text)) <= 0)
		return;
	wabe_json_key(w, key);
	wabe_json_array_begin(w);
	while ((word = strsep(&rest, " \n"))) {
		uint64_t value;

		if (*word && wabe_parse_u64(word, 0, UINT64_MAX, &value) == 0)
			wabe_json_add_uint(w, value);
	}
	wabe_json_array_end(w);
}

static void add_cpu(struct wabe_json_writer *w, struct wabe_cgroup *cgroup,
		    const struct wabe_cgroup_stats *s)
{
	char text[32];
	uint64_t total_ns;

	begin(w, "cpu");
	begin(w, "usage");
	if (wabe_cgroup_read(cgroup, "cpuacct", "cpuacct.usage", text, sizeof(text)) <= 0 ||
	    wabe_parse_u64(text, 0, UINT64_MAX, &total_ns) < 0)
		total_ns = scaled(s->cpu_usage_us, 1000);
	wabe_stats_uint(w, "total", total_ns);
	percpu(w, cgroup, "percpu", "cpuacct.usage_percpu");
	percpu(w, cgroup, "percpu_kernel", "cpuacct.usage_percpu_sys");
	percpu(w, cgroup, "percpu_user", "cpuacct.usage_percpu_user");
	wabe_stats_uint(w, "kernel", or_zero(scaled(s->cpu_system_us, 1000)));
	wabe_stats_uint(w, "user", or_zero(scaled(s->cpu_user_us, 1000)));
	wabe_json_object_end(w);
	begin(w, "throttling");
	wabe_stats_uint(w, "periods", s->cpu_nr_periods);
	wabe_stats_uint(w, "throttledPeriods", s->cpu_nr_throttled);
	wabe_stats_uint(w, "throttledTime", scaled(s->cpu_throttled_us, 1000));
	wabe_json_object_end(w);
	wabe_stats_psi(w, cgroup, "cpu.pressure");
	wabe_json_object_end(w);
}

/* "0-2,7" to [0,1,2,7] */
static void add_set(struct wabe_json_writer *w, const char *key, const char *list)
{
	wabe_json_key(w, key);
	wabe_json_array_begin(w);
	while (*list) {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (end == list)
			break;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && first <= UINT16_MAX; first++)
			wabe_json_add_uint(w, first);
		list = end + (*end == ',');
	}
	wabe_json_array_end(w);
}

static void add_cpuset(struct wabe_json_writer *w, struct wabe_cgroup *cgroup)
{
	static const char *const flags[] = { "cpu_exclusive",		"mem_hardwall",
					     "mem_exclusive",		"memory_migrate",
					     "memory_spread_page",	"memory_spread_slab",
					     "memory_pressure",		"sched_load_balance",
					     "sched_relax_domain_level" };
	bool is_v1 = wabe_cgroup_is_v1(cgroup, "cpuset");
	const char *v1 = is_v1 ? "cpuset" : NULL;
	char text[4096], file[64];

	begin(w, "cpuset");
	if (wabe_cgroup_read(cgroup, v1, is_v1 ? "cpuset.cpus" : "cpuset.cpus.effective", text,
			     sizeof(text)) > 0)
		add_set(w, "cpus", text);
	if (wabe_cgroup_read(cgroup, v1, is_v1 ? "cpuset.mems" : "cpuset.mems.effective", text,
			     sizeof(text)) > 0)
		add_set(w, "mems", text);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		int64_t value = 0;

		snprintf(file, sizeof(file), "cpuset.%s", flags[i]);
		if (is_v1 && wabe_cgroup_read(cgroup, v1, file, text, sizeof(text)) > 0)
			wabe_parse_i64(text, INT64_MIN, INT64_MAX, &value);
		wabe_json_put_int(w, flags[i], value);
	}
	wabe_json_object_end(w);
}

struct memory_entry {
	uint64_t usage, max, limit, failcnt;
};

static void memory_entry(struct wabe_json_writer *w, const char *key, const struct memory_entry *e)
{
	begin(w, key);
	/* No limit is the largest number, as in runc. */
	wabe_json_put_uint(w, "limit", e->limit);
	wabe_stats_uint(w, "usage", e->usage);
	wabe_stats_uint(w, "max", e->max);
	wabe_stats_uint(w, "failcnt", or_zero(e->failcnt));
	wabe_json_object_end(w);
}

static uint64_t v1_number(struct wabe_cgroup *cgroup, const char *prefix, const char *suffix)
{
	char file[64], text[32];
	uint64_t value = UINT64_MAX;

	snprintf(file, sizeof(file), "%s.%s", prefix, suffix);
	if (wabe_cgroup_read(cgroup, "memory", file, text, sizeof(text)) > 0)
		wabe_parse_u64(text, 0, UINT64_MAX, &value);
	return value;
}

static void v1_entry(struct wabe_json_writer *w, struct wabe_cgroup *cgroup, const char *key,
		     const char *prefix)
{
	const struct memory_entry e = {
		.usage = v1_number(cgroup, prefix, "usage_in_bytes"),
		.max = v1_number(cgroup, prefix, "max_usage_in_bytes"),
		.limit = or_zero(v1_number(cgroup, prefix, "limit_in_bytes")),
		.failcnt = v1_number(cgroup, prefix, "failcnt"),
	};

	memory_entry(w, key, &e);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a == UINT64_MAX || b == UINT64_MAX || a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* runc's "swap" is memory and swap together, which v1 counts. */
static void add_swap(struct wabe_json_writer *w, struct wabe_cgroup *cgroup,
		     const struct wabe_cgroup_stats *s)
{
	const struct memory_entry both = {
		.usage = sum(s->memory_bytes, s->swap_bytes),
		.max = UINT64_MAX,
		.limit = sum(s->memory_max_bytes, s->swap_max_bytes),
	};

	if (wabe_cgroup_is_v1(cgroup, "memory"))
		v1_entry(w, cgroup, "swap", "memory.memsw");
	else
		memory_entry(w, "swap", &both);
}

/* memory.stat, a number a line: all of it, and what of it is the page cache. */
static uint64_t add_raw(struct wabe_json_writer *w, const char *text, const char *cache_key)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *line;
	uint64_t cache = UINT64_MAX;

	begin(w, "raw");
	while (rest && (line = strsep(&rest, "\n"))) {
		char *blank = strchr(line, ' ');
		uint64_t value;

		if (!blank || wabe_parse_u64(blank + 1, 0, UINT64_MAX, &value) < 0)
			continue;
		*blank = '\0';
		wabe_stats_uint(w, line, value);
		if (strcmp(line, cache_key) == 0)
			cache = value;
	}
	wabe_json_object_end(w);
	return cache;
}

static void add_memory(struct wabe_json_writer *w, struct wabe_cgroup *cgroup,
		       const struct wabe_cgroup_stats *s)
{
	bool is_v1 = wabe_cgroup_is_v1(cgroup, "memory");
	const struct memory_entry usage = { s->memory_bytes, s->memory_peak_bytes,
					    s->memory_max_bytes, s->memory_failcnt };
	static const struct memory_entry none = { .limit = 0,
						  .usage = UINT64_MAX,
						  .max = UINT64_MAX };
	char text[WABE_STATS_TEXT];

	begin(w, "memory");
	if (wabe_cgroup_read(cgroup, is_v1 ? "memory" : NULL, "memory.stat", text, sizeof(text)) >
	    0)
		wabe_stats_uint(w, "cache", add_raw(w, text, is_v1 ? "cache" : "file"));
	memory_entry(w, "usage", s->memory_bytes == UINT64_MAX ? &none : &usage);
	if (s->memory_bytes == UINT64_MAX)
		memory_entry(w, "swap", &none);
	else
		add_swap(w, cgroup, s);
	if (is_v1) {
		v1_entry(w, cgroup, "kernel", "memory.kmem");
		v1_entry(w, cgroup, "kernelTCP", "memory.kmem.tcp");
	} else {
		memory_entry(w, "kernel", &none);
		memory_entry(w, "kernelTCP", &none);
	}
	wabe_stats_psi(w, cgroup, "memory.pressure");
	wabe_json_object_end(w);
}

static void add_rdt(struct wabe_json_writer *w, const struct wabe_container *c)
{
	_cleanup_close_ int root_fd = c->state.rdt_class ? wabe_resctrl_open(NULL) : -EBADF;

	begin(w, "intel_rdt");
	if (root_fd >= 0)
		wabe_stats_rdt(w, root_fd, c->state.rdt_class, c->state.rdt_monitor);
	wabe_json_object_end(w);
}

static void add_data(struct wabe_json_writer *w, struct wabe_container *c,
		     const struct wabe_cgroup_stats *s)
{
	const struct wabe_spec *spec = wabe_container_spec(c, NULL);

	begin(w, "data");
	add_cpu(w, c->cgroup, s);
	add_cpuset(w, c->cgroup);
	add_memory(w, c->cgroup, s);
	begin(w, "pids");
	wabe_stats_uint(w, "current", s->pids);
	wabe_stats_uint(w, "limit", s->pids_max);
	wabe_json_object_end(w);
	wabe_stats_blkio(w, c->cgroup);
	wabe_stats_hugetlb(w, c->cgroup);
	add_rdt(w, c);
	wabe_stats_network(w, (pid_t)c->state.pid,
			   spec && wabe_spec_namespace(spec, WABE_NS_NETWORK));
	wabe_json_object_end(w);
}

int wabe_container_stats_json(struct wabe_container *c, struct wabe_buf *out,
			      struct wabe_error *err)
{
	struct wabe_json_writer *w;
	struct wabe_cgroup_stats stats;
	int r = wabe_container_stats(c, WABE_CGROUP_STATS_ALL, &stats, err);

	if (r < 0)
		return r;
	w = wabe_json_writer_new(WABE_JSON_COMPACT);
	if (!w)
		return wabe_error_set(err, -ENOMEM, "events of %s", c->state.id);
	wabe_json_object_begin(w);
	wabe_json_put_string(w, "type", "stats");
	wabe_json_put_string(w, "id", c->state.id);
	add_data(w, c, &stats);
	wabe_json_object_end(w);
	r = wabe_json_writer_finish(w, out);
	return r < 0 ? wabe_error_set(err, r, "events of %s", c->state.id) : 0;
}

int wabe_container_watch(struct wabe_container *c, enum wabe_cgroup_watched what,
			 struct wabe_cgroup_watch *ret_watch, struct wabe_error *err)
{
	int r = wabe_container_open_cgroup(c, err);

	return r < 0 ? r : wabe_cgroup_watch_open(c->cgroup, what, ret_watch, err);
}
