// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/create: vzctl create CTID [--ostemplate NAME] [--config SAMPLE] [parameters]. */
#include "guest/create.h"

#include <stddef.h>

#include "base/cleanup.h"
#include "cmd/cmd.h"
#include "guest/net.h"
#include "guest/counters.h"
#include "guest/rights.h"

struct values {
	const char *sample;
};

static const struct wabe_option own[] = {
	{ "config", 0, WABE_OPTION_STRING, offsetof(struct values, sample), "SAMPLE",
	  "sample configuration to start from" },
};

int vz_cmd_create(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		  struct wabe_error *err)
{
	struct vz_params params = { .arena = &cli->arena };
	struct values values = { 0 };
	int r;

	vz_cmd_drop_own_number(g, argc, argv);
	r = vz_params_parse_args(&params, VZ_PARAM_CREATE, own, ARRAY_SIZE(own), &values, argc,
				 argv, err);
	if (r < 0)
		return r;
	if (r < argc)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL, "unexpected word \"%s\"",
				    argv[r]);
	/* Before the lock, which an id that can't be used must not leave a file for. */
	r = vz_ctconf_check_new_id(g->ctid, err);
	if (r == 0)
		r = vz_guest_lock_new(g, "creating", err);
	if (r == 0)
		r = vz_net_fill(g, &params, err);
	if (r == 0)
		r = vz_guest_create(g, values.sample, &params, err);
	if (r < 0)
		return r;
	vz_params_say_unenforced(&params, &cli->log);
	vz_counters_say_kept(g, &params);
	vz_rights_say(g, &params);
	return r;
}
