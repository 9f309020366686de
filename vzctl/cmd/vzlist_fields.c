// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vzlist_fields: the fields of vzlist(8): one row a field, and where its value comes from. */
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cmd/vzlist.h"

static const char *const status_names[VZLIST_STATUS_MAX] = {
	[VZLIST_UNKNOWN] = "unknown", [VZLIST_STOPPED] = "stopped",
	[VZLIST_MOUNTED] = "mounted", [VZLIST_SUSPENDED] = "suspended",
	[VZLIST_RUNNING] = "running",
};

const char *vzlist_status_name(enum vzlist_status status)
{
	return status_names[status];
}

bool vzlist_is_up(const struct vzlist_guest *g)
{
	return g->status == VZLIST_RUNNING || g->status == VZLIST_SUSPENDED;
}

static void set_text(struct vzlist_cell *cell, const char *text)
{
	if (text && *text)
		*cell = (struct vzlist_cell){ .type = VZLIST_TEXT, .text = text };
}

static void set_number(struct vzlist_cell *cell, uint64_t number)
{
	*cell = (struct vzlist_cell){ .type = VZLIST_NUMBER, .number = number };
}

static void get_ctid(const struct vzlist_guest *g, const struct vzlist_field *field, size_t index,
		     struct vzlist_cell *cell)
{
	(void)field, (void)index;
	set_number(cell, g->ctid);
}

static void get_status(const struct vzlist_guest *g, const struct vzlist_field *field, size_t index,
		       struct vzlist_cell *cell)
{
	(void)field, (void)index;
	set_text(cell, status_names[g->status]);
}

static void get_uptime(const struct vzlist_guest *g, const struct vzlist_field *field, size_t index,
		       struct vzlist_cell *cell)
{
	(void)field, (void)index;
	*cell = (struct vzlist_cell){ .type = VZLIST_UPTIME,
				      .real = vzlist_is_up(g) ? g->uptime_s : -1 };
}

/* No kernel without our patches counts the load of a guest. */
static void get_nothing(const struct vzlist_guest *g, const struct vzlist_field *field,
			size_t index, struct vzlist_cell *cell)
{
	(void)g, (void)field, (void)index, (void)cell;
}

static void get_root(const struct vzlist_guest *g, const struct vzlist_field *field, size_t index,
		     struct vzlist_cell *cell)
{
	(void)index;
	set_text(cell, field->id == VZ_PARAM_ROOT ? g->conf.root : g->conf.private);
}

static void get_text(const struct vzlist_guest *g, const struct vzlist_field *field, size_t index,
		     struct vzlist_cell *cell)
{
	(void)index;
	if (g->has_conf)
		set_text(cell, vz_param_string(&g->conf.params, field->id));
}

static void get_smart_name(const struct vzlist_guest *g, const struct vzlist_field *field,
			   size_t index, struct vzlist_cell *cell)
{
	get_text(g, field, index, cell);
	if (cell->type == VZLIST_NONE)
		set_number(cell, g->ctid);
}

static void get_list(const struct vzlist_guest *g, const struct vzlist_field *field, size_t index,
		     struct vzlist_cell *cell)
{
	static const struct wabe_strv none = { 0 };

	(void)index;
	*cell = (struct vzlist_cell){
		.type = vz_param_row(field->id)->rule.type == VZ_TYPE_SWITCH ? VZLIST_SWITCH
									     : VZLIST_LIST,
		.list = g->has_conf ? vz_param_list(&g->conf.params, field->id) : &none,
	};
}

static void get_yesno(const struct vzlist_guest *g, const struct vzlist_field *field, size_t index,
		      struct vzlist_cell *cell)
{
	(void)index;
	if (g->has_conf)
		*cell = (struct vzlist_cell){ .type = VZLIST_YESNO,
					      .number = vz_param_yes(&g->conf.params, field->id) };
}

/* vSwap: memory is limited as a whole, not counter by counter. */
static void get_vswap(const struct vzlist_guest *g, const struct vzlist_field *field, size_t index,
		      struct vzlist_cell *cell)
{
	(void)index;
	if (g->has_conf)
		*cell = (struct vzlist_cell){
			.type = VZLIST_YESNO,
			.number = vz_param_pair(&g->conf.params, field->id).limit != VZ_UNLIMITED
		};
}

