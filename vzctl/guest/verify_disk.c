// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/verify: disk space, files, bandwidth and operations; see verify.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/blockdev.h"
#include "guest/layout.h"
#include "guest/quota.h"
#include "guest/verify.h"

#define SECONDS 60
#define FILES_US 20000000u
#define FILES_MAX 100000u /* more take too long to make */
#define RATE_US 2000000u  /* how long is measured */
#define REGION (4u << 20) /* where is written, over and over */
#define BLOCK (64u << 10)
#define SMALL_BLOCK 4096u
#define MB (1u << 20)

static void look_at_space(struct vz_probe *probe)
{
	struct statvfs fs;

	if (statvfs("/", &fs) < 0)
		return;
	probe->total = (uint64_t)fs.f_blocks * fs.f_frsize;
	probe->available = (uint64_t)fs.f_bavail * fs.f_frsize;
}

/* In the guest: blocks for a file of probe->wanted bytes. */
static int take_space(struct vz_probe *probe)
{
	int fd = vz_verify_scratch(0);

	if (fd < 0) {
		probe->error = -fd;
		return 1;
	}
	while (probe->bytes < probe->wanted) {
		if (fallocate(fd, 0, (off_t)probe->bytes, (off_t)probe->block) == 0) {
			probe->bytes += probe->block;
			continue;
		}
		probe->error = errno;
		if (errno == EINTR)
			continue;
		if ((errno != EDQUOT && errno != ENOSPC) || probe->block <= MB)
			break;
		probe->block /= 2;
	}
	look_at_space(probe);
	return 0;
}

static bool is_layout(struct vz_verify *v, const struct vz_layout *wanted)
{
	const struct vz_layout *layout = NULL;

	return vz_layout_of(v->g, &layout, NULL) == 0 && layout == wanted;
}

/* Layouts with a filesystem or a subvolume of their own limit by that. */
static bool has_quota(struct vz_verify *v)
{
	struct wabe_error reason = WABE_ERROR_INIT;
	const struct vz_layout *layout = NULL;

	if (vz_layout_of(v->g, &layout, NULL) == 0 && layout != &vz_layout_overlay &&
	    layout != &vz_layout_dir)
		return true;
	if (!vz_quota_is_wanted(v->g))
		vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-", "DISK_QUOTA is no");
	else if (wabe_quota_supported(v->g->conf.private, &reason) == 0)
		return true;
	else
		vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-", "%s", reason.text);
	return false;
}

/* What is left by then is less than a block, or the disk below is full. A subvolume's df(1) is of all the file system. */
static bool is_filled(struct vz_verify *v, uint64_t limit)
{
	const struct vz_probe *probe = v->probe;

	if ((probe->error != EDQUOT && probe->error != ENOSPC) || probe->bytes > limit)
		return false;
	if (is_layout(v, &vz_layout_btrfs))
		return probe->error == EDQUOT;
	return probe->total <= limit + MB && probe->available <= 8 * MB;
}

static int check_space(struct vz_verify *v, struct wabe_error *err)
{
	uint64_t limit = vz_param_bytes(v->params, VZ_PARAM_DISKSPACE).limit;
	int r;

	if (!has_quota(v))
		return 0;
	v->probe->wanted = limit + 16 * MB;
	v->probe->block = limit / 8 > MB ? limit / 8 / MB * MB : MB;
	r = vz_verify_inside(v, take_space, SECONDS, err);
	if (r < 0)
		return r;
	if (r == 0 && is_filled(v, limit))
		return vz_verify_say(v, VZ_VERDICT_PROVEN, "disk quota",
				     "a file of %" PRIu64 " MB filled it", v->probe->bytes / MB);
	if (r == 0 && v->probe->error == ENOSPC && v->probe->bytes < limit)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "disk quota",
				     "the disk below is full at %" PRIu64 " MB more",
				     v->probe->bytes / MB);
	return vz_verify_say(v, VZ_VERDICT_FAILED, "disk quota",
			     "a file of %" PRIu64 " MB, %" PRIu64 " MB left; then: %s",
			     v->probe->bytes / MB, v->probe->available / MB,
			     v->probe->error ? strerror(v->probe->error) : "no error");
}

