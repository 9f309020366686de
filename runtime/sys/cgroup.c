// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: the front: paths, which driver, dispatch, and what only concerns the cgroup2 tree;
 * see cgroup.h.
 */
#include "sys/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "sys/cgroup_internal.h"

#define PROC_CGROUP_MAX (256u << 10) /* a line a hierarchy, each path below PATH_MAX */
/*
 * What a guest may make below its own. A Debian system has about 60, a session 10 more; a
 * Kubernetes node with its 110 pods 1,000. A user's program is 6 levels down, one more container in
 * it adds 3 to 6.
 */
#define DELEGATE_DESCENDANTS "4096"
#define DELEGATE_DEPTH "32"

/*
 * Absolute or relative, no empty, "." or ".." component, no control characters (mkdir refuses a
 * newline anyway).
 */
static int check_path(const char *path, struct wabe_error *err)
{
	const char *at = path + (*path == '/');

	if (!*at || strlen(path) >= PATH_MAX / 2 || !wabe_str_printable(path))
		return wabe_error_say(
			err, -EINVAL,
			"cgroup path \"%.256s\": not a path below the root of the hierarchy", path);
	for (;;) {
		size_t len = strcspn(at, "/");

		if (len == 0 || len > NAME_MAX || (len == 1 && *at == '.') ||
		    (len == 2 && at[0] == '.' && at[1] == '.'))
			return wabe_error_say(err, -EINVAL,
					      "cgroup path \"%.256s\": \"%.*s\" is no name in it",
					      path, (int)(len > 64 ? 64 : len), at);
		if (!at[len])
			return 0;
		at += len + 1;
	}
}

/* Is @word one of the comma-separated words of the @len bytes at @list? */
static bool list_has(const char *list, size_t len, const char *word)
{
	size_t want = strlen(word);

	for (const char *end = list + len; list < end; list++) {
		size_t n = strcspn(list, ",:");

		if (n == want && memcmp(list, word, n) == 0)
			return true;
		list += n;
	}
	return want == 0 && len == 0;
}

int wabe_cgroup_parse_own(const char *text, const char *controller, char **ret_path)
{
	static const char deleted[] = " (deleted)";

	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *list, *path;
		size_t len;

		line += *line == '\n';
		list = strchr(line, ':');
		path = list ? strchr(list + 1, ':') : NULL;
		if (!path)
			return -ENOENT;
		if (!list_has(list + 1, (size_t)(path - list - 1), controller))
			continue;
		path++;
		len = strcspn(path, "\n");
		if (*path != '/' ||
		    (len > strlen(deleted) &&
		     memcmp(path + len - strlen(deleted), deleted, strlen(deleted)) == 0))
			return -ENOENT;
		*ret_path = strndup(path, len);
		return *ret_path ? 0 : -ENOMEM;
	}
	return -ENOENT;
}

/*
 * The cgroup that process @pid (0: the caller) is in; on v1, where that differs between
 * hierarchies, systemd's counts.
 */
static int path_of_pid(pid_t pid, enum wabe_cgroup_mode mode, char **ret_path,
		       struct wabe_error *err)
{
	static const char *const v1_names[] = { "name=systemd", "memory", "cpu", "pids" };
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	char file[32];
	int r;

	snprintf(file, sizeof(file), pid ? "/proc/%d/cgroup" : "/proc/self/cgroup", (int)pid);
	r = wabe_file_read_at(AT_FDCWD, file, PROC_CGROUP_MAX, &text, err);
	if (r < 0)
		return r;
	if (mode != WABE_CGROUP_V1)
		r = wabe_cgroup_parse_own(text.data, "", ret_path);
	else
		for (size_t i = 0, found = 0; i < ARRAY_SIZE(v1_names) && !found; i++)
			found = (r = wabe_cgroup_parse_own(text.data, v1_names[i], ret_path)) !=
				-ENOENT;
	return r < 0 ? wabe_error_set(err, r, "find the cgroup of process %d in %s",
				      (int)(pid ? pid : getpid()), file)
		     : 0;
}

