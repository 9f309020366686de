// SPDX-License-Identifier: GPL-2.0-or-later
/* spec/validate: the rules of config-linux.md but those on resources: namespaces, id maps, devices, paths, seccomp. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/internal.h"
#include "spec/spec.h"

/* user_namespaces(7): lines of uid_map, since Linux 4.15. */
#define IDMAPS_MAX 340

/* config-linux.md: "If a namespaces field contains duplicated namespaces with same type, the runtime MUST generate an error." */
static int validate_namespaces(const struct wabe_spec *spec, struct wabe_error *err)
{
	const struct wabe_spec_namespace *namespaces = spec->namespaces.items;
	unsigned int seen = 0;

	for (size_t i = 0; i < spec->namespaces.count; i++) {
		const struct wabe_spec_namespace *ns = &namespaces[i];

		if (ns->type < 0 || ns->type >= WABE_NS_MAX)
			return wabe_error_say(err, -EINVAL,
					      "linux.namespaces[%zu].type: unknown type %d", i,
					      ns->type);
		if (seen & (1u << ns->type))
			return wabe_error_say(err, -EINVAL,
					      "linux.namespaces[%zu].type: \"%s\" is there twice",
					      i, wabe_name_of(wabe_spec_namespace_names, ns->type));
		seen |= 1u << ns->type;
		if (ns->path && ns->path[0] != '/')
			return wabe_error_say(
				err, -EINVAL,
				"linux.namespaces[%zu].path: \"%.100s\" is not an absolute path", i,
				ns->path);
	}
	return 0;
}

static bool ranges_overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return (uint64_t)a < (uint64_t)b + b_size && (uint64_t)b < (uint64_t)a + a_size;
}

int wabe_spec_validate_idmap_list(const struct wabe_list *list, const char *path,
				  struct wabe_error *err)
{
	const struct wabe_spec_idmap *maps = list->items;

	if (list->count > IDMAPS_MAX)
		return wabe_error_say(err, -EINVAL, "%s: more than %d entries", path, IDMAPS_MAX);
	for (size_t i = 0; i < list->count; i++) {
		if (maps[i].size == 0)
			return wabe_error_say(err, -EINVAL, "%s[%zu].size: is 0", path, i);
		/* The last id of each side is below 2^32-1, which is "no id". */
		if ((uint64_t)maps[i].container_id + maps[i].size > UINT32_MAX ||
		    (uint64_t)maps[i].host_id + maps[i].size > UINT32_MAX)
			return wabe_error_say(err, -ERANGE,
					      "%s[%zu].size: %u ids reach over the last id", path,
					      i, maps[i].size);
		for (size_t j = 0; j < i; j++)
			if (ranges_overlap(maps[i].container_id, maps[i].size, maps[j].container_id,
					   maps[j].size) ||
			    ranges_overlap(maps[i].host_id, maps[i].size, maps[j].host_id,
					   maps[j].size))
				return wabe_error_say(err, -EINVAL,
						      "%s[%zu]: overlaps with entry %zu", path, i,
						      j);
	}
	return 0;
}

/* A namespace joined by path has its maps; engines repeat them in the config, so they may be there. */
int wabe_spec_validate_idmaps(const struct wabe_spec *spec, struct wabe_error *err)
{
	const struct wabe_spec_namespace *ns = wabe_spec_namespace(spec, WABE_NS_USER);
	int r;

	if (!ns && (spec->uid_mappings.count || spec->gid_mappings.count))
		return wabe_error_say(err, -EINVAL,
				      "linux.%s: without a user namespace in linux.namespaces",
				      spec->uid_mappings.count ? "uidMappings" : "gidMappings");
	if (ns && !ns->path && (spec->uid_mappings.count == 0 || spec->gid_mappings.count == 0))
		return wabe_error_say(err, -EINVAL,
				      "linux.%s: empty, a new user namespace needs both mappings",
				      spec->uid_mappings.count == 0 ? "uidMappings"
								    : "gidMappings");
	r = wabe_spec_validate_idmap_list(&spec->uid_mappings, "linux.uidMappings", err);
	return r < 0 ? r
		     : wabe_spec_validate_idmap_list(&spec->gid_mappings, "linux.gidMappings", err);
}

static int validate_device(const struct wabe_spec_device *d, size_t i, struct wabe_error *err)
{
	if (!d->path || d->path[0] != '/')
		return wabe_error_say(err, -EINVAL,
				      "linux.devices[%zu].path: \"%.100s\" is not an absolute path",
				      i, d->path ? d->path : "");
	if (!d->type || strlen(d->type) != 1 || !strchr("cubp", d->type[0]))
		return wabe_error_say(err, -EINVAL,
				      "linux.devices[%zu].type: \"%.20s\" is none of c, u, b, p", i,
				      d->type ? d->type : "");
	if (d->type[0] != 'p' && (!d->major.is_set || !d->minor.is_set))
		return wabe_error_say(err, -EINVAL, "linux.devices[%zu].%s: missing", i,
				      d->major.is_set ? "minor" : "major");
	if (d->file_mode.is_set && d->file_mode.value > 07777)
		return wabe_error_say(
			err, -ERANGE,
			"linux.devices[%zu].fileMode: %#llo is out of range, 0..07777", i,
			(unsigned long long)d->file_mode.value);
	return 0;
}

