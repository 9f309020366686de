// SPDX-License-Identifier: GPL-2.0-or-later
/* core/container: facts of a loaded container, and the actions that need no child of ours; see wabe.h. */
#include "core/container.h"
#include "core/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/clock.h"
#include "spec/spec.h"
#include "sys/cgroup.h"
#include "sys/namespace.h"
#include "sys/pidfd.h"

static const char *const status_names[WABE_STATUS_MAX] = {
	[WABE_STATUS_CREATING] = "creating", [WABE_STATUS_CREATED] = "created",
	[WABE_STATUS_RUNNING] = "running",   [WABE_STATUS_PAUSED] = "paused",
	[WABE_STATUS_STOPPED] = "stopped",
};

const char *wabe_status_name(enum wabe_status status)
{
	return status < WABE_STATUS_MAX ? status_names[status] : "unknown";
}

int wabe_container_open_cgroup(struct wabe_container *c, struct wabe_error *err)
{
	int r;

	if (c->cgroup)
		return 0;
	if (!c->state.cgroup)
		return wabe_error_say(err, -ENOENT, "container %s has no cgroup", c->state.id);
	r = wabe_cgroup_open_in(c->rt->cgroup_roots, c->state.cgroup, &c->cgroup, err);
	/* Who has nobody to share with pays nothing for it. */
	if (r == 0)
		wabe_trace_cgroup(c);
	if (r == 0)
		wabe_cgroup_share_programs(c->cgroup, c->is_alone ? -EBADF : c->root_fd);
	return r;
}

int wabe_container_open_init(struct wabe_container *c, struct wabe_error *err)
{
	if (c->pidfd < 0)
		c->pidfd = wabe_pidfd_open((pid_t)c->state.pid, c->state.start_ticks, err);
	return c->pidfd < 0 ? c->pidfd : 0;
}

static bool init_is_alive(struct wabe_container *c)
{
	bool is_zombie = true;
	uint64_t ticks = 0;

	if (c->is_waited_for)
		return false;
	/* Of one that was waited for, its descriptor says so for a fraction of what a look into /proc costs. */
	if (c->pidfd >= 0 && wabe_pidfd_signal(c->pidfd, 0, NULL) == -ESRCH)
		return false;
	return c->state.pid > 0 &&
	       wabe_pidfd_start_time((pid_t)c->state.pid, &ticks, &is_zombie, NULL) == 0 &&
	       ticks == c->state.start_ticks && !is_zombie;
}

enum wabe_status wabe_container_status(struct wabe_container *c)
{
	if (!init_is_alive(c))
		return WABE_STATUS_STOPPED;
	if (!c->state.is_created)
		return WABE_STATUS_CREATING;
	if (c->state.cgroup && wabe_container_open_cgroup(c, NULL) == 0 &&
	    wabe_cgroup_frozen(c->cgroup, NULL) == 1)
		return WABE_STATUS_PAUSED;
	return c->state.is_started ? WABE_STATUS_RUNNING : WABE_STATUS_CREATED;
}

const char *wabe_container_id(const struct wabe_container *c)
{
	return c->state.id;
}

pid_t wabe_container_pid(const struct wabe_container *c)
{
	return init_is_alive((struct wabe_container *)c) ? (pid_t)c->state.pid : 0;
}

pid_t wabe_container_pid_raw(const struct wabe_container *c)
{
	return (pid_t)c->state.pid;
}

const char *wabe_container_oci_version(const struct wabe_container *c)
{
	return c->state.oci_version;
}

const char *wabe_container_bundle(const struct wabe_container *c)
{
	return c->state.bundle;
}

const char *wabe_container_rootfs(const struct wabe_container *c)
{
	return c->state.rootfs;
}

int64_t wabe_container_created_us(const struct wabe_container *c)
{
	return c->state.created_us;
}

const char *wabe_container_cgroup(const struct wabe_container *c)
{
	return c->state.cgroup;
}

const char *wabe_container_annotation(const struct wabe_container *c, const char *key)
{
	for (size_t i = 0; i < c->state.annotations.count; i++)
		if (strcmp(c->state.annotations.items[i].key, key) == 0)
			return c->state.annotations.items[i].value;
	return NULL;
}

const struct wabe_pairs *wabe_container_annotations(const struct wabe_container *c)
{
	return &c->state.annotations;
}

