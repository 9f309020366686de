// SPDX-License-Identifier: GPL-2.0-or-later
/* core/filter: linux.seccomp of the specification as a compiled filter; see filter.h. */
#include "core/filter.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/cleanup.h"

static int errno_of(const struct wabe_opt_u64 *value)
{
	return value->is_set ? (int)value->value : -1;
}

static int translate_args(struct wabe_arena *arena, const struct wabe_list *list,
			  struct wabe_seccomp_rule *rule)
{
	const struct wabe_spec_syscall_arg *from = list->items;
	struct wabe_seccomp_arg *to = wabe_arena_array(arena, list->count, sizeof(*to));

	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++)
		to[i] = (struct wabe_seccomp_arg){ from[i].index, from[i].op, from[i].value,
						   from[i].value_two };
	rule->args = to;
	rule->args_count = list->count;
	return 0;
}

static int translate(struct wabe_arena *arena, const struct wabe_spec_seccomp *from,
		     struct wabe_seccomp_profile *to)
{
	const struct wabe_spec_syscall *calls = from->syscalls.items;
	struct wabe_seccomp_rule *rules =
		wabe_arena_array(arena, from->syscalls.count, sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	for (size_t i = 0; i < from->syscalls.count; i++) {
		rules[i] = (struct wabe_seccomp_rule){
			.names = (const char *const *)calls[i].names.items,
			.names_count = calls[i].names.count,
			.action = calls[i].action,
			.errno_ret = errno_of(&calls[i].errno_ret),
		};
		if (translate_args(arena, &calls[i].args, &rules[i]) < 0)
			return -ENOMEM;
	}
	*to = (struct wabe_seccomp_profile){
		.default_action = from->default_action,
		.default_errno_ret = errno_of(&from->default_errno_ret),
		.architectures = (const char *const *)from->architectures.items,
		.architectures_count = from->architectures.count,
		.flags = (const char *const *)from->flags.items,
		.flags_count = from->flags.count,
		.rules = rules,
		.rules_count = from->syscalls.count,
	};
	return 0;
}

int wabe_filter_compile(const struct wabe_runtime *rt, const struct wabe_spec_seccomp *seccomp,
			struct wabe_seccomp_program *ret_program, bool *ret_has,
			struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_seccomp_profile profile;
	char cache[PATH_MAX];
	int r;

	*ret_has = false;
	if (!seccomp)
		return 0;
	if (translate(&arena, seccomp, &profile) < 0)
		return wabe_error_set(err, -ENOMEM, "linux.seccomp");
	snprintf(cache, sizeof(cache), "%s/.seccomp", rt->state_root);
	r = wabe_seccomp_compile(&profile, cache, ret_program, err);
	if (r < 0)
		return wabe_error_prefix(err, "linux.seccomp");
	wabe_log(rt->log, WABE_LOG_DEBUG, "linux.seccomp: %u instructions, %s",
		 (unsigned int)ret_program->length,
		 ret_program->is_cached ? "of the cache" : "compiled now");
	*ret_has = true;
	return 0;
}
