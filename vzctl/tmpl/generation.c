// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tmpl/generation: the generations of a template: which one a directory is, and the end of those
 * that nobody uses; see tmpl.h and store.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "tmpl/store.h"

#define MARK '@'
#define LINK "generation"

/* RFC 3339 in UTC, as base/clock writes it: what is in a configuration must not become a path. */
static bool is_created(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < WABE_CLOCK_TEXT_MAX && strspn(text, "0123456789-T:.Z") == len &&
	       text[0] != '.' && text[0] != '-';
}

int vz_generation_read(int dir_fd, char ret_created[WABE_CLOCK_TEXT_MAX], struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_template_meta meta;
	ssize_t len = readlinkat(dir_fd, LINK, ret_created, WABE_CLOCK_TEXT_MAX);
	int r;

	if (len > 0 && len < WABE_CLOCK_TEXT_MAX) {
		ret_created[len] = '\0';
		if (is_created(ret_created))
			return 0;
	}
	/* A template of an earlier version. */
	r = vz_meta_load_at(dir_fd, &arena, &meta, err);
	if (r < 0)
		return r;
	snprintf(ret_created, WABE_CLOCK_TEXT_MAX, "%s", meta.created);
	return 0;
}

int vz_generation_write(int dir_fd, const char *created, struct wabe_error *err)
{
	if (symlinkat(created, dir_fd, LINK) < 0)
		return wabe_error_set(err, -errno, "make the link " LINK " of a template");
	return 0;
}

void vz_generation_dir(const char *name, const char *created, char ret_dir[VZ_GENERATION_DIR_MAX])
{
	snprintf(ret_dir, VZ_GENERATION_DIR_MAX, "%s%c%s", name, MARK, created);
}

const char *vz_generation_split(const char *dir, char ret_name[VZ_TEMPLATE_NAME_MAX + 1])
{
	const char *mark = strchr(dir, MARK);

	if (!mark || mark - dir > VZ_TEMPLATE_NAME_MAX || !is_created(mark + 1))
		return NULL;
	memcpy(ret_name, dir, (size_t)(mark - dir));
	ret_name[mark - dir] = '\0';
	return vz_template_check_name(ret_name, NULL) == 0 ? mark + 1 : NULL;
}

