// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/ctconf: guests on disk: find, list, save, remove, and the links of their names; see
 * ctconf.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "conf/ctconf.h"

#define DIR_MODE 0755

/* "101.conf" to 101, 0 for anything else (samples, scripts, "0101.conf", the host's own 0.conf). */
static uint32_t conf_name_ctid(const char *name)
{
	char digits[VZ_CTID_TEXT_MAX];
	size_t len = strcspn(name, ".");
	uint32_t ctid;

	if (len == 0 || len >= sizeof(digits) || *name == '0' || strcmp(name + len, ".conf") != 0)
		return 0;
	memcpy(digits, name, len);
	digits[len] = '\0';
	return wabe_parse_ctid(digits, &ctid) == 0 ? ctid : 0;
}

static int compare_ctids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

struct id_list {
	uint32_t *items;
	size_t count, room;
};

static int add_id(struct wabe_arena *arena, struct id_list *list, uint32_t ctid)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		uint32_t *items = wabe_arena_array(arena, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		list->room = room;
	}
	list->items[list->count++] = ctid;
	return 0;
}

int vz_ctconf_list(const struct vz_host *host, struct wabe_arena *arena, uint32_t **ret_ctids,
		   size_t *ret_count, struct wabe_error *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct id_list list = { 0 };
	const struct dirent *entry;
	int fd = host->conf_fd < 0 ? -1
				   : openat(host->conf_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (host->conf_fd < 0) {
		*ret_ctids = NULL;
		*ret_count = 0;
		return 0;
	}
	if (fd < 0)
		return wabe_error_set(err, -errno, "open %s/conf", host->confdir);
	dir = fdopendir(fd);
	if (!dir) {
		int code = -errno;

		close(fd);
		return wabe_error_set(err, code, "read %s/conf", host->confdir);
	}
	for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0) {
		uint32_t ctid = conf_name_ctid(entry->d_name);

		if (ctid && add_id(arena, &list, ctid) < 0)
			return wabe_error_set(err, -ENOMEM, "read %s/conf", host->confdir);
	}
	if (errno)
		return wabe_error_set(err, -errno, "read %s/conf", host->confdir);
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), compare_ctids);
	*ret_ctids = list.items;
	*ret_count = list.count;
	return 0;
}

/* Where the link of @name points: a CTID, 0 when there is none or it is no link of ours. */
static uint32_t link_ctid(const struct vz_host *host, const char *name)
{
	char path[PATH_MAX], target[64];
	ssize_t len;
	const char *base;

	if ((size_t)snprintf(path, sizeof(path), "%s/names/%s", host->confdir, name) >=
	    sizeof(path))
		return 0;
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return 0;
	target[len] = '\0';
	base = strrchr(target, '/');
	return conf_name_ctid(base ? base + 1 : target);
}

/* Does the guest's file still give it this name? A killed command may have left the link behind. */
static bool has_name(const struct vz_host *host, uint32_t ctid, const char *name)
{
	struct vz_ctconf conf;
	bool is_same;

	if (vz_ctconf_load(host, ctid, VZ_PARAMS_LENIENT, &conf, NULL) < 0)
		return false;
	is_same = wabe_str_equal(vz_param_string(&conf.own, VZ_PARAM_NAME), name);
	vz_ctconf_free(&conf);
	return is_same;
}

int vz_ctconf_resolve(const struct vz_host *host, const char *word, uint32_t *ret_ctid,
		      struct wabe_error *err)
{
	uint32_t ctid;

	if (wabe_parse_ctid(word, ret_ctid) == 0)
		return 0;
	if (!vz_value_is_name(word))
		return vz_error_say(
			err, VZ_EXIT_BAD_VALUE, -EINVAL,
			"\"%.64s\": neither a container id (1 to 2147483644) nor a name", word);
	ctid = link_ctid(host, word);
	if (ctid == 0 || !has_name(host, ctid, word))
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -ENOENT,
				    "no container has the name \"%s\"", word);
	*ret_ctid = ctid;
	return 0;
}

static int open_names(const struct vz_host *host, struct wabe_error *err)
{
	char path[PATH_MAX];
	int fd, r;

	snprintf(path, sizeof(path), "%s/names", host->confdir);
	r = wabe_file_mkdir_all(path, DIR_MODE, err);
	if (r < 0)
		return r;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? wabe_error_set(err, -errno, "open %s", path) : fd;
}

/* names/NAME -> ../conf/CTID.conf, put there by rename, so that a link of that name is replaced in
 * one step. */
