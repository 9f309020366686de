// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/clone: vzctl clone CTID NEW [parameters]. */
#include "guest/clone.h"

#include "cmd/cmd.h"
#include "guest/create.h"

static int clone_into(struct vz_cli *cli, struct vz_guest *from, struct vz_guest *g,
		      const struct vz_params *options, struct wabe_error *err)
{
	/* Before the locks, which an id that can't be used must not leave a file for. */
	int r = vz_ctconf_check_new_id(g->ctid, err);

	if (r == 0 && g->ctid == from->ctid)
		r = vz_error_say(err, VZ_EXIT_PRIVATE_AREA_EXISTS, -EEXIST,
				 "Container %s can't be its own copy", g->id);
	if (r == 0)
		r = vz_guest_lock(from, "cloning", VZ_PARAMS_STRICT, err);
	if (r == 0)
		r = vz_guest_lock_new(g, "creating", err);
	if (r == 0)
		r = vz_guest_clone(from, g, options, err);
	if (r == 0)
		vz_params_say_unenforced(options, &cli->log);
	return r;
}

int vz_cmd_clone(struct vz_cli *cli, struct vz_guest *from, int argc, char **argv,
		 struct wabe_error *err)
{
	struct vz_params options = { .arena = &cli->arena };
	struct vz_guest g;
	int r;

	if (argc < 2)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    "the id of the new container is missing");
	r = vz_guest_open(&cli->host, &cli->report, argv[1], &g, err);
	if (r < 0)
		return r;
	r = vz_params_parse_args(&options, VZ_PARAM_CREATE, NULL, 0, NULL, argc - 1, argv + 1, err);
	if (r >= 0 && r < argc - 1)
		r = vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL, "unexpected word \"%s\"",
				 argv[1 + r]);
	if (r >= 0)
		r = clone_into(cli, from, &g, &options, err);
	vz_guest_close(&g);
	return r;
}
