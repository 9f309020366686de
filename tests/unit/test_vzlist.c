// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vzlist: the command in a tree of its own, its output word for word; fields of a running
 * guest. */
#include "cmd/vzlist.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "tap.h"

static char dir[] = "/tmp/wabe-vzlist-XXXXXX";

static const struct {
	const char *name, *text;
} files[] = {
	{ "conf/101.conf", "NAME=\"web\"\nHOSTNAME=\"web.example\"\nIP_ADDRESS=\"10.0.0.2 "
			   "2001:db8::2\"\nNUMPROC=\"100:200\"\n"
			   "PHYSPAGES=\"0:256M\"\nONBOOT=\"yes\"\nDISKSPACE=\"1G:1.1G\"\nFEATURES="
			   "\"fuse:on nfs:off\"\n" },
	{ "conf/102.conf", "HOSTNAME=\"a-very-long-host-name-that-is-wider-than-its-column."
			   "example\"\nDESCRIPTION=\"two \\\"2\\\"\"\n"
			   "IP_ADDRESS=\"10.0.0.1\"\nNUMPROC=\"unlimited\"\nCPUUNITS=\"500\"\n" },
	{ "conf/103.conf", "NAME=\"broken\nX" },
	{ "conf/104.conf", "NAME=\"gone\"\n" },
	{ "conf/105.conf", "ONBOOT=\"maybe\"\nNAME=\"half\"\n" },
	{ "conf/106.conf.destroyed", "NAME=\"old\"\n" },
};

static void put(const char *name, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	wabe_file_replace_at(AT_FDCWD, path, text, strlen(text), 0644, WABE_FILE_VOLATILE, NULL);
}

static void make_tree(void)
{
	static const char *const dirs[] = { "conf",	   "names",	  "run",	"private",
					    "private/101", "private/102", "private/105" };
	char text[2048], path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, dirs[i]);
		mkdir(path, 0755);
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		put(files[i].name, files[i].text);
	snprintf(text, sizeof(text),
		 "VE_ROOT=%s/root/$VEID\nVE_PRIVATE=\"%s/private/$VEID\"\nSTATEDIR=\"%s/run\"\n",
		 dir, dir, dir);
	put("vz.conf", text);
	snprintf(path, sizeof(path), "%s/names/web", dir);
	if (symlink("../conf/101.conf", path) < 0)
		perror(path);
}

/* Run the command with descriptor @fd going to a file; its exit code. */
static int run(const char *const *words, int fd, struct wabe_buf *ret_text)
{
	char config[PATH_MAX], *argv[16] = { (char *)"vzlist", (char *)"--config", config };
	_cleanup_close_ int saved = dup(fd), file = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int argc = 3, status;

	snprintf(config, sizeof(config), "%s/vz.conf", dir);
	for (size_t i = 0; words[i]; i++)
		argv[argc++] = (char *)words[i];
	fflush(NULL);
	dup2(file, fd);
	status = vz_vzlist_main(argc, argv);
	fflush(NULL);
	dup2(saved, fd);
	ret_text->len = 0;
	lseek(file, 0, SEEK_SET);
	wabe_fd_read_all(file, 1 << 20, ret_text);
	return status;
}

struct run_row {
	const char *words[10];
	const char *want;
	int status;
};

