// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/unit/test_confine: the default confinement of a guest, row by row.
 *
 * The compiled filter is run by a small interpreter of its own for every row, architecture, address
 * family and protocol; some calls are made for real in a confined child.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/btrfs.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/confine.h"
#include "guest/confine_syscalls.h"
#include "spec/spec.h"
#include "sys/seccomp.h"
#include "tap.h"

#define ERRNO(e) (SECCOMP_RET_ERRNO | (e))

/* What the kernel would answer (seccomp_run_filters): the instructions that libseccomp emits,
 * nothing else. */
static uint32_t run(const struct wabe_seccomp_program *program, const struct seccomp_data *data)
{
	const struct sock_filter *f = program->filter;
	uint32_t a = 0;

	for (size_t pc = 0; pc < program->length; pc++) {
		bool is_true = false;

		switch (f[pc].code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)data + f[pc].k, sizeof(a));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f[pc].k;
			continue;
		case BPF_JMP | BPF_JA:
			pc += f[pc].k;
			continue;
		case BPF_RET | BPF_K:
			return f[pc].k;
		case BPF_JMP | BPF_JEQ | BPF_K:
			is_true = a == f[pc].k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			is_true = a > f[pc].k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			is_true = a >= f[pc].k;
			break;
		default:
			abort();
		}
		pc += is_true ? f[pc].jt : f[pc].jf;
	}
	abort();
}

static uint32_t ask(const struct wabe_seccomp_program *program, uint32_t arch, int nr, uint64_t a0,
		    uint64_t a1, uint64_t a2)
{
	const struct seccomp_data data = { .nr = nr, .arch = arch, .args = { a0, a1, a2 } };

	return run(program, &data);
}

static uint32_t ioctl_verdict(const struct wabe_seccomp_program *program, uint64_t request)
{
	return ask(program, seccomp_arch_native(), SYS_ioctl, 0, request, 0);
}

static int make_spec(struct wabe_spec *spec, bool has_users)
{
	static const struct wabe_spec_namespace all[] = { { WABE_NS_USER, NULL },
							  { WABE_NS_NETWORK, NULL } };

	spec->process = wabe_arena_alloc(&spec->arena, sizeof(*spec->process));
	spec->namespaces.items = (void *)(has_users ? all : all + 1);
	spec->namespaces.count = has_users ? 2 : 1;
	return vz_confine_apply(spec, NULL, NULL);
}

/* The spec's filter as the lower layer's profile. */
static int compile(struct wabe_spec *spec, struct wabe_seccomp_program *ret_program,
		   struct wabe_error *err)
{
	const struct wabe_spec_syscall *from = spec->seccomp->syscalls.items;
	size_t count = spec->seccomp->syscalls.count;
	struct wabe_seccomp_rule *rules = wabe_arena_array(&spec->arena, count, sizeof(*rules));
	const struct wabe_seccomp_profile profile = {
		.default_action = spec->seccomp->default_action,
		.default_errno_ret = (int)spec->seccomp->default_errno_ret.value,
		.architectures = (const char *const *)spec->seccomp->architectures.items,
		.architectures_count = spec->seccomp->architectures.count,
		.rules = rules,
		.rules_count = count,
	};

	for (size_t i = 0; i < count; i++) {
		const struct wabe_spec_syscall_arg *from_args = from[i].args.items;
		struct wabe_seccomp_arg *args =
			wabe_arena_array(&spec->arena, from[i].args.count, sizeof(*args));

		for (size_t n = 0; n < from[i].args.count; n++)
			args[n] = (struct wabe_seccomp_arg){ from_args[n].index, from_args[n].op,
							     from_args[n].value,
							     from_args[n].value_two };
		rules[i] = (struct wabe_seccomp_rule){
			.names = (const char *const *)from[i].names.items,
			.names_count = from[i].names.count,
			.action = from[i].action,
			.errno_ret = from[i].errno_ret.is_set ? (int)from[i].errno_ret.value : -1,
			.args = args,
			.args_count = from[i].args.count,
		};
	}
	return wabe_seccomp_compile(&profile, NULL, ret_program, err);
}

