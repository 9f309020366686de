// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/rights: capabilities, features, packet filters; see rights.h. capabilities(7),
 * user_namespaces(7).
 */
#include "guest/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guest/spec.h"

#define MODULES_MAX (16u << 20)

enum cap_class {
	CAP_GUEST, /* of every guest, or of every one with a user namespace */
	CAP_HOST,  /* honoured in the first user namespace alone: LOCAL_UID=0 */
	CAP_NEVER, /* its system calls are refused to every guest */
};

static const struct {
	const char *name;
	enum cap_class class;
} caps[] = {
	[CAP_CHOWN] = { "CHOWN", CAP_GUEST },
	[CAP_DAC_OVERRIDE] = { "DAC_OVERRIDE", CAP_GUEST },
	[CAP_DAC_READ_SEARCH] = { "DAC_READ_SEARCH", CAP_GUEST },
	[CAP_FOWNER] = { "FOWNER", CAP_GUEST },
	[CAP_FSETID] = { "FSETID", CAP_GUEST },
	[CAP_KILL] = { "KILL", CAP_GUEST },
	[CAP_SETGID] = { "SETGID", CAP_GUEST },
	[CAP_SETUID] = { "SETUID", CAP_GUEST },
	[CAP_SETPCAP] = { "SETPCAP", CAP_GUEST },
	[CAP_LINUX_IMMUTABLE] = { "LINUX_IMMUTABLE", CAP_GUEST },
	[CAP_NET_BIND_SERVICE] = { "NET_BIND_SERVICE", CAP_GUEST },
	[CAP_NET_BROADCAST] = { "NET_BROADCAST", CAP_GUEST },
	[CAP_NET_ADMIN] = { "NET_ADMIN", CAP_GUEST },
	[CAP_NET_RAW] = { "NET_RAW", CAP_GUEST },
	[CAP_IPC_LOCK] = { "IPC_LOCK", CAP_GUEST },
	[CAP_IPC_OWNER] = { "IPC_OWNER", CAP_GUEST },
	[CAP_SYS_MODULE] = { "SYS_MODULE", CAP_NEVER },
	[CAP_SYS_RAWIO] = { "SYS_RAWIO", CAP_HOST },
	[CAP_SYS_CHROOT] = { "SYS_CHROOT", CAP_GUEST },
	[CAP_SYS_PTRACE] = { "SYS_PTRACE", CAP_GUEST },
	[CAP_SYS_PACCT] = { "SYS_PACCT", CAP_GUEST },
	[CAP_SYS_ADMIN] = { "SYS_ADMIN", CAP_GUEST },
	[CAP_SYS_BOOT] = { "SYS_BOOT", CAP_GUEST },
	[CAP_SYS_NICE] = { "SYS_NICE", CAP_GUEST },
	[CAP_SYS_RESOURCE] = { "SYS_RESOURCE", CAP_GUEST },
	[CAP_SYS_TIME] = { "SYS_TIME", CAP_HOST },
	[CAP_SYS_TTY_CONFIG] = { "SYS_TTY_CONFIG", CAP_GUEST },
	[CAP_MKNOD] = { "MKNOD", CAP_GUEST },
	[CAP_LEASE] = { "LEASE", CAP_GUEST },
	[CAP_AUDIT_WRITE] = { "AUDIT_WRITE", CAP_GUEST },
	[CAP_AUDIT_CONTROL] = { "AUDIT_CONTROL", CAP_NEVER },
	[CAP_SETFCAP] = { "SETFCAP", CAP_GUEST },
	[CAP_MAC_OVERRIDE] = { "MAC_OVERRIDE", CAP_NEVER },
	[CAP_MAC_ADMIN] = { "MAC_ADMIN", CAP_NEVER },
	[CAP_SYSLOG] = { "SYSLOG", CAP_HOST },
	[CAP_WAKE_ALARM] = { "WAKE_ALARM", CAP_HOST },
	[CAP_BLOCK_SUSPEND] = { "BLOCK_SUSPEND", CAP_HOST },
	[CAP_AUDIT_READ] = { "AUDIT_READ", CAP_NEVER },
	[CAP_PERFMON] = { "PERFMON", CAP_NEVER },
	[CAP_BPF] = { "BPF", CAP_NEVER },
	[CAP_CHECKPOINT_RESTORE] = { "CHECKPOINT_RESTORE", CAP_NEVER },
};

