// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/destroy: vzctl destroy CTID. */
#include "guest/destroy.h"

#include "cmd/cmd.h"

int vz_cmd_destroy(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		   struct wabe_error *err)
{
	int r = vz_cmd_options(cli, NULL, 0, NULL, argc, argv, err);

	/* Lenient: a guest with a bad value in its file can be removed too. */
	if (r == 0)
		r = vz_guest_lock(g, "destroying", VZ_PARAMS_LENIENT, err);
	return r < 0 ? r : vz_guest_destroy(g, err);
}
