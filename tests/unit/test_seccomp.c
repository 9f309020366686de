// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/unit/test_seccomp: filters are compiled, loaded in a child process and asked by real system
 * calls.
 *
 * The comparisons are those where libseccomp erred (CVE-2017-18367, CVE-2019-9893: alternatives and
 * conjunctions, 64-bit values), so each is tried on both sides of 2^32.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/seccomp.h"
#include "tap.h"

#define G4 0x100000000u /* 2^32 */
#define HIT 77		/* errno of the rules under test: no real call answers it */
#define PROBE \
	SYS_readahead /* takes 64-bit arguments; on descriptor -1 the kernel says EBADF and does   \
			 nothing */

/* Not _exit(): a sanitizer does more there than a filter may allow. */
static void leave(int status)
{
	syscall(SYS_exit_group, status);
}

/* In a child: load, do one call, give its errno (0 when it succeeded) as exit status; minus the
 * signal when killed. */
static int ask(const struct wabe_seccomp_program *program, long nr, const uint64_t args[6])
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -1000;
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    wabe_seccomp_load(program, NULL) < 0)
			leave(254);
		if (syscall(nr, args[0], args[1], args[2], args[3], args[4], args[5]) < 0)
			leave(errno);
		leave(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1001;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int ask_profile(const struct wabe_seccomp_profile *profile, long nr, const uint64_t args[6])
{
	struct wabe_seccomp_program program = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	int r = wabe_seccomp_compile(profile, NULL, &program, &err);

	if (r < 0) {
		printf("# compile: %s\n", err.text);
		return -2000 + r;
	}
	r = ask(&program, nr, args);
	wabe_seccomp_program_free(&program);
	return r;
}

static const char *const probe_name[] = { "readahead" };

/* Everything is allowed but the probe where @args match. */
static int ask_args(const struct wabe_seccomp_arg *args, size_t count, const uint64_t values[6])
{
	const struct wabe_seccomp_rule rule = {
		.names = probe_name,
		.names_count = 1,
		.action = "SCMP_ACT_ERRNO",
		.errno_ret = HIT,
		.args = args,
		.args_count = count,
	};
	const struct wabe_seccomp_profile profile = {
		.default_action = "SCMP_ACT_ALLOW",
		.default_errno_ret = -1,
		.rules = &rule,
		.rules_count = 1,
	};

	return ask_profile(&profile, PROBE, values);
}

static const struct {
	const char *op;
	uint64_t value, value_two, argument;
	bool is_match;
} comparisons[] = {
	{ "SCMP_CMP_EQ", 5, 0, 5, true },
	{ "SCMP_CMP_EQ", 5, 0, 4, false },
	{ "SCMP_CMP_EQ", 5, 0, G4 + 5, false },
	{ "SCMP_CMP_EQ", G4 + 5, 0, 5, false },
	{ "SCMP_CMP_EQ", G4 + 5, 0, G4 + 5, true },
	{ "SCMP_CMP_EQ", G4 + 5, 0, 2 * (uint64_t)G4 + 5, false },
	{ "SCMP_CMP_NE", 5, 0, 5, false },
	{ "SCMP_CMP_NE", 5, 0, 6, true },
	{ "SCMP_CMP_NE", 5, 0, G4 + 5, true },
	{ "SCMP_CMP_NE", G4 + 5, 0, G4 + 5, false },
	{ "SCMP_CMP_NE", G4 + 5, 0, G4 + 6, true },
	{ "SCMP_CMP_LT", 5, 0, 4, true },
	{ "SCMP_CMP_LT", 5, 0, 5, false },
	{ "SCMP_CMP_LT", 5, 0, G4, false },
	{ "SCMP_CMP_LT", G4 + 5, 0, 0xffffffff, true },
	{ "SCMP_CMP_LT", G4 + 5, 0, G4 + 4, true },
	{ "SCMP_CMP_LT", G4 + 5, 0, G4 + 5, false },
	{ "SCMP_CMP_LT", 2 * (uint64_t)G4, 0, G4 + 9, true },
	{ "SCMP_CMP_LT", 2 * (uint64_t)G4, 0, 2 * (uint64_t)G4 + 1, false },
	{ "SCMP_CMP_LE", 5, 0, 5, true },
	{ "SCMP_CMP_LE", 5, 0, 6, false },
	{ "SCMP_CMP_LE", 5, 0, G4 + 1, false },
	{ "SCMP_CMP_LE", G4 + 5, 0, G4 + 5, true },
	{ "SCMP_CMP_LE", G4 + 5, 0, 9, true },
	{ "SCMP_CMP_LE", G4 + 5, 0, G4 + 6, false },
	{ "SCMP_CMP_GE", 5, 0, 5, true },
	{ "SCMP_CMP_GE", 5, 0, 4, false },
	{ "SCMP_CMP_GE", 5, 0, G4, true },
	{ "SCMP_CMP_GE", G4 + 5, 0, 6, false },
	{ "SCMP_CMP_GE", G4 + 5, 0, G4 + 4, false },
	{ "SCMP_CMP_GE", G4 + 5, 0, G4 + 5, true },
	{ "SCMP_CMP_GE", G4 + 5, 0, 2 * (uint64_t)G4, true },
	{ "SCMP_CMP_GT", 5, 0, 5, false },
	{ "SCMP_CMP_GT", 5, 0, 6, true },
	{ "SCMP_CMP_GT", 5, 0, G4, true },
	{ "SCMP_CMP_GT", G4 + 5, 0, 0xffffffff, false },
	{ "SCMP_CMP_GT", G4 + 5, 0, G4 + 5, false },
	{ "SCMP_CMP_GT", G4 + 5, 0, G4 + 6, true },
	{ "SCMP_CMP_GT", G4 + 5, 0, UINT64_MAX, true },
	{ "SCMP_CMP_MASKED_EQ", 0xff, 0x05, 0x105, true },
	{ "SCMP_CMP_MASKED_EQ", 0xff, 0x05, 0x106, false },
	{ "SCMP_CMP_MASKED_EQ", 0xffffffff, 40, G4 + 40, true },
	{ "SCMP_CMP_MASKED_EQ", 0xffffffff, 40, G4 + 41, false },
	{ "SCMP_CMP_MASKED_EQ", G4, G4, 3 * (uint64_t)G4 + 7, true },
	{ "SCMP_CMP_MASKED_EQ", G4, G4, 2 * (uint64_t)G4 + 7, false },
	{ "SCMP_CMP_MASKED_EQ", G4, 0, 7, true },
};

static void test_comparisons(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(comparisons); i++)
		for (uint32_t index = 1; index < 6; index += 4) {
			const struct wabe_seccomp_arg arg = { index, comparisons[i].op,
							      comparisons[i].value,
							      comparisons[i].value_two };
			uint64_t values[6] = { UINT64_MAX, 0, 0, 0, 0, 0 };

			values[index] = comparisons[i].argument;
			tap_int(t, ask_args(&arg, 1, values), comparisons[i].is_match ? HIT : EBADF,
				"argument %u = 0x%llx %s 0x%llx 0x%llx", index,
				(unsigned long long)values[index], comparisons[i].op,
				(unsigned long long)comparisons[i].value,
				(unsigned long long)comparisons[i].value_two);
		}
}

