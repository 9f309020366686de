// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/traffic_quota: see traffic_quota.h. */
#include "guest/traffic_quota.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "guest/shape.h"
#include "guest/traffic_internal.h"

#define SUFFIX ".quota"
#define RATE_DEFAULT 1000000u /* the parameter table's */

/* Those of the parameter's row, in its order, and of a quota that isn't used up. */
enum action { ACTION_THROTTLE, ACTION_SUSPEND, ACTION_NONE, ACTION_OK };

static const char *const actions[] = { "throttle", "suspend", "none", "ok", NULL };

struct state {
	int64_t since;
	uint64_t base;
	enum action done;
	bool is_doing, is_excused, is_there;
};

static uint64_t quota_of(const struct vz_params *params)
{
	return vz_param_u64(params, VZ_PARAM_TRAFFIC_QUOTA);
}

bool vz_traffic_quota_is_set(const struct vz_params *params)
{
	return quota_of(params) > 0;
}

static enum action action_of(const struct vz_params *params)
{
	return (enum action)vz_param_u64(params, VZ_PARAM_TRAFFIC_ACTION);
}

static int days_of(int year, int month)
{
	/* The day before the first of the next one. */
	struct tm tm = { .tm_year = year, .tm_mon = month + 1, .tm_isdst = -1, .tm_hour = 12 };

	return mktime(&tm) == -1 ? 28 : tm.tm_mday;
}

static int64_t begin_of(int year, int month, unsigned int day)
{
	struct tm tm = { .tm_year = year, .tm_mon = month, .tm_mday = 1, .tm_isdst = -1 };
	int days;

	/* The month may be one of the year before or after. */
	if (mktime(&tm) == -1)
		return 0;
	days = days_of(tm.tm_year, tm.tm_mon);
	tm = (struct tm){ .tm_year = tm.tm_year,
			  .tm_mon = tm.tm_mon,
			  .tm_mday = (int)day < days ? (int)day : days,
			  .tm_isdst = -1 };
	return (int64_t)mktime(&tm);
}

int64_t vz_traffic_quota_month(int64_t now, unsigned int day, bool is_next)
{
	const time_t t = (time_t)now;
	int64_t begin;
	struct tm tm;

	if (!localtime_r(&t, &tm))
		return 0;
	begin = begin_of(tm.tm_year, tm.tm_mon, day);
	if (is_next)
		return begin > now ? begin : begin_of(tm.tm_year, tm.tm_mon + 1, day);
	return begin <= now ? begin : begin_of(tm.tm_year, tm.tm_mon - 1, day);
}

static int64_t month_of(const struct vz_params *params, bool is_next)
{
	return vz_traffic_quota_month((int64_t)time(NULL),
				      (unsigned int)vz_param_u64(params, VZ_PARAM_TRAFFIC_RESET),
				      is_next);
}

static void file_name(uint32_t ctid, char name[32])
{
	snprintf(name, 32, "%" PRIu32 SUFFIX, ctid);
}

static bool is_yes(const struct vz_conffile *file, const char *key)
{
	const char *value = vz_conffile_get(file, key);

	return value && strcmp(value, "yes") == 0;
}

static int parse(const struct vz_conffile *file, struct state *s, struct wabe_error *err)
{
	const char *since = vz_conffile_get(file, "SINCE"), *base = vz_conffile_get(file, "BASE");
	const char *done = vz_conffile_get(file, "DONE");
	uint64_t number;

	if (!since || !base || wabe_parse_u64(since, 0, INT64_MAX, &number) < 0 ||
	    wabe_parse_u64(base, 0, UINT64_MAX, &s->base) < 0)
		return wabe_error_say(err, -EINVAL, "%s is damaged: it begins anew", file->what);
	s->since = (int64_t)number;
	s->done = ACTION_OK;
	for (size_t i = 0; done && actions[i]; i++)
		if (strcmp(actions[i], done) == 0)
			s->done = (enum action)i;
	s->is_doing = is_yes(file, "DOING");
	s->is_excused = is_yes(file, "EXCUSED");
	s->is_there = true;
	return 0;
}

