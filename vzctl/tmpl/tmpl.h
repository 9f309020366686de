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
 *     <TEMPLATE>/NAME/generation  a link whose text is .created: which generation this is, cheaply
 *     <TEMPLATE>/NAME/ssh-keys    a link; there: vz_template_needs_keys()
 *     <TEMPLATE>/NAME@CREATED/    the same of a generation before, kept while a guest uses it
 *     <TEMPLATE>/.NAME.tmp.XXXXXX being made or removed; locked (flock(2)) while its maker lives
 *     <TEMPLATE>/.lock            held while names in the store change
 *     <TEMPLATE>/.shared/XX/HASH  a further name of a file that templates share, found by its hash
 *
 * A template appears and disappears by one rename. An update puts the new tree at the name that the
 * old one will have, and exchanges the two: NAME is always one or the other, and a guest, which
 * keeps what it was made of (TEMPLATE_CREATED), finds its generation at NAME or at NAME@CREATED.
 * What a killed maker left is removed by the next command that changes the store. All calls need
 * root.
 */
#ifndef VZ_TMPL_H
#define VZ_TMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
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
	uint64_t generation; /* 1, and one more with each update */
	uint64_t kept;	     /* generations before it that are kept; not in the file */
};

/** What a new tree becomes. */
enum vz_template_mode {
	VZ_TEMPLATE_NEW,    /* a template of a name that is free */
	VZ_TEMPLATE_UPDATE, /* the next generation of one that there is */
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
 * @created: the generation; NULL, or one that is gone: the current one
 * @ret_created: NULL, or which one it is
 * Returns the descriptor or an error as vz_template_find().
 */
int vz_template_root_fd(const struct vz_host *host, const char *name, const char *created,
			char ret_created[WABE_CLOCK_TEXT_MAX], struct wabe_error *err);

/**
 * vz_template_hold() - keep a generation from being removed until the descriptor is closed: for the
 * time between the decision to use it and the guest's configuration that names it.
 * @created, @ret_created: as in vz_template_root_fd()
 * Returns a descriptor of the template's directory or an error as vz_template_find().
 */
int vz_template_hold(const struct vz_host *host, const char *name, const char *created,
		     char ret_created[WABE_CLOCK_TEXT_MAX], struct wabe_error *err);

/**
 * vz_template_generations() - all generations of a template, the current one first, then the newest
 * of those before. As vz_template_find().
 */
int vz_template_generations(const struct vz_host *host, const char *name, struct wabe_arena *arena,
			    struct vz_template_meta **ret_list, size_t *ret_count,
			    struct wabe_error *err);

/**
 * vz_template_release() - a guest that used this generation is gone: remove it when it is not the
 * current one and nobody else uses it. Nothing but a look at one name when it is. Never fails for
 * want of a template.
 * @created: NULL: any of that name that nobody uses
 */
int vz_template_release(const struct vz_host *host, const char *name, const char *created,
			struct wabe_error *err);

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
	const char *created; /* the generation; NULL: not known, any */
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
 * vz_template_remove() - remove a template, all generations, that no guest uses.
 * Returns 0; -EBUSY: guests use it (the error names them) or one is being made of it; an error as
 * vz_template_find().
 */
int vz_template_remove(const struct vz_host *host, const char *name, struct wabe_error *err);

/**
 * vz_template_recipe() - the recipe that made a template: what an update runs again.
 * Returns it in the string of meta->source, or NULL: no recipe did.
 */
const char *vz_template_recipe(const struct vz_template_meta *meta);

/** What a generation takes on the disk. */
struct vz_template_usage {
	const char *name;
	uint64_t generation;
	bool is_current;
	uint64_t own_bytes;    /* freed when it is removed */
	uint64_t shared_bytes; /* of files that other generations or templates have too */
};

/**
 * vz_template_usage() - of all templates, or of one, every generation.
 * @name: NULL: of all
 * @ret_disk_bytes: all of these together, what is shared counted once
 * As vz_template_find().
 */
int vz_template_usage(const struct vz_host *host, const char *name, struct wabe_arena *arena,
		      struct vz_template_usage **ret_list, size_t *ret_count,
		      uint64_t *ret_disk_bytes, struct wabe_error *err);

struct vz_template_build {
	const char *name; /* of the template to make */
	enum vz_template_mode mode;
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
int vz_template_import(const struct vz_host *host, const char *name, enum vz_template_mode mode,
		       int archive_fd, const char *source, const struct vz_template_watch *watch,
		       struct wabe_arena *arena, struct vz_template_meta *ret_meta,
		       uint64_t *ret_skipped, struct wabe_error *err);

/** Where a container image is. */
struct vz_image_source {
	const char *path; /* directory or tar archive */
	const char *tag;  /* NULL: the only one */
	bool is_docker;	  /* as `docker save` writes it, else an OCI image layout */
};

/**
 * vz_template_import_image() - put the layers of an image over each other and store the tree. Every
 * part must have the SHA-256 that names it. Layers are read as vz_template_import() reads archives,
 * and what would be hostile there is here.
 * -EBADMSG: damaged or hostile; -ENOENT, -EMLINK: no image, or several, of that tag for this
 * machine; others as vz_template_import().
 */
int vz_template_import_image(const struct vz_host *host, const char *name,
			     enum vz_template_mode mode, const struct vz_image_source *source,
			     const struct vz_template_watch *watch, struct wabe_arena *arena,
			     struct vz_template_meta *ret_meta, uint64_t *ret_skipped,
			     struct wabe_error *err);

/** Fills the tree of a new template. @ret_needs_keys: see vz_template_needs_keys(). */
typedef int vz_template_fill(void *data, int root_fd, bool *ret_needs_keys, struct wabe_error *err);

/**
 * vz_template_make() - a template whose tree @fill makes. Device nodes and sockets in it are left
 * out.
 * @source: for meta.json
 * @ret_skipped: how many those were
 * Errors as vz_template_import(), and those of @fill.
 */
int vz_template_make(const struct vz_host *host, const char *name, enum vz_template_mode mode,
		     const char *source, vz_template_fill *fill, void *data,
		     struct wabe_arena *arena, struct vz_template_meta *ret_meta,
		     uint64_t *ret_skipped, struct wabe_error *err);

/**
 * vz_template_needs_keys() - have guests of this template to be given host keys of SSH at their
 * first start?
 * @dir_fd: of vz_template_hold()
 */
bool vz_template_needs_keys(int dir_fd);

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
