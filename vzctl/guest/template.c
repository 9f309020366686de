// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/template: the guest's template in the host's store; see template.h. */
#include "guest/template.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
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

/* What the guest was made of; NULL: it is being made. */
static const char *kept_generation(const struct vz_guest *g)
{
	return vz_conffile_get(&g->conf.file, VZ_GUEST_GENERATION_KEY);
}

int vz_guest_template_hold(const struct vz_guest *g, char ret_created[WABE_CLOCK_TEXT_MAX],
			   struct wabe_error *err)
{
	const char *name;
	int r = find_name(g, &name, err);

	return r < 0 ? r : vz_template_hold(g->host, name, kept_generation(g), ret_created, err);
}

int vz_guest_template_fd(const struct vz_guest *g, struct wabe_error *err)
{
	const char *name;
	int r = find_name(g, &name, err);

	return r < 0 ? r : vz_template_root_fd(g->host, name, kept_generation(g), NULL, err);
}

int vz_guest_template_path(const struct vz_guest *g, char path[PATH_MAX], struct wabe_error *err)
{
	_cleanup_close_ int fd = vz_guest_template_fd(g, err);
	char proc[WABE_PATH_PROC_FD];
	ssize_t len;

	if (fd < 0)
		return fd;
	len = readlink(wabe_path_proc_fd(fd, proc), path, PATH_MAX);
	if (len < 0 || len == PATH_MAX)
		return wabe_error_set(err, len < 0 ? -errno : -ENAMETOOLONG,
				      "find the path of the template");
	path[len] = '\0';
	return 0;
}

int vz_guest_template_generation(const struct vz_guest *g, bool is_current,
				 char ret_created[WABE_CLOCK_TEXT_MAX], struct wabe_error *err)
{
	const char *kept = is_current ? NULL : kept_generation(g), *name;
	int r = find_name(g, &name, err);
	int fd = r < 0 ? r : vz_template_root_fd(g->host, name, kept, ret_created, err);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}
