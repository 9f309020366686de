// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/quota: vzctl quotaon, quotaoff and quotainit CTID. */
#include "guest/quota_switch.h"

#include "cmd/cmd.h"

static int run(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
	       int (*fn)(struct vz_guest *g, struct wabe_error *err), struct wabe_error *err)
{
	int r = vz_cmd_options(cli, NULL, 0, NULL, argc, argv, err);

	if (r == 0)
		r = vz_guest_lock(g, "changing disk quota", VZ_PARAMS_STRICT, err);
	return r < 0 ? r : fn(g, err);
}

int vz_cmd_quotaon(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		   struct wabe_error *err)
{
	return run(cli, g, argc, argv, vz_quota_switch_on, err);
}

int vz_cmd_quotaoff(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		    struct wabe_error *err)
{
	return run(cli, g, argc, argv, vz_quota_switch_off, err);
}

int vz_cmd_quotainit(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		     struct wabe_error *err)
{
	return run(cli, g, argc, argv, vz_quota_switch_init, err);
}
