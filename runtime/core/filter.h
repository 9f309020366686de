/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/filter: linux.seccomp of the specification as a compiled filter.
 */
#ifndef WABE_CORE_FILTER_H
#define WABE_CORE_FILTER_H

#include <stdbool.h>

#include "spec/model.h"
#include "sys/seccomp.h"
#include "wabe.h"

/** wabe_filter_compile() - NULL as @seccomp is no filter (*ret_has false). Programs are cached in <state root>/.seccomp. */
int wabe_filter_compile(const struct wabe_runtime *rt, const struct wabe_spec_seccomp *seccomp,
			struct wabe_seccomp_program *ret_program, bool *ret_has,
			struct wabe_error *err);

#endif
