// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spec/validate: the rules of linux.resources. Zero asks for nothing where it can't be a limit (weights, memory, quota):
 * engines written in Go send it so, and runc reads it so.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/range.h"
#include "spec/internal.h"

#define AT "linux.resources."

static int validate_device_rules(const struct wabe_list *list, struct wabe_error *err)
{
	const struct wabe_spec_device_rule *rules = list->items;

	for (size_t i = 0; i < list->count; i++) {
		const char *type = rules[i].type, *access = rules[i].access;

		if (type && *type && (strlen(type) != 1 || !strchr("acb", *type)))
			return wabe_error_say(err, -EINVAL,
					      AT "devices[%zu].type: \"%.20s\" is none of a, c, b",
					      i, type);
		if (access && access[strspn(access, "rwm")])
			return wabe_error_say(
				err, -EINVAL,
				AT "devices[%zu].access: \"%.20s\" has more than r, w, m", i,
				access);
		/* A denial without it means all; a permission shall say what for. */
		if (rules[i].allow && (!access || !*access))
			return wabe_error_say(
				err, -EINVAL,
				AT
				"devices[%zu].access: is empty, an allowed device needs some of r, w, m",
				i);
	}
	return 0;
}

/* As runc: a bound on memory plus swap says nothing without one on memory, and can't be below it. */
static int validate_memory(const struct wabe_spec_memory *m, struct wabe_error *err)
{
	bool is_limited = m->limit.is_set && m->limit.value > 0;

	if (!m->swap.is_set || m->swap.value <= 0)
		return 0;
	if (!is_limited)
		return wabe_error_say(
			err, -EINVAL,
			AT "memory.swap: is memory plus swap, it needs memory.limit beside it");
	if (m->swap.value < m->limit.value)
		return wabe_error_say(
			err, -EINVAL,
			AT "memory.swap: is memory plus swap, %lld is below memory.limit %lld",
			(long long)m->swap.value, (long long)m->limit.value);
	return 0;
}

/* One number or range of a list; the end of it, or NULL. */
static const char *skip_range(const char *s)
{
	unsigned long long first, last;
	char *end;

	if (!isdigit((unsigned char)*s))
		return NULL;
	first = strtoull(s, &end, 10);
	if (*end != '-')
		return end;
	s = end + 1;
	if (!isdigit((unsigned char)*s))
		return NULL;
	last = strtoull(s, &end, 10);
	return last < first ? NULL : end;
}

/* cpuset(7), "List format": "0-3,7" */
static int validate_list(const char *list, const char *key, struct wabe_error *err)
{
	const char *s = list;

	if (!list || !*list)
		return 0;
	for (;; s++) {
		s = skip_range(s);
		if (!s || (*s && *s != ','))
			return wabe_error_say(err, -EINVAL,
					      AT "cpu.%s: \"%.100s\" is not a list as 0-3,7", key,
					      list);
		if (!*s)
			return 0;
	}
}

/* Numbers that the kernel bounds; 0, and below it where there is a sign, asks for no limit. */
static const struct range {
	const char *path;
	size_t offset; /* of the struct wabe_opt_u64, or _i64 */
	bool is_signed;
	uint64_t min, max;
} ranges[] = {
#define ROW(path, field) path, offsetof(struct wabe_spec_resources, field)
	{ ROW("cpu.shares", cpu.shares), false, WABE_CPU_SHARES_MIN, WABE_CPU_SHARES_MAX },
	{ ROW("cpu.quota", cpu.quota), true, WABE_CPU_QUOTA_MIN_US, WABE_CPU_RUNTIME_MAX_US },
	{ ROW("cpu.period", cpu.period), false, WABE_CPU_PERIOD_MIN_US, WABE_CPU_PERIOD_MAX_US },
	{ ROW("cpu.burst", cpu.burst), false, 0, WABE_CPU_RUNTIME_MAX_US },
	{ ROW("cpu.realtimeRuntime", cpu.realtime_runtime), true, 0, WABE_CPU_RUNTIME_MAX_US },
	{ ROW("cpu.realtimePeriod", cpu.realtime_period), false, 0, WABE_CPU_RT_PERIOD_MAX_US },
	{ ROW("pids.limit", pids.limit), true, 0, WABE_PIDS_MAX },
	{ ROW("blockIO.weight", block_io.weight), false, WABE_BLKIO_WEIGHT_MIN,
	  WABE_BLKIO_WEIGHT_MAX },
	{ ROW("blockIO.leafWeight", block_io.leaf_weight), false, WABE_BLKIO_WEIGHT_MIN,
	  WABE_BLKIO_WEIGHT_MAX },
#undef ROW
};

static int validate_number(const char *path, const struct wabe_opt_u64 *number, uint64_t min,
			   uint64_t max, struct wabe_error *err)
{
	if (number->is_set && number->value != 0 && (number->value < min || number->value > max))
		return wabe_error_say(err, -ERANGE,
				      AT "%s: %" PRIu64 " is out of range, %" PRIu64 "..%" PRIu64,
				      path, number->value, min, max);
	return 0;
}

