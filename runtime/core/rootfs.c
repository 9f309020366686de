// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/rootfs: the container's mounts, made by the child in its own mount namespace.
 *
 * Every target is opened inside the root by openat2 and mounted on through its descriptor, so nothing that somebody
 * swaps meanwhile is followed out of it (the CVE-2021-30465 family).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "core/init.h"
#include "sys/mount.h"

/* lxcfs and the like may cover these files of /proc, nothing else there may be covered (as in runc). */
static const char *const proc_files[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/loadavg",
	"/proc/slabinfo",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled",
};

static bool may_cover_in_proc(const char *destination)
{
	for (size_t i = 0; i < ARRAY_SIZE(proc_files); i++)
		if (strcmp(destination, proc_files[i]) == 0)
			return true;
	return false;
}

/* Some file systems decide what the rest of the setup and the guest believe: where they go must be what it says. */
static bool is_strict_target(const char *destination)
{
	return strcmp(destination, "/proc") == 0 || strcmp(destination, "/sys") == 0 ||
	       strcmp(destination, "/dev") == 0;
}

/* A target that was reached through a link of the image may be inside /proc without saying so. */
static int check_target(const struct wabe_init_mount *m, int target_fd, bool is_literal,
			struct wabe_error *err)
{
	const char *destination = m->destination;
	bool is_inside = is_literal ? wabe_str_starts(destination, "/proc/")
				    : wabe_mount_fs_magic(target_fd) == PROC_SUPER_MAGIC;

	if (!is_inside || may_cover_in_proc(destination))
		return 0;
	return wabe_error_say(err, -EPERM, "mount on %s: nothing may be mounted there inside /proc",
			      destination);
}

/*
 * What goes over the whole of /proc must be a procfs: security labels and sysctls of the guest's own processes are
 * written there (CVE-2019-16884).
 */
static int check_proc_source(const struct wabe_init_mount *m, struct wabe_error *err)
{
	bool is_procfs;

	if (strcmp(m->destination, "/proc") != 0)
		return 0;
	is_procfs = m->source_fd < 0 ? strcmp(m->spec->type, "proc") == 0
				     : wabe_mount_fs_magic(m->source_fd) == PROC_SUPER_MAGIC;
	return is_procfs ? 0
			 : wabe_error_say(err, -EPERM, "mount on /proc: %s is not a procfs",
					  m->spec->source ? m->spec->source : m->spec->type);
}

/* *ret_is_literal: no link on the way, the target is where its path says; *ret_is_new: it wasn't in the image. */
static int open_target(struct wabe_init *init, const struct wabe_init_mount *m,
		       bool *ret_is_literal, bool *ret_is_new, struct wabe_error *err)
{
	const char *destination = m->destination;
	int flags = O_PATH | (m->is_file ? 0 : O_DIRECTORY);
	int fd;

	fd = wabe_path_open_strict(init->rootfs_fd, destination, flags, 0, err);
	*ret_is_new = fd == -ENOENT;
	if (fd == -ENOENT && !m->is_file)
		fd = wabe_path_mkdir_strict(init->rootfs_fd, destination, 0755);
	*ret_is_literal = fd >= 0;
	if (fd >= 0 || (fd != -ENOENT && is_strict_target(destination)))
		return fd;
	fd = wabe_rootfs_settle(init, err);
	if (fd < 0)
		return fd;
	return m->is_file ? wabe_path_touch_in(init->rootfs_fd, destination, err)
			  : wabe_path_mkdir_in(init->rootfs_fd, destination, 0755, err);
}

/* "cgroup" is the v2 tree of the container's cgroup namespace on every kind of host: no v1 hierarchy goes into a guest. */
static const char *fs_type(const struct wabe_spec_mount *spec)
{
	return strcmp(spec->type, "cgroup") == 0 ? "cgroup2" : spec->type;
}

int wabe_rootfs_share_cgroup(const struct wabe_init *init, struct wabe_init_mount *m,
			     struct wabe_error *err)
{
	static const char *const trees[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct wabe_mount_change change = { .propagation = MS_PRIVATE };

	if (m->options.is_bind || m->remounts || !wabe_str_starts(m->spec->type, "cgroup") ||
	    wabe_spec_namespace(init->spec, WABE_NS_CGROUP))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		_cleanup_close_ int fd = wabe_mount_clone(AT_FDCWD, trees[i], false, NULL);

		if (fd < 0 || wabe_mount_fs_magic(fd) != CGROUP2_SUPER_MAGIC)
			continue;
		m->source_fd = TAKE_FD(fd);
		return wabe_mount_change(m->source_fd, &change, err);
	}
	return 0;
}

