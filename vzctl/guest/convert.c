// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/convert: see convert.h. */
#include "guest/convert.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/area.h"
#include "guest/copyfile.h"
#include "guest/copytree.h"
#include "guest/layout.h"
#include "guest/mount.h"
#include "guest/mountns.h"
#include "guest/owner_quota.h"
#include "guest/quota.h"
#include "guest/template.h"

struct convert {
	struct vz_guest *g;
	const struct vz_layout *from, *to;
	int template_fd; /* holds the generation that is copied from, or into */
};

/* Both areas, as the mount namespace of the copy has them: what was opened in another can't be mounted in it. */
struct areas {
	struct vz_area old, new;
};

#define AREAS_INIT                         \
	{                                  \
		VZ_AREA_INIT, VZ_AREA_INIT \
	}

static void close_areas(struct areas *areas)
{
	vz_area_close(&areas->old);
	vz_area_close(&areas->new);
}

static int check(struct convert *c, const char *name, struct wabe_error *err)
{
	struct vz_guest *g = c->g;
	int r = vz_guest_need_paths(g, err);

	if (r < 0)
		return r;
	c->to = vz_layout_find(name);
	if (!c->to) {
		vz_error_say(err, VZ_EXIT_LAYOUT, -EINVAL, "--layout %s: there is no such layout",
			     name);
		return -EINVAL;
	}
	if (g->container)
		return vz_error_say(err, VZ_EXIT_RUNNING, -EBUSY,
				    "Container is running. Stop it before its layout is changed");
	if (vz_guest_is_mounted(g))
		return vz_error_say(err, VZ_EXIT_MOUNTED, -EBUSY,
				    "Container is currently mounted (umount first)");
	r = vz_layout_of(g, &c->from, err);
	return r == 0 ? vz_guest_check(g, err) : r;
}

/* What is left out of an overlay is what this generation of the template has: the guest's own, or the current one. */
static int hold_template(struct convert *c, struct wabe_error *err)
{
	char created[WABE_CLOCK_TEXT_MAX] = "";

	if (!c->from->has_template && !c->to->has_template)
		return 0;
	c->template_fd = vz_guest_template_hold(c->g, created, err);
	if (c->template_fd < 0)
		return c->template_fd;
	return vz_conffile_set(&c->g->conf.file, VZ_GUEST_GENERATION_KEY, created,
			       VZ_CONFFILE_LITERAL, err);
}

/* In memory: what depends on the layout shall see the new one. Nothing is saved unless all succeeds. */
static int change_conf(struct convert *c, struct wabe_error *err)
{
	struct vz_params changes = { .arena = &c->g->conf.arena };
	int r = hold_template(c, err);

	if (r == 0)
		r = vz_params_set(&changes, VZ_PARAM_LAYOUT, c->to->name, err);
	return r < 0 ? r : vz_ctconf_apply(&c->g->conf, &changes, err);
}

