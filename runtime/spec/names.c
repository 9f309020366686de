// SPDX-License-Identifier: GPL-2.0-or-later
/* spec/names: the fixed vocabularies of config.json; see internal.h. */
#include <stddef.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "spec/internal.h"
#include "spec/spec.h"

/* capability.h of Linux 5.9, the last that added one; numbers, so that older headers will do. */
const struct wabe_name wabe_spec_capability_names[] = {
	{ "CAP_CHOWN", 0 },
	{ "CAP_DAC_OVERRIDE", 1 },
	{ "CAP_DAC_READ_SEARCH", 2 },
	{ "CAP_FOWNER", 3 },
	{ "CAP_FSETID", 4 },
	{ "CAP_KILL", 5 },
	{ "CAP_SETGID", 6 },
	{ "CAP_SETUID", 7 },
	{ "CAP_SETPCAP", 8 },
	{ "CAP_LINUX_IMMUTABLE", 9 },
	{ "CAP_NET_BIND_SERVICE", 10 },
	{ "CAP_NET_BROADCAST", 11 },
	{ "CAP_NET_ADMIN", 12 },
	{ "CAP_NET_RAW", 13 },
	{ "CAP_IPC_LOCK", 14 },
	{ "CAP_IPC_OWNER", 15 },
	{ "CAP_SYS_MODULE", 16 },
	{ "CAP_SYS_RAWIO", 17 },
	{ "CAP_SYS_CHROOT", 18 },
	{ "CAP_SYS_PTRACE", 19 },
	{ "CAP_SYS_PACCT", 20 },
	{ "CAP_SYS_ADMIN", 21 },
	{ "CAP_SYS_BOOT", 22 },
	{ "CAP_SYS_NICE", 23 },
	{ "CAP_SYS_RESOURCE", 24 },
	{ "CAP_SYS_TIME", 25 },
	{ "CAP_SYS_TTY_CONFIG", 26 },
	{ "CAP_MKNOD", 27 },
	{ "CAP_LEASE", 28 },
	{ "CAP_AUDIT_WRITE", 29 },
	{ "CAP_AUDIT_CONTROL", 30 },
	{ "CAP_SETFCAP", 31 },
	{ "CAP_MAC_OVERRIDE", 32 },
	{ "CAP_MAC_ADMIN", 33 },
	{ "CAP_SYSLOG", 34 },
	{ "CAP_WAKE_ALARM", 35 },
	{ "CAP_BLOCK_SUSPEND", 36 },
	{ "CAP_AUDIT_READ", 37 },
	{ "CAP_PERFMON", 38 },
	{ "CAP_BPF", 39 },
	{ "CAP_CHECKPOINT_RESTORE", 40 },
	{ NULL, 0 },
};

/* getrlimit(2) */
const struct wabe_name wabe_spec_rlimit_names[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
	{ NULL, 0 },
};

/* config-linux.md, "Namespaces" */
const struct wabe_name wabe_spec_namespace_names[] = {
	{ "cgroup", WABE_NS_CGROUP },	{ "ipc", WABE_NS_IPC }, { "mount", WABE_NS_MOUNT },
	{ "network", WABE_NS_NETWORK }, { "pid", WABE_NS_PID }, { "time", WABE_NS_TIME },
	{ "user", WABE_NS_USER },	{ "uts", WABE_NS_UTS }, { NULL, 0 },
};

/* config-linux.md, "Rootfs Mount Propagation"; with "r" in front as engines write it. A root is one tree, both mean the same. */
const struct wabe_name wabe_spec_propagation_names[] = {
	{ "private", MS_PRIVATE },	 { "shared", MS_SHARED },	   { "slave", MS_SLAVE },
	{ "unbindable", MS_UNBINDABLE }, { "rprivate", MS_PRIVATE },	   { "rshared", MS_SHARED },
	{ "rslave", MS_SLAVE },		 { "runbindable", MS_UNBINDABLE }, { NULL, 0 },
};

/* config.md, "scheduler"; numbers as in linux/sched.h, which can't stand beside the C library's sched.h. */
const struct wabe_name wabe_spec_scheduler_policies[] = {
	{ "SCHED_OTHER", 0 }, { "SCHED_FIFO", 1 }, { "SCHED_RR", 2 },	    { "SCHED_BATCH", 3 },
	{ "SCHED_ISO", 4 },   { "SCHED_IDLE", 5 }, { "SCHED_DEADLINE", 6 }, { NULL, 0 },
};

const struct wabe_name wabe_spec_scheduler_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0 },  { "SCHED_FLAG_RECLAIM", 1 },
	{ "SCHED_FLAG_DL_OVERRUN", 2 },	    { "SCHED_FLAG_KEEP_POLICY", 3 },
	{ "SCHED_FLAG_KEEP_PARAMS", 4 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 5 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 6 }, { NULL, 0 },
};

/* config.md, "ioPriority"; linux/ioprio.h */
const struct wabe_name wabe_spec_io_classes[] = {
	{ "IOPRIO_CLASS_RT", 1 },
	{ "IOPRIO_CLASS_BE", 2 },
	{ "IOPRIO_CLASS_IDLE", 3 },
	{ NULL, 0 },
};