/* Different arguments of a rule: all must hold. The same argument twice: each alone is enough, as
 * in runc. */
static void test_conjunctions(struct tap *t)
{
	static const struct wabe_seccomp_arg both[] = {
		{ 1, "SCMP_CMP_EQ", G4 + 1, 0 },
		{ 2, "SCMP_CMP_GT", G4, 0 },
	};
	static const struct wabe_seccomp_arg either[] = {
		{ 1, "SCMP_CMP_EQ", G4 + 1, 0 },
		{ 1, "SCMP_CMP_EQ", 7, 0 },
		{ 2, "SCMP_CMP_EQ", 9, 0 },
	};
	static const struct {
		const struct wabe_seccomp_arg *args;
		size_t count;
		uint64_t one, two;
		bool is_match;
	} rows[] = {
		{ both, 2, G4 + 1, G4 + 1, true }, { both, 2, G4 + 1, G4, false },
		{ both, 2, 1, G4 + 1, false },	   { both, 2, G4 + 1, 1, false },
		{ both, 2, 1, 1, false },	   { either, 3, G4 + 1, 0, true },
		{ either, 3, 7, 0, true },	   { either, 3, 0, 9, true },
		{ either, 3, 1, 0, false },	   { either, 3, G4 + 7, G4 + 9, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const uint64_t values[6] = { UINT64_MAX, rows[i].one, rows[i].two };

		tap_int(t, ask_args(rows[i].args, rows[i].count, values),
			rows[i].is_match ? HIT : EBADF, "%s conditions, row %zu",
			rows[i].args == both ? "all" : "alternative", i);
	}
}

/* Rules of one call are alternatives, also with different actions and next to one another above
 * 2^32. */
static void test_alternatives(struct tap *t)
{
	static const struct wabe_seccomp_arg first = { 1, "SCMP_CMP_EQ", 3, 0 };
	static const struct wabe_seccomp_arg second = { 1, "SCMP_CMP_EQ", G4 + 3, 0 };
	static const struct wabe_seccomp_arg third[] = { { 1, "SCMP_CMP_GE", 8, 0 },
							 { 2, "SCMP_CMP_NE", G4, 0 } };
	static const struct wabe_seccomp_rule rules[] = {
		{ probe_name, 1, "SCMP_ACT_ERRNO", 71, &first, 1 },
		{ probe_name, 1, "SCMP_ACT_ERRNO", 72, &second, 1 },
		{ probe_name, 1, "SCMP_ACT_ERRNO", 73, third, 2 },
	};
	const struct wabe_seccomp_profile profile = {
		.default_action = "SCMP_ACT_ALLOW",
		.default_errno_ret = -1,
		.rules = rules,
		.rules_count = 3,
	};
	static const struct {
		uint64_t one, two;
		int want;
	} rows[] = {
		{ 3, 0, 71 }, { 4, 0, EBADF },	{ G4 + 3, G4, 72 },
		{ 8, 0, 73 }, { 8, G4, EBADF }, { 2 * (uint64_t)G4 + 3, 1, 73 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		tap_int(t,
			ask_profile(&profile, PROBE,
				    (const uint64_t[6]){ UINT64_MAX, rows[i].one, rows[i].two }),
			rows[i].want, "three rules of one call, row %zu", i);
}

static const uint64_t no_args[6];

/* A profile that names little and refuses the rest with @default_errno. */
static int ask_default(const char *action, int default_errno, long nr)
{
	static const char *const names[] = { "exit_group", "exit", "rt_sigreturn",
					     "no_such_call_at_all", "getppid" };
	static const struct wabe_seccomp_rule rule = {
		names, ARRAY_SIZE(names), "SCMP_ACT_ALLOW", -1, NULL, 0
	};
	static const char *const arch[] = { "SCMP_ARCH_NATIVE" };
	const struct wabe_seccomp_profile profile = {
		.default_action = action,
		.default_errno_ret = default_errno,
		.architectures = arch,
		.architectures_count = 1,
		.rules = &rule,
		.rules_count = 1,
	};

	return ask_profile(&profile, nr, no_args);
}

static void test_defaults(struct tap *t)
{
	const long newer = 5000; /* above every number that is in use */

	tap_int(t, ask_default("SCMP_ACT_ERRNO", -1, SYS_getppid), 0, "an allowed call works");
	tap_int(t, ask_default("SCMP_ACT_ERRNO", -1, SYS_getpgrp), EPERM,
		"without an errno it is EPERM");
	tap_int(t, ask_default("SCMP_ACT_ERRNO", 99, SYS_getpgrp), 99, "an errno of its own");
	tap_int(t, ask_default("SCMP_ACT_ERRNO", -1, newer), ENOSYS,
		"a call newer than the profile is missing");
	tap_int(t, ask_default("SCMP_ACT_KILL_PROCESS", -1, newer), ENOSYS,
		"also where the default kills");
	tap_int(t, ask_default("SCMP_ACT_KILL_PROCESS", -1, SYS_getpgrp), -SIGSYS,
		"kill the process");
	tap_int(t, ask_default("SCMP_ACT_KILL", -1, SYS_getpgrp), -SIGSYS,
		"kill the thread, the only one");
	tap_int(t, ask_default("SCMP_ACT_TRAP", -1, SYS_getpgrp), -SIGSYS, "trap");
	tap_int(t, ask_default("SCMP_ACT_ALLOW", -1, SYS_getpgrp), 0, "allow by default");
	tap_int(t, ask_default("SCMP_ACT_LOG", -1, SYS_getpgrp), 0, "log and allow");
}

#if defined(__x86_64__)
static long call_ia32(long nr)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(0L), "c"(0L), "d"(0L)
			 : "memory", "r8", "r9", "r10", "r11");
	return r;
}

/* getppid as 32-bit x86 makes it (number 64): its errno, or minus the signal that killed the child.
 */
static int ask_ia32(const struct wabe_seccomp_program *program)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		long r;

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (program && wabe_seccomp_load(program, NULL) < 0)
			leave(254);
		r = call_ia32(64);
		leave(r < 0 ? (int)-r : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_architectures(struct tap *t)
{
	static const char *const all[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32" };
	static const char *const names[] = { "getppid" };
	static const struct wabe_seccomp_rule rule = { names, 1, "SCMP_ACT_ERRNO", HIT, NULL, 0 };
	const long x32 = 0x40000000 | SYS_getppid;

	for (size_t count = 1; count <= ARRAY_SIZE(all); count++) {
		const struct wabe_seccomp_profile profile = {
			.default_action = "SCMP_ACT_ALLOW",
			.default_errno_ret = -1,
			.architectures = all,
			.architectures_count = count,
			.rules = &rule,
			.rules_count = 1,
		};
		struct wabe_seccomp_program program = { 0 };

		if (!tap_int(t, wabe_seccomp_compile(&profile, NULL, &program, NULL), 0,
			     "%zu architectures", count))
			continue;
		tap_int(t, ask(&program, SYS_getppid, no_args), HIT, "the native one of %zu",
			count);
		tap_int(t, ask(&program, x32, no_args), count < 3 ? -SIGSYS : HIT, "x32 with %zu",
			count);
		if (ask_ia32(NULL) != 0)
			tap_skip(t, "the kernel runs no 32-bit programs");
		else
			tap_int(t, ask_ia32(&program), count < 2 ? -SIGSYS : HIT,
				"32-bit x86 with %zu", count);
		wabe_seccomp_program_free(&program);
	}
}
#else
static void test_architectures(struct tap *t)
{
	tap_skip(t, "foreign architectures are tried on x86 only");
}
#endif

static const struct wabe_seccomp_arg bad_op = { 0, "SCMP_CMP_ODD", 0, 0 };
static const struct wabe_seccomp_arg no_op = { 0, NULL, 0, 0 };
static const struct wabe_seccomp_arg bad_index = { 6, "SCMP_CMP_EQ", 0, 0 };
static const struct wabe_seccomp_arg huge_index = { UINT32_MAX, "SCMP_CMP_EQ", 0, 0 };
static const struct wabe_seccomp_arg many[] = {
	{ 0, "SCMP_CMP_EQ", 0, 0 }, { 1, "SCMP_CMP_EQ", 0, 0 }, { 2, "SCMP_CMP_EQ", 0, 0 },
	{ 3, "SCMP_CMP_EQ", 0, 0 }, { 4, "SCMP_CMP_EQ", 0, 0 }, { 5, "SCMP_CMP_EQ", 0, 0 },
	{ 6, "SCMP_CMP_EQ", 0, 0 },
};
static const char *const odd[] = { "SCMP_ARCH_VAX" }, *const odd_flag[] = {
	"SECCOMP_FILTER_FLAG_ODD"
};
static const struct {
	const char *what;
	struct wabe_seccomp_rule rule;
	struct wabe_seccomp_profile profile;
	const char *text;
} invalid[] = {
	{ "unknown default action",
	  { 0 },
	  { .default_action = "SCMP_ACT_ODD", .default_errno_ret = -1 },
	  "SCMP_ACT_ODD" },
	{ "no default action", { 0 }, { .default_errno_ret = -1 }, "unknown action" },
	{ "errno of an action without",
	  { 0 },
	  { .default_action = "SCMP_ACT_ALLOW", .default_errno_ret = 1 },
	  "takes no errno" },
	{ "errno too large",
	  { 0 },
	  { .default_action = "SCMP_ACT_ERRNO", .default_errno_ret = 4096 },
	  "0..4095" },
	{ "unknown architecture",
	  { 0 },
	  { .default_action = "SCMP_ACT_ALLOW",
	    .default_errno_ret = -1,
	    .architectures = odd,
	    .architectures_count = 1 },
	  "SCMP_ARCH_VAX" },
	{ "unknown flag",
	  { 0 },
	  { .default_action = "SCMP_ACT_ALLOW",
	    .default_errno_ret = -1,
	    .flags = odd_flag,
	    .flags_count = 1 },
	  "SECCOMP_FILTER_FLAG_ODD" },
	{ "an errno with notify",
	  { probe_name, 1, "SCMP_ACT_NOTIFY", 1, NULL, 0 },
	  { .default_action = "SCMP_ACT_ALLOW", .default_errno_ret = -1 },
	  "SCMP_ACT_NOTIFY" },
	{ "unknown operator",
	  { probe_name, 1, "SCMP_ACT_ERRNO", -1, &bad_op, 1 },
	  { .default_action = "SCMP_ACT_ALLOW", .default_errno_ret = -1 },
	  "SCMP_CMP_ODD" },
	{ "no operator",
	  { probe_name, 1, "SCMP_ACT_ERRNO", -1, &no_op, 1 },
	  { .default_action = "SCMP_ACT_ALLOW", .default_errno_ret = -1 },
	  "operator" },
	{ "argument 6",
	  { probe_name, 1, "SCMP_ACT_ERRNO", -1, &bad_index, 1 },
	  { .default_action = "SCMP_ACT_ALLOW", .default_errno_ret = -1 },
	  "index 6" },
	{ "argument 2^32 - 1",
	  { probe_name, 1, "SCMP_ACT_ERRNO", -1, &huge_index, 1 },
	  { .default_action = "SCMP_ACT_ALLOW", .default_errno_ret = -1 },
	  "index 4294967295" },
	{ "seven arguments",
	  { probe_name, 1, "SCMP_ACT_ERRNO", -1, many, ARRAY_SIZE(many) },
	  { .default_action = "SCMP_ACT_ALLOW", .default_errno_ret = -1 },
	  "index 6" },
	{ "trace value too large",
	  { probe_name, 1, "SCMP_ACT_TRACE", 65536, NULL, 0 },
	  { .default_action = "SCMP_ACT_ALLOW", .default_errno_ret = -1 },
	  "0..65535" },
};

static void test_invalid(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(invalid); i++) {
		struct wabe_seccomp_profile profile = invalid[i].profile;
		struct wabe_seccomp_program program = { 0 };
		struct wabe_error err = WABE_ERROR_INIT;

		profile.rules = &invalid[i].rule;
		profile.rules_count = invalid[i].rule.names_count ? 1 : 0;
		tap_int(t, wabe_seccomp_compile(&profile, NULL, &program, &err), -EINVAL, "%s",
			invalid[i].what);
		tap_has(t, err.text, invalid[i].text, "%s: the text", invalid[i].what);
		tap_ok(t, !program.filter, "%s: no program", invalid[i].what);
		wabe_seccomp_program_free(&program);
	}
}

static void test_lists(struct tap *t)
{
	const char *const *(*const lists[])(void) = {
		wabe_seccomp_actions,
		wabe_seccomp_operators,
		wabe_seccomp_architectures,
		wabe_seccomp_flags,
	};
	static const char *const prefixes[] = { "SCMP_ACT_", "SCMP_CMP_", "SCMP_ARCH_",
						"SECCOMP_FILTER_FLAG_" };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const char *const *list = lists[i]();
		bool is_good = list[0];

		for (size_t n = 0; list[n]; n++)
			is_good = is_good && wabe_str_starts(list[n], prefixes[i]);
		tap_ok(t, is_good, "names of the list %s", prefixes[i]);
	}
	/* Each action and each architecture that is offered compiles. */
	for (const char *const *a = wabe_seccomp_actions(); *a; a++) {
		const struct wabe_seccomp_profile profile = { .default_action = *a,
							      .default_errno_ret = -1 };
		struct wabe_seccomp_program program = { 0 };

		tap_int(t, wabe_seccomp_compile(&profile, NULL, &program, NULL), 0, "default %s",
			*a);
		wabe_seccomp_program_free(&program);
	}
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_comparisons(&t);
	test_conjunctions(&t);
	test_alternatives(&t);
	test_defaults(&t);
	test_architectures(&t);
	test_invalid(&t);
	test_lists(&t);
	return tap_end(&t);
}
