/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/console: terminals of a guest whose other end vzeventd has.
 *
 * A terminal is a pseudo terminal of the guest's own devpts with a second name in its /dev: console, tty2 ... tty12, symbolic
 * links to pts/N.
 */
#ifndef VZ_GUEST_CONSOLE_H
#define VZ_GUEST_CONSOLE_H

#include <stdbool.h>

#include "base/error.h"
#include "guest/eventd.h"
#include "guest/guest.h"

#define VZ_CONSOLE_NAME "console"

/**
 * vz_console_name() - what a user calls it to the name in /dev: NULL, "1", "tty1" and "console" are "console" (as OpenVZ had it),
 * "2".."12" and "tty2".."tty12" are "tty2".."tty12". -EINVAL, kind VZ_EXIT_BAD_VALUE.
 */
int vz_console_name(const char *word, char ret_name[VZ_EVENTD_TTY_MAX], struct wabe_error *err);

/**
 * vz_console_make() - make terminal @name in the guest of g->container, whose init may not have been let go yet, and give its
 * other end to vzeventd.
 */
int vz_console_make(const struct vz_guest *g, const char *name, struct wabe_error *err);

/**
 * vz_console_is_settled() - has the init of g->container had the time that it takes to put a reader on its terminals? A login
 * before that would be a second one. False when that can't be known.
 */
bool vz_console_is_settled(const struct vz_guest *g);

/**
 * vz_console_login() - the guest's own getty on the terminal, or a shell if it has none. Not waited for: it is the guest's.
 */
int vz_console_login(struct vz_guest *g, const char *name, struct wabe_error *err);

#endif