/* Names are numbers. */
static void make_files(struct vz_probe *probe, int dir_fd)
{
	uint64_t end_us = vz_verify_clock_us() + FILES_US;

	while (probe->count < probe->wanted && vz_verify_clock_us() < end_us) {
		char name[24];
		int fd;

		snprintf(name, sizeof(name), "%" PRIu64, probe->count);
		fd = openat(dir_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0) {
			probe->error = errno;
			return;
		}
		close(fd);
		probe->count++;
	}
}

/* In the guest, in a directory of its own that goes again. */
static int take_files(struct vz_probe *probe)
{
	char path[48], name[24];
	unsigned int random = 0;
	int dir_fd;

	alarm(0); /* it must not be killed before it has cleaned up; it looks at the clock */
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return 1;
	snprintf(path, sizeof(path), "/.vzctl-verify-%08x", random);
	if (mkdir(path, 0700) < 0) {
		probe->error = errno;
		return 1;
	}
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir_fd >= 0)
		make_files(probe, dir_fd);
	for (uint64_t i = 0; dir_fd >= 0 && i < probe->count; i++) {
		snprintf(name, sizeof(name), "%" PRIu64, i);
		(void)unlinkat(dir_fd, name, 0);
	}
	if (dir_fd >= 0)
		close(dir_fd);
	return rmdir(path) < 0 ? 1 : dir_fd < 0;
}

static int check_inodes(struct vz_verify *v, struct wabe_error *err)
{
	uint64_t limit = vz_param_pair(v->params, VZ_PARAM_DISKINODES).limit;
	int r;

	if (is_layout(v, &vz_layout_btrfs) || is_layout(v, &vz_layout_image_xfs))
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-", "%s has no limit of inodes",
				     is_layout(v, &vz_layout_btrfs) ? "btrfs" : "xfs");
	if (!has_quota(v))
		return 0;
	if (limit > FILES_MAX)
		return vz_verify_say(v, VZ_VERDICT_IN_FORCE, "disk quota", "too many to make them");
	v->probe->wanted = limit + 1;
	r = vz_verify_inside(v, take_files, SECONDS, err);
	if (r < 0)
		return r;
	if (r == 0 && (v->probe->error == EDQUOT || v->probe->error == ENOSPC) &&
	    v->probe->count < limit)
		return vz_verify_say(v, VZ_VERDICT_PROVEN, "disk quota",
				     "%" PRIu64 " more files filled it", v->probe->count);
	return vz_verify_say(v, VZ_VERDICT_FAILED, "disk quota", "%" PRIu64 " files; then: %s",
			     v->probe->count,
			     v->probe->error ? strerror(v->probe->error) : "no error");
}

/* In the guest: write without the page cache, blocks of probe->block, for a while. */
static int write_blocks(struct vz_probe *probe)
{
	void *block = aligned_alloc(SMALL_BLOCK, probe->block);
	int fd = vz_verify_scratch(O_DIRECT);
	uint64_t start_us;

	if (fd < 0)
		fd = vz_verify_scratch(O_DSYNC);
	if (fd < 0 || !block) {
		probe->error = fd < 0 ? -fd : ENOMEM;
		return 1;
	}
	memset(block, 1, probe->block);
	start_us = vz_verify_clock_us();
	while (probe->elapsed_us < RATE_US) {
		off_t at = (off_t)(probe->bytes % REGION);

		if (pwrite(fd, block, probe->block, at) != (ssize_t)probe->block) {
			probe->error = errno;
			return 1;
		}
		probe->bytes += probe->block;
		probe->count++;
		probe->elapsed_us = vz_verify_clock_us() - start_us;
	}
	return 0;
}

static bool has_device(struct vz_verify *v)
{
	struct wabe_error reason = WABE_ERROR_INIT;
	struct vz_blockdevs devices;

	if (!wabe_cgroup_has(v->cgroup, "io"))
		vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-",
			      "the host has no cgroup controller \"io\"");
	else if (vz_blockdev_find(v->g->conf.private, &devices, &reason) < 0)
		vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-", "%s", reason.text);
	else
		return true;
	return false;
}

static const char *by_throttle(struct vz_verify *v)
{
	return wabe_cgroup_is_v1(v->cgroup, "blkio") ? "blkio.throttle" : "io.max";
}

