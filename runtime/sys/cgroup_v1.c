// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: v1 and hybrid hosts. The only user of libcgroup; see cgroup_internal.h.
 *
 * libcgroup finds the mounts, makes the cgroups in all of them and writes the limits. Beside it, on
 * descriptors of its mount points, is done what it can't: it attaches threads ("tasks") instead of
 * processes, removes by moving the processes to the parent, neither waits for the freezer nor knows
 * name=systemd, and cuts values at 100 bytes.
 *
 * A hybrid host's cgroup2 tree gets the same path by the code of cgroup_v2.c: it freezes, kills and
 * waits there, because that can be awaited without polling and reaches a guest's delegated cgroups;
 * CLONE_INTO_CGROUP and delegation need it. systemd's named hierarchy, if mounted, gets the path
 * too, or the host's systemd would take a guest's processes for those of the session that started
 * it and kill them with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <libcgroup.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "sys/cgroup_internal.h"

#define HIERARCHIES_MAX WABE_CGROUP_HIERARCHIES_MAX
#define LIBCGROUP_VALUE_MAX 99 /* libcgroup's CG_CONTROL_VALUE_MAX less the NUL */
#define FREEZE_PAUSE_MAX_MS 10

struct hierarchy {
	char *mount; /* "/sys/fs/cgroup/cpu,cpuacct" */
	int root_fd;
};

struct wabe_cgroup_v1 {
	struct hierarchy hierarchies[HIERARCHIES_MAX];
	size_t hierarchy_count;
	struct {
		char name[32];
		size_t hierarchy;
	} controllers[HIERARCHIES_MAX];
	size_t controller_count;
};

static void be_quiet(void *data, int level, const char *fmt, va_list args)
{
	(void)data;
	(void)level;
	(void)fmt;
	(void)args;
}

