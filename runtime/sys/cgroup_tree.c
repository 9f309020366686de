// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: files and walks that are the same in every hierarchy; see cgroup_internal.h.
 *
 * A guest makes cgroups below its own, as deep and as many as it likes. So the walk holds one
 * descriptor, goes up by ".." (there are no symbolic links in cgroupfs, and nothing can be renamed
 * into another directory), and keeps the names that are still to be visited in one bounded buffer.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "sys/cgroup_internal.h"

#define WALK_NAMES_MAX (64u << 20) /* bytes of names waiting: about a million cgroups */
#define PROCS_MAX (64u << 20)	   /* of one cgroup.procs: kernel.pid_max is at most 4 Mi */
#define REMOVE_PAUSE_MS 2    /* between two tries at a cgroup whose last process is going away */
#define SIGNAL_FREEZE_MS 500 /* who sleeps uninterruptibly does not freeze: then signal without */
#define SIGNAL_ROUNDS 100

int64_t wabe_cgroup_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int wabe_cgroup_file_read(int dir_fd, const char *file, char *text, size_t room)
{
	_cleanup_close_ int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, text, room - 1);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	return (int)n;
}

int wabe_cgroup_file_read_below(int root_fd, const char *path, const char *file, char *text,
				size_t room)
{
	const char *relative = path[1] ? path + 1 : ".";
	size_t len = strlen(relative), file_len = strlen(file);
	char name[PATH_MAX];

	if (len + 1 + file_len >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, relative, len);
	name[len] = '/';
	memcpy(name + len + 1, file, file_len + 1);
	return wabe_cgroup_file_read(root_fd, name, text, room);
}

int wabe_cgroup_file_write(int dir_fd, const char *file, const char *text)
{
	return wabe_file_write_at(dir_fd, file, text, NULL);
}

int wabe_cgroup_text_number(const char *text, uint64_t *ret_value)
{
	if (strcmp(text, "max") == 0) {
		*ret_value = UINT64_MAX;
		return 0;
	}
	return wabe_parse_u64(text, 0, UINT64_MAX, ret_value);
}

int wabe_cgroup_file_u64(int dir_fd, const char *file, uint64_t *ret_value)
{
	char text[32];
	int r = wabe_cgroup_file_read(dir_fd, file, text, sizeof(text));

	return r < 0 ? r : wabe_cgroup_text_number(text, ret_value);
}

int wabe_cgroup_text_u64(const char *text, const char *key, uint64_t *ret_value)
{
	size_t len = strlen(key);
	char number[24];

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) != 0 || line[len] != ' ')
			continue;
		line += len + 1;
		len = strcspn(line, "\n");
		if (len >= sizeof(number))
			return -ENOENT;
		memcpy(number, line, len);
		number[len] = '\0';
		return wabe_parse_u64(number, 0, UINT64_MAX, ret_value) < 0 ? -ENOENT : 0;
	}
	return -ENOENT;
}

bool wabe_cgroup_text_has(const char *text, const char *word)
{
	size_t len = strlen(word);

	while (*text) {
		size_t n = strcspn(text, " \n");

		if (n == len && n && memcmp(text, word, n) == 0)
			return true;
		text += n;
		text += strspn(text, " \n");
	}
	return false;
}

