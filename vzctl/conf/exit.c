// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/exit: exit codes of vzctl(8); see exit.h. */
#include "conf/exit.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "base/cleanup.h"

struct exit_row {
	enum vz_exit code;
	const char *text;
};

/* Ascending. vzctl(8), "EXIT STATUS". */
static const struct exit_row exit_rows[] = {
	{ VZ_EXIT_OK, "success" },
	{ VZ_EXIT_SET_UBC, "resource limits could not be set" },
	{ VZ_EXIT_SET_CPU, "processor limits could not be set" },
	{ VZ_EXIT_SYSTEM, "system error" },
	{ VZ_EXIT_NO_KERNEL, "not supported by this kernel or this version" },
	{ VZ_EXIT_RESOURCES, "not enough system resources" },
	{ VZ_EXIT_ENV_CREATE, "the guest's environment could not be created" },
	{ VZ_EXIT_COMMAND, "the command failed" },
	{ VZ_EXIT_LOCKED, "the guest is locked by another command" },
	{ VZ_EXIT_NO_HOST_CONFIG, "vz.conf not found" },
	{ VZ_EXIT_NO_HELPER, "a helper program or script is missing" },
	{ VZ_EXIT_PERMISSION, "permission denied" },
	{ VZ_EXIT_CAPABILITY, "capabilities could not be set" },
	{ VZ_EXIT_NO_CONFIG, "the guest has no configuration file" },
	{ VZ_EXIT_EXEC_TIMEOUT, "the command timed out" },
	{ VZ_EXIT_SUSPEND, "the guest could not be suspended" },
	{ VZ_EXIT_RESUME, "the guest could not be resumed" },
	{ VZ_EXIT_BAD_OPTION, "unknown option or bad usage" },
	{ VZ_EXIT_BAD_VALUE, "bad value of a parameter" },
	{ VZ_EXIT_NO_VE_ROOT, "VE_ROOT is not set" },
	{ VZ_EXIT_NO_VE_PRIVATE, "VE_PRIVATE is not set" },
	{ VZ_EXIT_NO_TEMPLATE_DIR, "TEMPLATE is not set" },
	{ VZ_EXIT_NO_UBC, "a required resource limit is missing" },
	{ VZ_EXIT_NO_OSTEMPLATE, "no OS template was named" },
	{ VZ_EXIT_NOT_RUNNING, "the guest is not running" },
	{ VZ_EXIT_RUNNING, "the guest is running" },
	{ VZ_EXIT_STOP, "the guest could not be stopped" },
	{ VZ_EXIT_ADD_IP, "an address could not be added" },
	{ VZ_EXIT_VALIDATE, "the configuration is not valid" },
	{ VZ_EXIT_OVERCOMMIT, "the host would be overcommitted" },
	{ VZ_EXIT_NOT_MOUNTED, "the guest is not mounted" },
	{ VZ_EXIT_MOUNTED, "the guest is mounted" },
	{ VZ_EXIT_NO_PRIVATE_AREA, "the private area does not exist" },
	{ VZ_EXIT_PRIVATE_AREA_EXISTS, "the private area exists" },
	{ VZ_EXIT_NO_SPACE, "no disk space left" },
	{ VZ_EXIT_BROKEN_CT, "the guest has no working init or sh" },
	{ VZ_EXIT_CREATE_PRIVATE, "the private area could not be created" },
	{ VZ_EXIT_CREATE_ROOT, "the root directory could not be created" },
	{ VZ_EXIT_MOUNT, "the guest could not be mounted" },
	{ VZ_EXIT_UMOUNT, "the guest could not be unmounted" },
	{ VZ_EXIT_DELETE, "the guest could not be deleted" },
	{ VZ_EXIT_LAYOUT, "unknown or unsupported layout" },
	{ VZ_EXIT_MKDIR, "a directory could not be created" },
	{ VZ_EXIT_QUOTA_RUNNING, "disk quota is on" },
	{ VZ_EXIT_QUOTA_INIT, "disk quota could not be initialised" },
	{ VZ_EXIT_QUOTA_SET, "disk quota could not be set" },
	{ VZ_EXIT_NO_DISKSPACE, "DISKSPACE is not set" },
	{ VZ_EXIT_NO_DISKINODES, "DISKINODES is not set" },
	{ VZ_EXIT_UGID_QUOTA, "quota of users inside the guest could not be set" },
	{ VZ_EXIT_QUOTA_OFF, "disk quota is off" },
	{ VZ_EXIT_NO_UGID_QUOTA, "quota of users inside the guest is not initialised" },
	{ VZ_EXIT_QUOTA_USAGE, "disk usage could not be read" },
	{ VZ_EXIT_BAD_HOSTNAME, "the hostname is none, or could not be set" },
	{ VZ_EXIT_BAD_IP, "bad address" },
	{ VZ_EXIT_BAD_NAMESERVER, "a name server is none, or could not be set" },
	{ VZ_EXIT_BAD_SEARCHDOMAIN, "a search domain is none, or could not be set" },
	{ VZ_EXIT_PASSWORD, "the password could not be set" },
	{ VZ_EXIT_NO_LOCKDIR, "LOCKDIR is not set or can not be used" },
	{ VZ_EXIT_IP_IN_USE, "an address is used elsewhere" },
	{ VZ_EXIT_ACTION_SCRIPT, "an action script failed" },
	{ VZ_EXIT_COPY_CONFIG, "the sample configuration could not be used" },
	{ VZ_EXIT_BAD_CONFIG, "the configuration file is damaged" },
	{ VZ_EXIT_DEVICES, "devices could not be set" },
	{ VZ_EXIT_NO_TEMPLATE, "the template was not found" },
	{ VZ_EXIT_GET_IP, "addresses could not be read" },
	{ VZ_EXIT_NETDEV, "network devices could not be moved" },
	{ VZ_EXIT_DISABLED, "the guest is disabled" },
	{ VZ_EXIT_IPTABLES, "the packet filter could not be set" },
	{ VZ_EXIT_NO_DIST_CONFIG, "no distribution scripts" },
	{ VZ_EXIT_APPLY_CONFIG, "the sample could not be applied" },
	{ VZ_EXIT_VETH, "a network interface could not be created" },
	{ VZ_EXIT_NAME, "the name is taken, is none, or could not be set" },
	{ VZ_EXIT_WAIT, "the guest did not come up" },
	{ VZ_EXIT_SAVE, "the configuration could not be saved" },
	{ VZ_EXIT_OSRELEASE, "the kernel release could not be set" },
	{ VZ_EXIT_IO, "disk i/o limits could not be set" },
};

