// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd/vzlist_prometheus: all counters of all guests in Prometheus' text format, for node_exporter's textfile collector. The
 * samples of one metric have to stand together, so each family has a text of its own that every guest adds to.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "cmd/vzlist.h"

#define FILE_ROOM 16384 /* io.stat of a host with many disks */

struct family;
typedef int add_fn(struct wabe_buf *out, const struct family *f, const struct vzlist_guest *g);

/** One metric: what all its samples share, and where a guest's come from. */
struct family {
	const char *name, *type, *help;
	add_fn *add;
	size_t offset; /* of the member that @add shows */
	bool is_us;    /* which is in microseconds, shown in seconds */
};

/*
 * prometheus.io, "Text-based format": backslash, quote and line feed are escaped in a label's value. It is UTF-8: one byte
 * that isn't would cost the collector the whole file.
 */
static int add_label(struct wabe_buf *out, const char *name, const char *value)
{
	size_t len = value ? strlen(value) : 0, valid = 0;
	int r = wabe_buf_printf(out, "%s=\"", name);

	for (size_t i = 0; r == 0 && i < len; i++) {
		if (valid <= i)
			valid = i + wabe_utf8_valid_len(value + i, len - i);
		if (valid == i)
			r = wabe_buf_puts(out, "?");
		else if (value[i] == '\n')
			r = wabe_buf_puts(out, "\\n");
		else if (value[i] == '\\' || value[i] == '"')
			r = wabe_buf_printf(out, "\\%c", value[i]);
		else
			r = wabe_buf_add(out, value + i, 1);
	}
	return r < 0 ? r : wabe_buf_puts(out, "\"");
}

static const char *text_of(const struct vzlist_guest *g, enum vz_param_id id)
{
	return g->has_conf ? vz_param_string(&g->conf.params, id) : NULL;
}

/* NAME{ctid="101",name="web", and up to the next label. */
static int begin_sample(struct wabe_buf *out, const struct family *f, const struct vzlist_guest *g)
{
	int r = wabe_buf_printf(out, "%s{ctid=\"%" PRIu32 "\",", f->name, g->ctid);

	return r < 0 ? r : add_label(out, "name", text_of(g, VZ_PARAM_NAME));
}

static int end_sample(struct wabe_buf *out, const struct family *f, uint64_t value)
{
	if (f->is_us)
		return wabe_buf_printf(out, "} %" PRIu64 ".%06" PRIu64 "\n", value / 1000000,
				       value % 1000000);
	return wabe_buf_printf(out, "} %" PRIu64 "\n", value);
}

/* A sample with one label more, or (NULL) none; UINT64_MAX is no value. */
static int add_sample(struct wabe_buf *out, const struct family *f, const struct vzlist_guest *g,
		      const char *label, const char *label_value, uint64_t value)
{
	int r = value == UINT64_MAX ? 0 : begin_sample(out, f, g);

	if (value == UINT64_MAX)
		return 0;
	if (r == 0 && label)
		r = wabe_buf_puts(out, ",");
	if (r == 0 && label)
		r = add_label(out, label, label_value);
	return r < 0 ? r : end_sample(out, f, value);
}

static uint64_t member(const void *of, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)of + offset, sizeof(value));
	return value;
}

static int add_stat(struct wabe_buf *out, const struct family *f, const struct vzlist_guest *g)
{
	return g->has_stats ? add_sample(out, f, g, NULL, NULL, member(&g->stats, f->offset)) : 0;
}

static int add_info(struct wabe_buf *out, const struct family *f, const struct vzlist_guest *g)
{
	static const struct {
		const char *label;
		enum vz_param_id id;
	} labels[] = {
		{ "hostname", VZ_PARAM_HOSTNAME },
		{ "ostemplate", VZ_PARAM_OSTEMPLATE },
		{ "layout", VZ_PARAM_LAYOUT },
	};
	int r = begin_sample(out, f, g);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(labels); i++) {
		r = wabe_buf_puts(out, ",");
		if (r == 0)
			r = add_label(out, labels[i].label, text_of(g, labels[i].id));
	}
	return r < 0 ? r : end_sample(out, f, 1);
}

