/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/confine_syscalls: which system calls a guest has. For guest/confine.c and its test.
 */
#ifndef WABE_GUEST_CONFINE_SYSCALLS_H
#define WABE_GUEST_CONFINE_SYSCALLS_H

#include <stddef.h>

enum vz_syscall_verdict {
	VZ_SYSCALL_ALLOW,
	VZ_SYSCALL_REFUSE,  /* EPERM: exists, but not for a guest */
	VZ_SYSCALL_MISSING, /* ENOSYS: as if the kernel lacked it, so that programs take their
			       fallback */
	VZ_SYSCALL_SOCKETS, /* by its arguments */
};

struct vz_syscall {
	const char *name;
	enum vz_syscall_verdict verdict;
};

/** vz_confine_syscalls() - all rows, sorted by name (strcmp). What has no row is MISSING. */
const struct vz_syscall *vz_confine_syscalls(size_t *ret_count);

#endif