static int to_errno(int code)
{
	switch (code) {
	case 0:
		return 0;
	case ECGOTHER:
		return cgroup_get_last_errno() ? -cgroup_get_last_errno() : -EIO;
	case ECGROUPNOTMOUNTED:
	case ECGROUPSUBSYSNOTMOUNTED:
		return -ENOTSUP;
	case ECGROUPNOTEXIST:
	case ECGROUPVALUENOTEXIST:
		return -ENOENT;
	case ECGROUPNOTOWNER:
	case ECGROUPNOTALLOWED:
		return -EPERM;
	case ECGINVAL:
		return -EINVAL;
	case ECGFAIL:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static void free_group(struct cgroup **group)
{
	if (*group)
		cgroup_free(group);
}

static struct hierarchy *controller_hierarchy(const struct wabe_cgroup *cgroup,
					      const char *controller)
{
	struct wabe_cgroup_v1 *v1 = cgroup->v1;

	for (size_t i = 0; i < v1->controller_count; i++)
		if (strcmp(v1->controllers[i].name, controller) == 0)
			return &v1->hierarchies[v1->controllers[i].hierarchy];
	return NULL;
}

/*
 * Index of the hierarchy mounted at @path, added if it is a v1 one and new; -ENOTSUP: it is
 * something else.
 */
static int add_hierarchy(struct wabe_cgroup_v1 *v1, const char *path)
{
	struct hierarchy *new = &v1->hierarchies[v1->hierarchy_count];
	struct statfs fs;

	for (size_t i = 0; i < v1->hierarchy_count; i++)
		if (strcmp(v1->hierarchies[i].mount, path) == 0)
			return (int)i;
	if (v1->hierarchy_count == HIERARCHIES_MAX)
		return -E2BIG;
	if (statfs(path, &fs) < 0)
		return errno == ENOENT || errno == EACCES ? -ENOTSUP : -errno;
	if ((unsigned int)fs.f_type != CGROUP_SUPER_MAGIC)
		return -ENOTSUP;
	new->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (new->root_fd < 0)
		return -errno;
	new->mount = strdup(path);
	if (!new->mount) {
		wabe_cleanup_close(&new->root_fd);
		return -ENOMEM;
	}
	return (int)v1->hierarchy_count++;
}

static int add_controller(struct wabe_cgroup_v1 *v1, const struct cgroup_mount_point *point)
{
	int at = add_hierarchy(v1, point->path);

	if (at == -ENOTSUP) /* libcgroup lists those of the cgroup2 mount as well */
		return 0;
	if (at < 0)
		return at;
	if (v1->controller_count == HIERARCHIES_MAX ||
	    strlen(point->name) >= sizeof(v1->controllers[0].name))
		return -E2BIG;
	memcpy(v1->controllers[v1->controller_count].name, point->name, strlen(point->name) + 1);
	v1->controllers[v1->controller_count++].hierarchy = (size_t)at;
	return 0;
}

static int find_controllers(struct wabe_cgroup_v1 *v1)
{
	struct cgroup_mount_point point;
	void *walk = NULL;
	int code, r = 0;

	code = cgroup_get_controller_begin(&walk, &point);
	if (code == ECGROUPNOTINITIALIZED) {
		/*
		 * The library keeps what it found for the life of the process: its 0.6 ms are paid
		 * once.
		 */
		cgroup_set_logger(be_quiet, CGROUP_LOG_ERROR, NULL);
		code = cgroup_init();
		if (code == 0)
			code = cgroup_get_controller_begin(&walk, &point);
	}
	for (; code == 0 && r == 0; code = cgroup_get_controller_next(&walk, &point))
		r = add_controller(v1, &point);
	cgroup_get_controller_end(&walk);
	return r < 0 ? r : code == ECGEOF ? 0 : to_errno(code);
}

int wabe_cgroup_v1_open(struct wabe_cgroup_roots *roots, struct wabe_error *err)
{
	int r;

	roots->v1 = calloc(1, sizeof(*roots->v1));
	if (!roots->v1)
		return wabe_error_set(err, -ENOMEM, "open cgroups");
	for (size_t i = 0; i < HIERARCHIES_MAX; i++)
		roots->v1->hierarchies[i].root_fd = -EBADF;
	r = find_controllers(roots->v1);
	if (r < 0 && r != -ENOTSUP)
		return wabe_error_set(err, r, "find the cgroup hierarchies of this host");
	if (roots->v1->hierarchy_count == 0 && roots->root_fd < 0)
		return wabe_error_say(
			err, -ENOTSUP,
			"no cgroup hierarchy is mounted on this host: neither cgroup2 at %s nor v1",
			WABE_CGROUP_ROOT);
	r = add_hierarchy(roots->v1, WABE_CGROUP_ROOT "/systemd");
	if (r < 0 && r != -ENOTSUP)
		return wabe_error_set(err, r, "open %s", WABE_CGROUP_ROOT "/systemd");
	return 0;
}

void wabe_cgroup_v1_close(struct wabe_cgroup_roots *roots)
{
	if (!roots->v1)
		return;
	for (size_t i = 0; i < roots->v1->hierarchy_count; i++) {
		wabe_cleanup_close(&roots->v1->hierarchies[i].root_fd);
		free(roots->v1->hierarchies[i].mount);
	}
	free(roots->v1);
	roots->v1 = NULL;
}

static int hierarchy_dir(struct wabe_cgroup *cgroup, const struct hierarchy *hierarchy)
{
	int *dir_fd = &cgroup->v1_dir_fds[hierarchy - cgroup->v1->hierarchies];

	if (*dir_fd < 0) {
		const char *relative = cgroup->path[1] ? cgroup->path + 1 : ".";
		int fd = openat(hierarchy->root_fd, relative, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return -errno;
		*dir_fd = fd;
	}
	return *dir_fd;
}

int wabe_cgroup_v1_dir(struct wabe_cgroup *cgroup, const char *controller)
{
	struct hierarchy *hierarchy = controller_hierarchy(cgroup, controller);

	return hierarchy ? hierarchy_dir(cgroup, hierarchy) : -ENOTSUP;
}

int wabe_cgroup_v1_read(struct wabe_cgroup *cgroup, const char *controller, const char *file,
			char *text, size_t room)
{
	struct hierarchy *hierarchy = controller_hierarchy(cgroup, controller);
	int dir_fd;

	if (!hierarchy)
		return -ENOTSUP;
	dir_fd = cgroup->v1_dir_fds[hierarchy - cgroup->v1->hierarchies];
	return dir_fd >= 0 ? wabe_cgroup_file_read(dir_fd, file, text, room)
			   : wabe_cgroup_file_read_below(hierarchy->root_fd, cgroup->path, file,
							 text, room);
}

int wabe_cgroup_v1_root(struct wabe_cgroup *cgroup, const char *controller)
{
	struct hierarchy *hierarchy = controller_hierarchy(cgroup, controller);

	return hierarchy ? hierarchy->root_fd : -ENOTSUP;
}

/*
 * Is it in force already, as most defaults are in a new cgroup? To look costs half of what libcgroup's write does, and the kernel
 * goes through all cgroups to take a quota (kernel/sched/core.c, __cfs_schedulable()), whatever it was before.
 */
static bool is_set(int dir_fd, const char *file, const char *value)
{
	char text[LIBCGROUP_VALUE_MAX + 2];
	int n = wabe_cgroup_file_read(dir_fd, file, text, sizeof(text));
	uint64_t number;

	/* As long as there is room is cut, perhaps; and what is written to the kernel's own memory also has it counted. */
	if (n <= 0 || n >= (int)sizeof(text) - 1 || wabe_str_starts(file, "memory.kmem."))
		return false;
	/* memory.rst: no limit is written as -1. */
	return strcmp(text, value) == 0 ||
	       (strcmp(value, "-1") == 0 && wabe_parse_u64(text, 0, UINT64_MAX, &number) == 0 &&
		number >= WABE_CGROUP_V1_UNLIMITED);
}

int wabe_cgroup_v1_set(struct wabe_cgroup *cgroup, const char *controller, const char *file,
		       const char *value)
{
	_cleanup_(free_group) struct cgroup *group = NULL;
	struct cgroup_controller *row;
	int dir_fd = wabe_cgroup_v1_dir(cgroup, controller);

	if (dir_fd < 0)
		return dir_fd;
	/* libcgroup's code for a missing file is the one that it has for everything. */
	if (faccessat(dir_fd, file, F_OK, 0) < 0)
		return -errno;
	if (is_set(dir_fd, file, value))
		return 0;
	if (strlen(value) > LIBCGROUP_VALUE_MAX)
		return wabe_cgroup_file_write(dir_fd, file, value);
	group = cgroup_new_cgroup(cgroup->path + 1);
	row = group ? cgroup_add_controller(group, controller) : NULL;
	if (!row)
		return -ENOMEM;
	if (cgroup_set_value_string(row, file, value) != 0)
		return -EINVAL;
	return to_errno(cgroup_modify_cgroup(group));
}

/* The tree that says which processes a pure v1 host's cgroup has. */
static struct hierarchy *primary(const struct wabe_cgroup *cgroup)
{
	struct hierarchy *freezer = controller_hierarchy(cgroup, "freezer");

	return freezer ? freezer : &cgroup->v1->hierarchies[0];
}

static int v1_pids(struct wabe_cgroup *cgroup, pid_t **ret_pids, size_t *ret_count,
		   struct wabe_error *err)
{
	int r;

	if (cgroup->root_fd >= 0)
		return wabe_cgroup_v2_pids(cgroup, ret_pids, ret_count, err);
	r = hierarchy_dir(cgroup, primary(cgroup));
	if (r >= 0)
		r = wabe_cgroup_tree_pids(r, ret_pids, ret_count);
	return r < 0 ? wabe_error_set(err, r, "read the processes of cgroup %s", cgroup->path) : 0;
}

/* Take the name in one tree: of two that create the same one, only one is told that it did. */
static int claim(struct wabe_cgroup *cgroup, bool *ret_was_created, struct wabe_error *err)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0;
	int r;

	if (cgroup->root_fd >= 0)
		return wabe_cgroup_v2_claim(cgroup, ret_was_created, err);
	r = wabe_cgroup_tree_mkdir(primary(cgroup)->root_fd, cgroup->path);
	if (r < 0)
		return wabe_error_set(err, r, "make cgroup %s in %s", cgroup->path,
				      primary(cgroup)->mount);
	*ret_was_created = r > 0;
	if (r == 0) {
		r = v1_pids(cgroup, &pids, &count, err);
		if (r == 0 && count)
			r = wabe_error_say(err, -EEXIST, "cgroup %s exists and has processes",
					   cgroup->path);
	}
	return r < 0 ? r : 0;
}

static int create_all(struct wabe_cgroup *cgroup, struct wabe_error *err)
{
	_cleanup_(free_group) struct cgroup *group = cgroup_new_cgroup(cgroup->path + 1);
	struct wabe_cgroup_v1 *v1 = cgroup->v1;
	int r;

	if (!group)
		return wabe_error_set(err, -ENOMEM, "make cgroup %s", cgroup->path);
	for (size_t i = 0; i < v1->controller_count; i++)
		if (!cgroup_add_controller(group, v1->controllers[i].name))
			return wabe_error_set(err, -ENOMEM, "make cgroup %s", cgroup->path);
	r = v1->controller_count ? to_errno(cgroup_create_cgroup(group, 1)) : 0;
	if (r < 0)
		return wabe_error_set(err, r, "make cgroup %s in the hierarchies of v1",
				      cgroup->path);
	for (size_t i = 0; i < v1->hierarchy_count; i++) { /* named hierarchies */
		if (hierarchy_dir(cgroup, &v1->hierarchies[i]) >= 0)
			continue;
		r = wabe_cgroup_tree_mkdir(v1->hierarchies[i].root_fd, cgroup->path);
		if (r < 0)
			return wabe_error_set(err, r, "make cgroup %s in %s", cgroup->path,
					      v1->hierarchies[i].mount);
	}
	return 0;
}

/* 1: it was empty, 0: it wasn't. */
static int copy_if_empty(int from_fd, int to_fd, const char *file)
{
	char text[4096];
	int r = wabe_cgroup_file_read(to_fd, file, text, sizeof(text));

	if (r != 0)
		return r < 0 ? r : 0;
	r = wabe_cgroup_file_read(from_fd, file, text, sizeof(text));
	if (r >= (int)sizeof(text) - 1)
		return -EFBIG;
	if (r >= 0)
		r = wabe_cgroup_file_write(to_fd, file, text);
	return r < 0 ? r : 1;
}

/* Of one cpuset from the one above. Those that will be made below one that isn't @is_last have it all from the beginning. */
static int fill_one(int from_fd, int to_fd, bool is_last)
{
	int copied = copy_if_empty(from_fd, to_fd, "cpuset.cpus");
	int r = copied < 0 ? copied : copy_if_empty(from_fd, to_fd, "cpuset.mems");

	/* If that can't be, each is filled as this one was. */
	if (r >= 0 && copied > 0 && !is_last)
		(void)wabe_cgroup_file_write(to_fd, "cgroup.clone_children", "1");
	return r;
}

/*
 * A new cpuset of v1 has no CPUs and no memory nodes, and takes no process before it has: cpusets(7). To give it some makes the
 * kernel build its scheduling domains anew, from all cpusets; with clone_children (cgroups.rst) it is born with those above.
 */
static int fill_cpuset(struct wabe_cgroup *cgroup, struct wabe_error *err)
{
	struct hierarchy *cpuset = controller_hierarchy(cgroup, "cpuset");
	const char *at = cgroup->path + 1;
	_cleanup_close_ int from_fd = -EBADF;

	while (cpuset) {
		_cleanup_close_ int to_fd = -EBADF;
		int parent = from_fd < 0 ? cpuset->root_fd : from_fd;
		size_t len = strcspn(at, "/");
		char name[NAME_MAX + 1];
		int r = 0;

		snprintf(name, sizeof(name), "%.*s", (int)len, at);
		to_fd = openat(parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (to_fd < 0)
			r = -errno;
		if (r == 0)
			r = fill_one(parent, to_fd, !at[len]);
		if (r < 0)
			return wabe_error_set(err, r,
					      "give the cpuset of %s what the one above has",
					      cgroup->path);
		if (!at[len])
			return 0;
		wabe_cleanup_close(&from_fd);
		from_fd = TAKE_FD(to_fd);
		at += len + 1;
	}
	return 0;
}

static void close_dirs(struct wabe_cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->v1->hierarchy_count; i++)
		wabe_cleanup_close(&cgroup->v1_dir_fds[i]);
	wabe_cleanup_close(&cgroup->dir_fd);
}

static int v1_remove(struct wabe_cgroup *cgroup, int timeout_ms, struct wabe_error *err)
{
	int64_t deadline_ms = wabe_cgroup_now_ms() + timeout_ms;
	int r = 0;

	if (cgroup->root_fd >= 0)
		r = wabe_cgroup_v2_remove(cgroup, timeout_ms, err);
	for (size_t i = 0; r == 0 && i < cgroup->v1->hierarchy_count; i++) {
		struct hierarchy *hierarchy = &cgroup->v1->hierarchies[i];

		r = wabe_cgroup_tree_remove(hierarchy->root_fd, cgroup->path, deadline_ms);
		if (r < 0)
			wabe_cgroup_explain_remove(cgroup, r, err);
	}
	close_dirs(cgroup);
	return r;
}

int wabe_cgroup_v1_complete(struct wabe_cgroup *cgroup, struct wabe_error *err)
{
	int r = create_all(cgroup, err);

	return r < 0 ? r : fill_cpuset(cgroup, err);
}

static int v1_create(struct wabe_cgroup *cgroup, bool *ret_was_created, struct wabe_error *err)
{
	bool was_created = false;
	int r = claim(cgroup, &was_created, err);

	if (r < 0)
		return r;
	r = wabe_cgroup_v1_complete(cgroup, err);
	if (r == 0)
		*ret_was_created = was_created;
	else if (was_created)
		v1_remove(cgroup, 0, NULL);
	return r;
}

static int v1_attach(struct wabe_cgroup *cgroup, pid_t pid, struct wabe_error *err)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	for (size_t i = 0; i < cgroup->v1->hierarchy_count; i++) {
		struct hierarchy *hierarchy = &cgroup->v1->hierarchies[i];
		int r = hierarchy_dir(cgroup, hierarchy);

		if (r >= 0)
			r = wabe_cgroup_file_write(r, "cgroup.procs", text);
		if (r < 0)
			return wabe_cgroup_explain_attach(cgroup, r, pid, hierarchy->mount, err);
	}
	return cgroup->root_fd >= 0 ? wabe_cgroup_v2_attach(cgroup, pid, err) : 0;
}

static bool v1_has(struct wabe_cgroup *cgroup, const char *controller)
{
	const char *name = strcmp(controller, "io") == 0 ? "blkio" : controller;

	if (controller_hierarchy(cgroup, name))
		return true;
	return cgroup->root_fd >= 0 && wabe_cgroup_v2_ops.has(cgroup, controller);
}

static int freezer_dir(struct wabe_cgroup *cgroup, struct wabe_error *err)
{
	int dir_fd = wabe_cgroup_v1_dir(cgroup, "freezer");

	if (dir_fd == -ENOTSUP)
		return wabe_error_say(
			err, -ENOTSUP,
			"freezer controller is not available on this host (cgroup v1 'freezer' is "
			"not mounted)");
	return dir_fd < 0 ? wabe_error_set(err, dir_fd, "open cgroup %s", cgroup->path) : dir_fd;
}

static int v1_frozen(struct wabe_cgroup *cgroup, struct wabe_error *err)
{
	char text[32];
	int dir_fd, r;

	if (cgroup->root_fd >= 0)
		return wabe_cgroup_v2_frozen(cgroup, err);
	dir_fd = freezer_dir(cgroup, err);
	if (dir_fd < 0)
		return dir_fd;
	r = wabe_cgroup_file_read(dir_fd, "freezer.state", text, sizeof(text));
	if (r < 0)
		return wabe_error_set(err, r == -ENODEV ? -ENOENT : r,
				      "read freezer.state of cgroup %s", cgroup->path);
	return strcmp(text, "FROZEN") == 0;
}

/*
 * freezer-subsystem.rst: FREEZING until all are still; reading the state is what finds that out,
 * and a new write is needed for those that were forked meanwhile. There is nothing to wait on.
 */
static int freezer_set(int dir_fd, const char *state, int64_t deadline_ms)
{
	char text[32];

	for (int pause_ms = 1;; pause_ms += pause_ms < FREEZE_PAUSE_MAX_MS) {
		const struct timespec pause = { .tv_nsec = pause_ms * 1000000L };
		int r = wabe_cgroup_file_write(dir_fd, "freezer.state", state);

		if (r == 0)
			r = wabe_cgroup_file_read(dir_fd, "freezer.state", text, sizeof(text));
		if (r < 0)
			return r;
		if (strcmp(text, state) == 0)
			return 0;
		if (wabe_cgroup_now_ms() >= deadline_ms)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
}

static int v1_freeze(struct wabe_cgroup *cgroup, bool is_frozen, int timeout_ms,
		     struct wabe_error *err)
{
	const char *verb = is_frozen ? "freeze" : "thaw";
	int dir_fd, r;

	if (cgroup->root_fd >= 0)
		return wabe_cgroup_v2_freeze(cgroup, is_frozen, timeout_ms, err);
	dir_fd = freezer_dir(cgroup, err);
	if (dir_fd < 0)
		return dir_fd;
	r = freezer_set(dir_fd, is_frozen ? "FROZEN" : "THAWED", wabe_cgroup_now_ms() + timeout_ms);
	if (r == -ETIMEDOUT && is_frozen)
		wabe_cgroup_file_write(dir_fd, "freezer.state", "THAWED");
	return r < 0 ? wabe_error_set(err, r, "%s cgroup %s", verb, cgroup->path) : 0;
}

static int v1_signal(struct wabe_cgroup *cgroup, int signal, struct wabe_error *err)
{
	if (cgroup->root_fd >= 0)
		return wabe_cgroup_v2_signal(cgroup, signal, err);
	if (hierarchy_dir(cgroup, primary(cgroup)) == -ENOENT)
		return 0;
	return wabe_cgroup_signal_each(cgroup, signal, err);
}

const struct wabe_cgroup_ops wabe_cgroup_v1_ops = {
	.create = v1_create,
	.attach = v1_attach,
	.limit = wabe_cgroup_v1_limit,
	.has = v1_has,
	.freeze = v1_freeze,
	.frozen = v1_frozen,
	.signal = v1_signal,
	.pids = v1_pids,
	.remove = v1_remove,
	.stats = wabe_cgroup_v1_stats,
	.devices = wabe_cgroup_v1_devices,
};
