// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/bench/floor: the least that starting a container costs on this kernel, to measure `wabe` against.
 *
 *     floor CGROUP ROOTFS
 *
 * Makes the cgroup CGROUP (a path below a cgroup v2 mount), clones into it with the namespaces of `wabe spec`, makes the seven
 * mounts of `wabe spec`, pivots, executes /bin/true, waits, removes the cgroup. It reads no configuration, keeps no state,
 * checks no path, masks nothing, drops no right and makes no device: what a runtime does beyond this is its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOCKED (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* The mounts of `wabe spec`; paths are relative to the root. Directories in /dev have to be made. */
static const struct {
	const char *path, *type, *data;
	unsigned long flags;
	bool is_made;
} mounts[] = {
	{ "proc", "proc", NULL, 0, false },
	{ "dev", "tmpfs", "mode=755,size=65536k", MS_NOSUID | MS_STRICTATIME, false },
	{ "dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC,
	  true },
	{ "dev/shm", "tmpfs", "mode=1777,size=65536k", LOCKED, true },
	{ "dev/mqueue", "mqueue", NULL, LOCKED, true },
	{ "sys", "sysfs", NULL, LOCKED | MS_RDONLY, false },
	{ "sys/fs/cgroup", "cgroup2", NULL, LOCKED | MS_RELATIME | MS_RDONLY, false },
};

static int fail(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	return 1;
}

static int make_mounts(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (mounts[i].is_made && mkdir(mounts[i].path, 0755) < 0)
			return fail(mounts[i].path);
		if (mount(mounts[i].type, mounts[i].path, mounts[i].type, mounts[i].flags,
			  mounts[i].data) < 0)
			return fail(mounts[i].path);
	}
	return 0;
}

/* The container's init. clone3 would root a cgroup namespace in the parent's cgroup, so it is unshared here. */
static int enter(const char *rootfs)
{
	char *const args[] = { "true", NULL }, *const env[] = { NULL };

	if (unshare(CLONE_NEWCGROUP) < 0)
		return fail("unshare");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail("make / private");
	if (mount(rootfs, rootfs, NULL, MS_BIND, NULL) < 0 || chdir(rootfs) < 0)
		return fail(rootfs);
	if (make_mounts() != 0)
		return 1;
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return fail("pivot_root");
	execve("/bin/true", args, env);
	return fail("/bin/true");
}

static int run(int cgroup_fd, const char *rootfs)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS |
			 CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)cgroup_fd,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	int status;

	if (pid == 0)
		_exit(enter(rootfs));
	if (pid < 0 || waitpid((pid_t)pid, &status, 0) < 0)
		return fail("clone");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	int fd, status;

	if (argc != 3) {
		fputs("usage: floor CGROUP ROOTFS\n", stderr);
		return 2;
	}
	if (mkdir(argv[1], 0755) < 0)
		return fail(argv[1]);
	fd = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	status = fd < 0 ? fail(argv[1]) : run(fd, argv[2]);
	if (rmdir(argv[1]) < 0)
		return fail(argv[1]);
	return status;
}
