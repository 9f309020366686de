// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/seccomp_watch: what a compiler says that is watched, one that crashes, and one that never ends. */
#include "sys/seccomp_watch.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tap.h"

#define LENGTH 3

static int compile_fine(const struct wabe_seccomp_profile *profile,
			struct wabe_seccomp_program *ret_program, struct wabe_error *err)
{
	struct sock_filter *filter = calloc(LENGTH, sizeof(*filter));

	(void)profile;
	if (!filter)
		return wabe_error_set(err, -ENOMEM, "filter");
	filter[LENGTH - 1].k = 4711;
	*ret_program = (struct wabe_seccomp_program){ filter, LENGTH, 5 };
	return 0;
}

static int compile_wrong(const struct wabe_seccomp_profile *profile,
			 struct wabe_seccomp_program *ret_program, struct wabe_error *err)
{
	(void)profile;
	(void)ret_program;
	return wabe_error_say(err, -EINVAL, "a rule that can't be");
}

static int compile_crash(const struct wabe_seccomp_profile *profile,
			 struct wabe_seccomp_program *ret_program, struct wabe_error *err)
{
	(void)profile;
	(void)ret_program;
	(void)err;
	_exit(139);
}

static int compile_endless(const struct wabe_seccomp_profile *profile,
			   struct wabe_seccomp_program *ret_program, struct wabe_error *err)
{
	(void)profile;
	(void)ret_program;
	(void)err;
	while (pause() < 0)
		;
	return 0;
}

static void test_answers(struct tap *t)
{
	struct wabe_seccomp_profile profile = { 0 };
	struct wabe_seccomp_program program = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;

	if (tap_int(t, wabe_seccomp_watch(compile_fine, &profile, &program, &err), 0, "a program"))
		tap_ok(t,
		       program.length == LENGTH && program.flags == 5 &&
			       ((struct sock_filter *)program.filter)[LENGTH - 1].k == 4711,
		       "is the one that was made");
	wabe_seccomp_program_free(&program);
	tap_int(t, wabe_seccomp_watch(compile_wrong, &profile, &program, &err), -EINVAL,
		"an error");
	tap_str(t, err.text, "a rule that can't be", "is the one that was made");
	tap_ok(t, !program.filter, "and no program");
	tap_int(t, wabe_seccomp_watch(compile_crash, &profile, &program, &err), -EIO, "a crash");
	tap_has(t, err.text, "ended unexpectedly", "is named");
}

static void test_endless(struct tap *t)
{
	struct wabe_seccomp_profile profile = { 0 };
	struct wabe_seccomp_program program = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	time_t began = time(NULL);

	tap_int(t, wabe_seccomp_watch(compile_endless, &profile, &program, &err), -ETIMEDOUT,
		"no end");
	tap_has(t, err.text, "did not come to an end", "is named");
	tap_ok(t, time(NULL) - began < 60, "in time");
	tap_ok(t, waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "no child stays");
}

static bool needs(const char *first, size_t first_args, const char *second, size_t second_args)
{
	const struct wabe_seccomp_rule rules[] = {
		{ .names = &first, .names_count = 1, .args_count = first_args },
		{ .names = &second, .names_count = 1, .args_count = second_args },
	};
	const struct wabe_seccomp_profile profile = { .rules = rules, .rules_count = 2 };

	return wabe_seccomp_needs_watch(&profile);
}

/* A profile that pays for a child has a reason. */
static void test_needs(struct tap *t)
{
	tap_ok(t, needs("clone", 2, "clone", 2), "two rules of one call with two conditions");
	tap_ok(t, !needs("clone", 2, "clone", 1), "one of them has one");
	tap_ok(t, !needs("clone", 0, "clone", 0), "none has any");
	tap_ok(t, !needs("clone", 2, "clone3", 2), "two calls");
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_answers(&t);
	test_endless(&t);
	test_needs(&t);
	return tap_end(&t);
}
