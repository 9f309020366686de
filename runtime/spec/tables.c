// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spec/tables: config.json as rows: which key is which field of the model, in the order that `wabe spec` writes.
 *
 * Keys of the specification (1.2) that this version doesn't do are rows of UNSUPPORTED: a config that asks for them is
 * refused. Keys that no row has are ignored (config.md, "Extensibility"); Windows, Solaris and VM keys are among them.
 */
#include <stddef.h>

#include "base/range.h"
#include "spec/internal.h"

#define REQUIRED .flags = WABE_CODEC_REQUIRED
#define UNSUPPORTED(key)                    \
	{                                   \
		key, WABE_CODEC_UNSUPPORTED \
	}
#define END                                  \
	{                                    \
		NULL, WABE_CODEC_UNSUPPORTED \
	}

/* The id 2^32-1 is "no id" to the kernel (setuid(2) and others). */
#define ID_MAX (UINT32_MAX - 1)

/* config.md, "Process" */

static const struct wabe_codec_field size_rows[] = {
	{ "height", WABE_CODEC_U32, offsetof(struct wabe_spec_size, height), REQUIRED,
	  .max = UINT16_MAX }, /* winsize */
	{ "width", WABE_CODEC_U32, offsetof(struct wabe_spec_size, width), REQUIRED,
	  .max = UINT16_MAX },
	END,
};

static const struct wabe_codec_field user_rows[] = {
	{ "uid", WABE_CODEC_U32, offsetof(struct wabe_spec_user, uid), REQUIRED, .max = ID_MAX },
	{ "gid", WABE_CODEC_U32, offsetof(struct wabe_spec_user, gid), REQUIRED, .max = ID_MAX },
	{ "umask", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_user, umask), .max = 0777 },
	{ "additionalGids", WABE_CODEC_U32_LIST, offsetof(struct wabe_spec_user, additional_gids),
	  .max = ID_MAX },
	END,
};

#define CAPABILITY_SET(key, field)                                                         \
	{                                                                                  \
		key, WABE_CODEC_NAME_LIST, offsetof(struct wabe_spec_capabilities, field), \
			.names = wabe_spec_capability_names,                               \
			.size = offsetof(struct wabe_spec_capabilities, unknown)           \
	}

static const struct wabe_codec_field capabilities_rows[] = {
	CAPABILITY_SET("bounding", bounding),	    CAPABILITY_SET("effective", effective),
	CAPABILITY_SET("inheritable", inheritable), CAPABILITY_SET("permitted", permitted),
	CAPABILITY_SET("ambient", ambient),	    END,
};

static const struct wabe_codec_field rlimit_rows[] = {
	{ "type", WABE_CODEC_ENUM, offsetof(struct wabe_spec_rlimit, type), REQUIRED,
	  .names = wabe_spec_rlimit_names },
	{ "hard", WABE_CODEC_U64, offsetof(struct wabe_spec_rlimit, hard), REQUIRED },
	{ "soft", WABE_CODEC_U64, offsetof(struct wabe_spec_rlimit, soft), REQUIRED },
	END,
};

static const struct wabe_codec_field scheduler_rows[] = {
	{ "policy", WABE_CODEC_ENUM, offsetof(struct wabe_spec_scheduler, policy), REQUIRED,
	  .names = wabe_spec_scheduler_policies },
	{ "nice", WABE_CODEC_OPT_I64, offsetof(struct wabe_spec_scheduler, nice), .min = -20,
	  .max = 19 },
	{ "priority", WABE_CODEC_OPT_I64, offsetof(struct wabe_spec_scheduler, priority),
	  .max = 99 },
	{ "flags", WABE_CODEC_NAME_LIST, offsetof(struct wabe_spec_scheduler, flags),
	  .names = wabe_spec_scheduler_flags },
	{ "runtime", WABE_CODEC_U64, offsetof(struct wabe_spec_scheduler, runtime) },
	{ "deadline", WABE_CODEC_U64, offsetof(struct wabe_spec_scheduler, deadline) },
	{ "period", WABE_CODEC_U64, offsetof(struct wabe_spec_scheduler, period) },
	END,
};

