// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/console: vzctl console CTID [TTY]: look at a terminal that vzeventd holds. Esc . leaves it, Esc ! kills what runs on it. */
#include "guest/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cmd/cmd.h"

#define ESCAPE '\033'
#define ESCAPE_WAIT_MS 500 /* a lone Esc is sent on after that */
/* A terminal's reader that ended is started again by the guest's init, which takes a second to it (busybox). */
#define UNUSED_LOOKS 6

struct session {
	struct vz_guest *g;
	const char *name;
	int eventd_fd, master_fd, signal_fd;
	bool is_tty, has_escape, is_over, is_detached;
	bool is_new;	  /* the terminal was made just now: nobody in the guest waits for it */
	bool has_login;	  /* which we started */
	int unused_looks; /* in a row that found nobody at it, ESCAPE_WAIT_MS apart */
	struct termios saved;
	int stdin_flags;
};

static void copy_size(const struct session *s)
{
	struct wabe_tty_size size;

	if (s->is_tty && wabe_tty_get_size(STDIN_FILENO, &size, NULL) == 0)
		(void)wabe_tty_set_size(s->master_fd, &size, NULL);
}

/* The guest's processes that read the terminal now, never its init. */
static void kill_foreground(const struct session *s)
{
	pid_t group = 0;

	if (ioctl(s->master_fd, TIOCGPGRP, &group) < 0 || group <= 1 ||
	    group == wabe_container_pid(s->g->container))
		return;
	(void)kill(-group, SIGKILL);
}

/* The master doesn't block; a guest that reads nothing loses what is typed, as on a real line. */
static void to_guest(struct session *s, const char *data, size_t len)
{
	struct pollfd p = { .fd = s->master_fd, .events = POLLOUT };

	while (len > 0) {
		ssize_t n = write(s->master_fd, data, len);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (errno != EAGAIN || poll(&p, 1, ESCAPE_WAIT_MS) <= 0) {
			return;
		}
	}
}

static void type(struct session *s, char c)
{
	static const char escape[] = { ESCAPE };

	if (!s->has_escape && c == ESCAPE) {
		s->has_escape = true;
		return;
	}
	if (s->has_escape && c == '.') {
		s->is_over = s->is_detached = true;
	} else if (s->has_escape && c == '!') {
		kill_foreground(s);
	} else {
		if (s->has_escape)
			to_guest(s, escape, 1);
		if (c == ESCAPE) /* the one before was a key, this may be a command's */
			return;
		to_guest(s, &c, 1);
	}
	s->has_escape = false;
}

static void read_user(struct session *s)
{
	char text[256];
	ssize_t n = read(STDIN_FILENO, text, sizeof(text));

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		s->is_over = s->is_detached = true;
	for (ssize_t i = 0; i < n && !s->is_over; i++)
		type(s, text[i]);
}

static void flush_escape(struct session *s)
{
	static const char escape[] = { ESCAPE };

	if (s->has_escape)
		to_guest(s, escape, 1);
	s->has_escape = false;
}

/* False: nobody in the guest has the terminal open now. */
static bool read_guest(struct session *s)
{
	char text[4096];
	ssize_t n = read(s->master_fd, text, sizeof(text));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n > 0 && wabe_fd_write_all(STDOUT_FILENO, text, (size_t)n) < 0)
		s->is_over = s->is_detached = true;
	return n > 0;
}

/* A login, unless the guest's own init may still put its own there; one a session. */
static void offer_login(struct session *s)
{
	struct wabe_error reason = WABE_ERROR_INIT;

	if (s->has_login ||
	    (!s->is_new && (s->unused_looks < UNUSED_LOOKS || !vz_console_is_settled(s->g))))
		return;
	s->has_login = true;
	if (vz_console_login(s->g, s->name, &reason) < 0)
		vz_warn(s->g, "no login on its terminal %s: %s", s->name, reason.text);
}

