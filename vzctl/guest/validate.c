// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/validate: do the limits fit together? See validate.h. */
#include "guest/validate.h"

#include <errno.h>

#include "conf/validate.h"

struct looking {
	struct vz_guest *g;
	bool is_fixing;
	bool is_fixed[VZ_PARAM_MAX];
};

static bool found(void *data, const struct vz_finding *finding)
{
	struct looking *l = data;
	bool is_fixed = l->is_fixing && finding->has_fix &&
			finding->severity != VZ_SEVERITY_RECOMMENDATION;

	if (finding->severity != VZ_SEVERITY_RECOMMENDATION)
		vz_warn(l->g, "%s: %s%s", vz_severity_name(finding->severity), finding->text,
			is_fixed ? ", which was mended" : "");
	l->is_fixed[finding->id] |= is_fixed;
	return is_fixed;
}

/* What was mended becomes a change as any other. */
static int take_over(struct looking *l, const struct vz_params *mended, struct wabe_error *err)
{
	struct vz_params changes = { .arena = &l->g->conf.arena };

	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++)
		if (l->is_fixed[id])
			changes.values[id] = mended->values[id];
	return vz_ctconf_apply(&l->g->conf, &changes, err);
}

int vz_guest_validate(struct vz_guest *g, struct wabe_error *err)
{
	enum vz_validate_mode mode = g->host->validate_mode;
	struct looking l = { .g = g, .is_fixing = mode == VZ_VALIDATE_FIX };
	struct vz_params mended = g->conf.params;
	int r;

	if (mode == VZ_VALIDATE_NONE)
		return 0;
	r = vz_validate(&mended, vz_validate_is_vswap(&mended), found, &l, err);
	if (r < 0)
		return r;
	if (mode == VZ_VALIDATE_FIX)
		return take_over(&l, &mended, err);
	if (mode == VZ_VALIDATE_ERROR && r > 0)
		return vz_error_say(err, VZ_EXIT_VALIDATE, -EINVAL,
				    "the limits do not fit together (vzcfgvalidate %s; "
				    "VALIDATE_MODE of vz.conf)",
				    g->id);
	return 0;
}
