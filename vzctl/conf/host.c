// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/host: vz.conf; see host.h. */
#include "conf/host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"

#define STATEDIR_DEFAULT "/run/vz"
#define CGROUP_BASE_DEFAULT "/vz"
/* systemd.io/UIDS-GIDS: 524288..1879048191 is for containers; nspawn looks for free ranges from the
 * same start. */
#define UID_BASE_DEFAULT 655360u
#define UID_END_DEFAULT 1879048192u
#define UID_RANGE 65536u
#define LOCKDIR_MODE 0700
#define PARALLEL_MAX 1024u
#define EVENT_TIMEOUT_S_DEFAULT 30u
#define EVENT_TIMEOUT_S_MAX 3600u
#define TRAFFIC_PERIOD_DEFAULT 300u
#define TRAFFIC_PERIOD_MAX 86400u

/* One row a key that is read straight into struct vz_host. */
enum host_type {
	HOST_PATH,
	HOST_TEMPLATE,
	HOST_YESNO,
	HOST_U32,
	HOST_U64,
	HOST_INT,
	HOST_CGROUP,
	HOST_WORD,
	HOST_IFNAME,
};

static const struct host_key {
	const char *key;
	enum host_type type;
	size_t offset;
} host_keys[] = {
	{ "LOCKDIR", HOST_PATH, offsetof(struct vz_host, lockdir) },
	{ "TEMPLATE", HOST_PATH, offsetof(struct vz_host, template_dir) },
	{ "DUMPDIR", HOST_PATH, offsetof(struct vz_host, dumpdir) },
	{ "STATEDIR", HOST_PATH, offsetof(struct vz_host, statedir) },
	{ "DISTDIR", HOST_PATH, offsetof(struct vz_host, dist_default) },
	{ "LOGFILE", HOST_PATH, offsetof(struct vz_host, logfile) },
	{ "CONFIGFILE", HOST_TEMPLATE, offsetof(struct vz_host, sample) },
	{ "DEF_OSTEMPLATE", HOST_TEMPLATE, offsetof(struct vz_host, ostemplate) },
	{ "VIRTUOZZO", HOST_YESNO, offsetof(struct vz_host, is_enabled) },
	{ "DISK_QUOTA", HOST_YESNO, offsetof(struct vz_host, is_disk_quota) },
	{ "LOG_LEVEL", HOST_INT, offsetof(struct vz_host, log_level) },
	{ "VERBOSE", HOST_INT, offsetof(struct vz_host, verbose) },
	{ "UID_BASE", HOST_U32, offsetof(struct vz_host, uid_base) },
	{ "UID_END", HOST_U32, offsetof(struct vz_host, uid_end) },
	{ "VE0CPUUNITS", HOST_U64, offsetof(struct vz_host, ve0_cpuunits) },
	{ "VE_PARALLEL", HOST_U32, offsetof(struct vz_host, parallel) },
	{ "EVENT_TIMEOUT", HOST_U32, offsetof(struct vz_host, event_timeout_s) },
	{ "TRAFFIC_PERIOD", HOST_U32, offsetof(struct vz_host, traffic_period_s) },
	{ "CGROUP_BASE", HOST_CGROUP, offsetof(struct vz_host, rt.cgroup_base) },
	{ "NEIGHBOUR_DEVS", HOST_WORD, offsetof(struct vz_host, neighbour_devs) },
	{ "SKIP_ARPDETECT", HOST_YESNO, offsetof(struct vz_host, has_no_arpdetect) },
	{ "ERROR_ON_ARPFAIL", HOST_YESNO, offsetof(struct vz_host, is_arpfail_error) },
	{ "VE_ROUTE_SRC_DEV", HOST_IFNAME, offsetof(struct vz_host, route_src_dev) },
};

static const enum vz_type host_rules[] = {
	[HOST_PATH] = VZ_TYPE_PATH,	[HOST_TEMPLATE] = VZ_TYPE_TEMPLATE,
	[HOST_YESNO] = VZ_TYPE_YESNO,	[HOST_U32] = VZ_TYPE_NUMBER,
	[HOST_U64] = VZ_TYPE_NUMBER,	[HOST_INT] = VZ_TYPE_NUMBER,
	[HOST_CGROUP] = VZ_TYPE_PATH,	[HOST_WORD] = VZ_TYPE_WORD,
	[HOST_IFNAME] = VZ_TYPE_IFNAME,
};

static int set_key(struct vz_host *host, const struct host_key *key, const char *text,
		   struct wabe_error *err)
{
	struct vz_rule rule = { host_rules[key->type], VZ_UNIT_NONE, 0,
				key->type == HOST_U64 ? 0 : UINT32_MAX, NULL };
	char *place = (char *)host + key->offset;
	struct vz_value value;
	int r;

