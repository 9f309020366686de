// SPDX-License-Identifier: GPL-2.0-or-later
/* tests/unit/test_namespace: new namespaces, and what is said where no more are allowed. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sys/namespace.h"
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

int main(void)
{
	struct tap t = TAP_INIT;

	if (geteuid() != 0) {
		tap_skip(&t, "new namespaces need root");
		return tap_end(&t);
	}
	test_clone(&t);
	test_limits(&t);
	return tap_end(&t);
}
