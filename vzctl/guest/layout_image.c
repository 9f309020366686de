// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/layout_image: layout "image": a file with a file system of its own, behind a loop device.
 *
 * The guest mounts nothing of it and never gets the device: what the kernel and e2fsck read there was written by kernels, through
 * a file system, not by the guest. The loop device goes away with its last mount. The image is locked (flock(2)) through the
 * descriptor that the loop device keeps, so that no second device, and no program, works on it at the same time.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "guest/convert.h"
#include "guest/copytree.h"
#include "guest/layout.h"
#include "guest/owner_quota.h"
#include "guest/program.h"

#define IMAGE VZ_LAYOUT_IMAGE_FILE
#define BLOCK_BYTES 4096u
#define LOCK_TIMEOUT_MS 10000
/* What is left on a disk that is taken for full: writes of a loop device fail with EIO whatever the reason. */
#define FULL_BYTES (8u << 20)
/* mkfs.xfs(8) of version 5.19 and later makes none that is smaller, and says so in the first line of its usage only. */
#define XFS_MIN_BYTES (UINT64_C(300) << 20)
/* File systems leave out a last group that is too small to be worth its tables (xfs: 64 blocks). */
#define SLACK_BYTES (1u << 20)
/* Each group of an ext4 has a whole block of inodes or more. */
#define INODE_SLACK 1024u

static uint64_t configured_bytes(const struct vz_guest *g)
{
	struct vz_pair space = vz_param_bytes(&g->conf.params, VZ_PARAM_DISKSPACE);

	if (!vz_param_has(&g->conf.params, VZ_PARAM_DISKSPACE) || space.limit == VZ_UNLIMITED)
		return 0;
	return space.limit / BLOCK_BYTES * BLOCK_BYTES;
}

static int check(const struct vz_guest *g, struct wabe_error *err)
{
	if (configured_bytes(g))
		return 0;
	return vz_error_say(err, VZ_EXIT_NO_DISKSPACE, -EINVAL,
			    "DISKSPACE is not set: it is the size of an image (--diskspace)");
}

static int open_image(const struct vz_area *area, struct wabe_error *err)
{
	int fd = openat(area->fd, IMAGE, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? wabe_error_set(err, -errno, "open %s/" IMAGE, area->path) : fd;
}

static int lock_image(int fd, const struct vz_area *area, struct wabe_error *err)
{
	/* The device of a mount that just ended lives for as long as udev looks at it. */
	int r = wabe_file_flock(fd, LOCK_TIMEOUT_MS);

	if (r == -EWOULDBLOCK)
		return wabe_error_say(err, -EBUSY, "%s/" IMAGE " is in use: mounted somewhere else",
				      area->path);
	return r < 0 ? wabe_error_set(err, r, "lock %s/" IMAGE, area->path) : 0;
}

/* What a superblock says; ext4: Documentation/filesystems/ext4/super.rst, xfs: fs/xfs/libxfs/xfs_format.h. */
struct super {
	const char *type;
	uint64_t bytes;
	uint32_t inodes; /* 0: as many as it needs */
	bool has_errors;
	bool has_quota; /* of users and groups */
};

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[0] << 24;
}

static void parse_ext4(const uint8_t *sb, struct super *ret_super)
{
	uint64_t blocks = le32(sb + 0x4) | (uint64_t)le32(sb + 0x150) << 32;

	*ret_super = (struct super){
		.type = "ext4",
		.bytes = blocks << (10 + (le32(sb + 0x18) & 0xf)),
		.inodes = le32(sb),
		.has_errors = sb[0x3a] & 2,	      /* s_state: "errors detected" */
		.has_quota = le32(sb + 0x64) & 0x100, /* s_feature_ro_compat: RO_COMPAT_QUOTA */
	};
}

static int read_super(int fd, const struct vz_area *area, struct super *ret_super,
		      struct wabe_error *err)
{
	uint8_t data[2048];

	if (pread(fd, data, sizeof(data), 0) != sizeof(data))
		return wabe_error_say(err, -EIO, "%s/" IMAGE " is cut off", area->path);
	if (data[1024 + 0x38] == 0x53 && data[1024 + 0x39] == 0xef) {
		parse_ext4(data + 1024, ret_super);
		return 0;
	}
	if (memcmp(data, "XFSB", 4) == 0) {
		*ret_super = (struct super){
			.type = "xfs",
			.bytes =
				((uint64_t)be32(data + 8) << 32 | be32(data + 12)) * be32(data + 4),
		};
		return 0;
	}
	return wabe_error_say(err, -EINVAL, "%s/" IMAGE " has neither an ext4 nor an xfs",
			      area->path);
}