/* Where the guest's own files go: an overlay's upper directory, or the root itself. */
static int open_target(const struct convert *c, const struct vz_area *new, struct wabe_error *err)
{
	int fd;

	if (!c->to->has_template)
		return vz_layout_open(c->g, c->to, new, err);
	fd = openat(new->fd, "fs", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? wabe_error_set(err, -errno, "open %s/fs", new->path) : fd;
}

/* Only an image has quota of the guest's users and groups. */
static bool has_owner_limits(const struct convert *c)
{
	return c->from->open_running && vz_owner_quota_max(c->g) > 0;
}

static bool keeps_owner_limits(const struct convert *c)
{
	return has_owner_limits(c) && c->to->open_running;
}

static int copy(const struct convert *c, const struct areas *areas, struct wabe_error *err)
{
	_cleanup_close_ int from_fd = vz_layout_open(c->g, c->from, &areas->old, err);
	_cleanup_close_ int to_fd = -EBADF, base_fd = -EBADF;
	int r;

	if (from_fd < 0)
		return from_fd;
	to_fd = open_target(c, &areas->new, err);
	if (to_fd < 0)
		return to_fd;
	if (c->to->has_template) {
		base_fd = vz_guest_template_fd(c->g, err);
		if (base_fd < 0)
			return base_fd;
	}
	r = vz_copytree(&(struct vz_copytree){ from_fd, to_fd, base_fd }, err);
	if (r == 0 && keeps_owner_limits(c))
		r = vz_owner_quota_copy(from_fd, to_fd, err);
	return vz_layout_copied(c->to, &areas->new, r, err);
}

/* What vzctl notes beside the root (guest/dist.h) is the guest's, not the layout's. */
static int copy_note(const struct areas *areas, const char *name, struct wabe_error *err)
{
	struct stat st;
	const struct vz_copy_entry note = { areas->old.fd, areas->new.fd, name, &st };
	int r;

	if (fstatat(areas->old.fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return wabe_error_set(err, -errno, "look at %s/%s", areas->old.path, name);
	if (!S_ISREG(st.st_mode) || strcmp(name, VZ_LAYOUT_IMAGE_FILE) == 0 ||
	    strcmp(name, VZ_AREA_MARK) == 0)
		return 0;
	r = vz_copy_entry(&note, false);
	return r < 0 ? wabe_error_set(err, r, "copy %s/%s", areas->old.path, name) : 0;
}

static int copy_notes(const struct areas *areas, struct wabe_error *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd = openat(areas->old.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	const struct dirent *e;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		r = wabe_error_set(err, -errno, "read %s", areas->old.path);
		wabe_cleanup_close(&fd);
		return r;
	}
	while (r == 0 && (errno = 0, e = readdir(dir)))
		r = copy_note(areas, e->d_name, err);
	return r == 0 && errno ? wabe_error_set(err, -errno, "read %s", areas->old.path) : r;
}

static int fill_new(struct convert *c, struct wabe_error *err)
{
	_cleanup_(vz_mountns_drop) struct vz_mountns ns = VZ_MOUNTNS_INIT;
	_cleanup_(close_areas) struct areas areas = AREAS_INIT;
	int r = vz_mountns_enter(&ns, err);

	if (r == 0)
		r = vz_area_open(c->g->conf.private, &areas.old, err);
	if (r == 0)
		r = vz_area_open_stage(c->g->conf.private, &areas.new, err);
	if (r == 0)
		r = c->to->make(c->g, &areas.new, err);
	if (r == 0)
		r = copy(c, &areas, err);
	return r < 0 ? r : copy_notes(&areas, err);
}

static int make_new(struct convert *c, struct wabe_error *err)
{
	_cleanup_(vz_area_close) struct vz_area stage = VZ_AREA_INIT;
	int r = vz_area_stage(c->g, &stage, err);

	if (r == 0)
		r = fill_new(c, err);
	if (r == 0 && fsync(stage.fd) < 0)
		r = wabe_error_set(err, -errno, "sync the new private area");
	if (r == 0)
		r = vz_area_replace(c->g, err);
	if (r == 0 && has_owner_limits(c) && !keeps_owner_limits(c))
		vz_warn(c->g,
			"the limits of the guest's users and groups are gone: layout %s has none",
			c->to->name);
	if (r < 0 && !vz_area_is_decided(c->g))
		(void)vz_area_unstage(c->g->conf.private, NULL);
	return r;
}

static int convert(struct convert *c, struct wabe_error *err)
{
	_cleanup_(vz_area_close) struct vz_area old = VZ_AREA_INIT;
	int r = vz_area_open(c->g->conf.private, &old, err);

	if (r < 0)
		return r;
	vz_say(c->g, "Converting private area from layout %s to %s", c->from->name, c->to->name);
	/* For a while there are two areas: the limits of the guest's project would hold for both together. */
	vz_quota_drop(c->g, &old);
	r = make_new(c, err);
	if (r < 0) {
		(void)c->from->limit(c->g, &old, NULL);
		return vz_guest_fail(err, VZ_EXIT_CREATE_PRIVATE);
	}
	r = vz_layout_limit(c->g, err);
	if (r == 0)
		vz_say(c->g, "Container private area has layout %s now", c->to->name);
	return r;
}

int vz_guest_rebuild(struct vz_guest *g, struct wabe_error *err)
{
	struct convert c = { .g = g, .template_fd = -EBADF };
	int r = vz_layout_of(g, &c.from, err);

	if (r < 0)
		return r;
	if (vz_guest_is_mounted(g))
		return vz_error_say(err, VZ_EXIT_MOUNTED, -EBUSY,
				    "Container is currently mounted (umount first)");
	c.to = c.from;
	vz_say(g, "Making the private area anew: its files are copied");
	return make_new(&c, err) < 0 ? vz_guest_fail(err, VZ_EXIT_CREATE_PRIVATE) : 0;
}

int vz_guest_convert(struct vz_guest *g, const char *name, struct wabe_error *err)
{
	struct convert c = { .g = g, .template_fd = -EBADF };
	int r = vz_guest_find(g, err);

	if (r == 0)
		r = check(&c, name, err);
	if (r < 0 || !c.from || !c.to)
		return r;
	if (c.from == c.to) {
		vz_say(g, "Container has layout %s already", c.to->name);
		return 0;
	}
	r = change_conf(&c, err);
	if (r == 0)
		r = vz_layout_check(g, c.to, err);
	if (r == 0)
		r = convert(&c, err);
	wabe_cleanup_close(&c.template_fd);
	return r;
}