static void test_capabilities(struct tap *t)
{
	static const struct {
		const char *name;
		int cap;
	} never[] = {
		{ "SYS_MODULE", CAP_SYS_MODULE },
		{ "SYS_RAWIO", CAP_SYS_RAWIO },
		{ "SYS_TIME", CAP_SYS_TIME },
		{ "MAC_ADMIN", CAP_MAC_ADMIN },
		{ "MAC_OVERRIDE", CAP_MAC_OVERRIDE },
		{ "SYSLOG", CAP_SYSLOG },
		{ "BPF", CAP_BPF },
		{ "PERFMON", CAP_PERFMON },
		{ "CHECKPOINT_RESTORE", CAP_CHECKPOINT_RESTORE },
		{ "WAKE_ALARM", CAP_WAKE_ALARM },
		{ "BLOCK_SUSPEND", CAP_BLOCK_SUSPEND },
		{ "AUDIT_CONTROL", CAP_AUDIT_CONTROL },
		{ "AUDIT_READ", CAP_AUDIT_READ },
	};
	const uint64_t host_only = UINT64_C(1) << CAP_DAC_READ_SEARCH | UINT64_C(1) << CAP_MKNOD |
				   UINT64_C(1) << CAP_SYS_RESOURCE;

	for (int has_users = 0; has_users < 2; has_users++) {
		_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
		const char *with = has_users ? "with" : "without";
		const struct wabe_spec_capabilities *caps;

		if (!tap_int(t, make_spec(&spec, has_users), 0, "%s a user namespace", with))
			continue;
		caps = spec.process->capabilities;
		for (size_t i = 0; i < ARRAY_SIZE(never); i++)
			tap_ok(t, !(caps->bounding >> never[i].cap & 1), "%s: no %s", with,
			       never[i].name);
		tap_ok(t, (caps->bounding & host_only) == (has_users ? host_only : 0),
		       "%s: MKNOD, DAC_READ_SEARCH, SYS_RESOURCE", with);
		tap_ok(t,
		       caps->bounding >> CAP_SYS_ADMIN & 1 && caps->bounding >> CAP_NET_ADMIN & 1,
		       "%s: an admin", with);
		tap_ok(t, !(caps->bounding >> (CAP_CHECKPOINT_RESTORE + 1)),
		       "%s: nothing of later kernels", with);
		tap_ok(t, caps->permitted == caps->bounding && caps->effective == caps->bounding,
		       "%s: all are held", with);
		tap_ok(t, !caps->inheritable && !caps->ambient,
		       "%s: inheritable and ambient are empty", with);
		tap_ok(t, !spec.process->no_new_privileges, "%s: sudo works", with);
	}
}

static void test_paths(struct tap *t)
{
	static const char *const masked[] = {
		"/proc/kmsg",
		"/proc/kallsyms",
		"/proc/kpageflags",
		"/proc/interrupts",
		"/proc/kcore",
		"/proc/acpi",
		"/sys/firmware",
		"/sys/kernel/debug",
		"/sys/kernel/tracing",
		"/sys/kernel/security",
		"/sys/devices/virtual/powercap",
	};
	_cleanup_(wabe_spec_free) struct wabe_spec own = { 0 }, hosts = { 0 };

	make_spec(&own, true);
	make_spec(&hosts, false);
	for (size_t i = 0; i < ARRAY_SIZE(masked); i++)
		tap_ok(t, wabe_strv_has(&own.masked_paths, masked[i]), "%s is masked", masked[i]);
	tap_ok(t, wabe_strv_has(&own.readonly_paths, "/proc/sys/kernel"),
	       "kernel settings are read-only");
	tap_ok(t, !wabe_strv_has(&own.readonly_paths, "/proc/sys"),
	       "the guest's network settings are not");
	tap_ok(t, wabe_strv_has(&hosts.readonly_paths, "/proc/sys"),
	       "without a user namespace all of them are");
	tap_ok(t, wabe_strv_has(&own.readonly_paths, "/proc/sysrq-trigger"),
	       "the rest of the OCI list");
	for (size_t i = 0; i < own.masked_paths.count; i++)
		for (size_t n = 0; n < i; n++)
			if (strcmp(own.masked_paths.items[i], own.masked_paths.items[n]) == 0)
				tap_ok(t, false, "%s is there twice", own.masked_paths.items[i]);
}

