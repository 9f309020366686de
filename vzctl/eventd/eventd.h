/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eventd/eventd: vzeventd(8), one for the host: what happens to guests while nobody runs a command.
 *
 * Two processes. The keeper (keeper.c) is the parent of guests' inits: it starts programs for vzctl, reaps, and holds terminals
 * and exit statuses; it does nothing else. The watcher (watcher.c) is its child and does all the rest: a fault there kills no more
 * than itself, and the next one goes on from what the keeper, the kernel and the state store know.
 */
#ifndef VZ_EVENTD_EVENTD_H
#define VZ_EVENTD_EVENTD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/log.h"
#include "conf/host.h"
#include "conf/logfile.h"
#include "guest/eventd.h"

/** How a child ended, from the keeper to the watcher. */
struct eventd_end {
	pid_t pid;
	int status; /* of wait(2) */
};

/* "101.console" */
#define EVENTD_NAME_MAX 40

/** A descriptor that outlives the watcher (and, in the service manager's store, the keeper). */
struct eventd_kept {
	char name[EVENTD_NAME_MAX];
	int fd;
};

/** From the watcher to the keeper: with a descriptor: keep it as @name; without: let it go. */
struct eventd_keep {
	char name[EVENTD_NAME_MAX];
};

struct eventd {
	struct vz_host host;
	struct wabe_log log;
	struct vz_logfile logfile; /* what .log writes to as well */
	const char *program;	   /* vzctl */
	int dir_fd;		   /* <statedir>/.eventd */
	int control_fd;		   /* listening */
	int ends[2];		   /* struct eventd_end: the keeper writes 0, the watcher reads 1 */
	int keeps[2]; /* struct eventd_keep: the watcher writes 0, the keeper reads 1 */
	struct eventd_kept *kept;
	size_t kept_count, kept_room;
	struct rlimit files; /* RLIMIT_NOFILE as we got it */
};

/** eventd_keeper() - until a signal ends it. The exit code. */
int eventd_keeper(struct eventd *d, struct wabe_error *err);

/** eventd_watcher() - in the child. Does not return. */
void __attribute__((noreturn)) eventd_watcher(struct eventd *d);

/** eventd_listen() - a listening socket @name in d->dir_fd, in the place of an old one. */
int eventd_listen(const struct eventd *d, const char *name, struct wabe_error *err);

/** eventd_accept() - a connection of root's on @listen_fd; others are hung up on. -errno. */
int eventd_accept(int listen_fd);

/** eventd_notify() - tell the service manager (sd_notify(3)), with @fd if >= 0. Without one it does nothing. */
void eventd_notify(const struct eventd *d, const char *text, int fd);

/** eventd_kept_take() - what the service manager kept for us (sd_listen_fds_with_names(3)). */
int eventd_kept_take(struct eventd *d);

/** eventd_kept_put(), eventd_kept_drop() - as the keeper. The descriptor is taken. */
int eventd_kept_put(struct eventd *d, const char *name, int fd);
void eventd_kept_drop(struct eventd *d, const char *name);

/** eventd_raise_files() - as many descriptors as we may have; eventd_lower_files(): in a child, what we came with. */
void eventd_raise_files(struct eventd *d);
void eventd_lower_files(const struct eventd *d);

/** eventd_now_ms() - CLOCK_MONOTONIC. */
int64_t eventd_now_ms(void);

#endif
