// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/rdt: classes of service, on a directory of plain files in place of resctrl: what is made, written, compared, attached.
 * The kernel makes a group's files with its directory; here a helper does after the fact, so a new class is looked at by what
 * is written into one that was prepared.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "core/rdt.h"
#include "core/stats.h"
#include "sys/resctrl.h"
#include "tap.h"

static void put(int root_fd, const char *path, const char *text)
{
	_cleanup_close_ int fd =
		openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("# put %s: %s\n", path, strerror(errno));
}

static void put_group(int root_fd, const char *name, const char *schemata)
{
	char path[300];

	mkdirat(root_fd, name, 0755);
	snprintf(path, sizeof(path), "%s/schemata", name);
	put(root_fd, path, schemata);
	snprintf(path, sizeof(path), "%s/tasks", name);
	put(root_fd, path, "");
}

static const char *get(int root_fd, const char *path, struct wabe_buf *text)
{
	text->len = 0;
	return wabe_file_read_at(root_fd, path, 65536, text, NULL) < 0 ? NULL
	       : text->data					       ? text->data
								       : "";
}

static void test_names(struct tap *t)
{
	static const char *const bad[] = { "",	   ".",		 "..",	     "a/b",
					   "info", "mon_groups", "mon_data", "a\nb" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		tap_ok(t, !wabe_resctrl_is_name(bad[i]), "no name: \"%s\"", bad[i]);
	tap_ok(t, wabe_resctrl_is_name("web-1"), "a name");
}

static void test_compare(struct tap *t, int root_fd)
{
	static const struct {
		const char *want;
		int r;
	} rows[] = {
		{ "L3:0=7f0;1=1f\n", 0 },
		{ "L3:1=1f;0=7F0", 0 },
		{ "L3:0=07f0", 0 },
		{ "MB:0=20\nL3:1=0x1f", 0 },
		{ "", 0 },
		{ "L3:0=7f1", -EEXIST },
		{ "L3:2=1f", -EEXIST },
		{ "L2:0=1f", -EEXIST },
		{ "MB:0=200", -EEXIST },
		{ "MB:0=20\nMB:1=71", -EEXIST },
		{ "L3:x", -EEXIST },
	};

	put_group(root_fd, "seen", "    MB:0=20;1=70\n    L3:0=7f0;1=01f\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wabe_error err = WABE_ERROR_INIT;

		tap_int(t, wabe_resctrl_compare(root_fd, "seen", rows[i].want, &err), rows[i].r,
			"compare with %s", rows[i].want);
	}
}

static int join(int root_fd, struct wabe_container *c, const struct wabe_spec_rdt *rdt,
		struct wabe_error *err)
{
	*c = (struct wabe_container){ .state = { .id = "c1" } };
	*err = (struct wabe_error)WABE_ERROR_INIT;
	return wabe_rdt_join_in(root_fd, c, rdt, 77, err);
}

static void test_join(struct tap *t, int root_fd)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_spec_rdt rdt = { .clos_id = "none" };
	struct wabe_container c;
	struct wabe_error err;
	char *lines[] = { "L3:0=7f0;1=1f", "MB:1=70", NULL };

	tap_int(t, join(root_fd, &c, &rdt, &err), -ENOENT,
		"a class that isn't there, without a schema");
	tap_ok(t, !wabe_resctrl_has(root_fd, "none") && !c.state.rdt_class, "is not made");
	tap_has(t, err.text, "closID", "the error names it");

	rdt.clos_id = "seen";
	tap_int(t, join(root_fd, &c, &rdt, &err), 0, "one that is there");
	tap_str(t, get(root_fd, "seen/tasks", &text), "77", "has the process");
	tap_str(t, get(root_fd, "seen/schemata", &text), "    MB:0=20;1=70\n    L3:0=7f0;1=01f\n",
		"its schemata are not written");
	tap_ok(t, !c.state.is_rdt_made, "it isn't the container's");

	rdt.mem_bw_schema = "MB:0=20;1=70";
	tap_int(t, join(root_fd, &c, &rdt, &err), 0, "the same values");
	rdt.mem_bw_schema = "MB:0=30";
	tap_int(t, join(root_fd, &c, &rdt, &err), -EEXIST, "other values");
	rdt = (struct wabe_spec_rdt){ .clos_id = "seen", .schemata = { lines, 2, 2 } };
	tap_int(t, join(root_fd, &c, &rdt, &err), 0, "the same schemata");

	put_group(root_fd, "c1", "");
	rdt = (struct wabe_spec_rdt){ .l3_cache_schema = "L3:0=f\nMB:0=99",
				      .mem_bw_schema = "MB:0=20" };
	tap_int(t, join(root_fd, &c, &rdt, &err), 0, "the container's own class");
	tap_str(t, get(root_fd, "c1/schemata", &text), "L3:0=f\nMB:0=20\n",
		"memBwSchema takes MB's place");
	put_group(root_fd, "c1", "");
	rdt = (struct wabe_spec_rdt){ .l3_cache_schema = "L3:0=f\nMB:0=99" };
	tap_int(t, join(root_fd, &c, &rdt, &err), 0, "L3 alone");
	tap_str(t, get(root_fd, "c1/schemata", &text), "L3:0=f\nMB:0=99\n", "with its line of MB");
	put_group(root_fd, "c1", "");
	rdt.schemata = (struct wabe_strv){ lines, 2, 2 };
	tap_int(t, join(root_fd, &c, &rdt, &err), 0, "and schemata");
	tap_has(t, get(root_fd, "c1/schemata", &text), "L3:0=7f0;1=1f\nMB:1=70\n",
		"are written last");
}

