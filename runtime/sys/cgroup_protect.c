// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: protection of memory down to a cgroup; see cgroup.h. A cgroup has no more of it than
 * the one above passes on (cgroup-v2.rst, "Memory Interface Files", memory.low), so that a
 * guarantee below a parent without one is none. The parent gets the sum, not more: with
 * memory_recursiveprot, which systemd mounts with, the rest would protect those who have none.
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
#include "sys/cgroup_internal.h"

#define LOCK_TIMEOUT_MS 10000
#define EVENTS_MAX 4096

static const char *const files[] = { "memory.min", "memory.low" };

static uint64_t saturating_add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* One without processes needs nothing: it is what an ended guest left, until somebody cleans up. */
static bool is_populated(DIR *dir, const char *name)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	char path[NAME_MAX + 32];
	uint64_t value = 0;

	snprintf(path, sizeof(path), "%s/cgroup.events", name);
	return wabe_file_read_at(dirfd(dir), path, EVENTS_MAX, &text, NULL) == 0 && text.len > 0 &&
	       wabe_cgroup_text_u64(text.data, "populated", &value) == 0 && value != 0;
}

/* What the cgroups right below @dir ask for. A cgroup that goes meanwhile asks for nothing. */
static uint64_t sum_below(DIR *dir, const char *file)
{
	uint64_t sum = 0;
	struct dirent *entry;

	rewinddir(dir);
	while ((entry = readdir(dir))) {
		char path[NAME_MAX + 32];
		uint64_t value;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", entry->d_name, file);
		if (wabe_cgroup_file_u64(dirfd(dir), path, &value) == 0 && value > 0 &&
		    is_populated(dir, entry->d_name))
			sum = saturating_add(sum, value);
	}
	return sum;
}

static int put(DIR *dir, const char *file, bool is_exact)
{
	uint64_t sum = sum_below(dir, file), old;
	char text[32] = "max";
	int r = wabe_cgroup_file_u64(dirfd(dir), file, &old);

	if (r < 0 || old == sum || (!is_exact && old > sum))
		return r;
	if (sum != UINT64_MAX)
		snprintf(text, sizeof(text), "%" PRIu64, sum);
	return wabe_cgroup_file_write(dirfd(dir), file, text);
}

/* Whoever comes second reads what the first wrote: the sums never miss one. */
static int put_all(int root_fd, const char *path, bool is_exact)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		close(fd);
		return r;
	}
	r = wabe_file_flock(fd, LOCK_TIMEOUT_MS);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = put(dir, files[i], is_exact);
	return r;
}

int wabe_cgroup_protect(struct wabe_cgroup *cgroup, struct wabe_error *err)
{
	_cleanup_free_ char *path = strdup(cgroup->path + 1);
	bool is_exact = true;
	char *slash;

	if (cgroup->mode != WABE_CGROUP_V2)
		return 0;
	if (!path)
		return wabe_error_set(err, -ENOMEM, "cgroup %s", cgroup->path);
	while ((slash = strrchr(path, '/'))) {
		int r;

		*slash = '\0';
		r = put_all(cgroup->root_fd, path, is_exact);
		if (r < 0 && r != -ENOENT)
			return wabe_error_set(err, r, "guarantee memory in cgroup /%s", path);
		is_exact = false;
	}
	return 0;
}
