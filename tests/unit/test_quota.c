// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/unit/test_quota: project quota. WABE_TEST_QUOTA names a directory on a filesystem that has
 * it (tests/lab sets it); without it the refusals are tested, which need no such filesystem.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sys/capability.h"
#include "sys/quota.h"
#include "tap.h"

#define MIB (UINT64_C(1) << 20)
#define PROJECT 4711

static void test_refusals(struct tap *t)
{
	const struct wabe_quota_limits block = { .block_soft_bytes = 2 * MIB,
						 .block_hard_bytes = MIB };
	const struct wabe_quota_limits inode = { .inode_soft = 2, .inode_hard = 1 };
	_cleanup_close_ int proc = open("/proc", O_RDONLY | O_CLOEXEC);
	struct wabe_error err = WABE_ERROR_INIT;

	tap_int(t, wabe_quota_supported("/proc", &err), -ENOTSUP, "proc has no quota");
	tap_has(t, err.text, "/proc: ", "the path is in the text");
	tap_has(t, err.text, "quota", "so is what is missing");
	tap_int(t, wabe_quota_supported("/no/such/place", &err), -ENOENT, "a missing directory");
	tap_int(t, wabe_quota_set(proc, 0, &inode, &err), -EINVAL, "project 0");
	tap_int(t, wabe_quota_set(proc, UINT32_MAX, &inode, &err), -EINVAL, "project 2^32 - 1");
	tap_int(t, wabe_quota_set(proc, PROJECT, &block, &err), -EINVAL,
		"disk space: soft above hard");
	tap_has(t, err.text, "2097152", "the value is in the text");
	tap_int(t, wabe_quota_set(proc, PROJECT, &inode, &err), -EINVAL, "inodes: soft above hard");
	tap_int(t, wabe_quota_clear(proc, PROJECT, &err), -ENOTSUP,
		"limits where there is no quota");
	tap_int(t, wabe_quota_get(proc, PROJECT, &(struct wabe_quota_usage){ 0 }, &err), -ENOTSUP,
		"usage neither");
	tap_int(t, wabe_quota_assign(proc, PROJECT, &err), -ENOTSUP, "nor a project id");
	tap_int(t, wabe_quota_assign(proc, 0, &err), -EINVAL, "project id 0");
}