static void get_set_number(const struct vzlist_guest *g, const struct vzlist_field *field,
			   size_t index, struct vzlist_cell *cell)
{
	const struct vz_param *row = vz_param_row(field->id);

	(void)index;
	if (!g->has_conf || (!row->preset && !vz_param_has(&g->conf.params, field->id)))
		return;
	set_number(cell, vz_param_u64(&g->conf.params, field->id));
	if (row->rule.type == VZ_TYPE_FACTOR)
		cell->type = VZLIST_FACTOR;
	/* No limit shows as nothing, but for cpulimit, whose 0 scripts know. */
	if (row->rule.type == VZ_TYPE_LIMIT && cell->number == 0 && field->id != VZ_PARAM_CPULIMIT)
		cell->type = VZLIST_NONE;
}

/* In the order of a beancounter's suffixes. */
enum { HELD, MAXHELD, BARRIER, LIMIT, FAILCNT };

/* What a cgroup counts of a beancounter; other values of it nobody counts. */
static const struct count {
	enum vz_param_id id;
	size_t index, offset;
	bool is_bytes; /* shown in pages */
} counts[] = {
	{ VZ_PARAM_NUMPROC, HELD, offsetof(struct wabe_cgroup_stats, pids), false },
	{ VZ_PARAM_NUMPROC, MAXHELD, offsetof(struct wabe_cgroup_stats, pids_peak), false },
	{ VZ_PARAM_NUMPROC, FAILCNT, offsetof(struct wabe_cgroup_stats, pids_failcnt), false },
	{ VZ_PARAM_PHYSPAGES, HELD, offsetof(struct wabe_cgroup_stats, memory_bytes), true },
	{ VZ_PARAM_PHYSPAGES, MAXHELD, offsetof(struct wabe_cgroup_stats, memory_peak_bytes),
	  true },
	{ VZ_PARAM_PHYSPAGES, FAILCNT, offsetof(struct wabe_cgroup_stats, memory_failcnt), false },
	{ VZ_PARAM_SWAPPAGES, HELD, offsetof(struct wabe_cgroup_stats, swap_bytes), true },
	{ VZ_PARAM_SWAPPAGES, MAXHELD, offsetof(struct wabe_cgroup_stats, swap_peak_bytes), true },
	{ VZ_PARAM_SWAPPAGES, FAILCNT, offsetof(struct wabe_cgroup_stats, swap_failcnt), false },
	{ VZ_PARAM_KMEMSIZE, HELD, offsetof(struct wabe_cgroup_stats, kernel_bytes), false },
	{ VZ_PARAM_DCACHESIZE, HELD, offsetof(struct wabe_cgroup_stats, reclaimable_bytes), false },
	{ VZ_PARAM_SHMPAGES, HELD, offsetof(struct wabe_cgroup_stats, shmem_bytes), true },
	{ VZ_PARAM_LOCKEDPAGES, HELD, offsetof(struct wabe_cgroup_stats, locked_bytes), true },
};

static const struct count *find_count(enum vz_param_id id, size_t index)
{
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (counts[i].id == id && counts[i].index == index)
			return &counts[i];
	return NULL;
}

/* What the memory controller has in pages of the machine, in OpenVZ's. */
static uint64_t in_pages(const struct vzlist_field *field, uint64_t value)
{
	if (field->resource < WABE_CTX_MEMORY_FIRST || value == WABE_CTX_NO_LIMIT ||
	    vz_param_row(field->id)->rule.unit != VZ_UNIT_PAGES)
		return value;
	return value * ((uint64_t)sysconf(_SC_PAGESIZE) / VZ_PAGE_BYTES);
}

/* A resource of @g's context; UINT64_MAX: the kernel doesn't tell. */
static uint64_t context_value(const struct vzlist_guest *g, const struct vzlist_field *field,
			      size_t index)
{
	static const size_t offsets[] = {
		[HELD] = offsetof(struct wabe_ctx_count, held),
		[MAXHELD] = offsetof(struct wabe_ctx_count, peak),
		[BARRIER] = offsetof(struct wabe_ctx_count, barrier),
		[LIMIT] = offsetof(struct wabe_ctx_count, limit),
		[FAILCNT] = offsetof(struct wabe_ctx_count, failures),
	};
	static const unsigned int lacks[] = {
		[MAXHELD] = WABE_CTX_LACKS_PEAK,
		[BARRIER] = WABE_CTX_LACKS_BOUNDS,
		[LIMIT] = WABE_CTX_LACKS_BOUNDS,
		[FAILCNT] = WABE_CTX_LACKS_FAILURES,
	};
	const struct wabe_ctx_count *count = &g->context.counts[field->resource];
	uint64_t value;

	if (!g->has_context || !(field->needs & VZLIST_NEED_CONTEXT) ||
	    !(g->context.known & 1u << field->resource) || count->lacks & lacks[index])
		return UINT64_MAX;
	memcpy(&value, (const char *)count + offsets[index], sizeof(value));
	return index == FAILCNT ? value : in_pages(field, value);
}

