// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/box: a confined child process; see box.h. */
#include "tmpl/box.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

enum { BOX_ARCHIVE_FD = 3, BOX_REPORT_FD = 4, BOX_ROOT_FD = 5 };

/*
 * What a box may use of memory. zstd's largest window by default is 128 MiB, xz -9 wants 65 MiB; an
 * archive that asks for more is a bomb. Address sanitizer reserves terabytes, so such a build goes
 * without.
 */
#define BOX_MEMORY_MAX (1ul << 30)
#if defined(__SANITIZE_ADDRESS__)
#define BOX_HAS_MEMORY_MAX 0
#elif defined(__has_feature)
#define BOX_HAS_MEMORY_MAX (!__has_feature(address_sanitizer))
#else
#define BOX_HAS_MEMORY_MAX 1
#endif

/*
 * capabilities(7): to give files their owners, modes and file capabilities, nothing else. No
 * CAP_MKNOD: no devices.
 */
static const unsigned int box_caps[] = {
	CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETFCAP,
};

pid_t vz_box_clone(uint64_t flags, int *ret_pidfd, struct wabe_error *err)
{
	int pidfd = -EBADF;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t parent = getpid();
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0)
		return wabe_error_set(err, -errno, "make a process in new namespaces");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/*
		 * The parent may have died before; in a new pid namespace it has no number, so only
		 * the shared case can tell.
		 */
		if (!(flags & CLONE_NEWPID) && getppid() != parent)
			_exit(1);
		return 0;
	}
	*ret_pidfd = pidfd;
	return pid;
}

int vz_box_reap(pid_t pid, int pidfd, bool is_killed)
{
	int status;

	/* Through the pidfd and before it is waited for: the pid can't be somebody else's. */
	if (is_killed)
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

static int drop_capabilities(struct wabe_error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(box_caps); i++) {
		data[CAP_TO_INDEX(box_caps[i])].permitted |= CAP_TO_MASK(box_caps[i]);
		data[CAP_TO_INDEX(box_caps[i])].effective |= CAP_TO_MASK(box_caps[i]);
	}
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap) < 0)
			return wabe_error_set(err, -errno,
					      "drop capability %d from the bounding set", cap);
	if (syscall(SYS_capset, &header, data) < 0)
		return wabe_error_set(err, -errno, "drop capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return wabe_error_set(err, -errno, "set no_new_privs");
	return 0;
}

static int limit_resources(struct wabe_error *err)
{
	const struct {
		int resource;
		bool is_on;
		rlim_t max;
	} rows[] = {
		{ RLIMIT_CORE, true, 0 },
		{ RLIMIT_NOFILE, true, 64 },
		{ RLIMIT_AS, BOX_HAS_MEMORY_MAX, BOX_MEMORY_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rlimit limit;

		if (!rows[i].is_on || getrlimit((__rlimit_resource_t)rows[i].resource, &limit) < 0)
			continue;
		if (limit.rlim_max > rows[i].max)
			limit.rlim_cur = limit.rlim_max = rows[i].max;
		if (setrlimit((__rlimit_resource_t)rows[i].resource, &limit) < 0)
			return wabe_error_set(err, -errno, "lower a resource limit");
	}
	return 0;
}

/*
 * Put the three descriptors of the child on fixed numbers, /dev/null on the standard ones, and
 * close all others.
 */
static int keep_descriptors(struct vz_box *box, struct wabe_error *err)
{
	const int from[] = { box->archive_fd, box->report_fd, box->root_fd };
	int high[ARRAY_SIZE(from)];
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 16);
	for (int fd = 0; fd < 3; fd++)
		if (null_fd < 0 || dup2(null_fd, fd) < 0)
			return wabe_error_set(err, -errno, "open /dev/null");
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		if (high[i] < 0 || dup3(high[i], BOX_ARCHIVE_FD + (int)i, O_CLOEXEC) < 0)
			return wabe_error_set(err, -errno, "place descriptors");
	if (close_range(BOX_ROOT_FD + 1, UINT_MAX, 0) < 0)
		return wabe_error_set(err, -errno, "close descriptors");
	box->archive_fd = BOX_ARCHIVE_FD;
	box->report_fd = BOX_REPORT_FD;
	box->root_fd = BOX_ROOT_FD;
	return 0;
}

