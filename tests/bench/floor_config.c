// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/bench/floor: what the config of `wabe spec` asks for beyond namespaces and mounts, with bare system calls and nothing
 * checked: device nodes, a device program, read-only and masked paths, the loopback, capabilities, no new privileges. What a
 * runtime does beyond this is its own: reading the config, keeping a state, looking where it goes.
 */
#include "floor.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CAPABILITIES                                                \
	(UINT64_C(1) << CAP_AUDIT_WRITE | UINT64_C(1) << CAP_KILL | \
	 UINT64_C(1) << CAP_NET_BIND_SERVICE)
#define KEY(major, minor) ((major) << 20 | (minor))
#define INSN(op, dst, src, jump, number)                                                         \
	{                                                                                        \
		.code = (op), .dst_reg = (dst), .src_reg = (src), .off = (jump), .imm = (number) \
	}
#define JUMP_IF_KEY(number, to) INSN(BPF_JMP32 | BPF_JEQ, 3, 0, to, number)

static const struct {
	const char *path;
	unsigned int major, minor;
} nodes[] = {
	{ "dev/null", 1, 3 },	{ "dev/zero", 1, 5 },	 { "dev/full", 1, 7 },
	{ "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 },
};

static const char *const links[][2] = {
	{ "/proc/self/fd", "dev/fd" },	     { "/proc/self/fd/0", "dev/stdin" },
	{ "/proc/self/fd/1", "dev/stdout" }, { "/proc/self/fd/2", "dev/stderr" },
	{ "pts/ptmx", "dev/ptmx" },
};

static const char *const readonly_paths[] = {
	"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger",
};

static const char *const masked_paths[] = {
	"proc/acpi",	      "proc/asound",	 "proc/kcore",	     "proc/keys",
	"proc/latency_stats", "proc/timer_list", "proc/timer_stats", "proc/sched_debug",
	"sys/firmware",	      "proc/scsi",
};

/* Nodes may be made; null, zero, full, random, urandom, tty, ptmx and all pts (major 136) be used. */
static const struct bpf_insn device_rules[] = {
	INSN(BPF_LDX | BPF_MEM | BPF_W, 2, 1, 0, 0), /* type and access */
	INSN(BPF_LDX | BPF_MEM | BPF_W, 3, 1, 4, 0), /* major */
	INSN(BPF_LDX | BPF_MEM | BPF_W, 4, 1, 8, 0), /* minor */
	INSN(BPF_ALU | BPF_MOV | BPF_X, 5, 2, 0, 0),
	INSN(BPF_ALU | BPF_RSH, 5, 0, 0, 16),
	INSN(BPF_JMP | BPF_JEQ, 5, 0, 14, BPF_DEVCG_ACC_MKNOD),
	INSN(BPF_ALU | BPF_AND, 2, 0, 0, 0xffff),
	INSN(BPF_JMP | BPF_JNE, 2, 0, 10, BPF_DEVCG_DEV_CHAR),
	INSN(BPF_JMP | BPF_JEQ, 3, 0, 11, 136),
	INSN(BPF_ALU | BPF_LSH, 3, 0, 0, 20),
	INSN(BPF_ALU | BPF_OR | BPF_X, 3, 4, 0, 0),
	JUMP_IF_KEY(KEY(1, 3), 8),
	JUMP_IF_KEY(KEY(1, 5), 7),
	JUMP_IF_KEY(KEY(1, 7), 6),
	JUMP_IF_KEY(KEY(1, 8), 5),
	JUMP_IF_KEY(KEY(1, 9), 4),
	JUMP_IF_KEY(KEY(5, 0), 3),
	JUMP_IF_KEY(KEY(5, 2), 2),
	INSN(BPF_ALU64 | BPF_MOV, 0, 0, 0, 0),
	INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	INSN(BPF_ALU64 | BPF_MOV, 0, 0, 0, 1),
	INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
};

int floor_restrict(int cgroup_fd)
{
	union bpf_attr load, attach;
	long fd;

	memset(&load, 0, sizeof(load));
	load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	load.insns = (uintptr_t)device_rules;
	load.insn_cnt = COUNT(device_rules);
	load.license = (uintptr_t) "GPL";
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	if (fd < 0)
		return floor_fail("load the device rules");
	memset(&attach, 0, sizeof(attach));
	attach.target_fd = (uint32_t)cgroup_fd;
	attach.attach_bpf_fd = (uint32_t)fd;
	attach.attach_type = BPF_CGROUP_DEVICE;
	attach.attach_flags = BPF_F_ALLOW_MULTI;
	if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)) < 0)
		return floor_fail("attach the device rules");
	close((int)fd);
	return 0;
}

