// SPDX-License-Identifier: GPL-2.0-or-later
/* tests/unit/test_namespace: new namespaces, and what is said where no more are allowed. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sys/namespace.h"
#include "sys/pidfd.h"
#include "tap.h"

/* What the child found out; it says so through a pipe. */
struct found {
	int made_setup;
	int cloned, unshared, lowered;
	char clone_text[WABE_ERROR_TEXT_MAX], unshare_text[WABE_ERROR_TEXT_MAX];
};

static int write_file(const char *path, const char *text)
{
	return wabe_file_write_at(AT_FDCWD, path, text, NULL);
}

/* A user namespace of our own has limits of its own: those of the machine are not touched. */
static void look_from_limited(struct found *found)
{
	struct wabe_error err = WABE_ERROR_INIT;
	int pidfd = -EBADF;

	found->made_setup = unshare(CLONE_NEWUSER) < 0 ? -errno : 0;
	if (found->made_setup == 0)
		found->made_setup = write_file("/proc/self/uid_map", "0 0 1");
	if (found->made_setup == 0)
		found->made_setup = write_file("/proc/sys/user/max_user_namespaces", "0");
	if (found->made_setup == 0)
		found->made_setup = write_file("/proc/sys/user/max_uts_namespaces", "0");
	if (found->made_setup < 0)
		return;
	found->cloned = wabe_namespace_clone(CLONE_NEWUSER, -EBADF, &pidfd, &err);
	if (found->cloned == 0)
		_exit(0);
	snprintf(found->clone_text, sizeof(found->clone_text), "%s", err.text);
	wabe_error_clear(&err);
	found->unshared = wabe_namespace_unshare(CLONE_NEWUTS, &err);
	snprintf(found->unshare_text, sizeof(found->unshare_text), "%s", err.text);
	found->lowered = wabe_namespace_enter_lower_mounts(NULL);
}

static void test_limits(struct tap *t)
{
	struct found found = { .made_setup = -EIO };
	int pair[2], status = 0;
	pid_t pid;

	if (!tap_int(t, pipe2(pair, O_CLOEXEC), 0, "a pipe"))
		return;
	pid = fork();
	if (pid == 0) {
		look_from_limited(&found);
		_exit(write(pair[1], &found, sizeof(found)) != sizeof(found));
	}
	close(pair[1]);
	tap_int(t, read(pair[0], &found, sizeof(found)), sizeof(found), "the child's words");
	close(pair[0]);
	waitpid(pid, &status, 0);
	if (found.made_setup < 0) {
		tap_skip(t, "no user namespace with limits of its own can be made here");
		return;
	}
	tap_int(t, found.cloned, -EUSERS, "no user namespace where none is allowed");
	tap_has(t, found.clone_text, "max_*_namespaces in /proc/sys/user", "  and why");
	tap_int(t, found.unshared, -EUSERS, "no UTS namespace either");
	tap_int(t, found.lowered, -EUSERS, "nor one for locked mounts");
	tap_has(t, found.unshare_text, "max_*_namespaces in /proc/sys/user", "  and why");
}

static void test_clone(struct tap *t)
{
	struct wabe_error err = WABE_ERROR_INIT;
	_cleanup_close_ int pidfd = -EBADF;
	pid_t pid = wabe_namespace_clone(CLONE_NEWUTS, -EBADF, &pidfd, &err);
	int status = -1;

	if (pid == 0)
		_exit(sethostname("inside", 6) < 0 ? 1 : 42);
	if (!tap_ok(t, pid > 0, "a process in a new namespace: %s", err.text))
		return;
	tap_ok(t, fcntl(pidfd, F_GETFD) == FD_CLOEXEC, "its descriptor is not for programs");
	waitpid(pid, &status, 0);
	tap_int(t, status, 42 << 8, "it has a name of its own");
}