static const struct wabe_codec_field io_priority_rows[] = {
	{ "class", WABE_CODEC_ENUM, offsetof(struct wabe_spec_io_priority, class), REQUIRED,
	  .names = wabe_spec_io_classes },
	{ "priority", WABE_CODEC_I64, offsetof(struct wabe_spec_io_priority, priority), REQUIRED,
	  .max = 7 },
	END,
};

static const struct wabe_codec_field cpu_affinity_rows[] = {
	{ "initial", WABE_CODEC_STRING, offsetof(struct wabe_spec_cpu_affinity, initial) },
	{ "final", WABE_CODEC_STRING, offsetof(struct wabe_spec_cpu_affinity, final) },
	END,
};

const struct wabe_codec_field wabe_spec_process_rows[] = {
	{ "terminal", WABE_CODEC_BOOL, offsetof(struct wabe_spec_process, terminal) },
	{ "consoleSize", WABE_CODEC_OBJECT, offsetof(struct wabe_spec_process, console_size),
	  .sub = size_rows },
	{ "user", WABE_CODEC_OBJECT, offsetof(struct wabe_spec_process, user),
	  .flags = WABE_CODEC_KEEP_EMPTY, .sub = user_rows },
	{ "args", WABE_CODEC_STRV, offsetof(struct wabe_spec_process, args), REQUIRED },
	{ "env", WABE_CODEC_STRV, offsetof(struct wabe_spec_process, env) },
	{ "cwd", WABE_CODEC_STRING, offsetof(struct wabe_spec_process, cwd), REQUIRED },
	{ "capabilities", WABE_CODEC_POINTER, offsetof(struct wabe_spec_process, capabilities),
	  .sub = capabilities_rows, .size = sizeof(struct wabe_spec_capabilities) },
	{ "rlimits", WABE_CODEC_LIST, offsetof(struct wabe_spec_process, rlimits),
	  .sub = rlimit_rows, .size = sizeof(struct wabe_spec_rlimit) },
	{ "noNewPrivileges", WABE_CODEC_BOOL,
	  offsetof(struct wabe_spec_process, no_new_privileges) },
	{ "oomScoreAdj", WABE_CODEC_OPT_I64, offsetof(struct wabe_spec_process, oom_score_adj),
	  .min = -1000, .max = 1000 },
	{ "apparmorProfile", WABE_CODEC_STRING,
	  offsetof(struct wabe_spec_process, apparmor_profile) },
	{ "selinuxLabel", WABE_CODEC_STRING, offsetof(struct wabe_spec_process, selinux_label) },
	{ "scheduler", WABE_CODEC_POINTER, offsetof(struct wabe_spec_process, scheduler),
	  .sub = scheduler_rows, .size = sizeof(struct wabe_spec_scheduler) },
	{ "ioPriority", WABE_CODEC_POINTER, offsetof(struct wabe_spec_process, io_priority),
	  .sub = io_priority_rows, .size = sizeof(struct wabe_spec_io_priority) },
	{ "execCPUAffinity", WABE_CODEC_POINTER,
	  offsetof(struct wabe_spec_process, exec_cpu_affinity), .sub = cpu_affinity_rows,
	  .size = sizeof(struct wabe_spec_cpu_affinity) },
	END,
};

/* config.md, "Root", "Mounts", "POSIX-platform Hooks" */

static const struct wabe_codec_field root_rows[] = {
	{ "path", WABE_CODEC_STRING, offsetof(struct wabe_spec_root, path), REQUIRED },
	{ "readonly", WABE_CODEC_BOOL, offsetof(struct wabe_spec_root, readonly) },
	END,
};

static const struct wabe_codec_field idmap_rows[] = {
	{ "containerID", WABE_CODEC_U32, offsetof(struct wabe_spec_idmap, container_id), REQUIRED },
	{ "hostID", WABE_CODEC_U32, offsetof(struct wabe_spec_idmap, host_id), REQUIRED },
	{ "size", WABE_CODEC_U32, offsetof(struct wabe_spec_idmap, size), REQUIRED, .min = 1 },
	END,
};

