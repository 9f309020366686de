/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/path: paths below a root that somebody else controls.
 *
 * Everything here resolves with openat2(2): symbolic links, ".." and absolute paths stay inside the root as they
 * would after a chroot, magic links are refused, and what was checked is the descriptor that is used.
 */
#ifndef WABE_BASE_PATH_H
#define WABE_BASE_PATH_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/**
 * wabe_path_open_in() - open @path as the guest whose root is @root_fd would (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS).
 * @flags: open(2) flags; O_CLOEXEC is added
 * @mode: for O_CREAT, else 0
 * Returns the descriptor, or -errno (-EAGAIN after many races with a renamer is reported as is).
 */
int wabe_path_open_in(int root_fd, const char *path, int flags, mode_t mode,
		      struct wabe_error *err);

/** wabe_path_open_strict() - the same, but a symbolic link anywhere is -ELOOP (RESOLVE_NO_SYMLINKS). */
int wabe_path_open_strict(int root_fd, const char *path, int flags, mode_t mode,
			  struct wabe_error *err);

/**
 * wabe_path_open_own() - open @path as any program of the calling process could, from its own root; no magic link is followed.
 * @flags: as wabe_path_open_in(), without O_CREAT
 */
int wabe_path_open_own(const char *path, int flags, struct wabe_error *err);

/**
 * wabe_path_open_proc() - a file of the procfs whose root is @proc_fd ("thread-self/attr/exec"): no magic link is followed, nor
 * is what is mounted over a part of it (-EXDEV), and what was opened is on a procfs (else -EPERM; CVE-2019-16884).
 */
int wabe_path_open_proc(int proc_fd, const char *path, int flags, struct wabe_error *err);

/**
 * wabe_path_mkdir_in() - mkdir -p @path inside the root, each component created on the descriptor of its parent.
 * Existing symbolic links are followed inside the root. Returns an O_PATH descriptor of the last directory, or -errno.
 */
int wabe_path_mkdir_in(int root_fd, const char *path, mode_t mode, struct wabe_error *err);

/**
 * wabe_path_mkdir_strict() - make what wabe_path_open_strict() found missing: the last component of @path only, and no
 * symbolic link on the way. Returns an O_PATH descriptor of it, or -errno: -ENOENT when its parent is missing too.
 */
int wabe_path_mkdir_strict(int root_fd, const char *path, mode_t mode);

/**
 * wabe_path_touch_in() - make sure that something that is not a directory is at @path (an empty file, 0644, with its
 * parent directories), as a target for a bind mount. Returns an O_PATH descriptor of it, or -errno.
 */
int wabe_path_touch_in(int root_fd, const char *path, struct wabe_error *err);

/** wabe_path_clean() - the absolute @path, in place, without empty, "." and ".." components ("/a/../b//c/" is "/b/c"). */
void wabe_path_clean(char *path);

/** wabe_path_proc_fd() - "/proc/self/fd/N" into @buf (at least WABE_PATH_PROC_FD bytes); returns @buf. */
#define WABE_PATH_PROC_FD 32
const char *wabe_path_proc_fd(int fd, char buf[WABE_PATH_PROC_FD]);

#endif
