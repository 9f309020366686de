/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/guest: one guest: its configuration, its lock, the container that runs it.
 *
 * A verb opens the guest, and unless it only looks, locks it. Locking repairs first what a killed
 * predecessor left (guest/repair.h), so the verb starts from a consistent state.
 */
#ifndef VZ_GUEST_GUEST_H
#define VZ_GUEST_GUEST_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "conf/ctconf.h"
#include "conf/host.h"
#include "wabe.h"

/**
 * Where progress lines go ("Starting container..."); NULL .say is silent. Errors are returned,
 * warnings go to host->rt.log.
 */
struct vz_report {
	void (*say)(void *data, const char *text);
	void *data;
};

struct vz_guest {
	const struct vz_host *host;
	const struct vz_report *report; /* may be NULL */
	uint32_t ctid;
	char id[VZ_CTID_TEXT_MAX];
	bool has_conf; /* .conf is loaded */
	struct vz_ctconf conf;
	int lock_fd;			  /* < 0: not locked */
	int lock_timeout_ms;		  /* how long to wait for the lock; < 0: for ever */
	bool tells_repairs;		  /* say what locking repaired: `vzctl recover` */
	struct wabe_container *container; /* of the running guest; NULL when it is down */
};

/**
 * vz_guest_open() - name a guest; reads nothing but the name's link.
 * @word: CTID or name
 * Errors: kind VZ_EXIT_BAD_VALUE. Close with vz_guest_close(), also for _cleanup_.
 */
int vz_guest_open(const struct vz_host *host, const struct vz_report *report, const char *word,
		  struct vz_guest *ret_guest, struct wabe_error *err);

/**
 * vz_guest_close() - unlock and free. The lock file of a guest that does not exist (any more) is
 * removed.
 */
void vz_guest_close(struct vz_guest *g);

/** vz_guest_load() - read the configuration (again). As vz_ctconf_load(). */
int vz_guest_load(struct vz_guest *g, enum vz_params_mode mode, struct wabe_error *err);

/**
 * vz_guest_lock() - take the guest's lock, repair, load.
 * @doing: for whoever finds it locked: "starting"
 * @mode: how the configuration is read
 * -ENOENT, kind VZ_EXIT_NO_CONFIG: there is no such guest (the lock is then not kept);
 * -EWOULDBLOCK, kind VZ_EXIT_LOCKED: the text names the process that holds it.
 */
int vz_guest_lock(struct vz_guest *g, const char *doing, enum vz_params_mode mode,
		  struct wabe_error *err);

/**
 * vz_guest_lock_new() - the same for a guest that shall not exist yet (create): no configuration
 * is no error.
 */
int vz_guest_lock_new(struct vz_guest *g, const char *doing, struct wabe_error *err);

/**
 * vz_guest_find() - set g->container when the guest runs (or is paused), else NULL. Changes
 * nothing on the host. 0 or -errno.
 */
int vz_guest_find(struct vz_guest *g, struct wabe_error *err);

/** vz_guest_is_frozen() - by a traffic quota or by hand; @g was looked for. */
bool vz_guest_is_frozen(const struct vz_guest *g);

/**
 * vz_guest_need_thawed() - -EBUSY with kind VZ_EXIT_NOT_RUNNING when the guest is frozen: a process that is born in a frozen cgroup
 * would be stuck there, and we with it.
 */
int vz_guest_need_thawed(const struct vz_guest *g, struct wabe_error *err);

/**
 * vz_guest_need_running() - vz_guest_find(), and -ESRCH with kind VZ_EXIT_NOT_RUNNING when it does
 * not run.
 */
int vz_guest_need_running(struct vz_guest *g, struct wabe_error *err);

/**
 * vz_guest_need_paths() - are VE_ROOT and VE_PRIVATE set? -EINVAL, kinds VZ_EXIT_NO_VE_ROOT,
 * VZ_EXIT_NO_VE_PRIVATE.
 */
int vz_guest_need_paths(const struct vz_guest *g, struct wabe_error *err);

/**
 * vz_guest_uid() - first host id of the guest's range (LOCAL_UID); false: not chosen yet. 0: no
 * user namespace.
 */
bool vz_guest_uid(const struct vz_guest *g, uint32_t *ret_uid);

/** What `vzctl status` shows. */
struct vz_guest_status {
	bool is_existing, is_mounted, is_running;
};

/** vz_guest_status() - look, without the lock and without repairing. An unknown guest is all false.
 */
int vz_guest_status(struct vz_guest *g, struct vz_guest_status *ret_status, struct wabe_error *err);

/** vz_say() - a progress line for the user. */
void vz_say(const struct vz_guest *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** vz_warn() - a warning that names the guest, to the log. */
void vz_warn(const struct vz_guest *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * vz_guest_fail() - give @err the exit code @kind, unless the disk is full or it has one already.
 * Returns err->code.
 */
int vz_guest_fail(struct wabe_error *err, enum vz_exit kind);

#endif