static int resolve_path(struct wabe_cgroup *cgroup, const char *path, struct wabe_error *err)
{
	_cleanup_free_ char *own = NULL;
	int r;

	if (*path == '/') {
		cgroup->path = strdup(path);
		return cgroup->path ? 0 : wabe_error_set(err, -ENOMEM, "open cgroup %s", path);
	}
	r = path_of_pid(0, cgroup->mode, &own, err);
	if (r < 0)
		return r;
	if (asprintf(&cgroup->path, "%s/%s", strcmp(own, "/") == 0 ? "" : own, path) < 0) {
		cgroup->path = NULL;
		return wabe_error_set(err, -ENOMEM, "open cgroup %s", path);
	}
	return check_path(cgroup->path, err);
}

static int open_magic(const char *path, unsigned int magic)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -errno;
	return (unsigned int)fs.f_type == magic ? TAKE_FD(fd) : -ENOTSUP;
}

/* Nothing of that kind is there. Any other failure is one: a tree that is overlooked would keep what is in it. */
static bool is_absent(int code)
{
	return code == -ENOENT || code == -ENOTDIR || code == -ENOTSUP || code == -EACCES;
}

/*
 * systemd(1) and every init system's scripts mount it so: cgroup2 here, or a tmpfs with v1 and
 * perhaps "unified" in it.
 */
static int find_mode(struct wabe_cgroup_roots *roots, struct wabe_error *err)
{
	roots->mode = WABE_CGROUP_V2;
	roots->ops = &wabe_cgroup_v2_ops;
	roots->root_fd = open_magic(WABE_CGROUP_ROOT, CGROUP2_SUPER_MAGIC);
	if (roots->root_fd >= 0)
		return 0;
	if (!is_absent(roots->root_fd))
		return wabe_error_set(err, roots->root_fd, "open " WABE_CGROUP_ROOT);
	roots->ops = &wabe_cgroup_v1_ops;
	roots->root_fd = open_magic(WABE_CGROUP_ROOT "/unified", CGROUP2_SUPER_MAGIC);
	if (roots->root_fd < 0 && !is_absent(roots->root_fd))
		return wabe_error_set(err, roots->root_fd, "open " WABE_CGROUP_ROOT "/unified");
	roots->mode = roots->root_fd >= 0 ? WABE_CGROUP_HYBRID : WABE_CGROUP_V1;
	return wabe_cgroup_v1_open(roots, err);
}

int wabe_cgroup_roots_open(struct wabe_cgroup_roots **ret_roots, struct wabe_error *err)
{
	_cleanup_(wabe_cgroup_roots_close) struct wabe_cgroup_roots *roots =
		calloc(1, sizeof(*roots));
	int r;

	if (!roots)
		return wabe_error_set(err, -ENOMEM, "open cgroups");
	r = find_mode(roots, err);
	if (r == 0)
		*ret_roots = TAKE_PTR(roots);
	return r;
}

void wabe_cgroup_roots_close(struct wabe_cgroup_roots **roots)
{
	if (!*roots)
		return;
	wabe_cgroup_v1_close(*roots);
	wabe_cleanup_close(&(*roots)->root_fd);
	free(*roots);
	*roots = NULL;
}

static int use_roots(struct wabe_cgroup *cgroup, const struct wabe_cgroup_roots *roots,
		     struct wabe_error *err)
{
	if (!roots) {
		int r = wabe_cgroup_roots_open(&cgroup->own_roots, err);

		if (r < 0)
			return r;
		roots = cgroup->own_roots;
	}
	cgroup->ops = roots->ops;
	cgroup->mode = roots->mode;
	cgroup->root_fd = roots->root_fd;
	cgroup->v1 = roots->v1;
	return 0;
}

