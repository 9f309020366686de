// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd/vzmemcheck: the command vzmemcheck(8): what containers use and were promised of the host's memory and swap, in one
 * table: above 100 % the host is overcommitted.
 */
#include "cmd/vzmemcheck.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cmd/tool.h"
#include "cmd/vzlist.h"

#define MEBI 1048576.0

struct values {
	struct vz_tool_values tool;
	bool is_verbose, is_absolute, is_all;
};

static const struct wabe_option options[] = {
	{ "verbose", 'v', WABE_OPTION_FLAG, offsetof(struct values, is_verbose), NULL,
	  "a line for each container too" },
	{ "absolute", 'A', WABE_OPTION_FLAG, offsetof(struct values, is_absolute), NULL,
	  "megabytes instead of per cent, and what the host has" },
	{ "all", 'a', WABE_OPTION_FLAG, offsetof(struct values, is_all), NULL,
	  "count containers that don't run too" },
	VZ_TOOL_OPTIONS(struct values, tool),
};

/* The table: of what, and which part of it. */
enum {
	RAM_USED,
	RAM_LIMIT,
	SWAP_USED,
	SWAP_LIMIT,
	BOTH_USED,
	BOTH_GUARANTEED,
	BOTH_LIMIT,
	COLUMN_MAX
};

static const struct {
	const char *above, *below;
} headers[COLUMN_MAX] = {
	[RAM_USED] = { "RAM", "util" },	       [RAM_LIMIT] = { "RAM", "limit" },
	[SWAP_USED] = { "Swap", "util" },      [SWAP_LIMIT] = { "Swap", "limit" },
	[BOTH_USED] = { "MemSwap", "util" },   [BOTH_GUARANTEED] = { "MemSwap", "commit" },
	[BOTH_LIMIT] = { "MemSwap", "limit" },
};

struct row {
	double bytes[COLUMN_MAX]; /* < 0: no limit */
};

struct check {
	const struct values *values;
	struct row host, sum;
	uint64_t unlimited, guests;
};

static double bytes_of(uint64_t value)
{
	return value == UINT64_MAX ? 0 : (double)value;
}

static double limit_of(const struct vzlist_guest *g, enum vz_param_id id)
{
	uint64_t limit = vz_param_bytes(&g->conf.params, id).limit;

	return limit == VZ_UNLIMITED ? -1 : (double)limit;
}

static struct row row_of(const struct vzlist_guest *g)
{
	double ram = g->has_stats ? bytes_of(g->stats.memory_bytes) : 0;
	double swap = g->has_stats ? bytes_of(g->stats.swap_bytes) : 0;
	double ram_limit = limit_of(g, VZ_PARAM_PHYSPAGES);
	double swap_limit = limit_of(g, VZ_PARAM_SWAPPAGES);
	uint64_t guaranteed = vz_param_bytes(&g->conf.params, VZ_PARAM_VMGUARPAGES).barrier;

	return (struct row){ {
		[RAM_USED] = ram,
		[RAM_LIMIT] = ram_limit,
		[SWAP_USED] = swap,
		[SWAP_LIMIT] = swap_limit,
		[BOTH_USED] = ram + swap,
		[BOTH_GUARANTEED] = guaranteed == VZ_UNLIMITED ? 0 : (double)guaranteed,
		[BOTH_LIMIT] = ram_limit < 0 || swap_limit < 0 ? -1 : ram_limit + swap_limit,
	} };
}

static void print_row(const struct check *c, const char *name, const struct row *row)
{
	if (c->values->is_verbose)
		printf("%-10s", name);
	for (size_t i = 0; i < COLUMN_MAX; i++) {
		double unit = c->values->is_absolute ? MEBI : c->host.bytes[i] / 100;

		if (row->bytes[i] < 0)
			printf(" %8s", "-");
		else if (unit <= 0)
			printf(" %8s", row->bytes[i] > 0 ? "inf" : "0.00");
		else
			printf(" %8.2f", row->bytes[i] / unit);
	}
	putchar('\n');
}

