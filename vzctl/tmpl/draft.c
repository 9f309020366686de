// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/draft: a template being made, and the end of one; see store.h. */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/clock.h"
#include "tmpl/store.h"

static int check_free(int store_fd, const char *name, struct wabe_error *err)
{
	struct stat st;

	if (fstatat(store_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return wabe_error_say(
			err, -EEXIST,
			"there is a template %s already: remove it first, or choose another name",
			name);
	if (errno != ENOENT)
		return wabe_error_set(err, -errno, "look for template %s", name);
	return 0;
}

static int check_name(const struct vz_draft *d, struct wabe_error *err)
{
	_cleanup_close_ int fd = -EBADF;

	if (!d->is_update)
		return check_free(d->store_fd, d->name, err);
	fd = vz_store_open_template(d->store_fd, d->name, err);
	return fd < 0 ? fd : 0;
}

/* Under the store's lock, so that the directory is locked before a cleaner may see it. */
static int make_locked(struct vz_draft *d, struct wabe_error *err)
{
	if (vz_store_temporary(d->name, d->temporary, sizeof(d->temporary), err) < 0)
		return -EIO;
	if (mkdirat(d->store_fd, d->temporary, 0700) < 0)
		return wabe_error_set(err, -errno, "make %s in the template directory",
				      d->temporary);
	d->dir_fd =
		openat(d->store_fd, d->temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->dir_fd < 0 || flock(d->dir_fd, LOCK_EX | LOCK_NB) < 0)
		return wabe_error_set(err, -errno, "lock %s in the template directory",
				      d->temporary);
	return 0;
}

static int make_root(struct vz_draft *d, struct wabe_error *err)
{
	if (mkdirat(d->dir_fd, "root", 0755) < 0)
		return wabe_error_set(err, -errno, "make root of template %s", d->name);
	d->root_fd = openat(d->dir_fd, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/*
	 * The caller's umask must not count, and a set-group-id or default-ACL store must not
	 * colour the tree.
	 */
	if (d->root_fd < 0 || fchown(d->root_fd, 0, 0) < 0 || fchmod(d->root_fd, 0755) < 0)
		return wabe_error_set(err, -errno, "make root of template %s", d->name);
	return 0;
}

static int begin(const struct vz_host *host, struct vz_draft *d, struct wabe_error *err)
{
	_cleanup_close_ int lock_fd = -EBADF;
	int r;

	d->store_fd = vz_store_open(host, true, err);
	if (d->store_fd < 0)
		return d->store_fd;
	lock_fd = vz_store_lock(d->store_fd, err);
	if (lock_fd < 0)
		return lock_fd;
	r = check_name(d, err);
	if (r < 0)
		return r;
	r = make_locked(d, err);
	return r < 0 ? r : make_root(d, err);
}

int vz_draft_begin(const struct vz_host *host, const char *name, enum vz_template_mode mode,
		   struct vz_draft *ret_draft, struct wabe_error *err)
{
	struct vz_draft d = VZ_DRAFT_INIT;
	int r = vz_template_check_name(name, err);

	if (r < 0)
		return r;
	d.host = host;
	d.is_update = mode == VZ_TEMPLATE_UPDATE;
	snprintf(d.name, sizeof(d.name), "%s", name);
	r = begin(host, &d, err);
	if (r < 0) {
		vz_draft_drop(&d);
		return r;
	}
	*ret_draft = d;
	return 0;
}

void vz_draft_drop(struct vz_draft *d)
{
	if (d->store_fd >= 0 && d->temporary[0])
		wabe_file_remove_tree_at(d->store_fd, d->temporary, NULL);
	d->temporary[0] = '\0';
	wabe_cleanup_close(&d->root_fd);
	wabe_cleanup_close(&d->dir_fd);
	wabe_cleanup_close(&d->store_fd);
}

/* The draft's name while it waits for its place; a cleaner knows it for a leftover by its link. */
static int put_beside(struct vz_draft *d, const char *dir, struct wabe_error *err)
{
	if (renameat2(d->store_fd, d->temporary, d->store_fd, dir, RENAME_NOREPLACE) < 0)
		return wabe_error_set(err, -errno, "rename %s to %s", d->temporary, dir);
	snprintf(d->temporary, sizeof(d->temporary), "%s", dir);
	return 0;
}

/*
 * NAME is the old generation until the exchange, and the new one after it: there is no moment
 * without it, and none in which a guest would find another generation than its own.
 */
static int take_place(struct vz_draft *d, const char *old_created, struct wabe_error *err)
{
	char dir[VZ_GENERATION_DIR_MAX];
	int r;

	vz_generation_dir(d->name, old_created, dir);
	r = put_beside(d, dir, err);
	if (r < 0)
		return r;
	if (renameat2(d->store_fd, dir, d->store_fd, d->name, RENAME_EXCHANGE) < 0)
		return wabe_error_set(err, -errno, "exchange template %s and its next generation",
				      d->name);
	d->temporary[0] = '\0';
	return 0;
}

static int publish_new(struct vz_draft *d, struct wabe_error *err)
{
	if (renameat2(d->store_fd, d->temporary, d->store_fd, d->name, RENAME_NOREPLACE) < 0)
		return errno == EEXIST ? check_free(d->store_fd, d->name, err)
				       : wabe_error_set(err, -errno, "rename %s to %s",
							d->temporary, d->name);
	d->temporary[0] = '\0';
	return 0;
}

/* The number is known only here: another update may have been faster. */
static int publish_update(struct vz_draft *d, struct vz_template_meta *meta, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_close_ int old_fd = vz_store_open_template(d->store_fd, d->name, err);
	char old_created[WABE_CLOCK_TEXT_MAX];
	struct vz_template_meta old;
	int r = old_fd < 0 ? old_fd : vz_meta_load_at(old_fd, &arena, &old, err);

	if (r == 0)
		r = vz_generation_read(old_fd, old_created, err);
	if (r < 0)
		return wabe_error_prefix(err, "template %s", d->name);
	meta->generation = old.generation + 1;
	r = vz_meta_save_at(d->dir_fd, meta, err);
	return r < 0 ? r : take_place(d, old_created, err);
}

static int publish(struct vz_draft *d, struct vz_template_meta *meta, struct wabe_error *err)
{
	_cleanup_close_ int lock_fd = vz_store_lock(d->store_fd, err);
	int r;

	if (lock_fd < 0)
		return lock_fd;
	/* With the store's lock no cleaner comes, and from its name on a create may hold it. */
	(void)flock(d->dir_fd, LOCK_UN);
	r = d->is_update ? publish_update(d, meta, err) : publish_new(d, err);
	if (r < 0)
		return r;
	if (fsync(d->store_fd) < 0)
		return wabe_error_set(err, -errno, "sync the template directory");
	/* The update is done; what can't be removed now goes with the next one. */
	if (d->is_update)
		(void)vz_generation_collect(d->host, d->store_fd, d->name, NULL);
	return 0;
}

static int describe(const struct vz_draft *d, const char *source, struct wabe_arena *arena,
		    struct vz_template_meta *meta, struct wabe_error *err)
{
	char now[WABE_CLOCK_TEXT_MAX];
	int r = vz_tree_scan(d->root_fd, meta, err);

	if (r < 0)
		return r;
	meta->generation = 1;
	meta->name = wabe_arena_strdup(arena, d->name);
	meta->source = wabe_arena_strdup(arena, source);
	meta->created = wabe_arena_strdup(arena, wabe_clock_rfc3339(wabe_clock_now_us(), now));
	if (!meta->name || !meta->source || !meta->created)
		return wabe_error_set(err, -ENOMEM, "describe template %s", d->name);
	r = vz_generation_write(d->dir_fd, meta->created, err);
	return r < 0 ? r : vz_meta_save_at(d->dir_fd, meta, err);
}

int vz_draft_commit(struct vz_draft *d, const char *source, struct wabe_arena *arena,
		    struct vz_template_meta *ret_meta, struct wabe_error *err)
{
	struct vz_template_meta meta = { 0 };
	int r = describe(d, source, arena, &meta, err);

	if (r == 0)
		r = vz_share_tree(d->store_fd, d->root_fd, err);
	if (r < 0)
		return r;
	/* All of it is on the disk before the name that says "complete" is. */
	if (syncfs(d->dir_fd) < 0)
		return wabe_error_set(err, -errno, "sync template %s", d->name);
	r = publish(d, &meta, err);
	if (r < 0)
		return r;
	*ret_meta = meta;
	return 0;
}
