// SPDX-License-Identifier: GPL-2.0-or-later
/* eventd/limits: guests that run into their limits; see watcher.h. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "eventd/watcher.h"

/* A guest can make thousands a second: they are counted, and told together. */
#define TELL_EVERY_MS 10000

/* True: it is time to tell, and .count starts anew. */
static bool is_due(struct event_limit *limit)
{
	const int64_t now = eventd_now_ms();

	if (limit->last_ms && now - limit->last_ms < TELL_EVERY_MS)
		return false;
	*limit = (struct event_limit){ .last_ms = now };
	return true;
}

static void tell(struct watcher *w, struct guest *g, struct event_limit *limit, int count,
		 const char *event, const char *what)
{
	const uint64_t total = limit->count += (uint64_t)count;
	char detail[96];

	if (!is_due(limit))
		return;
	snprintf(detail, sizeof(detail), "%s, %" PRIu64 " times", what, total);
	events_tell(w, g->ctid, event, detail);
}

/* The kernel's count goes on, so that what isn't told now is in the next one's. */
void limits_hit(struct watcher *w, struct guest *g, const struct wabe_ctx *context)
{
	for (enum wabe_ctx_resource i = 0; i < WABE_CTX_RESOURCE_MAX; i++) {
		const struct wabe_ctx_count *c = &context->counts[i];
		char detail[128];

		if (!(context->known & 1u << i) || !is_due(&g->context_limits[i]))
			continue;
		snprintf(detail, sizeof(detail),
			 "refused within its limit of %" PRIu64 ", %" PRIu64
			 " times since it was started",
			 c->barrier < c->limit ? c->barrier : c->limit, c->failures);
		events_tell(w, g->ctid, wabe_ctx_resource_name(i), detail);
	}
}

/* The watch has the descriptor; a cgroup that is gone tells of nothing any more. */
static void stop(struct watcher *w, struct source *s, struct wabe_cgroup_watch *watch)
{
	if (s->fd < 0)
		return;
	(void)epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
	s->fd = -EBADF;
	wabe_cgroup_watch_close(watch);
}

static void ready_oom(struct watcher *w, void *owner, uint32_t events)
{
	struct guest *g = owner;
	int n = wabe_cgroup_watch_read(&g->oom);

	(void)events;
	if (n < 0)
		stop(w, &g->oom_source, &g->oom);
	else if (n > 0)
		tell(w, g, &g->oom_limit, n, "oom", "no memory left within its limit");
}

static void ready_pids(struct watcher *w, void *owner, uint32_t events)
{
	struct guest *g = owner;
	int n = wabe_cgroup_watch_read(&g->pids);

	(void)events;
	if (n < 0)
		stop(w, &g->pids_source, &g->pids);
	else if (n > 0)
		tell(w, g, &g->pids_limit, n, "numproc", "no process left within its limit");
}

static uint32_t epoll_events(const struct wabe_cgroup_watch *watch)
{
	return (uint32_t)(unsigned short)watch->poll_events; /* the same bits: epoll_ctl(2) */
}

void limits_watch(struct watcher *w, struct guest *g, struct wabe_container *c)
{
	g->oom = g->pids = (struct wabe_cgroup_watch)WABE_CGROUP_WATCH_INIT;
	g->oom_source.fd = g->pids_source.fd = -EBADF;
	if (wabe_container_watch(c, WABE_CGROUP_WATCH_OOM, &g->oom, NULL) == 0)
		(void)watcher_add(w, &g->oom_source, g->oom.fd, epoll_events(&g->oom), g,
				  ready_oom);
	if (wabe_container_watch(c, WABE_CGROUP_WATCH_PIDS, &g->pids, NULL) == 0)
		(void)watcher_add(w, &g->pids_source, g->pids.fd, epoll_events(&g->pids), g,
				  ready_pids);
}

void limits_close(struct watcher *w, struct guest *g)
{
	stop(w, &g->oom_source, &g->oom);
	stop(w, &g->pids_source, &g->pids);
}
