// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/remount: entries of mounts with the option "remount" (config.md, "Linux mount options"), which change what an entry before
 * them has mounted at the same place: filled first, say, and read-only then.
 *
 * What is not spoken of stays as it is, as with mount(8); mount(2) alone would take "nosuid" away. Options of the filesystem
 * are for one that was made for this container: others of the host show the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "core/init.h"
#include "sys/mount.h"

int wabe_remount_prepare(struct wabe_init *init, size_t i, struct wabe_error *err)
{
	struct wabe_init_mount *m = &init->mounts[i];

	while (i-- > 0) {
		struct wabe_init_mount *before = &init->mounts[i];

		if (before->remounts || before->link_target ||
		    strcmp(before->destination, m->destination) != 0)
			continue;
		before->is_remounted = true;
		m->remounts = before;
		return 0;
	}
	return wabe_error_say(
		err, -EINVAL,
		"mount %s: option \"remount\": no entry before it mounts anything there",
		m->destination);
}

/* As when it was mounted: links on the way are followed inside the root. */
static int open_mount(const struct wabe_init *init, const struct wabe_init_mount *m,
		      struct stat *ret_st, struct wabe_error *err)
{
	_cleanup_close_ int fd = wabe_path_open_in(init->rootfs_fd, m->destination, O_PATH, 0, err);

	if (fd >= 0 && fstat(fd, ret_st) < 0)
		return wabe_error_set(err, -errno, "look at %s", m->destination);
	return fd < 0 ? fd : TAKE_FD(fd);
}

int wabe_remount_note(const struct wabe_init *init, struct wabe_init_mount *m,
		      struct wabe_error *err)
{
	struct stat st;
	_cleanup_close_ int fd = open_mount(init, m, &st, err);

	if (fd < 0)
		return fd;
	m->device = st.st_dev;
	return 0;
}

/* "ro" is the mount's alone: a read-only superblock would bind all mounts of the filesystem. */
static int change_filesystem(const struct wabe_init_mount *m, int fd, struct wabe_error *err)
{
	const struct wabe_mount_options *o = &m->options;
	unsigned int set = o->sb_flags & ~(unsigned int)MS_RDONLY;

	if (!set && !o->sb_clear && !o->data.count)
		return 0;
	if (m->remounts->source_fd >= 0)
		return wabe_error_say(
			err, -EINVAL,
			"mount %s: option \"remount\": a bind mount's filesystem is the host's, its options can't be changed",
			m->destination);
	return wabe_mount_reconfigure(fd, m->destination, &o->data, set, o->sb_clear, err);
}

int wabe_remount_apply(const struct wabe_init *init, const struct wabe_init_mount *m,
		       struct wabe_error *err)
{
	const struct wabe_mount_options *o = &m->options;
	const struct wabe_mount_change own = { .set = o->attr_set,
					       .clear = o->attr_clear,
					       .propagation = o->is_propagation_recursive
								      ? 0
								      : o->propagation };
	const struct wabe_mount_change tree = { .set = o->rec_attr_set,
						.clear = o->rec_attr_clear,
						.propagation = o->is_propagation_recursive
								       ? o->propagation
								       : 0,
						.is_recursive = true };
	struct stat st;
	_cleanup_close_ int fd = open_mount(init, m, &st, err);
	int r;

	if (fd < 0)
		return fd;
	/* Something mounted since may lead elsewhere. */
	if (st.st_dev != m->remounts->device || wabe_mount_is_root(fd, "", NULL) != 1)
		return wabe_error_say(
			err, -EINVAL,
			"mount %s: option \"remount\": what was mounted there is not what is there now",
			m->destination);
	r = change_filesystem(m, fd, err);
	if (r == 0)
		r = wabe_mount_change(fd, &own, err);
	return r < 0 ? r : wabe_mount_change(fd, &tree, err);
}
