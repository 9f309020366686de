// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd/all: the verbs for the whole host: vzctl boot, shutdown, and recover without a CTID. Each guest is a vzctl of its own, so
 * that a broken one harms no other.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/cmd.h"
#include "guest/queue.h"
#include "guest/pending.h"
#include "guest/running.h"

#define SELF "/proc/self/exe"
/* Stopping is waiting for guests, not work of the host's. */
#define STOP_FACTOR 8
#define FAILED_MAX 16 /* named in the last line */

struct all {
	struct vz_cli *cli;
	struct vz_queue queue;
	const char *verb; /* of each guest's vzctl */
	const char *option;
	const char *
		done; /* what is said of each guest, which then says nothing itself but warnings; or NULL */
	struct wabe_buf failed; /* " 101 102" */
	size_t failed_count;
};

/* Is the guest to be started, and when? A file that can't be read is none's to start: it is told. */
static bool look_at(struct all *all, uint32_t ctid, struct vz_job *job)
{
	static const bool only[VZ_PARAM_MAX] = {
		[VZ_PARAM_ONBOOT] = true, [VZ_PARAM_BOOTORDER] = true, [VZ_PARAM_DISABLED] = true
	};
	const struct vz_host *host = &all->cli->host;
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_ctconf conf;
	bool is_wanted;

	*job = (struct vz_job){ .ctid = ctid };
	if (vz_ctconf_load_only(host, ctid, only, &conf, &err) < 0) {
		wabe_log(&all->cli->log, WABE_LOG_WARNING, "CT %" PRIu32 ": %s", ctid, err.text);
		return false;
	}
	if (vz_param_has(&conf.params, VZ_PARAM_BOOTORDER))
		job->order = vz_param_u64(&conf.params, VZ_PARAM_BOOTORDER);
	is_wanted =
		!vz_param_yes(&conf.params, VZ_PARAM_DISABLED) &&
		(vz_param_yes(&conf.params, VZ_PARAM_ONBOOT) || vz_running_is_noted(host, ctid));
	vz_ctconf_free(&conf);
	return is_wanted;
}

static bool is_running(const struct vz_host *host, uint32_t ctid)
{
	struct wabe_container *c = NULL;
	enum wabe_status status = WABE_STATUS_STOPPED;
	char id[VZ_CTID_TEXT_MAX];

	snprintf(id, sizeof(id), "%" PRIu32, ctid);
	if (wabe_container_load(&host->rt, id, &c, NULL) == 0)
		status = wabe_container_status(c);
	wabe_container_free(&c);
	return status == WABE_STATUS_RUNNING || status == WABE_STATUS_PAUSED;
}

enum which { TO_START, TO_STOP, EVERY };

/* @count: the jobs before the configured guests' own, a handful. */
static bool has_job(const struct all *all, size_t count, uint32_t ctid)
{
	for (size_t i = 0; i < count; i++)
		if (all->queue.jobs[i].ctid == ctid)
			return true;
	return false;
}

static int choose(struct all *all, enum which which, struct wabe_error *err)
{
	struct vz_cli *cli = all->cli;
	uint32_t *ids, *pending = NULL;
	size_t count, pending_count = 0;
	int r = vz_ctconf_list(&cli->host, &cli->arena, &ids, &count, err);

	if (r == 0 && which == EVERY)
		r = vz_pending_list(&cli->host, &cli->arena, &pending, &pending_count, err);
	if (r < 0)
		return r;
	all->queue.jobs =
		wabe_arena_array(&cli->arena, count + pending_count, sizeof(*all->queue.jobs));
	if (!all->queue.jobs)
		return wabe_error_set(err, -ENOMEM, "list of containers");
	/* Creates that were killed before there was a configuration. */
	for (size_t i = 0; i < pending_count; i++)
		all->queue.jobs[all->queue.count++] = (struct vz_job){ .ctid = pending[i] };
	for (size_t i = 0; i < count; i++) {
		struct vz_job job;
		bool is_wanted = look_at(all, ids[i], &job);

		if (has_job(all, pending_count, ids[i]))
			continue;
		if (which == EVERY || is_running(&cli->host, ids[i]))
			is_wanted = which != TO_START;
		else if (which == TO_STOP)
			is_wanted = false;
		if (is_wanted)
			all->queue.jobs[all->queue.count++] = job;
	}
	vz_queue_sort(all->queue.jobs, all->queue.count, which == TO_STOP);
	return 0;
}

/* For each guest's vzctl. Several at a time: their lines would not tell whose they are. */
static const char *how_loud(const struct all *all)
{
	if (!all->cli->is_quiet && all->cli->verbosity > 0)
		return all->cli->verbosity > 1 ? "-vv" : "-v";
	return all->cli->is_quiet || all->done ? "--quiet" : "--quiet=false";
}

