// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/confine: the default confinement of a guest, see the header.
 *
 * A guest is a whole system: its init mounts, unshares and sets up sandboxes for its services, its
 * administrator runs a firewall, debuggers and 32-bit programs. What is left out is what reaches
 * past namespaces (modules, clocks, raw hardware, keys, handles) and what is mostly attack surface
 * of the shared kernel (io_uring, bpf, rare address families). Compared with Docker's default
 * profile: mount and namespace calls are in, because a user namespace and the guest's own mounts
 * bound them; io_uring and address families are stricter.
 */
#include "guest/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "guest/confine_netfilter.h"
#include "guest/confine_syscalls.h"
#include "spec/spec.h"

#define CAP(n) (UINT64_C(1) << CAP_##n)

/*
 * What a guest's root has. An allow-list, so that what a later kernel adds is not granted by
 * accident. Not in it: SYS_MODULE SYS_RAWIO SYS_TIME MAC_ADMIN MAC_OVERRIDE SYSLOG BPF PERFMON
 * CHECKPOINT_RESTORE WAKE_ALARM BLOCK_SUSPEND AUDIT_CONTROL AUDIT_READ: nothing that they govern
 * belongs to a namespace. SYSLOG does where the kernel keeps a log for each guest.
 */
#define CAPS_GUEST                                                                              \
	(CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) | CAP(KILL) | CAP(SETGID) | \
	 CAP(SETUID) | CAP(SETPCAP) | CAP(LINUX_IMMUTABLE) | CAP(NET_BIND_SERVICE) |            \
	 CAP(NET_BROADCAST) | CAP(NET_ADMIN) | CAP(NET_RAW) | CAP(IPC_LOCK) | CAP(IPC_OWNER) |  \
	 CAP(SYS_CHROOT) | CAP(SYS_PTRACE) | CAP(SYS_PACCT) | CAP(SYS_ADMIN) | CAP(SYS_BOOT) |  \
	 CAP(SYS_NICE) | CAP(SYS_TTY_CONFIG) | CAP(LEASE) | CAP(AUDIT_WRITE) | CAP(SETFCAP))

/*
 * Without a user namespace these reach the host: its files, its devices, and the disk quota, whose
 * hard limits ext4 does not hold against SYS_RESOURCE of the initial user namespace
 * (fs/quota/dquot.c, ignore_hardlimit).
 */
#define CAPS_USER_NAMESPACE_ONLY (CAP(DAC_READ_SEARCH) | CAP(MKNOD) | CAP(SYS_RESOURCE))

static const char *const architectures[] = {
#if defined(__x86_64__)
	/* 32-bit programs run. x32 is left out: distributions ship it switched off. */
	"SCMP_ARCH_X86_64",
	"SCMP_ARCH_X86",
#elif defined(__aarch64__)
	"SCMP_ARCH_AARCH64",
	"SCMP_ARCH_ARM",
#else
	"SCMP_ARCH_NATIVE",
#endif
};

/*
 * Address families: what a kernel built for servers would have. All else (vsock reaches the
 * hypervisor, alg and the rarer ones are where privilege escalations come from) answers
 * EAFNOSUPPORT, the errno that libaudit and glibc take for "not built in"; by ENOSYS or EPERM an
 * audit socket would stop logins. The kernel reads the low 32 bits of these arguments, so the
 * comparisons mask; GT stands for a remainder that only has to be refused.
 */
#define LOW32 0xffffffffu

enum { FAMILY = 0, PROTOCOL = 2 }; /* argument numbers of socket(2); socketpair(2) has the same */

struct socket_rule {
	const char *name;
	bool is_allowed;
	bool is_netlink; /* of AF_NETLINK, and the comparison is of the protocol */
	bool is_above;	 /* greater than .value, else (argument & .mask) == .value */
	uint32_t mask, value;
};

