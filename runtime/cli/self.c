// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/self: keeps our own binary out of a container's reach; see cli_protect_self() in cli.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "sys/mount.h"

int cli_protect_self(struct cli *cli, int preserve_fds, struct wabe_error *err)
{
	struct wabe_mount_change change = { .set = MOUNT_ATTR_RDONLY };
	_cleanup_close_ int fd = -EBADF;
	struct statfs st;
	int r;

	/* The second run finds itself on the clone; so does a binary on a read-only file system. */
	if (statfs("/proc/self/exe", &st) < 0)
		return wabe_error_set(err, -errno, "look at /proc/self/exe");
	if (st.f_flags & ST_RDONLY)
		return 0;
	fd = wabe_mount_clone(AT_FDCWD, "/proc/self/exe", false, err);
	if (fd < 0)
		return fd;
	r = wabe_mount_change(fd, &change, err);
	if (r < 0)
		return r;
	for (int i = 3; i < 3 + preserve_fds; i++)
		if (fcntl(i, F_SETFD, 0) < 0)
			return wabe_error_set(err, -errno, "pass descriptor %d", i);
	syscall(SYS_execveat, fd, "", cli->argv, environ, AT_EMPTY_PATH);
	return wabe_error_set(err, -errno, "run again from a read-only mount");
}
