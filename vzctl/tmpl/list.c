// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/list: all templates, who uses them, and the removal of one; see tmpl.h. */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "conf/ctconf.h"
#include "tmpl/store.h"

static int compare_names(const void *a, const void *b)
{
	const struct vz_template_meta *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/*
 * Names of templates, in directory order; what else is in the directory (dot files, other tools'
 * caches) is not ours.
 */
static int read_names(int store_fd, struct wabe_arena *arena, struct wabe_strv *names,
		      struct wabe_error *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd = fcntl(store_fd, F_DUPFD_CLOEXEC, 3);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		int r = wabe_error_set(err, -errno, "read the template directory");

		wabe_cleanup_close(&fd);
		return r;
	}
	while ((entry = readdir(dir))) {
		char path[NAME_MAX + 8];
		char *name;

		if (vz_template_check_name(entry->d_name, NULL) < 0)
			continue;
		snprintf(path, sizeof(path), "%s/root", entry->d_name);
		if (faccessat(store_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		name = wabe_arena_strdup(arena, entry->d_name);
		if (!name || wabe_strv_add(names, arena, name) < 0)
			return wabe_error_set(err, -ENOMEM, "read the template directory");
	}
	return 0;
}

static uint64_t count_kept(const struct wabe_strv *dirs, const char *name)
{
	char of[VZ_TEMPLATE_NAME_MAX + 1];
	uint64_t count = 0;

	for (size_t i = 0; i < dirs->count; i++)
		count += vz_generation_split(dirs->items[i], of) && strcmp(of, name) == 0;
	return count;
}

int vz_template_list(const struct vz_host *host, struct wabe_arena *arena,
		     struct vz_template_meta **ret_list, size_t *ret_count, struct wabe_error *err)
{
	_cleanup_close_ int store_fd = vz_store_open(host, true, err);
	struct vz_template_meta *list;
	struct wabe_strv names = { 0 }, kept = { 0 };
	int r;

	if (store_fd < 0)
		return store_fd;
	r = read_names(store_fd, arena, &names, err);
	if (r == 0)
		r = vz_generation_list(store_fd, NULL, arena, &kept, err);
	if (r < 0)
		return r;
	list = wabe_arena_array(arena, names.count, sizeof(*list));
	if (!list)
		return wabe_error_set(err, -ENOMEM, "read the template directory");
	for (size_t i = 0; i < names.count; i++) {
		_cleanup_close_ int dir_fd = vz_store_open_template(store_fd, names.items[i], NULL);

		if (dir_fd >= 0)
			vz_meta_load_at(dir_fd, arena, &list[i], NULL);
		list[i].name = names.items[i];
		list[i].kept = count_kept(&kept, names.items[i]);
	}
	if (names.count)
		qsort(list, names.count, sizeof(*list), compare_names);
	*ret_list = list;
	*ret_count = names.count;
	return 0;
}

/*
 * What a configuration names; NULL as the name: no template. A guest destroyed meanwhile uses none,
 * and one that isn't being reinstalled has no second configuration.
 */
static int read_user(const struct vz_host *host, const char *path, struct wabe_arena *arena,
		     struct vz_template_user *ret_user, struct wabe_error *err)
{
	struct vz_conffile file;
	int r;

	vz_conffile_init(&file, arena, path);
	r = vz_conffile_load_at(host->conf_fd, path, &file, err);
	if (r == -ENOENT) {
		wabe_error_clear(err);
		return 0;
	}
	if (r < 0)
		return wabe_error_prefix(err, "which template container %u uses", ret_user->ctid);
	ret_user->name = vz_conffile_get(&file, "OSTEMPLATE");
	ret_user->created = vz_conffile_get(&file, "TEMPLATE_CREATED");
	return 0;
}

/* Its configuration, and that of a replacement of its private area which is decided (guest/area.h). */
static int add_users(const struct vz_host *host, uint32_t ctid, struct wabe_arena *arena,
		     struct vz_template_user *users, size_t *used, struct wabe_error *err)
{
	int r = 0;

	for (int i = 0; r == 0 && i < 2; i++) {
		struct vz_template_user *user = &users[*used];
		char path[32];

		*user = (struct vz_template_user){ .ctid = ctid };
		snprintf(path, sizeof(path), i == 0 ? "%u.conf" : ".%u.replacing", ctid);
		r = read_user(host, path, arena, user, err);
		*used += r == 0 && user->name;
	}
	return r;
}

int vz_template_users(const struct vz_host *host, struct wabe_arena *arena,
		      struct vz_template_user **ret_users, size_t *ret_count,
		      struct wabe_error *err)
{
	struct vz_template_user *users;
	uint32_t *ctids = NULL;
	size_t count = 0, used = 0;
	int r = vz_ctconf_list(host, arena, &ctids, &count, err);

	if (r < 0)
		return r;
	/* One row more: the place that is tried last may stay unused. */
	users = wabe_arena_array(arena, 2 * count + 1, sizeof(*users));
	if (!users)
		return wabe_error_set(err, -ENOMEM, "read guests' configurations");
	for (size_t i = 0; i < count; i++) {
		r = add_users(host, ctids[i], arena, users, &used, err);
		if (r < 0)
			return r;
	}
	*ret_users = users;
	*ret_count = used;
	return 0;
}

static int check_unused(const struct vz_host *host, const char *name, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(wabe_buf_free) struct wabe_buf who = WABE_BUF_INIT;
	struct vz_template_user *users;
	size_t count = 0, found = 0;
	int r = vz_template_users(host, &arena, &users, &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(users[i].name, name) != 0)
			continue;
		if (++found <= 20 && wabe_buf_printf(&who, " %u", users[i].ctid) < 0)
			return wabe_error_set(err, -ENOMEM, "list guests");
	}
	if (found)
		return wabe_error_say(err, -EBUSY, "template %s is used by %zu container%s:%s%s",
				      name, found, found == 1 ? "" : "s", who.data,
				      found > 20 ? " ..." : "");
	return 0;
}

/* Those before the current one; nobody uses any of them, and they are no template by themselves. */
static int remove_kept(int store_fd, const char *name, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_strv dirs = { 0 };
	int r = vz_generation_list(store_fd, name, &arena, &dirs, err);

	for (size_t i = 0; r == 0 && i < dirs.count; i++) {
		_cleanup_close_ int fd = openat(store_fd, dirs.items[i],
						O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
			return wabe_error_say(err, -EBUSY,
					      "template %s: a container is being made of it", name);
		r = vz_store_remove_dir(store_fd, dirs.items[i], NULL, err);
	}
	return r;
}

int vz_template_remove(const struct vz_host *host, const char *name, struct wabe_error *err)
{
	_cleanup_close_ int store_fd = vz_store_open(host, false, err);
	_cleanup_close_ int lock_fd = -EBADF, dir_fd = -EBADF;
	int r;

	if (store_fd < 0)
		return store_fd;
	lock_fd = vz_store_lock(store_fd, err);
	if (lock_fd < 0)
		return lock_fd;
	dir_fd = vz_store_open_template(store_fd, name, err);
	if (dir_fd < 0)
		return dir_fd;
	/*
	 * First the lock, then the look: who holds it shared has not written its configuration yet.
	 */
	if (flock(dir_fd, LOCK_EX | LOCK_NB) < 0)
		return wabe_error_say(err, -EBUSY, "template %s: a container is being made of it",
				      name);
	r = check_unused(host, name, err);
	if (r == 0)
		r = remove_kept(store_fd, name, err);
	if (r == 0)
		r = vz_generation_collect(host, store_fd, NULL, err);
	return r < 0 ? r : vz_store_remove_dir(store_fd, name, &lock_fd, err);
}
