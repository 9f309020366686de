/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/dist: what a guest's own configuration files must say: host name, addresses, name servers,
 * users (dists(5)).
 *
 * <confdir>/dists/NAME.conf, chosen by OSTEMPLATE, else `default` (the administrator's, else ours in
 * DISTDIR of vz.conf), names a shell script an action. A script is run by the guest's own shell
 * inside the guest, confined as the guest's processes are, before its init or while it runs; never
 * on the host.
 *
 * What was written last is kept in <VE_PRIVATE>/dist.applied, out of the guest's reach: a start that
 * changes nothing runs nothing. A key is marked as unknown there before its script runs, so one that
 * was killed is run again.
 */
#ifndef VZ_GUEST_DIST_H
#define VZ_GUEST_DIST_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "guest/guest.h"

enum vz_dist_action {
	VZ_DIST_ADD_IP,
	VZ_DIST_DEL_IP,
	VZ_DIST_SET_HOSTNAME,
	VZ_DIST_SET_DNS,
	VZ_DIST_SET_USERPASS,
	VZ_DIST_SET_UGID_QUOTA,
	VZ_DIST_POST_CREATE,
	VZ_DIST_PRE_START,
	VZ_DIST_SET_CONSOLE,
	VZ_DIST_MAX,
};

/** A loaded NAME.conf. */
struct vz_dist {
	const char *path; /* of the configuration; its scripts are in scripts/ beside it */
	const char *dir;  /* its directory */
	const char *scripts[VZ_DIST_MAX]; /* plain file names; NULL: none for this action */
};

/** vz_dist_name() - "ADD_IP". */
const char *vz_dist_name(enum vz_dist_action action);

/**
 * vz_dist_load() - the configuration for the guest's template; strings in @arena.
 * Kind VZ_EXIT_NO_DIST_CONFIG: there is none, or it names a script that is no plain file name.
 */
int vz_dist_load(const struct vz_guest *g, struct wabe_arena *arena, struct vz_dist *ret_dist,
		 struct wabe_error *err);

/**
 * vz_dist_run() - one action, in g->container (running, or made and not started), for at most a
 * minute.
 * @env: "NAME=value" words for its environment; values were checked by the parameter table
 * @secret: NULL, or text that is put before the script and is in no environment
 * An action without a script is done. -ECHILD: it failed, the text has its last line; -ETIMEDOUT: it
 * was killed. The kind is the caller's.
 */
int vz_dist_run(struct vz_guest *g, const struct vz_dist *dist, enum vz_dist_action action,
		const struct wabe_strv *env, const char *secret, struct wabe_error *err);

/**
 * vz_dist_is_due() - does anything differ from what was written last? One look at a file for a guest
 * that sets nothing.
 */
bool vz_dist_is_due(const struct vz_guest *g);

/**
 * vz_dist_apply() - write what differs, and remember it.
 * @is_starting: the guest's init does not run yet; a script that fails is then a warning
 * Needs g->container as vz_dist_run(). What succeeded before a failure is remembered. Kinds:
 * VZ_EXIT_NO_DIST_CONFIG, VZ_EXIT_BAD_HOSTNAME, VZ_EXIT_BAD_IP, VZ_EXIT_BAD_NAMESERVER,
 * VZ_EXIT_BAD_SEARCHDOMAIN, VZ_EXIT_ACTION_SCRIPT.
 */
int vz_dist_apply(struct vz_guest *g, bool is_starting, struct wabe_error *err);

/**
 * vz_dist_copy() - what is written in a guest's files is written in those of its copy.
 * @from_fd, @to_fd: their private areas
 */
int vz_dist_copy(int from_fd, int to_fd, struct wabe_error *err);

/**
 * vz_dist_post_create() - POST_CREATE of a new guest, which is down. When it is killed, the first
 * start does it. Kind VZ_EXIT_ACTION_SCRIPT.
 */
int vz_dist_post_create(struct vz_guest *g, struct wabe_error *err);

#endif
