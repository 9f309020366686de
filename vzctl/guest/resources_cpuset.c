// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/resources: CPUMASK and NODEMASK; see resources.h. cgroup-v2.rst, "Cpuset Interface Files";
 * cpuset(7), "List format".
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "guest/resources_internal.h"

#define ID_MAX 8191u /* CONFIG_NR_CPUS of x86 */
#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)
#define TEXT_MAX 4096

struct set {
	unsigned long bits[WABE_LIST_LONGS(ID_MAX)];
};

/* A small file of sysfs that is one line. */
static int read_line(const char *path, struct wabe_buf *text)
{
	int r = wabe_file_read_at(AT_FDCWD, path, TEXT_MAX, text, NULL);
	char *end;

	if (r < 0)
		return r;
	end = text->data ? strchr(text->data, '\n') : NULL;
	if (end)
		*end = '\0';
	return text->data ? 0 : -ENODATA;
}

/* A kernel without NUMA has no node directory, and node 0. */
static int read_online(enum vz_param_id id, struct wabe_buf *text)
{
	if (id == VZ_PARAM_CPUMASK)
		return read_line("/sys/devices/system/cpu/online", text);
	if (read_line("/sys/devices/system/node/online", text) == 0)
		return 0;
	wabe_buf_free(text);
	return wabe_buf_printf(text, "0");
}

/* CPUMASK or NODEMASK when it is a list; NULL: all, auto or not set. */
static const char *list_of(const struct vz_params *params, enum vz_param_id id)
{
	const char *text = vz_param_has(params, id) ? vz_param_string(params, id) : NULL;

	return text && text[0] >= '0' && text[0] <= '9' ? text : NULL;
}

static int check_list(const struct vz_params *params, enum vz_param_id id, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf online = WABE_BUF_INIT;
	const char *list = list_of(params, id);
	struct set wanted = { 0 }, there = { 0 };

	if (!list || read_online(id, &online) < 0 ||
	    wabe_parse_list(online.data, ID_MAX, there.bits) < 0)
		return 0;
	if (wabe_parse_list(list, ID_MAX, wanted.bits) < 0)
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL, "%s %s: not a list like 0-3,7",
				    vz_param_row(id)->key, list);
	for (size_t i = 0; i < ARRAY_SIZE(wanted.bits); i++)
		if (wanted.bits[i] & ~there.bits[i])
			return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
					    "%s %s: the host has %s %s", vz_param_row(id)->key,
					    list, id == VZ_PARAM_CPUMASK ? "CPUs" : "memory nodes",
					    online.data);
	return 0;
}

int vz_cpuset_check(const struct vz_params *params, struct wabe_error *err)
{
	int r = check_list(params, VZ_PARAM_CPUMASK, err);

	return r == 0 ? check_list(params, VZ_PARAM_NODEMASK, err) : r;
}

/* vzctl(8): "auto" is the CPUs of the nodes in NODEMASK. @cpus is "0-3,8-11", or empty: all. */
static int cpus_of_nodes(const struct vz_params *params, struct wabe_buf *cpus)
{
	const char *nodes = list_of(params, VZ_PARAM_NODEMASK);
	struct set set = { 0 };

	if (!nodes || wabe_parse_list(nodes, ID_MAX, set.bits) < 0)
		return 0;
	for (unsigned int node = 0; node <= ID_MAX; node++) {
		_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
		char path[64];

		if (!(set.bits[node / WORD_BITS] & 1UL << node % WORD_BITS))
			continue;
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/cpulist", node);
		/* A node may have memory alone. */
		if (read_line(path, &text) < 0 || !*text.data)
			continue;
		if (wabe_buf_printf(cpus, "%s%s", cpus->len ? "," : "", text.data) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* No list takes an earlier one back: a cgroup with processes can't be without, so it is the parent's. */
static int put(struct vz_fill *f, const char *file, const char *list, const char **ret_list)
{
	bool is_v1 = wabe_cgroup_is_v1(f->cgroup, "cpuset");
	char text[TEXT_MAX], parents[64];

	if (!list && f->is_new)
		return 0;
	snprintf(parents, sizeof(parents), "%s%s", file, is_v1 ? "" : ".effective");
	if (!list &&
	    wabe_cgroup_read(f->cgroup, is_v1 ? "cpuset" : NULL, parents, text, sizeof(text)) <= 0)
		return 0;
	*ret_list = wabe_arena_strdup(f->arena, list ? list : text);
	return *ret_list ? 0 : -ENOMEM;
}

int vz_fill_cpuset(struct vz_fill *f, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf of_nodes = WABE_BUF_INIT;
	const char *cpus = list_of(f->params, VZ_PARAM_CPUMASK);
	const char *mask = vz_param_string(f->params, VZ_PARAM_CPUMASK);
	int r = vz_cpuset_check(f->params, err);

	if (r == 0 && mask && strcmp(mask, "auto") == 0) {
		r = cpus_of_nodes(f->params, &of_nodes);
		cpus = of_nodes.len ? of_nodes.data : NULL;
	}
	if (r == 0)
		r = put(f, "cpuset.cpus", cpus, &f->res->cpu.cpus);
	if (r == 0)
		r = put(f, "cpuset.mems", list_of(f->params, VZ_PARAM_NODEMASK), &f->res->cpu.mems);
	return r;
}
