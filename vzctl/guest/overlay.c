// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/overlay: private areas and the mount of layout "overlay"; see overlay.h. */
#include "guest/overlay.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "guest/quota.h"
#include "guest/template.h"

#define GUEST_IDS 65536u

static int make_dir(int parent_fd, const char *name, mode_t mode, struct wabe_error *err)
{
	if (mkdirat(parent_fd, name, 0700) < 0)
		return wabe_error_set(err, -errno, "make directory %s in the private area", name);
	/*
	 * The umask is the administrator's; the mode of the guest's root directory is the
	 * template's.
	 */
	if (fchmodat(parent_fd, name, mode, 0) < 0)
		return wabe_error_set(err, -errno, "chmod %s in the private area", name);
	return 0;
}

static int fill_private(const struct vz_guest *g, int private_fd, struct wabe_error *err)
{
	_cleanup_close_ int tree_fd = vz_guest_template_fd(g, err);
	struct stat st;
	int r;

	if (tree_fd < 0)
		return tree_fd;
	if (fstat(tree_fd, &st) < 0)
		return wabe_error_set(err, -errno, "look at the template's root directory");
	/* Before the directories are made: they inherit the project. */
	r = vz_quota_prepare(g, private_fd, err);
	if (r == 0)
		r = make_dir(private_fd, "fs", st.st_mode & 07777, err);
	if (r == 0)
		r = make_dir(private_fd, "work", 0700, err);
	if (r == 0 && fsync(private_fd) < 0)
		r = wabe_error_set(err, -errno, "sync the private area");
	return r;
}

static int make_parent(const char *path, struct wabe_error *err)
{
	char parent[PATH_MAX];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (!slash || slash == parent)
		return 0;
	*slash = '\0';
	return wabe_file_mkdir_all(parent, 0755, err);
}

int vz_overlay_create(const struct vz_guest *g, bool *ret_was_made, struct wabe_error *err)
{
	const char *private = g->conf.private;
	_cleanup_close_ int fd = -EBADF;
	int r = make_parent(private, err);

	if (r < 0)
		return vz_guest_fail(err, VZ_EXIT_CREATE_PRIVATE);
	if (mkdir(private, 0700) < 0) {
		if (errno == EEXIST)
			return vz_error_say(err, VZ_EXIT_PRIVATE_AREA_EXISTS, -EEXIST,
					    "Private area already exists in %s", private);
		wabe_error_set(err, -errno, "make private area %s", private);
		return vz_guest_fail(err, VZ_EXIT_CREATE_PRIVATE);
	}
	*ret_was_made = true;
	fd = open(private, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		r = wabe_error_set(err, -errno, "open private area %s", private);
	else
		r = fill_private(g, fd, err);
	return r < 0 ? vz_guest_fail(err, VZ_EXIT_CREATE_PRIVATE) : 0;
}

/*
 * Only directories that are empty go, so that files that came there in any other way are never
 * lost.
 */
void vz_overlay_remove_fresh(const char *private)
{
	static const char *const dirs[] = { "/work/work", "/work", "/fs", "" };
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		if (snprintf(path, sizeof(path), "%s%s", private, dirs[i]) < (int)sizeof(path))
			rmdir(path);
	}
}

static int removed_path(const char *private, char path[PATH_MAX], struct wabe_error *err)
{
	if (snprintf(path, PATH_MAX, "%s.destroying", private) >= PATH_MAX)
		return wabe_error_set(err, -ENAMETOOLONG, "private area %s", private);
	return 0;
}

bool vz_overlay_is_removed(const char *private)
{
	char path[PATH_MAX];

	return removed_path(private, path, NULL) == 0 &&
	       faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int remove_tree(const char *path, struct wabe_error *err)
{
	const char *slash = strrchr(path, '/');
	_cleanup_close_ int parent_fd = -EBADF;
	char parent[PATH_MAX];

	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path) + 1, path);
	parent_fd = open(parent, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (parent_fd < 0)
		return wabe_error_set(err, -errno, "open %s", parent);
	return wabe_file_remove_tree_at(parent_fd, slash + 1, err);
}