static pid_t spawn_guest(void *data, const struct vz_job *job, struct wabe_error *err)
{
	const struct all *all = data;
	char id[VZ_CTID_TEXT_MAX];
	char *argv[] = { (char *)"vzctl",
			 (char *)"--config",
			 (char *)all->cli->host.conf_path,
			 (char *)how_loud(all),
			 (char *)all->verb,
			 id,
			 (char *)all->option,
			 NULL };
	pid_t pid;
	int r;

	snprintf(id, sizeof(id), "%" PRIu32, job->ctid);
	r = posix_spawn(&pid, SELF, NULL, NULL, argv, environ);
	return r ? wabe_error_set(err, -r, "run vzctl %s %s", all->verb, id) : pid;
}

static void count_done(void *data, const struct vz_job *job, const struct wabe_error *err)
{
	struct all *all = data;

	if (err)
		wabe_log(&all->cli->log, WABE_LOG_ERROR, "CT %" PRIu32 ": %s", job->ctid,
			 err->text);
	if (job->status != 0 && all->failed_count++ < FAILED_MAX)
		(void)wabe_buf_printf(&all->failed, " %" PRIu32, job->ctid);
	/* The log has what the guest's own vzctl did. */
	if (job->status == 0 && all->done && !all->cli->is_quiet) {
		printf("CT %" PRIu32 ": %s\n", job->ctid, all->done);
		fflush(stdout);
	}
}

/* @all: what each guest's vzctl is to do. */
static int run_all(struct all *all, enum which which, size_t parallel, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf failed = WABE_BUF_INIT;
	int r;

	all->queue = (struct vz_queue){
		.parallel = parallel, .spawn = spawn_guest, .done = count_done, .data = all
	};
	r = choose(all, which, err);
	if (r < 0)
		return r;
	(void)vz_queue_run(&all->queue);
	failed = all->failed;
	if (all->failed_count == 0)
		return VZ_EXIT_OK;
	return vz_error_say(err, VZ_EXIT_SYSTEM, -ECHILD,
			    "vzctl %s failed for %zu of %zu containers:%s%s", all->verb,
			    all->failed_count, all->queue.count, failed.data ? failed.data : "",
			    all->failed_count > FAILED_MAX ? " ..." : "");
}

/* VE_PARALLEL, or as many as there are processors. */
static size_t parallel_of(const struct vz_host *host)
{
	long cpus = host->parallel ? (long)host->parallel : sysconf(_SC_NPROCESSORS_ONLN);

	return cpus > 0 ? (size_t)cpus : 1;
}

/* What decides is not ours, so that it is said rather than kept and forgotten. */
static void check_host_share(struct vz_cli *cli)
{
	if (cli->host.ve0_cpuunits != VZ_VE0CPUUNITS_DEFAULT)
		wabe_log(
			&cli->log, WABE_LOG_WARNING,
			"%s: VE0CPUUNITS=\"%" PRIu64
			"\" is not enforced: the host's processes are in cgroups of its service manager",
			cli->host.conf_path, cli->host.ve0_cpuunits);
}

int vz_cmd_boot(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		struct wabe_error *err)
{
	struct all all = { .cli = cli, .verb = "start", .done = "Container was started" };
	int r = vz_cmd_options(cli, NULL, 0, NULL, argc, argv, err);

	(void)g;
	if (r < 0)
		return r;
	if (!cli->host.is_enabled) {
		wabe_log(&cli->log, WABE_LOG_WARNING, "VIRTUOZZO=\"no\" in %s: nothing is started",
			 cli->host.conf_path);
		return VZ_EXIT_OK;
	}
	check_host_share(cli);
	return run_all(&all, TO_START, parallel_of(&cli->host), err);
}

struct shutdown_values {
	bool is_fast;
};

static const struct wabe_option shutdown_options[] = {
	{ "fast", 0, WABE_OPTION_FLAG, offsetof(struct shutdown_values, is_fast), NULL,
	  "kill at once" },
};

int vz_cmd_shutdown(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		    struct wabe_error *err)
{
	struct all all = { .cli = cli, .verb = "stop", .done = "Container was stopped" };
	struct shutdown_values values = { 0 };
	int r = vz_cmd_options(cli, shutdown_options, ARRAY_SIZE(shutdown_options), &values, argc,
			       argv, err);

	(void)g;
	if (r < 0)
		return r;
	if (strcmp(cli->host.stop_mode, "suspend") == 0)
		wabe_log(
			&cli->log, WABE_LOG_WARNING,
			"VE_STOP_MODE=\"suspend\": this version can't suspend, containers are stopped");
	all.option = values.is_fast ? "--fast" : NULL;
	return run_all(&all, TO_STOP, parallel_of(&cli->host) * STOP_FACTOR, err);
}

int vz_cmd_recover_all(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		       struct wabe_error *err)
{
	struct all all = { .cli = cli, .verb = "recover" };
	int r = vz_cmd_options(cli, NULL, 0, NULL, argc, argv, err);

	(void)g;
	return r < 0 ? r : run_all(&all, EVERY, parallel_of(&cli->host), err);
}
