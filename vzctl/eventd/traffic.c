// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eventd/traffic: vznetstat(8) every so often, so that a crash of the host loses little of what guests' traffic was, and quotas
 * hold; see watcher.h. A program of its own: what it waits for, nobody here does.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/signals.h"
#include "conf/exit.h"
#include "eventd/watcher.h"

#define QUOTA_MS 60000
#define SELF "/proc/self/exe"

static bool has_guests(const struct watcher *w)
{
	for (size_t i = 0; i < WATCHER_BUCKETS; i++)
		if (w->guests[i])
			return true;
	return false;
}

static pid_t spawn(const struct watcher *w, const char *option)
{
	char *argv[] = { (char *)"vznetstat", (char *)"--config", (char *)w->d->host.conf_path,
			 (char *)option, NULL };
	int null_fd;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	wabe_signals_reset(WABE_SIGNALS_ALL);
	/* Its table is nobody's, its log is LOGFILE. */
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3 && null_fd >= 0; fd++)
		(void)dup2(null_fd, fd);
	eventd_lower_files(w->d);
	execv(SELF, argv);
	_exit(VZ_EXIT_SYSTEM);
}

static int64_t tick_ms(const struct watcher *w)
{
	const int64_t period_ms = (int64_t)w->d->host.traffic_period_s * 1000;

	return period_ms < QUOTA_MS ? period_ms : QUOTA_MS;
}

int64_t traffic_tick(struct watcher *w)
{
	struct traffic_clock *t = &w->traffic;
	const int64_t now = eventd_now_ms(),
		      period_ms = (int64_t)w->d->host.traffic_period_s * 1000;
	bool is_saving;

	if (period_ms == 0)
		return -1;
	if (t->due_ms == 0)
		*t = (struct traffic_clock){ .due_ms = now + tick_ms(w),
					     .save_ms = now + period_ms };
	if (now < t->due_ms)
		return t->due_ms;
	t->due_ms = now + tick_ms(w);
	/* One at a time, however long it takes; and a guest that is gone has been added up by who stopped it. */
	if (t->pid > 0 || !has_guests(w))
		return t->due_ms;
	is_saving = now >= t->save_ms;
	t->pid = spawn(w, is_saving ? "--save" : "--quota");
	if (t->pid > 0 && is_saving)
		t->save_ms = now + period_ms;
	return t->due_ms;
}

bool traffic_child(struct watcher *w, pid_t pid, int status)
{
	if (w->traffic.pid != pid)
		return false;
	w->traffic.pid = 0;
	if (status != 0)
		wabe_log(&w->d->log, WABE_LOG_WARNING,
			 "vznetstat, for guests' traffic, ended with status %d", status);
	return true;
}
