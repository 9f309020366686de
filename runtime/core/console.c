// SPDX-License-Identifier: GPL-2.0-or-later
/* core/console: a terminal's master on the caller's side, and the relay of a foreground process; see console.h, wabe.h. */
#include "core/console.h"
#include "core/container.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/signals.h"
#include "sys/pidfd.h"
#include "sys/tty.h"
#include "wabe.h"

int wabe_console_deliver(const char *socket_path, int *ret_fd, int *master_fd,
			 struct wabe_error *err)
{
	static const char name[] = "/dev/console"; /* the payload is for people reading traces */
	_cleanup_close_ int sock = -EBADF;
	int r;

	if (!socket_path) {
		*ret_fd = TAKE_FD(*master_fd);
		return 0;
	}
	sock = wabe_fd_connect(socket_path);
	if (sock < 0)
		return wabe_error_set(err, sock, "connect to console socket %s", socket_path);
	r = wabe_fd_send(sock, name, sizeof(name) - 1, *master_fd);
	if (r < 0)
		return wabe_error_set(err, r, "send the terminal to console socket %s",
				      socket_path);
	wabe_cleanup_close(master_fd);
	return 0;
}

/* What waits to be written in one direction. */
struct pipe_buffer {
	char data[16384];
	size_t start, end;
};

/* Whom it is about. */
struct target {
	pid_t pid;	/* our child, whose end is waited for */
	int fd;		/* a pidfd of who gets the signals; < 0: the same one */
	bool is_reaped; /* its status is known */
};

struct relay {
	struct target *target;
	int console_fd, signal_fd;
	struct wabe_notify *notify; /* or NULL */
	bool has_input, has_console, is_raw;
	struct termios saved;
	struct pipe_buffer to_console, to_user;
};

/* 1: goes on, 0: end of file, -errno. */
static int fill(struct pipe_buffer *b, int fd)
{
	ssize_t n;

	if (b->start != b->end)
		return 1;
	n = read(fd, b->data, sizeof(b->data));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (n < 0)
		return errno == EIO ? 0
				    : -errno; /* EIO: nobody has the terminal's other end open */
	b->start = 0;
	b->end = (size_t)n;
	return n > 0;
}

static int drain(struct pipe_buffer *b, int fd)
{
	ssize_t n = write(fd, b->data + b->start, b->end - b->start);

	if (n < 0 && errno != EINTR && errno != EAGAIN)
		return -errno;
	if (n > 0)
		b->start += (size_t)n;
	return 0;
}

static void copy_size(int console_fd)
{
	struct wabe_tty_size size;

	if (wabe_tty_get_size(STDIN_FILENO, &size, NULL) == 0)
		(void)wabe_tty_set_size(console_fd, &size, NULL);
}

/*
 * Returns true once @child has ended; then *ret_status is its wait status. Orphans that came to us as their reaper go before.
 * One that can't be waited for has no status, 255: no further signal would come of it.
 */
static bool reap(struct target *target, int *ret_status)
{
	pid_t pid;

	do {
		pid = waitpid(-1, ret_status, WNOHANG);
	} while ((pid > 0 && pid != target->pid) || (pid < 0 && errno == EINTR));
	if (pid < 0)
		*ret_status = W_EXITCODE(255, 0);
	target->is_reaped = pid > 0;
	return pid != 0;
}

/* Not that a child of ours has ended, nor that our own reader has gone: the container is still to be waited for and deleted. */
static void pass_on(const struct target *target, int signal, pid_t sender)
{
	if (signal == SIGCHLD || (signal == SIGPIPE && sender == getpid()))
		return;
	if (target->fd >= 0)
		(void)wabe_pidfd_signal(target->fd, signal, NULL);
	else
		(void)kill(target->pid, signal);
}

/* As reap(). */
static bool take_signals(struct relay *r, int *ret_status)
{
	struct signalfd_siginfo info[8];
	ssize_t n = read(r->signal_fd, info, sizeof(info));

	for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(info[0]); i++) {
		if (info[i].ssi_signo == SIGWINCH && r->console_fd < 0)
			continue;
		if (info[i].ssi_signo == SIGWINCH)
			copy_size(r->console_fd);
		else
			pass_on(r->target, (int)info[i].ssi_signo, (pid_t)info[i].ssi_pid);
	}
	return reap(r->target, ret_status);
}

/* Without a terminal there is nothing to copy. Of what isn't our child no signal comes: it is asked first. */
static void wait_for_end(struct target *target, int *ret_status)
{
	siginfo_t info;
	sigset_t held;

	wabe_signals_held(&held);
	while (!reap(target, ret_status)) {
		int signal = sigwaitinfo(&held, &info);

		if (signal > 0 && signal != SIGWINCH)
			pass_on(target, signal, info.si_pid);
	}
}

