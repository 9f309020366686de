// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/export: see export.h. */
#include "guest/export.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/area.h"
#include "guest/copytree.h"
#include "guest/freeze.h"
#include "guest/identity.h"
#include "guest/layout.h"
#include "guest/mount.h"
#include "guest/mountns.h"

static int open_root(const struct vz_guest *g, const struct vz_layout *layout,
		     const struct vz_area *area, struct wabe_error *err)
{
	_cleanup_close_ int mount_fd = -EBADF;
	int fd;

	if (g->container && layout->open_running)
		return layout->open_running(g, area, err);
	if (!layout->look)
		return vz_layout_open(g, layout, area, err);
	mount_fd = layout->look(g, area, err);
	if (mount_fd < 0)
		return mount_fd;
	fd = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? wabe_error_set(err, -errno, "open the root in %s", area->path) : fd;
}

/* The target was opened in the host's mount namespace, which is as good: nothing is mounted on it. */
static int copy(struct vz_guest *g, const struct vz_layout *layout, int to_fd,
		struct wabe_error *err)
{
	_cleanup_(vz_mountns_drop) struct vz_mountns ns = VZ_MOUNTNS_INIT;
	_cleanup_(vz_freeze_end) struct vz_freeze freeze = VZ_FREEZE_INIT;
	_cleanup_(vz_area_close) struct vz_area area = VZ_AREA_INIT;
	_cleanup_close_ int from_fd = -EBADF;
	int r = vz_mountns_enter(&ns, err);

	if (r == 0)
		r = vz_area_open(g->conf.private, &area, err);
	if (r == 0)
		r = vz_freeze_begin(g, &freeze, err);
	if (r < 0)
		return r;
	from_fd = open_root(g, layout, &area, err);
	if (from_fd < 0)
		return from_fd;
	return vz_copytree(&(struct vz_copytree){ from_fd, to_fd, -EBADF }, err);
}

int vz_guest_export(struct vz_guest *g, int to_fd, bool *ret_needs_keys, struct wabe_error *err)
{
	const struct vz_layout *layout = NULL;
	int r = vz_guest_check(g, err);

	if (r == 0)
		r = vz_guest_find(g, err);
	if (r == 0)
		r = vz_layout_of(g, &layout, err);
	if (r < 0 || !layout)
		return r;
	if (g->container && layout->fs_type && !layout->look && !layout->open_running)
		return vz_error_say(err, VZ_EXIT_RUNNING, -EBUSY,
				    "Container %s is running: stop it, its layout %s needs it",
				    g->id, layout->name);
	r = copy(g, layout, to_fd, err);
	return r < 0 ? r : vz_identity_remove(to_fd, true, ret_needs_keys, err);
}
