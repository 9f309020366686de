/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/tty: pseudo terminals (pty(7), ioctl_tty(2)).
 *
 * The pair is made inside the guest's own devpts and the slave comes from the master's descriptor
 * (TIOCGPTPEER), never from a path: what the guest puts at /dev/ptmx or /dev/pts/N plays no part
 * (CVE-2025-52565).
 */
#ifndef WABE_SYS_TTY_H
#define WABE_SYS_TTY_H

#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

#include "base/error.h"

/** In characters; 0 means unknown. */
struct wabe_tty_size {
	uint16_t rows, columns;
};

/**
 * wabe_tty_open_pair() - a new terminal of the devpts instance whose root directory is @devpts_fd.
 * @devpts_fd: from fsmount(2), or opened; something that is no devpts is -ENOTTY
 * @size: NULL or zeros: left as the kernel made it
 * @ret_master_fd, @ret_slave_fd: close-on-exec, the caller's
 * Returns 0 or -errno (-ENOSPC: the instance's max= is reached). Where: the child that prepares the
 * root.
 */
int wabe_tty_open_pair(int devpts_fd, const struct wabe_tty_size *size, int *ret_master_fd,
		       int *ret_slave_fd, struct wabe_error *err);

/**
 * wabe_tty_own() - give the slave to @uid, so that the guest's user may open it again. The group
 * stays what the mount's gid= says. -EINVAL for an id that the user namespace doesn't map.
 */
int wabe_tty_own(int slave_fd, uid_t uid, struct wabe_error *err);

/**
 * wabe_tty_make_controlling() - controlling terminal of the calling session, and standard input,
 * output, error. The caller is session leader without a terminal (setsid(2)). @slave_fd stays open
 * when it is above 2 (close-on-exec).
 */
int wabe_tty_make_controlling(int slave_fd, struct wabe_error *err);

/** wabe_tty_get_size(), wabe_tty_set_size() - TIOCGWINSZ, TIOCSWINSZ. -ENOTTY when @fd is no
 * terminal. */
int wabe_tty_get_size(int fd, struct wabe_tty_size *ret_size, struct wabe_error *err);
int wabe_tty_set_size(int fd, const struct wabe_tty_size *size, struct wabe_error *err);

/**
 * wabe_tty_raw() - switch the user's terminal to raw mode for a relay; the former state goes to
 * *ret_saved. wabe_tty_restore() - and back, after the pending output is written. Safe in an exit
 * path; 0 or -errno.
 */
int wabe_tty_raw(int fd, struct termios *ret_saved, struct wabe_error *err);
int wabe_tty_restore(int fd, const struct termios *saved);

#endif
