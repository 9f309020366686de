// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/devices: nodes in a guest's /dev; see devices.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "guest/devices.h"
#include "guest/rights.h"
#include "guest/spec.h"

/* A tmpfs for nodes on top of @where; a descriptor of its root. */
static int make_tmpfs(const char *where, struct wabe_error *err)
{
	_cleanup_close_ int mount_fd = wabe_mount_new("tmpfs", "devices", NULL, 0,
						      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
	int fd;

	if (mount_fd < 0)
		return mount_fd;
	fd = wabe_mount_attach_at(mount_fd, where, err);
	if (fd < 0)
		return fd;
	fd = open(where, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? wabe_error_set(err, -errno, "open %s", where) : fd;
}

/* One node, named by its number in the list, the guest's root's. A descriptor of it. */
static int make_node(int dir_fd, size_t number, const struct vz_device *d, uint32_t uid,
		     struct wabe_error *err)
{
	char name[24];
	int fd;

	snprintf(name, sizeof(name), "%zu", number);
	if (mknodat(dir_fd, name, (d->type == 'b' ? S_IFBLK : S_IFCHR) | 0600,
		    makedev((unsigned)d->major, (unsigned)d->minor)) < 0 ||
	    fchownat(dir_fd, name, uid, uid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(dir_fd, name, d->mode, 0) < 0)
		return wabe_error_set(err, -errno, "make device node %s", d->name);
	fd = openat(dir_fd, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? wabe_error_set(err, -errno, "open device node %s", d->name) : fd;
}

static int add_mount(struct wabe_spec *spec, const struct vz_device *d, int fd)
{
	char source[WABE_PATH_PROC_FD], destination[256];

	wabe_path_proc_fd(fd, source);
	snprintf(destination, sizeof(destination), "/dev/%s", d->name);
	return vz_spec_add_mount(spec, "bind", source, destination, "bind,nosuid,noexec");
}

static bool has_node(const struct vz_device *d)
{
	return d->name && d->minor >= 0 && (d->is_readable || d->is_writable);
}

static size_t count_nodes(const struct vz_devices *devices)
{
	size_t count = 0;

	for (size_t i = 0; i < devices->count; i++)
		count += has_node(&devices->items[i]);
	return count;
}

void vz_device_nodes_close(struct vz_device_nodes *nodes)
{
	for (size_t i = 0; i < nodes->devices.count; i++)
		wabe_cleanup_close(&nodes->fds[i]);
	wabe_arena_free(&nodes->arena);
	nodes->devices.count = 0;
}

static int make_all(struct vz_device_nodes *nodes, const char *where, uint32_t uid,
		    struct wabe_error *err)
{
	_cleanup_close_ int dir_fd = make_tmpfs(where, err);

	if (dir_fd < 0)
		return dir_fd;
	for (size_t i = 0; i < nodes->devices.count; i++) {
		if (!has_node(&nodes->devices.items[i]))
			continue;
		nodes->fds[i] = make_node(dir_fd, i, &nodes->devices.items[i], uid, err);
		if (nodes->fds[i] < 0)
			return nodes->fds[i];
	}
	return 0;
}

int vz_device_nodes_make(const struct vz_guest *g, const char *where, struct vz_device_nodes *nodes,
			 struct wabe_error *err)
{
	struct wabe_error why = WABE_ERROR_INIT;
	uint32_t uid = 0;
	int r;

	*nodes = (struct vz_device_nodes){ 0 };
	if (!vz_devices_any(&g->conf.params))
		return 0;
	if (vz_devices_check(&g->conf.params, &why) < 0)
		vz_warn(g, "%s: the container starts without it", why.text);
	r = vz_devices_collect(&g->conf.params, &nodes->arena, &nodes->devices, err);
	for (size_t i = 0; i < nodes->devices.count; i++)
		nodes->fds[i] = -EBADF;
	if (r < 0 || count_nodes(&nodes->devices) == 0)
		return r;
	(void)vz_guest_uid(g, &uid);
	return make_all(nodes, where, uid, err);
}

int vz_device_nodes_mount(const struct vz_device_nodes *nodes, struct wabe_spec *spec)
{
	for (size_t i = 0; i < nodes->devices.count; i++)
		if (nodes->fds[i] >= 0 &&
		    add_mount(spec, &nodes->devices.items[i], nodes->fds[i]) < 0)
			return -ENOMEM;
	return 0;
}

/* What a child does in the running guest. */
struct job {
	const struct vz_guest *g;
	const struct vz_devices *devices;
	int mounts[VZ_DEVICES_MAX]; /* detached, of the nodes */
	uint32_t uid;
};

/* Is the device there already? */
static bool is_there(int root_fd, const char *path, const struct vz_device *d)
{
	_cleanup_close_ int fd = wabe_path_open_in(root_fd, path, O_PATH, 0, NULL);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 &&
	       (st.st_mode & S_IFMT) == (d->type == 'b' ? S_IFBLK : S_IFCHR) &&
	       st.st_rdev == makedev((unsigned)d->major, (unsigned)d->minor);
}

/* The file below is made with the guest's root's own rights, in its own root. */
static int attach(const struct job *job, int root_fd, size_t i, struct wabe_error *err)
{
	const struct vz_device *d = &job->devices->items[i];
	_cleanup_close_ int target_fd = -EBADF;
	char path[256];

	snprintf(path, sizeof(path), "/dev/%s", d->name);
	if (is_there(root_fd, path, d))
		return 0;
	setfsgid(job->uid);
	setfsuid(job->uid);
	target_fd = wabe_path_touch_in(root_fd, path, err);
	setfsuid(0);
	setfsgid(0);
	if (target_fd < 0)
		return target_fd;
	return wabe_mount_attach(job->mounts[i], target_fd, path, err);
}

static int clone_nodes(struct job *job, struct wabe_error *err)
{
	_cleanup_close_ int dir_fd = -EBADF;
	int r = wabe_namespace_unshare(CLONE_NEWNS, err);

	if (r == 0)
		r = wabe_mount_propagation(MS_PRIVATE, err);
	if (r < 0)
		return r;
	dir_fd = make_tmpfs(job->g->conf.private, err);
	for (size_t i = 0; dir_fd >= 0 && i < job->devices->count; i++) {
		const struct vz_device *d = &job->devices->items[i];
		_cleanup_close_ int fd = has_node(d) ? make_node(dir_fd, i, d, job->uid, err)
						     : -EBADF;

		if (!has_node(d))
			continue;
		if (fd < 0)
			return fd;
		job->mounts[i] = wabe_mount_clone(fd, "", false, err);
		if (job->mounts[i] < 0)
			return job->mounts[i];
	}
	return dir_fd < 0 ? dir_fd : 0;
}

/* In a process of its own, which may change its namespace. */
static int child(struct job *job, struct wabe_error *err)
{
	_cleanup_close_ int ns_fd = -EBADF, root_fd = -EBADF;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)wabe_container_pid(job->g->container));
	ns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (ns_fd < 0)
		return wabe_error_set(err, -errno, "open the guest's mount namespace");
	r = clone_nodes(job, err);
	if (r == 0)
		r = wabe_namespace_join(ns_fd, CLONE_NEWNS, err);
	if (r < 0)
		return r;
	/* setns(2) has put us into its root. */
	root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return wabe_error_set(err, -errno, "open the guest's root directory");
	for (size_t i = 0; r == 0 && i < job->devices->count; i++)
		if (has_node(&job->devices->items[i]))
			r = attach(job, root_fd, i, err);
	return r;
}

/* The child's error comes through a pipe. */
static int add_nodes(const struct vz_guest *g, const struct vz_devices *devices,
		     struct wabe_error *err)
{
	struct job job = { .g = g, .devices = devices };
	struct wabe_error theirs = WABE_ERROR_INIT;
	int ends[2], status;
	pid_t pid;

	(void)vz_guest_uid(g, &job.uid);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return wabe_error_set(err, -errno, "pipe");
	pid = fork();
	if (pid == 0) {
		int r = child(&job, &theirs);

		if (r < 0 && write(ends[1], &theirs, sizeof(theirs)) != sizeof(theirs))
			_exit(2);
		_exit(r < 0);
	}
	close(ends[1]);
	if (pid > 0 && read(ends[0], &theirs, sizeof(theirs)) == (ssize_t)sizeof(theirs) && err)
		*err = theirs;
	close(ends[0]);
	if (pid < 0)
		return wabe_error_set(err, -errno, "fork");
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
		return wabe_error_say(err, -EIO, "device nodes: the process that makes them died");
	return WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

int vz_devices_update(struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_spec_resources resources = { 0 };
	struct vz_devices devices;
	int r = vz_devices_collect(&g->conf.params, &arena, &devices, err);

	if (r == 0 && vz_devices_rules(g, &arena, &resources) < 0)
		r = wabe_error_set(err, -ENOMEM, "devices");
	if (r == 0)
		r = wabe_container_update(g->container, &resources, err);
	if (r == 0 && count_nodes(&devices) > 0)
		r = add_nodes(g, &devices, err);
	return r < 0 ? vz_error_default(err, VZ_EXIT_DEVICES) : 0;
}
