// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup with real cgroups: life, freezing, killing, deep trees, races, delegation; limits are
 * in test_cgroup_limit.c.
 */
#include <linux/sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "cgroup_live.h"

static void test_life(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = open_at(live, "/deep/life");
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_cgroup_stats stats, one;
	struct tap *t = live->t;
	bool was_created = true;
	pid_t pid;

	tap_int(t, wabe_cgroup_frozen(cgroup, NULL), -ENOENT,
		"%s: one that is not there isn't frozen", live->mode);
	tap_int(t, wabe_cgroup_signal(cgroup, SIGKILL, NULL), 0, "%s: nobody in it to be killed",
		live->mode);
	tap_int(t, wabe_cgroup_stats(cgroup, WABE_CGROUP_STATS_ALL, &stats, NULL), -ENOENT,
		"%s: nor has it counters", live->mode);
	tap_int(t, wabe_cgroup_stats(cgroup, WABE_CGROUP_STAT(pids), &stats, NULL), -ENOENT,
		"%s: nor one of them", live->mode);
	create(live, cgroup);
	tap_int(t, wabe_cgroup_create(cgroup, &was_created, &err), 0,
		"%s: an empty one may be there already", live->mode);
	tap_ok(t, !was_created, "%s: then it was not made", live->mode);

	pid = start_worker(live);
	tap_int(t, wabe_cgroup_attach(cgroup, pid, &err), 0, "%s: attach %s", live->mode, err.text);
	tap_ok(t, holds(cgroup, pid), "%s: the process is in it", live->mode);
	was_created = true;
	tap_int(t, wabe_cgroup_create(cgroup, &was_created, &err), -EEXIST,
		"%s: one with processes is refused", live->mode);
	tap_has(t, err.text, "has processes", "%s: the error says so", live->mode);
	tap_int(t, wabe_cgroup_stats(cgroup, WABE_CGROUP_STATS_ALL, &stats, &err), 0,
		"%s: counters", live->mode);
	if (wabe_cgroup_has(cgroup, "pids"))
		tap_int(t, (long long)stats.pids, 1, "%s: one process is counted", live->mode);
	memset(&one, 0, sizeof(one));
	tap_int(t, wabe_cgroup_stats(cgroup, WABE_CGROUP_STAT(pids), &one, &err), 0,
		"%s: one counter alone", live->mode);
	tap_ok(t, one.pids == stats.pids && one.memory_bytes == UINT64_MAX,
	       "%s: is the same, and no other", live->mode);

	tap_int(t, wabe_cgroup_remove(cgroup, 50, &err), -EBUSY,
		"%s: one with processes is not removed", live->mode);
	tap_has(t, err.text, "still has 1 process", "%s: the error says why", live->mode);
	tap_int(t, wabe_cgroup_signal(cgroup, SIGTERM, &err), 0, "%s: SIGTERM %s", live->mode,
		err.text);
	tap_int(t, wait_signal(pid), SIGTERM, "%s: which is what it died of", live->mode);
	tap_int(t, wabe_cgroup_remove(cgroup, WAIT_MS, &err), 0, "%s: remove %s", live->mode,
		err.text);
	tap_int(t, wabe_cgroup_remove(cgroup, WAIT_MS, &err), 0, "%s: removing nothing is fine",
		live->mode);
	tap_int(t, wabe_cgroup_attach(cgroup, getpid(), &err), -ENOENT,
		"%s: nothing can be attached to it", live->mode);
}

