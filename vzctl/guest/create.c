// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/create: the steps of a create; see create.h. */
#include "guest/create.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "guest/apply.h"
#include "guest/area.h"
#include "guest/destroy.h"
#include "guest/dist.h"
#include "guest/identity.h"
#include "guest/idrange.h"
#include "guest/layout.h"
#include "guest/pending.h"
#include "guest/quota.h"
#include "guest/root.h"
#include "guest/steps.h"
#include "guest/template.h"

struct create {
	struct vz_guest *g;
	struct vz_idrange ranges; /* locked until the range is claimed */
	uint32_t uid;
	bool needs_template;
	int template_fd; /* holds the template */
	vz_create_fill *fill;
	void *fill_data;
};

static int check_uid(const struct vz_guest *g, struct wabe_error *err)
{
	const struct vz_params *p = &g->conf.params;
	uint64_t uid;

	/* Idmapped mounts have one map here, for users and groups alike. */
	if (vz_param_has(p, VZ_PARAM_LOCAL_GID) &&
	    (!vz_param_has(p, VZ_PARAM_LOCAL_UID) ||
	     vz_param_u64(p, VZ_PARAM_LOCAL_GID) != vz_param_u64(p, VZ_PARAM_LOCAL_UID)))
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
				    "--local_gid must be the same as --local_uid");
	uid = vz_param_u64(p, VZ_PARAM_LOCAL_UID);
	if (uid > 0 && uid < VZ_IDRANGE_SIZE)
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
				    "--local_uid %" PRIu64
				    ": below %u are the host's own users (0: no user namespace)",
				    uid, VZ_IDRANGE_SIZE);
	return 0;
}

static int check_new(const struct vz_guest *g, struct wabe_error *err)
{
	const struct vz_layout *layout = NULL;
	struct stat st;
	int r = vz_guest_need_paths(g, err);

	if (r == 0)
		r = vz_layout_of(g, &layout, err);
	if (r == 0)
		r = vz_layout_check(g, layout, err);
	if (r < 0)
		return r;
	if (lstat(g->conf.private, &st) == 0)
		return vz_error_say(err, VZ_EXIT_PRIVATE_AREA_EXISTS, -EEXIST,
				    "Private area already exists in %s", g->conf.private);
	return check_uid(g, err);
}

static int hold_template(void *data, struct wabe_error *err)
{
	char created[WABE_CLOCK_TEXT_MAX];
	struct create *c = data;

	if (!c->needs_template)
		return 0;
	c->template_fd = vz_guest_template_hold(c->g, created, err);
	if (c->template_fd < 0)
		return c->template_fd;
	return vz_identity_note_template(c->g, c->template_fd, created, err);
}

static void drop_template(void *data)
{
	struct create *c = data;

	wabe_cleanup_close(&c->template_fd);
}

static int choose_range(void *data, struct wabe_error *err)
{
	struct create *c = data;
	int r;

	if (vz_guest_uid(c->g, &c->uid))
		return 0;
	r = vz_idrange_open(c->g->host, true, &c->ranges, err);
	if (r == 0)
		r = vz_idrange_pick(&c->ranges, &c->uid, err);
	return r < 0 ? vz_guest_fail(err, VZ_EXIT_CREATE_PRIVATE) : 0;
}

static void unlock_ranges(void *data)
{
	struct create *c = data;

	vz_idrange_close(&c->ranges);
}

static int write_record(void *data, struct wabe_error *err)
{
	struct create *c = data;
	const struct vz_pending pending = { c->g->conf.private, c->g->conf.root, c->uid,
					    vz_param_string(&c->g->conf.own, VZ_PARAM_NAME) };

	if (vz_pending_save(c->g->host, c->g->ctid, &pending, err) < 0)
		return vz_guest_fail(err, VZ_EXIT_SAVE);
	return 0;
}

static void drop_record(void *data)
{
	struct create *c = data;

	(void)vz_pending_drop(c->g->host, c->g->ctid, NULL);
}