	if (key->type == HOST_INT)
		rule.max = 100;
	r = vz_value_parse(&host->arena, &rule, key->key, text, &value, err);
	if (r < 0)
		return r;
	switch (key->type) {
	case HOST_YESNO:
		*(bool *)place = value.yes;
		break;
	case HOST_U32:
		*(uint32_t *)place = (uint32_t)value.number;
		break;
	case HOST_U64:
		*(uint64_t *)place = value.number;
		break;
	case HOST_INT:
		*(int *)place = (int)value.number;
		break;
	default:
		*(const char **)place = value.text;
	}
	return 0;
}

static int bad_line(const struct vz_host *host, const struct vz_conffile_line *line,
		    struct wabe_error *err)
{
	wabe_error_prefix(err, "%s: line %u", host->conf_path, line->number);
	wabe_error_kind(err, VZ_EXIT_BAD_CONFIG);
	return err ? err->code : -EINVAL;
}

static int read_keys(struct vz_host *host, struct wabe_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(host_keys); i++) {
		const struct vz_conffile_line *line =
			vz_conffile_find(&host->file, host_keys[i].key);

		if (!line || !*line->value)
			continue;
		if (line->has_expansion) {
			wabe_error_say(err, -EINVAL,
				       "%s: nothing is replaced here, write the value itself",
				       line->key);
			return bad_line(host, line, err);
		}
		if (set_key(host, &host_keys[i], line->value, err) < 0)
			return bad_line(host, line, err);
	}
	return 0;
}

static const struct wabe_name validate_modes[] = {
	{ "none", VZ_VALIDATE_NONE },
	{ "warning", VZ_VALIDATE_WARNING },
	{ "error", VZ_VALIDATE_ERROR },
	{ "fix", VZ_VALIDATE_FIX },
	{ NULL, 0 },
};

/* Keys that need more than a type. */
static int check_host(struct vz_host *host, struct wabe_error *err)
{
	const char *logging = vz_conffile_get(&host->file, "LOGGING");
	const char *stop = vz_conffile_get(&host->file, "VE_STOP_MODE");
	const char *validate = vz_conffile_get(&host->file, "VALIDATE_MODE");
	long long mode = VZ_VALIDATE_NONE;

	if (logging && strcmp(logging, "no") == 0)
		host->logfile = NULL;
	if (validate && *validate && wabe_name_find(validate_modes, validate, &mode) < 0)
		return vz_error_say(
			err, VZ_EXIT_BAD_CONFIG, -EINVAL,
			"%s: VALIDATE_MODE \"%.64s\": expected none, warning, error or fix",
			host->conf_path, validate);
	host->validate_mode = (enum vz_validate_mode)mode;
	if (stop && *stop)
		host->stop_mode = stop;
	if (strcmp(host->stop_mode, "stop") != 0 && strcmp(host->stop_mode, "suspend") != 0)
		return vz_error_say(err, VZ_EXIT_BAD_CONFIG, -EINVAL,
				    "%s: VE_STOP_MODE \"%s\": expected stop or suspend",
				    host->conf_path, host->stop_mode);
	if (host->parallel > PARALLEL_MAX ||
	    (host->parallel == 0 && vz_conffile_find(&host->file, "VE_PARALLEL") &&
	     *vz_conffile_get(&host->file, "VE_PARALLEL")))
		return vz_error_say(err, VZ_EXIT_BAD_CONFIG, -ERANGE,
				    "%s: VE_PARALLEL %u: from 1 to %u", host->conf_path,
				    host->parallel, PARALLEL_MAX);
	if (host->event_timeout_s < 1 || host->event_timeout_s > EVENT_TIMEOUT_S_MAX)
		return vz_error_say(err, VZ_EXIT_BAD_CONFIG, -ERANGE,
				    "%s: EVENT_TIMEOUT %u: from 1 to %u seconds", host->conf_path,
				    host->event_timeout_s, EVENT_TIMEOUT_S_MAX);
	if (host->traffic_period_s > TRAFFIC_PERIOD_MAX)
		return vz_error_say(err, VZ_EXIT_BAD_CONFIG, -ERANGE,
				    "%s: TRAFFIC_PERIOD %u: up to %u seconds, 0 for never",
				    host->conf_path, host->traffic_period_s, TRAFFIC_PERIOD_MAX);
	if (host->uid_base < UID_RANGE || host->uid_end < host->uid_base ||
	    host->uid_end - host->uid_base < UID_RANGE)
		return vz_error_say(
			err, VZ_EXIT_BAD_CONFIG, -ERANGE,
			"%s: UID_BASE %u, UID_END %u: from %u up, with room for %u ids or more",
			host->conf_path, host->uid_base, host->uid_end, UID_RANGE, UID_RANGE);
	host->rt.state_root = host->statedir;
	return 0;
}

