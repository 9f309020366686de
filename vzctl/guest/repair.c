// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/repair: after a kill -9; see repair.h. */
#include "guest/repair.h"

#include <errno.h>

#include "base/cleanup.h"
#include "guest/area.h"
#include "guest/create.h"
#include "guest/destroy.h"
#include "guest/net.h"
#include "guest/pending.h"
#include "guest/root.h"
#include "guest/stop.h"

/* Only who came to repair wants to hear of it: for other commands it is as if it had never been broken. */
static void tell(const struct vz_guest *g, const char *text)
{
	if (g->tells_repairs)
		vz_say(g, "CT %s: %s", g->id, text);
}

bool vz_repair_is_pending(const struct vz_guest *g)
{
	return vz_pending_exists(g->host, g->ctid);
}

int vz_repair_create(struct vz_guest *g, struct wabe_error *err)
{
	int r;

	if (!vz_repair_is_pending(g))
		return 0;
	if (!vz_ctconf_exists(g->host, g->ctid)) {
		int r_back;

		vz_warn(g, "an interrupted create is taken back");
		r_back = vz_create_take_back(g, err);
		if (r_back == 0)
			tell(g, "an interrupted create was taken back");
		return r_back;
	}
	/*
	 * All was made; only the name's link may be missing, which saving brings in line, and the private area may not have its
	 * name yet.
	 */
	r = vz_guest_load(g, VZ_PARAMS_LENIENT, err);
	if (r == 0)
		r = vz_ctconf_save(&g->conf, err);
	if (r == 0 && g->conf.private)
		r = vz_area_publish(g->conf.private, err);
	if (r == 0)
		r = vz_pending_drop(g->host, g->ctid, err);
	if (r == 0)
		tell(g, "an interrupted create was finished");
	return r;
}

/* A container without a running init: halted from inside, or its maker was killed before init ran.
 */
int vz_repair_container(struct vz_guest *g, struct wabe_error *err)
{
	struct wabe_container *c = NULL;
	int r = vz_guest_find(g, err);

	if (r < 0 || g->container)
		return r;
	r = wabe_container_load(&g->host->rt, g->id, &c, err);
	if (r == -ENOENT) {
		wabe_error_clear(err);
		return 0;
	}
	if (r == 0)
		r = vz_stop_clean(g, c, err);
	wabe_container_free(&c);
	if (r == 0)
		tell(g, "what its ended container left was removed");
	return r;
}

/* 1: put right, 0: it was right. */
static int restore_root(struct vz_guest *g, struct wabe_error *err)
{
	pid_t pid = g->container ? wabe_container_pid(g->container) : 0;
	enum vz_root_state state;
	int r = 0;

	if (!g->conf.root || vz_root_state(g->conf.root, &state, NULL) < 0)
		return 0;
	vz_root_tidy(g->conf.root);
	if (g->container && state != VZ_ROOT_MOUNTED && !vz_root_is_link_to(g->conf.root, pid))
		r = vz_root_make_link(g->conf.root, pid, err);
	else if (!g->container && state == VZ_ROOT_LINK)
		r = vz_root_make_directory(g->conf.root, err);
	else
		return 0;
	return r < 0 ? r : 1;
}

static int repair_root(struct vz_guest *g, struct wabe_error *err)
{
	int r = restore_root(g, err);

	if (r > 0)
		tell(g, g->container ? "VE_ROOT is the link to its root again"
				     : "VE_ROOT is an empty directory again");
	return r < 0 ? r : 0;
}

/* Only for who came to repair: other commands would not have got the guest by that name. */
static void repair_name(struct vz_guest *g)
{
	struct wabe_error err = WABE_ERROR_INIT;
	int r = g->tells_repairs ? vz_ctconf_restore_name(&g->conf, &err) : 0;

	if (r > 0)
		tell(g, "its name leads to it again");
	else if (r < 0)
		vz_warn(g, "CT %s: %s", g->id, err.text);
}

int vz_repair(struct vz_guest *g, struct wabe_error *err)
{
	int r;

	vz_ctconf_tidy(g->host, g->ctid);
	if (g->conf.private && vz_area_is_removed(g->conf.private)) {
		vz_warn(g, "an interrupted destroy is finished");
		r = vz_destroy_rest(g, err);
		if (r == 0)
			tell(g, "an interrupted destroy was finished");
		return r;
	}
	r = vz_repair_container(g, err);
	if (r == 0 && !g->container)
		r = vz_net_down(g, -EBADF, err);
	if (r == 0)
		r = repair_root(g, err);
	repair_name(g);
	/* Last: the configuration may be another one afterwards. */
	if (r == 0 && g->conf.private && vz_area_is_staged(g->conf.private)) {
		vz_warn(g, "an interrupted change of the private area is finished or taken back");
		r = vz_area_repair(g, err);
		if (r == 0)
			tell(g, "its private area was put right");
	}
	return r;
}
