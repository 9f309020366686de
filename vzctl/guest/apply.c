// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/apply: the table of what vzctl set puts in force; see apply.h. */
#include "guest/apply.h"

#include <errno.h>

#include "base/cleanup.h"
#include "guest/conntrack.h"
#include "guest/counters.h"
#include "guest/dist.h"
#include "guest/devices.h"
#include "guest/hostname.h"
#include "guest/layout.h"
#include "guest/net.h"
#include "guest/passwd.h"
#include "guest/resources.h"
#include "guest/shape.h"
#include "guest/sshkey.h"
#include "guest/rights.h"
#include "guest/template.h"
#include "guest/traffic_quota.h"
#include "guest/validate.h"

/* Whether a start may have it is not asked: it changes nothing. */
static int check_name(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err)
{
	return change->is_all && !change->sample ? 0 : vz_ctconf_check_name(&g->conf, err);
}

static int apply_password(struct vz_guest *g, const struct vz_change *change,
			  struct wabe_error *err)
{
	return vz_passwd_set(g, vz_param_string(change->params, VZ_PARAM_USERPASSWD), err);
}

/* The generation that is kept belongs to the template before. */
static int apply_template(struct vz_guest *g, const struct vz_change *change,
			  struct wabe_error *err)
{
	char created[WABE_CLOCK_TEXT_MAX];
	int r = vz_guest_template_generation(g, true, created, err);

	(void)change;
	return r < 0 ? r
		     : vz_conffile_set(&g->conf.file, VZ_GUEST_GENERATION_KEY, created,
				       VZ_CONFFILE_LITERAL, err);
}

static int apply_quota(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err)
{
	(void)change;
	return vz_layout_limit(g, err);
}

static uint64_t space_of(const struct vz_params *params)
{
	return vz_param_bytes(params, VZ_PARAM_DISKSPACE).limit;
}

/* An image is as large as it is: a start would make it as the file says again, by copying all, or not fit it. */
static int check_quota(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err)
{
	const struct vz_layout *layout = NULL;
	int r;

	if (change->is_saved || !g->container ||
	    space_of(change->before) == space_of(&g->conf.params))
		return 0;
	r = vz_layout_of(g, &layout, err);
	if (r < 0 || (layout != &vz_layout_image && layout != &vz_layout_image_xfs))
		return r;
	return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
			    "DISKSPACE of an image doesn't make sense without --save");
}

static int check_mount_options(struct vz_guest *g, const struct vz_change *change,
			       struct wabe_error *err)
{
	const struct vz_layout *layout = NULL;
	int r = vz_layout_of(g, &layout, err);

	(void)change;
	return r < 0 ? r : vz_layout_check_options(g, layout, err);
}

static int check_resources(struct vz_guest *g, const struct vz_change *change,
			   struct wabe_error *err)
{
	(void)change;
	return vz_resources_check(&g->conf.params, err);
}

static int apply_resources(struct vz_guest *g, const struct vz_change *change,
			   struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const struct vz_params *only = change->is_all ? NULL : change->params;
	struct wabe_spec_resources resources = { 0 };
	int r = vz_resources_fill(g, &arena, only, &resources, err);

	if (r == 0)
		r = wabe_container_update(g->container, &resources, err);
	if (r == 0)
		vz_resources_protect(g, only);
	return r;
}

static int apply_counters(struct vz_guest *g, const struct vz_change *change,
			  struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const struct vz_params *only = change->is_all ? NULL : change->params;
	struct wabe_spec_resources resources = { 0 };
	int r = vz_counters_update(g, &arena, only, &resources, err);

	return r < 0 || resources.unified.count == 0
		       ? r
		       : wabe_container_update(g->container, &resources, err);
}

static int check_devices(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err)
{
	/* A guest whose device was unplugged starts without. */
	return change->is_all && !change->is_saved ? 0 : vz_devices_check(&g->conf.params, err);
}

