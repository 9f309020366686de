// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target: id maps as lines INSIDE:OUTSIDE:COUNT, each by the parser of a line, all by the rules of
 * linux.uidMappings. What is accepted overlaps nowhere and reaches over no end.
 */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "spec/internal.h"

#define MAPS_MAX 64

static void check_line(const char *line, const struct wabe_idmap *map)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_idmap again;

	FUZZ_CHECK(map->count >= 1);
	FUZZ_CHECK((uint64_t)map->inside_id + map->count <= (uint64_t)UINT32_MAX + 1);
	FUZZ_CHECK((uint64_t)map->outside_id + map->count <= (uint64_t)UINT32_MAX + 1);
	FUZZ_CHECK(strspn(line, "0123456789:") == strlen(line));
	FUZZ_CHECK(wabe_buf_printf(&text, "%u:%u:%u", map->inside_id, map->outside_id,
				   map->count) == 0);
	FUZZ_CHECK(wabe_parse_idmap(text.data, &again) == 0);
	FUZZ_CHECK(again.inside_id == map->inside_id && again.outside_id == map->outside_id &&
		   again.count == map->count);
}

static bool is_apart(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a + a_size <= b || b + b_size <= a;
}

static void check_accepted(const struct wabe_spec_idmap *maps, size_t count)
{
	FUZZ_CHECK(count > 0);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			FUZZ_CHECK(is_apart(maps[i].container_id, maps[i].size,
					    maps[j].container_id, maps[j].size) &&
				   is_apart(maps[i].host_id, maps[i].size, maps[j].host_id,
					    maps[j].size));
}

static size_t read_maps(struct wabe_arena *arena, const uint8_t *data, size_t size,
			struct wabe_spec_idmap *maps)
{
	struct wabe_strv lines = { 0 };
	struct wabe_idmap map;
	size_t count = 0;
	char *text = wabe_arena_strndup(arena, (const char *)data, size);

	FUZZ_CHECK(text && wabe_strv_split(&lines, arena, text, "\n") == 0);
	for (size_t i = 0; i < lines.count && count < MAPS_MAX; i++) {
		if (wabe_parse_idmap(lines.items[i], &map) < 0)
			continue;
		check_line(lines.items[i], &map);
		maps[count++] =
			(struct wabe_spec_idmap){ map.inside_id, map.outside_id, map.count };
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_spec_namespace user = { .type = WABE_NS_USER };
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_spec_idmap maps[MAPS_MAX];
	size_t count = read_maps(&arena, data, size, maps);
	struct wabe_spec spec = { .namespaces = { &user, 1 },
				  .uid_mappings = { maps, count },
				  .gid_mappings = { maps, count } };
	int r = wabe_spec_validate_idmaps(&spec, &err);

	if (r == 0)
		check_accepted(maps, count);
	else
		FUZZ_CHECK(err.code == r && wabe_str_starts(err.text, "linux.uidMappings"));
	return 0;
}
