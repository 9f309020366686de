/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/run: commands, scripts and functions inside a guest, confined as its own processes are.
 *
 * Nothing of the guest's files is ever executed or loaded outside of it.
 */
#ifndef VZ_GUEST_RUN_H
#define VZ_GUEST_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "guest/guest.h"

/*
 * All of these need g->container (vz_guest_need_running(), or vz_borrow_begin() for a guest that is
 * down) and return the exit status as a shell counts it (0..255, 128 + signal), or -errno when
 * nothing was run. Standard input, output and error are the caller's.
 */

/**
 * vz_run_open_root() - the root directory of the guest, for base/path.h. A descriptor or -errno.
 */
int vz_run_open_root(const struct vz_guest *g, struct wabe_error *err);

/**
 * vz_run_words() - the words joined by blanks, run by the guest's shell (as vzctl exec always did;
 * an empty word becomes ''). A single "-" reads the commands from standard input.
 */
int vz_run_words(struct vz_guest *g, char *const *words, size_t count, struct wabe_error *err);

/**
 * vz_run_script() - a script's text, by the guest's shell; it is in no argument, environment or
 * file of the guest.
 */
int vz_run_script(struct vz_guest *g, const char *text, size_t len, struct wabe_error *err);

/**
 * vz_run_script_start() - the same without waiting: input is /dev/null, output and errors go to
 * @out_fd. Returns its pid, a child, or -errno.
 * @env: "NAME=value" words that are added to its environment; NULL: none
 */
pid_t vz_run_script_start(struct vz_guest *g, const char *text, size_t len,
			  const struct wabe_strv *env, int out_fd, struct wabe_error *err);

/**
 * vz_run_login() - a login shell on a terminal of the guest's, relayed to the caller's; @words:
 * NULL or a command to run first.
 */
int vz_run_login(struct vz_guest *g, char *const *words, size_t count, struct wabe_error *err);

/**
 * vz_run_function() - @main(data) in a child inside the guest; it must not return to the caller's
 * stack.
 */
int vz_run_function(struct vz_guest *g, int (*main)(void *data), void *data,
		    struct wabe_error *err);

/**
 * vz_run_start() - a command of the guest's, by the first of @commands that exists there, without
 * waiting for it; input is /dev/null and output goes to @stdout_fd (< 0: /dev/null). Returns its
 * pid, a child, or -errno.
 */
pid_t vz_run_start(struct vz_guest *g, const char *const *const *commands, int stdout_fd,
		   struct wabe_error *err);

/** The exit status of vz_run_start()'s child when none of the commands could be executed. */
#define VZ_RUN_NOT_FOUND 127

#endif