static int put_link(int names_fd, const char *name, uint32_t ctid, struct wabe_error *err)
{
	char target[64], temporary[32];

	snprintf(target, sizeof(target), "../conf/%u.conf", ctid);
	snprintf(temporary, sizeof(temporary), ".%u.tmp", ctid);
	if (unlinkat(names_fd, temporary, 0) < 0 && errno != ENOENT)
		return wabe_error_set(err, -errno, "remove names/%s", temporary);
	if (symlinkat(target, names_fd, temporary) < 0)
		return wabe_error_set(err, -errno, "link names/%s", name);
	if (renameat(names_fd, temporary, names_fd, name) < 0) {
		int code = -errno;

		unlinkat(names_fd, temporary, 0);
		return wabe_error_set(err, code, "link names/%s", name);
	}
	return 0;
}

void vz_ctconf_drop_name(const struct vz_host *host, uint32_t ctid, const char *name)
{
	char path[PATH_MAX];

	/* Of one who was killed over it. */
	snprintf(path, sizeof(path), "%s/names/.%u.tmp", host->confdir, ctid);
	unlink(path);
	if (!name || !vz_value_is_name(name) || link_ctid(host, name) != ctid)
		return;
	snprintf(path, sizeof(path), "%s/names/%s", host->confdir, name);
	unlink(path);
}

static const char *own_name(const struct vz_ctconf *conf)
{
	return vz_param_has(&conf->own, VZ_PARAM_NAME) ? vz_param_string(&conf->own, VZ_PARAM_NAME)
						       : NULL;
}

int vz_ctconf_check_name(const struct vz_ctconf *conf, struct wabe_error *err)
{
	const char *name = own_name(conf);
	uint32_t owner = name ? link_ctid(conf->host, name) : 0;

	if (owner == 0 || owner == conf->ctid || !has_name(conf->host, owner, name))
		return 0;
	return vz_error_say(err, VZ_EXIT_NAME, -EEXIST, "the name \"%s\" is taken by container %u",
			    name, owner);
}

/* The name that the file on disk gives, in @arena; NULL: none, or no readable file. */
static const char *saved_name(const struct vz_host *host, uint32_t ctid, struct wabe_arena *arena)
{
	const char *name = NULL;
	struct vz_ctconf old;

	if (vz_ctconf_load(host, ctid, VZ_PARAMS_LENIENT, &old, NULL) < 0)
		return NULL;
	if (vz_param_has(&old.own, VZ_PARAM_NAME))
		name = wabe_arena_strdup(arena, vz_param_string(&old.own, VZ_PARAM_NAME));
	vz_ctconf_free(&old);
	return name;
}

static int write_file(struct vz_ctconf *conf, struct wabe_error *err)
{
	char path[PATH_MAX];
	int r;

	if (conf->host->conf_fd < 0) {
		snprintf(path, sizeof(path), "%s/conf", conf->host->confdir);
		r = wabe_file_mkdir_all(path, DIR_MODE, err);
		return r < 0 ? r : vz_conffile_save_at(AT_FDCWD, conf->path, &conf->file, err);
	}
	snprintf(path, sizeof(path), "%s.conf", conf->id);
	return vz_conffile_save_at(conf->host->conf_fd, path, &conf->file, err);
}

/* The names below conf/ of the file and of what comes in its place. */
struct names {
	char file[32], staged[48];
};

static struct names names_of(uint32_t ctid)
{
	struct names n;

	snprintf(n.file, sizeof(n.file), "%u.conf", ctid);
	snprintf(n.staged, sizeof(n.staged), ".%s.tmp", n.file);
	return n;
}

/* The two change places, so that the names of both can be read until the links are right. */
static int exchange(const struct vz_ctconf *conf, const struct names *n, struct wabe_error *err)
{
	const int fd = conf->host->conf_fd;
	int r = renameat2(fd, n->staged, fd, n->file, RENAME_EXCHANGE);

	/* There is no old one, or the file system can't. */
	if (r < 0 && (errno == ENOENT || errno == EINVAL))
		r = renameat(fd, n->staged, fd, n->file);
	if (r < 0 || fsync(fd) < 0)
		return wabe_error_set(err, -errno, "write %s", conf->path);
	return 0;
}

static int link_name(const struct vz_ctconf *conf, const char *name, struct wabe_error *err)
{
	_cleanup_close_ int names_fd = -EBADF;

	if (!name || link_ctid(conf->host, name) == conf->ctid)
		return 0;
	names_fd = open_names(conf->host, err);
	return names_fd < 0 ? names_fd : put_link(names_fd, name, conf->ctid, err);
}

int vz_ctconf_restore_name(const struct vz_ctconf *conf, struct wabe_error *err)
{
	const char *name = own_name(conf);
	int r;

	if (!name || link_ctid(conf->host, name) == conf->ctid)
		return 0;
	r = vz_ctconf_check_name(conf, err);
	if (r == 0)
		r = link_name(conf, name, err);
	return r < 0 ? vz_error_default(err, VZ_EXIT_NAME) : 1;
}

