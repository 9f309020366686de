// SPDX-License-Identifier: GPL-2.0-or-later
/* core/subcgroup: cgroups below a container's; see subcgroup.h. */
#include "core/subcgroup.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/cgroup.h"

static int open_below(const struct wabe_container *c, const char *below,
		      struct wabe_cgroup **ret_cgroup, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const char *path;

	below += strspn(below, "/");
	path = wabe_arena_printf(&arena, "%s%s%s", c->state.cgroup, *below ? "/" : "", below);
	if (!path)
		return wabe_error_set(err, -ENOMEM, "cgroup %s", below);
	/* ".." is refused there. */
	return wabe_cgroup_open_in(c->rt->cgroup_roots, path, ret_cgroup, err);
}

int wabe_subcgroup_open(const struct wabe_container *c, const struct wabe_exec_args *args,
			struct wabe_cgroup **ret_cgroup, struct wabe_error *err)
{
	for (size_t i = 0; i < args->cgroup_count; i++)
		if (!args->cgroups[i].controller)
			return open_below(c, args->cgroups[i].path, ret_cgroup, err);
	return 0;
}

int wabe_subcgroup_attach(const struct wabe_container *c, const struct wabe_exec_args *args,
			  pid_t pid, struct wabe_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < args->cgroup_count; i++) {
		_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = NULL;
		const struct wabe_exec_cgroup *wanted = &args->cgroups[i];

		if (!wanted->controller)
			continue;
		r = open_below(c, wanted->path, &cgroup, err);
		if (r == 0)
			r = wabe_cgroup_attach_one(cgroup, wanted->controller, pid, err);
	}
	return r;
}