static int relay_start(struct relay *r, struct wabe_error *err)
{
	sigset_t held;

	wabe_signals_held(&held);
	r->signal_fd = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->signal_fd < 0)
		return wabe_error_set(err, -errno, "listen to signals");
	/* Only a notify socket is to be listened to. */
	if (r->console_fd < 0)
		return 0;
	/* Input that the guest doesn't read must not keep us from reading its output. */
	if (fcntl(r->console_fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return wabe_error_set(err, -errno, "prepare the terminal");
	r->has_console = r->has_input = true;
	copy_size(r->console_fd);
	r->is_raw = isatty(STDIN_FILENO) && wabe_tty_raw(STDIN_FILENO, &r->saved, NULL) == 0;
	return 0;
}

static void relay_stop(struct relay *r)
{
	if (r->is_raw)
		(void)wabe_tty_restore(STDIN_FILENO, &r->saved);
	wabe_cleanup_close(&r->signal_fd);
}

static bool is_pending(const struct pipe_buffer *b)
{
	return b->start != b->end;
}

/* One round of input and output. When the user's side is gone the guest's output is read and dropped. */
static void move_bytes(struct relay *r, const struct pollfd p[5])
{
	const short gone = POLLHUP | POLLERR;

	if (p[1].revents && fill(&r->to_console, STDIN_FILENO) <= 0) {
		r->has_input = false;
		r->to_console = (struct pipe_buffer){ .data = { 4 }, .end = 1 }; /* ^D */
	}
	if ((p[2].revents & (POLLIN | gone)) && fill(&r->to_user, r->console_fd) <= 0)
		r->has_console = false;
	if (is_pending(&r->to_console) && (p[2].revents & (POLLOUT | gone)) &&
	    drain(&r->to_console, r->console_fd) < 0)
		r->to_console.start = r->to_console.end;
	if (is_pending(&r->to_user) && (p[3].revents || p[2].revents) &&
	    drain(&r->to_user, STDOUT_FILENO) < 0)
		r->to_user.start = r->to_user.end;
}

/* poll(2) tells of a hangup whether it was asked to or not: what can't be used now is left out, or we would never sleep. */
static void choose_events(const struct relay *r, bool has_ended, struct pollfd p[5])
{
	short console = (short)((is_pending(&r->to_user) ? 0 : POLLIN) |
				(is_pending(&r->to_console) ? POLLOUT : 0));

	p[0] = (struct pollfd){ .fd = has_ended ? -1 : r->signal_fd, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = r->has_input && !is_pending(&r->to_console) ? STDIN_FILENO
										  : -1,
				.events = POLLIN };
	p[2] = (struct pollfd){ .fd = r->has_console && console ? r->console_fd : -1,
				.events = console };
	p[3] = (struct pollfd){ .fd = is_pending(&r->to_user) ? STDOUT_FILENO : -1,
				.events = POLLOUT };
	p[4] = (struct pollfd){ .fd = r->notify && r->notify->fd > 0 ? r->notify->fd : -1,
				.events = POLLIN };
}

static int relay_loop(struct relay *r, int *ret_status, struct wabe_error *err)
{
	/* It may have ended before we listened; no signal comes then. */
	bool has_ended = reap(r->target, ret_status);

	/* What the process wrote before its end is still delivered; a background process that keeps the terminal isn't waited for. */
	for (;;) {
		struct pollfd p[5];
		int n;

		choose_events(r, has_ended, p);
		n = poll(p, ARRAY_SIZE(p), has_ended && !is_pending(&r->to_user) ? 0 : -1);
		if (n < 0 && errno != EINTR)
			return wabe_error_set(err, -errno, "wait for the terminal");
		if (n > 0)
			move_bytes(r, p);
		if (n > 0 && p[4].revents && wabe_notify_forward(r->notify, &r->notify->error) < 0)
			wabe_notify_close(r->notify);
		if (!has_ended && p[0].revents)
			has_ended = take_signals(r, ret_status);
		else if (has_ended && !is_pending(&r->to_user) && (n == 0 || !r->has_console))
			return 0;
	}
}

static int relay(struct target *target, int console_fd, struct wabe_notify *notify, int *ret_status,
		 struct wabe_error *err)
{
	struct relay r = {
		.target = target, .console_fd = console_fd, .signal_fd = -EBADF, .notify = notify
	};
	int result = relay_start(&r, err);

	if (result == 0)
		result = relay_loop(&r, ret_status, err);
	relay_stop(&r);
	return result;
}

static int follow(struct target *target, int console_fd, struct wabe_notify *notify,
		  struct wabe_error *err)
{
	int status = 0, r = 0;

	if (console_fd < 0 && (!notify || notify->fd <= 0))
		wait_for_end(target, &status);
	else
		r = relay(target, console_fd, notify, &status, err);
	return r < 0 ? r : wabe_pidfd_shell_status(status);
}

int wabe_console_follow(pid_t pid, int target_fd, int console_fd, struct wabe_error *err)
{
	struct target target = { .pid = pid, .fd = target_fd };

	return follow(&target, console_fd, NULL, err);
}

int wabe_container_relay(struct wabe_container *c, int console_fd, struct wabe_notify *notify,
			 struct wabe_error *err)
{
	struct target target = { .pid = (pid_t)c->state.pid, .fd = -EBADF };
	int r = follow(&target, console_fd, notify, err);

	c->is_waited_for = target.is_reaped;
	return r;
}
