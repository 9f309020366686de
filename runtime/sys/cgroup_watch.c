// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: waiting for a cgroup to run out of memory, and the kernel to kill, or of processes; see cgroup.h.
 *
 * On v2 memory.events has POLLPRI when it changed, and counts kills, as pids.events has on both and counts refused forks. v1 (memory.rst, "OOM Control")
 * counts on an eventfd when it runs short, killing or not.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/cgroup_internal.h"

static int read_count(const struct wabe_cgroup_watch *watch, uint64_t *ret_count)
{
	char text[WABE_CGROUP_TEXT_MAX];
	ssize_t n = pread(watch->fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return wabe_cgroup_text_u64(text, watch->key, ret_count);
}

/* A file of counters that tells of its changes. */
static int watch_file(struct wabe_cgroup *cgroup, int dir_fd, const char *file, const char *key,
		      struct wabe_cgroup_watch *watch, struct wabe_error *err)
{
	int r;

	watch->fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC);
	if (watch->fd < 0)
		return wabe_error_set(err, errno == ENOENT ? -ENOTSUP : -errno,
				      "watch %s of cgroup %s", file, cgroup->path);
	watch->poll_events = POLLPRI;
	watch->key = key;
	r = read_count(watch, &watch->count);
	return r < 0 ? wabe_error_set(err, r, "read %s of cgroup %s", file, cgroup->path) : 0;
}

static int watch_v1(struct wabe_cgroup *cgroup, int dir_fd, struct wabe_cgroup_watch *watch,
		    struct wabe_error *err)
{
	char text[32];
	int r;

	watch->control_fd = openat(dir_fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	watch->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->control_fd < 0 || watch->fd < 0)
		return wabe_error_set(err, -errno, "watch memory.oom_control of cgroup %s",
				      cgroup->path);
	snprintf(text, sizeof(text), "%d %d", watch->fd, watch->control_fd);
	r = wabe_cgroup_file_write(dir_fd, "cgroup.event_control", text);
	watch->poll_events = POLLIN;
	return r < 0 ? wabe_error_set(err, r, "write \"%s\" to cgroup.event_control of cgroup %s",
				      text, cgroup->path)
		     : 0;
}

static int watch_open(struct wabe_cgroup *cgroup, enum wabe_cgroup_watched what,
		      struct wabe_cgroup_watch *watch, struct wabe_error *err)
{
	const bool is_oom = what == WABE_CGROUP_WATCH_OOM;
	const char *controller = is_oom ? "memory" : "pids";
	int dir_fd = cgroup->v1 ? wabe_cgroup_v1_dir(cgroup, controller) : -ENOTSUP;

	if (dir_fd < 0 && dir_fd != -ENOTSUP)
		return wabe_error_set(err, dir_fd, "open cgroup %s of %s", cgroup->path,
				      controller);
	if (dir_fd >= 0 && is_oom)
		return watch_v1(cgroup, dir_fd, watch, err);
	if (dir_fd < 0)
		dir_fd = wabe_cgroup_dir_fd(cgroup, err);
	if (dir_fd < 0)
		return dir_fd;
	return watch_file(cgroup, dir_fd, is_oom ? "memory.events" : "pids.events",
			  is_oom ? "oom_kill" : "max", watch, err);
}

int wabe_cgroup_watch_open(struct wabe_cgroup *cgroup, enum wabe_cgroup_watched what,
			   struct wabe_cgroup_watch *ret_watch, struct wabe_error *err)
{
	_cleanup_(wabe_cgroup_watch_close) struct wabe_cgroup_watch watch = WABE_CGROUP_WATCH_INIT;
	int r = watch_open(cgroup, what, &watch, err);

	if (r < 0)
		return r;
	*ret_watch = watch;
	watch = (struct wabe_cgroup_watch)WABE_CGROUP_WATCH_INIT;
	return 0;
}

int wabe_cgroup_watch_read(struct wabe_cgroup_watch *watch)
{
	uint64_t now = 0, before = watch->count;
	char text[WABE_CGROUP_TEXT_MAX];
	int r;

	if (watch->control_fd < 0) {
		r = read_count(watch, &now);
		watch->count = r < 0 ? before : now;
		return r < 0 ? r : now > before ? (int)(now - before) : 0;
	}
	if (read(watch->fd, &now, sizeof(now)) != sizeof(now))
		return errno == EAGAIN ? 0 : -errno;
	/* It counts for the end of the cgroup as well, whose files then can't be read. */
	return pread(watch->control_fd, text, sizeof(text), 0) < 0 ? -ENODEV : (int)now;
}

void wabe_cgroup_watch_close(struct wabe_cgroup_watch *watch)
{
	wabe_cleanup_close(&watch->fd);
	wabe_cleanup_close(&watch->control_fd);
}
