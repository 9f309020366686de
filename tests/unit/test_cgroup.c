// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of sys/cgroup that need no cgroup: paths, conversions, texts, ranges. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "sys/cgroup_internal.h"
#include "tap.h"

static void test_paths(struct tap *t)
{
	static const char *const bad[] = {
		"",	   "/",	   "//a", "/a//b", "/a/",    "a/",    "/..",	 "..",
		"/a/../b", "a/..", "/.",  ".",	   "/a/./b", "/a\nb", "/a\033b",
	};
	char *path = malloc(8192);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct wabe_cgroup *cgroup = NULL;
		struct wabe_error err = WABE_ERROR_INIT;

		tap_int(t, wabe_cgroup_open(bad[i], &cgroup, &err), -EINVAL, "path %zu is refused",
			i);
		tap_ok(t, !cgroup && strstr(err.text, "cgroup path"),
		       "path %zu: no handle, and the error says what", i);
	}
	if (!tap_ok(t, path != NULL, "memory"))
		return;
	memset(path, 'a', 8191);
	path[8191] = '\0';
	path[0] = '/';
	for (size_t len = 257; len <= 8191; len += 7934) {
		struct wabe_cgroup *cgroup = NULL;
		char cut = path[len];

		path[len] = '\0';
		tap_int(t, wabe_cgroup_open(path, &cgroup, NULL), -EINVAL,
			"a name of %zu bytes is refused", len - 1);
		path[len] = cut;
	}
	free(path);
}

