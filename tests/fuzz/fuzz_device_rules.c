// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target: rules for device nodes, three bytes each, as the eBPF program of the cgroup2 tree and as v1's lists. The
 * program is run here on the accesses that the rules speak of and on their neighbours: it has to say what the rules say,
 * the last that matches counts for each kind of access. v1's lists, which can say less, may not allow more.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "sys/cgroup_device.h"

#define RULES_MAX 16
#define MAJOR_MAX 0xfff
#define MINOR_MAX 0xfffff

struct access {
	char type; /* 'b' or 'c' */
	int64_t major, minor;
	unsigned int access;
};

/* A few numbers, so that rules meet. */
static int64_t number(uint8_t byte, int64_t max)
{
	return byte == 255 ? -1 : byte == 254 ? max : byte & 7;
}

static size_t read_rules(const uint8_t *data, size_t size, struct wabe_cgroup_device_rule *rules)
{
	size_t count = 0;

	for (; size >= 3 && count < RULES_MAX; data += 3, size -= 3) {
		unsigned int access = data[0] >> 3 & 7;

		rules[count++] = (struct wabe_cgroup_device_rule){
			.is_allowed = data[0] & 1,
			.type = "abca"[data[0] >> 1 & 3],
			.major = number(data[1], MAJOR_MAX),
			.minor = number(data[2], MINOR_MAX),
			.access = access ? access : WABE_CGROUP_DEVICE_ALL,
		};
	}
	return count;
}

static bool matches(const struct wabe_cgroup_device_rule *rule, const struct access *a)
{
	return (rule->type == 'a' || rule->type == a->type) &&
	       (rule->major < 0 || rule->major == a->major) &&
	       (rule->minor < 0 || rule->minor == a->minor);
}

/* What cgroup.h says. */
static bool is_allowed(const struct wabe_cgroup_device_rule *rules, size_t count,
		       const struct access *a)
{
	unsigned int left = a->access;

	for (size_t i = count; i-- > 0 && left;) {
		if (!matches(&rules[i], a) || !(rules[i].access & left))
			continue;
		if (!rules[i].is_allowed)
			return false;
		left &= ~rules[i].access;
	}
	return !left;
}

/* What the kernel makes of v1's list (device_cgroup.c). */
static bool is_allowed_by_list(const struct wabe_cgroup_device_list *list, const struct access *a)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct wabe_cgroup_device_rule *item = &list->items[i];

		if (!matches(item, a))
			continue;
		if (list->is_allowed && (item->access & a->access))
			return false;
		if (!list->is_allowed && (a->access & ~item->access) == 0)
			return true;
	}
	return list->is_allowed;
}