static const struct wabe_codec_field mount_rows[] = {
	{ "destination", WABE_CODEC_STRING, offsetof(struct wabe_spec_mount, destination),
	  REQUIRED },
	{ "type", WABE_CODEC_STRING, offsetof(struct wabe_spec_mount, type) },
	{ "source", WABE_CODEC_STRING, offsetof(struct wabe_spec_mount, source) },
	{ "options", WABE_CODEC_STRV, offsetof(struct wabe_spec_mount, options) },
	{ "uidMappings", WABE_CODEC_LIST, offsetof(struct wabe_spec_mount, uid_mappings),
	  .sub = idmap_rows, .size = sizeof(struct wabe_spec_idmap) },
	{ "gidMappings", WABE_CODEC_LIST, offsetof(struct wabe_spec_mount, gid_mappings),
	  .sub = idmap_rows, .size = sizeof(struct wabe_spec_idmap) },
	END,
};

static const struct wabe_codec_field hook_rows[] = {
	{ "path", WABE_CODEC_STRING, offsetof(struct wabe_spec_hook, path), REQUIRED },
	{ "args", WABE_CODEC_STRV, offsetof(struct wabe_spec_hook, args) },
	{ "env", WABE_CODEC_STRV, offsetof(struct wabe_spec_hook, env) },
	{ "timeout", WABE_CODEC_OPT_I64, offsetof(struct wabe_spec_hook, timeout), .min = 1,
	  .max = INT32_MAX },
	END,
};

#define HOOKS(key, field)                                                       \
	{                                                                       \
		key, WABE_CODEC_LIST, offsetof(struct wabe_spec_hooks, field),  \
			.sub = hook_rows, .size = sizeof(struct wabe_spec_hook) \
	}

const struct wabe_codec_field wabe_spec_hooks_rows[] = {
	HOOKS("prestart", prestart),
	HOOKS("createRuntime", create_runtime),
	HOOKS("createContainer", create_container),
	HOOKS("startContainer", start_container),
	HOOKS("poststart", poststart),
	HOOKS("poststop", poststop),
	END,
};

/* config-linux.md */

static const struct wabe_codec_field namespace_rows[] = {
	{ "type", WABE_CODEC_ENUM, offsetof(struct wabe_spec_namespace, type), REQUIRED,
	  .names = wabe_spec_namespace_names },
	{ "path", WABE_CODEC_STRING, offsetof(struct wabe_spec_namespace, path) },
	END,
};

/* mknod(2): 12 bits of major, 20 of minor. */
#define MAJOR_MAX 0xfff
#define MINOR_MAX 0xfffff

static const struct wabe_codec_field device_rows[] = {
	{ "path", WABE_CODEC_STRING, offsetof(struct wabe_spec_device, path), REQUIRED },
	{ "type", WABE_CODEC_STRING, offsetof(struct wabe_spec_device, type), REQUIRED },
	{ "major", WABE_CODEC_OPT_I64, offsetof(struct wabe_spec_device, major), .max = MAJOR_MAX },
	{ "minor", WABE_CODEC_OPT_I64, offsetof(struct wabe_spec_device, minor), .max = MINOR_MAX },
	{ "fileMode", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_device, file_mode),
	  .max = 0177777 },
	{ "uid", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_device, uid), .max = ID_MAX },
	{ "gid", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_device, gid), .max = ID_MAX },
	END,
};

static const struct wabe_codec_field device_rule_rows[] = {
	{ "allow", WABE_CODEC_BOOL, offsetof(struct wabe_spec_device_rule, allow), REQUIRED },
	{ "type", WABE_CODEC_STRING, offsetof(struct wabe_spec_device_rule, type) },
	{ "major", WABE_CODEC_OPT_I64, offsetof(struct wabe_spec_device_rule, major), .min = -1,
	  .max = MAJOR_MAX },
	{ "minor", WABE_CODEC_OPT_I64, offsetof(struct wabe_spec_device_rule, minor), .min = -1,
	  .max = MINOR_MAX },
	{ "access", WABE_CODEC_STRING, offsetof(struct wabe_spec_device_rule, access) },
	END,
};

#define MEMORY(key, field)                                                         \
	{                                                                          \
		key, WABE_CODEC_OPT_I64, offsetof(struct wabe_spec_memory, field), \
			.min = -1, .max = INT64_MAX                                \
	}

