// SPDX-License-Identifier: GPL-2.0-or-later
/* core/delegation: containers whose cgroup is theirs to divide; see delegation.h. */
#include "core/delegation.h"

#include <errno.h>
#include <string.h>

static bool is_read_only(const struct wabe_spec_mount *m, bool is_so_far)
{
	for (size_t i = 0; i < m->options.count; i++) {
		const char *option = m->options.items[i];

		if (strcmp(option, "ro") == 0 || strcmp(option, "rro") == 0)
			is_so_far = true;
		else if (strcmp(option, "rw") == 0)
			is_so_far = false;
	}
	return is_so_far;
}

/* After all entries for the place of mounts[@at], and readonlyPaths. */
static bool is_writable(const struct wabe_spec *spec, size_t at)
{
	const struct wabe_spec_mount *mounts = spec->mounts.items;
	const char *place = mounts[at].destination;
	bool is_ro = false;

	for (size_t i = at; i < spec->mounts.count; i++)
		if (strcmp(mounts[i].destination, place) == 0)
			is_ro = is_read_only(&mounts[i], is_ro);
	for (size_t i = 0; i < spec->readonly_paths.count; i++)
		is_ro |= strcmp(spec->readonly_paths.items[i], place) == 0;
	return !is_ro;
}

bool wabe_delegation_wanted(const struct wabe_spec *spec)
{
	const struct wabe_spec_namespace *ns = wabe_spec_namespace(spec, WABE_NS_CGROUP);
	const struct wabe_spec_mount *mounts = spec->mounts.items;

	if (spec->delegate_cgroup)
		return true;
	for (size_t i = 0; ns && !ns->path && i < spec->mounts.count; i++)
		if (mounts[i].type &&
		    (strcmp(mounts[i].type, "cgroup") == 0 ||
		     strcmp(mounts[i].type, "cgroup2") == 0) &&
		    is_writable(spec, i))
			return true;
	return false;
}

/* What @id of the container is on the host. False: nothing. */
static bool map_id(const struct wabe_list *maps, uint32_t id, uint32_t *ret_id)
{
	const struct wabe_spec_idmap *m = maps->items;

	*ret_id = id;
	for (size_t i = 0; i < maps->count; i++)
		if (id >= m[i].container_id && id - m[i].container_id < m[i].size) {
			*ret_id = m[i].host_id + (id - m[i].container_id);
			return true;
		}
	return maps->count == 0;
}

int wabe_delegation_apply(const struct wabe_spec *spec, struct wabe_cgroup *cgroup,
			  struct wabe_error *err)
{
	const struct wabe_spec_namespace *user = wabe_spec_namespace(spec, WABE_NS_USER);
	const struct wabe_spec_process *p = spec->process;
	uint32_t uid, gid;
	int r;

	/* Whose ids those of a joined namespace are isn't said. */
	if (user && user->path)
		return 0;
	if (wabe_cgroup_mode(cgroup) == WABE_CGROUP_V1 || !wabe_delegation_wanted(spec) ||
	    !map_id(&spec->uid_mappings, p ? p->user.uid : 0, &uid) ||
	    !map_id(&spec->gid_mappings, p ? p->user.gid : 0, &gid) ||
	    (uid == 0 && !spec->delegate_cgroup))
		return 0;
	r = wabe_cgroup_delegate(cgroup, uid, gid, err);
	/* Nor can root of a user namespace, to an id that it has not. */
	if ((r != -EPERM && r != -EINVAL) || spec->delegate_cgroup)
		return r;
	wabe_error_clear(err);
	return 0;
}
