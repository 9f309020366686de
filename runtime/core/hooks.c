// SPDX-License-Identifier: GPL-2.0-or-later
/* core/hooks: programs that run at points of the life cycle; see hooks.h. */
#include "core/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/signals.h"
#include "sys/namespace.h"
#include "sys/pidfd.h"

/* A memory file: whatever the hook reads or not, nobody blocks on a pipe. */
int wabe_hooks_input(struct wabe_container *c, enum wabe_status status, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_close_ int fd = -EBADF;
	int r = wabe_state_json(c, status, &text, err);

	if (r < 0)
		return r;
	fd = memfd_create("state", MFD_CLOEXEC);
	if (fd < 0)
		return wabe_error_set(err, -errno, "make the hook's input");
	r = wabe_fd_write_all(fd, text.data, text.len);
	if (r < 0)
		return wabe_error_set(err, r, "write the hook's input");
	return TAKE_FD(fd);
}

/* @why_fd: where errno goes if it is none that can be executed */
static void __attribute__((noreturn))
hook_child(const struct wabe_spec_hook *hook, int input_fd, int why_fd)
{
	static char *const no_env[] = { NULL };
	char *only_path[] = { (char *)hook->path, NULL };
	int why;

	wabe_signals_reset(WABE_SIGNALS_ALL);
	if (lseek(input_fd, 0, SEEK_SET) == 0 && dup2(input_fd, 0) == 0)
		execve(hook->path, hook->args.count ? hook->args.items : only_path,
		       hook->env.count ? hook->env.items : no_env);
	why = errno;
	(void)wabe_fd_write_all(why_fd, &why, sizeof(why));
	_exit(why == ENOENT ? 127 : 126);
}

/* @why_fd: as in hook_child(), whose end is gone by now */
static int judge(const struct wabe_spec_hook *hook, int wait_status, int why_fd,
		 struct wabe_error *err)
{
	int why;

	if (read(why_fd, &why, sizeof(why)) == sizeof(why))
		return wabe_error_set(err, -why, "execute %s", hook->path);
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
		return 0;
	if (WIFSIGNALED(wait_status))
		return wabe_error_say(err, -ECHILD, "%s was killed by signal %d", hook->path,
				      WTERMSIG(wait_status));
	return wabe_error_say(err, -ECHILD, "%s ended with status %d", hook->path,
			      WEXITSTATUS(wait_status));
}

static int run_one(const struct wabe_spec_hook *hook, int input_fd, struct wabe_error *err)
{
	/* 24 days at most, which is the range of poll(2). */
	int timeout_ms = !hook->timeout.is_set			? -1
			 : hook->timeout.value > INT_MAX / 1000 ? INT_MAX
								: (int)hook->timeout.value * 1000;
	_cleanup_close_ int pidfd = -EBADF, why_fd = -EBADF, their_why_fd = -EBADF;
	int status, waited, r, ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return wabe_error_set(err, -errno, "run %s", hook->path);
	why_fd = ends[0];
	their_why_fd = ends[1];
	pid = wabe_namespace_clone(0, -1, &pidfd, err);
	if (pid < 0)
		return pid;
	if (pid == 0)
		hook_child(hook, input_fd, their_why_fd);
	wabe_cleanup_close(&their_why_fd);
	waited = wabe_pidfd_wait(pidfd, timeout_ms, err);
	if (waited < 0)
		(void)wabe_pidfd_signal(pidfd, SIGKILL, NULL);
	r = wabe_pidfd_reap(pid, &status, waited < 0 ? NULL : err);
	if (waited < 0)
		return wabe_error_say(err, waited, "%s did not end within %d s", hook->path,
				      timeout_ms / 1000);
	return r < 0 ? r : judge(hook, status, why_fd, err);
}

int wabe_hooks_run_on(int input_fd, const char *name, const struct wabe_list *hooks,
		      const struct wabe_log *log, struct wabe_error *err)
{
	const struct wabe_spec_hook *hook = hooks->items;

	for (size_t i = 0; i < hooks->count; i++) {
		int r = run_one(&hook[i], input_fd, err);

		if (r < 0)
			return wabe_error_prefix(err, "hooks.%s[%zu]", name, i);
		wabe_log(log, WABE_LOG_DEBUG, "hooks.%s[%zu]: %s ended with status 0", name, i,
			 hook[i].path);
	}
	return 0;
}

int wabe_hooks_run(struct wabe_container *c, const char *name, const struct wabe_list *hooks,
		   enum wabe_status status, struct wabe_error *err)
{
	/* In the container's process our descriptors are others. */
	const struct wabe_log *log = strcmp(name, "createContainer") == 0 ? NULL : c->rt->log;
	_cleanup_close_ int input_fd = -EBADF;

	if (hooks->count == 0)
		return 0;
	input_fd = wabe_hooks_input(c, status, err);
	return input_fd < 0 ? input_fd : wabe_hooks_run_on(input_fd, name, hooks, log, err);
}

void wabe_hooks_poststop(struct wabe_container *c)
{
	struct wabe_error err = WABE_ERROR_INIT;
	const struct wabe_spec *spec;
	struct wabe_spec_hook *hook;

	if (!c->state.has_poststop)
		return;
	spec = wabe_container_spec(c, &err);
	if (!spec) {
		wabe_log(c->rt->log, WABE_LOG_WARNING, "%s", err.text);
		return;
	}
	hook = spec->hooks.poststop.items;
	for (size_t i = 0; i < spec->hooks.poststop.count; i++) {
		const struct wabe_list one = { &hook[i], 1 };

		if (wabe_hooks_run(c, "poststop", &one, WABE_STATUS_STOPPED, &err) < 0)
			wabe_log(c->rt->log, WABE_LOG_WARNING, "container %s: %s", c->state.id,
				 err.text);
	}
}