const char *wabe_container_owner(const struct wabe_container *c, char text[WABE_OWNER_MAX])
{
	struct stat st;
	int r = c->dir_fd < 0 ? fstatat(c->root_fd, c->state.id, &st, AT_SYMLINK_NOFOLLOW)
			      : fstat(c->dir_fd, &st);
	uid_t uid = r < 0 ? geteuid() : st.st_uid;

	snprintf(text, WABE_OWNER_MAX, uid == 0 ? "root" : "#%u", (unsigned int)uid);
	return text;
}

int wabe_container_pidfd(const struct wabe_container *c, struct wabe_error *err)
{
	return wabe_pidfd_open((pid_t)c->state.pid, c->state.start_ticks, err);
}

int wabe_container_wait_exit(struct wabe_container *c, int timeout_ms, struct wabe_error *err)
{
	int r = wabe_container_open_init(c, err);

	if (r == -ESRCH) {
		wabe_error_clear(err);
		return 0;
	}
	return r < 0 ? r : wabe_pidfd_wait(c->pidfd, timeout_ms, err);
}

const struct wabe_spec *wabe_container_spec(struct wabe_container *c, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	if (c->has_spec)
		return &c->spec;
	if (wabe_state_dir(c, err) < 0 ||
	    wabe_file_read_at(c->dir_fd, WABE_CONFIG_FILE, WABE_JSON_MAX_BYTES, &text, err) < 0 ||
	    wabe_spec_parse(&c->spec, WABE_CONFIG_FILE, text.data, text.len, err) < 0) {
		wabe_error_prefix(err, "container %s", c->state.id);
		return NULL;
	}
	c->has_spec = true;
	return &c->spec;
}

const struct wabe_spec_process *wabe_container_process(struct wabe_container *c,
						       struct wabe_error *err)
{
	const struct wabe_spec *spec = wabe_container_spec(c, err);

	if (spec && !spec->process)
		wabe_error_say(err, -EINVAL, "container %s was created without a process",
			       c->state.id);
	return spec ? spec->process : NULL;
}

/*
 * Without a cgroup (an ordinary user's) a container's processes are those of its pid namespace, if that is its own: all but
 * its init here, who would take the others along.
 */
static int signal_others(struct wabe_container *c, int signal, struct wabe_error *err)
{
	const struct wabe_spec *spec = wabe_container_spec(c, err);
	const struct wabe_spec_namespace *ns = spec ? wabe_spec_namespace(spec, WABE_NS_PID) : NULL;
	bool is_staged = spec && wabe_spec_namespace(spec, WABE_NS_USER) && geteuid() != 0;
	int r;

	if (!spec)
		return err ? err->code : -EIO;
	if (!ns || ns->path)
		return wabe_error_say(
			err, -ENOTSUP,
			"container %s has neither a cgroup nor a pid namespace of its own: which processes are its is not known",
			c->state.id);
	/* The kernel ends them with their init: pid_namespaces(7). */
	if (signal == SIGKILL)
		return 0;
	r = wabe_namespace_signal(c->pidfd, is_staged, signal, err);
	return r < 0 ? wabe_error_prefix(err, "container %s: signal all processes", c->state.id)
		     : 0;
}

int wabe_container_kill(struct wabe_container *c, int signal, bool is_all, struct wabe_error *err)
{
	int r;

	wabe_log(c->rt->log, WABE_LOG_DEBUG, "container %s: signal %d to %s", c->state.id, signal,
		 is_all ? "all processes" : "its process");
	if (is_all && c->state.cgroup) {
		r = wabe_container_open_cgroup(c, err);
		return r < 0 ? r : wabe_cgroup_signal(c->cgroup, signal, err);
	}
	r = wabe_container_open_init(c, err);
	/* containerd takes "no such process" for the end that it wanted (checkKillError() of its shim), other words for a failure. */
	if (r == -ESRCH)
		return wabe_error_set(err, -ESRCH, "container %s is not running", c->state.id);
	if (r == 0 && is_all)
		r = signal_others(c, signal, err);
	return r < 0 ? r : wabe_pidfd_signal(c->pidfd, signal, err);
}

