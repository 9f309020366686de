// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/stop: halting, killing and cleaning up; see stop.h. */
#include "guest/stop.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "guest/init.h"
#include "guest/mount.h"
#include "guest/net.h"
#include "guest/resources.h"
#include "guest/root.h"
#include "guest/run.h"
#include "guest/running.h"
#include "guest/script.h"

#define KILL_TIMEOUT_MS 10000
#define KILL_PROMPT_MS 1000 /* who has not ended by then waits for something */
#define COMMAND_GRACE_MS 2000

static int timeout_ms(const struct vz_guest *g)
{
	return (int)vz_param_u64(&g->conf.params, VZ_PARAM_STOP_TIMEOUT) * 1000;
}

/*
 * The child of the halting command: the guest's end takes it along; one that is stuck is not waited
 * for.
 */
static void reap(pid_t pid)
{
	if (pid > 0 && waitpid(pid, NULL, WNOHANG) == 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

/*
 * Was a command found and started that halts the guest? A command that can't be executed has ended
 * at once, with 127.
 */
static bool is_command_lost(struct vz_guest *g, pid_t *pid)
{
	int status;

	if (wabe_container_wait_exit(g->container, COMMAND_GRACE_MS, NULL) == 0 ||
	    waitpid(*pid, &status, WNOHANG) != *pid)
		return false;
	*pid = 0;
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* Politely, by the guest's own means. 0: it is down; -ETIMEDOUT: it did not listen. */
static int halt(struct vz_guest *g)
{
	enum vz_init_kind kind =
		vz_init_kind_of(wabe_container_annotation(g->container, VZ_INIT_ANNOTATION));
	const struct vz_init_halt *ways = vz_init_halt(kind);
	bool has_signal = !ways->commands[0];
	pid_t pid = 0;
	int r;

	if (ways->commands[0]) {
		pid = vz_run_start(g, ways->commands, -EBADF, NULL);
		has_signal = pid < 0 || is_command_lost(g, &pid);
	}
	if (has_signal)
		(void)wabe_container_kill(g->container, ways->signal, false, NULL);
	r = wabe_container_wait_exit(g->container, timeout_ms(g), NULL);
	reap(pid);
	return r;
}

static int kill_all(struct vz_guest *g, struct wabe_error *err)
{
	int r = wabe_container_kill(g->container, SIGKILL, true, err);

	if (r == -ESRCH)
		return 0;
	if (r == 0)
		r = wabe_container_wait_exit(g->container, KILL_PROMPT_MS, NULL);
	if (r == -ETIMEDOUT) {
		vz_resources_lift_io(g);
		r = wabe_container_wait_exit(g->container, KILL_TIMEOUT_MS, err);
	}
	if (r == -ETIMEDOUT)
		return vz_error_say(
			err, VZ_EXIT_STOP, r,
			"Unable to stop container: its init survives SIGKILL (stuck in the kernel?)");
	return r < 0 ? vz_error_default(err, VZ_EXIT_STOP) : 0;
}

int vz_stop_clean(struct vz_guest *g, struct wabe_container *c, struct wabe_error *err)
{
	int r = vz_net_down(g, -EBADF, err), r_script;

	if (r == 0)
		r = wabe_container_delete(c, true, err);
	if (r < 0)
		return vz_error_default(err, VZ_EXIT_STOP);
	if (g->has_conf)
		vz_resources_protect(g, NULL);
	if (!g->has_conf || !g->conf.root)
		return 0;
	/* The tree went with the guest's mount namespace; scripts see an empty VE_ROOT. */
	r = vz_root_make_directory(g->conf.root, err);
	r_script = vz_script_host(g, "umount", r < 0 ? NULL : err);
	if (r == 0 && r_script == 0)
		r_script = vz_script_host(g, "postumount", err);
	return r < 0 ? vz_guest_fail(err, VZ_EXIT_UMOUNT) : r_script;
}

static int take_down(struct vz_guest *g, const struct vz_stop_options *options,
		     struct wabe_error *err)
{
	if (!options->is_fast && timeout_ms(g) > 0) {
		int r = vz_script_guest(g, "stop", err);

		if (r < 0)
			return r;
		if (halt(g) == 0)
			return 0;
		vz_say(g, "Container did not halt within %d seconds: killing it",
		       timeout_ms(g) / 1000);
	} else {
		vz_say(g, "Killing container ...");
	}
	return kill_all(g, err);
}

int vz_guest_stop(struct vz_guest *g, const struct vz_stop_options *options, struct wabe_error *err)
{
	_cleanup_close_ int netns_fd = -EBADF;
	int r = vz_guest_find(g, err);

	if (r < 0)
		return r;
	if (!g->container) {
		vz_warn(g, "Unable to stop: container is not running");
		return vz_running_forget(g->host, g->ctid, err);
	}
	vz_say(g, "Stopping container ...");
	if (wabe_container_status(g->container) == WABE_STATUS_PAUSED)
		(void)wabe_container_freeze(g->container, false, NULL);
	netns_fd = vz_net_hold(g);
	r = take_down(g, options, err);
	if (r < 0)
		return r;
	vz_say(g, "Container was stopped");
	if (vz_running_forget(g->host, g->ctid, err) < 0)
		return vz_error_default(err, VZ_EXIT_STOP);
	r = vz_net_down(g, netns_fd, err);
	wabe_cleanup_close(&netns_fd);
	if (r < 0)
		return r;
	r = vz_stop_clean(g, g->container, err);
	wabe_container_free(&g->container);
	if (r == 0 && options->has_skip_umount)
		return vz_guest_mount(g, false, err);
	if (r == 0)
		vz_say(g, "Container is unmounted");
	return r;
}
