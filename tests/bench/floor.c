// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/bench/floor: the least that a container costs on this kernel, to measure `wabe` against.
 *
 *     floor [--config] [--filter FILE] run CGROUP ROOTFS [VOLUMES COUNT]
 *     floor [--config] [--filter FILE] start CGROUP ROOTFS
 *     floor delete CGROUP
 *
 * run makes the cgroup CGROUP (a path below a cgroup v2 mount), clones into it with the namespaces of `wabe spec`, makes the
 * seven mounts of `wabe spec`, pivots, executes /bin/true, waits, removes the cgroup. With VOLUMES it also makes COUNT mounts on
 * /mnt/0, /mnt/1 ...: in turn a bind of VOLUMES/0 ..., a read-only one, a tmpfs. start executes /bin/pause, and ends when it runs;
 * delete ends that. It reads no configuration, keeps no state, checks no path, masks nothing, drops no right and makes no device.
 * With --config it does what the config of `wabe spec` asks for beyond that too, see floor_config.c. With --filter it loads the
 * seccomp program in FILE, an array of struct sock_filter.
 */
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOCKED (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define DELETE_TRIES 5000 /* a millisecond each */

struct floor {
	const char *cgroup, *rootfs, *program, *volumes;
	long volume_count;
	bool has_config;
	int filter_fd; /* < 0: none */
};

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

int floor_fail(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	return 1;
}

static int make_mounts(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (mounts[i].is_made && mkdir(mounts[i].path, 0755) < 0)
			return floor_fail(mounts[i].path);
		if (mount(mounts[i].type, mounts[i].path, mounts[i].type, mounts[i].flags,
			  mounts[i].data) < 0)
			return floor_fail(mounts[i].path);
	}
	return 0;
}

static int make_volume(const struct floor *f, long number)
{
	char source[4096], target[32];

	snprintf(source, sizeof(source), "%s/%ld", f->volumes, number);
	snprintf(target, sizeof(target), "mnt/%ld", number);
	if (number % 3 == 2)
		return mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m");
	if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) < 0)
		return -1;
	if (number % 3 == 0)
		return 0;
	return mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | LOCKED, NULL);
}

static int make_volumes(const struct floor *f)
{
	for (long i = 0; i < f->volume_count; i++)
		if (make_volume(f, i) < 0)
			return floor_fail(f->volumes);
	return 0;
}

/* The container's init. clone3 would root a cgroup namespace in the parent's cgroup, so it is unshared here. */
static int enter(const struct floor *f)
{
	char *const args[] = { (char *)f->program, NULL }, *const env[] = { NULL };

	if (unshare(CLONE_NEWCGROUP) < 0)
		return floor_fail("unshare");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return floor_fail("make / private");
	if (mount(f->rootfs, f->rootfs, NULL, MS_BIND, NULL) < 0 || chdir(f->rootfs) < 0)
		return floor_fail(f->rootfs);
	if (make_mounts() != 0 || make_volumes(f) != 0 || (f->has_config && floor_furnish() != 0))
		return 1;
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return floor_fail("pivot_root");
	if (f->has_config && floor_confine() != 0)
		return 1;
	if (f->filter_fd >= 0 && floor_filter(f->filter_fd) != 0)
		return 1;
	execve(f->program, args, env);
	return floor_fail(f->program);
}

/* The pid of the container's init, or -1 with the failure said. */
static pid_t clone_into(const struct floor *f, int cgroup_fd)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS |
			 CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)cgroup_fd,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		_exit(enter(f));
	if (pid < 0)
		floor_fail("clone");
	return (pid_t)pid;
}

static int make_cgroup(const struct floor *f)
{
	int fd = mkdir(f->cgroup, 0755) < 0 ? -1
					    : open(f->cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		floor_fail(f->cgroup);
	return fd < 0 || (f->has_config && floor_restrict(fd) != 0) ? -1 : fd;
}

static int run(const struct floor *f)
{
	int fd = make_cgroup(f), status;
	pid_t pid;

	if (fd < 0)
		return 1;
	pid = clone_into(f, fd);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		status = 1;
	if (rmdir(f->cgroup) < 0)
		return floor_fail(f->cgroup);
	return status == 0 ? 0 : 1;
}

/* A pipe's end that closes with the execve says when it runs; by then a failed init has ended, with the reason said. */
static int start(const struct floor *f)
{
	int fd = make_cgroup(f), ends[2];
	pid_t pid;
	char byte;

	if (fd < 0)
		return 1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return floor_fail("pipe");
	pid = clone_into(f, fd);
	close(ends[1]);
	if (pid < 0 || read(ends[0], &byte, 1) < 0)
		return 1;
	return waitpid(pid, NULL, WNOHANG) == 0 ? 0 : 1;
}

static int delete (const char *cgroup)
{
	struct timespec pause = { 0, 1000000 };
	int fd = open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int kill_fd = openat(fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);

	if (kill_fd < 0 || write(kill_fd, "1", 1) != 1)
		return floor_fail(cgroup);
	for (int i = 0; i < DELETE_TRIES; i++) {
		if (rmdir(cgroup) == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	return floor_fail(cgroup);
}

/* How many words the options are, or -1. */
static int options(struct floor *f, int argc, char **argv)
{
	int i = 1;

	*f = (struct floor){ .filter_fd = -1 };
	f->has_config = i < argc && strcmp(argv[i], "--config") == 0;
	i += f->has_config;
	if (i + 1 >= argc || strcmp(argv[i], "--filter") != 0)
		return i - 1;
	f->filter_fd = open(argv[i + 1], O_RDONLY | O_CLOEXEC);
	return f->filter_fd < 0 ? -1 : i + 1;
}

int main(int argc, char **argv)
{
	struct floor f;
	int count = options(&f, argc, argv);

	if (count < 0)
		return floor_fail("filter");
	argc -= count;
	argv += count;
	f.cgroup = argc > 2 ? argv[2] : NULL;
	f.rootfs = argc > 3 ? argv[3] : NULL;
	if (argc == 3 && strcmp(argv[1], "delete") == 0)
		return delete (f.cgroup);
	if (argc == 4 && strcmp(argv[1], "start") == 0) {
		f.program = "/bin/pause";
		return start(&f);
	}
	if ((argc == 4 || argc == 6) && strcmp(argv[1], "run") == 0) {
		f.program = "/bin/true";
		f.volumes = argc == 6 ? argv[4] : NULL;
		f.volume_count = argc == 6 ? strtol(argv[5], NULL, 10) : 0;
		return run(&f);
	}
	fputs("usage: floor [--config] [--filter FILE] run CGROUP ROOTFS [VOLUMES COUNT] | start CGROUP ROOTFS | delete CGROUP\n",
	      stderr);
	return 2;
}
