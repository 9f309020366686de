// SPDX-License-Identifier: GPL-2.0-or-later
/* core/state: the state store; see container.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/codec.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/path.h"
#include "core/container.h"
#include "core/scope.h"
#include "core/trace.h"
#include "spec/spec.h"
#include "sys/cgroup.h"

#define STATE(member) offsetof(struct wabe_state, member)

static const struct wabe_codec_field state_fields[] = {
	{ .key = "ociVersion",
	  .type = WABE_CODEC_STRING,
	  .offset = STATE(oci_version),
	  .flags = WABE_CODEC_REQUIRED },
	{ .key = "id",
	  .type = WABE_CODEC_STRING,
	  .offset = STATE(id),
	  .flags = WABE_CODEC_REQUIRED },
	{ .key = "bundle",
	  .type = WABE_CODEC_STRING,
	  .offset = STATE(bundle),
	  .flags = WABE_CODEC_REQUIRED },
	{ .key = "rootfs", .type = WABE_CODEC_STRING, .offset = STATE(rootfs) },
	{ .key = "cgroup", .type = WABE_CODEC_STRING, .offset = STATE(cgroup) },
	{ .key = "scope", .type = WABE_CODEC_STRING, .offset = STATE(scope) },
	{ .key = "userScope", .type = WABE_CODEC_BOOL, .offset = STATE(is_user_scope) },
	{ .key = "rdtClass", .type = WABE_CODEC_STRING, .offset = STATE(rdt_class) },
	{ .key = "rdtMonitor", .type = WABE_CODEC_STRING, .offset = STATE(rdt_monitor) },
	{ .key = "rdtMade", .type = WABE_CODEC_BOOL, .offset = STATE(is_rdt_made) },
	{ .key = "configPath", .type = WABE_CODEC_STRING, .offset = STATE(config_path) },
	{ .key = "annotations", .type = WABE_CODEC_PAIRS, .offset = STATE(annotations) },
	{ .key = "pid",
	  .type = WABE_CODEC_I64,
	  .offset = STATE(pid),
	  .max = INT32_MAX,
	  .flags = WABE_CODEC_REQUIRED | WABE_CODEC_KEEP_EMPTY },
	{ .key = "startTicks", .type = WABE_CODEC_U64, .offset = STATE(start_ticks) },
	{ .key = "createdMicroseconds", .type = WABE_CODEC_I64, .offset = STATE(created_us) },
	{ .key = "created", .type = WABE_CODEC_BOOL, .offset = STATE(is_created) },
	{ .key = "started", .type = WABE_CODEC_BOOL, .offset = STATE(is_started) },
	{ .key = "keepsKeyring", .type = WABE_CODEC_BOOL, .offset = STATE(keeps_keyring) },
	{ .key = "poststopHooks", .type = WABE_CODEC_BOOL, .offset = STATE(has_poststop) },
	{ .key = NULL },
};

int wabe_state_format(const struct wabe_state *state, struct wabe_buf *out)
{
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_COMPACT);

	if (!w)
		return -ENOMEM;
	wabe_codec_save(w, state_fields, state);
	return wabe_json_writer_finish(w, out);
}

int wabe_state_parse(struct wabe_arena *arena, const char *text, size_t len,
		     struct wabe_state *state, struct wabe_error *err)
{
	struct wabe_json *root;
	int r = wabe_json_parse(arena, WABE_STATE_FILE, text, len, &root, err);

	return r < 0 ? r : wabe_codec_load(arena, state_fields, root, state, err);
}

int wabe_state_save(struct wabe_container *c, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	if (wabe_state_format(&c->state, &text) < 0)
		return wabe_error_set(err, -ENOMEM, "save the state");
	wabe_trace_state(c);
	return wabe_file_replace_at(c->dir_fd, WABE_STATE_FILE, text.data, text.len, 0600,
				    WABE_FILE_VOLATILE, err);
}

int wabe_state_mark_changed(struct wabe_container *c, struct wabe_error *err)
{
	return fchmod(c->dir_fd, 0700 | S_ISVTX) < 0
		       ? wabe_error_set(err, -errno, "mark the state of %s", c->state.id)
		       : 0;
}

int wabe_state_first_config(struct wabe_container *c, const struct wabe_spec *spec,
			    struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf made = WABE_BUF_INIT;
	const struct wabe_buf *text = &spec->source;
	_cleanup_close_ int fd = -EBADF;
	int r = text->len == 0 ? wabe_spec_save(spec, WABE_JSON_COMPACT, &made, err) : 0;

	if (r < 0)
		return r;
	if (text->len == 0)
		text = &made;
	fd = openat(c->dir_fd, WABE_CONFIG_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : wabe_fd_write_all(fd, text->data, text->len);
	return r < 0 ? wabe_error_set(err, r, "save " WABE_CONFIG_FILE) : 0;
}

int wabe_state_save_config(struct wabe_container *c, const struct wabe_spec *spec,
			   struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r = wabe_spec_save(spec, WABE_JSON_COMPACT, &text, err);

	return r < 0 ? r
		     : wabe_file_replace_at(c->dir_fd, WABE_CONFIG_FILE, text.data, text.len, 0600,
					    WABE_FILE_VOLATILE, err);
}

static struct wabe_container *container_alloc(const struct wabe_runtime *rt)
{
	struct wabe_container *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->rt = rt;
	c->root_fd = -EBADF;
	c->dir_fd = -EBADF;
	c->pidfd = -EBADF;
	c->sync_fd = -EBADF;
	c->notify_fd = -EBADF;
	return c;
}

void wabe_container_free(struct wabe_container **container)
{
	struct wabe_container *c = *container;

	if (!c)
		return;
	if (!c->is_root_shared)
		wabe_cleanup_close(&c->root_fd);
	wabe_cleanup_close(&c->dir_fd);
	wabe_cleanup_close(&c->pidfd);
	wabe_cleanup_close(&c->sync_fd);
	wabe_cleanup_close(&c->notify_fd);
	wabe_cgroup_close(&c->cgroup);
	wabe_spec_free(&c->spec);
	wabe_arena_free(&c->arena);
	free(c);
	*container = NULL;
}

/* The state root must be ours alone: its files decide what root's commands do (CVE-2025-24621 was a mode too wide). */
static int open_root(const struct wabe_runtime *rt, bool is_made, nlink_t *ret_links,
		     struct wabe_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r;

	fd = open(rt->state_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && is_made) {
		r = wabe_file_mkdir_all(rt->state_root, 0700, err);
		if (r < 0)
			return r;
		fd = open(rt->state_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return wabe_error_set(err, -errno, "open state root %s", rt->state_root);
	/* The superuser's is nobody else's to write to either. */
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 022))
		return wabe_error_say(
			err, -EPERM, "state root %s may be written by others (owner %u, mode %04o)",
			rt->state_root, st.st_uid, st.st_mode & 07777);
	*ret_links = st.st_nlink;
	return TAKE_FD(fd);
}

