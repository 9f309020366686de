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

/* Its state directory is the file system too. */
static int join(int root_fd, struct wabe_container *c, const struct wabe_spec_rdt *rdt,
		struct wabe_error *err)
{
	static const struct wabe_runtime rt = { .state_root = "/nowhere" };

	*c = (struct wabe_container){
		.rt = &rt,
		.dir_fd = root_fd,
		.state = { .id = "c1", .oci_version = "1.0.0", .bundle = "/" },
	};
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

static bool state_has(int root_fd, const char *word)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	const char *state = get(root_fd, WABE_STATE_FILE, &text);

	return state && strstr(state, word);
}

/* The attempt to attach fails here, where no files come with a directory: as if the runtime were killed there. */
static void test_noted(struct tap *t, int root_fd)
{
	struct wabe_spec_rdt rdt = { .clos_id = "fresh", .mem_bw_schema = "MB:0=10" };
	struct wabe_container c;
	struct wabe_error err;

	unlinkat(root_fd, WABE_STATE_FILE, 0);
	tap_ok(t, join(root_fd, &c, &rdt, &err) < 0, "a join that doesn't come to its end");
	tap_ok(t, wabe_resctrl_has(root_fd, "fresh"), "has made a class");
	tap_ok(t,
	       state_has(root_fd, "\"rdtClass\":\"fresh\"") &&
		       state_has(root_fd, "\"rdtMade\":true"),
	       "which the state knew before");
	/* As who finds it does. */
	c.is_loaded = true;
	put(root_fd, "fresh/tasks", "99\n");
	tap_int(t, wabe_rdt_leave_in(root_fd, &c, &err), 0, "somebody is in it: it stays");
	tap_ok(t, wabe_resctrl_has(root_fd, "fresh") && !c.state.rdt_class, "  and is forgotten");

	wabe_file_remove_tree_at(root_fd, "fresh", NULL);
	tap_ok(t, join(root_fd, &c, &rdt, &err) < 0, "once more");
	tap_int(t, wabe_rdt_leave_in(root_fd, &c, &err), 0, "its own creator takes it away");
	tap_ok(t, !wabe_resctrl_has(root_fd, "fresh") && !c.state.is_rdt_made, "  and forgets it");

	unlinkat(root_fd, WABE_STATE_FILE, 0);
	mkdirat(root_fd, WABE_STATE_FILE, 0755); /* can't be replaced */
	tap_ok(t, join(root_fd, &c, &rdt, &err) < 0, "a state that can't be saved");
	tap_ok(t, !wabe_resctrl_has(root_fd, "fresh") && !c.state.rdt_class,
	       "  nothing is made then");
	unlinkat(root_fd, WABE_STATE_FILE, AT_REMOVEDIR);
}

/* A creator in the foreground, and an update that gives the container a class meanwhile. */
static void test_changed_meanwhile(struct tap *t, const char *dir)
{
	struct wabe_runtime rt = { .state_root = dir, .cgroup_base = "/nowhere" };
	_cleanup_(wabe_container_free) struct wabe_container *creator = NULL, *other = NULL;
	struct wabe_error err = WABE_ERROR_INIT;

	if (!tap_int(t, wabe_state_new(&rt, "meanwhile", &creator, &err), 0, "a container: %s",
		     err.text))
		return;
	creator->state.oci_version = "1.0.0";
	creator->state.bundle = "/";
	tap_int(t, wabe_state_save(creator, &err), 0, "with a state");
	wabe_container_unlock(creator);
	tap_int(t, wabe_container_lock(creator, 0, &err), 0, "locked again");
	tap_int(t, wabe_state_refresh(creator, &err), 0, "its creator");
	tap_ok(t, !creator->is_loaded, "  knows it as it made it");
	wabe_container_unlock(creator);
	tap_int(t, wabe_container_load(&rt, "meanwhile", &other, &err), 0, "somebody else");
	tap_int(t, wabe_container_lock(other, 0, &err), 0, "  locks it");
	tap_int(t, wabe_state_mark_changed(other, &err), 0, "  marks it");
	other->state.rdt_class = "meanwhile";
	other->state.is_rdt_made = true;
	tap_int(t, wabe_state_save(other, &err), 0, "  notes a class");
	wabe_container_unlock(other);
	tap_int(t, wabe_container_lock(creator, 0, &err), 0, "the creator");
	tap_int(t, wabe_state_refresh(creator, &err), 0, "  looks again");
	tap_str(t, creator->state.rdt_class, "meanwhile", "  and knows the class");
	tap_ok(t, creator->state.is_rdt_made, "  that it has to remove");
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
	test_noted(&t, root_fd);
	test_changed_meanwhile(&t, dir);
	test_stats(&t, root_fd);
	wabe_file_remove_tree_at(AT_FDCWD, dir, NULL);
	return tap_end(&t);
}
