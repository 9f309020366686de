// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/seal: running again from a read-only mount; see seal.h. */
#include "guest/seal.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"

#define SELF "/proc/self/exe"

int vz_seal(const struct vz_host *host, struct wabe_error *err)
{
	const struct wabe_mount_change read_only = { .set = MOUNT_ATTR_RDONLY };
	_cleanup_close_ int fd = -EBADF;
	struct statfs st;

	if (!host->argv)
		return 0;
	if (statfs(SELF, &st) < 0)
		return wabe_error_set(err, -errno, "look at " SELF);
	if (st.f_flags & ST_RDONLY)
		return 0;
	fd = wabe_mount_clone_changed(AT_FDCWD, SELF, &read_only, err);
	if (fd < 0)
		return wabe_error_prefix(err, "run again from a read-only mount");
	execveat(fd, "", host->argv, environ, AT_EMPTY_PATH);
	return wabe_error_set(err, -errno, "run again from a read-only mount");
}

int vz_seal_for(const struct vz_guest *g, struct wabe_error *err)
{
	uint32_t uid;

	if (g->container ? !wabe_container_annotation(g->container, VZ_SEAL_ANNOTATION)
			 : !g->has_conf || !vz_guest_uid(g, &uid) || uid != 0)
		return 0;
	return vz_seal(g->host, err);
}
