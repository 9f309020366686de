// SPDX-License-Identifier: GPL-2.0-or-later
/* core/trace: what --debug tells of a container beside the names of steps; see trace.h. */
#include "core/trace.h"

#include <stdio.h>
#include <string.h>

#include "spec/spec.h"
#include "sys/cgroup.h"

void wabe_trace_cgroup(const struct wabe_container *c)
{
	static const char *const modes[WABE_CGROUP_MODE_MAX] = {
		[WABE_CGROUP_V2] = "v2",
		[WABE_CGROUP_HYBRID] = "v1 with a cgroup2 tree beside it",
		[WABE_CGROUP_V1] = "v1",
	};

	wabe_log(c->rt->log, WABE_LOG_DEBUG, "container %s: cgroup %s, the host's are %s",
		 c->state.id, wabe_cgroup_path(c->cgroup), modes[wabe_cgroup_mode(c->cgroup)]);
}

void wabe_trace_state(const struct wabe_container *c)
{
	const struct wabe_state *s = &c->state;

	wabe_log(c->rt->log, WABE_LOG_DEBUG, "container %s: saved as %s, process %lld", s->id,
		 s->is_started	 ? "started"
		 : s->is_created ? "created"
				 : "creating",
		 (long long)s->pid);
}

/* " pid mount", or " none" */
static const char *list(const struct wabe_init *init, bool is_joined, char *text, size_t room)
{
	const struct wabe_spec_namespace *ns = init->spec->namespaces.items;
	size_t at = (size_t)snprintf(text, room, " none");
	bool is_first = true;

	for (size_t i = 0; i < init->spec->namespaces.count && at < room; i++) {
		if (is_joined != (ns[i].path && ns[i].path[0]))
			continue;
		at = is_first ? 0 : at;
		is_first = false;
		at += (size_t)snprintf(text + at, room - at, " %s",
				       wabe_name_of(wabe_spec_namespace_names, ns[i].type));
	}
	return text;
}

void wabe_trace_process(const struct wabe_init *init)
{
	char made[128], joined[128];

	if (!wabe_log_takes(init->c->rt->log, WABE_LOG_DEBUG))
		return;
	wabe_log(init->c->rt->log, WABE_LOG_DEBUG,
		 "container %s: process %d; new namespaces:%s; joined:%s", init->c->state.id,
		 (int)init->pid, list(init, false, made, sizeof(made)),
		 list(init, true, joined, sizeof(joined)));
}