static const struct run_row run_rows[] = {
	{ { NULL }, "", 0 },
	{ { "-a" },
	  "      CTID      NPROC STATUS    IP_ADDR         HOSTNAME\n"
	  "       101          - stopped   10.0.0.2        web.example\n"
	  "       102          - stopped   10.0.0.1        "
	  "a-very-long-host-name-that-is-wider-than-its-column.example\n"
	  "       103          - unknown   -               -\n"
	  "       105          - stopped   -               -\n",
	  0 },
	{ { "-S", "-H", "-o", "ctid" }, "       101\n       102\n       103\n       105\n", 0 },
	{ { "-1", "-a" }, "       101\n       102\n       103\n       105\n", 0 },
	{ { "-aHo", "hostname,name", "-s", "-ctid" },
	  "-                                half\n-                                -\n"
	  "a-very-long-host-name-that-is-wi -\nweb.example                      web\n",
	  0 },
	{ { "-a", "-t", "-H", "-o", "hostname,ctid", "102" },
	  "a-very-long-host-name-that-is-wider-than-its-column.example        102\n",
	  0 },
	{ { "101", "-H", "-o", "ip,onboot" }, "10.0.0.2           yes\n", 0 },
	{ { "101", "-H", "-o", "onboot,ip" }, "   yes 10.0.0.2 2001:db8::2\n", 0 },
	{ { "web", "101", "-H", "-o",
	    "ctid,numproc.b,numproc.l,numproc.m,physpages.l,diskspace.s,diskspace.h" },
	  "       101        100        200          -      65536    1048576    1153434\n",
	  0 },
	{ { "102", "-H", "-o", "numproc.l,cpuunits,cpulimit,cpus,description" },
	  "9223372036854775807     500       -     - two \"2\"\n",
	  0 },
	{ { "-n", "-H", "-a", "-N", "[wh]*" },
	  "       web          - stopped   10.0.0.2        web.example\n      half          - "
	  "stopped   -               -\n",
	  0 },
	{ { "-H", "-a", "-h", "*.example", "-o", "ctid", "-s", "ip" },
	  "       102\n       101\n",
	  0 },
	{ { "-H", "-a", "-d", "two*", "-o", "ctid" }, "       102\n", 0 },
	{ { "-H", "-a", "-o", "features,layout,laverage,uptime,vswap", "101" },
	  "fuse:on,nfs:off overlay              -               -   yes\n",
	  0 },
	{ { "-j", "-o", "ctid,ip,numproc,diskspace,features,onboot,name,laverage,uptime,status",
	    "101" },
	  "[\n\t{\n\t\t\"ctid\": 101,\n\t\t\"ip\": "
	  "[\n\t\t\t\"10.0.0.2\",\n\t\t\t\"2001:db8::2\"\n\t\t],\n"
	  "\t\t\"numproc\": {\n\t\t\t\"held\": 0,\n\t\t\t\"maxheld\": 0,\n\t\t\t\"barrier\": "
	  "100,\n\t\t\t\"limit\": 200,\n"
	  "\t\t\t\"failcnt\": 0\n\t\t},\n"
	  "\t\t\"diskspace\": {\n\t\t\t\"usage\": null,\n\t\t\t\"softlimit\": "
	  "1048576,\n\t\t\t\"hardlimit\": 1153434\n\t\t},\n"
	  "\t\t\"features\": {\n\t\t\t\"fuse\": true,\n\t\t\t\"nfs\": "
	  "false\n\t\t},\n\t\t\"onboot\": true,\n\t\t\"name\": \"web\",\n"
	  "\t\t\"laverage\": null,\n\t\t\"uptime\": 0,\n\t\t\"status\": \"stopped\"\n\t}\n]\n",
	  0 },
	{ { "-j", "-o", "name,ip,kmemsize", "102" },
	  "[\n\t{\n\t\t\"name\": null,\n\t\t\"ip\": [\n\t\t\t\"10.0.0.1\"\n\t\t],\n"
	  "\t\t\"kmemsize\": null\n\t}\n]\n",
	  0 },
	{ { "-j" }, "[]\n", 0 },
	{ { "-j", "999" }, "[]\n", 1 },
	{ { "999" }, "", 1 },
	{ { "104" }, "", 1 },
	{ { "nobody" }, "", 1 },
	{ { "0" }, "", 1 },
	{ { "-o", "nope", "-a" }, "", 1 },
	{ { "-o", "numproc.x", "-a" }, "", 1 },
	{ { "-o", "ctid.m", "-a" }, "", 1 },
	{ { "-o", "", "-a" }, "", 1 },
	{ { "-o", "ctid,", "-a" }, "", 1 },
	{ { "-s", "nope", "-a" }, "", 1 },
	{ { "-j", "-o", "numproc.m", "-a" }, "", 1 },
	{ { "-x" }, "", 1 },
	{ { "-o" }, "", 1 },
	{ { "--config", "/nonexistent/vz.conf" }, "", 1 },
};

static void check_run(struct tap *t, const struct run_row *row)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	char name[256] = "vzlist";

	for (size_t i = 0; row->words[i]; i++)
		snprintf(name + strlen(name), sizeof(name) - strlen(name), " %s", row->words[i]);
	tap_int(t, run(row->words, STDOUT_FILENO, &text), row->status, "%s", name);
	tap_str(t, text.data ? text.data : "", row->want, "  output");
}