static uint32_t context_word(const struct access *a, int16_t offset)
{
	unsigned int bits = (a->access & WABE_CGROUP_DEVICE_READ ? BPF_DEVCG_ACC_READ : 0) |
			    (a->access & WABE_CGROUP_DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
			    (a->access & WABE_CGROUP_DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0);

	switch (offset) {
	case offsetof(struct bpf_cgroup_dev_ctx, access_type):
		return bits << 16 | (a->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	case offsetof(struct bpf_cgroup_dev_ctx, major):
		return (uint32_t)a->major;
	case offsetof(struct bpf_cgroup_dev_ctx, minor):
		return (uint32_t)a->minor;
	default:
		FUZZ_CHECK(!"a word of the context");
		return 0;
	}
}

static uint64_t calculate(const struct bpf_insn *insn, uint64_t old, uint64_t operand)
{
	bool is_wide = BPF_CLASS(insn->code) == BPF_ALU64;
	uint64_t value = 0;

	if (!is_wide)
		old = (uint32_t)old, operand = (uint32_t)operand;
	switch (BPF_OP(insn->code)) {
	case BPF_MOV:
		value = operand;
		break;
	case BPF_RSH:
		value = old >> operand;
		break;
	case BPF_LSH:
		value = old << operand;
		break;
	case BPF_AND:
		value = old & operand;
		break;
	case BPF_OR:
		value = old | operand;
		break;
	case BPF_XOR:
		value = old ^ operand;
		break;
	default:
		FUZZ_CHECK(!"an operation that is known");
	}
	return is_wide ? value : (uint32_t)value;
}

static bool is_taken(const struct bpf_insn *insn, uint64_t value, uint64_t operand)
{
	if (BPF_CLASS(insn->code) == BPF_JMP32)
		value = (uint32_t)value, operand = (uint32_t)operand;
	switch (BPF_OP(insn->code)) {
	case BPF_JA:
		return true;
	case BPF_JEQ:
		return value == operand;
	case BPF_JNE:
		return value != operand;
	case BPF_JSET:
		return value & operand;
	default:
		FUZZ_CHECK(!"a jump that is known");
		return false;
	}
}

/* As the kernel would: bpf(2), linux/bpf.h. A program that leaves itself ends here. */
static bool run(const struct bpf_insn *insns, size_t count, const struct access *a)
{
	uint64_t regs[11] = { 0 };

	for (size_t i = 0;; i++) {
		const struct bpf_insn *insn = &insns[i];
		uint64_t operand;

		FUZZ_CHECK(i < count && insn->dst_reg < 10 && insn->src_reg < 10);
		operand = BPF_SRC(insn->code) == BPF_X ? regs[insn->src_reg]
						       : (uint64_t)(int64_t)insn->imm;
		if (insn->code == (BPF_JMP | BPF_EXIT))
			return regs[0] != 0;
		switch (BPF_CLASS(insn->code)) {
		case BPF_LDX:
			regs[insn->dst_reg] = context_word(a, insn->off);
			break;
		case BPF_ALU:
		case BPF_ALU64:
			regs[insn->dst_reg] = calculate(insn, regs[insn->dst_reg], operand);
			break;
		default:
			FUZZ_CHECK(insn->off >= 0);
			if (is_taken(insn, regs[insn->dst_reg], operand))
				i += (size_t)insn->off;
		}
	}
}

struct compiled {
	const struct wabe_cgroup_device_rule *rules;
	size_t count;
	struct bpf_insn *insns;
	size_t insn_count;
	struct wabe_cgroup_device_list list;
	bool has_list;
};

static void check_access(const struct compiled *c, const struct access *a)
{
	bool want = is_allowed(c->rules, c->count, a);

	FUZZ_CHECK(run(c->insns, c->insn_count, a) == want);
	if (c->has_list && is_allowed_by_list(&c->list, a))
		FUZZ_CHECK(want);
}

static void check_numbers(const struct compiled *c, int64_t major, int64_t minor)
{
	for (unsigned int access = 1; access <= WABE_CGROUP_DEVICE_ALL; access++)
		for (const char *type = "bc"; *type; type++)
			check_access(c, &(struct access){ *type, major, minor, access });
}

static void check_all(const struct compiled *c)
{
	static const int64_t majors[] = { 0, 1, 5, 8, MAJOR_MAX };
	static const int64_t minors[] = { 0, 3, 5, 8, MINOR_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(majors); i++)
		for (size_t j = 0; j < ARRAY_SIZE(minors); j++)
			check_numbers(c, majors[i], minors[j]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wabe_cgroup_device_rule rules[RULES_MAX];
	struct compiled c = { .rules = rules, .count = read_rules(data, size, rules) };
	size_t at = 0;
	int r = wabe_cgroup_device_fold(rules, c.count, &c.list, &at);

	FUZZ_CHECK(r == 0 || (r == -ENOTSUP && at < c.count));
	c.has_list = r == 0;
	FUZZ_CHECK(wabe_cgroup_device_compile(rules, c.count, &c.insns, &c.insn_count) == 0);
	check_all(&c);
	free(c.insns);
	free(c.list.items);
	return 0;
}
