/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/init: what the creator prepares for the process that becomes the container's init.
 *
 * The child is a clone without shared memory: it reads this struct from its copy, and has the descriptors. Everything that
 * needs the host's view (bind sources, device nodes, the rootfs) is opened by the creator, as detached mounts.
 */
#ifndef WABE_CORE_INIT_H
#define WABE_CORE_INIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "core/container.h"
#include "spec/spec.h"
#include "sys/mount.h"
#include "sys/seccomp.h"

/* A mount entry with its options sorted and, for a bind, its source. */
struct wabe_init_mount {
	const struct wabe_spec_mount *spec;
	const char *
		destination; /* spec's, cleaned: it is compared with "/proc", "/dev" and the like */
	struct wabe_mount_options options;
	int source_fd; /* detached clone, < 0: a new filesystem, or is_sent */
	bool is_sent;  /* the child gets it by wabe_sources_take() when it is at that mount */
	struct wabe_mount_change change; /* what the clone is made with */
	bool is_file;			 /* the source is not a directory */
	bool has_label;			 /* linux.mountLabel is among the options */
	const char *link_target; /* "copy-symlink", and the source is one: nothing is mounted */
	const struct wabe_init_mount *remounts; /* the entry that this one changes, or NULL */
	bool is_remounted;			/* a later entry changes it */
	bool is_late;				/* child: waits for wabe_rootfs_settle() */
	dev_t device;				/* child, with is_remounted: its filesystem */
};

struct wabe_init {
	const struct wabe_spec *spec;
	const struct wabe_create_args *args;
	struct wabe_container *c;
	struct wabe_arena arena;
	bool is_run;	 /* START comes by the pair */
	bool has_userns; /* new or joined */
	bool waits_for_go; /* the creator has to do something before the child goes on: id maps, cgroups, devices */
	bool has_cgroupns; /* a new one, made by the child */
	bool has_own_network; /* a new network namespace that the creator makes; child: and that it hasn't taken yet */
	bool has_locked_mounts; /* the guest may mount, but shall not undo what was mounted for it */
	bool is_root_aside;	/* child: the root is attached at its path, not over "/" */
	bool opens_inside;	/* the child opens the sources: we may not */
	bool goes_at_once; /* `run` with nothing to ask: START comes while the child sets up, and it isn't waited for with READY */
	uint64_t ignored_signals;  /* by the caller of the command */
	uint64_t clone_flags;	   /* CLONE_NEW* of the new namespaces */
	int join_fds[WABE_NS_MAX]; /* < 0: not joined */
	int ours_fd, theirs_fd;	   /* the socket pair */
	int start_fd;		   /* listening start socket, < 0 with is_run */
	int rootfs_fd;		   /* detached clone of the rootfs; attached by the child */
	int null_fd;		   /* the host's /dev/null as a path descriptor, for masks */
	char *listen_pid;	   /* NULL, or the variable LISTEN_PID: see core/activation.h */
	int proc_fd;		   /* the host's procfs, for labels; < 0: there are none */
	int hook_fd;  /* child: the state for startContainer hooks, < 0: there are none */
	int cwd_fd;   /* child: where createContainer hooks start, < 0: there are none */
	int idmap_fd; /* a user namespace with the container's maps, for mounts */
	struct wabe_netdevices *netdevices; /* NULL: none were moved */
	struct wabe_init_mount *mounts;	    /* one for each of spec->mounts */
	int *device_fds; /* one for each device: detached clone of the host's node, < 0: mknod */
	struct wabe_list devices; /* struct wabe_spec_device: the default ones, then the spec's */
	int mask_fd;	/* child: what masks directories, attached already; < 0: none yet; swept */
	bool is_in_dev; /* child: dev_fd is the working directory */
	bool has_shared_mount; /* one of those whose options were read so far is to be shared */
	size_t taken; /* child: of the mounts before that one all that is sent was received */
	bool is_null_attached; /* child: null_fd masks a file already */
	bool is_bound;	       /* child: wabe_identity_bound() */
	bool has_late;	       /* child: some of the mounts wait */
	int dev_fd; /* child: the container's /dev, when it is a filesystem that we made; swept */
	unsigned int
		scratch_fd; /* child: from here on descriptors are short-lived, see wabe_init_sweep() */
	struct wabe_seccomp_program seccomp;
	bool has_seccomp;
	pid_t pid; /* of the child, on the host */
	int pidfd;
	int own_net_fd; /* with has_own_network: the creator's network namespace, to come back to */
};

