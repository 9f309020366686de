/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/passwd: `vzctl set --userpasswd`: a user's password in the guest's own files.
 */
#ifndef VZ_GUEST_PASSWD_H
#define VZ_GUEST_PASSWD_H

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "guest/guest.h"

/**
 * vz_passwd_set() - change a password, running or not: the edit is done by a process inside the
 * guest, which gets the hash only. The password itself is in no argument, environment, file or log.
 * A user that is not there is made by SET_USERPASS of the distribution (guest/dist.h).
 * @userpasswd: "USER:PASSWORD"
 * The guest is locked. Kind VZ_EXIT_PASSWORD: the user can't be made, or its files can't be read or
 * written; VZ_EXIT_NO_DIST_CONFIG.
 */
int vz_passwd_set(struct vz_guest *g, const char *userpasswd, struct wabe_error *err);

/** vz_passwd_line() - the line of @user in a colon-separated file, or NULL. */
const char *vz_passwd_line(const char *text, const char *user);

/**
 * vz_passwd_edit() - @shadow with the password field of @user replaced (pure; the heart of the
 * above).
 * @hash: crypt(3); @days: since 1970, the time of the change, < 0: leave that field (passwd(5) has
 * none) Appends the new text to @out. 0, -ENOENT (no line of @user), -ENOMEM.
 */
int vz_passwd_edit(const char *shadow, const char *user, const char *hash, long days,
		   struct wabe_buf *out);

#endif