static int validate_devices(const struct wabe_list *list, struct wabe_error *err)
{
	const struct wabe_spec_device *devices = list->items;

	for (size_t i = 0; i < list->count; i++) {
		int r = validate_device(&devices[i], i, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The kernel's rule for names of network devices: at most 15 characters, none that would make a path or an alias of it. */
static bool is_device_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > 15 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (const char *c = name; *c; c++)
		if (*c == '/' || *c == ':' || isspace((unsigned char)*c) ||
		    iscntrl((unsigned char)*c))
			return false;
	return true;
}

/* "%d" once, of which the kernel makes a number. */
static bool is_device_pattern(const char *name)
{
	const char *percent = strchr(name, '%');

	return !percent || (percent[1] == 'd' && !strchr(percent + 1, '%'));
}

int wabe_spec_validate_net_devices(const struct wabe_spec *spec, struct wabe_error *err)
{
	const struct wabe_spec_net_device *d = spec->net_devices.items;

	if (spec->net_devices.count && !wabe_spec_namespace(spec, WABE_NS_NETWORK))
		return wabe_error_say(
			err, -EINVAL,
			"linux.netDevices: without a network namespace in linux.namespaces");
	for (size_t i = 0; i < spec->net_devices.count; i++) {
		if (!is_device_name(d[i].host_name) || strchr(d[i].host_name, '%'))
			return wabe_error_say(
				err, -EINVAL,
				"linux.netDevices: \"%.30s\" is no name of a network device",
				d[i].host_name);
		if (d[i].name && (!is_device_name(d[i].name) || !is_device_pattern(d[i].name)))
			return wabe_error_say(
				err, -EINVAL,
				"linux.netDevices.%s.name: \"%.30s\" is no name of a network device",
				d[i].host_name, d[i].name);
	}
	return 0;
}

static bool has_dotdot(const char *path)
{
	for (const char *p = strstr(path, ".."); p; p = strstr(p + 2, ".."))
		if ((p == path || p[-1] == '/') && (p[2] == '/' || !p[2]))
			return true;
	return false;
}

static int validate_paths(const struct wabe_strv *list, const char *key, struct wabe_error *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i][0] != '/' || has_dotdot(list->items[i]))
			return wabe_error_say(
				err, -EINVAL,
				"linux.%s[%zu]: \"%.100s\" is not an absolute path without \"..\"",
				key, i, list->items[i]);
	return 0;
}

/* Without its own mount namespace the host's /proc and /sys would be changed. */
static int validate_hidden_paths(const struct wabe_spec *spec, struct wabe_error *err)
{
	bool is_private = wabe_spec_namespace(spec, WABE_NS_MOUNT) != NULL;
	int r;

	if (!is_private && (spec->masked_paths.count || spec->readonly_paths.count))
		return wabe_error_say(err, -EINVAL,
				      "linux.%s: without a mount namespace in linux.namespaces",
				      spec->masked_paths.count ? "maskedPaths" : "readonlyPaths");
	r = validate_paths(&spec->masked_paths, "maskedPaths", err);
	return r < 0 ? r : validate_paths(&spec->readonly_paths, "readonlyPaths", err);
}

static int validate_cgroups_path(const char *path, struct wabe_error *err)
{
	if (!path)
		return 0;
	if (has_dotdot(path) || !wabe_str_printable(path))
		return wabe_error_say(
			err, -EINVAL,
			"linux.cgroupsPath: may have no \"..\" and no control characters");
	return 0;
}

/* time_namespaces(7): offsets are set once, before the first process enters. */
static int validate_time(const struct wabe_spec *spec, struct wabe_error *err)
{
	const struct wabe_spec_namespace *time = wabe_spec_namespace(spec, WABE_NS_TIME);

	if (spec->has_uptime && time && time->path)
		return wabe_error_say(
			err, -EINVAL,
			"wabe.uptime: the time namespace that is joined has an uptime already");
	if (spec->time_offsets && (!time || time->path))
		return wabe_error_say(
			err, -EINVAL,
			"linux.timeOffsets: without a new time namespace in linux.namespaces");
	return 0;
}

int wabe_spec_validate_linux(const struct wabe_spec *spec, struct wabe_error *err)
{
	unsigned int propagation;
	int r = validate_namespaces(spec, err);

	if (r == 0)
		r = validate_time(spec, err);
	if (r == 0)
		r = wabe_spec_validate_idmaps(spec, err);
	if (r == 0)
		r = validate_devices(&spec->devices, err);
	if (r == 0)
		r = validate_hidden_paths(spec, err);
	if (r == 0)
		r = validate_cgroups_path(spec->cgroups_path, err);
	if (r == 0 && spec->rootfs_propagation &&
	    wabe_spec_propagation(spec->rootfs_propagation, &propagation) < 0)
		r = wabe_error_say(err, -EINVAL, "linux.rootfsPropagation: unknown name \"%.50s\"",
				   spec->rootfs_propagation);
	return r;
}

