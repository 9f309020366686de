/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/seccomp: syscall filters. The only user of libseccomp.
 *
 * A profile (plain data below, the caller translates the OCI section to it) is compiled to a BPF
 * program; compiled programs are cached in a directory of the host's (0700) under a key of profile,
 * architecture, kernel and libseccomp version, because compiling costs milliseconds.
 */
#ifndef WABE_SYS_SECCOMP_H
#define WABE_SYS_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct wabe_seccomp_arg {
	uint32_t index;
	const char *op; /* SCMP_CMP_NE LT LE EQ GE GT MASKED_EQ */
	uint64_t value, value_two;
};

struct wabe_seccomp_rule {
	const char *const *names; /* syscalls; one that this libseccomp doesn't know is left out, as
				     runc does */
	size_t names_count;
	const char *
		action; /* SCMP_ACT_KILL KILL_THREAD KILL_PROCESS TRAP ERRNO TRACE ALLOW LOG NOTIFY */
	int errno_ret; /* < 0: EPERM */
	const struct wabe_seccomp_arg *args;
	size_t args_count;
};

struct wabe_seccomp_profile {
	const char *default_action;
	int default_errno_ret;		  /* < 0: EPERM */
	const char *const *architectures; /* SCMP_ARCH_*, none: the native one */
	size_t architectures_count;
	const char *const
		*flags; /* SECCOMP_FILTER_FLAG_LOG, _SPEC_ALLOW, _TSYNC, _WAIT_KILLABLE_RECV */
	size_t flags_count;
	const struct wabe_seccomp_rule *rules;
	size_t rules_count;
};

/** A compiled filter, ready for seccomp(2); free with wabe_seccomp_program_free(). */
struct wabe_seccomp_program {
	void *filter; /* struct sock_filter[] */
	unsigned short length;
	unsigned int flags;
	bool is_cached; /* it was not compiled now */
};

/**
 * wabe_seccomp_compile() - profile to program, from the cache when it is there.
 * @cache_dir: NULL = no cache; created 0700 when missing; a cache that can't be written or read is
 * not an error, a file there that is not root's own 0600 regular file is not trusted Where the
 * default action refuses with another errno than ENOSYS, calls newer than all that the profile
 * names answer ENOSYS, as under runc. Conditions of a rule that name one argument twice are
 * alternatives, as under runc. Returns 0, -EINVAL (unknown action, operator, architecture, flag;
 * bad argument index; an errno with an action that takes none), -ENOMEM, -ETIMEDOUT (the library
 * goes round in circles, seccomp_watch.h).
 */
int wabe_seccomp_compile(const struct wabe_seccomp_profile *profile, const char *cache_dir,
			 struct wabe_seccomp_program *ret_program, struct wabe_error *err);
void wabe_seccomp_program_free(struct wabe_seccomp_program *program);

/** wabe_seccomp_notifies() - does a rule hand calls to a listener (SCMP_ACT_NOTIFY)? */
bool wabe_seccomp_notifies(const struct wabe_seccomp_program *program);

/**
 * wabe_seccomp_load() - install into the calling thread (in the child, last step before execve).
 * Needs no_new_privs or CAP_SYS_ADMIN in the user namespace.
 * Returns 0, for a program that notifies the listener's descriptor (close-on-exec), or -errno (-EBUSY: there is a filter with
 * a listener already).
 */
int wabe_seccomp_load(const struct wabe_seccomp_program *program, struct wabe_error *err);

/** wabe_seccomp_library() - "2.5.4", the version of libseccomp, into @text. */
#define WABE_SECCOMP_LIBRARY_MAX 40
void wabe_seccomp_library(char text[WABE_SECCOMP_LIBRARY_MAX]);

/** wabe_seccomp_actions(), _operators(), _architectures(), _flags() - NULL-terminated lists of
 * supported names (for `features` and for validation). */
const char *const *wabe_seccomp_actions(void);
const char *const *wabe_seccomp_operators(void);
const char *const *wabe_seccomp_architectures(void);
const char *const *wabe_seccomp_flags(void);

#endif