/* None is no error. Files are replaced as a whole: no lock to read one. */
static int load(const struct vz_host *host, uint32_t ctid, struct state *ret_state,
		struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_error reason = WABE_ERROR_INIT;
	struct vz_conffile file;
	char path[PATH_MAX];
	int r;

	*ret_state = (struct state){ .done = ACTION_OK };
	if (snprintf(path, sizeof(path), "%s/traffic/%" PRIu32 SUFFIX, host->confdir, ctid) >=
	    (int)sizeof(path))
		return wabe_error_set(err, -ENAMETOOLONG, "%s", host->confdir);
	vz_conffile_init(&file, &arena, path);
	r = vz_conffile_load_at(AT_FDCWD, path, &file, &reason);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? wabe_error_say(err, r, "%s", reason.text) : parse(&file, ret_state, err);
}

static int set_number(struct vz_conffile *file, const char *key, uint64_t number,
		      struct wabe_error *err)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return vz_conffile_set(file, key, text, VZ_CONFFILE_LITERAL, err);
}

static int fill(struct vz_conffile *file, const struct state *s, struct wabe_error *err)
{
	const struct {
		const char *key, *value;
	} rows[] = {
		{ "DONE", actions[s->done] },
		{ "DOING", s->is_doing ? "yes" : "no" },
		{ "EXCUSED", s->is_excused ? "yes" : "no" },
	};
	int r = set_number(file, "SINCE", (uint64_t)s->since, err);

	if (r == 0)
		r = set_number(file, "BASE", s->base, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		r = vz_conffile_set(file, rows[i].key, rows[i].value, VZ_CONFFILE_LITERAL, err);
	if (r == 0 && vz_conffile_mark(file) < 0)
		r = wabe_error_set(err, -ENOMEM, "state of the traffic quota");
	return r;
}

static int save(const struct vz_host *host, uint32_t ctid, const struct state *s,
		struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_close_ int dir_fd = vz_traffic_lock(host, err);
	struct vz_conffile file;
	char name[32];
	int r;

	if (dir_fd < 0)
		return dir_fd;
	vz_conffile_init(&file, &arena, "state of the traffic quota");
	r = fill(&file, s, err);
	file_name(ctid, name);
	return r < 0 ? r : vz_conffile_save_at(dir_fd, name, &file, err);
}

static uint64_t bytes_of(const struct vz_traffic *traffic)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < VZ_TRAFFIC_MAX; i++)
		sum += traffic->of[i].bytes;
	return sum;
}

static uint64_t used_of(const struct state *s, uint64_t total)
{
	/* Less than there was: the total was lost, or some of it by a crash of the host. */
	return total > s->base ? total - s->base : 0;
}