/* e2fsck(8): 1 is "errors corrected". */
static int repair(int fd, const struct vz_area *area, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const char *argv[] = { "e2fsck", "-p", wabe_arena_printf(&arena, "%s/" IMAGE, area->path),
			       NULL };
	int r;

	if (!argv[2])
		return wabe_error_set(err, -ENOMEM, "check %s/" IMAGE, area->path);
	r = vz_program_run(argv, "e2fsprogs", fd, err);
	if (r < 0)
		return r;
	if (r <= 1)
		return 0;
	return wabe_error_prefix(err, "%s/" IMAGE " needs to be repaired by hand (e2fsck %s)",
				 area->path, argv[2]);
}

static int add_quota_options(struct wabe_arena *arena, const struct super *super,
			     struct wabe_strv *options)
{
	/* ext4 counts by the feature alone, but holds limits only by these. */
	if (!super->has_quota)
		return 0;
	return wabe_strv_add(options, arena, "usrquota") < 0 ||
			       wabe_strv_add(options, arena, "grpquota") < 0
		       ? -ENOMEM
		       : 0;
}

static int add_options(struct wabe_arena *arena, const struct super *super,
		       const struct vz_layout_how *how, struct wabe_strv *options)
{
	/* What is freed inside goes back to the host. An image that was cloned has its origin's uuid. */
	if (wabe_strv_add(options, arena, "discard") < 0 ||
	    (strcmp(super->type, "xfs") == 0 && wabe_strv_add(options, arena, "nouuid") < 0) ||
	    add_quota_options(arena, super, options) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < how->data.count; i++)
		if (wabe_strv_add(options, arena, how->data.items[i]) < 0)
			return -ENOMEM;
	return 0;
}

static int mount_device(const struct wabe_loop *loop, const struct super *super,
			const struct vz_layout_how *how, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_close_ int userns_fd = -EBADF, fd = -EBADF;
	struct wabe_strv options = { 0 };
	struct wabe_mount_change change = { .set = how->set, .clear = how->clear };
	int r = vz_layout_userns(how->uid, &userns_fd, err);

	if (r < 0)
		return r;
	if (add_options(&arena, super, how, &options) < 0)
		return wabe_error_set(err, -ENOMEM, "options of the image's mount");
	fd = wabe_mount_new(super->type, loop->path, &options, how->sb_flags, 0, err);
	if (fd < 0)
		return fd;
	change.userns_fd = userns_fd;
	r = wabe_mount_change(fd, &change, err);
	return r < 0 ? r : TAKE_FD(fd);
}

/* Quota of users and groups is a feature of ext4, switched while it is not mounted and its journal is empty. */
static int switch_quota(int fd, const struct vz_area *area, bool is_on, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const char *path = wabe_arena_printf(&arena, "%s/" IMAGE, area->path);
	const char *on[] = { "tune2fs", "-O", "quota", "-Q", "usrquota,grpquota", path, NULL };
	const char *off[] = { "tune2fs", "-O", "^quota", path, NULL };
	int r = path ? repair(fd, area, err) : wabe_error_set(err, -ENOMEM, "tune2fs");

	if (r == 0)
		r = vz_program_need(is_on ? on : off, "e2fsprogs", fd, err);
	return r < 0 ? vz_error_default(err, VZ_EXIT_UGID_QUOTA) : 0;
}

static int prepare_quota(const struct vz_guest *g, int fd, const struct vz_area *area,
			 struct super *super, struct wabe_error *err)
{
	const bool is_wanted = vz_owner_quota_max(g) > 0;
	int r = 0;

	if (strcmp(super->type, "ext4") == 0 && super->has_quota != is_wanted)
		r = switch_quota(fd, area, is_wanted, err);
	super->has_quota = is_wanted;
	return r;
}

