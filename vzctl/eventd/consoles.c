// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eventd/consoles: terminals of guests; see watcher.h. What they show while nobody looks is kept in a ring of bounded size; who
 * wants to look gets the terminal itself and hangs up when done. A guest that writes without end is read a bounded amount a time,
 * and waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/parse.h"
#include "eventd/watcher.h"

#define READ_BYTES 4096
#define BURST_BYTES 65536
#define PAUSE_MS 100

struct console {
	struct console *next; /* of the same bucket */
	uint32_t ctid;
	char tty[VZ_EVENTD_TTY_MAX];
	int master_fd;
	struct source master; /* .fd < 0: not read now */
	struct source pause;  /* a timer, while it is not read because it wrote too much */
	struct peer *peer;    /* who has it, or NULL */
	char *ring;	      /* VZ_EVENTD_RING_BYTES, once there is something */
	size_t start, len;
};

/* A connection. */
struct peer {
	struct source source;
	struct console *console; /* that it has */
};

static void ready_master(struct watcher *w, void *owner, uint32_t events);

static void name_of(const struct console *c, char name[EVENTD_NAME_MAX])
{
	snprintf(name, EVENTD_NAME_MAX, "%" PRIu32 ".%s", c->ctid, c->tty);
}

static void put(struct console *c, const char *data, size_t len)
{
	if (!c->ring)
		c->ring = malloc(VZ_EVENTD_RING_BYTES);
	for (size_t i = 0; c->ring && i < len; i++) {
		c->ring[(c->start + c->len) % VZ_EVENTD_RING_BYTES] = data[i];
		if (c->len < VZ_EVENTD_RING_BYTES)
			c->len++;
		else
			c->start = (c->start + 1) % VZ_EVENTD_RING_BYTES;
	}
}

/* Edge-triggered: a terminal that nobody has open is hung up all the time. */
static void listen_to(struct watcher *w, struct console *c)
{
	if (c->master.fd < 0 && c->pause.fd < 0 && !c->peer &&
	    watcher_add(w, &c->master, c->master_fd, EPOLLIN | EPOLLET, c, ready_master) < 0)
		c->master.fd = -EBADF;
}

static void stop_listening(struct watcher *w, struct console *c)
{
	if (c->master.fd >= 0)
		(void)epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, c->master.fd, NULL);
	c->master.fd = -EBADF;
}

static void pause_over(struct watcher *w, void *owner, uint32_t events)
{
	struct console *c = owner;

	(void)events;
	watcher_remove(w, &c->pause);
	listen_to(w, c);
}

static void take_pause(struct watcher *w, struct console *c)
{
	const struct itimerspec when = { .it_value.tv_nsec = PAUSE_MS * 1000000L };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	stop_listening(w, c);
	if (fd < 0 || timerfd_settime(fd, 0, &when, NULL) < 0 ||
	    watcher_add(w, &c->pause, fd, EPOLLIN, c, pause_over) < 0) {
		wabe_cleanup_close(&fd);
		c->pause.fd = -EBADF;
		listen_to(w, c);
	}
}

static void ready_master(struct watcher *w, void *owner, uint32_t events)
{
	struct console *c = owner;
	char data[READ_BYTES];
	size_t total = 0;
	ssize_t n;

	(void)events;
	while (total < BURST_BYTES && (n = read(c->master_fd, data, sizeof(data))) > 0) {
		put(c, data, (size_t)n);
		total += (size_t)n;
	}
	if (total >= BURST_BYTES)
		take_pause(w, c);
}

static struct console **find(struct watcher *w, uint32_t ctid, const char *tty)
{
	struct console **at = &w->consoles[ctid % WATCHER_BUCKETS];

	while (*at && ((*at)->ctid != ctid || (tty && strcmp((*at)->tty, tty) != 0)))
		at = &(*at)->next;
	return at;
}

static void drop_peer(struct watcher *w, struct peer *peer)
{
	watcher_remove(w, &peer->source);
	free(peer);
}

/* @is_kept: its descriptor has been told to the keeper, which is to let it go. */
static void drop(struct watcher *w, struct console **at, bool is_kept)
{
	struct console *c = *at;
	struct eventd_keep keep = { 0 };

	*at = c->next;
	stop_listening(w, c);
	watcher_remove(w, &c->pause);
	if (c->peer)
		drop_peer(w, c->peer);
	name_of(c, keep.name);
	if (is_kept)
		(void)wabe_fd_send(w->d->keeps[0], &keep, sizeof(keep), -EBADF);
	close(c->master_fd);
	free(c->ring);
	free(c);
}

void consoles_drop(struct watcher *w, uint32_t ctid)
{
	struct console **at;

	while (*(at = find(w, ctid, NULL)))
		drop(w, at, true);
}

/* @fd is taken. */
static int add(struct watcher *w, uint32_t ctid, const char *tty, int fd)
{
	struct console *c = calloc(1, sizeof(*c)), **at = find(w, ctid, tty);

	if (!c || fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0) {
		close(fd);
		free(c);
		return -ENOMEM;
	}
	if (*at)
		drop(w, at, false);
	c->ctid = ctid;
	snprintf(c->tty, sizeof(c->tty), "%s", tty);
	c->master_fd = fd;
	c->master.fd = c->pause.fd = -EBADF;
	c->next = w->consoles[ctid % WATCHER_BUCKETS];
	w->consoles[ctid % WATCHER_BUCKETS] = c;
	listen_to(w, c);
	return 0;
}

