/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/systemd: what is asked of systemd, through the program wabe-systemd (runtime/systemd/main.c), which is linked with
 * libsystemd: a static program has no dynamic loader to load it with, and containers without it shall not pay for it.
 */
#ifndef WABE_SYS_SYSTEMD_H
#define WABE_SYS_SYSTEMD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/**
 * wabe_systemd_call() - run wabe-systemd with @words ("stop", "x.scope") and wait for its result, at most 90 s.
 * The program is in the directory of the environment's WABE_LIBEXECDIR, else where this build is installed.
 * @is_user: of the caller's own service manager, else of the host's
 * @ret_text: NULL, or what stands behind "ok", in @arena
 * -ENOTSUP: the program isn't installed; -EIO: systemd can't be reached, or says no, for the reason in @err; -ETIMEDOUT; -errno.
 */
int wabe_systemd_call(struct wabe_arena *arena, bool is_user, const struct wabe_strv *words,
		      const char **ret_text, struct wabe_error *err);

/** wabe_systemd_is_user() - is the caller's service manager its own: not root, or root of a user namespace only? */
bool wabe_systemd_is_user(void);

#endif