static void test_freeze(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = open_at(live, "/freeze");
	struct wabe_error err = WABE_ERROR_INIT;
	struct tap *t = live->t;
	pid_t pid;

	create(live, cgroup);
	pid = start_worker(live);
	wabe_cgroup_attach(cgroup, pid, &err);
	tap_int(t, wabe_cgroup_frozen(cgroup, &err), 0, "%s: not frozen at first", live->mode);
	tap_ok(t, is_counting(live), "%s: the worker works", live->mode);
	tap_int(t, wabe_cgroup_freeze(cgroup, true, WAIT_MS, &err), 0, "%s: freeze %s", live->mode,
		err.text);
	tap_int(t, wabe_cgroup_frozen(cgroup, &err), 1, "%s: frozen", live->mode);
	tap_ok(t, !is_counting(live), "%s: the worker is still", live->mode);
	tap_int(t, wabe_cgroup_signal(cgroup, SIGCONT, &err), 0, "%s: a signal to a frozen one",
		live->mode);
	tap_int(t, wabe_cgroup_frozen(cgroup, &err), 1, "%s: does not thaw it", live->mode);
	tap_int(t, wabe_cgroup_freeze(cgroup, false, WAIT_MS, &err), 0, "%s: thaw %s", live->mode,
		err.text);
	tap_ok(t, is_counting(live), "%s: it works again", live->mode);
	tap_int(t, wabe_cgroup_freeze(cgroup, true, WAIT_MS, &err), 0, "%s: freeze again",
		live->mode);
	tap_int(t, wabe_cgroup_signal(cgroup, SIGKILL, &err), 0, "%s: kill the frozen %s",
		live->mode, err.text);
	tap_int(t, wait_signal(pid), SIGKILL, "%s: it died of it", live->mode);
	tap_int(t, wabe_cgroup_remove(cgroup, WAIT_MS, &err), 0, "%s: remove %s", live->mode,
		err.text);
}

/* The directory that a guest would have delegated: of the cgroup2 tree, on pure v1 of the freezer.
 */
static int guest_dir(struct wabe_cgroup *cgroup)
{
	int fd = wabe_cgroup_dir_fd(cgroup, NULL);

	return openat(fd >= 0 ? fd : wabe_cgroup_v1_dir(cgroup, "freezer"), ".",
		      O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/*
 * What a guest may make: deeper than PATH_MAX, broader than a buffer, names of all bytes, a process
 * at the bottom.
 */
static void test_deep(struct live *live)
{
	enum { DEPTH = 60, BREADTH = 400 };
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = open_at(live, "/deeper");
	struct wabe_error err = WABE_ERROR_INIT;
	char name[200], text[16];
	struct tap *t = live->t;
	int made = 0, broad = 0;
	pid_t pid;
	int fd;

	create(live, cgroup);
	fd = guest_dir(cgroup);
	for (; broad < BREADTH; broad++) {
		snprintf(name, sizeof(name), "\001\002\303\244-%d", broad);
		if (mkdirat(fd, name, 0755) < 0)
			break;
	}
	memset(name, 'd', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (; made < DEPTH && mkdirat(fd, name, 0755) == 0; made++) {
		int next = openat(fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

		close(fd);
		fd = next;
	}
	tap_int(t, broad, BREADTH, "%s: many cgroups below", live->mode);
	tap_int(t, made, DEPTH, "%s: and deep ones", live->mode);
	pid = start_worker(live);
	snprintf(text, sizeof(text), "%d", (int)pid);
	tap_int(t, wabe_cgroup_file_write(fd, "cgroup.procs", text), 0,
		"%s: a process at the bottom", live->mode);
	close(fd);
	tap_ok(t, holds(cgroup, pid), "%s: is found", live->mode);
	tap_int(t, wabe_cgroup_signal(cgroup, SIGKILL, &err), 0, "%s: and killed %s", live->mode,
		err.text);
	tap_int(t, wait_signal(pid), SIGKILL, "%s: it died of it", live->mode);
	tap_int(t, wabe_cgroup_remove(cgroup, WAIT_MS, &err), 0, "%s: all is removed %s",
		live->mode, err.text);
	tap_int(t, wabe_cgroup_frozen(cgroup, NULL), -ENOENT, "%s: nothing is left", live->mode);
}

/* Removing waits for the last process, and does not take longer than it has to. */
static void test_wait(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = open_at(live, "/wait");
	struct wabe_error err = WABE_ERROR_INIT;
	struct tap *t = live->t;
	int64_t before_ms;
	pid_t pid;

	create(live, cgroup);
	pid = fork();
	if (pid == 0) {
		usleep(300000);
		_exit(0);
	}
	wabe_cgroup_attach(cgroup, pid, &err);
	before_ms = wabe_cgroup_now_ms();
	tap_int(t, wabe_cgroup_remove(cgroup, WAIT_MS, &err), 0,
		"%s: remove waits for a process that ends %s", live->mode, err.text);
	tap_ok(t, wabe_cgroup_now_ms() - before_ms < WAIT_MS, "%s: not until the end of its time",
	       live->mode);
	waitpid(pid, NULL, 0);
}

static void test_parallel(struct live *live)
{
	enum { MAKERS = 24 };
	struct tap *t = live->t;
	pid_t pids[MAKERS];
	int good = 0;

	fflush(stdout);
	for (int i = 0; i < MAKERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			struct wabe_cgroup *cgroup = NULL;
			bool was_created = false;
			char path[256];
			int r;

			snprintf(path, sizeof(path), "%s/shared/parents/of-%d", live->top, i);
			r = wabe_cgroup_open(path, &cgroup, NULL);
			if (r == 0)
				r = wabe_cgroup_create(cgroup, &was_created, NULL);
			if (r == 0)
				r = wabe_cgroup_attach(cgroup, getpid(), NULL);
			_exit(r < 0 || !was_created);
		}
	}
	for (int i = 0; i < MAKERS; i++) {
		int status = 1;

		waitpid(pids[i], &status, 0);
		good += status == 0;
	}
	tap_int(t, good, MAKERS, "%s: many at once below parents that nobody has made yet",
		live->mode);
}

/* Of two that make the same one, one is told so. */
static void test_claim(struct live *live)
{
	enum { ROUNDS = 20 };
	int made = 0;

	fflush(stdout);
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pids[2];
		char path[256];

		snprintf(path, sizeof(path), "%s/claim-%d", live->top, i);
		for (int j = 0; j < 2; j++) {
			pids[j] = fork();
			if (pids[j] == 0) {
				struct wabe_cgroup *cgroup = NULL;
				bool was_created = false;

				if (wabe_cgroup_open(path, &cgroup, NULL) < 0 ||
				    wabe_cgroup_create(cgroup, &was_created, NULL) < 0)
					_exit(100);
				_exit(was_created);
			}
		}
		for (int j = 0; j < 2; j++) {
			int status = 0;

			waitpid(pids[j], &status, 0);
			made += WEXITSTATUS(status);
		}
	}
	tap_int(live->t, made, ROUNDS, "%s: of two that make one cgroup, one is told that it did",
		live->mode);
}

/* A relative path is below the caller's own cgroup. */
static void test_relative(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *mine = open_at(live, "/mine");
	struct wabe_error err = WABE_ERROR_INIT;
	struct tap *t = live->t;
	int status = -1;
	pid_t pid;

	create(live, mine);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct wabe_cgroup *below = NULL;
		char want[128];

		snprintf(want, sizeof(want), "%s/mine/a/b", live->top);
		if (wabe_cgroup_attach(mine, getpid(), NULL) < 0 ||
		    wabe_cgroup_open("a/b", &below, NULL) < 0)
			_exit(1);
		_exit(strcmp(wabe_cgroup_path(below), want) == 0 ? 0 : 2);
	}
	waitpid(pid, &status, 0);
	tap_int(t, WEXITSTATUS(status), 0, "%s: a relative path is below the caller's own",
		live->mode);
	tap_int(t, wabe_cgroup_remove(mine, WAIT_MS, &err), 0, "%s: remove %s", live->mode,
		err.text);
}

static pid_t clone_into(int dir_fd)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD,
				   .cgroup = (uint64_t)dir_fd };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0) {
		for (;;)
			pause();
	}
	return pid;
}

