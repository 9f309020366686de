// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/namespace: clone3(2), setns(2), unshare(2); see namespace.h. */
#include "sys/namespace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/str.h"
#include "sys/pidfd.h"

/*
 * clone(2): ENOSPC, or EUSERS, is a limit in /proc/sys/user, of this user namespace or one above.
 * "No space left on device" would send its reader to the disk.
 */
static int refused(int code, const char *what, struct wabe_error *err)
{
	if (code == -ENOSPC || code == -EUSERS)
		return wabe_error_say(err, -EUSERS,
				      "%s: no more are allowed here (max_*_namespaces in "
				      "/proc/sys/user, or nested too deep)",
				      what);
	return wabe_error_set(err, code, "%s", what);
}

/* clone(2): all of 32 bits but those of the signal, which CLONE_NEWTIME is among. */
#define CLONE_BY_CLONE2 ((uint64_t)(UINT32_MAX & ~(uint32_t)CSIGNAL))

pid_t wabe_namespace_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd, struct wabe_error *err)
{
	int pidfd = -EBADF;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		/* clone3(2): with CLONE_PARENT the signal is that of the caller's parent. */
		.exit_signal = (flags & CLONE_PARENT) ? 0 : SIGCHLD,
	};
	long pid;

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	/*
	 * Filters can't look into clone3's struct, so that profiles refuse all of it (Docker's by ENOSYS, others by EPERM or death),
	 * and a hook or a helper may be started behind one: by clone(2), which every process that may fork has.
	 */
	if (cgroup_fd < 0 && !(args.flags & ~CLONE_BY_CLONE2))
		pid = syscall(SYS_clone, args.flags | args.exit_signal, NULL, &pidfd, NULL, NULL);
	else
		pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return refused(-errno, "start a process in new namespaces", err);
	if (pid > 0)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}

int wabe_namespace_join(int fd, int type, struct wabe_error *err)
{
	if (setns(fd, type) < 0)
		return wabe_error_set(err, -errno, "join namespaces 0x%x", (unsigned int)type);
	return 0;
}

int wabe_namespace_unshare(int flags, struct wabe_error *err)
{
	int code = unshare(flags) < 0 ? -errno : 0;
	char what[32];

	if (code == 0)
		return 0;
	snprintf(what, sizeof(what), "make namespaces 0x%x", (unsigned int)flags);
	return refused(code, what, err);
}

int wabe_namespace_open(const char *path, int type, struct wabe_error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int found;

	if (fd < 0)
		return wabe_error_set(err, -errno, "open namespace %s", path);
	found = ioctl(fd, NS_GET_NSTYPE);
	if (found < 0)
		return wabe_error_say(err, -EINVAL, "%s is not a namespace", path);
	if (found != type)
		return wabe_error_say(err, -EINVAL, "%s is a namespace of another type", path);
	return TAKE_FD(fd);
}

/* linux/proc_ns.h: PROC_USER_INIT_INO, part of the interface (ioctl_nsfs(2): NS_GET_ID and userspace know these) */
#define USER_INIT_INO 0xEFFFFFFDU

bool wabe_namespace_is_initial_user(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) == 0 && st.st_ino == USER_INIT_INO;
}

int wabe_namespace_same(const char *path, const char *name, struct wabe_error *err)
{
	char own[64];
	struct stat a, b;

	snprintf(own, sizeof(own), "/proc/self/ns/%s", name);
	if (stat(path, &a) < 0)
		return wabe_error_set(err, -errno, "look at namespace %s", path);
	if (stat(own, &b) < 0)
		return wabe_error_set(err, -errno, "look at namespace %s", own);
	return a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* Is the namespace that @fd is open on @wanted, or below it? Takes @fd. */
static bool is_within(int fd, const struct stat *wanted)
{
	struct stat st;

	while (fd >= 0) {
		bool is_it = fstat(fd, &st) == 0 && st.st_ino == wanted->st_ino &&
			     st.st_dev == wanted->st_dev;
		int parent = is_it ? -EBADF : ioctl(fd, NS_GET_PARENT);

		close(fd);
		if (is_it)
			return true;
		fd = parent; /* EPERM: above is nothing that we may see */
	}
	return false;
}

static int collect_pids(DIR *proc, const struct stat *wanted, struct wabe_buf *pids)
{
	struct dirent *e;

	while (errno = 0, (e = readdir(proc))) {
		char path[64];
		uint32_t pid;

		if (wabe_parse_u32(e->d_name, &pid) < 0)
			continue;
		snprintf(path, sizeof(path), "%u/ns/pid", pid);
		if (is_within(openat(dirfd(proc), path, O_RDONLY | O_CLOEXEC), wanted) &&
		    wabe_buf_add(pids, &pid, sizeof(pid)) < 0)
			return -ENOMEM;
	}
	return -errno;
}

int wabe_namespace_pids(pid_t pid, pid_t **ret_pids, size_t *ret_count, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf pids = WABE_BUF_INIT;
	_cleanup_closedir_ DIR *proc = opendir("/proc");
	struct stat wanted;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	if (!proc || stat(path, &wanted) < 0)
		return wabe_error_set(err, -errno, "look at %s", path);
	r = wabe_namespace_same(path, "pid", err);
	if (r != 0)
		return r < 0 ? r
			     : wabe_error_say(err, -EINVAL,
					      "process %d has no pid namespace of its own", pid);
	r = collect_pids(proc, &wanted, &pids);
	if (r < 0)
		return wabe_error_set(err, r, "read /proc");
	*ret_count = pids.len / sizeof(pid_t);
	*ret_pids = (pid_t *)(void *)TAKE_PTR(pids.data);
	return 0;
}

/* Who signals may be stopped by a guest, whom it is visible to. */
#define SIGNAL_TIMEOUT_MS 10000

static bool is_in(const struct stat *ns)
{
	struct stat own;

	return stat("/proc/self/ns/pid", &own) < 0 ||
	       (own.st_ino == ns->st_ino && own.st_dev == ns->st_dev);
}

/* kill(2): -1 is each process of the caller's pid namespace that it may signal but process 1 and itself, all at one moment. */
static void __attribute__((noreturn)) signal_inside(const struct stat *host, int signal)
{
	/* Whatever goes wrong: never those of the host. */
	if (is_in(host))
		_exit(EXDEV);
	_exit(kill(-1, signal) < 0 && errno != ESRCH ? errno : 0);
}

/* Its next child is in the namespace. The exit status is 0 or an errno. */
static void __attribute__((noreturn))
signal_stage(int pidfd, int types, const struct stat *host, int signal)
{
	int child_fd = -EBADF, status = 0;
	pid_t pid;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setns(pidfd, types) < 0)
		_exit(errno);
	pid = wabe_namespace_clone(0, -1, &child_fd, NULL);
	if (pid < 0)
		_exit(-pid);
	if (pid == 0)
		signal_inside(host, signal);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(errno);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EINTR);
}

