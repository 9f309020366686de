/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/cgroup, inside: what the front (cgroup.c) and the drivers share. Nobody else includes this.
 *
 *   cgroup.c           open, paths, mode, dispatch
 *   cgroup_tree.c      walks and files of any hierarchy
 *   cgroup_v2.c        the cgroup2 tree: create, attach, freeze, kill
 *   cgroup_v2_limit.c  its limits
 *   cgroup_v1.c        v1 and hybrid (libcgroup)
 *   cgroup_v1_limit.c  their limits
 *   cgroup_v1_only.c   limits that v2 has no counterpart of
 *   cgroup_stats.c     counters of both
 *   cgroup_watch.c     out of memory, as it happens
 *   cgroup_protect.c   guarantees of memory, upwards
 *   cgroup_diagnose.c  why a limit or a move failed
 *   cgroup_convert.c   numbers of v1 in those of v2
 *   cgroup_device*.c   rules for device nodes, with a header of their own
 */
#ifndef WABE_SYS_CGROUP_INTERNAL_H
#define WABE_SYS_CGROUP_INTERNAL_H

#include "sys/cgroup.h"

#define WABE_CGROUP_ROOT "/sys/fs/cgroup"
#define WABE_CGROUP_TEXT_MAX 512 /* the small files: memory.events, cgroup.controllers ... */
/* memory.rst: "-1" reads as LONG_MAX rounded down to a page */
#define WABE_CGROUP_V1_UNLIMITED 0x7ffffffffff00000ULL

/** What a driver does; the arguments are those of the public functions of the same name. */
struct wabe_cgroup_ops {
	int (*create)(struct wabe_cgroup *cgroup, bool *ret_was_created, struct wabe_error *err);
	int (*attach)(struct wabe_cgroup *cgroup, pid_t pid, struct wabe_error *err);
	int (*limit)(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *limits,
		     struct wabe_error *err);
	bool (*has)(struct wabe_cgroup *cgroup, const char *controller);
	int (*freeze)(struct wabe_cgroup *cgroup, bool is_frozen, int timeout_ms,
		      struct wabe_error *err);
	int (*frozen)(struct wabe_cgroup *cgroup, struct wabe_error *err);
	int (*signal)(struct wabe_cgroup *cgroup, int signal, struct wabe_error *err);
	int (*pids)(struct wabe_cgroup *cgroup, pid_t **ret_pids, size_t *ret_count,
		    struct wabe_error *err);
	int (*remove)(struct wabe_cgroup *cgroup, int timeout_ms, struct wabe_error *err);
	int (*stats)(struct wabe_cgroup *cgroup, unsigned int wanted,
		     struct wabe_cgroup_stats *ret_stats, struct wabe_error *err);
	int (*devices)(struct wabe_cgroup *cgroup, const struct wabe_cgroup_device_rule *rules,
		       size_t count, struct wabe_error *err);
};

struct wabe_cgroup_v1;

#define WABE_CGROUP_HIERARCHIES_MAX 24 /* the kernel has 14 controllers; some named ones */

/* What all handles of one host can share. */
struct wabe_cgroup_roots {
	const struct wabe_cgroup_ops *ops;
	enum wabe_cgroup_mode mode;
	int root_fd;		   /* O_PATH of the cgroup2 root; -EBADF on pure v1 */
	struct wabe_cgroup_v1 *v1; /* NULL on v2 */
};

struct wabe_cgroup {
	struct wabe_cgroup_roots *own_roots; /* NULL: they are the caller's */
	/* copies of the roots', whoever owns them */
	const struct wabe_cgroup_ops *ops;
	enum wabe_cgroup_mode mode;
	int root_fd;
	struct wabe_cgroup_v1 *v1;
	char *path; /* "/vz/101" */
	int dir_fd; /* O_PATH of the cgroup in the cgroup2 tree, opened when first needed */
	int v1_dir_fds[WABE_CGROUP_HIERARCHIES_MAX]; /* the same in v1's hierarchies */
	/* the root's cgroup.controllers, read when first needed */
	char available[WABE_CGROUP_TEXT_MAX];
	bool is_available_known;
	bool is_new;  /* its cgroup2 directory was made by this handle, no program is attached */
	int share_fd; /* borrowed, see wabe_cgroup_share_programs(); < 0: none */
};

/* cgroup_tree.c: the same on every hierarchy */

/**
 * wabe_cgroup_file_read() - a small file by one read(2), NUL-terminated, last newline cut. Length
 * or -errno; longer is cut.
 */
int wabe_cgroup_file_read(int dir_fd, const char *file, char *text, size_t room);

