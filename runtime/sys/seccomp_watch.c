// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/seccomp_watch: a profile compiled by a child that is given five seconds; see the header. */
#include "sys/seccomp_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

/* The largest profiles of engines take 20 ms, and 100 times that under emulation. */
#define WATCH_MS 5000

/* What the child says; the filter comes behind it. Together they are less than a pipe holds (64 KiB, pipe(7)). */
struct answer {
	struct wabe_error error; /* .code 0: none */
	unsigned int flags, length;
};

static bool has_name(const struct wabe_seccomp_rule *rule, const char *name)
{
	for (size_t i = 0; i < rule->names_count; i++)
		if (strcmp(rule->names[i], name) == 0)
			return true;
	return false;
}

static bool shares_name(const struct wabe_seccomp_rule *a, const struct wabe_seccomp_rule *b)
{
	for (size_t i = 0; i < a->names_count; i++)
		if (has_name(b, a->names[i]))
			return true;
	return false;
}

bool wabe_seccomp_needs_watch(const struct wabe_seccomp_profile *profile)
{
	const struct wabe_seccomp_rule *rules = profile->rules;

	for (size_t i = 0; i < profile->rules_count; i++)
		for (size_t j = 0; rules[i].args_count > 1 && j < i; j++)
			if (rules[j].args_count > 1 && shares_name(&rules[i], &rules[j]))
				return true;
	return false;
}

static void __attribute__((noreturn))
compile_and_tell(wabe_seccomp_compiler *compile, const struct wabe_seccomp_profile *profile, int fd)
{
	struct wabe_seccomp_program program = { 0 };
	struct answer answer = { .error = WABE_ERROR_INIT };
	int r = compile(profile, &program, &answer.error);

	answer.flags = program.flags;
	answer.length = program.length;
	if (r < 0)
		answer.error.code = r;
	if (wabe_fd_write_all(fd, &answer, sizeof(answer)) < 0 ||
	    wabe_fd_write_all(fd, program.filter, answer.length * sizeof(struct sock_filter)) < 0)
		_exit(1);
	_exit(0);
}

static int take_answer(int fd, struct wabe_seccomp_program *ret_program, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_seccomp_program program = { 0 };
	struct answer answer;
	int r = wabe_fd_read_all(fd, sizeof(answer) + BPF_MAXINSNS * sizeof(struct sock_filter),
				 &text);

	if (r < 0 || text.len < sizeof(answer))
		return wabe_error_say(err, -EIO, "seccomp: the library ended unexpectedly");
	memcpy(&answer, text.data, sizeof(answer));
	if (answer.error.code < 0) {
		if (err)
			*err = answer.error;
		return answer.error.code;
	}
	if (answer.length == 0 ||
	    text.len != sizeof(answer) + answer.length * sizeof(struct sock_filter))
		return wabe_error_say(err, -EIO, "seccomp: the library ended unexpectedly");
	program.filter = malloc(answer.length * sizeof(struct sock_filter));
	if (!program.filter)
		return wabe_error_set(err, -ENOMEM, "seccomp: filter of %u instructions",
				      answer.length);
	memcpy(program.filter, text.data + sizeof(answer),
	       answer.length * sizeof(struct sock_filter));
	program.length = (unsigned short)answer.length;
	program.flags = answer.flags;
	*ret_program = program;
	return 0;
}

/* The whole answer is written at once, so the first byte is the end of waiting. */
static int wait_answer(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int r;

	do
		r = poll(&wait, 1, WATCH_MS);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
}

int wabe_seccomp_watch(wabe_seccomp_compiler *compile, const struct wabe_seccomp_profile *profile,
		       struct wabe_seccomp_program *ret_program, struct wabe_error *err)
{
	_cleanup_close_ int ours_fd = -EBADF, theirs_fd = -EBADF;
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return wabe_error_set(err, -errno, "seccomp: make a pipe");
	ours_fd = fds[0];
	theirs_fd = fds[1];
	pid = fork();
	if (pid < 0)
		return wabe_error_set(err, -errno, "seccomp: make a process");
	if (pid == 0)
		compile_and_tell(compile, profile, theirs_fd);
	wabe_cleanup_close(&theirs_fd);
	r = wait_answer(ours_fd);
	if (r == -ETIMEDOUT)
		wabe_error_say(err, r,
			       "seccomp: libseccomp did not come to an end with these rules in "
			       "%d s; write the rules of one syscall in another order",
			       WATCH_MS / 1000);
	else if (r < 0)
		wabe_error_set(err, r, "seccomp: wait for the library");
	else
		r = take_answer(ours_fd, ret_program, err);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}