static int open_path(const struct wabe_cgroup_roots *roots, const char *path, pid_t pid,
		     struct wabe_cgroup **ret_cgroup, struct wabe_error *err)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = NULL;
	int r = path ? check_path(path, err) : 0;

	if (r < 0)
		return r;
	cgroup = calloc(1, sizeof(*cgroup));
	if (!cgroup)
		return wabe_error_set(err, -ENOMEM, "open a cgroup");
	cgroup->dir_fd = cgroup->share_fd = -EBADF;
	for (size_t i = 0; i < WABE_CGROUP_HIERARCHIES_MAX; i++)
		cgroup->v1_dir_fds[i] = -EBADF;
	r = use_roots(cgroup, roots, err);
	if (r == 0)
		r = path ? resolve_path(cgroup, path, err)
			 : path_of_pid(pid, cgroup->mode, &cgroup->path, err);
	if (r < 0)
		return r;
	*ret_cgroup = TAKE_PTR(cgroup);
	return 0;
}

int wabe_cgroup_open(const char *path, struct wabe_cgroup **ret_cgroup, struct wabe_error *err)
{
	return open_path(NULL, path, 0, ret_cgroup, err);
}

int wabe_cgroup_open_in(const struct wabe_cgroup_roots *roots, const char *path,
			struct wabe_cgroup **ret_cgroup, struct wabe_error *err)
{
	return open_path(roots, path, 0, ret_cgroup, err);
}

int wabe_cgroup_open_pid(pid_t pid, struct wabe_cgroup **ret_cgroup, struct wabe_error *err)
{
	return open_path(NULL, NULL, pid, ret_cgroup, err);
}

/* Making a directory there, and moving oneself below it. */
static bool may_use(int root_fd, const char *path)
{
	char file[PATH_MAX];

	snprintf(file, sizeof(file), ".%s", path);
	if (faccessat(root_fd, file, W_OK | X_OK, AT_EACCESS) < 0)
		return false;
	snprintf(file, sizeof(file), ".%s/cgroup.procs", path);
	return faccessat(root_fd, file, W_OK, AT_EACCESS) == 0;
}

int wabe_cgroup_delegated(char **ret_path, struct wabe_error *err)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *own = NULL;
	char *path, *slash;
	int r = open_path(NULL, NULL, 0, &own, err);

	if (r < 0)
		return r;
	if (own->mode != WABE_CGROUP_V2)
		return wabe_error_say(err, -ENOTSUP,
				      "only cgroup v2 can be delegated to users, this host has v1");
	path = strdup(own->path);
	if (!path)
		return wabe_error_set(err, -ENOMEM, "cgroup of the caller");
	slash = strrchr(path, '/');
	slash[slash == path] = '\0';
	if (!may_use(own->root_fd, path))
		snprintf(path, strlen(own->path) + 1, "%s", own->path);
	if (!may_use(own->root_fd, path)) {
		free(path);
		return wabe_error_say(
			err, -EACCES,
			"neither cgroup %s nor the one around it is delegated to user %u",
			own->path, geteuid());
	}
	*ret_path = path;
	return 0;
}

void wabe_cgroup_close(struct wabe_cgroup **cgroup)
{
	struct wabe_cgroup *c = *cgroup;

	if (!c)
		return;
	for (size_t i = 0; i < WABE_CGROUP_HIERARCHIES_MAX; i++)
		wabe_cleanup_close(&c->v1_dir_fds[i]);
	wabe_cleanup_close(&c->dir_fd);
	wabe_cgroup_roots_close(&c->own_roots);
	free(c->path);
	free(c);
	*cgroup = NULL;
}

enum wabe_cgroup_mode wabe_cgroup_mode(const struct wabe_cgroup *cgroup)
{
	return cgroup->mode;
}

const char *wabe_cgroup_path(const struct wabe_cgroup *cgroup)
{
	return cgroup->path;
}

/* A handle by wabe_cgroup_open_pid() may be the root's. */
static int refuse_root(const struct wabe_cgroup *cgroup, const char *verb, struct wabe_error *err)
{
	if (cgroup->path[1])
		return 0;
	return wabe_error_say(err, -EINVAL, "%s cgroup /: that is the root of the hierarchy", verb);
}

