// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/clone: see clone.h. */
#include "guest/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/copytree.h"
#include "guest/create.h"
#include "guest/dist.h"
#include "guest/freeze.h"
#include "guest/identity.h"
#include "guest/layout.h"
#include "guest/mountns.h"
#include "guest/template.h"

struct clone {
	struct vz_guest *from;
	const struct vz_layout *layout;
};

/* Both areas, opened in the mount namespace of the copy. */
struct areas {
	struct vz_area old, new;
};

static void close_areas(struct areas *areas)
{
	vz_area_close(&areas->old);
	vz_area_close(&areas->new);
}

static int open_files(const struct vz_area *area, struct wabe_error *err)
{
	int fd = openat(area->fd, "fs", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? wabe_error_set(err, -errno, "open %s/fs", area->path) : fd;
}

/* An overlay's upper directory as it is, with its whiteouts and marks: it fits the same template. */
static int copy_upper(const struct areas *areas, struct wabe_error *err)
{
	_cleanup_close_ int from_fd = open_files(&areas->old, err);
	_cleanup_close_ int to_fd = from_fd < 0 ? from_fd : open_files(&areas->new, err);
	int r;

	if (to_fd < 0)
		return to_fd;
	r = vz_copytree(&(struct vz_copytree){ from_fd, to_fd, -EBADF }, err);
	/* Of one overlay alone; a file system that never had it has none. */
	if (r == 0)
		(void)fremovexattr(to_fd, "trusted.overlay.uuid");
	return r;
}

static int copy_root(const struct clone *c, struct vz_guest *g, const struct areas *areas,
		     struct wabe_error *err)
{
	_cleanup_close_ int from_fd = vz_layout_open(c->from, c->layout, &areas->old, err);
	_cleanup_close_ int to_fd = -EBADF;

	if (from_fd < 0)
		return from_fd;
	to_fd = vz_layout_open(g, c->layout, &areas->new, err);
	if (to_fd < 0)
		return to_fd;
	return vz_copytree(&(struct vz_copytree){ from_fd, to_fd, -EBADF }, err);
}

static int copy_files(const struct clone *c, struct vz_guest *g, const struct areas *areas,
		      struct wabe_error *err)
{
	_cleanup_(vz_freeze_end) struct vz_freeze freeze = VZ_FREEZE_INIT;
	int r = vz_freeze_begin(c->from, &freeze, err);

	if (r == 0 && c->layout->clone)
		r = c->layout->clone(&areas->old, &areas->new, err);
	else if (r == 0)
		r = c->layout->has_template ? copy_upper(areas, err) : copy_root(c, g, areas, err);
	return r < 0 ? r : vz_dist_copy(areas->old.fd, areas->new.fd, err);
}

static int change_identity(const struct clone *c, struct vz_guest *g, const struct areas *areas,
			   struct wabe_error *err)
{
	_cleanup_close_ int root_fd = vz_layout_open(g, c->layout, &areas->new, err);
	bool needs_keys = false;
	int r = root_fd < 0 ? root_fd : vz_identity_remove(root_fd, false, &needs_keys, err);

	return r == 0 && needs_keys ? vz_identity_want_keys(g, err) : r;
}

static int fill(struct vz_guest *g, const struct vz_area *area, void *data, struct wabe_error *err)
{
	_cleanup_(vz_mountns_drop) struct vz_mountns ns = VZ_MOUNTNS_INIT;
	_cleanup_(close_areas) struct areas areas = { VZ_AREA_INIT, VZ_AREA_INIT };
	const struct clone *c = data;
	int r = vz_mountns_enter(&ns, err);

	if (r == 0)
		r = vz_area_open(c->from->conf.private, &areas.old, err);
	if (r == 0)
		r = vz_area_open_stage(g->conf.private, &areas.new, err);
	if (r == 0 && !c->layout->clone)
		r = c->layout->make(g, &areas.new, err);
	if (r == 0)
		r = copy_files(c, g, &areas, err);
	if (r == 0)
		r = change_identity(c, g, &areas, err);
	if (r == 0)
		r = c->layout->limit(g, &areas.new, err);
	if (r == 0 && syncfs(area->fd) < 0)
		r = wabe_error_set(err, -errno, "sync the private area");
	return r < 0 ? vz_guest_fail(err, VZ_EXIT_CREATE_PRIVATE) : 0;
}

char *vz_clone_interfaces(struct wabe_arena *arena, const char *text)
{
	static const char *const own[] = { "mac=", "host_ifname=", "host_mac=" };
	char *rest = wabe_arena_strdup(arena, text), *interface;
	char *out = wabe_arena_strdup(arena, "");

	while (out && rest && (interface = strsep(&rest, ";"))) {
		const char *between = *out ? ";" : "";
		char *word;

		while (out && (word = strsep(&interface, ","))) {
			bool is_own = false;

			for (size_t i = 0; i < ARRAY_SIZE(own); i++)
				is_own |= wabe_str_starts(word, own[i]);
			if (is_own || !*word)
				continue;
			out = wabe_arena_printf(arena, "%s%s%s", out, between, word);
			between = ",";
		}
	}
	return out;
}

/* What belongs to the source alone. */
static const char *const not_copied[] = {
	"NAME",	     "IP_ADDRESS", "HOSTNAME", "VE_ROOT", "VE_PRIVATE",	   "LOCAL_UID",
	"LOCAL_GID", "NETIF",	   "NETDEV",   "PCI",	  VZ_IDENTITY_KEY, NULL,
};

static int make_options(const struct vz_guest *from, const struct vz_guest *g,
			const struct vz_params *options, struct vz_params *over,
			struct wabe_error *err)
{
	const char *netif = vz_conffile_get(&from->conf.file, "NETIF");
	char hostname[32];
	uint32_t uid;
	int r = 0;

	if (!vz_param_has(options, VZ_PARAM_HOSTNAME)) {
		snprintf(hostname, sizeof(hostname), "ct%s", g->id);
		r = vz_params_set(over, VZ_PARAM_HOSTNAME, hostname, err);
	}
	/* One without a user namespace of its own has none as a copy. */
	if (r == 0 && vz_guest_uid(from, &uid) && uid == 0 &&
	    !vz_param_has(options, VZ_PARAM_LOCAL_UID))
		r = vz_params_set(over, VZ_PARAM_LOCAL_UID, "0", err);
	if (r == 0 && netif && *netif) {
		netif = vz_clone_interfaces(over->arena, netif);
		r = netif ? vz_params_set(over, VZ_PARAM_NETIF, netif, err)
			  : wabe_error_set(err, -ENOMEM, "copy the configuration");
	}
	return r < 0 ? r : vz_params_merge(over, options, err);
}

static int check(struct clone *c, const struct vz_guest *g, const struct vz_params *options,
		 struct wabe_error *err)
{
	int r = vz_guest_need_paths(c->from, err);

	if (r == 0)
		r = vz_guest_find(c->from, err);
	if (r == 0)
		r = vz_layout_of(c->from, &c->layout, err);
	if (r < 0 || !c->layout)
		return r;
	if (vz_param_has(options, VZ_PARAM_OSTEMPLATE) || vz_param_has(options, VZ_PARAM_LAYOUT))
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    "--ostemplate and --layout are those of container %s",
				    c->from->id);
	/* Its file system is mounted: a second mount of the same file would damage it. */
	if (c->from->container && c->layout->fs_type)
		return vz_error_say(
			err, VZ_EXIT_RUNNING, -EBUSY,
			"Container %s is running: stop it, a copy of layout %s needs it",
			c->from->id, c->layout->name);
	if (vz_ctconf_exists(g->host, g->ctid))
		return vz_error_say(err, VZ_EXIT_PRIVATE_AREA_EXISTS, -EEXIST,
				    "Container %s exists already", g->id);
	return vz_ctconf_check_new_id(g->ctid, err);
}

int vz_guest_clone(struct vz_guest *from, struct vz_guest *g, const struct vz_params *options,
		   struct wabe_error *err)
{
	struct vz_params over = { .arena = options->arena };
	struct clone c = { .from = from };
	int r = check(&c, g, options, err);

	if (r == 0)
		r = make_options(from, g, options, &over, err);
	if (r == 0)
		r = vz_ctconf_copy(&from->conf, g->ctid, not_copied, &over, &g->conf, err);
	if (r < 0 || !c.layout)
		return r;
	g->has_conf = true;
	vz_say(g, "Cloning container %s%s", from->id,
	       from->container ? " (it stands still meanwhile)" : "");
	r = vz_guest_create_by(g, fill, &c, c.layout->has_template, err);
	if (r == 0)
		vz_say(g, "Container %s was cloned", from->id);
	return r;
}
