// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/loop: loop devices by ioctl; see loop.h. */
#include "sys/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

/* Between "this one is free" and its use another may take it. */
#define TRIES 64

void wabe_loop_close(struct wabe_loop *loop)
{
	wabe_cleanup_close(&loop->fd);
}

static int open_device(const char *name, struct wabe_loop *ret_loop)
{
	struct wabe_loop loop = WABE_LOOP_INIT;

	snprintf(loop.path, sizeof(loop.path), "/dev/%s", name);
	loop.fd = open(loop.path, O_RDWR | O_CLOEXEC);
	if (loop.fd < 0)
		return -errno;
	*ret_loop = loop;
	return 0;
}

/* linux/loop.h: LOOP_CONFIGURE sets all at once, so nobody sees the device half made. */
static int configure(const struct wabe_loop *loop, int file_fd, uint32_t flags)
{
	const struct loop_config config = {
		.fd = (uint32_t)file_fd,
		.info = { .lo_flags = flags },
	};

	return ioctl(loop->fd, LOOP_CONFIGURE, &config) < 0 ? -errno : 0;
}

static int attach_to(const struct wabe_loop *loop, int file_fd)
{
	int r = configure(loop, file_fd, LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO);

	/* A file system without direct I/O (tmpfs before 6.6). */
	return r == -EINVAL ? configure(loop, file_fd, LO_FLAGS_AUTOCLEAR) : r;
}

static int attach_free(int control_fd, int file_fd, struct wabe_loop *ret_loop)
{
	_cleanup_(wabe_loop_close) struct wabe_loop loop = WABE_LOOP_INIT;
	int r, number = ioctl(control_fd, LOOP_CTL_GET_FREE);
	char name[16];

	if (number < 0)
		return -errno;
	snprintf(name, sizeof(name), "loop%d", number);
	r = open_device(name, &loop);
	if (r == 0)
		r = attach_to(&loop, file_fd);
	if (r < 0)
		return r;
	*ret_loop = loop;
	loop.fd = -EBADF;
	return 0;
}

int wabe_loop_attach(int file_fd, struct wabe_loop *ret_loop, struct wabe_error *err)
{
	_cleanup_close_ int control_fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int r = -EBUSY;

	if (control_fd < 0)
		return wabe_error_set(err, -errno, "open /dev/loop-control (module loop)");
	for (int i = 0; i < TRIES && r == -EBUSY; i++)
		r = attach_free(control_fd, file_fd, ret_loop);
	return r < 0 ? wabe_error_set(err, r, "make a loop device") : 0;
}

static bool is_over(const struct wabe_loop *loop, const struct stat *st)
{
	struct loop_info64 info;

	/* linux/loop.h: lo_device is the file's st_dev in the kernel's own coding, which huge_encode_dev() makes that of dev_t. */
	return ioctl(loop->fd, LOOP_GET_STATUS64, &info) == 0 && info.lo_inode == st->st_ino &&
	       major(info.lo_device) == major(st->st_dev) &&
	       minor(info.lo_device) == minor(st->st_dev);
}

static bool is_loop_in_use(int dir_fd, const char *name)
{
	char path[280];

	snprintf(path, sizeof(path), "%s/loop/backing_file", name);
	return wabe_str_starts(name, "loop") && faccessat(dir_fd, path, F_OK, 0) == 0;
}

int wabe_loop_find(int file_fd, struct wabe_loop *ret_loop, struct wabe_error *err)
{
	_cleanup_closedir_ DIR *dir = opendir("/sys/block");
	const struct dirent *e;
	struct stat st;

	if (!dir || fstat(file_fd, &st) < 0)
		return wabe_error_set(err, -errno, "look for the loop device of an image");
	while ((e = readdir(dir))) {
		struct wabe_loop loop = WABE_LOOP_INIT;

		if (!is_loop_in_use(dirfd(dir), e->d_name) || open_device(e->d_name, &loop) < 0)
			continue;
		if (is_over(&loop, &st)) {
			*ret_loop = loop;
			return 0;
		}
		wabe_loop_close(&loop);
	}
	return -ENOENT;
}

int wabe_loop_grow(const struct wabe_loop *loop, struct wabe_error *err)
{
	if (ioctl(loop->fd, LOOP_SET_CAPACITY) < 0)
		return wabe_error_set(err, -errno, "grow %s", loop->path);
	return 0;
}
