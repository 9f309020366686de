// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd/vzcpucheck: the command vzcpucheck(8): what was promised of the host's processors, in CPUUNITS and in limits, beside
 * what there is.
 */
#include "cmd/vzcpucheck.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cmd/tool.h"
#include "cmd/vzlist.h"

#define CPUINFO_MAX (8u << 20)
#define UNITS_PER_MHZ 25 /* OpenVZ's scale: a processor of 3 GHz has 75000 units */

struct values {
	struct vz_tool_values tool;
	bool is_verbose, is_all;
};

static const struct wabe_option options[] = {
	{ "verbose", 'v', WABE_OPTION_FLAG, offsetof(struct values, is_verbose), NULL,
	  "a line for each container too" },
	{ "all", 'a', WABE_OPTION_FLAG, offsetof(struct values, is_all), NULL,
	  "count containers that don't run too" },
	VZ_TOOL_OPTIONS(struct values, tool),
};

struct sums {
	bool is_verbose;
	uint64_t guests, units, percent, unlimited;
};

/* Of one guest, in per cent of a processor: CPULIMIT, or CPUS when that is less; 0: no limit. */
static uint64_t limit_of(const struct vz_params *params)
{
	uint64_t percent = vz_param_u64(params, VZ_PARAM_CPULIMIT);
	uint64_t cpus = vz_param_u64(params, VZ_PARAM_CPUS) * 100;

	return cpus && (!percent || cpus < percent) ? cpus : percent;
}

static void print_limit(uint64_t percent)
{
	if (percent)
		printf(" %8" PRIu64 "%%", percent);
	else
		printf(" %9s", "-");
}

static bool found(void *data, struct vzlist_guest *g)
{
	struct sums *sums = data;
	uint64_t units, percent;

	if (!g->has_conf)
		return false;
	units = vz_param_u64(&g->conf.params, VZ_PARAM_CPUUNITS);
	percent = limit_of(&g->conf.params);
	sums->guests++;
	sums->units += units;
	sums->percent += percent;
	sums->unlimited += percent == 0;
	if (sums->is_verbose) {
		printf("%-10" PRIu32 " %9" PRIu64, g->ctid, units);
		print_limit(percent);
		putchar('\n');
	}
	return false;
}

/* Sum of all processors' clocks; 0: this architecture doesn't tell. */
static double megahertz(void)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	double sum = 0;

	if (wabe_file_read_at(AT_FDCWD, "/proc/cpuinfo", CPUINFO_MAX, &text, NULL) < 0 || !text.len)
		return 0;
	for (const char *at = text.data; (at = strstr(at, "cpu MHz")) != NULL; at++) {
		const char *colon = strchr(at, ':');

		sum += colon ? strtod(colon + 1, NULL) : 0;
	}
	return sum;
}

static void print_sums(const struct sums *sums, uint64_t host_units)
{
	uint64_t processors = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	double power = megahertz() * UNITS_PER_MHZ;

	printf("Current CPU utilization: %" PRIu64 "\n", sums->units + host_units);
	if (power > 0)
		printf("Power of the node: %.0f\n", power);
	else
		puts("Power of the node: unknown");
	printf("Processors: %" PRIu64 ", limits: %" PRIu64 "%% of %" PRIu64 "%%", processors,
	       sums->percent, processors * 100);
	if (sums->unlimited)
		printf(", without a limit: %" PRIu64 " of %" PRIu64, sums->unlimited, sums->guests);
	putchar('\n');
}

static int run(struct vz_tool *tool, const struct wabe_strv *words, struct wabe_error *err)
{
	const struct values *values = tool->values;
	struct vzlist_wanted wanted = { .is_all = values->is_all, .has_params = true };
	struct sums sums = { .is_verbose = values->is_verbose };
	int r;

	if (words->count)
		return wabe_error_say(err, -EINVAL, "unexpected word \"%.64s\"", words->items[0]);
	wanted.params[VZ_PARAM_CPUUNITS] = wanted.params[VZ_PARAM_CPULIMIT] =
		wanted.params[VZ_PARAM_CPUS] = true;
	if (sums.is_verbose)
		printf("%-10s %9s %9s\n%-10s %9" PRIu64 " %9s\n", "CTID", "CPUUNITS", "CPULIMIT",
		       "0", tool->host.ve0_cpuunits, "-");
	r = vzlist_look(&tool->host, &wanted, &tool->log, &tool->arena, found, &sums, err);
	if (r == 0)
		print_sums(&sums, tool->host.ve0_cpuunits);
	return r;
}

int vz_vzcpucheck_main(int argc, char **argv)
{
	struct values values = { 0 };
	struct vz_tool tool = {
		.name = "vzcpucheck",
		.usage = "[option...]\n\nShow what containers were promised of the processors.",
		.options = options,
		.count = ARRAY_SIZE(options),
		.values = &values,
		.needs_host = true,
		.run = run,
	};

	return vz_tool_main(&tool, argc, argv);
}
