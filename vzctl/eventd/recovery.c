// SPDX-License-Identifier: GPL-2.0-or-later
/* eventd/recovery: guests that have ended; see recovery.h. */
#include "eventd/recovery.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/signals.h"
#include "conf/exit.h"
#include "guest/running.h"

/* A guest that reboots as soon as it is up gets this much of the host's time and no more. */
#define SHORTEST_LIFE_MS 2000
#define SELF "/proc/self/exe"
#define COMM_MAX 32

/* The process that has the guest's lock, by what it wrote into it; 0: none. Who holds it is a vzctl, alive. */
static pid_t lock_holder(const struct watcher *w, const struct guest *g)
{
	_cleanup_(wabe_buf_free) struct wabe_buf note = WABE_BUF_INIT, comm = WABE_BUF_INIT;
	char path[PATH_MAX];
	long pid;

	if (!w->d->host.lockdir)
		return 0;
	snprintf(path, sizeof(path), "%s/%s.lck", w->d->host.lockdir, g->id);
	if (wabe_file_read_at(AT_FDCWD, path, 128, &note, NULL) < 0 || note.len == 0)
		return 0;
	pid = strtol(note.data, NULL, 10);
	if (pid <= 0 || pid > INT_MAX)
		return 0;
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	if (wabe_file_read_at(AT_FDCWD, path, COMM_MAX, &comm, NULL) < 0 || comm.len == 0)
		return 0;
	return wabe_str_starts(comm.data, "vz") ? (pid_t)pid : 0;
}

static void holder_left(struct watcher *w, void *owner, uint32_t events)
{
	struct guest *g = owner;

	(void)events;
	watcher_remove(w, &g->holder);
	g->state = GUEST_WAITING;
}

/* True: a command is at it, and we are told when it is done. */
static bool await_holder(struct watcher *w, struct guest *g)
{
	pid_t pid = lock_holder(w, g);
	struct pollfd p = { .fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1,
			    .events = POLLIN };
	const int fd = p.fd;

	if (fd < 0)
		return false;
	/* Killed, and its parent has not reaped it. */
	if (poll(&p, 1, 0) != 0) {
		close(fd);
		return false;
	}
	if (watcher_add(w, &g->holder, fd, EPOLLIN, g, holder_left) < 0) {
		watcher_remove(w, &g->holder);
		return false;
	}
	g->state = GUEST_HELD;
	return true;
}

static bool is_gone(const struct watcher *w, const struct guest *g)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", w->d->host.statedir, g->id);
	return access(path, F_OK) < 0 && !vz_running_is_noted(&w->d->host, g->ctid);
}

static bool is_reboot(const struct guest *g)
{
	return g->has_status && WIFSIGNALED(g->status) && WTERMSIG(g->status) == SIGHUP;
}

static const char *reason_of(const struct guest *g)
{
	return !g->has_status ? "unknown" : is_reboot(g) ? "reboot" : "halt";
}

static void tell(struct watcher *w, const struct guest *g)
{
	char detail[64];

	if (!g->has_status)
		events_tell(w, g->ctid, "ended", "vzeventd is not its parent: how is not known");
	else if (is_reboot(g))
		events_tell(w, g->ctid, "reboot", "from inside");
	else if (WIFSIGNALED(g->status) && WTERMSIG(g->status) == SIGINT)
		events_tell(w, g->ctid, "halt", "from inside");
	else if (g->end == WABE_CTX_END_OOM)
		events_tell(w, g->ctid, "crash", "init was killed, there was no memory left");
	else if (WIFSIGNALED(g->status)) {
		snprintf(detail, sizeof(detail), "init was killed by signal %d",
			 WTERMSIG(g->status));
		events_tell(w, g->ctid, "crash", detail);
	} else {
		snprintf(detail, sizeof(detail), "init ended with exit code %d",
			 WEXITSTATUS(g->status));
		events_tell(w, g->ctid, "crash", detail);
	}
}

