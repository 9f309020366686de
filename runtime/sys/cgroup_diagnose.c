// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: why a write failed; see cgroup_internal.h.
 *
 * The kernel says EINVAL; here the fact of the host that it stands for is looked up and said. Runs
 * only after an error.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/cgroup_internal.h"

static void controller_of(const char *file, char *name, size_t room)
{
	snprintf(name, room, "%.*s", (int)strcspn(file, "."), file);
}

/* "cpuset.cpus 0-7: the host has CPUs 0-1". 0: it isn't that. */
static int explain_cpuset(int above_fd, int code, const char *file, const char *value,
			  struct wabe_error *err)
{
	bool is_mems = strcmp(file, "cpuset.mems") == 0;
	const char *what = is_mems ? "memory nodes" : "CPUs";
	char text[512];

	if (!is_mems && strcmp(file, "cpuset.cpus") != 0)
		return 0;
	if (value[0] == '\0' || value[strspn(value, "0123456789,- \n")] != '\0')
		return wabe_error_say(err, -EINVAL, "%s \"%s\": not a list like 0-3,7", file,
				      value);
	if (code == -EBUSY || code == -ENOSPC)
		return wabe_error_say(err, code, "%s %s: a cgroup below it uses others", file,
				      value);
	if (above_fd >= 0 && (code == -EACCES || code == -EPERM) &&
	    wabe_cgroup_file_read(above_fd, file, text, sizeof(text)) > 0)
		return wabe_error_say(err, code, "%s %s: the cgroup above has %s %s", file, value,
				      what, text);
	if (wabe_cgroup_file_read(AT_FDCWD,
				  is_mems ? "/sys/devices/system/node/online"
					  : "/sys/devices/system/cpu/online",
				  text, sizeof(text)) <= 0)
		snprintf(text, sizeof(text), "0"); /* a kernel without NUMA has no node directory */
	return wabe_error_say(err, code, "%s %s: the host has %s %s", file, value, what, text);
}

/* @value begins with MAJOR:MINOR. */
static int explain_device(int code, const char *file, const char *value, struct wabe_error *err)
{
	char path[64], device[32];

	snprintf(device, sizeof(device), "%.*s", (int)strcspn(value, " "), value);
	if (!strchr(device, ':') || (code != -ENODEV && code != -EINVAL && code != -ENXIO))
		return 0;
	snprintf(path, sizeof(path), "/sys/dev/block/%s", device);
	if (access(path, F_OK) < 0)
		return wabe_error_say(err, code, "%s: the host has no block device %s", file,
				      device);
	snprintf(path, sizeof(path), "/sys/dev/block/%s/partition", device);
	if (access(path, F_OK) == 0)
		return wabe_error_say(
			err, code, "%s: device %s is a partition, limits belong to the whole disk",
			file, device);
	return 0;
}

static int explain_hugetlb(const char *file, struct wabe_error *err)
{
	_cleanup_closedir_ DIR *dir = opendir("/sys/kernel/mm/hugepages");
	char sizes[256] = "";
	struct dirent *entry;
	size_t at = 0;

	if (strncmp(file, "hugetlb.", 8) != 0)
		return 0;
	while (dir && (entry = readdir(dir)) && at < sizeof(sizes))
		if (strncmp(entry->d_name, "hugepages-", 10) == 0)
			at += (size_t)snprintf(sizes + at, sizeof(sizes) - at, " %s",
					       entry->d_name + 10);
	return wabe_error_say(err, -ENOTSUP,
			      "%s: the host has no huge pages of this size, it has%s", file,
			      *sizes ? sizes : " none");
}

/* The file isn't there although the controller is. */
static int explain_file(const char *file, const char *value, struct wabe_error *err)
{
	int r = explain_hugetlb(file, err);

	if (r < 0)
		return r;
	if (strncmp(file, "memory.swap.", 12) == 0 || strncmp(file, "memory.memsw.", 13) == 0)
		return wabe_error_say(err, -ENOTSUP, "%s %s: this host does not account swap", file,
				      value);
	if (strcmp(file, "io.weight") == 0 || strcmp(file, "blkio.weight") == 0)
		return wabe_error_say(
			err, -ENOTSUP,
			"io weight: this kernel has neither io.weight (iocost) nor BFQ's weights");
	return wabe_error_say(err, -ENOTSUP, "%s %s: this kernel has no such cgroup file", file,
			      value);
}