static int put_uid(struct vz_guest *g, uint32_t uid, struct wabe_error *err)
{
	struct vz_params params = { .arena = &g->conf.arena };
	char text[16];
	int r;

	snprintf(text, sizeof(text), "%" PRIu32, uid);
	r = vz_params_set(&params, VZ_PARAM_LOCAL_UID, text, err);
	if (r == 0)
		r = vz_params_set(&params, VZ_PARAM_LOCAL_GID, text, err);
	return r < 0 ? r : vz_ctconf_apply(&g->conf, &params, err);
}

/*
 * What comes from vz.conf, which can change, and decides what the guest is: it keeps what it was
 * made with.
 */
static int keep_defaults(struct vz_guest *g, struct wabe_error *err)
{
	static const enum vz_param_id ids[] = { VZ_PARAM_ROOT, VZ_PARAM_PRIVATE, VZ_PARAM_LAYOUT,
						VZ_PARAM_OSTEMPLATE };
	struct vz_params params = { .arena = &g->conf.arena };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		const char *text = vz_param_string(&g->conf.params, ids[i]);
		int r;

		if (ids[i] == VZ_PARAM_OSTEMPLATE && (!text || !*text))
			text = g->host->ostemplate;
		r = text ? vz_params_set(&params, ids[i], text, err) : 0;
		if (r < 0)
			return r;
	}
	return vz_ctconf_apply(&g->conf, &params, err);
}

static int claim_range(void *data, struct wabe_error *err)
{
	struct create *c = data;
	int r = 0;

	if (c->uid != 0 && c->ranges.dir_fd < 0)
		r = vz_idrange_open(c->g->host, true, &c->ranges, err);
	if (r == 0 && c->uid != 0)
		r = vz_idrange_claim(&c->ranges, c->uid, c->g->ctid, err);
	if (r == -EEXIST)
		return vz_error_default(err, VZ_EXIT_BAD_VALUE);
	if (r == 0)
		r = put_uid(c->g, c->uid, err);
	/* The others need not wait for the rest. */
	wabe_cleanup_close(&c->ranges.lock_fd);
	return r < 0 ? vz_guest_fail(err, VZ_EXIT_CREATE_PRIVATE) : 0;
}

static void release_range(void *data)
{
	struct create *c = data;

	if (c->uid != 0)
		(void)vz_idrange_release(&c->ranges, c->uid, c->g->ctid, NULL);
}

static int make_private(void *data, struct wabe_error *err)
{
	_cleanup_(vz_area_close) struct vz_area area = VZ_AREA_INIT;
	struct create *c = data;
	int r = vz_area_stage(c->g, &area, err);

	if (r == 0)
		r = c->fill(c->g, &area, c->fill_data, err);
	if (r < 0 && area.fd >= 0) {
		vz_quota_drop(c->g, &area);
		(void)vz_area_unstage(c->g->conf.private, NULL);
	}
	return r;
}

static void remove_private(void *data)
{
	_cleanup_(vz_area_close) struct vz_area area = VZ_AREA_INIT;
	struct create *c = data;

	if (vz_area_open_stage(c->g->conf.private, &area, NULL) == 0)
		vz_quota_drop(c->g, &area);
	(void)vz_area_unstage(c->g->conf.private, NULL);
}

static int make_root(void *data, struct wabe_error *err)
{
	struct create *c = data;

	if (vz_root_make_directory(c->g->conf.root, err) < 0)
		return vz_guest_fail(err, VZ_EXIT_CREATE_ROOT);
	return 0;
}

static void remove_root(void *data)
{
	struct create *c = data;

	(void)vz_root_remove(c->g->conf.root, NULL);
}

static int save(void *data, struct wabe_error *err)
{
	struct create *c = data;
	int r = vz_ctconf_save(&c->g->conf, err);

	return r < 0 ? vz_guest_fail(err, VZ_EXIT_SAVE) : 0;
}

static void forget(void *data)
{
	struct create *c = data;

	(void)vz_ctconf_remove(c->g->host, c->g->ctid, NULL);
}

