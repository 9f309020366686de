// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/pidfd: processes by descriptor, and by pid plus start time; see pidfd.h. */
#include "sys/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define FIELD_STATE 3
#define FIELD_START_TIME 22
#define FIELD_EXIT_CODE 52

struct stat_text {
	char text[1024];
	const char *state; /* field 3 */
};

static int read_stat(pid_t pid, struct stat_text *stat, struct wabe_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64], *p;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, stat->text, sizeof(stat->text) - 1);
	if (n <= 0)
		return wabe_error_set(err, errno == ENOENT ? -ESRCH : -errno, "look at process %d",
				      pid);
	stat->text[n] = '\0';
	/* The name, field 2, is in parentheses and may hold anything: fields are counted from the last one. */
	p = strrchr(stat->text, ')');
	if (!p || p[1] != ' ')
		return wabe_error_say(err, -EIO, "%s has an unknown form", path);
	stat->state = p + 2;
	return 0;
}

static int stat_field(const struct stat_text *stat, int field, uint64_t *ret_value,
		      struct wabe_error *err)
{
	const char *p = stat->state;

	for (int at = FIELD_STATE; p && at < field; at++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return wabe_error_say(err, -EIO, "/proc/PID/stat has an unknown form");
	*ret_value = strtoull(p, NULL, 10);
	return 0;
}

static bool is_ended(const struct stat_text *stat)
{
	return *stat->state == 'Z' || *stat->state == 'X';
}

int wabe_pidfd_start_time(pid_t pid, uint64_t *ret_ticks, bool *ret_is_zombie,
			  struct wabe_error *err)
{
	struct stat_text stat;
	uint64_t ticks;
	int r = read_stat(pid, &stat, err);

	if (r == 0)
		r = stat_field(&stat, FIELD_START_TIME, &ticks, err);
	if (r < 0)
		return r;
	*ret_is_zombie = is_ended(&stat);
	*ret_ticks = ticks;
	return 0;
}

int wabe_pidfd_zombie_status(pid_t pid, uint64_t start_ticks, int *ret_wait_status,
			     struct wabe_error *err)
{
	struct stat_text stat;
	uint64_t ticks = 0, code = 0;
	int r = read_stat(pid, &stat, err);

	if (r == 0)
		r = stat_field(&stat, FIELD_START_TIME, &ticks, err);
	if (r == 0)
		r = stat_field(&stat, FIELD_EXIT_CODE, &code, err);
	if (r < 0)
		return r;
	if (ticks != start_ticks || !is_ended(&stat))
		return wabe_error_set(err, -ESRCH, "process %d", pid);
	*ret_wait_status = (int)code;
	return 0;
}

/* proc_pid_stat(5), "starttime"; of the caller's time namespace, as there. */
uint64_t wabe_pidfd_ticks(void)
{
	const uint64_t tick_ns = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec) / tick_ns;
}

int wabe_pidfd_open(pid_t pid, uint64_t start_ticks, struct wabe_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	bool is_zombie;
	uint64_t ticks;
	int r;

	if (pid <= 0)
		return wabe_error_set(err, -ESRCH, "process %d", pid);
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return wabe_error_set(err, -errno, "open process %d", pid);
	r = wabe_pidfd_start_time(pid, &ticks, &is_zombie, err);
	if (r < 0)
		return r;
	if (ticks != start_ticks || is_zombie)
		return wabe_error_set(err, -ESRCH, "process %d", pid);
	return TAKE_FD(fd);
}

int wabe_pidfd_signal(int pidfd, int signal, struct wabe_error *err)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0)
		return wabe_error_set(err, -errno, "send signal %d", signal);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int wabe_pidfd_wait(int pidfd, int timeout_ms, struct wabe_error *err)
{
	int64_t end = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		int64_t left = end - now_ms();
		int n = poll(&p, 1, timeout_ms < 0 ? -1 : (left > 0 ? (int)left : 0));

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return wabe_error_set(err, -errno, "wait for a process");
		if (n == 0)
			return wabe_error_say(err, -ETIMEDOUT,
					      "the process did not end within %d ms", timeout_ms);
	}
}

int wabe_pidfd_shell_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

int wabe_pidfd_reap(pid_t pid, int *ret_wait_status, struct wabe_error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return wabe_error_set(err, -errno, "wait for process %d", pid);
	*ret_wait_status = status;
	return 0;
}
