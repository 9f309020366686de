// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/pending: the record of a create in progress; see pending.h. */
#include "guest/pending.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "conf/conffile.h"

struct pending_name {
	char text[32];
};

static struct pending_name pending_name(uint32_t ctid)
{
	struct pending_name name;

	snprintf(name.text, sizeof(name.text), ".%" PRIu32 ".creating", ctid);
	return name;
}

bool vz_pending_exists(const struct vz_host *host, uint32_t ctid)
{
	return faccessat(host->conf_fd, pending_name(ctid).text, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int vz_pending_save(const struct vz_host *host, uint32_t ctid, const struct vz_pending *pending,
		    struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_conffile file;
	char uid[16];
	int r;

	snprintf(uid, sizeof(uid), "%" PRIu32, pending->uid);
	vz_conffile_init(&file, &arena, "record of a create in progress");
	r = vz_conffile_set(&file, "VE_PRIVATE", pending->private, VZ_CONFFILE_LITERAL, err);
	if (r == 0)
		r = vz_conffile_set(&file, "VE_ROOT", pending->root, VZ_CONFFILE_LITERAL, err);
	if (r == 0)
		r = vz_conffile_set(&file, "LOCAL_UID", uid, VZ_CONFFILE_LITERAL, err);
	if (r == 0 && pending->name)
		r = vz_conffile_set(&file, "NAME", pending->name, VZ_CONFFILE_LITERAL, err);
	if (r < 0)
		return r;
	if (vz_conffile_mark(&file) < 0)
		return wabe_error_set(err, -ENOMEM, "record of a create in progress");
	return vz_conffile_save_at(host->conf_fd, pending_name(ctid).text, &file, err);
}

int vz_pending_load(const struct vz_host *host, uint32_t ctid, struct wabe_arena *arena,
		    struct vz_pending *ret_pending, struct wabe_error *err)
{
	struct vz_pending pending = { 0 };
	struct vz_conffile file;
	const char *uid;
	int r;

	vz_conffile_init(&file, arena, "record of a create in progress");
	r = vz_conffile_load_at(host->conf_fd, pending_name(ctid).text, &file, err);
	if (r < 0)
		return r;
	pending.private = vz_conffile_get(&file, "VE_PRIVATE");
	pending.root = vz_conffile_get(&file, "VE_ROOT");
	uid = vz_conffile_get(&file, "LOCAL_UID");
	pending.name = vz_conffile_get(&file, "NAME");
	if (!pending.private || !pending.root || !uid || wabe_parse_u32(uid, &pending.uid) < 0)
		return wabe_error_say(err, -EINVAL,
				      "%s/conf/%s is damaged: remove it and what it names",
				      host->confdir, pending_name(ctid).text);
	*ret_pending = pending;
	return 0;
}

int vz_pending_drop(const struct vz_host *host, uint32_t ctid, struct wabe_error *err)
{
	struct pending_name name = pending_name(ctid);

	vz_pending_tidy(host, ctid);
	if (unlinkat(host->conf_fd, name.text, 0) < 0 && errno != ENOENT)
		return wabe_error_set(err, -errno, "remove %s/conf/%s", host->confdir, name.text);
	return 0;
}

/* The names that base/file writes to before it renames. */
void vz_pending_tidy(const struct vz_host *host, uint32_t ctid)
{
	char name[48];

	snprintf(name, sizeof(name), ".%s.tmp", pending_name(ctid).text);
	(void)unlinkat(host->conf_fd, name, 0);
	snprintf(name, sizeof(name), ".%" PRIu32 ".conf.tmp", ctid);
	(void)unlinkat(host->conf_fd, name, 0);
}

/* ".101.creating" to 101, 0 for anything else. */
static uint32_t record_ctid(const char *name)
{
	uint32_t ctid = *name == '.' ? (uint32_t)strtoul(name + 1, NULL, 10) : 0;

	return ctid > 0 && strcmp(pending_name(ctid).text, name) == 0 ? ctid : 0;
}

int vz_pending_list(const struct vz_host *host, struct wabe_arena *arena, uint32_t **ret_ctids,
		    size_t *ret_count, struct wabe_error *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	uint32_t *ids = NULL, ctid;
	size_t count = 0, room = 0;
	struct dirent *entry;
	int fd = host->conf_fd < 0 ? -EBADF
				   : openat(host->conf_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir && host->conf_fd >= 0)
		return wabe_error_set(err, -errno, "read %s/conf", host->confdir);
	while (dir && (entry = readdir(dir))) {
		ctid = record_ctid(entry->d_name);
		if (ctid == 0)
			continue;
		if (count == room) {
			uint32_t *more = wabe_arena_array(arena, room + 16, sizeof(*more));

			if (!more)
				return wabe_error_set(err, -ENOMEM, "read %s/conf", host->confdir);
			if (count)
				memcpy(more, ids, count * sizeof(*ids));
			ids = more;
			room += 16;
		}
		ids[count++] = ctid;
	}
	*ret_ctids = ids;
	*ret_count = count;
	return 0;
}