static void test_monitoring(struct tap *t, int root_fd)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_spec_rdt rdt = { .clos_id = "seen", .enable_monitoring = true };
	struct wabe_container c;
	struct wabe_error err;

	mkdirat(root_fd, "seen/mon_groups", 0755);
	put_group(root_fd, "seen/mon_groups/c1", "");
	tap_int(t, join(root_fd, &c, &rdt, &err), 0, "with monitoring");
	tap_str(t, c.state.rdt_monitor, "seen/mon_groups/c1", "its group is noted");
	tap_str(t, get(root_fd, "seen/mon_groups/c1/tasks", &text), "77", "and has the process");
	wabe_arena_free(&c.arena);
	rdt.clos_id = "info";
	tap_int(t, join(root_fd, &c, &rdt, &err), -EINVAL, "a name of the kernel's");
}

static void test_stats(struct tap *t, int root_fd)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_COMPACT);
	static const char *const dirs[] = { "info",
					    "info/L3",
					    "info/MB",
					    "seen/mon_groups/c1/mon_data",
					    "seen/mon_groups/c1/mon_data/mon_L3_00",
					    "seen/mon_groups/c1/mon_data/mon_L3_01" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		mkdirat(root_fd, dirs[i], 0755);
	put(root_fd, "schemata", "    MB:0=100\n    L3:0=7ff\n");
	put(root_fd, "info/L3/cbm_mask", "7ff\n");
	put(root_fd, "info/L3/min_cbm_bits", "2\n");
	put(root_fd, "info/L3/num_closids", "16\n");
	put(root_fd, "info/MB/num_closids", "8\n");
	put(root_fd, "info/MB/min_bandwidth", "10\n");
	put(root_fd, "seen/mon_groups/c1/mon_data/mon_L3_00/llc_occupancy", "4096\n");
	put(root_fd, "seen/mon_groups/c1/mon_data/mon_L3_00/mbm_total_bytes", "7\n");
	put(root_fd, "seen/mon_groups/c1/mon_data/mon_L3_01/mbm_local_bytes", "Unavailable\n");
	wabe_json_object_begin(w);
	wabe_stats_rdt(w, root_fd, "seen", "seen/mon_groups/c1");
	wabe_json_object_end(w);
	wabe_json_writer_finish(w, &text);
	tap_str(t, text.data,
		"{\"l3_cache_info\":{\"cbm_mask\":\"7ff\",\"min_cbm_bits\":2,\"num_closids\":16},"
		"\"mem_bw_info\":{\"min_bandwidth\":10,\"num_closids\":8},"
		"\"l3_cache_schema_root\":\"L3:0=7ff\",\"mem_bw_schema_root\":\"MB:0=100\","
		"\"l3_cache_schema\":\"L3:0=7f0;1=01f\",\"mem_bw_schema\":\"MB:0=20;1=70\","
		"\"mbm_stats\":[{\"mbm_total_bytes\":7},{}],\"cmt_stats\":[{\"llc_occupancy\":4096},{}]}\n",
		"what events shows of it");
}

int main(void)
{
	char dir[] = "/tmp/wabe-test-rdt.XXXXXX";
	struct tap t = TAP_INIT;
	_cleanup_close_ int root_fd = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
						   : -1;

	if (!tap_ok(&t, root_fd >= 0, "a directory"))
		return tap_end(&t);
	test_names(&t);
	test_compare(&t, root_fd);
	test_join(&t, root_fd);
	test_monitoring(&t, root_fd);
	test_stats(&t, root_fd);
	wabe_file_remove_tree_at(AT_FDCWD, dir, NULL);
	return tap_end(&t);
}
