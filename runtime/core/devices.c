// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/devices: what is in the container's /dev: nodes, links, the terminal.
 *
 * Everything is made relative to a descriptor of /dev that was opened without following a link, so a link in the image
 * leads nowhere (CVE-2026-41579, CVE-2026-88264).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "core/init.h"
#include "core/sync.h"
#include "sys/mount.h"
#include "sys/tty.h"

/* config-linux.md, "Default Devices". */
static const struct {
	const char *path;
	unsigned int major, minor;
} default_devices[] = {
	{ "/dev/null", 1, 3 },	 { "/dev/zero", 1, 5 },	   { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },	 { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	{ "ptmx", "pts/ptmx" },
};

bool wabe_init_dev_is_bound(const struct wabe_init *init)
{
	for (size_t i = 0; i < init->spec->mounts.count; i++)
		if ((init->mounts[i].source_fd >= 0 || init->mounts[i].is_sent) &&
		    strcmp(init->mounts[i].destination, "/dev") == 0)
			return true;
	return false;
}

static bool spec_has_device(const struct wabe_spec *spec, const char *path)
{
	const struct wabe_spec_device *d = spec->devices.items;

	for (size_t i = 0; i < spec->devices.count; i++)
		if (strcmp(d[i].path, path) == 0)
			return true;
	return false;
}

/* A mount of the configuration in a default device's place is meant: the host's /dev/urandom on /dev/random, say. */
static bool is_covered(const struct wabe_init *init, const char *path)
{
	for (size_t i = 0; i < init->spec->mounts.count; i++)
		if (strcmp(init->mounts[i].destination, path) == 0)
			return true;
	return false;
}

static int collect(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_spec *spec = init->spec;
	struct wabe_spec_device *all =
		wabe_arena_array(&init->arena, ARRAY_SIZE(default_devices) + spec->devices.count,
				 sizeof(*all));
	size_t n = 0;

	if (!all)
		return wabe_error_set(err, -ENOMEM, "devices");
	for (size_t i = 0; i < ARRAY_SIZE(default_devices); i++) {
		if (spec_has_device(spec, default_devices[i].path) ||
		    is_covered(init, default_devices[i].path))
			continue;
		all[n++] = (struct wabe_spec_device){
			.path = default_devices[i].path,
			.type = "c",
			.major = { true, default_devices[i].major },
			.minor = { true, default_devices[i].minor },
		};
	}
	if (spec->devices.count)
		memcpy(all + n, spec->devices.items, spec->devices.count * sizeof(*all));
	init->devices = (struct wabe_list){ all, n + spec->devices.count };
	return 0;
}

static mode_t device_type(const struct wabe_spec_device *d)
{
	return d->type[0] == 'b' ? S_IFBLK : d->type[0] == 'p' ? S_IFIFO : S_IFCHR;
}

static bool is_that_device(const struct stat *st, const struct wabe_spec_device *d)
{
	return (st->st_mode & S_IFMT) == device_type(d) && S_ISFIFO(st->st_mode)
		       ? true
		       : (st->st_mode & S_IFMT) == device_type(d) &&
				 (int64_t)major(st->st_rdev) == d->major.value &&
				 (int64_t)minor(st->st_rdev) == d->minor.value;
}

/* A user namespace has no mknod: the host's node is bound. It must be the device that was asked for. */
static int open_host_node(const struct wabe_spec_device *d, struct wabe_error *err)
{
	_cleanup_close_ int fd = wabe_mount_clone_private(d->path, err);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return wabe_error_set(err, -errno, "look at %s", d->path);
	if (!is_that_device(&st, d))
		return wabe_error_say(
			err, -EINVAL,
			"device %s: the host's %s is another one, and a user namespace can't make nodes",
			d->path, d->path);
	return TAKE_FD(fd);
}

/* Names the device number @i of the list, where the configuration has it: the defaults stand before those. */
static int blame(const struct wabe_init *init, size_t i, int r, struct wabe_error *err)
{
	size_t first = init->devices.count - init->spec->devices.count;

	if (i >= first)
		wabe_error_prefix(err, "linux.devices[%zu]", i - first);
	return r;
}

int wabe_devices_prepare(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_spec_device *d;
	int r;

	if (wabe_init_dev_is_bound(init))
		return 0;
	r = collect(init, err);
	if (r < 0 || !init->has_userns)
		return r;
	init->device_fds = wabe_arena_array(&init->arena, init->devices.count, sizeof(int));
	if (!init->device_fds)
		return wabe_error_set(err, -ENOMEM, "devices");
	memset(init->device_fds, 0xff, init->devices.count * sizeof(int));
	d = init->devices.items;
	for (size_t i = 0; i < init->devices.count; i++) {
		if (device_type(&d[i]) == S_IFIFO)
			continue;
		init->device_fds[i] = open_host_node(&d[i], err);
		if (init->device_fds[i] < 0)
			return blame(init, i, init->device_fds[i], err);
	}
	return 0;
}

static int bind_node(struct wabe_init *init, const struct wabe_spec_device *d, int source_fd,
		     struct wabe_error *err)
{
	_cleanup_close_ int target_fd = wabe_path_touch_in(init->rootfs_fd, d->path, err);

	return target_fd < 0 ? target_fd : wabe_mount_attach(source_fd, target_fd, d->path, err);
}

/* The directory of @path below the root, and the name in it. /dev itself must not be a link. */
static int open_device_dir(struct wabe_init *init, const char *path, const char **ret_name,
			   struct wabe_error *err)
{
	const char *slash = strrchr(path, '/');
	char dir[256];

	*ret_name = slash + 1;
	if (snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path) >= (int)sizeof(dir))
		return wabe_error_set(err, -ENAMETOOLONG, "device %s", path);
	return wabe_path_mkdir_in(init->rootfs_fd, dir[0] ? dir : "/", 0755, err);
}

