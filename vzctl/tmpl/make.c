// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/make: a template of a tree that the caller makes; see tmpl.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tmpl/store.h"
#include "tmpl/walk.h"

#define KEYS "ssh-keys"

/* A guest gets its own /dev, and a socket without its program is nothing. */
static int leave_out(void *data, const struct vz_walk_entry *e, struct wabe_error *err)
{
	uint64_t *skipped = data;

	if (!S_ISCHR(e->st.st_mode) && !S_ISBLK(e->st.st_mode) && !S_ISSOCK(e->st.st_mode))
		return 0;
	if (unlinkat(e->dir_fd, e->name, 0) < 0)
		return wabe_error_set(err, -errno, "leave out %s/%s", e->path, e->name);
	(*skipped)++;
	return 0;
}

bool vz_template_needs_keys(int dir_fd)
{
	return faccessat(dir_fd, KEYS, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int fill_draft(const struct vz_draft *d, vz_template_fill *fill, void *data,
		      uint64_t *skipped, struct wabe_error *err)
{
	bool needs_keys = false;
	int r = fill(data, d->root_fd, &needs_keys, err);

	if (r == 0 && needs_keys && symlinkat("yes", d->dir_fd, KEYS) < 0)
		r = wabe_error_set(err, -errno, "make the link " KEYS " of the template");
	return r < 0 ? r : vz_tree_walk(d->root_fd, leave_out, NULL, skipped, err);
}

int vz_template_make(const struct vz_host *host, const char *name, enum vz_template_mode mode,
		     const char *source, vz_template_fill *fill, void *data,
		     struct wabe_arena *arena, struct vz_template_meta *ret_meta,
		     uint64_t *ret_skipped, struct wabe_error *err)
{
	_cleanup_(vz_draft_drop) struct vz_draft draft = VZ_DRAFT_INIT;
	uint64_t skipped = 0;
	int r = vz_draft_begin(host, name, mode, &draft, err);

	if (r == 0)
		r = fill_draft(&draft, fill, data, &skipped, err);
	if (r == 0)
		r = vz_draft_commit(&draft, source, arena, ret_meta, err);
	if (r == 0)
		*ret_skipped = skipped;
	return r;
}
