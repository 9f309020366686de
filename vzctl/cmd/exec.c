// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/exec: vzctl exec CTID COMMAND, and exec2. */
#include "cmd/cmd.h"
#include "guest/run.h"

static int run(struct vz_guest *g, int argc, char **argv, struct wabe_error *err)
{
	int r;

	/* Words behind the guest are the command's, options too. */
	if (argc < 2)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    "No command line given for exec");
	r = vz_guest_need_running(g, err);
	return r < 0 ? r : vz_run_words(g, argv + 1, (size_t)argc - 1, err);
}

int vz_cmd_exec(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		struct wabe_error *err)
{
	int r = run(g, argc, argv, err);

	(void)cli;
	return r > 0 ? VZ_EXIT_COMMAND : r;
}

int vz_cmd_exec2(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		 struct wabe_error *err)
{
	(void)cli;
	return run(g, argc, argv, err);
}
