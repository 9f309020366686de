// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: the cgroup2 tree, written directly, relative to descriptors; see cgroup_internal.h.
 *
 * This serves v2 hosts, and the cgroup2 mount beside the v1 controllers of a hybrid host. Sources:
 * the kernel's Documentation/admin-guide/cgroup-v2.rst.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/cgroup_internal.h"

int wabe_cgroup_v2_dir(struct wabe_cgroup *cgroup)
{
	if (cgroup->dir_fd < 0) {
		/* "/" is the cgroup of a process outside of all (wabe_cgroup_open_pid()) */
		const char *relative = cgroup->path[1] ? cgroup->path + 1 : ".";
		int fd = openat(cgroup->root_fd, relative, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return -errno;
		cgroup->dir_fd = fd;
	}
	return cgroup->dir_fd;
}

int wabe_cgroup_v2_read(struct wabe_cgroup *cgroup, const char *file, char *text, size_t room)
{
	return cgroup->dir_fd >= 0 ? wabe_cgroup_file_read(cgroup->dir_fd, file, text, room)
				   : wabe_cgroup_file_read_below(cgroup->root_fd, cgroup->path,
								 file, text, room);
}

static int open_dir(struct wabe_cgroup *cgroup, struct wabe_error *err)
{
	int fd = wabe_cgroup_v2_dir(cgroup);

	return fd < 0 ? wabe_error_set(err, fd, "open cgroup %s", cgroup->path) : fd;
}

const char *wabe_cgroup_v2_available(struct wabe_cgroup *cgroup)
{
	if (!cgroup->is_available_known) {
		cgroup->is_available_known = true;
		if (wabe_cgroup_file_read(cgroup->root_fd, "cgroup.controllers", cgroup->available,
					  sizeof(cgroup->available)) < 0)
			cgroup->available[0] = '\0';
	}
	return cgroup->available;
}

int wabe_cgroup_v2_claim(struct wabe_cgroup *cgroup, bool *ret_was_created, struct wabe_error *err)
{
	char events[WABE_CGROUP_TEXT_MAX];
	uint64_t is_populated = 0, is_frozen = 0;
	int made, dir_fd, r;

	made = wabe_cgroup_tree_mkdir(cgroup->root_fd, cgroup->path);
	if (made < 0)
		return wabe_error_set(err, made, "make cgroup %s", cgroup->path);
	dir_fd = open_dir(cgroup, err);
	if (dir_fd < 0) {
		if (made)
			unlinkat(cgroup->root_fd, cgroup->path + 1, AT_REMOVEDIR);
		return dir_fd;
	}
	if (!made) {
		r = wabe_cgroup_file_read(dir_fd, "cgroup.events", events, sizeof(events));
		if (r < 0)
			return wabe_error_set(err, r, "read cgroup.events of %s", cgroup->path);
		wabe_cgroup_text_u64(events, "populated", &is_populated);
		if (is_populated)
			return wabe_error_say(err, -EEXIST, "cgroup %s exists and has processes",
					      cgroup->path);
		/* Whoever is put in would stop there, and its maker wait for it. */
		wabe_cgroup_text_u64(events, "frozen", &is_frozen);
		if (is_frozen)
			return wabe_error_say(err, -EBUSY, "cgroup %s exists and is frozen",
					      cgroup->path);
	}
	*ret_was_created = cgroup->is_new = made > 0;
	return 0;
}

/* "cpu io" to "+cpu +io" of what @has lacks; returns how many. */
static size_t missing(const char *wanted, const char *has, char *text, size_t room)
{
	size_t count = 0, at = 0;

	text[0] = '\0';
	while (*(wanted += strspn(wanted, " "))) {
		char name[32];
		size_t len = strcspn(wanted, " ");

		snprintf(name, sizeof(name), "%.*s", (int)len, wanted);
		wanted += len;
		if (wabe_cgroup_text_has(has, name))
			continue;
		at += (size_t)snprintf(text + at, room - at, "%s+%s", at ? " " : "", name);
		if (at >= room)
			break;
		count++;
	}
	return count;
}

/*
 * The root of all, which has no cgroup.type, may have processes and pass controllers on; no other
 * may.
 */
static bool has_own_processes(int dir_fd)
{
	char text[16];

	return faccessat(dir_fd, "cgroup.type", F_OK, 0) == 0 &&
	       wabe_cgroup_file_read(dir_fd, "cgroup.procs", text, sizeof(text)) != 0;
}

/*
 * A parent with processes of its own is left alone. It refuses domain controllers (EBUSY), but not
 * threaded ones (cpu, cpuset, pids): with those it would become the root of a threaded subtree, and
 * what is below could not take a process any more. One write enables all or none; when it fails for
 * another reason (cpu with real-time processes: EINVAL), one by one. What stays missing is reported
 * when a limit needs it.
 */
static void enable_at(int dir_fd, const char *wanted)
{
	char enabled[WABE_CGROUP_TEXT_MAX], text[WABE_CGROUP_TEXT_MAX];
	char *rest = text, *word;
	int r;

	if (wabe_cgroup_file_read(dir_fd, "cgroup.subtree_control", enabled, sizeof(enabled)) < 0 ||
	    missing(wanted, enabled, text, sizeof(text)) == 0 || has_own_processes(dir_fd))
		return;
	r = wabe_cgroup_file_write(dir_fd, "cgroup.subtree_control", text);
	if (r == 0 || r == -EBUSY)
		return;
	while ((word = strsep(&rest, " ")))
		wabe_cgroup_file_write(dir_fd, "cgroup.subtree_control", word);
}

/*
 * What the parent passes on, the cgroup's own cgroup.controllers: a file that all below the parent share, in the kernel's caches
 * too.
 */
static int read_passed_on(struct wabe_cgroup *cgroup, char *text, size_t room)
{
	const char *path = cgroup->path + 1, *slash = strrchr(path, '/');
	char file[PATH_MAX];

	snprintf(file, sizeof(file), "%.*scgroup.subtree_control",
		 slash ? (int)(slash + 1 - path) : 0, path);
	return wabe_cgroup_file_read(cgroup->root_fd, file, text, room);
}

void wabe_cgroup_v2_enable(struct wabe_cgroup *cgroup)
{
	const char *wanted = wabe_cgroup_v2_available(cgroup);
	_cleanup_close_ int dir_fd = -EBADF;
	char has[WABE_CGROUP_TEXT_MAX], part[NAME_MAX + 1];
	const char *at = cgroup->path + 1;

	/* The second guest below a parent finds all of it. */
	if (!*wanted || read_passed_on(cgroup, has, sizeof(has)) < 0 || strcmp(has, wanted) == 0)
		return;
	for (;;) {
		size_t len = strcspn(at, "/");
		int fd = dir_fd < 0 ? cgroup->root_fd : dir_fd;

		enable_at(fd, wanted);
		if (!at[len])
			return;
		snprintf(part, sizeof(part), "%.*s", (int)len, at);
		fd = openat(fd, part, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return;
		wabe_cleanup_close(&dir_fd);
		dir_fd = fd;
		at += len + 1;
	}
}

static int v2_create(struct wabe_cgroup *cgroup, bool *ret_was_created, struct wabe_error *err)
{
	int r = wabe_cgroup_v2_claim(cgroup, ret_was_created, err);

	if (r == 0)
		wabe_cgroup_v2_enable(cgroup);
	return r;
}

/*
 * Is @pid already in the cgroup or below it? A guest's systemd puts its processes into leaves of
 * its own.
 */
static bool is_below(const struct wabe_cgroup *cgroup, pid_t pid)
{
	char file[32], text[4096], *line;
	size_t len = strlen(cgroup->path);

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	if (wabe_cgroup_file_read(AT_FDCWD, file, text, sizeof(text)) < 0)
		return false;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return false;
	line += line == text ? 3 : 4;
	return strncmp(line, cgroup->path, len) == 0 &&
	       (line[len] == '/' || line[len] == '\n' || line[len] == '\0');
}

int wabe_cgroup_v2_attach(struct wabe_cgroup *cgroup, pid_t pid, struct wabe_error *err)
{
	int dir_fd = open_dir(cgroup, err);
	char text[16];
	int r;

	if (dir_fd < 0)
		return dir_fd;
	snprintf(text, sizeof(text), "%d", (int)pid);
	r = wabe_cgroup_file_write(dir_fd, "cgroup.procs", text);
	if (r < 0 && !(r == -EBUSY && is_below(cgroup, pid)))
		return wabe_cgroup_explain_attach(cgroup, r, pid, cgroup->path, err);
	return 0;
}

int wabe_cgroup_v2_wait_event(int dir_fd, const char *key, uint64_t value, int64_t deadline_ms)
{
	_cleanup_close_ int fd = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	char text[WABE_CGROUP_TEXT_MAX];

	if (fd < 0)
		return -errno;
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLPRI };
		int64_t left_ms = deadline_ms - wabe_cgroup_now_ms();
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
		uint64_t now;

		if (n < 0)
			return errno == ENODEV ? -ENOENT : -errno;
		text[n] = '\0';
		if (wabe_cgroup_text_u64(text, key, &now) < 0)
			return -ENOTSUP;
		if (now == value)
			return 0;
		if (left_ms <= 0)
			return -ETIMEDOUT;
		/* kernfs: the file has POLLPRI from when it changed after the last read on. */
		if (poll(&wait, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms) < 0 &&
		    errno != EINTR)
			return -errno;
	}
}

