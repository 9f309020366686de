/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/loop: a file as a block device (loop(4)).
 */
#ifndef WABE_SYS_LOOP_H
#define WABE_SYS_LOOP_H

#include <stdint.h>

#include "base/error.h"

/** A loop device; close with wabe_loop_close(). Without a user it goes away by itself (LO_FLAGS_AUTOCLEAR). */
struct wabe_loop {
	int fd;
	char path[24]; /* "/dev/loop0" */
};

#define WABE_LOOP_INIT        \
	{                     \
		.fd = -EBADF, \
	}

void wabe_loop_close(struct wabe_loop *loop); /* for _cleanup_ */

/**
 * wabe_loop_attach() - a new loop device over @file_fd (O_RDWR); the kernel keeps the open file, and a flock(2) on it, as
 * long as the device is there. Direct I/O where the file's filesystem can. It ends when its last user closes or unmounts it.
 * 0 or -errno (-ENODEV, -ENOENT: no loop devices here).
 */
int wabe_loop_attach(int file_fd, struct wabe_loop *ret_loop, struct wabe_error *err);

/** wabe_loop_find() - the device that is over the file of @file_fd. -ENOENT, without an error set: there is none. One look at each device. */
int wabe_loop_find(int file_fd, struct wabe_loop *ret_loop, struct wabe_error *err);

/** wabe_loop_grow() - take over the file's new size. */
int wabe_loop_grow(const struct wabe_loop *loop, struct wabe_error *err);

#endif
