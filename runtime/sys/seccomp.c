// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/seccomp: profile to BPF program by libseccomp, and into the kernel. The only user of
 * libseccomp.
 *
 * Where the specification leaves room, this does what runc does, because profiles in the field are
 * tested with it: a rule whose action is the default one is left out, a syscall that the library
 * doesn't know is left out, several conditions on one argument are alternatives, a program of an
 * architecture that isn't listed is killed, and a syscall newer than all that the profile names
 * gets ENOSYS (so that libc falls back) where the default refuses.
 */
#include "sys/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/seccomp_cache.h"
#include "sys/seccomp_watch.h"

#define ARGUMENTS_MAX 6 /* of a Linux system call */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* linux/seccomp.h, since 5.19 */
#endif

#define X32_SYSCALL_BIT 0x40000000u /* asm/unistd.h: __X32_SYSCALL_BIT */
/* From here on a binary tree is shorter to walk than a list; runc has the same bound. */
#define TREE_MIN_NAMES 32

/* Names and values are parallel arrays, because the names alone are handed out as lists. */
static const char *const action_names[] = {
	"SCMP_ACT_KILL",	 "SCMP_ACT_KILL_THREAD",
	"SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP",
	"SCMP_ACT_ERRNO",	 "SCMP_ACT_TRACE",
	"SCMP_ACT_ALLOW",	 "SCMP_ACT_LOG",
	"SCMP_ACT_NOTIFY",	 NULL,
};
static const uint32_t action_values[] = {
	SCMP_ACT_KILL_THREAD, SCMP_ACT_KILL_THREAD, SCMP_ACT_KILL_PROCESS,
	SCMP_ACT_TRAP,	      SCMP_ACT_ERRNO(0),    SCMP_ACT_TRACE(0),
	SCMP_ACT_ALLOW,	      SCMP_ACT_LOG,	    SCMP_ACT_NOTIFY,
};
_Static_assert(ARRAY_SIZE(action_names) == ARRAY_SIZE(action_values) + 1,
	       "one value for each action");

static const char *const operator_names[] = {
	"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",	    "SCMP_CMP_EQ",
	"SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ", NULL,
};
static const enum scmp_compare operator_values[] = {
	SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE,	      SCMP_CMP_EQ,
	SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ,
};
_Static_assert(ARRAY_SIZE(operator_names) == ARRAY_SIZE(operator_values) + 1,
	       "one value for each operator");

static const char *const arch_names[] = {
	"SCMP_ARCH_NATIVE",
	"SCMP_ARCH_X86",
	"SCMP_ARCH_X86_64",
	"SCMP_ARCH_X32",
	"SCMP_ARCH_ARM",
	"SCMP_ARCH_AARCH64",
	"SCMP_ARCH_MIPS",
	"SCMP_ARCH_MIPS64",
	"SCMP_ARCH_MIPS64N32",
	"SCMP_ARCH_MIPSEL",
	"SCMP_ARCH_MIPSEL64",
	"SCMP_ARCH_MIPSEL64N32",
	"SCMP_ARCH_PPC",
	"SCMP_ARCH_PPC64",
	"SCMP_ARCH_PPC64LE",
	"SCMP_ARCH_S390",
	"SCMP_ARCH_S390X",
	"SCMP_ARCH_PARISC",
	"SCMP_ARCH_PARISC64",
	"SCMP_ARCH_RISCV64",
	"SCMP_ARCH_LOONGARCH64",
	"SCMP_ARCH_M68K",
	"SCMP_ARCH_SH",
	"SCMP_ARCH_SHEB",
	NULL,
};
static const uint32_t arch_values[] = {
	SCMP_ARCH_NATIVE,
	SCMP_ARCH_X86,
	SCMP_ARCH_X86_64,
	SCMP_ARCH_X32,
	SCMP_ARCH_ARM,
	SCMP_ARCH_AARCH64,
	SCMP_ARCH_MIPS,
	SCMP_ARCH_MIPS64,
	SCMP_ARCH_MIPS64N32,
	SCMP_ARCH_MIPSEL,
	SCMP_ARCH_MIPSEL64,
	SCMP_ARCH_MIPSEL64N32,
	SCMP_ARCH_PPC,
	SCMP_ARCH_PPC64,
	SCMP_ARCH_PPC64LE,
	SCMP_ARCH_S390,
	SCMP_ARCH_S390X,
	SCMP_ARCH_PARISC,
	SCMP_ARCH_PARISC64,
	SCMP_ARCH_RISCV64,
	/* Names of libseccomp 2.6; an older one answers EINVAL to the kernel's numbers. */
	AUDIT_ARCH_LOONGARCH64,
	AUDIT_ARCH_M68K,
	AUDIT_ARCH_SHEL,
	AUDIT_ARCH_SH,
};
_Static_assert(ARRAY_SIZE(arch_names) == ARRAY_SIZE(arch_values) + 1,
	       "one value for each architecture");