/**
 * wabe_init_goes_at_once() - has @init a foreground container without hooks, terminal and listener? That has no question on its
 * way to the execve: its state is written and START sent while it is set up, and neither waits for the other.
 */
bool wabe_init_goes_at_once(const struct wabe_init *init);

/** wabe_init_prepare() - open all sources. On failure wabe_init_release() still has to be called. */
int wabe_init_prepare(struct wabe_init *init, struct wabe_error *err);

/** wabe_init_spawn() - clone the child, which runs wabe_init_child() and never returns. */
int wabe_init_spawn(struct wabe_init *init, int cgroup_fd, struct wabe_error *err);

/** wabe_init_release() - close what prepare opened. */
void wabe_init_release(struct wabe_init *init);

/** wabe_init_child() - the life of the child up to execve. */
void wabe_init_child(struct wabe_init *init) __attribute__((noreturn));

/**
 * wabe_init_sweep() - close what a phase of the child left open. The child's descriptors end with its execve, and closing each
 * of them at once made 50 of 370 system calls: they are closed together, after each phase and every WABE_INIT_SWEEP mounts.
 */
#define WABE_INIT_SWEEP 64
void wabe_init_sweep(struct wabe_init *init);

/**
 * wabe_rootfs_share_cgroup() - let @m be the host's cgroup2 mount, if it is of cgroups and the container has no cgroup namespace:
 * it would show the same, and in a user namespace may not be made (cgroup_namespaces(7)), be it the container's or that of an
 * ordinary user's podman. Where that can't be had either, the mount's own error tells why. Runs outside.
 */
int wabe_rootfs_share_cgroup(const struct wabe_init *init, struct wabe_init_mount *m,
			     struct wabe_error *err);

/**
 * wabe_netdevices_move() - linux.netDevices into the child's network namespace; a failure has no effect.
 * wabe_netdevices_return() takes them back as they were, wabe_netdevices_release() forgets them.
 */
int wabe_netdevices_move(struct wabe_init *init, struct wabe_error *err);
void wabe_netdevices_return(struct wabe_init *init);
void wabe_netdevices_release(struct wabe_init *init);

/* Parts of the creator and the child, each in the file of its name. */
/**
 * wabe_namespaces_make_network() - by the creator, beside the child's first mounts: make its network namespace, send it (NETNS),
 * raise the loopback, and return to the caller's own. The kernel takes 0.4 ms for one, more than for all other namespaces and
 * mounts together, and 0.1 ms for the loopback. The child enters it by wabe_namespaces_take_network() before it mounts a sysfs,
 * which shows the network namespace that it was mounted in, and else after its mounts.
 */
void wabe_namespaces_choose_network(struct wabe_init *init); /* does the creator make it? */
int wabe_namespaces_make_network(struct wabe_init *init, struct wabe_error *err);
int wabe_namespaces_take_network(struct wabe_init *init, struct wabe_error *err);
int wabe_namespaces_prepare(struct wabe_init *init, struct wabe_error *err);
/** wabe_namespaces_are_staged() - has a stage process to join namespaces before the child is made? */
bool wabe_namespaces_are_staged(const struct wabe_init *init);
int wabe_namespaces_join_for_child(struct wabe_init *init,
				   struct wabe_error *err); /* by the stage */
int wabe_namespaces_join(struct wabe_init *init, struct wabe_error *err);
int wabe_namespaces_enter_time(struct wabe_init *init, struct wabe_error *err);
/** wabe_sources_open() - fill init->mounts: options, cleaned destinations, and for a bind mount a detached copy of its source. */
int wabe_sources_open(struct wabe_init *init, struct wabe_error *err);
/**
 * wabe_sources_send() - by the creator, beside the child's first steps: open the sources that are plain binds and send each (SOURCE):
 * they are most, and take 5 us each that the child would wait for otherwise.
 * wabe_sources_take() - by the child: receive them up to that of @wanted, NULL: all that are left.
 */