static int add_status(struct wabe_buf *out, const struct family *f, const struct vzlist_guest *g)
{
	int r = 0;

	for (enum vzlist_status s = 0; r == 0 && s < VZLIST_STATUS_MAX; s++)
		r = add_sample(out, f, g, "status", vzlist_status_name(s), g->status == s);
	return r;
}

static int add_start_time(struct wabe_buf *out, const struct family *f,
			  const struct vzlist_guest *g)
{
	uint64_t up_us = (uint64_t)(g->uptime_s * 1e6);
	struct timespec now;

	if (!vzlist_is_up(g))
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);
	return add_sample(out, f, g, NULL, NULL,
			  (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 - up_us);
}

static int add_pressure(struct wabe_buf *out, const struct family *f, const struct vzlist_guest *g)
{
	static const char *const names[VZLIST_PRESSURE_MAX] = {
		[VZLIST_PRESSURE_CPU] = "cpu",
		[VZLIST_PRESSURE_MEMORY] = "memory",
		[VZLIST_PRESSURE_IO] = "io",
	};
	int r = 0;

	for (size_t i = 0; r == 0 && g->has_detail && i < VZLIST_PRESSURE_MAX; i++)
		r = add_sample(out, f, g, "resource", names[i],
			       member(&g->detail.pressure[i], f->offset));
	return r;
}

static int add_io(struct wabe_buf *out, const struct family *f, const struct vzlist_guest *g)
{
	int r = 0;

	for (size_t i = 0; r == 0 && g->has_detail && i < g->detail.disk_count; i++) {
		const struct vzlist_disk *disk = &g->detail.disks[i];
		char device[32];

		snprintf(device, sizeof(device), "%u:%u", disk->major, disk->minor);
		r = add_sample(out, f, g, "device", device, member(disk, f->offset));
	}
	return r;
}

static int add_usage(struct wabe_buf *out, const struct family *f, const struct vzlist_guest *g)
{
	return g->has_usage ? add_sample(out, f, g, NULL, NULL, member(&g->usage, f->offset)) : 0;
}

/* @offset is that of IPv4; IPv6 is the next (enum vz_traffic_kind). */
static int add_traffic(struct wabe_buf *out, const struct family *f, const struct vzlist_guest *g)
{
	static const char *const versions[] = { "ipv4", "ipv6" };
	int r = 0;

	for (size_t i = 0; r == 0 && g->has_traffic && i < ARRAY_SIZE(versions); i++)
		r = add_sample(out, f, g, "family", versions[i],
			       member(&g->traffic.of[i], f->offset));
	return r;
}

/* Limits of the disk: @offset is that of barrier or limit in struct vz_pair. */
static int add_limit(struct wabe_buf *out, const struct family *f, const struct vzlist_guest *g,
		     enum vz_param_id id)
{
	struct vz_pair pair;
	uint64_t value;

	if (!g->has_conf || !vz_param_has(&g->conf.params, id))
		return 0;
	pair = vz_param_bytes(&g->conf.params, id);
	value = member(&pair, f->offset);
	return add_sample(out, f, g, NULL, NULL, value == VZ_UNLIMITED ? UINT64_MAX : value);
}

static int add_space_limit(struct wabe_buf *out, const struct family *f,
			   const struct vzlist_guest *g)
{
	return add_limit(out, f, g, VZ_PARAM_DISKSPACE);
}

static int add_inode_limit(struct wabe_buf *out, const struct family *f,
			   const struct vzlist_guest *g)
{
	return add_limit(out, f, g, VZ_PARAM_DISKINODES);
}

/* What the kernel counts of its context, if it has such; memory is told by the cgroup's numbers, in bytes. */
static int add_context(struct wabe_buf *out, const struct family *f, const struct vzlist_guest *g)
{
	int r = 0;

	for (size_t i = 0; r == 0 && g->has_context && i < WABE_CTX_MEMORY_FIRST; i++) {
		uint64_t value = member(&g->context.counts[i], f->offset);

		if (g->context.known & 1u << i && value != WABE_CTX_NO_LIMIT)
			r = add_sample(out, f, g, "resource",
				       wabe_ctx_resource_name((enum wabe_ctx_resource)i), value);
	}
	return r;
}

