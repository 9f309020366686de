// SPDX-License-Identifier: GPL-2.0-or-later
/* core/scope: the systemd cgroup driver; see scope.h. Properties: systemd.resource-control(5), systemd.scope(5). */
#include "core/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "core/resources.h"
#include "sys/systemd.h"

#define ANNOTATION "org.systemd.property."
#define PERIOD_DEFAULT_US 100000
#define UNIT_NAME_MAX 255 /* systemd.unit(5) */

/* systemd.unit(5), "Description": what a unit's name is made of; "/" and the like are for its escapes. */
static bool is_unit_part(const char *s)
{
	return s[strspn(s,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_.\\@")] ==
	       '\0';
}

static int bad_path(const char *wanted, const char *why, struct wabe_error *err)
{
	return wabe_error_say(
		err, -EINVAL,
		"linux.cgroupsPath: \"%.200s\" is not SLICE:PREFIX:NAME, as the systemd "
		"cgroup driver wants it: %s",
		wanted, why);
}

static int split_path(struct wabe_arena *arena, const char *wanted, const char **parts,
		      struct wabe_error *err)
{
	for (size_t i = 0; i < 3; i++) {
		size_t len = i < 2 ? strcspn(wanted, ":") : strlen(wanted);

		if (i < 2 && wanted[len] != ':')
			return -EINVAL;
		parts[i] = wabe_arena_strndup(arena, wanted, len);
		if (!parts[i])
			return wabe_error_set(err, -ENOMEM, "linux.cgroupsPath");
		wanted += len + (i < 2);
	}
	return 0;
}

int wabe_scope_name(struct wabe_container *c, const char *wanted, struct wabe_error *err)
{
	const char *parts[3] = { "", "wabe", c->state.id };
	const char *slice;
	size_t len;
	int r;

	if (wanted && *wanted) {
		r = split_path(&c->arena, wanted, parts, err);
		if (r < 0)
			return r == -EINVAL ? bad_path(wanted, "it has not three parts", err) : r;
	}
	c->state.is_user_scope = wabe_systemd_is_user();
	slice = *parts[0] ? parts[0] : c->state.is_user_scope ? "user.slice" : "system.slice";
	len = strlen(slice);
	if (len < 7 || strcmp(slice + len - 6, ".slice") != 0 || !is_unit_part(slice))
		return bad_path(wanted, "the first part is no slice", err);
	len = strlen(parts[2]);
	if (len == 0 || !is_unit_part(parts[2]) || !is_unit_part(parts[1]))
		return bad_path(wanted, "a scope can't have that name", err);
	if (len > 6 && strcmp(parts[2] + len - 6, ".slice") == 0)
		return bad_path(wanted, "a container's unit is a scope, not a slice", err);
	c->state.scope_slice = slice;
	c->state.scope = wabe_arena_printf(&c->arena, "%s%s%s.scope", parts[1],
					   *parts[1] ? "-" : "", parts[2]);
	if (!c->state.scope)
		return wabe_error_set(err, -ENOMEM, "linux.cgroupsPath");
	return strlen(c->state.scope) > UNIT_NAME_MAX ? bad_path(wanted, "it is too long", err) : 0;
}

/* A list of words that sticks to its first failure, so that what adds to it need not look. */
struct properties {
	struct wabe_arena *arena;
	struct wabe_strv words;
	int r;
};

__attribute__((format(printf, 2, 3))) static void add(struct properties *p, const char *fmt, ...)
{
	_cleanup_free_ char *word = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&word, fmt, args) < 0) {
		word = NULL;
		p->r = -ENOMEM;
	}
	va_end(args);
	if (p->r == 0) {
		const char *copy = wabe_arena_strdup(p->arena, word);

		p->r = copy ? wabe_strv_add(&p->words, p->arena, copy) : -ENOMEM;
	}
}

static void add_max(struct properties *p, const char *name, int64_t value)
{
	if (value < 0)
		add(p, "%s=max", name);
	else
		add(p, "%s=%" PRId64, name, value);
}

/*
 * A quota in microseconds of CPU time a second of time, as CPUQuota= has it; rounded up to a hundredth of a CPU, the
 * precision that systemd keeps, so that what it writes is never less than what was asked.
 */
static void add_quota(struct properties *p, const struct wabe_cgroup_limits *l)
{
	uint64_t period_us = l->cpu_period_us ? l->cpu_period_us : PERIOD_DEFAULT_US, per_second;

	add(p, "CPUQuotaPeriodUSec=%" PRIu64, period_us);
	if (l->cpu_quota_us < 0) {
		add(p, "CPUQuotaPerSecUSec=max");
		return;
	}
	per_second = (uint64_t)((double)l->cpu_quota_us * 1e6 / (double)period_us);
	add(p, "CPUQuotaPerSecUSec=%" PRIu64, (per_second + 9999) / 10000 * 10000);
}

