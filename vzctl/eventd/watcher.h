/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eventd/watcher: what the parts of the watcher share: its event loop, guests, consoles, hooks.
 *
 * One epoll; the data of an event is the struct source that it belongs to. One event is taken at a time, so that what frees a
 * source needs to know of no others.
 */
#ifndef VZ_EVENTD_WATCHER_H
#define VZ_EVENTD_WATCHER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/ctconf.h"
#include "eventd/eventd.h"
#include "wabe.h"

#define WATCHER_BUCKETS 1024
#define WATCHER_ENDS 64

struct watcher;

struct source {
	void (*ready)(struct watcher *w, void *owner, uint32_t events);
	void *owner;
	int fd; /* < 0: none */
};

/* How often something may be told of. */
struct event_limit {
	int64_t last_ms;
	uint64_t count; /* since then */
};

/* Why a guest is not up, in this order. */
enum guest_state {
	GUEST_UP,
	GUEST_ENDED,   /* how is not known yet */
	GUEST_HELD,    /* a command is at it */
	GUEST_WAITING, /* for its turn */
	GUEST_RECOVERING,
};

struct guest {
	struct guest *next;	  /* of the same bucket */
	struct guest *next_ended; /* of those that are not GUEST_UP */
	uint32_t ctid;
	char id[VZ_CTID_TEXT_MAX];
	enum guest_state state;
	pid_t pid;
	uint64_t start_ticks;
	uint64_t cgroup; /* the id of its context's cgroup; 0: it has none that we are told of */
	int64_t since_ms, due_ms;
	bool has_status;
	int status;
	enum wabe_ctx_end end; /* what the kernel said of its context, with: */
	int end_status;
	struct source init, oom_source, pids_source,
		holder; /* pidfd, counters, pidfd of the lock's holder */
	struct wabe_cgroup_watch oom, pids;
	struct event_limit oom_limit, pids_limit, context_limits[WABE_CTX_RESOURCE_MAX];
};

/* A container that is being made: its directory is watched until there is an init. */
struct newcomer {
	struct newcomer *next;
	uint32_t ctid;
	int wd;
};

/* When guests' traffic is looked at again. */
struct traffic_clock {
	pid_t pid; /* of who does it now, or 0 */
	int64_t due_ms, save_ms;
};

struct console;
struct hooks;

struct watcher {
	struct eventd *d;
	int epoll_fd;
	struct source inotify, signals, ends, control;
	struct source contexts[WABE_CTX_GROUP_MAX]; /* .fd < 0: the kernel has none */
	struct guest *guests[WATCHER_BUCKETS];
	struct console *consoles[WATCHER_BUCKETS];
	struct guest *ended;
	struct newcomer *newcomers;
	struct eventd_end last_ends[WATCHER_ENDS]; /* that nobody asked for yet; .pid 0: free */
	size_t next_end;
	size_t recovering, recovering_max;
	struct hooks *hooks;
	struct traffic_clock traffic;
};

/** watcher_add() - have @s->ready called for @events on @s->fd. 0 or -errno. */
int watcher_add(struct watcher *w, struct source *s, int fd, uint32_t events, void *owner,
		void (*ready)(struct watcher *w, void *owner, uint32_t events));

/** watcher_remove() - no more, and close it. */
void watcher_remove(struct watcher *w, struct source *s);

/** guests_open() - watch the state store and all that is in it. */
int guests_open(struct watcher *w, struct wabe_error *err);

/** guests_look() - is there a container of this guest that we don't watch yet? */
void guests_look(struct watcher *w, uint32_t ctid);
struct guest *guests_find(struct watcher *w, uint32_t ctid);

/** guests_told() - the keeper says how a child ended. */
void guests_told(struct watcher *w, const struct eventd_end *end);

/** guests_advance() - go on with those that have ended and whose time has come. Returns when to call again, or -1. */
int64_t guests_advance(struct watcher *w);

/** guests_child() - a child of the watcher's ended: was it a recovery? */
bool guests_child(struct watcher *w, pid_t pid, int status);

/** events_tell() - to the log and the hooks. @detail: for people. */
void events_tell(struct watcher *w, uint32_t ctid, const char *event, const char *detail);

/** limits_watch() - lack of memory and of processes. What the host can't tell of is left out. */
void limits_watch(struct watcher *w, struct guest *g, struct wabe_container *c);
void limits_close(struct watcher *w, struct guest *g);

/** limits_hit() - the kernel refused the context of @g something. */
void limits_hit(struct watcher *w, struct guest *g, const struct wabe_ctx *context);

/** contexts_open() - listen to the kernel's contexts, where it has them. Before guests_open(). */
void contexts_open(struct watcher *w);

/**
 * contexts_take() - the kernel tells of @context. What isn't about the present cgroup of a guest that is watched is passed over:
 * an id may belong to somebody else's container, or to the one that the guest was before.
 */
void contexts_take(struct watcher *w, const struct wabe_ctx *context);

/** contexts_cgroup() - the id of the cgroup that is @c's context, or 0: nobody tells of it. */
uint64_t contexts_cgroup(const struct watcher *w, const struct wabe_container *c);

/** guests_ended() - the kernel says that the context of @g has ended, and why. */
void guests_ended(struct guest *g, const struct wabe_ctx *context);

/** hooks_open() - no memory is the only failure. */
int hooks_open(struct watcher *w);
void hooks_run(struct watcher *w, uint32_t ctid, const char *event, const char *detail);
bool hooks_child(struct watcher *w, pid_t pid);
/** hooks_expire() - kill those that take too long. Returns when to call again, or -1. */
int64_t hooks_expire(struct watcher *w);

/** traffic_tick() - have guests' traffic looked at when it is time to. Returns when to call again, or -1. */
int64_t traffic_tick(struct watcher *w);
bool traffic_child(struct watcher *w, pid_t pid, int status);

/** consoles_open() - those that were kept, and the socket that they are asked for by. */
int consoles_open(struct watcher *w, struct wabe_error *err);

/** consoles_tidy() - forget those of guests that aren't there. */
void consoles_tidy(struct watcher *w);
void consoles_drop(struct watcher *w, uint32_t ctid);

#endif