int wabe_cgroup_tree_mkdir(int root_fd, const char *path)
{
	const char *relative = path + 1;
	char part[PATH_MAX];
	size_t len = strlen(relative);

	if (mkdirat(root_fd, relative, 0755) == 0)
		return 1;
	if (errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return -errno;
	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	for (size_t i = 1; i < len; i++) {
		if (relative[i] != '/')
			continue;
		memcpy(part, relative, i);
		part[i] = '\0';
		/* EEXIST: many creates share the parents. */
		if (mkdirat(root_fd, part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	if (mkdirat(root_fd, relative, 0755) == 0)
		return 1;
	return errno == EEXIST ? 0 : -errno;
}

/*
 * The walk. @pending is a stack of records "NAME\0" KIND, the last one is next: a child to visit,
 * or the way back up out of the one that is open.
 */
enum walk_event { WALK_END, WALK_CHILD, WALK_LEFT };

struct walk {
	int dir_fd; /* O_RDONLY: where the walk is; a child's name is to be taken in here */
	struct wabe_buf pending;
	char name[NAME_MAX + 1];
};

static void walk_close(struct walk *walk)
{
	wabe_cleanup_close(&walk->dir_fd);
	wabe_buf_free(&walk->pending);
}

static int walk_push(struct walk *walk, const char *name, enum walk_event kind)
{
	const char tail[2] = { '\0', (char)kind };
	int r;

	if (walk->pending.len > WALK_NAMES_MAX)
		return -E2BIG;
	r = wabe_buf_puts(&walk->pending, name);
	return r < 0 ? r : wabe_buf_add(&walk->pending, tail, sizeof(tail));
}

static int walk_push_children(struct walk *walk)
{
	char entries[8192] __attribute__((aligned(__alignof__(struct dirent64))));

	for (;;) {
		ssize_t n = getdents64(walk->dir_fd, entries, sizeof(entries));

		if (n <= 0)
			/* ENOENT: removed while it was open */
			return n < 0 && errno != ENOENT ? -errno : 0;
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(entries + at);
			int r = 0;

			if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
			    strcmp(entry->d_name, "..") != 0)
				r = walk_push(walk, entry->d_name, WALK_CHILD);
			if (r < 0)
				return r;
			at += entry->d_reclen;
		}
	}
}

static int walk_move(struct walk *walk, const char *to)
{
	int fd = openat(walk->dir_fd, to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(walk->dir_fd);
	walk->dir_fd = fd;
	return 0;
}

static int walk_open(struct walk *walk, int dir_fd)
{
	walk->dir_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (walk->dir_fd < 0)
		return -errno;
	return walk_push_children(walk);
}

/*
 * WALK_CHILD: walk->name is a child of walk->dir_fd; WALK_LEFT: all below it was visited,
 * walk->dir_fd is its parent again.
 */
static int walk_next(struct walk *walk)
{
	struct wabe_buf *pending = &walk->pending;
	enum walk_event kind;
	size_t start;

	if (pending->len == 0)
		return WALK_END;
	kind = (enum walk_event)pending->data[pending->len - 1];
	/* From the name's end: no name is empty, and before one is the record below, "\0" KIND. */
	start = pending->len - 2;
	while (start > 0 && (start < 2 || pending->data[start - 2] != '\0'))
		start--;
	memcpy(walk->name, pending->data + start, pending->len - 1 - start);
	pending->len = start;
	if (kind == WALK_LEFT) {
		int r = walk_move(walk, "..");

		if (r < 0)
			return r;
	}
	return kind;
}

/*
 * Go into the child that walk_next() named; one that has gone meanwhile is skipped. 1: inside, 0:
 * gone.
 */
static int walk_enter(struct walk *walk)
{
	int r = walk_move(walk, walk->name);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = walk_push(walk, walk->name, WALK_LEFT);
	if (r == 0)
		r = walk_push_children(walk);
	return r < 0 ? r : 1;
}

static int remove_below(int root_fd, const char *path)
{
	_cleanup_close_ int dir_fd = openat(root_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(walk_close) struct walk walk = { .dir_fd = -EBADF };
	int r;

	if (dir_fd < 0)
		return -errno;
	r = walk_open(&walk, dir_fd);
	while (r >= 0 && (r = walk_next(&walk)) > 0) {
		if (unlinkat(walk.dir_fd, walk.name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			continue;
		if (errno != EBUSY)
			return -errno;
		if (r == WALK_CHILD)
			r = walk_enter(&walk);
	}
	return r;
}

int wabe_cgroup_tree_remove(int root_fd, const char *path, int64_t deadline_ms)
{
	const struct timespec pause = { .tv_nsec = REMOVE_PAUSE_MS * 1000000L };
	int r;

	for (;;) {
		if (unlinkat(root_fd, path + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return -errno;
		r = remove_below(root_fd, path + 1);
		if (r < 0 && r != -ENOENT)
			return r;
		if (unlinkat(root_fd, path + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY || wabe_cgroup_now_ms() >= deadline_ms)
			return -errno;
		nanosleep(&pause, NULL);
	}
}

static int pids_add(struct wabe_buf *pids, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		pid_t pid;

		/* 0 stands for a process outside of the caller's pid namespace. */
		if (wabe_parse_int(line, 1, INT_MAX, &pid) == 0 &&
		    wabe_buf_add(pids, &pid, sizeof(pid)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int pids_read(int dir_fd, struct wabe_buf *pids)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r = wabe_file_read_at(dir_fd, "cgroup.procs", PROCS_MAX, &text, NULL);

	/*
	 * EOPNOTSUPP: a threaded cgroup below; its processes are listed in the domain above
	 * (cgroup-v2.rst, "Threads"). ENODEV, ENOENT: it was removed meanwhile.
	 */
	if (r == -EOPNOTSUPP || r == -ENODEV || r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	return pids_add(pids, text.data);
}

int wabe_cgroup_tree_pids(int dir_fd, pid_t **ret_pids, size_t *ret_count)
{
	_cleanup_(wabe_buf_free) struct wabe_buf pids = WABE_BUF_INIT;
	_cleanup_(walk_close) struct walk walk = { .dir_fd = -EBADF };
	int r = walk_open(&walk, dir_fd);

	if (r < 0)
		return r;
	r = pids_read(walk.dir_fd, &pids);
	while (r >= 0 && (r = walk_next(&walk)) > 0) {
		if (r != WALK_CHILD)
			continue;
		r = walk_enter(&walk);
		if (r > 0)
			r = pids_read(walk.dir_fd, &pids);
	}
	if (r < 0)
		return r;
	*ret_count = pids.len / sizeof(pid_t);
	*ret_pids = (pid_t *)(void *)TAKE_PTR(pids.data);
	return 0;
}

/* One round over all pids. 1: some were there to be signalled, 0: none. */
static int signal_round(struct wabe_cgroup *cgroup, int signal, struct wabe_error *err)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0;
	int r = cgroup->ops->pids(cgroup, &pids, &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		if (kill(pids[i], signal) < 0 && errno != ESRCH)
			return wabe_error_set(err, -errno, "signal %d to process %d of cgroup %s",
					      signal, (int)pids[i], cgroup->path);
	return count > 0;
}

static int holds_caller(struct wabe_cgroup *cgroup, struct wabe_error *err)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0;
	int r = cgroup->ops->pids(cgroup, &pids, &count, err);

	for (size_t i = 0; r == 0 && i < count; i++)
		if (pids[i] == getpid())
			return wabe_error_say(err, -EDEADLK,
					      "cgroup %s holds the calling process itself",
					      cgroup->path);
	return r;
}

int wabe_cgroup_signal_each(struct wabe_cgroup *cgroup, int signal, struct wabe_error *err)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int was_frozen = cgroup->ops->frozen(cgroup, NULL);
	bool is_still = was_frozen > 0;
	int r = holds_caller(cgroup, err);

	if (r < 0)
		return r;
	/* While they are frozen nobody forks, so that one round reaches everyone. */
	if (!is_still)
		is_still = cgroup->ops->freeze(cgroup, true, SIGNAL_FREEZE_MS, NULL) == 0;
	r = signal_round(cgroup, signal, err);
	/*
	 * A killed process dies only when it is thawed (v1); one paused by somebody stays so for
	 * other signals.
	 */
	if (is_still && (was_frozen <= 0 || signal == SIGKILL))
		cgroup->ops->freeze(cgroup, false, SIGNAL_FREEZE_MS, NULL);
	for (int i = 0; r > 0 && signal == SIGKILL && !is_still && i < SIGNAL_ROUNDS; i++) {
		nanosleep(&pause, NULL);
		r = signal_round(cgroup, signal, err);
	}
	return r < 0 ? r : 0;
}