int wabe_state_root_open(const struct wabe_runtime *rt, struct wabe_error *err)
{
	nlink_t links;

	return open_root(rt, false, &links, err);
}

int wabe_state_dir(struct wabe_container *c, struct wabe_error *err)
{
	if (c->dir_fd < 0)
		c->dir_fd = openat(c->root_fd, c->state.id,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return c->dir_fd < 0 ? wabe_error_set(err, -errno, "open state directory %s/%s",
					      c->rt->state_root, c->state.id)
			     : c->dir_fd;
}

static int check_id(const char *id, struct wabe_error *err)
{
	/* ".seccomp" and the like are ours. */
	if (wabe_parse_id(id) < 0 || id[0] == '.')
		return wabe_error_say(
			err, -EINVAL,
			"container id \"%s\": want 1 to 255 letters, digits, or any of _ + . - "
			"(no dot in front)",
			id);
	return 0;
}

int wabe_state_new(const struct wabe_runtime *rt, const char *id,
		   struct wabe_container **ret_container, struct wabe_error *err)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = container_alloc(rt);
	int r = check_id(id, err);
	nlink_t links = 0;

	if (r < 0)
		return r;
	if (!c)
		return wabe_error_set(err, -ENOMEM, "container %s", id);
	c->root_fd = open_root(rt, true, &links, err);
	if (c->root_fd < 0)
		return c->root_fd;
	/* Two are the directory's own; one may be that of compiled filters. */
	c->is_alone = links == 2 || links == 3;
	/* umask(2) can only take bits away from 0700. */
	if (mkdirat(c->root_fd, id, 0700) < 0)
		return errno == EEXIST ? wabe_error_say(err, -EEXIST, "container %s exists", id)
				       : wabe_error_set(err, -errno, "make state directory %s/%s",
							rt->state_root, id);
	c->dir_fd = openat(c->root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	c->state.id = wabe_arena_strdup(&c->arena, id);
	if (c->dir_fd < 0)
		r = wabe_error_set(err, -errno, "open state directory %s/%s", rt->state_root, id);
	else
		r = c->state.id ? wabe_container_lock(c, 0, err)
				: wabe_error_set(err, -ENOMEM, "container %s", id);
	/* Whoever found and locked the directory first deletes it: then it is gone, and so are we. */
	if (r < 0 && r != -EWOULDBLOCK)
		(void)unlinkat(c->root_fd, id, AT_REMOVEDIR);
	if (r < 0)
		return r;
	*ret_container = TAKE_PTR(c);
	return 0;
}

int wabe_state_remove(struct wabe_container *c, struct wabe_error *err)
{
	/* The last one only a container has that was created first and then started. */
	static const char *const files[] = { WABE_STATE_FILE, WABE_CONFIG_FILE, WABE_START_SOCKET };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (unlinkat(c->dir_fd, files[i], 0) < 0 && errno != ENOENT)
			return wabe_error_set(err, -errno, "remove %s of container %s", files[i],
					      c->state.id);
		if (i > 0 &&
		    (unlinkat(c->root_fd, c->state.id, AT_REMOVEDIR) == 0 || errno == ENOENT))
			return 0;
	}
	/* A killed writer's temporary file, or something that isn't ours. */
	return wabe_file_remove_tree_at(c->root_fd, c->state.id, err);
}

