/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/guestfile: reading and replacing small files of a guest, below a root that the guest
 * controls.
 */
#ifndef VZ_GUEST_GUESTFILE_H
#define VZ_GUEST_GUESTFILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

#define VZ_GUESTFILE_MAX_BYTES (1u << 20)

/**
 * vz_guestfile_read() - append the regular file @path, resolved inside @root_fd, to @text.
 * -ENOENT, -EFBIG, -EINVAL (no regular file).
 */
int vz_guestfile_read(int root_fd, const char *path, struct wabe_buf *text, struct wabe_error *err);

/**
 * vz_guestfile_replace() - a new file in the place of /etc/@name: complete or not at all. What is
 * there is replaced, never followed or written to; owner and mode of a regular file are kept, a new
 * one is the caller's with @mode. Where: in the guest, or on the host with the guest's file system
 * ids.
 */
int vz_guestfile_replace(int root_fd, const char *name, const void *text, size_t len, mode_t mode,
			 struct wabe_error *err);

/**
 * vz_guestfile_replace_at() - the same in directory @dir_fd, and always the caller's with @mode. 0 or
 * -errno.
 */
int vz_guestfile_replace_at(int dir_fd, const char *name, const void *text, size_t len,
			    mode_t mode);

#endif