static int keep(struct watcher *w, const struct vz_eventd_request *request, int fd)
{
	struct eventd_keep keep = { 0 };
	int r;

	if (fd < 0)
		return -EBADF;
	/* To the keeper first: then a killed watcher loses nothing. */
	snprintf(keep.name, sizeof(keep.name), "%" PRIu32 ".%s", request->ctid, request->tty);
	r = wabe_fd_send(w->d->keeps[0], &keep, sizeof(keep), fd);
	if (r == 0)
		r = add(w, request->ctid, request->tty, fd);
	else
		close(fd);
	/* Its guest is being made; it goes when that does. */
	guests_look(w, request->ctid);
	return r;
}

static void answer(const struct peer *peer, int code, const struct console *c)
{
	struct vz_eventd_answer a = { .code = code };

	for (; c && a.len < c->len; a.len++)
		a.output[a.len] = c->ring[(c->start + a.len) % VZ_EVENTD_RING_BYTES];
	(void)wabe_fd_send(peer->source.fd, &a, offsetof(struct vz_eventd_answer, output) + a.len,
			   c ? c->master_fd : -EBADF);
}

/* True: the connection stays, as long as the peer has the terminal. */
static bool attach(struct watcher *w, struct peer *peer, const struct vz_eventd_request *request)
{
	struct console *c = *find(w, request->ctid, request->tty);

	if (!c || c->peer) {
		answer(peer, c ? -EBUSY : -ENOENT, NULL);
		return false;
	}
	stop_listening(w, c);
	watcher_remove(w, &c->pause);
	answer(peer, 0, c);
	c->start = c->len = 0;
	c->peer = peer;
	peer->console = c;
	return true;
}

static void leave(struct watcher *w, struct peer *peer)
{
	struct console *c = peer->console;

	if (c) {
		c->peer = NULL;
		listen_to(w, c);
	}
	drop_peer(w, peer);
}

static bool is_name(const char tty[VZ_EVENTD_TTY_MAX])
{
	return memchr(tty, '\0', VZ_EVENTD_TTY_MAX) && wabe_parse_id(tty) == 0;
}

static void ready_peer(struct watcher *w, void *owner, uint32_t events)
{
	struct vz_eventd_request request = { 0 };
	struct peer *peer = owner;
	int fd = -EBADF;
	ssize_t n = peer->console ? 0
				  : wabe_fd_recv(peer->source.fd, &request, sizeof(request), &fd);
	bool is_staying = false;

	(void)events;
	if (n == sizeof(request) && is_name(request.tty)) {
		if (request.op == VZ_EVENTD_KEEP)
			answer(peer, keep(w, &request, TAKE_FD(fd)), NULL);
		else if (request.op == VZ_EVENTD_ATTACH)
			is_staying = attach(w, peer, &request);
		else
			answer(peer, -EOPNOTSUPP, NULL);
	}
	wabe_cleanup_close(&fd);
	if (!is_staying)
		leave(w, peer);
}

static void ready_control(struct watcher *w, void *owner, uint32_t events)
{
	int fd = eventd_accept(w->control.fd);
	struct peer *peer = fd < 0 ? NULL : calloc(1, sizeof(*peer));

	(void)owner;
	(void)events;
	if (fd < 0)
		return;
	if (!peer || watcher_add(w, &peer->source, fd, EPOLLIN, peer, ready_peer) < 0) {
		close(fd);
		free(peer);
	}
}

/* "101.console" */
static void add_kept(struct watcher *w, const struct eventd_kept *kept)
{
	size_t len = strcspn(kept->name, ".");
	char id[VZ_CTID_TEXT_MAX];
	uint32_t ctid;
	int fd;

	if (len == 0 || len >= sizeof(id) || !kept->name[len])
		return;
	memcpy(id, kept->name, len);
	id[len] = '\0';
	if (wabe_parse_ctid(id, &ctid) < 0 || strlen(kept->name + len + 1) >= VZ_EVENTD_TTY_MAX)
		return;
	fd = fcntl(kept->fd, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0)
		(void)add(w, ctid, kept->name + len + 1, fd);
}

/* What was kept is also the keeper's, and open in this process since the fork: one of the two is enough. */
int consoles_open(struct watcher *w, struct wabe_error *err)
{
	for (size_t i = 0; i < w->d->kept_count; i++) {
		add_kept(w, &w->d->kept[i]);
		wabe_cleanup_close(&w->d->kept[i].fd);
	}
	w->d->kept_count = 0;
	if (watcher_add(w, &w->control, w->d->control_fd, EPOLLIN, w, ready_control) < 0)
		return wabe_error_set(err, -errno, "listen to vzctl");
	return 0;
}

void consoles_tidy(struct watcher *w)
{
	for (size_t i = 0; i < WATCHER_BUCKETS; i++) {
		struct console **at = &w->consoles[i];

		while (*at)
			if (guests_find(w, (*at)->ctid))
				at = &(*at)->next;
			else
				drop(w, at, true);
	}
}
