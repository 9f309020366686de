// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vzlist_look: which guests there are and how they do, in one pass; see vzlist.h. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/vzlist.h"
#include "guest/layout.h"
#include "guest/root.h"

struct ids {
	const uint32_t *items;
	size_t count;
};

struct look {
	const struct vz_host *host;
	struct wabe_runtime
		rt; /* the host's, with the roots of states and cgroups if any guest needs them */
	const struct vzlist_wanted *wanted;
	const struct wabe_log *log;
	struct wabe_arena *arena;
	struct ids ids;	       /* all that are looked at */
	struct ids with_state; /* guests that libwabe knows: they run, or have left something */
	int64_t now_us;
	struct vz_traffic_counters counters; /* if has_counters */
	bool has_counters;
	struct wabe_ctx_table contexts; /* those that are told of */
};

static int compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool has_id(struct ids ids, uint32_t ctid)
{
	return ids.count && bsearch(&ctid, ids.items, ids.count, sizeof(*ids.items), compare_ids);
}

/* The state root may hold containers of other names too; they are nobody's guests. */
static int list_states(struct look *look, struct wabe_error *err)
{
	struct wabe_strv names = { 0 };
	uint32_t *items;
	size_t count = 0;
	int r = wabe_container_ids(&look->host->rt, look->arena, &names, err);

	if (r < 0)
		return r;
	items = wabe_arena_array(look->arena, names.count, sizeof(*items));
	if (!items)
		return wabe_error_set(err, -ENOMEM, "list containers");
	for (size_t i = 0; i < names.count; i++)
		if (wabe_parse_ctid(names.items[i], &items[count]) == 0)
			count++;
	if (count)
		qsort(items, count, sizeof(*items), compare_ids);
	look->with_state = (struct ids){ items, count };
	return 0;
}

/* All CTIDs to look at: those that run, or the configured ones when others are wanted too. */
static int list_candidates(struct look *look, struct ids *ret_ids, struct wabe_error *err)
{
	const struct vzlist_wanted *wanted = look->wanted;
	uint32_t *items;
	size_t count;
	int r;

	if (wanted->ctids) {
		*ret_ids = (struct ids){ wanted->ctids, wanted->count };
		return 0;
	}
	if (!wanted->is_all && !wanted->is_stopped_only) {
		*ret_ids = look->with_state;
		return 0;
	}
	r = vz_ctconf_list(look->host, look->arena, &items, &count, err);
	if (r == 0)
		*ret_ids = (struct ids){ items, count };
	return r;
}

/* What the kernel counts of it, and what remains to be read of its cgroup. */
static unsigned int look_at_context(const struct look *look, const struct wabe_container *c,
				    struct vzlist_guest *g)
{
	const struct wabe_ctx *context = wabe_ctx_find(&look->contexts, g->ctid);
	unsigned int stats = look->wanted->stats;

	/* The id may be that of somebody else's container. */
	g->has_context = context && context->cgroup == wabe_ctx_cgroup(wabe_container_cgroup(c));
	if (!g->has_context)
		return stats;
	g->context = *context;
	for (size_t i = 0; i < WABE_CTX_RESOURCE_MAX; i++)
		if (context->known & 1u << i)
			stats &= ~look->wanted->context_stats[i];
	return stats;
}

/* State and counters of a guest that libwabe knows. */
static void look_at_container(const struct look *look, struct vzlist_guest *g)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = NULL;
	char id[VZ_CTID_TEXT_MAX];
	enum wabe_status status;
	unsigned int stats;

	snprintf(id, sizeof(id), "%u", g->ctid);
	if (!has_id(look->with_state, g->ctid) || wabe_container_load(&look->rt, id, &c, NULL) < 0)
		return;
	status = wabe_container_status(c);
	if (status != WABE_STATUS_RUNNING && status != WABE_STATUS_PAUSED)
		return;
	g->status = status == WABE_STATUS_PAUSED ? VZLIST_SUSPENDED : VZLIST_RUNNING;
	g->uptime_s = (double)(look->now_us - wabe_container_created_us(c)) / 1e6;
	if (g->uptime_s < 0)
		g->uptime_s = 0;
	stats = look_at_context(look, c, g);
	g->has_stats = stats && wabe_container_stats(c, stats, &g->stats, NULL) == 0;
	g->has_detail = look->wanted->needs & VZLIST_NEED_DETAIL;
	if (g->has_detail)
		vzlist_detail_read(c, &g->detail);
}

