// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/lsm, and what it stands on: files of a procfs that are what they say (base/path.h, wabe_path_open_proc()). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "sys/lsm.h"
#include "tap.h"

/* A directory that looks like a procfs. */
static int forge(char *dir)
{
	_cleanup_close_ int fd = -EBADF, file_fd = -EBADF;

	if (!mkdtemp(dir))
		return -errno;
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || mkdirat(fd, "thread-self", 0755) < 0 ||
	    mkdirat(fd, "thread-self/attr", 0755) < 0 ||
	    mkdirat(fd, "thread-self/attr/apparmor", 0755) < 0)
		return -errno;
	file_fd = openat(fd, "thread-self/attr/exec", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (file_fd < 0 || symlinkat("../exec", fd, "thread-self/attr/apparmor/exec") < 0)
		return -errno;
	return TAKE_FD(fd);
}

static void unforge(const char *dir, int fd)
{
	static const char *const files[] = { "thread-self/attr/apparmor/exec",
					     "thread-self/attr/exec" };
	static const char *const dirs[] = { "thread-self/attr/apparmor", "thread-self/attr",
					    "thread-self" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		(void)unlinkat(fd, files[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		(void)unlinkat(fd, dirs[i], AT_REMOVEDIR);
	(void)rmdir(dir);
}

static void test_forged(struct tap *t)
{
	char dir[] = "/tmp/test_lsm.XXXXXX";
	_cleanup_close_ int fd = forge(dir);
	struct wabe_error err = WABE_ERROR_INIT;
	struct stat st;

	if (!tap_ok(t, fd >= 0, "a directory that looks like a procfs"))
		return;
	tap_int(t, wabe_path_open_proc(fd, "thread-self/attr/exec", O_WRONLY, &err), -EPERM,
		"is found out");
	tap_has(t, err.text, "not on a procfs", "and said");
	for (int file = 0; file < WABE_LSM_FILE_MAX; file++)
		tap_ok(t, wabe_lsm_write(fd, file, "label", &err) < 0, "no label goes to it, %d",
		       file);
	tap_ok(t, fstatat(fd, "thread-self/attr/exec", &st, 0) == 0 && st.st_size == 0,
	       "nothing was written");
	unforge(dir, fd);
}

static void test_real(struct tap *t, int proc_fd)
{
	struct wabe_error err = WABE_ERROR_INIT;
	_cleanup_close_ int fd = wabe_path_open_proc(proc_fd, "thread-self/status", O_RDONLY, &err);

	tap_ok(t, fd >= 0, "a file of the real one");
	tap_int(t, wabe_path_open_proc(proc_fd, "self/root/etc/passwd", O_RDONLY, &err), -ELOOP,
		"magic links are not followed");
	tap_int(t, wabe_path_open_proc(proc_fd, "self/none", O_RDONLY, &err), -ENOENT,
		"what isn't there");
}

/* What somebody mounts over a part of /proc. */
static void test_covered(struct tap *t, int proc_fd)
{
	struct wabe_error err = WABE_ERROR_INIT;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		tap_skip(t, "covered files: needs root");
		return;
	}
	close(proc_fd);
	proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	tap_int(t, mount("/proc/version", "/proc/thread-self/status", NULL, MS_BIND, NULL), 0,
		"a bind mount over a file");
	tap_int(t, wabe_path_open_proc(proc_fd, "thread-self/status", O_RDONLY, &err), -EXDEV,
		"is not followed, though it is of a procfs too");
	tap_int(t, umount2("/proc/thread-self/status", MNT_DETACH), 0, "taken away");
	tap_int(t, mount("none", "/proc/thread-self/fdinfo", "tmpfs", 0, NULL), 0,
		"a tmpfs over a directory");
	tap_int(t, wabe_path_open_proc(proc_fd, "thread-self/fdinfo", O_RDONLY, &err), -EXDEV,
		"is not followed");
	close(proc_fd);
}

/* Where a module is off, it is said; the attribute files of the kernel refuse what no module takes. */
static void test_modules(struct tap *t, int proc_fd)
{
	struct wabe_error err = WABE_ERROR_INIT;
	int r = wabe_lsm_need_apparmor(&err);

	tap_ok(t, r == 0 || r == -ENOTSUP, "AppArmor is there or not");
	if (r < 0)
		tap_str(t, err.text, "AppArmor is not enabled on this kernel", "and it is said");
	if (r < 0)
		tap_ok(t, wabe_lsm_write(proc_fd, WABE_LSM_APPARMOR_EXEC, "x", &err) < 0,
		       "nobody takes its label");
	else
		tap_int(t, wabe_lsm_write(proc_fd, WABE_LSM_APPARMOR_EXEC, "no-such-profile", &err),
			-ENOENT, "a profile that isn't loaded");
	r = wabe_lsm_need_selinux(&err);
	tap_ok(t, r == 0 || r == -ENOTSUP, "SELinux is there or not");
	if (r < 0)
		tap_str(t, err.text, "SELinux is not enabled on this kernel", "and it is said");
}

int main(void)
{
	struct tap t = TAP_INIT;
	int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	test_forged(&t);
	test_real(&t, proc_fd);
	test_modules(&t, proc_fd);
	test_covered(&t, proc_fd);
	return tap_end(&t);
}