#define STAT(name, type, member, is_us, help)                             \
	{                                                                 \
		"vz_guest_" name, type, help, add_stat,                   \
			offsetof(struct wabe_cgroup_stats, member), is_us \
	}
#define IO(name, member, help)                                                                   \
	{                                                                                        \
		"vz_guest_" name, "counter", help, add_io, offsetof(struct vzlist_disk, member), \
			false                                                                    \
	}

#define NET(name, kind, member, help)                                                       \
	{                                                                                   \
		"vz_guest_network_" name "_total", "counter", help, add_traffic,            \
			offsetof(struct vz_traffic, of[VZ_TRAFFIC_##kind##4].member), false \
	}

#define CONTEXT(name, type, member, help)                              \
	{                                                              \
		"vz_guest_resource_" name, type, help, add_context,    \
			offsetof(struct wabe_ctx_count, member), false \
	}

#define SOME_US                                                \
	(offsetof(struct vzlist_detail, pressure[0].some_us) - \
	 offsetof(struct vzlist_detail, pressure))
#define FULL_US                                                \
	(offsetof(struct vzlist_detail, pressure[0].full_us) - \
	 offsetof(struct vzlist_detail, pressure))

static const struct family families[] = {
	{ "vz_guest_info", "gauge", "Facts of the container, as labels.", add_info, 0, false },
	{ "vz_guest_status", "gauge", "1 for the status that the container has.", add_status, 0,
	  false },
	{ "vz_guest_start_time_seconds", "gauge", "When it was started, seconds since 1970.",
	  add_start_time, 0, true },
	STAT("memory_bytes", "gauge", memory_bytes, false, "Memory in use."),
	STAT("memory_peak_bytes", "gauge", memory_peak_bytes, false, "The most memory in use."),
	STAT("memory_limit_bytes", "gauge", memory_max_bytes, false,
	     "Limit of memory; none: unlimited."),
	STAT("memory_failures_total", "counter", memory_failcnt, false,
	     "How often the limit of memory was hit."),
	STAT("memory_kernel_bytes", "gauge", kernel_bytes, false, "The kernel's memory for it."),
	STAT("memory_shared_bytes", "gauge", shmem_bytes, false, "tmpfs and shared memory."),
	STAT("memory_locked_bytes", "gauge", locked_bytes, false,
	     "Memory that can't be reclaimed."),
	STAT("oom_kills_total", "counter", oom_kills, false,
	     "Processes killed for lack of memory."),
	STAT("swap_bytes", "gauge", swap_bytes, false, "Swap in use."),
	STAT("swap_peak_bytes", "gauge", swap_peak_bytes, false, "The most swap in use."),
	STAT("swap_limit_bytes", "gauge", swap_max_bytes, false, "Limit of swap; none: unlimited."),
	STAT("swap_failures_total", "counter", swap_failcnt, false,
	     "How often the limit of swap was hit."),
	STAT("cpu_seconds_total", "counter", cpu_usage_us, true, "Processor time."),
	STAT("cpu_user_seconds_total", "counter", cpu_user_us, true, "Of it in user mode."),
	STAT("cpu_system_seconds_total", "counter", cpu_system_us, true, "Of it in the kernel."),
	STAT("cpu_periods_total", "counter", cpu_nr_periods, false,
	     "Periods in which CPULIMIT or CPUS counted."),
	STAT("cpu_throttled_periods_total", "counter", cpu_nr_throttled, false,
	     "Of them those in which it was held back."),
	STAT("cpu_throttled_seconds_total", "counter", cpu_throttled_us, true,
	     "How long it was held back."),
	STAT("processes", "gauge", pids, false, "Processes and threads."),
	STAT("processes_peak", "gauge", pids_peak, false, "The most processes and threads."),
	STAT("processes_limit", "gauge", pids_max, false, "Limit of processes and threads."),
	STAT("process_failures_total", "counter", pids_failcnt, false,
	     "How often that limit was hit."),
	{ "vz_guest_pressure_waiting_seconds_total", "counter",
	  "How long some process waited for the resource.", add_pressure, SOME_US, true },
	{ "vz_guest_pressure_stalled_seconds_total", "counter",
	  "How long all processes waited for the resource.", add_pressure, FULL_US, true },
	IO("io_read_bytes_total", read_bytes, "Read from the disk."),
	IO("io_written_bytes_total", written_bytes, "Written to the disk."),
	IO("io_reads_total", reads, "Reading operations."),
	IO("io_writes_total", writes, "Writing operations."),
	NET("receive_bytes", IN, bytes, "To the container, over all its starts."),
	NET("receive_packets", IN, packets, "Packets of that."),
	NET("transmit_bytes", OUT, bytes, "From the container, over all its starts."),
	NET("transmit_packets", OUT, packets, "Packets of that."),
	CONTEXT("held", "gauge", held, "Held of what all containers share."),
	CONTEXT("peak", "gauge", peak, "The most that was held of it."),
	CONTEXT("barrier", "gauge", barrier, "What ordinary requests of it are held to."),
	CONTEXT("limit", "gauge", limit, "Limit of it; none: unlimited."),
	CONTEXT("failures_total", "counter", failures, "How often it was refused."),
	{ "vz_guest_disk_used_bytes", "gauge", "Disk space in use, where quota counts it.",
	  add_usage, offsetof(struct wabe_quota_usage, used_bytes), false },
	{ "vz_guest_disk_soft_limit_bytes", "gauge", "Soft limit of disk space.", add_space_limit,
	  offsetof(struct vz_pair, barrier), false },
	{ "vz_guest_disk_limit_bytes", "gauge", "Hard limit of disk space.", add_space_limit,
	  offsetof(struct vz_pair, limit), false },
	{ "vz_guest_disk_used_inodes", "gauge", "Files, where quota counts them.", add_usage,
	  offsetof(struct wabe_quota_usage, used_inodes), false },
	{ "vz_guest_disk_soft_limit_inodes", "gauge", "Soft limit of files.", add_inode_limit,
	  offsetof(struct vz_pair, barrier), false },
	{ "vz_guest_disk_limit_inodes", "gauge", "Hard limit of files.", add_inode_limit,
	  offsetof(struct vz_pair, limit), false },
};

struct vzlist_prometheus {
	struct wabe_buf texts[ARRAY_SIZE(families)];
	uint64_t counts[VZLIST_STATUS_MAX];
};

struct vzlist_prometheus *vzlist_prometheus_new(struct wabe_arena *arena,
						struct vzlist_wanted *wanted)
{
	static const enum vz_param_id shown[] = { VZ_PARAM_OSTEMPLATE, VZ_PARAM_LAYOUT,
						  VZ_PARAM_DISKSPACE, VZ_PARAM_DISKINODES };

	wanted->needs |= VZLIST_NEED_USAGE | VZLIST_NEED_MOUNT | VZLIST_NEED_DETAIL |
			 VZLIST_NEED_TRAFFIC | VZLIST_NEED_CONTEXT;
	wanted->stats = WABE_CGROUP_STATS_ALL;
	wanted->has_params = true;
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		wanted->params[shown[i]] = true;
	return wabe_arena_alloc(arena, sizeof(struct vzlist_prometheus));
}

void vzlist_prometheus_free(struct vzlist_prometheus **p)
{
	for (size_t i = 0; *p && i < ARRAY_SIZE(families); i++)
		wabe_buf_free(&(*p)->texts[i]);
	*p = NULL;
}

int vzlist_prometheus_add(struct vzlist_prometheus *p, const struct vzlist_guest *g)
{
	int r = 0;

	p->counts[g->status]++;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(families); i++)
		r = families[i].add(&p->texts[i], &families[i], g);
	return r;
}

void vzlist_prometheus_print(const struct vzlist_prometheus *p, FILE *out)
{
	fputs("# HELP vz_guests Containers by status.\n# TYPE vz_guests gauge\n", out);
	for (enum vzlist_status s = 0; s < VZLIST_STATUS_MAX; s++)
		fprintf(out, "vz_guests{status=\"%s\"} %" PRIu64 "\n", vzlist_status_name(s),
			p->counts[s]);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (p->texts[i].len == 0)
			continue;
		fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", families[i].name, families[i].help,
			families[i].name, families[i].type);
		fwrite(p->texts[i].data, 1, p->texts[i].len, out);
	}
}