int wabe_cgroup_create(struct wabe_cgroup *cgroup, bool *ret_was_created, struct wabe_error *err)
{
	int r = refuse_root(cgroup, "make", err);

	if (r < 0)
		return r;
	return cgroup->ops->create(cgroup, ret_was_created, err);
}

int wabe_cgroup_adopt(struct wabe_cgroup *cgroup, struct wabe_error *err)
{
	int r = refuse_root(cgroup, "adopt", err);

	return r < 0 || !cgroup->v1 ? r : wabe_cgroup_v1_complete(cgroup, err);
}

int wabe_cgroup_dir_fd(struct wabe_cgroup *cgroup, struct wabe_error *err)
{
	int fd;

	if (cgroup->root_fd < 0)
		return wabe_error_say(err, -ENOTSUP, "this host has no cgroup2 mount, only v1");
	fd = wabe_cgroup_v2_dir(cgroup);
	return fd < 0 ? wabe_error_set(err, fd, "open cgroup %s", cgroup->path) : fd;
}

int wabe_cgroup_attach(struct wabe_cgroup *cgroup, pid_t pid, struct wabe_error *err)
{
	return cgroup->ops->attach(cgroup, pid, err);
}

int wabe_cgroup_attach_one(struct wabe_cgroup *cgroup, const char *controller, pid_t pid,
			   struct wabe_error *err)
{
	int r = cgroup->v1 ? wabe_cgroup_v1_dir(cgroup, controller) : -ENOTSUP;
	char text[16];

	if (r == -ENOTSUP)
		return wabe_error_say(err, r, "this host has no cgroup v1 hierarchy of \"%s\"",
				      controller);
	snprintf(text, sizeof(text), "%d", (int)pid);
	if (r >= 0)
		r = wabe_cgroup_file_write(r, "cgroup.procs", text);
	return r < 0 ? wabe_cgroup_explain_attach(cgroup, r, pid, controller, err) : 0;
}

int wabe_cgroup_limit(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *limits,
		      struct wabe_error *err)
{
	int r = wabe_cgroup_limits_check(limits, err);

	return r < 0 ? r : cgroup->ops->limit(cgroup, limits, err);
}

void wabe_cgroup_share_programs(struct wabe_cgroup *cgroup, int dir_fd)
{
	cgroup->share_fd = dir_fd;
}

bool wabe_cgroup_has(struct wabe_cgroup *cgroup, const char *controller)
{
	return cgroup->ops->has(cgroup, controller);
}

int wabe_cgroup_freeze(struct wabe_cgroup *cgroup, bool is_frozen, int timeout_ms,
		       struct wabe_error *err)
{
	return cgroup->ops->freeze(cgroup, is_frozen, timeout_ms, err);
}

int wabe_cgroup_frozen(struct wabe_cgroup *cgroup, struct wabe_error *err)
{
	return cgroup->ops->frozen(cgroup, err);
}

int wabe_cgroup_signal(struct wabe_cgroup *cgroup, int signal, struct wabe_error *err)
{
	return cgroup->ops->signal(cgroup, signal, err);
}

int wabe_cgroup_pids(struct wabe_cgroup *cgroup, pid_t **ret_pids, size_t *ret_count,
		     struct wabe_error *err)
{
	return cgroup->ops->pids(cgroup, ret_pids, ret_count, err);
}

int wabe_cgroup_remove(struct wabe_cgroup *cgroup, int timeout_ms, struct wabe_error *err)
{
	int r = refuse_root(cgroup, "remove", err);

	if (r < 0)
		return r;
	return cgroup->ops->remove(cgroup, timeout_ms, err);
}

int wabe_cgroup_stats(struct wabe_cgroup *cgroup, unsigned int wanted,
		      struct wabe_cgroup_stats *ret_stats, struct wabe_error *err)
{
	return cgroup->ops->stats(cgroup, wanted, ret_stats, err);
}