static uint32_t expected(enum vz_syscall_verdict verdict)
{
	switch (verdict) {
	case VZ_SYSCALL_ALLOW:
		return SECCOMP_RET_ALLOW;
	case VZ_SYSCALL_REFUSE:
		return ERRNO(EPERM);
	case VZ_SYSCALL_SOCKETS: /* the arguments here are those of no family */
		return ERRNO(EAFNOSUPPORT);
	default:
		return ERRNO(ENOSYS);
	}
}

static void test_rows(struct tap *t, const struct wabe_seccomp_program *program)
{
	const uint32_t arch[] = { seccomp_arch_native(), SCMP_ARCH_X86 };
	unsigned int tried = 0, wrong = 0, unsorted = 0;
	size_t count;
	const struct vz_syscall *rows = vz_confine_syscalls(&count);

	for (size_t i = 0; i < count; i++) {
		if (i && strcmp(rows[i - 1].name, rows[i].name) >= 0)
			unsorted++;
		for (size_t a = 0; a < (arch[0] == SCMP_ARCH_X86_64 ? 2 : 1); a++) {
			int nr = seccomp_syscall_resolve_name_arch(arch[a], rows[i].name);

			if (nr < 0)
				continue;
			tried++;
			if (ask(program, arch[a], nr, 0, 0, 0) != expected(rows[i].verdict)) {
				printf("# %s\n", rows[i].name);
				wrong++;
			}
		}
	}
	tap_int(t, unsorted, 0, "the table is sorted, no name comes twice");
	tap_ok(t, tried > 350, "rows that this machine has: %u", tried);
	tap_int(t, wrong, 0, "each row gets its verdict");
	tap_ok(t, ask(program, arch[0], 5000, 0, 0, 0) == ERRNO(ENOSYS),
	       "what no row names is missing");
}

static enum vz_syscall_verdict verdict_of(const char *name)
{
	size_t count;
	const struct vz_syscall *rows = vz_confine_syscalls(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].verdict;
	return VZ_SYSCALL_MISSING;
}

static const struct {
	enum vz_syscall_verdict verdict;
	const char *names[24];
} decisions[] = {
	{ VZ_SYSCALL_REFUSE,
	  { "open_by_handle_at",
	    "kcmp",
	    "userfaultfd",
	    "io_uring_setup",
	    "io_uring_enter",
	    "io_uring_register",
	    "init_module",
	    "finit_module",
	    "delete_module",
	    "kexec_load",
	    "kexec_file_load",
	    "perf_event_open",
	    "iopl",
	    "ioperm",
	    "swapon",
	    "swapoff",
	    "syslog",
	    "settimeofday",
	    "clock_settime",
	    "acct",
	    "quotactl",
	    "quotactl_fd" } },
	{ VZ_SYSCALL_MISSING,
	  { "keyctl", "add_key", "request_key", "bpf", "nfsservctl", "vm86", "uselib",
	    "_sysctl" } },
	{ VZ_SYSCALL_ALLOW,
	  { "clone3",
	    "openat2",
	    "mount_setattr",
	    "futex_waitv",
	    "landlock_restrict_self",
	    "pidfd_open",
	    "pidfd_getfd",
	    "pidfd_send_signal",
	    "mount",
	    "umount2",
	    "unshare",
	    "setns",
	    "pivot_root",
	    "open_tree",
	    "move_mount",
	    "fsopen",
	    "fsmount",
	    "faccessat2",
	    "fchmodat2",
	    "close_range",
	    "epoll_pwait2",
	    "statx",
	    "rseq" } },
};

/* Decisions that must not change by accident: security-relevant ones, and what a current userland
 * needs. */
static void test_decisions(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(decisions); i++)
		for (size_t n = 0; n < ARRAY_SIZE(decisions[i].names) && decisions[i].names[n]; n++)
			tap_int(t, verdict_of(decisions[i].names[n]), decisions[i].verdict, "%s",
				decisions[i].names[n]);
}

