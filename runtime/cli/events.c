// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/events: `wabe events`; see cli.h. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/parse.h"
#include "cli/cli.h"

#define INTERVAL_DEFAULT_MS 5000

struct values {
	const char *interval;
	bool is_stats;
};

#define V(member) offsetof(struct values, member)

static const struct wabe_option options[] = {
	{ "stats", 0, WABE_OPTION_FLAG, V(is_stats), NULL, "print the counters once, and end" },
	{ "interval", 0, WABE_OPTION_STRING, V(interval), "TIME",
	  "time between two documents, as in 5s (default), 500ms, 1m30s" },
};

/* A duration as Go writes it, without fractions: "1m30s", "500ms". */
static int parse_interval(const char *text, int *ret_ms)
{
	static const struct {
		const char *unit;
		long long ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	long long total_ms = 0;

	if (!*text)
		return -EINVAL;
	while (*text) {
		size_t digits = strspn(text, "0123456789"), len, i = 0;
		long long ms = 0;

		if (digits == 0 || digits > 9)
			return -EINVAL;
		len = strcspn(text + digits, "0123456789");
		while (i < ARRAY_SIZE(units) && (strlen(units[i].unit) != len ||
						 strncmp(units[i].unit, text + digits, len) != 0))
			i++;
		if (i == ARRAY_SIZE(units))
			return -EINVAL;
		ms = strtoll(text, NULL, 10) * units[i].ms;
		total_ms += ms;
		if (total_ms > INT_MAX)
			return -ERANGE;
		text += digits + len;
	}
	*ret_ms = (int)total_ms;
	return total_ms > 0 ? 0 : -ERANGE;
}

static int print_stats(struct wabe_container *c, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r = wabe_container_stats_json(c, &text, err);

	return r < 0 ? r : cli_write_out(&text, err);
}

static int print_oom(struct wabe_container *c, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_COMPACT);

	if (!w)
		return wabe_error_set(err, -ENOMEM, "events");
	wabe_json_object_begin(w);
	wabe_json_put_string(w, "type", "oom");
	wabe_json_put_string(w, "id", wabe_container_id(c));
	wabe_json_object_end(w);
	if (wabe_json_writer_finish(w, &text) < 0)
		return wabe_error_set(err, -ENOMEM, "events");
	return cli_write_out(&text, err);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Lines for what the watch has counted. 0, or -errno. */
static int print_ooms(struct wabe_container *c, struct wabe_cgroup_watch *watch,
		      struct wabe_error *err)
{
	int count = watch->fd < 0 ? 0 : wabe_cgroup_watch_read(watch), r = 0;

	if (count < 0) { /* its cgroup is gone, the container's end comes next */
		wabe_cgroup_watch_close(watch);
		return 0;
	}
	for (; r == 0 && count > 0; count--)
		r = print_oom(c, err);
	return r;
}

static int follow(struct wabe_container *c, int pidfd, struct wabe_cgroup_watch *watch,
		  int interval_ms, struct wabe_error *err)
{
	int64_t next_ms = now_ms() + interval_ms;

	for (;;) {
		struct pollfd waits[] = { { .fd = pidfd, .events = POLLIN },
					  { .fd = watch->fd, .events = watch->poll_events } };
		int64_t left_ms = next_ms - now_ms();
		int r = poll(waits, ARRAY_SIZE(waits), left_ms > 0 ? (int)left_ms : 0);

		if (r < 0 && errno != EINTR)
			return wabe_error_set(err, -errno, "wait for events");
		/* What killed it is told before its end is. */
		r = print_ooms(c, watch, err);
		if (r < 0 || waits[0].revents)
			return r;
		if (now_ms() < next_ms)
			continue;
		next_ms = now_ms() + interval_ms;
		r = print_stats(c, err);
		/* It may end while it is looked at: then poll says so. */
		if (r < 0 && r != -ENOENT && r != -ENODEV)
			return r;
		wabe_error_clear(err);
	}
}

static int run_events(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_cgroup_watch_close) struct wabe_cgroup_watch watch = WABE_CGROUP_WATCH_INIT;
	_cleanup_(wabe_container_free) struct wabe_container *c = NULL;
	_cleanup_close_ int pidfd = -EBADF;
	int interval_ms = INTERVAL_DEFAULT_MS;
	struct values v = { 0 };
	int first = cli_options(cli, &cli_events, &v, argc, argv, 1, 1, err);
	int r = first < 0 ? first : 0;

	if (r == 0 && v.interval && parse_interval(v.interval, &interval_ms) < 0)
		r = wabe_error_say(err, -EINVAL,
				   "--interval %.32s: want a time above 0 as 5s, 500ms or 1m30s",
				   v.interval);
	if (r == 0)
		r = cli_load(cli, argv[first], &c, err);
	if (r == 0 && wabe_container_status(c) == WABE_STATUS_STOPPED)
		r = wabe_error_say(err, -ESRCH, "container %s is not running", argv[first]);
	if (r < 0 || v.is_stats)
		return r < 0 ? r : print_stats(c, err);
	pidfd = wabe_container_pidfd(c, err);
	if (pidfd < 0)
		return pidfd;
	r = wabe_container_watch(c, WABE_CGROUP_WATCH_OOM, &watch, err);
	if (r == -ENOTSUP)
		wabe_log(&cli->log, WABE_LOG_WARNING, "no oom events: %s", err->text);
	else if (r < 0)
		return r;
	wabe_error_clear(err);
	return follow(c, pidfd, &watch, interval_ms, err);
}

const struct cli_verb cli_events = {
	"events",
	"[options] ID",
	"print a container's counters and lack of memory as JSON, until it ends",
	options,
	ARRAY_SIZE(options),
	run_events,
};
