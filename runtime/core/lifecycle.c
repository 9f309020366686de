// SPDX-License-Identifier: GPL-2.0-or-later
/* core/lifecycle: start and delete of a container that exists; see wabe.h. create is in core/create.c. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "core/attributes.h"
#include "core/container.h"
#include "core/hooks.h"
#include "core/rdt.h"
#include "core/scope.h"
#include "core/sync.h"
#include "spec/spec.h"
#include "sys/cgroup.h"
#include "sys/pidfd.h"

#define LOCK_TIMEOUT_MS 10000
#define KILL_TIMEOUT_MS 10000

static int connect_start(struct wabe_container *c, struct wabe_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char dir[WABE_PATH_PROC_FD];

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/" WABE_START_SOCKET,
		 wabe_path_proc_fd(c->dir_fd, dir));
	if (sock < 0 || connect(sock, (void *)&address, sizeof(address)) < 0)
		return wabe_error_set(err, -errno, "connect to the container's process");
	return TAKE_FD(sock);
}

static int release(struct wabe_container *c, int sock, struct wabe_error *err)
{
	const struct wabe_spec *spec = wabe_container_spec(c, err);

	return spec ? wabe_attributes_release(spec->process, (pid_t)c->state.pid, sock, err)
		    : err->code;
}

/*
 * The state says "started" before the process is let go: a command killed between leaves a container that can be killed,
 * never one that runs and counts as created.
 */
static int let_go(struct wabe_container *c, struct wabe_error *err)
{
	_cleanup_close_ int sock = connect_start(c, err);
	int r;

	if (sock < 0)
		return sock;
	c->state.is_started = true;
	r = wabe_state_save(c, err);
	if (r == 0)
		r = wabe_sync_send(sock, WABE_SYNC_START, -1, err);
	if (r == 0)
		r = wabe_sync_receive(sock, NULL, err);
	if (r == WABE_SYNC_SCHEDULE)
		r = release(c, sock, err);
	/* Nobody connects to it any more, and it would take 1 KiB as long as the container runs. */
	if (r == 0)
		(void)unlinkat(c->dir_fd, WABE_START_SOCKET, 0);
	if (r > 0)
		return wabe_error_say(err, -EPROTO, "unexpected message %d", r);
	return r;
}

static int poststart(struct wabe_container *c, struct wabe_error *err)
{
	const struct wabe_spec *spec = wabe_container_spec(c, err);

	return spec ? wabe_hooks_run(c, "poststart", &spec->hooks.poststart, WABE_STATUS_RUNNING,
				     err)
		    : err->code;
}

/* What shares its pid namespace and has no cgroup can only be told by its init. */
static void end(struct wabe_container *c)
{
	if (wabe_container_kill(c, SIGKILL, true, NULL) < 0)
		(void)wabe_container_kill(c, SIGKILL, false, NULL);
}

static int start_locked(struct wabe_container *c, const char *notify_address,
			struct wabe_notify *notify, struct wabe_error *err)
{
	struct wabe_error own = WABE_ERROR_INIT;
	enum wabe_status status = wabe_container_status(c);
	int r;

	if (status != WABE_STATUS_CREATED)
		return wabe_error_say(err, -EINVAL,
				      "container %s is %s, only a created one can be started",
				      c->state.id, wabe_status_name(status));
	r = notify_address ? wabe_notify_open(c, notify_address, notify, &own) : 0;
	if (r == 0)
		r = let_go(c, &own);
	if (r == 0) {
		r = poststart(c, &own);
		if (r < 0)
			end(c);
	}
	if (r < 0 && err) {
		*err = own;
		wabe_error_prefix(err, "container %s", c->state.id);
	}
	return r;
}

int wabe_container_start_notified(struct wabe_container *c, const char *address,
				  struct wabe_notify *ret_notify, struct wabe_error *err)
{
	int r = wabe_container_lock(c, LOCK_TIMEOUT_MS, err);

	if (r < 0)
		return r;
	r = wabe_state_refresh(c, err);
	if (r == 0)
		r = start_locked(c, address, ret_notify, err);
	wabe_container_unlock(c);
	return r;
}

