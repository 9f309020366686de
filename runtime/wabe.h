/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wabe.h: the public interface of libwabe: containers of the OCI runtime specification (runtime.md) on Linux.
 *
 * Both command lines are thin over it. A container is a directory <state root>/<id> (state.json, lock, start socket),
 * a cgroup and, while it lives, an init process known by pid and start time. Nothing of ours stays resident for it.
 * What the caller has no right to is an error that says so; none prints; all take the caller's struct wabe_error.
 */
#ifndef WABE_H
#define WABE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "spec/model.h"
#include "sys/cgroup.h"
#include "sys/ctx.h"
/* What vzctl puts a guest's root together with before there is a container. */
#include "sys/btrfs.h"
#include "sys/growfs.h"
#include "sys/idmap.h"
#include "sys/loop.h"
#include "sys/mount.h"
#include "sys/namespace.h"
#include "sys/quota.h"
/* What vzctl sets up a guest's network with. */
#include "sys/neighbour.h"
#include "sys/netdev.h"
#include "sys/rtnl.h"
#include "sys/nftables.h"
/* And what those who look after it need: ends of processes, terminals. */
#include "sys/pidfd.h"
#include "sys/tty.h"
#include "sys/tc.h"

/** Is a cgroup that can't be had an error? By itself: for the host's root alone. */
enum wabe_rootless_mode {
	WABE_ROOTLESS_AUTO,
	WABE_ROOTLESS_TRUE,
	WABE_ROOTLESS_FALSE,
};

/** What all calls share; owned by main. */
struct wabe_runtime {
	const char *state_root; /* "/run/wabe", "/run/vz"; made 0700 when missing */
	const char
		*cgroup_base; /* parent of containers without linux.cgroupsPath: "/wabe", "/vz" */
	bool no_cgroup;	      /* --cgroup-manager=disabled */
	bool is_systemd;      /* new containers get their cgroup as a scope of systemd */
	enum wabe_rootless_mode rootless;
	struct wabe_log *log; /* NULL = silent */
	/* NULL, or what its containers are opened by, for who looks at many; outlives them */
	const int *state_root_fd; /* wabe_state_root_open() */
	const struct wabe_cgroup_roots *cgroup_roots;
};

/* runtime.md, "State"; PAUSED as in runc: processes are frozen. */
enum wabe_status {
	WABE_STATUS_CREATING,
	WABE_STATUS_CREATED,
	WABE_STATUS_RUNNING,
	WABE_STATUS_PAUSED,
	WABE_STATUS_STOPPED,
	WABE_STATUS_MAX,
};

const char *wabe_status_name(enum wabe_status status);

struct wabe_container; /* a loaded container; free with wabe_container_free() */

struct wabe_create_args {
	const char *id;	    /* wabe_parse_id() */
	const char *bundle; /* absolute directory, goes to the state and the hooks */
	const char *
		console_socket; /* unix socket that gets the terminal's master; NULL: none (then process.terminal needs ret_console_fd) */
	const char *pid_file;	/* NULL or where init's host pid goes, atomically */
	const char *pidfd_socket; /* NULL or the unix stream socket that gets init's pidfd */
	int preserve_fds;	  /* descriptors 3..3+N-1 go through to the process */
	int listen_fds; /* the first of them are sockets to listen on (sd_listen_fds(3)); 0: none are */
	const char *listen_names; /* NULL or LISTEN_FDNAMES for them */
	bool has_notify;     /* the container gets a socket to say "ready" to: wabe_notify_open() */
	bool no_pivot;	     /* MS_MOVE and chroot, for a root on initramfs */
	bool no_new_keyring; /* keep the caller's session keyring */
	int *ret_console_fd; /* NULL, or gets the terminal's master when process.terminal and no console_socket */
	const char
		*config_path; /* NULL or the guest's config: stored in the state for front ends */
	/*
	 * NULL, or called when the container's network namespace is there and nothing of the container's runs yet; it belongs
	 * to the caller again when this returns. An error fails the create; what it did is its own to undo, also when a
	 * later step fails. Not without a network namespace of the container's own.
	 */
	int (*network)(void *data, int netns_fd, struct wabe_error *err);
	void *network_data;
};

