/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/fd: whole reads and writes, and messages with descriptors over sockets.
 */
#ifndef WABE_BASE_FD_H
#define WABE_BASE_FD_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

/** wabe_fd_write_all() - write every byte of @data, over short writes and EINTR. 0 or -errno. */
int wabe_fd_write_all(int fd, const void *data, size_t len);

/**
 * wabe_fd_read_size() - append a regular file of @size bytes: at least those, or what is left if it was cut since. What
 * nobody adds to a file needs no read(2) that finds its end. Returns 0 or -errno.
 */
int wabe_fd_read_size(int fd, size_t size, struct wabe_buf *buf);

/**
 * wabe_fd_read_all() - append what @fd gives until end of file to @buf.
 * @max_bytes: more than this is -EFBIG; what comes from a guest or a user must have a bound
 * Returns 0 or -errno.
 */
int wabe_fd_read_all(int fd, size_t max_bytes, struct wabe_buf *buf);

/**
 * wabe_fd_send() - one message with up to one descriptor over a unix socket (unix(7), SCM_RIGHTS).
 * @pass_fd: descriptor to pass, or < 0 for none; stays the caller's
 * Returns 0 or -errno; EPIPE instead of SIGPIPE.
 */
int wabe_fd_send(int sock, const void *data, size_t len, int pass_fd);

/**
 * wabe_fd_recv() - one message of at most @room bytes.
 * @ret_fd: NULL, or where a passed descriptor (close-on-exec) goes, -EBADF when none came; unwanted ones are closed
 * Returns the length, 0 at end of file, or -errno.
 */
ssize_t wabe_fd_recv(int sock, void *data, size_t room, int *ret_fd);

/** wabe_fd_connect() - a stream socket (close-on-exec) connected to the unix socket @path. The descriptor or -errno (-ENAMETOOLONG). */
int wabe_fd_connect(const char *path);

/**
 * wabe_fd_check_passed() - are descriptors 3 to 3+@count-1, which a caller wants passed on, open?
 * -EBADF names the first that isn't.
 */
int wabe_fd_check_passed(int count, struct wabe_error *err);

/** wabe_fd_pass() - let the next execve(2) leave them open. Errors as wabe_fd_check_passed()'s. */
int wabe_fd_pass(int count, struct wabe_error *err);

/** wabe_fd_pin_stdio() - open /dev/null on each of 0, 1, 2 that is closed, so no later open lands there. 0 or -errno. */
int wabe_fd_pin_stdio(void);

/**
 * wabe_fd_cloexec_from() - mark every descriptor from @first on close-on-exec (close_range(2)).
 * Returns 0 or -errno.
 */
int wabe_fd_cloexec_from(unsigned int first);

#endif
