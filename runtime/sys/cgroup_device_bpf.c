// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: rules for device nodes as an eBPF program of the cgroup2 tree; see cgroup_device.h.
 *
 * Sources: cgroup-v2.rst, "Device controller"; bpf(2); linux/bpf.h, struct bpf_cgroup_dev_ctx and
 * BPF_F_ALLOW_MULTI. The program belongs to the cgroups that it is attached to and goes with the
 * last, nothing is pinned. All
 * programs on the way up must allow an access, and with BPF_F_ALLOW_MULTI a guest's own systemd can
 * add further ones below. Since Linux 5.11 programs are charged to the memory cgroup, so that
 * RLIMIT_MEMLOCK needs no raising.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/cgroup_device.h"

#define ATTACHED_MAX 64 /* kernel/bpf/cgroup.c: BPF_CGROUP_MAX_PROGS */
#define RULE_INSNS_MAX 6
#define FRAME_INSNS_MAX 14 /* what stands before and after the rules */

/*
 * Registers: what is asked for. KEY is both numbers in one, which have 12 and 20 bits.
 *
 * The verifier's time is most of the load's, and goes by conditional jumps: so a rule for one
 * device is one comparison, and rules of one type that stand together test it once. What continues
 * after a number was found equal compares a copy (SCRATCH) that is no plain one: else the verifier
 * would remember the number and follow each rule's outcomes through all others (E2BIG at 300).
 */
enum {
	RESULT = BPF_REG_0,
	CONTEXT = BPF_REG_1,
	TYPE = BPF_REG_2,
	ACCESS = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
	KEY = BPF_REG_6,
	SCRATCH = BPF_REG_7,
};

/* Where a jump goes, in its src_reg until that place is known. */
enum target { NEAR, DENY, ALLOW };

struct program {
	struct bpf_insn *insns;
	size_t count;
	size_t guard;	 /* the test of the type that the rules stand behind */
	char guard_type; /* 0: they stand behind none */
};

static void add(struct program *p, uint8_t code, uint8_t reg, uint32_t imm)
{
	p->insns[p->count++] =
		(struct bpf_insn){ .code = code, .dst_reg = reg & 0xf, .imm = (int32_t)imm };
}

static void add_from(struct program *p, uint8_t code, uint8_t reg, uint8_t from)
{
	add(p, code | BPF_X, reg, 0);
	p->insns[p->count - 1].src_reg = from & 0xf;
}

static void add_load(struct program *p, uint8_t reg, size_t offset)
{
	add(p, BPF_LDX | BPF_MEM | BPF_W, reg, 0);
	p->insns[p->count - 1].src_reg = CONTEXT;
	p->insns[p->count - 1].off = (int16_t)offset;
}

static void add_jump(struct program *p, uint8_t code, uint8_t reg, uint32_t imm, enum target target)
{
	add(p, code, reg, imm);
	p->insns[p->count - 1].src_reg = target & 0xf;
}

