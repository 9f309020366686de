// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/template: the guest's template in the host's store; see template.h. */
#include "guest/template.h"

#include <stdio.h>

#include "tmpl/tmpl.h"

static int find_name(const struct vz_guest *g, const char **ret_name, struct wabe_error *err)
{
	const char *name = vz_param_string(&g->conf.params, VZ_PARAM_OSTEMPLATE);

	if (!g->host->template_dir)
		return vz_error_say(err, VZ_EXIT_NO_TEMPLATE_DIR, -EINVAL,
				    "TEMPLATE is not set in %s", g->host->conf_path);
	if (!name || !*name)
		return vz_error_say(err, VZ_EXIT_NO_OSTEMPLATE, -EINVAL,
				    "No OS template: give --ostemplate, or DEF_OSTEMPLATE in %s",
				    g->host->conf_path);
	*ret_name = name;
	return 0;
}

int vz_guest_template_hold(const struct vz_guest *g, struct wabe_error *err)
{
	const char *name;
	int r = find_name(g, &name, err);

	return r < 0 ? r : vz_template_hold(g->host, name, err);
}

int vz_guest_template_fd(const struct vz_guest *g, struct wabe_error *err)
{
	const char *name;
	int r = find_name(g, &name, err);

	return r < 0 ? r : vz_template_root_fd(g->host, name, err);
}

int vz_guest_template_path(const struct vz_guest *g, char path[PATH_MAX], struct wabe_error *err)
{
	const char *name;
	int r = find_name(g, &name, err);

	if (r < 0)
		return r;
	if (snprintf(path, PATH_MAX, "%s/%s/root", g->host->template_dir, name) >= PATH_MAX)
		return wabe_error_set(err, -ENAMETOOLONG, "template %s", name);
	return 0;
}

int vz_guest_template_created(const struct vz_guest *g, struct wabe_arena *arena,
			      const char **ret_created, struct wabe_error *err)
{
	struct vz_template_meta meta;
	const char *name;
	int r = find_name(g, &name, err);

	if (r == 0)
		r = vz_template_find(g->host, name, arena, &meta, err);
	if (r == 0)
		*ret_created = meta.created;
	return r;
}