/* Root of a user namespace in which we are ourselves has no mknod either; the path is still the host's here. */
static int bind_instead(struct wabe_init *init, const struct wabe_spec_device *d,
			struct wabe_error *err)
{
	_cleanup_close_ int source_fd = open_host_node(d, err);

	return source_fd < 0 ? source_fd : bind_node(init, d, source_fd, err);
}

static int node_failed(struct wabe_init *init, const struct wabe_spec_device *d, int at,
		       const char *name, struct wabe_error *err)
{
	int code = -errno;
	struct stat st;

	if (code == -EPERM && device_type(d) != S_IFIFO)
		return bind_instead(init, d, err);
	if (code != -EEXIST)
		return wabe_error_set(err, code, "make device %s", d->path);
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !is_that_device(&st, d))
		return wabe_error_say(err, -EEXIST, "device %s: the root has something else there",
				      d->path);
	return 0;
}

static int make_node(struct wabe_init *init, const struct wabe_spec_device *d, int dev_fd,
		     struct wabe_error *err)
{
	mode_t mode = d->file_mode.is_set ? (mode_t)d->file_mode.value & 07777 : 0666;
	_cleanup_close_ int dir_fd = -EBADF;
	const char *name = d->path + strlen("/dev/");
	int at = dev_fd;

	if (strncmp(d->path, "/dev/", 5) != 0 || strchr(name, '/'))
		at = dir_fd = open_device_dir(init, d->path, &name, err);
	if (at < 0)
		return at;
	/* The umask is 0 here. */
	if (mknodat(at, name, device_type(d) | mode,
		    makedev((unsigned)d->major.value, (unsigned)d->minor.value)) < 0)
		return node_failed(init, d, at, name, err);
	if ((d->uid.value || d->gid.value) &&
	    fchownat(at, name, (uid_t)d->uid.value, (gid_t)d->gid.value, AT_SYMLINK_NOFOLLOW) < 0)
		return wabe_error_set(err, -errno, "give device %s to %u:%u", d->path,
				      (unsigned)d->uid.value, (unsigned)d->gid.value);
	return 0;
}

static int make_links(int dev_fd, struct wabe_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i].target, dev_fd, links[i].name) < 0 && errno != EEXIST)
			return wabe_error_set(err, -errno, "link /dev/%s", links[i].name);
	return 0;
}

int wabe_devices_mkdir(const struct wabe_init *init, const char *path)
{
	const char *name = path + strlen("/dev/");

	if (init->dev_fd < 0 || !wabe_str_starts(path, "/dev/") || strchr(name, '/'))
		return -ENOENT;
	return mkdirat(init->dev_fd, name, 0755) < 0 ? -errno : 0;
}

void wabe_devices_note(struct wabe_init *init, const struct wabe_init_mount *m)
{
	if (strcmp(m->destination, "/dev") != 0)
		return;
	init->dev_fd = m->source_fd >= 0 || strcmp(m->spec->type, "tmpfs") != 0
			       ? -EBADF
			       : wabe_path_open_strict(init->rootfs_fd, "/dev",
						       O_PATH | O_DIRECTORY, 0, NULL);
}

/* Are all in a /dev that we made, where no link leads elsewhere? */
static bool stay_in_dev(const struct wabe_init *init)
{
	const struct wabe_spec_device *d = init->devices.items;

	for (size_t i = 0; i < init->devices.count; i++)
		if (!wabe_str_starts(d[i].path, "/dev/") || strchr(d[i].path + 5, '/'))
			return false;
	return init->dev_fd >= 0;
}

