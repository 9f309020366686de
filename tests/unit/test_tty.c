// SPDX-License-Identifier: GPL-2.0-or-later
/* tests/unit/test_tty: pseudo terminals of a devpts of their own, in a mount namespace of their
 * own. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/tty.h"
#include "tap.h"

/* A detached devpts, as the core makes it: no path leads to it. */
static int open_devpts(void)
{
	_cleanup_close_ int fs = (int)syscall(SYS_fsopen, "devpts", FSOPEN_CLOEXEC);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "ptmxmode", "0666", 0) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "max", "3", 0) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
}

static void test_size(struct tap *t, int master, int slave)
{
	const struct wabe_tty_size other = { 50, 132 };
	struct wabe_tty_size size = { 0 };

	tap_int(t, wabe_tty_get_size(master, &size, NULL), 0, "read the size");
	tap_ok(t, size.rows == 24 && size.columns == 80, "it is what was asked for");
	tap_int(t, wabe_tty_set_size(master, &other, NULL), 0, "set the size");
	tap_ok(t,
	       wabe_tty_get_size(slave, &size, NULL) == 0 && size.rows == 50 && size.columns == 132,
	       "the other side sees it");
}

static bool is_same(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
	       a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

static void test_raw(struct tap *t, int slave)
{
	struct termios before, saved, now;

	tcgetattr(slave, &before);
	tap_int(t, wabe_tty_raw(slave, &saved, NULL), 0, "raw mode");
	tcgetattr(slave, &now);
	tap_ok(t, !(now.c_lflag & (ICANON | ECHO | ISIG)) && !(now.c_oflag & OPOST),
	       "no echo, no lines, no signals");
	tap_ok(t, is_same(&before, &saved), "the former state is saved");
	tap_int(t, wabe_tty_restore(slave, &saved), 0, "restore");
	tcgetattr(slave, &now);
	tap_ok(t, is_same(&before, &now), "as before");
}

/* The child takes the terminal and writes to it through all three descriptors. */
static void test_controlling(struct tap *t, int master, int slave)
{
	static const char *const want = "in\r\nout\r\nerr\r\ncontrolling\r\n";
	char text[256] = "";
	size_t len = 0;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (setsid() < 0 || wabe_tty_make_controlling(slave, NULL) < 0)
			_exit(1);
		if (write(0, "in\n", 3) != 3 || write(1, "out\n", 4) != 4 ||
		    write(2, "err\n", 4) != 4)
			_exit(2);
		if (tcgetpgrp(0) == getpid() && write(1, "controlling\n", 12) != 12)
			_exit(3);
		_exit(fcntl(0, F_GETFD) | fcntl(1, F_GETFD) | fcntl(2, F_GETFD) ? 4 : 0);
	}
	tap_ok(t, waitpid(pid, &status, 0) == pid && status == 0, "a session takes the terminal");
	while (len < strlen(want)) {
		ssize_t n = read(master, text + len, sizeof(text) - 1 - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	tap_str(t, text, want, "what it wrote");
}

/* The slave is already one of 0, 1, 2: close-on-exec has to go. */
static void test_low_descriptor(struct tap *t, int slave)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (setsid() < 0 || dup3(slave, 1, O_CLOEXEC) < 0 ||
		    wabe_tty_make_controlling(1, NULL) < 0)
			_exit(1);
		_exit(fcntl(0, F_GETFD) | fcntl(1, F_GETFD) | fcntl(2, F_GETFD) ? 2 : 0);
	}
	tap_ok(t, waitpid(pid, &status, 0) == pid && status == 0,
	       "a slave that is descriptor 1 stays open over execve");
}

static void test_wrong(struct tap *t, int devpts)
{
	_cleanup_close_ int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char dir[] = "/tmp/wabe-test-tty.XXXXXX", link[64];
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_tty_size size;
	int a = -EBADF, b = -EBADF, c = -EBADF, r;
	int fake_dir;

	tap_int(t, wabe_tty_open_pair(tmp, NULL, &a, &b, &err), -ENOENT,
		"a directory without ptmx");
	fake_dir = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	snprintf(link, sizeof(link), "%s/ptmx", dir);
	tap_ok(t, symlink("/dev/ptmx", link) == 0, "a fake devpts with a link to the host's ptmx");
	tap_int(t, wabe_tty_open_pair(fake_dir, NULL, &a, &b, &err), -ELOOP, "is not followed");
	unlink(link);
	tap_ok(t, mkfifo(link, 0600) == 0, "a fake devpts with something else");
	tap_int(t, wabe_tty_open_pair(fake_dir, NULL, &a, &b, &err), -ENOTTY, "is noticed");
	tap_has(t, err.text, "no devpts", "and named");
	unlink(link);
	rmdir(dir);
	close(fake_dir);
	tap_int(t, wabe_tty_get_size(null, &size, NULL), -ENOTTY, "the size of no terminal");
	tap_int(t, wabe_tty_raw(null, &(struct termios){ 0 }, NULL), -ENOTTY,
		"raw mode of no terminal");
	tap_int(t, wabe_tty_restore(null, &(struct termios){ 0 }), -ENOTTY,
		"restoring no terminal");
	/* max=3, one is there already */
	r = wabe_tty_open_pair(devpts, NULL, &a, &b, NULL);
	if (tap_int(t, r, 0, "a second terminal")) {
		tap_int(t, wabe_tty_own(b, 1000, NULL), 0, "give it away");
		tap_int(t, wabe_tty_open_pair(devpts, NULL, &c, &c, NULL), 0, "a third one");
		tap_int(t, wabe_tty_open_pair(devpts, NULL, &c, &c, &err), -ENOSPC,
			"no more than max=");
		close(a);
		close(b);
	}
}

int main(void)
{
	struct tap t = TAP_INIT;
	_cleanup_close_ int devpts = open_devpts();
	const struct wabe_tty_size size = { 24, 80 };
	_cleanup_close_ int master = -EBADF;
	_cleanup_close_ int slave = -EBADF;
	struct wabe_error err = WABE_ERROR_INIT;
	struct stat st;

	if (devpts < 0) {
		tap_skip(&t, "mounting a devpts needs root");
		return tap_end(&t);
	}
	if (!tap_int(&t, wabe_tty_open_pair(devpts, &size, &master, &slave, &err), 0,
		     "a terminal: %s", err.text))
		return tap_end(&t);
	tap_ok(&t, fcntl(master, F_GETFD) == FD_CLOEXEC && fcntl(slave, F_GETFD) == FD_CLOEXEC,
	       "close-on-exec");
	tap_ok(&t, isatty(slave), "the slave is a terminal");
	tap_ok(&t, fstat(slave, &st) == 0 && fstatat(devpts, "0", &st, 0) == 0,
	       "it is number 0 of this devpts");
	test_size(&t, master, slave);
	test_raw(&t, slave);
	test_controlling(&t, master, slave);
	test_low_descriptor(&t, slave);
	tap_int(&t, wabe_tty_own(slave, 1000, NULL), 0, "give the slave to a user");
	tap_ok(&t, fstat(slave, &st) == 0 && st.st_uid == 1000, "it is the user's");
	test_wrong(&t, devpts);
	return tap_end(&t);
}