/*
 * Most filesystems need nothing but their flags: mount(2) does these in one call. Not the read-only ones: it would make the
 * superblock read-only, and with it every other mount of it; and to look the new mount up once more by its path, to make it
 * read-only afterwards, would trust a tree that others may change meanwhile.
 */
static bool is_plain(const struct wabe_mount_options *o)
{
	return !(o->attr_set & MOUNT_ATTR_RDONLY) && !o->rec_attr_set && !o->rec_attr_clear &&
	       !o->propagation && !o->is_copy_up;
}

static int mount_plain(const struct wabe_init_mount *m, int dir_fd, const char *name,
		       struct wabe_error *err)
{
	const struct wabe_mount_options *o = &m->options;

	return wabe_mount_on(dir_fd, name, fs_type(m->spec), m->spec->source, &o->data, o->sb_flags,
			     (unsigned int)o->attr_set, m->destination, err);
}

/*
 * A detached filesystem. sysfs can't be made in somebody else's network namespace, nor cgroup2 without a cgroup
 * namespace of one's own: the kernel says EPERM then, and the error says which mount.
 */
static int new_filesystem(const struct wabe_init_mount *m, struct wabe_error *err)
{
	const struct wabe_mount_options *o = &m->options;
	/* "ro" belongs to the mount; a read-only superblock would bind all later mounts of the same filesystem too. */
	unsigned int sb_flags = o->sb_flags & ~(unsigned int)MS_RDONLY;
	unsigned int attrs = (unsigned int)o->attr_set;

	/* It is to be filled first. */
	if (o->is_copy_up)
		attrs &= ~(unsigned int)MOUNT_ATTR_RDONLY;
	return (wabe_mount_has_long_text(m->spec->source, &o->data)
			? wabe_mount_new_long
			: wabe_mount_new_unswept)(fs_type(m->spec), m->spec->source, &o->data,
						  sb_flags, attrs, err);
}

static int apply_attributes(int fd, const struct wabe_mount_options *o, bool is_new,
			    struct wabe_error *err)
{
	/* A new one was made with its attributes, but "ro" if it was to be filled. */
	uint64_t left = is_new ? (o->is_copy_up ? MOUNT_ATTR_RDONLY : 0) : ~UINT64_C(0);
	struct wabe_mount_change own = { .set = o->attr_set & left,
					 .clear = is_new ? 0 : o->attr_clear };
	struct wabe_mount_change tree = { .set = o->rec_attr_set,
					  .clear = o->rec_attr_clear,
					  .is_recursive = true };
	int r = wabe_mount_change(fd, &own, err);

	return r < 0 ? r : wabe_mount_change(fd, &tree, err);
}

int wabe_rootfs_propagate(int fd, const struct wabe_mount_options *o, struct wabe_error *err)
{
	struct wabe_mount_change change = {
		.propagation = o->propagation,
		.is_recursive = o->is_propagation_recursive,
	};

	return wabe_mount_change(fd, &change, err);
}

/*
 * A tmpfs over a directory of the image shows the directory's mode, unless the options say another; over a new one it has the
 * kernel's default, 1777 (as with runc: docker's --tmpfs for a user who isn't root).
 */
static int keep_mode(struct wabe_init *init, struct wabe_init_mount *m, int target_fd,
		     struct wabe_error *err)
{
	struct stat st;
	char *mode;

	if (strcmp(m->spec->type, "tmpfs") != 0)
		return 0;
	for (size_t i = 0; i < m->options.data.count; i++)
		if (wabe_str_starts(m->options.data.items[i], "mode="))
			return 0;
	if (fstat(target_fd, &st) < 0)
		return wabe_error_set(err, -errno, "look at %s", m->destination);
	mode = wabe_arena_printf(&init->arena, "mode=%04o", st.st_mode & 07777);
	if (!mode || wabe_strv_add(&m->options.data, &init->arena, mode) < 0)
		return wabe_error_set(err, -ENOMEM, "mount on %s", m->destination);
	return 0;
}

/* These have labels by SELinux's policy, and refuse a mount's own. */
static bool takes_label(const char *type)
{
	static const char *const without[] = { "proc", "sysfs", "cgroup", "cgroup2" };

	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		if (strcmp(type, without[i]) == 0)
			return false;
	return true;
}

int wabe_rootfs_add_context(struct wabe_init *init, struct wabe_strv *options,
			    struct wabe_error *err)
{
	char *option = wabe_arena_printf(&init->arena, "context=%s", init->spec->mount_label);

	if (!option || wabe_strv_add(options, &init->arena, option) < 0)
		return wabe_error_set(err, -ENOMEM, "linux.mountLabel");
	return 0;
}

