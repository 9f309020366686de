// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/set: vzctl set; see set.h. */
#include "guest/set.h"

#include <errno.h>

#include "guest/hostname.h"
#include "guest/passwd.h"
#include "guest/quota.h"
#include "guest/resources.h"
#include "guest/start.h"
#include "guest/stop.h"
#include "guest/template.h"

static bool changes_any(const struct vz_params *changes, unsigned int flag,
			enum vz_param_id *ret_id)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		if (!(vz_param_row(id)->flags & flag) || !vz_param_has(changes, id))
			continue;
		*ret_id = id;
		return true;
	}
	return false;
}

static int check(const struct vz_guest *g, const struct vz_params *changes,
		 const struct vz_set_options *options, struct wabe_error *err)
{
	enum vz_param_id id;

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

static int apply_limits(struct vz_guest *g, const struct vz_params *only, struct wabe_error *err)
{
	struct wabe_spec_resources resources = { 0 };
	int r = vz_resources_fill(g, only, &resources, err);

	if (r == 0)
		r = wabe_container_update(g->container, &resources, err);
	if (r < 0)
		return vz_error_default(err, VZ_EXIT_SET_UBC);
	vz_say(g, "UB limits were set successfully");
	return 0;
}

/* Project quota does not care whether the guest runs. */
static bool has_quota_change(const struct vz_params *changes, const struct vz_set_options *options)
{
	return options->sample || vz_param_has(changes, VZ_PARAM_DISKSPACE) ||
	       vz_param_has(changes, VZ_PARAM_DISKINODES) ||
	       vz_param_has(changes, VZ_PARAM_DISK_QUOTA);
}

static int apply_online(struct vz_guest *g, const struct vz_params *changes,
			const struct vz_set_options *options, struct wabe_error *err)
{
	const char *hostname = vz_param_has(changes, VZ_PARAM_HOSTNAME)
				       ? vz_param_string(changes, VZ_PARAM_HOSTNAME)
				       : NULL;
	int r = 0;

	if (options->sample)
		r = apply_limits(g, NULL, err);
	else if (vz_resources_is_any(changes))
		r = apply_limits(g, changes, err);
	if (r == 0 && hostname && *hostname) {
		r = vz_hostname_set(g, hostname, err);
		if (r < 0)
			vz_error_default(err, VZ_EXIT_BAD_HOSTNAME);
		else
			vz_say(g, "Set hostname: %s", hostname);
	}
	return r;
}

/* The generation that is kept belongs to the template before. */
static int change_template(struct vz_guest *g, const struct vz_params *changes,
			   struct wabe_error *err)
{
	const char *created = NULL;
	int r;

	if (!vz_param_has(changes, VZ_PARAM_OSTEMPLATE))
		return 0;
	r = vz_guest_template_created(g, &g->conf.arena, &created, err);
	if (r == 0 && created)
		r = vz_conffile_set(&g->conf.file, "TEMPLATE_CREATED", created, VZ_CONFFILE_LITERAL,
				    err);
	return r;
}

static int put_in_force(struct vz_guest *g, const struct vz_params *changes,
			const struct vz_set_options *options, struct wabe_error *err)
{
	int r = 0;

	if (vz_param_has(changes, VZ_PARAM_USERPASSWD)) {
		r = vz_passwd_set(g, vz_param_string(changes, VZ_PARAM_USERPASSWD), err);
		if (r == 0)
			vz_say(g, "Password was changed");
	}
	if (r == 0 && options->sample)
		r = vz_ctconf_apply_sample(&g->conf, options->sample, err);
	if (r == 0)
		r = vz_ctconf_apply(&g->conf, changes, err);
	if (r == 0)
		r = change_template(g, changes, err);
	if (r == 0 && has_quota_change(changes, options) && (g->container || options->is_saved))
		r = vz_quota_apply(g, err);
	if (r == 0 && g->container)
		r = apply_online(g, changes, options, err);
	return r;
}

static bool is_only_password(const struct vz_params *changes, const struct vz_set_options *options)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++)
		if (id != VZ_PARAM_USERPASSWD && vz_param_has(changes, id))
			return false;
	return !options->sample;
}

static int restart(struct vz_guest *g, struct wabe_error *err)
{
	int r = vz_guest_stop(g, &(struct vz_stop_options){ 0 }, err);

	return r < 0 ? r : vz_guest_start(g, &(struct vz_start_options){ 0 }, err);
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
		vz_warn(g,
			"some of the parameters could not be applied to a running container (%s); consider --setmode",
			vz_param_row(id)->key);
	return 0;
}

int vz_guest_set(struct vz_guest *g, const struct vz_params *changes,
		 const struct vz_set_options *options, struct wabe_error *err)
{
	int r = vz_guest_find(g, err);

	if (r == 0)
		r = check(g, changes, options, err);
	if (r < 0)
		return r;
	if (options->is_reset_ub)
		return g->container ? apply_limits(g, NULL, err) : 0;
	r = put_in_force(g, changes, options, err);
	if (r < 0) {
		if (options->is_saved)
			vz_warn(g,
				"failed to apply some parameters, not saving the configuration file");
		return r;
	}
	if (options->is_saved) {
		if (vz_ctconf_save(&g->conf, err) < 0)
			return vz_guest_fail(err, VZ_EXIT_SAVE);
		vz_say(g, "CT configuration saved to %s", g->conf.path);
	} else if (!is_only_password(changes, options)) {
		vz_warn(g, "settings were not saved to the configuration%s (use --save)",
			g->container ? " and will be lost after a restart" : "");
	}
	return finish(g, changes, options, err);
}
