// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eventd/contexts: what our own kernel (kernel-patches/) tells of guests' contexts: that one has ended, and why, and that it ran
 * into a limit; see watcher.h. Other kernels have nothing to listen to.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "eventd/watcher.h"

static const char *const said[WABE_CTX_GROUP_MAX] = {
	[WABE_CTX_GROUP_LIMIT] = "limits that containers ran into",
	[WABE_CTX_GROUP_END] = "ends of containers",
};

static const char *const reasons[WABE_CTX_END_MAX] = {
	[WABE_CTX_END_EXITED] = "exit",	      [WABE_CTX_END_HALTED] = "halt",
	[WABE_CTX_END_REBOOTED] = "reboot",   [WABE_CTX_END_KILLED] = "killed",
	[WABE_CTX_END_OOM] = "out of memory",
};

void contexts_take(struct watcher *w, const struct wabe_ctx *context)
{
	struct guest *g = guests_find(w, context->id);

	if (!g || g->cgroup == 0 || g->cgroup != context->cgroup)
		return;
	if (context->kind == WABE_CTX_HIT) {
		limits_hit(w, g, context);
	} else if (context->kind == WABE_CTX_ENDED && context->end != WABE_CTX_END_UNKNOWN) {
		wabe_log(&w->d->log, WABE_LOG_INFO, "CT %s: the kernel says how it ended: %s",
			 g->id, reasons[context->end]);
		guests_ended(g, context);
	}
}

/* One message at a time, as all that the watcher waits for. */
static void ready(struct watcher *w, void *owner, uint32_t events)
{
	struct source *s = owner;
	const char *what = said[s - w->contexts];
	struct wabe_ctx context;
	int r;

	(void)events;
	r = wabe_ctx_receive(s->fd, &context);
	if (r == 1)
		contexts_take(w, &context);
	if (r == -ENOBUFS)
		wabe_log(&w->d->log, WABE_LOG_WARNING, "%s came too fast, some are lost", what);
	if (r == 1 || r == -EAGAIN || r == -ENOBUFS || r == -EPROTO)
		return;
	wabe_log(&w->d->log, WABE_LOG_WARNING, "%s are not told any more: %s", what, strerror(-r));
	watcher_remove(w, s);
}

void contexts_open(struct watcher *w)
{
	for (int i = 0; i < WABE_CTX_GROUP_MAX; i++) {
		struct wabe_error err = WABE_ERROR_INIT;
		int fd = wabe_ctx_listen((enum wabe_ctx_group)i, &err);

		w->contexts[i].fd = -EBADF;
		if (fd < 0 && fd != -ENOENT)
			wabe_log(&w->d->log, WABE_LOG_WARNING, "%s are not told: %s", said[i],
				 err.text);
		if (fd >= 0 &&
		    watcher_add(w, &w->contexts[i], fd, EPOLLIN, &w->contexts[i], ready) < 0)
			watcher_remove(w, &w->contexts[i]);
	}
}

uint64_t contexts_cgroup(const struct watcher *w, const struct wabe_container *c)
{
	return w->contexts[WABE_CTX_GROUP_END].fd < 0 ? 0
						      : wabe_ctx_cgroup(wabe_container_cgroup(c));
}