/* The message queues of an ipc namespace exist, with a label, before they are mounted: theirs is changed by its file. */
static int add_label(struct wabe_init *init, struct wabe_init_mount *m, struct wabe_error *err)
{
	if (!init->spec->mount_label || !takes_label(m->spec->type))
		return 0;
	/* Not by mount(2), where the commas in a label would end the option. */
	m->has_label = true;
	return strcmp(m->spec->type, "mqueue") == 0
		       ? 0
		       : wabe_rootfs_add_context(init, &m->options.data, err);
}

static int label_queues(struct wabe_init *init, const struct wabe_init_mount *m, int fd,
			struct wabe_error *err)
{
	const char *label = init->spec->mount_label;
	char path[WABE_PATH_PROC_FD];

	if (!m->has_label || strcmp(m->spec->type, "mqueue") != 0)
		return 0;
	if (setxattr(wabe_path_proc_fd(fd, path), "security.selinux", label, strlen(label) + 1, 0) <
	    0)
		return wabe_error_set(err, -errno, "linux.mountLabel: label %s", m->destination);
	return 0;
}

/* A mount that exists only as a descriptor until it is attached: binds, and what mount(2) can't do in one call. */
static int mount_detached(struct wabe_init *init, const struct wabe_init_mount *m, int target_fd,
			  struct wabe_error *err)
{
	bool is_new = m->source_fd < 0;
	int fd = is_new ? new_filesystem(m, err) : m->source_fd; /* swept, see wabe_init_sweep() */
	int r;

	if (fd < 0)
		return fd;
	r = m->options.is_copy_up ? wabe_rootfs_copy_up(m, target_fd, fd, err) : 0;
	if (r == 0)
		r = apply_attributes(fd, &m->options, is_new, err);
	if (r == 0)
		r = label_queues(init, m, fd, err);
	if (r == 0)
		r = wabe_mount_attach(fd, target_fd, m->destination, err);
	return r < 0 ? r : wabe_rootfs_propagate(fd, &m->options, err);
}

/*
 * What a user namespace without the namespace behind it may not mount anew: it sees the host's anyway, so the host's is shown
 * (as crun does). The path is still the host's here.
 */
static const struct fallback {
	const char *type, *source;
	enum wabe_spec_ns ns;
} fallbacks[] = {
	{ "sysfs", "/sys", WABE_NS_NETWORK },
	{ "proc", "/proc", WABE_NS_PID },
	{ "mqueue", "/dev/mqueue", WABE_NS_IPC },
};

static const struct fallback *find_fallback(const struct wabe_init *init, const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(fallbacks); i++) {
		const struct wabe_spec_namespace *ns =
			wabe_spec_namespace(init->spec, fallbacks[i].ns);

		if (strcmp(type, fallbacks[i].type) == 0)
			return !ns || ns->path ? &fallbacks[i] : NULL;
	}
	return NULL;
}

static int bind_instead(struct wabe_init *init, struct wabe_init_mount *m, int target_fd,
			struct wabe_error *err)
{
	const struct fallback *f = find_fallback(init, m->spec->type);
	struct wabe_mount_change private = { .propagation = MS_PRIVATE, .is_recursive = true };
	int r;

	if (!f)
		return -EPERM;
	wabe_error_clear(err);
	m->source_fd = wabe_mount_clone(AT_FDCWD, f->source, true, err); /* swept */
	if (m->source_fd < 0)
		return m->source_fd;
	/* Its submounts are shown as well. */
	m->options.rec_attr_set |= m->options.attr_set;
	if (m->options.rec_attr_set & MOUNT_ATTR__ATIME)
		m->options.rec_attr_clear |=
			MOUNT_ATTR__ATIME; /* mount_setattr(2): the field is set as a whole */
	r = wabe_mount_change(m->source_fd, &private, err);
	return r < 0 ? r : mount_detached(init, m, target_fd, err);
}

/* Which of the common ones are the same in every network namespace; sysfs and those of the network aren't. */
static bool may_show_network(const char *type)
{
	static const char *const without[] = { "proc", "tmpfs", "devpts", "mqueue" };

	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		if (strcmp(type, without[i]) == 0)
			return false;
	return true;
}