bool vz_generation_is_broken(int store_fd, const char *dir)
{
	char name[VZ_TEMPLATE_NAME_MAX + 1], held[WABE_CLOCK_TEXT_MAX];
	const char *created = vz_generation_split(dir, name);
	_cleanup_close_ int fd = -EBADF;
	ssize_t len;

	if (!created)
		return false;
	fd = openat(store_fd, dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	/*
	 * What has this name but is another generation never became the current one. Without the
	 * link it is of an earlier version, and was the current one.
	 */
	len = readlinkat(fd, LINK, held, sizeof(held));
	return len > 0 &&
	       ((size_t)len != strlen(created) || memcmp(held, created, (size_t)len) != 0);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int vz_generation_list(int store_fd, const char *name, struct wabe_arena *arena,
		       struct wabe_strv *ret_dirs, struct wabe_error *err)
{
	int fd = openat(store_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char of[VZ_TEMPLATE_NAME_MAX + 1];
	struct dirent *entry;

	if (!dir) {
		int r = wabe_error_set(err, -errno, "read the template directory");

		wabe_cleanup_close(&fd);
		return r;
	}
	while ((entry = readdir(dir))) {
		char *copy;

		if (!vz_generation_split(entry->d_name, of) || (name && strcmp(name, of) != 0))
			continue;
		copy = wabe_arena_strdup(arena, entry->d_name);
		if (!copy || wabe_strv_add(ret_dirs, arena, copy) < 0)
			return wabe_error_set(err, -ENOMEM, "read the template directory");
	}
	if (ret_dirs->count)
		qsort(ret_dirs->items, ret_dirs->count, sizeof(*ret_dirs->items), compare_texts);
	return 0;
}

int vz_store_remove_dir(int store_fd, const char *dir, int *lock_fd, struct wabe_error *err)
{
	char temporary[VZ_GENERATION_DIR_MAX + 16];
	int r = vz_store_temporary(dir, temporary, sizeof(temporary), err);

	if (r < 0)
		return r;
	if (renameat2(store_fd, dir, store_fd, temporary, RENAME_NOREPLACE) < 0)
		return wabe_error_set(err, -errno, "rename template %s", dir);
	/* The long part needs no lock of the store: that of the directory says that somebody is at
	 * it. */
	if (lock_fd)
		wabe_cleanup_close(lock_fd);
	r = wabe_file_remove_tree_at(store_fd, temporary, err);
	vz_share_prune(store_fd);
	return r;
}

static bool is_in_store(int store_fd, const char *name, const char *created)
{
	_cleanup_close_ int fd = vz_store_open_generation(store_fd, name, created, NULL);
	char found[WABE_CLOCK_TEXT_MAX];

	return fd >= 0 && vz_generation_read(fd, found, NULL) == 0 && strcmp(found, created) == 0;
}

/* A guest whose generation isn't here (it came from another host) may run on any of that name. */
static bool is_used(int store_fd, const struct vz_template_user *users, size_t count,
		    const char *name, const char *created)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(users[i].name, name) == 0 &&
		    (!users[i].created || strcmp(users[i].created, created) == 0 ||
		     !is_in_store(store_fd, name, users[i].created)))
			return true;
	return false;
}

/* First the lock, then the look: who holds it shared has not written its configuration yet. */
static int collect_one(const struct vz_host *host, int store_fd, const char *dir,
		       struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_close_ int dir_fd =
		openat(store_fd, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char name[VZ_TEMPLATE_NAME_MAX + 1];
	const char *created = vz_generation_split(dir, name);
	struct vz_template_user *users = NULL;
	size_t count = 0;
	int r;

	if (!created || dir_fd < 0 || flock(dir_fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	r = vz_template_users(host, &arena, &users, &count, err);
	if (r < 0 || is_used(store_fd, users, count, name, created))
		return r;
	return vz_store_remove_dir(store_fd, dir, NULL, err);
}

int vz_generation_collect(const struct vz_host *host, int store_fd, const char *name,
			  struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_strv dirs = { 0 };
	int r = vz_generation_list(store_fd, name, &arena, &dirs, err);

	for (size_t i = 0; r == 0 && i < dirs.count; i++)
		r = collect_one(host, store_fd, dirs.items[i], err);
	return r < 0 ? wabe_error_prefix(err, "remove generations that nobody uses") : 0;
}

int vz_template_release(const struct vz_host *host, const char *name, const char *created,
			struct wabe_error *err)
{
	_cleanup_close_ int store_fd = -EBADF, lock_fd = -EBADF;
	char dir[VZ_GENERATION_DIR_MAX], of[VZ_TEMPLATE_NAME_MAX + 1];

	if (!host->template_dir)
		return 0;
	store_fd = open(host->template_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	vz_generation_dir(name, created ? created : "", dir);
	if (store_fd < 0 || (created && (!vz_generation_split(dir, of) ||
					 faccessat(store_fd, dir, F_OK, AT_SYMLINK_NOFOLLOW) < 0)))
		return 0;
	lock_fd = vz_store_lock(store_fd, err);
	if (lock_fd < 0)
		return lock_fd;
	return created ? collect_one(host, store_fd, dir, err)
		       : vz_generation_collect(host, store_fd, name, err);
}

static int load_one(int store_fd, const char *dir, const char *name, struct wabe_arena *arena,
		    struct vz_template_meta *ret_meta, struct wabe_error *err)
{
	_cleanup_close_ int fd =
		openat(store_fd, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = fd < 0 ? wabe_error_set(err, -errno, "open template %s", dir)
		       : vz_meta_load_at(fd, arena, ret_meta, err);

	ret_meta->name = name;
	return r;
}

int vz_template_generations(const struct vz_host *host, const char *name, struct wabe_arena *arena,
			    struct vz_template_meta **ret_list, size_t *ret_count,
			    struct wabe_error *err)
{
	_cleanup_close_ int store_fd = vz_store_open(host, false, err);
	struct vz_template_meta *list, current = { 0 };
	struct wabe_strv dirs = { 0 };
	size_t count = 0;
	int r = store_fd < 0 ? store_fd : vz_template_find(host, name, arena, &current, err);

	if (r == 0)
		r = vz_generation_list(store_fd, name, arena, &dirs, err);
	if (r < 0)
		return r;
	list = wabe_arena_array(arena, dirs.count + 1, sizeof(*list));
	if (!list)
		return wabe_error_set(err, -ENOMEM, "template %s", name);
	list[count++] = current;
	/* One that an update in progress has put there, or that goes meanwhile, is none. */
	for (size_t i = dirs.count; i-- > 0;)
		if (!vz_generation_is_broken(store_fd, dirs.items[i]) &&
		    load_one(store_fd, dirs.items[i], current.name, arena, &list[count], NULL) == 0)
			count++;
	list[0].kept = count - 1;
	*ret_list = list;
	*ret_count = count;
	return 0;
}