/* "SYS_TIME:on": its number, or -1 (VE_ADMIN of OpenVZ's kernels). */
static int cap_number(const char *entry)
{
	size_t len = strcspn(entry, ":");

	for (size_t i = 0; i < ARRAY_SIZE(caps); i++)
		if (strlen(caps[i].name) == len && strncmp(caps[i].name, entry, len) == 0)
			return (int)i;
	return -1;
}

static bool is_on(const char *entry)
{
	return strcmp(strchr(entry, ':'), ":on") == 0;
}

static bool has_users(const struct vz_params *params)
{
	return !vz_param_has(params, VZ_PARAM_LOCAL_UID) ||
	       vz_param_u64(params, VZ_PARAM_LOCAL_UID) != 0;
}

static int check_cap(const char *entry, bool has_user_namespace, struct wabe_error *err)
{
	int cap = cap_number(entry);

	if (cap < 0 || !is_on(entry))
		return 0;
	switch (caps[cap].class) {
	case CAP_NEVER:
		return vz_error_say(err, VZ_EXIT_CAPABILITY, -EPERM,
				    "CAPABILITY %s: what it governs is refused to every guest",
				    entry);
	case CAP_HOST:
		if (!has_user_namespace)
			return 0;
		return vz_error_say(
			err, VZ_EXIT_CAPABILITY, -EPERM,
			"CAPABILITY %s: the kernel honours it in no user namespace (LOCAL_UID=0 has none)",
			entry);
	default:
		return 0;
	}
}

int vz_rights_check(const struct vz_params *params, struct wabe_error *err)
{
	const struct wabe_strv *list = vz_param_list(params, VZ_PARAM_CAPABILITY);
	int r = 0;

	if (!vz_param_has(params, VZ_PARAM_CAPABILITY))
		return 0;
	for (size_t i = 0; r == 0 && i < list->count; i++)
		r = check_cap(list->items[i], has_users(params), err);
	return r;
}

/*
 * Beside the capability the filter must let its calls through; key rings are not kept apart by
 * kernels, but Docker wants a new one for each of its containers.
 */
#define HOST_CALLS \
	"clock_settime", "clock_settime64", "settimeofday", "stime", "syslog", "iopl", "ioperm"
#define DOCKER_CALLS "keyctl", "add_key", "request_key"

static const char *const host_calls[] = { HOST_CALLS, NULL };
static const char *const docker_calls[] = { DOCKER_CALLS, NULL };
static const char *const both_calls[] = { HOST_CALLS, DOCKER_CALLS, NULL };

void vz_rights_options(const struct vz_params *params, struct vz_confine_options *ret_options)
{
	const struct wabe_strv *list = vz_param_list(params, VZ_PARAM_CAPABILITY);
	const char *netfilter = vz_param_string(params, VZ_PARAM_NETFILTER);
	bool has_host_cap = false;

	*ret_options = (struct vz_confine_options){ 0 };
	for (size_t i = 0; vz_param_has(params, VZ_PARAM_CAPABILITY) && i < list->count; i++) {
		int cap = cap_number(list->items[i]);

		if (cap < 0)
			continue;
		if (is_on(list->items[i]))
			ret_options->caps_on |= UINT64_C(1) << cap;
		else
			ret_options->caps_off |= UINT64_C(1) << cap;
		has_host_cap |= is_on(list->items[i]) && caps[cap].class == CAP_HOST;
	}
	/* The calls do nothing without the capability, of which there is none in a user namespace. */
	if (vz_param_switch(params, VZ_PARAM_FEATURES, "docker") == 1)
		ret_options->syscalls = has_host_cap ? both_calls : docker_calls;
	else if (has_host_cap)
		ret_options->syscalls = host_calls;
	ret_options->no_netfilter = netfilter && strcmp(netfilter, "disabled") == 0;
}

