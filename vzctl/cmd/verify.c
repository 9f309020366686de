// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/verify: vzctl verify CTID: a table of its limits and whether they hold. */
#include "guest/verify.h"

#include <stdio.h>

#include "cmd/cmd.h"

static void print(void *data, const struct vz_verify_result *result)
{
	(void)data;
	printf("%-14s %-20s %-28s %-9s %s\n", vz_param_row(result->param)->key, result->value,
	       result->by, vz_verdict_name(result->verdict), result->note);
	fflush(stdout);
}

int vz_cmd_verify(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		  struct wabe_error *err)
{
	int r = vz_cmd_options(cli, NULL, 0, NULL, argc, argv, err);

	if (r == 0)
		r = vz_guest_lock(g, "verifying", VZ_PARAMS_LENIENT, err);
	if (r == 0)
		r = vz_guest_need_running(g, err);
	if (r < 0)
		return r;
	printf("%-14s %-20s %-28s %-9s %s\n", "PARAMETER", "VALUE", "ENFORCED BY", "RESULT", "");
	r = vz_guest_verify(g, print, NULL, err);
	if (r <= 0)
		return r;
	return vz_error_say(err, VZ_EXIT_VALIDATE, -EIO, "%d limit%s could not be proven", r,
			    r == 1 ? "" : "s");
}
