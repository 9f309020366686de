// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/area: private areas as wholes; see area.h. */
#include "guest/area.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guest/quota.h"

/*
 * A replacement, and what a kill leaves:
 *
 *   MARK into VE_PRIVATE.wabe-new               the new area is removed, nothing happened
 *   conf/.CTID.replacing, the new configuration   decided: all that follows is done by whoever finds it
 *   exchange of it and VE_PRIVATE                 MARK tells on which side it was killed
 *   .CTID.replacing becomes CTID.conf
 *   MARK away, VE_PRIVATE.wabe-new (the old) away the old area is removed
 *
 * A guest can't make MARK: its files are deeper.
 */
#define MARK VZ_AREA_MARK
/* Not a name that somebody would give a copy of a private area that he keeps beside it: what is found there is removed. */
#define STAGE ".wabe-new"

void vz_area_close(struct vz_area *area)
{
	wabe_cleanup_close(&area->fd);
}

static int beside(const char *private, const char *suffix, char path[PATH_MAX],
		  struct wabe_error *err)
{
	if (snprintf(path, PATH_MAX, "%s%s", private, suffix) >= PATH_MAX)
		return wabe_error_set(err, -ENAMETOOLONG, "private area %s", private);
	return 0;
}

static bool is_there(const char *private, const char *suffix)
{
	char path[PATH_MAX];

	return beside(private, suffix, path, NULL) == 0 &&
	       faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int open_parent(const char *path, struct wabe_error *err)
{
	char parent[PATH_MAX];
	int fd;

	snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(path, '/') - path) + 1, path);
	fd = open(parent, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	return fd < 0 ? wabe_error_set(err, -errno, "open %s", parent) : fd;
}

static int sync_parent(const char *path, struct wabe_error *err)
{
	_cleanup_close_ int fd = open_parent(path, err);

	if (fd < 0)
		return fd;
	return fsync(fd) < 0 ? wabe_error_set(err, -errno, "sync the directory of %s", path) : 0;
}

/* A subvolume, which no removal of files can enter. It may be that of the layout before, so nobody is asked. */
static int remove_subvolume(const char *path, struct wabe_error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? 0 : wabe_btrfs_delete(fd, "fs", err);
}

static int remove_tree(const char *path, struct wabe_error *err)
{
	_cleanup_close_ int parent_fd = open_parent(path, err);
	int r = parent_fd < 0 ? parent_fd : remove_subvolume(path, err);

	if (r < 0)
		return r;
	return wabe_file_remove_tree_at(parent_fd, strrchr(path, '/') + 1, err);
}

int vz_area_open(const char *path, struct vz_area *ret_area, struct wabe_error *err)
{
	struct vz_area area = VZ_AREA_INIT;

	if (snprintf(area.path, sizeof(area.path), "%s", path) >= (int)sizeof(area.path))
		return wabe_error_set(err, -ENAMETOOLONG, "private area %s", path);
	area.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (area.fd < 0 && errno == ENOENT)
		return vz_error_say(err, VZ_EXIT_NO_PRIVATE_AREA, -ENOENT,
				    "Container private area %s does not exist", path);
	if (area.fd < 0)
		return wabe_error_set(err, -errno, "open private area %s", path);
	*ret_area = area;
	return 0;
}

static int make_parent(const char *path, struct wabe_error *err)
{
	char parent[PATH_MAX];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (!slash || slash == parent)
		return 0;
	*slash = '\0';
	return wabe_file_mkdir_all(parent, 0755, err);
}

static int make_stage(const struct vz_guest *g, struct vz_area *ret_area, struct wabe_error *err)
{
	struct vz_area area = VZ_AREA_INIT;
	int r = beside(g->conf.private, STAGE, area.path, err);

	if (r == 0)
		r = make_parent(area.path, err);
	if (r == 0)
		r = vz_area_unstage(g->conf.private, err);
	if (r < 0)
		return r;
	if (mkdir(area.path, 0700) < 0)
		return wabe_error_set(err, -errno, "make private area %s", area.path);
	r = vz_area_open(area.path, &area, err);
	/* Before there is anything in it: what is made in it inherits the project. */
	if (r == 0)
		r = vz_quota_prepare(g, &area, err);
	if (r < 0) {
		vz_area_close(&area);
		(void)vz_area_unstage(g->conf.private, NULL);
		return r;
	}
	*ret_area = area;
	return 0;
}

int vz_area_stage(const struct vz_guest *g, struct vz_area *ret_area, struct wabe_error *err)
{
	return make_stage(g, ret_area, err) < 0 ? vz_guest_fail(err, VZ_EXIT_CREATE_PRIVATE) : 0;
}

int vz_area_open_stage(const char *private, struct vz_area *ret_area, struct wabe_error *err)
{
	char path[PATH_MAX];
	int r = beside(private, STAGE, path, err);

	return r < 0 ? r : vz_area_open(path, ret_area, err);
}

bool vz_area_is_staged(const char *private)
{
	return is_there(private, STAGE);
}

