// SPDX-License-Identifier: GPL-2.0-or-later
/* core/announce: pid file and pidfd socket; see announce.h. */
#include "core/announce.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"

static int write_pid_file(const char *path, pid_t pid, struct wabe_error *err)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return wabe_file_replace_at(AT_FDCWD, path, text, strlen(text), 0644, WABE_FILE_VOLATILE,
				    err);
}

static int send_pidfd(const struct wabe_announce *to, int pidfd, struct wabe_error *err)
{
	_cleanup_close_ int sock = wabe_fd_connect(to->pidfd_socket);
	int r = sock < 0 ? sock : wabe_fd_send(sock, to->kind, strlen(to->kind), pidfd);

	return r < 0 ? wabe_error_set(err, r, "send the pidfd to %s", to->pidfd_socket) : 0;
}

int wabe_announce(const struct wabe_announce *to, pid_t pid, int pidfd, struct wabe_error *err)
{
	int r = to->pid_file ? write_pid_file(to->pid_file, pid, err) : 0;

	if (r == 0 && to->pidfd_socket) {
		r = send_pidfd(to, pidfd, err);
		if (r < 0)
			wabe_announce_undo(to);
	}
	return r;
}

void wabe_announce_undo(const struct wabe_announce *to)
{
	if (to->pid_file)
		(void)unlink(to->pid_file);
}
