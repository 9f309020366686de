// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vztmpl_show: vztmpl list and info; see vztmpl(8). */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/option.h"
#include "cmd/vztmpl.h"

const struct wabe_option vztmpl_show_table[VZTMPL_SHOW_ROWS] = {
	{ "json", 'j', WABE_OPTION_FLAG, offsetof(struct vztmpl_show, is_json), NULL, NULL },
	{ "no-header", 'H', WABE_OPTION_FLAG, offsetof(struct vztmpl_show, has_no_header), NULL,
	  NULL },
};

struct users {
	struct vz_template_user *items;
	size_t count;
};

const char *vztmpl_size_text(uint64_t bytes, char *buf, size_t room)
{
	static const char *const units[] = { "KB", "MB", "GB", "TB", "PB" };
	double value = (double)bytes / 1024;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(buf, room, value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return buf;
}

static const char *text_or_dash(const char *s)
{
	return s ? s : "-";
}

static size_t count_users(const struct users *users, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < users->count; i++)
		count += strcmp(users->items[i].name, name) == 0;
	return count;
}

static bool is_user_of(const struct vz_template_user *user, const struct vz_template_meta *m)
{
	return strcmp(user->name, m->name) == 0 && user->created && m->created &&
	       strcmp(user->created, m->created) == 0;
}

/* One generation, with the guests that are made of it. */
static void write_generation(struct wabe_json_writer *w, const struct vz_template_meta *m,
			     bool is_current, const struct users *users)
{
	wabe_json_object_begin(w);
	wabe_json_put_uint(w, "generation", m->generation);
	wabe_json_put_bool(w, "current", is_current);
	wabe_json_put_string(w, "created", m->created);
	wabe_json_put_string(w, "source", m->source);
	wabe_json_put_uint(w, "size", m->size_bytes);
	wabe_json_put_uint(w, "files", m->files);
	wabe_json_key(w, "users");
	wabe_json_array_begin(w);
	for (size_t i = 0; i < users->count; i++)
		if (is_user_of(&users->items[i], m))
			wabe_json_add_uint(w, users->items[i].ctid);
	wabe_json_array_end(w);
	wabe_json_object_end(w);
}

/* @list: NULL, or the generations, the current one first. */
static void write_json(struct wabe_json_writer *w, const struct vz_template_meta *m,
		       const struct vz_template_meta *list, size_t count, const struct users *users)
{
	const struct {
		const char *key, *value;
	} rows[] = {
		{ "name", m->name }, { "created", m->created }, { "source", m->source },
		{ "arch", m->arch }, { "init", m->init },
	};

	wabe_json_object_begin(w);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		wabe_json_put_string(w, rows[i].key, rows[i].value);
	wabe_json_put_uint(w, "size", m->size_bytes);
	wabe_json_put_uint(w, "files", m->files);
	wabe_json_key(w, "users");
	wabe_json_array_begin(w);
	for (size_t i = 0; i < users->count; i++)
		if (strcmp(users->items[i].name, m->name) == 0)
			wabe_json_add_uint(w, users->items[i].ctid);
	wabe_json_array_end(w);
	wabe_json_put_uint(w, "generation", m->generation);
	wabe_json_put_uint(w, "kept", m->kept);
	if (list) {
		wabe_json_key(w, "generations");
		wabe_json_array_begin(w);
		for (size_t i = 0; i < count; i++)
			write_generation(w, &list[i], i == 0, users);
		wabe_json_array_end(w);
	}
	wabe_json_object_end(w);
}

int vztmpl_print_json(struct wabe_json_writer *w, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r = wabe_json_writer_finish(w, &text);

	if (r < 0)
		return wabe_error_set(err, r, "write JSON");
	fputs(text.data, stdout);
	return 0;
}

