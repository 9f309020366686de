// SPDX-License-Identifier: GPL-2.0-or-later
/* core/activation: what a service manager gave to the caller goes on to the container's process; see activation.h. */
#include "core/activation.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "core/notify.h"

/* In the container, as runc has it. */
#define DIRECTORY "/run/notify"

#define PID_ROOM "4294967295" /* which only the child knows, unless it is 1 */

void wabe_activation_number(const struct wabe_init *init)
{
	if (init->listen_pid)
		snprintf(init->listen_pid, sizeof("LISTEN_PID=" PID_ROOM), "LISTEN_PID=%d",
			 (int)getpid());
}

static int copy_spec(struct wabe_init *init, struct wabe_spec **ret_spec, struct wabe_error *err)
{
	struct wabe_spec *spec = wabe_arena_alloc(&init->arena, sizeof(*spec));
	struct wabe_spec_process *process = wabe_arena_alloc(&init->arena, sizeof(*process));

	if (!spec || !process)
		return wabe_error_set(err, -ENOMEM, "activation");
	*spec = *init->spec;
	if (spec->process) {
		*process = *spec->process;
		spec->process = process;
	}
	*ret_spec = spec;
	return 0;
}

/* "NAME=VALUE" in the place of what the configuration has of that name. */
static int set_variable(struct wabe_init *init, struct wabe_spec *spec, const char *name,
			const char *value, struct wabe_error *err)
{
	const struct wabe_strv *old = &spec->process->env;
	const char *variable = wabe_arena_printf(&init->arena, "%s=%s", name, value);
	size_t len = strlen(name) + 1;
	struct wabe_strv env = { 0 };
	int r = variable ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < old->count; i++)
		if (strncmp(old->items[i], variable, len) != 0)
			r = wabe_strv_add(&env, &init->arena, old->items[i]);
	if (r == 0)
		r = wabe_strv_add(&env, &init->arena, variable);
	if (r < 0)
		return wabe_error_set(err, r, "%s", name);
	spec->process->env = env;
	return 0;
}

static int pass_sockets(struct wabe_init *init, struct wabe_spec *spec, struct wabe_error *err)
{
	const char *count = wabe_arena_printf(&init->arena, "%d", init->args->listen_fds);
	int r = count ? set_variable(init, spec, "LISTEN_FDS", count, err)
		      : wabe_error_set(err, -ENOMEM, "LISTEN_FDS");

	if (r == 0)
		r = set_variable(init, spec, "LISTEN_PID", PID_ROOM, err);
	if (r == 0)
		init->listen_pid = spec->process->env.items[spec->process->env.count - 1];
	if (r == 0 && init->args->listen_names)
		r = set_variable(init, spec, "LISTEN_FDNAMES", init->args->listen_names, err);
	return r;
}

static int add_mount(struct wabe_init *init, struct wabe_spec *spec, struct wabe_error *err)
{
	static char *const options[] = { "bind", "ro", "nosuid", "nodev", "noexec" };
	const struct wabe_list old = spec->mounts;
	struct wabe_spec_mount *mounts =
		wabe_arena_array(&init->arena, old.count + 1, sizeof(*mounts));
	char *source = wabe_arena_printf(&init->arena, "%s/%s/" WABE_NOTIFY_DIRECTORY,
					 init->c->rt->state_root, init->c->state.id);

	if (!mounts || !source)
		return wabe_error_set(err, -ENOMEM, "NOTIFY_SOCKET");
	if (old.count)
		memcpy(mounts, old.items, old.count * sizeof(*mounts));
	mounts[old.count] = (struct wabe_spec_mount){
		.destination = DIRECTORY,
		.source = source,
		.options = { (char **)options, ARRAY_SIZE(options), ARRAY_SIZE(options) },
	};
	spec->mounts = (struct wabe_list){ mounts, old.count + 1 };
	return 0;
}

static int pass_notify(struct wabe_init *init, struct wabe_spec *spec, struct wabe_error *err)
{
	int r;

	if (!wabe_spec_namespace(spec, WABE_NS_MOUNT))
		return wabe_error_say(
			err, -EINVAL,
			"NOTIFY_SOCKET: linux.namespaces has no mount namespace to show it in");
	r = wabe_notify_make(init->c, init->is_run, err);
	if (r == 0)
		r = add_mount(init, spec, err);
	return r < 0 ? r
		     : set_variable(init, spec, "NOTIFY_SOCKET", DIRECTORY "/" WABE_NOTIFY_SOCKET,
				    err);
}

int wabe_activation_apply(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_create_args *args = init->args;
	struct wabe_spec *spec = NULL;
	int r;

	if (!init->spec->process || (!args->listen_fds && !args->has_notify))
		return 0;
	r = copy_spec(init, &spec, err);
	if (r == 0 && args->listen_fds)
		r = pass_sockets(init, spec, err);
	if (r == 0 && args->has_notify)
		r = pass_notify(init, spec, err);
	if (r == 0)
		init->spec = spec;
	return r;
}