/* @rate of @limit, each a second; what is much less says that the device is slower than that. */
static int judge_rate(struct vz_verify *v, uint64_t rate, uint64_t limit, const char *unit)
{
	if (rate > limit + limit / 4 + 2)
		return vz_verify_say(v, VZ_VERDICT_FAILED, by_throttle(v),
				     "%" PRIu64 " %s a second were written", rate, unit);
	if (rate < limit - limit / 4)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, by_throttle(v),
				     "something slower ends it: %" PRIu64 " %s a second", rate,
				     unit);
	return vz_verify_say(v, VZ_VERDICT_PROVEN, by_throttle(v),
			     "%" PRIu64 " %s a second were written", rate, unit);
}

static int measure(struct vz_verify *v, uint64_t block, struct wabe_error *err)
{
	int r;

	v->probe->block = block;
	r = vz_verify_inside(v, write_blocks, SECONDS, err);
	if (r <= 0)
		return r;
	vz_verify_say(v, VZ_VERDICT_FAILED, by_throttle(v), "nothing could be written: %s",
		      v->probe->error ? strerror(v->probe->error) : "it was killed");
	return 1;
}

/* A block that the limit on operations is no bound for. */
static uint64_t block_for(struct vz_verify *v, uint64_t bytes)
{
	uint64_t operations = vz_param_u64(v->params, VZ_PARAM_IOPSLIMIT), block = BLOCK;

	if (operations != 0 && bytes / operations * 2 > block)
		block = bytes / operations * 2 / SMALL_BLOCK * SMALL_BLOCK;
	return block > MB ? MB : block;
}

static int check_bytes(struct vz_verify *v, struct wabe_error *err)
{
	uint64_t limit = vz_param_u64(v->params, VZ_PARAM_IOLIMIT);
	int r;

	if (!has_device(v))
		return 0;
	r = measure(v, block_for(v, limit), err);
	if (r != 0)
		return r < 0 ? r : 0;
	return judge_rate(v, v->probe->bytes * 1000 / (v->probe->elapsed_us / 1000) / 1024,
			  limit / 1024, "KB");
}

static int check_operations(struct vz_verify *v, struct wabe_error *err)
{
	int r;

	if (!has_device(v))
		return 0;
	r = measure(v, SMALL_BLOCK, err);
	if (r != 0)
		return r < 0 ? r : 0;
	return judge_rate(v, v->probe->count * 1000 / (v->probe->elapsed_us / 1000),
			  vz_param_u64(v->params, VZ_PARAM_IOPSLIMIT), "operations");
}

/* The weight is there, or wabe_cgroup_limit() was not asked for it (guest/resources_io.c). */
static int check_ioprio(struct vz_verify *v, struct wabe_error *err)
{
	static const struct {
		const char *controller, *file;
	} files[] = {
		{ NULL, "io.weight" },
		{ NULL, "io.bfq.weight" },
		{ "blkio", "blkio.bfq.weight" },
		{ "blkio", "blkio.weight" },
	};
	bool is_v1 = wabe_cgroup_is_v1(v->cgroup, "blkio");
	char text[128];

	(void)err;
	if (!has_device(v))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if ((files[i].controller != NULL) != is_v1 ||
		    wabe_cgroup_read(v->cgroup, files[i].controller, files[i].file, text,
				     sizeof(text)) < 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		return vz_verify_say(v, VZ_VERDICT_IN_FORCE, files[i].file,
				     "%s: a share, it counts among guests", text);
	}
	return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-", "this kernel has neither iocost nor BFQ");
}

static bool is_diskquota(const struct vz_params *params)
{
	return !vz_param_has(params, VZ_PARAM_DISK_QUOTA) ||
	       vz_param_yes(params, VZ_PARAM_DISK_QUOTA);
}

static bool has_space(const struct vz_params *params)
{
	return is_diskquota(params) &&
	       vz_param_pair(params, VZ_PARAM_DISKSPACE).limit != VZ_UNLIMITED;
}

static bool has_inodes(const struct vz_params *params)
{
	return is_diskquota(params) &&
	       vz_param_pair(params, VZ_PARAM_DISKINODES).limit != VZ_UNLIMITED;
}

static const struct vz_verify_row rows[] = {
	{ VZ_PARAM_DISKSPACE, has_space, check_space },
	{ VZ_PARAM_DISKINODES, has_inodes, check_inodes },
	{ VZ_PARAM_IOPRIO, NULL, check_ioprio },
	{ VZ_PARAM_IOLIMIT, NULL, check_bytes },
	{ VZ_PARAM_IOPSLIMIT, NULL, check_operations },
};

const struct vz_verify_row *vz_verify_disk_rows(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(rows);
	return rows;
}