static void print_header(const struct check *c)
{
	printf("Output values in %s\n", c->values->is_absolute ? "Mbytes" : "%");
	if (c->values->is_verbose)
		printf("%-10s", "CTID");
	for (size_t i = 0; i < COLUMN_MAX; i++)
		printf(" %8s", headers[i].above);
	printf(c->values->is_verbose ? "\n%-10s" : "\n", "");
	for (size_t i = 0; i < COLUMN_MAX; i++)
		printf(" %8s", headers[i].below);
	putchar('\n');
}

static bool found(void *data, struct vzlist_guest *g)
{
	struct check *c = data;
	struct row row;
	char name[16];

	if (!g->has_conf)
		return false;
	row = row_of(g);
	c->guests++;
	c->unlimited += row.bytes[BOTH_LIMIT] < 0;
	for (size_t i = 0; i < COLUMN_MAX; i++)
		c->sum.bytes[i] += row.bytes[i] < 0 ? 0 : row.bytes[i];
	snprintf(name, sizeof(name), "%" PRIu32, g->ctid);
	if (c->values->is_verbose)
		print_row(c, name, &row);
	return false;
}

/* proc_meminfo(5): "MemTotal:  16303428 kB" */
static int meminfo(const char *text, const char *key, double *ret_bytes, struct wabe_error *err)
{
	const char *line = strstr(text, key);

	if (!line)
		return wabe_error_say(err, -ENOENT, "/proc/meminfo has no %s", key);
	*ret_bytes = strtod(line + strlen(key), NULL) * 1024;
	return 0;
}

static int look_at_host(struct row *host, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r = wabe_file_read_at(AT_FDCWD, "/proc/meminfo", 65536, &text, err);
	double ram = 0, swap = 0;

	if (r == 0)
		r = meminfo(text.data, "MemTotal:", &ram, err);
	if (r == 0)
		r = meminfo(text.data, "SwapTotal:", &swap, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < COLUMN_MAX; i++)
		host->bytes[i] = i <= RAM_LIMIT ? ram : i <= SWAP_LIMIT ? swap : ram + swap;
	return 0;
}

static int run(struct vz_tool *tool, const struct wabe_strv *words, struct wabe_error *err)
{
	struct check c = { .values = tool->values };
	struct vzlist_wanted wanted = { .is_all = c.values->is_all, .has_params = true };
	int r;

	if (words->count)
		return wabe_error_say(err, -EINVAL, "unexpected word \"%.64s\"", words->items[0]);
	wanted.stats = WABE_CGROUP_STAT(memory_bytes) | WABE_CGROUP_STAT(swap_bytes);
	wanted.params[VZ_PARAM_PHYSPAGES] = wanted.params[VZ_PARAM_SWAPPAGES] =
		wanted.params[VZ_PARAM_VMGUARPAGES] = true;
	r = look_at_host(&c.host, err);
	if (r < 0)
		return r;
	print_header(&c);
	r = vzlist_look(&tool->host, &wanted, &tool->log, &tool->arena, found, &c, err);
	if (r < 0)
		return r;
	print_row(&c, "Summary:", &c.sum);
	if (c.values->is_absolute)
		print_row(&c, "Host:", &c.host);
	if (c.unlimited)
		printf("Without a limit: %" PRIu64 " of %" PRIu64
		       " containers; the sums are without theirs\n",
		       c.unlimited, c.guests);
	return 0;
}

int vz_vzmemcheck_main(int argc, char **argv)
{
	struct values values = { 0 };
	struct vz_tool tool = {
		.name = "vzmemcheck",
		.usage = "[option...]\n\nShow what containers use and were promised of the memory.",
		.options = options,
		.count = ARRAY_SIZE(options),
		.values = &values,
		.needs_host = true,
		.run = run,
	};

	return vz_tool_main(&tool, argc, argv);
}