/* linux/miscdevice.h, Documentation/admin-guide/devices.txt */
static const struct vz_feature features[] = {
	{ "fuse", "fuse", 10, 229, 0666, "fuse", false },
	{ "tun", "net/tun", 10, 200, 0666, "tun", false },
	{ "ppp", "ppp", 108, 0, 0600, "ppp_generic", false },
	{ "bridge", NULL, 0, 0, 0, "bridge", false },
	{ "ipip", NULL, 0, 0, 0, "ipip", false },
	{ "sit", NULL, 0, 0, 0, "sit", false },
	{ "ipgre", NULL, 0, 0, 0, "ip_gre", false },
	{ "nfs", NULL, 0, 0, 0, "nfs", true },
	{ "nfsd", NULL, 0, 0, 0, "nfsd", true },
	{ "sysfs", NULL, 0, 0, 0, NULL, false },
	{ "docker", NULL, 0, 0, 0, "overlay", false },
};

const struct vz_feature *vz_features(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(features);
	return features;
}

void vz_features_devices(const struct vz_params *params, struct vz_devices *devices)
{
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		const struct vz_feature *f = &features[i];

		if (!f->device || devices->count == VZ_DEVICES_MAX ||
		    vz_param_switch(params, VZ_PARAM_FEATURES, f->name) != 1)
			continue;
		devices->items[devices->count++] = (struct vz_device){
			.name = f->device,
			.type = 'c',
			.major = f->major,
			.minor = f->minor,
			.is_readable = true,
			.is_writable = true,
			.mode = f->mode,
			.from = f->name,
		};
	}
}

/* Is there a line with "/MODULE.ko" in modules.builtin or modules.dep? Names have - or _. */
static bool is_in_list(const char *release, const char *file, const char *module)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	char path[256], name[64];

	snprintf(path, sizeof(path), "/lib/modules/%s/%s", release, file);
	snprintf(name, sizeof(name), "/%s.ko", module);
	return wabe_file_read_at(AT_FDCWD, path, MODULES_MAX, &text, NULL) == 0 && text.data &&
	       strstr(text.data, name);
}

/* A device that is there without a list of modules: /proc/misc, /proc/filesystems. */
static bool is_in_proc(const char *file, const char *word)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	size_t len = strlen(word);

	if (wabe_file_read_at(AT_FDCWD, file, 65536, &text, NULL) < 0 || !text.data)
		return false;
	for (const char *at = text.data; (at = strstr(at, word)); at += len)
		if (at > text.data && (at[-1] == ' ' || at[-1] == '\t') && at[len] == '\n')
			return true;
	return false;
}

bool vz_feature_has_module(const char *module)
{
	struct utsname name;
	char path[96];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	if (access(path, F_OK) == 0 || is_in_proc("/proc/misc", module) ||
	    is_in_proc("/proc/filesystems", module))
		return true;
	return uname(&name) == 0 && (is_in_list(name.release, "modules.builtin", module) ||
				     is_in_list(name.release, "modules.dep", module));
}

