/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spec/model: config.json of the OCI runtime specification (config.md, config-linux.md) as C structs.
 *
 * Both front ends end here: `wabe` loads it from a bundle, vzctl builds it from a guest's parameters. Names follow the
 * specification; what is absent there is NULL, zero count or !is_set here. All memory belongs to .arena.
 */
#ifndef WABE_SPEC_MODEL_H
#define WABE_SPEC_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/codec.h"
#include "base/parse.h"
#include "base/str.h"

#define WABE_SPEC_VERSION "1.3.0"

/* config.md, "User"; additionalGids are exact: no group of the image is added. */
struct wabe_spec_user {
	uint32_t uid;
	uint32_t gid;
	struct wabe_opt_u64 umask;
	struct wabe_u32_list additional_gids;
};

/* Bit masks by capability number (capability.h); bit 63 is never a capability. */
struct wabe_spec_capabilities {
	uint64_t bounding, effective, inheritable, permitted, ambient;
	struct wabe_strv unknown; /* names in them that are none: to be warned of (config.md) */
};

struct wabe_spec_rlimit {
	int type; /* RLIMIT_* */
	uint64_t soft, hard;
};

struct wabe_spec_size {
	uint32_t height, width;
};

/* config.md, "scheduler"; sched_setattr(2). What is absent is 0. */
struct wabe_spec_scheduler {
	int policy;			    /* SCHED_* */
	struct wabe_opt_i64 nice;	    /* -20..19 */
	struct wabe_opt_i64 priority;	    /* 1..99 with SCHED_FIFO and SCHED_RR, else 0 */
	uint64_t flags;			    /* bits of SCHED_FLAG_* */
	uint64_t runtime, deadline, period; /* nanoseconds, SCHED_DEADLINE only */
};

/* config.md, "ioPriority"; ioprio_set(2). */
struct wabe_spec_io_priority {
	int class;	  /* IOPRIO_CLASS_* */
	int64_t priority; /* 0..7, the highest first */
};

/* config.md, "execCPUAffinity": of exec's processes; sets in list format ("0-3,7"), NULL: as it comes. */
struct wabe_spec_cpu_affinity {
	const char *initial, *final; /* before and after the process joins the container's cgroup */
};

struct wabe_spec_process {
	bool terminal;
	struct wabe_spec_size console_size;
	struct wabe_spec_user user;
	struct wabe_strv args;
	struct wabe_strv env;
	const char *cwd;
	struct wabe_spec_capabilities *capabilities; /* NULL: all sets empty (config.md) */
	struct wabe_list rlimits;		     /* struct wabe_spec_rlimit */
	bool no_new_privileges;
	struct wabe_opt_i64 oom_score_adj;		  /* -1000..1000 */
	const char *apparmor_profile;			  /* NULL: none */
	const char *selinux_label;			  /* NULL: none */
	struct wabe_spec_scheduler *scheduler;		  /* NULL: the caller's */
	struct wabe_spec_io_priority *io_priority;	  /* NULL: the caller's */
	struct wabe_spec_cpu_affinity *exec_cpu_affinity; /* NULL: as it comes */
};

struct wabe_spec_root {
	const char *path; /* absolute, or relative to the bundle */
	bool readonly;
};

struct wabe_spec_mount {
	const char *destination; /* absolute in the guest */
	const char *type;
	const char *source;
	struct wabe_strv options;
	struct wabe_list uid_mappings, gid_mappings; /* struct wabe_spec_idmap; none: see "idmap" */
};

struct wabe_spec_hook {
	const char *path; /* absolute, on the host */
	struct wabe_strv args;
	struct wabe_strv env;
	struct wabe_opt_i64 timeout; /* seconds, > 0 */
};