int wabe_sources_send(struct wabe_init *init, struct wabe_error *err);
int wabe_sources_take(struct wabe_init *init, const struct wabe_init_mount *wanted,
		      struct wabe_error *err);
/** wabe_sources_warn() - tell of options that a bind mount can't have: mount(2) passes over them, and so do crun and runc. */
void wabe_sources_warn(struct wabe_init *init, const struct wabe_log *log);
/** wabe_root_check() - does @spec ask for mounts that would be the host's? (spec/ refuses masked and read-only paths so.) */
int wabe_root_check(const struct wabe_spec *spec, struct wabe_error *err);
int wabe_root_open(struct wabe_init *init, struct wabe_error *err); /* by the creator */
int wabe_root_attach(struct wabe_init *init, struct wabe_error *err);
/** wabe_rootfs_propagate() - the propagation that @o asks for, on the mount @fd; none when it asks for none. */
int wabe_rootfs_propagate(int fd, const struct wabe_mount_options *o, struct wabe_error *err);
/**
 * wabe_rootfs_mounts() - all mounts, in order; but those of and below /sys may wait while the creator makes the network namespace
 * that sysfs shows: what else there is to do in the root is done meanwhile.
 */
int wabe_rootfs_mounts(struct wabe_init *init, struct wabe_error *err);
/** wabe_rootfs_settle() - make the mounts that wait, if there are any: before anything that could see that they aren't there. */
int wabe_rootfs_settle(struct wabe_init *init, struct wabe_error *err);
/** wabe_remount_prepare() - find what mounts[@i], which has the option "remount", changes. -EINVAL: nothing before it is there. */
int wabe_remount_prepare(struct wabe_init *init, size_t i, struct wabe_error *err);
/** wabe_remount_note() - after a mount: remember its filesystem, if a later entry changes it. */
int wabe_remount_note(const struct wabe_init *init, struct wabe_init_mount *m,
		      struct wabe_error *err);
int wabe_remount_apply(const struct wabe_init *init, const struct wabe_init_mount *m,
		       struct wabe_error *err);
/** wabe_rootfs_add_context() - linux.mountLabel as an option of a new filesystem. */
int wabe_rootfs_add_context(struct wabe_init *init, struct wabe_strv *options,
			    struct wabe_error *err);
int wabe_rootfs_copy_link(struct wabe_init *init, const struct wabe_init_mount *m,
			  struct wabe_error *err);
int wabe_rootfs_copy_up(const struct wabe_init_mount *m, int from_fd, int to_fd,
			struct wabe_error *err);
int wabe_rootfs_prepare_mask(struct wabe_init *init, struct wabe_error *err); /* by the creator */
int wabe_rootfs_mask(struct wabe_init *init, struct wabe_error *err);
int wabe_root_lock(struct wabe_init *init, struct wabe_error *err);
int wabe_root_enter(struct wabe_init *init, struct wabe_error *err);
int wabe_devices_prepare(struct wabe_init *init, struct wabe_error *err);
int wabe_devices_make(struct wabe_init *init, struct wabe_error *err);
/** wabe_devices_note() - keep our own new tmpfs on /dev open (init->dev_fd), once @m is mounted; others may bring links. */
void wabe_devices_note(struct wabe_init *init, const struct wabe_init_mount *m);
/**
 * wabe_devices_mkdir() - make directory @path when its parent is init->dev_fd, as that of most default mounts is: nobody else has
 * been in there. -ENOENT: it isn't, -EEXIST: something is there; both take the general way.
 */
int wabe_devices_mkdir(const struct wabe_init *init, const char *path);
int wabe_console_make(struct wabe_init *init, struct wabe_error *err);
int wabe_console_reopen(struct wabe_init *init, struct wabe_error *err);

/** wabe_init_idmaps() - struct wabe_spec_idmap of @list as @init's arena holds them; NULL without memory. */
struct wabe_idmap *wabe_init_idmaps(struct wabe_init *init, const struct wabe_list *list);

/** wabe_init_dev_is_bound() - does a bind mount bring a /dev of its own (then nothing is made in it)? */
bool wabe_init_dev_is_bound(const struct wabe_init *init);

#endif
