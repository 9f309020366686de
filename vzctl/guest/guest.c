// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/guest: opening, locking and looking at a guest; see guest.h. */
#include "guest/guest.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "guest/pending.h"
#include "guest/repair.h"
#include "guest/root.h"
#include "guest/seal.h"

#define REPORT_LINE_MAX 512
#define ORPHAN_TIMEOUT_MS 10000

void vz_say(const struct vz_guest *g, const char *fmt, ...)
{
	char line[REPORT_LINE_MAX];
	va_list ap;

	if (!g->report || !g->report->say)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	g->report->say(g->report->data, line);
}

void vz_warn(const struct vz_guest *g, const char *fmt, ...)
{
	char line[REPORT_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	wabe_log(g->host->rt.log, WABE_LOG_WARNING, "CT %s: %s", g->id, line);
}

int vz_guest_fail(struct wabe_error *err, enum vz_exit kind)
{
	if (err && (err->code == -ENOSPC || err->code == -EDQUOT))
		err->kind = VZ_EXIT_NO_SPACE;
	return vz_error_default(err, kind);
}

int vz_guest_open(const struct vz_host *host, const struct vz_report *report, const char *word,
		  struct vz_guest *ret_guest, struct wabe_error *err)
{
	struct vz_guest g = { .host = host, .report = report, .lock_fd = -EBADF };
	int r = vz_ctconf_resolve(host, word, &g.ctid, err);

	if (r < 0)
		return r;
	snprintf(g.id, sizeof(g.id), "%" PRIu32, g.ctid);
	*ret_guest = g;
	return 0;
}

static void drop_conf(struct vz_guest *g)
{
	if (g->has_conf)
		vz_ctconf_free(&g->conf);
	g->has_conf = false;
}

static void lock_path(const struct vz_guest *g, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s.lck", g->host->lockdir, g->id);
}

/*
 * Who waits for the removed file sees that it is not there any more and takes a new one
 * (wabe_file_lock_at()).
 */
static void unlock(struct vz_guest *g)
{
	char path[PATH_MAX];

	if (g->lock_fd < 0)
		return;
	if (!vz_ctconf_exists(g->host, g->ctid)) {
		lock_path(g, path);
		unlink(path);
	}
	wabe_cleanup_close(&g->lock_fd);
}

void vz_guest_close(struct vz_guest *g)
{
	wabe_container_free(&g->container);
	unlock(g);
	drop_conf(g);
}

int vz_guest_load(struct vz_guest *g, enum vz_params_mode mode, struct wabe_error *err)
{
	int r;

	drop_conf(g);
	r = vz_ctconf_load(g->host, g->ctid, mode, &g->conf, err);
	if (r == 0)
		g->has_conf = true;
	return r;
}

/* The holder wrote "PID, doing" into its lock. */
static void read_note(const struct vz_guest *g, struct wabe_buf *note)
{
	char path[PATH_MAX];

	lock_path(g, path);
	if (wabe_file_read_at(AT_FDCWD, path, 128, note, NULL) == 0 && note->len > 0)
		note->data[strcspn(note->data, "\n")] = '\0';
}

static int say_locked(const struct wabe_buf *note, struct wabe_error *err)
{
	if (note->len == 0)
		return vz_error_say(err, VZ_EXIT_LOCKED, -EWOULDBLOCK, "Container already locked");
	return vz_error_say(err, VZ_EXIT_LOCKED, -EWOULDBLOCK,
			    "Container already locked (by process %s)", note->data);
}

/* A killed holder's children have its lock for the moment that they take to see that it is gone. */
static bool is_holder_dead(const struct wabe_buf *note)
{
	long pid = note->len > 0 ? strtol(note->data, NULL, 10) : 0;

	return pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

static int open_lock(const struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf note = WABE_BUF_INIT;
	int fd = vz_host_lock(g->host, g->id, g->lock_timeout_ms, err);

	if (fd != -EWOULDBLOCK)
		return fd;
	read_note(g, &note);
	wabe_error_clear(err);
	if (is_holder_dead(&note))
		fd = vz_host_lock(g->host, g->id, ORPHAN_TIMEOUT_MS, err);
	return fd == -EWOULDBLOCK ? say_locked(&note, err) : fd;
}

static int take_lock(struct vz_guest *g, const char *doing, struct wabe_error *err)
{
	char note[64];
	int len;

	g->lock_fd = open_lock(g, err);
	if (g->lock_fd < 0)
		return g->lock_fd;
	/*
	 * Only a courtesy to who meets the lock: on a full disk the note is missing, the lock is
	 * not.
	 */
	len = snprintf(note, sizeof(note), "%d, %s\n", (int)getpid(), doing);
	if (ftruncate(g->lock_fd, 0) < 0 || pwrite(g->lock_fd, note, (size_t)len, 0) < 0)
		wabe_log(g->host->rt.log, WABE_LOG_DEBUG, "CT %s: the lock has no note", g->id);
	return 0;
}

/* The lock file and what a create that was killed before its record was there, or a destroy at its very end, left. */
static void tidy_nothing(struct vz_guest *g)
{
	char path[PATH_MAX];

	if (!g->host->lockdir)
		return;
	lock_path(g, path);
	if (access(path, F_OK) < 0)
		return;
	g->lock_fd = vz_host_lock(g->host, g->id, 0, NULL);
	if (g->lock_fd < 0)
		return;
	if (!vz_ctconf_exists(g->host, g->ctid)) {
		vz_pending_tidy(g->host, g->ctid);
		vz_ctconf_tidy_removed(g->host, g->ctid);
	}
	unlock(g);
}

int vz_guest_lock(struct vz_guest *g, const char *doing, enum vz_params_mode mode,
		  struct wabe_error *err)
{
	int r;

	/* Before the lock, so that a mistyped id leaves no lock file behind. */
	if (!vz_ctconf_exists(g->host, g->ctid) && !vz_repair_is_pending(g)) {
		tidy_nothing(g);
		return vz_guest_load(g, mode, err);
	}
	r = take_lock(g, doing, err);
	if (r < 0)
		return r;
	r = vz_repair_create(g, err);
	if (r == 0)
		r = vz_guest_load(g, mode, err);
	if (r == 0)
		r = vz_repair(g, err);
	if (r == 0 && !g->has_conf)
		r = vz_guest_load(g, mode, err);
	if (r < 0)
		unlock(g);
	return r;
}

int vz_guest_lock_new(struct vz_guest *g, const char *doing, struct wabe_error *err)
{
	int r = take_lock(g, doing, err);

	if (r < 0)
		return r;
	r = vz_repair_create(g, err);
	if (r == 0 && vz_ctconf_exists(g->host, g->ctid)) {
		r = vz_guest_load(g, VZ_PARAMS_LENIENT, err);
		if (r == 0)
			r = vz_repair(g, err);
	}
	if (r < 0)
		unlock(g);
	return r;
}

int vz_guest_find(struct vz_guest *g, struct wabe_error *err)
{
	struct wabe_container *c = NULL;
	enum wabe_status status;
	int r;

	wabe_container_free(&g->container);
	r = wabe_container_load(&g->host->rt, g->id, &c, err);
	if (r == -ENOENT) {
		wabe_error_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	status = wabe_container_status(c);
	if (status == WABE_STATUS_RUNNING || status == WABE_STATUS_PAUSED)
		g->container = TAKE_PTR(c);
	wabe_container_free(&c);
	return g->container ? vz_seal_for(g, err) : 0;
}

bool vz_guest_is_frozen(const struct vz_guest *g)
{
	return g->container && wabe_container_status(g->container) == WABE_STATUS_PAUSED;
}

int vz_guest_need_thawed(const struct vz_guest *g, struct wabe_error *err)
{
	if (!vz_guest_is_frozen(g))
		return 0;
	return vz_error_say(err, VZ_EXIT_NOT_RUNNING, -EBUSY,
			    "Container is frozen: wabe resume %s thaws it", g->id);
}

int vz_guest_need_running(struct vz_guest *g, struct wabe_error *err)
{
	int r = vz_guest_find(g, err);

	if (r < 0)
		return r;
	if (g->container)
		return vz_guest_need_thawed(g, err);
	if (!vz_ctconf_exists(g->host, g->ctid))
		return vz_guest_load(g, VZ_PARAMS_LENIENT, err);
	return vz_error_say(err, VZ_EXIT_NOT_RUNNING, -ESRCH, "Container is not running");
}

int vz_guest_need_paths(const struct vz_guest *g, struct wabe_error *err)
{
	if (!g->conf.root)
		return vz_error_say(err, VZ_EXIT_NO_VE_ROOT, -EINVAL, "VE_ROOT is not set");
	if (!g->conf.private)
		return vz_error_say(err, VZ_EXIT_NO_VE_PRIVATE, -EINVAL, "VE_PRIVATE is not set");
	return 0;
}

bool vz_guest_uid(const struct vz_guest *g, uint32_t *ret_uid)
{
	if (!vz_param_has(&g->conf.params, VZ_PARAM_LOCAL_UID))
		return false;
	*ret_uid = (uint32_t)vz_param_u64(&g->conf.params, VZ_PARAM_LOCAL_UID);
	return true;
}

int vz_guest_status(struct vz_guest *g, struct vz_guest_status *ret_status, struct wabe_error *err)
{
	struct vz_guest_status status = { 0 };
	enum vz_root_state root;
	struct stat st;
	int r = vz_guest_find(g, err);

	if (r < 0)
		return r;
	status.is_running = g->container != NULL;
	if (vz_ctconf_exists(g->host, g->ctid)) {
		r = vz_guest_load(g, VZ_PARAMS_LENIENT, err);
		if (r < 0)
			return r;
		/* A create that was killed behind its configuration is finished by whoever comes next with the lock. */
		status.is_existing = g->conf.private &&
				     (stat(g->conf.private, &st) == 0 || vz_repair_is_pending(g));
		if (g->conf.root && vz_root_state(g->conf.root, &root, NULL) == 0)
			status.is_mounted = root == VZ_ROOT_MOUNTED;
	}
	status.is_mounted |= status.is_running;
	*ret_status = status;
	return 0;
}
