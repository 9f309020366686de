// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/layout_dir: layout "dir": a plain tree. */
#include "guest/layout.h"
#include "guest/quota.h"

static int make(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	(void)g;
	return vz_layout_make_dir(area->fd, "fs", 0700, err);
}

const struct vz_layout vz_layout_dir = {
	.name = "dir",
	.alias = "simfs",
	.is_host_fs = true,
	.make = make,
	.mount = vz_layout_mount_dir,
	.limit = vz_quota_apply,
	.usage = vz_quota_usage,
};