static const struct socket_rule socket_rules[] = {
	{ "socket", .is_allowed = true, .mask = LOW32, .value = AF_UNIX },
	{ "socket", .is_allowed = true, .mask = LOW32, .value = AF_INET },
	{ "socket", .is_allowed = true, .mask = LOW32, .value = AF_INET6 },
	/* DHCP clients, arping, tcpdump */
	{ "socket", .is_allowed = true, .mask = LOW32, .value = AF_PACKET },
	/* Netlink: 0 ROUTE .. 7 SELINUX and the named ones; not 9 AUDIT, not 21 CRYPTO */
	{ "socket", .is_allowed = true, .is_netlink = true, .mask = LOW32 & ~7u,
	  .value = NETLINK_ROUTE },
	{ "socket", .is_allowed = true, .is_netlink = true, .mask = LOW32,
	  .value = NETLINK_FIB_LOOKUP },
	{ "socket", .is_allowed = true, .is_netlink = true, .mask = LOW32,
	  .value = NETLINK_NETFILTER },
	{ "socket", .is_allowed = true, .is_netlink = true, .mask = LOW32,
	  .value = NETLINK_KOBJECT_UEVENT },
	{ "socket", .is_allowed = true, .is_netlink = true, .mask = LOW32,
	  .value = NETLINK_GENERIC },
	/* The rest, piece by piece: a rule is a conjunction and can't say "none of these". */
	{ "socket", .is_netlink = true, .mask = LOW32 & ~1u, .value = 8 }, /* ISCSI, AUDIT */
	{ "socket", .is_netlink = true, .mask = LOW32, .value = 11 },	   /* CONNECTOR */
	{ "socket", .is_netlink = true, .mask = LOW32, .value = 13 },	   /* IP6_FW */
	{ "socket", .is_netlink = true, .mask = LOW32, .value = 14 },	   /* DNRTMSG */
	{ "socket", .is_netlink = true, .is_above = true, .value = NETLINK_GENERIC },
	{ "socket", .mask = LOW32, .value = AF_UNSPEC },
	{ "socket", .mask = LOW32, .value = 3 },	/* AX25 */
	{ "socket", .mask = LOW32 & ~3u, .value = 4 },	/* 4 IPX .. 7 BRIDGE */
	{ "socket", .mask = LOW32 & ~1u, .value = 8 },	/* ATMPVC, X25 */
	{ "socket", .mask = LOW32, .value = 11 },	/* ROSE */
	{ "socket", .mask = LOW32 & ~3u, .value = 12 }, /* 12 DECnet .. 15 KEY */
	/* vsock, alg, bluetooth, can, tipc, rds, xdp ... */
	{ "socket", .is_above = true, .value = AF_PACKET },
	/* Only unix sockets come in pairs; of others the kernel makes one before it says so. */
	{ "socketpair", .is_allowed = true, .mask = LOW32, .value = AF_UNIX },
	{ "socketpair", .mask = LOW32, .value = AF_UNSPEC },
	{ "socketpair", .is_above = true, .value = AF_UNIX },
};

static const char *const masked_paths[] = {
	"/proc/interrupts",
	"/proc/kallsyms",
	"/proc/kmsg",
	"/proc/kpagecgroup",
	"/proc/kpagecount",
	"/proc/kpageflags",
	"/sys/devices/virtual/powercap",
	"/sys/devices/virtual/thermal",
	"/sys/kernel/debug",
	"/sys/kernel/security",
	"/sys/kernel/tracing",
};

/*
 * In place of /proc/sys where the guest has its own users and network: net/ and user/ hold its own
 * settings
 * ("sysctl net.ipv4.ip_forward=1"), and systemd-sysctl runs only where /proc/sys/net is writable.
 */
static const char *const readonly_sysctl_paths[] = {
	"/proc/sys/abi", "/proc/sys/debug",  "/proc/sys/dev",
	"/proc/sys/fs",	 "/proc/sys/kernel", "/proc/sys/vm",
};

static int add_paths(struct wabe_spec *spec, struct wabe_strv *list, const char *const *paths,
		     size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!wabe_strv_has(list, paths[i]) &&
		    wabe_strv_add(list, &spec->arena, paths[i]) < 0)
			return -ENOMEM;
	return 0;
}

