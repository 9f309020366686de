// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd/recover: vzctl recover CTID: what locking a guest repairs, said. With --ended it is what vzeventd calls when a guest's
 * init has ended.
 */
#include <stddef.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "guest/repair.h"
#include "guest/running.h"
#include "guest/start.h"

/* A `vzctl stop` that the guest has just obeyed holds the lock, at most for as long as its scripts take. */
#define ENDED_LOCK_MS (600 * 1000)

struct values {
	const char *ended;
};

static const struct wabe_option options[] = {
	{ "ended", 0, WABE_OPTION_STRING, offsetof(struct values, ended), "reboot|halt|unknown",
	  "its init has ended, so: start it again, or don't" },
};

enum ended { ENDED_NOT, ENDED_REBOOT, ENDED_HALT, ENDED_UNKNOWN };

static const struct wabe_name reasons[] = {
	{ "reboot", ENDED_REBOOT },
	{ "halt", ENDED_HALT },
	{ "unknown", ENDED_UNKNOWN },
	{ NULL, 0 },
};

/*
 * Who stopped it took its record away, and it stays down. A reason that nobody could learn is taken for a reboot where the
 * administrator wants the guest up anyway.
 */
static int go_on(struct vz_guest *g, enum ended ended, struct wabe_error *err)
{
	static const struct vz_start_options plain = { 0 };
	bool is_wanted = vz_running_is_noted(g->host, g->ctid);
	int r;

	if (!g->has_conf || !is_wanted)
		return 0;
	if (ended == ENDED_UNKNOWN && vz_param_yes(&g->conf.params, VZ_PARAM_ONBOOT))
		ended = ENDED_REBOOT;
	if (ended != ENDED_REBOOT)
		return vz_running_forget(g->host, g->ctid, err);
	r = vz_guest_load(g, VZ_PARAMS_STRICT, err);
	return r < 0 ? r : vz_guest_start(g, &plain, err);
}

int vz_cmd_recover(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		   struct wabe_error *err)
{
	struct values values = { 0 };
	long long ended = ENDED_NOT;
	bool was_there;
	int r = vz_cmd_options(cli, options, ARRAY_SIZE(options), &values, argc, argv, err);

	if (r < 0)
		return r;
	if (values.ended && wabe_name_find(reasons, values.ended, &ended) < 0)
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
				    "--ended %s: expected reboot, halt or unknown", values.ended);
	g->tells_repairs = true;
	g->lock_timeout_ms = ended == ENDED_NOT ? 0 : ENDED_LOCK_MS;
	was_there = vz_ctconf_exists(g->host, g->ctid) || vz_repair_is_pending(g);
	r = vz_guest_lock(g, "recovering", VZ_PARAMS_LENIENT, err);
	/* An interrupted create was taken back, or a destroy finished: nothing is left to look at. */
	if (r == -ENOENT && (was_there || ended != ENDED_NOT))
		return VZ_EXIT_OK;
	if (r == 0)
		r = vz_guest_find(g, err);
	return r == 0 && ended != ENDED_NOT && !g->container ? go_on(g, (enum ended)ended, err) : r;
}
