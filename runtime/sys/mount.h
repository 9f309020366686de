/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/mount: the mount API by descriptors (fsopen, open_tree, move_mount, mount_setattr; Linux >= 5.12).
 *
 * A mount is made detached, gets its attributes, and is attached to a target that the caller opened inside the guest's
 * root: no path of a guest is ever looked up twice. All calls need CAP_SYS_ADMIN over the mount namespace.
 */
#ifndef WABE_SYS_MOUNT_H
#define WABE_SYS_MOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "base/error.h"
#include "base/str.h"

#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467 /* Linux 6.15, newer than the C library's table */
#endif

/**
 * wabe_mount_clone() - detached copy of the mount (tree) at @path (open_tree with OPEN_TREE_CLONE): a bind mount in the making.
 * @dir_fd, @path: as for openat(2); "" is @dir_fd itself
 * Returns its descriptor or -errno.
 */
int wabe_mount_clone(int dir_fd, const char *path, bool is_recursive, struct wabe_error *err);

/**
 * wabe_mount_new() - detached new filesystem (fsopen, fsconfig, fsmount).
 * @type: "proc", "tmpfs", ...; @source: shown in mountinfo, NULL = @type
 * @options: "key=value" and flags for the filesystem; @sb_flags: MS_RDONLY MS_SYNCHRONOUS MS_DIRSYNC MS_LAZYTIME MS_MANDLOCK
 * @attrs: MOUNT_ATTR_* of the mount
 * The kernel's own message, when it gives one, is in the error. Returns the descriptor or -errno.
 */
int wabe_mount_new(const char *type, const char *source, const struct wabe_strv *options,
		   unsigned int sb_flags, unsigned int attrs, struct wabe_error *err);

/**
 * wabe_mount_try_options() - would a filesystem of @type know these options? What they mean together, and for a device, a mount shows.
 * -ENODEV: there is no such filesystem; -EINVAL with the kernel's message.
 */
int wabe_mount_try_options(const char *type, const struct wabe_strv *options,
			   struct wabe_error *err);

/**
 * wabe_mount_new_unswept() - the same, for who closes its descriptors all at once afterwards: it leaves one more open,
 * close-on-exec.
 */
int wabe_mount_new_unswept(const char *type, const char *source, const struct wabe_strv *options,
			   unsigned int sb_flags, unsigned int attrs, struct wabe_error *err);

/**
 * wabe_mount_on() - a new filesystem right on a directory, by mount(2): two calls where wabe_mount_new() and
 * wabe_mount_attach() make six and more. @dir_fd becomes the working directory. Not for read-only ones: mount(2) makes
 * the superblock read-only, and with it every other mount of that superblock (sysfs has one for a network namespace).
 * @dir_fd: < 0: it is the working directory already
 * @name: in @dir_fd; links in it are followed, so that it is "." or where nobody but the caller can have made one
 * @data: as wabe_mount_new()'s options; @attrs: MOUNT_ATTR_* without RDONLY; @shown names the target in errors
 */
int wabe_mount_on(int dir_fd, const char *name, const char *type, const char *source,
		  const struct wabe_strv *data, unsigned int sb_flags, unsigned int attrs,
		  const char *shown, struct wabe_error *err);

/**
 * wabe_mount_has_long_text() - is a text longer than fsconfig(2) takes (255 bytes, fs/fsopen.c)? mount(2) takes a page of all
 * options together, wabe_mount_new() fails with EINVAL then. Overlays of many or deep layers have such.
 */
bool wabe_mount_has_long_text(const char *source, const struct wabe_strv *options);

/**
 * wabe_mount_new_long() - as wabe_mount_new() where a text is long. By mount(2) over /proc for a moment, and a clone of that: only in
 * a mount namespace of one's own that sends no mounts out.
 */
int wabe_mount_new_long(const char *type, const char *source, const struct wabe_strv *options,
			unsigned int sb_flags, unsigned int attrs, struct wabe_error *err);

/**
 * wabe_mount_reconfigure() - other options for the filesystem of the mount whose root @fd is (fspick(2)); all mounts of it have them.
 * @sb_set, @sb_clear: as wabe_mount_new()'s @sb_flags; what is in neither stays as it is. @shown names it in errors
 */
int wabe_mount_reconfigure(int fd, const char *shown, const struct wabe_strv *options,
			   unsigned int sb_set, unsigned int sb_clear, struct wabe_error *err);

/** What wabe_mount_change() sets; all zero changes nothing. */
struct wabe_mount_change {
	uint64_t set, clear;	   /* MOUNT_ATTR_* */
	unsigned long propagation; /* MS_SHARED MS_SLAVE MS_PRIVATE MS_UNBINDABLE or 0 */
	int userns_fd; /* idmap by this user namespace; <= 0: none (mount_setattr(2), "MOUNT_ATTR_IDMAP") */
	bool is_recursive;
};

/**
 * wabe_mount_clone_changed() - wabe_mount_clone() and wabe_mount_change() in one call, where the kernel has it
 * (open_tree_attr, Linux 6.15). Recursive in both or in none.
 */
int wabe_mount_clone_changed(int dir_fd, const char *path, const struct wabe_mount_change *change,
			     struct wabe_error *err);

/**
 * wabe_mount_clone_private() - the same of @path on the host, without the mounts below it, and out of its peer group: the clone of
 * a shared mount is its peer (mount_namespaces(7)), what a guest would mount on the clone appears on the host too.
 */
int wabe_mount_clone_private(const char *path, struct wabe_error *err);

/** wabe_mount_change() - attributes of the mount at @fd (a detached one, or any path descriptor on its root). */
int wabe_mount_change(int fd, const struct wabe_mount_change *change, struct wabe_error *err);

/** wabe_mount_attach() - put the detached @mount_fd on top of what @target_fd (O_PATH) is. @shown names the target in errors. */
int wabe_mount_attach(int mount_fd, int target_fd, const char *shown, struct wabe_error *err);

/** wabe_mount_attach_at() - the same onto a path of the host's side. */
int wabe_mount_attach_at(int mount_fd, const char *path, struct wabe_error *err);

/** wabe_mount_propagation() - set the propagation of all mounts of this namespace (MS_SLAVE, MS_PRIVATE). */
int wabe_mount_propagation(unsigned long propagation, struct wabe_error *err);

/**
 * wabe_mount_pivot() - make @root_fd, a mount of this namespace, the root, and take the old root away.
 * Working directory and root are the new root afterwards (pivot_root(2), "pivot_root(".", ".")").
 */
int wabe_mount_pivot(int root_fd, struct wabe_error *err);

/**
 * wabe_mount_chroot() - the directory @root_fd becomes root and working directory: of a container without mounts of its own, and,
 * attached over "/", on initramfs, where pivot_root(2) is impossible.
 */
int wabe_mount_chroot(int root_fd, struct wabe_error *err);

/** wabe_mount_detach() - lazy unmount of what is mounted at @path (UMOUNT_NOFOLLOW). Nothing mounted there is 0. */
int wabe_mount_detach(const char *path, struct wabe_error *err);

/** wabe_mount_is_root() - 1 when @path (not followed; "": @dir_fd itself) is the root of a mount, 0 when not, -errno (statx(2), STATX_ATTR_MOUNT_ROOT). */
int wabe_mount_is_root(int dir_fd, const char *path, struct wabe_error *err);

/** wabe_mount_fs_magic() - the statfs(2) type of what @fd is, or 0 when it can't be told. */
uint64_t wabe_mount_fs_magic(int fd);

#endif
