// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/update: `wabe update`; see cli.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/range.h"
#include "cli/cli.h"
#include "spec/spec.h"

struct values {
	const char *resources;
	const char *blkio_weight, *pids_limit;
	const char *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_rt_period, *cpu_rt_runtime,
		*cpu_idle, *cpuset_cpus, *cpuset_mems;
	const char *memory, *memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp;
	const char *l3_cache_schema, *mem_bw_schema;
};

#define V(member) offsetof(struct values, member)
#define OPTION(name, letter, member, value, help)                        \
	{                                                                \
		name, letter, WABE_OPTION_STRING, V(member), value, help \
	}

static const struct wabe_option options[] = {
	OPTION("resources", 'r', resources, "FILE",
	       "the limits as JSON, as in linux.resources; - is standard input; other options are then ignored"),
	OPTION("blkio-weight", 0, blkio_weight, "N", "share of disk time, 10 to 1000"),
	OPTION("cpu-period", 0, cpu_period, "US", "period of the CPU quota, microseconds"),
	OPTION("cpu-quota", 0, cpu_quota, "US",
	       "CPU time in a period, microseconds; -1 is unlimited"),
	OPTION("cpu-burst", 0, cpu_burst, "US",
	       "unused quota that may be used later, microseconds"),
	OPTION("cpu-rt-period", 0, cpu_rt_period, "US",
	       "period of the realtime budget, microseconds"),
	OPTION("cpu-rt-runtime", 0, cpu_rt_runtime, "US",
	       "realtime budget in a period, microseconds"),
	OPTION("cpu-share", 0, cpu_share, "N", "CPU weight, 2 to 262144; 1024 is usual"),
	OPTION("cpu-idle", 0, cpu_idle, "0|1", "1: only time that nobody else wants"),
	OPTION("cpuset-cpus", 0, cpuset_cpus, "LIST", "the CPUs, as in 0-3,7"),
	OPTION("cpuset-mems", 0, cpuset_mems, "LIST", "the memory nodes"),
	OPTION("kernel-memory", 0, kernel_memory, "BYTES",
	       "kernel memory (cgroup v1, old kernels)"),
	OPTION("kernel-memory-tcp", 0, kernel_memory_tcp, "BYTES", "TCP buffers (cgroup v1)"),
	OPTION("memory", 0, memory, "BYTES", "memory, as 512M or 1.5GiB; -1 is unlimited"),
	OPTION("memory-reservation", 0, memory_reservation, "BYTES", "memory that is left to it"),
	OPTION("memory-swap", 0, memory_swap, "BYTES", "memory and swap together; -1 is unlimited"),
	OPTION("l3-cache-schema", 0, l3_cache_schema, "SCHEMA", "L3 cache masks, as in L3:0=7f0"),
	OPTION("mem-bw-schema", 0, mem_bw_schema, "SCHEMA", "memory bandwidth, as in MB:0=20"),
	OPTION("pids-limit", 0, pids_limit, "N", "processes and threads; -1 is unlimited"),
};

/* How a word becomes a number of the resources; each row names its flag. */
enum kind { KIND_U64, KIND_I64, KIND_BYTES };

struct number {
	const char *flag, *text;
	enum kind kind;
	void *to;	   /* struct wabe_opt_i64 or, for KIND_U64, struct wabe_opt_u64 */
	uint64_t min, max; /* of what is above 0; both 0: all that the kind has */
};

static int parse_bytes(const char *text, int64_t *ret_value)
{
	uint64_t bytes;
	int r;

	if (strcmp(text, "-1") == 0) {
		*ret_value = -1;
		return 0;
	}
	r = wabe_parse_size(text, &bytes);
	if (r == 0 && bytes > INT64_MAX)
		r = -ERANGE;
	if (r == 0)
		*ret_value = (int64_t)bytes;
	return r;
}

static int parse_number(const struct number *n, struct wabe_error *err)
{
	static const char *const wants[] = {
		[KIND_U64] = "a number from 0 up",
		[KIND_I64] = "a number",
		[KIND_BYTES] = "bytes, as 512M or 1.5GiB, or -1",
	};
	struct wabe_opt_u64 *u64 = n->to;
	struct wabe_opt_i64 *i64 = n->to;
	uint64_t number;
	int r;

	if (!n->text)
		return 0;
	if (n->kind == KIND_U64)
		r = wabe_parse_u64(n->text, 0, UINT64_MAX, &u64->value);
	else
		r = n->kind == KIND_I64 ? wabe_parse_i64(n->text, INT64_MIN, INT64_MAX, &i64->value)
					: parse_bytes(n->text, &i64->value);
	if (r < 0)
		return wabe_error_say(err, r, "--%s %.64s: want %s", n->flag, n->text,
				      wants[n->kind]);
	number = n->kind == KIND_U64 ? u64->value : i64->value < 0 ? 0 : (uint64_t)i64->value;
	if (n->max && number && (number < n->min || number > n->max))
		return wabe_error_say(err, -ERANGE,
				      "--%s %.64s: is out of range, %" PRIu64 "..%" PRIu64, n->flag,
				      n->text, n->min, n->max);
	if (n->kind == KIND_U64)
		u64->is_set = true;
	else
		i64->is_set = true;
	return 0;
}