int vz_overlay_remove(const char *private, struct wabe_error *err)
{
	char path[PATH_MAX];
	int r = removed_path(private, path, err);

	if (r < 0)
		return r;
	/* A removal that was begun goes first; rename would refuse to replace it. */
	if (vz_overlay_is_removed(private)) {
		r = remove_tree(path, err);
		if (r < 0)
			return r;
	}
	if (rename(private, path) < 0)
		return errno == ENOENT
			       ? 0
			       : wabe_error_set(err, -errno, "rename private area %s", private);
	return remove_tree(path, err);
}

/*
 * The map of the idmapped mounts. Inside is the id on disk, outside the id that the host sees. The
 * second line is for the mounter, host's root, who makes overlayfs' work directory and needs an id
 * on disk too.
 */
static int make_userns(uint32_t uid, struct wabe_error *err)
{
	const struct wabe_idmap maps[] = {
		{ .inside_id = 0, .outside_id = uid, .count = GUEST_IDS },
		{ .inside_id = GUEST_IDS, .outside_id = 0, .count = 1 },
	};

	return wabe_idmap_userns(maps, ARRAY_SIZE(maps), maps, ARRAY_SIZE(maps), err);
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

static int mount_idmapped(const struct vz_guest *g, int tree_fd, const char *tree_path,
			  unsigned int attrs, struct wabe_error *err)
{
	_cleanup_close_ int private_fd =
		open(g->conf.private, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_close_ int userns_fd = -EBADF, lower_fd = -EBADF, upper_fd = -EBADF;
	uint32_t uid = 0;
	int r;

	if (private_fd < 0 && errno == ENOENT)
		return vz_error_say(err, VZ_EXIT_NO_PRIVATE_AREA, -ENOENT,
				    "Container private area %s does not exist", g->conf.private);
	if (private_fd < 0)
		return wabe_error_set(err, -errno, "open private area %s", g->conf.private);
	if (!vz_guest_uid(g, &uid))
		return vz_error_say(err, VZ_EXIT_BAD_CONFIG, -EINVAL, "LOCAL_UID is not set in %s",
				    g->conf.path);
	if (uid != 0) {
		/*
		 * Nobody in a user namespace makes device nodes, and its /dev is a tmpfs: one in the
		 * tree is a mistake, or was put there. A guest without one (LOCAL_UID=0) keeps what
		 * the administrator made for it; its cgroup says which devices it may open.
		 */
		attrs |= MOUNT_ATTR_NODEV;
		userns_fd = make_userns(uid, err);
		if (userns_fd < 0)
			return userns_fd;
	}
	lower_fd = attach_layer(tree_fd, tree_path, userns_fd, MOUNT_ATTR_RDONLY, err);
	if (lower_fd < 0)
		return lower_fd;
	upper_fd = attach_layer(private_fd, g->conf.private, userns_fd, 0, err);
	r = upper_fd < 0 ? upper_fd : mount_layers(lower_fd, upper_fd, attrs, err);
	/*
	 * The overlay has copies of its own of both mounts; scripts shall see the directories as
	 * they are on disk.
	 */
	if (upper_fd >= 0)
		(void)wabe_mount_detach(g->conf.private, NULL);
	(void)wabe_mount_detach(tree_path, NULL);
	return r;
}

int vz_overlay_mount(const struct vz_guest *g, bool is_for_host, struct wabe_error *err)
{
	const unsigned int attrs = is_for_host ? MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV : 0;
	_cleanup_close_ int tree_fd = vz_guest_template_fd(g, err);
	char tree_path[PATH_MAX];
	int r;

	if (tree_fd < 0)
		return tree_fd;
	r = vz_guest_template_path(g, tree_path, err);
	if (r == 0)
		r = mount_idmapped(g, tree_fd, tree_path, attrs, err);
	return r < 0 ? vz_guest_fail(err, VZ_EXIT_MOUNT) : r;
}