static void remove_path(struct wabe_strv *list, const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], path) != 0)
			list->items[kept++] = list->items[i];
	list->count = kept;
	if (list->items)
		list->items[kept] = NULL;
}

static int confine_paths(struct wabe_spec *spec)
{
	if (wabe_spec_default_masked_paths(spec) < 0 || wabe_spec_default_readonly_paths(spec) < 0)
		return -ENOMEM;
	if (add_paths(spec, &spec->masked_paths, masked_paths, ARRAY_SIZE(masked_paths)) < 0)
		return -ENOMEM;
	if (!wabe_spec_namespace(spec, WABE_NS_USER) || !wabe_spec_namespace(spec, WABE_NS_NETWORK))
		return 0;
	remove_path(&spec->readonly_paths, "/proc/sys");
	return add_paths(spec, &spec->readonly_paths, readonly_sysctl_paths,
			 ARRAY_SIZE(readonly_sysctl_paths));
}

static int confine_capabilities(struct wabe_spec *spec, const struct vz_confine_options *options)
{
	struct wabe_spec_capabilities *caps = wabe_arena_alloc(&spec->arena, sizeof(*caps));

	if (!caps)
		return -ENOMEM;
	caps->bounding = CAPS_GUEST;
	if (wabe_spec_namespace(spec, WABE_NS_USER))
		caps->bounding |= CAPS_USER_NAMESPACE_ONLY;
	if (options->has_log)
		caps->bounding |= CAP(SYSLOG);
	caps->bounding = (caps->bounding | options->caps_on) & ~options->caps_off;
	caps->permitted = caps->effective = caps->bounding;
	/* Inheritable and ambient stay empty (CVE-2022-29162). */
	spec->process->capabilities = caps;
	return 0;
}

static bool is_let_through(const struct vz_confine_options *options, const char *name)
{
	for (size_t i = 0; options->syscalls && options->syscalls[i]; i++)
		if (strcmp(options->syscalls[i], name) == 0)
			return true;
	return options->has_log && strcmp(name, "syslog") == 0;
}

static enum vz_syscall_verdict verdict_of(const struct vz_confine_options *options,
					  const struct vz_syscall *row)
{
	if (is_let_through(options, row->name))
		return VZ_SYSCALL_ALLOW;
	/* By its arguments: guest/confine_netfilter.c */
	if (options->no_netfilter && strcmp(row->name, "setsockopt") == 0)
		return VZ_SYSCALL_SOCKETS;
	return row->verdict;
}

/* One rule of the filter for all names of @verdict. */
static int add_verdict(struct wabe_spec *spec, struct wabe_spec_syscall *rule,
		       const struct vz_confine_options *options, enum vz_syscall_verdict verdict)
{
	size_t count;
	const struct vz_syscall *rows = vz_confine_syscalls(&count);

	for (size_t i = 0; i < count; i++)
		if (verdict_of(options, &rows[i]) == verdict &&
		    wabe_strv_add(&rule->names, &spec->arena, rows[i].name) < 0)
			return -ENOMEM;
	return 0;
}

static int add_socket_rule(struct wabe_spec *spec, struct wabe_spec_syscall *rule,
			   const struct socket_rule *from)
{
	const size_t count = from->is_netlink ? 2 : 1;
	struct wabe_spec_syscall_arg *args = wabe_arena_array(&spec->arena, count, sizeof(*args));

	if (!args || wabe_strv_add(&rule->names, &spec->arena, from->name) < 0)
		return -ENOMEM;
	rule->args = (struct wabe_list){ args, count };
	if (from->is_netlink)
		*args++ = (struct wabe_spec_syscall_arg){
			.index = FAMILY,
			.op = "SCMP_CMP_MASKED_EQ",
			.value = LOW32,
			.value_two = AF_NETLINK,
		};
	args->index = from->is_netlink ? PROTOCOL : FAMILY;
	args->op = from->is_above ? "SCMP_CMP_GT" : "SCMP_CMP_MASKED_EQ";
	args->value = from->is_above ? from->value : from->mask;
	args->value_two = from->is_above ? 0 : from->value;
	return 0;
}

