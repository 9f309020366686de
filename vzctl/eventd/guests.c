// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eventd/guests: finding guests and learning how they end; see watcher.h.
 *
 * A pidfd says that an init has ended. How it ended, only its parent is told: the keeper, which passes it on. A guest that the
 * keeper is not the parent of (started while there was no vzeventd, or before the keeper was killed) is asked of /proc before it
 * is reaped; older kernels have another number there than the parent gets, so only what reboot(2) leaves is believed. Our own
 * kernel tells why a context ended, whoever its parent was (contexts.c). Else nobody knows, and `vzctl recover` decides by ONBOOT.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "conf/exit.h"
#include "eventd/recovery.h"
#include "eventd/watcher.h"

struct guest *guests_find(struct watcher *w, uint32_t ctid)
{
	struct guest *g = w->guests[ctid % WATCHER_BUCKETS];

	while (g && g->ctid != ctid)
		g = g->next;
	return g;
}

static void unlink_ended(struct watcher *w, const struct guest *g)
{
	struct guest **at = &w->ended;

	while (*at && *at != g)
		at = &(*at)->next_ended;
	if (*at)
		*at = g->next_ended;
}

void guests_drop(struct watcher *w, struct guest *g)
{
	struct guest **at = &w->guests[g->ctid % WATCHER_BUCKETS];

	unlink_ended(w, g);
	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	watcher_remove(w, &g->init);
	watcher_remove(w, &g->holder);
	limits_close(w, g);
	free(g);
}

/* What the kernel's zombie says is only taken for what reboot(2) does: pid_namespaces(7), "The init process". */
static bool is_reboot_status(int status)
{
	return WIFSIGNALED(status) && (WTERMSIG(status) == SIGHUP || WTERMSIG(status) == SIGINT);
}

bool guests_take_told(struct watcher *w, struct guest *g)
{
	for (size_t i = 0; g->pid > 0 && i < WATCHER_ENDS; i++) {
		if (w->last_ends[i].pid != g->pid)
			continue;
		g->status = w->last_ends[i].status;
		w->last_ends[i].pid = 0;
		return true;
	}
	return false;
}

/* What the kernel said of its context, unless it is known better. */
static void take_end(struct guest *g)
{
	if (g->has_status || g->end == WABE_CTX_END_UNKNOWN)
		return;
	g->has_status = true;
	g->status = g->end_status;
}

static void init_ended(struct watcher *w, void *owner, uint32_t events)
{
	struct guest *g = owner;
	int status;

	(void)events;
	watcher_remove(w, &g->init);
	limits_close(w, g);
	g->state = GUEST_ENDED;
	g->due_ms = eventd_now_ms() + RECOVERY_GRACE_MS;
	g->next_ended = w->ended;
	w->ended = g;
	g->has_status = guests_take_told(w, g);
	if (!g->has_status &&
	    wabe_pidfd_zombie_status(g->pid, g->start_ticks, &status, NULL) == 0 &&
	    is_reboot_status(status)) {
		g->has_status = true;
		g->status = status;
	}
	take_end(g);
}

void guests_ended(struct guest *g, const struct wabe_ctx *context)
{
	g->end = context->end;
	g->end_status = context->status;
	if (g->state == GUEST_ENDED)
		take_end(g);
}

void guests_told(struct watcher *w, const struct eventd_end *end)
{
	for (struct guest *g = w->ended; g; g = g->next_ended) {
		if (g->pid != end->pid || g->has_status)
			continue;
		g->has_status = true;
		g->status = end->status;
		return;
	}
	/* Its pidfd has not been looked at yet, or it is none of ours. */
	w->last_ends[w->next_end] = *end;
	w->next_end = (w->next_end + 1) % WATCHER_ENDS;
}

static void forget_told(struct watcher *w, pid_t pid)
{
	for (size_t i = 0; i < WATCHER_ENDS; i++)
		if (w->last_ends[i].pid == pid)
			w->last_ends[i].pid = 0;
}

/* 0, or -errno: it has ended already, or there is no memory. */
static int watch(struct watcher *w, uint32_t ctid, struct wabe_container *c)
{
	_cleanup_close_ int pidfd = wabe_container_pidfd(c, NULL);
	struct guest *g = pidfd < 0 ? NULL : calloc(1, sizeof(*g));
	bool is_zombie;
	int fd;

	if (!g)
		return pidfd < 0 ? pidfd : -ENOMEM;
	g->ctid = ctid;
	snprintf(g->id, sizeof(g->id), "%" PRIu32, ctid);
	g->pid = wabe_container_pid_raw(c);
	g->cgroup = contexts_cgroup(w, c);
	g->since_ms = eventd_now_ms();
	g->init.fd = g->holder.fd = -EBADF;
	(void)wabe_pidfd_start_time(g->pid, &g->start_ticks, &is_zombie, NULL);
	limits_watch(w, g, c);
	fd = TAKE_FD(pidfd);
	if (watcher_add(w, &g->init, fd, EPOLLIN, g, init_ended) < 0) {
		limits_close(w, g);
		close(fd);
		free(g);
		return -ENOMEM;
	}
	g->next = w->guests[ctid % WATCHER_BUCKETS];
	w->guests[ctid % WATCHER_BUCKETS] = g;
	return 0;
}