static const char *const flag_names[] = {
	"SECCOMP_FILTER_FLAG_TSYNC",
	"SECCOMP_FILTER_FLAG_LOG",
	"SECCOMP_FILTER_FLAG_SPEC_ALLOW",
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
	NULL,
};
/* TSYNC: the filter is loaded by the only thread there is, so there is nothing to synchronise. */
static const uint32_t flag_values[] = { 0, SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
					SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV };
_Static_assert(ARRAY_SIZE(flag_names) == ARRAY_SIZE(flag_values) + 1, "one value for each flag");

const char *const *wabe_seccomp_actions(void)
{
	return action_names;
}

const char *const *wabe_seccomp_operators(void)
{
	return operator_names;
}

const char *const *wabe_seccomp_architectures(void)
{
	return arch_names;
}

const char *const *wabe_seccomp_flags(void)
{
	return flag_names;
}

/* Index of @name in a NULL-terminated list, -1 when it isn't there. */
static int find_name(const char *const *names, const char *name)
{
	for (int i = 0; name && names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/*
 * @errno_ret < 0: not given. config-linux.md, errnoRet: "when the action doesn't support an errno,
 * the runtime MUST [...] fail".
 */
static int resolve_action(const char *name, int errno_ret, uint32_t *ret_action,
			  struct wabe_error *err)
{
	int i = find_name(action_names, name);

	if (i < 0)
		return wabe_error_say(err, -EINVAL, "seccomp: unknown action \"%s\"",
				      name ? name : "");
	if (action_values[i] == SCMP_ACT_ERRNO(0)) {
		if (errno_ret > 4095) /* linux/err.h: MAX_ERRNO; the kernel would cut it silently */
			return wabe_error_say(err, -EINVAL,
					      "seccomp: errno %d is out of range 0..4095",
					      errno_ret);
		*ret_action = SCMP_ACT_ERRNO((uint32_t)(errno_ret < 0 ? EPERM : errno_ret));
	} else if (action_values[i] == SCMP_ACT_TRACE(0)) {
		if (errno_ret > UINT16_MAX)
			return wabe_error_say(err, -EINVAL,
					      "seccomp: trace value %d is out of range 0..65535",
					      errno_ret);
		*ret_action = SCMP_ACT_TRACE((uint32_t)(errno_ret < 0 ? EPERM : errno_ret));
	} else {
		if (errno_ret >= 0)
			return wabe_error_say(err, -EINVAL, "seccomp: action %s takes no errno",
					      name);
		*ret_action = action_values[i];
	}
	return 0;
}

/* The library's context, with its own cleanup. */
static void release_context(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
	*ctx = NULL;
}

static int resolve_arg(const struct wabe_seccomp_arg *arg, const char *syscall_name,
		       struct scmp_arg_cmp *ret_cmp, struct wabe_error *err)
{
	int i = find_name(operator_names, arg->op);

	if (i < 0)
		return wabe_error_say(err, -EINVAL, "seccomp: %s: unknown operator \"%s\"",
				      syscall_name, arg->op ? arg->op : "");
	if (arg->index >= ARGUMENTS_MAX)
		return wabe_error_say(err, -EINVAL, "seccomp: %s: argument index %u is above %d",
				      syscall_name, arg->index, ARGUMENTS_MAX - 1);
	/* For MASKED_EQ the first datum is the mask and the second the value, in the profile and in
	 * the library. */
	*ret_cmp = (struct scmp_arg_cmp){
		.arg = arg->index,
		.op = operator_values[i],
		.datum_a = arg->value,
		.datum_b = arg->value_two,
	};
	return 0;
}

static int add_one(scmp_filter_ctx ctx, uint32_t action, const char *name,
		   const struct scmp_arg_cmp *cmps, unsigned int count, struct wabe_error *err)
{
	int nr = seccomp_syscall_resolve_name(name);
	int r;

	if (nr == __NR_SCMP_ERROR)
		return 0;
	r = seccomp_rule_add_array(ctx, action, nr, count, cmps);
	if (r < 0)
		return wabe_error_set(err, r, "seccomp: add rule for %s", name);
	return 0;
}

/* Does any argument appear twice? The library (and a conjunction over a tree) can't have that. */
static bool has_repeated_argument(const struct wabe_seccomp_rule *rule)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < rule->args_count; i++) {
		unsigned int bit = 1u << (rule->args[i].index % 32);

		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

/* One name of a rule: all conditions together, or (an argument comes twice) each condition as an
 * alternative. */
static int add_name(scmp_filter_ctx ctx, const struct wabe_seccomp_rule *rule, uint32_t action,
		    const char *name, struct wabe_error *err)
{
	struct scmp_arg_cmp cmps[ARGUMENTS_MAX];

	if (!has_repeated_argument(rule)) {
		for (size_t i = 0; i < rule->args_count; i++) {
			/* i < ARGUMENTS_MAX: no index comes twice, and resolve_arg() refuses larger
			 * ones. */
			int r = resolve_arg(&rule->args[i], name, &cmps[i % ARGUMENTS_MAX], err);

			if (r < 0)
				return r;
		}
		return add_one(ctx, action, name, cmps, (unsigned int)rule->args_count, err);
	}
	for (size_t i = 0; i < rule->args_count; i++) {
		int r = resolve_arg(&rule->args[i], name, &cmps[0], err);

		if (r == 0)
			r = add_one(ctx, action, name, cmps, 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_rules(scmp_filter_ctx ctx, const struct wabe_seccomp_profile *profile,
		     uint32_t default_action, bool *is_notifying, struct wabe_error *err)
{
	for (size_t i = 0; i < profile->rules_count; i++) {
		const struct wabe_seccomp_rule *rule = &profile->rules[i];
		uint32_t action = 0;
		int r = resolve_action(rule->action, rule->errno_ret, &action, err);

		if (r < 0)
			return r;
		if (action == default_action)
			continue;
		*is_notifying |= action == SCMP_ACT_NOTIFY;
		for (size_t n = 0; n < rule->names_count; n++) {
			r = add_name(ctx, rule, action, rule->names[n], err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int add_architectures(scmp_filter_ctx ctx, const struct wabe_seccomp_profile *profile,
			     struct wabe_error *err)
{
	for (size_t i = 0; i < profile->architectures_count; i++) {
		int a = find_name(arch_names, profile->architectures[i]);
		int r;

		if (a < 0)
			return wabe_error_say(err, -EINVAL, "seccomp: unknown architecture \"%s\"",
					      profile->architectures[i]);
		r = seccomp_arch_add(ctx, arch_values[a]);
		if (r < 0 && r != -EEXIST)
			return wabe_error_set(err, r, "seccomp: add architecture %s",
					      profile->architectures[i]);
	}
	return 0;
}

static int resolve_flags(const struct wabe_seccomp_profile *profile, unsigned int *ret_flags,
			 struct wabe_error *err)
{
	unsigned int flags = 0;

	for (size_t i = 0; i < profile->flags_count; i++) {
		int f = find_name(flag_names, profile->flags[i]);

		if (f < 0)
			return wabe_error_say(err, -EINVAL, "seccomp: unknown flag \"%s\"",
					      profile->flags[i]);
		flags |= flag_values[f];
	}
	*ret_flags = flags;
	return 0;
}

/*
 * The prologue that answers ENOSYS to what is newer than the profile: for each architecture, a
 * number above the highest that the profile names. Without it a profile that refuses by EPERM
 * breaks every libc that tries a new syscall first.
 */
struct newest {
	uint32_t audit_arch;
	uint32_t nr, nr_x32; /* highest number named; UINT32_MAX: nothing is above it */
};

enum { STUB_SECTION = 7, NEWEST_MAX = ARRAY_SIZE(arch_values) + 1 };

static struct newest *newest_of(struct newest *list, size_t *count, uint32_t audit_arch)
{
	for (size_t i = 0; i < *count; i++)
		if (list[i].audit_arch == audit_arch)
			return &list[i];
	list[*count] = (struct newest){ audit_arch, UINT32_MAX, UINT32_MAX };
	return &list[(*count)++];
}

static void find_newest(const struct wabe_seccomp_profile *profile, uint32_t arch,
			struct newest *list, size_t *count)
{
	bool is_x32 = arch == SCMP_ARCH_X32;
	uint32_t max = 0;
	struct newest *entry;

	for (size_t i = 0; i < profile->rules_count; i++) {
		const struct wabe_seccomp_rule *rule = &profile->rules[i];

		for (size_t n = 0; n < rule->names_count; n++) {
			int nr = seccomp_syscall_resolve_name_arch(arch, rule->names[n]);

			if (nr > 0 && (uint32_t)nr > max)
				max = (uint32_t)nr;
		}
	}
	if (max == 0)
		return;
	/* The library's tokens are the kernel's AUDIT_ARCH_* but for x32, which is a bit in
	 * x86_64's numbers. */
	entry = newest_of(list, count, is_x32 ? (uint32_t)AUDIT_ARCH_X86_64 : arch);
	if (is_x32)
		entry->nr_x32 = max | X32_SYSCALL_BIT;
	else
		entry->nr = max;
}

static void stub_section(struct sock_filter *out, const struct newest *entry, unsigned int to_end)
{
	const struct sock_filter section[STUB_SECTION] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, entry->audit_arch, 0, STUB_SECTION - 1),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_SYSCALL_BIT, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, entry->nr, 1, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, entry->nr_x32, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_JMP | BPF_JA, to_end),
	};

	memcpy(out, section, sizeof(section));
}

/* Prologue into @out (room for 1 + NEWEST_MAX * STUB_SECTION); returns its length, 0 when none is
 * wanted. */
static size_t build_stub(const struct wabe_seccomp_profile *profile, uint32_t default_action,
			 struct sock_filter *out)
{
	struct newest list[NEWEST_MAX];
	size_t count = 0;

	if (default_action == SCMP_ACT_ALLOW || default_action == SCMP_ACT_LOG ||
	    default_action == SCMP_ACT_ERRNO(ENOSYS) ||
	    (default_action & 0xffff0000u) == SCMP_ACT_TRACE(0))
		return 0;
	find_newest(profile, seccomp_arch_native(), list, &count);
	for (size_t i = 0; i < profile->architectures_count; i++) {
		int a = find_name(arch_names, profile->architectures[i]);

		if (a >= 0 && arch_values[a] != SCMP_ARCH_NATIVE)
			find_newest(profile, arch_values[a], list, &count);
	}
	if (count == 0)
		return 0;
	out[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < count; i++)
		stub_section(&out[1 + i * STUB_SECTION], &list[i],
			     (unsigned int)((count - 1 - i) * STUB_SECTION));
	return 1 + count * STUB_SECTION;
}

/* The library's program behind the prologue. libseccomp 2.5 exports to a descriptor only. */
static int export_program(scmp_filter_ctx ctx, const struct wabe_seccomp_profile *profile,
			  uint32_t default_action, struct wabe_seccomp_program *ret_program,
			  struct wabe_error *err)
{
	struct sock_filter stub[1 + NEWEST_MAX * STUB_SECTION];
	size_t stub_count = build_stub(profile, default_action, stub);
	_cleanup_close_ int fd = memfd_create("wabe-seccomp", MFD_CLOEXEC);
	_cleanup_free_ struct sock_filter *filter = NULL;
	struct stat st;
	size_t count;
	int r;

	if (fd < 0)
		return wabe_error_set(err, -errno, "memfd_create");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return wabe_error_set(err, r, "seccomp: compile the filter");
	if (fstat(fd, &st) < 0)
		return wabe_error_set(err, -errno, "stat the compiled filter");
	count = (size_t)st.st_size / sizeof(*filter);
	if (count == 0 || stub_count + count > BPF_MAXINSNS)
		return wabe_error_say(
			err, -EINVAL,
			"seccomp: the filter has %zu instructions, the kernel takes 1..%d",
			stub_count + count, BPF_MAXINSNS);
	filter = calloc(stub_count + count, sizeof(*filter));
	if (!filter)
		return wabe_error_set(err, -ENOMEM, "seccomp: filter of %zu instructions", count);
	memcpy(filter, stub, stub_count * sizeof(*filter));
	if (pread(fd, filter + stub_count, count * sizeof(*filter), 0) !=
	    (ssize_t)(count * sizeof(*filter)))
		return wabe_error_say(err, -EIO, "seccomp: short read of the compiled filter");
	ret_program->length = (unsigned short)(stub_count + count);
	ret_program->filter = TAKE_PTR(filter);
	return 0;
}

static size_t count_names(const struct wabe_seccomp_profile *profile)
{
	size_t count = 0;

	for (size_t i = 0; i < profile->rules_count; i++)
		count += profile->rules[i].names_count;
	return count;
}

static int compile_here(const struct wabe_seccomp_profile *profile,
			struct wabe_seccomp_program *ret_program, struct wabe_error *err)
{
	_cleanup_(release_context) scmp_filter_ctx ctx = NULL;
	struct wabe_seccomp_program program = { 0 };
	uint32_t default_action = 0;
	bool is_notifying = false;
	int r;

	r = resolve_action(profile->default_action, profile->default_errno_ret, &default_action,
			   err);
	if (r == 0)
		r = resolve_flags(profile, &program.flags, err);
	if (r < 0)
		return r;
	ctx = seccomp_init(default_action);
	if (!ctx)
		return wabe_error_set(err, -ENOMEM, "seccomp_init");
	/* no_new_privs is the process's own setting: the caller sets it when the configuration asks
	 * for it. */
	r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	if (r < 0)
		return wabe_error_set(err, r, "seccomp: leave no_new_privs alone");
	/* An older library lacks the attribute; its filter is slower and as right. */
	if (count_names(profile) > TREE_MIN_NAMES)
		(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = add_architectures(ctx, profile, err);
	if (r == 0)
		r = add_rules(ctx, profile, default_action, &is_notifying, err);
	if (is_notifying)
		program.flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	else /* it says how a notification is waited for */
		program.flags &= ~(unsigned int)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	if (r == 0)
		r = export_program(ctx, profile, default_action, &program, err);
	if (r == 0)
		*ret_program = program;
	return r;
}

static int compile(const struct wabe_seccomp_profile *profile,
		   struct wabe_seccomp_program *ret_program, struct wabe_error *err)
{
	return wabe_seccomp_needs_watch(profile)
		       ? wabe_seccomp_watch(compile_here, profile, ret_program, err)
		       : compile_here(profile, ret_program, err);
}

int wabe_seccomp_compile(const struct wabe_seccomp_profile *profile, const char *cache_dir,
			 struct wabe_seccomp_program *ret_program, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf key = WABE_BUF_INIT;
	const struct scmp_version *version = seccomp_version();
	_cleanup_close_ int dir_fd = -EBADF;
	int r;

	if (!cache_dir)
		return compile(profile, ret_program, err);
	r = wabe_seccomp_cache_key(profile, version ? version->major : 0,
				   version ? version->minor : 0, version ? version->micro : 0,
				   &key);
	if (r < 0)
		return wabe_error_set(err, r, "seccomp: cache key");
	dir_fd = wabe_seccomp_cache_open(cache_dir);
	if (dir_fd >= 0 && wabe_seccomp_cache_load(dir_fd, &key, ret_program) == 0) {
		ret_program->is_cached = true;
		return 0;
	}
	r = compile(profile, ret_program, err);
	if (r == 0 && dir_fd >= 0)
		wabe_seccomp_cache_store(dir_fd, &key, ret_program);
	return r;
}

void wabe_seccomp_library(char text[WABE_SECCOMP_LIBRARY_MAX])
{
	const struct scmp_version *v = seccomp_version();

	snprintf(text, WABE_SECCOMP_LIBRARY_MAX, "%u.%u.%u", v ? v->major : 0, v ? v->minor : 0,
		 v ? v->micro : 0);
}

void wabe_seccomp_program_free(struct wabe_seccomp_program *program)
{
	free(program->filter);
	*program = (struct wabe_seccomp_program){ 0 };
}

bool wabe_seccomp_notifies(const struct wabe_seccomp_program *program)
{
	return (program->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
}

int wabe_seccomp_load(const struct wabe_seccomp_program *program, struct wabe_error *err)
{
	struct sock_fprog prog = { .len = program->length, .filter = program->filter };
	/* glibc has no wrapper for seccomp(2). */
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program->flags, &prog);

	if (r < 0)
		return wabe_error_set(err, -errno, "load the seccomp filter of %u instructions",
				      program->length);
	return (int)r;
}