static void print_table(const struct vz_template_meta *list, size_t count,
			const struct users *users, bool has_header)
{
	char size[32];
	int width = 4;

	for (size_t i = 0; i < count; i++)
		if ((int)strlen(list[i].name) > width)
			width = (int)strlen(list[i].name);
	if (has_header)
		printf("%-*s %9s %8s %-19s %-8s %3s %4s %5s\n", width, "NAME", "SIZE", "FILES",
		       "CREATED", "INIT", "GEN", "KEPT", "USERS");
	for (size_t i = 0; i < count; i++)
		printf("%-*s %9s %8llu %-19.19s %-8s %3llu %4llu %5zu\n", width, list[i].name,
		       vztmpl_size_text(list[i].size_bytes, size, sizeof(size)),
		       (unsigned long long)list[i].files, text_or_dash(list[i].created),
		       text_or_dash(list[i].init), (unsigned long long)list[i].generation,
		       (unsigned long long)list[i].kept, count_users(users, list[i].name));
}

int vztmpl_list(struct vztmpl *t, int argc, char **argv, struct wabe_error *err)
{
	struct vztmpl_show options = { 0 };
	struct vz_template_meta *list;
	struct wabe_json_writer *w;
	struct users users;
	size_t count;
	int r = vztmpl_words(t, vztmpl_show_table, VZTMPL_SHOW_ROWS, &options, argc, argv, NULL, 0,
			     err);

	if (r >= 0)
		r = vz_template_list(&t->host, &t->arena, &list, &count, err);
	if (r >= 0)
		r = vz_template_users(&t->host, &t->arena, &users.items, &users.count, err);
	if (r < 0)
		return r;
	if (!options.is_json) {
		print_table(list, count, &users, !options.has_no_header);
		return 0;
	}
	w = wabe_json_writer_new(WABE_JSON_INDENTED);
	if (!w)
		return wabe_error_set(err, -ENOMEM, "write JSON");
	wabe_json_array_begin(w);
	for (size_t i = 0; i < count; i++)
		write_json(w, &list[i], NULL, 0, &users);
	wabe_json_array_end(w);
	return vztmpl_print_json(w, err);
}

static void print_users(const struct vz_template_meta *m, bool is_any, const struct users *users)
{
	size_t found = 0;

	for (size_t i = 0; i < users->count; i++) {
		if (is_any ? strcmp(users->items[i].name, m->name) != 0
			   : !is_user_of(&users->items[i], m))
			continue;
		printf(" %u", users->items[i].ctid);
		found++;
	}
	puts(found ? "" : " -");
}

static void print_info(const struct vz_template_meta *list, size_t count, const struct users *users)
{
	const struct vz_template_meta *m = &list[0];
	char size[32];

	printf("name:     %s\n", m->name);
	printf("created:  %s\n", m->created);
	printf("source:   %s\n", m->source);
	printf("size:     %s (%llu bytes)\n", vztmpl_size_text(m->size_bytes, size, sizeof(size)),
	       (unsigned long long)m->size_bytes);
	printf("files:    %llu\n", (unsigned long long)m->files);
	printf("arch:     %s\n", m->arch);
	printf("init:     %s\n", m->init);
	printf("users:   ");
	print_users(m, true, users);
	printf("generation: %llu%s\n", (unsigned long long)m->generation,
	       count > 1 ? ", and kept for their users:" : "");
	for (size_t i = 1; i < count; i++) {
		printf("  %llu  %s  %s  users:", (unsigned long long)list[i].generation,
		       list[i].created, vztmpl_size_text(list[i].size_bytes, size, sizeof(size)));
		print_users(&list[i], false, users);
	}
}

int vztmpl_info(struct vztmpl *t, int argc, char **argv, struct wabe_error *err)
{
	struct vztmpl_show options = { 0 };
	struct vz_template_meta *list;
	struct wabe_json_writer *w;
	struct users users;
	const char *name;
	size_t count;
	int r = vztmpl_words(t, vztmpl_show_table, 1, &options, argc, argv, &name, 1, err);

	if (r >= 0)
		r = vz_template_generations(&t->host, name, &t->arena, &list, &count, err);
	if (r >= 0)
		r = vz_template_users(&t->host, &t->arena, &users.items, &users.count, err);
	if (r < 0)
		return r;
	if (!options.is_json) {
		print_info(list, count, &users);
		return 0;
	}
	w = wabe_json_writer_new(WABE_JSON_INDENTED);
	if (!w)
		return wabe_error_set(err, -ENOMEM, "write JSON");
	write_json(w, &list[0], list, count, &users);
	return vztmpl_print_json(w, err);
}
