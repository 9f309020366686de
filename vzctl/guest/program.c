// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/program: see program.h. */
#include "guest/program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "conf/exit.h"

#define OUTPUT_ROOM 1024

/* As much of the end as there is room for; the rest is read away, so that the program never waits. */
static void read_output(int fd, char text[OUTPUT_ROOM])
{
	char chunk[OUTPUT_ROOM / 2];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR)) {
		size_t add = n > 0 ? (size_t)n : 0;

		if (len + add >= OUTPUT_ROOM) {
			size_t drop = len + add - OUTPUT_ROOM + 1;

			memmove(text, text + drop, len - drop);
			len -= drop;
		}
		memcpy(text + len, chunk, add);
		len += add;
	}
	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	text[len] = '\0';
}

static const char *last_line(const char *text)
{
	const char *newline = strrchr(text, '\n');

	return newline ? newline + 1 : text;
}

static int wait_for(pid_t pid, const char *name, struct wabe_error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return wabe_error_set(err, -errno, "wait for %s", name);
	if (WIFSIGNALED(status))
		return wabe_error_say(err, -ECHILD, "%s was killed by signal %d", name,
				      WTERMSIG(status));
	return WEXITSTATUS(status);
}

static int add_actions(posix_spawn_file_actions_t *actions, int output_fd, int held_fd)
{
	int r = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, output_fd, 1);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, output_fd, 2);
	/* The same number twice: it loses close-on-exec. */
	if (r == 0 && held_fd >= 0)
		r = posix_spawn_file_actions_adddup2(actions, held_fd, held_fd);
	return r;
}

static int spawn(const char *const *argv, int output_fd, int held_fd, pid_t *ret_pid)
{
	static const char *const dirs[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
	char *env[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *)"LC_ALL=C", NULL };
	posix_spawn_file_actions_t actions;
	char path[256];
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	r = add_actions(&actions, output_fd, held_fd);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], argv[0]);
		r = posix_spawn(ret_pid, path, &actions, NULL, (char *const *)argv, env);
		if (r == 0)
			break;
		r = r == ENOENT && i + 1 < ARRAY_SIZE(dirs) ? 0 : r;
	}
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

int vz_program_run(const char *const *argv, const char *package, int held_fd,
		   struct wabe_error *err)
{
	_cleanup_close_ int in_fd = -EBADF, out_fd = -EBADF;
	char text[OUTPUT_ROOM] = "";
	int pipe_fds[2], r;
	pid_t pid = -1;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return wabe_error_set(err, -errno, "run %s", argv[0]);
	in_fd = pipe_fds[0];
	out_fd = pipe_fds[1];
	r = spawn(argv, out_fd, held_fd, &pid);
	if (r == -ENOENT)
		return vz_error_say(err, VZ_EXIT_NO_HELPER, r, "%s is not installed (package %s)",
				    argv[0], package);
	if (r < 0)
		return wabe_error_set(err, r, "run %s", argv[0]);
	wabe_cleanup_close(&out_fd);
	read_output(in_fd, text);
	r = wait_for(pid, argv[0], err);
	if (r > 0)
		wabe_error_say(err,
			       strstr(text, strerror(ENOSPC))	? -ENOSPC
			       : strstr(text, strerror(EDQUOT)) ? -EDQUOT
								: -EIO,
			       "%s failed with status %d: %s", argv[0], r, last_line(text));
	return r;
}

int vz_program_need(const char *const *argv, const char *package, int held_fd,
		    struct wabe_error *err)
{
	struct wabe_error reason = WABE_ERROR_INIT;
	int r = vz_program_run(argv, package, held_fd, &reason);

	if (r == 0)
		return 0;
	if (err)
		*err = reason;
	return r < 0 ? r : reason.code;
}
