// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spec/mount_option: the options of a mount entry (config.md, "Linux mount options"), sorted by who acts on them.
 *
 * Options take effect in the order they are written, as with mount(8): of "ro" and "rw" the later one wins.
 */
#include <errno.h>
#include <linux/mount.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "spec/internal.h"
#include "spec/spec.h"

enum action {
	ATTR,	    /* set .set, clear .clear, of this mount */
	REC_ATTR,   /* the same for the whole tree below it */
	ATIME_DROP, /* back to relatime when .set is the mode in effect */
	REC_ATIME_DROP,
	SB_SET, /* flags of the filesystem */
	SB_CLEAR,
	PROPAGATION, /* .set is MS_*, .clear: recursive? */
	BIND,	     /* .clear: recursive? */
	COPY_SYMLINK,
	COPY_UP,
	IDMAP, /* .clear: recursive? */
	REMOUNT,
	NOTHING, /* what is the case anyway */
};

struct row {
	const char *name;
	enum action action;
	unsigned long set, clear;
};

#define RDONLY MOUNT_ATTR_RDONLY
#define ATIME \
	MOUNT_ATTR__ATIME /* three modes in one field: mount_setattr(2) wants it cleared as a whole */

/* Sorted by name. */
static const struct row rows[] = {
	{ "async", SB_CLEAR, MS_SYNCHRONOUS },
	{ "atime", ATIME_DROP, MOUNT_ATTR_NOATIME },
	{ "bind", BIND },
	{ "copy-symlink", COPY_SYMLINK },
	{ "defaults", NOTHING },
	{ "dev", ATTR, 0, MOUNT_ATTR_NODEV },
	{ "diratime", ATTR, 0, MOUNT_ATTR_NODIRATIME },
	{ "dirsync", SB_SET, MS_DIRSYNC },
	{ "exec", ATTR, 0, MOUNT_ATTR_NOEXEC },
	{ "idmap", IDMAP },
	/* Since Linux 6.1 every filesystem that can count changes does so; the new mount API has no switch for it. */
	{ "iversion", NOTHING },
	{ "lazytime", SB_SET, MS_LAZYTIME },
	/* How much mount(2) says in the kernel log; with fsopen(2) the messages come to us. */
	{ "loud", NOTHING },
	{ "mand", SB_SET, MS_MANDLOCK },
	{ "noatime", ATTR, MOUNT_ATTR_NOATIME, ATIME },
	{ "nodev", ATTR, MOUNT_ATTR_NODEV },
	{ "nodiratime", ATTR, MOUNT_ATTR_NODIRATIME },
	{ "noexec", ATTR, MOUNT_ATTR_NOEXEC },
	{ "noiversion", NOTHING },
	{ "nolazytime", SB_CLEAR, MS_LAZYTIME },
	{ "nomand", SB_CLEAR, MS_MANDLOCK },
	/* relatime is what the kernel does when nothing else is asked for (mount(2), since Linux 2.6.30). */
	{ "norelatime", NOTHING },
	{ "nostrictatime", ATIME_DROP, MOUNT_ATTR_STRICTATIME },
	{ "nosuid", ATTR, MOUNT_ATTR_NOSUID },
	{ "nosymfollow", ATTR, MOUNT_ATTR_NOSYMFOLLOW },
	{ "private", PROPAGATION, MS_PRIVATE },
	{ "ratime", REC_ATIME_DROP, MOUNT_ATTR_NOATIME },
	{ "rbind", BIND, 0, true },
	{ "rdev", REC_ATTR, 0, MOUNT_ATTR_NODEV },
	{ "rdiratime", REC_ATTR, 0, MOUNT_ATTR_NODIRATIME },
	{ "relatime", ATTR, MOUNT_ATTR_RELATIME, ATIME },
	{ "remount", REMOUNT },
	{ "rexec", REC_ATTR, 0, MOUNT_ATTR_NOEXEC },
	{ "ridmap", IDMAP, 0, true },
	{ "rnoatime", REC_ATTR, MOUNT_ATTR_NOATIME, ATIME },
	{ "rnodev", REC_ATTR, MOUNT_ATTR_NODEV },
	{ "rnodiratime", REC_ATTR, MOUNT_ATTR_NODIRATIME },
	{ "rnoexec", REC_ATTR, MOUNT_ATTR_NOEXEC },
	{ "rnorelatime", NOTHING },
	{ "rnostrictatime", REC_ATIME_DROP, MOUNT_ATTR_STRICTATIME },
	{ "rnosuid", REC_ATTR, MOUNT_ATTR_NOSUID },
	{ "rnosymfollow", REC_ATTR, MOUNT_ATTR_NOSYMFOLLOW },
	{ "ro", ATTR, RDONLY },
	{ "rprivate", PROPAGATION, MS_PRIVATE, true },
	{ "rrelatime", REC_ATTR, MOUNT_ATTR_RELATIME, ATIME },
	{ "rro", REC_ATTR, RDONLY },
	{ "rrw", REC_ATTR, 0, RDONLY },
	{ "rshared", PROPAGATION, MS_SHARED, true },
	{ "rslave", PROPAGATION, MS_SLAVE, true },
	{ "rstrictatime", REC_ATTR, MOUNT_ATTR_STRICTATIME, ATIME },
	{ "rsuid", REC_ATTR, 0, MOUNT_ATTR_NOSUID },
	{ "rsymfollow", REC_ATTR, 0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable", PROPAGATION, MS_UNBINDABLE, true },
	{ "rw", ATTR, 0, RDONLY },
	{ "shared", PROPAGATION, MS_SHARED },
	{ "silent", NOTHING },
	{ "slave", PROPAGATION, MS_SLAVE },
	{ "strictatime", ATTR, MOUNT_ATTR_STRICTATIME, ATIME },
	{ "suid", ATTR, 0, MOUNT_ATTR_NOSUID },
	{ "symfollow", ATTR, 0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "sync", SB_SET, MS_SYNCHRONOUS },
	{ "tmpcopyup", COPY_UP },
	{ "unbindable", PROPAGATION, MS_UNBINDABLE },
};

static int compare_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct row *)row)->name);
}

