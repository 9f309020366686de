// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/spec: from parameters to the specification's model; see spec.h. */
#include "guest/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/confine.h"
#include "guest/counters.h"
#include "guest/resources.h"
#include "guest/rlimits.h"
#include "guest/seal.h"
#include "guest/rights.h"

#define GUEST_IDS 65536u
#define LXCFS "/var/lib/lxcfs"

struct mount_row {
	const char *destination, *type, *source;
	const char *options; /* separated by commas */
};

/*
 * systemd.io/CONTAINER_INTERFACE: /proc, /sys and /dev are there before init, /run is a tmpfs, the
 * cgroup tree is writable because it is delegated. A user namespace protects what is writable in
 * /proc/sys; its dangerous parts are masked (guest/confine.h).
 */
static const struct mount_row mounts[] = {
	{ "/proc", "proc", "proc", "nosuid,nodev,noexec" },
	{ "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k" },
	{ "/dev/pts", "devpts", "devpts",
	  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5" },
	{ "/dev/shm", "tmpfs", "shm", "nosuid,nodev,mode=1777" },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,nodev,noexec" },
	{ "/sys", "sysfs", "sysfs", "nosuid,nodev,noexec,ro" },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,nodev,noexec,relatime" },
	{ "/run", "tmpfs", "tmpfs", "nosuid,nodev,mode=755" },
};

/* What lxcfs serves: the guest's own share instead of the host's whole (lxcfs(1)). */
static const char *const lxcfs_files[] = {
	"/proc/meminfo", "/proc/cpuinfo", "/proc/stat",	     "/proc/uptime",
	"/proc/loadavg", "/proc/swaps",	  "/proc/diskstats", "/sys/devices/system/cpu/online",
};

static const struct {
	const char *name, *value;
} environment[] = {
	{ "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
	{ "HOME", "/root" },
	{ "USER", "root" },
	{ "LOGNAME", "root" },
};

static int no_memory(struct wabe_error *err)
{
	return wabe_error_set(err, -ENOMEM, "configuration of the container");
}

int vz_spec_environment(struct wabe_strv *env, struct wabe_arena *arena, const char *term)
{
	const char *word = wabe_arena_printf(arena, "TERM=%s", term ? term : "linux");

	if (!word || wabe_strv_add(env, arena, word) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(environment); i++) {
		word = wabe_arena_printf(arena, "%s=%s", environment[i].name, environment[i].value);
		if (!word || wabe_strv_add(env, arena, word) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int set_process(struct wabe_spec *spec, const char *init)
{
	struct wabe_spec_process *p = wabe_arena_alloc(&spec->arena, sizeof(*p));

	if (!p)
		return -ENOMEM;
	spec->process = p;
	p->cwd = "/";
	/*
	 * 0 is also the lowest that the guest can set later: its own root lacks the right to go
	 * below.
	 */
	p->oom_score_adj = (struct wabe_opt_i64){ .is_set = true, .value = 0 };
	if (wabe_strv_add(&p->args, &spec->arena, init) < 0 ||
	    wabe_strv_add(&p->env, &spec->arena, "container=wabe") < 0)
		return -ENOMEM;
	return vz_spec_environment(&p->env, &spec->arena, NULL);
}

static int set_namespaces(struct wabe_spec *spec, bool has_userns)
{
	static const enum wabe_spec_ns types[] = { WABE_NS_MOUNT, WABE_NS_PID, WABE_NS_NETWORK,
						   WABE_NS_IPC,	  WABE_NS_UTS, WABE_NS_CGROUP,
						   WABE_NS_TIME,  WABE_NS_USER };
	struct wabe_spec_namespace *ns =
		wabe_arena_array(&spec->arena, ARRAY_SIZE(types), sizeof(*ns));

	if (!ns)
		return -ENOMEM;
	spec->namespaces.items = ns;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i] != WABE_NS_USER || has_userns)
			ns[spec->namespaces.count++].type = (int)types[i];
	return 0;
}

static int set_mapping(struct wabe_spec *spec, struct wabe_list *list, uint32_t host_id)
{
	struct wabe_spec_idmap *map = wabe_arena_alloc(&spec->arena, sizeof(*map));

	if (!map)
		return -ENOMEM;
	*map = (struct wabe_spec_idmap){ .container_id = 0, .host_id = host_id, .size = GUEST_IDS };
	*list = (struct wabe_list){ .items = map, .count = 1 };
	return 0;
}

static int add_mount(struct wabe_spec *spec, const struct mount_row *row)
{
	struct wabe_spec_mount *list = spec->mounts.items;
	struct wabe_spec_mount *mount = &list[spec->mounts.count];

	mount->destination = row->destination;
	mount->type = row->type;
	mount->source = row->source;
	if (wabe_strv_split(&mount->options, &spec->arena, row->options, ",") < 0)
		return -ENOMEM;
	spec->mounts.count++;
	return 0;
}

int vz_spec_add_mount(struct wabe_spec *spec, const char *type, const char *source,
		      const char *destination, const char *options)
{
	const size_t count = spec->mounts.count;
	struct wabe_spec_mount *items = wabe_arena_array(&spec->arena, count + 1, sizeof(*items));
	struct mount_row row = {
		.type = type,
		.source = wabe_arena_strdup(&spec->arena, source),
		.destination = wabe_arena_strdup(&spec->arena, destination),
		.options = options,
	};

	if (!items || !row.source || !row.destination)
		return -ENOMEM;
	if (count)
		memcpy(items, spec->mounts.items, count * sizeof(*items));
	spec->mounts.items = items;
	return add_mount(spec, &row);
}

static bool has_lxcfs(void)
{
	return wabe_mount_is_root(AT_FDCWD, LXCFS, NULL) == 1;
}

/* @has_views: the kernel itself serves all of them but one, in less time. */
static int add_lxcfs(struct wabe_spec *spec, bool has_views)
{
	for (size_t i = 0; i < ARRAY_SIZE(lxcfs_files); i++) {
		struct mount_row row = { .type = "none", .options = "bind,nosuid,nodev,noexec" };

		if (has_views && strcmp(lxcfs_files[i], "/proc/diskstats") != 0)
			continue;
		row.source = wabe_arena_printf(&spec->arena, LXCFS "%s", lxcfs_files[i]);
		row.destination = lxcfs_files[i];
		if (!row.source)
			return -ENOMEM;
		if (access(row.source, R_OK) == 0 && add_mount(spec, &row) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* NR_UNIX98_PTY_MAX of fs/devpts: what is above is no limit, and refused. */
#define PTYS_MAX (1u << 20)

/* The row of /dev/pts with the guest's number of terminals (devpts.rst, "max"). */
static int limit_ptys(const struct vz_guest *g, struct wabe_spec *spec, struct mount_row *row)
{
	uint64_t max = vz_param_pair(&g->conf.params, VZ_PARAM_NUMPTY).limit;

	if (strcmp(row->type, "devpts") != 0 || max >= PTYS_MAX)
		return 0;
	row->options = wabe_arena_printf(&spec->arena, "%s,max=%u", row->options, (unsigned)max);
	return row->options ? 0 : -ENOMEM;
}

static int set_mounts(const struct vz_guest *g, struct wabe_spec *spec)
{
	spec->mounts.items = wabe_arena_array(&spec->arena,
					      ARRAY_SIZE(mounts) + ARRAY_SIZE(lxcfs_files),
					      sizeof(struct wabe_spec_mount));
	if (!spec->mounts.items)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		struct mount_row row = mounts[i];

		if (limit_ptys(g, spec, &row) < 0 || add_mount(spec, &row) < 0)
			return -ENOMEM;
	}
	return has_lxcfs() ? add_lxcfs(spec, vz_counters_has_view(g, "memory")) : 0;
}

static int set_annotations(struct wabe_spec *spec, enum vz_init_kind kind, uint32_t uid)
{
	struct wabe_pair *pairs = wabe_arena_array(&spec->arena, 2, sizeof(*pairs));
	size_t count = 0;

	if (!pairs)
		return -ENOMEM;
	pairs[count++] =
		(struct wabe_pair){ .key = VZ_INIT_ANNOTATION, .value = vz_init_name(kind) };
	if (uid == 0)
		pairs[count++] = (struct wabe_pair){ .key = VZ_SEAL_ANNOTATION, .value = "yes" };
	spec->annotations = (struct wabe_pairs){ .items = pairs, .count = count };
	return 0;
}

static const char *hostname_of(const struct vz_guest *g, struct wabe_spec *spec)
{
	const char *name = vz_param_string(&g->conf.params, VZ_PARAM_HOSTNAME);

	return name && *name ? name : wabe_arena_printf(&spec->arena, "ct%s", g->id);
}

/* The parts that can only fail for want of memory. */
static int build_parts(const struct vz_guest *g, const char *init, enum vz_init_kind kind,
		       uint32_t uid, struct wabe_spec *spec)
{
	if (set_process(spec, init) < 0 || vz_rlimits_set(spec) < 0 ||
	    set_namespaces(spec, uid != 0) < 0 || set_mounts(g, spec) < 0 ||
	    set_annotations(spec, kind, uid) < 0)
		return -ENOMEM;
	if (uid != 0 && (set_mapping(spec, &spec->uid_mappings, uid) < 0 ||
			 set_mapping(spec, &spec->gid_mappings, uid) < 0))
		return -ENOMEM;
	spec->hostname = hostname_of(g, spec);
	return spec->hostname ? 0 : -ENOMEM;
}

int vz_spec_build(const struct vz_guest *g, const char *init, enum vz_init_kind kind,
		  struct wabe_spec *spec, struct wabe_error *err)
{
	struct vz_confine_options options;
	uint32_t uid = 0;
	int r;

	if (!vz_guest_uid(g, &uid))
		return vz_error_say(err, VZ_EXIT_BAD_CONFIG, -EINVAL, "LOCAL_UID is not set in %s",
				    g->conf.path);
	spec->oci_version = WABE_SPEC_VERSION;
	spec->root.path = g->conf.root;
	spec->has_uptime = true;
	/*
	 * Without a user namespace guest's root is the host's: it needs no delegation, and gets
	 * none.
	 */
	spec->delegate_cgroup = uid != 0;
	if (build_parts(g, init, kind, uid, spec) < 0)
		return no_memory(err);
	vz_rights_options(&g->conf.params, &options);
	options.has_log = uid != 0 && vz_counters_has_view(g, "log");
	if (vz_counters_fill(g, spec) < 0 || vz_rights_mounts(&g->conf.params, spec) < 0 ||
	    vz_devices_rules(g, &spec->arena, &spec->resources) < 0)
		return no_memory(err);
	r = vz_resources_fill(g, &spec->arena, NULL, &spec->resources, err);
	if (r == 0)
		r = vz_confine_apply(spec, &options, err);
	if (r == 0 && wabe_str_equal(vz_param_string(&g->conf.params, VZ_PARAM_LAYOUT), "btrfs"))
		r = vz_confine_subvolumes(spec, err);
	return r;
}
