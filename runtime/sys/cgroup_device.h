/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/cgroup, inside: rules for device nodes. What both ways of enforcing them share, and what the
 * tests look at; the public function is wabe_cgroup_devices() of cgroup.h.
 *
 *   cgroup_device.c     rules, and cgroup v1's lists (devices.allow, devices.deny)
 *   cgroup_device_bpf.c the cgroup2 tree's eBPF program
 */
#ifndef WABE_SYS_CGROUP_DEVICE_H
#define WABE_SYS_CGROUP_DEVICE_H

#include <linux/bpf.h>

#include "sys/cgroup_internal.h"

/*
 * An engine sends about 20. The verifier follows at most 8192 branches that lie behind each other
 * (BPF_COMPLEXITY_LIMIT_JMP_SEQ), a rule has up to 3.
 */
#define WABE_CGROUP_DEVICE_RULES_MAX 1024

/** wabe_cgroup_device_is_all() - does the rule speak of every access to every device? */
bool wabe_cgroup_device_is_all(const struct wabe_cgroup_device_rule *rule);

/**
 * wabe_cgroup_device_compile() - the rules as instructions of a BPF_PROG_TYPE_CGROUP_DEVICE
 * program.
 * @ret_insns: malloc'd, caller frees; two of them (r0 = 1; exit) when nothing is denied
 * 0 or -ENOMEM.
 */
int wabe_cgroup_device_compile(const struct wabe_cgroup_device_rule *rules, size_t count,
			       struct bpf_insn **ret_insns, size_t *ret_count);

/** What cgroup v1 keeps of a cgroup: a default, and exceptions to it (device_cgroup.c). */
struct wabe_cgroup_device_list {
	bool is_allowed; /* what is no exception */
	struct wabe_cgroup_device_rule
		*items; /* malloc'd; type 'b' or 'c', all !is_allowed of it */
	size_t count;
};

/**
 * wabe_cgroup_device_fold() - the rules as v1 can say them.
 * -ENOTSUP: it can't (a part of a wider rule is taken back), *ret_rule is that rule's index; or
 * -ENOMEM.
 */
int wabe_cgroup_device_fold(const struct wabe_cgroup_device_rule *rules, size_t count,
			    struct wabe_cgroup_device_list *ret_list, size_t *ret_rule);

/** wabe_cgroup_device_text() - the rule's devices as devices.allow reads them, "c 1:* rw". */
#define WABE_CGROUP_DEVICE_TEXT_MAX 32
const char *wabe_cgroup_device_text(const struct wabe_cgroup_device_rule *rule,
				    char text[WABE_CGROUP_DEVICE_TEXT_MAX]);

#endif
