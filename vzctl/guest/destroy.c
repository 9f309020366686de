// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/destroy: see destroy.h. Every part is idempotent and the configuration, which says where
 * the parts are, goes last: destroying again finishes what was interrupted.
 */
#include "guest/destroy.h"

#include <errno.h>

#include "base/cleanup.h"
#include "guest/area.h"
#include "guest/idrange.h"
#include "guest/mount.h"
#include "guest/quota.h"
#include "guest/root.h"
#include "guest/traffic.h"
#include "guest/traffic_quota.h"
#include "guest/template.h"
#include "tmpl/tmpl.h"
#include "guest/running.h"

static int release_ids(struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(vz_idrange_close) struct vz_idrange ranges = VZ_IDRANGE_INIT;
	uint32_t uid;
	bool is_known = vz_guest_uid(g, &uid);
	int r;

	if (is_known && uid == 0)
		return 0;
	r = vz_idrange_open(g->host, false, &ranges, err);
	if (r < 0)
		return r;
	return is_known ? vz_idrange_release(&ranges, uid, g->ctid, err)
			: vz_idrange_release_all(&ranges, g->ctid, err);
}

/* The guest is gone whether its generation can be removed or not; the next update tries again. */
static void release_template(const struct vz_guest *g)
{
	const char *name = vz_param_string(&g->conf.params, VZ_PARAM_OSTEMPLATE);
	const char *created = vz_conffile_get(&g->conf.file, VZ_GUEST_GENERATION_KEY);
	struct wabe_error err = WABE_ERROR_INIT;

	if (name && created && vz_template_release(g->host, name, created, &err) < 0)
		vz_warn(g, "%s", err.text);
}

static void drop_quota(const struct vz_guest *g)
{
	_cleanup_(vz_area_close) struct vz_area area = VZ_AREA_INIT;

	if (vz_area_open(g->conf.private, &area, NULL) == 0)
		vz_quota_drop(g, &area);
}

int vz_destroy_rest(struct vz_guest *g, struct wabe_error *err)
{
	int r = 0;

	if (g->conf.private) {
		drop_quota(g);
		r = vz_area_remove(g->conf.private, err);
	}
	if (r == 0)
		r = release_ids(g, err);
	if (r < 0)
		return vz_error_default(err, VZ_EXIT_DELETE);
	if (g->conf.root)
		r = vz_root_remove(g->conf.root, err);
	vz_traffic_remove(g->host, g->ctid);
	vz_traffic_quota_remove(g->host, g->ctid);
	if (r == 0)
		r = vz_running_forget(g->host, g->ctid, err);
	if (r == 0)
		r = vz_ctconf_remove(g->host, g->ctid, err);
	if (r < 0)
		return vz_error_default(err, VZ_EXIT_DELETE);
	release_template(g);
	vz_ctconf_free(&g->conf);
	g->has_conf = false;
	return 0;
}

int vz_guest_destroy(struct vz_guest *g, struct wabe_error *err)
{
	int r = vz_guest_find(g, err);

	if (r < 0)
		return r;
	if (g->container)
		return vz_error_say(err, VZ_EXIT_RUNNING, -EBUSY,
				    "Container is currently running. Stop it before proceeding");
	if (vz_guest_is_mounted(g))
		return vz_error_say(err, VZ_EXIT_MOUNTED, -EBUSY,
				    "Container is currently mounted (umount first)");
	vz_say(g, "Destroying container private area: %s",
	       g->conf.private ? g->conf.private : "(none)");
	r = vz_destroy_rest(g, err);
	if (r == 0)
		vz_say(g, "Container private area was destroyed");
	return r;
}