/* linux/bpf.h: access_type is (BPF_DEVCG_ACC_* << 16) | BPF_DEVCG_DEV_*. */
static void add_head(struct program *p)
{
	add_load(p, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	add_load(p, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	add_load(p, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	add_from(p, BPF_ALU | BPF_MOV, ACCESS, TYPE);
	add(p, BPF_ALU | BPF_RSH, ACCESS, 16);
	add(p, BPF_ALU | BPF_AND, ACCESS,
	    BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD);
	add(p, BPF_ALU | BPF_AND, TYPE, 0xffff);
	add_from(p, BPF_ALU | BPF_MOV, KEY, MAJOR);
	add(p, BPF_ALU | BPF_LSH, KEY, 20);
	add_from(p, BPF_ALU | BPF_OR, KEY, MINOR);
}

static void add_return(struct program *p, bool is_allowed)
{
	add(p, BPF_ALU64 | BPF_MOV, RESULT, is_allowed);
	add(p, BPF_JMP | BPF_EXIT, 0, 0);
}

static void land(struct program *p, size_t jump)
{
	p->insns[jump].off = (int16_t)(p->count - jump - 1);
}

static void leave_guard(struct program *p)
{
	if (p->guard_type)
		land(p, p->guard);
	p->guard_type = 0;
}

static void guard_type(struct program *p, char type)
{
	if (p->guard_type == type)
		return;
	leave_guard(p);
	if (type == 'a')
		return;
	p->guard = p->count;
	p->guard_type = type;
	add_jump(p, BPF_JMP | BPF_JNE, TYPE, type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR,
		 NEAR);
}

/* The register that a rule looks at, and what it must be; 0: none, every device is meant. */
static uint8_t number_of(const struct wabe_cgroup_device_rule *rule, uint32_t *ret_number)
{
	if (rule->major < 0 && rule->minor < 0)
		return 0;
	if (rule->major < 0 || rule->minor < 0) {
		*ret_number = (uint32_t)(rule->major < 0 ? rule->minor : rule->major);
		return rule->major < 0 ? MINOR : MAJOR;
	}
	*ret_number = (uint32_t)rule->major << 20 | (uint32_t)rule->minor;
	return KEY;
}

/* A rule for all accesses decides. */
static void add_verdict(struct program *p, const struct wabe_cgroup_device_rule *rule)
{
	enum target target = rule->is_allowed ? ALLOW : DENY;
	uint32_t number = 0;
	uint8_t reg = number_of(rule, &number);

	if (reg) {
		add_jump(p, BPF_JMP32 | BPF_JEQ, reg, number, target);
		return;
	}
	add_jump(p, BPF_JMP | BPF_JA, 0, 0, target);
	leave_guard(p); /* the verifier wants a way to what comes next */
}

static uint32_t access_bits(const struct wabe_cgroup_device_rule *rule)
{
	return (rule->access & WABE_CGROUP_DEVICE_READ ? BPF_DEVCG_ACC_READ : 0) |
	       (rule->access & WABE_CGROUP_DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
	       (rule->access & WABE_CGROUP_DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0);
}

/*
 * One for some: what it allows is settled, and goes out of ACCESS; when nothing is left, all is
 * allowed. So "r" by one rule and "w" by another are together an open for both.
 */
static void add_part(struct program *p, const struct wabe_cgroup_device_rule *rule)
{
	uint32_t bits = access_bits(rule), number = 0;
	uint8_t reg = number_of(rule, &number);
	size_t test = 0;

	if (reg) {
		add_from(p, BPF_ALU | BPF_MOV, SCRATCH, reg);
		add(p, BPF_ALU | BPF_XOR, SCRATCH, number);
		test = p->count;
		add_jump(p, BPF_JMP | BPF_JNE, SCRATCH, 0, NEAR);
	}
	if (rule->is_allowed) {
		add(p, BPF_ALU | BPF_AND, ACCESS, ~bits);
		add_jump(p, BPF_JMP | BPF_JEQ, ACCESS, 0, ALLOW);
	} else {
		add_jump(p, BPF_JMP | BPF_JSET, ACCESS, bits, DENY);
	}
	if (reg)
		land(p, test);
}

static void add_end(struct program *p, bool is_allowed)
{
	size_t first = p->count, places[ALLOW + 1];

	leave_guard(p);
	places[is_allowed ? ALLOW : DENY] = p->count;
	add_return(p, is_allowed);
	if (first == 0)
		return;
	places[is_allowed ? DENY : ALLOW] = p->count;
	add_return(p, !is_allowed);
	for (size_t i = 0; i < first; i++) {
		struct bpf_insn *insn = &p->insns[i];
		bool is_jump = BPF_CLASS(insn->code) == BPF_JMP ||
			       BPF_CLASS(insn->code) == BPF_JMP32;

		if (!is_jump || insn->src_reg == NEAR)
			continue;
		insn->off = (int16_t)(places[insn->src_reg] - i - 1);
		insn->src_reg = 0;
	}
}

int wabe_cgroup_device_compile(const struct wabe_cgroup_device_rule *rules, size_t count,
			       struct bpf_insn **ret_insns, size_t *ret_count)
{
	struct program p = { 0 };
	bool is_allowed = false;
	size_t first = count;

	/* The last rule that speaks of a device counts, so those before one for all never do. */
	while (first > 0 && !wabe_cgroup_device_is_all(&rules[first - 1]))
		first--;
	if (first > 0)
		is_allowed = rules[first - 1].is_allowed;
	/* And those that say what holds anyway, with nothing else before them, change nothing. */
	while (first < count && rules[first].is_allowed == is_allowed)
		first++;
	p.insns = calloc((count - first) * RULE_INSNS_MAX + FRAME_INSNS_MAX, sizeof(*p.insns));
	if (!p.insns)
		return -ENOMEM;
	if (first < count)
		add_head(&p);
	for (size_t i = count; i > first; i--) {
		guard_type(&p, rules[i - 1].type);
		if (rules[i - 1].access == WABE_CGROUP_DEVICE_ALL)
			add_verdict(&p, &rules[i - 1]);
		else
			add_part(&p, &rules[i - 1]);
	}
	add_end(&p, is_allowed);
	*ret_insns = p.insns;
	*ret_count = p.count;
	return 0;
}

static int load(const struct bpf_insn *insns, size_t count, struct wabe_error *err)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr)); /* the kernel refuses what is not 0 behind the members */
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = (uint32_t)count;
	attr.license = (uintptr_t) "GPL";
	memcpy(attr.prog_name, WABE_CGROUP_DEVICE_PROGRAM, sizeof(WABE_CGROUP_DEVICE_PROGRAM));
	fd = wabe_cgroup_device_bpf(BPF_PROG_LOAD, &attr); /* close-on-exec by itself */
	/* EINVAL: the type is unknown. The verifier takes what is compiled above (tests). */
	if (fd == -ENOSYS || fd == -EINVAL)
		return wabe_error_say(err, -ENOTSUP,
				      "device rules need a kernel with CONFIG_CGROUP_BPF");
	if (fd == -EPERM)
		return wabe_error_say(err, fd,
				      "device rules need CAP_BPF and CAP_NET_ADMIN on the host to "
				      "load a program");
	return fd < 0 ? wabe_error_set(err, fd, "load the program of the device rules") : fd;
}

/* The program of an earlier call, to be replaced; -ENOENT: there is none. */
static int find_attached(int dir_fd)
{
	struct bpf_prog_info info;
	uint32_t ids[ATTACHED_MAX];
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)dir_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = ATTACHED_MAX;
	r = wabe_cgroup_device_bpf(BPF_PROG_QUERY, &attr);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < attr.query.prog_cnt && i < ATTACHED_MAX; i++) {
		int fd = wabe_cgroup_device_open(ids[i], &info);

		if (fd != -ENOENT)
			return fd;
	}
	return -ENOENT;
}