static int mount_locked(const struct vz_guest *g, int fd, const struct vz_area *area,
			const struct vz_layout_how *how, struct wabe_error *err)
{
	_cleanup_(wabe_loop_close) struct wabe_loop loop = WABE_LOOP_INIT;
	struct super super = { .type = "" };
	int r = read_super(fd, area, &super, err);

	if (r == 0 && super.has_errors && !how->skips_check)
		r = repair(fd, area, err);
	if (r == 0)
		r = prepare_quota(g, fd, area, &super, err);
	if (r == 0)
		r = wabe_loop_attach(fd, &loop, err);
	if (r < 0)
		return r;
	r = mount_device(&loop, &super, how, err);
	/* The one of a module that is missing, the other of a kernel that has none; ext4 tells its log which. */
	if ((r == -ESRCH || r == -EINVAL) && super.has_quota) {
		wabe_error_prefix(err,
				  "QUOTAUGIDLIMIT: this kernel has no quota of users and groups "
				  "(CONFIG_QFMT_V2, module quota_v2)");
		wabe_error_kind(err, VZ_EXIT_UGID_QUOTA);
	}
	return r;
}

static int mount_image(const struct vz_guest *g, const struct vz_area *area,
		       const struct vz_layout_how *how, struct wabe_error *err)
{
	_cleanup_close_ int fd = open_image(area, err);
	int r;

	if (fd < 0)
		return fd;
	r = lock_image(fd, area, err);
	return r < 0 ? r : mount_locked(g, fd, area, how, err);
}

/* The root of the image's file system, a mount of our own: of the device that a guest uses, or of a new one. */
static int open_root(int fd, const struct vz_area *area, struct wabe_loop *ret_loop,
		     struct wabe_error *err)
{
	const struct vz_layout_how how = { .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						  MOUNT_ATTR_NOEXEC };
	_cleanup_close_ int mount_fd = -EBADF;
	struct super super = { .type = "" };
	int r = wabe_loop_find(fd, ret_loop, err), root_fd;

	if (r == -ENOENT) {
		r = lock_image(fd, area, err);
		if (r == 0)
			r = wabe_loop_attach(fd, ret_loop, err);
	}
	if (r == 0)
		r = read_super(fd, area, &super, err);
	if (r < 0)
		return r;
	mount_fd = mount_device(ret_loop, &super, &how, err);
	if (mount_fd < 0)
		return mount_fd;
	root_fd = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0 ? wabe_error_set(err, -errno, "open the root of %s/" IMAGE, area->path)
			   : root_fd;
}

/* The file first, then the device, then the file system: killed in between, the next start or set goes on. */
static int grow(int fd, const struct vz_area *area, uint64_t bytes, struct wabe_error *err)
{
	_cleanup_(wabe_loop_close) struct wabe_loop loop = WABE_LOOP_INIT;
	_cleanup_close_ int root_fd = -EBADF;
	struct stat st;
	int r = 0;

	if (fstat(fd, &st) < 0 || ((uint64_t)st.st_size < bytes && ftruncate(fd, (off_t)bytes) < 0))
		return wabe_error_set(err, -errno, "grow %s/" IMAGE, area->path);
	root_fd = open_root(fd, area, &loop, err);
	if (root_fd < 0)
		return root_fd;
	r = wabe_loop_grow(&loop, err);
	if (r == 0)
		r = wabe_fs_grow(root_fd, bytes, err);
	if (r == 0 && syncfs(root_fd) < 0)
		r = wabe_error_set(err, -errno, "sync the grown image");
	return r;
}

/* resize2fs(8), for who lacks the right to do it by ioctl (CAP_SYS_RESOURCE): only what is not mounted. */
static int grow_offline(int fd, const struct vz_area *area, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const char *path = wabe_arena_printf(&arena, "%s/" IMAGE, area->path);
	const char *check_argv[] = { "e2fsck", "-f", "-p", path, NULL };
	const char *grow_argv[] = { "resize2fs", path, NULL };
	int r = path ? lock_image(fd, area, err) : wabe_error_set(err, -ENOMEM, "grow an image");

	if (r == 0)
		r = vz_program_run(check_argv, "e2fsprogs", fd, err);
	if (r > 1)
		return wabe_error_prefix(err, "check %s before it is grown", path);
	return r < 0 ? r : vz_program_need(grow_argv, "e2fsprogs", fd, err);
}

static int grow_somehow(const struct vz_guest *g, int *fd, const struct vz_area *area,
			uint64_t bytes, struct wabe_error *err)
{
	struct wabe_error reason = WABE_ERROR_INIT;
	int r = grow(*fd, area, bytes, &reason);

	if (r == -EPERM && !g->container) {
		/* The lock of this one is the device's, which is about to go. */
		wabe_cleanup_close(fd);
		*fd = open_image(area, err);
		return *fd < 0 ? *fd : grow_offline(*fd, area, err);
	}
	if (r < 0 && err)
		*err = reason;
	return r;
}