static void look_at_disk(const struct look *look, struct vzlist_guest *g)
{
	_cleanup_close_ int fd = -EBADF;
	const struct vz_layout *layout = NULL;

	if (!(look->wanted->needs & VZLIST_NEED_USAGE) || !g->conf.private)
		return;
	layout = vz_layout_find(vz_param_string(&g->conf.params, VZ_PARAM_LAYOUT) ?: "overlay");
	fd = open(g->conf.private, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	/* No quota means no number: a list must not add up all guests' files. */
	g->has_usage = layout && fd >= 0 && layout->usage(g->ctid, fd, &g->usage) == 0;
}

/* A host without nftables counts nothing, and has a list all the same. */
static void look_at_traffic(const struct look *look, struct vzlist_guest *g)
{
	struct wabe_error err = WABE_ERROR_INIT;

	if (!look->has_counters)
		return;
	g->has_traffic =
		vz_traffic_of(look->host, g->ctid, &look->counters, false, &g->traffic, &err) == 0;
	if (!g->has_traffic)
		wabe_log(look->log, WABE_LOG_WARNING, "container %u: %s", g->ctid, err.text);
}

static void look_at_mount(const struct look *look, struct vzlist_guest *g)
{
	enum vz_root_state root;

	if (g->status == VZLIST_STOPPED && look->wanted->needs & VZLIST_NEED_MOUNT &&
	    g->conf.root && vz_root_state(g->conf.root, &root, NULL) == 0 &&
	    root == VZ_ROOT_MOUNTED)
		g->status = VZLIST_MOUNTED;
}

static bool matches(const struct vzlist_guest *g, enum vz_param_id id, const char *pattern)
{
	const char *text = g->has_conf ? vz_param_string(&g->conf.params, id) : NULL;

	return !pattern || (text && fnmatch(pattern, text, 0) == 0);
}

/* Is it one of those that were asked for? A stopped guest without a private area is no guest any
 * more. */
static bool is_wanted(const struct look *look, const struct vzlist_guest *g)
{
	const struct vzlist_wanted *wanted = look->wanted;
	bool is_up = vzlist_is_up(g);
	struct stat st;

	if (wanted->is_stopped_only ? is_up : !is_up && !wanted->is_all && !wanted->ctids)
		return false;
	if (!is_up && g->has_conf && (!g->conf.private || stat(g->conf.private, &st) < 0))
		return false;
	return matches(g, VZ_PARAM_HOSTNAME, wanted->hostname) &&
	       matches(g, VZ_PARAM_NAME, wanted->name) &&
	       matches(g, VZ_PARAM_DESCRIPTION, wanted->description);
}

/* Who runs and of whom nothing configured is asked for (vzlist -1) needs no configuration. */
static bool needs_conf(const struct look *look, const struct vzlist_guest *g)
{
	const struct vzlist_wanted *wanted = look->wanted;

	return !vzlist_is_up(g) || wanted->has_params || wanted->hostname || wanted->name ||
	       wanted->description;
}

static bool load_conf(const struct look *look, struct vzlist_guest *g)
{
	struct wabe_error err = WABE_ERROR_INIT;
	int r = vz_ctconf_load_only(look->host, g->ctid, look->wanted->params, &g->conf, &err);

	g->has_conf = r == 0;
	if (r == -ENOENT && g->status == VZLIST_UNKNOWN)
		return false;
	if (r < 0)
		wabe_log(look->log, WABE_LOG_WARNING, "container %u: %s", g->ctid, err.text);
	else if (g->status == VZLIST_UNKNOWN)
		g->status = VZLIST_STOPPED;
	return true;
}

/* Look at one guest; false: it is not there, or not wanted. */
static bool look_at(const struct look *look, struct vzlist_guest *g)
{
	look_at_container(look, g);
	if (g->status == VZLIST_UNKNOWN && !look->wanted->is_all &&
	    !look->wanted->is_stopped_only && !look->wanted->ctids)
		return false;
	if (needs_conf(look, g) && !load_conf(look, g))
		return false;
	look_at_mount(look, g);
	if (!is_wanted(look, g)) {
		vz_ctconf_free(&g->conf);
		return false;
	}
	look_at_disk(look, g);
	look_at_traffic(look, g);
	return true;
}

/* Of all guests by one request; those that were asked for by as many. */
static int ask_for_contexts(struct look *look, const struct wabe_ctx_link *link,
			    struct wabe_error *err)
{
	const struct vzlist_wanted *wanted = look->wanted;
	int r = 0;

	if (!wanted->ctids)
		return wabe_ctx_dump(link, &look->contexts, err);
	for (size_t i = 0; (r == 0 || r == -ENOENT) && i < wanted->count; i++)
		r = wabe_ctx_get(link, wanted->ctids[i], &look->contexts, err);
	return r == -ENOENT ? 0 : r;
}

/* Other kernels than ours have none, and a list all the same. */
static void look_for_contexts(struct look *look)
{
	_cleanup_(wabe_ctx_close) struct wabe_ctx_link link = WABE_CTX_LINK_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	int r;

	if (!(look->wanted->needs & VZLIST_NEED_CONTEXT) || !look->with_state.count)
		return;
	r = wabe_ctx_open(&link, &err);
	if (r == -ENOENT)
		return;
	if (r == 0)
		r = ask_for_contexts(look, &link, &err);
	if (r < 0)
		wabe_log(look->log, WABE_LOG_WARNING, "counters of the containers: %s", err.text);
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* What selecting and looking needs, whatever is shown. */
static const enum vz_param_id always[] = {
	VZ_PARAM_ROOT, VZ_PARAM_PRIVATE, VZ_PARAM_HOSTNAME, VZ_PARAM_NAME, VZ_PARAM_DESCRIPTION,
};

static bool look_at_index(const void *data, size_t index, struct vzlist_guest *g)
{
	const struct look *look = data;

	*g = (struct vzlist_guest){ .ctid = look->ids.items[index] };
	return look_at(look, g);
}

/*
 * Records of traffic are locked, file systems' quotas may be asked by libraries, and libcgroup finds the hierarchies, if that has
 * to be done for each: none of that by several at once.
 */
static bool is_for_one(const struct look *look)
{
	return look->wanted->needs & (VZLIST_NEED_TRAFFIC | VZLIST_NEED_USAGE) ||
	       (look->with_state.count && !look->rt.cgroup_roots);
}

static int look_at_all(const struct look *look, vzlist_found_fn *found, void *data,
		       struct wabe_error *err)
{
	const struct vzlist_round round = { .count = look->ids.count,
					    .is_alone = is_for_one(look),
					    .arena = look->arena,
					    .look = look_at_index,
					    .data = look,
					    .take = found,
					    .taker = data };
	int r = vzlist_go_round(&round);

	return r < 0 ? wabe_error_set(err, r, "list containers") : 0;
}

int vzlist_look(const struct vz_host *host, struct vzlist_wanted *wanted,
		const struct wabe_log *log, struct wabe_arena *arena, vzlist_found_fn *found,
		void *data, struct wabe_error *err)
{
	_cleanup_(wabe_cgroup_roots_close) struct wabe_cgroup_roots *roots = NULL;
	_cleanup_close_ int root_fd = -EBADF;
	struct look look = { .host = host,
			     .rt = host->rt,
			     .wanted = wanted,
			     .log = log,
			     .arena = arena,
			     .now_us = now_us() };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		wanted->params[always[i]] = true;
	wanted->params[VZ_PARAM_LAYOUT] |= (wanted->needs & VZLIST_NEED_USAGE) != 0;
	r = list_states(&look, err);
	if (r == 0)
		r = list_candidates(&look, &look.ids, err);
	if (r < 0)
		return r;
	root_fd = look.with_state.count ? wabe_state_root_open(&look.rt, NULL) : -EBADF;
	if (root_fd >= 0)
		look.rt.state_root_fd = &root_fd;
	/* A host without cgroups has no counters, and a list all the same. */
	if (look.with_state.count && wabe_cgroup_roots_open(&roots, NULL) == 0)
		look.rt.cgroup_roots = roots;
	look.has_counters = (wanted->needs & VZLIST_NEED_TRAFFIC) &&
			    vz_traffic_read(&look.counters, NULL) == 0;
	look_for_contexts(&look);
	r = look_at_all(&look, found, data, err);
	wabe_ctx_table_free(&look.contexts);
	vz_traffic_free(&look.counters);
	return r;
}

int vzlist_choose_guests(const struct vz_host *host, struct wabe_arena *arena,
			 const struct wabe_strv *words, struct vzlist_wanted *wanted,
			 struct wabe_error *err)
{
	uint32_t *ctids;
	size_t kept = 0;

	if (words->count == 0)
		return 0;
	ctids = wabe_arena_array(arena, words->count, sizeof(*ctids));
	if (!ctids)
		return wabe_error_set(err, -ENOMEM, "containers");
	for (size_t i = 0; i < words->count; i++) {
		int r = vz_ctconf_resolve(host, words->items[i], &ctids[i], err);

		if (r < 0)
			return r;
	}
	qsort(ctids, words->count, sizeof(*ctids), compare_ids);
	for (size_t i = 0; i < words->count; i++)
		if (i == 0 || ctids[i] != ctids[i - 1])
			ctids[kept++] = ctids[i];
	wanted->ctids = ctids;
	wanted->count = kept;
	return 0;
}

void vzlist_drop(struct vzlist_guest *g)
{
	vz_ctconf_free(&g->conf);
}
