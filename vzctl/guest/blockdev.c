// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/blockdev: the block device behind a directory; see blockdev.h. Sources: sysfs-block(5) in
 * the kernel's Documentation/ABI, ioctl_btrfs.h, proc_pid_mountinfo(5).
 */
#include "guest/blockdev.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

#define SYSFS_TEXT_MAX 4096
#define MOUNTINFO_MAX (16u << 20)
#define DEPTH_MAX 8 /* overlays on overlays, loops in loops */

static void add(struct vz_blockdevs *devices, struct vz_blockdev dev)
{
	for (size_t i = 0; i < devices->count; i++)
		if (devices->items[i].major == dev.major && devices->items[i].minor == dev.minor)
			return;
	if (devices->count < VZ_BLOCKDEVS_MAX)
		devices->items[devices->count++] = dev;
}

/* A file of the device's directory, without its newline. */
static int read_sysfs(const struct vz_blockdev *dev, const char *file, struct wabe_buf *text)
{
	char path[PATH_MAX];
	int r;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", dev->major, dev->minor, file);
	r = wabe_file_read_at(AT_FDCWD, path, SYSFS_TEXT_MAX, text, NULL);
	if (r == 0 && text->data)
		text->data[strcspn(text->data, "\n")] = '\0';
	return r < 0 ? r : text->data ? 0 : -ENODATA;
}

static bool parse_dev(const char *text, struct vz_blockdev *ret_dev)
{
	char end;

	return sscanf(text, "%u:%u%c", &ret_dev->major, &ret_dev->minor, &end) == 2;
}

/* A partition's directory is in its disk's. */
static struct vz_blockdev whole_disk(struct vz_blockdev dev)
{
	_cleanup_(wabe_buf_free) struct wabe_buf partition = WABE_BUF_INIT;
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct vz_blockdev disk;

	if (read_sysfs(&dev, "partition", &partition) < 0 ||
	    read_sysfs(&dev, "../dev", &text) < 0 || !parse_dev(text.data, &disk))
		return dev;
	return disk;
}

static bool is_block_device(dev_t number)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(number), minor(number));
	return access(path, F_OK) == 0;
}

/* btrfs has an anonymous st_dev and one or more devices, some may be missing. */
static int find_btrfs(const char *path, struct vz_blockdevs *devices, struct wabe_error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct btrfs_ioctl_fs_info_args info = { 0 };

	if (fd < 0 || ioctl(fd, BTRFS_IOC_FS_INFO, &info) < 0)
		return wabe_error_set(err, -errno, "devices of the btrfs of %s", path);
	for (__u64 id = 0; id <= info.max_id; id++) {
		struct btrfs_ioctl_dev_info_args dev = { .devid = id };
		struct stat st;

		if (ioctl(fd, BTRFS_IOC_DEV_INFO, &dev) == 0 &&
		    stat((const char *)dev.path, &st) == 0 && S_ISBLK(st.st_mode) &&
		    is_block_device(st.st_rdev))
			add(devices, whole_disk((struct vz_blockdev){ major(st.st_rdev),
								      minor(st.st_rdev) }));
	}
	return devices->count
		       ? 0
		       : wabe_error_say(err, -ENOTSUP, "the devices of its btrfs are unknown");
}

/* mountinfo writes blanks and the like as \040. In place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
			*to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
				       (from[3] - '0'));
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

/* upperdir= in the line of mount @id; points into @text. */
static char *find_upper(char *text, uint64_t id)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char *upper, *end;

		if (strtoull(line, &end, 10) != id || *end != ' ')
			continue;
		upper = strstr(line, ",upperdir=");
		if (!upper)
			return NULL;
		upper += strlen(",upperdir=");
		upper[strcspn(upper, ",")] = '\0';
		unescape(upper);
		return upper;
	}
	return NULL;
}

static int find(const char *path, int depth, struct vz_blockdevs *devices, struct wabe_error *err);

