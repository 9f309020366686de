// SPDX-License-Identifier: GPL-2.0-or-later
/* spec/validate: the rules between fields, each by one change of a config that is valid (corpus/config/maximal.json). */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "edit.h"
#include "spec/spec.h"
#include "tap.h"

struct change {
	const char *path, *value;
	int code;	   /* 0: accepted */
	const char *error; /* NULL: "PATH: " */
};

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NS "linux.namespaces"
#define SCHED "process.scheduler"
#define AFFINITY "process.execCPUAffinity."
#define MPOL "linux.memoryPolicy"
#define RES "linux.resources."
#define SYSCTL(key, value) "{\"" key "\":\"" value "\"}"

static const struct change changes[] = {
	{ "ociVersion", "\"1.0.0\"", 0, NULL },
	{ "ociVersion", "\"1.0.2-dev\"", 0, NULL },
	{ "ociVersion", "\"1.99.0-rc.1+build.5\"", 0, NULL },
	{ "ociVersion", "\"2.0.0\"", -EINVAL, "ociVersion: 2.0.0 is not supported" },
	{ "ociVersion", "\"0.5.0\"", -EINVAL, NULL },
	{ "ociVersion", "\"10.0.0\"", -EINVAL, NULL },
	{ "ociVersion", "\"\"", -EINVAL, NULL },
	{ "ociVersion", "\"1.2\"", -EINVAL, NULL },
	{ "ociVersion", "\"1.2.0.0\"", -EINVAL, NULL },
	{ "ociVersion", "\"1.02.0\"", -EINVAL, NULL },
	{ "ociVersion", "\"1.2.0-\"", -EINVAL, NULL },
	{ "ociVersion", "\"1.2.0-a..b\"", -EINVAL, NULL },
	{ "ociVersion", "\" 1.2.0\"", -EINVAL, NULL },
	{ "ociVersion", "\"1.2.0 \"", -EINVAL, NULL },
	{ "ociVersion", "\"v1.2.0\"", -EINVAL, NULL },

	{ "process", NULL, 0, NULL },
	{ "process.args", "[]", -EINVAL, NULL },
	{ "process.args", "[\"\"]", -EINVAL, NULL },
	{ "process.args", "[\"\",\"a\"]", -EINVAL, NULL },
	{ "process.args", "[\"a\",\"\"]", 0, NULL },
	{ "process.cwd", "\"\"", -EINVAL, NULL },
	{ "process.cwd", "\"root\"", -EINVAL, NULL },
	{ "process.cwd", "\"./root\"", -EINVAL, NULL },
	{ "process.cwd", "\"/\"", 0, NULL },
	{ "process.env", "[]", 0, NULL },
	{ "process.env", "[\"A=\",\"B==\",\"a b=c\"]", 0, NULL },
	{ "process.env", "[\"A=1\",\"B\"]", -EINVAL, "process.env[1]: \"B\" is not" },
	{ "process.env", "[\"=1\"]", -EINVAL, "process.env[0]:" },
	{ "process.env", "[\"\"]", -EINVAL, "process.env[0]:" },
	{ "process.user.uid", "65535", 0, NULL },
	{ "process.user.uid", "65536", -EINVAL,
	  "process.user.uid: 65536 is not in linux.uidMappings" },
	{ "process.user.uid", "4294967295", -ERANGE, NULL },
	{ "process.user.gid", "1000", 0, NULL },
	{ "process.user.gid", "1001", -EINVAL, NULL },
	{ "process.user.additionalGids", "[0,1001]", -EINVAL,
	  "process.user.additionalGids[1]: 1001" },
	{ "process.user.additionalGids", "[4294967295]", -ERANGE,
	  "process.user.additionalGids[0]" },
	{ "process.user.umask", "511", 0, NULL },
	{ "process.user.umask", "512", -ERANGE, NULL },
	{ "process.oomScoreAdj", "-1000", 0, NULL },
	{ "process.oomScoreAdj", "-1001", -ERANGE, NULL },
	{ "process.oomScoreAdj", "1001", -ERANGE, NULL },
	{ "process.rlimits[1]", "{\"type\":\"RLIMIT_CORE\",\"hard\":1,\"soft\":1}", -EINVAL,
	  "process.rlimits[1].type: RLIMIT_CORE is there twice" },
	{ "process.rlimits[1].soft", "1025", -EINVAL, NULL },
	{ "process.rlimits[1].type", "\"NOFILE\"", -EINVAL, NULL },
	{ "process.rlimits[1].type", "\"rlimit_nofile\"", -EINVAL, NULL },
	{ "process.capabilities", NULL, 0, NULL },
	{ "process.capabilities", "{}", 0, NULL },
	{ "process.capabilities.bounding", "[\"CAP_BOGUS\"]", 0, NULL }, /* warned of */
	{ "process.capabilities.bounding", "[\"cap_chown\"]", 0, NULL },
	{ "process.capabilities.bounding", "[\"CHOWN\"]", 0, NULL },
	{ "process.capabilities.bounding", "[\"ALL\"]", 0, NULL },
	{ "process.capabilities.bounding", "[\"CAP_CHOWN\",\"CAP_CHOWN\"]", 0, NULL },
	{ "process.capabilities.effective", "[\"CAP_CHOWN\",\"CAP_KILL\"]", -EINVAL,
	  "process.capabilities.effective: CAP_KILL is not in permitted" },
	{ "process.consoleSize", "{\"height\":65535,\"width\":0}", 0, NULL },
	{ "process.consoleSize", "{\"height\":65536,\"width\":0}", -ERANGE,
	  "process.consoleSize.height" },

	{ "process.apparmorProfile", "\"\"", 0, NULL },
	{ "process.apparmorProfile", "\"a\\nb\"", -EINVAL, NULL },
	{ "process.selinuxLabel", "\"a\\u007f\"", -EINVAL, NULL },
	{ "process.selinuxLabel", "\"\"", 0, NULL },
	{ "linux.mountLabel", "\"\\u0001\"", -EINVAL, NULL },
	{ "linux.mountLabel", "\"\"", 0, NULL },

	/* maximal.json has SCHED_DEADLINE. */
	{ SCHED, NULL, 0, NULL },
	{ SCHED, "{\"policy\":\"SCHED_OTHER\",\"nice\":-20}", 0, NULL },
	{ SCHED, "{\"policy\":\"SCHED_BATCH\",\"nice\":19}", 0, NULL },
	{ SCHED, "{\"policy\":\"SCHED_IDLE\"}", 0, NULL },
	{ SCHED, "{\"policy\":\"SCHED_FIFO\",\"priority\":99}", 0, NULL },
	{ SCHED, "{\"policy\":\"SCHED_RR\"}", -EINVAL, SCHED ".priority: SCHED_RR wants one" },
	{ SCHED, "{\"policy\":\"SCHED_FIFO\",\"priority\":1,\"nice\":1}", -EINVAL,
	  SCHED ".nice: has no effect with SCHED_FIFO" },
	{ SCHED, "{\"policy\":\"SCHED_OTHER\",\"priority\":1}", -EINVAL,
	  SCHED ".priority: has no effect with SCHED_OTHER" },
	{ SCHED, "{\"policy\":\"SCHED_OTHER\",\"period\":1}", -EINVAL,
	  SCHED ".period: only SCHED_DEADLINE" },
	{ SCHED, "{\"policy\":\"SCHED_DEADLINE\"}", -EINVAL,
	  SCHED ".runtime: SCHED_DEADLINE wants" },
	{ SCHED, "{\"policy\":\"SCHED_ISO\"}", -ENOTSUP, SCHED ".policy: SCHED_ISO" },
	{ SCHED ".policy", "\"sched_other\"", -EINVAL, SCHED ".policy: unknown name" },
	{ SCHED ".nice", "20", -ERANGE, NULL },
	{ SCHED ".nice", "-21", -ERANGE, NULL },
	{ SCHED ".priority", "100", -ERANGE, NULL },
	{ SCHED ".priority", "-1", -ERANGE, NULL },
	{ SCHED ".flags", "[\"SCHED_FLAG_NOPE\"]", -EINVAL, SCHED ".flags[0]: unknown name" },
	{ SCHED ".flags", "[\"SCHED_FLAG_UTIL_CLAMP_MAX\"]", -ENOTSUP, NULL },
	{ "process.ioPriority.class", "\"IOPRIO_CLASS_NONE\"", -EINVAL, NULL },
	{ "process.ioPriority.priority", "8", -ERANGE, NULL },
	{ "process.ioPriority.priority", "-1", -ERANGE, NULL },
	{ "process.ioPriority.priority", "7", 0, NULL },
	{ AFFINITY "initial", "\"\"", 0, NULL },
	{ AFFINITY "initial", "\"8191\"", 0, NULL },
	{ AFFINITY "initial", "\"8192\"", -ERANGE,
	  AFFINITY "initial: \"8192\" has numbers above 8191" },
	{ AFFINITY "final", "\"0-\"", -EINVAL, AFFINITY "final: \"0-\" is not of the form" },
	{ AFFINITY "final", "\"3-1\"", -EINVAL, NULL },
	{ AFFINITY "final", "\"0,\"", -EINVAL, NULL },
	{ AFFINITY "final", "\",0\"", -EINVAL, NULL },
	{ AFFINITY "final", "\"0 1\"", -EINVAL, NULL },
	{ AFFINITY "final", "\"-1\"", -EINVAL, NULL },
	{ AFFINITY "final", "\"all\"", -EINVAL, NULL },
	{ AFFINITY "final", "\"99999999999999999999\"", -ERANGE, NULL },
	{ MPOL, "{\"mode\":\"MPOL_DEFAULT\"}", 0, NULL },
	{ MPOL, "{\"mode\":\"MPOL_DEFAULT\",\"nodes\":\"\"}", 0, NULL },
	{ MPOL, "{\"mode\":\"MPOL_PREFERRED\"}", 0, NULL },
	{ MPOL, "{\"mode\":\"MPOL_PREFERRED\",\"nodes\":\"1\"}", 0, NULL },
	{ MPOL, "{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}", -EINVAL,
	  MPOL ".nodes: MPOL_LOCAL takes none" },
	{ MPOL, "{\"mode\":\"MPOL_WEIGHTED_INTERLEAVE\"}", -EINVAL,
	  MPOL ".nodes: MPOL_WEIGHTED_INTERLEAVE wants some" },
	{ MPOL, "{\"nodes\":\"0\"}", -EINVAL, "\"mode\" is missing" },
	{ MPOL ".mode", "\"BIND\"", -EINVAL, MPOL ".mode: unknown name" },
	{ MPOL ".nodes", "\"1024\"", -ERANGE, NULL },
	{ MPOL ".nodes", "\"x\"", -EINVAL, NULL },
	{ MPOL ".flags", "[\"MPOL_F_STATIC_NODES\",\"MPOL_F_RELATIVE_NODES\"]", -EINVAL, NULL },
	{ MPOL, "{\"mode\":\"MPOL_PREFERRED\",\"flags\":[\"MPOL_F_STATIC_NODES\"]}", -EINVAL,
	  MPOL ".flags: without nodes" },
	{ "linux.personality.domain", "\"LINUX\"", 0, NULL },
	{ "linux.personality.domain", "\"PER_LINUX\"", -EINVAL, NULL },
	{ "linux.personality.flags", "[\"ADDR_NO_RANDOMIZE\"]", -EINVAL,
	  "linux.personality.flags[0]: " },

	{ "root.path", "\"\"", -EINVAL, NULL },
	{ "hostname", "\"" A64 "\"", 0, NULL },
	{ "hostname", "\"" A64 "a\"", -EINVAL, NULL },
	{ "hostname", "\"a b\"", 0, NULL },
	{ "hostname", "\"a\\nb\"", -EINVAL, NULL },
	{ "hostname", "\"\\u00e4\"", 0, NULL },
	{ "domainname", "\"a\\u007f\"", -EINVAL, NULL },
	{ "annotations", "{\"\":\"x\"}", -EINVAL, NULL },

	{ "mounts[0].destination", "\"\"", -EINVAL, NULL },
	{ "mounts[0].destination", "\"/\"", -EINVAL, NULL },
	{ "mounts[0].destination", "\"//.\"", -EINVAL, NULL },
	{ "mounts[0].destination", "\".\"", -EINVAL, NULL },
	{ "mounts[0].destination", "\"/.hidden\"", 0, NULL },
	{ "mounts[0].destination", "\"data/x\"", 0, NULL },
	{ "mounts[0].type", NULL, -EINVAL, NULL },
	{ "mounts[1].type", NULL, 0, NULL },
	{ "mounts[1].source", NULL, -EINVAL,
	  "mounts[1].options: mount /data: a bind mount needs a source" },
	{ "mounts[1].options", "[\"bind\",\"mode=755\"]", 0, NULL },
	{ "mounts[1].options", "[\"bind\",\"tmpcopyup\"]", -EINVAL, NULL },
	{ "hooks.prestart[0].path", "\"bin/x\"", -EINVAL, NULL },
	{ "hooks.poststop[1].path", "\"\"", -EINVAL, NULL },
	{ "hooks.prestart[0].timeout", "0", -ERANGE, NULL },
	{ "hooks.prestart[0].timeout", "-1", -ERANGE, NULL },
	{ "hooks.prestart[0].env", "[\"A\"]", -EINVAL, "hooks.prestart[0].env[0]:" },

	{ NS "[0].type", "\"PID\"", -EINVAL, NULL },
	{ NS "[0].type", "\"net\"", -EINVAL, NULL },
	{ NS "[0].type", "\"ipc\"", -EINVAL, NS "[2].type: \"ipc\" is there twice" },
	{ NS "[1].path", "\"run/netns\"", -EINVAL, NULL },
	{ NS "[3]", NULL, -EINVAL, "hostname: can't be set without a uts namespace" },
	{ NS "[4]", NULL, -EINVAL, "linux.maskedPaths: without a mount namespace" },
	{ NS "[5]", NULL, -EINVAL, "linux.uidMappings: without a user namespace" },
	{ NS "[5]", "{\"type\":\"user\",\"path\":\"/proc/1/ns/user\"}", 0, NULL },
	{ NS "[7]", "{\"type\":\"time\",\"path\":\"/proc/1/ns/time\"}", -EINVAL,
	  "wabe.uptime: the time namespace" },
	{ NS "[2]", NULL, -EINVAL,
	  "linux.sysctl[\"kernel.msgmax\"]: would change the host's, linux.namespaces has no ipc" },
	{ NS "[1]", NULL, -EINVAL,
	  "linux.sysctl[\"net.ipv4.ip_forward\"]: would change the host's" },
	{ "linux.uidMappings", NULL, -EINVAL, "linux.uidMappings: empty" },
	{ "linux.gidMappings", "[]", -EINVAL, "linux.gidMappings: empty" },
	{ "linux.uidMappings[0].size", "0", -ERANGE, NULL },
	{ "linux.uidMappings[0].size", "4294967295", -ERANGE, NULL },
	{ "linux.uidMappings[0].hostID", "4294967295", -ERANGE, "linux.uidMappings[0]" },
	{ "linux.gidMappings[1].containerID", "999", -EINVAL,
	  "linux.gidMappings[1]: overlaps with entry 0" },
	{ "linux.gidMappings[1].hostID", "100999", -EINVAL,
	  "linux.gidMappings[1]: overlaps with entry 0" },
	{ "linux.gidMappings[1].hostID", "101000", 0, NULL },

	{ "linux.devices[0].path", "\"dev/x\"", -EINVAL, NULL },
	{ "linux.devices[0].type", "\"a\"", -EINVAL, NULL },
	{ "linux.devices[0].type", "\"cc\"", -EINVAL, NULL },
	{ "linux.devices[0].type", "\"\"", -EINVAL, NULL },
	{ "linux.devices[0].type", "\"u\"", 0, NULL },
	{ "linux.devices[0].major", NULL, -EINVAL, NULL },
	{ "linux.devices[0].minor", NULL, -EINVAL, NULL },
	{ "linux.devices[0].major", "4096", -ERANGE, NULL },
	{ "linux.devices[0].minor", "1048576", -ERANGE, NULL },
	{ "linux.devices[0].fileMode", "4095", 0, NULL },
	{ "linux.devices[0].fileMode", "65536", -ERANGE, NULL },
	{ "linux.cgroupsPath", "\"\"", 0, NULL },
	{ "linux.cgroupsPath", "\"/a/../b\"", -EINVAL, NULL },
	{ "linux.cgroupsPath", "\"..\"", -EINVAL, NULL },
	{ "linux.cgroupsPath", "\"a/..\"", -EINVAL, NULL },
	{ "linux.cgroupsPath", "\"a..b/..c/d..\"", 0, NULL },
	{ "linux.cgroupsPath", "\"a\\nb\"", -EINVAL, NULL },
	{ "linux.cgroupsPath", "\"//a//./b/\"", 0, NULL },
	{ "linux.cgroupsPath", "\"system.slice:wabe:1\"", 0, NULL },
	{ "linux.rootfsPropagation", "\"rshared\"", 0, NULL },
	{ "linux.rootfsPropagation", "\"unbindable\"", 0, NULL },
	{ "linux.rootfsPropagation", "\"public\"", -EINVAL, NULL },
	{ "linux.maskedPaths", "[\"/proc/kcore\",\"proc/x\"]", -EINVAL, "linux.maskedPaths[1]:" },
	{ "linux.maskedPaths", "[\"\"]", -EINVAL, "linux.maskedPaths[0]:" },
	{ "linux.readonlyPaths", "[\"/proc/../etc\"]", -EINVAL, "linux.readonlyPaths[0]:" },
	{ "linux.readonlyPaths", "[\"/proc/..x\"]", 0, NULL },

	{ "linux.sysctl", SYSCTL("net.ipv4.ping_group_range", "0 2147483647"), 0, NULL },
	{ "linux.sysctl", SYSCTL("fs.mqueue.msg_max", "10"), 0, NULL },
	{ "linux.sysctl", SYSCTL("kernel/shm_rmid_forced", "1"), 0, NULL },
	{ "linux.sysctl", SYSCTL("kernel.domainname", "a.b"), 0, NULL },
	{ "linux.sysctl", SYSCTL("kernel.hostname", "a"), -EINVAL,
	  "linux.sysctl[\"kernel.hostname\"]: the key \"hostname\"" },
	{ "linux.sysctl", SYSCTL("kernel.core_pattern", "x"), -EINVAL,
	  "linux.sysctl[\"kernel.core_pattern\"]: is not per namespace" },
	{ "linux.sysctl", SYSCTL("kernel.msgmax2", "x"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("kernel.sem.x", "x"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("vm.swappiness", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("net", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("network.x", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("/net/x", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL(".net.x", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("net..x", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("net/../kernel/core_pattern", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("net.//.kernel.core_pattern", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("net/./x", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("net/x/", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("net.x+kernel.core_pattern", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("net.x y", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("net.x=y", "1"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("net.x", "1+kernel.core_pattern=|/bin/x"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("net.x", "a/../b"), -EINVAL, NULL },
	{ "linux.sysctl", SYSCTL("net.x", "1\\n2"), -EINVAL, NULL },

	{ RES "devices[0].type", "\"p\"", -EINVAL, NULL },
	{ RES "devices[0].type", "\"a\"", 0, NULL },
	{ RES "devices[0].access", "\"rwx\"", -EINVAL, NULL },
	{ RES "devices[0].access", "\"\"", 0, NULL },
	{ RES "devices[1].access", "\"\"", -EINVAL, NULL },
	{ RES "devices[1].access", NULL, -EINVAL, NULL },
	{ RES "devices[1].major", "-1", 0, NULL },
	{ RES "devices[1].major", "-2", -ERANGE, NULL },
	{ RES "memory.limit", "-1", -EINVAL, RES "memory.swap: is memory plus swap, it needs" },
	{ RES "memory.limit", NULL, -EINVAL, RES "memory.swap" },
	{ RES "memory.limit", "-2", -ERANGE, NULL },
	{ RES "memory.swap", "1", -EINVAL, RES "memory.swap: is memory plus swap, 1 is below" },
	{ RES "memory.swap", "536870912", 0, NULL },
	{ RES "memory.swap", "-1", 0, NULL },
	{ RES "memory.swap", "0", 0, NULL },
	{ RES "memory.swappiness", "100", 0, NULL },
	{ RES "memory.swappiness", "101", -ERANGE, NULL },
	{ RES "cpu.cpus", "\"0\"", 0, NULL },
	{ RES "cpu.cpus", "\"\"", 0, NULL },
	{ RES "cpu.cpus", "\"0-\"", -EINVAL, NULL },
	{ RES "cpu.cpus", "\"-1\"", -EINVAL, NULL },
	{ RES "cpu.cpus", "\"3-1\"", -EINVAL, NULL },
	{ RES "cpu.cpus", "\"0,,1\"", -EINVAL, NULL },
	{ RES "cpu.cpus", "\"0,\"", -EINVAL, NULL },
	{ RES "cpu.cpus", "\"0 1\"", -EINVAL, NULL },
	{ RES "cpu.mems", "\"a\"", -EINVAL, NULL },
	{ RES "cpu.idle", "2", -ERANGE, NULL },
	{ RES "cpu.shares", "0", 0, NULL },
	{ RES "cpu.shares", "1", -ERANGE, RES "cpu.shares: 1 is out of range, 2..262144" },
	{ RES "cpu.shares", "262144", 0, NULL },
	{ RES "cpu.shares", "262145", -ERANGE, NULL },
	{ RES "cpu.quota", "-5", 0, NULL },
	{ RES "cpu.quota", "0", 0, NULL },
	{ RES "cpu.quota", "999", -ERANGE, RES "cpu.quota: 999 is out of range" },
	{ RES "cpu.quota", "17592186044415", 0, NULL },
	{ RES "cpu.quota", "17592186044416", -ERANGE, NULL },
	{ RES "cpu.period", "999", -ERANGE, NULL },
	{ RES "cpu.period", "1000", 0, NULL },
	{ RES "cpu.period", "1000001", -ERANGE, NULL },
	{ RES "cpu.burst", "17592186044415", -EINVAL,
	  RES "cpu.burst: 17592186044415 is more than" },
	{ RES "cpu.burst", "17592186044416", -ERANGE, NULL },
	{ RES "cpu.realtimeRuntime", "17592186044416", -ERANGE, NULL },
	{ RES "cpu.realtimeRuntime", "18446744073710", -ERANGE, NULL },
	{ RES "cpu.realtimeRuntime", "1000001", -EINVAL, NULL },
	{ RES "cpu.realtimePeriod", "18446744073709551", 0, NULL },
	{ RES "cpu.realtimePeriod", "18446744073709552", -ERANGE, NULL },
	{ RES "pids.limit", "-1", 0, NULL },
	{ RES "pids.limit", "4194304", 0, NULL },
	{ RES "pids.limit", "4194305", -ERANGE, RES "pids.limit: 4194305 is out of range" },
	{ RES "blockIO.weight", "0", 0, NULL },
	{ RES "blockIO.weight", "9", -ERANGE, NULL },
	{ RES "blockIO.weight", "1001", -ERANGE, NULL },
	{ RES "blockIO.leafWeight", "9", -ERANGE, NULL },
	{ RES "blockIO.weightDevice[0].weight", "9", -ERANGE, NULL },
	{ RES "blockIO.weightDevice[0].leafWeight", "1001", -ERANGE, NULL },
	{ RES "hugepageLimits[0].pageSize", "\"2M\"", -EINVAL, NULL },
	{ RES "hugepageLimits[0].pageSize", "\"02MB\"", -EINVAL, NULL },
	{ RES "hugepageLimits[0].pageSize", "\"MB\"", -EINVAL, NULL },
	{ RES "hugepageLimits[0].pageSize", "\"2MB/../x\"", -EINVAL, NULL },
	{ RES "hugepageLimits[0].pageSize", "\"64KB\"", -EINVAL,
	  RES "hugepageLimits[1].pageSize: 64KB is there twice" },
	{ RES "unified", "{\"memory.max\":\"\"}", -EINVAL, RES "unified[\"memory.max\"]" },
	{ RES "unified", "{\"../x\":\"1\"}", -EINVAL, RES "unified[\"../x\"]" },
	{ RES "unified", "{\"memory.max/x\":\"1\"}", -EINVAL, NULL },
	{ RES "unified", "{\"memory\":\"1\"}", -EINVAL, NULL },
	{ RES "unified", "{\".max\":\"1\"}", -EINVAL, NULL },
	{ RES "unified", "{\"memory.\":\"1\"}", -EINVAL, NULL },
	{ RES "unified", "{\"cgroup.procs\":\"1\"}", -EINVAL, NULL },
	{ RES "unified", "{\"cgroup.kill\":\"1\"}", -EINVAL, NULL },
	{ RES "unified", "{\"memory.max\":\"1\\u0007\"}", -EINVAL, NULL },

	{ "linux.seccomp", NULL, 0, NULL },
	{ "linux.seccomp.defaultAction", "\"SCMP_ACT_FOO\"", -EINVAL, NULL },
	{ "linux.seccomp.defaultAction", "\"ALLOW\"", -EINVAL, NULL },
	{ "linux.seccomp.defaultAction", "\"SCMP_ACT_NOTIFY\"", -EINVAL, NULL },
	{ "linux.seccomp.defaultAction", "\"SCMP_ACT_ALLOW\"", -EINVAL,
	  "linux.seccomp.defaultAction: SCMP_ACT_ALLOW returns no errno, defaultErrnoRet" },
	{ "linux.seccomp.defaultErrnoRet", "4096", -ERANGE, NULL },
	{ "linux.seccomp.architectures", "[\"SCMP_ARCH_X86\",\"x86\"]", -EINVAL,
	  "linux.seccomp.architectures[1]:" },
	{ "linux.seccomp.flags", "[\"SECCOMP_FILTER_FLAG_NEW_LISTENER\"]", -EINVAL,
	  "linux.seccomp.flags[0]:" },
	{ "linux.seccomp.syscalls[0].names", "[]", -EINVAL, NULL },
	{ "linux.seccomp.syscalls[0].action", "\"SCMP_ACT_\"", -EINVAL, NULL },
	{ "linux.seccomp.syscalls[1].action", "\"SCMP_ACT_LOG\"", -EINVAL, NULL },
	{ "linux.seccomp.syscalls[1].action", "\"SCMP_ACT_TRACE\"", 0, NULL },
	{ "linux.seccomp.syscalls[0].action", "\"SCMP_ACT_NOTIFY\"", 0, NULL },
	{ "linux.seccomp.listenerPath", "\"\"", -EINVAL,
	  "linux.seccomp.listenerPath: is missing, listenerMetadata" },
	{ "linux.seccomp.flags", "[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]", 0, NULL },
	{ "linux.seccomp.syscalls[1].args[0].op", "\"EQ\"", -EINVAL, NULL },
	{ "linux.seccomp.syscalls[1].args[0].index", "6", -ERANGE, NULL },
};

static int try(const struct wabe_json *root, const struct change *c, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };

	edit_apply(root, c->path, c->value, &text);
	return wabe_spec_parse(&spec, "config.json", text.data, text.len, err);
}

static void test_changes(struct tap *t, const struct wabe_json *root)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const struct change *c = &changes[i];
		struct wabe_error err = WABE_ERROR_INIT;

		if (!tap_int(t, try(root, c, &err), c->code, "%s = %s", c->path,
			     c->value ? c->value : "(removed)"))
			printf("# %s\n", err.text);
		if (c->code < 0)
			tap_has(t, err.text, c->error ? c->error : c->path, "error of %s = %s",
				c->path, c->value ? c->value : "(removed)");
	}
}

static void test_sysctl_path(struct tap *t)
{
	static const struct {
		const char *key, *path;
	} rows[] = {
		{ "net.ipv4.ip_forward", "net/ipv4/ip_forward" },
		{ "net/ipv4/ip_forward", "net/ipv4/ip_forward" },
		{ "net.ipv4.conf.eno2/100.rp_filter", "net/ipv4/conf/eno2.100/rp_filter" },
		{ "net/ipv4/conf/eno2.100/rp_filter", "net/ipv4/conf/eno2.100/rp_filter" },
		{ "kernel", "kernel" },
	};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tap_int(t, wabe_spec_sysctl_path(rows[i].key, path, sizeof(path)), 0, "sysctl %s",
			rows[i].key);
		tap_str(t, path, rows[i].path, "its path");
	}
	tap_int(t, wabe_spec_sysctl_path("net.ipv4.ip_forward", path, 19), -ENAMETOOLONG,
		"a path that doesn't fit");
	tap_int(t, wabe_spec_sysctl_path("net.ipv4.ip_forward", path, 20), 0, "one that just fits");
}

/* More entries than the kernel takes, and many that all differ. */
static void test_many_idmaps(struct tap *t, const struct wabe_json *root)
{
	for (int count = 340; count <= 341; count++) {
		_cleanup_(wabe_buf_free) struct wabe_buf list = WABE_BUF_INIT;
		struct change c = { .path = "linux.uidMappings" };
		struct wabe_error err = WABE_ERROR_INIT;

		for (int i = 0; i < count; i++)
			wabe_buf_printf(&list, "%s{\"containerID\":%d,\"hostID\":%d,\"size\":1}",
					i ? "," : "[", i, 2 * i);
		wabe_buf_puts(&list, "]");
		c.value = list.data;
		tap_int(t, try(root, &c, &err), count == 340 ? 0 : -EINVAL, "%d id maps", count);
	}
}

/* Each is compared with each, so the number has a bound. */
static void test_many_page_sizes(struct tap *t, const struct wabe_json *root)
{
	for (int count = 32; count <= 33; count++) {
		_cleanup_(wabe_buf_free) struct wabe_buf list = WABE_BUF_INIT;
		struct change c = { .path = RES "hugepageLimits" };
		struct wabe_error err = WABE_ERROR_INIT;

		for (int i = 0; i < count; i++)
			wabe_buf_printf(&list, "%s{\"pageSize\":\"%dKB\",\"limit\":1}",
					i ? "," : "[", i + 1);
		wabe_buf_puts(&list, "]");
		c.value = list.data;
		tap_int(t, try(root, &c, &err), count == 32 ? 0 : -EINVAL, "%d page sizes", count);
	}
}

int main(void)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_json *root = NULL;
	struct tap t = TAP_INIT;

	edit_corpus("config/maximal.json", &text);
	if (tap_int(&t, wabe_json_parse(&arena, "maximal", text.data, text.len, &root, &err), 0,
		    "maximal config")) {
		test_changes(&t, root);
		test_many_idmaps(&t, root);
		test_many_page_sizes(&t, root);
	}
	test_sysctl_path(&t);
	return tap_end(&t);
}
