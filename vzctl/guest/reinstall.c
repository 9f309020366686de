// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/reinstall: see reinstall.h. */
#include "guest/reinstall.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "guest/area.h"
#include "guest/dist.h"
#include "guest/identity.h"
#include "guest/layout.h"
#include "guest/mount.h"
#include "guest/quota.h"
#include "guest/stop.h"
#include "guest/template.h"
#include "tmpl/tmpl.h"

struct reinstall {
	struct vz_guest *g;
	const struct vz_layout *layout;
	const char *old_template; /* a generation of it may have lost its last user */
	int template_fd;	  /* holds the new one */
};

static int take_down(struct vz_guest *g, bool is_forced, struct wabe_error *err)
{
	int r = 0;

	if (g->container && !is_forced)
		return vz_error_say(err, VZ_EXIT_RUNNING, -EBUSY,
				    "Container is running: stop it first, or use --force");
	if (g->container)
		r = vz_guest_stop(g, &(struct vz_stop_options){ 0 }, err);
	if (r < 0 || !vz_guest_is_mounted(g))
		return r;
	if (!is_forced)
		return vz_error_say(err, VZ_EXIT_MOUNTED, -EBUSY,
				    "Container is currently mounted (umount first)");
	return vz_guest_umount(g, err);
}

/* In memory; it is saved together with the new area. */
static int change_template(struct reinstall *r, const char *name, struct wabe_error *err)
{
	struct vz_params changes = { .arena = &r->g->conf.arena };
	struct vz_conffile *file = &r->g->conf.file;
	char created[WABE_CLOCK_TEXT_MAX];
	int code = 0;

	r->old_template = vz_param_string(&r->g->conf.params, VZ_PARAM_OSTEMPLATE);
	if (name)
		code = vz_params_set(&changes, VZ_PARAM_OSTEMPLATE, name, err);
	if (code == 0)
		code = vz_ctconf_apply(&r->g->conf, &changes, err);
	if (code < 0)
		return vz_error_default(err, VZ_EXIT_BAD_VALUE);
	/* Without it the current generation is what is held. */
	vz_conffile_unset(file, VZ_GUEST_GENERATION_KEY);
	r->template_fd = vz_guest_template_hold(r->g, created, err);
	if (r->template_fd < 0)
		return r->template_fd;
	vz_conffile_unset(file, VZ_IDENTITY_KEY);
	return vz_identity_note_template(r->g, r->template_fd, created, err);
}

static int make_new(const struct reinstall *r, struct wabe_error *err)
{
	_cleanup_(vz_area_close) struct vz_area stage = VZ_AREA_INIT;
	int code = vz_area_stage(r->g, &stage, err);

	if (code == 0)
		code = vz_layout_fill(r->g, &stage, err);
	if (code == 0)
		code = vz_area_replace(r->g, err);
	if (code < 0 && !vz_area_is_decided(r->g))
		(void)vz_area_unstage(r->g->conf.private, NULL);
	return code;
}

static int replace(const struct reinstall *r, struct wabe_error *err)
{
	_cleanup_(vz_area_close) struct vz_area old = VZ_AREA_INIT;
	int code = vz_area_open(r->g->conf.private, &old, err);

	if (code < 0)
		return code;
	/* For a while there are two areas: the limits would hold for both together. */
	vz_quota_drop(r->g, &old);
	code = make_new(r, err);
	if (code < 0) {
		(void)r->layout->limit(r->g, &old, NULL);
		return vz_guest_fail(err, VZ_EXIT_CREATE_PRIVATE);
	}
	return vz_layout_limit(r->g, err);
}

/* From here on the guest is a new one; what fails is said, and the next start or update does it. */
static void finish(const struct reinstall *r)
{
	struct wabe_error err = WABE_ERROR_INIT;

	/* All of them: one that was killed here before left what nobody uses. */
	if (r->old_template && vz_template_release(r->g->host, r->old_template, NULL, &err) < 0)
		vz_warn(r->g, "%s", err.text);
	wabe_error_clear(&err);
	if (vz_dist_post_create(r->g, &err) < 0)
		vz_warn(r->g, "%s", err.text);
}

static int run(struct reinstall *r, const struct vz_reinstall_options *options,
	       struct wabe_error *err)
{
	int code = vz_layout_of(r->g, &r->layout, err);

	if (code == 0)
		code = change_template(r, options->ostemplate, err);
	if (code == 0)
		code = vz_layout_check(r->g, r->layout, err);
	/* Last of what can be refused: nothing is stopped for a mistyped name. */
	if (code == 0)
		code = take_down(r->g, options->is_forced, err);
	if (code < 0)
		return code;
	vz_say(r->g, "Reinstalling container (%s)",
	       vz_param_string(&r->g->conf.params, VZ_PARAM_OSTEMPLATE));
	code = replace(r, err);
	if (code == 0)
		finish(r);
	return code;
}

int vz_guest_reinstall(struct vz_guest *g, const struct vz_reinstall_options *options,
		       struct wabe_error *err)
{
	struct reinstall r = { .g = g, .template_fd = -EBADF };
	int code = vz_guest_need_paths(g, err);

	if (code == 0)
		code = vz_guest_find(g, err);
	if (code == 0)
		code = run(&r, options, err);
	wabe_cleanup_close(&r.template_fd);
	if (code == 0)
		vz_say(g, "Container was reinstalled");
	return code;
}
