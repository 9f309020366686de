// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/running: which guests shall run; see running.h. */
#include "guest/running.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"

struct record_name {
	char text[32];
};

static struct record_name record_name(uint32_t ctid)
{
	struct record_name name;

	snprintf(name.text, sizeof(name.text), ".%" PRIu32 ".running", ctid);
	return name;
}

int vz_running_note(const struct vz_host *host, uint32_t ctid, struct wabe_error *err)
{
	struct record_name name = record_name(ctid);
	_cleanup_close_ int fd =
		openat(host->conf_fd, name.text, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? wabe_error_set(err, -errno, "write %s/conf/%s", host->confdir, name.text)
		      : 0;
}

int vz_running_forget(const struct vz_host *host, uint32_t ctid, struct wabe_error *err)
{
	struct record_name name = record_name(ctid);

	if (unlinkat(host->conf_fd, name.text, 0) < 0 && errno != ENOENT)
		return wabe_error_set(err, -errno, "remove %s/conf/%s", host->confdir, name.text);
	return 0;
}

bool vz_running_is_noted(const struct vz_host *host, uint32_t ctid)
{
	return faccessat(host->conf_fd, record_name(ctid).text, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}