/* Some facilities have no device, and no list names them when they are built in: their traces. */
static bool is_possible(const struct vz_feature *f)
{
	static const struct {
		const char *feature, *path;
	} traces[] = {
		{ "bridge", "/proc/sys/net/bridge" },
		{ "ppp", "/sys/class/ppp" },
		{ "tun", "/sys/class/misc/tun" },
		{ "fuse", "/sys/class/misc/fuse" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(traces); i++)
		if (strcmp(traces[i].feature, f->name) == 0 && access(traces[i].path, F_OK) == 0)
			return true;
	return !f->module || vz_feature_has_module(f->module);
}

static void say_on(const struct vz_guest *g, const struct vz_feature *f)
{
	if (!is_possible(f))
		vz_warn(g, "--features %s:on: this kernel has no %s", f->name, f->module);
	else if (f->is_host_only && has_users(&g->conf.params))
		vz_warn(g,
			"--features %s:on has no effect: the kernel mounts %s in no user namespace "
			"(LOCAL_UID=0 has none)",
			f->name, f->name);
}

/* What a guest has by its own namespaces can't be taken from it alone. */
static void say_off(const struct vz_guest *g, const struct vz_feature *f)
{
	if (!f->device && f->module && !f->is_host_only && strcmp(f->name, "docker") != 0)
		vz_warn(g,
			"--features %s:off is kept, but not enforced: a guest with its own network "
			"has what the kernel has",
			f->name);
	else if (f->is_host_only && !has_users(&g->conf.params))
		vz_warn(g,
			"--features %s:off is kept, but not enforced: a guest without a user "
			"namespace may mount it",
			f->name);
}

void vz_rights_say(const struct vz_guest *g, const struct vz_params *changes)
{
	const char *mode = vz_param_has(changes, VZ_PARAM_NETFILTER)
				   ? vz_param_string(changes, VZ_PARAM_NETFILTER)
				   : "";

	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		int is = vz_param_has(changes, VZ_PARAM_FEATURES)
				 ? vz_param_switch(changes, VZ_PARAM_FEATURES, features[i].name)
				 : -1;

		if (is == 1)
			say_on(g, &features[i]);
		else if (is == 0)
			say_off(g, &features[i]);
	}
	if (strcmp(mode, "stateless") == 0 || strcmp(mode, "stateful") == 0)
		vz_warn(g,
			"--netfilter %s is kept, but is as full: this kernel has no switch for a part "
			"of a network namespace's packet filter",
			mode);
}

static struct wabe_spec_mount *find_mount(struct wabe_spec *spec, const char *destination)
{
	struct wabe_spec_mount *mounts = spec->mounts.items;

	for (size_t i = 0; i < spec->mounts.count; i++)
		if (strcmp(mounts[i].destination, destination) == 0)
			return &mounts[i];
	return NULL;
}

static int set_sysfs(const struct vz_params *params, struct wabe_spec *spec)
{
	struct wabe_spec_mount *sys = find_mount(spec, "/sys");
	int is_wanted = vz_param_switch(params, VZ_PARAM_FEATURES, "sysfs");
	const char *options = "nosuid,nodev,noexec";

	if (is_wanted < 0 || !sys)
		return 0;
	if (is_wanted == 0) {
		/* The cgroup tree still needs a place. */
		sys->type = sys->source = "tmpfs";
		options = "nosuid,nodev,noexec,mode=755,size=64k";
	}
	sys->options = (struct wabe_strv){ 0 };
	return wabe_strv_split(&sys->options, &spec->arena, options, ",");
}

/*
 * A user namespace may mount proc and sysfs only where it can see one whole already
 * (mount_too_revealing() of fs/namespace.c), and parts of /proc are masked. What is under the masks
 * is the host's root's alone to read.
 */
static int add_whole(struct wabe_spec *spec)
{
	int r = vz_spec_add_mount(spec, "proc", "proc", "/dev/.wabe/proc", "nosuid,nodev,noexec");

	return r < 0 ? r
		     : vz_spec_add_mount(spec, "sysfs", "sysfs", "/dev/.wabe/sys",
					 "nosuid,nodev,noexec");
}

int vz_rights_mounts(const struct vz_params *params, struct wabe_spec *spec)
{
	int r = set_sysfs(params, spec);

	if (r == 0 && vz_param_switch(params, VZ_PARAM_FEATURES, "docker") == 1 &&
	    has_users(params))
		r = add_whole(spec);
	return r;
}