int wabe_cgroup_read(struct wabe_cgroup *cgroup, const char *v1_controller, const char *file,
		     char *text, size_t room)
{
	int dir_fd;

	if (v1_controller)
		dir_fd = cgroup->v1 ? wabe_cgroup_v1_dir(cgroup, v1_controller) : -ENOTSUP;
	else
		dir_fd = cgroup->root_fd < 0 ? -ENOTSUP : wabe_cgroup_v2_dir(cgroup);
	return dir_fd < 0 ? dir_fd : wabe_cgroup_file_read(dir_fd, file, text, room);
}

int wabe_cgroup_read_root(struct wabe_cgroup *cgroup, const char *v1_controller, const char *file,
			  char *text, size_t room)
{
	int dir_fd = cgroup->root_fd < 0 ? -ENOTSUP : cgroup->root_fd;

	if (v1_controller)
		dir_fd = cgroup->v1 ? wabe_cgroup_v1_root(cgroup, v1_controller) : -ENOTSUP;
	return dir_fd < 0 ? dir_fd : wabe_cgroup_file_read(dir_fd, file, text, room);
}

bool wabe_cgroup_is_v1(struct wabe_cgroup *cgroup, const char *name)
{
	return cgroup->v1 && wabe_cgroup_v1_dir(cgroup, name) != -ENOTSUP;
}

/* A bound that somebody chose (OCI's unified map) stays. */
static int bound(struct wabe_cgroup *cgroup, int dir_fd, const char *file, const char *value,
		 struct wabe_error *err)
{
	_cleanup_close_ int fd = openat(dir_fd, file, O_RDWR | O_CLOEXEC);
	char now[16] = "";

	if (fd < 0 || pread(fd, now, sizeof(now) - 1, 0) < 0)
		return wabe_error_set(err, -errno, "read %s of cgroup %s", file, cgroup->path);
	if (strcmp(now, "max\n") == 0 && pwrite(fd, value, strlen(value), 0) < 0)
		return wabe_error_set(err, -errno, "write %s to %s of cgroup %s", value, file,
				      cgroup->path);
	return 0;
}

/*
 * cgroup-v2.rst: unbounded by default, and each cgroup costs the host kernel memory and time in
 * walks that hold locks of all. The files stay the host's.
 */
static int bound_descendants(struct wabe_cgroup *cgroup, int dir_fd, struct wabe_error *err)
{
	int r = bound(cgroup, dir_fd, "cgroup.max.descendants", DELEGATE_DESCENDANTS, err);

	return r < 0 ? r : bound(cgroup, dir_fd, "cgroup.max.depth", DELEGATE_DEPTH, err);
}

int wabe_cgroup_delegate(struct wabe_cgroup *cgroup, uid_t uid, gid_t gid, struct wabe_error *err)
{
	static const char fallback[] = "cgroup.procs\ncgroup.threads\ncgroup.subtree_control\n";
	_cleanup_(wabe_buf_free) struct wabe_buf list = WABE_BUF_INIT;
	int dir_fd = wabe_cgroup_dir_fd(cgroup, err), r;
	char *rest, *file;

	if (dir_fd < 0)
		return dir_fd;
	r = bound_descendants(cgroup, dir_fd, err);
	if (r < 0)
		return r;
	if (wabe_file_read_at(AT_FDCWD, "/sys/kernel/cgroup/delegate", 65536, &list, NULL) < 0 &&
	    wabe_buf_puts(&list, fallback) < 0)
		return wabe_error_set(err, -ENOMEM, "delegate cgroup %s", cgroup->path);
	rest = list.data;
	while ((file = strsep(&rest, "\n"))) {
		/* The kernel lists files of all controllers, this cgroup need not have them. */
		if (*file && fchownat(dir_fd, file, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno != ENOENT)
			return wabe_error_set(err, -errno, "give %s of cgroup %s to %u:%u", file,
					      cgroup->path, uid, gid);
	}
	/* The directory last: before, its new owner could not have made anything there. */
	if (fchownat(dir_fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return wabe_error_set(err, -errno, "give cgroup %s to %u:%u", cgroup->path, uid,
				      gid);
	return 0;
}
