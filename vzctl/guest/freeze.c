// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/freeze: see freeze.h. */
#include "guest/freeze.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

/*
 * Waits for the end of the pipe: a byte comes before it when all went well. The lock of the guest is
 * inherited, and so kept until the guest runs again.
 */
static __attribute__((noreturn)) void guard_main(struct wabe_container *c, int pipe_fd)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	char byte;
	ssize_t n;

	setsid();
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_IGN);
	/* Nobody who reads our output shall wait for us. */
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	do {
		n = read(pipe_fd, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		(void)wabe_container_freeze(c, false, NULL);
	_exit(0);
}

static int start_guard(struct vz_guest *g, struct vz_freeze *f, struct wabe_error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return wabe_error_set(err, -errno, "make a pipe");
	f->guard = fork();
	if (f->guard == 0) {
		close(ends[1]);
		guard_main(g->container, ends[0]);
	}
	close(ends[0]);
	f->pipe_fd = ends[1];
	if (f->guard < 0) {
		wabe_cleanup_close(&f->pipe_fd);
		return wabe_error_set(err, -errno, "make a process");
	}
	return 0;
}

int vz_freeze_begin(struct vz_guest *g, struct vz_freeze *freeze, struct wabe_error *err)
{
	struct vz_freeze f = VZ_FREEZE_INIT;
	int r;

	if (!g->container || wabe_container_status(g->container) == WABE_STATUS_PAUSED)
		return 0;
	r = start_guard(g, &f, err);
	if (r < 0)
		return r;
	f.g = g;
	r = wabe_container_freeze(g->container, true, err);
	if (r < 0) {
		vz_freeze_end(&f);
		return wabe_error_prefix(err, "freeze container %s", g->id);
	}
	*freeze = f;
	return 0;
}

void vz_freeze_end(struct vz_freeze *f)
{
	if (!f->g)
		return;
	if (wabe_container_freeze(f->g->container, false, NULL) == 0 &&
	    write(f->pipe_fd, "", 1) != 1)
		vz_warn(f->g, "the process that thaws it is gone");
	/* Else the guard tries it too, when the pipe ends. */
	wabe_cleanup_close(&f->pipe_fd);
	while (waitpid(f->guard, NULL, 0) < 0 && errno == EINTR)
		;
	f->g = NULL;
}