static void test_bounds(struct live *live, struct wabe_cgroup *cgroup, int dir_fd)
{
	struct wabe_error err = WABE_ERROR_INIT;
	struct tap *t = live->t;
	uint64_t value = 0;
	struct stat st;

	tap_int(t, wabe_cgroup_file_u64(dir_fd, "cgroup.max.descendants", &value), 0,
		"%s: how many below", live->mode);
	tap_int(t, (long long)value, 4096, "%s: not as many as it likes", live->mode);
	tap_int(t, wabe_cgroup_file_u64(dir_fd, "cgroup.max.depth", &value), 0, "%s: how deep",
		live->mode);
	tap_int(t, (long long)value, 32, "%s: not as deep as it likes", live->mode);
	tap_ok(t, fstatat(dir_fd, "cgroup.max.depth", &st, 0) == 0 && st.st_uid == 0,
	       "%s: and that stays root's", live->mode);
	wabe_cgroup_file_write(dir_fd, "cgroup.max.depth", "7");
	tap_int(t, wabe_cgroup_delegate(cgroup, 1234, 2345, &err), 0, "%s: delegate again %s",
		live->mode, err.text);
	wabe_cgroup_file_u64(dir_fd, "cgroup.max.depth", &value);
	tap_int(t, (long long)value, 7, "%s: a bound that was chosen stays", live->mode);
}

