/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/seccomp_watch: compiling a profile that the library may never come to an end with. For sys/seccomp.c alone.
 *
 * libseccomp 2.5.4 goes round in circles in seccomp_rule_add() for some pairs of rules of one syscall that have two
 * conditions and more, as A0 < 5 && A5 >= 2^21 and then A0 < 5 && A5 >= 2^33 (found by tests/fuzz/fuzz_seccomp.c). It can't
 * be called off, so such a profile is compiled by a child, which is killed when it takes too long. The profiles of engines
 * have no such pairs, and cost nothing more.
 */
#ifndef WABE_SYS_SECCOMP_WATCH_H
#define WABE_SYS_SECCOMP_WATCH_H

#include <stdbool.h>

#include "sys/seccomp.h"

typedef int wabe_seccomp_compiler(const struct wabe_seccomp_profile *profile,
				  struct wabe_seccomp_program *ret_program, struct wabe_error *err);

/** wabe_seccomp_needs_watch() - has a syscall two rules with two conditions or more? */
bool wabe_seccomp_needs_watch(const struct wabe_seccomp_profile *profile);

/**
 * wabe_seccomp_watch() - @compile in a child, for at most five seconds. What it returns, or -ETIMEDOUT; -EIO when the
 * library crashed; -errno when there is no child to be had.
 */
int wabe_seccomp_watch(wabe_seccomp_compiler *compile, const struct wabe_seccomp_profile *profile,
		       struct wabe_seccomp_program *ret_program, struct wabe_error *err);

#endif
