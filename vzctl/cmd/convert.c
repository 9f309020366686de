// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/convert: vzctl convert CTID --layout NAME, and vzctl compact CTID. */
#include "guest/convert.h"

#include <stddef.h>

#include "base/cleanup.h"
#include "cmd/cmd.h"
#include "guest/layout.h"

struct values {
	const char *layout;
};

static const struct wabe_option options[] = {
	{ "layout", 0, WABE_OPTION_STRING, offsetof(struct values, layout), "NAME",
	  "the layout that the container shall have" },
};

int vz_cmd_convert(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		   struct wabe_error *err)
{
	struct values values = { 0 };
	int r = vz_cmd_options(cli, options, ARRAY_SIZE(options), &values, argc, argv, err);

	if (r < 0)
		return r;
	if (!values.layout)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    "--layout NAME is missing: what to convert to");
	r = vz_guest_lock(g, "converting", VZ_PARAMS_STRICT, err);
	return r < 0 ? r : vz_guest_convert(g, values.layout, err);
}

int vz_cmd_compact(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		   struct wabe_error *err)
{
	int r = vz_cmd_options(cli, NULL, 0, NULL, argc, argv, err);

	if (r == 0)
		r = vz_guest_lock(g, "compacting", VZ_PARAMS_STRICT, err);
	if (r == 0)
		r = vz_guest_need_paths(g, err);
	return r < 0 ? r : vz_layout_compact(g, err);
}
