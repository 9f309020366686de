// SPDX-License-Identifier: GPL-2.0-or-later
/* tests/unit/test_capability: capability sets, changed in child processes and read back from /proc
 * by the parent's eyes. */
#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "spec/spec.h"
#include "sys/capability.h"
#include "tap.h"

#define CAP(n) (UINT64_C(1) << CAP_##n)

/* The sets as the kernel shows them, without libcap. */
static int read_proc(struct wabe_capability_sets *ret)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	int found = 0;

	while (f && fgets(line, sizeof(line), f)) {
		const struct {
			const char *key;
			uint64_t *to;
		} keys[] = {
			{ "CapInh:", &ret->inheritable }, { "CapPrm:", &ret->permitted },
			{ "CapEff:", &ret->effective },	  { "CapBnd:", &ret->bounding },
			{ "CapAmb:", &ret->ambient },
		};

		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (strncmp(line, keys[i].key, 7) == 0) {
				*keys[i].to = strtoull(line + 7, NULL, 16);
				found++;
			}
	}
	return found == 5 ? 0 : -EIO;
}

struct report {
	int r;
	struct wabe_error err;
	struct wabe_capability_sets proc, got;
};

/* Apply in a child and report what came out of it. */
static void apply(const struct wabe_capability_sets *sets, bool is_user_changed, struct report *ret)
{
	int fds[2];
	pid_t pid;

	memset(ret, 0, sizeof(*ret));
	ret->r = -EIO;
	if (pipe(fds) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		struct report report = { 0 };

		if (is_user_changed) {
			/* The order of core: bound, change the user with KEEPCAPS, set. */
			report.r = wabe_capability_bound(sets->bounding, &report.err);
			if (report.r == 0 && (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
					      setresuid(1000, 1000, 1000) < 0))
				report.r = -errno;
			if (report.r == 0)
				report.r = wabe_capability_set(sets, &report.err);
		} else {
			report.r = wabe_capability_apply(sets, &report.err);
		}
		if (read_proc(&report.proc) < 0)
			report.r = -EIO;
		wabe_capability_get(&report.got, NULL);
		_exit(write(fds[1], &report, sizeof(report)) == sizeof(report) ? 0 : 1);
	}
	close(fds[1]);
	if (pid > 0) {
		if (read(fds[0], ret, sizeof(*ret)) != sizeof(*ret))
			ret->r = -EIO;
		waitpid(pid, NULL, 0);
	}
	close(fds[0]);
}

static void test_facts(struct tap *t)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/sys/kernel/cap_last_cap", "re");
	unsigned int last = 0;

	if (f && fscanf(f, "%u", &last) == 1)
		tap_int(t, wabe_capability_last(), last, "the last capability");
	else
		tap_skip(t, "no /proc/sys/kernel/cap_last_cap");
	tap_ok(t, wabe_capability_known() == (UINT64_C(2) << wabe_capability_last()) - 1,
	       "the mask of the known ones");
}

