/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpl/store: what the calls of tmpl.h share: the store's directory and lock, templates being made,
 * meta.json, the look at a finished tree. For vzctl/tmpl only.
 */
#ifndef VZ_TMPL_STORE_H
#define VZ_TMPL_STORE_H

#include "base/cleanup.h"
#include "base/clock.h"
#include "tmpl/inodes.h"
#include "tmpl/tmpl.h"

#define VZ_TEMPLATE_NAME_MAX 64
#define VZ_TEMPLATE_ID_MAX 65535 /* owners in a template: guests have 65,536 ids */

/** "NAME@2026-11-21T23:52:07.123456Z": the directory of a generation that is not the current one. */
#define VZ_GENERATION_DIR_MAX (VZ_TEMPLATE_NAME_MAX + 1 + WABE_CLOCK_TEXT_MAX)

/** A template being made: <TEMPLATE>/.NAME.tmp.XXXXXX. Free with vz_draft_drop(). */
struct vz_draft {
	const struct vz_host *host;
	bool is_update; /* becomes the next generation of a template that there is */
	char name[VZ_TEMPLATE_NAME_MAX + 1];
	char temporary[VZ_GENERATION_DIR_MAX + 16];
	int store_fd;
	int dir_fd;  /* holds the lock that says "its maker lives" */
	int root_fd; /* of root/ in it */
};

#define VZ_DRAFT_INIT                                                   \
	{                                                               \
		.store_fd = -EBADF, .dir_fd = -EBADF, .root_fd = -EBADF \
	}

/**
 * vz_store_open() - the store's directory; @is_made: make it (0700) when missing. -errno as
 * vz_template_find().
 */
int vz_store_open(const struct vz_host *host, bool is_made, struct wabe_error *err);

/**
 * vz_store_open_template() - the directory of a template's current generation. -ENOENT, kind
 * VZ_EXIT_NO_TEMPLATE.
 */
int vz_store_open_template(int store_fd, const char *name, struct wabe_error *err);

/**
 * vz_store_open_generation() - the directory of the generation @created, or of the current one when
 * @created is NULL or that generation is gone.
 */
int vz_store_open_generation(int store_fd, const char *name, const char *created,
			     struct wabe_error *err);

/** vz_generation_read() - which generation the template directory @dir_fd is. 0 or -errno. */
int vz_generation_read(int dir_fd, char ret_created[WABE_CLOCK_TEXT_MAX], struct wabe_error *err);

/** vz_generation_write() - the same, into a directory that has none yet. */
int vz_generation_write(int dir_fd, const char *created, struct wabe_error *err);

/** vz_generation_dir() - the name of its directory once it is not the current one any more. */
void vz_generation_dir(const char *name, const char *created, char ret_dir[VZ_GENERATION_DIR_MAX]);

/**
 * vz_generation_split() - is @dir such a name? @ret_name: the template's.
 * Returns the generation in @dir, or NULL.
 */
const char *vz_generation_split(const char *dir, char ret_name[VZ_TEMPLATE_NAME_MAX + 1]);

/** vz_generation_is_broken() - what a killed update left at the name of an old generation. */
bool vz_generation_is_broken(int store_fd, const char *dir);

/**
 * vz_generation_list() - directories in the store: names "NAME@...", of all templates or of @name,
 * newest last. -ENOMEM and errors of reading.
 */
int vz_generation_list(int store_fd, const char *name, struct wabe_arena *arena,
		       struct wabe_strv *ret_dirs, struct wabe_error *err);

/**
 * vz_generation_collect() - remove the generations of @name (NULL: of all templates) that nobody
 * uses. The store is locked.
 */
int vz_generation_collect(const struct vz_host *host, int store_fd, const char *name,
			  struct wabe_error *err);

/**
 * vz_store_remove_dir() - take a template's directory away: a temporary name first, then its files.
 * @dir_fd: of it, locked by the caller
 * @lock_fd: of the store; given up before the long part, < 0 then
 */
int vz_store_remove_dir(int store_fd, const char *dir, int *lock_fd, struct wabe_error *err);

/** vz_store_lock() - the lock of names in the store, after removing what killed makers left. */
int vz_store_lock(int store_fd, struct wabe_error *err);

/** vz_store_temporary() - ".NAME.tmp.XXXXXX" with a random end into @buf. 0 or -errno. */
int vz_store_temporary(const char *name, char *buf, size_t room, struct wabe_error *err);

/**
 * vz_draft_begin() - an empty directory with root/ in it. -EEXIST: the name is taken; as
 * VZ_TEMPLATE_UPDATE, -ENOENT: it is not.
 */
int vz_draft_begin(const struct vz_host *host, const char *name, enum vz_template_mode mode,
		   struct vz_draft *ret_draft, struct wabe_error *err);

/**
 * vz_draft_commit() - look at the tree, write meta.json, sync, give the draft its name; after an
 * update the generations that nobody uses go.
 */
int vz_draft_commit(struct vz_draft *draft, const char *source, struct wabe_arena *arena,
		    struct vz_template_meta *ret_meta, struct wabe_error *err);

/** vz_draft_drop() - close; remove what was not committed. */
void vz_draft_drop(struct vz_draft *draft);

/**
 * vz_meta_load_at(), vz_meta_save_at() - meta.json of the template directory @dir_fd. .name is not
 * in it.
 */
int vz_meta_load_at(int dir_fd, struct wabe_arena *arena, struct vz_template_meta *ret_meta,
		    struct wabe_error *err);
int vz_meta_save_at(int dir_fd, const struct vz_template_meta *meta, struct wabe_error *err);

/**
 * vz_share_tree() - make the larger files of a new tree's programs and libraries the same inodes as
 * the equal ones of other templates: less disk, and one copy in the page cache for all guests. What
 * can't be linked stays as it is. For trees that no guest uses yet.
 */
int vz_share_tree(int store_fd, int root_fd, struct wabe_error *err);

/** vz_share_prune() - forget the files that no template has any more. Never fails. */
void vz_share_prune(int store_fd);

/** vz_share_inodes() - the inodes that the store keeps for sharing; none is fine. 0 or -errno. */
int vz_share_inodes(int store_fd, struct vz_inodes *table, struct wabe_error *err);

/**
 * vz_tree_scan() - sizes, architecture and init of a tree; and that it is one: owners in range, no
 * device nodes. Strings of @ret_meta are constants. -EBADMSG with the path that offends.
 */
int vz_tree_scan(int root_fd, struct vz_template_meta *ret_meta, struct wabe_error *err);

#endif
