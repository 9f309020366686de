// SPDX-License-Identifier: GPL-2.0-or-later
/* core/stats: the document of `events`: class of service; see stats.h. Files: the kernel's filesystems/resctrl.rst. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "core/stats.h"

#define FILE_MAX 65536
#define PATH_ROOM 900

static bool read_text(int root_fd, const char *path, struct wabe_buf *text)
{
	text->len = 0;
	if (wabe_file_read_at(root_fd, path, FILE_MAX, text, NULL) < 0 || !text->data)
		return false;
	text->data[strcspn(text->data, "\n")] = '\0';
	return true;
}

static void add_number(struct wabe_json_writer *w, int root_fd, const char *key, const char *path)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	uint64_t value;

	if (read_text(root_fd, path, &text) &&
	    wabe_parse_u64(text.data, 0, UINT64_MAX, &value) == 0)
		wabe_stats_uint(w, key, value);
}

/* What the processor has of it. */
static void add_info(struct wabe_json_writer *w, int root_fd)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	if (read_text(root_fd, "info/L3/cbm_mask", &text)) {
		wabe_json_key(w, "l3_cache_info");
		wabe_json_object_begin(w);
		wabe_json_put_string(w, "cbm_mask", text.data);
		add_number(w, root_fd, "min_cbm_bits", "info/L3/min_cbm_bits");
		add_number(w, root_fd, "num_closids", "info/L3/num_closids");
		wabe_json_object_end(w);
	}
	if (!read_text(root_fd, "info/MB/num_closids", &text))
		return;
	wabe_json_key(w, "mem_bw_info");
	wabe_json_object_begin(w);
	add_number(w, root_fd, "bandwidth_gran", "info/MB/bandwidth_gran");
	add_number(w, root_fd, "delay_linear", "info/MB/delay_linear");
	add_number(w, root_fd, "min_bandwidth", "info/MB/min_bandwidth");
	add_number(w, root_fd, "num_closids", "info/MB/num_closids");
	wabe_json_object_end(w);
}

/* The line of @resource in a schemata file, without its blanks in front. */
static void add_schema(struct wabe_json_writer *w, const char *key, const char *text,
		       const char *resource)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		char value[512];

		line += *line == '\n';
		line += strspn(line, " ");
		if (strncmp(line, resource, strlen(resource)) != 0)
			continue;
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\n"), line);
		wabe_json_put_string(w, key, value);
		return;
	}
}

static void add_schemas(struct wabe_json_writer *w, int root_fd, const char *path, const char *l3,
			const char *bandwidth)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	if (wabe_file_read_at(root_fd, path, FILE_MAX, &text, NULL) < 0 || !text.data)
		return;
	add_schema(w, l3, text.data, "L3:");
	add_schema(w, bandwidth, text.data, "MB:");
}

/* An object for each L3 cache, mon_L3_00 ... under mon_data, in their order. */
static void add_monitored(struct wabe_json_writer *w, int root_fd, const char *group,
			  const char *key, const char *const *files, size_t count)
{
	char path[PATH_ROOM];

	wabe_json_key(w, key);
	wabe_json_array_begin(w);
	for (unsigned int domain = 0; domain < 256; domain++) {
		snprintf(path, sizeof(path), "%s/mon_data/mon_L3_%02u", group, domain);
		if (faccessat(root_fd, path, F_OK, 0) < 0)
			continue;
		wabe_json_object_begin(w);
		for (size_t i = 0; i < count; i++) {
			snprintf(path, sizeof(path), "%s/mon_data/mon_L3_%02u/%s", group, domain,
				 files[i]);
			add_number(w, root_fd, files[i], path);
		}
		wabe_json_object_end(w);
	}
	wabe_json_array_end(w);
}

void wabe_stats_rdt(struct wabe_json_writer *w, int root_fd, const char *rdt_class,
		    const char *monitor)
{
	static const char *const bandwidth[] = { "mbm_total_bytes", "mbm_local_bytes" };
	static const char *const occupancy[] = { "llc_occupancy" };
	char path[PATH_ROOM];

	add_info(w, root_fd);
	add_schemas(w, root_fd, "schemata", "l3_cache_schema_root", "mem_bw_schema_root");
	snprintf(path, sizeof(path), "%s/schemata", rdt_class);
	add_schemas(w, root_fd, path, "l3_cache_schema", "mem_bw_schema");
	if (!monitor)
		return;
	add_monitored(w, root_fd, monitor, "mbm_stats", bandwidth, ARRAY_SIZE(bandwidth));
	add_monitored(w, root_fd, monitor, "cmt_stats", occupancy, ARRAY_SIZE(occupancy));
}