/**
 * wabe_container_create() - everything up to the user's process, which waits for wabe_container_start().
 * @spec: only read; has passed wabe_spec_validate(), which wabe_spec_load() asks too. It and the strings of @args must outlive the
 *        container that is returned
 * @ret_container: NULL or the container (caller frees)
 * On failure every step is undone. -EEXIST: the id is taken.
 */
int wabe_container_create(const struct wabe_runtime *rt, const struct wabe_spec *spec,
			  const struct wabe_create_args *args,
			  struct wabe_container **ret_container, struct wabe_error *err);

/**
 * wabe_container_run() - create and start in one go: no socket to wait on, no second state to reach. The caller is init's
 * parent. Errors of either.
 */
int wabe_container_run(const struct wabe_runtime *rt, const struct wabe_spec *spec,
		       const struct wabe_create_args *args, struct wabe_container **ret_container,
		       struct wabe_error *err);

/**
 * wabe_container_load() - find a container by id: -ENOENT when there is none. What a killed runtime left half-made
 * is found too, with status STOPPED, so that it can be deleted.
 */
int wabe_container_load(const struct wabe_runtime *rt, const char *id,
			struct wabe_container **ret_container, struct wabe_error *err);
void wabe_container_free(struct wabe_container **container);

/** wabe_container_start() - let the created process execve. The error of a failed execve comes back here. */
int wabe_container_start(struct wabe_container *c, struct wabe_error *err);

/**
 * wabe_container_kill() - @signal to init, or to every process of the container. -ESRCH when it is not running; -ENOTSUP: all
 * were asked for, and without a cgroup and a pid namespace of its own nobody knows them.
 */
int wabe_container_kill(struct wabe_container *c, int signal, bool is_all, struct wabe_error *err);

/** wabe_container_delete() - remove what is left of a stopped container; @is_force kills first. Idempotent. poststop hooks run. */
int wabe_container_delete(struct wabe_container *c, bool is_force, struct wabe_error *err);

/** wabe_container_freeze() - pause or resume all processes. */
int wabe_container_freeze(struct wabe_container *c, bool is_frozen, struct wabe_error *err);

/** Facts; strings belong to the container. wabe_container_status() looks at the kernel each time. */
enum wabe_status wabe_container_status(struct wabe_container *c);
const char *wabe_container_id(const struct wabe_container *c);
pid_t wabe_container_pid(const struct wabe_container *c); /* host pid of init, 0 when stopped */
pid_t wabe_container_pid_raw(
	const struct wabe_container *
		c); /* the same without a look whether it lives: for its parent, who may have to reap it */
const char *wabe_container_oci_version(const struct wabe_container *c); /* of its configuration */
const char *wabe_container_bundle(const struct wabe_container *c);
const char *wabe_container_rootfs(const struct wabe_container *c);
int64_t
wabe_container_created_us(const struct wabe_container *c); /* CLOCK_REALTIME, microseconds */
const char *wabe_container_cgroup(
	const struct wabe_container *c); /* absolute path below the hierarchy's root */
const struct wabe_pairs *wabe_container_annotations(const struct wabe_container *c);
const char *wabe_container_annotation(const struct wabe_container *c,
				      const char *key); /* or NULL */

/**
 * wabe_container_owner() - whose its state directory is, in @text: "root", or "#" and the user's number, since no name service is
 * linked in.
 */
#define WABE_OWNER_MAX 16
const char *wabe_container_owner(const struct wabe_container *c, char text[WABE_OWNER_MAX]);

/** wabe_container_pidfd() - a new pidfd of init (close-on-exec), verified by start time; -ESRCH when it is gone. */
int wabe_container_pidfd(const struct wabe_container *c, struct wabe_error *err);