static void check_errors(struct tap *t)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	run((const char *[]){ "-a", "-j", "-o", "ctid", NULL }, STDERR_FILENO, &text);
	tap_has(t, text.data, "container 103:", "a broken configuration is named");
	tap_has(t, text.data, "line 1: a quote is not closed", "  with its line");
	run((const char *[]){ NULL }, STDERR_FILENO, &text);
	tap_str(t, text.data, "Container(s) not found\n", "nothing runs");
}

/* vzlist(8): what scripts may ask for. */
static const char *const known_fields[] = {
	"ctid",		"veid",		 "vpsid",	"private",     "root",
	"mount_opts",	"origin_sample", "hostname",	"name",	       "smart_name",
	"description",	"ostemplate",	 "ip",		"nameserver",  "searchdomain",
	"status",	"diskspace",	 "diskspace.s", "diskspace.h", "diskinodes",
	"diskinodes.s", "diskinodes.h",	 "laverage",	"uptime",      "cpulimit",
	"cpuunits",	"cpus",		 "ioprio",	"iolimit",     "iopslimit",
	"onboot",	"bootorder",	 "layout",	"features",    "vswap",
	"disabled",	"vm_overcommit", "netfilter",	"capability",
};

static const char *const known_counters[] = {
	"numproc",   "numtcpsock",   "numothersock", "vmguarpages",  "kmemsize",    "tcpsndbuf",
	"tcprcvbuf", "othersockbuf", "dgramrcvbuf",  "oomguarpages", "lockedpages", "privvmpages",
	"shmpages",  "numfile",	     "numflock",     "numpty",	     "numsiginfo",  "dcachesize",
	"numiptent", "physpages",    "swappages",
};

static void check_fields(struct tap *t)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct vzlist_column column;
	char name[32];

	for (size_t i = 0; i < ARRAY_SIZE(known_fields); i++)
		tap_int(t, vzlist_column_find(known_fields[i], strlen(known_fields[i]), &column), 0,
			"field %s", known_fields[i]);
	for (size_t i = 0; i < ARRAY_SIZE(known_counters) * 5; i++) {
		snprintf(name, sizeof(name), i % 5 ? "%s.%c" : "%s", known_counters[i / 5],
			 " mblf"[i % 5]);
		tap_int(t, vzlist_column_find(name, strlen(name), &column), 0, "field %s", name);
	}
	tap_int(t, run((const char *[]){ "-L", NULL }, STDOUT_FILENO, &text), 0, "vzlist -L");
	tap_has(t, text.data, "swappages.f     SWAPP.F        \n", "a line");
	tap_int(t, run((const char *[]){ "-j", "-a", NULL }, STDOUT_FILENO, &text), 0,
		"all fields as JSON");
	tap_has(t, text.data, "\"vpsid\": 101", "old names too");
}

static void check_value(struct tap *t, const struct vzlist_guest *g, const char *name,
			uint64_t want)
{
	struct vzlist_column column;
	struct vzlist_cell cell;

	tap_int(t, vzlist_column_find(name, strlen(name), &column), 0, "field %s", name);
	cell = vzlist_cell(g, &column);
	if (want == UINT64_MAX)
		tap_int(t, cell.type, VZLIST_NONE, "  nobody counts it");
	else
		tap_ok(t, cell.type == VZLIST_NUMBER && cell.number == want, "  is %llu",
		       (unsigned long long)want);
}

static void check_samples(struct tap *t, const struct vzlist_guest *g)
{
	static const char *const lines[] = {
		"vz_guest_resource_held{ctid=\"101\",name=\"\",resource=\"numproc\"} 8\n",
		"vz_guest_resource_peak{ctid=\"101\",name=\"\",resource=\"numfile\"} 400\n",
		"vz_guest_resource_barrier{ctid=\"101\",name=\"\",resource=\"numproc\"} 60\n",
		"vz_guest_resource_limit{ctid=\"101\",name=\"\",resource=\"numproc\"} 70\n",
		"vz_guest_resource_failures_total{ctid=\"101\",name=\"\",resource=\"numfile\"} 0\n",
	};
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(vzlist_prometheus_free) struct vzlist_prometheus *p = NULL;
	_cleanup_free_ char *text = NULL;
	struct vzlist_wanted wanted = { 0 };
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	p = vzlist_prometheus_new(&arena, &wanted);
	tap_ok(t, wanted.needs & VZLIST_NEED_CONTEXT, "contexts are asked for");
	tap_int(t, vzlist_prometheus_add(p, g), 0, "samples of a guest with a context");
	vzlist_prometheus_print(p, out);
	fclose(out);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		tap_has(t, text, lines[i], "a sample");
	tap_ok(t, !strstr(text, "resource=\"numpty\""), "what isn't told");
	tap_ok(t, !strstr(text, "_limit{ctid=\"101\",name=\"\",resource=\"numfile\""), "no limit");
}

