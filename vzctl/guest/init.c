// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/init: finding init and knowing its ways; see init.h. */
#include "guest/init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/str.h"
#include "conf/exit.h"

static const char *const init_paths[] = { "/sbin/init", "/etc/init", "/bin/init",
					  "/lib/systemd/systemd", "/usr/lib/systemd/systemd" };

/* The last component of the program that the init's links lead to. */
static const struct wabe_name programs[] = {
	{ "systemd", VZ_INIT_SYSTEMD },
	{ "busybox", VZ_INIT_BUSYBOX },
	{ "busybox.static", VZ_INIT_BUSYBOX },
	{ "openrc-init", VZ_INIT_OPENRC },
	{ "runit", VZ_INIT_RUNIT },
	{ "runit-init", VZ_INIT_RUNIT },
	{ NULL, 0 },
};

static const struct wabe_name kinds[] = {
	{ "systemd", VZ_INIT_SYSTEMD },
	{ "busybox", VZ_INIT_BUSYBOX },
	{ "sysvinit", VZ_INIT_SYSVINIT },
	{ "openrc", VZ_INIT_OPENRC },
	{ "runit", VZ_INIT_RUNIT },
	{ "other", VZ_INIT_OTHER },
	{ NULL, 0 },
};

static const char *const telinit[] = { "/sbin/telinit", "0", NULL };
static const char *const halt[] = { "/sbin/halt", NULL };
static const char *const openrc_shutdown[] = { "/sbin/openrc-shutdown", "--poweroff", "now", NULL };

/* SIGRTMIN of both glibc and musl (signal(7)), as a constant. */
#define RTMIN 34

/*
 * SIGTERM for those whose signals say nothing about halting: an init that is a plain program ends
 * on it.
 */
static const struct vz_init_halt halts[VZ_INIT_MAX] = {
	/* systemd(1), "SIGNALS": SIGRTMIN+3 starts halt.target. */
	[VZ_INIT_SYSTEMD] = { .signal = RTMIN + 3 },
	/* busybox init: USR1 halts, USR2 powers off, TERM reboots. */
	[VZ_INIT_BUSYBOX] = { .signal = SIGUSR2 },
	[VZ_INIT_SYSVINIT] = { .signal = SIGPWR, .commands = { telinit, halt } },
	[VZ_INIT_OPENRC] = { .signal = SIGTERM, .commands = { openrc_shutdown, halt } },
	[VZ_INIT_RUNIT] = { .signal = SIGCONT, .commands = { halt } },
	[VZ_INIT_OTHER] = { .signal = SIGTERM, .commands = { halt } },
};

/* Open @path as the guest would; a descriptor of an executable regular file, or -errno. */
static int open_program(int root_fd, const char *path, struct stat *st)
{
	_cleanup_close_ int fd = wabe_path_open_in(root_fd, path, O_PATH, 0, NULL);

	if (fd < 0)
		return fd;
	if (fstat(fd, st) < 0)
		return -errno;
	if (!S_ISREG(st->st_mode) || !(st->st_mode & 0111))
		return -EACCES;
	return TAKE_FD(fd);
}

static bool is_same_file(int root_fd, const char *path, const struct stat *st)
{
	struct stat other;
	_cleanup_close_ int fd = open_program(root_fd, path, &other);

	return fd >= 0 && other.st_dev == st->st_dev && other.st_ino == st->st_ino;
}

static enum vz_init_kind guess_kind(int root_fd, int init_fd, const struct stat *st)
{
	char link[WABE_PATH_PROC_FD], target[PATH_MAX];
	ssize_t n = readlink(wabe_path_proc_fd(init_fd, link), target, sizeof(target) - 1);
	_cleanup_close_ int telinit_fd = -EBADF;
	const char *slash;
	long long kind;

	if (n > 0) {
		target[n] = '\0';
		slash = strrchr(target, '/');
		if (wabe_name_find(programs, slash ? slash + 1 : target, &kind) == 0)
			return (enum vz_init_kind)kind;
	}
	if (is_same_file(root_fd, "/bin/busybox", st))
		return VZ_INIT_BUSYBOX;
	telinit_fd = wabe_path_open_in(root_fd, "/sbin/telinit", O_PATH, 0, NULL);
	return telinit_fd >= 0 ? VZ_INIT_SYSVINIT : VZ_INIT_OTHER;
}

int vz_init_find(int root_fd, const char **ret_path, enum vz_init_kind *ret_kind,
		 struct wabe_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(init_paths); i++) {
		struct stat st;
		_cleanup_close_ int fd = open_program(root_fd, init_paths[i], &st);

		if (fd < 0)
			continue;
		*ret_path = init_paths[i];
		*ret_kind = guess_kind(root_fd, fd, &st);
		return 0;
	}
	return vz_error_say(
		err, VZ_EXIT_BROKEN_CT, -ENOENT,
		"Unable to start init: the guest has no executable /sbin/init, /etc/init, /bin/init or systemd");
}

const char *vz_init_name(enum vz_init_kind kind)
{
	return wabe_name_of(kinds, kind);
}

enum vz_init_kind vz_init_kind_of(const char *name)
{
	long long kind;

	if (!name || wabe_name_find(kinds, name, &kind) < 0)
		return VZ_INIT_OTHER;
	return (enum vz_init_kind)kind;
}

const struct vz_init_halt *vz_init_halt(enum vz_init_kind kind)
{
	return &halts[kind];
}

int vz_init_shell(int root_fd, const char **ret_path, struct wabe_error *err)
{
	static const char *const shells[] = { "/bin/bash", "/bin/sh" };

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		struct stat st;
		_cleanup_close_ int fd = open_program(root_fd, shells[i], &st);

		if (fd < 0)
			continue;
		*ret_path = shells[i];
		return 0;
	}
	return vz_error_say(err, VZ_EXIT_BROKEN_CT, -ENOENT,
			    "the guest has no executable /bin/bash or /bin/sh");
}