static void add_limits(struct properties *p, const struct wabe_cgroup_limits *l)
{
	if (l->has_memory_max)
		add_max(p, "MemoryMax", l->memory_max_bytes);
	if (l->has_memory_swap_max)
		add_max(p, "MemorySwapMax", l->memory_swap_max_bytes);
	if (l->has_memory_low)
		add_max(p, "MemoryLow", l->memory_low_bytes);
	if (l->has_memory_high)
		add_max(p, "MemoryHigh", l->memory_high_bytes);
	if (l->has_cpu_weight)
		add(p, "CPUWeight=%" PRIu64, l->cpu_weight);
	if (l->has_cpu_max)
		add_quota(p, l);
	if (l->cpuset_cpus)
		add(p, "AllowedCPUs=%s", l->cpuset_cpus);
	if (l->cpuset_mems)
		add(p, "AllowedMemoryNodes=%s", l->cpuset_mems);
	if (l->has_pids_max)
		add_max(p, "TasksMax", l->pids_max);
	if (l->has_io_weight)
		add(p, "IOWeight=%" PRIu64, l->io_weight);
}

/* Files of the unified map that are properties too: else systemd would write its own value over them. */
static void add_unified(struct properties *p, const struct wabe_cgroup_limits *l)
{
	static const struct {
		const char *file, *property;
	} same[] = {
		{ "memory.max", "MemoryMax" },
		{ "memory.high", "MemoryHigh" },
		{ "memory.low", "MemoryLow" },
		{ "memory.min", "MemoryMin" },
		{ "pids.max", "TasksMax" },
		{ "memory.swap.max", "MemorySwapMax" },
		{ "cpu.weight", "CPUWeight" },
		{ "cpuset.cpus", "AllowedCPUs" },
		{ "cpuset.mems", "AllowedMemoryNodes" },
	};

	for (size_t i = 0; i < l->unified_count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(same); k++)
			if (strcmp(l->unified[i].file, same[k].file) == 0)
				add(p, "%s=%s", same[k].property, l->unified[i].value);
}

/* "char-GROUP" of a whole major number, from /proc/devices; NULL: it is not in use. */
static const char *group_of(struct wabe_arena *arena, char type, int64_t major)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	bool is_block = false;
	char *rest, *line;

	if (wabe_file_read_at(AT_FDCWD, "/proc/devices", 1 << 20, &text, NULL) < 0)
		return NULL;
	rest = text.data;
	while (rest && (line = strsep(&rest, "\n"))) {
		long long number;
		char name[64];

		is_block |= strcmp(line, "Block devices:") == 0;
		if (sscanf(line, "%lld %63s", &number, name) == 2 && number == major &&
		    is_block == (type == 'b'))
			return wabe_arena_printf(arena, "%s-%s", is_block ? "block" : "char", name);
	}
	return NULL;
}

static void add_device(struct properties *p, char type, const struct wabe_cgroup_device_rule *rule)
{
	const char *kind = type == 'b' ? "block" : "char", *group = NULL;
	char access[4];

	snprintf(access, sizeof(access), "%s%s%s",
		 rule->access & WABE_CGROUP_DEVICE_READ ? "r" : "",
		 rule->access & WABE_CGROUP_DEVICE_WRITE ? "w" : "",
		 rule->access & WABE_CGROUP_DEVICE_MKNOD ? "m" : "");
	if (rule->major >= 0 && rule->minor >= 0) {
		add(p, "DeviceAllow=/dev/%s/%" PRId64 ":%" PRId64 " %s", kind, rule->major,
		    rule->minor, access);
		return;
	}
	if (rule->major >= 0)
		group = group_of(p->arena, type, rule->major);
	if (group)
		add(p, "DeviceAllow=%s %s", group, access);
	else
		add(p, "DeviceAllow=%s-* %s", kind, access);
}

/*
 * systemd knows no denials, and no device by its minor number alone: its list has what any rule allows, the exact rules are
 * our own program's, and both have to agree.
 */
static void add_devices(struct properties *p, const struct wabe_cgroup_device_rule *rules,
			size_t count)
{
	const struct wabe_cgroup_device_rule *rule = rules;

	/* What stands before a rule for all is void (sys/cgroup_device_bpf.c). */
	for (size_t i = 0; i < count; i++)
		if (rules[i].type == 'a' && rules[i].major < 0 && rules[i].minor < 0 &&
		    rules[i].access == WABE_CGROUP_DEVICE_ALL)
			rule = &rules[i];
	if (rule->is_allowed && rule->type == 'a' && rule->access == WABE_CGROUP_DEVICE_ALL) {
		add(p, "DevicePolicy=auto");
		return;
	}
	add(p, "DevicePolicy=strict");
	for (; rule < rules + count; rule++) {
		if (!rule->is_allowed)
			continue;
		if (rule->type != 'b')
			add_device(p, 'c', rule);
		if (rule->type != 'c')
			add_device(p, 'b', rule);
	}
}

static void add_annotations(struct properties *p, const struct wabe_pairs *annotations)
{
	for (size_t i = 0; i < annotations->count; i++)
		if (wabe_str_starts(annotations->items[i].key, ANNOTATION))
			add(p, "%s:=%s", annotations->items[i].key + strlen(ANNOTATION),
			    annotations->items[i].value);
}