/* A copy of the mounts below a user namespace; of the memory that is shared meanwhile the sanitizers have their say. */
static void test_lower_mounts(struct tap *t)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		struct stat before, after;
		int depth = 0;

		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
		    write_file("/proc/self/uid_map", "0 0 1") < 0 ||
		    write_file("/proc/self/setgroups", "deny") < 0 ||
		    write_file("/proc/self/gid_map", "0 0 1") < 0)
			_exit(77);
		if (stat("/proc/self/ns/mnt", &before) < 0 ||
		    wabe_namespace_enter_lower_mounts(NULL) < 0 ||
		    stat("/proc/self/ns/mnt", &after) < 0)
			_exit(1);
		for (int volatile i = 0; i < 1000; i++) /* the stack is as good as before */
			depth += i;
		_exit(before.st_ino == after.st_ino || depth != 499500 ? 2 : 0);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		tap_skip(t, "no user namespace can be made here");
	else
		tap_int(t, status, 0, "a lower copy of the mounts is entered");
}

/* A pid namespace with an init, which counts its signals, and a child that ends by one. */
static pid_t make_inhabited(int *ret_pidfd)
{
	struct wabe_error err = WABE_ERROR_INIT;
	pid_t pid = wabe_namespace_clone(CLONE_NEWPID, -EBADF, ret_pidfd, &err);
	int status = 0;

	if (pid != 0)
		return pid;
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(3);
	}
	signal(SIGUSR1, SIG_IGN); /* of the init itself nothing is asked */
	waitpid(pid, &status, 0);
	_exit(WIFSIGNALED(status) ? WTERMSIG(status) : 99);
}

static void test_signal(struct tap *t)
{
	struct wabe_error err = WABE_ERROR_INIT;
	_cleanup_close_ int pidfd = -EBADF, own_fd = -EBADF;
	pid_t pid = make_inhabited(&pidfd);
	int status = -1;

	if (!tap_ok(t, pid > 0, "a pid namespace"))
		return;
	tap_int(t, wabe_namespace_signal(pidfd, false, 0, &err), 0, "look: %s", err.text);
	tap_int(t, waitpid(pid, &status, WNOHANG), 0, "  nobody ends of that");
	/* The child may not have been born. */
	for (int i = 0; i < 1000 && waitpid(pid, &status, WNOHANG) == 0; i++) {
		(void)wabe_namespace_signal(pidfd, false, SIGUSR1, &err);
		usleep(10000);
	}
	tap_int(t, status, SIGUSR1 << 8, "a signal for all but the init: %s", err.text);
	tap_int(t, wabe_namespace_signal(pidfd, false, SIGUSR1, NULL), -ESRCH,
		"a namespace that has ended");
	own_fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	tap_int(t, wabe_namespace_signal(own_fd, false, 0, &err), -EXDEV,
		"never our own namespace");
}

/* Whoever is born between two equal answers has that start time: create relies on it. */
static void test_ticks(struct tap *t)
{
	struct wabe_error err = WABE_ERROR_INIT;
	int agreed = 0, tries = 0;

	for (; agreed < 5 && tries < 200; tries++) {
		uint64_t before = wabe_pidfd_ticks(), after, ticks = 0;
		pid_t pid = fork();
		bool is_zombie;
		int r, status;

		if (pid == 0)
			for (;;)
				pause();
		after = wabe_pidfd_ticks();
		r = wabe_pidfd_start_time(pid, &ticks, &is_zombie, &err);
		kill(pid, SIGKILL);
		(void)wabe_pidfd_reap(pid, &status, NULL);
		if (r < 0 || ticks < before || ticks > after)
			break;
		agreed += before == after;
	}
	tap_int(t, agreed, 5, "start times lie between the ticks around a fork, %d tries %s", tries,
		err.text);
}

int main(void)
{
	struct tap t = TAP_INIT;

	if (geteuid() != 0) {
		tap_skip(&t, "new namespaces need root");
		return tap_end(&t);
	}
	test_ticks(&t);
	test_clone(&t);
	test_limits(&t);
	test_lower_mounts(&t);
	test_signal(&t);
	return tap_end(&t);
}
