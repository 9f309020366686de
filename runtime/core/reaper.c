// SPDX-License-Identifier: GPL-2.0-or-later
/* core/reaper: see reaper.h. */
#include "core/reaper.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "core/sync.h"
#include "sys/namespace.h"
#include "sys/pidfd.h"

/*
 * Not the caller's signals, neither a terminal's nor those that a service manager sends to all of a cgroup: the caller passes them on
 * and waits. No longer there than the caller; whose child is reaped by who reaps orphans then.
 */
static void settle(pid_t caller)
{
	sigset_t all;

	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)setsid();
	(void)signal(SIGCHLD, SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != caller)
		_exit(1);
}

pid_t wabe_reaper_fork(struct wabe_reaper *reaper, struct wabe_error *err)
{
	_cleanup_close_ int pidfd = -EBADF;
	const pid_t caller = getpid();
	pid_t pid;
	int r = wabe_sync_pair(&reaper->ours_fd, &reaper->theirs_fd, err);

	if (r < 0)
		return r;
	pid = wabe_namespace_clone(0, -EBADF, &pidfd, err);
	if (pid == 0) {
		wabe_cleanup_close(&reaper->ours_fd);
		settle(caller);
		return 0;
	}
	wabe_cleanup_close(&reaper->theirs_fd);
	if (pid > 0)
		reaper->pid = pid;
	return pid;
}

void wabe_reaper_leave(struct wabe_reaper *reaper)
{
	wabe_cleanup_close(&reaper->ours_fd);
	wabe_cleanup_close(&reaper->theirs_fd);
}

/* No terminal, no pipe, no lock of the caller's is held open by it. */
static int keep_only(int fd)
{
	if (dup2(fd, STDIN_FILENO) < 0)
		return fd;
	(void)close_range(STDIN_FILENO + 1, ~0U, 0);
	return STDIN_FILENO;
}

void wabe_reaper_wait(struct wabe_reaper *reaper, pid_t pid, int pidfd,
		      const struct wabe_error *err)
{
	char byte;
	int status, sock;

	if (wabe_sync_send_child(reaper->theirs_fd, pid, pidfd, err) < 0 || pid < 0)
		_exit(1);
	sock = keep_only(reaper->theirs_fd);
	while (read(sock, &byte, sizeof(byte)) < 0 && errno == EINTR)
		;
	if (wabe_pidfd_reap(pid, &status, NULL) < 0)
		_exit(255);
	_exit(wabe_pidfd_shell_status(status));
}

int wabe_reaper_child(struct wabe_reaper *reaper, int *word_fd, pid_t *ret_pid, int *ret_pidfd,
		      struct wabe_error *err)
{
	int status, r = wabe_sync_receive_child(reaper->ours_fd, ret_pid, ret_pidfd, err);

	if (r == 0)
		return 0;
	/* There may be a child all the same, which waits for a word. */
	wabe_cleanup_close(word_fd);
	wabe_reaper_release(reaper);
	(void)wabe_pidfd_reap(reaper->pid, &status, NULL);
	reaper->pid = 0;
	return r;
}

void wabe_reaper_release(struct wabe_reaper *reaper)
{
	wabe_cleanup_close(&reaper->ours_fd);
}