static int find_overlay(const char *path, int depth, struct vz_blockdevs *devices,
			struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct statx stx;
	const char *upper;
	int r;

	if (statx(AT_FDCWD, path, 0, STATX_MNT_ID, &stx) < 0 || !(stx.stx_mask & STATX_MNT_ID))
		return wabe_error_say(err, -ENOTSUP, "it is on an overlay");
	r = wabe_file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, err);
	if (r < 0)
		return r;
	upper = text.data ? find_upper(text.data, stx.stx_mnt_id) : NULL;
	if (!upper || find(upper, depth + 1, devices, NULL) < 0)
		return wabe_error_say(err, -ENOTSUP,
				      "it is on an overlay whose device can't be found");
	return 0;
}

static int find(const char *path, int depth, struct vz_blockdevs *devices, struct wabe_error *err)
{
	struct statfs fs;
	struct stat st;

	if (depth > DEPTH_MAX)
		return wabe_error_say(err, -ELOOP, "%s: too many layers", path);
	if (stat(path, &st) < 0 || statfs(path, &fs) < 0)
		return wabe_error_set(err, -errno, "look at %s", path);
	if (is_block_device(st.st_dev)) {
		add(devices,
		    whole_disk((struct vz_blockdev){ major(st.st_dev), minor(st.st_dev) }));
		return 0;
	}
	switch ((unsigned long)fs.f_type) {
	case BTRFS_SUPER_MAGIC:
		return find_btrfs(path, devices, err);
	case OVERLAYFS_SUPER_MAGIC:
		return find_overlay(path, depth, devices, err);
	default:
		return wabe_error_say(err, -ENOTSUP,
				      "it is on a filesystem without a block device (type 0x%lx)",
				      (unsigned long)fs.f_type);
	}
}

int vz_blockdev_find(const char *path, struct vz_blockdevs *ret_devices, struct wabe_error *err)
{
	struct vz_blockdevs devices = { 0 };
	int r = find(path, 0, &devices, err);

	if (r == 0)
		*ret_devices = devices;
	return r;
}

static void descend(struct vz_blockdev dev, int depth, struct vz_blockdevs *disks);

/* dm and md have their parts in slaves/. Returns how many. */
static size_t descend_slaves(const struct vz_blockdev *dev, int depth, struct vz_blockdevs *disks)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	char path[64];
	size_t count = 0;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/slaves", dev->major, dev->minor);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
		char file[NAME_MAX + 16];
		struct vz_blockdev slave;

		snprintf(file, sizeof(file), "slaves/%s/dev", entry->d_name);
		if (entry->d_name[0] == '.' || read_sysfs(dev, file, &text) < 0 ||
		    !parse_dev(text.data, &slave))
			continue;
		descend(slave, depth + 1, disks);
		count++;
	}
	return count;
}

static void descend(struct vz_blockdev dev, int depth, struct vz_blockdevs *disks)
{
	_cleanup_(wabe_buf_free) struct wabe_buf backing = WABE_BUF_INIT;
	struct vz_blockdevs below = { 0 };

	dev = whole_disk(dev);
	if (depth > DEPTH_MAX || descend_slaves(&dev, depth, disks) > 0)
		return;
	if (read_sysfs(&dev, "loop/backing_file", &backing) == 0 &&
	    find(backing.data, depth + 1, &below, NULL) == 0) {
		for (size_t i = 0; i < below.count; i++)
			descend(below.items[i], depth + 1, disks);
		return;
	}
	add(disks, dev);
}

void vz_blockdev_disks(const struct vz_blockdevs *devices, struct vz_blockdevs *ret_disks)
{
	*ret_disks = (struct vz_blockdevs){ 0 };
	for (size_t i = 0; i < devices->count; i++)
		descend(devices->items[i], 0, ret_disks);
}

bool vz_blockdev_has_scheduler(const struct vz_blockdev *disk, const char *name, bool is_active)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	char active[32];

	/* "mq-deadline [bfq] none" */
	if (read_sysfs(disk, "queue/scheduler", &text) < 0)
		return false;
	snprintf(active, sizeof(active), "[%s]", name);
	return strstr(text.data, is_active ? active : name);
}
