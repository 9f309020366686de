// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/layout: the table of layouts, and what they have in common; see layout.h. */
#include "guest/layout.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "guest/copytree.h"
#include "guest/quota.h"
#include "guest/template.h"
#include "spec/spec.h"

#define GUEST_IDS 65536u

static const struct vz_layout *const layouts[] = { &vz_layout_overlay, &vz_layout_dir,
						   &vz_layout_btrfs, &vz_layout_image,
						   &vz_layout_image_xfs };

const struct vz_layout *vz_layout_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (strcmp(layouts[i]->name, name) == 0 ||
		    (layouts[i]->alias && strcmp(layouts[i]->alias, name) == 0))
			return layouts[i];
	return NULL;
}

int vz_layout_of(const struct vz_guest *g, const struct vz_layout **ret_layout,
		 struct wabe_error *err)
{
	const char *name = vz_param_string(&g->conf.params, VZ_PARAM_LAYOUT);
	const struct vz_layout *layout = vz_layout_find(name ? name : "overlay");

	if (!layout) {
		vz_error_say(err, VZ_EXIT_LAYOUT, -ENOTSUP,
			     "VE_LAYOUT=\"%s\": there is no such layout", name);
		return -ENOTSUP;
	}
	*ret_layout = layout;
	return 0;
}

static int bad_options(const char *text, const char *word, const char *why, struct wabe_error *err)
{
	return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL, "MOUNT_OPTS=\"%s\": %s%s%s", text,
			    word ? word : "", word ? ": " : "", why);
}

/* What would be taken and have no effect, or another than its name says, is refused. */
static int check_options(const struct vz_layout *layout, const char *text,
			 const struct wabe_mount_options *o, struct wabe_error *err)
{
	if (o->propagation || o->is_bind || o->is_bind_recursive || o->rec_attr_set ||
	    o->rec_attr_clear || o->is_copy_up || o->is_copy_symlink || o->is_idmap)
		return bad_options(text, NULL, "this is for mount options of one file system", err);
	if (!layout->fs_type && (o->data.count || o->sb_flags & ~(unsigned int)MS_RDONLY))
		return bad_options(text, o->data.count ? o->data.items[0] : NULL,
				   "not an option of a single mount, and the layout has no file "
				   "system of its own to give it to",
				   err);
	return 0;
}

static int read_options(const struct vz_guest *g, const struct vz_layout *layout,
			struct wabe_arena *arena, struct vz_layout_how *how, struct wabe_error *err)
{
	const char *text = vz_param_string(&g->conf.params, VZ_PARAM_MOUNT_OPTS);
	struct wabe_spec_mount mount = { .destination = "MOUNT_OPTS", .type = "none" };
	struct wabe_mount_options o;
	int r;

	if (!text || !*text)
		return 0;
	if (wabe_strv_split(&mount.options, arena, text, ",") < 0)
		return wabe_error_set(err, -ENOMEM, "MOUNT_OPTS");
	r = wabe_spec_mount_options(arena, &mount, &o, err);
	if (r < 0)
		return vz_error_default(err, VZ_EXIT_BAD_VALUE);
	r = check_options(layout, text, &o, err);
	if (r < 0)
		return r;
	how->set = o.attr_set;
	how->clear = o.attr_clear;
	how->sb_flags = o.sb_flags & ~(unsigned int)MS_RDONLY;
	how->data = o.data;
	return 0;
}

int vz_layout_check_options(const struct vz_guest *g, const struct vz_layout *layout,
			    struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_layout_how how = { 0 };
	struct wabe_error reason = WABE_ERROR_INIT;
	int r = read_options(g, layout, &arena, &how, err);

	if (r < 0 || how.data.count == 0)
		return r;
	r = wabe_mount_try_options(layout->fs_type, &how.data, &reason);
	/* A file system that isn't loaded yet says it when it is mounted. */
	return r == 0 || r == -ENODEV
		       ? 0
		       : bad_options(vz_param_string(&g->conf.params, VZ_PARAM_MOUNT_OPTS), NULL,
				     reason.text, err);
}

