// SPDX-License-Identifier: GPL-2.0-or-later
/* core/rootless: callers who are not the host's root; see rootless.h. */
#include "core/rootless.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/cgroup.h"
#include "sys/namespace.h"

bool wabe_rootless(const struct wabe_runtime *rt)
{
	if (rt->rootless != WABE_ROOTLESS_AUTO)
		return rt->rootless == WABE_ROOTLESS_TRUE;
	return geteuid() != 0 || !wabe_namespace_is_initial_user();
}

bool wabe_rootless_refused(int code)
{
	return code == -EACCES || code == -EPERM || code == -EROFS;
}

static int claim_delegated(struct wabe_container *c, bool *ret_was_created, struct wabe_error *why)
{
	_cleanup_free_ char *base = NULL;
	int r = wabe_cgroup_delegated(&base, why);

	if (r < 0)
		return r;
	c->state.cgroup = wabe_arena_printf(&c->arena, "%s/wabe-%s",
					    strcmp(base, "/") == 0 ? "" : base, c->state.id);
	if (!c->state.cgroup)
		return wabe_error_set(why, -ENOMEM, "cgroup path");
	/* Before it is made: a create that dies now is found by its id, but not this place. */
	r = wabe_state_save(c, why);
	if (r == 0)
		r = wabe_container_open_cgroup(c, why);
	return r < 0 ? r : wabe_cgroup_create(c->cgroup, ret_was_created, why);
}

int wabe_rootless_cgroup(struct wabe_container *c, bool *ret_was_created, struct wabe_error *why,
			 struct wabe_error *err)
{
	int r;

	wabe_cgroup_close(&c->cgroup);
	r = claim_delegated(c, ret_was_created, why);
	if (r == 0)
		return 0;
	wabe_cgroup_close(&c->cgroup);
	c->state.cgroup = NULL;
	r = wabe_state_save(c, err);
	wabe_log(c->rt->log, WABE_LOG_DEBUG, "container %s has no cgroup: %s", c->state.id,
		 why->text);
	return r;
}
