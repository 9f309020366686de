// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/dist: what differs from what was written last, and writing it; see dist.h. */
#include "guest/copytree.h"
#include "guest/dist.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/owner_quota.h"
#include "guest/resolv.h"
#include "guest/run.h"
#include "guest/start.h"

#define RECORD "dist.applied"
/* Of a key whose script was begun: no value is like it. */
#define UNKNOWN "?"

enum key {
	KEY_POST_CREATE,
	KEY_SET_CONSOLE,
	KEY_UGID_QUOTA,
	KEY_IP,
	KEY_HOSTNAME,
	KEY_HOST_IP, /* the address that stands for the name in /etc/hosts */
	KEY_NAMESERVER,
	KEY_SEARCHDOMAIN,
	KEY_MAX,
};

static const char *const key_names[KEY_MAX] = {
	[KEY_POST_CREATE] = "POST_CREATE", [KEY_SET_CONSOLE] = "SET_CONSOLE",
	[KEY_UGID_QUOTA] = "UGID_QUOTA",   [KEY_IP] = "IP_ADDRESS",
	[KEY_HOSTNAME] = "HOSTNAME",	   [KEY_HOST_IP] = "HOST_IP",
	[KEY_NAMESERVER] = "NAMESERVER",   [KEY_SEARCHDOMAIN] = "SEARCHDOMAIN",
};

/* What is to be in the guest's files, and what is. */
struct plan {
	struct wabe_arena arena;
	struct vz_guest *g; /* NULL: only looked at */
	bool is_starting;
	char path[PATH_MAX];
	struct vz_conffile record;
	const char *wanted[KEY_MAX], *applied[KEY_MAX];
	bool has_dist;
	struct vz_dist dist;
};

static void plan_free(struct plan *p)
{
	wabe_arena_free(&p->arena);
}

static int no_memory(struct wabe_error *err)
{
	return wabe_error_set(err, -ENOMEM, "configuration files of the guest");
}

static int read_record(const struct vz_guest *g, struct plan *p, struct wabe_error *err)
{
	int r;

	if (!g->conf.private)
		return vz_error_say(err, VZ_EXIT_NO_VE_PRIVATE, -EINVAL, "VE_PRIVATE is not set");
	if (snprintf(p->path, sizeof(p->path), "%s/" RECORD, g->conf.private) >=
	    (int)sizeof(p->path))
		return wabe_error_set(err, -ENAMETOOLONG, "%s/" RECORD, g->conf.private);
	vz_conffile_init(&p->record, &p->arena, p->path);
	r = vz_conffile_load_at(AT_FDCWD, p->path, &p->record, err);
	if (r < 0) {
		/* A damaged one is as none: everything is written again. */
		wabe_error_clear(err);
		vz_conffile_init(&p->record, &p->arena, p->path);
	}
	for (size_t i = 0; i < KEY_MAX; i++) {
		p->applied[i] = vz_conffile_get(&p->record, key_names[i]) ?: "";
		p->wanted[i] = "";
	}
	if (r < 0 && r != -ENOENT)
		for (size_t i = KEY_IP; i < KEY_MAX; i++)
			p->applied[i] = UNKNOWN;
	return 0;
}

static bool is_inherited(const struct wabe_strv *list)
{
	return wabe_strv_has(list, "inherit");
}

/* NAMESERVER and SEARCHDOMAIN, with what "inherit" stands for. */
static int want_dns(const struct vz_guest *g, struct plan *p, struct wabe_error *err)
{
	const struct vz_params *params = &g->conf.params;
	const bool has_servers = is_inherited(vz_param_list(params, VZ_PARAM_NAMESERVER));
	const bool has_domains = is_inherited(vz_param_list(params, VZ_PARAM_SEARCHDOMAIN));
	struct vz_resolv host;
	int r;

	p->wanted[KEY_NAMESERVER] = vz_param_string(params, VZ_PARAM_NAMESERVER) ?: "";
	p->wanted[KEY_SEARCHDOMAIN] = vz_param_string(params, VZ_PARAM_SEARCHDOMAIN) ?: "";
	if (!has_servers && !has_domains)
		return 0;
	r = vz_resolv_host(&p->arena, &host, err);
	if (r < 0) {
		wabe_error_kind(err, VZ_EXIT_BAD_NAMESERVER);
		return wabe_error_prefix(err, "inherit");
	}
	if (p->g && has_servers && !*host.servers && host.has_loopback)
		vz_warn(g, "NAMESERVER inherit: the host asks only itself, which no guest reaches");
	if (has_servers)
		p->wanted[KEY_NAMESERVER] = host.servers;
	if (has_domains)
		p->wanted[KEY_SEARCHDOMAIN] = host.domains;
	return 0;
}

