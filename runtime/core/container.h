/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/container: what is known of one container, and its place in the state store.
 *
 *     <state root>/<id>/state.json    what is kept (core/state.c owns the table of its fields)
 *                       config.json   the spec it was created with, for exec and hooks
 *                       start         socket on which the created process waits
 *
 * create, start and delete are serialised by flock(2) on the directory itself. A child closes its copy of the descriptor
 * first, so that the lock ends with its holder.
 *
 * A directory without a readable state.json is a create that was killed, or a damaged state: it loads as STOPPED with
 * the cgroup that the id implies, so that delete can clean it up.
 */
#ifndef WABE_CORE_CONTAINER_H
#define WABE_CORE_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "wabe.h"

#define WABE_STATE_FILE "state.json"
#define WABE_CONFIG_FILE "config.json"
#define WABE_START_SOCKET "start"

/* What state.json holds. */
struct wabe_state {
	const char *oci_version;
	const char *id;
	const char *bundle;
	const char *rootfs;	 /* absolute, on the host */
	const char *cgroup;	 /* absolute below the hierarchy's root; NULL = none */
	const char *scope;	 /* unit of systemd that the cgroup is, NULL = none */
	const char *scope_slice; /* where it is made */
	bool is_user_scope;	 /* of the caller's service manager, not of the host's */
	const char *rdt_class;	 /* class of service in resctrl, NULL = none */
	const char *rdt_monitor; /* its monitoring group, NULL = none */
	bool is_rdt_made;	 /* the class was made for it */
	const char *config_path; /* of the front end, or NULL */
	struct wabe_pairs annotations;
	int64_t pid;	      /* of init on the host, 0 until it exists */
	uint64_t start_ticks; /* of init, with pid its identity */
	int64_t created_us;   /* CLOCK_REALTIME */
	bool is_created;      /* create finished (else: creating, or its creator died) */
	bool is_started;      /* start was let through */
	bool keeps_keyring;   /* processes have the caller's session keyring */
	bool has_poststop;    /* config.json has hooks to run at delete */
};

struct wabe_container {
	struct wabe_arena arena;
	const struct wabe_runtime *rt;
	struct wabe_state state;
	int root_fd;	    /* the state root */
	int dir_fd;	    /* the state directory, < 0: one of many, not opened so far */
	int pidfd;	    /* of init once opened, < 0 = not */
	bool is_waited_for; /* init has ended, and the caller was its parent */
	int notify_fd;	    /* bound socket of its sd_notify(3), not yet taken, < 0 = none */
	int sync_fd;	    /* socket to init while we are its creator, < 0 = not */
	bool is_loaded; /* found, not made by us, or changed by others since: read again when we have its lock */
	bool is_root_shared;   /* root_fd is the runtime's */
	bool is_alone;	       /* a new one, and at most one other was in the state root */
	bool is_damaged;       /* state.json can't be read */
	struct wabe_spec spec; /* loaded from config.json on demand */
	bool has_spec;
	struct wabe_cgroup *cgroup; /* opened on demand */
};

/**
 * wabe_state_parse() - state.json from memory into the zeroed @state, whose strings belong to @arena.
 * 0, -EINVAL or -ERANGE (@state may be half filled), -ENOMEM.
 */
int wabe_state_parse(struct wabe_arena *arena, const char *text, size_t len,
		     struct wabe_state *state, struct wabe_error *err);

/** wabe_state_format() - state.json appended to @out; parsing it gives the same state. 0 or -ENOMEM. */
int wabe_state_format(const struct wabe_state *state, struct wabe_buf *out);

/** wabe_state_save() - replace state.json. */
int wabe_state_save(struct wabe_container *c, struct wabe_error *err);

/**
 * wabe_state_mark_changed() - for who is going to write what a creator that still runs (`wabe run` in the foreground) has to know
 * when it deletes: it takes its own state for true otherwise. The mark is a bit of the state directory's mode, which taking
 * the lock looks at anyway. The caller holds the lock.
 */
int wabe_state_mark_changed(struct wabe_container *c, struct wabe_error *err);

/**
 * wabe_state_first_config() - the config.json of a new state: as @spec was read, because writing it anew costs as much as reading
 * it. By no rename: state.json comes after it, and without that nobody relies on it.
 */
int wabe_state_first_config(struct wabe_container *c, const struct wabe_spec *spec,
			    struct wabe_error *err);

/** wabe_state_save_config() - replace the config.json of the state, which wabe_container_spec() reads. The caller holds the lock. */
int wabe_state_save_config(struct wabe_container *c, const struct wabe_spec *spec,
			   struct wabe_error *err);

/** wabe_state_new() - make <root>/<id>/ (0700); -EEXIST when the id is taken. The container is locked by the caller. */
int wabe_state_new(const struct wabe_runtime *rt, const char *id,
		   struct wabe_container **ret_container, struct wabe_error *err);

/** wabe_state_dir() - c->dir_fd, opened on demand; -errno. */
int wabe_state_dir(struct wabe_container *c, struct wabe_error *err);

/** wabe_state_refresh() - read a loaded container's state again, after its lock was taken: who held it before may have changed it. */
int wabe_state_refresh(struct wabe_container *c, struct wabe_error *err);

/** wabe_state_cgroup_path() - where a container belongs whose linux.cgroupsPath is @wanted (NULL: none), in its arena. */
const char *wabe_state_cgroup_path(struct wabe_container *c, const char *wanted);

/** wabe_state_remove() - take the state directory away: files first, then the directory, so that the id is free last. */
int wabe_state_remove(struct wabe_container *c, struct wabe_error *err);

/** wabe_container_lock() - exclusive lock of an existing container; -ENOENT when it was deleted meanwhile. */
int wabe_container_lock(struct wabe_container *c, int timeout_ms, struct wabe_error *err);
void wabe_container_unlock(struct wabe_container *c);

/** wabe_container_open_cgroup() - c->cgroup, opened on demand; -ENOENT when the container has none. */
int wabe_container_open_cgroup(struct wabe_container *c, struct wabe_error *err);

/** wabe_container_open_init() - c->pidfd, opened and verified on demand; -ESRCH when init is gone. */
int wabe_container_open_init(struct wabe_container *c, struct wabe_error *err);

/** wabe_state_write() - the state document of runtime.md with @status, as an object of a document that is being written. */
void wabe_state_write(struct wabe_container *c, enum wabe_status status,
		      struct wabe_json_writer *w);

/** wabe_state_json() - the state document of runtime.md with @status, for hooks. */
int wabe_state_json(struct wabe_container *c, enum wabe_status status, struct wabe_buf *out,
		    struct wabe_error *err);

#endif