/*
 * A context is a cgroup with limits of other controllers: what they refuse it isn't charged for, so that all refusals are a sum.
 * Of memory both say the same.
 */
static bool is_sum(const struct vzlist_field *field, size_t index)
{
	return index == FAILCNT && field->resource < WABE_CTX_MEMORY_FIRST;
}

static uint64_t with_context(const struct vzlist_field *field, size_t index, uint64_t stats,
			     uint64_t context)
{
	if (context == UINT64_MAX)
		return stats;
	return is_sum(field, index) && stats != UINT64_MAX ? stats + context : context;
}

static void get_counter(const struct vzlist_guest *g, const struct vzlist_field *field,
			size_t index, struct vzlist_cell *cell)
{
	const struct count *count = find_count(field->id, index);
	uint64_t value = UINT64_MAX;

	if (count && g->has_stats)
		memcpy(&value, (const char *)&g->stats + count->offset, sizeof(value));
	if (count && count->is_bytes && value != UINT64_MAX)
		value = (value + VZ_PAGE_BYTES - 1) / VZ_PAGE_BYTES;
	if (index == BARRIER && g->has_conf && vz_param_has(&g->conf.params, field->id))
		value = vz_param_pair(&g->conf.params, field->id).barrier;
	if (index == LIMIT && g->has_conf && vz_param_has(&g->conf.params, field->id))
		value = vz_param_pair(&g->conf.params, field->id).limit;
	value = with_context(field, index, value, context_value(g, field, index));
	if (value != UINT64_MAX)
		set_number(cell, value);
}

void vzlist_want(struct vzlist_wanted *wanted, const struct vzlist_column *column, bool is_whole)
{
	const struct vzlist_field *field = column->field;

	wanted->needs |= field->needs;
	if (field->id < VZ_PARAM_MAX)
		wanted->has_params = wanted->params[field->id] = true;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		const unsigned int bit = 1u << (counts[i].offset / sizeof(uint64_t));

		if (counts[i].id != field->id || field->get != get_counter ||
		    !(is_whole || counts[i].index == column->index))
			continue;
		wanted->stats |= bit;
		if (field->needs & VZLIST_NEED_CONTEXT && !is_sum(field, counts[i].index))
			wanted->context_stats[field->resource] |= bit;
	}
}

/* Usage where the filesystem counts it, then .s and .h as they are configured. */
static void get_disk(const struct vzlist_guest *g, const struct vzlist_field *field, size_t index,
		     struct vzlist_cell *cell)
{
	const struct wabe_quota_usage *u = &g->usage;
	struct vz_pair limit;

	/* Not every layout counts inodes; none is without any. */
	if (g->has_usage && index == 0 && (field->id == VZ_PARAM_DISKSPACE || u->used_inodes))
		set_number(cell,
			   field->id == VZ_PARAM_DISKSPACE ? u->used_bytes / 1024 : u->used_inodes);
	if (index == 0 || !g->has_conf || !vz_param_has(&g->conf.params, field->id))
		return;
	limit = vz_param_pair(&g->conf.params, field->id);
	set_number(cell, index == 1 ? limit.barrier : limit.limit);
}

/* Bytes, then .p packets. */
static void get_traffic(const struct vzlist_guest *g, const struct vzlist_field *field,
			size_t index, struct vzlist_cell *cell)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < VZ_TRAFFIC_MAX; i++)
		if (field->traffic & 1u << i)
			sum += index == 0 ? g->traffic.of[i].bytes : g->traffic.of[i].packets;
	if (g->has_traffic)
		set_number(cell, sum);
}

static const char *const counter_members[] = { "held",	"maxheld", "barrier",
					       "limit", "failcnt", NULL };
static const char *const disk_members[] = { "usage", "softlimit", "hardlimit", NULL };
static const char *const traffic_members[] = { "bytes", "packets", NULL };

#define PLAIN(name, header, width, id, get)                                  \
	{                                                                    \
		name, header, width, NULL, 0, VZ_PARAM_##id, get, NULL, 0, 0 \
	}
#define COUNTER(name, header, id)                                                              \
	{                                                                                      \
		name, header, 10, "mblf", 0, VZ_PARAM_##id, get_counter, counter_members, 0, 0 \
	}