static const struct row *find_row(const char *name)
{
	return bsearch(name, rows, ARRAY_SIZE(rows), sizeof(rows[0]), compare_name);
}

const char *wabe_spec_mount_option_name(size_t i)
{
	return i < ARRAY_SIZE(rows) ? rows[i].name : NULL;
}

static void change_attr(unsigned long *set, unsigned long *clear, const struct row *row)
{
	*set = (*set & ~row->clear) | row->set;
	*clear = (*clear & ~row->set) | row->clear;
}

/* "atime" takes back "noatime" and leaves "strictatime" alone, "nostrictatime" the other way round. */
static void drop_atime(unsigned long *set, unsigned long *clear, unsigned long mode)
{
	unsigned long current = *set & ATIME;

	if (current && current != mode)
		return;
	*set &= ~(unsigned long)ATIME;
	*clear |= ATIME;
}

static int set_propagation(struct wabe_mount_options *o, const struct row *row)
{
	if (o->propagation && o->propagation != row->set)
		return -EINVAL;
	o->propagation = (unsigned int)row->set;
	o->is_propagation_recursive |= row->clear;
	return 0;
}

static int apply(struct wabe_mount_options *o, const struct row *row)
{
	switch (row->action) {
	case ATTR:
		change_attr(&o->attr_set, &o->attr_clear, row);
		return 0;
	case REC_ATTR:
		change_attr(&o->rec_attr_set, &o->rec_attr_clear, row);
		return 0;
	case ATIME_DROP:
		drop_atime(&o->attr_set, &o->attr_clear, row->set);
		return 0;
	case REC_ATIME_DROP:
		drop_atime(&o->rec_attr_set, &o->rec_attr_clear, row->set);
		return 0;
	case SB_SET:
		o->sb_flags |= (unsigned int)row->set;
		o->sb_clear &= ~(unsigned int)row->set;
		return 0;
	case SB_CLEAR:
		o->sb_flags &= ~(unsigned int)row->set;
		o->sb_clear |= (unsigned int)row->set;
		return 0;
	case PROPAGATION:
		return set_propagation(o, row);
	case BIND:
		o->is_bind = true;
		o->is_bind_recursive |= row->clear;
		return 0;
	case COPY_SYMLINK:
		o->is_copy_symlink = true;
		return 0;
	case COPY_UP:
		o->is_copy_up = true;
		return 0;
	case IDMAP:
		o->is_idmap = true;
		o->is_idmap_recursive |= row->clear;
		return 0;
	case REMOUNT:
		o->is_remount = true;
		return 0;
	case NOTHING:
		return 0;
	}
	return -EINVAL;
}

