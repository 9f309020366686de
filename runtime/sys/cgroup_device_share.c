// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: programs of device rules that sibling cgroups share; see cgroup_device.h.
 *
 * Most containers of a host have the same rules, and a program is the kernel's dearest part of them: 0.2 ms of the verifier and
 * 6.7 KiB each. It is code without data, so one can be attached to all. Nothing keeps it: an attribute of the state root says
 * which one was loaded last for some instructions, and it goes with the last cgroup that has it.
 *
 * "trusted." attributes are CAP_SYS_ADMIN's alone, on the host (xattr(7)); reading and replacing one is atomic. There are at most
 * 16, whatever rules come by. An id may have come to mean another program, or the attribute may be of an earlier boot: so the
 * kernel is asked for what it says of the program itself, first of all the tag, its own hash of the instructions.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sha256.h"
#include "sys/cgroup_device.h"

#define RECORD_VERSION 1
#define RECORD_NAME_MAX 32

/* The attribute's value, which stays on the machine that wrote it. */
struct record {
	uint32_t version;
	uint32_t id;
	uint64_t load_time_ns; /* since boot */
	unsigned char tag[BPF_TAG_SIZE];
	char hash[WABE_SHA256_HEX]; /* of the instructions that were loaded */
};

int wabe_cgroup_device_bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

static int read_info(int fd, struct bpf_prog_info *ret_info)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	memset(ret_info, 0, sizeof(*ret_info));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(*ret_info);
	attr.info.info = (uintptr_t)ret_info;
	return wabe_cgroup_device_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

int wabe_cgroup_device_open(uint32_t id, struct bpf_prog_info *ret_info)
{
	_cleanup_close_ int fd = -EBADF;
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	fd = wabe_cgroup_device_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return fd;
	r = read_info(fd, ret_info);
	if (r < 0)
		return r;
	return ret_info->type == BPF_PROG_TYPE_CGROUP_DEVICE &&
			       strcmp(ret_info->name, WABE_CGROUP_DEVICE_PROGRAM) == 0
		       ? TAKE_FD(fd)
		       : -ENOENT;
}

/* What the record of these instructions is called, and the rest of it that doesn't depend on the program. */
static void begin_record(const struct bpf_insn *insns, size_t count, struct record *record,
			 char name[RECORD_NAME_MAX])
{
	struct wabe_sha256 hash;

	memset(record, 0, sizeof(*record)); /* the holes too */
	record->version = RECORD_VERSION;
	wabe_sha256_begin(&hash);
	wabe_sha256_add(&hash, insns, count * sizeof(*insns));
	wabe_sha256_end(&hash, record->hash);
	snprintf(name, RECORD_NAME_MAX, "trusted.wabe.devices.%c", record->hash[0]);
}

int wabe_cgroup_device_shared(int dir_fd, const struct bpf_insn *insns, size_t count)
{
	_cleanup_close_ int fd = -EBADF;
	struct record want, found;
	struct bpf_prog_info info;
	char name[RECORD_NAME_MAX];

	if (dir_fd < 0)
		return -ENOENT;
	begin_record(insns, count, &want, name);
	if (fgetxattr(dir_fd, name, &found, sizeof(found)) != (ssize_t)sizeof(found) ||
	    found.version != want.version || memcmp(found.hash, want.hash, sizeof(want.hash)) != 0)
		return -ENOENT;
	fd = wabe_cgroup_device_open(found.id, &info);
	return fd >= 0 && info.id == found.id && info.load_time == found.load_time_ns &&
			       memcmp(info.tag, found.tag, sizeof(found.tag)) == 0
		       ? TAKE_FD(fd)
		       : -ENOENT;
}

void wabe_cgroup_device_share(int dir_fd, const struct bpf_insn *insns, size_t count,
			      int program_fd)
{
	struct bpf_prog_info info;
	char name[RECORD_NAME_MAX];
	struct record record;

	if (dir_fd < 0 || read_info(program_fd, &info) < 0)
		return;
	begin_record(insns, count, &record, name);
	record.id = info.id;
	record.load_time_ns = info.load_time;
	memcpy(record.tag, info.tag, sizeof(record.tag));
	/* Without it (a file system without such attributes) each has a program of its own. */
	(void)fsetxattr(dir_fd, name, &record, sizeof(record), 0);
}