static int want_params(const struct vz_guest *g, struct plan *p, struct wabe_error *err)
{
	const struct vz_params *params = &g->conf.params;
	const struct wabe_strv *ips = vz_param_list(params, VZ_PARAM_IP_ADDRESS);
	const char *first = ips->count > 0 ? ips->items[0] : NULL;

	p->wanted[KEY_IP] = vz_param_string(params, VZ_PARAM_IP_ADDRESS) ?: "";
	p->wanted[KEY_HOSTNAME] = vz_param_string(params, VZ_PARAM_HOSTNAME) ?: "";
	if (*p->wanted[KEY_HOSTNAME] && first) {
		p->wanted[KEY_HOST_IP] = wabe_arena_strndup(&p->arena, first, strcspn(first, "/"));
		if (!p->wanted[KEY_HOST_IP])
			return no_memory(err);
	}
	return want_dns(g, p, err);
}

/* Only the administrator's configurations have scripts that run without a parameter's change. */
static int want_scripts(const struct vz_guest *g, struct plan *p, struct wabe_error *err)
{
	int r;

	if (access(g->host->distdir, F_OK) < 0)
		return 0;
	r = vz_dist_load(g, &p->arena, &p->dist, err);
	if (r < 0)
		return r;
	p->has_dist = true;
	if (p->dist.scripts[VZ_DIST_POST_CREATE])
		p->wanted[KEY_POST_CREATE] = p->dist.scripts[VZ_DIST_POST_CREATE];
	if (p->dist.scripts[VZ_DIST_SET_CONSOLE])
		p->wanted[KEY_SET_CONSOLE] = p->dist.scripts[VZ_DIST_SET_CONSOLE];
	if (p->dist.scripts[VZ_DIST_SET_UGID_QUOTA] && vz_owner_quota_is_counted(g))
		p->wanted[KEY_UGID_QUOTA] = "on";
	return 0;
}

static int make_plan(const struct vz_guest *g, struct plan *p, struct wabe_error *err)
{
	int r = read_record(g, p, err);

	if (r == 0)
		r = want_params(g, p, err);
	return r < 0 ? r : want_scripts(g, p, err);
}

static bool is_key_due(const struct plan *p, enum key key)
{
	if ((key == KEY_POST_CREATE || key == KEY_SET_CONSOLE) && !*p->wanted[key])
		return false;
	/* The quota comes and goes with a start, and each may bring another device. */
	if (key == KEY_UGID_QUOTA)
		return p->is_starting && (*p->wanted[key] || *p->applied[key]);
	return strcmp(p->wanted[key], p->applied[key]) != 0;
}

static bool is_any_due(const struct plan *p)
{
	for (enum key key = 0; key < KEY_MAX; key++)
		if (is_key_due(p, key))
			return true;
	return false;
}

bool vz_dist_is_due(const struct vz_guest *g)
{
	_cleanup_(plan_free) struct plan p = { .is_starting = true };
	struct wabe_error ignored = WABE_ERROR_INIT;

	/* What can't be read now is said by vz_dist_apply(). */
	if (make_plan(g, &p, &ignored) < 0)
		return true;
	return is_any_due(&p) || (p.has_dist && p.dist.scripts[VZ_DIST_PRE_START]);
}

static int save_record(struct plan *p, struct wabe_error *err)
{
	if (vz_conffile_mark(&p->record) < 0)
		return no_memory(err);
	return vz_conffile_save_at(AT_FDCWD, p->path, &p->record, err);
}

static int put(struct plan *p, enum key key, const char *text, struct wabe_error *err)
{
	return vz_conffile_set(&p->record, key_names[key], text, VZ_CONFFILE_LITERAL, err);
}

