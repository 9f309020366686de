// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vztmpl_du: vztmpl du: what templates take on the disk; see vztmpl(8). */
#include <stdio.h>
#include <string.h>

#include "cmd/vztmpl.h"

static void print_row(int width, const char *name, const char *generation, const uint64_t bytes[3])
{
	char size[3][32];

	for (size_t i = 0; i < 3; i++)
		vztmpl_size_text(bytes[i], size[i], sizeof(size[i]));
	printf("%-*s %4s %9s %9s %9s\n", width, name, generation, size[0], size[1], size[2]);
}

static void print_table(const struct vz_template_usage *list, size_t count, uint64_t disk_bytes,
			bool has_header)
{
	char generation[24], total[32];
	int width = 4;

	for (size_t i = 0; i < count; i++)
		if ((int)strlen(list[i].name) > width)
			width = (int)strlen(list[i].name);
	if (has_header)
		printf("%-*s %4s %9s %9s %9s\n", width, "NAME", "GEN", "OWN", "SHARED", "TOTAL");
	for (size_t i = 0; i < count; i++) {
		const uint64_t bytes[3] = { list[i].own_bytes, list[i].shared_bytes,
					    list[i].own_bytes + list[i].shared_bytes };

		snprintf(generation, sizeof(generation), "%llu",
			 (unsigned long long)list[i].generation);
		print_row(width, list[i].name, generation, bytes);
	}
	if (has_header)
		printf("together on the disk: %s\n",
		       vztmpl_size_text(disk_bytes, total, sizeof(total)));
}

static void write_row(struct wabe_json_writer *w, const struct vz_template_usage *row)
{
	wabe_json_object_begin(w);
	wabe_json_put_string(w, "name", row->name);
	wabe_json_put_uint(w, "generation", row->generation);
	wabe_json_put_bool(w, "current", row->is_current);
	wabe_json_put_uint(w, "own", row->own_bytes);
	wabe_json_put_uint(w, "shared", row->shared_bytes);
	wabe_json_put_uint(w, "total", row->own_bytes + row->shared_bytes);
	wabe_json_object_end(w);
}

static int print_json(const struct vz_template_usage *list, size_t count, uint64_t disk_bytes,
		      struct wabe_error *err)
{
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_INDENTED);

	if (!w)
		return wabe_error_set(err, -ENOMEM, "write JSON");
	wabe_json_object_begin(w);
	wabe_json_key(w, "templates");
	wabe_json_array_begin(w);
	for (size_t i = 0; i < count; i++)
		write_row(w, &list[i]);
	wabe_json_array_end(w);
	wabe_json_put_uint(w, "disk", disk_bytes);
	wabe_json_object_end(w);
	return vztmpl_print_json(w, err);
}

int vztmpl_du(struct vztmpl *t, int argc, char **argv, struct wabe_error *err)
{
	struct vztmpl_show options = { 0 };
	struct vz_template_usage *list;
	uint64_t disk_bytes;
	const char *name;
	size_t count;
	int r = vztmpl_words_some(t, vztmpl_show_table, VZTMPL_SHOW_ROWS, &options, argc, argv,
				  &name, 1, err);

	if (r >= 0)
		r = vz_template_usage(&t->host, name, &t->arena, &list, &count, &disk_bytes, err);
	if (r < 0)
		return r;
	if (options.is_json)
		return print_json(list, count, disk_bytes, err);
	print_table(list, count, disk_bytes, !options.has_no_header);
	return 0;
}