static int find_paths(struct vz_host *host, const char *path, struct wabe_error *err)
{
	char real[PATH_MAX];
	char *slash;

	if (!path)
		path = secure_getenv(VZ_HOST_CONF_ENV);
	if (!path || !*path)
		path = VZ_HOST_CONF_DEFAULT;
	if (!realpath(path, real))
		return vz_error_set(err, errno == ENOENT ? VZ_EXIT_NO_HOST_CONFIG : VZ_EXIT_SYSTEM,
				    -errno, "host configuration %s", path);
	host->conf_path = wabe_arena_strdup(&host->arena, real);
	slash = strrchr(real, '/');
	*slash = '\0';
	host->confdir = wabe_arena_strdup(&host->arena, *real ? real : "/");
	host->distdir = wabe_arena_printf(&host->arena, "%s/dists", real);
	if (!host->conf_path || !host->confdir || !host->distdir)
		return wabe_error_set(err, -ENOMEM, "host configuration %s", path);
	return 0;
}

static int load(struct vz_host *host, const char *path, struct wabe_error *err)
{
	int r = find_paths(host, path, err);

	if (r < 0)
		return r;
	vz_conffile_init(&host->file, &host->arena, host->conf_path);
	r = vz_conffile_load_at(AT_FDCWD, host->conf_path, &host->file, err);
	if (r < 0)
		return r;
	r = read_keys(host, err);
	if (r == 0)
		r = check_host(host, err);
	if (r == 0)
		r = vz_params_from_file(&host->params, &host->file, VZ_PARAMS_STRICT, err);
	if (r < 0)
		return r;
	path = wabe_arena_printf(&host->arena, "%s/conf", host->confdir);
	if (!path)
		return wabe_error_set(err, -ENOMEM, "%s", host->conf_path);
	host->conf_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (host->conf_fd < 0 && errno != ENOENT)
		return wabe_error_set(err, -errno, "open %s", path);
	return 0;
}

int vz_host_load(const char *path, struct wabe_log *log, struct vz_host *ret_host,
		 struct wabe_error *err)
{
	int r;

	*ret_host = (struct vz_host){
		.conf_fd = -EBADF,
		.statedir = STATEDIR_DEFAULT,
		.dist_default = WABE_DIST_DIR,
		.uid_base = UID_BASE_DEFAULT,
		.uid_end = UID_END_DEFAULT,
		.is_disk_quota = true,
		.is_enabled = true,
		.ve0_cpuunits = VZ_VE0CPUUNITS_DEFAULT,
		.event_timeout_s = EVENT_TIMEOUT_S_DEFAULT,
		.stop_mode = "stop",
		.traffic_period_s = TRAFFIC_PERIOD_DEFAULT,
		.rt = { .cgroup_base = CGROUP_BASE_DEFAULT, .log = log },
	};
	/* Its own address: the struct stays where the caller has it. */
	ret_host->params.arena = &ret_host->arena;
	r = load(ret_host, path, err);
	if (r < 0)
		vz_host_free(ret_host);
	return r;
}

void vz_host_free(struct vz_host *host)
{
	wabe_cleanup_close(&host->conf_fd);
	wabe_arena_free(&host->arena);
	*host = (struct vz_host){ .conf_fd = -EBADF };
}

int vz_host_lock(const struct vz_host *host, const char *name, int timeout_ms,
		 struct wabe_error *err)
{
	char path[PATH_MAX];
	int fd;

	if (!host->lockdir)
		return vz_error_say(err, VZ_EXIT_NO_LOCKDIR, -EINVAL, "%s: LOCKDIR is not set",
				    host->conf_path);
	if (wabe_parse_id(name) < 0)
		return vz_error_say(err, VZ_EXIT_SYSTEM, -EINVAL, "lock \"%s\": not a name", name);
	if (wabe_file_mkdir_all(host->lockdir, LOCKDIR_MODE, err) < 0)
		return vz_error_default(err, VZ_EXIT_NO_LOCKDIR);
	snprintf(path, sizeof(path), "%s/%s.lck", host->lockdir, name);
	fd = wabe_file_lock_at(AT_FDCWD, path, timeout_ms, err);
	if (fd == -EWOULDBLOCK)
		return vz_error_say(err, VZ_EXIT_LOCKED, fd,
				    "container %s is locked by another command", name);
	return fd < 0 ? vz_error_default(err, VZ_EXIT_NO_LOCKDIR) : fd;
}
