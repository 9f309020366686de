// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/wait: asking a guest's init whether it is up; see wait.h. */
#include "guest/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/init.h"
#include "guest/run.h"

#define ANSWER_MAX_BYTES 4096
#define ANSWER_TIMEOUT_MS 10000
#define PAUSE_MS 300

/* How an init is asked, and which answers mean that it is still starting. */
struct question {
	enum vz_init_kind kind;
	const char *const *commands[3];
	const char *const *starting; /* first words */
};

static const char *const systemctl[] = { "/usr/bin/systemctl", "is-system-running", NULL };
static const char *const systemctl_bin[] = { "/bin/systemctl", "is-system-running", NULL };
static const char *const runlevel[] = { "/sbin/runlevel", NULL };

/* systemctl(1), "is-system-running"; "offline" and "unknown" while its bus is not there yet. */
static const char *const systemd_starting[] = { "",	   "initializing", "starting",
						"offline", "unknown",	   NULL };
static const char *const sysvinit_starting[] = { "", "unknown", NULL };

static const struct question questions[] = {
	{ VZ_INIT_SYSTEMD, { systemctl, systemctl_bin }, systemd_starting },
	{ VZ_INIT_SYSVINIT, { runlevel }, sysvinit_starting },
};

static const struct question *question_for(enum vz_init_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		if (questions[i].kind == kind)
			return &questions[i];
	return NULL;
}

/* What the guest writes, until it closes its end: bounded in size and time, whatever it does. */
static void read_answer(int fd, struct wabe_buf *answer)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char part[256];
	ssize_t n;

	while (answer->len < ANSWER_MAX_BYTES && poll(&ready, 1, ANSWER_TIMEOUT_MS) > 0) {
		n = read(fd, part, sizeof(part));
		if (n <= 0 || wabe_buf_add(answer, part, (size_t)n) < 0)
			return;
	}
}

/* The answer's first word into @word. */
static int ask(struct vz_guest *g, const struct question *q, char *word, size_t room,
	       struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf answer = WABE_BUF_INIT;
	_cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
	int ends[2], status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return wabe_error_set(err, -errno, "make a pipe");
	read_fd = ends[0];
	write_fd = ends[1];
	pid = vz_run_start(g, q->commands, write_fd, err);
	if (pid < 0)
		return (int)pid;
	wabe_cleanup_close(&write_fd);
	read_answer(read_fd, &answer);
	wabe_cleanup_close(&read_fd);
	/* It has answered, or it never will. */
	if (answer.len == 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	snprintf(word, room, "%.*s", (int)strcspn(answer.data ? answer.data : "", " \n"),
		 answer.data ? answer.data : "");
	return WIFEXITED(status) && WEXITSTATUS(status) == VZ_RUN_NOT_FOUND ? -ENOENT : 0;
}

static bool is_starting(const struct question *q, const char *word)
{
	for (size_t i = 0; q->starting[i]; i++)
		if (strcmp(q->starting[i], word) == 0)
			return true;
	return false;
}

static bool is_running(struct vz_guest *g)
{
	return wabe_container_status(g->container) == WABE_STATUS_RUNNING;
}

int vz_wait_up(struct vz_guest *g, struct wabe_error *err)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000 * 1000 };
	const struct question *q = question_for(
		vz_init_kind_of(wabe_container_annotation(g->container, VZ_INIT_ANNOTATION)));
	struct timespec now, start;
	char word[32] = "";

	if (!q)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		int r = ask(g, q, word, sizeof(word), err);

		if (r == -ENOENT)
			return vz_error_say(err, VZ_EXIT_WAIT, r,
					    "the guest has no %s to ask whether it is up",
					    q->commands[0][0]);
		if (!is_running(g))
			return vz_error_say(err, VZ_EXIT_WAIT, -ESRCH,
					    "the guest halted while it was starting");
		if (r < 0)
			return vz_error_default(err, VZ_EXIT_WAIT);
		if (!is_starting(q, word))
			return 0;
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < VZ_WAIT_SECONDS);
	return vz_error_say(err, VZ_EXIT_WAIT, -ETIMEDOUT,
			    "the guest was not up after %d seconds (its init says \"%s\")",
			    VZ_WAIT_SECONDS, word);
}
