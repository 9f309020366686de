// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/mountns: a mount namespace of our own; see mountns.h. */
#include "guest/mountns.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "wabe.h"

int vz_mountns_enter(struct vz_mountns *ns, struct wabe_error *err)
{
	_cleanup_close_ int host_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (host_fd < 0)
		return wabe_error_set(err, -errno, "open the mount namespace");
	r = wabe_namespace_unshare(CLONE_NEWNS, err);
	if (r < 0)
		return r;
	ns->host_fd = TAKE_FD(host_fd);
	ns->cwd_fd = TAKE_FD(cwd_fd);
	r = wabe_mount_propagation(MS_SLAVE, err);
	if (r < 0)
		vz_mountns_drop(ns);
	return r;
}

int vz_mountns_leave(struct vz_mountns *ns, struct wabe_error *err)
{
	int r;

	if (ns->host_fd < 0)
		return 0;
	r = wabe_namespace_join(ns->host_fd, CLONE_NEWNS, err);
	if (r < 0)
		return wabe_error_prefix(err, "go back to the host's mount namespace");
	/*
	 * setns(2) left us in the namespace's root, where we stay when the directory is out of
	 * reach.
	 */
	if (ns->cwd_fd >= 0 && fchdir(ns->cwd_fd) < 0)
		errno = 0;
	wabe_cleanup_close(&ns->host_fd);
	wabe_cleanup_close(&ns->cwd_fd);
	return 0;
}

void vz_mountns_drop(struct vz_mountns *ns)
{
	/* To go on in the wrong namespace would make changes that nobody sees. */
	if (vz_mountns_leave(ns, NULL) < 0)
		abort();
}