/**
 * wabe_cgroup_file_read_below() - the same of a cgroup that isn't open: of @path ("/vz/101") below
 * @root_fd. For one file it costs half of what opening the directory and the file in it does.
 */
int wabe_cgroup_file_read_below(int root_fd, const char *path, const char *file, char *text,
				size_t room);

/** wabe_cgroup_file_write() - 0 or -errno; -ENOENT: there is no such file. */
int wabe_cgroup_file_write(int dir_fd, const char *file, const char *text);

/**
 * wabe_cgroup_file_u64() - a file with one number; "max" is UINT64_MAX. 0 or -errno (-EINVAL:
 * something else is in it).
 */
int wabe_cgroup_file_u64(int dir_fd, const char *file, uint64_t *ret_value);

/** wabe_cgroup_text_number() - a text that is one number, as wabe_cgroup_file_u64(). */
int wabe_cgroup_text_number(const char *text, uint64_t *ret_value);

/**
 * wabe_cgroup_text_u64() - value of "@key VALUE" in a flat keyed text (cgroup-v2.rst, "Format"). 0
 * or -ENOENT.
 */
int wabe_cgroup_text_u64(const char *text, const char *key, uint64_t *ret_value);

/** wabe_cgroup_text_has() - is @word one of the blank-separated words of @text? */
bool wabe_cgroup_text_has(const char *text, const char *word);

/** wabe_cgroup_tree_mkdir() - 1: made (with parents), 0: it was there, or -errno. */
int wabe_cgroup_tree_mkdir(int root_fd, const char *path);

/**
 * wabe_cgroup_tree_remove() - rmdir @path and all below, retried until @deadline_ms of
 * wabe_cgroup_now_ms(). 0 or -errno (-EBUSY).
 */
int wabe_cgroup_tree_remove(int root_fd, const char *path, int64_t deadline_ms);

/** wabe_cgroup_tree_pids() - cgroup.procs of the directory and of all below. 0 or -errno. */
int wabe_cgroup_tree_pids(int dir_fd, pid_t **ret_pids, size_t *ret_count);

/**
 * wabe_cgroup_signal_each() - freeze, signal every pid until no new one shows up, thaw as it was.
 * 0 or -errno.
 */
int wabe_cgroup_signal_each(struct wabe_cgroup *cgroup, int signal, struct wabe_error *err);

/** wabe_cgroup_now_ms() - CLOCK_MONOTONIC. */
int64_t wabe_cgroup_now_ms(void);

/* cgroup_v2.c: the cgroup2 tree, of a v2 host or beside v1 */
extern const struct wabe_cgroup_ops wabe_cgroup_v2_ops;

/** wabe_cgroup_v2_dir() - the handle's dir_fd, opened if need be; -errno (-ENOENT: no such cgroup).
 */
int wabe_cgroup_v2_dir(struct wabe_cgroup *cgroup);

/** wabe_cgroup_v2_read() - one file of it, by the directory if that is open. As wabe_cgroup_file_read(). */
int wabe_cgroup_v2_read(struct wabe_cgroup *cgroup, const char *file, char *text, size_t room);

/** wabe_cgroup_v2_available() - the root's cgroup.controllers; "" when it can't be read. */
const char *wabe_cgroup_v2_available(struct wabe_cgroup *cgroup);

/** wabe_cgroup_v2_claim() - mkdir with parents, refuse a populated one. No controllers are enabled.
 */
int wabe_cgroup_v2_claim(struct wabe_cgroup *cgroup, bool *ret_was_created, struct wabe_error *err);

/**
 * wabe_cgroup_v2_enable() - write what is available and missing into the parents'
 * cgroup.subtree_control; best effort.
 */
void wabe_cgroup_v2_enable(struct wabe_cgroup *cgroup);

/**
 * wabe_cgroup_v2_wait_event() - wait until cgroup.events has "@key @value". 0, -ETIMEDOUT, -ENOENT
 * (cgroup gone) or -errno.
 */
int wabe_cgroup_v2_wait_event(int dir_fd, const char *key, uint64_t value, int64_t deadline_ms);

int wabe_cgroup_v2_attach(struct wabe_cgroup *cgroup, pid_t pid, struct wabe_error *err);
int wabe_cgroup_v2_freeze(struct wabe_cgroup *cgroup, bool is_frozen, int timeout_ms,
			  struct wabe_error *err);
int wabe_cgroup_v2_frozen(struct wabe_cgroup *cgroup, struct wabe_error *err);
int wabe_cgroup_v2_signal(struct wabe_cgroup *cgroup, int signal, struct wabe_error *err);
int wabe_cgroup_v2_pids(struct wabe_cgroup *cgroup, pid_t **ret_pids, size_t *ret_count,
			struct wabe_error *err);
