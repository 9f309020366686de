/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpl/store: what the calls of tmpl.h share: the store's directory and lock, templates being made,
 * meta.json, the look at a finished tree. For vzctl/tmpl only.
 */
#ifndef VZ_TMPL_STORE_H
#define VZ_TMPL_STORE_H

#include "base/cleanup.h"
#include "tmpl/tmpl.h"

#define VZ_TEMPLATE_NAME_MAX 64
#define VZ_TEMPLATE_ID_MAX 65535 /* owners in a template: guests have 65,536 ids */

/** A template being made: <TEMPLATE>/.NAME.tmp.XXXXXX. Free with vz_draft_drop(). */
struct vz_draft {
	char name[VZ_TEMPLATE_NAME_MAX + 1];
	char temporary[VZ_TEMPLATE_NAME_MAX + 16];
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

/** vz_store_open_template() - the directory of a template. -ENOENT, kind VZ_EXIT_NO_TEMPLATE. */
int vz_store_open_template(int store_fd, const char *name, struct wabe_error *err);

/** vz_store_lock() - the lock of names in the store, after removing what killed makers left. */
int vz_store_lock(int store_fd, struct wabe_error *err);

/** vz_store_temporary() - ".NAME.tmp.XXXXXX" with a random end into @buf. 0 or -errno. */
int vz_store_temporary(const char *name, char *buf, size_t room, struct wabe_error *err);

/** vz_draft_begin() - an empty directory with root/ in it. -EEXIST: the name is taken. */
int vz_draft_begin(const struct vz_host *host, const char *name, struct vz_draft *ret_draft,
		   struct wabe_error *err);

/** vz_draft_commit() - look at the tree, write meta.json, sync, give the draft its name. */
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
 * vz_tree_scan() - sizes, architecture and init of a tree; and that it is one: owners in range, no
 * device nodes. Strings of @ret_meta are constants. -EBADMSG with the path that offends.
 */
int vz_tree_scan(int root_fd, struct vz_template_meta *ret_meta, struct wabe_error *err);

#endif