static const struct wabe_codec_field memory_rows[] = {
	MEMORY("limit", limit),
	MEMORY("reservation", reservation),
	MEMORY("swap", swap),
	MEMORY("kernel", kernel),
	MEMORY("kernelTCP", kernel_tcp),
	{ "swappiness", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_memory, swappiness),
	  .max = 100 },
	{ "disableOOMKiller", WABE_CODEC_OPT_BOOL,
	  offsetof(struct wabe_spec_memory, disable_oom_killer) },
	{ "useHierarchy", WABE_CODEC_OPT_BOOL, offsetof(struct wabe_spec_memory, use_hierarchy) },
	{ "checkBeforeUpdate", WABE_CODEC_OPT_BOOL,
	  offsetof(struct wabe_spec_memory, check_before_update) },
	END,
};

static const struct wabe_codec_field cpu_rows[] = {
	{ "shares", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_cpu, shares) },
	{ "quota", WABE_CODEC_OPT_I64, offsetof(struct wabe_spec_cpu, quota) },
	{ "burst", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_cpu, burst) },
	{ "period", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_cpu, period) },
	{ "realtimeRuntime", WABE_CODEC_OPT_I64, offsetof(struct wabe_spec_cpu, realtime_runtime) },
	{ "realtimePeriod", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_cpu, realtime_period) },
	{ "idle", WABE_CODEC_OPT_I64, offsetof(struct wabe_spec_cpu, idle), .min = 0, .max = 1 },
	{ "cpus", WABE_CODEC_STRING, offsetof(struct wabe_spec_cpu, cpus) },
	{ "mems", WABE_CODEC_STRING, offsetof(struct wabe_spec_cpu, mems) },
	END,
};

static const struct wabe_codec_field pids_rows[] = {
	{ "limit", WABE_CODEC_OPT_I64, offsetof(struct wabe_spec_pids, limit) },
	END,
};

static const struct wabe_codec_field weight_device_rows[] = {
	{ "major", WABE_CODEC_I64, offsetof(struct wabe_spec_weight_device, major), REQUIRED,
	  .max = MAJOR_MAX },
	{ "minor", WABE_CODEC_I64, offsetof(struct wabe_spec_weight_device, minor), REQUIRED,
	  .max = MINOR_MAX },
	{ "weight", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_weight_device, weight),
	  .max = WABE_BLKIO_WEIGHT_MAX },
	{ "leafWeight", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_weight_device, leaf_weight),
	  .max = WABE_BLKIO_WEIGHT_MAX },
	END,
};

#define THROTTLE_DEVICE_ROWS(name, rate_max)                                                  \
	static const struct wabe_codec_field name[] = {                                       \
		{ "major", WABE_CODEC_I64, offsetof(struct wabe_spec_throttle_device, major), \
		  REQUIRED, .max = MAJOR_MAX },                                               \
		{ "minor", WABE_CODEC_I64, offsetof(struct wabe_spec_throttle_device, minor), \
		  REQUIRED, .max = MINOR_MAX },                                               \
		{ "rate", WABE_CODEC_U64, offsetof(struct wabe_spec_throttle_device, rate),   \
		  REQUIRED, .max = (rate_max) },                                              \
		END,                                                                          \
	}

THROTTLE_DEVICE_ROWS(bps_rows, UINT64_MAX);
THROTTLE_DEVICE_ROWS(iops_rows, WABE_BLKIO_IOPS_MAX);

#define THROTTLE(key, field, rows)                                                      \
	{                                                                               \
		key, WABE_CODEC_LIST, offsetof(struct wabe_spec_block_io, field),       \
			.sub = (rows), .size = sizeof(struct wabe_spec_throttle_device) \
	}

static const struct wabe_codec_field block_io_rows[] = {
	{ "weight", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_block_io, weight),
	  .max = WABE_BLKIO_WEIGHT_MAX },
	{ "leafWeight", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_block_io, leaf_weight),
	  .max = WABE_BLKIO_WEIGHT_MAX },
	{ "weightDevice", WABE_CODEC_LIST, offsetof(struct wabe_spec_block_io, weight_device),
	  .sub = weight_device_rows, .size = sizeof(struct wabe_spec_weight_device) },
	THROTTLE("throttleReadBpsDevice", throttle_read_bps, bps_rows),
	THROTTLE("throttleWriteBpsDevice", throttle_write_bps, bps_rows),
	THROTTLE("throttleReadIOPSDevice", throttle_read_iops, iops_rows),
	THROTTLE("throttleWriteIOPSDevice", throttle_write_iops, iops_rows),
	END,
};

