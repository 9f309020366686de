/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/rights: CAPABILITY, FEATURES and NETFILTER: what a guest may do beyond the default
 * confinement, and less.
 */
#ifndef VZ_GUEST_RIGHTS_H
#define VZ_GUEST_RIGHTS_H

#include "base/error.h"
#include "guest/confine.h"
#include "guest/devices.h"
#include "guest/guest.h"

/**
 * vz_rights_check() - are the capabilities such that a guest can be given? Those that reach past a
 * user namespace need LOCAL_UID=0 (the kernel would not honour them else), some nobody gets.
 * -EPERM, kind VZ_EXIT_CAPABILITY.
 */
int vz_rights_check(const struct vz_params *params, struct wabe_error *err);

/** vz_rights_say() - a line for each feature and mode set in @changes that this kernel can't do. */
void vz_rights_say(const struct vz_guest *g, const struct vz_params *changes);

/** vz_rights_options() - what they change of the confinement. @ret_options points to constants. */
void vz_rights_options(const struct vz_params *params, struct vz_confine_options *ret_options);

/** vz_rights_mounts() - sysfs:on is writable, sysfs:off is none; docker:on has what a container's
 * mounts need. -ENOMEM. */
int vz_rights_mounts(const struct vz_params *params, struct wabe_spec *spec);

/** vz_features_devices() - the devices of features that are on, added to @devices. */
void vz_features_devices(const struct vz_params *params, struct vz_devices *devices);

/** vz_devices_collect() - all devices that @params give, of the host's those that exist. */
int vz_devices_collect(const struct vz_params *params, struct wabe_arena *arena,
		       struct vz_devices *devices, struct wabe_error *err);

/** A feature, for `vzctl verify` and tests. */
struct vz_feature {
	const char *name;
	const char *device; /* NULL, or its node below /dev */
	unsigned int major, minor, mode;
	const char *module; /* NULL, or what the kernel must have */
	bool is_host_only;  /* a filesystem that only the first user namespace mounts */
};

/** vz_features() - all of them. */
const struct vz_feature *vz_features(size_t *ret_count);

/** vz_feature_has_module() - is it loaded, built in, or to be loaded when it is used? */
bool vz_feature_has_module(const char *module);

#endif