static int apply_devices(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err)
{
	(void)change;
	return vz_devices_update(g, err);
}

static int check_rights(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err)
{
	(void)change;
	return vz_rights_check(&g->conf.params, err);
}

static int apply_hostname(struct vz_guest *g, const struct vz_change *change,
			  struct wabe_error *err)
{
	const char *hostname = vz_param_string(change->params, VZ_PARAM_HOSTNAME);
	int r = vz_hostname_set(g, hostname, err);

	if (r == 0)
		vz_say(g, "Set hostname: %s", hostname);
	return r;
}

/* An empty one is given too, and wrong. */
static bool has_sshkey(const struct vz_params *params)
{
	return params->values[VZ_PARAM_SSHKEY].is_set;
}

static int check_sshkey(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf keys = WABE_BUF_INIT;

	(void)g;
	return vz_sshkey_collect(change->params->values[VZ_PARAM_SSHKEY].text, &keys, err);
}

static int apply_sshkey(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err)
{
	return vz_sshkey_add(g, change->params->values[VZ_PARAM_SSHKEY].text, err);
}

/* What is in the guest's own files; an empty value takes it out of them. */
static bool is_in_files(const struct vz_params *params)
{
	return params->values[VZ_PARAM_IP_ADDRESS].is_set ||
	       params->values[VZ_PARAM_HOSTNAME].is_set ||
	       params->values[VZ_PARAM_NAMESERVER].is_set ||
	       params->values[VZ_PARAM_SEARCHDOMAIN].is_set;
}

static int apply_files(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err)
{
	(void)change;
	if (vz_guest_is_frozen(g)) {
		vz_warn(g,
			"it is frozen: what of it belongs into its own files is written at its next start");
		return 0;
	}
	return vz_dist_apply(g, false, err);
}

static int apply_network(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err)
{
	return vz_net_change(g, change->params, change->before, err);
}

static int apply_rate(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err)
{
	(void)change;
	return vz_shape_apply(g, err);
}

/* Whoever looks at quotas goes by the file: another one would be gone at the next look. */
static int check_traffic_quota(struct vz_guest *g, const struct vz_change *change,
			       struct wabe_error *err)
{
	(void)g;
	if (change->is_saved || change->is_all)
		return 0;
	return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
			    "a traffic quota doesn't make sense without --save");
}

static int apply_traffic_quota(struct vz_guest *g, const struct vz_change *change,
			       struct wabe_error *err)
{
	(void)change;
	return vz_traffic_quota_apply(g, NULL, err);
}

static int apply_conntrack(struct vz_guest *g, const struct vz_change *change,
			   struct wabe_error *err)
{
	(void)change;
	return vz_conntrack_apply(g, err);
}