int wabe_cgroup_v2_remove(struct wabe_cgroup *cgroup, int timeout_ms, struct wabe_error *err);

/* cgroup_v2_limit.c */
int wabe_cgroup_v2_limit(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *limits,
			 struct wabe_error *err);

/** wabe_cgroup_limits_check() - ranges that hold for every driver. 0, -ERANGE or -EINVAL. */
int wabe_cgroup_limits_check(const struct wabe_cgroup_limits *limits, struct wabe_error *err);

/* cgroup_diagnose.c: from an errno to what the host lacks. All set @err and return the code. */
int wabe_cgroup_explain_v2(struct wabe_cgroup *cgroup, int code, const char *file,
			   const char *value, struct wabe_error *err);
int wabe_cgroup_explain_v1(struct wabe_cgroup *cgroup, int code, const char *controller,
			   const char *file, const char *value, struct wabe_error *err);
int wabe_cgroup_explain_remove(struct wabe_cgroup *cgroup, int code, struct wabe_error *err);
int wabe_cgroup_explain_attach(struct wabe_cgroup *cgroup, int code, pid_t pid, const char *where,
			       struct wabe_error *err);

/* cgroup_v1.c: v1 hierarchies; with a cgroup2 mount beside them also that one */
extern const struct wabe_cgroup_ops wabe_cgroup_v1_ops;
int wabe_cgroup_v1_open(struct wabe_cgroup_roots *roots, struct wabe_error *err);
void wabe_cgroup_v1_close(struct wabe_cgroup_roots *roots);

/** wabe_cgroup_v1_complete() - make it where it is missing, with cpusets that take processes. */
int wabe_cgroup_v1_complete(struct wabe_cgroup *cgroup, struct wabe_error *err);

/**
 * wabe_cgroup_v1_dir() - O_PATH directory of the cgroup in @controller's hierarchy, the handle's;
 * -ENOTSUP: not mounted.
 */
int wabe_cgroup_v1_dir(struct wabe_cgroup *cgroup, const char *controller);

/** wabe_cgroup_v1_read() - one file of it in @controller's hierarchy, by the directory if that is open. */
int wabe_cgroup_v1_read(struct wabe_cgroup *cgroup, const char *controller, const char *file,
			char *text, size_t room);

/** wabe_cgroup_v1_root() - O_PATH directory of the hierarchy's root; -ENOTSUP as above. */
int wabe_cgroup_v1_root(struct wabe_cgroup *cgroup, const char *controller);

/** wabe_cgroup_v1_set() - write one value through libcgroup. 0 or -errno, no message. */
int wabe_cgroup_v1_set(struct wabe_cgroup *cgroup, const char *controller, const char *file,
		       const char *value);

/** wabe_cgroup_rdma_text() - what rdma.max takes, of both versions: "mlx5_1 hca_handle=2". */
void wabe_cgroup_rdma_text(const struct wabe_cgroup_rdma *rdma, char *text, size_t room);

/* cgroup_v1_only.c */
int wabe_cgroup_v1_limit_only(struct wabe_cgroup *cgroup,
			      const struct wabe_cgroup_v1_limits *limits, struct wabe_error *err);

/** wabe_cgroup_v2_refuse_v1() - -ENOTSUP when they ask for what v1 alone has. */
int wabe_cgroup_v2_refuse_v1(const struct wabe_cgroup_limits *limits, struct wabe_error *err);

/* cgroup_v1_limit.c: one value, failures explained */
int wabe_cgroup_v1_put(struct wabe_cgroup *cgroup, const char *controller, const char *file,
		       const char *value, struct wabe_error *err);
int wabe_cgroup_v1_putf(struct wabe_cgroup *cgroup, struct wabe_error *err, const char *controller,
			const char *file, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
int wabe_cgroup_v1_limit(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *limits,
			 struct wabe_error *err);

/* cgroup_device_bpf.c, cgroup_device.c */
int wabe_cgroup_v2_devices(struct wabe_cgroup *cgroup, const struct wabe_cgroup_device_rule *rules,
			   size_t count, struct wabe_error *err);
int wabe_cgroup_v1_devices(struct wabe_cgroup *cgroup, const struct wabe_cgroup_device_rule *rules,
			   size_t count, struct wabe_error *err);

/* cgroup_stats.c */
int wabe_cgroup_v2_stats(struct wabe_cgroup *cgroup, unsigned int wanted,
			 struct wabe_cgroup_stats *ret_stats, struct wabe_error *err);
int wabe_cgroup_v1_stats(struct wabe_cgroup *cgroup, unsigned int wanted,
			 struct wabe_cgroup_stats *ret_stats, struct wabe_error *err);

#endif
