// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/layout_overlay: layout "overlay": the template's tree below, the guest's own files above. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "guest/layout.h"
#include "guest/quota.h"
#include "guest/template.h"

static int make_dirs(const struct vz_area *area, mode_t mode, struct wabe_error *err)
{
	int r = vz_layout_make_dir(area->fd, "fs", mode, err);

	return r < 0 ? r : vz_layout_make_dir(area->fd, "work", 0700, err);
}

static int make(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	(void)g;
	return make_dirs(area, 0700, err);
}

/* 12 KB on ext4. */
static int fill(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	_cleanup_close_ int tree_fd = vz_guest_template_fd(g, err);
	struct stat st;

	if (tree_fd < 0)
		return tree_fd;
	if (fstat(tree_fd, &st) < 0)
		return wabe_error_set(err, -errno, "look at the template's root directory");
	return make_dirs(area, st.st_mode & 07777, err);
}

/*
 * One tree, cloned, idmapped and attached over itself: overlayfs refuses layers that are attached
 * nowhere.
 */
static int attach_layer(int tree_fd, const char *path, int userns_fd, uint64_t attrs,
			struct wabe_error *err)
{
	const struct wabe_mount_change change = { .set = attrs, .userns_fd = userns_fd };
	_cleanup_close_ int clone_fd = wabe_mount_clone(tree_fd, "", false, err);
	int r;

	if (clone_fd < 0)
		return wabe_error_prefix(err, "%s", path);
	r = wabe_mount_change(clone_fd, &change, err);
	if (r < 0)
		return userns_fd > 0
			       ? wabe_error_prefix(
					 err, "%s: does its filesystem support idmapped mounts?",
					 path)
			       : wabe_error_prefix(err, "%s", path);
	r = wabe_mount_attach(clone_fd, tree_fd, path, err);
	return r < 0 ? r : TAKE_FD(clone_fd);
}

/*
 * Layers by descriptor: no path needs escaping or is too long, and the guest's mountinfo shows no
 * path of the host.
 */
static int mount_layers(int lower_fd, int upper_fd, unsigned int attrs, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_strv options = { 0 };
	char lower[WABE_PATH_PROC_FD], upper[WABE_PATH_PROC_FD];
	const char *words[] = {
		wabe_arena_printf(&arena, "lowerdir=%s", wabe_path_proc_fd(lower_fd, lower)),
		wabe_arena_printf(&arena, "upperdir=%s/fs", wabe_path_proc_fd(upper_fd, upper)),
		wabe_arena_printf(&arena, "workdir=%s/work", upper),
		/* Guests rename directories of the template; the default is the kernel builder's
		   choice. */
		"redirect_dir=on",
		"metacopy=off",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!words[i] || wabe_strv_add(&options, &arena, words[i]) < 0)
			return wabe_error_set(err, -ENOMEM, "options of the overlay");
	return wabe_mount_new("overlay", "wabe", &options, 0, attrs, err);
}

static int mount_trees(const struct vz_area *area, int tree_fd, const char *tree_path,
		       const struct vz_layout_how *how, struct wabe_error *err)
{
	_cleanup_close_ int userns_fd = -EBADF, lower_fd = -EBADF, upper_fd = -EBADF;
	int r = vz_layout_userns(how->uid, &userns_fd, err);

	if (r < 0)
		return r;
	lower_fd = attach_layer(tree_fd, tree_path, userns_fd, MOUNT_ATTR_RDONLY, err);
	if (lower_fd < 0)
		return lower_fd;
	upper_fd = attach_layer(area->fd, area->path, userns_fd, 0, err);
	r = upper_fd < 0 ? upper_fd : mount_layers(lower_fd, upper_fd, (unsigned int)how->set, err);
	/*
	 * The overlay has copies of its own of both mounts; scripts shall see the directories as
	 * they are on disk.
	 */
	if (upper_fd >= 0)
		(void)wabe_mount_detach(area->path, NULL);
	(void)wabe_mount_detach(tree_path, NULL);
	return r;
}

static int mount_overlay(const struct vz_guest *g, const struct vz_area *area,
			 const struct vz_layout_how *how, struct wabe_error *err)
{
	_cleanup_close_ int tree_fd = vz_guest_template_fd(g, err);
	char tree_path[PATH_MAX];
	int r;

	if (tree_fd < 0)
		return tree_fd;
	r = vz_guest_template_path(g, tree_path, err);
	return r < 0 ? r : mount_trees(area, tree_fd, tree_path, how, err);
}

/*
 * Both trees as lower layers: nothing is written, so it doesn't matter that the guest's own overlay has one of them as its
 * upper directory. An index would need that directory for itself.
 */
static int look(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_close_ int lower_fd = vz_guest_template_fd(g, err), upper_fd = -EBADF;
	char lower[WABE_PATH_PROC_FD], upper[WABE_PATH_PROC_FD];
	struct wabe_strv options = { 0 };
	const char *layers;

	if (lower_fd < 0)
		return lower_fd;
	upper_fd = openat(area->fd, "fs", O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (upper_fd < 0)
		return wabe_error_set(err, -errno, "open %s/fs", area->path);
	layers = wabe_arena_printf(&arena, "lowerdir=%s:%s", wabe_path_proc_fd(upper_fd, upper),
				   wabe_path_proc_fd(lower_fd, lower));
	if (!layers || wabe_strv_add(&options, &arena, layers) < 0 ||
	    wabe_strv_add(&options, &arena, "redirect_dir=follow") < 0 ||
	    wabe_strv_add(&options, &arena, "index=off") < 0)
		return wabe_error_set(err, -ENOMEM, "options of the overlay");
	return wabe_mount_new("overlay", "wabe", &options, 0,
			      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				      MOUNT_ATTR_NOEXEC,
			      err);
}

const struct vz_layout vz_layout_overlay = {
	.name = "overlay",
	.has_template = true,
	.make = make,
	.fill = fill,
	.mount = mount_overlay,
	.look = look,
	.limit = vz_quota_apply,
	.usage = vz_quota_usage,
};
