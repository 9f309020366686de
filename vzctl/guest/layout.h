/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/layout: how template and private area become a root. A layout is a row of functions; which one a guest has is said by
 * its configuration alone (VE_LAYOUT), never by what is found in its files.
 *
 *     overlay            fs/ (upper directory) and work/ (overlayfs' own): the template's tree below, the guest's files above
 *     dir, simfs         fs/: a copy of the template
 *     btrfs              fs/: a subvolume
 *     image, ploop       root.img: a file with an ext4 (or, image:xfs, an xfs) that has the copy
 *
 * Owners on disk are the guest's own ids in all of them, mounts are idmapped: creating a guest changes no owner, and a private
 * area can move to another range or host as it is.
 */
#ifndef VZ_GUEST_LAYOUT_H
#define VZ_GUEST_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "guest/area.h"
#include "guest/guest.h"

#define VZ_LAYOUT_IMAGE_FILE "root.img"

/** How a root is mounted. */
struct vz_layout_how {
	uint32_t uid;	       /* host id of the guest's root; 0: owners as on disk */
	uint64_t set, clear;   /* MOUNT_ATTR_* */
	unsigned int sb_flags; /* MS_*, of a layout that has a file system of its own */
	struct wabe_strv data; /* options of that file system */
	bool skips_check;      /* --skip-fsck */
};

enum {
	VZ_LAYOUT_FOR_HOST = 1 << 0,   /* nosuid and nodev, for a mount that host users may reach */
	VZ_LAYOUT_SKIP_CHECK = 1 << 1, /* --skip-fsck */
};

struct vz_layout {
	const char *name;
	const char *alias; /* NULL or the name that OpenVZ's tools have for it */
	bool has_template; /* the template's tree is part of the mounted root, not only of its making */
	bool is_host_fs;     /* the guest's root is a part of a file system of the host's */
	const char *fs_type; /* NULL, or of its own file system, which takes options */
	/** NULL, or can a guest have it (as configured in memory, and where VE_PRIVATE will be)? With its own kind. */
	int (*check)(const struct vz_guest *g, struct wabe_error *err);
	/** An empty root in an empty area. */
	int (*make)(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err);
	/** NULL: make() and a copy of the template. Else what comes from the template faster. */
	int (*fill)(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err);
	/**
	 * NULL: make() and a copy of the root. Else the content of another guest's area into an empty one, faster. That guest is
	 * down, or runs and stands still (guest/freeze.h).
	 */
	int (*clone)(const struct vz_area *from, const struct vz_area *to, struct wabe_error *err);
	/** The root, attached nowhere. In a mount namespace of the caller's own. A descriptor or -errno. */
	int (*mount)(const struct vz_guest *g, const struct vz_area *area,
		     const struct vz_layout_how *how, struct wabe_error *err);
	/**
	 * NULL: mount(), for a guest that is down. Else the root to be read, owners as on disk, also while the guest runs and
	 * stands still (guest/freeze.h). As mount().
	 */
	int (*look)(const struct vz_guest *g, const struct vz_area *area, struct wabe_error *err);
	/** Put DISKSPACE, DISKINODES and QUOTATIME in force, whether the guest runs or not. */
	int (*limit)(struct vz_guest *g, const struct vz_area *area, struct wabe_error *err);
	/** What is used, of the members .used_bytes and .used_inodes those that can be told without reading the tree. */
	int (*usage)(uint32_t ctid, int area_fd, struct wabe_quota_usage *ret_usage);
	/** NULL: there is nothing to give back. Else give free space back to the host, whether the guest runs or not. */
	int (*compact)(const struct vz_guest *g, const struct vz_area *area,
		       struct wabe_error *err);
	/**
	 * NULL, or the root of a file system of its own, a mount of ours that sees owners as on disk, whether the guest runs or
	 * not; open for reading the directory.
	 */
	int (*open_running)(const struct vz_guest *g, const struct vz_area *area,
			    struct wabe_error *err);
	/** NULL, or what a failed copy into the area means (*@err is set); returns the code. */
	int (*explain)(const struct vz_area *area, struct wabe_error *err);
};

extern const struct vz_layout vz_layout_overlay, vz_layout_dir, vz_layout_btrfs, vz_layout_image,
	vz_layout_image_xfs;

/** vz_layout_find() - by name or alias; NULL: there is none. */
const struct vz_layout *vz_layout_find(const char *name);

/** vz_layout_of() - the guest's. Kind VZ_EXIT_LAYOUT. */
int vz_layout_of(const struct vz_guest *g, const struct vz_layout **ret_layout,
		 struct wabe_error *err);

/**
 * vz_layout_check() - can the guest, as configured in memory, have this layout, with its MOUNT_OPTS? Kinds VZ_EXIT_BAD_VALUE,
 * VZ_EXIT_LAYOUT and the layout's own.
 */
int vz_layout_check(const struct vz_guest *g, const struct vz_layout *layout,
		    struct wabe_error *err);

/** vz_layout_check_options() - does the layout take the guest's MOUNT_OPTS? Kind VZ_EXIT_BAD_VALUE. */
int vz_layout_check_options(const struct vz_guest *g, const struct vz_layout *layout,
			    struct wabe_error *err);

/**
 * vz_layout_fill() - make the guest's root from its template, in an empty area, and put its limits in force.
 * Kinds VZ_EXIT_NO_SPACE, VZ_EXIT_CREATE_PRIVATE, those of the template.
 */
int vz_layout_fill(struct vz_guest *g, const struct vz_area *area, struct wabe_error *err);

/**
 * vz_layout_mount() - the guest's root; it is attached nowhere yet.
 * Where: in a mount namespace of the caller's own (guest/mountns.h).
 * @flags: VZ_LAYOUT_*
 * Returns the descriptor of the mount, or -errno (kinds VZ_EXIT_MOUNT, VZ_EXIT_NO_TEMPLATE, VZ_EXIT_NO_PRIVATE_AREA).
 */
int vz_layout_mount(const struct vz_guest *g, unsigned int flags, struct wabe_error *err);

/**
 * vz_layout_open() - the same of any area, with owners as on disk, for work of ours; open(2)ed for reading the directory.
 * Where: as vz_layout_mount().
 */
int vz_layout_open(const struct vz_guest *g, const struct vz_layout *layout,
		   const struct vz_area *area, struct wabe_error *err);

/** vz_layout_limit() - put the configured limits in force, for a running guest too. Kind VZ_EXIT_QUOTA_SET. */
int vz_layout_limit(struct vz_guest *g, struct wabe_error *err);

/** vz_layout_compact() - give what is free in the guest's private area back to the host, or say that there is nothing to give. */
int vz_layout_compact(const struct vz_guest *g, struct wabe_error *err);

/** vz_layout_copied() - @r of a copy into @area, with a reason that says what it means for this layout. Returns the code. */
int vz_layout_copied(const struct vz_layout *layout, const struct vz_area *area, int r,
		     struct wabe_error *err);

/* For the layouts. */

/** vz_layout_fill_copy() - make() of @layout and a copy of the template. */
int vz_layout_fill_copy(const struct vz_guest *g, const struct vz_layout *layout,
			const struct vz_area *area, struct wabe_error *err);

/** vz_layout_userns() - a user namespace for mounts whose owners shall be the range from @uid on; -EBADF when that is 0. */
int vz_layout_userns(uint32_t uid, int *ret_userns_fd, struct wabe_error *err);

/** vz_layout_make_dir() - a directory in an area. */
int vz_layout_make_dir(int area_fd, const char *name, mode_t mode, struct wabe_error *err);

/** vz_layout_mount_dir() - what "fs" in the area is, as a mount. */
int vz_layout_mount_dir(const struct vz_guest *g, const struct vz_area *area,
			const struct vz_layout_how *how, struct wabe_error *err);

#endif
