// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/stop: vzctl stop CTID [--fast] [--skip-umount]. */
#include "guest/stop.h"

#include <stddef.h>

#include "base/cleanup.h"
#include "cmd/cmd.h"

static const struct wabe_option options[] = {
	{ "fast", 0, WABE_OPTION_FLAG, offsetof(struct vz_stop_options, is_fast), NULL,
	  "kill at once" },
	{ "skip-umount", 0, WABE_OPTION_FLAG, offsetof(struct vz_stop_options, has_skip_umount),
	  NULL, "leave the root mounted on the host" },
};

int vz_cmd_stop(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		struct wabe_error *err)
{
	struct vz_stop_options values = { 0 };
	int r = vz_cmd_options(cli, options, ARRAY_SIZE(options), &values, argc, argv, err);

	/* Lenient: a bad value in the file is no reason to keep a guest running. */
	if (r == 0)
		r = vz_guest_lock(g, "stopping", VZ_PARAMS_LENIENT, err);
	return r < 0 ? r : vz_guest_stop(g, &values, err);
}