/*
 * By a new image that takes the old one's place: a kill or a power cut in the middle of resize2fs would cost the guest its files,
 * and xfs can't be made smaller at all.
 */
static int shrink(struct vz_guest *g, const struct super *super, uint64_t bytes,
		  struct wabe_error *err)
{
	if (g->container)
		return vz_error_say(err, VZ_EXIT_RUNNING, -EBUSY,
				    "DISKSPACE: the image has %" PRIu64 " MB, %" PRIu64
				    " are wanted: it can only be made smaller while the guest is "
				    "stopped",
				    super->bytes >> 20, bytes >> 20);
	return vz_guest_rebuild(g, err);
}

/* How many there are was chosen with mke2fs, which rounds up; a larger image has more in proportion, one of xfs as many as fit. */
static void say_inodes(const struct vz_guest *g, const struct super *super)
{
	const uint64_t wanted = vz_param_pair(&g->conf.params, VZ_PARAM_DISKINODES).limit;

	if (!vz_param_has(&g->conf.params, VZ_PARAM_DISKINODES) || wanted == VZ_UNLIMITED)
		return;
	if (super->inodes == 0)
		vz_warn(g, "layout image:xfs: DISKINODES is not enforced, xfs has no such limit");
	else if (super->inodes > wanted + wanted / 8 + INODE_SLACK ||
		 wanted > super->inodes + wanted / 8)
		vz_warn(g,
			"DISKINODES is not enforced: the image was made with %" PRIu32
			" inodes, and has them until it is made anew (convert, or a smaller DISKSPACE)",
			super->inodes);
}

static void say_unenforced(const struct vz_guest *g)
{
	struct vz_pair space = vz_param_bytes(&g->conf.params, VZ_PARAM_DISKSPACE);

	if (space.barrier < space.limit)
		vz_warn(g,
			"layout image: the soft limit of DISKSPACE is not enforced, its hard limit is");
}

/* DISKSPACE is the file system's size; its number of inodes was chosen when it was made. */
static int limit(struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	const uint64_t bytes = configured_bytes(g);
	struct super super = { .type = "" };
	int r;

	if (!bytes)
		return check(g, err);
	fd = open_image(area, err);
	r = fd < 0 ? fd : read_super(fd, area, &super, err);
	if (r < 0)
		return r;
	say_unenforced(g);
	if (super.bytes >= bytes + SLACK_BYTES)
		return shrink(g, &super, bytes, err);
	if (super.bytes + SLACK_BYTES <= bytes) {
		r = grow_somehow(g, &fd, area, bytes, err);
		if (r == 0)
			r = read_super(fd, area, &super, err);
	}
	if (r == 0)
		say_inodes(g, &super);
	return r;
}

