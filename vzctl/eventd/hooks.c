// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eventd/hooks: the administrator's programs in <confdir>/events.d, told of events; see watcher.h. At most RUNNING_MAX at a time,
 * for EVENT_TIMEOUT at most, and QUEUE_MAX events wait.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/signals.h"
#include "eventd/watcher.h"

#define RUNNING_MAX 4
#define QUEUE_MAX 256

struct hook_event {
	uint32_t ctid;
	char event[16], detail[128];
};

struct hook_run {
	pid_t pid; /* and process group; 0: free */
	int64_t due_ms;
};

struct hooks {
	char dir[PATH_MAX];
	struct hook_event queue[QUEUE_MAX];
	size_t first, count, dropped;
	struct hook_run running[RUNNING_MAX];
};

int hooks_open(struct watcher *w)
{
	w->hooks = calloc(1, sizeof(*w->hooks));
	if (!w->hooks)
		return -ENOMEM;
	snprintf(w->hooks->dir, sizeof(w->hooks->dir), "%s/events.d", w->d->host.confdir);
	return 0;
}

/* Programs that somebody else could have changed are not run as root. */
static int is_hook(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 0 && entry->d_name[len - 1] != '~';
}

static bool is_trusted(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 &&
	       (st.st_mode & S_IXUSR) && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static void run_one(const char *path, char *const *env)
{
	char *argv[] = { (char *)path, NULL };
	pid_t pid;
	int r = posix_spawn(&pid, path, NULL, NULL, argv, env);

	while (r == 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* In a child: one after the other, by name. */
static void __attribute__((noreturn))
run_all(const struct eventd *d, const struct hooks *h, const struct hook_event *event)
{
	char ctid[32], name[32], detail[160], path[PATH_MAX + 256];
	char *env[] = { ctid,
			name,
			detail,
			(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			(char *)"HOME=/root",
			NULL };
	struct dirent **entries;
	int count;

	wabe_signals_reset(WABE_SIGNALS_ALL);
	(void)setpgid(0, 0);
	eventd_lower_files(d);
	snprintf(ctid, sizeof(ctid), "CTID=%" PRIu32, event->ctid);
	snprintf(name, sizeof(name), "EVENT=%s", event->event);
	snprintf(detail, sizeof(detail), "DETAIL=%s", event->detail);
	count = scandir(h->dir, &entries, is_hook, alphasort);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", h->dir, entries[i]->d_name);
		if (is_trusted(path))
			run_one(path, env);
	}
	_exit(0);
}

static int64_t run_ms(const struct watcher *w)
{
	return w->d->host.event_timeout_s * INT64_C(1000);
}

static struct hook_run *free_run(struct hooks *h)
{
	for (size_t i = 0; i < RUNNING_MAX; i++)
		if (h->running[i].pid == 0)
			return &h->running[i];
	return NULL;
}

static void start_next(struct watcher *w)
{
	struct hooks *h = w->hooks;
	struct hook_run *run;

	while (h->count > 0 && (run = free_run(h))) {
		pid_t pid = fork();

		if (pid == 0)
			run_all(w->d, h, &h->queue[h->first]);
		h->first = (h->first + 1) % QUEUE_MAX;
		h->count--;
		if (pid > 0)
			*run = (struct hook_run){ .pid = pid,
						  .due_ms = eventd_now_ms() + run_ms(w) };
	}
}

void hooks_run(struct watcher *w, uint32_t ctid, const char *event, const char *detail)
{
	struct hooks *h = w->hooks;
	struct hook_event *e;

	if (access(h->dir, F_OK) < 0)
		return;
	if (h->count == QUEUE_MAX) {
		if (h->dropped++ % QUEUE_MAX == 0)
			wabe_log(&w->d->log, WABE_LOG_WARNING,
				 "the programs in %s are too slow: events are dropped", h->dir);
		return;
	}
	e = &h->queue[(h->first + h->count++) % QUEUE_MAX];
	*e = (struct hook_event){ .ctid = ctid };
	snprintf(e->event, sizeof(e->event), "%s", event);
	snprintf(e->detail, sizeof(e->detail), "%s", detail);
	start_next(w);
}

bool hooks_child(struct watcher *w, pid_t pid)
{
	for (size_t i = 0; i < RUNNING_MAX; i++) {
		if (w->hooks->running[i].pid != pid)
			continue;
		w->hooks->running[i].pid = 0;
		start_next(w);
		return true;
	}
	return false;
}

int64_t hooks_expire(struct watcher *w)
{
	int64_t now = eventd_now_ms(), next = -1;

	for (size_t i = 0; i < RUNNING_MAX; i++) {
		struct hook_run *run = &w->hooks->running[i];

		if (run->pid == 0)
			continue;
		if (run->due_ms <= now) {
			wabe_log(&w->d->log, WABE_LOG_WARNING,
				 "programs in %s took more than %" PRIu32 " s: killed",
				 w->hooks->dir, w->d->host.event_timeout_s);
			/* Its group; alone if it was killed before it had one. */
			if (kill(-run->pid, SIGKILL) < 0)
				(void)kill(run->pid, SIGKILL);
			run->due_ms = now + run_ms(w);
		}
		if (next < 0 || run->due_ms < next)
			next = run->due_ms;
	}
	return next;
}