static int validate_ranges(const struct wabe_spec_resources *res, struct wabe_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(ranges); i++) {
		const void *field = (const char *)res + ranges[i].offset;
		struct wabe_opt_u64 number;

		if (ranges[i].is_signed) {
			const struct wabe_opt_i64 *value = field;

			number.is_set = value->is_set && value->value > 0;
			number.value = (uint64_t)value->value;
		} else {
			number = *(const struct wabe_opt_u64 *)field;
		}
		r = validate_number(ranges[i].path, &number, ranges[i].min, ranges[i].max, err);
	}
	return r;
}

/* The kernel compares them (tg_set_cfs_bandwidth(), tg_rt_schedulable()). */
static int validate_cpu(const struct wabe_spec_cpu *c, struct wabe_error *err)
{
	if (c->burst.is_set && c->quota.is_set && c->quota.value > 0 &&
	    c->burst.value > (uint64_t)c->quota.value)
		return wabe_error_say(err, -EINVAL,
				      AT "cpu.burst: %" PRIu64 " is more than the quota, %" PRId64,
				      c->burst.value, c->quota.value);
	if (c->realtime_runtime.is_set && c->realtime_period.is_set &&
	    c->realtime_runtime.value > 0 && c->realtime_period.value > 0 &&
	    (uint64_t)c->realtime_runtime.value > c->realtime_period.value)
		return wabe_error_say(err, -EINVAL,
				      AT "cpu.realtimeRuntime: %" PRId64
					 " is more than the period, %" PRIu64,
				      c->realtime_runtime.value, c->realtime_period.value);
	return 0;
}

static int validate_weight_devices(const struct wabe_list *list, struct wabe_error *err)
{
	const struct wabe_spec_weight_device *devices = list->items;
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->count; i++) {
		char path[80];

		snprintf(path, sizeof(path), "blockIO.weightDevice[%zu].weight", i);
		r = validate_number(path, &devices[i].weight, WABE_BLKIO_WEIGHT_MIN,
				    WABE_BLKIO_WEIGHT_MAX, err);
		snprintf(path, sizeof(path), "blockIO.weightDevice[%zu].leafWeight", i);
		if (r == 0)
			r = validate_number(path, &devices[i].leaf_weight, WABE_BLKIO_WEIGHT_MIN,
					    WABE_BLKIO_WEIGHT_MAX, err);
	}
	return r;
}

/* hugetlb.h: HUGE_MAX_HSTATE is at most 12; every entry is compared with every other. */
#define PAGE_SIZES_MAX 32

/* config-linux.md, "Huge page limits": [1-9][0-9]*[KMG]B */
static bool is_page_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && s[0] != '0' && s[n] && strchr("KMG", s[n]) && strcmp(s + n + 1, "B") == 0;
}

static int validate_hugepages(const struct wabe_list *list, struct wabe_error *err)
{
	const struct wabe_spec_hugepage *pages = list->items;

	if (list->count > PAGE_SIZES_MAX)
		return wabe_error_say(err, -EINVAL, AT "hugepageLimits: more than %d page sizes",
				      PAGE_SIZES_MAX);
	for (size_t i = 0; i < list->count; i++) {
		if (!pages[i].page_size || !is_page_size(pages[i].page_size))
			return wabe_error_say(
				err, -EINVAL,
				AT "hugepageLimits[%zu].pageSize: \"%.20s\" is not a size as 2MB",
				i, pages[i].page_size ? pages[i].page_size : "");
		for (size_t j = 0; j < i; j++)
			if (strcmp(pages[i].page_size, pages[j].page_size) == 0)
				return wabe_error_say(
					err, -EINVAL,
					AT "hugepageLimits[%zu].pageSize: %s is there twice", i,
					pages[i].page_size);
	}
	return 0;
}

/* One word of a line that is written to the kernel. */
static bool is_word(const char *s)
{
	return *s && strlen(s) < 64 &&
	       s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")] ==
		       '\0';
}

/* config-linux.md, "RDMA": at least one of the two. */
static int validate_rdma(const struct wabe_list *list, struct wabe_error *err)
{
	const struct wabe_spec_rdma *rdma = list->items;

	for (size_t i = 0; i < list->count; i++) {
		if (!is_word(rdma[i].device))
			return wabe_error_say(err, -EINVAL,
					      AT "rdma[\"%.64s\"]: not the name of a device",
					      rdma[i].device);
		if (!rdma[i].hca_handles.is_set && !rdma[i].hca_objects.is_set)
			return wabe_error_say(
				err, -EINVAL,
				AT "rdma[\"%.64s\"]: has neither hcaHandles nor hcaObjects",
				rdma[i].device);
	}
	return 0;
}

/* netdevice(7): no more than 15 bytes, no blank and no slash */
static int validate_network(const struct wabe_spec_network *network, struct wabe_error *err)
{
	const struct wabe_spec_interface_priority *p = network->priorities.items;

	for (size_t i = 0; i < network->priorities.count; i++)
		if (!*p[i].name || strlen(p[i].name) > 15 || strpbrk(p[i].name, "/ \t\n") ||
		    !wabe_str_printable(p[i].name))
			return wabe_error_say(
				err, -EINVAL,
				AT
				"network.priorities[%zu].name: \"%.20s\" is not the name of an interface",
				i, p[i].name);
	return 0;
}

