// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/traffic: totals that outlive devices, starts and boots; see traffic.h. */
#include "guest/traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "guest/traffic_internal.h"

#define LOCK_TIMEOUT_MS 10000
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define NUMBERS (2 * VZ_TRAFFIC_MAX)

/* The record of one guest. */
struct record {
	struct wabe_arena arena;
	char name[16];
	const char *boot; /* now */
	struct vz_traffic total;
	struct wabe_strv seen, done; /* of this boot */
	bool is_changed;	     /* since it was loaded */
};

static void record_free(struct record *r)
{
	wabe_arena_free(&r->arena);
}

static void add(struct vz_traffic *to, const struct vz_traffic *what)
{
	for (size_t i = 0; i < VZ_TRAFFIC_MAX; i++) {
		to->of[i].bytes += what->of[i].bytes;
		to->of[i].packets += what->of[i].packets;
	}
}

/* Did the counter begin again since @seen: was the ruleset flushed? */
static bool is_below(const struct vz_traffic *counted, const struct vz_traffic *seen)
{
	for (size_t i = 0; i < VZ_TRAFFIC_MAX; i++)
		if (counted->of[i].bytes < seen->of[i].bytes ||
		    counted->of[i].packets < seen->of[i].packets)
			return true;
	return false;
}

void vz_traffic_text(const struct vz_traffic *traffic, char text[VZ_TRAFFIC_TEXT_MAX])
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < VZ_TRAFFIC_MAX; i++)
		used += (size_t)snprintf(text + used, VZ_TRAFFIC_TEXT_MAX - used,
					 "%s%" PRIu64 ":%" PRIu64, i ? ":" : "",
					 traffic->of[i].bytes, traffic->of[i].packets);
}

int vz_traffic_parse(const char *text, struct vz_traffic *ret_traffic)
{
	char copy[VZ_TRAFFIC_TEXT_MAX], *rest = copy, *word;
	uint64_t numbers[NUMBERS];
	size_t count = 0;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, strlen(text) + 1);
	while ((word = strsep(&rest, ":")) != NULL)
		if (count == NUMBERS || wabe_parse_u64(word, 0, UINT64_MAX, &numbers[count++]) < 0)
			return -EINVAL;
	if (count != NUMBERS)
		return -EINVAL;
	for (size_t i = 0; i < VZ_TRAFFIC_MAX; i++) {
		ret_traffic->of[i].bytes = numbers[2 * i];
		ret_traffic->of[i].packets = numbers[2 * i + 1];
	}
	return 0;
}

static int open_directory(const struct vz_host *host, struct wabe_error *err)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/traffic", host->confdir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return wabe_error_set(err, -errno, "make directory %s", path);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? wabe_error_set(err, -errno, "open %s", path) : fd;
}

int vz_traffic_lock(const struct vz_host *host, struct wabe_error *err)
{
	_cleanup_close_ int fd = open_directory(host, err);
	int r = fd < 0 ? fd : wabe_file_flock(fd, LOCK_TIMEOUT_MS);

	if (fd >= 0 && r < 0)
		return wabe_error_set(err, r, "lock %s/traffic", host->confdir);
	return r < 0 ? r : TAKE_FD(fd);
}

static int read_boot(struct record *r, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int ret = wabe_file_read_at(AT_FDCWD, BOOT_ID, 64, &text, err);

	if (ret < 0)
		return ret;
	r->boot = wabe_arena_strndup(&r->arena, text.data ? text.data : "",
				     text.data ? strcspn(text.data, "\n") : 0);
	return r->boot ? 0 : wabe_error_set(err, -ENOMEM, BOOT_ID);
}

/* "17:8 numbers" */
static int parse_seen(const char *entry, int *ret_index, struct vz_traffic *ret_traffic)
{
	const char *colon = strchr(entry, ':');
	char number[16];

	if (!colon || (size_t)(colon - entry) >= sizeof(number))
		return -EINVAL;
	snprintf(number, sizeof(number), "%.*s", (int)(colon - entry), entry);
	if (wabe_parse_int(number, 1, INT_MAX, ret_index) < 0)
		return -EINVAL;
	return vz_traffic_parse(colon + 1, ret_traffic);
}

