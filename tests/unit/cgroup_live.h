/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/cgroup_live: for the tests of sys/cgroup with real cgroups, /wabe-test-PID in the
 * hierarchies that the machine has.
 *
 * On a machine with v1 controllers the same is done again in mount namespaces of its own: with a
 * cgroup2 mount over /sys/fs/cgroup for the v2 driver (only the controllers that v1 left can be
 * there), and without any for pure v1.
 */
#ifndef WABE_TESTS_CGROUP_LIVE_H
#define WABE_TESTS_CGROUP_LIVE_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/cgroup_internal.h"
#include "tap.h"

#define WAIT_MS 5000

struct live {
	struct tap *t;
	const char *mode;	  /* "v2", "hybrid", "v1": in front of every name */
	char top[64];		  /* "/wabe-test-123" */
	volatile uint64_t *ticks; /* counted by the worker */
};

static inline struct wabe_cgroup *open_at(struct live *live, const char *below)
{
	struct wabe_cgroup *cgroup = NULL;
	struct wabe_error err = WABE_ERROR_INIT;
	char path[256];

	snprintf(path, sizeof(path), "%s%s", live->top, below);
	if (!tap_int(live->t, wabe_cgroup_open(path, &cgroup, &err), 0, "%s: open %s %s",
		     live->mode, below, err.text))
		exit(1);
	return cgroup;
}

static inline void create(struct live *live, struct wabe_cgroup *cgroup)
{
	struct wabe_error err = WABE_ERROR_INIT;
	bool was_created = false;

	tap_int(live->t, wabe_cgroup_create(cgroup, &was_created, &err), 0, "%s: create %s",
		live->mode, err.text);
	tap_ok(live->t, was_created, "%s: create made it", live->mode);
}

/* A process that counts; dies with the test. */
static inline pid_t start_worker(struct live *live)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		++*live->ticks;
		usleep(1000);
	}
}

static inline bool is_counting(struct live *live)
{
	uint64_t before = *live->ticks;

	for (int i = 0; i < 300; i++) {
		usleep(10000);
		if (*live->ticks != before)
			return true;
		if (i == 20 && *live->ticks == before)
			return false;
	}
	return false;
}

static inline int wait_signal(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static inline bool holds(struct wabe_cgroup *cgroup, pid_t pid)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0;

	if (wabe_cgroup_pids(cgroup, &pids, &count, NULL) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/*
 * The root's cgroup.subtree_control belongs to the machine: what creating below enabled there is
 * taken back.
 */
static inline void restore_root(const char *before)
{
	_cleanup_close_ int fd = open(WABE_CGROUP_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char text[WABE_CGROUP_TEXT_MAX], *rest = text, *word;

	if (wabe_cgroup_file_read(fd, "cgroup.subtree_control", text, sizeof(text)) < 0)
		return;
	while ((word = strsep(&rest, " "))) {
		char minus[64];

		snprintf(minus, sizeof(minus), "-%s", word);
		if (*word && !wabe_cgroup_text_has(before, word))
			wabe_cgroup_file_write(fd, "cgroup.subtree_control", minus);
	}
}

static inline void live_mode(struct tap *t, enum wabe_cgroup_mode want,
			     void (*run)(struct live *live))
{
	static const char *const names[] = { "v2", "hybrid", "v1" };
	struct live live = { .t = t, .mode = names[want] };
	char before[WABE_CGROUP_TEXT_MAX] = "";
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *top = NULL;
	struct wabe_error err = WABE_ERROR_INIT;

	if (want == WABE_CGROUP_V2)
		wabe_cgroup_file_read(AT_FDCWD, WABE_CGROUP_ROOT "/cgroup.subtree_control", before,
				      sizeof(before));
	live.ticks = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snprintf(live.top, sizeof(live.top), "/wabe-test-%d", (int)getpid());
	top = open_at(&live, "");
	tap_int(t, (int)wabe_cgroup_mode(top), (int)want, "%s: is what is found", live.mode);
	tap_str(t, wabe_cgroup_path(top), live.top, "%s: path", live.mode);
	tap_ok(t, wabe_cgroup_has(top, "freezer") && !wabe_cgroup_has(top, "nonsense"),
	       "%s: which controllers", live.mode);
	run(&live);
	tap_int(t, wabe_cgroup_remove(top, WAIT_MS, &err), 0, "%s: remove all %s", live.mode,
		err.text);
	if (want == WABE_CGROUP_V2)
		restore_root(before);
}

/* In a mount namespace of its own; the counts come back through shared memory. */
static inline void live_in_namespace(struct tap *t, enum wabe_cgroup_mode want,
				     void (*run)(struct live *live))
{
	struct tap *shared =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	pid_t pid;

	*shared = *t;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int r = unshare(CLONE_NEWNS);

		if (r == 0)
			r = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
		if (r == 0)
			r = want == WABE_CGROUP_V2
				    ? mount("cgroup2", WABE_CGROUP_ROOT, "cgroup2", 0, NULL)
				    : umount2(WABE_CGROUP_ROOT "/unified", MNT_DETACH);
		if (r < 0)
			tap_skip(shared, "no mount namespace of its own");
		else
			live_mode(shared, want, run);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	*t = *shared;
	tap_int(t, status, 0, "the tests in their own mount namespace ended");
}

/**
 * live_main() - @run in every mode that this machine can show; the exit status of the test
 * program.
 */
static inline int live_main(void (*run)(struct live *live))
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = NULL;
	struct wabe_error err = WABE_ERROR_INIT;
	struct tap t = TAP_INIT;
	enum wabe_cgroup_mode mode;

	if (geteuid() != 0) {
		printf("1..0 # SKIP making cgroups wants root\n");
		return 0;
	}
	if (wabe_cgroup_open("/wabe-test-probe", &cgroup, &err) < 0) {
		printf("1..0 # SKIP %s\n", err.text);
		return 0;
	}
	mode = wabe_cgroup_mode(cgroup);
	live_mode(&t, mode, run);
	if (mode != WABE_CGROUP_V2)
		live_in_namespace(&t, WABE_CGROUP_V2, run);
	if (mode == WABE_CGROUP_HYBRID)
		live_in_namespace(&t, WABE_CGROUP_V1, run);
	return tap_end(&t);
}

#endif
