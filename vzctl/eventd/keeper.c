// SPDX-License-Identifier: GPL-2.0-or-later
/* eventd/keeper: parent of the watcher, and of all that descends from what vzctl had it start; see eventd.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "conf/exit.h"
#include "eventd/eventd.h"

#define RUNS_MAX 256 /* more at a time are refused: their callers do it themselves */
#define REQUEST_TIMEOUT_S 10
#define WATCHER_PAUSE_MS 1000 /* between a watcher that ended at once and the next */
#define FIXED_POLLS 3

/* A program that runs for a vzctl, which waits at the socket's other end. */
struct run {
	pid_t pid;
	int sock;
};

struct keeper {
	struct eventd *d;
	int signal_fd, run_fd;
	sigset_t old_mask;
	pid_t watcher;
	int64_t watcher_due_ms; /* earliest start of the next one */
	bool is_ending;
	struct run runs[RUNS_MAX];
	size_t run_count;
};

static int receive_run(int sock, int fds[VZ_EVENTD_RUN_MAX])
{
	const struct timeval limit = { .tv_sec = REQUEST_TIMEOUT_S };
	char tag;

	(void)setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	for (int i = 0; i < VZ_EVENTD_RUN_MAX; i++) {
		ssize_t n = wabe_fd_recv(sock, &tag, 1, &fds[i]);

		if (n != 1 || tag != i || fds[i] < 0)
			return -EPROTO;
	}
	return 0;
}

/* In a child of the keeper's: what was sent is root's own, and nobody but this process suffers from it. */
static void __attribute__((noreturn))
run_child(const struct eventd *d, int sock, const sigset_t *mask)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_strv argv = { 0 }, env = { 0 };
	int fds[VZ_EVENTD_RUN_MAX];

	if (receive_run(sock, fds) < 0 ||
	    wabe_fd_read_all(fds[VZ_EVENTD_WORDS], VZ_EVENTD_WORDS_MAX, &text) < 0 ||
	    vz_eventd_unpack(&arena, text.data, text.len, &argv, &env) < 0 ||
	    wabe_strv_add(&env, &arena, VZ_EVENTD_ENV "=1") < 0)
		_exit(VZ_EXIT_SYSTEM);
	(void)setsid();
	(void)signal(SIGPIPE, SIG_DFL);
	if (fchdir(fds[VZ_EVENTD_CWD]) < 0 || dup2(fds[VZ_EVENTD_STDIN], STDIN_FILENO) < 0 ||
	    dup2(fds[VZ_EVENTD_STDOUT], STDOUT_FILENO) < 0 ||
	    dup2(fds[VZ_EVENTD_STDERR], STDERR_FILENO) < 0)
		_exit(VZ_EXIT_SYSTEM);
	sigprocmask(SIG_SETMASK, mask, NULL);
	eventd_lower_files(d);
	execveat(fds[VZ_EVENTD_PROGRAM], "", argv.items, env.items, AT_EMPTY_PATH);
	dprintf(STDERR_FILENO, "vzeventd: run %s: %s\n", argv.items[0], strerror(errno));
	_exit(VZ_EXIT_SYSTEM);
}

static void accept_run(struct keeper *k)
{
	_cleanup_close_ int sock = eventd_accept(k->run_fd);
	const int refused = VZ_EVENTD_REFUSED;
	pid_t pid;

	if (sock < 0)
		return;
	pid = k->run_count == RUNS_MAX ? -1 : fork();
	if (pid == 0)
		run_child(k->d, sock, &k->old_mask);
	if (pid < 0)
		(void)wabe_fd_send(sock, &refused, sizeof(refused), -EBADF);
	else
		k->runs[k->run_count++] = (struct run){ .pid = pid, .sock = TAKE_FD(sock) };
}

static void drop_run(struct keeper *k, size_t i)
{
	wabe_cleanup_close(&k->runs[i].sock);
	k->runs[i] = k->runs[--k->run_count];
}

/* Who asked for it is gone, by ^C perhaps: then it is to end as well, and the next command repairs. */
static void hang_up(struct keeper *k, size_t i)
{
	(void)kill(k->runs[i].pid, SIGTERM);
	wabe_cleanup_close(&k->runs[i].sock);
}

static bool end_run(struct keeper *k, pid_t pid, int status)
{
	for (size_t i = 0; i < k->run_count; i++) {
		if (k->runs[i].pid != pid)
			continue;
		if (k->runs[i].sock >= 0)
			(void)wabe_fd_send(k->runs[i].sock, &status, sizeof(status), -EBADF);
		drop_run(k, i);
		return true;
	}
	return false;
}

