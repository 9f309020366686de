// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/enter: vzctl enter CTID [--exec COMMAND [ARG...]]. */
#include <string.h>

#include "cmd/cmd.h"
#include "guest/run.h"

int vz_cmd_enter(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		 struct wabe_error *err)
{
	bool has_command = argc > 1 && strcmp(argv[1], "--exec") == 0;
	int r;

	(void)cli;
	if (argc > 1 && !has_command)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL, "Invalid option '%s'",
				    argv[1]);
	if (has_command && (argc == 2 || !argv[2][0]))
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    "No command line given for --exec");
	r = vz_guest_need_running(g, err);
	if (r < 0)
		return r;
	vz_say(g, "entered into CT %s", g->id);
	r = vz_run_login(g, argv + 2, has_command ? (size_t)argc - 2 : 0, err);
	if (r >= 0)
		vz_say(g, "exited from CT %s", g->id);
	return r;
}