/* The first level at which @controller is there but not passed on. */
static int explain_disabled(struct wabe_cgroup *cgroup, const char *controller, const char *file,
			    struct wabe_error *err)
{
	char part[PATH_MAX], text[WABE_CGROUP_TEXT_MAX];
	const char *at = cgroup->path;

	for (; at; at = strchr(at + 1, '/')) {
		_cleanup_close_ int fd = -EBADF;

		snprintf(part, sizeof(part), "%.*s", (int)(at - cgroup->path), cgroup->path);
		fd = openat(cgroup->root_fd, part[0] ? part + 1 : ".",
			    O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 ||
		    wabe_cgroup_file_read(fd, "cgroup.subtree_control", text, sizeof(text)) < 0 ||
		    wabe_cgroup_text_has(text, controller))
			continue;
		if (part[0] && wabe_cgroup_file_read(fd, "cgroup.procs", text, sizeof(text)) > 0)
			return wabe_error_say(
				err, -ENOTSUP,
				"%s: the %s controller can't be passed on below cgroup %s, "
				"which has processes of its own",
				file, controller, part);
		return wabe_error_say(err, -ENOTSUP,
				      "%s: the %s controller is not enabled below cgroup %s", file,
				      controller, part[0] ? part : "/");
	}
	return 0;
}

static int explain_missing(struct wabe_cgroup *cgroup, const char *file, const char *value,
			   struct wabe_error *err)
{
	char controller[32], text[WABE_CGROUP_TEXT_MAX];

	controller_of(file, controller, sizeof(controller));
	if (wabe_cgroup_file_read(cgroup->dir_fd, "cgroup.controllers", text, sizeof(text)) < 0)
		return wabe_error_set(err, -ENOENT, "write %s of cgroup %s", file, cgroup->path);
	if (strcmp(controller, "cgroup") == 0 || wabe_cgroup_text_has(text, controller))
		return explain_file(file, value, err);
	if (!wabe_cgroup_text_has(wabe_cgroup_v2_available(cgroup), controller))
		return wabe_error_say(
			err, -ENOTSUP,
			"%s: the %s controller is not available on this host (%s has: %s)", file,
			controller, "cgroup.controllers",
			*cgroup->available ? cgroup->available : "none");
	return explain_disabled(cgroup, controller, file, err);
}

int wabe_cgroup_explain_v2(struct wabe_cgroup *cgroup, int code, const char *file,
			   const char *value, struct wabe_error *err)
{
	uint64_t number;
	int r = 0;

	if (code == -ENOENT)
		r = explain_missing(cgroup, file, value, err);
	else if (strncmp(file, "cpuset.", 7) == 0)
		r = explain_cpuset(-EBADF, code, file, value, err);
	else if (strncmp(file, "io.", 3) == 0)
		r = explain_device(code, file, value, err);
	else if (code == -EINVAL && strcmp(file, "cpu.weight") == 0 &&
		 wabe_cgroup_file_u64(cgroup->dir_fd, "cpu.idle", &number) == 0 && number)
		r = wabe_error_say(
			err, code,
			"cpu.weight %s: the cgroup is idle (cpu.idle 1), which has no weight",
			value);
	else if (code == -EINVAL && strcmp(file, "cpu.max") == 0 &&
		 wabe_cgroup_file_u64(cgroup->dir_fd, "cpu.max.burst", &number) == 0 && number)
		r = wabe_error_say(err, code,
				   "cpu.max %s: the burst of %llu us is larger than the quota",
				   value, (unsigned long long)number);
	else if (code == -EINVAL && strcmp(file, "cpu.max.burst") == 0)
		r = wabe_error_say(err, code,
				   "cpu.max.burst %s: a burst can't be larger than the quota",
				   value);
	return r < 0 ? r
		     : wabe_error_set(err, code, "write \"%s\" to %s of cgroup %s", value, file,
				      cgroup->path);
}

