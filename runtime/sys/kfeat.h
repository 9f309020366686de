/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/kfeat: what the running kernel can do, found out by trying, once, when somebody asks.
 */
#ifndef WABE_SYS_KFEAT_H
#define WABE_SYS_KFEAT_H

#include <stdbool.h>

enum wabe_kfeat_fact {
	WABE_KFEAT_IDMAPPED_OVERLAY, /* idmapped mounts as layers of overlayfs */
	WABE_KFEAT_TIME_NAMESPACE,
	WABE_KFEAT_CGROUP_KILL,	   /* cgroup.kill of cgroup v2 */
	WABE_KFEAT_QUOTACTL_FD,	   /* quotactl_fd(2), and quota in this kernel at all */
	WABE_KFEAT_USER_NAMESPACE, /* built in, and not switched off by user.max_user_namespaces */
	WABE_KFEAT_MAX,
};

enum wabe_kfeat_state { WABE_KFEAT_UNKNOWN, WABE_KFEAT_NO, WABE_KFEAT_YES };

/** The answers so far; owned by the caller, one for a process is enough. Not thread safe. */
struct wabe_kfeat {
	enum wabe_kfeat_state state[WABE_KFEAT_MAX];
};

#define WABE_KFEAT_INIT                                                                            \
	{                                                                                          \
		0                                                                                  \
	}

/** wabe_kfeat_has() - probe (once) and answer. Probes change nothing. */
bool wabe_kfeat_has(struct wabe_kfeat *kfeat, enum wabe_kfeat_fact fact);

/** wabe_kfeat_name(), wabe_kfeat_since() - "time namespaces", "5.6": for messages of what is
 * missing and which kernel has it. */
const char *wabe_kfeat_name(enum wabe_kfeat_fact fact);
const char *wabe_kfeat_since(enum wabe_kfeat_fact fact);

#endif
