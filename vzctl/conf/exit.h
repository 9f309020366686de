/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf/exit: the exit codes of vzctl(8), which administrators' scripts test, and how errors become
 * them.
 *
 * An error carries its exit code as its kind (struct wabe_error). Codes are an interface: never
 * renumber.
 */
#ifndef VZ_CONF_EXIT_H
#define VZ_CONF_EXIT_H

#include "base/error.h"

enum vz_exit {
	VZ_EXIT_OK = 0,
	VZ_EXIT_SET_UBC = 1,
	VZ_EXIT_SET_CPU = 2,
	VZ_EXIT_SYSTEM = 3,
	VZ_EXIT_NO_KERNEL = 5, /* the kernel, or this version, lacks support */
	VZ_EXIT_RESOURCES = 6,
	VZ_EXIT_ENV_CREATE = 7,
	VZ_EXIT_COMMAND = 8,
	VZ_EXIT_LOCKED = 9,
	VZ_EXIT_NO_HOST_CONFIG = 10,
	VZ_EXIT_NO_HELPER = 11,
	VZ_EXIT_PERMISSION = 12,
	VZ_EXIT_CAPABILITY = 13,
	VZ_EXIT_NO_CONFIG = 14,
	VZ_EXIT_EXEC_TIMEOUT = 15,
	VZ_EXIT_SUSPEND = 16,
	VZ_EXIT_RESUME = 17,
	VZ_EXIT_BAD_OPTION = 20,
	VZ_EXIT_BAD_VALUE = 21,
	VZ_EXIT_NO_VE_ROOT = 22,
	VZ_EXIT_NO_VE_PRIVATE = 23,
	VZ_EXIT_NO_TEMPLATE_DIR = 24,
	VZ_EXIT_NO_UBC = 28,
	VZ_EXIT_NO_OSTEMPLATE = 29,
	VZ_EXIT_NOT_RUNNING = 31,
	VZ_EXIT_RUNNING = 32,
	VZ_EXIT_STOP = 33,
	VZ_EXIT_ADD_IP = 34,
	VZ_EXIT_VALIDATE = 35,
	VZ_EXIT_OVERCOMMIT = 36,
	VZ_EXIT_NOT_MOUNTED = 40,
	VZ_EXIT_MOUNTED = 41,
	VZ_EXIT_NO_PRIVATE_AREA = 43,
	VZ_EXIT_PRIVATE_AREA_EXISTS = 44,
	VZ_EXIT_NO_SPACE = 46,
	VZ_EXIT_BROKEN_CT = 47,
	VZ_EXIT_CREATE_PRIVATE = 48,
	VZ_EXIT_CREATE_ROOT = 49,
	VZ_EXIT_MOUNT = 50,
	VZ_EXIT_UMOUNT = 51,
	VZ_EXIT_DELETE = 52,
	VZ_EXIT_LAYOUT = 53,
	VZ_EXIT_MKDIR = 54,
	VZ_EXIT_QUOTA_RUNNING = 60,
	VZ_EXIT_QUOTA_INIT = 61,
	VZ_EXIT_QUOTA_SET = 62,
	VZ_EXIT_NO_DISKSPACE = 63,
	VZ_EXIT_NO_DISKINODES = 64,
	VZ_EXIT_UGID_QUOTA = 65,
	VZ_EXIT_QUOTA_OFF = 66,
	VZ_EXIT_NO_UGID_QUOTA = 67,
	VZ_EXIT_QUOTA_USAGE = 68,
	VZ_EXIT_BAD_HOSTNAME = 70,
	VZ_EXIT_BAD_IP = 71,
	VZ_EXIT_BAD_NAMESERVER = 72,
	VZ_EXIT_BAD_SEARCHDOMAIN = 73,
	VZ_EXIT_PASSWORD = 74,
	VZ_EXIT_NO_LOCKDIR = 77,
	VZ_EXIT_IP_IN_USE = 78,
	VZ_EXIT_ACTION_SCRIPT = 79,
	VZ_EXIT_COPY_CONFIG = 82,
	VZ_EXIT_BAD_CONFIG = 85,
	VZ_EXIT_DEVICES = 86,
	VZ_EXIT_NO_TEMPLATE = 91,
	VZ_EXIT_GET_IP = 100,
	VZ_EXIT_NETDEV = 104,
	VZ_EXIT_DISABLED = 105,
	VZ_EXIT_IPTABLES = 106,
	VZ_EXIT_NO_DIST_CONFIG = 107,
	VZ_EXIT_APPLY_CONFIG = 109,
	VZ_EXIT_VETH = 130,
	VZ_EXIT_NAME = 131,
	VZ_EXIT_WAIT = 133,
	VZ_EXIT_SAVE = 139,
	VZ_EXIT_OSRELEASE = 144,
	VZ_EXIT_IO = 148,
};

/** vz_exit_text() - what the code means, as in the manual ("the guest is not running"); NULL when
 * there is no such code. */
const char *vz_exit_text(int code);

/** vz_exit_next() - the first code above @code, or -1: for walking the table (help, manual, tests).
 * Start with -1. */
int vz_exit_next(int code);

/**
 * vz_exit_code() - the exit code for @err: its kind when somebody set one, else by errno: EACCES
 * and EPERM VZ_EXIT_PERMISSION, ENOSPC and EDQUOT VZ_EXIT_NO_SPACE, EWOULDBLOCK VZ_EXIT_LOCKED,
 * ENOMEM VZ_EXIT_RESOURCES, ENOTSUP and ENOSYS VZ_EXIT_NO_KERNEL, anything else VZ_EXIT_SYSTEM. An
 * unset error or NULL is VZ_EXIT_SYSTEM too: it is only asked after a failure.
 */
int vz_exit_code(const struct wabe_error *err);

/** vz_error_say() - wabe_error_say() with an exit code. Returns @code. */
int vz_error_say(struct wabe_error *err, enum vz_exit kind, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/** vz_error_set() - wabe_error_set() (appends strerror) with an exit code. Returns @code. */
int vz_error_set(struct wabe_error *err, enum vz_exit kind, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/** vz_error_default() - give @err an exit code unless it has one. Returns err->code (-EIO when NULL
 * or unset). */
int vz_error_default(struct wabe_error *err, enum vz_exit kind);

#endif