/* What core does with a systemd guest: born in the cgroup, moved down by itself, joined there. */
static void test_delegate(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = open_at(live, "/delegate"),
							*leaf = NULL, *where = NULL;
	struct wabe_error err = WABE_ERROR_INIT;
	struct tap *t = live->t;
	struct stat st;
	int dir_fd;
	pid_t pid;

	create(live, cgroup);
	dir_fd = wabe_cgroup_dir_fd(cgroup, &err);
	if (wabe_cgroup_mode(cgroup) == WABE_CGROUP_V1) {
		tap_int(t, dir_fd, -ENOTSUP, "%s: there is no cgroup2 directory", live->mode);
		tap_int(t, wabe_cgroup_delegate(cgroup, 1, 1, &err), -ENOTSUP,
			"%s: and no delegation", live->mode);
		wabe_cgroup_remove(cgroup, WAIT_MS, NULL);
		return;
	}
	pid = clone_into(dir_fd);
	tap_ok(t, pid > 0, "%s: clone3 into it", live->mode);
	tap_ok(t, holds(cgroup, pid), "%s: the child is born there", live->mode);
	tap_int(t, wabe_cgroup_delegate(cgroup, 1234, 2345, &err), 0, "%s: delegate %s", live->mode,
		err.text);
	tap_ok(t,
	       fstatat(dir_fd, "", &st, AT_EMPTY_PATH) == 0 && st.st_uid == 1234 &&
		       st.st_gid == 2345,
	       "%s: the directory", live->mode);
	tap_ok(t, fstatat(dir_fd, "cgroup.procs", &st, 0) == 0 && st.st_uid == 1234,
	       "%s: cgroup.procs", live->mode);
	tap_ok(t, fstatat(dir_fd, "cgroup.subtree_control", &st, 0) == 0 && st.st_uid == 1234,
	       "%s: cgroup.subtree_control", live->mode);
	tap_ok(t, fstatat(dir_fd, "cgroup.freeze", &st, 0) == 0 && st.st_uid == 0,
	       "%s: cgroup.freeze stays root's", live->mode);
	if (fstatat(dir_fd, "pids.max", &st, 0) == 0)
		tap_int(t, st.st_uid, 0, "%s: pids.max stays root's", live->mode);
	test_bounds(live, cgroup, dir_fd);
	leaf = open_at(live, "/delegate/init.scope");
	create(live, leaf);
	tap_int(t, wabe_cgroup_v2_attach(leaf, pid, &err), 0, "%s: moved down %s", live->mode,
		err.text);
	tap_int(t, wabe_cgroup_open_pid(pid, &where, &err), 0, "%s: find where it is %s",
		live->mode, err.text);
	tap_str(t, where ? wabe_cgroup_path(where) : NULL, wabe_cgroup_path(leaf),
		"%s: that is the leaf", live->mode);
	if (wabe_cgroup_has(cgroup, "pids") && wabe_cgroup_mode(cgroup) == WABE_CGROUP_V2) {
		tap_int(t, wabe_cgroup_file_write(dir_fd, "cgroup.subtree_control", "+pids"), 0,
			"%s: the upper one closed", live->mode);
		tap_int(t, wabe_cgroup_attach(cgroup, pid, &err), 0, "%s: who is below stays there",
			live->mode);
		pid_t other = start_worker(live);
		tap_int(t, wabe_cgroup_attach(cgroup, other, &err), -EBUSY,
			"%s: others are refused", live->mode);
		tap_has(t, err.text, "passes controllers on", "%s: with the reason", live->mode);
		kill(other, SIGKILL);
		waitpid(other, NULL, 0);
	}
	tap_int(t, wabe_cgroup_signal(cgroup, SIGKILL, &err), 0, "%s: kill", live->mode);
	tap_int(t, wait_signal(pid), SIGKILL, "%s: reaches the leaf", live->mode);
	tap_int(t, wabe_cgroup_remove(cgroup, WAIT_MS, &err), 0, "%s: remove %s", live->mode,
		err.text);
}

static void run(struct live *live)
{
	test_life(live);
	test_freeze(live);
	test_deep(live);
	test_wait(live);
	test_parallel(live);
	test_claim(live);
	test_relative(live);
	test_delegate(live);
}

int main(void)
{
	return live_main(run);
}
