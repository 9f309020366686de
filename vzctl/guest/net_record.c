// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/net: the record of what was set up; see net.h. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "guest/net_internal.h"

#define LOCK_TIMEOUT_MS 10000

static const struct list_row {
	const char *key;
	size_t offset;
	const char *separator;
} lists[] = {
	{ "IP_ADDRESS", offsetof(struct vz_net_record, addresses), " " },
	{ "PROXY", offsetof(struct vz_net_record, proxies), " " },
	{ "NETIF", offsetof(struct vz_net_record, netifs), ";" },
	{ "NETDEV", offsetof(struct vz_net_record, netdevs), " " },
	{ "MOVED", offsetof(struct vz_net_record, moved), " " },
	{ "DEVICES", offsetof(struct vz_net_record, devices), " " },
	{ "CHANGING", offsetof(struct vz_net_record, changing), ";" },
};

static struct wabe_strv *list_of(const struct vz_net_record *record, const struct list_row *row)
{
	return (struct wabe_strv *)((char *)(uintptr_t)record + row->offset);
}

static int record_path(const struct vz_host *host, uint32_t ctid, char path[PATH_MAX],
		       struct wabe_error *err)
{
	if (snprintf(path, PATH_MAX, "%s/.net/%" PRIu32, host->statedir, ctid) >= PATH_MAX)
		return wabe_error_set(err, -ENAMETOOLONG, "%s", host->statedir);
	return 0;
}

int vz_net_record_dir(const struct vz_host *host)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/.net", host->statedir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int vz_net_record_lock(const struct vz_host *host, bool is_shared, struct wabe_error *err)
{
	_cleanup_close_ int fd = vz_net_record_dir(host);
	int r = fd;

	if (fd >= 0)
		r = is_shared ? wabe_file_flock_shared(fd, LOCK_TIMEOUT_MS)
			      : wabe_file_flock(fd, LOCK_TIMEOUT_MS);
	return r < 0 ? wabe_error_set(err, r, "lock %s/.net", host->statedir) : TAKE_FD(fd);
}

int vz_net_record_load(const struct vz_host *host, uint32_t ctid, struct wabe_arena *arena,
		       struct vz_net_record *ret_record, struct wabe_error *err)
{
	struct vz_net_record record = { 0 };
	struct vz_conffile file;
	char path[PATH_MAX];
	int r = record_path(host, ctid, path, err);

	if (r < 0)
		return r;
	*ret_record = record;
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	vz_conffile_init(&file, arena, "record of the network");
	r = vz_conffile_load_at(AT_FDCWD, path, &file, err);
	if (r < 0)
		return wabe_error_prefix(err, "%s", path);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const char *value = vz_conffile_get(&file, lists[i].key);

		if (value && wabe_strv_split(list_of(&record, &lists[i]), arena, value,
					     lists[i].separator) < 0)
			return wabe_error_set(err, -ENOMEM, "%s", path);
	}
	*ret_record = record;
	return 0;
}

int vz_net_record_each(const struct vz_host *host, vz_net_record_fn *take, void *data,
		       struct wabe_error *err)
{
	int fd = vz_net_record_dir(host), r = 0;
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		wabe_cleanup_close(&fd);
		return fd == -ENOENT ? 0 : wabe_error_set(err, -EIO, "read guests' records");
	}
	for (const struct dirent *e; r >= 0 && (e = readdir(dir)) != NULL;) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct vz_net_record record;
		uint32_t ctid;

		if (wabe_parse_u32(e->d_name, &ctid) == 0 &&
		    vz_net_record_load(host, ctid, &arena, &record, NULL) == 0)
			r = take(ctid, &record, data);
	}
	return r < 0 ? r : 0;
}

static int format(struct wabe_buf *text, const struct vz_net_record *record)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++) {
		const struct wabe_strv *list = list_of(record, &lists[i]);

		r = wabe_buf_printf(text, "%s=\"", lists[i].key);
		for (size_t k = 0; r == 0 && k < list->count; k++)
			r = wabe_buf_printf(text, "%s%s", k ? lists[i].separator : "",
					    list->items[k]);
		if (r == 0)
			r = wabe_buf_puts(text, "\"\n");
	}
	return r;
}

int vz_net_record_save(const struct vz_host *host, uint32_t ctid,
		       const struct vz_net_record *record, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	char path[PATH_MAX], *slash;
	int r = record_path(host, ctid, path, err);

	if (r < 0)
		return r;
	if (format(&text, record) < 0)
		return wabe_error_set(err, -ENOMEM, "%s", path);
	/* Volatile: neither it nor what it names outlives a power cut. */
	r = wabe_file_replace_at(AT_FDCWD, path, text.data, text.len, 0600, WABE_FILE_VOLATILE,
				 err);
	if (r != -ENOENT)
		return r;
	wabe_error_clear(err);
	slash = strrchr(path, '/');
	*slash = '\0';
	r = wabe_file_mkdir_all(path, 0700, err);
	*slash = '/';
	return r < 0 ? r
		     : wabe_file_replace_at(AT_FDCWD, path, text.data, text.len, 0600,
					    WABE_FILE_VOLATILE, err);
}

int vz_net_record_remove(const struct vz_host *host, uint32_t ctid, struct wabe_error *err)
{
	char path[PATH_MAX];
	int r = record_path(host, ctid, path, err);

	if (r < 0)
		return r;
	if (unlink(path) < 0 && errno != ENOENT)
		return wabe_error_set(err, -errno, "remove %s", path);
	return 0;
}

bool vz_net_is_left(const struct vz_guest *g)
{
	char path[PATH_MAX];

	return record_path(g->host, g->ctid, path, NULL) == 0 && access(path, F_OK) == 0;
}

static bool copy_name(char *to, const char *from)
{
	size_t len = from ? strlen(from) : 0;

	if (len == 0 || len >= IFNAMSIZ)
		return false;
	memcpy(to, from, len + 1);
	return true;
}

int vz_net_device_parse(const char *text, struct vz_net_device *ret_device)
{
	struct vz_net_device device = { 0 };
	char room[80], *rest = room, *name, *index, *inner;

	if (strlen(text) >= sizeof(room))
		return -EINVAL;
	memcpy(room, text, strlen(text) + 1);
	name = strsep(&rest, ":");
	index = strsep(&rest, ":");
	inner = strsep(&rest, ":");
	if (!rest || !copy_name(device.name, name) || !copy_name(device.inner, inner) ||
	    wabe_parse_int(index, 0, INT_MAX, &device.index) < 0)
		return -EINVAL;
	device.is_venet = strcmp(rest, "1") == 0;
	*ret_device = device;
	return 0;
}

int vz_net_devices(const struct vz_host *host, uint32_t ctid, struct wabe_arena *arena,
		   struct vz_net_device **ret_devices, size_t *ret_count, struct wabe_error *err)
{
	struct vz_net_device *devices;
	struct vz_net_record record;
	size_t count = 0;
	int r = vz_net_record_load(host, ctid, arena, &record, err);

	if (r < 0)
		return r;
	devices = wabe_arena_array(arena, record.devices.count, sizeof(*devices));
	if (!devices)
		return wabe_error_set(err, -ENOMEM, "devices of CT %" PRIu32, ctid);
	for (size_t i = 0; i < record.devices.count; i++)
		count += vz_net_device_parse(record.devices.items[i], &devices[count]) == 0;
	*ret_devices = devices;
	*ret_count = count;
	return 0;
}