/* The specification's names are libcap's, by the same numbers. */
static void test_names(struct tap *t)
{
	const struct wabe_name *row = wabe_spec_capability_names;
	unsigned int count = 0, wrong = 0;

	for (; row->name; row++, count++) {
		char lower[64];
		cap_value_t value = -1;

		snprintf(lower, sizeof(lower), "%s", row->name);
		for (char *c = lower; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (cap_from_name(lower, &value) < 0 || value != row->value) {
			printf("# %s %lld %d\n", row->name, row->value, value);
			wrong++;
		}
	}
	tap_int(t, wrong, 0, "names and numbers agree with libcap");
	tap_ok(t, count > CAP_LAST_CAP, "all that the headers have: %u", count);
}

static void test_apply(struct tap *t)
{
	const uint64_t some = CAP(CHOWN) | CAP(KILL) | CAP(SETUID);
	const uint64_t known = wabe_capability_known(), unknown = ~known;
	uint64_t can = 0;
	const struct {
		const char *what;
		bool is_user_changed;
		struct wabe_capability_sets
			sets; /* bounding, effective, permitted, inheritable, ambient */
	} rows[] = {
		{ "nothing", false, { 0, 0, 0, 0, 0 } },
		{ "some", false, { some, some, some, 0, 0 } },
		{ "permitted but not effective", false, { some, CAP(KILL), some, 0, 0 } },
		{ "ambient", false, { some, some, some, some, CAP(KILL) } },
		{ "bounded above what is held", false, { some | CAP(NET_RAW), some, some, 0, 0 } },
		{ "unknown ones dropped",
		  false,
		  { some | unknown, some | unknown, some | unknown, unknown, unknown } },
		{ "all that there are", false, { known, known, known, 0, 0 } },
		{ "over a change of the user", true, { some, some, some, 0, 0 } },
		{ "ambient over a change of the user", true, { some, some, some, some, some } },
		{ "nothing over a change of the user", true, { 0, 0, 0, 0, 0 } },
	};

	/* Some machines' root lacks a few: those can't be granted. */
	tap_int(t, wabe_capability_held(&can, NULL), 0, "what root has here");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct report report;

		apply(&rows[i].sets, rows[i].is_user_changed, &report);
		if (!tap_int(t, report.r, 0, "%s: %s", rows[i].what, report.err.text))
			continue;
		tap_ok(t, (report.proc.bounding & can) == (rows[i].sets.bounding & can),
		       "%s: bounding", rows[i].what);
		tap_ok(t, report.proc.effective == (rows[i].sets.effective & can), "%s: effective",
		       rows[i].what);
		tap_ok(t, report.proc.permitted == (rows[i].sets.permitted & can), "%s: permitted",
		       rows[i].what);
		tap_ok(t, report.proc.inheritable == (rows[i].sets.inheritable & can),
		       "%s: inheritable", rows[i].what);
		tap_ok(t, report.proc.ambient == (rows[i].sets.ambient & can), "%s: ambient",
		       rows[i].what);
		tap_ok(t, memcmp(&report.proc, &report.got, sizeof(report.got)) == 0,
		       "%s: read back", rows[i].what);
	}
}

static void test_refused(struct tap *t)
{
	const uint64_t some = CAP(CHOWN) | CAP(KILL);
	static const struct {
		const char *what, *text;
		struct wabe_capability_sets sets;
	} rows[] = {
		{ "effective without permitted",
		  "capability 5 is effective but not permitted",
		  { CAP(CHOWN) | CAP(KILL), CAP(KILL), CAP(CHOWN), 0, 0 } },
		{ "ambient without permitted",
		  "capability 5 is ambient but not permitted",
		  { CAP(CHOWN) | CAP(KILL), 0, CAP(CHOWN), CAP(CHOWN) | CAP(KILL), CAP(KILL) } },
		{ "ambient without inheritable",
		  "capability 0 is ambient but not inheritable",
		  { CAP(CHOWN) | CAP(KILL), 0, CAP(CHOWN) | CAP(KILL), CAP(KILL), CAP(CHOWN) } },
	};
	struct wabe_capability_sets own, more = { 0 };
	uint64_t held = 1;
	struct report report;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		apply(&rows[i].sets, false, &report);
		tap_int(t, report.r, -EINVAL, "%s", rows[i].what);
		tap_str(t, report.err.text, rows[i].text, "%s: the text", rows[i].what);
		tap_ok(t, (report.proc.permitted & some) == some, "%s: nothing changed",
		       rows[i].what);
	}
	/* A user without capabilities asks for one. */
	more.bounding = wabe_capability_known();
	more.permitted = CAP(CHOWN);
	if (setresuid(1000, 1000, 1000) < 0) {
		tap_skip(t, "can't become another user");
		return;
	}
	tap_ok(t, wabe_capability_held(&held, NULL) == 0 && held == 0, "it holds none");
	tap_int(t, wabe_capability_set(&more, NULL), 0, "more than one has is no error");
	tap_ok(t, wabe_capability_held(&held, NULL) == 0 && held == 0, "and grants nothing");
	tap_int(t, wabe_capability_bound(0, NULL), -EPERM, "bounding without CAP_SETPCAP");
	tap_int(t, wabe_capability_get(&own, NULL), 0, "everybody may read");
	tap_ok(t, own.permitted == 0, "and has none");
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_facts(&t);
	test_names(&t);
	if (geteuid() != 0) {
		tap_skip(&t, "changing capabilities needs root");
		return tap_end(&t);
	}
	test_apply(&t);
	test_refused(&t);
	return tap_end(&t);
}