/** wabe_container_wait_exit() - wait until init is gone. 0, or -ETIMEDOUT after @timeout_ms (< 0: for ever). */
int wabe_container_wait_exit(struct wabe_container *c, int timeout_ms, struct wabe_error *err);

/** wabe_container_state_json() - the state document of runtime.md, and runc's "owner", indented, appended to @out. */
int wabe_container_state_json(struct wabe_container *c, struct wabe_buf *out,
			      struct wabe_error *err);

/** wabe_container_pids() - host pids of all processes, malloc'd, caller frees. */
int wabe_container_pids(struct wabe_container *c, pid_t **ret_pids, size_t *ret_count,
			struct wabe_error *err);

/**
 * wabe_container_update() - change the cgroup limits of a created or running container; only what is set in @resources (and
 * not zero) changes, and what hangs together with it. Device rules, if any, take the place of all before. The new limits are
 * kept with the state, so that the next update builds on them.
 * -EINVAL, -ERANGE: not valid with the limits that there are, errors name the JSON path; -EBUSY: memory.checkBeforeUpdate
 * forbids it; -ENOTSUP: the host can't. What was written before a failure stays, and is not kept with the state.
 */
int wabe_container_update(struct wabe_container *c, const struct wabe_spec_resources *resources,
			  struct wabe_error *err);

/**
 * wabe_container_update_class() - new l3CacheSchema and memBwSchema (NULL: as it is) for the container's class of service,
 * which it gets with all its processes if it had none. -ENOTSUP: no resctrl; errors name linux.intelRdt.
 */
int wabe_container_update_class(struct wabe_container *c, const char *l3_cache_schema,
				const char *mem_bw_schema, struct wabe_error *err);

/** wabe_container_stats() - what its cgroup counts; @wanted and errors of wabe_cgroup_stats(). */
int wabe_container_stats(struct wabe_container *c, unsigned int wanted,
			 struct wabe_cgroup_stats *ret_stats, struct wabe_error *err);

/** wabe_container_cgroup_read() - one file of its cgroup; as wabe_cgroup_read(). */
int wabe_container_cgroup_read(struct wabe_container *c, const char *v1_controller,
			       const char *file, char *text, size_t room);

/**
 * wabe_container_stats_json() - what runc's `events` prints: {"type":"stats","id":...,"data":{...}} and a newline, appended to
 * @out. What this host doesn't count is left out. -ENOENT: its cgroup is gone.
 */
int wabe_container_stats_json(struct wabe_container *c, struct wabe_buf *out,
			      struct wabe_error *err);

/** wabe_container_watch() - see wabe_cgroup_watch_open(). */
int wabe_container_watch(struct wabe_container *c, enum wabe_cgroup_watched what,
			 struct wabe_cgroup_watch *ret_watch, struct wabe_error *err);

/**
 * wabe_state_root_open() - the state root, checked as every load does it, for wabe_runtime.state_root_fd: who loads many
 * containers checks it once. The descriptor, the caller's; -ENOENT: there is none, -EPERM: others may write to it.
 */
int wabe_state_root_open(const struct wabe_runtime *rt, struct wabe_error *err);

/** wabe_container_ids() - ids below the state root, sorted, in @arena. One directory read. */
int wabe_container_ids(const struct wabe_runtime *rt, struct wabe_arena *arena,
		       struct wabe_strv *ret_ids, struct wabe_error *err);

/* An existing cgroup below the container's, for a further process. */
struct wabe_exec_cgroup {
	const char *controller; /* of a v1 hierarchy, NULL: of all, and on v2 */
	const char *path;	/* below the container's; "/" is that itself */
};

struct wabe_exec_args {
	const struct wabe_spec_process
		*process;	    /* NULL members fall back to the container's process */
	const char *console_socket; /* as in wabe_create_args */
	const char *pid_file;
	const char *pidfd_socket;
	int preserve_fds;
	const struct wabe_exec_cgroup
		*cgroups; /* NULL: the container's own, or where its init is */
	size_t cgroup_count;
	int *ret_console_fd;
	int stdin_fd, stdout_fd, stderr_fd; /* < 0: the caller's own; stay the caller's */
	/*
	 * NULL, or a function that runs in the child, inside the container with its final identity, instead of execve
	 * (vzctl's scripts); its return value is the exit status. It must not return to the caller's stack.
	 */
	int (*main)(void *data);
	void *main_data;
};

