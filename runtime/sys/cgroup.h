/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/cgroup: one interface over cgroup v2 (written directly) and v1 or hybrid hosts (through
 * libcgroup).
 *
 * Which driver is used is found out once at wabe_cgroup_open(). A cgroup is named by its path below
 * the root of the hierarchy ("/wabe/web1", "/vz/101"); on v1 the same path is used in every
 * controller's hierarchy.
 */
#ifndef WABE_SYS_CGROUP_H
#define WABE_SYS_CGROUP_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

enum wabe_cgroup_mode {
	WABE_CGROUP_V2,	    /* /sys/fs/cgroup is a cgroup2 mount */
	WABE_CGROUP_HYBRID, /* v1 controllers, and a cgroup2 mount beside them */
	WABE_CGROUP_V1,	    /* v1 controllers only */
	WABE_CGROUP_MODE_MAX,
};

struct wabe_cgroup; /* an open handle to one cgroup (existing or to be created) */

/* The hierarchies' roots, found and opened once, for a caller with many cgroups to look at. */
struct wabe_cgroup_roots;

int wabe_cgroup_roots_open(struct wabe_cgroup_roots **ret_roots, struct wabe_error *err);
void wabe_cgroup_roots_close(struct wabe_cgroup_roots **roots); /* after all their handles */

/**
 * wabe_cgroup_open() - handle for the cgroup at @path; creates nothing.
 * @path: absolute below the hierarchy's root, or relative to the caller's own cgroup; ".." is
 * refused (-EINVAL)
 */
int wabe_cgroup_open(const char *path, struct wabe_cgroup **ret_cgroup, struct wabe_error *err);

/** wabe_cgroup_open_in() - the same below @roots, which must outlive the handle; NULL: its own. */
int wabe_cgroup_open_in(const struct wabe_cgroup_roots *roots, const char *path,
			struct wabe_cgroup **ret_cgroup, struct wabe_error *err);
void wabe_cgroup_close(struct wabe_cgroup **cgroup); /* for _cleanup_ */

/**
 * wabe_cgroup_open_pid() - handle for the cgroup that process @pid (host pid) is in now: where a
 * further process of a running guest goes. A guest's systemd moves everything into leaves of its
 * own, and then nothing can be attached to the guest's upper cgroup any more (-EBUSY:
 * cgroup-v2.rst, "No Internal Process Constraint"). The path may be "/".
 */
int wabe_cgroup_open_pid(pid_t pid, struct wabe_cgroup **ret_cgroup, struct wabe_error *err);

/**
 * wabe_cgroup_delegated() - where a caller without privilege may make cgroups on a v2 host, and enter them: in the cgroup around
 * its own, which has no processes and can pass controllers on, or in its own (cgroup-v2.rst, "Delegation Containment").
 * @ret_path: caller frees
 * 0, -EACCES (neither is the caller's), -ENOTSUP (no v2 host), or -errno of what failed.
 */
int wabe_cgroup_delegated(char **ret_path, struct wabe_error *err);

enum wabe_cgroup_mode wabe_cgroup_mode(const struct wabe_cgroup *cgroup);
const char *wabe_cgroup_path(const struct wabe_cgroup *cgroup); /* absolute path below the root */

/**
 * wabe_cgroup_create() - make it, with parents, and enable all available controllers down to it
 * (v2: subtree_control of each parent; a controller that the host lacks is no error here, using it
 * later is). An existing cgroup that has processes is -EEXIST. *ret_was_created tells whether this
 * call made the last component.
 */
int wabe_cgroup_create(struct wabe_cgroup *cgroup, bool *ret_was_created, struct wabe_error *err);

/**
 * wabe_cgroup_adopt() - use a cgroup that somebody else (systemd) made, in the hierarchies that it
 * uses, with processes in it: make what is missing of it in those of v1's controllers.
 */
int wabe_cgroup_adopt(struct wabe_cgroup *cgroup, struct wabe_error *err);

/**
 * wabe_cgroup_dir_fd() - v2 directory (of the unified tree on a hybrid host) for clone3's
 * CLONE_INTO_CGROUP and for delegation; stays the handle's. -ENOTSUP on pure v1.
 */
int wabe_cgroup_dir_fd(struct wabe_cgroup *cgroup, struct wabe_error *err);

/**
 * wabe_cgroup_attach() - move process @pid (host pid), all its threads, there; on v1/hybrid into
 * every hierarchy, systemd's named one too. On v2 not needed after CLONE_INTO_CGROUP. A process
 * that is in a cgroup below it stays there when the kernel closes the upper one to processes.
 */
int wabe_cgroup_attach(struct wabe_cgroup *cgroup, pid_t pid, struct wabe_error *err);

