/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/root: what is at VE_ROOT on the host.
 *
 * A stopped guest has an empty directory there, `vzctl mount` a mount, and a running guest a
 * symbolic link to /proc/PID/root: its tree is mounted in its own mount namespace only, so the
 * host's mount table stays short. Directory and link change places in one rename, and a killed
 * change is finished by the next one.
 */
#ifndef VZ_GUEST_ROOT_H
#define VZ_GUEST_ROOT_H

#include <sys/types.h>

#include "base/error.h"

enum vz_root_state {
	VZ_ROOT_MISSING,
	VZ_ROOT_DIRECTORY,
	VZ_ROOT_MOUNTED,
	VZ_ROOT_LINK,
};

/**
 * vz_root_state() - look at @path in the caller's mount namespace. -ENOTDIR: something else is
 * there.
 */
int vz_root_state(const char *path, enum vz_root_state *ret_state, struct wabe_error *err);

/**
 * vz_root_make_directory() - an empty directory at @path: made, or put in the place of a link. A
 * mount is -EBUSY.
 */
int vz_root_make_directory(const char *path, struct wabe_error *err);

/**
 * vz_root_make_link() - a link to the root of process @pid in the place of the directory (or of
 * another link).
 */
int vz_root_make_link(const char *path, pid_t pid, struct wabe_error *err);

/** vz_root_is_link_to() - is @path the link to the root of @pid? */
int vz_root_is_link_to(const char *path, pid_t pid);

/** vz_root_tidy() - finish a change that was killed between its two halves. Never fails. */
void vz_root_tidy(const char *path);

/**
 * vz_root_remove() - remove the directory or link; what is not empty, mounted or not to be changed stays. Other
 * errors (-EIO, -ENOMEM) are: the next try may do it.
 */
int vz_root_remove(const char *path, struct wabe_error *err);

#endif