static const struct vz_apply_row rows[] = {
	{
		.name = "name",
		.params = { VZ_PARAM_NAME },
		.count = 1,
		.when = VZ_APPLY_ALWAYS,
		.check = check_name,
		.kind = VZ_EXIT_NAME,
	},
	{
		.name = "template",
		.params = { VZ_PARAM_OSTEMPLATE },
		.count = 1,
		.when = VZ_APPLY_ALWAYS,
		.apply = apply_template,
		.kind = VZ_EXIT_NO_TEMPLATE,
	},
	{
		.name = "password",
		.params = { VZ_PARAM_USERPASSWD },
		.count = 1,
		.when = VZ_APPLY_ALWAYS,
		.apply = apply_password,
		.said = "Password was changed",
		.kind = VZ_EXIT_PASSWORD,
	},
	{
		.name = "ssh key",
		.concerns = has_sshkey,
		.when = VZ_APPLY_ALWAYS,
		.check = check_sshkey,
		.apply = apply_sshkey,
		.said = "SSH key was added",
		.kind = VZ_EXIT_PASSWORD,
	},
	{
		/* Project quota does not care whether the guest runs. */
		.name = "disk quota",
		.params = { VZ_PARAM_DISKSPACE, VZ_PARAM_DISKINODES, VZ_PARAM_DISK_QUOTA,
			    VZ_PARAM_QUOTATIME },
		.count = 4,
		.when = VZ_APPLY_SAVED,
		.flags = VZ_APPLY_SAMPLE,
		.check = check_quota,
		.apply = apply_quota,
		.kind = VZ_EXIT_QUOTA_SET,
	},
	{
		.name = "mount options",
		.params = { VZ_PARAM_MOUNT_OPTS },
		.count = 1,
		.when = VZ_APPLY_ALWAYS,
		.flags = VZ_APPLY_SAMPLE,
		.check = check_mount_options,
		.kind = VZ_EXIT_BAD_VALUE,
	},
	{
		.name = "limits",
		.concerns = vz_resources_is_any,
		.when = VZ_APPLY_RUNNING,
		.flags = VZ_APPLY_SAMPLE | VZ_APPLY_LIMIT,
		.check = check_resources,
		.apply = apply_resources,
		.said = "UB limits were set successfully",
		.kind = VZ_EXIT_SET_UBC,
	},
	{
		.name = "counters",
		.concerns = vz_counters_is_any,
		.when = VZ_APPLY_RUNNING,
		.flags = VZ_APPLY_SAMPLE | VZ_APPLY_LIMIT,
		.apply = apply_counters,
		.kind = VZ_EXIT_SET_UBC,
	},
	{
		.name = "network",
		.concerns = vz_net_is_any,
		.when = VZ_APPLY_RUNNING,
		.apply = apply_network,
		.kind = VZ_EXIT_ADD_IP,
	},
	{
		.name = "devices",
		.params = { VZ_PARAM_DEVICES, VZ_PARAM_DEVNODES },
		.count = 2,
		.when = VZ_APPLY_RUNNING,
		.check = check_devices,
		.apply = apply_devices,
		.said = "Devices were set",
		.kind = VZ_EXIT_DEVICES,
	},
	{
		.name = "capabilities",
		.params = { VZ_PARAM_CAPABILITY },
		.count = 1,
		.when = VZ_APPLY_ALWAYS,
		.check = check_rights,
		.kind = VZ_EXIT_CAPABILITY,
	},
	{
		.name = "host name",
		.params = { VZ_PARAM_HOSTNAME },
		.count = 1,
		.when = VZ_APPLY_RUNNING,
		.apply = apply_hostname,
		.kind = VZ_EXIT_BAD_HOSTNAME,
	},
	{
		.name = "tracked connections",
		.params = { VZ_PARAM_NUMCONNTRACK },
		.count = 1,
		.when = VZ_APPLY_RUNNING,
		.flags = VZ_APPLY_SAMPLE,
		.apply = apply_conntrack,
		.kind = VZ_EXIT_NETDEV,
	},
	{
		.name = "traffic quota",
		.params = { VZ_PARAM_TRAFFIC_QUOTA, VZ_PARAM_TRAFFIC_RESET, VZ_PARAM_TRAFFIC_ACTION,
			    VZ_PARAM_TRAFFIC_RATE },
		.count = 4,
		.when = VZ_APPLY_SAVED,
		.flags = VZ_APPLY_SAMPLE,
		.check = check_traffic_quota,
		.apply = apply_traffic_quota,
		.kind = VZ_EXIT_NETDEV,
	},
	{
		/* Behind the quota, which may have left another one. */
		.name = "rate",
		.params = { VZ_PARAM_NETRATE, VZ_PARAM_NETBURST, VZ_PARAM_NETQUEUE,
			    VZ_PARAM_TRAFFIC_RATE },
		.count = 4,
		.when = VZ_APPLY_RUNNING,
		.flags = VZ_APPLY_SAMPLE,
		.apply = apply_rate,
		.said = "Network rate was set",
		.kind = VZ_EXIT_NETDEV,
	},
	{
		/* Those of a guest that is down are written when it starts. */
		.name = "guest's files",
		.concerns = is_in_files,
		.when = VZ_APPLY_RUNNING,
		.flags = VZ_APPLY_SAMPLE,
		.apply = apply_files,
		.kind = VZ_EXIT_ACTION_SCRIPT,
	},
};