static const struct wabe_codec_field hugepage_rows[] = {
	{ "pageSize", WABE_CODEC_STRING, offsetof(struct wabe_spec_hugepage, page_size), REQUIRED },
	{ "limit", WABE_CODEC_U64, offsetof(struct wabe_spec_hugepage, limit), REQUIRED },
	END,
};

static const struct wabe_codec_field priority_rows[] = {
	{ "name", WABE_CODEC_STRING, offsetof(struct wabe_spec_interface_priority, name),
	  REQUIRED },
	{ "priority", WABE_CODEC_U32, offsetof(struct wabe_spec_interface_priority, priority),
	  REQUIRED },
	END,
};

static const struct wabe_codec_field network_rows[] = {
	{ "classID", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_network, class_id),
	  .max = UINT32_MAX },
	{ "priorities", WABE_CODEC_LIST, offsetof(struct wabe_spec_network, priorities),
	  .sub = priority_rows, .size = sizeof(struct wabe_spec_interface_priority) },
	END,
};

static const struct wabe_codec_field rdma_rows[] = {
	{ "hcaHandles", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_rdma, hca_handles),
	  .max = WABE_RDMA_MAX },
	{ "hcaObjects", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_rdma, hca_objects),
	  .max = WABE_RDMA_MAX },
	END,
};

static const struct wabe_codec_field rdt_rows[] = {
	{ "closID", WABE_CODEC_STRING, offsetof(struct wabe_spec_rdt, clos_id) },
	{ "schemata", WABE_CODEC_STRV, offsetof(struct wabe_spec_rdt, schemata) },
	{ "l3CacheSchema", WABE_CODEC_STRING, offsetof(struct wabe_spec_rdt, l3_cache_schema) },
	{ "memBwSchema", WABE_CODEC_STRING, offsetof(struct wabe_spec_rdt, mem_bw_schema) },
	{ "enableCMT", WABE_CODEC_BOOL, offsetof(struct wabe_spec_rdt, enable_cmt) },
	{ "enableMBM", WABE_CODEC_BOOL, offsetof(struct wabe_spec_rdt, enable_mbm) },
	{ "enableMonitoring", WABE_CODEC_BOOL, offsetof(struct wabe_spec_rdt, enable_monitoring) },
	END,
};

const struct wabe_codec_field wabe_spec_resources_rows[] = {
	{ "devices", WABE_CODEC_LIST, offsetof(struct wabe_spec_resources, devices),
	  .sub = device_rule_rows, .size = sizeof(struct wabe_spec_device_rule) },
	{ "memory", WABE_CODEC_OBJECT, offsetof(struct wabe_spec_resources, memory),
	  .sub = memory_rows },
	{ "cpu", WABE_CODEC_OBJECT, offsetof(struct wabe_spec_resources, cpu), .sub = cpu_rows },
	{ "pids", WABE_CODEC_OBJECT, offsetof(struct wabe_spec_resources, pids), .sub = pids_rows },
	{ "blockIO", WABE_CODEC_OBJECT, offsetof(struct wabe_spec_resources, block_io),
	  .sub = block_io_rows },
	{ "hugepageLimits", WABE_CODEC_LIST, offsetof(struct wabe_spec_resources, hugepages),
	  .sub = hugepage_rows, .size = sizeof(struct wabe_spec_hugepage) },
	{ "network", WABE_CODEC_OBJECT, offsetof(struct wabe_spec_resources, network),
	  .sub = network_rows },
	{ "unified", WABE_CODEC_PAIRS, offsetof(struct wabe_spec_resources, unified) },
	{ "rdma", WABE_CODEC_MAP, offsetof(struct wabe_spec_resources, rdma), .sub = rdma_rows,
	  .size = sizeof(struct wabe_spec_rdma) },
	END,
};

/* seccomp(2): six arguments. */
static const struct wabe_codec_field syscall_arg_rows[] = {
	{ "index", WABE_CODEC_U32, offsetof(struct wabe_spec_syscall_arg, index), REQUIRED,
	  .max = 5 },
	{ "value", WABE_CODEC_U64, offsetof(struct wabe_spec_syscall_arg, value), REQUIRED },
	{ "valueTwo", WABE_CODEC_U64, offsetof(struct wabe_spec_syscall_arg, value_two) },
	{ "op", WABE_CODEC_STRING, offsetof(struct wabe_spec_syscall_arg, op), REQUIRED },
	END,
};