static int add_option(struct wabe_arena *arena, const struct wabe_spec_mount *mount,
		      const char *name, struct wabe_mount_options *o, struct wabe_error *err)
{
	const struct row *row = find_row(name);
	int r;

	if (!row) {
		/* Nothing is asked for by "". */
		if (*name && wabe_strv_add(&o->data, arena, name) < 0)
			return wabe_error_set(err, -ENOMEM, "mount %s", mount->destination);
		return 0;
	}
	r = apply(o, row);
	if (r < 0)
		return wabe_error_say(
			err, r, "mount %s: option \"%s\": another propagation was given before it",
			mount->destination, name);
	return 0;
}

static const char *sb_option_name(unsigned int sb_flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].action == SB_SET && (sb_flags & rows[i].set))
			return rows[i].name;
	return NULL;
}

/* A bind mount shows a filesystem that is mounted already; mount(2) passes over what only a new one can be told. */
static int check_bind(const struct wabe_spec_mount *mount, struct wabe_mount_options *o,
		      struct wabe_error *err)
{
	if (!mount->source && !o->is_remount)
		return wabe_error_say(err, -EINVAL, "mount %s: a bind mount needs a source",
				      mount->destination);
	o->without_effect = o->data.count ? o->data.items[0] : sb_option_name(o->sb_flags);
	o->data.count = 0;
	o->sb_flags = o->sb_clear = 0;
	return 0;
}

/* Each would be without effect there. */
static int check_places(const struct wabe_spec_mount *mount, const struct wabe_mount_options *o,
			struct wabe_error *err)
{
	if (o->is_copy_up && (o->is_bind || !wabe_str_equal(mount->type, "tmpfs")))
		return wabe_error_say(err, -EINVAL,
				      "mount %s: option \"tmpcopyup\": it is no tmpfs",
				      mount->destination);
	if (o->is_remount && (o->is_copy_up || o->is_copy_symlink || o->is_idmap))
		return wabe_error_say(err, -EINVAL, "mount %s: option \"%s\" is for a new mount",
				      mount->destination,
				      o->is_copy_up	   ? "tmpcopyup"
				      : o->is_copy_symlink ? "copy-symlink"
							   : "idmap");
	if (o->is_bind)
		return 0;
	if (o->is_idmap)
		return wabe_error_say(err, -EINVAL,
				      "mount %s: only a bind mount can have its ids mapped",
				      mount->destination);
	if (o->is_copy_symlink)
		return wabe_error_say(err, -EINVAL,
				      "mount %s: option \"copy-symlink\": it is no bind mount",
				      mount->destination);
	return 0;
}

int wabe_spec_mount_options(struct wabe_arena *arena, const struct wabe_spec_mount *mount,
			    struct wabe_mount_options *ret_options, struct wabe_error *err)
{
	struct wabe_mount_options o = { 0 };
	int r;

	for (size_t i = 0; i < mount->options.count; i++) {
		r = add_option(arena, mount, mount->options.items[i], &o, err);
		if (r < 0)
			return r;
	}
	/* Engines of old write the type alone. */
	if (mount->type && strcmp(mount->type, "bind") == 0)
		o.is_bind = true;
	o.is_idmap |= mount->uid_mappings.count || mount->gid_mappings.count;
	r = check_places(mount, &o, err);
	if (r < 0)
		return r;
	if (o.is_bind) {
		r = check_bind(mount, &o, err);
		if (r < 0)
			return r;
	} else if (o.attr_set & RDONLY) {
		o.sb_flags |= MS_RDONLY;
	}
	*ret_options = o;
	return 0;
}

int wabe_spec_propagation(const char *name, unsigned int *ret_propagation)
{
	long long value;
	int r = wabe_name_find(wabe_spec_propagation_names, name, &value);

	if (r == 0)
		*ret_propagation = (unsigned int)value;
	return r < 0 ? -EINVAL : 0;
}