int wabe_container_start(struct wabe_container *c, struct wabe_error *err)
{
	return wabe_container_start_notified(c, NULL, NULL, err);
}

static bool has_cgroup(const struct wabe_container *c)
{
	return c->state.cgroup && !c->rt->no_cgroup;
}

/* Ends what is left: init, and through the cgroup whoever outlived it. */
static int end_all(struct wabe_container *c, struct wabe_error *err)
{
	int r = wabe_container_open_init(c, NULL);

	if (r == 0) {
		r = wabe_pidfd_signal(c->pidfd, SIGKILL, err);
		if (r < 0 && r != -ESRCH)
			return r;
	}
	if (has_cgroup(c) && wabe_container_open_cgroup(c, NULL) == 0) {
		r = wabe_cgroup_signal(c->cgroup, SIGKILL, err);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	r = wabe_container_wait_exit(c, KILL_TIMEOUT_MS, err);
	if (r == -ETIMEDOUT)
		return wabe_error_say(err, r,
				      "container %s is stuck: init does not end after SIGKILL",
				      c->state.id);
	return r;
}

/* Does the cgroup of a container whose init isn't known have processes? */
static bool is_inhabited(struct wabe_container *c)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0;

	return has_cgroup(c) && wabe_container_pids(c, &pids, &count, NULL) == 0 && count > 0;
}

static int may_delete(struct wabe_container *c, enum wabe_status status, bool is_force,
		      struct wabe_error *err)
{
	if (is_force)
		return 0;
	if (!c->state.is_created && is_inhabited(c))
		return wabe_error_say(
			err, -EBUSY,
			"the state of container %s is damaged and it has processes, use --force",
			c->state.id);
	/* A created one has not run anything of the user's yet (runc deletes it too). */
	if (status == WABE_STATUS_STOPPED || status == WABE_STATUS_CREATED)
		return 0;
	return wabe_error_say(err, -EBUSY, "container %s is %s, stop it first or use --force",
			      c->state.id, wabe_status_name(status));
}

static int remove_cgroup(struct wabe_container *c, struct wabe_error *err)
{
	int r;

	if (!has_cgroup(c))
		return 0;
	r = wabe_container_open_cgroup(c, err);
	return r < 0 ? r : wabe_cgroup_remove(c->cgroup, KILL_TIMEOUT_MS, err);
}

/* Has init ended, and nobody outlived it? An empty cgroup can be removed right away. */
static bool has_ended(struct wabe_container *c, enum wabe_status status)
{
	if (status != WABE_STATUS_STOPPED)
		return false;
	return !has_cgroup(c) || (wabe_container_open_cgroup(c, NULL) == 0 &&
				  wabe_cgroup_remove(c->cgroup, 0, NULL) == 0);
}

static int delete_locked(struct wabe_container *c, bool is_force, struct wabe_error *err)
{
	enum wabe_status status = wabe_container_status(c);
	int r = may_delete(c, status, is_force, err);

	wabe_log(c->rt->log, WABE_LOG_DEBUG, "container %s: delete, it is %s", c->state.id,
		 wabe_status_name(status));

	if (r == 0 && !has_ended(c, status)) {
		r = end_all(c, err);
		if (r == 0)
			r = remove_cgroup(c, err);
	}
	/* Also of one whose processes have ended: a scope that failed stays until somebody says that he knows. */
	if (r == 0 && c->state.scope)
		r = wabe_scope_stop(c, err);
	if (r == 0)
		r = wabe_rdt_leave(c, err);
	if (r < 0)
		return r;
	wabe_hooks_poststop(c);
	r = wabe_state_remove(c, err);
	if (r == 0)
		wabe_log(c->rt->log, WABE_LOG_DEBUG, "container %s: deleted", c->state.id);
	return r;
}

int wabe_container_delete(struct wabe_container *c, bool is_force, struct wabe_error *err)
{
	int r = wabe_container_lock(c, LOCK_TIMEOUT_MS, err);

	if (r == -ENOENT) {
		wabe_error_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	r = wabe_state_refresh(c, err);
	if (r == 0)
		r = delete_locked(c, is_force, err);
	/* What was deleted has nothing left to lock. */
	if (r < 0)
		wabe_container_unlock(c);
	return r;
}
