/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpl: the template store. A template is a read-only root tree that guests share.
 *
 * The store is one directory (TEMPLATE of vz.conf), a template one directory in it, 0700 because
 * its tree holds setuid files that no user of the host may run:
 *
 *     <TEMPLATE>/NAME/root/       the tree; owners as in the guest, 0..65535, no device nodes
 *     <TEMPLATE>/NAME/meta.json   struct vz_template_meta
 *     <TEMPLATE>/NAME/build.log   what the recipe printed (none after an import)
 *     <TEMPLATE>/.NAME.tmp.XXXXXX being made or removed; locked (flock(2)) while its maker lives
 *     <TEMPLATE>/.lock            held while names in the store change
 *
 * A template appears and disappears by one rename. What a killed maker left is removed by the next
 * command that changes the store. All calls need root.
 */
#ifndef VZ_TMPL_H
#define VZ_TMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "conf/host.h"

/** meta.json. Strings are in the arena of the call that gave it. */
struct vz_template_meta {
	const char *name;    /* of the directory; not in the file */
	const char *created; /* RFC 3339, UTC */
	const char *source;  /* "recipe debian-12", "archive debian.tar.zst" */
	const char *arch;    /* as uname -m: "x86_64"; "unknown" */
	const char *init;    /* systemd, busybox, sysvinit, openrc, other; none: no /sbin/init */
	uint64_t size_bytes; /* on disk, hard links counted once */
	uint64_t files;	     /* inodes */
};

/** How a long call tells what it does. NULL as the watch, or as a callback: nobody looks. */
struct vz_template_watch {
	void (*progress)(void *data, int percent, const char *text); /* percent -1: not known */
	void (*line)(void *data, const char *text); /* a line that the recipe printed */
	void *data;
	int cancel_fd; /* readable: give up with -ECANCELED and leave nothing behind; < 0: none */
};

/**
 * vz_template_check_name() - 1..64 of [A-Za-z0-9_+.-], beginning with a letter or digit. 0 or
 * -EINVAL.
 */
int vz_template_check_name(const char *name, struct wabe_error *err);

/**
 * vz_template_find() - read a template's meta.json.
 * @arena: memory for the strings of @ret_meta
 * Returns 0; -ENOENT with the error's kind VZ_EXIT_NO_TEMPLATE when there is none of that name.
 */
int vz_template_find(const struct vz_host *host, const char *name, struct wabe_arena *arena,
		     struct vz_template_meta *ret_meta, struct wabe_error *err);

/**
 * vz_template_root_fd() - open a template's tree (O_PATH | O_DIRECTORY); the path that starts and
 * mounts take, cheap.
 * Returns the descriptor or an error as vz_template_find().
 */
int vz_template_root_fd(const struct vz_host *host, const char *name, struct wabe_error *err);

/**
 * vz_template_hold() - keep a template from being removed until the descriptor is closed: for the
 * time between the decision to use it and the guest's configuration that names it.
 * Returns a descriptor of the template's directory or an error as vz_template_find().
 */
int vz_template_hold(const struct vz_host *host, const char *name, struct wabe_error *err);

/**
 * vz_template_list() - all templates, sorted by name. A damaged one is listed with empty fields
 * (NULL, 0).
 */
int vz_template_list(const struct vz_host *host, struct wabe_arena *arena,
		     struct vz_template_meta **ret_list, size_t *ret_count, struct wabe_error *err);

/** A guest and the template that its configuration names. */
struct vz_template_user {
	uint32_t ctid;
	const char *name;
};

/**
 * vz_template_users() - which guest uses which template, ascending by CTID: one pass over the
 * configurations. A guest whose configuration can't be read is an error: nobody can tell what it
 * uses.
 */
int vz_template_users(const struct vz_host *host, struct wabe_arena *arena,
		      struct vz_template_user **ret_users, size_t *ret_count,
		      struct wabe_error *err);

/**
 * vz_template_remove() - remove a template that no guest uses.
 * Returns 0; -EBUSY: guests use it (the error names them) or one is being made of it; an error as
 * vz_template_find().
 */
int vz_template_remove(const struct vz_host *host, const char *name, struct wabe_error *err);

struct vz_template_build {
	const char *name; /* of the template to make */
	/* Its name in RECIPEDIR of vz.conf (else WABE_RECIPE_DIR), or a path when it has a '/'. */
	const char *recipe;
	const char *mirror;  /* NULL or MIRROR of the recipe */
	const char *keyring; /* NULL or KEYRING of the recipe */
};

/**
 * vz_template_build() - run a recipe and store what it made.
 * The recipe is run by /bin/sh -eu in mount and pid namespaces of its own, with standard input from
 * /dev/null and an environment of PATH, HOME, LC_ALL, TARGET (the empty directory to fill), ARCH
 * (Debian's name, of dpkg) and, when given, MIRROR and KEYRING. "progress PERCENT TEXT" lines on
 * its descriptor 3 go to watch->progress.
 * Returns 0; -EEXIST: the name is taken; -ENOENT: no such recipe; -ECHILD: it failed (the error has
 * its last line).
 */
int vz_template_build(const struct vz_host *host, const struct vz_template_build *build,
		      const struct vz_template_watch *watch, struct wabe_arena *arena,
		      struct vz_template_meta *ret_meta, struct wabe_error *err);

/**
 * vz_template_import() - unpack a tar (pax, GNU, ustar; plain or gzip, bzip2, xz, zstd, lz4) and
 * store it. A hostile or damaged archive is refused whole: absolute names, "..", a symbolic link as
 * a parent, a hard link to what the archive does not hold, a directory replaced by something else,
 * owners above 65535, device nodes outside dev/ (inside they are left out: the guest gets its own
 * /dev), overlayfs' own attributes.
 * @archive_fd: read from where it stands; stays the caller's
 * @source: for meta.json
 * @ret_skipped: NULL or the number of device nodes left out
 * Returns 0; -EBADMSG: hostile or damaged; -ENOSPC, before the filesystem is full; -EEXIST: the
 * name is taken.
 */
int vz_template_import(const struct vz_host *host, const char *name, int archive_fd,
		       const char *source, const struct vz_template_watch *watch,
		       struct wabe_arena *arena, struct vz_template_meta *ret_meta,
		       uint64_t *ret_skipped, struct wabe_error *err);

/** The compressions of an export. */
enum vz_template_filter {
	VZ_TEMPLATE_PLAIN,
	VZ_TEMPLATE_GZIP,
	VZ_TEMPLATE_XZ,
	VZ_TEMPLATE_ZSTD,
	VZ_TEMPLATE_FILTER_MAX,
};

/**
 * vz_template_filter_of() - by the suffix of a file name: .tar .tar.gz .tgz .tar.xz .txz .tar.zst
 * .tzst. Or -EINVAL.
 */
int vz_template_filter_of(const char *file, enum vz_template_filter *ret_filter,
			  struct wabe_error *err);

/** vz_template_export() - write a template's tree as a pax tar to @archive_fd. */
int vz_template_export(const struct vz_host *host, const char *name, int archive_fd,
		       enum vz_template_filter filter, const struct vz_template_watch *watch,
		       struct wabe_error *err);

#endif