static bool is_unused(int master_fd)
{
	struct pollfd p = { .fd = master_fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0 && (p.revents & POLLHUP);
}

static void look_for_reader(struct session *s)
{
	if (!is_unused(s->master_fd)) {
		s->unused_looks = 0;
		return;
	}
	s->unused_looks++;
	offer_login(s);
}

static void take_signals(struct session *s)
{
	struct signalfd_siginfo info;

	if (read(s->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH)
		copy_size(s);
	else
		s->is_over = s->is_detached = true;
}

static void relay(struct session *s)
{
	bool is_open = true;

	while (!s->is_over) {
		struct pollfd p[] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			/* A hangup is told again and again: look again only after a while. */
			{ .fd = is_open ? s->master_fd : -1, .events = POLLIN },
			{ .fd = s->eventd_fd, .events = POLLIN },
			{ .fd = s->signal_fd, .events = POLLIN },
		};
		int n = poll(p, ARRAY_SIZE(p), s->has_escape || !is_open ? ESCAPE_WAIT_MS : -1);

		if (n == 0)
			flush_escape(s);
		if (n == 0 && !is_open)
			look_for_reader(s);
		is_open = p[1].revents ? read_guest(s) : is_open || n == 0;
		if (p[0].revents)
			read_user(s);
		if (p[3].revents)
			take_signals(s);
		if (p[2].revents)
			s->is_over = true;
	}
}

static int open_session(struct session *s, struct wabe_error *err)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGWINCH);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGINT);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	s->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC);
	if (s->signal_fd < 0)
		return wabe_error_set(err, -errno, "listen to signals");
	s->is_tty = isatty(STDIN_FILENO) && wabe_tty_raw(STDIN_FILENO, &s->saved, NULL) == 0;
	copy_size(s);
	return 0;
}

/* A guest that was started without vzeventd, or another terminal than its console: made when somebody first wants it. */
static int attach(struct session *s, const char *name, struct vz_eventd_answer *answer,
		  struct wabe_error *err)
{
	const struct vz_host *host = s->g->host;
	int r = vz_eventd_attach(host, s->g->ctid, name, answer, &s->master_fd, err);

	if (r == -ENOENT && vz_eventd_is_there(host)) {
		wabe_error_clear(err);
		r = vz_console_make(s->g, name, err);
		s->is_new = r == 0;
		if (r == 0)
			r = vz_eventd_attach(host, s->g->ctid, name, answer, &s->master_fd, err);
	}
	if (r == -ENOENT || r == -ECONNREFUSED)
		return vz_error_say(err, VZ_EXIT_SYSTEM, r,
				    "vzeventd does not run: it holds the containers' terminals");
	if (r == -EBUSY)
		return vz_error_say(err, VZ_EXIT_LOCKED, r, "somebody is at this terminal");
	if (r < 0)
		return r;
	s->eventd_fd = r;
	return 0;
}

int vz_cmd_console(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		   struct wabe_error *err)
{
	char name[VZ_EVENTD_TTY_MAX];
	struct session s = {
		.g = g, .name = name, .eventd_fd = -EBADF, .master_fd = -EBADF, .signal_fd = -EBADF
	};
	struct vz_eventd_answer answer;
	int r;

	(void)cli;
	if (argc > 2)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL, "unexpected word \"%s\"",
				    argv[2]);
	r = vz_console_name(argc > 1 ? argv[1] : NULL, name, err);
	if (r == 0)
		r = vz_guest_need_running(g, err);
	if (r == 0)
		r = vz_guest_load(g, VZ_PARAMS_LENIENT, err);
	if (r == 0)
		r = attach(&s, name, &answer, err);
	if (r == 0)
		r = open_session(&s, err);
	if (r == 0) {
		vz_say(g, "Attached to CT %s, %s: Esc . leaves it, Esc ! kills what runs there",
		       g->id, name);
		(void)wabe_fd_write_all(STDOUT_FILENO, answer.output, answer.len);
		look_for_reader(&s);
		relay(&s);
	}
	if (s.is_tty)
		(void)wabe_tty_restore(STDIN_FILENO, &s.saved);
	if (r == 0)
		vz_say(g, s.is_detached ? "\nDetached from CT %s" : "\nCT %s or vzeventd ended",
		       g->id);
	wabe_cleanup_close(&s.master_fd);
	wabe_cleanup_close(&s.eventd_fd);
	wabe_cleanup_close(&s.signal_fd);
	return r;
}