/* CONTROLLER.FILE, one component of a path. */
static bool is_cgroup_file(const char *key)
{
	size_t controller = strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_");
	const char *file = key + controller + 1;

	if (controller == 0 || key[controller] != '.' || !*file)
		return false;
	return file[strspn(file,
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")] ==
	       '\0';
}

/* Of the files without a controller only the bounds are limits; cgroup.procs and its like move and kill processes. */
static bool is_core_file(const char *key)
{
	return wabe_str_starts(key, "cgroup.") && !wabe_str_starts(key, "cgroup.max.");
}

static int validate_unified(const struct wabe_pairs *pairs, struct wabe_error *err)
{
	for (size_t i = 0; i < pairs->count; i++) {
		const struct wabe_pair *p = &pairs->items[i];

		if (!is_cgroup_file(p->key) || is_core_file(p->key))
			return wabe_error_say(
				err, -EINVAL,
				AT "unified[\"%.100s\"]: not the name of a controller's file",
				p->key);
		if (!p->value[0])
			return wabe_error_say(err, -EINVAL,
					      AT "unified[\"%.100s\"]: the value is empty", p->key);
		for (const char *c = p->value; *c; c++)
			if (((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t') || *c == 0x7f)
				return wabe_error_say(
					err, -EINVAL,
					AT "unified[\"%.100s\"]: control character in the value",
					p->key);
	}
	return 0;
}

/* Lines as "L3:0=7f0;1=1f" (resctrl.rst, "Schemata files"); the kernel knows which resources and masks there are. */
static bool is_schema(const char *s)
{
	do {
		size_t name, rest;

		s += *s == '\n';
		name = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		rest = strcspn(s, "\n");
		if (rest && (name == 0 || s[name] != ':' ||
			     strspn(s + name + 1, "0123456789abcdefABCDEFx=; ") != rest - name - 1))
			return false;
		s += rest;
	} while (*s);
	return true;
}

/* config-linux.md, "IntelRdt"; a class is one directory, and none of the kernel's own (resctrl.rst). */
int wabe_spec_validate_rdt(const struct wabe_spec_rdt *rdt, struct wabe_error *err)
{
	const char *id = rdt->clos_id;

	if (id && (strchr(id, '/') || strlen(id) > 255 || !wabe_str_printable(id) ||
		   strcmp(id, ".") == 0 || strcmp(id, "..") == 0 || strcmp(id, "info") == 0 ||
		   strcmp(id, "mon_groups") == 0 || strcmp(id, "mon_data") == 0))
		return wabe_error_say(err, -EINVAL,
				      "linux.intelRdt.closID: \"%.100s\" can't be a class's name",
				      id);
	if (rdt->l3_cache_schema && !is_schema(rdt->l3_cache_schema))
		return wabe_error_say(
			err, -EINVAL,
			"linux.intelRdt.l3CacheSchema: \"%.100s\" is no schema as L3:0=7f0",
			rdt->l3_cache_schema);
	if (rdt->mem_bw_schema &&
	    (strncmp(rdt->mem_bw_schema, "MB:", 3) != 0 || strchr(rdt->mem_bw_schema, '\n') ||
	     !is_schema(rdt->mem_bw_schema)))
		return wabe_error_say(
			err, -EINVAL,
			"linux.intelRdt.memBwSchema: \"%.100s\" is not one line that begins with MB:",
			rdt->mem_bw_schema);
	for (size_t i = 0; i < rdt->schemata.count; i++)
		if (!*rdt->schemata.items[i] || strchr(rdt->schemata.items[i], '\n') ||
		    !is_schema(rdt->schemata.items[i]))
			return wabe_error_say(
				err, -EINVAL,
				"linux.intelRdt.schemata[%zu]: \"%.100s\" is not a line as L3:0=7f0",
				i, rdt->schemata.items[i]);
	return 0;
}

int wabe_spec_validate_resources(const struct wabe_spec_resources *res, struct wabe_error *err)
{
	int r = validate_device_rules(&res->devices, err);

	if (r == 0)
		r = validate_memory(&res->memory, err);
	if (r == 0)
		r = validate_list(res->cpu.cpus, "cpus", err);
	if (r == 0)
		r = validate_list(res->cpu.mems, "mems", err);
	if (r == 0)
		r = validate_ranges(res, err);
	if (r == 0)
		r = validate_cpu(&res->cpu, err);
	if (r == 0)
		r = validate_weight_devices(&res->block_io.weight_device, err);
	if (r == 0)
		r = validate_hugepages(&res->hugepages, err);
	if (r == 0)
		r = validate_rdma(&res->rdma, err);
	if (r == 0)
		r = validate_network(&res->network, err);
	if (r == 0)
		r = validate_unified(&res->unified, err);
	return r;
}
