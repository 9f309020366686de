/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/confine: the default confinement of a guest: capabilities, syscall filter, masked and
 * read-only paths.
 */
#ifndef WABE_GUEST_CONFINE_H
#define WABE_GUEST_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "spec/model.h"

/** What a guest's configuration changes of the default; all zero: nothing. */
struct vz_confine_options {
	uint64_t caps_on, caps_off; /* by capability number */
	const char *const
		*syscalls; /* NULL, or names of system calls to let through too, NULL-terminated */
	bool no_netfilter; /* no packet filter of its own */
	bool has_log;	   /* the kernel keeps a log for it alone, and it has a user namespace */
};

/**
 * vz_confine_apply() - write the confinement into @spec: process.capabilities, seccomp,
 * maskedPaths, readonlyPaths (the OCI defaults and more).
 * @spec: has .process (-EINVAL else); namespaces are filled in already, because without a user
 * namespace more is taken away
 * @options: NULL, or the guest's own
 * Memory comes from the spec's arena. Returns 0, -EINVAL or -ENOMEM.
 */
int vz_confine_apply(struct wabe_spec *spec, const struct vz_confine_options *options,
		     struct wabe_error *err);

/**
 * vz_confine_subvolumes() - behind vz_confine_apply(), for a root that is a subvolume of btrfs: take the ioctls away by which a
 * guest would make more of them, beside its limits. 0 or -ENOMEM.
 */
int vz_confine_subvolumes(struct wabe_spec *spec, struct wabe_error *err);

#endif