const char *vz_exit_text(int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(exit_rows); i++)
		if ((int)exit_rows[i].code == code)
			return exit_rows[i].text;
	return NULL;
}

int vz_exit_next(int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(exit_rows); i++)
		if ((int)exit_rows[i].code > code)
			return (int)exit_rows[i].code;
	return -1;
}

int vz_exit_code(const struct wabe_error *err)
{
	if (!err)
		return VZ_EXIT_SYSTEM;
	if (err->kind)
		return err->kind;
	switch (-err->code) {
	case EACCES:
	case EPERM:
		return VZ_EXIT_PERMISSION;
	case ENOSPC:
	case EDQUOT:
		return VZ_EXIT_NO_SPACE;
	case EWOULDBLOCK:
		return VZ_EXIT_LOCKED;
	case ENOMEM:
		return VZ_EXIT_RESOURCES;
	case ENOTSUP:
	case ENOSYS:
		return VZ_EXIT_NO_KERNEL;
	default:
		return VZ_EXIT_SYSTEM;
	}
}

int vz_error_say(struct wabe_error *err, enum vz_exit kind, int code, const char *fmt, ...)
{
	char text[WABE_ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	wabe_error_say(err, code, "%s", text);
	wabe_error_kind(err, (int)kind);
	return code;
}

int vz_error_set(struct wabe_error *err, enum vz_exit kind, int code, const char *fmt, ...)
{
	char text[WABE_ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	wabe_error_set(err, code, "%s", text);
	wabe_error_kind(err, (int)kind);
	return code;
}

int vz_error_default(struct wabe_error *err, enum vz_exit kind)
{
	if (!err || !err->code)
		return -EIO;
	if (!err->kind)
		wabe_error_kind(err, (int)kind);
	return err->code;
}