/* Run @action with @words in its environment; one that is NULL could not be made. */
static int run(struct plan *p, enum vz_dist_action action, const char *const *words, size_t count,
	       struct wabe_error *err)
{
	struct wabe_strv env = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = words[i] ? wabe_strv_add(&env, &p->arena, words[i]) : -ENOMEM;
	if (r == 0)
		r = wabe_strv_add(&env, &p->arena,
				  p->is_starting ? "VE_STATE=starting" : "VE_STATE=running");
	if (r < 0)
		return no_memory(err);
	if (!p->dist.scripts[action])
		wabe_log(p->g->host->rt.log, WABE_LOG_INFO, "CT %s: %s has no %s: left alone",
			 p->g->id, p->dist.path, vz_dist_name(action));
	return vz_dist_run(p->g, &p->dist, action, &env, NULL, err);
}

static int run_post_create(struct plan *p, struct wabe_error *err)
{
	const char *const words[] = { "VE_ROOT=/" };

	return run(p, VZ_DIST_POST_CREATE, words, ARRAY_SIZE(words), err);
}

static int run_set_console(struct plan *p, struct wabe_error *err)
{
	return run(p, VZ_DIST_SET_CONSOLE, NULL, 0, err);
}

/* The guest's root device; its name on the host, which mount(8) shows inside as well. */
static int find_device(struct plan *p, dev_t *ret_device, const char **ret_name,
		       struct wabe_error *err)
{
	_cleanup_close_ int root_fd = vz_run_open_root(p->g, err);
	char link[64], target[PATH_MAX];
	struct stat st;
	ssize_t len;

	if (root_fd < 0)
		return root_fd;
	if (fstat(root_fd, &st) < 0)
		return wabe_error_set(err, -errno, "look at the guest's root");
	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	len = readlink(link, target, sizeof(target) - 1);
	if (len < 0)
		return wabe_error_set(err, -errno, "read %s", link);
	target[len] = '\0';
	*ret_device = st.st_dev;
	*ret_name = wabe_arena_strdup(&p->arena,
				      strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
	return *ret_name ? 0 : no_memory(err);
}

/* As OpenVZ's scripts have it: without a device there is no quota any more, and what was set up for it goes. */
static int run_ugid_quota(struct plan *p, struct wabe_error *err)
{
	const char *words[4];
	const char *name;
	dev_t device;
	int r;

	if (!*p->wanted[KEY_UGID_QUOTA])
		return run(p, VZ_DIST_SET_UGID_QUOTA, NULL, 0, err);
	r = find_device(p, &device, &name, err);
	if (r < 0)
		return r;
	words[0] = wabe_arena_printf(&p->arena, "DEVFS=%s", name);
	words[1] = wabe_arena_printf(&p->arena, "MAJOR=%u", major(device));
	words[2] = wabe_arena_printf(&p->arena, "MINOR=%u", minor(device));
	words[3] = wabe_arena_printf(&p->arena, "UGIDLIMIT=%" PRIu64, vz_owner_quota_max(p->g));
	return run(p, VZ_DIST_SET_UGID_QUOTA, words, ARRAY_SIZE(words), err);
}

/* The words of @list that are not in @other, with blanks between them; NULL: no memory. */
static const char *without(struct wabe_arena *arena, const char *list, const char *other)
{
	struct wabe_strv words = { 0 }, others = { 0 };
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	if (wabe_strv_split(&words, arena, list, " ") < 0 ||
	    wabe_strv_split(&others, arena, other, " ") < 0)
		return NULL;
	for (size_t i = 0; i < words.count; i++)
		if (!wabe_strv_has(&others, words.items[i]) &&
		    wabe_buf_printf(&text, "%s%s", text.len ? " " : "", words.items[i]) < 0)
			return NULL;
	return wabe_arena_strdup(arena, text.len ? text.data : "");
}

static int run_ip(struct plan *p, enum vz_dist_action action, const char *list, bool is_all,
		  struct wabe_error *err)
{
	const char *const words[] = {
		list ? wabe_arena_printf(&p->arena, "IP_ADDR=%s", list) : NULL,
		wabe_arena_printf(&p->arena, "IP_ALL=%s", p->wanted[KEY_IP]),
		"IPV6=yes",
		is_all ? "IPDELALL=yes" : "IPDELALL=",
	};

