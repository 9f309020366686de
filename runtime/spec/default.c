// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spec/default: what `wabe spec` prints. The parts are those of `runc spec`, which tools and people expect, with two
 * differences: a cgroup namespace is always asked for (runc does so on cgroup v2 only), and there is no ambient capability
 * (without an inheritable one beside it, it can't take effect: capabilities(7)).
 */
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "spec/internal.h"
#include "spec/spec.h"

#define OPTIONS_MAX 7

struct default_mount {
	const char *destination, *type, *source;
	const char *options[OPTIONS_MAX];
};

static const struct default_mount mounts[] = {
	{ "/proc", "proc", "proc", { NULL } },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ "/dev/pts",
	  "devpts",
	  "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" } },
	{ "/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" } },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime", "ro" } },
};

/*
 * Without a network namespace of its own a new sysfs is not permitted, so the host's is shown; and with one id mapped
 * there is no group 5 to give the terminals to.
 */
static const struct default_mount rootless_mounts[] = {
	{ "/proc", "proc", "proc", { NULL } },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ "/dev/pts",
	  "devpts",
	  "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620" } },
	{ "/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ "/sys", "none", "/sys", { "rbind", "nosuid", "noexec", "nodev", "ro" } },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime", "ro" } },
};

static const char *const masked_paths[] = {
	"/proc/acpi",	       "/proc/asound",	   "/proc/kcore",	"/proc/keys",
	"/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
	"/sys/firmware",       "/proc/scsi",
};

static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

static int add_all(struct wabe_spec *spec, struct wabe_strv *list, const char *const *items,
		   size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (wabe_strv_add(list, &spec->arena, items[i]) < 0)
			return -ENOMEM;
	return 0;
}

static int set_mounts(struct wabe_spec *spec, const struct default_mount *rows, size_t count)
{
	struct wabe_spec_mount *items = wabe_arena_array(&spec->arena, count, sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		size_t n = 0;

		items[i].destination = rows[i].destination;
		items[i].type = rows[i].type;
		items[i].source = rows[i].source;
		while (n < OPTIONS_MAX && rows[i].options[n])
			n++;
		if (add_all(spec, &items[i].options, rows[i].options, n) < 0)
			return -ENOMEM;
	}
	spec->mounts = (struct wabe_list){ items, count };
	return 0;
}

int wabe_spec_default_mounts(struct wabe_spec *spec)
{
	return set_mounts(spec, mounts, ARRAY_SIZE(mounts));
}

int wabe_spec_default_masked_paths(struct wabe_spec *spec)
{
	return add_all(spec, &spec->masked_paths, masked_paths, ARRAY_SIZE(masked_paths));
}

int wabe_spec_default_readonly_paths(struct wabe_spec *spec)
{
	return add_all(spec, &spec->readonly_paths, readonly_paths, ARRAY_SIZE(readonly_paths));
}

static uint64_t capability_mask(void)
{
	static const char *const names[] = { "CAP_AUDIT_WRITE", "CAP_KILL",
					     "CAP_NET_BIND_SERVICE" };
	uint64_t mask = 0;
	long long bit;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (wabe_name_find(wabe_spec_capability_names, names[i], &bit) == 0)
			mask |= UINT64_C(1) << bit;
	return mask;
}

static int set_limits(struct wabe_spec *spec, struct wabe_spec_process *process)
{
	struct wabe_spec_rlimit *limit = wabe_arena_alloc(&spec->arena, sizeof(*limit));
	struct wabe_spec_capabilities *caps = wabe_arena_alloc(&spec->arena, sizeof(*caps));

	if (!limit || !caps)
		return -ENOMEM;
	*limit = (struct wabe_spec_rlimit){ .type = RLIMIT_NOFILE, .soft = 1024, .hard = 1024 };
	process->rlimits = (struct wabe_list){ limit, 1 };
	caps->bounding = caps->effective = caps->permitted = capability_mask();
	process->capabilities = caps;
	process->no_new_privileges = true;
	return 0;
}

static int set_process(struct wabe_spec *spec)
{
	static const char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"TERM=xterm",
	};
	struct wabe_spec_process *process = wabe_arena_alloc(&spec->arena, sizeof(*process));

	if (!process)
		return -ENOMEM;
	spec->process = process;
	process->terminal = true;
	process->cwd = "/";
	if (wabe_strv_add(&process->args, &spec->arena, "sh") < 0)
		return -ENOMEM;
	if (add_all(spec, &process->env, env, ARRAY_SIZE(env)) < 0)
		return -ENOMEM;
	return set_limits(spec, process);
}

static int set_namespaces(struct wabe_spec *spec, const enum wabe_spec_ns *types, size_t count)
{
	struct wabe_spec_namespace *items = wabe_arena_array(&spec->arena, count, sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		items[i].type = (int)types[i];
	spec->namespaces = (struct wabe_list){ items, count };
	return 0;
}

/* No device but those that every guest has (config-linux.md, "Default Devices"). */
static int deny_devices(struct wabe_spec *spec)
{
	struct wabe_spec_device_rule *rule = wabe_arena_alloc(&spec->arena, sizeof(*rule));

	if (!rule)
		return -ENOMEM;
	rule->access = "rwm";
	spec->resources.devices = (struct wabe_list){ rule, 1 };
	return 0;
}

static int map_id(struct wabe_spec *spec, struct wabe_list *mappings, uint32_t host_id)
{
	struct wabe_spec_idmap *map = wabe_arena_alloc(&spec->arena, sizeof(*map));

	if (!map)
		return -ENOMEM;
	*map = (struct wabe_spec_idmap){ .host_id = host_id, .size = 1 };
	*mappings = (struct wabe_list){ map, 1 };
	return 0;
}

static int set_rootful(struct wabe_spec *spec)
{
	static const enum wabe_spec_ns types[] = { WABE_NS_PID, WABE_NS_NETWORK, WABE_NS_IPC,
						   WABE_NS_UTS, WABE_NS_MOUNT,	 WABE_NS_CGROUP };

	if (set_namespaces(spec, types, ARRAY_SIZE(types)) < 0 || deny_devices(spec) < 0)
		return -ENOMEM;
	return wabe_spec_default_mounts(spec);
}

static int set_rootless(struct wabe_spec *spec)
{
	static const enum wabe_spec_ns types[] = { WABE_NS_PID,	  WABE_NS_IPC,	WABE_NS_UTS,
						   WABE_NS_MOUNT, WABE_NS_USER, WABE_NS_CGROUP };

	if (set_namespaces(spec, types, ARRAY_SIZE(types)) < 0)
		return -ENOMEM;
	if (map_id(spec, &spec->uid_mappings, geteuid()) < 0 ||
	    map_id(spec, &spec->gid_mappings, getegid()) < 0)
		return -ENOMEM;
	return set_mounts(spec, rootless_mounts, ARRAY_SIZE(rootless_mounts));
}

int wabe_spec_default(struct wabe_spec *spec, bool is_rootless, struct wabe_error *err)
{
	int r;

	spec->oci_version = WABE_SPEC_VERSION;
	spec->root = (struct wabe_spec_root){ .path = "rootfs", .readonly = true };
	spec->hostname = "wabe";
	r = set_process(spec);
	if (r == 0)
		r = is_rootless ? set_rootless(spec) : set_rootful(spec);
	if (r == 0)
		r = wabe_spec_default_masked_paths(spec);
	if (r == 0)
		r = wabe_spec_default_readonly_paths(spec);
	return r < 0 ? wabe_error_set(err, r, "default config") : 0;
}