int wabe_namespace_signal(int pidfd, bool is_by_userns, int signal, struct wabe_error *err)
{
	const int types = CLONE_NEWPID | (is_by_userns ? CLONE_NEWUSER : 0);
	_cleanup_close_ int stage_fd = -EBADF;
	int status = 0, waited, r;
	struct stat host;
	pid_t pid;

	if (stat("/proc/self/ns/pid", &host) < 0)
		return wabe_error_set(err, -errno, "look at /proc/self/ns/pid");
	pid = wabe_namespace_clone(0, -1, &stage_fd, err);
	if (pid == 0)
		signal_stage(pidfd, types, &host, signal);
	if (pid < 0)
		return pid;
	waited = wabe_pidfd_wait(stage_fd, SIGNAL_TIMEOUT_MS, err);
	if (waited < 0)
		(void)wabe_pidfd_signal(stage_fd, SIGKILL, NULL);
	r = wabe_pidfd_reap(pid, &status, waited < 0 ? NULL : err);
	if (r < 0 || waited < 0)
		return waited < 0 ? waited : r;
	r = WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
	/* clone(2): nobody is born any more in a namespace whose init has ended. */
	if (r == -ENOMEM)
		r = -ESRCH;
	return r < 0 ? wabe_error_set(err, r, "signal in its pid namespace") : 0;
}

/*
 * Born with our memory and our descriptors (and we sleep): the descriptor it opens is ours when it has ended. That the
 * memory is as good as before the sanitizers see in tests/unit/test_namespace.c, which they run.
 */
static int lower_child(void *arg)
{
	int *ret_fd = arg;

	*ret_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (*ret_fd < 0)
		*ret_fd = -errno;
	_exit(0);
}

#define LOWER_STACK_BYTES 16384

static int open_lower_mounts(struct wabe_error *err)
{
	const int flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_NEWUSER | CLONE_NEWNS |
			  SIGCHLD;
	_Alignas(16) char stack[LOWER_STACK_BYTES];
	int fd = -ESRCH;
	pid_t pid = clone(lower_child, stack + sizeof(stack), flags, &fd);

	if (pid < 0 && errno == EPERM)
		return wabe_error_set(
			err, -EPERM,
			"make a user namespace in the container's, to lock its mounts "
			"(is the sysctl kernel.unprivileged_userns_clone 0?)");
	if (pid < 0)
		return refused(-errno, "make a user namespace in the container's", err);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd < 0 ? wabe_error_set(err, fd, "open /proc/self/ns/mnt") : fd;
}

int wabe_namespace_enter_lower_mounts(struct wabe_error *err)
{
	_cleanup_close_ int fd = open_lower_mounts(err);

	return fd < 0 ? fd : wabe_namespace_join(fd, CLONE_NEWNS, err);
}

void wabe_namespace_clocks_from_zero(struct wabe_namespace_clocks *ret_clocks)
{
	struct timespec boot, mono;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	*ret_clocks = (struct wabe_namespace_clocks){ .monotonic = { -mono.tv_sec, 0 },
						      .boottime = { -boot.tv_sec, 0 } };
}

static int set_clocks(int proc_fd, const struct wabe_namespace_clocks *c, struct wabe_error *err)
{
	char text[128];

	snprintf(text, sizeof(text), "monotonic %lld %ld\nboottime %lld %ld\n",
		 (long long)c->monotonic.tv_sec, c->monotonic.tv_nsec,
		 (long long)c->boottime.tv_sec, c->boottime.tv_nsec);
	return wabe_file_write_at(proc_fd, "self/timens_offsets", text, err);
}

int wabe_namespace_new_time(int proc_fd, const struct wabe_namespace_clocks *offsets,
			    struct wabe_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (unshare(CLONE_NEWTIME) < 0)
		return refused(-errno, "make a time namespace", err);
	r = offsets ? set_clocks(proc_fd, offsets, err) : 0;
	if (r < 0)
		return r;
	/* So far it is that of children alone; only newer kernels than 6.1 enter it at an execve. */
	fd = openat(proc_fd, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return wabe_error_set(err, -errno, "open the time namespace");
	return wabe_namespace_join(fd, CLONE_NEWTIME, err);
}
