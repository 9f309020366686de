// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/idrange: see idrange.h. Links instead of files, because a link and its content appear in
 * one step.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "guest/idrange.h"

#define LOCK_TIMEOUT_MS 10000
#define LINK_TEXT_MAX 16

struct link_name {
	char text[LINK_TEXT_MAX];
};

static struct link_name number_text(uint32_t number)
{
	struct link_name name;

	snprintf(name.text, sizeof(name.text), "%" PRIu32, number);
	return name;
}

/* 0 with the number that link @name holds, or -errno; -EINVAL when it is no number. */
static int read_link(int dir_fd, const char *name, uint32_t *ret_number)
{
	char text[LINK_TEXT_MAX];
	ssize_t n = readlinkat(dir_fd, name, text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return wabe_parse_u32(text, ret_number) < 0 ? -EINVAL : 0;
}

/*
 * An aligned index whose whole range lies in the host's UID_BASE .. UID_END - 1; the last id,
 * 4294967295, is none (setreuid(2)).
 */
static void set_bounds(struct vz_idrange *ranges, const struct vz_host *host)
{
	uint64_t first = ((uint64_t)host->uid_base + VZ_IDRANGE_SIZE - 1) / VZ_IDRANGE_SIZE;
	uint64_t end = host->uid_end / VZ_IDRANGE_SIZE;

	ranges->first = (uint32_t)first;
	ranges->count = end > first ? (uint32_t)(end - first) : 0;
}

int vz_idrange_open(const struct vz_host *host, bool is_locked, struct vz_idrange *ret_ranges,
		    struct wabe_error *err)
{
	_cleanup_(vz_idrange_close) struct vz_idrange ranges = VZ_IDRANGE_INIT;
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "%s/uidranges", host->confdir) >= (int)sizeof(path))
		return wabe_error_set(err, -ENAMETOOLONG, "%s/uidranges", host->confdir);
	r = wabe_file_mkdir_all(path, 0700, err);
	if (r < 0)
		return r;
	set_bounds(&ranges, host);
	ranges.dir_fd = open(path, O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (ranges.dir_fd < 0)
		return wabe_error_set(err, -errno, "open %s", path);
	if (is_locked) {
		ranges.lock_fd = wabe_file_lock_at(ranges.dir_fd, "lock", LOCK_TIMEOUT_MS, err);
		if (ranges.lock_fd < 0)
			return wabe_error_prefix(err, "%s", path);
	}
	*ret_ranges = ranges;
	ranges.dir_fd = ranges.lock_fd = -EBADF;
	return 0;
}

void vz_idrange_close(struct vz_idrange *ranges)
{
	wabe_cleanup_close(&ranges->dir_fd);
	wabe_cleanup_close(&ranges->lock_fd);
}

/* Where the search starts, counted from ranges->first. */
static uint32_t next_hint(const struct vz_idrange *ranges)
{
	uint32_t index = 0;

	if (read_link(ranges->dir_fd, "next", &index) < 0 || index < ranges->first ||
	    index - ranges->first >= ranges->count)
		return 0;
	return index - ranges->first;
}

int vz_idrange_pick(struct vz_idrange *ranges, uint32_t *ret_uid, struct wabe_error *err)
{
	const uint32_t start = next_hint(ranges);
	struct link_name hint;

	for (uint32_t i = 0; i < ranges->count; i++) {
		uint32_t owner = 0, index = ranges->first + (start + i) % ranges->count;

		if (read_link(ranges->dir_fd, number_text(index).text, &owner) != -ENOENT)
			continue;
		/* The hint may be lost or wrong without harm: it saves looking, nothing else. */
		hint = number_text(index + 1);
		unlinkat(ranges->dir_fd, ".next", 0);
		if (symlinkat(hint.text, ranges->dir_fd, ".next") == 0)
			renameat(ranges->dir_fd, ".next", ranges->dir_fd, "next");
		*ret_uid = index * VZ_IDRANGE_SIZE;
		return 0;
	}
	return wabe_error_say(err, -ENOSPC,
			      "all %" PRIu32
			      " ranges of user ids are taken (UID_BASE, UID_END in vz.conf)",
			      ranges->count);
}

