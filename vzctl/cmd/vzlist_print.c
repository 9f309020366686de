// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vzlist_print: a table or JSON; see vzlist.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmd/vzlist.h"

#define HEADER_ROOM 32

static void add_uptime(struct wabe_buf *out, double seconds)
{
	unsigned long long s = seconds < 0 ? 0 : (unsigned long long)seconds;

	if (seconds < 0) {
		wabe_buf_puts(out, "-");
		return;
	}
	wabe_buf_printf(out, "%03llud%02lluh:%02llum:%02llus", s / 86400, s / 3600 % 24,
			s / 60 % 60, s % 60);
}

static void add_list(struct wabe_buf *out, const struct wabe_strv *list, const char *glue,
		     size_t max)
{
	if (list->count == 0)
		wabe_buf_puts(out, "-");
	for (size_t i = 0; i < list->count && i < max; i++)
		wabe_buf_printf(out, "%s%s", i ? glue : "", list->items[i]);
}

/* A cell as text, as long as it is. @is_first_only: of a list of addresses just one. */
static void add_text(struct wabe_buf *out, const struct vzlist_cell *cell, bool is_first_only)
{
	switch (cell->type) {
	case VZLIST_NONE:
		wabe_buf_puts(out, "-");
		break;
	case VZLIST_TEXT:
		wabe_buf_puts(out, cell->text);
		break;
	case VZLIST_NUMBER:
		wabe_buf_number(out, cell->number);
		break;
	case VZLIST_YESNO:
		wabe_buf_puts(out, cell->number ? "yes" : "no");
		break;
	case VZLIST_FACTOR:
		wabe_buf_printf(out, "%g", (double)cell->number / 1000);
		break;
	case VZLIST_UPTIME:
		add_uptime(out, cell->real);
		break;
	case VZLIST_LIST:
		add_list(out, cell->list, " ", is_first_only ? 1 : SIZE_MAX);
		break;
	case VZLIST_SWITCH:
		add_list(out, cell->list, ",", SIZE_MAX);
		break;
	}
}

/* Texts and lists are cut where a column has neighbours; numbers never. */
static bool is_cuttable(const struct vzlist_cell *cell)
{
	return cell->type == VZLIST_TEXT || cell->type == VZLIST_LIST ||
	       cell->type == VZLIST_SWITCH;
}

