// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/mount: the mount API by descriptors; see mount.h. */
#include "sys/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256 /* linux/mount.h, since 5.10 */
#endif

int wabe_mount_clone(int dir_fd, const char *path, bool is_recursive, struct wabe_error *err)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT;
	int fd;

	if (is_recursive)
		flags |= AT_RECURSIVE;
	if (path[0] == '\0')
		flags |= AT_EMPTY_PATH;
	fd = open_tree(dir_fd, path, flags);
	if (fd < 0)
		return wabe_error_set(err, -errno, "bind %s", path[0] ? path : "a descriptor");
	return fd;
}

static struct mount_attr attr_of(const struct wabe_mount_change *change)
{
	struct mount_attr attr = {
		.attr_set = change->set,
		.attr_clr = change->clear,
		.propagation = change->propagation,
	};

	if (change->userns_fd > 0) {
		attr.attr_set |= MOUNT_ATTR_IDMAP;
		attr.userns_fd = (uint64_t)change->userns_fd;
	}
	return attr;
}

int wabe_mount_clone_changed(int dir_fd, const char *path, const struct wabe_mount_change *change,
			     struct wabe_error *err)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT |
			     (change->is_recursive ? AT_RECURSIVE : 0) |
			     (path[0] ? 0 : AT_EMPTY_PATH);
	struct mount_attr attr = attr_of(change);
	_cleanup_close_ int fd = -EBADF;
	int r;

	fd = (int)syscall(SYS_open_tree_attr, dir_fd, path, flags, &attr, sizeof(attr));
	if (fd >= 0)
		return TAKE_FD(fd);
	/* Linux before 6.15; and what fails is told by the one of the two calls that it belongs to. */
	fd = wabe_mount_clone(dir_fd, path, change->is_recursive, err);
	r = fd < 0 ? fd : wabe_mount_change(fd, change, err);
	return r < 0 ? r : TAKE_FD(fd);
}

int wabe_mount_clone_private(const char *path, struct wabe_error *err)
{
	const struct wabe_mount_change change = { .propagation = MS_PRIVATE };

	return wabe_mount_clone_changed(AT_FDCWD, path, &change, err);
}

/* fs context errors come with a line of text: "e overlay: lowerdir is ..." (fsopen: read(2) on the context). */
static int context_error(int fs_fd, int code, const char *type, const char *what,
			 struct wabe_error *err)
{
	char line[256];
	ssize_t n = read(fs_fd, line, sizeof(line) - 1);

	if (n <= 2)
		return wabe_error_set(err, code, "mount %s: %s", type, what);
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return wabe_error_set(err, code, "mount %s: %s (%s)", type, what, line + 2);
}

static int context_option(int fs_fd, const char *option)
{
	char key[64];
	const char *equals = strchr(option, '=');

	if (!equals)
		return fsconfig(fs_fd, FSCONFIG_SET_FLAG, option, NULL, 0);
	if ((size_t)(equals - option) >= sizeof(key)) {
		errno = EINVAL;
		return -1;
	}
	snprintf(key, sizeof(key), "%.*s", (int)(equals - option), option);
	return fsconfig(fs_fd, FSCONFIG_SET_STRING, key, equals + 1, 0);
}

static int context_options(int fs_fd, const char *type, const struct wabe_strv *options,
			   struct wabe_error *err)
{
	for (size_t i = 0; options && i < options->count; i++)
		if (context_option(fs_fd, options->items[i]) < 0)
			return context_error(fs_fd, -errno, type, options->items[i], err);
	return 0;
}