static bool find_seen(const struct record *r, int index, struct vz_traffic *ret_traffic)
{
	int found;

	for (size_t i = 0; i < r->seen.count; i++)
		if (parse_seen(r->seen.items[i], &found, ret_traffic) == 0 && found == index)
			return true;
	*ret_traffic = (struct vz_traffic){ 0 };
	return false;
}

static bool is_done(const struct record *r, int index)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", index);
	return wabe_strv_has(&r->done, text);
}

/* The devices of a boot that is over will not count any further: what was seen of them is all. */
static void close_boot(struct record *r, const struct vz_conffile *file)
{
	const char *boot = vz_conffile_get(file, "BOOT");
	struct vz_traffic traffic;
	int index;

	if (boot && strcmp(boot, r->boot) == 0)
		return;
	for (size_t i = 0; i < r->seen.count; i++)
		if (parse_seen(r->seen.items[i], &index, &traffic) == 0 && !is_done(r, index))
			add(&r->total, &traffic);
	r->is_changed = r->seen.count > 0;
	r->seen.count = r->done.count = 0;
}

static int read_record(struct record *r, const struct vz_conffile *file, struct wabe_error *err)
{
	const char *total = vz_conffile_get(file, "TOTAL");

	if (!total || vz_traffic_parse(total, &r->total) < 0)
		return wabe_error_say(err, -EINVAL, "%s is damaged: TOTAL has no 8 numbers",
				      file->what);
	if (wabe_strv_split(&r->seen, &r->arena, vz_conffile_get(file, "SEEN") ?: "", " ") < 0 ||
	    wabe_strv_split(&r->done, &r->arena, vz_conffile_get(file, "DONE") ?: "", " ") < 0)
		return wabe_error_set(err, -ENOMEM, "%s", file->what);
	close_boot(r, file);
	return 0;
}

static int load(int dir_fd, const struct vz_host *host, uint32_t ctid, struct record *r,
		struct wabe_error *err)
{
	struct wabe_error reason = WABE_ERROR_INIT;
	struct vz_conffile file;
	const char *what;
	int ret = read_boot(r, err);

	if (ret < 0)
		return ret;
	snprintf(r->name, sizeof(r->name), "%" PRIu32, ctid);
	what = wabe_arena_printf(&r->arena, "%s/traffic/%s", host->confdir, r->name);
	if (!what)
		return wabe_error_set(err, -ENOMEM, "traffic");
	vz_conffile_init(&file, &r->arena, what);
	ret = vz_conffile_load_at(dir_fd, r->name, &file, &reason);
	if (ret == -ENOENT)
		return 0;
	return ret < 0 ? wabe_error_say(err, ret, "%s", reason.text) : read_record(r, &file, err);
}

static int join(struct record *r, const struct wabe_strv *list, const char **ret_text)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	for (size_t i = 0; i < list->count; i++)
		if (wabe_buf_printf(&text, "%s%s", i ? " " : "", list->items[i]) < 0)
			return -ENOMEM;
	*ret_text = wabe_arena_strdup(&r->arena, text.len ? text.data : "");
	return *ret_text ? 0 : -ENOMEM;
}

static int save(int dir_fd, struct record *r, struct wabe_error *err)
{
	char total[VZ_TRAFFIC_TEXT_MAX];
	const char *seen, *done;
	struct vz_conffile file;
	int ret;

	vz_traffic_text(&r->total, total);
	if (join(r, &r->seen, &seen) < 0 || join(r, &r->done, &done) < 0)
		return wabe_error_set(err, -ENOMEM, "traffic");
	vz_conffile_init(&file, &r->arena, "record of traffic");
	ret = vz_conffile_set(&file, "BOOT", r->boot, VZ_CONFFILE_LITERAL, err);
	if (ret == 0)
		ret = vz_conffile_set(&file, "TOTAL", total, VZ_CONFFILE_LITERAL, err);
	if (ret == 0)
		ret = vz_conffile_set(&file, "SEEN", seen, VZ_CONFFILE_LITERAL, err);
	if (ret == 0)
		ret = vz_conffile_set(&file, "DONE", done, VZ_CONFFILE_LITERAL, err);
	if (ret < 0)
		return ret;
	if (vz_conffile_mark(&file) < 0)
		return wabe_error_set(err, -ENOMEM, "traffic");
	return vz_conffile_save_at(dir_fd, r->name, &file, err);
}

