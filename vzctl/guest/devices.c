// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/devices: which devices, and the rules for them; see devices.h. */
#include "guest/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guest/rights.h"

static const enum vz_param_id ids[] = { VZ_PARAM_DEVICES, VZ_PARAM_DEVNODES, VZ_PARAM_FEATURES };

bool vz_devices_any(const struct vz_params *params)
{
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (vz_param_has(params, ids[i]))
			return true;
	return false;
}

/* ":rw", ":none" at the end of an entry; q is a quota's, of the image layout (vzctl(8)). */
static void set_access(struct vz_device *d, const char *access)
{
	bool is_none = strcmp(access, "none") == 0;

	d->is_readable = !is_none && strchr(access, 'r');
	d->is_writable = !is_none && strchr(access, 'w');
}

/* The name that the host has for it (uevent, DEVNAME); NULL: none, or for all minors. */
static const char *host_name(struct wabe_arena *arena, const struct vz_device *d)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	char path[64], *at;

	snprintf(path, sizeof(path), "/sys/dev/%s/%lld:%lld/uevent",
		 d->type == 'b' ? "block" : "char", (long long)d->major, (long long)d->minor);
	if (d->minor < 0 || wabe_file_read_at(AT_FDCWD, path, 4096, &text, NULL) < 0 || !text.data)
		return NULL;
	at = strstr(text.data, "DEVNAME=");
	if (!at || (at != text.data && at[-1] != '\n'))
		return NULL;
	at += strlen("DEVNAME=");
	return wabe_arena_strndup(arena, at, strcspn(at, "\n"));
}

/* "b:8:0:rw", "c:10:all:r"; the form was checked when it was parsed. */
static int from_numbers(struct wabe_arena *arena, const char *entry, struct vz_device *d)
{
	const char *minor = strchr(entry + 2, ':');
	char *end;

	if (!minor)
		return -EINVAL;
	d->type = entry[0];
	d->major = strtoll(entry + 2, &end, 10);
	d->minor = strncmp(minor, ":all:", 5) == 0 ? -1 : strtoll(minor + 1, &end, 10);
	set_access(d, strrchr(entry, ':') + 1);
	d->name = host_name(arena, d);
	d->mode = 0660;
	return 0;
}

/* "fuse:rw": what the host has at /dev/fuse. */
static int from_name(struct wabe_arena *arena, const char *entry, struct vz_device *d)
{
	const char *colon = strrchr(entry, ':');
	struct stat st;
	char path[256];

	d->name = wabe_arena_strndup(arena, entry, (size_t)(colon - entry));
	if (!d->name)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/dev/%s", d->name);
	if (stat(path, &st) < 0 || (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)))
		return -ENOENT;
	d->type = S_ISBLK(st.st_mode) ? 'b' : 'c';
	d->major = major(st.st_rdev);
	d->minor = minor(st.st_rdev);
	d->mode = st.st_mode & 0666;
	set_access(d, colon + 1);
	return 0;
}

/* Every entry of a list; @is_strict: one that the host doesn't have is an error, else left out. */
static int add_list(const struct vz_params *params, enum vz_param_id id, struct wabe_arena *arena,
		    bool is_strict, struct vz_devices *devices, struct wabe_error *err)
{
	const struct wabe_strv *list = vz_param_list(params, id);

	for (size_t i = 0; vz_param_has(params, id) && i < list->count; i++) {
		struct vz_device d = { .from = list->items[i] };
		int r = id == VZ_PARAM_DEVICES ? from_numbers(arena, list->items[i], &d)
					       : from_name(arena, list->items[i], &d);

		if (r == -ENOMEM)
			return wabe_error_set(err, r, "devices");
		if (r < 0 && is_strict)
			return vz_error_say(err, VZ_EXIT_DEVICES, r,
					    "%s %s: the host has no such device",
					    vz_param_row(id)->key, list->items[i]);
		if (devices->count == VZ_DEVICES_MAX)
			return vz_error_say(err, VZ_EXIT_DEVICES, -E2BIG,
					    "%s: more than %d devices", vz_param_row(id)->key,
					    VZ_DEVICES_MAX);
		if (r == 0)
			devices->items[devices->count++] = d;
	}
	return 0;
}

static int collect(const struct vz_params *params, struct wabe_arena *arena, bool is_strict,
		   struct vz_devices *devices, struct wabe_error *err)
{
	int r = add_list(params, VZ_PARAM_DEVICES, arena, is_strict, devices, err);

	if (r == 0)
		r = add_list(params, VZ_PARAM_DEVNODES, arena, is_strict, devices, err);
	if (r == 0)
		vz_features_devices(params, devices);
	return r;
}

int vz_devices_collect(const struct vz_params *params, struct wabe_arena *arena,
		       struct vz_devices *devices, struct wabe_error *err)
{
	*devices = (struct vz_devices){ 0 };
	return collect(params, arena, false, devices, err);
}

int vz_devices_check(const struct vz_params *params, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_devices devices = { 0 };

	return collect(params, &arena, true, &devices, err);
}

static const char *access_text(const struct vz_device *d)
{
	return d->is_readable && d->is_writable ? "rw" : d->is_readable ? "r" : "w";
}

/* All are denied, then some allowed; the last that matches counts. */
int vz_devices_rules(const struct vz_guest *g, struct wabe_arena *arena,
		     struct wabe_spec_resources *res)
{
	struct wabe_spec_device_rule *rules;
	struct vz_devices devices;
	size_t count = 0;

	if (!vz_devices_any(&g->conf.params))
		return 0;
	if (vz_devices_collect(&g->conf.params, arena, &devices, NULL) < 0)
		return -ENOMEM;
	rules = wabe_arena_array(arena, devices.count + 1, sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	rules[count++] = (struct wabe_spec_device_rule){ .type = "a", .access = "rwm" };
	for (size_t i = 0; i < devices.count; i++) {
		const struct vz_device *d = &devices.items[i];

		rules[count++] = (struct wabe_spec_device_rule){
			.allow = d->is_readable || d->is_writable,
			.type = d->type == 'b' ? "b" : "c",
			.major = { true, d->major },
			.minor = { d->minor >= 0, d->minor },
			.access = d->is_readable || d->is_writable ? access_text(d) : "rw",
		};
	}
	res->devices = (struct wabe_list){ .items = rules, .count = count };
	return 0;
}