int wabe_devices_make(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_spec_device *d = init->devices.items;
	int dev_fd, r;

	if (wabe_init_dev_is_bound(init))
		return 0;
	r = stay_in_dev(init) ? 0 : wabe_rootfs_settle(init, err);
	if (r < 0)
		return r;
	dev_fd = init->dev_fd; /* swept */
	if (dev_fd < 0)
		dev_fd = wabe_path_open_strict(init->rootfs_fd, "/dev", O_PATH | O_DIRECTORY, 0,
					       NULL);
	if (dev_fd == -ENOENT)
		dev_fd = wabe_path_mkdir_in(init->rootfs_fd, "/dev", 0755, NULL);
	if (dev_fd < 0)
		return wabe_error_set(err, dev_fd,
				      "open /dev of the container (it must be a directory)");
	for (size_t i = 0; i < init->devices.count; i++) {
		int source_fd = init->device_fds ? init->device_fds[i] : -EBADF;

		r = source_fd >= 0 ? bind_node(init, &d[i], source_fd, err)
				   : make_node(init, &d[i], dev_fd, err);
		if (r < 0)
			return blame(init, i, r, err);
	}
	return make_links(dev_fd, err);
}

/* The slave becomes /dev/console by its descriptor: the path of a terminal can be swapped (CVE-2025-52565). */
static int bind_console(struct wabe_init *init, int slave_fd, struct wabe_error *err)
{
	_cleanup_close_ int target_fd = -EBADF, clone_fd = -EBADF;

	if (wabe_init_dev_is_bound(init))
		return 0;
	target_fd = wabe_path_open_strict(init->rootfs_fd, "/dev/console", O_PATH, 0, NULL);
	if (target_fd == -ENOENT)
		target_fd = wabe_path_touch_in(init->rootfs_fd, "/dev/console", NULL);
	if (target_fd < 0)
		return wabe_error_set(err, target_fd, "open /dev/console of the container");
	clone_fd = wabe_mount_clone(slave_fd, "", false, err);
	return clone_fd < 0 ? clone_fd
			    : wabe_mount_attach(clone_fd, target_fd, "/dev/console", err);
}

int wabe_console_make(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_spec_process *p = init->spec->process;
	_cleanup_close_ int pts_fd = -EBADF, master_fd = -EBADF, slave_fd = -EBADF;
	struct wabe_tty_size size;
	int r;

	if (!p || !p->terminal)
		return 0;
	size = (struct wabe_tty_size){ (uint16_t)p->console_size.height,
				       (uint16_t)p->console_size.width };
	/* It is checked to be a devpts: that of the container, made by its mounts. */
	pts_fd = wabe_path_open_strict(init->rootfs_fd, "/dev/pts", O_RDONLY | O_DIRECTORY, 0, err);
	if (pts_fd < 0)
		return wabe_error_prefix(err, "process.terminal");
	r = wabe_tty_open_pair(pts_fd, &size, &master_fd, &slave_fd, err);
	if (r == 0)
		r = wabe_tty_own(slave_fd, p->user.uid, err);
	if (r == 0)
		r = bind_console(init, slave_fd, err);
	if (r == 0)
		r = wabe_sync_send(init->theirs_fd, WABE_SYNC_CONSOLE, master_fd, err);
	return r < 0 ? r : wabe_tty_make_controlling(slave_fd, err);
}

/*
 * The mount that the terminal was opened on was copied since, and ttyname(3) finds no name for what is open on the old one.
 * What is opened in its place has to be the same.
 */
int wabe_console_reopen(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_spec_process *p = init->spec->process;
	_cleanup_close_ int root_fd = -EBADF;
	struct stat old, new;
	char path[32];
	int fd;

	if (!p || !p->terminal)
		return 0;
	root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0 || fstat(0, &old) < 0)
		return wabe_error_set(err, -errno, "look at the terminal");
	snprintf(path, sizeof(path), "/dev/pts/%u", minor(old.st_rdev));
	fd = wabe_path_open_strict(root_fd, path, O_RDWR | O_NOCTTY, 0, err);
	if (fd < 0)
		return fd;
	if (fstat(fd, &new) < 0 || old.st_dev != new.st_dev || old.st_ino != new.st_ino ||
	    old.st_rdev != new.st_rdev)
		return wabe_error_say(err, -EIO, "%s is not the terminal that was made", path);
	return wabe_tty_make_controlling(fd, err); /* the execve closes it */
}
