// SPDX-License-Identifier: GPL-2.0-or-later
/* core/sync: the messages between a creator and the process that becomes the container's; see sync.h. */
#include "core/sync.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "sys/pidfd.h"

struct message {
	int kind;
	struct wabe_error error; /* only sent with ERROR */
};

int wabe_sync_pair(int *ret_ours, int *ret_theirs, struct wabe_error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return wabe_error_set(err, -errno, "make a socket pair");
	*ret_ours = pair[0];
	*ret_theirs = pair[1];
	return 0;
}

int wabe_sync_send(int sock, enum wabe_sync_kind kind, int fd, struct wabe_error *err)
{
	int value = kind;
	int r = wabe_fd_send(sock, &value, sizeof(value), fd);

	/* unix(7): the peer ended, without reading all that was sent before. */
	if (r == -ECONNRESET)
		r = -EPIPE;
	return r < 0 ? wabe_error_set(err, r, "talk to the container's process") : 0;
}

void wabe_sync_send_error(int sock, const struct wabe_error *what)
{
	struct message m = { .kind = WABE_SYNC_ERROR, .error = *what };

	(void)wabe_fd_send(sock, &m, sizeof(m), -1);
}

/* The peer may have run a guest's code already: nothing in the struct is believed without a look. */
static int take_error(const struct message *m, size_t len, struct wabe_error *err)
{
	struct wabe_error received = m->error;

	if (len != sizeof(*m) || received.code >= 0 || received.code < -4095)
		return wabe_error_say(err, -EPROTO,
				      "the container's process sent a malformed error");
	received.text[sizeof(received.text) - 1] = '\0';
	received.kind = 0;
	if (err)
		*err = received;
	return received.code;
}

int wabe_sync_receive(int sock, int *ret_fd, struct wabe_error *err)
{
	struct message m;
	ssize_t n = wabe_fd_recv(sock, &m, sizeof(m), ret_fd);

	/* unix(7): the peer ended without reading all that was sent. That is told before what it said last, and once. */
	if (n == -ECONNRESET)
		n = wabe_fd_recv(sock, &m, sizeof(m), ret_fd);
	if (n == 0 || n == -ECONNRESET)
		return WABE_SYNC_EOF;
	if (n < 0)
		return wabe_error_set(err, (int)n, "listen to the container's process");
	if ((size_t)n < sizeof(m.kind) || m.kind <= WABE_SYNC_EOF || m.kind >= WABE_SYNC_KIND_MAX)
		return wabe_error_say(err, -EPROTO,
				      "the container's process sent a malformed message");
	return m.kind == WABE_SYNC_ERROR ? take_error(&m, (size_t)n, err) : m.kind;
}

int wabe_sync_expect(int sock, enum wabe_sync_kind kind, struct wabe_error *err)
{
	int got = wabe_sync_receive(sock, NULL, err);

	if (got < 0)
		return got;
	if (got == WABE_SYNC_EOF)
		return wabe_error_say(err, -EPIPE, "the other side ended unexpectedly");
	if (got != (int)kind)
		return wabe_error_say(err, -EPROTO, "unexpected message %d", got);
	return 0;
}

int wabe_sync_send_child(int sock, pid_t pid, int pidfd, const struct wabe_error *err)
{
	if (pid >= 0)
		return wabe_fd_send(sock, &pid, sizeof(pid), pidfd);
	wabe_sync_send_error(sock, err);
	return 0;
}

int wabe_sync_receive_child(int sock, pid_t *ret_pid, int *ret_pidfd, struct wabe_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct message m;
	ssize_t n = wabe_fd_recv(sock, &m, sizeof(m), &fd);

	/* A pid alone is shorter than any error, and comes with a descriptor. */
	if (n == sizeof(m.kind) && fd >= 0) {
		*ret_pid = m.kind;
		*ret_pidfd = TAKE_FD(fd);
		return 0;
	}
	if (n == sizeof(m) && m.kind == WABE_SYNC_ERROR)
		return take_error(&m, (size_t)n, err);
	return wabe_error_say(err, n < 0 ? (int)n : -EIO,
			      "the process that enters the container's namespaces failed");
}

void wabe_sync_end_stage(int sock, pid_t pid, int pidfd, const struct wabe_error *err)
{
	_exit(wabe_sync_send_child(sock, pid, pidfd, err) < 0 || pid < 0);
}

int wabe_sync_staged(int sock, pid_t *pid, int *pidfd, struct wabe_error *err)
{
	int status, r = wabe_pidfd_reap(*pid, &status, err);

	if (r < 0)
		return r;
	wabe_cleanup_close(pidfd);
	return wabe_sync_receive_child(sock, pid, pidfd, err);
}