/* The memory controller's numbers by way of the context; what isn't kept there is what it was. */
static void check_memory(struct tap *t, struct vzlist_guest *g)
{
	const unsigned int none = WABE_CTX_LACKS_PEAK | WABE_CTX_LACKS_BOUNDS |
				  WABE_CTX_LACKS_FAILURES;
	const uint64_t pages = (uint64_t)sysconf(_SC_PAGESIZE) / VZ_PAGE_BYTES;

	g->context.known |= 1u << WABE_CTX_PHYSPAGES | 1u << WABE_CTX_KMEMSIZE |
			    1u << WABE_CTX_OOMGUARPAGES;
	g->context.counts[WABE_CTX_PHYSPAGES] =
		(struct wabe_ctx_count){ 70, 80, WABE_CTX_NO_LIMIT, 90, 5, 0 };
	g->context.counts[WABE_CTX_KMEMSIZE] =
		(struct wabe_ctx_count){ 54321, 0, WABE_CTX_NO_LIMIT, WABE_CTX_NO_LIMIT, 0, none };
	g->context.counts[WABE_CTX_OOMGUARPAGES] =
		(struct wabe_ctx_count){ 75,
					 0,
					 WABE_CTX_NO_LIMIT,
					 WABE_CTX_NO_LIMIT,
					 2,
					 WABE_CTX_LACKS_PEAK | WABE_CTX_LACKS_BOUNDS };
	check_value(t, g, "physpages", 70 * pages);
	check_value(t, g, "physpages.m", 80 * pages);
	check_value(t, g, "physpages.b", WABE_CTX_NO_LIMIT);
	check_value(t, g, "physpages.l", 90 * pages);
	check_value(t, g, "physpages.f", 5);
	check_value(t, g, "kmemsize", 54321);
	check_value(t, g, "kmemsize.m", UINT64_MAX);
	check_value(t, g, "kmemsize.l", UINT64_MAX);
	check_value(t, g, "kmemsize.f", UINT64_MAX);
	check_value(t, g, "oomguarpages", 75 * pages);
	check_value(t, g, "oomguarpages.m", UINT64_MAX);
	check_value(t, g, "oomguarpages.f", 2);
	check_value(t, g, "shmpages", 2);
}

/* What the patched kernel's contexts tell goes before what cgroups count. */
static void check_context(struct tap *t, const struct vzlist_guest *running)
{
	static struct vzlist_guest g;

	g = *running;
	g.has_context = true;
	g.context.known = 1u << WABE_CTX_NUMPROC | 1u << WABE_CTX_NUMFILE;
	g.context.counts[WABE_CTX_NUMPROC] = (struct wabe_ctx_count){ 8, 9, 60, 70, 4, 0 };
	g.context.counts[WABE_CTX_NUMFILE] =
		(struct wabe_ctx_count){ 300, 400, WABE_CTX_NO_LIMIT, WABE_CTX_NO_LIMIT, 0, 0 };
	check_value(t, &g, "numproc", 8);
	check_value(t, &g, "numproc.m", 9);
	check_value(t, &g, "numproc.b", 60);
	check_value(t, &g, "numproc.l", 70);
	check_value(t, &g, "numproc.f", 3 + 4);
	check_value(t, &g, "numfile", 300);
	check_value(t, &g, "numfile.m", 400);
	check_value(t, &g, "numfile.l", WABE_CTX_NO_LIMIT);
	check_value(t, &g, "numfile.f", 0);
	check_value(t, &g, "numpty", UINT64_MAX);
	check_value(t, &g, "physpages", 3);
	check_samples(t, &g);
	check_memory(t, &g);
	g.has_context = false;
	check_value(t, &g, "numproc", 7);
	check_value(t, &g, "numfile", UINT64_MAX);
}

