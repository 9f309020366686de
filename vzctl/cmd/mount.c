// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/mount: vzctl mount CTID and vzctl umount CTID. */
#include "guest/mount.h"

#include "cmd/cmd.h"

static int refuse_running(const struct vz_guest *g, const char *verb, struct wabe_error *err)
{
	if (!g->container)
		return 0;
	return vz_error_say(err, VZ_EXIT_RUNNING, -EBUSY, "Unable to %s: container is running",
			    verb);
}

int vz_cmd_mount(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		 struct wabe_error *err)
{
	int r = vz_cmd_options(cli, NULL, 0, NULL, argc, argv, err);

	if (r == 0)
		r = vz_guest_lock(g, "mounting", VZ_PARAMS_STRICT, err);
	if (r < 0)
		return r;
	if (g->container)
		return vz_error_say(err, VZ_EXIT_MOUNTED, -EBUSY,
				    "Container is already mounted: it is running");
	return vz_guest_mount(g, true, err);
}

int vz_cmd_umount(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		  struct wabe_error *err)
{
	int r = vz_cmd_options(cli, NULL, 0, NULL, argc, argv, err);

	if (r == 0)
		r = vz_guest_lock(g, "unmounting", VZ_PARAMS_LENIENT, err);
	if (r == 0)
		r = refuse_running(g, "unmount", err);
	return r < 0 ? r : vz_guest_umount(g, err);
}
