// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/tty: pseudo terminals, see the header.
 */
#include "sys/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"

static int open_master(int devpts_fd, struct wabe_error *err)
{
	_cleanup_close_ int fd =
		openat(devpts_fd, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
	struct statfs fs;

	if (fd < 0)
		return wabe_error_set(err, -errno, "open ptmx of the guest's devpts");
	/* Whoever passed a directory of another filesystem would let its owner choose the device.
	 */
	if (fstatfs(fd, &fs) < 0)
		return wabe_error_set(err, -errno, "stat ptmx of the guest's devpts");
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return wabe_error_say(err, -ENOTTY, "open ptmx: this directory is no devpts");
	return TAKE_FD(fd);
}

int wabe_tty_open_pair(int devpts_fd, const struct wabe_tty_size *size, int *ret_master_fd,
		       int *ret_slave_fd, struct wabe_error *err)
{
	_cleanup_close_ int master = open_master(devpts_fd, err);
	_cleanup_close_ int slave = -EBADF;
	int unlock = 0;

	if (master < 0)
		return master;
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return wabe_error_set(err, -errno, "unlock the pseudo terminal");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return wabe_error_set(err, -errno, "open the pseudo terminal's slave");
	if (size && (size->rows || size->columns)) {
		int r = wabe_tty_set_size(slave, size, err);

		if (r < 0)
			return r;
	}
	*ret_master_fd = TAKE_FD(master);
	*ret_slave_fd = TAKE_FD(slave);
	return 0;
}

int wabe_tty_own(int slave_fd, uid_t uid, struct wabe_error *err)
{
	if (fchown(slave_fd, uid, (gid_t)-1) < 0)
		return wabe_error_set(err, -errno, "give the terminal to user %u", uid);
	return 0;
}

int wabe_tty_make_controlling(int slave_fd, struct wabe_error *err)
{
	if (ioctl(slave_fd, TIOCSCTTY, 0) < 0)
		return wabe_error_set(err, -errno, "make the terminal the controlling one");
	for (int fd = 0; fd <= 2; fd++)
		/* dup2() on itself would leave close-on-exec set. */
		if (fd == slave_fd ? fcntl(fd, F_SETFD, 0) < 0 : dup2(slave_fd, fd) < 0)
			return wabe_error_set(err, -errno, "put the terminal on descriptor %d", fd);
	return 0;
}

int wabe_tty_get_size(int fd, struct wabe_tty_size *ret_size, struct wabe_error *err)
{
	struct winsize ws;

	if (ioctl(fd, TIOCGWINSZ, &ws) < 0)
		return wabe_error_set(err, -errno, "read the terminal's size");
	*ret_size = (struct wabe_tty_size){ .rows = ws.ws_row, .columns = ws.ws_col };
	return 0;
}

int wabe_tty_set_size(int fd, const struct wabe_tty_size *size, struct wabe_error *err)
{
	struct winsize ws = { .ws_row = size->rows, .ws_col = size->columns };

	if (ioctl(fd, TIOCSWINSZ, &ws) < 0)
		return wabe_error_set(err, -errno, "set the terminal's size");
	return 0;
}

int wabe_tty_raw(int fd, struct termios *ret_saved, struct wabe_error *err)
{
	struct termios saved, raw;

	if (tcgetattr(fd, &saved) < 0)
		return wabe_error_set(err, -errno, "read the terminal's settings");
	raw = saved;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return wabe_error_set(err, -errno, "set the terminal to raw mode");
	*ret_saved = saved;
	return 0;
}

int wabe_tty_restore(int fd, const struct termios *saved)
{
	return tcsetattr(fd, TCSADRAIN, saved) < 0 ? -errno : 0;
}