/* The message waits in the socket for the next watcher if there is none. */
static void tell_end(struct keeper *k, pid_t pid, int status)
{
	const struct eventd_end end = { .pid = pid, .status = status };
	int r = wabe_fd_send(k->d->ends[0], &end, sizeof(end), -EBADF);

	if (r < 0)
		wabe_log(&k->d->log, WABE_LOG_WARNING, "the end of process %d is lost: %s",
			 (int)pid, strerror(-r));
}

static void start_watcher(struct keeper *k)
{
	const pid_t self = getpid();

	k->watcher_due_ms = eventd_now_ms() + WATCHER_PAUSE_MS;
	k->watcher = fork();
	if (k->watcher != 0)
		return;
	/* Without its parent it is of no use, and in the way of the next vzeventd. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != self)
		_exit(VZ_EXIT_SYSTEM);
	for (size_t i = 0; i < k->run_count; i++)
		wabe_cleanup_close(&k->runs[i].sock);
	wabe_cleanup_close(&k->signal_fd);
	wabe_cleanup_close(&k->run_fd);
	sigprocmask(SIG_SETMASK, &k->old_mask, NULL);
	eventd_watcher(k->d);
}

static void reap(struct keeper *k)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == k->watcher) {
			wabe_log(&k->d->log, WABE_LOG_ERROR, "the watcher ended (%s %d): again",
				 WIFSIGNALED(status) ? "signal" : "exit code",
				 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
			k->watcher = 0;
		} else if (!end_run(k, pid, status)) {
			tell_end(k, pid, status);
		}
	}
}

static void take_signals(struct keeper *k)
{
	struct signalfd_siginfo info;

	while (read(k->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			k->is_ending = true;
	reap(k);
}

static void take_keeps(struct keeper *k)
{
	struct eventd_keep keep;
	int fd;

	while (wabe_fd_recv(k->d->keeps[1], &keep, sizeof(keep), &fd) == sizeof(keep)) {
		keep.name[sizeof(keep.name) - 1] = '\0';
		if (fd >= 0)
			(void)eventd_kept_put(k->d, keep.name, fd);
		else
			eventd_kept_drop(k->d, keep.name);
	}
}

static void wait_once(struct keeper *k)
{
	struct pollfd p[FIXED_POLLS + RUNS_MAX] = {
		{ .fd = k->signal_fd, .events = POLLIN },
		{ .fd = k->run_fd, .events = POLLIN },
		{ .fd = k->d->keeps[1], .events = POLLIN },
	};
	int64_t left = k->watcher_due_ms - eventd_now_ms();
	const size_t count = k->run_count;

	/* Only a hangup is of interest, which is always told. */
	for (size_t i = 0; i < count; i++)
		p[FIXED_POLLS + i].fd = k->runs[i].sock;
	if (poll(p, FIXED_POLLS + count, k->watcher > 0 ? -1 : left > 0 ? (int)left : 0) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (p[FIXED_POLLS + i].fd >= 0 && p[FIXED_POLLS + i].revents)
			hang_up(k, i);
	if (p[2].revents)
		take_keeps(k);
	if (p[0].revents)
		take_signals(k);
	if (p[1].revents)
		accept_run(k);
}

static int prepare(struct keeper *k, struct wabe_error *err)
{
	sigset_t mask;

	eventd_raise_files(k->d);
	/* Whom a command of ours orphans is our child: prctl(2). */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return wabe_error_set(err, -errno, "become the parent of orphans");
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigprocmask(SIG_BLOCK, &mask, &k->old_mask);
	k->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (k->signal_fd < 0)
		return wabe_error_set(err, -errno, "listen to signals");
	k->run_fd = eventd_listen(k->d, VZ_EVENTD_RUN, err);
	return k->run_fd < 0 ? k->run_fd : 0;
}

int eventd_keeper(struct eventd *d, struct wabe_error *err)
{
	struct keeper k = { .d = d, .signal_fd = -EBADF, .run_fd = -EBADF };
	int r = prepare(&k, err);

	if (r < 0)
		return r;
	eventd_notify(d, "READY=1", -EBADF);
	while (!k.is_ending) {
		if (k.watcher <= 0 && eventd_now_ms() >= k.watcher_due_ms)
			start_watcher(&k);
		wait_once(&k);
	}
	eventd_notify(d, "STOPPING=1", -EBADF);
	if (k.watcher > 0)
		(void)kill(k.watcher, SIGKILL);
	(void)unlinkat(d->dir_fd, VZ_EVENTD_RUN, 0);
	(void)unlinkat(d->dir_fd, VZ_EVENTD_CONTROL, 0);
	return VZ_EXIT_OK;
}