	if (list && !*list && !is_all)
		return 0;
	return run(p, action, words, ARRAY_SIZE(words), err);
}

/* A running guest hears of what changes, one that starts or whose files are unknown gets all anew. */
static int run_set_ip(struct plan *p, struct wabe_error *err)
{
	const char *old = p->applied[KEY_IP], *new = p->wanted[KEY_IP];
	int r;

	if (!*new)
		return run_ip(p, VZ_DIST_DEL_IP, strcmp(old, UNKNOWN) == 0 ? "" : old, true, err);
	if (p->is_starting || strcmp(old, UNKNOWN) == 0)
		return run_ip(p, VZ_DIST_ADD_IP, new, true, err);
	r = run_ip(p, VZ_DIST_DEL_IP, without(&p->arena, old, new), false, err);
	return r < 0 ? r : run_ip(p, VZ_DIST_ADD_IP, without(&p->arena, new, old), false, err);
}

static int run_set_hostname(struct plan *p, struct wabe_error *err)
{
	const char *const words[] = {
		wabe_arena_printf(&p->arena, "HOSTNM=%s", p->wanted[KEY_HOSTNAME]),
		wabe_arena_printf(&p->arena, "IP_ADDR=%s", p->wanted[KEY_HOST_IP]),
	};

	return run(p, VZ_DIST_SET_HOSTNAME, words, ARRAY_SIZE(words), err);
}

static int run_set_dns(struct plan *p, struct wabe_error *err)
{
	const char *const words[] = {
		wabe_arena_printf(&p->arena, "NAMESERVER=%s", p->wanted[KEY_NAMESERVER]),
		wabe_arena_printf(&p->arena, "SEARCHDOMAIN=%s", p->wanted[KEY_SEARCHDOMAIN]),
	};
	int r = run(p, VZ_DIST_SET_DNS, words, ARRAY_SIZE(words), err);

	if (r == 0 && !p->is_starting)
		vz_say(p->g, "File resolv.conf was modified");
	return r;
}

/* One script, or a pair, and the keys that it puts into the guest's files. */
static const struct group {
	enum key keys[2];
	enum vz_exit kinds[2]; /* of a failure, by the key that differs */
	int (*run)(struct plan *p, struct wabe_error *err);
} groups[] = {
	{ { KEY_POST_CREATE, KEY_POST_CREATE },
	  { VZ_EXIT_ACTION_SCRIPT, VZ_EXIT_ACTION_SCRIPT },
	  run_post_create },
	{ { KEY_SET_CONSOLE, KEY_SET_CONSOLE },
	  { VZ_EXIT_ACTION_SCRIPT, VZ_EXIT_ACTION_SCRIPT },
	  run_set_console },
	{ { KEY_UGID_QUOTA, KEY_UGID_QUOTA },
	  { VZ_EXIT_UGID_QUOTA, VZ_EXIT_UGID_QUOTA },
	  run_ugid_quota },
	{ { KEY_IP, KEY_IP }, { VZ_EXIT_BAD_IP, VZ_EXIT_BAD_IP }, run_set_ip },
	{ { KEY_HOSTNAME, KEY_HOST_IP },
	  { VZ_EXIT_BAD_HOSTNAME, VZ_EXIT_BAD_HOSTNAME },
	  run_set_hostname },
	{ { KEY_NAMESERVER, KEY_SEARCHDOMAIN },
	  { VZ_EXIT_BAD_NAMESERVER, VZ_EXIT_BAD_SEARCHDOMAIN },
	  run_set_dns },
};

static bool is_group_due(const struct plan *p, const struct group *group)
{
	return is_key_due(p, group->keys[0]) || is_key_due(p, group->keys[1]);
}

/* So that whoever finds the record after a kill writes these keys again. */
static int mark_unknown(struct plan *p, struct wabe_error *err)
{
	bool is_any = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(groups); i++) {
		if (!is_group_due(p, &groups[i]))
			continue;
		is_any = true;
		r = put(p, groups[i].keys[0], UNKNOWN, err);
		if (r == 0)
			r = put(p, groups[i].keys[1], UNKNOWN, err);
	}
	return r < 0 || !is_any ? r : save_record(p, err);
}