static int explain_v1_cpuset(struct wabe_cgroup *cgroup, int code, const char *file,
			     const char *value, struct wabe_error *err)
{
	int dir_fd = wabe_cgroup_v1_dir(cgroup, "cpuset");
	_cleanup_close_ int above_fd =
		dir_fd < 0 ? -EBADF : openat(dir_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return explain_cpuset(above_fd, code, file, value, err);
}

/* Realtime budgets are parts of the one above, which has none unless somebody gave it one. */
static int explain_realtime(int dir_fd, int code, const char *file, const char *value,
			    struct wabe_error *err)
{
	_cleanup_close_ int above_fd = openat(dir_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char runtime[32], period[32];

	if (above_fd < 0 ||
	    wabe_cgroup_file_read(above_fd, "cpu.rt_runtime_us", runtime, sizeof(runtime)) < 0 ||
	    wabe_cgroup_file_read(above_fd, "cpu.rt_period_us", period, sizeof(period)) < 0)
		return 0;
	return wabe_error_say(err, code,
			      "%s %s: the cgroup above has %s us of realtime in %s us to divide",
			      file, value, runtime, period);
}

int wabe_cgroup_explain_v1(struct wabe_cgroup *cgroup, int code, const char *controller,
			   const char *file, const char *value, struct wabe_error *err)
{
	int dir_fd = wabe_cgroup_v1_dir(cgroup, controller);
	uint64_t used;
	int r = 0;

	if (dir_fd == -ENOTSUP)
		return wabe_error_say(
			err, -ENOTSUP,
			"%s: the %s controller is not available on this host (cgroup v1 '%s' is "
			"not mounted)",
			file, controller, controller);
	if (dir_fd < 0)
		return wabe_error_set(err, dir_fd, "open cgroup %s of %s", cgroup->path,
				      controller);
	if (code == -ENOENT)
		r = explain_file(file, value, err);
	else if (strcmp(controller, "cpuset") == 0)
		r = explain_v1_cpuset(cgroup, code, file, value, err);
	else if (strcmp(controller, "blkio") == 0)
		r = explain_device(code, file, value, err);
	else if (code == -EINVAL && strncmp(file, "cpu.rt_", 7) == 0)
		r = explain_realtime(dir_fd, code, file, value, err);
	else if (code == -EINVAL && strcmp(file, "cpu.cfs_burst_us") == 0)
		r = wabe_error_say(err, code, "%s %s: a burst can't be larger than the quota", file,
				   value);
	else if (code == -EBUSY && strcmp(controller, "memory") == 0 &&
		 wabe_cgroup_file_u64(dir_fd, "memory.usage_in_bytes", &used) == 0)
		r = wabe_error_say(err, code, "%s %s: %llu bytes are in use and could not be freed",
				   file, value, (unsigned long long)used);
	return r < 0 ? r
		     : wabe_error_set(err, code, "write \"%s\" to %s of cgroup %s", value, file,
				      cgroup->path);
}

int wabe_cgroup_explain_remove(struct wabe_cgroup *cgroup, int code, struct wabe_error *err)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0;

	if (code == -EBUSY && cgroup->ops->pids(cgroup, &pids, &count, NULL) == 0 && count)
		return wabe_error_say(err, code,
				      "remove cgroup %s: it still has %zu process%s, one is %d",
				      cgroup->path, count, count == 1 ? "" : "es", (int)pids[0]);
	return wabe_error_set(err, code, "remove cgroup %s", cgroup->path);
}

int wabe_cgroup_explain_attach(struct wabe_cgroup *cgroup, int code, pid_t pid, const char *where,
			       struct wabe_error *err)
{
	if (code == -EBUSY)
		return wabe_error_say(
			err, code,
			"attach process %d to cgroup %s: it passes controllers on to cgroups "
			"below, and then takes no processes itself",
			(int)pid, cgroup->path);
	if (code == -EOPNOTSUPP)
		return wabe_error_say(
			err, code,
			"attach process %d to cgroup %s: it is threaded or below a threaded one",
			(int)pid, cgroup->path);
	return wabe_error_set(err, code, "attach process %d to cgroup %s (%s)", (int)pid,
			      cgroup->path, where);
}