static void drop_newcomer(struct watcher *w, struct newcomer **at)
{
	struct newcomer *gone = *at;

	*at = gone->next;
	(void)inotify_rm_watch(w->inotify.fd, gone->wd);
	free(gone);
}

static struct newcomer **find_newcomer(struct watcher *w, uint32_t ctid, int wd)
{
	struct newcomer **at = &w->newcomers;

	while (*at && (ctid ? (*at)->ctid != ctid : (*at)->wd != wd))
		at = &(*at)->next;
	return at;
}

/* The state file comes, and comes again, by rename. */
static void await(struct watcher *w, uint32_t ctid)
{
	struct newcomer *n;
	char path[PATH_MAX];

	if (*find_newcomer(w, ctid, 0))
		return;
	n = calloc(1, sizeof(*n));
	if (!n)
		return;
	snprintf(path, sizeof(path), "%s/%" PRIu32, w->d->host.statedir, ctid);
	n->ctid = ctid;
	n->wd = inotify_add_watch(w->inotify.fd, path, IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR);
	if (n->wd < 0) {
		free(n);
		return;
	}
	n->next = w->newcomers;
	w->newcomers = n;
}

/* It was faster than we are, or nobody was there. */
static int missed(struct watcher *w, uint32_t ctid, const struct wabe_container *c)
{
	recovery_missed(w, ctid, wabe_container_pid_raw(c));
	return 1;
}

/* The container as the state store has it: watched (1), without an init yet (0), or none (-ENOENT). */
static int look_once(struct watcher *w, uint32_t ctid)
{
	struct guest *old = guests_find(w, ctid);
	struct wabe_container *c = NULL;
	char id[VZ_CTID_TEXT_MAX];
	int r;

	snprintf(id, sizeof(id), "%" PRIu32, ctid);
	r = wabe_container_load(&w->d->host.rt, id, &c, NULL);
	if (r < 0)
		return r;
	if (wabe_container_pid(c) > 0 && (!old || old->pid != wabe_container_pid(c))) {
		if (old)
			guests_drop(w, old);
		else
			forget_told(w, wabe_container_pid(c));
		r = watch(w, ctid, c);
		r = r == -ESRCH ? missed(w, ctid, c) : r == 0;
	} else if (wabe_container_pid(c) > 0 || old) {
		r = 1;
	} else {
		r = wabe_container_pid_raw(c) > 0 ? missed(w, ctid, c) : 0;
	}
	wabe_container_free(&c);
	return r;
}

void guests_look(struct watcher *w, uint32_t ctid)
{
	struct newcomer **at;
	int r = look_once(w, ctid);

	if (r == 0 && !*find_newcomer(w, ctid, 0)) {
		await(w, ctid);
		/* It may have come between the two. */
		r = look_once(w, ctid);
	}
	at = find_newcomer(w, ctid, 0);
	if (r != 0 && *at)
		drop_newcomer(w, at);
}

static void take_event(struct watcher *w, const struct inotify_event *event)
{
	struct newcomer **at = find_newcomer(w, 0, event->wd);
	uint32_t ctid;

	if (*at) {
		ctid = (*at)->ctid;
		if (event->mask & (IN_DELETE_SELF | IN_IGNORED))
			drop_newcomer(w, at);
		guests_look(w, ctid);
	} else if (event->len > 0 && wabe_parse_ctid(event->name, &ctid) == 0) {
		guests_look(w, ctid);
	}
}

static int scan(struct watcher *w, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_strv ids = { 0 };
	uint32_t ctid;
	int r = wabe_container_ids(&w->d->host.rt, &arena, &ids, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ids.count; i++) {
		if (wabe_parse_ctid(ids.items[i], &ctid) < 0)
			continue;
		guests_look(w, ctid);
		/* Its maker was killed before there was an init, or is still at it. */
		if (!guests_find(w, ctid))
			recovery_missed(w, ctid, 0);
	}
	return 0;
}

static void take_inotify(struct watcher *w, void *owner, uint32_t events)
{
	char text[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(w->inotify.fd, text, sizeof(text));
	const struct inotify_event *event;

	(void)owner;
	(void)events;
	for (char *p = text; n > 0 && p < text + n; p += sizeof(*event) + event->len) {
		event = (const struct inotify_event *)p;
		if (event->mask & IN_Q_OVERFLOW)
			(void)scan(w, NULL);
		else
			take_event(w, event);
	}
}

int guests_open(struct watcher *w, struct wabe_error *err)
{
	const char *dir = w->d->host.statedir;
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0 || watcher_add(w, &w->inotify, fd, EPOLLIN, w, take_inotify) < 0)
		return wabe_error_set(err, -errno, "watch %s", dir);
	if (inotify_add_watch(fd, dir, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0)
		return wabe_error_set(err, -errno, "watch %s", dir);
	return scan(w, err);
}