int vz_area_unstage(const char *private, struct wabe_error *err)
{
	char path[PATH_MAX];
	int r = beside(private, STAGE, path, err);

	if (r < 0 || !vz_area_is_staged(private))
		return r;
	return remove_tree(path, err);
}

int vz_area_publish(const char *private, struct wabe_error *err)
{
	char path[PATH_MAX];
	int r = beside(private, STAGE, path, err);

	if (r < 0)
		return r;
	if (renameat2(AT_FDCWD, path, AT_FDCWD, private, RENAME_NOREPLACE) == 0) {
		r = sync_parent(private, err);
		/* It did not take place: who undoes it looks for it where it was. */
		if (r < 0)
			(void)renameat2(AT_FDCWD, private, AT_FDCWD, path, RENAME_NOREPLACE);
		return r;
	}
	if (errno == ENOENT)
		return 0;
	if (errno == EEXIST)
		return vz_error_say(err, VZ_EXIT_PRIVATE_AREA_EXISTS, -EEXIST,
				    "Private area already exists in %s", private);
	return wabe_error_set(err, -errno, "rename %s", path);
}

struct record_name {
	char text[32], temporary[48];
};

static struct record_name record_name(const struct vz_guest *g)
{
	struct record_name name;

	snprintf(name.text, sizeof(name.text), ".%s.replacing", g->id);
	snprintf(name.temporary, sizeof(name.temporary), ".%s.tmp", name.text);
	return name;
}

static int set_mark(const char *stage, struct wabe_error *err)
{
	_cleanup_close_ int fd = open(stage, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_close_ int mark_fd = -EBADF;

	if (fd >= 0)
		mark_fd = openat(fd, MARK, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (mark_fd < 0 || fsync(fd) < 0)
		return wabe_error_set(err, -errno, "mark the new private area %s", stage);
	return 0;
}

static int exchange(const char *private, const char *stage, struct wabe_error *err)
{
	if (is_there(private, "/" MARK))
		return 0;
	if (renameat2(AT_FDCWD, stage, AT_FDCWD, private, RENAME_EXCHANGE) < 0)
		return wabe_error_set(err, -errno, "put %s in the place of %s", stage, private);
	return sync_parent(private, err);
}

static int commit_conf(const struct vz_guest *g, struct wabe_error *err)
{
	char conf[VZ_CTID_TEXT_MAX + 8];

	snprintf(conf, sizeof(conf), "%s.conf", g->id);
	if (renameat(g->host->conf_fd, record_name(g).text, g->host->conf_fd, conf) < 0 ||
	    fsync(g->host->conf_fd) < 0)
		return wabe_error_set(err, -errno, "write %s", g->conf.path);
	return 0;
}

bool vz_area_is_decided(const struct vz_guest *g)
{
	return faccessat(g->host->conf_fd, record_name(g).text, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* From wherever it was interrupted. */
static int finish(const struct vz_guest *g, struct wabe_error *err)
{
	const char *private = g->conf.private;
	char stage[PATH_MAX], mark[PATH_MAX];
	int r = beside(private, STAGE, stage, err);

	if (r == 0)
		r = beside(private, "/" MARK, mark, err);
	if (r == 0 && vz_area_is_decided(g)) {
		r = exchange(private, stage, err);
		if (r == 0)
			r = commit_conf(g, err);
	}
	if (r < 0)
		return r;
	if (unlink(mark) < 0 && errno != ENOENT)
		return wabe_error_set(err, -errno, "remove %s", mark);
	return vz_area_unstage(private, err);
}

int vz_area_replace(struct vz_guest *g, struct wabe_error *err)
{
	struct record_name record = record_name(g);
	char stage[PATH_MAX];
	int r = beside(g->conf.private, STAGE, stage, err);

	if (r == 0)
		r = set_mark(stage, err);
	if (r == 0 && vz_conffile_mark(&g->conf.file) < 0)
		r = wabe_error_set(err, -ENOMEM, "write %s", g->conf.path);
	if (r == 0)
		r = vz_conffile_save_at(g->host->conf_fd, record.text, &g->conf.file, err);
	return r < 0 ? r : finish(g, err);
}

int vz_area_repair(struct vz_guest *g, struct wabe_error *err)
{
	bool was_decided = vz_area_is_decided(g);
	int r;

	(void)unlinkat(g->host->conf_fd, record_name(g).temporary, 0);
	r = finish(g, err);
	if (r == 0 && was_decided) {
		vz_ctconf_free(&g->conf);
		g->has_conf = false;
	}
	return r;
}

bool vz_area_is_removed(const char *private)
{
	return is_there(private, ".destroying");
}

int vz_area_remove(const char *private, struct wabe_error *err)
{
	char path[PATH_MAX];
	int r = beside(private, ".destroying", path, err);

	if (r < 0)
		return r;
	/* A removal that was begun goes first; rename would refuse to replace it. */
	if (vz_area_is_removed(private)) {
		r = remove_tree(path, err);
		if (r < 0)
			return r;
	}
	if (rename(private, path) < 0)
		return errno == ENOENT
			       ? 0
			       : wabe_error_set(err, -errno, "rename private area %s", private);
	return remove_tree(path, err);
}