/*
 * The configuration comes first: whoever finds it and the record finishes this, and nothing at VE_PRIVATE is ever taken for
 * a part of a create that was interrupted.
 */
static int publish(void *data, struct wabe_error *err)
{
	struct create *c = data;

	if (vz_area_publish(c->g->conf.private, err) < 0)
		return vz_guest_fail(err, VZ_EXIT_CREATE_PRIVATE);
	(void)vz_pending_drop(c->g->host, c->g->ctid, NULL);
	return 0;
}

static const struct vz_step steps[] = {
	{ "hold the template", hold_template, drop_template },
	{ "choose a range of ids", choose_range, unlock_ranges },
	{ "record of the create", write_record, drop_record },
	{ "claim the range", claim_range, release_range },
	{ "private area and quota", make_private, remove_private },
	{ "VE_ROOT", make_root, remove_root },
	{ "configuration", save, forget },
	{ "private area in its place", publish, NULL },
};

int vz_guest_create_by(struct vz_guest *g, vz_create_fill *fill, void *data, bool needs_template,
		       struct wabe_error *err)
{
	struct create c = { .g = g,
			    .ranges = VZ_IDRANGE_INIT,
			    .needs_template = needs_template,
			    .template_fd = -EBADF,
			    .fill = fill,
			    .fill_data = data };
	int r = keep_defaults(g, err);

	if (r == 0)
		r = check_new(g, err);
	if (r == 0)
		r = vz_apply_check(g, true, err);
	if (r < 0)
		return r;
	vz_say(g, "Creating container private area (%s)",
	       vz_param_string(&g->conf.params, VZ_PARAM_OSTEMPLATE) ?: "no OS template");
	r = vz_steps_run(steps, ARRAY_SIZE(steps), &c, err);
	vz_idrange_close(&c.ranges);
	wabe_cleanup_close(&c.template_fd);
	if (r < 0)
		vz_say(g, "Creation of container private area failed");
	else
		vz_say(g, "CT configuration saved to %s", g->conf.path);
	return r;
}

static int fill_from_template(struct vz_guest *g, const struct vz_area *area, void *data,
			      struct wabe_error *err)
{
	(void)data;
	return vz_layout_fill(g, area, err);
}

int vz_guest_create(struct vz_guest *g, const char *sample, const struct vz_params *options,
		    struct wabe_error *err)
{
	int r = vz_ctconf_check_new_id(g->ctid, err);

	if (r < 0)
		return r;
	if (vz_ctconf_exists(g->host, g->ctid))
		return vz_error_say(err, VZ_EXIT_PRIVATE_AREA_EXISTS, -EEXIST,
				    "Container %s exists already", g->id);
	r = vz_ctconf_new(g->host, g->ctid, sample, options, &g->conf, err);
	if (r < 0)
		return r;
	g->has_conf = true;
	r = vz_guest_create_by(g, fill_from_template, NULL, true, err);
	if (r < 0)
		return r;
	r = vz_dist_post_create(g, err);
	if (r < 0) {
		vz_say(g, "Creation of container private area failed");
		(void)vz_destroy_rest(g, NULL);
		return r;
	}
	vz_say(g, "Container private area was created");
	return 0;
}

int vz_create_take_back(struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(vz_idrange_close) struct vz_idrange ranges = VZ_IDRANGE_INIT;
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_pending pending;
	int r = vz_pending_load(g->host, g->ctid, &arena, &pending, err);

	if (r < 0)
		return r;
	r = vz_area_unstage(pending.private, err);
	if (r < 0)
		return r;
	r = vz_root_remove(pending.root, err);
	if (r < 0)
		return r;
	vz_ctconf_drop_name(g->host, g->ctid, pending.name);
	if (pending.uid != 0) {
		r = vz_idrange_open(g->host, false, &ranges, err);
		if (r == 0)
			r = vz_idrange_release(&ranges, pending.uid, g->ctid, err);
	}
	return r < 0 ? r : vz_pending_drop(g->host, g->ctid, err);
}