static int make_devices(void)
{
	umask(0);
	for (size_t i = 0; i < COUNT(nodes); i++)
		if (mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) <
		    0)
			return floor_fail(nodes[i].path);
	for (size_t i = 0; i < COUNT(links); i++)
		if (symlink(links[i][0], links[i][1]) < 0)
			return floor_fail(links[i][1]);
	umask(022);
	return 0;
}

static int make_readonly(const char *path, unsigned long flags)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	if (mount(path, path, NULL, MS_BIND | flags, NULL) < 0)
		return errno == ENOENT ? 0 : floor_fail(path);
	return mount_setattr(AT_FDCWD, path, flags ? AT_RECURSIVE : 0, &attr, sizeof(attr)) < 0
		       ? floor_fail(path)
		       : 0;
}

/* A file becomes /dev/null, the first directory an empty tmpfs, the others that one. */
static int mask(const char *path, const char **empty)
{
	const unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : floor_fail(path);
	if (!S_ISDIR(st.st_mode)) {
		r = mount("/dev/null", path, NULL, MS_BIND, NULL);
	} else if (*empty) {
		r = mount(*empty, path, NULL, MS_BIND, NULL);
	} else {
		r = mount("tmpfs", path, "tmpfs", flags, NULL);
		*empty = path;
	}
	return r < 0 ? floor_fail(path) : 0;
}

int floor_furnish(void)
{
	const char *empty = NULL;

	if (make_devices() != 0)
		return 1;
	for (size_t i = 0; i < COUNT(readonly_paths); i++)
		if (make_readonly(readonly_paths[i], MS_REC) != 0)
			return 1;
	for (size_t i = 0; i < COUNT(masked_paths); i++)
		if (mask(masked_paths[i], &empty) != 0)
			return 1;
	return 0;
}

static int raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return floor_fail("raise lo");
	close(fd);
	return 0;
}

static int drop_rights(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {
		{ (uint32_t)CAPABILITIES, (uint32_t)CAPABILITIES, 0 },
	};
	const struct rlimit files = { 1024, 1024 };

	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (!(CAPABILITIES >> i & 1) && prctl(PR_CAPBSET_DROP, i) < 0 && errno != EINVAL)
			return floor_fail("drop a capability");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_setgroups, 0, NULL) < 0 ||
	    syscall(SYS_capset, &header, sets) < 0 || setrlimit(RLIMIT_NOFILE, &files) < 0)
		return floor_fail("drop rights");
	return 0;
}

int floor_confine(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	if (mount_setattr(AT_FDCWD, "/", 0, &attr, sizeof(attr)) < 0)
		return floor_fail("make / read-only");
	if (setsid() < 0 || sethostname("wabe", 4) < 0)
		return floor_fail("names");
	return raise_loopback() != 0 ? 1 : drop_rights();
}

int floor_filter(int fd)
{
	static struct sock_filter program[BPF_MAXINSNS];
	ssize_t bytes = read(fd, program, sizeof(program));
	const struct sock_fprog p = { .len = (unsigned short)(bytes / (ssize_t)sizeof(*program)),
				      .filter = program };

	if (bytes <= 0)
		return floor_fail("read the filter");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p) < 0)
		return floor_fail("load the filter");
	return 0;
}