int wabe_container_freeze(struct wabe_container *c, bool is_frozen, struct wabe_error *err)
{
	enum wabe_status want = is_frozen ? WABE_STATUS_RUNNING : WABE_STATUS_PAUSED;
	enum wabe_status status = wabe_container_status(c);
	int r;

	if (status != want && !(is_frozen && status == WABE_STATUS_CREATED))
		return wabe_error_say(err, -EINVAL, "container %s is %s", c->state.id,
				      wabe_status_name(status));
	r = wabe_container_open_cgroup(c, err);
	return r < 0 ? r : wabe_cgroup_freeze(c->cgroup, is_frozen, 10000, err);
}

int wabe_container_pids(struct wabe_container *c, pid_t **ret_pids, size_t *ret_count,
			struct wabe_error *err)
{
	int r;

	/* An ordinary user's may have none, but has a pid namespace. */
	if (!c->state.cgroup) {
		if (!init_is_alive(c))
			return 0;
		r = wabe_namespace_pids((pid_t)c->state.pid, ret_pids, ret_count, err);
		return r < 0 ? wabe_error_prefix(err, "container %s has no cgroup", c->state.id)
			     : r;
	}
	r = wabe_container_open_cgroup(c, err);
	return r < 0 ? r : wabe_cgroup_pids(c->cgroup, ret_pids, ret_count, err);
}

int wabe_container_stats(struct wabe_container *c, unsigned int wanted,
			 struct wabe_cgroup_stats *ret_stats, struct wabe_error *err)
{
	int r = wabe_container_open_cgroup(c, err);

	return r < 0 ? r : wabe_cgroup_stats(c->cgroup, wanted, ret_stats, err);
}

int wabe_container_cgroup_read(struct wabe_container *c, const char *v1_controller,
			       const char *file, char *text, size_t room)
{
	int r = wabe_container_open_cgroup(c, NULL);

	return r < 0 ? r : wabe_cgroup_read(c->cgroup, v1_controller, file, text, room);
}

static void write_members(struct wabe_container *c, enum wabe_status status,
			  struct wabe_json_writer *w)
{
	char created[WABE_CLOCK_TEXT_MAX];

	wabe_json_put_string(w, "ociVersion", c->state.oci_version);
	wabe_json_put_string(w, "id", c->state.id);
	wabe_json_put_string(w, "status", wabe_status_name(status));
	wabe_json_put_int(w, "pid", status == WABE_STATUS_STOPPED ? 0 : c->state.pid);
	wabe_json_put_string(w, "bundle", c->state.bundle);
	wabe_json_put_string(w, "rootfs", c->state.rootfs);
	wabe_json_put_string(w, "created", wabe_clock_rfc3339(c->state.created_us, created));
	if (c->state.annotations.count) {
		wabe_json_key(w, "annotations");
		wabe_json_object_begin(w);
		for (size_t i = 0; i < c->state.annotations.count; i++)
			wabe_json_put_string(w, c->state.annotations.items[i].key,
					     c->state.annotations.items[i].value);
		wabe_json_object_end(w);
	}
}

void wabe_state_write(struct wabe_container *c, enum wabe_status status, struct wabe_json_writer *w)
{
	wabe_json_object_begin(w);
	write_members(c, status, w);
	wabe_json_object_end(w);
}

static int finish(struct wabe_container *c, struct wabe_json_writer *w, struct wabe_buf *out,
		  struct wabe_error *err)
{
	int r = wabe_json_writer_finish(w, out);

	return r < 0 ? wabe_error_set(err, r, "state of %s", c->state.id) : 0;
}

int wabe_state_json(struct wabe_container *c, enum wabe_status status, struct wabe_buf *out,
		    struct wabe_error *err)
{
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_COMPACT);

	if (!w)
		return wabe_error_set(err, -ENOMEM, "state of %s", c->state.id);
	wabe_state_write(c, status, w);
	return finish(c, w, out, err);
}

int wabe_container_state_json(struct wabe_container *c, struct wabe_buf *out,
			      struct wabe_error *err)
{
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_INDENTED);
	char owner[WABE_OWNER_MAX];

	if (!w)
		return wabe_error_set(err, -ENOMEM, "state of %s", c->state.id);
	wabe_json_object_begin(w);
	write_members(c, wabe_container_status(c), w);
	/* As runc's, which writes it last. */
	wabe_json_put_string(w, "owner", wabe_container_owner(c, owner));
	wabe_json_object_end(w);
	return finish(c, w, out, err);
}