/* psi.rst: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", and such a line of "full". */
static uint64_t pressure_of(const char *text, const char *kind)
{
	const char *line = strncmp(text, kind, strlen(kind)) == 0 ? text : strstr(text, kind);
	const char *total = line ? strstr(line, "total=") : NULL;

	return total ? strtoull(total + strlen("total="), NULL, 10) : UINT64_MAX;
}

static struct vzlist_disk *disk_of(struct vzlist_detail *detail, unsigned int major,
				   unsigned int minor)
{
	for (size_t i = 0; i < detail->disk_count; i++)
		if (detail->disks[i].major == major && detail->disks[i].minor == minor)
			return &detail->disks[i];
	if (detail->disk_count == VZLIST_DISKS_MAX)
		return NULL;
	detail->disks[detail->disk_count] = (struct vzlist_disk){ major,      minor,
								  UINT64_MAX, UINT64_MAX,
								  UINT64_MAX, UINT64_MAX };
	return &detail->disks[detail->disk_count++];
}

/* cgroup-v2.rst, io.stat: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void read_v2_disks(char *text, struct vzlist_detail *detail)
{
	for (char *line; (line = strsep(&text, "\n")) != NULL;) {
		struct vzlist_disk d, *disk;

		if (sscanf(line,
			   "%u:%u rbytes=%" SCNu64 " wbytes=%" SCNu64 " rios=%" SCNu64
			   " wios=%" SCNu64,
			   &d.major, &d.minor, &d.read_bytes, &d.written_bytes, &d.reads,
			   &d.writes) != 6)
			continue;
		disk = disk_of(detail, d.major, d.minor);
		if (disk)
			*disk = d;
	}
}

/* blkio-controller.rst: "8:0 Read 123", "8:0 Write 456", ... */
static void read_v1_disks(char *text, struct vzlist_detail *detail, size_t read_at, size_t write_at)
{
	for (char *line; (line = strsep(&text, "\n")) != NULL;) {
		unsigned int major, minor;
		struct vzlist_disk *disk;
		uint64_t value;
		char op[16];

		if (sscanf(line, "%u:%u %15s %" SCNu64, &major, &minor, op, &value) != 4 ||
		    (strcmp(op, "Read") != 0 && strcmp(op, "Write") != 0))
			continue;
		disk = disk_of(detail, major, minor);
		if (disk)
			memcpy((char *)disk + (*op == 'R' ? read_at : write_at), &value,
			       sizeof(value));
	}
}