/* One that our kernel counts, or tells of. */
#define CONTEXT(name, header, id)                                                          \
	{                                                                                  \
		name, header, 10, "mblf", VZLIST_NEED_CONTEXT, VZ_PARAM_##id, get_counter, \
			counter_members, 0, WABE_CTX_##id                                  \
	}
#define DISK(name, header, id)                                                                    \
	{                                                                                         \
		name, header, 10, "sh", VZLIST_NEED_USAGE, VZ_PARAM_##id, get_disk, disk_members, \
			0, 0                                                                      \
	}
#define TRAFFIC(name, header, kinds)                                                   \
	{                                                                              \
		name, header, 15, "p", VZLIST_NEED_TRAFFIC, VZ_PARAM_MAX, get_traffic, \
			traffic_members, kinds, 0                                      \
	}

#define IN4 (1u << VZ_TRAFFIC_IN4)
#define IN6 (1u << VZ_TRAFFIC_IN6)
#define OUT4 (1u << VZ_TRAFFIC_OUT4)
#define OUT6 (1u << VZ_TRAFFIC_OUT6)

/* vzlist(8), "FIELDS"; the order is that of -L and of JSON. */
static const struct vzlist_field fields[] = {
	PLAIN("ctid", "CTID", 10, MAX, get_ctid),
	PLAIN("veid", "CTID", 10, MAX, get_ctid),
	PLAIN("vpsid", "CTID", 10, MAX, get_ctid),
	PLAIN("private", "PRIVATE", -32, PRIVATE, get_root),
	PLAIN("root", "ROOT", -32, ROOT, get_root),
	PLAIN("mount_opts", "MOUNT_OPTS", -16, MOUNT_OPTS, get_text),
	PLAIN("origin_sample", "ORIGIN_SAMPLE", -32, ORIGIN_SAMPLE, get_text),
	PLAIN("hostname", "HOSTNAME", -32, HOSTNAME, get_text),
	PLAIN("name", "NAME", -32, NAME, get_text),
	PLAIN("smart_name", "SMARTNAME", 10, NAME, get_smart_name),
	PLAIN("description", "DESCRIPTION", -32, DESCRIPTION, get_text),
	PLAIN("ostemplate", "OSTEMPLATE", -32, OSTEMPLATE, get_text),
	PLAIN("ip", "IP_ADDR", -15, IP_ADDRESS, get_list),
	PLAIN("nameserver", "NAMESERVER", -15, NAMESERVER, get_list),
	PLAIN("searchdomain", "SEARCHDOMAIN", -15, SEARCHDOMAIN, get_list),
	{ "status", "STATUS", -9, NULL, VZLIST_NEED_MOUNT, VZ_PARAM_MAX, get_status, NULL, 0, 0 },
	CONTEXT("kmemsize", "KMEMSIZE", KMEMSIZE),
	CONTEXT("lockedpages", "LOCKEDP", LOCKEDPAGES),
	COUNTER("privvmpages", "PRIVVMP", PRIVVMPAGES),
	CONTEXT("shmpages", "SHMP", SHMPAGES),
	CONTEXT("numproc", "NPROC", NUMPROC),
	CONTEXT("physpages", "PHYSP", PHYSPAGES),
	COUNTER("vmguarpages", "VMGUARP", VMGUARPAGES),
	CONTEXT("oomguarpages", "OOMGUARP", OOMGUARPAGES),
	CONTEXT("numtcpsock", "NTCPSOCK", NUMTCPSOCK),
	CONTEXT("numflock", "NFLOCK", NUMFLOCK),
	CONTEXT("numpty", "NPTY", NUMPTY),
	CONTEXT("numsiginfo", "NSIGINFO", NUMSIGINFO),
	COUNTER("tcpsndbuf", "TCPSNDB", TCPSNDBUF),
	COUNTER("tcprcvbuf", "TCPRCVB", TCPRCVBUF),
	COUNTER("othersockbuf", "OTHSOCKB", OTHERSOCKBUF),
	COUNTER("dgramrcvbuf", "DGRAMRB", DGRAMRCVBUF),
	CONTEXT("numothersock", "NOTHSOCK", NUMOTHERSOCK),
	CONTEXT("dcachesize", "DCACHESZ", DCACHESIZE),
	CONTEXT("numfile", "NFILE", NUMFILE),
	CONTEXT("numiptent", "NIPTENT", NUMIPTENT),
	CONTEXT("swappages", "SWAPP", SWAPPAGES),
	DISK("diskspace", "DSPACE", DISKSPACE),
	DISK("diskinodes", "DINODES", DISKINODES),
	TRAFFIC("netin", "NETIN", IN4 | IN6),
	TRAFFIC("netin4", "NETIN4", IN4),
	TRAFFIC("netin6", "NETIN6", IN6),
	TRAFFIC("netout", "NETOUT", OUT4 | OUT6),
	TRAFFIC("netout4", "NETOUT4", OUT4),
	TRAFFIC("netout6", "NETOUT6", OUT6),
	PLAIN("laverage", "LAVERAGE", 14, MAX, get_nothing),
	PLAIN("uptime", "UPTIME", 15, MAX, get_uptime),
	PLAIN("cpulimit", "CPULIM", 7, CPULIMIT, get_set_number),
	PLAIN("cpuunits", "CPUUNI", 7, CPUUNITS, get_set_number),
	PLAIN("cpus", "CPUS", 5, CPUS, get_set_number),
	PLAIN("ioprio", "IOP", 3, IOPRIO, get_set_number),
	PLAIN("iolimit", "IOLIMIT", 10, IOLIMIT, get_set_number),
	PLAIN("iopslimit", "IOPS", 4, IOPSLIMIT, get_set_number),
	PLAIN("onboot", "ONBOOT", 6, ONBOOT, get_yesno),
	PLAIN("bootorder", "BOOTORDER", 10, BOOTORDER, get_set_number),
	PLAIN("layout", "LAYOUT", -7, LAYOUT, get_text),
	PLAIN("features", "FEATURES", -15, FEATURES, get_list),
	PLAIN("vswap", "VSWAP", 5, PHYSPAGES, get_vswap),
	PLAIN("disabled", "DISABL", 6, DISABLED, get_yesno),
	PLAIN("vm_overcommit", "VM_OVC", 6, VM_OVERCOMMIT, get_set_number),
	PLAIN("netfilter", "NETFILTER", -15, NETFILTER, get_text),
	PLAIN("capability", "CAPABILITY", -15, CAPABILITY, get_list),
};