/* errno(3): the kernel's MAX_ERRNO. */
#define ERRNO_MAX 4095

static const struct wabe_codec_field syscall_rows[] = {
	{ "names", WABE_CODEC_STRV, offsetof(struct wabe_spec_syscall, names), REQUIRED },
	{ "action", WABE_CODEC_STRING, offsetof(struct wabe_spec_syscall, action), REQUIRED },
	{ "errnoRet", WABE_CODEC_OPT_U64, offsetof(struct wabe_spec_syscall, errno_ret),
	  .max = ERRNO_MAX },
	{ "args", WABE_CODEC_LIST, offsetof(struct wabe_spec_syscall, args),
	  .sub = syscall_arg_rows, .size = sizeof(struct wabe_spec_syscall_arg) },
	END,
};

static const struct wabe_codec_field seccomp_rows[] = {
	{ "defaultAction", WABE_CODEC_STRING, offsetof(struct wabe_spec_seccomp, default_action),
	  REQUIRED },
	{ "defaultErrnoRet", WABE_CODEC_OPT_U64,
	  offsetof(struct wabe_spec_seccomp, default_errno_ret), .max = ERRNO_MAX },
	{ "architectures", WABE_CODEC_STRV, offsetof(struct wabe_spec_seccomp, architectures) },
	{ "flags", WABE_CODEC_STRV, offsetof(struct wabe_spec_seccomp, flags) },
	{ "syscalls", WABE_CODEC_LIST, offsetof(struct wabe_spec_seccomp, syscalls),
	  .sub = syscall_rows, .size = sizeof(struct wabe_spec_syscall) },
	{ "listenerPath", WABE_CODEC_STRING, offsetof(struct wabe_spec_seccomp, listener_path) },
	{ "listenerMetadata", WABE_CODEC_STRING,
	  offsetof(struct wabe_spec_seccomp, listener_metadata) },
	END,
};

static const struct wabe_codec_field memory_policy_rows[] = {
	{ "mode", WABE_CODEC_ENUM, offsetof(struct wabe_spec_memory_policy, mode), REQUIRED,
	  .names = wabe_spec_memory_policy_modes },
	{ "nodes", WABE_CODEC_STRING, offsetof(struct wabe_spec_memory_policy, nodes) },
	{ "flags", WABE_CODEC_NAME_LIST, offsetof(struct wabe_spec_memory_policy, flags),
	  .names = wabe_spec_memory_policy_flags },
	END,
};

static const struct wabe_codec_field personality_rows[] = {
	{ "domain", WABE_CODEC_ENUM, offsetof(struct wabe_spec_personality, domain), REQUIRED,
	  .names = wabe_spec_personality_domains },
	{ "flags", WABE_CODEC_STRV, offsetof(struct wabe_spec_personality, flags),
	  .flags = WABE_CODEC_KEEP_EMPTY },
	END,
};

static const struct wabe_codec_field net_device_rows[] = {
	{ "name", WABE_CODEC_STRING, offsetof(struct wabe_spec_net_device, name) },
	END,
};

static const struct wabe_codec_field time_offset_rows[] = {
	{ "secs", WABE_CODEC_I64, offsetof(struct wabe_spec_time_offset, secs) },
	{ "nanosecs", WABE_CODEC_U32, offsetof(struct wabe_spec_time_offset, nanosecs),
	  .max = 999999999 },
	END,
};

static const struct wabe_codec_field time_offsets_rows[] = {
	{ "monotonic", WABE_CODEC_OBJECT, offsetof(struct wabe_spec_time_offsets, monotonic),
	  .sub = time_offset_rows },
	{ "boottime", WABE_CODEC_OBJECT, offsetof(struct wabe_spec_time_offsets, boottime),
	  .sub = time_offset_rows },
	END,
};

