// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The box that archives are read in: what code in it can't do, and how its end reaches the parent.
 * Needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tap.h"
#include "tmpl/box.h"

/* Answers of the confined child, sent back in the counts. */
struct answer {
	const char *what;
	long long want;
};

static const struct answer answers[] = {
	{ "opens the host's files", -ENOENT },
	{ "opens what is beside the tree", -ENOENT },
	{ "mounts", -EPERM },
	{ "makes a device node", -EPERM },
	{ "signals its parent", -ESRCH },
	{ "has descriptors beyond the three", 0 },
	{ "changes its root", -EPERM },
	{ "gains privileges by exec", 1 },
	{ "makes a file with another owner", 0 },
	{ "reads other processes", -ENOENT },
};

static long long errno_of(long long result)
{
	return result < 0 ? -errno : result;
}

static int extra_descriptors(void)
{
	int count = 0;

	for (int fd = 6; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static long long try_out(const struct vz_box *box, size_t number, pid_t parent)
{
	switch (number) {
	case 0:
		return errno_of(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
	case 1:
		return errno_of(open("../beside", O_RDONLY | O_CLOEXEC));
	case 2:
		return errno_of(mount("none", "/", "tmpfs", 0, NULL));
	case 3:
		return errno_of(mknod("null", S_IFCHR | 0600, makedev(1, 3)));
	case 4:
		return errno_of(kill(parent, 0));
	case 5:
		return extra_descriptors();
	case 6:
		return errno_of(chroot("/"));
	case 7:
		return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	case 8:
		return errno_of(fchown(box->root_fd, 1000, 1000));
	default:
		return errno_of(open("/proc/1/status", O_RDONLY | O_CLOEXEC));
	}
}

static int run_answers(struct vz_box *box, void *data, struct wabe_error *err)
{
	const pid_t *parent = data;

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		long long got = try_out(box, i, *parent);

		if (got != answers[i].want)
			return wabe_error_say(err, -EINVAL, "%s: %lld instead of %lld",
					      answers[i].what, got, answers[i].want);
		box->counts.files++;
	}
	return 0;
}

static int run_crash(struct vz_box *box, void *data, struct wabe_error *err)
{
	(void)box, (void)data, (void)err;
	_exit(3);
}

static int run_for_ever(struct vz_box *box, void *data, struct wabe_error *err)
{
	(void)box, (void)data, (void)err;
	while (pause() < 0)
		;
	return 0;
}

static int run_failing(struct vz_box *box, void *data, struct wabe_error *err)
{
	(void)box, (void)data;
	return wabe_error_say(err, -EDOM, "as told");
}

static void test_box(struct tap *t, int root_fd, int null_fd)
{
	pid_t parent = getpid();
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_box_report counts = { 0 };
	struct vz_box_job job = {
		.root_fd = root_fd, .archive_fd = null_fd, .verb = "test", .data = &parent
	};
	struct vz_template_watch watch = { .cancel_fd = -EBADF };
	int ends[2];

	job.run = run_answers;
	if (!tap_int(t, vz_box_run(&job, NULL, &counts, &err), 0, "the child is confined"))
		printf("# %s\n", err.text);
	tap_int(t, (long long)counts.files, (long long)ARRAY_SIZE(answers),
		"all answers came back");

	job.run = run_failing;
	tap_int(t, vz_box_run(&job, NULL, &counts, &err), -EDOM, "the child's error comes back");
	tap_str(t, err.text, "as told", "with its text");

	job.run = run_crash;
	tap_int(t, vz_box_run(&job, NULL, &counts, &err), -EBADMSG,
		"a child that dies is an error");
	tap_has(t, err.text, "died", "that says so");

	job.run = run_for_ever;
	if (tap_ok(t, pipe2(ends, O_CLOEXEC) == 0, "a pipe")) {
		close(ends[1]);
		watch.cancel_fd = ends[0];
		tap_int(t, vz_box_run(&job, &watch, &counts, &err), -ECANCELED,
			"a call is cancelled");
		close(ends[0]);
	}
}

int main(void)
{
	struct tap t = TAP_INIT;
	char base[] = "/tmp/test_tmpl_box.XXXXXX";
	_cleanup_close_ int base_fd = -EBADF, root_fd = -EBADF, null_fd = -EBADF;

	if (geteuid() != 0) {
		tap_skip(&t, "not root: a box needs namespaces");
		return tap_end(&t);
	}
	if (!tap_ok(&t, mkdtemp(base) != NULL, "a place"))
		return tap_end(&t);
	base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(base_fd, "tree", 0755);
	mkdirat(base_fd, "beside", 0755);
	root_fd = openat(base_fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	test_box(&t, root_fd, null_fd);
	wabe_file_remove_tree_at(AT_FDCWD, base, NULL);
	return tap_end(&t);
}
