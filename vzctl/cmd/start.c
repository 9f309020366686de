// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/start: vzctl start CTID [--wait] [--force], and vzctl restart. */
#include "guest/start.h"

#include <stddef.h>

#include "base/cleanup.h"
#include "cmd/cmd.h"
#include "guest/eventd.h"
#include "guest/seal.h"
#include "guest/stop.h"

struct values {
	struct vz_start_options start;
	struct vz_stop_options stop;
	bool has_skip_remount;
};

#define SKIP_HELP "accepted for old scripts: nothing is remounted"

#define START_ROWS                                                                              \
	{ "wait",                                                                               \
	  0,                                                                                    \
	  WABE_OPTION_FLAG,                                                                     \
	  offsetof(struct values, start.is_waiting),                                            \
	  NULL,                                                                                 \
	  "return when the container's init is up" },                                           \
		{ "force",                                                                      \
		  0,                                                                            \
		  WABE_OPTION_FLAG,                                                             \
		  offsetof(struct values, start.is_forced),                                     \
		  NULL,                                                                         \
		  "although DISABLED=yes" },                                                    \
		{ "skip-fsck",                                                                  \
		  0,                                                                            \
		  WABE_OPTION_FLAG,                                                             \
		  offsetof(struct values, start.skips_check),                                   \
		  NULL,                                                                         \
		  "mount an image that is marked as damaged without e2fsck" },                  \
	{                                                                                       \
		"skip-remount", 0, WABE_OPTION_FLAG, offsetof(struct values, has_skip_remount), \
			NULL, SKIP_HELP                                                         \
	}

static const struct wabe_option start_options[] = { START_ROWS };

static const struct wabe_option restart_options[] = {
	START_ROWS,
	{ "fast", 0, WABE_OPTION_FLAG, offsetof(struct values, stop.is_fast), NULL,
	  "kill at once" },
	{ "skip-umount", 0, WABE_OPTION_FLAG, offsetof(struct values, stop.has_skip_umount), NULL,
	  "no matter here: start mounts again" },
};

static void say_skipped(struct vz_cli *cli, const struct values *values)
{
	if (values->has_skip_remount)
		wabe_log(&cli->log, WABE_LOG_INFO, "--skip-remount: nothing is remounted");
}

int vz_cmd_start(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		 struct wabe_error *err)
{
	struct values values = { 0 };
	int r = vz_cmd_options(cli, start_options, ARRAY_SIZE(start_options), &values, argc, argv,
			       err);

	if (r < 0)
		return r;
	/* With vzeventd it is the guest's parent's parent. */
	r = vz_eventd_run(&cli->host, cli->argv, err);
	if (r != -ENOENT)
		return r;
	say_skipped(cli, &values);
	r = vz_guest_lock(g, "starting", VZ_PARAMS_STRICT, err);
	return r < 0 ? r : vz_guest_start(g, &values.start, err);
}

int vz_cmd_restart(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		   struct wabe_error *err)
{
	struct values values = { 0 };
	int r = vz_cmd_options(cli, restart_options, ARRAY_SIZE(restart_options), &values, argc,
			       argv, err);

	if (r < 0)
		return r;
	r = vz_eventd_run(&cli->host, cli->argv, err);
	if (r != -ENOENT)
		return r;
	say_skipped(cli, &values);
	values.stop.has_skip_umount = false;
	r = vz_guest_lock(g, "restarting", VZ_PARAMS_STRICT, err);
	if (r == 0)
		r = vz_guest_may_start(g, &values.start, err);
	/* Begins anew, so before anything is said. */
	if (r == 0)
		r = vz_seal_for(g, err);
	if (r < 0)
		return r;
	vz_say(g, "Restarting container");
	if (g->container)
		r = vz_guest_stop(g, &values.stop, err);
	return r < 0 ? r : vz_guest_start(g, &values.start, err);
}
