// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/verify: capabilities, devices, features, packet filters; see verify.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/rights.h"
#include "guest/verify.h"

#define SECONDS 30

/* In the guest: those of probe->wanted that can still be had, those of probe->total that can't. */
static int try_capabilities(struct vz_probe *probe)
{
	for (int cap = 0; cap < 64; cap++) {
		uint64_t bit = UINT64_C(1) << cap;
		int has = prctl(PR_CAPBSET_READ, cap);

		if ((probe->wanted & bit) && has > 0)
			probe->count++;
		if ((probe->total & bit) && has == 0)
			probe->bytes++;
	}
	return 0;
}

static int check_capability(struct vz_verify *v, struct wabe_error *err)
{
	struct vz_confine_options options;
	int r;

	vz_rights_options(v->params, &options);
	if (!options.caps_off && !options.caps_on)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-", "no capability of this kernel");
	v->probe->wanted = options.caps_off;
	v->probe->total = options.caps_on;
	r = vz_verify_inside(v, try_capabilities, SECONDS, err);
	if (r < 0)
		return r;
	if (r == 0 && v->probe->count == 0 && v->probe->bytes == 0)
		return vz_verify_say(v, VZ_VERDICT_PROVEN, "bounding set",
				     "processes have what is on, and not what is off");
	return vz_verify_say(v, VZ_VERDICT_FAILED, "bounding set",
			     "%" PRIu64 " that are off are there, %" PRIu64 " that are on are not",
			     v->probe->count, v->probe->bytes);
}

static bool can_open(const char *path, int flags, int *ret_errno)
{
	int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	*ret_errno = fd < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	/* EBUSY, ENXIO ...: the device's own answer, it was asked. */
	return fd >= 0 ||
	       (errno != EPERM && errno != EACCES && errno != ENOENT && errno != ENOTDIR);
}

/* In the guest: may the device probe->text be read and written? Bits of R_OK, W_OK. */
static int try_device(struct vz_probe *probe)
{
	int code;

	if (can_open(probe->text, O_RDONLY, &code))
		probe->count |= R_OK;
	if (can_open(probe->text, O_WRONLY, &code))
		probe->count |= W_OK;
	return 0;
}

/* 1: as it should be, 0: not, and it is said; -errno. */
static int try_one(struct vz_verify *v, const char *name, bool is_readable, bool is_writable,
		   struct wabe_error *err)
{
	uint64_t wanted = (is_readable ? R_OK : 0) | (is_writable ? W_OK : 0);
	int r;

	v->probe->count = 0;
	snprintf(v->probe->text, sizeof(v->probe->text), "/dev/%s", name);
	r = vz_verify_inside(v, try_device, SECONDS, err);
	if (r < 0)
		return r;
	if (r == 0 && v->probe->count == wanted)
		return 1;
	vz_verify_say(v, VZ_VERDICT_FAILED, "device rules", "/dev/%s can be opened for \"%s%s\"",
		      name, v->probe->count & R_OK ? "r" : "", v->probe->count & W_OK ? "w" : "");
	return 0;
}

/* Those that the parameter of the row gives. */
static int check_devices(struct vz_verify *v, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const struct wabe_strv *list = vz_param_list(v->params, v->result->param);
	struct vz_devices devices;
	unsigned int tried = 0;
	int r = vz_devices_collect(v->params, &arena, &devices, err);

	for (size_t i = 0; r == 0 && i < devices.count; i++) {
		const struct vz_device *d = &devices.items[i];

		if (!d->name || d->minor < 0 || !wabe_strv_has(list, d->from))
			continue;
		r = try_one(v, d->name, d->is_readable, d->is_writable, err);
		if (r <= 0)
			return r;
		r = 0;
		tried++;
	}
	if (r < 0)
		return r;
	if (tried == 0)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "device rules",
				     "no single device that the host has a name for");
	return vz_verify_say(v, VZ_VERDICT_PROVEN, "device rules",
			     "%u can be opened as they should, no further", tried);
}

static int check_features(struct vz_verify *v, struct wabe_error *err)
{
	size_t count;
	const struct vz_feature *features = vz_features(&count);
	unsigned int tried = 0;

	for (size_t i = 0; i < count; i++) {
		int is = vz_param_switch(v->params, VZ_PARAM_FEATURES, features[i].name), r;

		if (is < 0 || !features[i].device ||
		    (is == 1 && !vz_feature_has_module(features[i].module)))
			continue;
		r = try_one(v, features[i].device, is == 1, is == 1, err);
		if (r <= 0)
			return r;
		tried++;
	}
	if (tried == 0)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-",
				     "none of them has a device to try");
	return vz_verify_say(v, VZ_VERDICT_PROVEN, "device rules", "%u devices tried", tried);
}

/* In the guest. */
static int try_netfilter(struct vz_probe *probe)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	probe->error = fd < 0 ? errno : 0;
	probe->count = fd >= 0;
	return 0;
}

static int check_netfilter(struct vz_verify *v, struct wabe_error *err)
{
	const char *mode = vz_param_string(v->params, VZ_PARAM_NETFILTER);
	int r;

	if (strcmp(mode, "disabled") != 0)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-",
				     "this kernel has no switch for a part of a packet filter");
	r = vz_verify_inside(v, try_netfilter, SECONDS, err);
	if (r < 0)
		return r;
	if (r == 0 && v->probe->count == 0)
		return vz_verify_say(v, VZ_VERDICT_PROVEN, "seccomp", "no socket to nftables: %s",
				     strerror(v->probe->error));
	return vz_verify_say(v, VZ_VERDICT_FAILED, "seccomp", "a socket to nftables could be had");
}

static bool has_netfilter(const struct vz_params *params)
{
	return vz_param_has(params, VZ_PARAM_NETFILTER) &&
	       strcmp(vz_param_string(params, VZ_PARAM_NETFILTER), "full") != 0;
}

static const struct vz_verify_row rows[] = {
	{ VZ_PARAM_CAPABILITY, NULL, check_capability },
	{ VZ_PARAM_DEVNODES, NULL, check_devices },
	{ VZ_PARAM_DEVICES, NULL, check_devices },
	{ VZ_PARAM_FEATURES, NULL, check_features },
	{ VZ_PARAM_NETFILTER, has_netfilter, check_netfilter },
};

const struct vz_verify_row *vz_verify_rights_rows(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(rows);
	return rows;
}
