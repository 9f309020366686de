// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/console: terminals of a guest; see console.h. */
#include "guest/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"
#include "guest/init.h"
#include "guest/run.h"

#define TTY_MAX 12 /* vzctl(8) of OpenVZ */

int vz_console_name(const char *word, char ret_name[VZ_EVENTD_TTY_MAX], struct wabe_error *err)
{
	const char *digits = word && wabe_str_starts(word, "tty") ? word + 3 : word;
	int number = 1;

	if (word && strcmp(word, VZ_CONSOLE_NAME) != 0 &&
	    wabe_parse_int(digits, 1, TTY_MAX, &number) < 0)
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
				    "terminal \"%s\": expected a number from 1 to %d", word,
				    TTY_MAX);
	if (number == 1)
		snprintf(ret_name, VZ_EVENTD_TTY_MAX, VZ_CONSOLE_NAME);
	else
		snprintf(ret_name, VZ_EVENTD_TTY_MAX, "tty%d", number);
	return 0;
}

/* A link of an earlier terminal gives way; what else the guest has there is its own. */
static int put_link(int dev_fd, const char *name, unsigned int number)
{
	char target[32], old[32];

	snprintf(target, sizeof(target), "pts/%u", number);
	if (readlinkat(dev_fd, name, old, sizeof(old)) > 0)
		(void)unlinkat(dev_fd, name, 0);
	return symlinkat(target, dev_fd, name) < 0 ? -errno : 0;
}

/* As the guest's root, who could do it itself: the directory and all in it are the guest's. */
static int link_as_guest(int root_fd, uint32_t uid, const char *name, unsigned int number,
			 struct wabe_error *err)
{
	_cleanup_close_ int dev_fd =
		wabe_path_open_strict(root_fd, "dev", O_PATH | O_DIRECTORY, 0, err);
	int r;

	if (dev_fd < 0)
		return dev_fd;
	setfsgid(uid);
	setfsuid(uid);
	r = put_link(dev_fd, name, number);
	setfsuid(0);
	setfsgid(0);
	return r < 0 ? wabe_error_set(err, r, "make /dev/%s in the guest", name) : 0;
}

static uint32_t guest_uid(const struct vz_guest *g)
{
	uint32_t uid = 0;

	(void)vz_guest_uid(g, &uid);
	return uid;
}

int vz_console_make(const struct vz_guest *g, const char *name, struct wabe_error *err)
{
	_cleanup_close_ int root_fd = vz_run_open_root(g, err);
	_cleanup_close_ int devpts_fd = -EBADF, master_fd = -EBADF, slave_fd = -EBADF;
	unsigned int number;
	int r;

	if (root_fd < 0)
		return root_fd;
	devpts_fd = wabe_path_open_strict(root_fd, "dev/pts", O_PATH | O_DIRECTORY, 0, err);
	if (devpts_fd < 0)
		return devpts_fd;
	r = wabe_tty_open_pair(devpts_fd, NULL, &master_fd, &slave_fd, err);
	if (r == 0)
		r = wabe_tty_own(slave_fd, guest_uid(g), err);
	if (r == 0 && ioctl(master_fd, TIOCGPTN, &number) < 0)
		r = wabe_error_set(err, -errno, "number of the terminal");
	if (r == 0)
		r = link_as_guest(root_fd, guest_uid(g), name, number, err);
	return r < 0 ? r : vz_eventd_keep(g->host, g->ctid, name, master_fd, err);
}

/*
 * systemd starts its getty when most of the boot is done, others' inits read their table first of all. Under emulation both take
 * some ten times as long as on a real host.
 */
static int64_t settling_ms(const struct vz_guest *g)
{
	switch (vz_init_kind_of(wabe_container_annotation(g->container, VZ_INIT_ANNOTATION))) {
	case VZ_INIT_SYSTEMD:
	case VZ_INIT_SYSVINIT:
	case VZ_INIT_OPENRC:
		return 60000;
	default:
		return 10000;
	}
}

bool vz_console_is_settled(const struct vz_guest *g)
{
	const int64_t tick_ms = 1000 / sysconf(_SC_CLK_TCK);
	const pid_t pid = wabe_container_pid(g->container);
	struct timespec now;
	bool is_zombie;
	uint64_t ticks;

	if (pid <= 0 || wabe_pidfd_start_time(pid, &ticks, &is_zombie, NULL) < 0)
		return false;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * INT64_C(1000) - (int64_t)ticks * tick_ms >= settling_ms(g);
}

int vz_console_login(struct vz_guest *g, const char *name, struct wabe_error *err)
{
	char path[VZ_EVENTD_TTY_MAX + 8], shell[128];
	const char *const agetty[] = { "/sbin/agetty", name, "linux", NULL };
	const char *const getty[] = { "/sbin/getty", "-L", "0", name, "linux", NULL };
	const char *const sh[] = { "/bin/sh", "-c", shell, NULL };
	const char *const *const commands[] = { agetty, getty, sh, NULL };
	pid_t pid;

	snprintf(path, sizeof(path), "/dev/%s", name);
	snprintf(shell, sizeof(shell), "exec /bin/sh -l <>%s >&0 2>&0", path);
	pid = vz_run_start(g, commands, -EBADF, err);
	return pid < 0 ? (int)pid : 0;
}