static pid_t spawn(const struct watcher *w, const struct guest *g)
{
	char *argv[] = { (char *)"vzctl",
			 (char *)"--config",
			 (char *)w->d->host.conf_path,
			 (char *)"recover",
			 (char *)g->id,
			 (char *)"--ended",
			 (char *)reason_of(g),
			 NULL };
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	wabe_signals_reset(WABE_SIGNALS_ALL);
	(void)setsid();
	eventd_lower_files(w->d);
	/* It is our descendant: what it starts is the keeper's to wait for. */
	(void)setenv(VZ_EVENTD_ENV, "1", 1);
	execv(SELF, argv);
	_exit(VZ_EXIT_SYSTEM);
}

static void recover(struct watcher *w, struct guest *g)
{
	pid_t pid;

	if (is_reboot(g) && g->due_ms < g->since_ms + SHORTEST_LIFE_MS)
		g->due_ms = g->since_ms + SHORTEST_LIFE_MS;
	g->state = GUEST_WAITING;
	if (eventd_now_ms() < g->due_ms || w->recovering >= w->recovering_max)
		return;
	tell(w, g);
	pid = spawn(w, g);
	if (pid < 0) {
		g->due_ms = eventd_now_ms() + SHORTEST_LIFE_MS;
		return;
	}
	g->state = GUEST_RECOVERING;
	g->pid = pid;
	w->recovering++;
}

/* Its own commands may have brought it up again, or away. */
static void settle(struct watcher *w, struct guest *g)
{
	const uint32_t ctid = g->ctid;

	if (await_holder(w, g))
		return;
	if (!is_gone(w, g)) {
		const pid_t ended = g->pid;

		guests_look(w, ctid);
		g = guests_find(w, ctid);
		if (g && g->pid == ended)
			recover(w, g);
		return;
	}
	guests_drop(w, g);
	consoles_drop(w, ctid);
}

/* Killed by whom? The kernel says it of a context, a moment later than its parent is told. */
static bool awaits_reason(const struct guest *g)
{
	return g->cgroup && g->end == WABE_CTX_END_UNKNOWN && WIFSIGNALED(g->status) &&
	       WTERMSIG(g->status) == SIGKILL;
}

int64_t guests_advance(struct watcher *w)
{
	const int64_t now = eventd_now_ms();
	int64_t next = -1;
	struct guest *g = w->ended, *after;

	for (; g; g = after) {
		bool is_due = (g->has_status && !awaits_reason(g)) || now >= g->due_ms;

		after = g->next_ended;
		if (g->state == GUEST_ENDED && is_due) {
			g->due_ms = now;
			settle(w, g);
		} else if (g->state == GUEST_WAITING && now >= g->due_ms) {
			settle(w, g);
		}
	}
	for (g = w->ended; g; g = g->next_ended)
		if ((g->state == GUEST_ENDED ||
		     (g->state == GUEST_WAITING && w->recovering < w->recovering_max)) &&
		    (next < 0 || g->due_ms < next))
			next = g->due_ms;
	return next;
}

bool guests_child(struct watcher *w, pid_t pid, int status)
{
	struct guest *g = w->ended;
	uint32_t ctid;

	while (g && (g->state != GUEST_RECOVERING || g->pid != pid))
		g = g->next_ended;
	if (w->recovering > 0)
		w->recovering--;
	/* The guest is up, and watched as what it is now. */
	if (!g)
		return false;
	ctid = g->ctid;
	guests_drop(w, g);
	guests_look(w, ctid);
	if (!guests_find(w, ctid))
		consoles_drop(w, ctid);
	if (status != 0)
		events_tell(w, ctid, "failed",
			    "vzctl recover did not bring it in order, see its log");
	return true;
}

void recovery_missed(struct watcher *w, uint32_t ctid, pid_t pid)
{
	struct guest *g = calloc(1, sizeof(*g));

	if (!g)
		return;
	g->ctid = ctid;
	snprintf(g->id, sizeof(g->id), "%" PRIu32, ctid);
	g->init.fd = g->holder.fd = g->oom_source.fd = g->pids_source.fd = -EBADF;
	g->pid = pid;
	g->state = GUEST_ENDED;
	g->due_ms = eventd_now_ms() + RECOVERY_GRACE_MS;
	g->has_status = guests_take_told(w, g);
	g->next = w->guests[ctid % WATCHER_BUCKETS];
	w->guests[ctid % WATCHER_BUCKETS] = g;
	g->next_ended = w->ended;
	w->ended = g;
}