/**
 * wabe_container_exec() - a process inside a running container: its namespaces, cgroup, confinement.
 * The new process is a child of the caller, who waits for it.
 * Returns its host pid; -ESRCH when the container is not running; execve's error when that failed.
 */
pid_t wabe_container_exec(struct wabe_container *c, const struct wabe_exec_args *args,
			  struct wabe_error *err);

/**
 * wabe_container_exec_relay() - the same, and wabe_container_relay() to its end; @args->ret_console_fd is not looked at. Who waits for
 * the process is not the caller, so that the container can end while the caller is stopped or blocked (but that of an ordinary
 * user's who is not root of its user namespace).
 * Returns the exit status as a shell counts it, or -errno when nothing was run.
 */
int wabe_container_exec_relay(struct wabe_container *c, const struct wabe_exec_args *args,
			      struct wabe_error *err);

/** wabe_container_spec() - the spec that it was created with, loaded once; NULL with the error set. Belongs to the container. */
const struct wabe_spec *wabe_container_spec(struct wabe_container *c, struct wabe_error *err);

/** wabe_container_process() - the process section that the container was created with; belongs to the container. */
const struct wabe_spec_process *wabe_container_process(struct wabe_container *c,
						       struct wabe_error *err);

/* sd_notify(3): a container that says that it is ready, and the service manager of our caller that is told. */
struct wabe_notify {
	int fd;			 /* the container's socket, 0: there is none, or no more */
	const char *address;	 /* of the manager: NOTIFY_SOCKET */
	pid_t main_pid;		 /* the process that it shall look after: MAINPID */
	struct wabe_error error; /* of wabe_container_relay() */
};

/**
 * wabe_notify_open() - the socket of a container that was made with has_notify; ret_notify->fd is 0 for others. After
 * wabe_container_run(); for a created one see wabe_container_start_notified(). wabe_notify_close() takes it away.
 */
int wabe_notify_open(struct wabe_container *c, const char *address, struct wabe_notify *ret_notify,
		     struct wabe_error *err);
void wabe_notify_close(struct wabe_notify *notify);

/**
 * wabe_container_start_notified() - wabe_container_start(), with the socket opened in between: under the container's lock and
 * only when it can be started, since a running one has its own by then. What is open after a failure is the caller's to close.
 * @address: NOTIFY_SOCKET, or NULL: nobody wants to know
 */
int wabe_container_start_notified(struct wabe_container *c, const char *address,
				  struct wabe_notify *ret_notify, struct wabe_error *err);

/**
 * wabe_notify_forward() - read a message of the container. "READY=1" is told to the manager with the MAINPID, all else is
 * dropped. 1: done, the socket is closed; 0: not yet; -errno: the manager could not be told.
 */
int wabe_notify_forward(struct wabe_notify *notify, struct wabe_error *err);

/** wabe_notify_wait() - forward until the container is ready, or has ended. MAINPID is its init. 0 or -errno. */
int wabe_notify_wait(struct wabe_notify *notify, struct wabe_container *c, struct wabe_error *err);

/**
 * wabe_container_relay() - copy between the caller's terminal (0, 1) and @console_fd until the container's init, a child of the caller,
 * ends; forwards window size and signals. @notify: NULL, or a socket to listen to meanwhile. With @console_fd < 0 it only
 * forwards signals and waits. Other children of the caller that end meanwhile are reaped. The caller doesn't ignore SIGCHLD, and holds signals
 * (base/signals.h) since before the container was made: what comes while it is made is passed on as well.
 * Returns init's exit status as a shell counts it (128 + signal), or -errno.
 */
int wabe_container_relay(struct wabe_container *c, int console_fd, struct wabe_notify *notify,
			 struct wabe_error *err);

#endif
