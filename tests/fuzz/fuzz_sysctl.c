// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target: linux.sysctl as lines KEY=VALUE, for a container that has all namespaces. What is accepted stays below
 * /proc/sys, and in the parts of it that belong to a namespace.
 */
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "spec/internal.h"

#define PAIRS_MAX 32

static void check_component(const char *at, size_t len)
{
	FUZZ_CHECK(len > 0 && !(len == 1 && at[0] == '.') &&
		   !(len == 2 && memcmp(at, "..", 2) == 0));
}

static void check_path(const char *path)
{
	FUZZ_CHECK(wabe_str_starts(path, "net/") || wabe_str_starts(path, "kernel/") ||
		   wabe_str_starts(path, "fs/mqueue/"));
	for (const char *at = path;; at++) {
		size_t len = strcspn(at, "/");

		check_component(at, len);
		at += len;
		if (!*at)
			return;
	}
}

static void check_accepted(const struct wabe_pair *pair)
{
	char path[256], again[256];

	FUZZ_CHECK(wabe_spec_sysctl_path(pair->key, path, sizeof(path)) == 0);
	FUZZ_CHECK(strlen(path) == strlen(pair->key));
	check_path(path);
	/* A path is its own path. */
	FUZZ_CHECK(wabe_spec_sysctl_path(path, again, sizeof(again)) == 0);
	FUZZ_CHECK(strcmp(path, again) == 0);
	FUZZ_CHECK(!strpbrk(pair->value, "+\n\r") && !strstr(pair->value, "/.."));
}

static size_t read_pairs(struct wabe_arena *arena, const uint8_t *data, size_t size,
			 struct wabe_pair *pairs)
{
	struct wabe_strv lines = { 0 };
	size_t count = 0;
	char *text = wabe_arena_strndup(arena, (const char *)data, size);

	FUZZ_CHECK(text && wabe_strv_split(&lines, arena, text, "\n") == 0);
	for (size_t i = 0; i < lines.count && count < PAIRS_MAX; i++) {
		char *equals = strchr(lines.items[i], '=');

		if (!equals)
			continue;
		*equals = '\0';
		pairs[count++] = (struct wabe_pair){ lines.items[i], equals + 1 };
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_spec_namespace namespaces[WABE_NS_MAX] = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_pair pairs[PAIRS_MAX];
	struct wabe_spec spec = { .namespaces = { namespaces, WABE_NS_MAX } };
	int r;

	for (int i = 0; i < WABE_NS_MAX; i++)
		namespaces[i].type = i;
	spec.sysctl = (struct wabe_pairs){ pairs, read_pairs(&arena, data, size, pairs) };
	r = wabe_spec_validate_sysctl(&spec, &err);
	if (r < 0) {
		FUZZ_CHECK(err.code == r && wabe_str_starts(err.text, "linux.sysctl["));
		return 0;
	}
	for (size_t i = 0; i < spec.sysctl.count; i++)
		check_accepted(&pairs[i]);
	return 0;
}