int wabe_cgroup_v2_freeze(struct wabe_cgroup *cgroup, bool is_frozen, int timeout_ms,
			  struct wabe_error *err)
{
	int64_t deadline_ms = wabe_cgroup_now_ms() + timeout_ms;
	const char *verb = is_frozen ? "freeze" : "thaw";
	int dir_fd = open_dir(cgroup, err);
	int r;

	if (dir_fd < 0)
		return dir_fd;
	r = wabe_cgroup_file_write(dir_fd, "cgroup.freeze", is_frozen ? "1" : "0");
	if (r == 0)
		r = wabe_cgroup_v2_wait_event(dir_fd, "frozen", is_frozen, deadline_ms);
	if (r == 0)
		return 0;
	if (r != -ETIMEDOUT)
		return wabe_error_set(err, r, "%s cgroup %s", verb, cgroup->path);
	if (!is_frozen)
		return wabe_error_say(
			err, r, "thaw cgroup %s: still frozen after %d ms, is one above it frozen?",
			cgroup->path, timeout_ms);
	wabe_cgroup_file_write(dir_fd, "cgroup.freeze", "0");
	return wabe_error_say(err, r,
			      "freeze cgroup %s: a process did not stop within %d ms, thawed again",
			      cgroup->path, timeout_ms);
}

