// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/eventd: the client's side of vzeventd's sockets; see eventd.h. */
#include "guest/eventd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/parse.h"
#include "base/path.h"

#define ANSWER_TIMEOUT_S 10
#define WORDS_COUNT_MAX 65536

bool vz_eventd_is_there(const struct vz_host *host)
{
	_cleanup_close_ int sock = vz_eventd_connect(host, VZ_EVENTD_CONTROL);

	return sock >= 0;
}

/* By the directory's descriptor: STATEDIR may be longer than a socket's name can be. */
int vz_eventd_connect(const struct vz_host *host, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int dir_fd = -EBADF, sock = -EBADF;
	char path[PATH_MAX], proc[WABE_PATH_PROC_FD];

	snprintf(path, sizeof(path), "%s/" VZ_EVENTD_DIR, host->statedir);
	dir_fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir_fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s",
		 wabe_path_proc_fd(dir_fd, proc), name);
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0 || connect(sock, (void *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(sock);
}

static int pack_list(struct wabe_buf *text, char *const *list)
{
	for (; *list; list++)
		if (wabe_buf_add(text, *list, strlen(*list) + 1) < 0)
			return -ENOMEM;
	return 0;
}

int vz_eventd_pack(struct wabe_buf *text, char *const *argv, char *const *env)
{
	char count[16];
	int n = 0;

	while (argv[n])
		n++;
	snprintf(count, sizeof(count), "%d", n);
	if (wabe_buf_add(text, count, strlen(count) + 1) < 0 || pack_list(text, argv) < 0 ||
	    pack_list(text, env) < 0)
		return -ENOMEM;
	return text->len > VZ_EVENTD_WORDS_MAX ? -E2BIG : 0;
}

int vz_eventd_unpack(struct wabe_arena *arena, char *text, size_t len, struct wabe_strv *ret_argv,
		     struct wabe_strv *ret_env)
{
	const char *end = text + len;
	int count, n = 0;

	if (len == 0 || text[len - 1] != '\0' ||
	    wabe_parse_int(text, 1, WORDS_COUNT_MAX, &count) < 0)
		return -EINVAL;
	for (char *word = text + strlen(text) + 1; word < end; word += strlen(word) + 1, n++)
		if (wabe_strv_add(n < count ? ret_argv : ret_env, arena, word) < 0)
			return -ENOMEM;
	return n < count ? -EINVAL : 0;
}

static int make_words(char *const *argv)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_close_ int fd = -EBADF;
	int r = vz_eventd_pack(&text, argv, environ);

	if (r < 0)
		return r;
	fd = memfd_create("words", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = wabe_fd_write_all(fd, text.data, text.len);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	return r < 0 ? r : TAKE_FD(fd);
}

static int send_run(int sock, char *const *argv)
{
	_cleanup_close_ int words_fd = make_words(argv);
	_cleanup_close_ int exe_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	_cleanup_close_ int cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const int fds[VZ_EVENTD_RUN_MAX] = { words_fd,	   exe_fd,	  cwd_fd,
					     STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };

	if (words_fd < 0)
		return words_fd;
	for (int i = 0; i < VZ_EVENTD_RUN_MAX; i++) {
		const char tag = (char)i;
		int r = fds[i] < 0 ? -EBADF : wabe_fd_send(sock, &tag, 1, fds[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

int vz_eventd_run(const struct vz_host *host, char *const *argv, struct wabe_error *err)
{
	_cleanup_close_ int sock = -EBADF;
	int status, r;

	if (secure_getenv(VZ_EVENTD_ENV))
		return -ENOENT;
	sock = vz_eventd_connect(host, VZ_EVENTD_RUN);
	/* Whoever can't be asked is none: the guest starts without it. */
	if (sock < 0)
		return -ENOENT;
	r = send_run(sock, argv);
	if (r < 0)
		return -ENOENT;
	if (wabe_fd_recv(sock, &status, sizeof(status), NULL) != sizeof(status))
		return vz_error_say(err, VZ_EXIT_SYSTEM, -EPIPE,
				    "vzeventd ended before the command that it ran for us did");
	if (status == VZ_EVENTD_REFUSED)
		return -ENOENT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int ask(const struct vz_host *host, const struct vz_eventd_request *request, int fd,
	       struct vz_eventd_answer *ret_answer, int *ret_fd)
{
	const struct timeval limit = { .tv_sec = ANSWER_TIMEOUT_S };
	_cleanup_close_ int sock = vz_eventd_connect(host, VZ_EVENTD_CONTROL);
	const size_t head = offsetof(struct vz_eventd_answer, output);
	ssize_t n;
	int r;

	if (sock < 0)
		return sock;
	(void)setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	r = wabe_fd_send(sock, request, sizeof(*request), fd);
	if (r < 0)
		return r;
	n = wabe_fd_recv(sock, ret_answer, sizeof(*ret_answer), ret_fd);
	if (n < (ssize_t)head || (size_t)n != head + ret_answer->len)
		return n < 0 ? (int)n : -EPROTO;
	return ret_answer->code < 0 ? ret_answer->code : TAKE_FD(sock);
}

static struct vz_eventd_request request_of(enum vz_eventd_op op, uint32_t ctid, const char *tty)
{
	struct vz_eventd_request request = { .op = op, .ctid = ctid };

	snprintf(request.tty, sizeof(request.tty), "%s", tty);
	return request;
}

int vz_eventd_keep(const struct vz_host *host, uint32_t ctid, const char *tty, int master_fd,
		   struct wabe_error *err)
{
	struct vz_eventd_request request = request_of(VZ_EVENTD_KEEP, ctid, tty);
	struct vz_eventd_answer answer = { 0 };
	int r = ask(host, &request, master_fd, &answer, NULL);

	if (r < 0)
		return wabe_error_set(err, r, "give vzeventd the terminal %s", tty);
	close(r);
	return 0;
}

int vz_eventd_attach(const struct vz_host *host, uint32_t ctid, const char *tty,
		     struct vz_eventd_answer *ret_answer, int *ret_master_fd,
		     struct wabe_error *err)
{
	struct vz_eventd_request request = request_of(VZ_EVENTD_ATTACH, ctid, tty);
	_cleanup_close_ int master_fd = -EBADF;
	int r = ask(host, &request, -EBADF, ret_answer, &master_fd);

	if (r < 0)
		return wabe_error_set(err, r, "ask vzeventd for the terminal %s", tty);
	if (master_fd < 0) {
		close(r);
		return wabe_error_set(err, -EPROTO, "ask vzeventd for the terminal %s", tty);
	}
	*ret_master_fd = TAKE_FD(master_fd);
	return r;
}
