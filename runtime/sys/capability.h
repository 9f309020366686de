/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/capability: the capability sets of the calling thread. The only user of libcap.
 *
 * Source: capabilities(7). The sets change in two moves, because the user id changes between them:
 *     wabe_capability_bound(mask)      while CAP_SETPCAP is still effective, before setuid
 *     prctl(PR_SET_KEEPCAPS, 1), setgroups, setgid, setuid      the caller's
 *     wabe_capability_set(&sets)       after setuid, last user of a capability but the seccomp
 * filter Masks have bit N for capability number N. Bits of capabilities that the running kernel
 * doesn't know are dropped, never handed to the kernel (they may mean something else to the next
 * one).
 */
#ifndef WABE_SYS_CAPABILITY_H
#define WABE_SYS_CAPABILITY_H

#include <stdint.h>

#include "base/error.h"

struct wabe_capability_sets {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

/** wabe_capability_last() - the highest capability that the running kernel knows (CAP_LAST_CAP
 * of 6.1: 40). No system call. */
unsigned int wabe_capability_last(void);

/** wabe_capability_known() - mask of all capabilities that the running kernel knows. */
uint64_t wabe_capability_known(void);

/**
 * wabe_capability_bound() - take everything that is not in @keep out of the bounding set.
 * Costs a system call for each capability dropped. Needs CAP_SETPCAP when there is something to
 * drop. Returns 0 or -errno (-EPERM).
 */
int wabe_capability_bound(uint64_t keep, struct wabe_error *err);

/**
 * wabe_capability_held() - the permitted set of the calling thread: the most that it can pass on.
 * One system call.
 */
int wabe_capability_held(uint64_t *ret_permitted, struct wabe_error *err);

/**
 * wabe_capability_set() - permitted, effective and inheritable, then ambient; reads them back and
 * compares.
 * @sets: .bounding is not used here. Ambient capabilities must be permitted and inheritable,
 * effective ones permitted
 *        (-EINVAL before anything changes).
 * What the thread doesn't hold itself is left out without an error (config.md, "capabilities":
 * runtimes should not fail where they can't grant); who wants to warn asks wabe_capability_held()
 * first.
 */
int wabe_capability_set(const struct wabe_capability_sets *sets, struct wabe_error *err);

/** wabe_capability_apply() - both moves at once, where no user id changes between. */
int wabe_capability_apply(const struct wabe_capability_sets *sets, struct wabe_error *err);

/** wabe_capability_get() - the sets of the calling thread. Two system calls for each capability the
 * kernel knows: not for hot paths. */
int wabe_capability_get(struct wabe_capability_sets *ret_sets, struct wabe_error *err);

#endif