/* config-linux.md, "Cgroups Path": a relative one is ours to place. */
const char *wabe_state_cgroup_path(struct wabe_container *c, const char *wanted)
{
	if (wanted && wanted[0] == '/')
		return wabe_arena_strdup(&c->arena, wanted);
	return wabe_arena_printf(&c->arena, "%s/%s", c->rt->cgroup_base,
				 wanted ? wanted : c->state.id);
}

/* What the id and, if it can be read, the configuration imply, for a state that can't be read. */
static int assume_state(struct wabe_container *c, const char *id, struct wabe_error *err)
{
	const struct wabe_spec *spec;

	c->is_damaged = true;
	c->state = (struct wabe_state){
		.oci_version = WABE_SPEC_VERSION,
		.id = wabe_arena_strdup(&c->arena, id),
		.bundle = "",
	};
	if (!c->state.id)
		return wabe_error_set(err, -ENOMEM, "container %s", id);
	spec = wabe_container_spec(c, NULL);
	/* Which hooks its creator came to is not known. */
	c->state.has_poststop = spec && spec->hooks.poststop.count > 0;
	if (c->rt->is_systemd && wabe_scope_name(c, spec ? spec->cgroups_path : NULL, NULL) == 0)
		return 0;
	c->state.cgroup = wabe_state_cgroup_path(c, spec ? spec->cgroups_path : NULL);
	return c->state.cgroup ? 0 : wabe_error_set(err, -ENOMEM, "container %s", id);
}

static int take_state(struct wabe_container *c, const char *id, const char *text, size_t len,
		      struct wabe_error *err)
{
	int r = wabe_state_parse(&c->arena, text, len, &c->state, err);

	if (r == 0 && !wabe_str_equal(c->state.id, id))
		r = wabe_error_say(err, -EINVAL, WABE_STATE_FILE ": id is \"%s\"", c->state.id);
	return r;
}

static int read_state(struct wabe_container *c, const char *id, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r = wabe_file_read_at(c->dir_fd, WABE_STATE_FILE, WABE_JSON_MAX_BYTES, &text, err);

	return r < 0 ? r : take_state(c, id, text.data, text.len, err);
}

/*
 * One of many: by one path without its directory, and by one read, because what isn't whole doesn't parse. False: it has to be
 * looked at as any other is.
 */
static bool read_state_of_many(struct wabe_container *c, const char *id)
{
	_cleanup_close_ int fd = -EBADF;
	char path[NAME_MAX + sizeof("/" WABE_STATE_FILE)], text[2048];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/" WABE_STATE_FILE, id);
	fd = wabe_path_open_strict(c->root_fd, path, O_RDONLY | O_NOCTTY, 0, NULL);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (n > 0 && n < (ssize_t)sizeof(text) && take_state(c, id, text, (size_t)n, NULL) == 0)
		return true;
	c->state = (struct wabe_state){ 0 };
	return false;
}