int wabe_cgroup_v2_frozen(struct wabe_cgroup *cgroup, struct wabe_error *err)
{
	char text[WABE_CGROUP_TEXT_MAX];
	uint64_t is_frozen = 0;
	int r = wabe_cgroup_v2_read(cgroup, "cgroup.events", text, sizeof(text));

	if (r < 0)
		return wabe_error_set(err, r == -ENODEV ? -ENOENT : r, "read cgroup.events of %s",
				      cgroup->path);
	wabe_cgroup_text_u64(text, "frozen", &is_frozen);
	return is_frozen != 0;
}

int wabe_cgroup_v2_signal(struct wabe_cgroup *cgroup, int signal, struct wabe_error *err)
{
	int dir_fd = wabe_cgroup_v2_dir(cgroup);
	int r;

	if (dir_fd == -ENOENT)
		return 0;
	if (dir_fd < 0)
		return open_dir(cgroup, err);
	if (signal == SIGKILL) {
		r = wabe_cgroup_file_write(dir_fd, "cgroup.kill", "1");
		if (r == 0 || r == -ENODEV) /* ENODEV: removed since dir_fd was opened */
			return 0;
		if (r != -ENOENT)
			return wabe_error_set(err, r, "kill cgroup %s", cgroup->path);
	}
	return wabe_cgroup_signal_each(cgroup, signal, err);
}

int wabe_cgroup_v2_pids(struct wabe_cgroup *cgroup, pid_t **ret_pids, size_t *ret_count,
			struct wabe_error *err)
{
	int dir_fd = open_dir(cgroup, err);
	int r;

	if (dir_fd < 0)
		return dir_fd;
	r = wabe_cgroup_tree_pids(dir_fd, ret_pids, ret_count);
	return r < 0 ? wabe_error_set(err, r, "read the processes of cgroup %s", cgroup->path) : 0;
}

int wabe_cgroup_v2_remove(struct wabe_cgroup *cgroup, int timeout_ms, struct wabe_error *err)
{
	int64_t deadline_ms = wabe_cgroup_now_ms() + timeout_ms;
	int r;

	if (unlinkat(cgroup->root_fd, cgroup->path + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
		goto removed;
	if (errno != EBUSY)
		return wabe_error_set(err, -errno, "remove cgroup %s", cgroup->path);
	r = wabe_cgroup_v2_dir(cgroup);
	if (r >= 0)
		r = wabe_cgroup_v2_wait_event(r, "populated", 0, deadline_ms);
	if (r == -ETIMEDOUT)
		return wabe_cgroup_explain_remove(cgroup, -EBUSY, err);
	r = wabe_cgroup_tree_remove(cgroup->root_fd, cgroup->path, deadline_ms);
	if (r < 0)
		return wabe_cgroup_explain_remove(cgroup, r, err);
removed:
	/* A later create makes another directory of that name. */
	wabe_cleanup_close(&cgroup->dir_fd);
	return 0;
}

static bool v2_has(struct wabe_cgroup *cgroup, const char *controller)
{
	/* Freezing and killing are in every cgroup2 tree (5.2, 5.14), no controllers. */
	return strcmp(controller, "freezer") == 0 ||
	       wabe_cgroup_text_has(wabe_cgroup_v2_available(cgroup), controller);
}

const struct wabe_cgroup_ops wabe_cgroup_v2_ops = {
	.create = v2_create,
	.attach = wabe_cgroup_v2_attach,
	.limit = wabe_cgroup_v2_limit,
	.has = v2_has,
	.freeze = wabe_cgroup_v2_freeze,
	.frozen = wabe_cgroup_v2_frozen,
	.signal = wabe_cgroup_v2_signal,
	.pids = wabe_cgroup_v2_pids,
	.remove = wabe_cgroup_v2_remove,
	.stats = wabe_cgroup_v2_stats,
	.devices = wabe_cgroup_v2_devices,
};