static void test_own(struct tap *t)
{
	static const char hybrid[] =
		"12:cpu,cpuacct:/a b:c\n9:name=systemd:/user.slice\n4:memory:/m\n0::/user.slice/x\n";
	static const struct {
		const char *text, *controller, *path;
	} rows[] = {
		{ hybrid, "", "/user.slice/x" },
		{ hybrid, "cpu", "/a b:c" },
		{ hybrid, "cpuacct", "/a b:c" },
		{ hybrid, "name=systemd", "/user.slice" },
		{ hybrid, "memory", "/m" },
		{ hybrid, "cpua", NULL },
		{ hybrid, "pids", NULL },
		{ "0::/\n", "", "/" },
		{ "0::/", "", "/" },
		{ "0::/gone (deleted)\n", "", NULL },
		{ "0::x\n", "", NULL },
		{ "4:memory:/m\n", "", NULL },
		{ "nonsense\n", "", NULL },
		{ "", "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *path = NULL;
		int r = wabe_cgroup_parse_own(rows[i].text, rows[i].controller, &path);

		tap_int(t, r, rows[i].path ? 0 : -ENOENT, "own cgroup, row %zu", i);
		tap_str(t, path, rows[i].path, "own cgroup, row %zu: path", i);
	}
}

static void test_texts(struct tap *t)
{
	static const char text[] =
		"populated 1\nfrozen 0\nbig 18446744073709551615\nover 18446744073709551616\nword x\nlast 7";
	static const struct {
		const char *key;
		int r;
		uint64_t value;
	} rows[] = {
		{ "populated", 0, 1 },	  { "frozen", 0, 0 },	       { "last", 0, 7 },
		{ "big", 0, UINT64_MAX }, { "over", -ENOENT, 42 },     { "word", -ENOENT, 42 },
		{ "pop", -ENOENT, 42 },	  { "opulated", -ENOENT, 42 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = 42;

		tap_int(t, wabe_cgroup_text_u64(text, rows[i].key, &value), rows[i].r, "key %s",
			rows[i].key);
		tap_ok(t, value == (rows[i].r ? 42 : rows[i].value), "key %s: value", rows[i].key);
	}
	tap_ok(t, wabe_cgroup_text_has("cpuset cpu io", "cpu"), "a whole word is found");
	tap_ok(t, wabe_cgroup_text_has("cpuset cpu io", "io"), "the last word is found");
	tap_ok(t, !wabe_cgroup_text_has("cpuset io", "cpu"), "a part of a word is not");
	tap_ok(t, !wabe_cgroup_text_has("", "cpu") && !wabe_cgroup_text_has("cpu", ""),
	       "nothing is in nothing");
}

static uint64_t by_libm(uint64_t shares)
{
	double l = log2((double)shares);

	return (uint64_t)ceil(pow(10, (l * l + 125 * l) / 612 - 7.0 / 34) - 1e-9);
}

static void test_convert(struct tap *t)
{
	uint64_t different = 0, before = 0, falls = 0;
	static const uint64_t rows[][2] = { { 2, 1 }, { 1024, 100 }, { 262144, 10000 },
					    { 0, 0 }, { 1, 1 },	     { 999999, 10000 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		tap_int(t, (long long)wabe_cgroup_shares_to_weight(rows[i][0]),
			(long long)rows[i][1], "shares %d", (int)rows[i][0]);
	for (uint64_t shares = 2; shares <= 262144; shares++) {
		uint64_t weight = wabe_cgroup_shares_to_weight(shares);

		different += weight != by_libm(shares);
		falls += weight < before;
		before = weight;
	}
	tap_int(t, (long long)different, 0, "every number of shares as by libm");
	tap_int(t, (long long)falls, 0, "more shares never weigh less");
	for (uint64_t weight = 1; weight <= 10000; weight++) {
		uint64_t shares = wabe_cgroup_weight_to_shares(weight);

		different += wabe_cgroup_shares_to_weight(shares) > weight;
		different += shares < 262144 && wabe_cgroup_shares_to_weight(shares + 1) <= weight;
	}
	tap_int(t, (long long)different, 0, "every weight has the most shares that give no more");
	tap_int(t, (long long)wabe_cgroup_weight_to_shares(100), 1024,
		"the default weight is the default shares");
	tap_int(t, (long long)wabe_cgroup_weight_to_shares(0), 0, "no weight is no shares");
	for (uint64_t weight = 10; weight <= 1000; weight++)
		different += wabe_cgroup_io_to_blkio_weight(
				     wabe_cgroup_blkio_to_io_weight(weight)) != weight;
	tap_int(t, (long long)different, 0, "every blkio weight comes back");
	tap_int(t, (long long)wabe_cgroup_blkio_to_io_weight(10), 1, "least blkio weight");
	tap_int(t, (long long)wabe_cgroup_blkio_to_io_weight(1000), 10000, "largest blkio weight");
	tap_int(t, (long long)wabe_cgroup_blkio_to_io_weight(0), 0, "no blkio weight");
	tap_int(t, (long long)wabe_cgroup_io_to_blkio_weight(10000), 1000, "largest io weight");
}

static void test_ranges(struct tap *t)
{
	struct wabe_cgroup_io_limit io = { .major = 8, .weight = 10001 };
	struct wabe_cgroup_hugetlb page = { .page_size = "2MB/../x" };
	struct wabe_cgroup_file file = { .file = "../cgroup.procs", .value = "0" };
	const struct {
		struct wabe_cgroup_limits limits;
		int r;
	} rows[] = {
		{ { 0 }, 0 },
		{ { .has_cpu_weight = true, .cpu_weight = 0 }, -ERANGE },
		{ { .has_cpu_weight = true, .cpu_weight = 1 }, 0 },
		{ { .has_cpu_weight = true, .cpu_weight = 10001 }, -ERANGE },
		{ { .has_cpu_weight = true, .cpu_weight = 100, .cpu_shares = 1 }, -ERANGE },
		{ { .has_cpu_max = true, .cpu_quota_us = 999 }, -ERANGE },
		{ { .has_cpu_max = true, .cpu_quota_us = 1000 }, 0 },
		{ { .has_cpu_max = true, .cpu_quota_us = -1 }, 0 },
		{ { .has_cpu_max = true, .cpu_quota_us = 5000, .cpu_period_us = 999 }, -ERANGE },
		{ { .has_cpu_max = true, .cpu_quota_us = 5000, .cpu_period_us = 1000001 },
		  -ERANGE },
		{ { .has_cpu_idle = true, .cpu_idle = 2 }, -ERANGE },
		{ { .has_io_weight = true, .io_weight = 0 }, -ERANGE },
		{ { .io = { &io, 1 } }, -ERANGE },
		{ { .hugetlb = { &page, 1 } }, -EINVAL },
		{ { .unified = &file, .unified_count = 1 }, -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wabe_error err = WABE_ERROR_INIT;

		tap_int(t, wabe_cgroup_limits_check(&rows[i].limits, &err), rows[i].r,
			"limits, row %zu", i);
		tap_ok(t, (rows[i].r == 0) == (err.text[0] == '\0'),
		       "limits, row %zu: a refusal has its reason", i);
	}
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_paths(&t);
	test_own(&t);
	test_texts(&t);
	test_convert(&t);
	test_ranges(&t);
	return tap_end(&t);
}
