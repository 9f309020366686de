// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/systemd: runs wabe-systemd; see systemd.h. */
#include "sys/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/signals.h"
#include "sys/namespace.h"
#include "sys/pidfd.h"

#define PROGRAM "wabe-systemd"
#define TIMEOUT_MS 90000
#define ANSWER_MAX 4096

static int build_argv(struct wabe_arena *arena, bool is_user, const struct wabe_strv *words,
		      struct wabe_strv *ret_argv)
{
	const char *dir = getenv("WABE_LIBEXECDIR");
	const char *path =
		wabe_arena_printf(arena, "%s/" PROGRAM, dir && *dir ? dir : WABE_LIBEXECDIR);
	int r = path ? wabe_strv_add(ret_argv, arena, path) : -ENOMEM;

	if (r == 0 && is_user)
		r = wabe_strv_add(ret_argv, arena, "--user");
	for (size_t i = 0; r == 0 && i < words->count; i++)
		r = wabe_strv_add(ret_argv, arena, words->items[i]);
	return r;
}

static void __attribute__((noreturn)) child(char **argv, int answer_fd)
{
	wabe_signals_reset(WABE_SIGNALS_ALL);
	if (dup2(answer_fd, STDOUT_FILENO) == STDOUT_FILENO)
		execv(argv[0], argv);
	_exit(errno == ENOENT ? 127 : 126);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What it writes until it closes its end. Length or -errno; the rest of too long an answer is dropped. */
static int read_answer(int fd, char *answer, size_t room)
{
	int64_t deadline_ms = now_ms() + TIMEOUT_MS;
	size_t len = 0;

	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left_ms = deadline_ms - now_ms();
		ssize_t n;

		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (poll(&wait, 1, (int)left_ms) <= 0)
			continue;
		n = read(fd, answer + len, room - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		answer[len] = '\0';
		if (n == 0 || len == room - 1)
			return (int)len;
	}
}

static int judge(struct wabe_arena *arena, const char *program, int status, char *answer,
		 const char **ret_text, struct wabe_error *err)
{
	answer[strcspn(answer, "\n")] = '\0';
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return wabe_error_say(
			err, -ENOTSUP,
			"the systemd cgroup driver needs %s, which is not installed (use --cgroup-manager=cgroupfs)",
			program);
	if (strncmp(answer, "error ", 6) == 0)
		return wabe_error_say(err, -EIO, "%s", answer + 6);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || strncmp(answer, "ok", 2) != 0)
		return wabe_error_say(err, -EIO, "%s failed without saying why (%s %d)", program,
				      WIFEXITED(status) ? "status" : "signal",
				      WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	if (ret_text)
		*ret_text = wabe_arena_strdup(arena, answer + 2 + strspn(answer + 2, " "));
	return ret_text && !*ret_text ? wabe_error_set(err, -ENOMEM, "%s", program) : 0;
}

int wabe_systemd_call(struct wabe_arena *arena, bool is_user, const struct wabe_strv *words,
		      const char **ret_text, struct wabe_error *err)
{
	_cleanup_close_ int pidfd = -EBADF, ours_fd = -EBADF, theirs_fd = -EBADF;
	char answer[ANSWER_MAX] = "";
	struct wabe_strv argv = { 0 };
	int status = 0, fds[2], r;
	pid_t pid;

	if (build_argv(arena, is_user, words, &argv) < 0)
		return wabe_error_set(err, -ENOMEM, "call systemd");
	if (pipe2(fds, O_CLOEXEC) < 0)
		return wabe_error_set(err, -errno, "make a pipe");
	ours_fd = fds[0];
	theirs_fd = fds[1];
	pid = wabe_namespace_clone(0, -1, &pidfd, err);
	if (pid < 0)
		return pid;
	if (pid == 0)
		child(argv.items, theirs_fd);
	wabe_cleanup_close(&theirs_fd);
	r = read_answer(ours_fd, answer, sizeof(answer));
	/* Who still writes shall not wait for us. */
	wabe_cleanup_close(&ours_fd);
	if (r < 0)
		(void)wabe_pidfd_signal(pidfd, SIGKILL, NULL);
	if (wabe_pidfd_reap(pid, &status, r < 0 ? NULL : err) < 0)
		return r < 0 ? r : -ECHILD;
	return r < 0 ? wabe_error_set(err, r, "wait for %s", argv.items[0])
		     : judge(arena, argv.items[0], status, answer, ret_text, err);
}

bool wabe_systemd_is_user(void)
{
	_cleanup_(wabe_buf_free) struct wabe_buf map = WABE_BUF_INIT;
	unsigned int inside, outside, count;

	if (geteuid() != 0)
		return true;
	return wabe_file_read_at(AT_FDCWD, "/proc/self/uid_map", 65536, &map, NULL) == 0 &&
	       map.data && sscanf(map.data, "%u %u %u", &inside, &outside, &count) == 3 &&
	       count != UINT32_MAX;
}