static int confine(struct vz_box *box, struct wabe_error *err)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return wabe_error_set(err, -errno, "make mounts private");
	if (keep_descriptors(box, err) < 0)
		return err->code;
	if (fchdir(box->root_fd) < 0 || chroot(".") < 0)
		return wabe_error_set(err, -errno, "enter the template's tree");
	umask(022);
	if (limit_resources(err) < 0)
		return err->code;
	return drop_capabilities(err);
}

static __attribute__((noreturn)) void box_child(struct vz_box *box, const struct vz_box_job *job)
{
	struct vz_box_report *report = &box->counts;
	struct wabe_error *err = &report->err;
	int r = 0;

	if (job->prepare)
		r = job->prepare(job->data, err);
	if (r >= 0)
		r = confine(box, err);
	if (r >= 0)
		r = job->run(box, job->data, err);
	report->kind = r < 0 ? VZ_BOX_FAILED : VZ_BOX_DONE;
	wabe_fd_send(box->report_fd, report, sizeof(*report), -EBADF);
	_exit(r < 0);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void vz_box_progress(struct vz_box *box, uint64_t position)
{
	uint64_t tick = now_ms() / 100;

	if (box->last_tick == tick)
		return;
	box->last_tick = tick;
	box->counts.kind = VZ_BOX_PROGRESS;
	box->counts.position = position;
	/* Nobody listening any more means that the parent is gone, and PR_SET_PDEATHSIG comes. */
	wabe_fd_send(box->report_fd, &box->counts, sizeof(box->counts), -EBADF);
}

static void show_progress(const struct vz_box_job *job, const struct vz_template_watch *watch,
			  const struct vz_box_report *report)
{
	char text[96];
	int percent = -1;

	if (!watch || !watch->progress)
		return;
	if (job->total)
		percent = (int)(report->position >= job->total
					? 99
					: report->position * 100 / job->total);
	snprintf(text, sizeof(text), "%s: %llu files, %llu MB", job->verb,
		 (unsigned long long)report->files, (unsigned long long)(report->bytes >> 20));
	watch->progress(watch->data, percent, text);
}

/* Reports until the child's last one. The descriptors stay the caller's. */
static int follow(const struct vz_box_job *job, const struct vz_template_watch *watch, int sock,
		  struct vz_box_report *report, struct wabe_error *err)
{
	struct pollfd fds[] = {
		{ .fd = sock, .events = POLLIN },
		{ .fd = watch ? watch->cancel_fd : -EBADF, .events = POLLIN },
	};

	for (;;) {
		ssize_t got;

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return wabe_error_set(err, -errno, "wait for the archive's reader");
		}
		if (fds[1].revents)
			return wabe_error_say(err, -ECANCELED, "interrupted");
		got = wabe_fd_recv(sock, report, sizeof(*report), NULL);
		if (got < 0)
			return wabe_error_set(err, (int)got, "hear from the archive's reader");
		if (got != sizeof(*report))
			return wabe_error_say(err, -EBADMSG, "the archive's reader died");
		if (report->kind != VZ_BOX_PROGRESS)
			return 0;
		show_progress(job, watch, report);
	}
}

int vz_box_run(const struct vz_box_job *job, const struct vz_template_watch *watch,
	       struct vz_box_report *ret_counts, struct wabe_error *err)
{
	const uint64_t flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
			       CLONE_NEWUTS;
	struct vz_box box = { .root_fd = job->root_fd, .archive_fd = job->archive_fd };
	struct vz_box_report report = { .kind = VZ_BOX_FAILED };
	int pair[2], pidfd = -EBADF, r, status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return wabe_error_set(err, -errno, "make a socket pair");
	_cleanup_close_ int ours = pair[0], theirs = pair[1];

	pid = vz_box_clone(flags, &pidfd, err);
	if (pid < 0)
		return pid;
	if (pid == 0) {
		box.report_fd = theirs;
		box_child(&box, job);
	}
	wabe_cleanup_close(&theirs);
	r = follow(job, watch, ours, &report, err);
	status = vz_box_reap(pid, pidfd, true);
	wabe_cleanup_close(&pidfd);
	if (r == -EBADMSG && status >= 0 && WIFSIGNALED(status))
		return wabe_error_say(err, r, "the archive's reader was killed by signal %d",
				      WTERMSIG(status));
	if (r < 0)
		return r;
	if (report.kind == VZ_BOX_FAILED) {
		if (err)
			*err = report.err;
		return report.err.code < 0 ? report.err.code : -EIO;
	}
	*ret_counts = report;
	return 0;
}
