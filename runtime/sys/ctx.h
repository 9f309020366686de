/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/ctx: the cgroup controller ctx of our kernel (kernel-patches/), as far as it isn't files of a cgroup. The interface is
 * include/uapi/linux/ctx.h and Documentation/admin-guide/cgroup-v2.rst of that kernel.
 */
#ifndef WABE_SYS_CTX_H
#define WABE_SYS_CTX_H

#include <stdbool.h>

/**
 * wabe_ctx_is_ours() - would the kernel take ids and limits of contexts from this process? It does from the host's own user and
 * cgroup namespaces only, and from no member of a context: inside a guest the controller is the host's.
 */
bool wabe_ctx_is_ours(void);

#endif
