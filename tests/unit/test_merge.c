// SPDX-License-Identifier: GPL-2.0-or-later
/* spec/merge: what an update makes of the limits that there are. */
#include <string.h>

#include "base/cleanup.h"
#include "spec/spec.h"
#include "tap.h"

static const struct row {
	const char *what, *base, *over, *merged;
} rows[] = {
	{ "nothing over nothing", "{}", "{}", "{}" },
	{ "zero is nothing to change",
	  "{\"memory\":{\"limit\":5,\"swap\":9},\"cpu\":{\"shares\":7,\"quota\":2000,\"cpus\":\"0\"},\"pids\":{\"limit\":3}}",
	  "{\"memory\":{\"limit\":0,\"swap\":0},\"cpu\":{\"shares\":0,\"quota\":0,\"cpus\":\"\"},\"pids\":{\"limit\":0}}",
	  "{\"memory\":{\"limit\":5,\"swap\":9},\"cpu\":{\"shares\":7,\"quota\":2000,\"cpus\":\"0\"},\"pids\":{\"limit\":3}}" },
	{ "but for what may be zero",
	  "{\"cpu\":{\"idle\":1,\"burst\":5},\"memory\":{\"swappiness\":3}}",
	  "{\"cpu\":{\"idle\":0,\"burst\":0},\"memory\":{\"swappiness\":0}}",
	  "{\"cpu\":{\"burst\":0,\"idle\":0},\"memory\":{\"swappiness\":0}}" },
	{ "memory alone leaves the swap beside it", "{\"memory\":{\"limit\":100,\"swap\":130}}",
	  "{\"memory\":{\"limit\":50}}", "{\"memory\":{\"limit\":50,\"swap\":80}}" },
	{ "unlimited swap stays so", "{\"memory\":{\"limit\":100,\"swap\":-1}}",
	  "{\"memory\":{\"limit\":50}}", "{\"memory\":{\"limit\":50,\"swap\":-1}}" },
	{ "no limit on memory is none on both", "{\"memory\":{\"limit\":100,\"swap\":130}}",
	  "{\"memory\":{\"limit\":-1}}", "{\"memory\":{\"limit\":-1,\"swap\":-1}}" },
	{ "both given", "{\"memory\":{\"limit\":100,\"swap\":130}}",
	  "{\"memory\":{\"limit\":-1,\"swap\":7}}", "{\"memory\":{\"limit\":-1,\"swap\":7}}" },
	{ "too large a sum", "{\"memory\":{\"limit\":1,\"swap\":9}}",
	  "{\"memory\":{\"limit\":9223372036854775807}}",
	  "{\"memory\":{\"limit\":9223372036854775807,\"swap\":9}}" },
	{ "devices by number",
	  "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1},{\"major\":8,\"minor\":1,\"rate\":2}]}}",
	  "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":1,\"rate\":5},{\"major\":7,\"minor\":1,\"rate\":6}]}}",
	  "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1},{\"major\":8,\"minor\":1,\"rate\":5},{\"major\":7,\"minor\":1,\"rate\":6}]}}" },
	{ "weights by number",
	  "{\"blockIO\":{\"weight\":10,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":11}]}}",
	  "{\"blockIO\":{\"weight\":20,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":12}]}}",
	  "{\"blockIO\":{\"weight\":20,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":12}]}}" },
	{ "huge pages by size", "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1}]}",
	  "{\"hugepageLimits\":[{\"pageSize\":\"1GB\",\"limit\":3},{\"pageSize\":\"2MB\",\"limit\":2}]}",
	  "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":2},{\"pageSize\":\"1GB\",\"limit\":3}]}" },
	{ "rdma by device, interfaces by name, files by name",
	  "{\"network\":{\"priorities\":[{\"name\":\"a\",\"priority\":1}]},\"unified\":{\"a.b\":\"1\",\"c.d\":\"2\"},\"rdma\":{\"m\":{\"hcaHandles\":1}}}",
	  "{\"network\":{\"classID\":4,\"priorities\":[{\"name\":\"a\",\"priority\":2}]},\"unified\":{\"c.d\":\"3\"},\"rdma\":{\"m\":{\"hcaHandles\":2},\"n\":{\"hcaObjects\":3}}}",
	  "{\"network\":{\"classID\":4,\"priorities\":[{\"name\":\"a\",\"priority\":2}]},\"unified\":{\"a.b\":\"1\",\"c.d\":\"3\"},\"rdma\":{\"m\":{\"hcaHandles\":2},\"n\":{\"hcaObjects\":3}}}" },
	{ "device rules as a whole", "{\"devices\":[{\"allow\":false}]}",
	  "{\"devices\":[{\"allow\":true,\"access\":\"r\"}]}",
	  "{\"devices\":[{\"allow\":true,\"access\":\"r\"}]}" },
};

static int load(struct wabe_arena *arena, const char *text, struct wabe_spec_resources *res)
{
	struct wabe_error err = WABE_ERROR_INIT;
	int r = wabe_spec_parse_resources(arena, "test", text, strlen(text), res, &err);

	if (r < 0)
		printf("# %s\n", err.text);
	return r;
}

static void save(const struct wabe_spec_resources *res, struct wabe_buf *out)
{
	struct wabe_spec spec = { .resources = *res };

	wabe_spec_save(&spec, WABE_JSON_INDENTED, out, NULL);
}

int main(void)
{
	struct tap t = TAP_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		_cleanup_(wabe_buf_free) struct wabe_buf got = WABE_BUF_INIT, want = WABE_BUF_INIT;
		struct wabe_spec_resources base = { 0 }, over = { 0 }, merged = { 0 };

		if (!tap_ok(&t,
			    load(&arena, rows[i].base, &base) == 0 &&
				    load(&arena, rows[i].over, &over) == 0 &&
				    load(&arena, rows[i].merged, &merged) == 0,
			    "%s: loads", rows[i].what))
			continue;
		tap_int(&t, wabe_spec_merge_resources(&arena, &base, &over), 0, "%s: merges",
			rows[i].what);
		save(&base, &got);
		save(&merged, &want);
		tap_str(&t, got.data, want.data, "%s", rows[i].what);
	}
	return tap_end(&t);
}
