// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/root: directory, mount or link at VE_ROOT; see root.h. */
#include "guest/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "wabe.h"

#define LINK_MAX_BYTES 40 /* "/proc/4294967295/root" */

int vz_root_state(const char *path, enum vz_root_state *ret_state, struct wabe_error *err)
{
	struct stat st;
	int r;

	if (lstat(path, &st) < 0) {
		if (errno != ENOENT)
			return wabe_error_set(err, -errno, "look at VE_ROOT %s", path);
		*ret_state = VZ_ROOT_MISSING;
		return 0;
	}
	if (S_ISLNK(st.st_mode)) {
		*ret_state = VZ_ROOT_LINK;
		return 0;
	}
	if (!S_ISDIR(st.st_mode))
		return wabe_error_set(err, -ENOTDIR, "VE_ROOT %s", path);
	r = wabe_mount_is_root(AT_FDCWD, path, err);
	if (r < 0)
		return r;
	*ret_state = r ? VZ_ROOT_MOUNTED : VZ_ROOT_DIRECTORY;
	return 0;
}

/* The name beside @path where the thing to change places with is made: ".101.swap". */
static int swap_path(const char *path, char swap[PATH_MAX], struct wabe_error *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	if (!*name ||
	    snprintf(swap, PATH_MAX, "%.*s.%s.swap", (int)(name - path), path, name) >= PATH_MAX)
		return wabe_error_set(err, -EINVAL, "VE_ROOT %s", path);
	return 0;
}

/* What a killed change left, or what this one exchanged. */
static int drop_swap(const char *swap)
{
	if (unlink(swap) == 0 || errno == ENOENT)
		return 0;
	return rmdir(swap) == 0 ? 0 : -errno;
}

static int exchange(const char *path, const char *swap, struct wabe_error *err)
{
	int r;

	if (renameat2(AT_FDCWD, swap, AT_FDCWD, path, RENAME_EXCHANGE) < 0) {
		r = wabe_error_set(err, -errno, "put %s in the place of %s", swap, path);
		(void)drop_swap(swap);
		return r;
	}
	r = drop_swap(swap);
	if (r < 0 && renameat2(AT_FDCWD, swap, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
		(void)drop_swap(swap);
	return r < 0 ? wabe_error_set(err, r, "VE_ROOT %s is in use", path) : 0;
}

int vz_root_make_directory(const char *path, struct wabe_error *err)
{
	enum vz_root_state state;
	char swap[PATH_MAX];
	int r = vz_root_state(path, &state, err);

	if (r < 0 || state == VZ_ROOT_DIRECTORY)
		return r;
	if (state == VZ_ROOT_MOUNTED)
		return wabe_error_set(err, -EBUSY, "VE_ROOT %s is mounted", path);
	if (state == VZ_ROOT_MISSING)
		return wabe_file_mkdir_all(path, 0755, err);
	r = swap_path(path, swap, err);
	if (r < 0)
		return r;
	(void)drop_swap(swap);
	if (mkdir(swap, 0755) < 0)
		return wabe_error_set(err, -errno, "make directory %s", swap);
	return exchange(path, swap, err);
}

int vz_root_make_link(const char *path, pid_t pid, struct wabe_error *err)
{
	char swap[PATH_MAX], target[LINK_MAX_BYTES];
	enum vz_root_state state;
	int r = vz_root_state(path, &state, err);

	if (r == 0)
		r = swap_path(path, swap, err);
	if (r < 0)
		return r;
	if (state == VZ_ROOT_MOUNTED)
		return wabe_error_set(err, -EBUSY, "VE_ROOT %s is mounted", path);
	(void)drop_swap(swap);
	snprintf(target, sizeof(target), "/proc/%d/root", (int)pid);
	if (symlink(target, swap) < 0)
		return wabe_error_set(err, -errno, "make link %s", swap);
	if (state == VZ_ROOT_DIRECTORY)
		return exchange(path, swap, err);
	if (rename(swap, path) < 0)
		return wabe_error_set(err, -errno, "make link %s", path);
	return 0;
}

int vz_root_is_link_to(const char *path, pid_t pid)
{
	char target[LINK_MAX_BYTES], found[LINK_MAX_BYTES];
	ssize_t n = readlink(path, found, sizeof(found) - 1);

	if (n < 0)
		return 0;
	found[n] = '\0';
	snprintf(target, sizeof(target), "/proc/%d/root", (int)pid);
	return strcmp(found, target) == 0;
}

void vz_root_tidy(const char *path)
{
	char swap[PATH_MAX];

	if (swap_path(path, swap, NULL) == 0)
		(void)drop_swap(swap);
}

int vz_root_remove(const char *path, struct wabe_error *err)
{
	static const int stays[] = {
		-ENOTEMPTY, -EEXIST, -EBUSY, -ENOTDIR, -EROFS, -EPERM, -EACCES
	};
	int r;

	vz_root_tidy(path);
	r = drop_swap(path);
	for (size_t i = 0; i < ARRAY_SIZE(stays); i++)
		if (r == stays[i])
			return 0;
	return r < 0 ? wabe_error_set(err, r, "remove VE_ROOT %s", path) : 0;
}
