// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/confine: setsockopt(2) of a guest that may not filter packets; see confine_netfilter.h.
 *
 * A rule of a filter is a conjunction of comparisons, an argument once. "All but these numbers" is
 * therefore said by the ranges between them: of what can't be in a set of numbers, the largest
 * aligned blocks, each a mask and a value. The comparisons mask because the kernel reads the low 32
 * bits.
 */
#include "guest/confine_netfilter.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>

#include "base/cleanup.h"

#define LOW32 0xffffffffu

enum { LEVEL = 1, NAME = 2 }; /* argument numbers of setsockopt(2) */

/*
 * linux/netfilter_{ipv4/ip,arp/arp,ipv6/ip6}_tables.h and netfilter_bridge/ebtables.h: X_SO_SET_REPLACE and
 * X_SO_SET_ADD_COUNTERS; without them a table can be read, not written.
 */
static const uint32_t names_ip[] = { 64, 65, 96, 97, 128, 129 }; /* ipt, arpt, ebt */
static const uint32_t names_ip6[] = { 64, 65 };
static const uint32_t levels[] = { IPPROTO_IP, IPPROTO_IPV6 };

struct rules {
	struct wabe_arena *arena;
	struct wabe_spec_syscall *items;
	int count; /* or -ENOMEM */
};

/* @args are copied; @errno_ret 0: allow. */
static void add(struct rules *rules, const struct wabe_spec_syscall_arg *args, size_t count,
		int errno_ret)
{
	struct wabe_spec_syscall_arg *copy = wabe_arena_array(rules->arena, count, sizeof(*copy));
	struct wabe_spec_syscall *rule;

	if (rules->count < 0)
		return;
	if (!copy || rules->count == VZ_CONFINE_NETFILTER_RULES) {
		rules->count = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < count; i++)
		copy[i] = args[i];
	rule = &rules->items[rules->count++];
	rule->action = errno_ret ? "SCMP_ACT_ERRNO" : "SCMP_ACT_ALLOW";
	rule->errno_ret =
		(struct wabe_opt_u64){ .is_set = errno_ret != 0, .value = (uint64_t)errno_ret };
	rule->args = (struct wabe_list){ copy, count };
	if (wabe_strv_add(&rule->names, rules->arena, "setsockopt") < 0)
		rules->count = -ENOMEM;
}

static struct wabe_spec_syscall_arg compare(uint32_t index, uint32_t mask, uint32_t value)
{
	return (struct wabe_spec_syscall_arg){
		.index = index, .op = "SCMP_CMP_MASKED_EQ", .value = mask, .value_two = value
	};
}

struct set {
	const uint32_t *numbers;
	size_t count;
};

static bool has_any(const struct set *set, uint32_t mask, uint32_t value)
{
	for (size_t i = 0; i < set->count; i++)
		if ((set->numbers[i] & mask) == value)
			return true;
	return false;
}

/*
 * Allow, with args[1] if there is one, every number of argument @args[0].index that is not in @set,
 * among those whose upper @bits are @value's.
 */
static void allow_others(struct rules *rules, struct wabe_spec_syscall_arg *args, size_t count,
			 const struct set *set, unsigned int bits, uint32_t value)
{
	uint32_t mask = bits == 0 ? 0 : LOW32 << (32 - bits);

	if (!has_any(set, mask, value)) {
		args[0] = compare(args[0].index, mask, value);
		add(rules, args, count, 0);
		return;
	}
	if (bits == 32)
		return;
	allow_others(rules, args, count, set, bits + 1, value);
	allow_others(rules, args, count, set, bits + 1, value | 1u << (31 - bits));
}

static void one_level(struct rules *rules, uint32_t level, const struct set *names)
{
	struct wabe_spec_syscall_arg args[2] = { { .index = NAME }, compare(LEVEL, LOW32, level) };

	allow_others(rules, args, 2, names, 0, 0);
	for (size_t i = 0; i < names->count; i++) {
		args[0] = compare(NAME, LOW32, names->numbers[i]);
		add(rules, args, 2, ENOPROTOOPT);
	}
}

int vz_confine_netfilter(struct wabe_arena *arena, struct wabe_spec_syscall *items)
{
	const struct set of_levels = { levels, ARRAY_SIZE(levels) };
	const struct set of_ip = { names_ip, ARRAY_SIZE(names_ip) };
	const struct set of_ip6 = { names_ip6, ARRAY_SIZE(names_ip6) };
	struct wabe_spec_syscall_arg level = { .index = LEVEL };
	struct rules rules = { .arena = arena, .items = items };

	allow_others(&rules, &level, 1, &of_levels, 0, 0);
	one_level(&rules, IPPROTO_IP, &of_ip);
	one_level(&rules, IPPROTO_IPV6, &of_ip6);
	return rules.count;
}