/* config.md, "POSIX-platform Hooks"; lists of struct wabe_spec_hook. */
struct wabe_spec_hooks {
	struct wabe_list prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

enum wabe_spec_ns {
	WABE_NS_USER,
	WABE_NS_MOUNT,
	WABE_NS_PID,
	WABE_NS_NETWORK,
	WABE_NS_IPC,
	WABE_NS_UTS,
	WABE_NS_CGROUP,
	WABE_NS_TIME,
	WABE_NS_MAX,
};

struct wabe_spec_namespace {
	int type;	  /* enum wabe_spec_ns */
	const char *path; /* NULL: a new one */
};

struct wabe_spec_idmap {
	uint32_t container_id, host_id, size;
};

struct wabe_spec_time_offset {
	int64_t secs;
	uint32_t nanosecs; /* 0..999999999 */
};

/* config-linux.md, "Offset for Time Namespace" */
struct wabe_spec_time_offsets {
	struct wabe_spec_time_offset monotonic, boottime;
};

/* config-linux.md, "Network Devices" */
struct wabe_spec_net_device {
	const char *host_name; /* the key */
	const char *name;      /* in the container, NULL: the same */
};

struct wabe_spec_device {
	const char *path;
	const char *type; /* c u b p */
	struct wabe_opt_i64 major, minor;
	struct wabe_opt_u64 file_mode; /* permission bits, default 0666 */
	struct wabe_opt_u64 uid, gid;  /* in the guest, default 0 */
};

struct wabe_spec_device_rule {
	bool allow;
	const char *type;		  /* a c b, default a */
	struct wabe_opt_i64 major, minor; /* unset or -1: any */
	const char *access;		  /* of r w m */
};

/* Bytes; -1 is unlimited (config-linux.md, "Memory"). swap is memory plus swap, as cgroup v1 counts it. */
struct wabe_spec_memory {
	struct wabe_opt_i64 limit, reservation, swap, kernel, kernel_tcp;
	struct wabe_opt_u64 swappiness;
	struct wabe_opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};

/* Times in microseconds. */
struct wabe_spec_cpu {
	struct wabe_opt_u64 shares, burst, period, realtime_period;
	struct wabe_opt_i64 quota, realtime_runtime, idle;
	const char *cpus; /* list, "0-3,7" */
	const char *mems;
};

struct wabe_spec_pids {
	struct wabe_opt_i64
		limit; /* < 0: unlimited; 0: not set, as what a configuration before 1.3 says with it */
};

struct wabe_spec_weight_device {
	int64_t major, minor;
	struct wabe_opt_u64 weight, leaf_weight; /* 10..1000 */
};

struct wabe_spec_throttle_device {
	int64_t major, minor;
	uint64_t rate; /* bytes or operations a second */
};

struct wabe_spec_block_io {
	struct wabe_opt_u64 weight, leaf_weight; /* 10..1000 */
	struct wabe_list weight_device;		 /* struct wabe_spec_weight_device */
	struct wabe_list throttle_read_bps, throttle_write_bps, throttle_read_iops,
		throttle_write_iops;
};

struct wabe_spec_hugepage {
	const char *page_size; /* "2MB" */
	uint64_t limit;	       /* bytes */
};

/* cgroup v1's net_prio: outgoing packets by interface */
struct wabe_spec_interface_priority {
	const char *name;
	uint32_t priority;
};

struct wabe_spec_network {
	struct wabe_opt_u64 class_id; /* net_cls: handle of tc(8), 32 bits */
	struct wabe_list priorities;  /* struct wabe_spec_interface_priority */
};

struct wabe_spec_rdma {
	const char *device; /* "mlx5_1" */
	struct wabe_opt_u64 hca_handles, hca_objects;
};

/* config-linux.md, "IntelRdt": a class of service of resctrl */
struct wabe_spec_rdt {
	const char *clos_id; /* NULL: the container's id */
	struct wabe_strv schemata;
	const char *l3_cache_schema, *mem_bw_schema;
	bool enable_cmt, enable_mbm, enable_monitoring;
};

struct wabe_spec_resources {
	struct wabe_list devices; /* struct wabe_spec_device_rule */
	struct wabe_spec_memory memory;
	struct wabe_spec_cpu cpu;
	struct wabe_spec_pids pids;
	struct wabe_spec_block_io block_io;
	struct wabe_list hugepages; /* struct wabe_spec_hugepage */
	struct wabe_spec_network network;
	struct wabe_list rdma;	   /* struct wabe_spec_rdma */
	struct wabe_pairs unified; /* cgroup v2 file -> value */
};

struct wabe_spec_syscall_arg {
	uint32_t index; /* 0..5 */
	uint64_t value, value_two;
	const char *op; /* SCMP_CMP_* */
};

struct wabe_spec_syscall {
	struct wabe_strv names;
	const char *action; /* SCMP_ACT_* */
	struct wabe_opt_u64 errno_ret;
	struct wabe_list args; /* struct wabe_spec_syscall_arg */
};

struct wabe_spec_seccomp {
	const char *default_action;
	struct wabe_opt_u64 default_errno_ret;
	struct wabe_strv architectures; /* SCMP_ARCH_* */
	struct wabe_strv flags;
	const char *listener_path;     /* unix socket that gets the listener of SCMP_ACT_NOTIFY */
	const char *listener_metadata; /* for who listens there */
	struct wabe_list syscalls;     /* struct wabe_spec_syscall */
};

/* config-linux.md, "Memory policy" (1.3); set_mempolicy(2). */
struct wabe_spec_memory_policy {
	int mode;	   /* MPOL_* */
	const char *nodes; /* list format, NULL: none */
	uint64_t flags;	   /* bits of MPOL_F_* */
};

/* config-linux.md, "Personality"; personality(2). */
struct wabe_spec_personality {
	int domain;		/* PER_* */
	struct wabe_strv flags; /* none is defined */
};

struct wabe_spec {
	struct wabe_arena arena;
	struct wabe_buf source; /* the text it was loaded from; empty when it was made otherwise */
	const char *oci_version;
	struct wabe_spec_process *process; /* NULL: create only (start is then an error) */
	struct wabe_spec_root root;
	const char *hostname;
	const char *domainname;
	struct wabe_list mounts; /* struct wabe_spec_mount */
	struct wabe_spec_hooks hooks;
	struct wabe_pairs annotations; /* WABE_SPEC_CTX_ANNOTATION has a meaning of its own */
	/* linux */
	struct wabe_list namespaces;		     /* struct wabe_spec_namespace */
	struct wabe_list uid_mappings, gid_mappings; /* struct wabe_spec_idmap */
	struct wabe_list devices;		     /* struct wabe_spec_device */
	struct wabe_list net_devices;		     /* struct wabe_spec_net_device */
	const char *cgroups_path;
	struct wabe_spec_resources resources;
	struct wabe_spec_rdt *rdt;	   /* NULL: resctrl is not touched */
	struct wabe_spec_seccomp *seccomp; /* NULL: no filter */
	const char *rootfs_propagation;	   /* shared slave private unbindable, NULL = rprivate */
	struct wabe_strv masked_paths, readonly_paths;
	struct wabe_pairs sysctl;
	const char *mount_label;		       /* of SELinux, NULL: none */
	struct wabe_spec_memory_policy *memory_policy; /* NULL: the kernel's */
	struct wabe_spec_personality *personality;     /* NULL: the caller's */
	struct wabe_spec_time_offsets *time_offsets;   /* NULL: the clocks go on as they are */
	/*
	 * Beyond the specification: "wabe": { "delegateCgroup": BOOL, "uptime": BOOL } in config.json. vzctl's guests have
	 * both.
	 */
	bool delegate_cgroup; /* give the guest's root its cgroup subtree (cgroup-v2.rst, "Delegation") */
	bool has_uptime; /* a new time namespace whose uptime starts at 0 (time_namespaces(7)) */
};

#endif
