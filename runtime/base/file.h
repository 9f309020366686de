/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/file: whole files: read with a bound, replaced atomically.
 */
#ifndef WABE_BASE_FILE_H
#define WABE_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

/**
 * wabe_file_read_at() - whole content of a regular or proc file.
 * @dir_fd: directory that @path is relative to (AT_FDCWD for the working directory)
 * @max_bytes: a larger file is -EFBIG
 * @ret_content: appended to, NUL-terminated, caller frees
 */
int wabe_file_read_at(int dir_fd, const char *path, size_t max_bytes, struct wabe_buf *ret_content,
		      struct wabe_error *err);

/**
 * wabe_file_read_regular() - the same of one that somebody else names: a pipe or a device, which may give nothing for ever or
 * bytes for ever, is -EINVAL. *ret_content is appended to, NUL-terminated, caller frees.
 */
int wabe_file_read_regular(const char *path, size_t max_bytes, struct wabe_buf *ret_content,
			   struct wabe_error *err);

enum wabe_file_sync {
	WABE_FILE_VOLATILE, /* rename only: for /run, which does not outlive a power cut */
	WABE_FILE_DURABLE,  /* fsync the file, rename, fsync the directory */
};

/**
 * wabe_file_replace_at() - put @content at @path so that every observer, and a crash, sees the old or the new file.
 * Writes ".NAME.tmp" beside it (a leftover of a killed writer is replaced), then renames. The caller holds the lock
 * that orders writers.
 * @mode: permission bits of the new file (umask does not apply)
 */
int wabe_file_replace_at(int dir_fd, const char *path, const void *content, size_t len, mode_t mode,
			 enum wabe_file_sync sync, struct wabe_error *err);

/**
 * wabe_file_stage_at() - the first half of wabe_file_replace_at(), for who has something to do before the file takes its place:
 * ".NAME.tmp" is there, whole, when this returns 0, and not when it fails.
 * @name: in @dir_fd itself
 */
int wabe_file_stage_at(int dir_fd, const char *name, const void *content, size_t len, mode_t mode,
		       enum wabe_file_sync sync, struct wabe_error *err);

/** wabe_file_write_at() - one write(2) of a string to an existing file (cgroup and proc files). @text without newline is fine. */
int wabe_file_write_at(int dir_fd, const char *path, const char *text, struct wabe_error *err);

/** wabe_file_mkdir_all() - mkdir -p on the host's side (never below a guest's root: base/path.h). 0 or -errno. */
int wabe_file_mkdir_all(const char *path, mode_t mode, struct wabe_error *err);

/**
 * wabe_file_lock_at() - open (create 0600, O_NOFOLLOW) and flock(2) a lock file exclusively.
 * @timeout_ms: 0 = try once, < 0 = wait for ever; -EWOULDBLOCK when it stays taken
 * Returns the descriptor that holds the lock; closing it (or dying) releases it.
 */
int wabe_file_lock_at(int dir_fd, const char *path, int timeout_ms, struct wabe_error *err);

/** wabe_file_flock() - the same on a descriptor that is open already, which then holds the lock. 0, -EWOULDBLOCK or -errno. */
int wabe_file_flock(int fd, int timeout_ms);

/** wabe_file_flock_shared() - the same beside others who share it. */
int wabe_file_flock_shared(int fd, int timeout_ms);

/**
 * wabe_file_remove_tree_at() - rm -rf @name below @dir_fd, without following symbolic links and without
 * crossing into another mount. A missing @name is success. 0 or -errno.
 */
int wabe_file_remove_tree_at(int dir_fd, const char *name, struct wabe_error *err);

#endif