static int load_state(struct wabe_container *c, const char *id, struct wabe_error *err)
{
	int r = read_state(c, id, err);

	if (r == 0)
		return 0;
	wabe_log(c->rt->log, WABE_LOG_DEBUG, "container %s: %s", id,
		 err ? err->text : "damaged state");
	wabe_error_clear(err);
	return assume_state(c, id, err);
}

int wabe_state_refresh(struct wabe_container *c, struct wabe_error *err)
{
	const struct wabe_state old = c->state;
	int r;

	if (!c->is_loaded)
		return 0;
	c->is_damaged = false;
	c->state = (struct wabe_state){ 0 };
	r = load_state(c, old.id, err);
	if (r < 0 || !wabe_str_equal(c->state.cgroup, old.cgroup))
		wabe_cgroup_close(&c->cgroup);
	if (r < 0 || c->state.pid != old.pid || c->state.start_ticks != old.start_ticks)
		wabe_cleanup_close(&c->pidfd);
	return r;
}

int wabe_container_load(const struct wabe_runtime *rt, const char *id,
			struct wabe_container **ret_container, struct wabe_error *err)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = container_alloc(rt);
	int r = check_id(id, err);
	nlink_t links;

	if (r < 0)
		return r;
	if (!c)
		return wabe_error_set(err, -ENOMEM, "container %s", id);
	c->is_root_shared = rt->state_root_fd != NULL;
	c->root_fd = c->is_root_shared ? *rt->state_root_fd : open_root(rt, false, &links, err);
	if (c->root_fd == -ENOENT)
		goto absent;
	if (c->root_fd < 0)
		return c->root_fd;
	c->is_loaded = true;
	if (c->is_root_shared && read_state_of_many(c, id)) {
		*ret_container = TAKE_PTR(c);
		return 0;
	}
	c->dir_fd = openat(c->root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->dir_fd < 0 && errno == ENOENT)
		goto absent;
	if (c->dir_fd < 0)
		return wabe_error_set(err, -errno, "open state directory %s/%s", rt->state_root,
				      id);
	r = load_state(c, id, err);
	if (r < 0)
		return r;
	*ret_container = TAKE_PTR(c);
	return 0;
absent:
	return wabe_error_say(err, -ENOENT, "container %s does not exist", id);
}

int wabe_container_lock(struct wabe_container *c, int timeout_ms, struct wabe_error *err)
{
	int r = wabe_state_dir(c, err);
	struct stat st;

	if (r < 0)
		return r;
	r = wabe_file_flock(c->dir_fd, timeout_ms);
	if (r == -EWOULDBLOCK)
		return wabe_error_say(err, r, "container %s is locked by another process",
				      c->state.id);
	if (r < 0)
		return wabe_error_set(err, r, "lock container %s", c->state.id);
	if (fstat(c->dir_fd, &st) == 0 && st.st_nlink > 0) {
		c->is_loaded |= (st.st_mode & S_ISVTX) != 0; /* wabe_state_mark_changed() */
		return 0;
	}
	return wabe_error_say(err, -ENOENT, "container %s does not exist", c->state.id);
}

void wabe_container_unlock(struct wabe_container *c)
{
	(void)flock(c->dir_fd, LOCK_UN);
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int wabe_container_ids(const struct wabe_runtime *rt, struct wabe_arena *arena,
		       struct wabe_strv *ret_ids, struct wabe_error *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	nlink_t links;
	_cleanup_close_ int fd = open_root(rt, false, &links, err);
	struct dirent *e;

	if (fd == -ENOENT) {
		wabe_error_clear(err);
		return 0;
	}
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fd < 0 ? fd
			      : wabe_error_set(err, -errno, "read state root %s", rt->state_root);
	(void)TAKE_FD(fd);
	while (errno = 0, (e = readdir(dir))) {
		char *id;

		/* ".cache" and the like are ours too, but no containers. */
		if (e->d_name[0] == '.' || e->d_type != DT_DIR || wabe_parse_id(e->d_name) < 0)
			continue;
		id = wabe_arena_strdup(arena, e->d_name);
		if (!id || wabe_strv_add(ret_ids, arena, id) < 0)
			return wabe_error_set(err, -ENOMEM, "read state root %s", rt->state_root);
	}
	if (errno)
		return wabe_error_set(err, -errno, "read state root %s", rt->state_root);
	if (ret_ids->count)
		qsort(ret_ids->items, ret_ids->count, sizeof(char *), compare_strings);
	return 0;
}