/* In the model these stand in struct wabe_spec itself. */
static const struct wabe_codec_field linux_rows[] = {
	{ "uidMappings", WABE_CODEC_LIST, offsetof(struct wabe_spec, uid_mappings),
	  .sub = idmap_rows, .size = sizeof(struct wabe_spec_idmap) },
	{ "gidMappings", WABE_CODEC_LIST, offsetof(struct wabe_spec, gid_mappings),
	  .sub = idmap_rows, .size = sizeof(struct wabe_spec_idmap) },
	{ "sysctl", WABE_CODEC_PAIRS, offsetof(struct wabe_spec, sysctl) },
	{ "resources", WABE_CODEC_OBJECT, offsetof(struct wabe_spec, resources),
	  .sub = wabe_spec_resources_rows },
	{ "cgroupsPath", WABE_CODEC_STRING, offsetof(struct wabe_spec, cgroups_path) },
	{ "namespaces", WABE_CODEC_LIST, offsetof(struct wabe_spec, namespaces),
	  .sub = namespace_rows, .size = sizeof(struct wabe_spec_namespace) },
	{ "devices", WABE_CODEC_LIST, offsetof(struct wabe_spec, devices), .sub = device_rows,
	  .size = sizeof(struct wabe_spec_device) },
	{ "seccomp", WABE_CODEC_POINTER, offsetof(struct wabe_spec, seccomp), .sub = seccomp_rows,
	  .size = sizeof(struct wabe_spec_seccomp) },
	{ "rootfsPropagation", WABE_CODEC_STRING, offsetof(struct wabe_spec, rootfs_propagation) },
	{ "maskedPaths", WABE_CODEC_STRV, offsetof(struct wabe_spec, masked_paths) },
	{ "readonlyPaths", WABE_CODEC_STRV, offsetof(struct wabe_spec, readonly_paths) },
	{ "intelRdt", WABE_CODEC_POINTER, offsetof(struct wabe_spec, rdt), .sub = rdt_rows,
	  .size = sizeof(struct wabe_spec_rdt) },
	{ "memoryPolicy", WABE_CODEC_POINTER, offsetof(struct wabe_spec, memory_policy),
	  .sub = memory_policy_rows, .size = sizeof(struct wabe_spec_memory_policy) },
	{ "mountLabel", WABE_CODEC_STRING, offsetof(struct wabe_spec, mount_label) },
	{ "netDevices", WABE_CODEC_MAP, offsetof(struct wabe_spec, net_devices),
	  .sub = net_device_rows, .size = sizeof(struct wabe_spec_net_device) },
	{ "personality", WABE_CODEC_POINTER, offsetof(struct wabe_spec, personality),
	  .sub = personality_rows, .size = sizeof(struct wabe_spec_personality) },
	{ "timeOffsets", WABE_CODEC_POINTER, offsetof(struct wabe_spec, time_offsets),
	  .sub = time_offsets_rows, .size = sizeof(struct wabe_spec_time_offsets) },
	END,
};

/*
 * Of wabe's own, beyond the specification, which other runtimes ignore (config.md, "Extensibility"). Also how they come
 * from a create to a later exec: by the config.json that is kept with the state.
 */
static const struct wabe_codec_field wabe_rows[] = {
	{ "delegateCgroup", WABE_CODEC_BOOL, offsetof(struct wabe_spec, delegate_cgroup) },
	{ "uptime", WABE_CODEC_BOOL, offsetof(struct wabe_spec, has_uptime) },
	END,
};

const struct wabe_codec_field wabe_spec_rows[] = {
	{ "ociVersion", WABE_CODEC_STRING, offsetof(struct wabe_spec, oci_version), REQUIRED },
	{ "process", WABE_CODEC_POINTER, offsetof(struct wabe_spec, process),
	  .sub = wabe_spec_process_rows, .size = sizeof(struct wabe_spec_process) },
	{ "root", WABE_CODEC_OBJECT, offsetof(struct wabe_spec, root), REQUIRED, .sub = root_rows },
	{ "hostname", WABE_CODEC_STRING, offsetof(struct wabe_spec, hostname) },
	{ "domainname", WABE_CODEC_STRING, offsetof(struct wabe_spec, domainname) },
	{ "mounts", WABE_CODEC_LIST, offsetof(struct wabe_spec, mounts), .sub = mount_rows,
	  .size = sizeof(struct wabe_spec_mount) },
	{ "hooks", WABE_CODEC_OBJECT, offsetof(struct wabe_spec, hooks),
	  .sub = wabe_spec_hooks_rows },
	{ "annotations", WABE_CODEC_PAIRS, offsetof(struct wabe_spec, annotations) },
	{ "linux", WABE_CODEC_OBJECT, 0, .sub = linux_rows },
	{ "wabe", WABE_CODEC_OBJECT, 0, .sub = wabe_rows },
	END,
};