void vzlist_detail_read(struct wabe_container *c, struct vzlist_detail *ret_detail)
{
	static const char *const pressures[VZLIST_PRESSURE_MAX] = {
		[VZLIST_PRESSURE_CPU] = "cpu.pressure",
		[VZLIST_PRESSURE_MEMORY] = "memory.pressure",
		[VZLIST_PRESSURE_IO] = "io.pressure",
	};
	struct vzlist_detail detail = { 0 };
	char text[FILE_ROOM];

	for (size_t i = 0; i < VZLIST_PRESSURE_MAX; i++) {
		/* EOPNOTSUPP: the kernel can, and was started with psi=0. */
		if (wabe_container_cgroup_read(c, NULL, pressures[i], text, sizeof(text)) <= 0)
			*text = '\0';
		detail.pressure[i].some_us = pressure_of(text, "some");
		detail.pressure[i].full_us = pressure_of(text, "full");
	}
	if (wabe_container_cgroup_read(c, NULL, "io.stat", text, sizeof(text)) > 0)
		read_v2_disks(text, &detail);
	if (wabe_container_cgroup_read(c, "blkio", "blkio.throttle.io_service_bytes_recursive",
				       text, sizeof(text)) > 0)
		read_v1_disks(text, &detail, offsetof(struct vzlist_disk, read_bytes),
			      offsetof(struct vzlist_disk, written_bytes));
	if (wabe_container_cgroup_read(c, "blkio", "blkio.throttle.io_serviced_recursive", text,
				       sizeof(text)) > 0)
		read_v1_disks(text, &detail, offsetof(struct vzlist_disk, reads),
			      offsetof(struct vzlist_disk, writes));
	*ret_detail = detail;
}