/* A guest as it is when it runs, without running one. */
static void check_running(struct tap *t)
{
	static struct vzlist_guest g = {
		.ctid = 101,
		.status = VZLIST_RUNNING,
		.has_stats = true,
		.has_usage = true,
		.uptime_s = 93784.5,
		.stats = { .pids = 7,
			   .pids_failcnt = 3,
			   .pids_peak = UINT64_MAX,
			   .kernel_bytes = 12345,
			   .shmem_bytes = 4097,
			   .swap_peak_bytes = 8192,
			   .swap_failcnt = 2,
			   .memory_bytes = 8193,
			   .memory_peak_bytes = 16384,
			   .memory_failcnt = 1,
			   .swap_bytes = UINT64_MAX },
		.usage = { .used_bytes = 5 << 20, .used_inodes = 42 },
	};
	struct vzlist_columns columns = { (struct vzlist_column[2]){ { 0 } }, 2 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	check_value(t, &g, "numproc", 7);
	check_value(t, &g, "numproc.f", 3);
	check_value(t, &g, "numproc.m", UINT64_MAX);
	check_value(t, &g, "physpages", 3);
	check_value(t, &g, "physpages.m", 4);
	check_value(t, &g, "swappages", UINT64_MAX);
	check_value(t, &g, "swappages.m", 2);
	check_value(t, &g, "swappages.f", 2);
	check_value(t, &g, "kmemsize", 12345);
	check_value(t, &g, "shmpages", 2);
	check_value(t, &g, "numfile", UINT64_MAX);
	check_value(t, &g, "diskspace", 5120);
	check_value(t, &g, "diskinodes", 42);
	check_context(t, &g);
	vzlist_column_find("uptime", 6, &columns.items[0]);
	vzlist_column_find("status", 6, &columns.items[1]);
	vzlist_print_row(out, &columns, &g, true);
	fclose(out);
	tap_str(t, text, "001d02h:03m:04s running\n", "uptime and status");
	free(text);
}

#define ROUND_COUNT 1000

/* What a round of many took: every third isn't wanted, every seventh of the others is kept. */
struct taken {
	uint32_t last;
	size_t count, kept, disorder;
	const struct vzlist_guest *guests[ROUND_COUNT];
};

static bool look_at_number(const void *data, size_t index, struct vzlist_guest *g)
{
	const uint32_t *first = data;

	*g = (struct vzlist_guest){ .ctid = *first + (uint32_t)index };
	if (index % 50 == 0)
		usleep(100);
	return index % 3 != 0;
}

static bool take_number(void *data, struct vzlist_guest *g)
{
	struct taken *taken = data;

	taken->disorder += g->ctid <= taken->last;
	taken->last = g->ctid;
	taken->count++;
	if (g->ctid % 7)
		return false;
	taken->guests[taken->kept++] = g;
	return true;
}

static void check_round(struct tap *t, bool is_alone)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	static const uint32_t first = 1000;
	struct taken taken = { 0 };
	const struct vzlist_round round = { .count = ROUND_COUNT,
					    .is_alone = is_alone,
					    .arena = &arena,
					    .look = look_at_number,
					    .data = &first,
					    .take = take_number,
					    .taker = &taken };
	size_t wrong = 0;

	tap_int(t, vzlist_go_round(&round), 0, "a round of many");
	tap_int(t, (long long)taken.count, ROUND_COUNT - ROUND_COUNT / 3 - 1,
		"  takes those that are wanted");
	tap_int(t, (long long)taken.disorder, 0, "  in order");
	for (size_t i = 1; i < taken.kept; i++)
		wrong += taken.guests[i]->ctid <= taken.guests[i - 1]->ctid ||
			 taken.guests[i]->ctid % 7;
	tap_ok(t, taken.kept > 50 && wrong == 0, "  and leaves alone what is kept");
	arena.max_bytes = 18 * (sizeof(struct vzlist_guest) + 16); /* more than there are slots */
	taken = (struct taken){ 0 };
	wabe_arena_free(&arena);
	tap_int(t, vzlist_go_round(&round), -ENOMEM, "a round without memory");
}

int main(void)
{
	struct tap t = TAP_INIT;

	check_running(&t);
	check_round(&t, true);
	check_round(&t, false);
	if (geteuid() != 0) {
		tap_skip(&t, "only root may list containers");
		return tap_end(&t);
	}
	if (!tap_ok(&t, mkdtemp(dir) != NULL, "a directory"))
		return tap_end(&t);
	make_tree();
	for (size_t i = 0; i < ARRAY_SIZE(run_rows); i++)
		check_run(&t, &run_rows[i]);
	check_errors(&t);
	check_fields(&t);
	tap_int(&t, wabe_file_remove_tree_at(AT_FDCWD, dir, NULL), 0, "clean up");
	return tap_end(&t);
}