static int context_sb_flags(int fs_fd, unsigned int set, unsigned int clear)
{
	static const struct {
		const char *on, *off;
		unsigned int flag;
	} flags[] = {
		{ "ro", "rw", MS_RDONLY },	   { "sync", "async", MS_SYNCHRONOUS },
		{ "dirsync", NULL, MS_DIRSYNC },   { "lazytime", "nolazytime", MS_LAZYTIME },
		{ "mand", "nomand", MS_MANDLOCK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		const char *name = set & flags[i].flag	   ? flags[i].on
				   : clear & flags[i].flag ? flags[i].off
							   : NULL;

		if (name && fsconfig(fs_fd, FSCONFIG_SET_FLAG, name, NULL, 0) < 0)
			return -1;
	}
	return 0;
}

int wabe_mount_reconfigure(int fd, const char *shown, const struct wabe_strv *options,
			   unsigned int sb_set, unsigned int sb_clear, struct wabe_error *err)
{
	_cleanup_close_ int fs_fd = fspick(fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
	int r;

	if (fs_fd < 0)
		return wabe_error_set(err, -errno, "remount %s", shown);
	r = context_options(fs_fd, shown, options, err);
	if (r < 0)
		return r;
	if (context_sb_flags(fs_fd, sb_set, sb_clear) < 0)
		return context_error(fs_fd, -errno, shown, "superblock flags", err);
	return fsconfig(fs_fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0
		       ? context_error(fs_fd, -errno, shown, "remount", err)
		       : 0;
}

int wabe_mount_try_options(const char *type, const struct wabe_strv *options,
			   struct wabe_error *err)
{
	_cleanup_close_ int fs_fd = fsopen(type, FSOPEN_CLOEXEC);

	if (fs_fd < 0)
		return wabe_error_set(err, -errno, "mount %s: open the filesystem", type);
	return context_options(fs_fd, type, options, err);
}

static int mount_context(int fs_fd, const char *type, const char *source,
			 const struct wabe_strv *options, unsigned int sb_flags, unsigned int attrs,
			 struct wabe_error *err)
{
	int fd, r;

	if (fs_fd < 0)
		return wabe_error_set(err, -errno, "mount %s: open the filesystem", type);
	if (source && fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return context_error(fs_fd, -errno, type, "source", err);
	r = context_options(fs_fd, type, options, err);
	if (r < 0)
		return r;
	if (sb_flags && context_sb_flags(fs_fd, sb_flags, 0) < 0)
		return context_error(fs_fd, -errno, type, "superblock flags", err);
	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return context_error(fs_fd, -errno, type, "create", err);
	fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, attrs);
	if (fd < 0)
		return context_error(fs_fd, -errno, type, "make the mount", err);
	return fd;
}

int wabe_mount_new(const char *type, const char *source, const struct wabe_strv *options,
		   unsigned int sb_flags, unsigned int attrs, struct wabe_error *err)
{
	_cleanup_close_ int fs_fd = fsopen(type, FSOPEN_CLOEXEC);

	return mount_context(fs_fd, type, source, options, sb_flags, attrs, err);
}

int wabe_mount_new_unswept(const char *type, const char *source, const struct wabe_strv *options,
			   unsigned int sb_flags, unsigned int attrs, struct wabe_error *err)
{
	return mount_context(fsopen(type, FSOPEN_CLOEXEC), type, source, options, sb_flags, attrs,
			     err);
}

static unsigned long legacy_flags(unsigned int attrs)
{
	static const struct {
		unsigned int attr;
		unsigned long flag;
	} flags[] = {
		{ MOUNT_ATTR_NOSUID, MS_NOSUID },
		{ MOUNT_ATTR_NODEV, MS_NODEV },
		{ MOUNT_ATTR_NOEXEC, MS_NOEXEC },
		{ MOUNT_ATTR_NOATIME, MS_NOATIME },
		{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
		{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
		{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
	};
	unsigned long result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (attrs & flags[i].attr)
			result |= flags[i].flag;
	return result;
}

int wabe_mount_on(int dir_fd, const char *name, const char *type, const char *source,
		  const struct wabe_strv *data, unsigned int sb_flags, unsigned int attrs,
		  const char *shown, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	for (size_t i = 0; i < data->count; i++)
		if ((i && wabe_buf_puts(&text, ",") < 0) ||
		    wabe_buf_puts(&text, data->items[i]) < 0)
			return wabe_error_set(err, -ENOMEM, "mount %s on %s", type, shown);
	/* mount(2) copies one page, and drops what is behind it without a word. */
	if (text.len >= (size_t)sysconf(_SC_PAGESIZE))
		return wabe_error_say(err, -E2BIG, "mount %s on %s: its options have %zu bytes",
				      type, shown, text.len);
	/* Not by /proc/self/fd: what that looks up stays in the kernel's memory as long as the process, 0.9 KiB for each number. */
	if ((dir_fd >= 0 && fchdir(dir_fd) < 0) ||
	    mount(source ? source : type, name, type, sb_flags | legacy_flags(attrs), text.data) <
		    0)
		return wabe_error_set(err, -errno, "mount %s on %s%s%s", type, shown,
				      text.len ? " with " : "", text.len ? text.data : "");
	return 0;
}

bool wabe_mount_has_long_text(const char *source, const struct wabe_strv *options)
{
	const size_t max = 255;
	bool is_long = source && strlen(source) > max;

	for (size_t i = 0; i < options->count; i++)
		is_long |= strlen(options->items[i]) > max;
	return is_long;
}

int wabe_mount_new_long(const char *type, const char *source, const struct wabe_strv *options,
			unsigned int sb_flags, unsigned int attrs, struct wabe_error *err)
{
	/* Any directory that is there and that no guest can replace. */
	static const char stage[] = "/proc";
	_cleanup_close_ int stage_fd = open(stage, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = -EBADF;
	struct wabe_mount_change change = {
		.set = attrs,
		.clear = attrs & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0,
	};
	int r;

	if (stage_fd < 0)
		return wabe_error_set(err, -errno, "open %s", stage);
	r = wabe_mount_on(stage_fd, ".", type, source, options, sb_flags, 0, "its stage", err);
	if (r < 0)
		return r;
	fd = wabe_mount_clone(AT_FDCWD, stage, false, err);
	if (umount2(stage, MNT_DETACH) < 0)
		return wabe_error_set(err, -errno, "uncover %s", stage);
	r = fd < 0 ? fd : wabe_mount_change(fd, &change, err);
	return r < 0 ? r : TAKE_FD(fd);
}

int wabe_mount_change(int fd, const struct wabe_mount_change *change, struct wabe_error *err)
{
	struct mount_attr attr = attr_of(change);

	if (!attr.attr_set && !attr.attr_clr && !attr.propagation)
		return 0;
	if (mount_setattr(fd, "", AT_EMPTY_PATH | (change->is_recursive ? AT_RECURSIVE : 0), &attr,
			  sizeof(attr)) < 0)
		return wabe_error_set(err, -errno, "change mount attributes");
	return 0;
}

int wabe_mount_attach(int mount_fd, int target_fd, const char *shown, struct wabe_error *err)
{
	if (move_mount(mount_fd, "", target_fd, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return wabe_error_set(err, -errno, "mount on %s", shown);
	return 0;
}

int wabe_mount_attach_at(int mount_fd, const char *path, struct wabe_error *err)
{
	if (move_mount(mount_fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return wabe_error_set(err, -errno, "mount on %s", path);
	return 0;
}

int wabe_mount_propagation(unsigned long propagation, struct wabe_error *err)
{
	if (mount(NULL, "/", NULL, MS_REC | propagation, NULL) < 0)
		return wabe_error_set(err, -errno, "set the propagation of all mounts");
	return 0;
}

int wabe_mount_pivot(int root_fd, struct wabe_error *err)
{
	if (fchdir(root_fd) < 0)
		return wabe_error_set(err, -errno, "enter the new root");
	/* The old root ends up on top of the new one at ".", where the unmount finds it (pivot_root(2), NOTES). */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return wabe_error_set(err, -errno, "pivot_root");
	if (umount2(".", MNT_DETACH) < 0)
		return wabe_error_set(err, -errno, "unmount the old root");
	return 0;
}

int wabe_mount_chroot(int root_fd, struct wabe_error *err)
{
	if (fchdir(root_fd) < 0)
		return wabe_error_set(err, -errno, "enter the new root");
	if (chroot(".") < 0 || chdir("/") < 0)
		return wabe_error_set(err, -errno, "chroot");
	return 0;
}

int wabe_mount_detach(const char *path, struct wabe_error *err)
{
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		return wabe_error_set(err, -errno, "unmount %s", path);
	return 0;
}

int wabe_mount_is_root(int dir_fd, const char *path, struct wabe_error *err)
{
	struct statx st;

	if (statx(dir_fd, path,
		  AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (path[0] ? 0 : AT_EMPTY_PATH), 0,
		  &st) < 0)
		return wabe_error_set(err, -errno, "look at %s", path);
	return (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

uint64_t wabe_mount_fs_magic(int fd)
{
	struct statfs st;

	return fstatfs(fd, &st) < 0 ? 0 : (uint64_t)st.f_type;
}
