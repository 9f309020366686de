// SPDX-License-Identifier: GPL-2.0-or-later
/* eventd/watcher: the loop; see watcher.h. */
#include "eventd/watcher.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "conf/exit.h"

#define RECOVERING_DEFAULT 4

int watcher_add(struct watcher *w, struct source *s, int fd, uint32_t events, void *owner,
		void (*ready)(struct watcher *w, void *owner, uint32_t events))
{
	struct epoll_event event = { .events = events, .data.ptr = s };

	*s = (struct source){ .ready = ready, .owner = owner, .fd = fd };
	if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	return 0;
}

void watcher_remove(struct watcher *w, struct source *s)
{
	if (s->fd < 0)
		return;
	(void)epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
	wabe_cleanup_close(&s->fd);
}

void events_tell(struct watcher *w, uint32_t ctid, const char *event, const char *detail)
{
	wabe_log(&w->d->log, WABE_LOG_INFO, "CT %u: %s: %s", ctid, event, detail);
	hooks_run(w, ctid, event, detail);
}

static void take_signals(struct watcher *w, void *owner, uint32_t events)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	(void)owner;
	(void)events;
	while (read(w->signals.fd, &info, sizeof(info)) == sizeof(info))
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!hooks_child(w, pid) && !traffic_child(w, pid, status))
			(void)guests_child(w, pid, status);
}

static void take_ends(struct watcher *w, void *owner, uint32_t events)
{
	struct eventd_end end;

	(void)owner;
	(void)events;
	while (wabe_fd_recv(w->ends.fd, &end, sizeof(end), NULL) == sizeof(end))
		guests_told(w, &end);
}

static int open_signals(struct watcher *w, struct wabe_error *err)
{
	sigset_t mask;
	int fd;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0 || watcher_add(w, &w->signals, fd, EPOLLIN, w, take_signals) < 0)
		return wabe_error_set(err, -errno, "listen to signals");
	return 0;
}

static int prepare(struct watcher *w, struct wabe_error *err)
{
	int r;

	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll_fd < 0)
		return wabe_error_set(err, -errno, "make an epoll");
	r = hooks_open(w) < 0 ? wabe_error_set(err, -ENOMEM, "prepare hooks")
			      : open_signals(w, err);
	if (r == 0)
		r = consoles_open(w, err);
	contexts_open(w);
	if (r == 0)
		r = guests_open(w, err);
	if (r == 0 && watcher_add(w, &w->ends, w->d->ends[1], EPOLLIN, w, take_ends) < 0)
		r = wabe_error_set(err, -errno, "listen to the keeper");
	if (r == 0)
		consoles_tidy(w);
	return r;
}

static int wait_ms(struct watcher *w)
{
	const int64_t times[] = { guests_advance(w), hooks_expire(w), traffic_tick(w) };
	int64_t next = -1, left;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		if (times[i] >= 0 && (next < 0 || times[i] < next))
			next = times[i];
	left = next < 0 ? -1 : next - eventd_now_ms();
	return next < 0 ? -1 : left < 0 ? 0 : (int)left;
}

void eventd_watcher(struct eventd *d)
{
	struct watcher *w = calloc(1, sizeof(*w));
	struct wabe_error err = WABE_ERROR_INIT;

	(void)prctl(PR_SET_NAME, "vzeventd-watch", 0, 0, 0);
	if (!w)
		_exit(VZ_EXIT_RESOURCES);
	w->d = d;
	w->recovering_max = d->host.parallel ? d->host.parallel : RECOVERING_DEFAULT;
	if (prepare(w, &err) < 0) {
		wabe_log(&d->log, WABE_LOG_ERROR, "%s", err.text);
		_exit(VZ_EXIT_SYSTEM);
	}
	for (;;) {
		struct epoll_event event;
		int n = epoll_wait(w->epoll_fd, &event, 1, wait_ms(w));
		struct source *s = n > 0 ? event.data.ptr : NULL;

		if (s)
			s->ready(w, s->owner, event.events);
	}
}