static int from_flags(const struct values *v, struct wabe_spec_resources *res,
		      struct wabe_error *err)
{
	const struct number numbers[] = {
		{ "blkio-weight", v->blkio_weight, KIND_U64, &res->block_io.weight,
		  WABE_BLKIO_WEIGHT_MIN, WABE_BLKIO_WEIGHT_MAX },
		{ "cpu-period", v->cpu_period, KIND_U64, &res->cpu.period, WABE_CPU_PERIOD_MIN_US,
		  WABE_CPU_PERIOD_MAX_US },
		{ "cpu-quota", v->cpu_quota, KIND_I64, &res->cpu.quota, WABE_CPU_QUOTA_MIN_US,
		  WABE_CPU_RUNTIME_MAX_US },
		{ "cpu-burst", v->cpu_burst, KIND_U64, &res->cpu.burst, 0,
		  WABE_CPU_RUNTIME_MAX_US },
		{ "cpu-rt-period", v->cpu_rt_period, KIND_U64, &res->cpu.realtime_period, 0,
		  WABE_CPU_RT_PERIOD_MAX_US },
		{ "cpu-rt-runtime", v->cpu_rt_runtime, KIND_I64, &res->cpu.realtime_runtime, 0,
		  WABE_CPU_RUNTIME_MAX_US },
		{ "cpu-share", v->cpu_share, KIND_U64, &res->cpu.shares, WABE_CPU_SHARES_MIN,
		  WABE_CPU_SHARES_MAX },
		{ "cpu-idle", v->cpu_idle, KIND_I64, &res->cpu.idle },
		{ "memory", v->memory, KIND_BYTES, &res->memory.limit },
		{ "memory-reservation", v->memory_reservation, KIND_BYTES,
		  &res->memory.reservation },
		{ "memory-swap", v->memory_swap, KIND_BYTES, &res->memory.swap },
		{ "kernel-memory", v->kernel_memory, KIND_BYTES, &res->memory.kernel },
		{ "kernel-memory-tcp", v->kernel_memory_tcp, KIND_BYTES, &res->memory.kernel_tcp },
		{ "pids-limit", v->pids_limit, KIND_I64, &res->pids.limit, 0, WABE_PIDS_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int r = parse_number(&numbers[i], err);

		if (r < 0)
			return r;
	}
	/* The table of linux.resources has this range; a flag does not pass through it. */
	if (v->cpu_idle && res->cpu.idle.value != 0 && res->cpu.idle.value != 1)
		return wabe_error_say(err, -ERANGE, "--cpu-idle %s: want 0 or 1", v->cpu_idle);
	res->cpu.cpus = v->cpuset_cpus;
	res->cpu.mems = v->cpuset_mems;
	return 0;
}

static int from_document(struct cli *cli, const char *path, struct wabe_spec_resources *res,
			 struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	bool is_stdin = strcmp(path, "-") == 0;
	int r;

	if (is_stdin) {
		r = wabe_fd_read_all(STDIN_FILENO, WABE_JSON_MAX_BYTES, &text);
		if (r < 0)
			return wabe_error_set(err, r, "read the limits from standard input");
	} else {
		r = wabe_file_read_at(AT_FDCWD, path, WABE_JSON_MAX_BYTES, &text, err);
		if (r < 0)
			return r;
	}
	return wabe_spec_parse_resources(&cli->arena, is_stdin ? "standard input" : path,
					 text.data ? text.data : "", text.len, res, err);
}

static int run_update(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = NULL;
	struct wabe_spec_resources resources = { 0 };
	struct values v = { 0 };
	int first = cli_options(cli, &cli_update, &v, argc, argv, 1, 1, err);
	int r = first < 0 ? first : cli_load(cli, argv[first], &c, err);

	if (r < 0)
		return r;
	if (v.resources && *v.resources)
		r = from_document(cli, v.resources, &resources, err);
	else
		r = from_flags(&v, &resources, err);
	if (r < 0)
		return wabe_error_prefix(err, "update");
	r = wabe_container_update(c, &resources, err);
	/* runc takes these two beside a document as well. */
	if (r == 0 && (v.l3_cache_schema || v.mem_bw_schema))
		r = wabe_container_update_class(c, v.l3_cache_schema, v.mem_bw_schema, err);
	return r;
}

const struct cli_verb cli_update = {
	"update", "[options] ID",      "change a container's limits",
	options,  ARRAY_SIZE(options), run_update,
};
