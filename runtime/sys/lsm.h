/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/lsm: labels of the security modules AppArmor and SELinux, by the files of /proc/thread-self/attr (proc(5)). A thread
 * writes only its own; what it writes is for its next execve, or for the keys that it makes.
 */
#ifndef WABE_SYS_LSM_H
#define WABE_SYS_LSM_H

#include "base/error.h"

/** wabe_lsm_need_apparmor(), wabe_lsm_need_selinux() - 0, or -ENOTSUP: the kernel has it not, or not switched on. */
int wabe_lsm_need_apparmor(struct wabe_error *err);
int wabe_lsm_need_selinux(struct wabe_error *err);

enum wabe_lsm_file {
	WABE_LSM_APPARMOR_EXEC, /* an AppArmor profile, at the next execve */
	WABE_LSM_SELINUX_EXEC,	/* an SELinux label, at the next execve */
	WABE_LSM_SELINUX_KEY,	/* an SELinux label, of new keys */
	WABE_LSM_FILE_MAX,
};

/**
 * wabe_lsm_write() - of the calling thread.
 * @proc_fd: the root of a procfs of a pid namespace that the thread is in or below; nothing that is mounted over it is believed
 * @label: "" takes back what was set (not with AppArmor)
 * -ENOENT with AppArmor: the profile is not loaded.
 */
int wabe_lsm_write(int proc_fd, enum wabe_lsm_file file, const char *label, struct wabe_error *err);

#endif