static int make_file(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	_cleanup_close_ int fd =
		openat(area->fd, IMAGE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	uint64_t bytes = configured_bytes(g);

	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
		return wabe_error_set(err, -errno, "make %s/" IMAGE, area->path);
	return 0;
}

static int make_ext4(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const struct vz_pair inodes = vz_param_pair(&g->conf.params, VZ_PARAM_DISKINODES);
	const char *path = wabe_arena_printf(&arena, "%s/" IMAGE, area->path);
	const char *count = wabe_arena_printf(&arena, "%" PRIu64, inodes.limit);
	/* A new file reads as zeros: tables of inodes need no writing, now or by the kernel later. */
	const char *argv[] = { "mke2fs",
			       "-q",
			       "-F",
			       "-t",
			       "ext4",
			       "-b",
			       "4096",
			       "-m",
			       "0",
			       "-E",
			       "lazy_itable_init=1,assume_storage_prezeroed=1",
			       path,
			       NULL,
			       NULL,
			       NULL };
	int r = path && count ? make_file(g, area, err) : wabe_error_set(err, -ENOMEM, "mke2fs");

	if (vz_param_has(&g->conf.params, VZ_PARAM_DISKINODES) && inodes.limit != VZ_UNLIMITED) {
		argv[11] = "-N";
		argv[12] = count;
		argv[13] = path;
	}
	return r < 0 ? r : vz_program_need(argv, "e2fsprogs", -EBADF, err);
}

static int make_xfs(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const char *path = wabe_arena_printf(&arena, "%s/" IMAGE, area->path);
	const char *argv[] = { "mkfs.xfs", "-q", "-f", path, NULL };
	int r;

	if (configured_bytes(g) < XFS_MIN_BYTES)
		return wabe_error_say(err, -EINVAL,
				      "layout image:xfs: DISKSPACE has to be 300 MB or more");
	r = path ? make_file(g, area, err) : wabe_error_set(err, -ENOMEM, "mkfs.xfs");
	return r < 0 ? r : vz_program_need(argv, "xfsprogs", -EBADF, err);
}

static int explain(const struct vz_area *area, struct wabe_error *err)
{
	struct statfs fs;

	if (err && err->code == -EIO && fstatfs(area->fd, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize < FULL_BYTES)
		return wabe_error_set(err, -ENOSPC, "write %s/" IMAGE, area->path);
	return err ? err->code : -EIO;
}

static int open_running(const struct vz_guest *g, const struct vz_area *area,
			struct wabe_error *err)
{
	_cleanup_(wabe_loop_close) struct wabe_loop loop = WABE_LOOP_INIT;
	_cleanup_close_ int fd = open_image(area, err), mount_fd = -EBADF;
	const struct vz_layout_how how = { 0 };
	int root_fd;

	if (fd < 0)
		return fd;
	if (g->container)
		return open_root(fd, area, &loop, err);
	/* As for a start: the feature may have to be switched first. */
	mount_fd = mount_image(g, area, &how, err);
	if (mount_fd < 0)
		return mount_fd;
	root_fd = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0 ? wabe_error_set(err, -errno, "open the root of %s/" IMAGE, area->path)
			   : root_fd;
}

static int compact(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err)
{
	_cleanup_(wabe_loop_close) struct wabe_loop loop = WABE_LOOP_INIT;
	_cleanup_close_ int fd = open_image(area, err), root_fd = -EBADF;
	struct stat before, after = { 0 };
	uint64_t trimmed;
	int r;

	if (fd < 0)
		return fd;
	root_fd = open_root(fd, area, &loop, err);
	if (root_fd < 0)
		return root_fd;
	if (fstat(fd, &before) < 0)
		return wabe_error_set(err, -errno, "look at %s/" IMAGE, area->path);
	r = wabe_fs_trim(root_fd, &trimmed, err);
	if (r == 0 && (syncfs(root_fd) < 0 || fstat(fd, &after) < 0))
		r = wabe_error_set(err, -errno, "look at %s/" IMAGE, area->path);
	if (r == 0)
		vz_say(g, "The image has %jd MB on disk, %jd before",
		       (intmax_t)after.st_blocks >> 11, (intmax_t)before.st_blocks >> 11);
	return r;
}

/* What it takes of the host's disk. What is free inside only a mount of it would tell. */
/* The file, shared where the file system can; the lock keeps anybody from mounting it meanwhile. */
static int clone_area(const struct vz_area *from, const struct vz_area *to, struct wabe_error *err)
{
	_cleanup_close_ int from_fd = open_image(from, err), to_fd = -EBADF;
	int r = from_fd < 0 ? from_fd : lock_image(from_fd, from, err);

	if (r < 0)
		return r;
	to_fd = openat(to->fd, IMAGE, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = to_fd < 0 ? -errno : vz_copyfile(from_fd, to_fd);
	return r < 0 ? wabe_error_set(err, r, "copy %s/" IMAGE, from->path) : 0;
}

static int usage(uint32_t ctid, int area_fd, struct wabe_quota_usage *ret_usage)
{
	struct stat st;

	(void)ctid;
	if (fstatat(area_fd, IMAGE, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret_usage = (struct wabe_quota_usage){ .used_bytes = (uint64_t)st.st_blocks * 512 };
	return 0;
}

/* What the file system inside is makes no difference but to how it is made. */
#define IMAGE_LAYOUT                                                                               \
	.check = check, .clone = clone_area, .mount = mount_image, .limit = limit, .usage = usage, \
	.compact = compact, .open_running = open_running, .explain = explain

const struct vz_layout vz_layout_image = {
	.name = "image",
	.alias = "ploop",
	.fs_type = "ext4",
	.make = make_ext4,
	IMAGE_LAYOUT,
};

const struct vz_layout vz_layout_image_xfs = {
	.name = "image:xfs",
	.fs_type = "xfs",
	.make = make_xfs,
	IMAGE_LAYOUT,
};