/* By the low 32 bits, as the kernel reads them. */
static bool is_open(uint32_t family, uint32_t protocol)
{
	switch (family) {
	case AF_UNIX:
	case AF_INET:
	case AF_INET6:
	case AF_PACKET:
		return true;
	case AF_NETLINK:
		return protocol < 8 || protocol == 10 || protocol == 12 || protocol == 15 ||
		       protocol == 16;
	default:
		return false;
	}
}

/* @nr, @pair: the numbers of socket and socketpair; libseccomp gives made-up ones for 32-bit x86.
 */
static void test_sockets(struct tap *t, const struct wabe_seccomp_program *program, uint32_t arch,
			 int nr, int pair, const char *arch_name)
{
	static const uint64_t high[] = { 0, UINT64_C(1) << 32, UINT64_C(0xffffffff) << 32 };
	unsigned int wrong = 0, leaks = 0, pairs = 0;

	for (uint32_t family = 0; family < 300; family++)
		for (uint32_t protocol = 0; protocol < 300; protocol++)
			for (size_t h = 0; h < ARRAY_SIZE(high) * ARRAY_SIZE(high); h++) {
				uint64_t a0 = high[h % 3] | (family < 256 ? family : family << 23);
				uint64_t a2 = high[h / 3] |
					      (protocol < 256 ? protocol : protocol << 23);
				uint32_t got = ask(program, arch, nr, a0, SOCK_STREAM, a2);
				bool is_allowed = got == SECCOMP_RET_ALLOW,
				     may = is_open((uint32_t)a0, (uint32_t)a2);

				leaks += is_allowed && !may;
				wrong += h == 0 && is_allowed != may;
				wrong += !is_allowed && got != ERRNO(EAFNOSUPPORT);
				got = ask(program, arch, pair, a0, SOCK_STREAM, a2);
				pairs += (got == SECCOMP_RET_ALLOW) != ((uint32_t)a0 == AF_UNIX) &&
					 (h == 0 || (uint32_t)a0 != AF_UNIX);
			}
	tap_int(t, leaks, 0,
		"%s: no closed family or protocol is let through, whatever the high bits",
		arch_name);
	tap_int(t, wrong, 0, "%s: the open ones work, the others say EAFNOSUPPORT", arch_name);
	tap_int(t, pairs, 0, "%s: pairs are of unix sockets", arch_name);
}

static void test_multiplexer(struct tap *t, const struct wabe_seccomp_program *program)
{
	const int nr = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, "socketcall");
	unsigned int allowed = 0;

	for (uint64_t call = 0; call < 64; call++)
		allowed += ask(program, AUDIT_ARCH_I386, nr, call, 0, 0) == SECCOMP_RET_ALLOW;
	tap_int(t, allowed, 0,
		"no socket by the multiplexer of 32-bit x86, which hides the family");
}