/*
 * What was read before the lock was ours may be older than what somebody else has saved since: only what the counter says now
 * tells whether it began again.
 */
static int is_again(const struct vz_net_device *device, const struct vz_traffic *seen,
		    struct vz_traffic *counted, bool *ret_is_again, struct wabe_error *err)
{
	int r = 0;

	*ret_is_again = is_below(counted, seen);
	if (*ret_is_again)
		r = vz_traffic_read_one(device->index, device->is_venet, counted, err);
	*ret_is_again = *ret_is_again && is_below(counted, seen);
	return r;
}

/* One that lives: what its counter says, and what it had counted before somebody made it begin again. */
static int look_at(struct record *r, const struct vz_net_device *device,
		   const struct vz_traffic *counted, struct wabe_strv *seen, struct vz_traffic *sum,
		   struct wabe_error *err)
{
	struct vz_traffic before, now = *counted;
	char text[VZ_TRAFFIC_TEXT_MAX];
	bool has_begun_again = false;
	const char *entry;
	int ret = 0;

	if (find_seen(r, device->index, &before))
		ret = is_again(device, &before, &now, &has_begun_again, err);
	if (ret < 0)
		return ret;
	if (has_begun_again) {
		add(&r->total, &before);
		add(sum, &before);
	}
	add(sum, &now);
	vz_traffic_text(&now, text);
	entry = wabe_arena_printf(&r->arena, "%d:%s", device->index, text);
	r->is_changed |= entry && !wabe_strv_has(&r->seen, entry);
	return entry && wabe_strv_add(seen, &r->arena, entry) == 0
		       ? 0
		       : wabe_error_set(err, -ENOMEM, "traffic");
}

/* Of all that were read, or of this one now. */
static int read_device(const struct vz_traffic_counters *counters,
		       const struct vz_net_device *device, struct vz_traffic *ret_counted,
		       struct wabe_error *err)
{
	const struct vz_traffic *found;

	if (!counters)
		return vz_traffic_read_one(device->index, device->is_venet, ret_counted, err);
	found = vz_traffic_find(counters, device->index);
	*ret_counted = found ? *found : (struct vz_traffic){ 0 };
	return 0;
}

static int sum_up(const struct vz_host *host, uint32_t ctid,
		  const struct vz_traffic_counters *counters, struct record *r,
		  struct vz_traffic *sum, struct wabe_error *err)
{
	struct vz_traffic counted;
	struct vz_net_device *devices;
	struct wabe_strv seen = { 0 };
	size_t count;
	int ret = vz_net_devices(host, ctid, &r->arena, &devices, &count, err);

	if (ret < 0)
		return ret;
	*sum = r->total;
	for (size_t i = 0; ret == 0 && i < count; i++) {
		if (is_done(r, devices[i].index))
			continue;
		ret = read_device(counters, &devices[i], &counted, err);
		if (ret == 0)
			ret = look_at(r, &devices[i], &counted, &seen, sum, err);
	}
	r->seen = seen;
	return ret;
}

int vz_traffic_of(const struct vz_host *host, uint32_t ctid,
		  const struct vz_traffic_counters *counters, bool is_saved,
		  struct vz_traffic *ret_traffic, struct wabe_error *err)
{
	_cleanup_(record_free) struct record r = { .arena = WABE_ARENA_INIT };
	_cleanup_close_ int dir_fd = vz_traffic_lock(host, err);
	struct vz_traffic sum;
	int ret = dir_fd < 0 ? dir_fd : load(dir_fd, host, ctid, &r, err);

