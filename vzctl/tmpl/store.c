// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/store: the store's directory, its lock, finding templates; see tmpl.h and store.h. */
#include "tmpl/store.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/file.h"

#define TEMPORARY_MARK ".tmp."

int vz_template_check_name(const char *name, struct wabe_error *err)
{
	const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-";
	size_t len = strlen(name);

	if (len == 0 || len > VZ_TEMPLATE_NAME_MAX || !isalnum((unsigned char)name[0]) ||
	    strspn(name, allowed) != len)
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
				    "template name \"%.80s\": up to %d letters, digits and _+.-, "
				    "beginning with a letter or digit",
				    name, VZ_TEMPLATE_NAME_MAX);
	return 0;
}

int vz_store_open(const struct vz_host *host, bool is_made, struct wabe_error *err)
{
	int fd;

	if (!host->template_dir)
		return vz_error_say(err, VZ_EXIT_NO_TEMPLATE_DIR, -ENOENT, "%s sets no TEMPLATE",
				    host->conf_path);
	if (is_made && wabe_file_mkdir_all(host->template_dir, 0700, err) < 0)
		return vz_error_default(err, VZ_EXIT_MKDIR);
	fd = open(host->template_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return vz_error_set(err, errno == ENOENT ? VZ_EXIT_NO_TEMPLATE : VZ_EXIT_SYSTEM,
				    -errno, "open the template directory %s", host->template_dir);
	return fd;
}

int vz_store_open_template(int store_fd, const char *name, struct wabe_error *err)
{
	int fd;

	if (vz_template_check_name(name, err) < 0)
		return -EINVAL;
	fd = openat(store_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return vz_error_say(err, VZ_EXIT_NO_TEMPLATE, -ENOENT,
				    "there is no template %s (vztmpl list shows what is there, "
				    "vztmpl build makes one)",
				    name);
	if (fd < 0)
		return wabe_error_set(err, -errno, "open template %s", name);
	return fd;
}

int vz_store_open_generation(int store_fd, const char *name, const char *created,
			     struct wabe_error *err)
{
	_cleanup_close_ int fd = vz_store_open_template(store_fd, name, err);
	char dir[VZ_GENERATION_DIR_MAX], current[WABE_CLOCK_TEXT_MAX];
	int old_fd;

	if (fd < 0 || !created ||
	    (vz_generation_read(fd, current, NULL) == 0 && strcmp(current, created) == 0))
		return TAKE_FD(fd);
	/* In this order: an update between the two looks has put it at its other name by now. */
	vz_generation_dir(name, created, dir);
	old_fd = vz_generation_split(dir, (char[VZ_TEMPLATE_NAME_MAX + 1]){ 0 })
			 ? openat(store_fd, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
			 : -EBADF;
	return old_fd >= 0 ? old_fd : TAKE_FD(fd);
}

/* Is the directory still what a guest finds? It may have been taken away before it was locked. */
static bool is_named(int store_fd, const char *name, const char *created, int dir_fd)
{
	char dir[VZ_GENERATION_DIR_MAX];
	struct stat ours, now;

	if (fstat(dir_fd, &ours) < 0)
		return false;
	if (fstatat(store_fd, name, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_ino == ours.st_ino)
		return true;
	vz_generation_dir(name, created, dir);
	return fstatat(store_fd, dir, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_ino == ours.st_ino;
}

int vz_template_hold(const struct vz_host *host, const char *name, const char *created,
		     char ret_created[WABE_CLOCK_TEXT_MAX], struct wabe_error *err)
{
	_cleanup_close_ int store_fd = vz_store_open(host, false, err);
	_cleanup_close_ int fd = -EBADF;
	char now[WABE_CLOCK_TEXT_MAX];
	int r;

	if (store_fd < 0)
		return store_fd;
	fd = vz_store_open_generation(store_fd, name, created, err);
	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return vz_error_set(err, VZ_EXIT_LOCKED, -errno, "template %s is being removed",
				    name);
	r = vz_generation_read(fd, now, err);
	if (r < 0)
		return wabe_error_prefix(err, "template %s", name);
	if (!is_named(store_fd, name, now, fd))
		return vz_error_say(err, VZ_EXIT_NO_TEMPLATE, -ENOENT,
				    "template %s was removed just now", name);
	if (ret_created)
		memcpy(ret_created, now, sizeof(now));
	return TAKE_FD(fd);
}

int vz_template_root_fd(const struct vz_host *host, const char *name, const char *created,
			char ret_created[WABE_CLOCK_TEXT_MAX], struct wabe_error *err)
{
	_cleanup_close_ int store_fd = vz_store_open(host, false, err);
	_cleanup_close_ int dir_fd = -EBADF;
	int fd;

	if (store_fd < 0)
		return store_fd;
	dir_fd = vz_store_open_generation(store_fd, name, created, err);
	if (dir_fd < 0)
		return dir_fd;
	fd = openat(dir_fd, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return vz_error_set(err, VZ_EXIT_NO_TEMPLATE, -errno, "open root of template %s",
				    name);
	if (ret_created && vz_generation_read(dir_fd, ret_created, err) < 0) {
		close(fd);
		return wabe_error_prefix(err, "template %s", name);
	}
	return fd;
}

int vz_template_find(const struct vz_host *host, const char *name, struct wabe_arena *arena,
		     struct vz_template_meta *ret_meta, struct wabe_error *err)
{
	_cleanup_close_ int store_fd = vz_store_open(host, false, err);
	_cleanup_close_ int dir_fd = -EBADF;
	struct vz_template_meta meta;
	int r;

	if (store_fd < 0)
		return store_fd;
	dir_fd = vz_store_open_template(store_fd, name, err);
	if (dir_fd < 0)
		return dir_fd;
	r = vz_meta_load_at(dir_fd, arena, &meta, err);
	if (r < 0)
		return wabe_error_prefix(err, "template %s", name);
	meta.name = wabe_arena_strdup(arena, name);
	if (!meta.name)
		return wabe_error_set(err, -ENOMEM, "template %s", name);
	*ret_meta = meta;
	return 0;
}

int vz_store_temporary(const char *name, char *buf, size_t room, struct wabe_error *err)
{
	uint32_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return wabe_error_set(err, -errno, "get random bytes");
	snprintf(buf, room, ".%s" TEMPORARY_MARK "%06x", name, number & 0xffffff);
	return 0;
}

/*
 * Nobody alive holds it: remove it. Its maker locks it before it lets go of the store's lock, which
 * we hold.
 */
static int remove_stale(int store_fd, const char *name, struct wabe_error *err)
{
	_cleanup_close_ int fd =
		openat(store_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	r = wabe_file_remove_tree_at(store_fd, name, err);
	vz_share_prune(store_fd);
	return r;
}

static int remove_all_stale(int store_fd, struct wabe_error *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd = openat(store_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		int r = wabe_error_set(err, -errno, "read the template directory");

		wabe_cleanup_close(&fd);
		return r;
	}
	while ((entry = readdir(dir))) {
		if ((entry->d_name[0] != '.' || !strstr(entry->d_name, TEMPORARY_MARK)) &&
		    !vz_generation_is_broken(store_fd, entry->d_name))
			continue;
		if (remove_stale(store_fd, entry->d_name, err) < 0)
			return wabe_error_prefix(err, "remove a leftover template");
	}
	return 0;
}

int vz_store_lock(int store_fd, struct wabe_error *err)
{
	_cleanup_close_ int fd = wabe_file_lock_at(store_fd, ".lock", -1, err);

	if (fd < 0)
		return wabe_error_prefix(err, "lock the template directory");
	if (remove_all_stale(store_fd, err) < 0)
		return err ? err->code : -EIO;
	return TAKE_FD(fd);
}