static int validate_action(const char *action, const struct wabe_opt_u64 *errno_ret,
			   const char *path, const char *errno_key, struct wabe_error *err)
{
	long long takes_errno;

	if (!action || wabe_name_find(wabe_spec_seccomp_actions, action, &takes_errno) < 0)
		return wabe_error_say(err, -EINVAL, "%s: unknown name \"%.50s\"", path,
				      action ? action : "");
	/* config-linux.md: an errno with an action that can't return it MUST be an error. */
	if (errno_ret->is_set && !takes_errno)
		return wabe_error_say(err, -EINVAL,
				      "%s: %s returns no errno, %s can't stand with it", path,
				      action, errno_key);
	return 0;
}

static int validate_name_list(const struct wabe_strv *list, const struct wabe_name *names,
			      const char *path, struct wabe_error *err)
{
	long long value;

	for (size_t i = 0; i < list->count; i++)
		if (wabe_name_find(names, list->items[i], &value) < 0)
			return wabe_error_say(err, -EINVAL, "%s[%zu]: unknown name \"%.50s\"", path,
					      i, list->items[i]);
	return 0;
}

/* As runc: a default of it would ask for each call of the runtime itself too, before anybody listens. */
static int validate_notify(const struct wabe_spec_seccomp *seccomp, struct wabe_error *err)
{
	const struct wabe_spec_syscall *calls = seccomp->syscalls.items;

	bool has_path = seccomp->listener_path && seccomp->listener_path[0];

	if (has_path &&
	    (seccomp->listener_path[0] != '/' || !wabe_str_printable(seccomp->listener_path)))
		return wabe_error_say(
			err, -EINVAL,
			"linux.seccomp.listenerPath: \"%.100s\" is not an absolute path",
			seccomp->listener_path);
	if (seccomp->listener_metadata && seccomp->listener_metadata[0] && !has_path)
		return wabe_error_say(
			err, -EINVAL,
			"linux.seccomp.listenerPath: is missing, listenerMetadata needs it");
	if (wabe_str_equal(seccomp->default_action, "SCMP_ACT_NOTIFY"))
		return wabe_error_say(
			err, -EINVAL,
			"linux.seccomp.defaultAction: SCMP_ACT_NOTIFY can't be the default");
	for (size_t i = 0; i < seccomp->syscalls.count; i++)
		if (wabe_str_equal(calls[i].action, "SCMP_ACT_NOTIFY") && !has_path)
			return wabe_error_say(
				err, -EINVAL,
				"linux.seccomp.listenerPath: is missing, syscalls[%zu].action SCMP_ACT_NOTIFY needs it",
				i);
	return 0;
}

static int validate_syscall(const struct wabe_spec_syscall *call, size_t i, struct wabe_error *err)
{
	const struct wabe_spec_syscall_arg *args = call->args.items;
	char path[64];
	long long value;
	int r;

	if (call->names.count == 0)
		return wabe_error_say(err, -EINVAL, "linux.seccomp.syscalls[%zu].names: is empty",
				      i);
	snprintf(path, sizeof(path), "linux.seccomp.syscalls[%zu].action", i);
	r = validate_action(call->action, &call->errno_ret, path, "errnoRet", err);
	if (r < 0)
		return r;
	for (size_t n = 0; n < call->args.count; n++)
		if (!args[n].op ||
		    wabe_name_find(wabe_spec_seccomp_operators, args[n].op, &value) < 0)
			return wabe_error_say(
				err, -EINVAL,
				"linux.seccomp.syscalls[%zu].args[%zu].op: unknown name \"%.50s\"",
				i, n, args[n].op ? args[n].op : "");
	return 0;
}

int wabe_spec_validate_seccomp(const struct wabe_spec_seccomp *seccomp, struct wabe_error *err)
{
	const struct wabe_spec_syscall *calls = seccomp->syscalls.items;
	int r = validate_action(seccomp->default_action, &seccomp->default_errno_ret,
				"linux.seccomp.defaultAction", "defaultErrnoRet", err);

	if (r == 0)
		r = validate_name_list(&seccomp->architectures, wabe_spec_seccomp_architectures,
				       "linux.seccomp.architectures", err);
	if (r == 0)
		r = validate_name_list(&seccomp->flags, wabe_spec_seccomp_flags,
				       "linux.seccomp.flags", err);
	for (size_t i = 0; r == 0 && i < seccomp->syscalls.count; i++)
		r = validate_syscall(&calls[i], i, err);
	return r < 0 ? r : validate_notify(seccomp, err);
}