/* A filesystem of its own, detached: tmpfs has user quota at most. */
static void test_tmpfs(struct tap *t)
{
	_cleanup_close_ int fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	_cleanup_close_ int dir = -EBADF;
	struct wabe_error err = WABE_ERROR_INIT;
	char path[64];

	if (fs >= 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		dir = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	if (dir < 0) {
		tap_skip(t, "mounting a tmpfs needs root");
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	tap_int(t, wabe_quota_supported(path, &err), -ENOTSUP, "tmpfs has no project quota");
	tap_has(t, err.text, "tmpfs has no project quota", "and that is what is said");
}

/* Writes up to @want bytes to a new file; how many it got. */
static uint64_t fill(int dir, const char *name, uint64_t want)
{
	_cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	static const char chunk[1 << 16] = "x";
	uint64_t done = 0;

	while (fd >= 0 && done < want) {
		ssize_t n = write(fd, chunk, sizeof(chunk));

		if (n <= 0)
			break;
		done += (uint64_t)n;
	}
	if (fd >= 0)
		fsync(fd);
	return done;
}

static uint32_t project_of(int dir, const char *name)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	uint32_t project = UINT32_MAX;

	wabe_quota_project(fd, &project, NULL);
	return project;
}

static void test_space(struct tap *t, int dir)
{
	const struct wabe_quota_limits limits = { 3 * MIB + 1, 4 * MIB, 10, 20 };
	struct wabe_quota_usage usage = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	struct statfs fs;
	uint64_t got;

	tap_int(t, wabe_quota_set(dir, PROJECT, &limits, &err), 0, "set limits: %s", err.text);
	tap_int(t, wabe_quota_get(dir, PROJECT, &usage, &err), 0, "read them: %s", err.text);
	tap_ok(t,
	       usage.limits.block_hard_bytes == 4 * MIB &&
		       usage.limits.block_soft_bytes >= 3 * MIB + 1 &&
		       usage.limits.block_soft_bytes < 3 * MIB + 8192,
	       "bytes, rounded up");
	tap_ok(t, usage.limits.inode_soft == 10 && usage.limits.inode_hard == 20, "inodes");
	got = fill(dir, "big", 8 * MIB);
	tap_ok(t, got >= 3 * MIB && got <= 4 * MIB, "writing stops at the limit: %llu",
	       (unsigned long long)got);
	wabe_quota_get(dir, PROJECT, &usage, &err);
	tap_ok(t, usage.used_bytes >= got && usage.used_bytes <= 4 * MIB, "usage %llu",
	       (unsigned long long)usage.used_bytes);
	/* df shows the soft limit as the size when there is one (statfs of ext4 and xfs). */
	tap_ok(t, fstatfs(dir, &fs) == 0 && (uint64_t)fs.f_blocks * (uint64_t)fs.f_bsize <= 4 * MIB,
	       "df shows the limit: %llu",
	       (unsigned long long)fs.f_blocks * (unsigned long long)fs.f_bsize);
	tap_ok(t, fs.f_files <= 20, "df -i too: %llu", (unsigned long long)fs.f_files);
	tap_int(t, wabe_quota_clear(dir, PROJECT, &err), 0, "clear");
	tap_ok(t, fill(dir, "big2", 8 * MIB) == 8 * MIB, "then there is room");
	tap_ok(t,
	       wabe_quota_get(dir, PROJECT, &usage, &err) == 0 &&
		       usage.limits.block_hard_bytes == 0 && usage.used_bytes >= 11 * MIB,
	       "no limit, and usage");
	unlinkat(dir, "big", 0);
	unlinkat(dir, "big2", 0);
}

static void test_inodes(struct tap *t, int dir)
{
	const struct wabe_quota_limits limits = { .inode_hard = 12 };
	unsigned int made = 0;
	char name[16];

	tap_int(t, wabe_quota_set(dir, PROJECT, &limits, NULL), 0, "an inode limit alone");
	for (unsigned int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		made += fill(dir, name, 0) == 0 && faccessat(dir, name, F_OK, 0) == 0;
	}
	tap_ok(t, made >= 8 && made <= 12, "files stop at the limit: %u", made);
	wabe_quota_clear(dir, PROJECT, NULL);
	for (unsigned int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		unlinkat(dir, name, 0);
	}
}

static void test_tree(struct tap *t, int top)
{
	struct wabe_quota_usage usage = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	_cleanup_close_ int dir = -EBADF;

	mkdirat(top, "tree", 0700);
	dir = openat(top, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(dir, "a", 0700);
	mkdirat(dir, "a/b", 0700);
	fill(dir, "a/b/file", MIB);
	mkfifoat(dir, "pipe", 0600);
	tap_ok(t, symlinkat("..", dir, "a/up") == 0, "a link out of the tree");
	tap_int(t, wabe_quota_assign_tree(dir, PROJECT + 1, &err), 0, "a tree: %s", err.text);
	tap_int(t, project_of(dir, "."), PROJECT + 1, "its top");
	tap_int(t, project_of(dir, "a/b"), PROJECT + 1, "a directory below");
	tap_int(t, project_of(dir, "a/b/file"), PROJECT + 1, "a file below");
	tap_ok(t, project_of(top, ".") != PROJECT + 1, "what a link leads to is left alone");
	fill(dir, "a/b/new", 0);
	tap_int(t, project_of(dir, "a/b/new"), PROJECT + 1, "a new file inherits");
	wabe_quota_get(dir, PROJECT + 1, &usage, &err);
	tap_ok(t, usage.used_bytes >= MIB && usage.used_inodes >= 5, "all of it is counted");
	tap_int(t, wabe_quota_unassign(dir, &err), 0, "take the id off the top");
	tap_int(t, project_of(dir, "."), 0, "it has none");
	wabe_file_remove_tree_at(top, "tree", NULL);
}

/* ext4 holds no limit against CAP_SYS_RESOURCE of the host's root; a guest's root doesn't have that
 * one. */
static void become_limited(struct tap *t)
{
	struct wabe_capability_sets sets = { 0 };

	wabe_capability_get(&sets, NULL);
	sets.effective &= ~(UINT64_C(1) << CAP_SYS_RESOURCE);
	tap_int(t, wabe_capability_set(&sets, NULL), 0, "without CAP_SYS_RESOURCE");
}

static void test_real(struct tap *t, const char *path)
{
	_cleanup_close_ int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct wabe_error err = WABE_ERROR_INIT;
	_cleanup_close_ int dir = -EBADF;
	struct wabe_quota_usage usage = { .used_bytes = 1 };

	if (!tap_int(t, wabe_quota_supported(path, &err), 0, "supported: %s", err.text))
		return;
	become_limited(t);
	tap_int(t, wabe_quota_get(top, 999999, &usage, &err), 0, "an id never used: %s", err.text);
	tap_ok(t, usage.used_bytes == 0 && usage.limits.block_hard_bytes == 0, "has nothing");
	tap_ok(t, mkdirat(top, "guest", 0700) == 0, "a directory");
	dir = openat(top, "guest", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tap_int(t, wabe_quota_assign(dir, PROJECT, &err), 0, "assign: %s", err.text);
	tap_int(t, wabe_quota_assign(dir, PROJECT, &err), 0, "assign again");
	tap_int(t, project_of(top, "guest"), PROJECT, "it has the id");
	fill(dir, "inherits", 0);
	tap_int(t, project_of(dir, "inherits"), PROJECT, "its files too");
	test_space(t, dir);
	test_inodes(t, dir);
	test_tree(t, top);
	wabe_file_remove_tree_at(top, "guest", NULL);
}

int main(void)
{
	struct tap t = TAP_INIT;
	const char *path = getenv("WABE_TEST_QUOTA");

	test_refusals(&t);
	test_tmpfs(&t);
	if (path)
		test_real(&t, path);
	else
		tap_skip(&t, "WABE_TEST_QUOTA names no directory with project quota "
			     "(tests/lab/quota.bats does)");
	return tap_end(&t);
}