/**
 * wabe_cgroup_attach_one() - the same in the v1 hierarchy of one @controller alone. -ENOTSUP: there is none, as on a v2 host.
 */
int wabe_cgroup_attach_one(struct wabe_cgroup *cgroup, const char *controller, pid_t pid,
			   struct wabe_error *err);

/** One limit, in cgroup v2 terms; the v1 driver translates. Unset members are left as they are. */
struct wabe_cgroup_limits {
	bool has_memory_max, has_memory_swap_max, has_memory_low, has_memory_high;
	int64_t memory_max_bytes;      /* < 0 = max */
	int64_t memory_swap_max_bytes; /* swap alone (v2 meaning), < 0 = max */
	int64_t memory_low_bytes, memory_high_bytes;
	bool has_cpu_weight;
	uint64_t cpu_weight; /* 1..10000, default 100 */
	/* v1: shares (2..262144) to write for that weight; 0 = wabe_cgroup_weight_to_shares() */
	uint64_t cpu_shares;
	bool has_cpu_max;
	int64_t cpu_quota_us;	/* < 0 = max */
	uint64_t cpu_period_us; /* 1000..1000000, 0 = 100000 */
	bool has_cpu_burst, has_cpu_idle;
	uint64_t cpu_burst_us;
	int64_t cpu_idle;
	const char *cpuset_cpus, *cpuset_mems; /* NULL = leave */
	bool has_pids_max;
	int64_t pids_max; /* < 0 = max */
	bool has_io_weight;
	uint64_t io_weight; /* 1..10000 */
	struct {	    /* NULL-terminated by count */
		struct wabe_cgroup_io_limit *items;
		size_t count;
	} io;
	struct {
		struct wabe_cgroup_hugetlb *items;
		size_t count;
	} hugetlb;
	struct {
		struct wabe_cgroup_rdma *items;
		size_t count;
	} rdma;
	/* What v1 alone has; on v2 -ENOTSUP. */
	struct wabe_cgroup_v1_limits {
		bool has_swappiness, has_oom_kill_disable, has_class_id;
		uint64_t swappiness;   /* 0..100 */
		bool oom_kill_disable; /* processes wait instead; false is fine on v2 */
		int64_t kernel_bytes;  /* 0: leave; < 0 = max, which is fine on v2 */
		int64_t kernel_tcp_bytes;
		uint64_t rt_period_us;	    /* 0: leave */
		int64_t rt_runtime_us;	    /* 0: leave */
		uint64_t blkio_leaf_weight; /* 10..1000, 0: leave */
		uint32_t class_id;
		struct wabe_cgroup_priority *priorities;
		size_t priority_count;
	} v1;
	struct wabe_cgroup_file {
		const char *file, *value;
	} * unified; /* v2 files as they are; on v1 -ENOTSUP */
	size_t unified_count;
};

struct wabe_cgroup_io_limit {
	uint32_t major, minor;
	uint64_t rbps, wbps, riops, wiops; /* 0 = leave, UINT64_MAX = max */
	uint64_t weight;		   /* 0 = leave */
	uint64_t leaf_weight;		   /* v1's, 10..1000; 0 = leave */
};

struct wabe_cgroup_hugetlb {
	const char *page_size; /* "2MB" */
	uint64_t limit_bytes;
};

struct wabe_cgroup_rdma {
	const char *device;		   /* "mlx5_1" */
	uint64_t hca_handles, hca_objects; /* UINT64_MAX = leave */
};

struct wabe_cgroup_priority {
	const char *interface;
	uint32_t priority;
};

/**
 * wabe_cgroup_limit() - apply @limits. A limit that this host can't enforce (controller missing) is
 * -ENOTSUP with the controller's name; errors diagnose ("cpuset.cpus 0-7: the host has CPUs 0-1").
 * "max" is success where nothing limits. memory_high and unified are v2's alone. The ranges above
 * are checked first (-ERANGE), else what was written stays.
 */
int wabe_cgroup_limit(struct wabe_cgroup *cgroup, const struct wabe_cgroup_limits *limits,
		      struct wabe_error *err);

/**
 * wabe_cgroup_protect() - make memory.min and memory.low of the cgroup, which are set, hold: those
 * of the cgroup right above it become the sum of what is below, and further up at least that. Reads
 * its siblings; itself need not be there (any more). On v1, which has neither, nothing is done.
 */
int wabe_cgroup_protect(struct wabe_cgroup *cgroup, struct wabe_error *err);

enum {
	WABE_CGROUP_DEVICE_READ = 1 << 0,
	WABE_CGROUP_DEVICE_WRITE = 1 << 1,
	WABE_CGROUP_DEVICE_MKNOD = 1 << 2,
	WABE_CGROUP_DEVICE_ALL = 7,
};