const struct vz_apply_row *vz_apply_rows(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(rows);
	return rows;
}

static bool is_asked(const struct vz_apply_row *row, const struct vz_change *change)
{
	if (row->concerns)
		return row->concerns(change->params);
	for (size_t i = 0; i < row->count; i++)
		if (vz_param_has(change->params, row->params[i]))
			return true;
	return false;
}

static bool is_changed(const struct vz_apply_row *row, const struct vz_change *change)
{
	return (change->sample && (row->flags & VZ_APPLY_SAMPLE)) || is_asked(row, change);
}

bool vz_apply_is_concerned(const struct vz_apply_row *row, const struct vz_change *change,
			   bool is_running)
{
	if (!is_running && row->when == VZ_APPLY_RUNNING)
		return false;
	if (!is_running && row->when == VZ_APPLY_SAVED && !change->is_saved)
		return false;
	return is_changed(row, change);
}

static int do_row(struct vz_guest *g, const struct vz_apply_row *row,
		  const struct vz_change *change, struct wabe_error *err)
{
	if (row->apply && row->apply(g, change, err) < 0)
		return vz_error_default(err, row->kind);
	/* A sample without any of them only takes back what was there. */
	if (row->said && is_asked(row, change))
		vz_say(g, "%s", row->said);
	return 0;
}

static int check_rows(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].check && is_changed(&rows[i], change) &&
		    rows[i].check(g, change, err) < 0)
			return vz_error_default(err, rows[i].kind);
	return 0;
}

int vz_apply_check(struct vz_guest *g, bool is_new, struct wabe_error *err)
{
	const struct vz_change change = {
		.params = &g->conf.params,
		.before = &g->conf.params,
		.is_all = true,
		.is_saved = is_new,
	};

	return check_rows(g, &change, err);
}

void vz_apply_take_back(struct vz_guest *g, const struct vz_change *change, size_t count)
{
	struct wabe_error err = WABE_ERROR_INIT;
	bool is_any = false;

	g->conf.params = *change->before;
	for (size_t i = 0; i < count && i < ARRAY_SIZE(rows); i++) {
		if (!(rows[i].flags & VZ_APPLY_LIMIT) ||
		    !vz_apply_is_concerned(&rows[i], change, g->container))
			continue;
		is_any = true;
		if (rows[i].apply(g, change, &err) < 0)
			vz_warn(g, "%s stay changed: %s", rows[i].name, err.text);
	}
	if (is_any)
		vz_say(g, "UB limits were set back");
}

int vz_apply_changes(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err)
{
	int r = change->sample ? vz_ctconf_apply_sample(&g->conf, change->sample, err) : 0;

	if (r == 0)
		r = vz_ctconf_apply(&g->conf, change->params, err);
	if (r == 0 && (g->container || change->is_saved))
		r = vz_guest_validate(g, err);
	if (r == 0)
		r = check_rows(g, change, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++) {
		if (vz_apply_is_concerned(&rows[i], change, g->container))
			r = do_row(g, &rows[i], change, err);
		if (r < 0)
			vz_apply_take_back(g, change, i);
	}
	return r;
}

int vz_apply_limits(struct vz_guest *g, struct wabe_error *err)
{
	const struct vz_params none = { 0 };
	const struct vz_change change = { .params = &none,
					  .before = &g->conf.params,
					  .is_all = true };
	int r = 0;

	for (size_t i = 0; r == 0 && g->container && i < ARRAY_SIZE(rows); i++)
		if (rows[i].flags & VZ_APPLY_LIMIT)
			r = do_row(g, &rows[i], &change, err);
	return r;
}