/* Length of the text in @s that fits @max bytes, without half a UTF-8 character. */
static size_t cut(const char *s, size_t max)
{
	size_t len = strlen(s);

	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* One line, without the blanks at its end. */
static void print_line(FILE *out, struct wabe_buf *line)
{
	while (line->len > 0 && line->data[line->len - 1] == ' ')
		line->len--;
	if (wabe_buf_puts(line, "\n") == 0)
		fwrite(line->data, 1, line->len, out);
}

static void add_blanks(struct wabe_buf *line, size_t count)
{
	char *room = wabe_buf_room(line, count);

	if (room) {
		memset(room, ' ', count);
		room[count] = '\0';
		line->len += count;
	}
}

/* As printf's "%*s": @width < 0 is left-aligned; a list has thousands of them. */
static void add_padded(struct wabe_buf *line, int width, const char *text, size_t len)
{
	size_t wide = (size_t)abs(width), blanks = wide > len ? wide - len : 0;

	add_blanks(line, width > 0 ? blanks : 0);
	wabe_buf_add(line, text, len);
	add_blanks(line, width < 0 ? blanks : 0);
}

void vzlist_print_header(FILE *out, const struct vzlist_columns *columns)
{
	_cleanup_(wabe_buf_free) struct wabe_buf line = WABE_BUF_INIT;
	char header[HEADER_ROOM];

	for (size_t i = 0; i < columns->count; i++)
		wabe_buf_printf(&line, "%s%*s", i ? " " : "", columns->items[i].field->width,
				vzlist_column_header(&columns->items[i], header, sizeof(header)));
	print_line(out, &line);
}

void vzlist_print_row(FILE *out, const struct vzlist_columns *columns, const struct vzlist_guest *g,
		      bool is_trimmed)
{
	_cleanup_(wabe_buf_free) struct wabe_buf line = WABE_BUF_INIT, text = WABE_BUF_INIT;

	for (size_t i = 0; i < columns->count; i++) {
		const struct vzlist_column *column = &columns->items[i];
		struct vzlist_cell cell = vzlist_cell(g, column);
		bool is_cut = is_trimmed && i + 1 < columns->count;
		size_t len;

		text.len = 0;
		add_text(&text, &cell, is_cut);
		len = is_cut && is_cuttable(&cell)
			      ? cut(text.data, (size_t)abs(column->field->width))
			      : text.len;
		add_blanks(&line, i ? 1 : 0);
		add_padded(&line, column->field->width, text.data, len);
	}
	print_line(out, &line);
}

static void write_list(struct wabe_json_writer *w, const struct wabe_strv *list)
{
	wabe_json_array_begin(w);
	for (size_t i = 0; i < list->count; i++)
		wabe_json_add_string(w, list->items[i]);
	wabe_json_array_end(w);
}

/* {"fuse": true, "nfs": false} */
static void write_switches(struct wabe_json_writer *w, const struct wabe_strv *list)
{
	char name[HEADER_ROOM];

	wabe_json_object_begin(w);
	for (size_t i = 0; i < list->count; i++) {
		size_t len = strcspn(list->items[i], ":");

		snprintf(name, sizeof(name), "%.*s", (int)len, list->items[i]);
		wabe_json_put_bool(w, name, strcmp(list->items[i] + len, ":on") == 0);
	}
	wabe_json_object_end(w);
}

static void write_cell(struct wabe_json_writer *w, const struct vzlist_cell *cell)
{
	switch (cell->type) {
	case VZLIST_NONE:
		wabe_json_add_null(w);
		break;
	case VZLIST_TEXT:
		wabe_json_add_string(w, cell->text);
		break;
	case VZLIST_NUMBER:
		wabe_json_add_uint(w, cell->number);
		break;
	case VZLIST_YESNO:
		wabe_json_add_bool(w, cell->number != 0);
		break;
	case VZLIST_FACTOR:
		wabe_json_add_double(w, (double)cell->number / 1000);
		break;
	case VZLIST_UPTIME:
		wabe_json_add_double(w, cell->real < 0 ? 0 : cell->real);
		break;
	case VZLIST_LIST:
		write_list(w, cell->list);
		break;
	case VZLIST_SWITCH:
		write_switches(w, cell->list);
		break;
	}
}

/* A beancounter or disk quota: an object of all its values, or null when there is none at all. */
static void write_members(struct wabe_json_writer *w, const struct vzlist_guest *g,
			  const struct vzlist_field *field)
{
	size_t known = 0;

	for (size_t i = 0; field->members[i]; i++)
		known += vzlist_cell(g, &(struct vzlist_column){ field, i }).type != VZLIST_NONE;
	if (known == 0) {
		wabe_json_add_null(w);
		return;
	}
	wabe_json_object_begin(w);
	for (size_t i = 0; field->members[i]; i++) {
		struct vzlist_cell cell = vzlist_cell(g, &(struct vzlist_column){ field, i });

		wabe_json_key(w, field->members[i]);
		/* A guest without processes holds nothing: 0, as OpenVZ's vzlist has it. What
		 * nobody counts is null. */
		if (cell.type == VZLIST_NONE && !vzlist_is_up(g) &&
		    !(field->needs & VZLIST_NEED_USAGE))
			cell = (struct vzlist_cell){ .type = VZLIST_NUMBER };
		write_cell(w, &cell);
	}
	wabe_json_object_end(w);
}

void vzlist_write_guest(struct wabe_json_writer *w, const struct vzlist_columns *columns,
			const struct vzlist_guest *g)
{
	wabe_json_object_begin(w);
	for (size_t i = 0; i < columns->count; i++) {
		const struct vzlist_field *field = columns->items[i].field;

		wabe_json_key(w, field->name);
		if (field->members) {
			write_members(w, g, field);
		} else {
			struct vzlist_cell cell = vzlist_cell(g, &columns->items[i]);

			write_cell(w, &cell);
		}
	}
	wabe_json_object_end(w);
}

void vzlist_print_fields(FILE *out)
{
	const struct vzlist_field *field;
	char name[HEADER_ROOM], header[HEADER_ROOM];

	for (size_t at = 0; (field = vzlist_field_at(at)) != NULL; at++) {
		size_t count = 1 + (field->suffixes ? strlen(field->suffixes) : 0);

		for (size_t i = 0; i < count; i++) {
			struct vzlist_column column = { field, i };

			fprintf(out, "%-15s %-15s\n",
				vzlist_column_name(&column, name, sizeof(name)),
				vzlist_column_header(&column, header, sizeof(header)));
		}
	}
}