/** Who may open or make a device node; by type and number, not by name. */
struct wabe_cgroup_device_rule {
	bool is_allowed;
	char type;	      /* 'b', 'c', 'a' (both) */
	int64_t major, minor; /* < 0: every one; at most 0xfff, 0xfffff */
	unsigned int access;  /* WABE_CGROUP_DEVICE_*, at least one */
};

/**
 * wabe_cgroup_devices() - which device nodes its processes may use, instead of an earlier call's
 * rules. For each of read, write, mknod the last rule that matches counts; what none matches is
 * denied. The cgroups above must allow it too. It concerns opens and mknods from now on.
 *
 * A program of the cgroup2 tree (cgroup-v2.rst, "Device controller"), a handful of system calls for
 * a cgroup that this handle made; else v1's 'devices' controller, which can't take back a part of a wider
 * rule.
 * Returns 0; -ENOTSUP: this host can't, and why; -EPERM: no right to; -EINVAL, -E2BIG, -errno.
 */
int wabe_cgroup_devices(struct wabe_cgroup *cgroup, const struct wabe_cgroup_device_rule *rules,
			size_t count, struct wabe_error *err);

/**
 * wabe_cgroup_share_programs() - let device rules of this handle take the program of another cgroup
 * that has the same, if one was loaded with the same directory.
 * @dir_fd: a directory of root's own, where it is written down as an attribute; borrowed, as long as
 * the handle is used. Without one, or where its file system has no "trusted." attributes (xattr(7)),
 * and for callers without CAP_SYS_ADMIN on the host, each cgroup has a program of its own.
 */
void wabe_cgroup_share_programs(struct wabe_cgroup *cgroup, int dir_fd);

/**
 * wabe_cgroup_has() - does this host enforce limits of @controller ("memory" "cpu" "pids" "io"
 * "cpuset" "hugetlb" "freezer")?
 */
bool wabe_cgroup_has(struct wabe_cgroup *cgroup, const char *controller);

/**
 * wabe_cgroup_delegate() - give the v2 directory to @uid:@gid (cgroup-v2.rst, "Delegation": the
 * directory, cgroup.procs, cgroup.threads, cgroup.subtree_control; /sys/kernel/cgroup/delegate
 * lists them), so that a guest's systemd works in it. The limits' files stay root's; the number of
 * cgroups below is bounded to 4096, their depth to 32, unless bounds are set already.
 */
int wabe_cgroup_delegate(struct wabe_cgroup *cgroup, uid_t uid, gid_t gid, struct wabe_error *err);

/**
 * wabe_cgroup_freeze() - freeze or thaw, and wait until it is so (at most @timeout_ms). -ETIMEDOUT
 * else; what could not be frozen is then thawed again. A hybrid host's cgroup2 tree does it, v1's
 * freezer controller only without one.
 */
int wabe_cgroup_freeze(struct wabe_cgroup *cgroup, bool is_frozen, int timeout_ms,
		       struct wabe_error *err);

/** wabe_cgroup_frozen() - 1 frozen, 0 not, or -errno (-ENOENT: there is no such cgroup). */
int wabe_cgroup_frozen(struct wabe_cgroup *cgroup, struct wabe_error *err);

/**
 * wabe_cgroup_signal() - @signal to every process in it and below; a missing cgroup has none (0).
 * SIGKILL by cgroup.kill; others, and SIGKILL on v1, to each pid while they are frozen. Does not
 * wait for them to die: wabe_cgroup_remove() does. -EDEADLK: the caller itself is in it.
 */
int wabe_cgroup_signal(struct wabe_cgroup *cgroup, int signal, struct wabe_error *err);

/** wabe_cgroup_pids() - host pids of it and below, malloc'd array, caller frees. */
int wabe_cgroup_pids(struct wabe_cgroup *cgroup, pid_t **ret_pids, size_t *ret_count,
		     struct wabe_error *err);

/**
 * wabe_cgroup_remove() - rmdir it and all below (what a guest made there); waits for dying
 * processes at most @timeout_ms (-EBUSY). A missing cgroup is success.
 */
int wabe_cgroup_remove(struct wabe_cgroup *cgroup, int timeout_ms, struct wabe_error *err);

/**
 * Counters; a member is UINT64_MAX when the host doesn't count it, and a *_max when it is
 * unlimited.
 */
struct wabe_cgroup_stats {
	uint64_t memory_bytes, memory_peak_bytes, memory_max_bytes, memory_failcnt;
	uint64_t swap_bytes, swap_max_bytes, oom_kills;
	uint64_t cpu_usage_us, cpu_user_us, cpu_system_us;
	uint64_t cpu_throttled_us, cpu_nr_periods, cpu_nr_throttled;
	uint64_t pids, pids_max, pids_failcnt;
	/* Parts of memory_bytes: the kernel's, of that what it can free, tmpfs and shared, locked. */
	uint64_t kernel_bytes, reclaimable_bytes, shmem_bytes, locked_bytes;
	uint64_t pids_peak, swap_peak_bytes, swap_failcnt;
};