int vz_layout_check(const struct vz_guest *g, const struct vz_layout *layout,
		    struct wabe_error *err)
{
	int r = vz_layout_check_options(g, layout, err);
	uint32_t uid;

	/*
	 * Root of the host's user namespace may remount the file system that a file of it is on, freeze it and shut it down. In an
	 * overlay that is the overlay.
	 */
	if (r == 0 && layout->is_host_fs && vz_guest_uid(g, &uid) && uid == 0)
		return vz_error_say(
			err, VZ_EXIT_LAYOUT, -EPERM,
			"layout %s with LOCAL_UID=0: the guest's root would control the "
			"host's file system; overlay and image are possible",
			layout->name);
	return r == 0 && layout->check ? layout->check(g, err) : r;
}

static int copy_template(const struct vz_guest *g, const struct vz_layout *layout,
			 const struct vz_area *area, struct wabe_error *err)
{
	struct vz_copytree job = { .base_fd = -EBADF };
	_cleanup_close_ int from_fd = vz_guest_template_fd(g, err);
	_cleanup_close_ int to_fd = -EBADF;

	if (from_fd < 0)
		return from_fd;
	to_fd = vz_layout_open(g, layout, area, err);
	if (to_fd < 0)
		return to_fd;
	job.from_fd = from_fd;
	job.to_fd = to_fd;
	return vz_copytree(&job, err);
}

int vz_layout_copied(const struct vz_layout *layout, const struct vz_area *area, int r,
		     struct wabe_error *err)
{
	return r < 0 && layout->explain ? layout->explain(area, err) : r;
}

int vz_layout_fill_copy(const struct vz_guest *g, const struct vz_layout *layout,
			const struct vz_area *area, struct wabe_error *err)
{
	int r = layout->make(g, area, err);

	if (r == 0)
		r = copy_template(g, layout, area, err);
	return vz_layout_copied(layout, area, r, err);
}

int vz_layout_fill(struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	const struct vz_layout *layout = NULL;
	int r = vz_layout_of(g, &layout, err);

	if (r < 0)
		return r;
	if (layout->fill)
		r = layout->fill(g, area, err);
	else
		r = vz_layout_fill_copy(g, layout, area, err);
	if (r == 0)
		r = layout->limit(g, area, err);
	if (r == 0 && fsync(area->fd) < 0)
		r = wabe_error_set(err, -errno, "sync the private area");
	return r < 0 ? vz_guest_fail(err, VZ_EXIT_CREATE_PRIVATE) : 0;
}