/* 1 when it was free, 0 when it is @ctid's already. */
static int claim_index(int dir_fd, uint32_t index, uint32_t ctid, struct wabe_error *err)
{
	struct link_name name = number_text(index), text = number_text(ctid);
	uint32_t owner = 0;
	int r;

	if (symlinkat(text.text, dir_fd, name.text) == 0)
		return 1;
	if (errno != EEXIST)
		return wabe_error_set(err, -errno, "claim range %s of user ids", name.text);
	r = read_link(dir_fd, name.text, &owner);
	if (r < 0)
		return wabe_error_set(err, r, "read who owns range %s of user ids", name.text);
	if (owner == ctid)
		return 0;
	return wabe_error_say(err, -EEXIST,
			      "user ids %" PRIu32 " to %" PRIu32 " belong to CT %" PRIu32,
			      index * VZ_IDRANGE_SIZE,
			      index * VZ_IDRANGE_SIZE + VZ_IDRANGE_SIZE - 1, owner);
}

static int release_index(int dir_fd, uint32_t index, uint32_t ctid, struct wabe_error *err)
{
	struct link_name name = number_text(index);
	uint32_t owner = 0;
	int r = read_link(dir_fd, name.text, &owner);

	if (r == -ENOENT || (r == 0 && owner != ctid))
		return 0;
	if (r < 0)
		return wabe_error_set(err, r, "read who owns range %s of user ids", name.text);
	if (unlinkat(dir_fd, name.text, 0) < 0 && errno != ENOENT)
		return wabe_error_set(err, -errno, "free range %s of user ids", name.text);
	return 0;
}

/* Two guests may race for two neighbouring ranges; whoever loses one gives back the other. */
int vz_idrange_claim(struct vz_idrange *ranges, uint32_t uid, uint32_t ctid, struct wabe_error *err)
{
	uint32_t first = uid / VZ_IDRANGE_SIZE, last;
	int r, was_free;

	if (uid > UINT32_MAX - VZ_IDRANGE_SIZE)
		return wabe_error_say(err, -ERANGE,
				      "user ids %" PRIu32 " and 65535 more: past the last user id",
				      uid);
	last = (uid + VZ_IDRANGE_SIZE - 1) / VZ_IDRANGE_SIZE;
	was_free = claim_index(ranges->dir_fd, first, ctid, err);
	if (was_free < 0 || last == first)
		return was_free < 0 ? was_free : 0;
	r = claim_index(ranges->dir_fd, last, ctid, err);
	if (r < 0 && was_free)
		(void)release_index(ranges->dir_fd, first, ctid, NULL);
	return r < 0 ? r : 0;
}

int vz_idrange_release(struct vz_idrange *ranges, uint32_t uid, uint32_t ctid,
		       struct wabe_error *err)
{
	uint32_t first = uid / VZ_IDRANGE_SIZE, last;
	int r;

	if (uid > UINT32_MAX - VZ_IDRANGE_SIZE)
		return 0;
	last = (uid + VZ_IDRANGE_SIZE - 1) / VZ_IDRANGE_SIZE;
	r = release_index(ranges->dir_fd, first, ctid, err);
	if (last != first && r == 0)
		r = release_index(ranges->dir_fd, last, ctid, err);
	return r;
}

int vz_idrange_release_all(struct vz_idrange *ranges, uint32_t ctid, struct wabe_error *err)
{
	int fd = openat(ranges->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint32_t index;

	if (!dir)
		return wabe_error_set(err, -errno, "read the ranges of user ids");
	while (r == 0 && (entry = readdir(dir)))
		if (wabe_parse_u32(entry->d_name, &index) == 0)
			r = release_index(ranges->dir_fd, index, ctid, err);
	return r;
}
