// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/mask: linux.maskedPaths and linux.readonlyPaths, made by the child in its own mount namespace.
 *
 * First those below /proc: the creator is still making the network namespace, which sysfs waits for (wabe_rootfs_settle()).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "core/init.h"
#include "sys/mount.h"

/* What masks files must be the real null device: an image's /dev/null may be anything (CVE-2025-31133). */
int wabe_rootfs_prepare_mask(struct wabe_init *init, struct wabe_error *err)
{
	struct stat st;

	if (init->spec->masked_paths.count == 0)
		return 0;
	init->null_fd = wabe_mount_clone_private("/dev/null", err);
	if (init->null_fd < 0)
		return init->null_fd;
	if (fstat(init->null_fd, &st) < 0)
		return wabe_error_set(err, -errno, "look at /dev/null");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return wabe_error_say(err, -EINVAL, "the host's /dev/null is not the null device");
	return 0;
}

/* What covers is attached once itself, then its clones, because a detached mount can't be cloned (before Linux 6.15). */
static int cover_with(int fd, bool is_attached, int target_fd, const char *path,
		      struct wabe_error *err)
{
	if (is_attached)
		fd = wabe_mount_clone(fd, "", false, err); /* swept */
	return fd < 0 ? fd : wabe_mount_attach(fd, target_fd, path, err);
}

static int mask_directory(struct wabe_init *init, struct wabe_error *err)
{
	const unsigned int attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				   MOUNT_ATTR_NOEXEC;
	struct wabe_strv options = { 0 };
	int r = init->spec->mount_label ? wabe_rootfs_add_context(init, &options, err) : 0;

	return r < 0 ? r : wabe_mount_new_unswept("tmpfs", NULL, &options, 0, attrs, err);
}

/*
 * What is to be masked or read-only; *ret_fd < 0: it isn't there. A path without links can't lead to where mounts wait, unless it
 * says so; others are looked up in the whole.
 */
static int open_covered(struct wabe_init *init, const char *path, int *ret_fd,
			struct wabe_error *err)
{
	int fd = wabe_path_open_strict(init->rootfs_fd, path, O_PATH, 0, NULL), r;

	if (fd == -ELOOP) {
		r = wabe_rootfs_settle(init, err);
		if (r < 0)
			return r;
		fd = wabe_path_open_in(init->rootfs_fd, path, O_PATH, 0, NULL);
	}
	if (fd < 0 && fd != -ENOENT && fd != -ENOTDIR)
		return wabe_error_set(err, fd, "open %s in the container's root", path);
	*ret_fd = fd; /* swept */
	return 0;
}

/* A masked file becomes /dev/null, a masked directory an empty read-only tmpfs (config-linux.md, "Masked Paths"). */
static int mask_one(struct wabe_init *init, const char *path, struct wabe_error *err)
{
	int target_fd = -EBADF, r = open_covered(init, path, &target_fd, err);
	bool is_first = init->mask_fd < 0;
	struct stat st;

	if (r < 0 || target_fd < 0)
		return r;
	if (fstat(target_fd, &st) < 0)
		return wabe_error_set(err, -errno, "mask %s", path);
	if (!S_ISDIR(st.st_mode)) {
		r = cover_with(init->null_fd, init->is_null_attached, target_fd, path, err);
		init->is_null_attached = true;
		return r;
	}
	if (is_first)
		init->mask_fd = mask_directory(init, err);
	return init->mask_fd < 0 ? init->mask_fd
				 : cover_with(init->mask_fd, !is_first, target_fd, path, err);
}

static int readonly_one(struct wabe_init *init, const char *path, struct wabe_error *err)
{
	const struct wabe_mount_change change = { .set = MOUNT_ATTR_RDONLY, .is_recursive = true };
	int target_fd = -EBADF, cover_fd, r = open_covered(init, path, &target_fd, err);

	if (r < 0 || target_fd < 0)
		return r;
	cover_fd = wabe_mount_clone_changed(target_fd, "", &change, err);
	return cover_fd < 0 ? cover_fd : wabe_mount_attach(cover_fd, target_fd, path, err);
}

/* Below /proc, and nowhere else. */
static bool is_in_proc(const char *path)
{
	return wabe_str_starts(path, "/proc/") && !strstr(path, "/.");
}

static int cover_all(struct wabe_init *init, const struct wabe_strv *paths, bool in_proc,
		     const char *shown,
		     int (*cover)(struct wabe_init *, const char *, struct wabe_error *),
		     struct wabe_error *err)
{
	for (size_t i = 0; i < paths->count; i++) {
		int r = 0;

		if (is_in_proc(paths->items[i]) == in_proc)
			r = cover(init, paths->items[i], err);
		if (r < 0)
			return wabe_error_prefix(err, "linux.%s[%zu]", shown, i);
		if (i % WABE_INIT_SWEEP == WABE_INIT_SWEEP - 1)
			wabe_init_sweep(init);
	}
	return 0;
}

static int cover_these(struct wabe_init *init, bool in_proc, struct wabe_error *err)
{
	const struct wabe_spec *spec = init->spec;
	int r = cover_all(init, &spec->readonly_paths, in_proc, "readonlyPaths", readonly_one, err);

	return r < 0 ? r
		     : cover_all(init, &spec->masked_paths, in_proc, "maskedPaths", mask_one, err);
}

int wabe_rootfs_mask(struct wabe_init *init, struct wabe_error *err)
{
	int r = cover_these(init, true, err);

	if (r == 0)
		r = wabe_rootfs_settle(init, err);
	if (r == 0)
		r = cover_these(init, false, err);
	wabe_init_sweep(init);
	return r;
}
