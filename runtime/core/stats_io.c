// SPDX-License-Identifier: GPL-2.0-or-later
/* core/stats: the document of `events`: disks, huge pages, network; see stats.h. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "core/stats.h"

#define NET_DEV_MAX (1u << 20)

static void io_entry(struct wabe_json_writer *w, unsigned int major, unsigned int minor,
		     const char *op, uint64_t value)
{
	wabe_json_object_begin(w);
	wabe_stats_uint(w, "major", major);
	wabe_stats_uint(w, "minor", minor);
	wabe_json_put_string(w, "op", op);
	wabe_stats_uint(w, "value", value);
	wabe_json_object_end(w);
}

/* io.stat: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void v2_io(struct wabe_json_writer *w, const char *text, const char *key,
		  const char *const *words)
{
	static const char *const ops[] = { "Read", "Write", "Discard" };

	wabe_json_key(w, key);
	wabe_json_array_begin(w);
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		unsigned int major, minor;

		line += *line == '\n';
		if (sscanf(line, "%u:%u", &major, &minor) != 2)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
			const char *at = strstr(line, words[i]), *end = strchr(line, '\n');
			unsigned long long value;

			if (at && (!end || at < end) &&
			    sscanf(at + strlen(words[i]), "%llu", &value) == 1)
				io_entry(w, major, minor, ops[i], value);
		}
	}
	wabe_json_array_end(w);
}

/* blkio-controller.rst: "8:0 Read 123", and a line "Total 456" at the end */
static bool v1_io(struct wabe_json_writer *w, struct wabe_cgroup *cgroup, const char *key,
		  const char *file)
{
	char text[WABE_STATS_TEXT], *rest = text, *line;

	if (wabe_cgroup_read(cgroup, "blkio", file, text, sizeof(text)) < 0)
		return false;
	wabe_json_key(w, key);
	wabe_json_array_begin(w);
	while ((line = strsep(&rest, "\n"))) {
		unsigned int major, minor;
		unsigned long long value;
		char op[16];

		if (sscanf(line, "%u:%u %15s %llu", &major, &minor, op, &value) == 4)
			io_entry(w, major, minor, op, value);
	}
	wabe_json_array_end(w);
	return true;
}

void wabe_stats_blkio(struct wabe_json_writer *w, struct wabe_cgroup *cgroup)
{
	static const char *const bytes[] = { " rbytes=", " wbytes=", " dbytes=" };
	static const char *const counts[] = { " rios=", " wios=", " dios=" };
	char text[WABE_STATS_TEXT];

	wabe_json_key(w, "blkio");
	wabe_json_object_begin(w);
	if (wabe_cgroup_is_v1(cgroup, "blkio")) {
		/* BFQ counts only the disks that it schedules, throttling all. */
		v1_io(w, cgroup, "ioServiceBytesRecursive",
		      "blkio.throttle.io_service_bytes_recursive");
		v1_io(w, cgroup, "ioServicedRecursive", "blkio.throttle.io_serviced_recursive");
	} else if (wabe_cgroup_read(cgroup, NULL, "io.stat", text, sizeof(text)) >= 0) {
		v2_io(w, text, "ioServiceBytesRecursive", bytes);
		v2_io(w, text, "ioServicedRecursive", counts);
	}
	wabe_stats_psi(w, cgroup, "io.pressure");
	wabe_json_object_end(w);
}

/* "2048kB" to "2MB", as the files of the controller are named */
static void page_name(const char *size, char *name, size_t room)
{
	unsigned long long kilobytes = 0;

	sscanf(size, "%llukB", &kilobytes);
	if (kilobytes >= 1 << 20)
		snprintf(name, room, "%lluGB", kilobytes >> 20);
	else if (kilobytes >= 1 << 10)
		snprintf(name, room, "%lluMB", kilobytes >> 10);
	else
		snprintf(name, room, "%lluKB", kilobytes);
}

static uint64_t page_number(struct wabe_cgroup *cgroup, bool is_v1, const char *page,
			    const char *suffix)
{
	char file[64], text[64];
	uint64_t value = UINT64_MAX;
	const char *number = text;

	snprintf(file, sizeof(file), "hugetlb.%s.%s", page, suffix);
	if (wabe_cgroup_read(cgroup, is_v1 ? "hugetlb" : NULL, file, text, sizeof(text)) <= 0)
		return UINT64_MAX;
	if (strncmp(text, "max ", 4) == 0) /* hugetlb.2MB.events */
		number = text + 4;
	return wabe_parse_u64(number, 0, UINT64_MAX, &value) < 0 ? UINT64_MAX : value;
}

void wabe_stats_hugetlb(struct wabe_json_writer *w, struct wabe_cgroup *cgroup)
{
	_cleanup_closedir_ DIR *dir = opendir("/sys/kernel/mm/hugepages");
	bool is_v1 = wabe_cgroup_is_v1(cgroup, "hugetlb");
	struct dirent *entry;

	wabe_json_key(w, "hugetlb");
	wabe_json_object_begin(w);
	while (dir && (entry = readdir(dir))) {
		uint64_t usage, failcnt;
		char page[24];

		if (strncmp(entry->d_name, "hugepages-", 10) != 0)
			continue;
		page_name(entry->d_name + 10, page, sizeof(page));
		usage = page_number(cgroup, is_v1, page, is_v1 ? "usage_in_bytes" : "current");
		if (usage == UINT64_MAX)
			continue;
		failcnt = page_number(cgroup, is_v1, page, is_v1 ? "failcnt" : "events");
		wabe_json_key(w, page);
		wabe_json_object_begin(w);
		wabe_stats_uint(w, "usage", usage);
		if (is_v1)
			wabe_stats_uint(w, "max",
					page_number(cgroup, is_v1, page, "max_usage_in_bytes"));
		wabe_stats_uint(w, "failcnt", failcnt == UINT64_MAX ? 0 : failcnt);
		wabe_json_object_end(w);
	}
	wabe_json_object_end(w);
}

/* proc_net(5): eight counters received, eight sent; those of an interface that runc has */
static void add_interface(struct wabe_json_writer *w, const char *name, const unsigned long long *n)
{
	static const struct {
		const char *key;
		size_t column;
	} members[] = { { "RxBytes", 0 },   { "RxPackets", 1 }, { "RxErrors", 2 },
			{ "RxDropped", 3 }, { "TxBytes", 8 },	{ "TxPackets", 9 },
			{ "TxErrors", 10 }, { "TxDropped", 11 } };

	wabe_json_object_begin(w);
	wabe_json_put_string(w, "Name", name);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		wabe_stats_uint(w, members[i].key, n[members[i].column]);
	wabe_json_object_end(w);
}

void wabe_stats_network(struct wabe_json_writer *w, pid_t pid, bool is_own)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	char path[48], name[17], *rest, *line;
	unsigned long long n[16];

	wabe_json_key(w, "network_interfaces");
	snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)pid);
	if (!is_own || wabe_file_read_at(AT_FDCWD, path, NET_DEV_MAX, &text, NULL) < 0) {
		wabe_json_add_null(w);
		return;
	}
	wabe_json_array_begin(w);
	rest = text.data;
	while (rest && (line = strsep(&rest, "\n")))
		if (sscanf(line,
			   " %16[^:]: %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu",
			   name, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7], &n[8],
			   &n[9], &n[10], &n[11]) == 13 &&
		    strcmp(name, "lo") != 0)
			add_interface(w, name, n);
	wabe_json_array_end(w);
}
