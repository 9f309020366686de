// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vzubc_store: what vzubc saw at its last look; see vzubc_store.h. */
#include "cmd/vzubc_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"

#define STORE_MAX_BYTES (16u << 20)
#define LOCK_TIMEOUT_MS 10000
#define NAME_ROOM 32

/* One counter of one guest: a line "101 numproc 12 0" of the file. */
struct entry {
	struct entry *next;
	uint32_t ctid;
	char name[NAME_ROOM];
	uint64_t held, failcnt;
	bool is_new; /* put in at this look */
};

struct vzubc_store {
	struct wabe_arena *arena;
	char path[PATH_MAX];
	int lock_fd;
	struct entry *first, *last,
		*cursor; /* in the order of the file, and where the last one was found */
};

static void path_of(const struct vz_host *host, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/vzubc.store", host->lockdir);
}

static struct entry *add(struct vzubc_store *store, uint32_t ctid, const char *name)
{
	struct entry *e = wabe_arena_alloc(store->arena, sizeof(*e));

	if (!e)
		return NULL;
	*e = (struct entry){ .ctid = ctid };
	snprintf(e->name, sizeof(e->name), "%s", name);
	if (store->last)
		store->last->next = e;
	else
		store->first = e;
	store->last = e;
	return e;
}

/* Guests and counters come in the same order each time, so the next one is nearly always behind the last one found. */
static struct entry *find(struct vzubc_store *store, uint32_t ctid, const char *name)
{
	struct entry *start = store->cursor ? store->cursor->next : store->first;

	/* They come by number: behind the last one there is nothing to look for. */
	if (!store->last || store->last->ctid < ctid)
		return NULL;
	for (int round = 0; round < 2; round++) {
		for (struct entry *e = round ? store->first : start; e; e = e->next) {
			if (e->ctid == ctid && strcmp(e->name, name) == 0)
				return store->cursor = e;
			if (round && e == store->cursor)
				break;
		}
	}
	return NULL;
}

/* Lines that aren't ours are forgotten: the next look makes a good file again. */
static int parse(struct vzubc_store *store, char *text)
{
	for (char *line; (line = strsep(&text, "\n")) != NULL;) {
		uint64_t held, failcnt;
		char name[NAME_ROOM];
		struct entry *e;
		uint32_t ctid;

		if (sscanf(line, "%" SCNu32 " %31s %" SCNu64 " %" SCNu64, &ctid, name, &held,
			   &failcnt) != 4)
			continue;
		e = add(store, ctid, name);
		if (!e)
			return -ENOMEM;
		e->held = held;
		e->failcnt = failcnt;
	}
	return 0;
}

int vzubc_store_open(const struct vz_host *host, struct wabe_arena *arena,
		     struct vzubc_store **ret_store, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_(vzubc_store_close) struct vzubc_store *store =
		wabe_arena_alloc(arena, sizeof(*store));
	int r;

	if (!store)
		return wabe_error_set(err, -ENOMEM, "the last look");
	*store = (struct vzubc_store){ .arena = arena };
	store->lock_fd = vz_host_lock(host, "vzubc", LOCK_TIMEOUT_MS, err);
	if (store->lock_fd < 0)
		return store->lock_fd;
	path_of(host, store->path);
	r = wabe_file_read_at(AT_FDCWD, store->path, STORE_MAX_BYTES, &text, NULL);
	if (r == 0 && text.len > 0 && parse(store, text.data) < 0)
		return wabe_error_set(err, -ENOMEM, "%s", store->path);
	*ret_store = TAKE_PTR(store);
	return 0;
}

int64_t vzubc_store_swap(struct vzubc_store *store, uint32_t ctid, const char *name, uint64_t held,
			 uint64_t *failcnt)
{
	uint64_t failures = failcnt && *failcnt != UINT64_MAX ? *failcnt : 0;
	uint64_t now = held == UINT64_MAX ? 0 : held;
	struct entry *e = find(store, ctid, name);
	int64_t delta = e ? (int64_t)(now - e->held) : 0;

	/* A counter that is smaller than it was began anew: the guest was started again. */
	if (failcnt && *failcnt != UINT64_MAX && e && e->failcnt <= failures)
		*failcnt -= e->failcnt;
	if (!e)
		e = store->cursor = add(store, ctid, name);
	/* Without memory the next look is a first one. */
	if (!e)
		return 0;
	e->held = now;
	e->is_new = true;
	if (failcnt)
		e->failcnt = failures;
	return delta;
}

int vzubc_store_save(struct vzubc_store *store, bool is_whole, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	for (const struct entry *e = store->first; e; e = e->next)
		if ((e->is_new || !is_whole) &&
		    wabe_buf_printf(&text, "%" PRIu32 " %s %" PRIu64 " %" PRIu64 "\n", e->ctid,
				    e->name, e->held, e->failcnt) < 0)
			return wabe_error_set(err, -ENOMEM, "%s", store->path);
	return wabe_file_replace_at(AT_FDCWD, store->path, text.data ? text.data : "", text.len,
				    0600, WABE_FILE_VOLATILE, err);
}

void vzubc_store_close(struct vzubc_store **store)
{
	if (*store)
		wabe_cleanup_close(&(*store)->lock_fd);
	*store = NULL;
}

int vzubc_store_clear(const struct vz_host *host, struct wabe_error *err)
{
	_cleanup_close_ int lock_fd = vz_host_lock(host, "vzubc", LOCK_TIMEOUT_MS, err);
	char path[PATH_MAX];

	if (lock_fd < 0)
		return lock_fd;
	path_of(host, path);
	if (unlink(path) < 0 && errno != ENOENT)
		return wabe_error_set(err, -errno, "remove %s", path);
	return 0;
}