/* What the guest's mount must have whatever its options say. */
static void add_protection(uint32_t uid, bool is_for_host, struct vz_layout_how *how)
{
	if (is_for_host)
		how->set |= MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	/*
	 * Nobody in a user namespace makes device nodes, and its /dev is a tmpfs: one in the tree is a mistake, or was put there.
	 * A guest without one (LOCAL_UID=0) keeps what the administrator made for it; its cgroup says which devices it may open.
	 */
	if (uid != 0)
		how->set |= MOUNT_ATTR_NODEV;
	how->clear &= ~(how->set & (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
}

static int mount_root(const struct vz_guest *g, unsigned int flags, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(vz_area_close) struct vz_area area = VZ_AREA_INIT;
	struct vz_layout_how how = { 0 };
	const struct vz_layout *layout = NULL;
	int r = vz_layout_of(g, &layout, err);

	if (r == 0)
		r = vz_area_open(g->conf.private, &area, err);
	if (r == 0 && !vz_guest_uid(g, &how.uid))
		r = vz_error_say(err, VZ_EXIT_BAD_CONFIG, -EINVAL, "LOCAL_UID is not set in %s",
				 g->conf.path);
	if (r == 0)
		r = read_options(g, layout, &arena, &how, err);
	if (r < 0)
		return r;
	add_protection(how.uid, flags & VZ_LAYOUT_FOR_HOST, &how);
	how.skips_check = flags & VZ_LAYOUT_SKIP_CHECK;
	return layout->mount(g, &area, &how, err);
}

int vz_layout_mount(const struct vz_guest *g, unsigned int flags, struct wabe_error *err)
{
	int fd = mount_root(g, flags, err);

	return fd < 0 ? vz_guest_fail(err, VZ_EXIT_MOUNT) : fd;
}

int vz_layout_open(const struct vz_guest *g, const struct vz_layout *layout,
		   const struct vz_area *area, struct wabe_error *err)
{
	/* Nothing of it is executed or opened as a device by us; and nobody else reaches it. */
	const struct vz_layout_how how = { .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						  MOUNT_ATTR_NOEXEC };
	_cleanup_close_ int mount_fd = layout->mount(g, area, &how, err);
	int fd;

	if (mount_fd < 0)
		return mount_fd;
	fd = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? wabe_error_set(err, -errno, "open the root in %s", area->path) : fd;
}

int vz_layout_limit(struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(vz_area_close) struct vz_area area = VZ_AREA_INIT;
	const struct vz_layout *layout = NULL;
	int r = vz_layout_of(g, &layout, err);

	if (r == 0)
		r = vz_area_open(g->conf.private, &area, err);
	if (r == 0)
		r = layout->limit(g, &area, err);
	return r < 0 ? vz_guest_fail(err, VZ_EXIT_QUOTA_SET) : 0;
}

int vz_layout_compact(const struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(vz_area_close) struct vz_area area = VZ_AREA_INIT;
	const struct vz_layout *layout = NULL;
	int r = vz_layout_of(g, &layout, err);

	if (r == 0)
		r = vz_area_open(g->conf.private, &area, err);
	if (r < 0)
		return r;
	if (layout->compact)
		return layout->compact(g, &area, err);
	vz_say(g, "Layout %s: nothing to compact, what is deleted is free at once", layout->name);
	return 0;
}

/*
 * The map of the idmapped mounts. Inside is the id on disk, outside the id that the host sees. The second line is for the
 * mounter, host's root, who makes overlayfs' work directory and files of action scripts and needs an id on disk too.
 */
int vz_layout_userns(uint32_t uid, int *ret_userns_fd, struct wabe_error *err)
{
	const struct wabe_idmap maps[] = {
		{ .inside_id = 0, .outside_id = uid, .count = GUEST_IDS },
		{ .inside_id = GUEST_IDS, .outside_id = 0, .count = 1 },
	};
	int fd;

	*ret_userns_fd = -EBADF;
	if (uid == 0)
		return 0;
	fd = wabe_idmap_userns(maps, ARRAY_SIZE(maps), maps, ARRAY_SIZE(maps), err);
	if (fd < 0)
		return fd;
	*ret_userns_fd = fd;
	return 0;
}

int vz_layout_make_dir(int area_fd, const char *name, mode_t mode, struct wabe_error *err)
{
	if (mkdirat(area_fd, name, 0700) < 0)
		return wabe_error_set(err, -errno, "make directory %s in the private area", name);
	/*
	 * The umask is the administrator's; the mode of the guest's root directory is the
	 * template's.
	 */
	if (fchmodat(area_fd, name, mode, 0) < 0)
		return wabe_error_set(err, -errno, "chmod %s in the private area", name);
	return 0;
}

int vz_layout_mount_dir(const struct vz_guest *g, const struct vz_area *area,
			const struct vz_layout_how *how, struct wabe_error *err)
{
	struct wabe_mount_change change = {
		.set = how->set,
		.clear = how->clear,
		.propagation = MS_PRIVATE,
	};
	_cleanup_close_ int userns_fd = -EBADF;
	int fd, r = vz_layout_userns(how->uid, &userns_fd, err);

	(void)g;
	if (r < 0)
		return r;
	change.userns_fd = userns_fd;
	fd = wabe_mount_clone_changed(area->fd, "fs", &change, err);
	if (fd < 0)
		return wabe_error_prefix(err, "%s%s", area->path,
					 userns_fd >= 0
						 ? ": does its filesystem support idmapped mounts?"
						 : "");
	return fd;
}