/* config-linux.md, "Memory policy"; linux/mempolicy.h, of which older headers lack the last two */
const struct wabe_name wabe_spec_memory_policy_modes[] = {
	{ "MPOL_DEFAULT", 0 },
	{ "MPOL_PREFERRED", 1 },
	{ "MPOL_BIND", 2 },
	{ "MPOL_INTERLEAVE", 3 },
	{ "MPOL_LOCAL", 4 },
	{ "MPOL_PREFERRED_MANY", 5 },
	{ "MPOL_WEIGHTED_INTERLEAVE", 6 },
	{ NULL, 0 },
};

const struct wabe_name wabe_spec_memory_policy_flags[] = {
	{ "MPOL_F_NUMA_BALANCING", 13 },
	{ "MPOL_F_RELATIVE_NODES", 14 },
	{ "MPOL_F_STATIC_NODES", 15 },
	{ NULL, 0 },
};

/* config-linux.md, "Personality"; PER_LINUX and PER_LINUX32 of personality(2) */
const struct wabe_name wabe_spec_personality_domains[] = {
	{ "LINUX", 0 },
	{ "LINUX32", 8 },
	{ NULL, 0 },
};

/* config-linux.md, "Seccomp". The value: may errnoRet stand with it? */
const struct wabe_name wabe_spec_seccomp_actions[] = {
	{ "SCMP_ACT_ALLOW", 0 },       { "SCMP_ACT_ERRNO", 1 },
	{ "SCMP_ACT_KILL", 0 },	       { "SCMP_ACT_KILL_PROCESS", 0 },
	{ "SCMP_ACT_KILL_THREAD", 0 }, { "SCMP_ACT_LOG", 0 },
	{ "SCMP_ACT_NOTIFY", 0 },      { "SCMP_ACT_TRACE", 1 },
	{ "SCMP_ACT_TRAP", 0 },	       { NULL, 0 },
};

const struct wabe_name wabe_spec_seccomp_operators[] = {
	{ "SCMP_CMP_EQ", 0 },	     { "SCMP_CMP_GE", 0 }, { "SCMP_CMP_GT", 0 },
	{ "SCMP_CMP_LE", 0 },	     { "SCMP_CMP_LT", 0 }, { "SCMP_CMP_NE", 0 },
	{ "SCMP_CMP_MASKED_EQ", 0 }, { NULL, 0 },
};

const struct wabe_name wabe_spec_seccomp_architectures[] = {
	{ "SCMP_ARCH_NATIVE", 0 },
	{ "SCMP_ARCH_X86", 0 },
	{ "SCMP_ARCH_X86_64", 0 },
	{ "SCMP_ARCH_X32", 0 },
	{ "SCMP_ARCH_ARM", 0 },
	{ "SCMP_ARCH_AARCH64", 0 },
	{ "SCMP_ARCH_MIPS", 0 },
	{ "SCMP_ARCH_MIPS64", 0 },
	{ "SCMP_ARCH_MIPS64N32", 0 },
	{ "SCMP_ARCH_MIPSEL", 0 },
	{ "SCMP_ARCH_MIPSEL64", 0 },
	{ "SCMP_ARCH_MIPSEL64N32", 0 },
	{ "SCMP_ARCH_PPC", 0 },
	{ "SCMP_ARCH_PPC64", 0 },
	{ "SCMP_ARCH_PPC64LE", 0 },
	{ "SCMP_ARCH_S390", 0 },
	{ "SCMP_ARCH_S390X", 0 },
	{ "SCMP_ARCH_PARISC", 0 },
	{ "SCMP_ARCH_PARISC64", 0 },
	{ "SCMP_ARCH_RISCV64", 0 },
	{ "SCMP_ARCH_LOONGARCH64", 0 },
	{ "SCMP_ARCH_M68K", 0 },
	{ "SCMP_ARCH_SH", 0 },
	{ "SCMP_ARCH_SHEB", 0 },
	{ NULL, 0 },
};

const struct wabe_name wabe_spec_seccomp_flags[] = {
	{ "SECCOMP_FILTER_FLAG_LOG", 0 },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", 0 },
	{ "SECCOMP_FILTER_FLAG_TSYNC", 0 },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0 },
	{ NULL, 0 },
};

const struct wabe_name *wabe_spec_names(enum wabe_spec_vocabulary vocabulary)
{
	static const struct wabe_name *const tables[WABE_SPEC_VOCABULARY_MAX] = {
		[WABE_SPEC_CAPABILITIES] = wabe_spec_capability_names,
		[WABE_SPEC_RLIMITS] = wabe_spec_rlimit_names,
		[WABE_SPEC_NAMESPACES] = wabe_spec_namespace_names,
		[WABE_SPEC_SECCOMP_ACTIONS] = wabe_spec_seccomp_actions,
		[WABE_SPEC_SECCOMP_OPERATORS] = wabe_spec_seccomp_operators,
		[WABE_SPEC_SECCOMP_ARCHITECTURES] = wabe_spec_seccomp_architectures,
		[WABE_SPEC_SECCOMP_FLAGS] = wabe_spec_seccomp_flags,
		[WABE_SPEC_MEMORY_POLICY_MODES] = wabe_spec_memory_policy_modes,
		[WABE_SPEC_MEMORY_POLICY_FLAGS] = wabe_spec_memory_policy_flags,
	};

	return (unsigned int)vocabulary < WABE_SPEC_VOCABULARY_MAX ? tables[vocabulary] : NULL;
}
