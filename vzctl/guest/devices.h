/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/devices: the devices that a guest may use beyond those of every container: DEVICES,
 * DEVNODES and those of FEATURES. Permission is a rule of its cgroup; a node is made in its /dev.
 *
 * A guest with a user namespace can't make nodes that open, and the host's belong to nobody in it:
 * so a node of its own is made on a small tmpfs, owned by the guest's root, and bound.
 */
#ifndef VZ_GUEST_DEVICES_H
#define VZ_GUEST_DEVICES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "guest/guest.h"

#define VZ_DEVICES_MAX 64

struct vz_device {
	const char *name;     /* below /dev, NULL: no node */
	char type;	      /* 'b' 'c' */
	int64_t major, minor; /* minor -1: all */
	bool is_readable, is_writable;
	unsigned int mode; /* of the node */
	const char *from;  /* "DEVNODES fuse:rw", for messages */
};

struct vz_devices {
	struct vz_device items[VZ_DEVICES_MAX];
	size_t count;
};

/**
 * vz_devices_check() - do the host's devices that are asked for exist, and are there not too many?
 * -ENOENT, -E2BIG, kind VZ_EXIT_DEVICES; the error names parameter and value.
 */
int vz_devices_check(const struct vz_params *params, struct wabe_error *err);

/** vz_devices_rules() - linux.resources.devices, in @arena; none without such parameters. -ENOMEM. */
int vz_devices_rules(const struct vz_guest *g, struct wabe_arena *arena,
		     struct wabe_spec_resources *res);

/** vz_devices_any() - does @params have a parameter about devices at all? */
bool vz_devices_any(const struct vz_params *params);

/** The nodes of a start. */
struct vz_device_nodes {
	struct wabe_arena arena;
	struct vz_devices devices;
	int fds[VZ_DEVICES_MAX]; /* O_PATH, < 0: no node */
};

/**
 * vz_device_nodes_make() - make them on a tmpfs on top of @where, a directory, in a mount namespace
 * of the caller's own. What the host doesn't have is a warning. Close also after a failure.
 */
int vz_device_nodes_make(const struct vz_guest *g, const char *where,
			 struct vz_device_nodes *ret_nodes, struct wabe_error *err);

/** vz_device_nodes_mount() - have @spec bind them; they stay open until its container is made. 0 or
 * -ENOMEM. */
int vz_device_nodes_mount(const struct vz_device_nodes *nodes, struct wabe_spec *spec);

void vz_device_nodes_close(struct vz_device_nodes *nodes);

/**
 * vz_devices_update() - rules and missing nodes in the guest that runs. A device that is not given
 * any more can't be opened; its node stays until the next start. Kind VZ_EXIT_DEVICES.
 */
int vz_devices_update(struct vz_guest *g, struct wabe_error *err);

#endif