static int mount_one(struct wabe_init *init, struct wabe_init_mount *m, struct wabe_error *err)
{
	bool is_new = m->source_fd < 0, is_literal, is_new_target;
	int target_fd = open_target(init, m, &is_literal, &is_new_target,
				    err); /* swept, see wabe_init_sweep() */
	int r;

	if (target_fd < 0)
		return target_fd;
	r = check_target(m, target_fd, is_literal, err);
	if (r == 0)
		r = check_proc_source(m, err);
	if (r == 0 && is_new && !is_new_target)
		r = keep_mode(init, m, target_fd, err);
	if (r == 0 && is_new)
		r = add_label(init, m, err);
	if (r == 0 && is_new && may_show_network(m->spec->type))
		r = wabe_namespaces_take_network(init, err);
	if (r < 0)
		return r;
	r = is_new && is_literal && !m->has_label && is_plain(&m->options)
		    ? mount_plain(m, target_fd, ".", err)
		    : mount_detached(init, m, target_fd, err);
	/* mount(2) refuses what is there already, cgroup2 below a bind of /sys; attached, it may be mounted upon itself. */
	if (r == -EBUSY && is_new) {
		wabe_error_clear(err);
		r = mount_detached(init, m, target_fd, err);
	}
	return r == -EPERM && is_new ? bind_instead(init, m, target_fd, err) : r;
}

/* Most of the default ones are right below our own /dev. -ENOENT: this isn't. */
static int mount_in_dev(struct wabe_init *init, const struct wabe_init_mount *m,
			struct wabe_error *err)
{
	int r;

	if (m->source_fd >= 0 || !is_plain(&m->options) || init->spec->mount_label ||
	    may_show_network(m->spec->type) || wabe_devices_mkdir(init, m->destination) < 0)
		return -ENOENT;
	r = mount_plain(m, init->is_in_dev ? -EBADF : init->dev_fd,
			m->destination + strlen("/dev/"), err);
	init->is_in_dev = true;
	return r;
}

static int mount_somewhere(struct wabe_init *init, struct wabe_init_mount *m,
			   struct wabe_error *err)
{
	int r = mount_in_dev(init, m, err);

	/* What can't be mounted anew there may be bound. */
	if (r != -ENOENT && r != -EPERM && r != -EBUSY)
		return r;
	wabe_error_clear(err);
	init->is_in_dev = false;
	return mount_one(init, m, err);
}

/* On its way to the target there may be mounts that waited, with a sweep after them: not of this one's source. */
static int mount_sent(struct wabe_init *init, struct wabe_init_mount *m, struct wabe_error *err)
{
	int r = wabe_sources_take(init, m, err);
	unsigned int before = init->scratch_fd, own = (unsigned int)m->source_fd + 1;

	if (r < 0)
		return r;
	if (own > before)
		init->scratch_fd = own;
	r = mount_somewhere(init, m, err);
	if (own > before && init->scratch_fd == own)
		init->scratch_fd = before;
	return r;
}

static int mount_entry(struct wabe_init *init, size_t i, struct wabe_error *err)
{
	struct wabe_init_mount *m = &init->mounts[i];
	int r = m->is_sent	 ? mount_sent(init, m, err)
		: m->link_target ? wabe_rootfs_copy_link(init, m, err)
		: m->remounts	 ? wabe_remount_apply(init, m, err)
				 : mount_somewhere(init, m, err);

	if (r == 0 && m->is_remounted)
		r = wabe_remount_note(init, m, err);
	if (r < 0)
		return wabe_error_prefix(err, "mounts[%zu]", i);
	wabe_devices_note(init, m);
	if (i % WABE_INIT_SWEEP == WABE_INIT_SWEEP - 1)
		wabe_init_sweep(init);
	return 0;
}

/* Is it sysfs, or does its place depend on one that waits? A path without links leads to nothing else below /sys. */
static bool waits(const struct wabe_init *init, const struct wabe_init_mount *m)
{
	bool is_new = m->source_fd < 0 && !m->is_sent && !m->link_target && !m->remounts;

	if (!init->has_own_network ||
	    (strcmp(m->destination, "/sys") != 0 && !wabe_str_starts(m->destination, "/sys/")))
		return false;
	return init->has_late || (is_new && may_show_network(m->spec->type));
}

int wabe_rootfs_mounts(struct wabe_init *init, struct wabe_error *err)
{
	for (size_t i = 0; i < init->spec->mounts.count; i++) {
		struct wabe_init_mount *m = &init->mounts[i];
		int r = 0;

		if (waits(init, m)) {
			m->is_late = init->has_late = true;
			continue;
		}
		/* Where these are may be behind a link; mount_one() sees for itself. */
		if (m->link_target || m->remounts)
			r = wabe_rootfs_settle(init, err);
		if (r == 0)
			r = mount_entry(init, i, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int wabe_rootfs_settle(struct wabe_init *init, struct wabe_error *err)
{
	int r = 0;

	if (!init->has_late)
		return 0;
	init->has_late = false;
	for (size_t i = 0; r == 0 && i < init->spec->mounts.count; i++)
		if (init->mounts[i].is_late)
			r = mount_entry(init, i, err);
	return r;
}