static bool is_netfilter(const struct socket_rule *rule)
{
	return rule->is_netlink && !rule->is_above && rule->mask == LOW32 &&
	       rule->value == NETLINK_NETFILTER;
}

static void set_action(struct wabe_spec_syscall *rule, const char *action, int errno_ret)
{
	rule->action = action;
	rule->errno_ret =
		(struct wabe_opt_u64){ .is_set = errno_ret != 0, .value = (uint64_t)errno_ret };
}

/*
 * Order matters: libseccomp adds to each socket rule one for the multiplexer of 32-bit x86
 * (socketcall), which can't see the arguments; only a refusal of the multiplexer that comes first
 * survives that. 32-bit programs use the direct calls (Linux 4.3) or have no sockets.
 */
static int fill_rules(struct wabe_spec *spec, struct wabe_spec_syscall *rules,
		      const struct vz_confine_options *options)
{
	set_action(&rules[0], "SCMP_ACT_ERRNO", EAFNOSUPPORT);
	if (wabe_strv_add(&rules[0].names, &spec->arena, "socketcall") < 0)
		return -ENOMEM;
	set_action(&rules[1], "SCMP_ACT_ALLOW", 0);
	set_action(&rules[2], "SCMP_ACT_ERRNO", EPERM);
	if (add_verdict(spec, &rules[1], options, VZ_SYSCALL_ALLOW) < 0 ||
	    add_verdict(spec, &rules[2], options, VZ_SYSCALL_REFUSE) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(socket_rules); i++) {
		struct wabe_spec_syscall *rule = &rules[3 + i];

		if (socket_rules[i].is_allowed &&
		    !(options->no_netfilter && is_netfilter(&socket_rules[i])))
			set_action(rule, "SCMP_ACT_ALLOW", 0);
		else
			set_action(rule, "SCMP_ACT_ERRNO", EAFNOSUPPORT);
		if (add_socket_rule(spec, rule, &socket_rules[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int confine_syscalls(struct wabe_spec *spec, const struct vz_confine_options *options)
{
	const size_t room = options->no_netfilter ? VZ_CONFINE_NETFILTER_RULES : 0;
	size_t count = 3 + ARRAY_SIZE(socket_rules);
	struct wabe_spec_seccomp *seccomp = wabe_arena_alloc(&spec->arena, sizeof(*seccomp));
	struct wabe_spec_syscall *rules =
		wabe_arena_array(&spec->arena, count + room, sizeof(*rules));
	int more = 0;

	if (!seccomp || !rules || fill_rules(spec, rules, options) < 0)
		return -ENOMEM;
	if (options->no_netfilter)
		more = vz_confine_netfilter(&spec->arena, rules + count);
	if (more < 0)
		return more;
	count += (size_t)more;
	seccomp->default_action = "SCMP_ACT_ERRNO";
	seccomp->default_errno_ret = (struct wabe_opt_u64){ .is_set = true, .value = ENOSYS };
	seccomp->syscalls = (struct wabe_list){ rules, count };
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		if (wabe_strv_add(&seccomp->architectures, &spec->arena, architectures[i]) < 0)
			return -ENOMEM;
	spec->seccomp = seccomp;
	return 0;
}

int vz_confine_apply(struct wabe_spec *spec, const struct vz_confine_options *options,
		     struct wabe_error *err)
{
	static const struct vz_confine_options none = { 0 };

	if (!options)
		options = &none;
	if (!spec->process)
		return wabe_error_say(err, -EINVAL, "confinement: the guest has no process");
	if (confine_capabilities(spec, options) < 0 || confine_syscalls(spec, options) < 0 ||
	    confine_paths(spec) < 0)
		return wabe_error_set(err, -ENOMEM, "confinement of the guest");
	/* sudo and su change the user by setuid programs. */
	spec->process->no_new_privileges = false;
	return 0;
}