/* Which of a group's two keys is it about? Where that is not known any more, about one that is set. */
static bool is_first_changed(const struct plan *p, const struct group *group)
{
	const enum key key = group->keys[0];

	return strcmp(p->applied[key], UNKNOWN) == 0 ? *p->wanted[key] != '\0' : is_key_due(p, key);
}

static int run_group(struct plan *p, const struct group *group, struct wabe_error *err)
{
	int r = group->run(p, err);

	if (r < 0)
		return vz_error_default(err, group->kinds[is_first_changed(p, group) ? 0 : 1]);
	r = put(p, group->keys[0], p->wanted[group->keys[0]], err);
	return r < 0 ? r : put(p, group->keys[1], p->wanted[group->keys[1]], err);
}

/* Of a guest that starts, what fails must not keep back the rest. */
static int run_due(struct plan *p, const struct group *group, struct wabe_error *err)
{
	struct wabe_error reason = WABE_ERROR_INIT;

	if (!p->is_starting)
		return run_group(p, group, err);
	if (run_group(p, group, &reason) < 0)
		vz_warn(p->g, "%s", reason.text);
	return 0;
}

static int run_groups(struct plan *p, struct wabe_error *err)
{
	bool is_any = false;
	int r = mark_unknown(p, err), r_save;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(groups); i++) {
		if (!is_group_due(p, &groups[i]))
			continue;
		r = run_due(p, &groups[i], err);
		is_any = true;
	}
	if (!is_any)
		return r;
	r_save = save_record(p, r < 0 ? NULL : err);
	return r < 0 ? r : r_save;
}

static int run_pre_start(struct plan *p, struct wabe_error *err)
{
	uint32_t uid = 0;
	const char *const words[] = {
		"VZ_KERNEL=no",
		vz_guest_uid(p->g, &uid) && uid != 0 ? "USERNS=yes" : "USERNS=no",
	};

	return run(p, VZ_DIST_PRE_START, words, ARRAY_SIZE(words), err);
}

int vz_dist_apply(struct vz_guest *g, bool is_starting, struct wabe_error *err)
{
	_cleanup_(plan_free) struct plan p = { .g = g, .is_starting = is_starting };
	int r = make_plan(g, &p, err);

	if (r == 0 && !p.has_dist && !is_any_due(&p))
		return 0;
	if (r == 0 && !p.has_dist)
		r = vz_dist_load(g, &p.arena, &p.dist, err);
	if (r == 0)
		r = run_groups(&p, err);
	if (r == 0 && is_starting && p.dist.scripts[VZ_DIST_PRE_START])
		r = run_pre_start(&p, err);
	return r < 0 ? vz_error_default(err, VZ_EXIT_ACTION_SCRIPT) : 0;
}

static int borrow_and_apply(struct plan *p, struct wabe_error *err)
{
	int r = vz_borrow_begin(p->g, err), r_end;

	if (r < 0)
		return r;
	/* The first group; the others wait for the start. */
	r = run_group(p, &groups[0], err);
	if (r == 0)
		r = save_record(p, err);
	r_end = vz_borrow_end(p->g, r < 0 ? NULL : err);
	return r < 0 ? r : r_end;
}

int vz_dist_post_create(struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(plan_free) struct plan p = { .g = g, .is_starting = true };
	int r = read_record(g, &p, err);

	if (r == 0)
		r = want_scripts(g, &p, err);
	if (r == 0 && is_key_due(&p, KEY_POST_CREATE))
		r = borrow_and_apply(&p, err);
	return r < 0 ? vz_error_default(err, VZ_EXIT_ACTION_SCRIPT) : 0;
}

int vz_dist_copy(int from_fd, int to_fd, struct wabe_error *err)
{
	_cleanup_close_ int in_fd = openat(from_fd, RECORD, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int out_fd = -EBADF;
	int r;

	if (in_fd < 0)
		return errno == ENOENT ? 0 : wabe_error_set(err, -errno, "open " RECORD);
	out_fd = openat(to_fd, RECORD, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = out_fd < 0 ? -errno : vz_copyfile(in_fd, out_fd);
	return r < 0 ? wabe_error_set(err, r, "copy " RECORD) : 0;
}
