// SPDX-License-Identifier: GPL-2.0-or-later
/* base/fd: whole reads and writes, and messages with descriptors over sockets; see fd.h. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

int wabe_fd_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* One read(2). 0: end of file; -errno. */
static ssize_t read_some(int fd, size_t at_least, struct wabe_buf *buf)
{
	char *room = wabe_buf_room(buf, at_least);
	ssize_t n;

	if (!room)
		return -ENOMEM;
	do
		n = read(fd, room, buf->room - buf->len - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	room[n] = '\0';
	buf->len += (size_t)n;
	return n;
}

int wabe_fd_read_size(int fd, size_t size, struct wabe_buf *buf)
{
	size_t end = buf->len + size;

	while (buf->len < end) {
		ssize_t n = read_some(fd, end - buf->len, buf);

		if (n <= 0)
			return (int)n;
	}
	return 0;
}

#define READ_CHUNK \
	4095 /* at least: what the buffer has room for is read, which doubles each time */

int wabe_fd_read_all(int fd, size_t max_bytes, struct wabe_buf *buf)
{
	size_t begin = buf->len;

	for (;;) {
		ssize_t n = read_some(fd, READ_CHUNK, buf);

		if (n <= 0)
			return (int)n;
		if (buf->len - begin > max_bytes)
			return -EFBIG;
	}
}

union fd_control {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(int))];
};

int wabe_fd_send(int sock, const void *data, size_t len, int pass_fd)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union fd_control control = { 0 };
	ssize_t n;

	if (pass_fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.space);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass_fd, sizeof(int));
	}
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

static int control_take_fd(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd = -EBADF;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

ssize_t wabe_fd_recv(int sock, void *data, size_t room, int *ret_fd)
{
	struct iovec iov = { .iov_base = data, .iov_len = room };
	union fd_control control = { 0 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};
	ssize_t n;
	int fd;

	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	fd = control_take_fd(&msg);
	if (ret_fd)
		*ret_fd = fd;
	else if (fd >= 0)
		close(fd);
	return n;
}

int wabe_fd_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock, code;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	if (connect(sock, (void *)&address, sizeof(address)) == 0)
		return sock;
	code = -errno;
	close(sock);
	return code;
}

int wabe_fd_check_passed(int count, struct wabe_error *err)
{
	for (int fd = 3; fd < 3 + count; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return wabe_error_set(err, -errno, "descriptor %d of the %d to preserve",
					      fd, count);
	return 0;
}

int wabe_fd_pass(int count, struct wabe_error *err)
{
	for (int fd = 3; fd < 3 + count; fd++)
		if (fcntl(fd, F_SETFD, 0) < 0)
			return wabe_error_set(err, -errno, "pass descriptor %d", fd);
	return 0;
}

int wabe_fd_pin_stdio(void)
{
	struct pollfd p[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	/* poll(2) answers POLLNVAL for what isn't open: one call for all three. */
	if (poll(p, 3, 0) < 0)
		return -errno;
	for (int fd = 0; fd <= 2; fd++) {
		if (!(p[fd].revents & POLLNVAL))
			continue;
		/* The lowest free number is this one: all below are open. */
		if (open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			return errno ? -errno : -EBADF;
	}
	return 0;
}

int wabe_fd_cloexec_from(unsigned int first)
{
	if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return -errno;
	return 0;
}
