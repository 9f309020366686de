// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/set: vzctl set; see set.h. */
#include "guest/set.h"

#include <errno.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "guest/apply.h"
#include "guest/start.h"
#include "guest/stop.h"

static bool has_flag(const struct vz_params *changes, enum vz_param_id id, unsigned int flag)
{
	return (vz_param_row(id)->flags & flag) && vz_param_has(changes, id);
}

static bool changes_any(const struct vz_params *changes, unsigned int flag,
			enum vz_param_id *ret_id)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		if (!has_flag(changes, id, flag))
			continue;
		*ret_id = id;
		return true;
	}
	return false;
}

/* It puts in force what the file has; what came with it would be lost without a word. */
static int check_alone(const struct vz_params *changes, const struct vz_set_options *options,
		       struct wabe_error *err)
{
	bool is_alone = !options->is_saved && !options->sample;

	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++)
		is_alone = is_alone && !changes->values[id].is_set;
	return is_alone
		       ? 0
		       : vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				      "--reset_ub goes with no parameter, --save or --applyconfig");
}

static int check(const struct vz_guest *g, const struct vz_params *changes,
		 const struct vz_set_options *options, struct wabe_error *err)
{
	enum vz_param_id id;

	if (options->is_reset_ub)
		return check_alone(changes, options, err);
	if (options->mode == VZ_SETMODE_RESTART && !options->is_saved)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    "--setmode restart doesn't make sense without --save");
	if (vz_param_has(changes, VZ_PARAM_NAME) && !options->is_saved)
		return vz_error_say(err, VZ_EXIT_NAME, -EINVAL,
				    "unable to use --name without --save");
	if (g->container && changes_any(changes, VZ_PARAM_STOPPED, &id))
		return vz_error_say(err, VZ_EXIT_RUNNING, -EBUSY,
				    "Unable to change %s on a running container",
				    vz_param_row(id)->key);
	return 0;
}

/* A password has no line in the file. */
static bool is_any_kept(const struct vz_params *changes, const struct vz_set_options *options)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++)
		if (vz_param_row(id)->key && vz_param_has(changes, id))
			return true;
	return options->sample;
}

static int restart(struct vz_guest *g, struct wabe_error *err)
{
	int r = vz_guest_stop(g, &(struct vz_stop_options){ 0 }, err);

	return r < 0 ? r : vz_guest_start(g, &(struct vz_start_options){ 0 }, err);
}

static void warn_of_waiting(const struct vz_guest *g, const struct vz_params *changes)
{
	_cleanup_(wabe_buf_free) struct wabe_buf keys = WABE_BUF_INIT;

	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++)
		if (has_flag(changes, id, VZ_PARAM_RESTART))
			(void)wabe_buf_printf(&keys, "%s%s", keys.len ? " " : "",
					      vz_param_row(id)->key);
	vz_warn(g,
		"some of the parameters could not be applied to a running container (%s); consider --setmode",
		keys.data ? keys.data : "");
}

/* What waits for the next start of a running guest. */
static int finish(struct vz_guest *g, const struct vz_params *changes,
		  const struct vz_set_options *options, struct wabe_error *err)
{
	enum vz_param_id id;

	if (!g->container || !changes_any(changes, VZ_PARAM_RESTART, &id))
		return 0;
	if (options->mode == VZ_SETMODE_RESTART)
		return restart(g, err);
	if (options->mode == VZ_SETMODE_NONE)
		warn_of_waiting(g, changes);
	return 0;
}

int vz_guest_set(struct vz_guest *g, const struct vz_params *changes,
		 const struct vz_set_options *options, struct wabe_error *err)
{
	const struct vz_params before = g->conf.params;
	const struct vz_change change = {
		.params = changes,
		.before = &before,
		.sample = options->sample,
		.is_all = options->sample,
		.is_saved = options->is_saved,
	};
	int r = vz_guest_find(g, err);

	if (r == 0)
		r = check(g, changes, options, err);
	if (r < 0)
		return r;
	if (options->is_reset_ub)
		return vz_apply_limits(g, err);
	r = vz_apply_changes(g, &change, err);
	if (r < 0) {
		if (options->is_saved)
			vz_warn(g,
				"failed to apply some parameters, not saving the configuration file");
		return r;
	}
	if (options->is_saved) {
		if (vz_ctconf_save(&g->conf, err) < 0) {
			vz_apply_take_back(g, &change, SIZE_MAX);
			return vz_guest_fail(err, VZ_EXIT_SAVE);
		}
		vz_say(g, "CT configuration saved to %s", g->conf.path);
	} else if (is_any_kept(changes, options)) {
		vz_warn(g, "settings were not saved to the configuration%s (use --save)",
			g->container ? " and will be lost after a restart" : "");
	}
	return finish(g, changes, options, err);
}