const struct vzlist_field *vzlist_field_at(size_t at)
{
	return at < ARRAY_SIZE(fields) ? &fields[at] : NULL;
}

int vzlist_column_find(const char *name, size_t len, struct vzlist_column *ret_column)
{
	const char *dot = memchr(name, '.', len);
	size_t base = dot ? (size_t)(dot - name) : len;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *suffix = NULL;

		if (strlen(fields[i].name) != base || strncmp(fields[i].name, name, base) != 0)
			continue;
		if (dot && fields[i].suffixes && len == base + 2)
			suffix = strchr(fields[i].suffixes, dot[1]);
		if (dot && (!suffix || !*suffix))
			return -ENOENT;
		*ret_column = (struct vzlist_column){
			&fields[i], dot ? (size_t)(suffix - fields[i].suffixes) + 1 : 0
		};
		return 0;
	}
	return -ENOENT;
}

struct vzlist_cell vzlist_cell(const struct vzlist_guest *g, const struct vzlist_column *column)
{
	struct vzlist_cell cell = { 0 };

	column->field->get(g, column->field, column->index, &cell);
	return cell;
}

static bool is_empty(const struct vzlist_cell *cell)
{
	return cell->type == VZLIST_NONE || (cell->list && cell->list->count == 0);
}

static int compare_doubles(double a, double b)
{
	return a < b ? -1 : a > b;
}

int vzlist_compare(const struct vzlist_cell *a, const struct vzlist_cell *b)
{
	if (is_empty(a) || is_empty(b))
		return (int)is_empty(b) - (int)is_empty(a);
	/* smart_name is the only field of two types: numbers before names. */
	if (a->type != b->type)
		return a->type == VZLIST_NUMBER ? -1 : 1;
	if (a->text)
		return strcmp(a->text, b->text);
	if (a->list)
		return strcmp(a->list->items[0], b->list->items[0]);
	if (a->type == VZLIST_UPTIME)
		return compare_doubles(a->real, b->real);
	return a->number < b->number ? -1 : a->number > b->number;
}

const char *vzlist_column_name(const struct vzlist_column *column, char *buf, size_t room)
{
	const struct vzlist_field *field = column->field;

	if (column->index)
		snprintf(buf, room, "%s.%c", field->name, field->suffixes[column->index - 1]);
	else
		snprintf(buf, room, "%s", field->name);
	return buf;
}

const char *vzlist_column_header(const struct vzlist_column *column, char *buf, size_t room)
{
	const struct vzlist_field *field = column->field;

	if (column->index)
		snprintf(buf, room, "%s.%c", field->header,
			 toupper((unsigned char)field->suffixes[column->index - 1]));
	else
		snprintf(buf, room, "%s", field->header);
	return buf;
}
