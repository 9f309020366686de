// SPDX-License-Identifier: GPL-2.0-or-later
/* core/reaper: see reaper.h. */
#include "core/reaper.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "core/sync.h"
#include "sys/pidfd.h"

#define STACK_BYTES ((size_t)1 << 20)  /* only what is used costs anything */
#define GUARD_BYTES ((size_t)64 << 10) /* as large as pages come */

/*
 * Not the caller's signals, neither a terminal's nor those that a service manager sends to all of a cgroup: the caller passes them on
 * and waits. No longer there than the caller; whose child is reaped by who reaps orphans then.
 */
void wabe_reaper_settle(struct wabe_reaper *reaper)
{
	sigset_t all;

	wabe_cleanup_close(&reaper->ours_fd);
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)setsid();
	(void)signal(SIGCHLD, SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != reaper->caller)
		_exit(1);
}

static int map_stack(struct wabe_reaper *reaper, struct wabe_error *err)
{
	void *stack = mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return wabe_error_set(err, -errno, "make a stack");
	reaper->stack = stack;
	if (mprotect(stack, GUARD_BYTES, PROT_NONE) < 0)
		return wabe_error_set(err, -errno, "guard a stack");
	return 0;
}

static int make(struct wabe_reaper *reaper, int (*main)(void *data), void *data,
		struct wabe_error *err)
{
	char *top = (char *)reaper->stack + GUARD_BYTES + STACK_BYTES;
	pid_t pid = clone(main, top, CLONE_VM | SIGCHLD, data);

	if (pid < 0)
		return wabe_error_set(err, -errno, "make a process that waits");
	reaper->pid = pid;
	return 0;
}

int wabe_reaper_start(struct wabe_reaper *reaper, int (*main)(void *data), void *data,
		      struct wabe_error *err)
{
	int r = wabe_sync_pair(&reaper->ours_fd, &reaper->theirs_fd, err);

	if (r < 0)
		return r;
	reaper->caller = getpid();
	r = map_stack(reaper, err);
	if (r == 0)
		r = make(reaper, main, data, err);
	/* Of our table alone: *reaper is the new process's to read until it has told of its child. */
	(void)close(reaper->theirs_fd);
	return r;
}

void wabe_reaper_free(struct wabe_reaper *reaper)
{
	if (reaper->stack)
		(void)munmap(reaper->stack, GUARD_BYTES + STACK_BYTES);
	reaper->stack = NULL;
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

	reaper->theirs_fd = -EBADF;
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
