// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd/status: vzctl status CTID: one line whose words scripts parse (Pacemaker's ManageVE reads the
 * third and fifth).
 */
#include <stdio.h>

#include "cmd/cmd.h"

int vz_cmd_status(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		  struct wabe_error *err)
{
	struct vz_guest_status status = { 0 };
	int r = vz_cmd_options(cli, NULL, 0, NULL, argc, argv, err);

	if (r == 0)
		r = vz_guest_status(g, &status, err);
	if (r < 0)
		return r;
	printf("CTID %s %s %s %s\n", g->id, status.is_existing ? "exist" : "deleted",
	       status.is_mounted ? "mounted" : "unmounted", status.is_running ? "running" : "down");
	return VZ_EXIT_OK;
}
