/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/init: the guest's init program: where it is, what kind it is, how it is told to shut down
 * and when it is up.
 *
 * The kind is a guess from the guest's own files. It decides only which polite signal comes before
 * SIGKILL.
 */
#ifndef VZ_GUEST_INIT_H
#define VZ_GUEST_INIT_H

#include "base/error.h"

enum vz_init_kind {
	VZ_INIT_SYSTEMD,
	VZ_INIT_BUSYBOX,
	VZ_INIT_SYSVINIT,
	VZ_INIT_OPENRC,
	VZ_INIT_RUNIT,
	VZ_INIT_OTHER,
	VZ_INIT_MAX,
};

/** The container's annotation that keeps the kind from start to stop. */
#define VZ_INIT_ANNOTATION "org.wabe.init"

/**
 * vz_init_find() - look for an init as the guest would find it.
 * @root_fd: the guest's root directory
 * @ret_path: "/sbin/init"; static
 * -ENOENT, kind VZ_EXIT_BROKEN_CT: there is none that can be executed.
 */
int vz_init_find(int root_fd, const char **ret_path, enum vz_init_kind *ret_kind,
		 struct wabe_error *err);

/**
 * vz_init_name(), vz_init_kind_of() - the annotation's text and back; NULL or an unknown name is
 * VZ_INIT_OTHER.
 */
const char *vz_init_name(enum vz_init_kind kind);
enum vz_init_kind vz_init_kind_of(const char *name);

/**
 * How a guest is told to halt: by a signal to init, or, first, by a program of its own (NULL:
 * none).
 */
struct vz_init_halt {
	int signal;
	const char *const *commands[3]; /* argument vectors, tried in turn; NULL ends the list */
};

/** vz_init_halt() - for a kind. Never NULL. */
const struct vz_init_halt *vz_init_halt(enum vz_init_kind kind);

/** vz_init_shell() - the guest's shell: "/bin/bash" or "/bin/sh". -ENOENT, kind VZ_EXIT_BROKEN_CT.
 */
int vz_init_shell(int root_fd, const char **ret_path, struct wabe_error *err);

#endif