static int start_words(struct wabe_container *c, const struct wabe_spec *spec, pid_t pid,
		       struct properties *p, struct wabe_error *err)
{
	static const char *const always[] = { "Delegate=true",	      "DefaultDependencies=false",
					      "CPUAccounting=true",   "MemoryAccounting=true",
					      "TasksAccounting=true", "IOAccounting=true" };
	struct wabe_cgroup_limits limits = { 0 };
	struct wabe_cgroup_device_rule *rules = NULL;
	size_t count = 0;
	int r = wabe_resources_to_limits(p->arena, &spec->resources, &limits, err);

	if (r < 0)
		return wabe_error_prefix(err, "linux.resources");
	add(p, "start");
	add(p, "%s", c->state.scope);
	add(p, "%s", c->state.scope_slice);
	add(p, "%d", (int)pid);
	add(p, "Description=wabe container %s", c->state.id);
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		add(p, "%s", always[i]);
	add_limits(p, &limits);
	add_unified(p, &limits);
	if (spec->resources.devices.count && !c->state.is_user_scope) {
		r = wabe_resources_to_devices(p->arena, &spec->resources.devices, &rules, &count,
					      err);
		if (r < 0)
			return r;
		add_devices(p, rules, count);
	}
	add_annotations(p, &spec->annotations);
	return p->r < 0 ? wabe_error_set(err, p->r, "start scope %s", c->state.scope) : 0;
}

int wabe_scope_start(struct wabe_container *c, const struct wabe_spec *spec, pid_t pid,
		     struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct properties p = { .arena = &arena };
	int r = start_words(c, spec, pid, &p, err);

	if (r == 0)
		r = wabe_systemd_call(&c->arena, c->state.is_user_scope, &p.words, &c->state.cgroup,
				      err);
	if (r == 0)
		r = wabe_container_open_cgroup(c, err);
	return r == 0 ? wabe_cgroup_adopt(c->cgroup, err) : r;
}

int wabe_scope_update(struct wabe_container *c, const struct wabe_cgroup_limits *limits,
		      const struct wabe_cgroup_device_rule *rules, size_t rule_count,
		      struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct properties p = { .arena = &arena };

	add(&p, "set");
	add(&p, "%s", c->state.scope);
	add_limits(&p, limits);
	add_unified(&p, limits);
	if (rule_count && !c->state.is_user_scope) {
		add(&p, "DeviceAllow="); /* what comes is added to the list that there is */
		add_devices(&p, rules, rule_count);
	}
	if (p.r < 0)
		return wabe_error_set(err, p.r, "scope %s", c->state.scope);
	if (p.words.count == 2)
		return 0;
	return wabe_systemd_call(&arena, c->state.is_user_scope, &p.words, NULL, err);
}

int wabe_scope_stop(struct wabe_container *c, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct properties p = { .arena = &arena };

	add(&p, "stop");
	add(&p, "%s", c->state.scope);
	if (p.r < 0)
		return wabe_error_set(err, p.r, "scope %s", c->state.scope);
	return wabe_systemd_call(&arena, c->state.is_user_scope, &p.words, NULL, err);
}

/* What of @path is below the scope's cgroup: "" for that itself, NULL when it isn't in there. */
static const char *path_inside(const struct wabe_container *c, const char *path)
{
	size_t len = strlen(c->state.cgroup);
	bool is_in = strncmp(path, c->state.cgroup, len) == 0 && (!path[len] || path[len] == '/');

	return is_in ? path + len : NULL;
}

/* 1: it is in there. */
static int has_process(const struct wabe_container *c, pid_t pid, struct wabe_error *err)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = NULL;
	int r = wabe_cgroup_open_pid(pid, &cgroup, err);

	return r < 0 ? r : path_inside(c, wabe_cgroup_path(cgroup)) != NULL;
}

static int attach(const struct wabe_container *c, const struct wabe_cgroup *cgroup, pid_t pid,
		  struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct properties p = { .arena = &arena };
	const char *inside = path_inside(c, wabe_cgroup_path(cgroup));

	if (!inside)
		return wabe_error_say(err, -EINVAL, "cgroup %s is not in scope %s",
				      wabe_cgroup_path(cgroup), c->state.scope);
	add(&p, "attach");
	add(&p, "%s", c->state.scope);
	add(&p, "%s", *inside ? inside : "/");
	add(&p, "%d", (int)pid);
	if (p.r < 0)
		return wabe_error_set(err, p.r, "scope %s", c->state.scope);
	return wabe_systemd_call(&arena, c->state.is_user_scope, &p.words, NULL, err);
}

int wabe_scope_take(const struct wabe_container *c, const struct wabe_cgroup *cgroup, pid_t pid,
		    bool is_held_inside, struct wabe_error *err)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *of_init = NULL;
	int r = has_process(c, pid, err);

	if (r != 0)
		return r < 0 ? r : 0;
	if (is_held_inside)
		return wabe_error_say(err, -EACCES, "scope %s takes no processes from here",
				      c->state.scope);
	r = cgroup ? 0 : wabe_cgroup_open_pid(c->state.pid, &of_init, err);
	return r < 0 ? r : attach(c, cgroup ? cgroup : of_init, pid, err);
}