/* The bit of one member, for wabe_cgroup_stats(). */
#define WABE_CGROUP_STAT(member) \
	(1u << (offsetof(struct wabe_cgroup_stats, member) / sizeof(uint64_t)))
#define WABE_CGROUP_STATS_ALL ((1u << (sizeof(struct wabe_cgroup_stats) / sizeof(uint64_t))) - 1)

/**
 * wabe_cgroup_stats() - read its counters.
 * @wanted: WABE_CGROUP_STAT() of the members that are needed: nearly each is a file of its own, and
 * only theirs are read. The others are UINT64_MAX.
 * -ENOENT: there is no such cgroup.
 */
int wabe_cgroup_stats(struct wabe_cgroup *cgroup, unsigned int wanted,
		      struct wabe_cgroup_stats *ret_stats, struct wabe_error *err);

/**
 * wabe_cgroup_read() - one of its files, whole if it fits @room, the last newline cut.
 * @v1_controller: a controller of v1, whose hierarchy is asked; NULL: the cgroup2 tree
 * Length, or -errno: -ENOTSUP: no such hierarchy, -ENOENT: no such cgroup or file
 */
int wabe_cgroup_read(struct wabe_cgroup *cgroup, const char *v1_controller, const char *file,
		     char *text, size_t room);

/** wabe_cgroup_read_root() - the same of the hierarchy's root, above all cgroups. */
int wabe_cgroup_read_root(struct wabe_cgroup *cgroup, const char *v1_controller, const char *file,
			  char *text, size_t room);

/** wabe_cgroup_is_v1() - is the controller @name (v1's: "memory", "blkio") in a hierarchy of v1? */
bool wabe_cgroup_is_v1(struct wabe_cgroup *cgroup, const char *name);

/** What a cgroup runs short of. */
enum wabe_cgroup_watched {
	WABE_CGROUP_WATCH_OOM,	/* memory: processes are killed for want of it */
	WABE_CGROUP_WATCH_PIDS, /* processes: a fork is refused */
};

/** A wait for that in a cgroup: poll(2) @fd for @poll_events, then read. */
struct wabe_cgroup_watch {
	int fd;
	short poll_events;
	int control_fd;	 /* v1's memory.oom_control, which the eventfd is bound to */
	const char *key; /* of the file: what it counts there */
	uint64_t count;	 /* so far, but not of the eventfd */
};

#define WABE_CGROUP_WATCH_INIT                     \
	{                                          \
		.fd = -EBADF, .control_fd = -EBADF \
	}

/** wabe_cgroup_watch_open() - -ENOTSUP: not that controller here; close it by the last function. */
int wabe_cgroup_watch_open(struct wabe_cgroup *cgroup, enum wabe_cgroup_watched what,
			   struct wabe_cgroup_watch *ret_watch, struct wabe_error *err);

/** wabe_cgroup_watch_read() - how often since the last call; -ENODEV: the cgroup is gone. */
int wabe_cgroup_watch_read(struct wabe_cgroup_watch *watch);
void wabe_cgroup_watch_close(struct wabe_cgroup_watch *watch);

/**
 * wabe_cgroup_shares_to_weight() - OCI cpu.shares (2..262144, default 1024) to cpu.weight
 * (1..10000, default 100): ceil(10^((l^2 + 125 l) / 612 - 7/34)), l = log2(shares); crun(1) "CPU
 * controller" since 1.23 and runc since 1.3.2. 0 (unset) is 0, what is out of range is taken as the
 * nearest end. weight_to_shares() is the inverse.
 */
uint64_t wabe_cgroup_shares_to_weight(uint64_t shares);
uint64_t wabe_cgroup_weight_to_shares(uint64_t weight);

/**
 * wabe_cgroup_blkio_to_io_weight() - OCI blockIO weight (10..1000) to io.weight (1..10000), linear:
 * crun(1) "IO controller". 0 is 0; the other function is the inverse.
 */
uint64_t wabe_cgroup_blkio_to_io_weight(uint64_t blkio_weight);
uint64_t wabe_cgroup_io_to_blkio_weight(uint64_t io_weight);

/**
 * wabe_cgroup_parse_own() - path of the line of @controller ("" = cgroup2) in the text of
 * /proc/PID/cgroup (cgroups(7)).
 * @ret_path: malloc'd, caller frees. 0, -ENOENT (no such line, or the cgroup was removed) or
 * -ENOMEM.
 */
int wabe_cgroup_parse_own(const char *text, const char *controller, char **ret_path);

#endif
