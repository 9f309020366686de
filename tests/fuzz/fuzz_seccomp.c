// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target: a syscall profile as lines of words, and the same bytes as a cache file.
 *     default ACTION ERRNO | arch NAME | flag NAME | rule ACTION ERRNO NAME... | arg INDEX OPERATOR
 * VALUE VALUE_TWO An "arg" belongs to the rule before it.
 */
#include <linux/filter.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "sys/seccomp.h"
#include "sys/seccomp_cache.h"
#include "sys/seccomp_watch.h"

#define LIST_MAX 16

struct draft {
	struct wabe_seccomp_profile profile;
	struct wabe_seccomp_rule rules[LIST_MAX];
	struct wabe_seccomp_arg args[LIST_MAX][LIST_MAX];
	struct wabe_strv arches, flags;
};

static const char *word(const struct wabe_strv *words, size_t i)
{
	return i < words->count ? words->items[i] : NULL;
}

static uint64_t number(const struct wabe_strv *words, size_t i)
{
	return word(words, i) ? strtoull(words->items[i], NULL, 0) : 0;
}

static void add_rule(struct draft *d, const struct wabe_strv *words)
{
	struct wabe_seccomp_rule *rule = &d->rules[d->profile.rules_count];

	if (d->profile.rules_count == LIST_MAX)
		return;
	*rule = (struct wabe_seccomp_rule){
		.action = word(words, 1),
		.errno_ret = (int)number(words, 2),
		.names = words->count > 3 ? (const char *const *)words->items + 3 : NULL,
		.names_count = words->count > 3 ? words->count - 3 : 0,
		.args = d->args[d->profile.rules_count++],
	};
}

static void add_arg(struct draft *d, const struct wabe_strv *words)
{
	size_t last = d->profile.rules_count - 1;

	if (d->profile.rules_count == 0 || d->rules[last].args_count == LIST_MAX)
		return;
	d->args[last][d->rules[last].args_count++] = (struct wabe_seccomp_arg){
		(uint32_t)number(words, 1),
		word(words, 2),
		number(words, 3),
		number(words, 4),
	};
}

static void add_line(struct draft *d, struct wabe_arena *arena, const char *line)
{
	struct wabe_strv words = { 0 };

	FUZZ_CHECK(wabe_strv_split(&words, arena, line, " ") == 0);
	if (words.count < 2)
		return;
	if (strcmp(words.items[0], "default") == 0) {
		d->profile.default_action = words.items[1];
		d->profile.default_errno_ret = (int)number(&words, 2);
	} else if (strcmp(words.items[0], "arch") == 0) {
		wabe_strv_add(&d->arches, arena, words.items[1]);
	} else if (strcmp(words.items[0], "flag") == 0) {
		wabe_strv_add(&d->flags, arena, words.items[1]);
	} else if (strcmp(words.items[0], "rule") == 0) {
		add_rule(d, &words);
	} else if (strcmp(words.items[0], "arg") == 0) {
		add_arg(d, &words);
	}
}

/* What the kernel demands of any filter (bpf_check_classic): jumps stay inside, the end is a
 * return. */
static void check_program(const struct wabe_seccomp_program *program)
{
	const struct sock_filter *f = program->filter;

	FUZZ_CHECK(f && program->length >= 1 && program->length <= BPF_MAXINSNS);
	for (size_t i = 0; i < program->length; i++) {
		size_t left = program->length - i - 1;

		if (BPF_CLASS(f[i].code) == BPF_JMP && BPF_OP(f[i].code) == BPF_JA)
			FUZZ_CHECK(f[i].k < left);
		else if (BPF_CLASS(f[i].code) == BPF_JMP)
			FUZZ_CHECK(f[i].jt < left && f[i].jf < left);
	}
	FUZZ_CHECK(BPF_CLASS(f[program->length - 1].code) == BPF_RET);
}

static void fuzz_decode(const uint8_t *data, size_t size)
{
	static char text[] = "key";
	const struct wabe_buf key = { .data = text, .len = sizeof(text) };
	struct wabe_seccomp_program program = { 0 };

	if (wabe_seccomp_cache_decode(data, size, &key, &program) == 0)
		FUZZ_CHECK(program.filter && program.length >= 1 && program.length <= BPF_MAXINSNS);
	wabe_seccomp_program_free(&program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_seccomp_program program = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_strv lines = { 0 };
	struct draft d = { 0 };
	char *text = wabe_arena_strndup(&arena, (const char *)data, size);
	int r;

	fuzz_decode(data, size);
	FUZZ_CHECK(text && wabe_strv_split(&lines, &arena, text, "\n") == 0);
	for (size_t i = 0; i < lines.count; i++)
		add_line(&d, &arena, lines.items[i]);
	d.profile.rules = d.rules;
	d.profile.architectures = (const char *const *)d.arches.items;
	d.profile.architectures_count = d.arches.count;
	d.profile.flags = (const char *const *)d.flags.items;
	d.profile.flags_count = d.flags.count;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	/* A child for each input, which may take its five seconds: the replay has one such. */
	if (wabe_seccomp_needs_watch(&d.profile))
		return 0;
#endif
	r = wabe_seccomp_compile(&d.profile, NULL, &program, &err);
	if (r == 0)
		check_program(&program);
	else
		FUZZ_CHECK(err.code == r && err.text[0] && !program.filter);
	wabe_seccomp_program_free(&program);
	return 0;
}
