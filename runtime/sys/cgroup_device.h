/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/cgroup, inside: rules for device nodes. What both ways of enforcing them share, and what the
 * tests look at; the public function is wabe_cgroup_devices() of cgroup.h.
 *
 *   cgroup_device.c       rules, and cgroup v1's lists (devices.allow, devices.deny)
 *   cgroup_device_bpf.c   the cgroup2 tree's eBPF program
 *   cgroup_device_share.c one program for all cgroups with the same rules
 */
#ifndef WABE_SYS_CGROUP_DEVICE_H
#define WABE_SYS_CGROUP_DEVICE_H

#include <linux/bpf.h>

#include "sys/cgroup_internal.h"

/*
 * An engine sends about 20. The verifier follows at most 8192 branches that lie behind each other
 * (BPF_COMPLEXITY_LIMIT_JMP_SEQ), a rule has up to 3: its type, its number, its access.
 */
#define WABE_CGROUP_DEVICE_RULES_MAX 2048

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

#define WABE_CGROUP_DEVICE_PROGRAM "wabe_devices" /* our programs' name; BPF_OBJ_NAME_LEN 16 */

/** wabe_cgroup_device_bpf() - bpf(2); what the command returns, or -errno. */
int wabe_cgroup_device_bpf(enum bpf_cmd command, union bpf_attr *attr);

/** wabe_cgroup_device_open() - descriptor of the program @id when it is one of ours, and what it is; -ENOENT: it isn't, -errno. */
int wabe_cgroup_device_open(uint32_t id, struct bpf_prog_info *ret_info);

/**
 * wabe_cgroup_device_shared() - descriptor of a program that was loaded of the same instructions, if one is attached still.
 * @dir_fd: see wabe_cgroup_share_programs()
 * -ENOENT: there is none that is known.
 */
int wabe_cgroup_device_shared(int dir_fd, const struct bpf_insn *insns, size_t count);

/** wabe_cgroup_device_share() - remember a program for wabe_cgroup_device_shared(). If it can't be, it isn't shared. */
void wabe_cgroup_device_share(int dir_fd, const struct bpf_insn *insns, size_t count,
			      int program_fd);

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
