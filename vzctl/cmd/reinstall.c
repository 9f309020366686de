// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/reinstall: vzctl reinstall CTID [--ostemplate NAME] [--force]. */
#include "guest/reinstall.h"

#include <stddef.h>

#include "base/cleanup.h"
#include "cmd/cmd.h"

static const struct wabe_option options[] = {
	{ "ostemplate", 0, WABE_OPTION_STRING, offsetof(struct vz_reinstall_options, ostemplate),
	  "NAME", "another template than the container's" },
	{ "force", 0, WABE_OPTION_FLAG, offsetof(struct vz_reinstall_options, is_forced), NULL,
	  "stop and unmount it first" },
};

int vz_cmd_reinstall(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		     struct wabe_error *err)
{
	struct vz_reinstall_options values = { 0 };
	int r = vz_cmd_options(cli, options, ARRAY_SIZE(options), &values, argc, argv, err);

	if (r == 0)
		r = vz_guest_lock(g, "reinstalling", VZ_PARAMS_STRICT, err);
	return r < 0 ? r : vz_guest_reinstall(g, &values, err);
}