bool vz_traffic_quota_used(const struct vz_host *host, uint32_t ctid,
			   const struct vz_traffic *total, uint64_t *ret_used)
{
	struct state s;

	if (load(host, ctid, &s, NULL) < 0 || !s.is_there)
		return false;
	*ret_used = used_of(&s, bytes_of(total));
	return true;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

struct vz_pair vz_traffic_quota_rates(const struct vz_guest *g, struct vz_pair rates)
{
	const struct vz_params *p = &g->conf.params;
	struct vz_pair left = { RATE_DEFAULT, RATE_DEFAULT };
	struct state s;

	if (!vz_traffic_quota_is_set(p) || load(g->host, g->ctid, &s, NULL) < 0 ||
	    s.done != ACTION_THROTTLE)
		return rates;
	if (vz_param_has(p, VZ_PARAM_TRAFFIC_RATE))
		left = vz_param_pair(p, VZ_PARAM_TRAFFIC_RATE);
	return (struct vz_pair){ least(rates.barrier, left.barrier),
				 least(rates.limit, left.limit) };
}

static void until_text(const struct vz_params *params, char text[32])
{
	const time_t next = (time_t)month_of(params, true);
	struct tm tm;

	if (!localtime_r(&next, &tm) || strftime(text, 32, "%Y-%m-%d", &tm) == 0)
		snprintf(text, 32, "the next month");
}

/* A month that is over, a clock that was set back, a total that was lost. */
static bool roll(const struct vz_params *params, uint64_t total, struct state *s)
{
	const int64_t begin = month_of(params, false);
	const bool is_new = !s->is_there || begin > s->since;
	const struct state before = *s;

	if (is_new)
		*s = (struct state){ .base = total, .done = s->done, .is_there = true };
	if (total < s->base)
		s->base = total;
	s->since = begin;
	return is_new || before.base != s->base || before.since != s->since;
}

static int throttle(struct vz_guest *g, struct wabe_error *err)
{
	return g->container ? vz_shape_apply(g, err) : 0;
}

static int suspend(struct vz_guest *g, bool is_on, struct wabe_error *err)
{
	if (!g->container || (wabe_container_status(g->container) == WABE_STATUS_PAUSED) == is_on)
		return 0;
	return wabe_container_freeze(g->container, is_on, err);
}

/* A mark before the deed, and another after it: whoever finds only the first does it again. */
static int change(struct vz_guest *g, struct state *s, enum action wanted, struct wabe_error *err)
{
	const enum action was = s->done;
	const bool is_again = s->is_doing;
	int r;

	s->done = wanted;
	s->is_doing = true;
	r = save(g->host, g->ctid, s, err);
	if (r == 0 && wanted != ACTION_SUSPEND && (was == ACTION_SUSPEND || is_again))
		r = suspend(g, false, err);
	if (r == 0 && (was == ACTION_THROTTLE || wanted == ACTION_THROTTLE || is_again))
		r = throttle(g, err);
	if (r == 0 && wanted == ACTION_SUSPEND)
		r = suspend(g, true, err);
	s->is_doing = false;
	return r < 0 ? r : save(g->host, g->ctid, s, err);
}

static void tell(const struct vz_guest *g, enum action done)
{
	static const char *const words[] = {
		[ACTION_THROTTLE] = "throttled",
		[ACTION_SUSPEND] = "suspended",
		[ACTION_NONE] = "nothing is done",
	};
	char until[32];

	until_text(&g->conf.params, until);
	if (done == ACTION_OK)
		vz_warn(g, "its traffic quota is not used up any more: it runs as before");
	else
		vz_warn(g, "its traffic quota of %" PRIu64 " bytes is used up: %s until %s",
			quota_of(&g->conf.params), words[done], until);
}

static enum action wanted_of(const struct vz_params *params, const struct state *s, uint64_t total)
{
	const enum action wanted = action_of(params);

	if (used_of(s, total) < quota_of(params))
		return ACTION_OK;
	return wanted == ACTION_SUSPEND && s->is_excused ? ACTION_NONE : wanted;
}

static int settle(struct vz_guest *g, struct state *s, uint64_t total, struct wabe_error *err)
{
	const enum action wanted = wanted_of(&g->conf.params, s, total);
	const bool is_changed = wanted != s->done;
	int r = 0;

	if (is_changed || s->is_doing)
		r = change(g, s, wanted, err);
	else if (wanted == ACTION_SUSPEND)
		r = suspend(g, true, err);
	if (r == 0 && is_changed)
		tell(g, wanted);
	return r;
}

static int read_total(const struct vz_guest *g, const struct vz_traffic_counters *counters,
		      uint64_t *ret_total, struct wabe_error *err)
{
	struct vz_traffic traffic;
	int r = vz_traffic_of(g->host, g->ctid, counters, true, &traffic, err);

	if (r == 0)
		*ret_total = bytes_of(&traffic);
	return r;
}

/* None is configured (any more): as if there had never been one. */
static int drop(struct vz_guest *g, const struct state *s, struct wabe_error *err)
{
	int r = 0;

	if (!s->is_there)
		return 0;
	if (s->done == ACTION_SUSPEND)
		r = suspend(g, false, err);
	if (r == 0 && s->done == ACTION_THROTTLE)
		r = throttle(g, err);
	if (r == 0)
		vz_traffic_quota_remove(g->host, g->ctid);
	return r;
}

int vz_traffic_quota_apply(struct vz_guest *g, const struct vz_traffic_counters *counters,
			   struct wabe_error *err)
{
	struct wabe_error reason = WABE_ERROR_INIT;
	uint64_t total = 0;
	struct state s;
	int r = load(g->host, g->ctid, &s, &reason);

	if (r < 0)
		vz_warn(g, "%s", reason.text);
	if (!vz_traffic_quota_is_set(&g->conf.params))
		return drop(g, &s, err);
	r = read_total(g, counters, &total, err);
	if (r == 0 && roll(&g->conf.params, total, &s))
		r = save(g->host, g->ctid, &s, err);
	return r < 0 ? r : settle(g, &s, total, err);
}

int vz_traffic_quota_may_start(struct vz_guest *g, bool is_forced, struct wabe_error *err)
{
	const struct vz_params *p = &g->conf.params;
	struct wabe_error reason = WABE_ERROR_INIT;
	char until[32];
	struct state s;

	if (!vz_traffic_quota_is_set(p))
		return 0;
	/* There may be a new month, or more of a quota. */
	if (vz_traffic_quota_apply(g, NULL, &reason) < 0)
		vz_warn(g, "traffic quota: %s", reason.text);
	if (load(g->host, g->ctid, &s, NULL) < 0 || s.done != ACTION_SUSPEND)
		return 0;
	until_text(p, until);
	if (!is_forced)
		return vz_error_say(err, VZ_EXIT_RESOURCES, -EDQUOT,
				    "its traffic quota of %" PRIu64
				    " bytes is used up until %s (--force starts it)",
				    quota_of(p), until);
	s.is_excused = true;
	s.done = ACTION_NONE;
	return save(g->host, g->ctid, &s, err);
}

/* Asked without the lock, which a command could want in this moment. */
static bool is_due(struct vz_guest *g, uint64_t total)
{
	const struct vz_params *p = &g->conf.params;
	struct state s;

	if (load(g->host, g->ctid, &s, NULL) < 0 || !vz_traffic_quota_is_set(p))
		return true;
	if (roll(p, total, &s) || s.is_doing || wanted_of(p, &s, total) != s.done)
		return true;
	return s.done == ACTION_SUSPEND && vz_guest_find(g, NULL) == 0 && g->container &&
	       wabe_container_status(g->container) != WABE_STATUS_PAUSED;
}

bool vz_traffic_quota_is_due(struct vz_guest *g, const struct vz_traffic *total)
{
	return is_due(g, bytes_of(total));
}

static int check(struct vz_guest *g, const struct vz_traffic_counters *counters,
		 struct wabe_error *err)
{
	uint64_t total = 0;
	int r = vz_guest_load(g, VZ_PARAMS_LENIENT, err);

	/* Left by a destroy that was killed. */
	if (r == -ENOENT) {
		wabe_error_clear(err);
		vz_traffic_quota_remove(g->host, g->ctid);
		return 0;
	}
	if (r == 0)
		r = read_total(g, counters, &total, err);
	if (r < 0 || !is_due(g, total))
		return r;
	r = vz_guest_lock(g, "seeing to its traffic quota", VZ_PARAMS_LENIENT, err);
	/* The next time is soon. */
	if (r == -EWOULDBLOCK) {
		wabe_error_clear(err);
		return 0;
	}
	if (r == 0)
		r = vz_guest_find(g, err);
	return r < 0 ? r : vz_traffic_quota_apply(g, counters, err);
}

int vz_traffic_quota_check(const struct vz_host *host, uint32_t ctid,
			   const struct vz_traffic_counters *counters, struct wabe_error *err)
{
	_cleanup_(vz_guest_close) struct vz_guest g = { .lock_fd = -EBADF };
	char id[VZ_CTID_TEXT_MAX];
	int r;

	snprintf(id, sizeof(id), "%" PRIu32, ctid);
	r = vz_guest_open(host, NULL, id, &g, err);
	return r < 0 ? r : check(&g, counters, err);
}

int vz_traffic_quota_list(const struct vz_host *host, struct wabe_arena *arena,
			  uint32_t **ret_ctids, size_t *ret_count, struct wabe_error *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PATH_MAX], number[16];
	uint32_t *ctids = NULL, ctid;
	size_t count = 0, room = 0;

	snprintf(path, sizeof(path), "%s/traffic", host->confdir);
	dir = opendir(path);
	for (const struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
		const char *dot = strchr(e->d_name, '.');

		if (!dot || strcmp(dot, SUFFIX) != 0 || (size_t)(dot - e->d_name) >= sizeof(number))
			continue;
		snprintf(number, sizeof(number), "%.*s", (int)(dot - e->d_name), e->d_name);
		if (wabe_parse_ctid(number, &ctid) < 0)
			continue;
		if (count == room) {
			uint32_t *more = wabe_arena_array(arena, 2 * room + 64, sizeof(*more));

			if (!more)
				return wabe_error_set(err, -ENOMEM, "traffic quotas");
			if (count > 0)
				memcpy(more, ctids, count * sizeof(*more));
			ctids = more;
			room = 2 * room + 64;
		}
		ctids[count++] = ctid;
	}
	*ret_ctids = ctids;
	*ret_count = count;
	return 0;
}

void vz_traffic_quota_remove(const struct vz_host *host, uint32_t ctid)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/traffic/%" PRIu32 SUFFIX, host->confdir, ctid) <
	    (int)sizeof(path))
		(void)unlink(path);
}