static int attach(struct wabe_cgroup *cgroup, int dir_fd, int program_fd, struct wabe_error *err)
{
	/* In a cgroup that this handle made is none yet. */
	_cleanup_close_ int old_fd = cgroup->is_new ? -ENOENT : find_attached(dir_fd);
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir_fd;
	attr.attach_bpf_fd = (uint32_t)program_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old_fd < 0 && old_fd != -ENOENT)
		return wabe_error_set(err, old_fd, "find the device rules of cgroup %s",
				      cgroup->path);
	if (old_fd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old_fd;
	}
	r = wabe_cgroup_device_bpf(BPF_PROG_ATTACH, &attr);
	if (r == -EPERM)
		return wabe_error_say(
			err, r,
			"device rules of cgroup %s: another program is attached to it "
			"or above it that allows none beside it, or CAP_NET_ADMIN on "
			"the host is missing",
			cgroup->path);
	if (r == 0)
		cgroup->is_new = false;
	return r < 0 ? wabe_error_set(err, r, "attach the device rules to cgroup %s", cgroup->path)
		     : 0;
}

int wabe_cgroup_v2_devices(struct wabe_cgroup *cgroup, const struct wabe_cgroup_device_rule *rules,
			   size_t count, struct wabe_error *err)
{
	_cleanup_free_ struct bpf_insn *insns = NULL;
	_cleanup_close_ int program_fd = -EBADF;
	int dir_fd = wabe_cgroup_dir_fd(cgroup, err);
	size_t insn_count = 0;

	if (dir_fd < 0)
		return dir_fd;
	if (wabe_cgroup_device_compile(rules, count, &insns, &insn_count) < 0)
		return wabe_error_set(err, -ENOMEM, "device rules of cgroup %s", cgroup->path);
	/* All is allowed: without a program it is, too. */
	if (cgroup->is_new && insn_count == 2 && insns[0].imm)
		return 0;
	program_fd = wabe_cgroup_device_shared(cgroup->share_fd, insns, insn_count);
	if (program_fd < 0) {
		program_fd = load(insns, insn_count, err);
		if (program_fd >= 0)
			wabe_cgroup_device_share(cgroup->share_fd, insns, insn_count, program_fd);
	}
	return program_fd < 0 ? program_fd : attach(cgroup, dir_fd, program_fd, err);
}