/*
 * The link first: a link to a guest that has another name is nothing, a name without a link can't be used. Whenever this is
 * killed, what is staged has the name whose link is to go (vz_ctconf_tidy()).
 */
static int save_renamed(struct vz_ctconf *conf, const char *old, const char *name,
			struct wabe_error *err)
{
	const struct names n = names_of(conf->ctid);
	int r = vz_conffile_stage_at(conf->host->conf_fd, n.file, &conf->file, err);

	if (r < 0)
		return vz_error_default(err, VZ_EXIT_SAVE);
	if (link_name(conf, name, err) < 0)
		r = vz_error_default(err, VZ_EXIT_NAME);
	else if (exchange(conf, &n, err) < 0)
		r = vz_error_default(err, VZ_EXIT_SAVE);
	/* What is on disk decides, wherever it failed. */
	vz_ctconf_tidy(conf->host, conf->ctid);
	if (r == 0)
		vz_ctconf_drop_name(conf->host, conf->ctid, old);
	return r;
}

int vz_ctconf_save(struct vz_ctconf *conf, struct wabe_error *err)
{
	const char *name = own_name(conf);
	const char *old = saved_name(conf->host, conf->ctid, &conf->arena);
	int r = vz_ctconf_check_name(conf, err);

	if (r < 0)
		return r;
	if (vz_conffile_mark(&conf->file) < 0)
		return wabe_error_set(err, -ENOMEM, "container %s", conf->id);
	if (conf->host->conf_fd >= 0 && !wabe_str_equal(name, old))
		return save_renamed(conf, old, name, err);
	if (link_name(conf, name, err) < 0)
		return vz_error_default(err, VZ_EXIT_NAME);
	return write_file(conf, err) < 0 ? vz_error_default(err, VZ_EXIT_SAVE) : 0;
}

/* NAME of a file in conf/, in @arena: NULL when it gives none. A file that is missing gives none; -errno: it can't be read. */
static int name_in(const struct vz_host *host, const char *file_name, struct wabe_arena *arena,
		   const char **ret_name)
{
	struct vz_conffile file;
	int r;

	vz_conffile_init(&file, arena, file_name);
	r = vz_conffile_load_at(host->conf_fd, file_name, &file, NULL);
	*ret_name = r == 0 ? vz_conffile_get(&file, "NAME") : NULL;
	return r == -ENOENT ? 0 : r;
}

void vz_ctconf_tidy(const struct vz_host *host, uint32_t ctid)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const struct names n = names_of(ctid);
	const char *name, *staged = NULL;

	if (faccessat(host->conf_fd, n.staged, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ||
	    name_in(host, n.file, &arena, &name) < 0)
		return;
	/* One that was not written to its end has no link yet. */
	(void)name_in(host, n.staged, &arena, &staged);
	vz_ctconf_drop_name(host, ctid, wabe_str_equal(name, staged) ? NULL : staged);
	(void)unlinkat(host->conf_fd, n.staged, 0);
}

void vz_ctconf_tidy_removed(const struct vz_host *host, uint32_t ctid)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	char file[48];
	const char *name;

	snprintf(file, sizeof(file), "%u.conf.destroyed", ctid);
	if (name_in(host, file, &arena, &name) == 0)
		vz_ctconf_drop_name(host, ctid, name);
}

int vz_ctconf_remove(const struct vz_host *host, uint32_t ctid, struct wabe_error *err)
{
	static const char *const endings[] = { "premount", "mount", "umount", "postumount",
					       "start",	   "stop",  "conf" };
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	char from[64], to[96];
	const char *name;
	int r;

	if (host->conf_fd < 0)
		return 0;
	snprintf(from, sizeof(from), "%u.conf", ctid);
	r = name_in(host, from, &arena, &name);
	/* One that is damaged gives no name; one that can't be read now may be read by the next destroy. */
	if (r < 0 && r != -EINVAL)
		return vz_error_set(err, VZ_EXIT_DELETE, r, "read %s/conf/%s", host->confdir, from);
	/* The configuration last: while it is there, a killed destroy can be repeated. */
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		snprintf(from, sizeof(from), "%u.%s", ctid, endings[i]);
		snprintf(to, sizeof(to), "%s.destroyed", from);
		if (renameat(host->conf_fd, from, host->conf_fd, to) < 0 && errno != ENOENT)
			return vz_error_set(err, VZ_EXIT_DELETE, -errno, "rename %s/conf/%s",
					    host->confdir, from);
	}
	vz_ctconf_drop_name(host, ctid, name);
	return 0;
}
