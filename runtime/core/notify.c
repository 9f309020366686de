// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/notify: a guest that says that it is ready, and the manager of our caller that is told (sd_notify(3)); see notify.h and
 * wabe.h. What a guest writes is hostile: of it only that there was a line "READY=1" goes on.
 */
#include "core/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"

#define DATAGRAM_MAX 4096
/* sd_notify_barrier(3): how long a manager may take until it has read what we sent; runc's too. */
#define BARRIER_TIMEOUT_MS 30000

static int bind_socket(struct wabe_container *c, struct wabe_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char dir[WABE_PATH_PROC_FD];
	mode_t mask;
	int r;

	snprintf(address.sun_path, sizeof(address.sun_path),
		 "%s/" WABE_NOTIFY_DIRECTORY "/" WABE_NOTIFY_SOCKET,
		 wabe_path_proc_fd(c->dir_fd, dir));
	/* That of a start that was killed. */
	(void)unlink(address.sun_path);
	/* Whoever the container's process is may write to it. */
	mask = umask(0);
	r = fd < 0 || bind(fd, (void *)&address, sizeof(address)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0)
		return wabe_error_set(err, r, "make the container's notify socket");
	c->notify_fd = TAKE_FD(fd);
	return 0;
}

int wabe_notify_make(struct wabe_container *c, bool is_bound, struct wabe_error *err)
{
	if (mkdirat(c->dir_fd, WABE_NOTIFY_DIRECTORY, 0755) < 0 ||
	    fchmodat(c->dir_fd, WABE_NOTIFY_DIRECTORY, 0755, 0) < 0)
		return wabe_error_set(err, -errno, "make the directory of the notify socket");
	return is_bound ? bind_socket(c, err) : 0;
}

int wabe_notify_open(struct wabe_container *c, const char *address, struct wabe_notify *ret_notify,
		     struct wabe_error *err)
{
	int r;

	if (c->notify_fd < 0) {
		/* Created without NOTIFY_SOCKET: the container has no such directory. */
		if (faccessat(c->dir_fd, WABE_NOTIFY_DIRECTORY, F_OK, 0) < 0)
			return 0;
		r = bind_socket(c, err);
		if (r < 0)
			return r;
	}
	*ret_notify = (struct wabe_notify){ .fd = TAKE_FD(c->notify_fd), .address = address };
	return 0;
}

void wabe_notify_close(struct wabe_notify *notify)
{
	if (notify->fd > 0)
		close(notify->fd);
	notify->fd = 0;
}

/* "/PATH" or "@NAME" of an abstract socket (sd_notify(3)). */
static int connect_manager(const char *address, struct wabe_error *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -EBADF;
	size_t len = strlen(address);

	if ((address[0] != '/' && address[0] != '@') || len >= sizeof(to.sun_path))
		return wabe_error_say(
			err, -EINVAL,
			"NOTIFY_SOCKET=%.120s: want the absolute path of a socket, or @NAME",
			address);
	memcpy(to.sun_path, address, len);
	if (address[0] == '@')
		to.sun_path[0] = '\0';
	else
		len++;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    connect(fd, (void *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return wabe_error_set(err, -errno, "connect to NOTIFY_SOCKET=%s", address);
	return TAKE_FD(fd);
}

/*
 * A manager finds the unit of a message by its sender, who must not be gone before: it closes the pipe when it has read
 * this. One that doesn't know barriers never does.
 */
static void wait_barrier(int manager_fd)
{
	struct pollfd p = { .events = POLLIN };
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	p.fd = ends[0];
	if (wabe_fd_send(manager_fd, "BARRIER=1", strlen("BARRIER=1"), ends[1]) == 0) {
		wabe_cleanup_close(&ends[1]);
		(void)poll(&p, 1, BARRIER_TIMEOUT_MS);
	}
	wabe_cleanup_close(&ends[0]);
	wabe_cleanup_close(&ends[1]);
}

static int tell_manager(const struct wabe_notify *notify, struct wabe_error *err)
{
	_cleanup_close_ int fd = connect_manager(notify->address, err);
	char text[64];
	int r;

	if (fd < 0)
		return fd;
	snprintf(text, sizeof(text), "READY=1\nMAINPID=%d\n", notify->main_pid);
	r = wabe_fd_send(fd, text, strlen(text), -1);
	if (r < 0)
		return wabe_error_set(err, r, "write to NOTIFY_SOCKET=%s", notify->address);
	/* Who stays is there to be found. */
	if (notify->main_pid != getpid())
		wait_barrier(fd);
	return 0;
}

static bool has_ready(const char *text, size_t len)
{
	static const char line[] = "READY=1";
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t length = (size_t)((newline ? newline : end) - text);

		if (length == strlen(line) && memcmp(text, line, length) == 0)
			return true;
		text += length + 1;
	}
	return false;
}

int wabe_notify_forward(struct wabe_notify *notify, struct wabe_error *err)
{
	char text[DATAGRAM_MAX];
	/* Without room for descriptors those that come along are dropped (unix(7)). */
	ssize_t n = recv(notify->fd, text, sizeof(text), 0);
	int r;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR
			       ? 0
			       : wabe_error_set(err, -errno, "read the container's notify socket");
	if (!has_ready(text, (size_t)n))
		return 0;
	r = tell_manager(notify, err);
	wabe_notify_close(notify);
	return r < 0 ? r : 1;
}

int wabe_notify_wait(struct wabe_notify *notify, struct wabe_container *c, struct wabe_error *err)
{
	struct pollfd p[2] = { { .fd = notify->fd, .events = POLLIN }, { .events = POLLIN } };
	int r = wabe_container_open_init(c, NULL);

	/* It has ended already. */
	if (r < 0)
		return 0;
	notify->main_pid = (pid_t)c->state.pid;
	p[1].fd = c->pidfd;
	for (;;) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return wabe_error_set(err, -errno, "wait for the container to be ready");
		/* What it said last counts though it is gone. */
		r = wabe_notify_forward(notify, err);
		if (r != 0 || p[1].revents)
			return r < 0 ? r : 0;
	}
}