	if (ret == 0)
		ret = sum_up(host, ctid, counters, &r, &sum, err);
	/* Nothing to write for the many that rest. */
	if (ret == 0 && is_saved && r.is_changed)
		ret = save(dir_fd, &r, err);
	if (ret == 0)
		*ret_traffic = sum;
	return ret;
}

/* What the network's record has no more needs no mark either. */
static int mark_done(struct vz_guest *g, struct record *r, int index)
{
	struct wabe_strv done = { 0 };
	struct vz_net_device *devices;
	const char *entry;
	size_t count;
	int ret = vz_net_devices(g->host, g->ctid, &r->arena, &devices, &count, NULL);

	for (size_t i = 0; ret == 0 && i < count; i++) {
		if (!is_done(r, devices[i].index) || devices[i].index == index)
			continue;
		entry = wabe_arena_printf(&r->arena, "%d", devices[i].index);
		ret = entry ? wabe_strv_add(&done, &r->arena, entry) : -ENOMEM;
	}
	entry = wabe_arena_printf(&r->arena, "%d", index);
	if (ret < 0 || !entry)
		return ret < 0 ? ret : -ENOMEM;
	r->done = done;
	return wabe_strv_add(&r->done, &r->arena, entry);
}

static void drop_seen(struct record *r, int index)
{
	struct vz_traffic traffic;
	size_t kept = 0;
	int found;

	for (size_t i = 0; i < r->seen.count; i++)
		if (parse_seen(r->seen.items[i], &found, &traffic) == 0 && found != index)
			r->seen.items[kept++] = r->seen.items[i];
	r->seen.count = kept;
}

/* From the kernel into the record; a device that is in it already was on the way out before. */
static int close_device(struct vz_guest *g, const struct vz_net_device *device,
			struct wabe_error *err)
{
	const int index = device->index;
	_cleanup_(record_free) struct record r = { .arena = WABE_ARENA_INIT };
	_cleanup_close_ int dir_fd = vz_traffic_lock(g->host, err);
	struct vz_traffic counted, before;
	int ret = dir_fd < 0 ? dir_fd : load(dir_fd, g->host, g->ctid, &r, err);

	if (ret < 0 || is_done(&r, index))
		return ret;
	ret = vz_traffic_read_one(index, device->is_venet, &counted, err);
	if (ret < 0)
		return ret;
	if (find_seen(&r, index, &before) && is_below(&counted, &before))
		add(&r.total, &before);
	add(&r.total, &counted);
	drop_seen(&r, index);
	ret = mark_done(g, &r, index);
	return ret < 0 ? wabe_error_set(err, ret, "traffic") : save(dir_fd, &r, err);
}

static int came(struct vz_guest *g, const struct vz_net_device *device, struct wabe_error *err)
{
	struct wabe_error reason = WABE_ERROR_INIT;

	(void)err;
	/* A guest that isn't counted is better than one that isn't there. */
	if (vz_traffic_begin(g->host, device->index, device->is_venet, &reason) < 0)
		vz_warn(g, "traffic of %s is not counted: %s", device->name, reason.text);
	return 0;
}

static void going(struct vz_guest *g, const struct vz_net_device *device, bool is_there)
{
	struct wabe_error reason = WABE_ERROR_INIT;
	int r = close_device(g, device, &reason);

	(void)is_there;
	/* What isn't in the record stays with the kernel: nothing of it is lost but by a reboot. */
	if (r == 0)
		r = vz_traffic_end(device->index, device->is_venet, &reason);
	if (r < 0)
		vz_warn(g, "traffic of %s: %s", device->name, reason.text);
}

const struct vz_net_user vz_traffic_user = { came, going };

void vz_traffic_remove(const struct vz_host *host, uint32_t ctid)
{
	char old[PATH_MAX], new[PATH_MAX];

	if (snprintf(old, sizeof(old), "%s/traffic/%" PRIu32, host->confdir, ctid) < PATH_MAX &&
	    snprintf(new, sizeof(new), "%s.destroyed", old) < PATH_MAX)
		(void)rename(old, new);
}