/* In a confined child: the errno of one call, 0 when it succeeded. */
static int try_call(const struct wabe_seccomp_program *program, long nr, long a0, long a1, long a2)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (wabe_seccomp_load(program, NULL) < 0)
			syscall(SYS_exit_group, 254);
		syscall(SYS_exit_group, syscall(nr, a0, a1, a2) < 0 ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static void test_for_real(struct tap *t, const struct wabe_seccomp_program *program)
{
	static const struct {
		const char *what;
		long nr, a0, a1, a2;
		int want;
	} rows[] = {
		{ "unix socket", SYS_socket, AF_UNIX, SOCK_STREAM, 0, 0 },
		{ "route netlink", SYS_socket, AF_NETLINK, SOCK_RAW, 0, 0 },
		{ "audit netlink", SYS_socket, AF_NETLINK, SOCK_RAW, 9, EAFNOSUPPORT },
		{ "vsock", SYS_socket, 40, SOCK_STREAM, 0, EAFNOSUPPORT },
		{ "kernel crypto", SYS_socket, 38, SOCK_SEQPACKET, 0, EAFNOSUPPORT },
		{ "vsock behind the high bits", SYS_socket, 0x100000028, SOCK_STREAM, 0,
		  EAFNOSUPPORT },
		{ "keyctl", SYS_keyctl, 0, -3, 0, ENOSYS },
		{ "bpf", SYS_bpf, 0, 0, 0, ENOSYS },
		{ "open_by_handle_at", SYS_open_by_handle_at, -1, 0, 0, EPERM },
		{ "io_uring", SYS_io_uring_setup, 1, 0, 0, EPERM },
		{ "unshare nothing", SYS_unshare, 0, 0, 0, 0 },
		{ "pidfd_open", SYS_pidfd_open, 1, 0, 0, 0 },
		{ "a number of tomorrow", 5000, 0, 0, 0, ENOSYS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		tap_int(t, try_call(program, rows[i].nr, rows[i].a0, rows[i].a1, rows[i].a2),
			rows[i].want, "for real: %s", rows[i].what);
}

/* A root that is a subvolume: all requests but those of btrfs, whatever is in the bits that the kernel doesn't look at. */
static void test_subvolumes(struct tap *t)
{
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	struct wabe_seccomp_program program = { 0 };
	const uint64_t above = UINT64_C(1) << 40;
	unsigned int wrong = 0;

	if (!tap_int(t, make_spec(&spec, true), 0, "a spec") ||
	    !tap_int(t, vz_confine_subvolumes(&spec, NULL), 0, "without subvolumes") ||
	    !tap_int(t, compile(&spec, &program, NULL), 0, "that filter compiles"))
		return;
	for (unsigned int type = 0; type < 256; type++)
		wrong += ioctl_verdict(&program, type << 8 | 14) !=
			 (type == BTRFS_IOCTL_MAGIC ? ERRNO(ENOSYS) : SECCOMP_RET_ALLOW);
	tap_int(t, wrong, 0, "btrfs' type of requests alone is missing");
	tap_int(t, ioctl_verdict(&program, BTRFS_IOC_SUBVOL_CREATE), ERRNO(ENOSYS),
		"SUBVOL_CREATE");
	tap_int(t, ioctl_verdict(&program, above | BTRFS_IOC_SNAP_CREATE_V2), ERRNO(ENOSYS),
		"SNAP_CREATE_V2, with high bits");
	tap_int(t, ioctl_verdict(&program, FICLONE), SECCOMP_RET_ALLOW, "FICLONE");
	tap_int(t, ioctl_verdict(&program, above | FIDEDUPERANGE), SECCOMP_RET_ALLOW,
		"FIDEDUPERANGE, with high bits");
	wabe_seccomp_program_free(&program);
}

/* A guest's own options: capabilities, calls, and no packet filter. */
static void make_options(struct wabe_spec *spec, struct wabe_seccomp_program *program,
			 const struct vz_confine_options *options)
{
	static const struct wabe_spec_namespace users[] = { { WABE_NS_USER, NULL } };
	struct wabe_error err = WABE_ERROR_INIT;

	spec->process = wabe_arena_alloc(&spec->arena, sizeof(*spec->process));
	spec->namespaces.items = (void *)users;
	spec->namespaces.count = 1;
	if (vz_confine_apply(spec, options, &err) < 0 || compile(spec, program, &err) < 0)
		printf("# %s\n", err.text);
}

static bool puts_rules(uint32_t level, uint32_t name)
{
	return ((level == 0 || level == 41) && (name == 64 || name == 65)) ||
	       (level == 0 && (name == 96 || name == 97 || name == 128 || name == 129));
}

static void test_no_netfilter(struct tap *t)
{
	static const struct vz_confine_options options = { .no_netfilter = true };
	static const uint64_t high[] = { 0, UINT64_C(1) << 32, UINT64_C(0xffffffff) << 32 };
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	struct wabe_seccomp_program program = { 0 };
	const uint32_t arch = seccomp_arch_native();
	unsigned int wrong = 0;

	make_options(&spec, &program, &options);
	tap_int(t, ask(&program, arch, SYS_socket, AF_NETLINK, 0, 12), ERRNO(EAFNOSUPPORT),
		"no netfilter: no socket to nftables");
	tap_int(t, ask(&program, arch, SYS_socket, AF_NETLINK, 0, 0), SECCOMP_RET_ALLOW,
		"no netfilter: routes are still its own");
	for (uint32_t level = 0; level < 300; level++)
		for (uint32_t name = 0; name < 300; name++)
			for (size_t h = 0; h < 9; h++) {
				uint64_t a1 = high[h % 3] | (level < 256 ? level : level << 23);
				uint64_t a2 = high[h / 3] | (name < 256 ? name : name << 23);

				wrong += ask(&program, arch, SYS_setsockopt, 5, a1, a2) !=
					 (puts_rules((uint32_t)a1, (uint32_t)a2)
						  ? ERRNO(ENOPROTOOPT)
						  : SECCOMP_RET_ALLOW);
			}
	tap_int(t, wrong, 0, "no netfilter: rules can't be put, every other socket option can");
	wabe_seccomp_program_free(&program);
}

static void test_options(struct tap *t)
{
	static const char *const calls[] = { "keyctl", "clock_settime", NULL };
	static const struct vz_confine_options options = {
		.caps_on = UINT64_C(1) << CAP_SYS_TIME,
		.caps_off = UINT64_C(1) << CAP_NET_RAW,
		.syscalls = calls,
	};
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	struct wabe_seccomp_program program = { 0 };
	const uint32_t arch = seccomp_arch_native();

	make_options(&spec, &program, &options);
	tap_ok(t, spec.process->capabilities->bounding & UINT64_C(1) << CAP_SYS_TIME,
	       "a capability can be given");
	tap_ok(t, !(spec.process->capabilities->effective & UINT64_C(1) << CAP_NET_RAW),
	       "a capability can be taken");
	tap_int(t, ask(&program, arch, SYS_keyctl, 0, 0, 0), SECCOMP_RET_ALLOW,
		"a missing call can be given");
	tap_int(t, ask(&program, arch, SYS_clock_settime, 0, 0, 0), SECCOMP_RET_ALLOW,
		"a refused call can be given");
	tap_int(t, ask(&program, arch, SYS_add_key, 0, 0, 0), ERRNO(ENOSYS),
		"others are still missing");
	tap_int(t, ask(&program, arch, SYS_setsockopt, 0, 0, 64), SECCOMP_RET_ALLOW,
		"packet filters are a guest's own by default");
	wabe_seccomp_program_free(&program);
}

static void test_log(struct tap *t)
{
	static const struct vz_confine_options options = { .has_log = true };
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	struct wabe_seccomp_program program = { 0 };
	const uint32_t arch = seccomp_arch_native();

	make_options(&spec, &program, &options);
	tap_ok(t, spec.process->capabilities->bounding & UINT64_C(1) << CAP_SYSLOG,
	       "a log of its own: its root may read it");
	tap_int(t, ask(&program, arch, SYS_syslog, 0, 0, 0), SECCOMP_RET_ALLOW,
		"a log of its own: the call is let through");
	tap_int(t, ask(&program, arch, SYS_clock_settime, 0, 0, 0), ERRNO(EPERM),
		"a log of its own: no other call is");
	wabe_seccomp_program_free(&program);
}

int main(void)
{
	struct tap t = TAP_INIT;
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 }, empty = { 0 };
	struct wabe_seccomp_program program = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;

	tap_int(&t, vz_confine_apply(&empty, NULL, &err), -EINVAL,
		"a guest without a process is refused");
	test_capabilities(&t);
	test_paths(&t);
	test_decisions(&t);
	test_subvolumes(&t);
	test_options(&t);
	test_log(&t);
	test_no_netfilter(&t);
	if (tap_int(&t, make_spec(&spec, true), 0, "a guest's spec") &&
	    tap_int(&t, compile(&spec, &program, &err), 0, "the filter compiles: %s", err.text)) {
		printf("# %u instructions\n", program.length);
		test_rows(&t, &program);
		test_sockets(&t, &program, seccomp_arch_native(), SYS_socket, SYS_socketpair,
			     "native");
		if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
			/* arch/x86/entry/syscalls/syscall_32.tbl */
			test_sockets(&t, &program, SCMP_ARCH_X86, 359, 360, "32-bit x86");
			test_multiplexer(&t, &program);
		} else {
			tap_skip(&t, "32-bit x86 is tried on x86 only");
		}
		test_for_real(&t, &program);
	}
	wabe_seccomp_program_free(&program);
	return tap_end(&t);
}
