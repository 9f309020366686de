/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/area: private areas as wholes. One is made beside its place, as VE_PRIVATE.wabe-new, and put there by one rename; another
 * takes its place by one exchange; it is removed under the name VE_PRIVATE.destroying. So what is at VE_PRIVATE is always
 * complete, and what a killed command left has a name that says what to do with it.
 *
 * What is in it is the layout's (guest/layout.h). It is 0700 and root's: setuid files in it are out of reach for the host's users.
 */
#ifndef VZ_GUEST_AREA_H
#define VZ_GUEST_AREA_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include "base/error.h"
#include "guest/guest.h"

#define VZ_AREA_MARK "replacing" /* a file in an area that takes another's place */

/** A private area, or one that will be. */
struct vz_area {
	char path[PATH_MAX];
	int fd; /* O_RDONLY | O_DIRECTORY */
};

#define VZ_AREA_INIT          \
	{                     \
		.fd = -EBADF, \
	}

void vz_area_close(struct vz_area *area); /* for _cleanup_ */

/** vz_area_open() - the area at @path. -ENOENT has kind VZ_EXIT_NO_PRIVATE_AREA. */
int vz_area_open(const char *path, struct vz_area *ret_area, struct wabe_error *err);

/**
 * vz_area_stage() - an empty VE_PRIVATE.wabe-new, 0700, in the guest's quota project; one that was left there goes first.
 * Kinds VZ_EXIT_CREATE_PRIVATE, VZ_EXIT_NO_SPACE.
 */
int vz_area_stage(const struct vz_guest *g, struct vz_area *ret_area, struct wabe_error *err);

/** vz_area_open_stage() - VE_PRIVATE.wabe-new as it is; errors as vz_area_open(). */
int vz_area_open_stage(const char *private, struct vz_area *ret_area, struct wabe_error *err);

/** vz_area_unstage() - remove VE_PRIVATE.wabe-new with all in it. Idempotent. */
int vz_area_unstage(const char *private, struct wabe_error *err);

/**
 * vz_area_publish() - VE_PRIVATE.wabe-new becomes VE_PRIVATE; when there is none, that was done before. Kind
 * VZ_EXIT_PRIVATE_AREA_EXISTS when something is there, which is not touched.
 */
int vz_area_publish(const char *private, struct wabe_error *err);

/**
 * vz_area_replace() - VE_PRIVATE.wabe-new takes the place of VE_PRIVATE, and g->conf as it is in memory that of the configuration:
 * both or none, whenever it is killed (vz_area_repair()). The old area is removed. For a guest that is down and locked.
 */
int vz_area_replace(struct vz_guest *g, struct wabe_error *err);

/** vz_area_is_decided() - is there a replacement that vz_area_repair() would finish, not take back? */
bool vz_area_is_decided(const struct vz_guest *g);

/** vz_area_is_staged() - is there a VE_PRIVATE.wabe-new? */
bool vz_area_is_staged(const char *private);

/**
 * vz_area_repair() - finish a replacement that was decided, or remove a VE_PRIVATE.wabe-new that was never finished. The
 * configuration may be another one afterwards: g->has_conf is false then.
 */
int vz_area_repair(struct vz_guest *g, struct wabe_error *err);

/** vz_area_is_removed() - was a removal begun, and not finished? */
bool vz_area_is_removed(const char *private);

/** vz_area_remove() - remove the private area with all in it; finishes a removal that was begun. Idempotent. */
int vz_area_remove(const char *private, struct wabe_error *err);

#endif
