// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/conffile: files of KEY="value" lines; see conffile.h. */
#include "conf/conffile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "conf/exit.h"
#include "conf/value.h"

#define FILE_MODE 0644

void vz_conffile_init(struct vz_conffile *file, struct wabe_arena *arena, const char *what)
{
	*file = (struct vz_conffile){ .arena = arena, .what = what };
}

/* Put @line at index @at, the rest moves down. */
static int insert_line(struct vz_conffile *file, size_t at, const struct vz_conffile_line *line)
{
	if (file->count == file->room) {
		size_t room = file->room ? file->room * 2 : 64;
		struct vz_conffile_line *lines =
			wabe_arena_array(file->arena, room, sizeof(*lines));

		if (!lines)
			return -ENOMEM;
		if (file->count)
			memcpy(lines, file->lines, file->count * sizeof(*lines));
		file->lines = lines;
		file->room = room;
	}
	memmove(&file->lines[at + 1], &file->lines[at], (file->count - at) * sizeof(*file->lines));
	file->lines[at] = *line;
	file->count++;
	return 0;
}

static int parse_line(struct vz_conffile *file, const char *start, size_t len,
		      struct wabe_error *err)
{
	struct vz_conffile_line line;
	unsigned int number = (unsigned int)file->count + 1;
	char *text = wabe_arena_strndup(file->arena, start, len);
	const char *why = NULL;
	int r;

	if (!text)
		return wabe_error_set(err, -ENOMEM, "%s", file->what);
	if (memchr(start, '\0', len))
		return vz_error_say(err, VZ_EXIT_BAD_CONFIG, -EINVAL, "%s: line %u: a NUL byte",
				    file->what, number);
	r = vz_conffile_scan_line(file->arena, text, &line, &why);
	if (r == -EINVAL)
		return vz_error_say(err, VZ_EXIT_BAD_CONFIG, r, "%s: line %u: %s", file->what,
				    number, why);
	line.number = number;
	if (r == 0)
		r = insert_line(file, file->count, &line);
	return r < 0 ? wabe_error_set(err, r, "%s", file->what) : 0;
}

/* A bare value may have lost its last characters; a quoted one was closed, a comment doesn't
 * matter. */
static bool is_cut_visible(const struct vz_conffile_line *last)
{
	char c;

	if (!last->key)
		return true;
	if (last->value_end == last->value_at)
		return false;
	c = last->text[last->value_end - 1];
	return c == '"' || c == '\'' || last->text[last->value_end];
}

/* Is the text whole? See the head of conffile.h. */
static int check_whole(const struct vz_conffile *file, bool has_last_newline,
		       struct wabe_error *err)
{
	size_t assignments = 0;

	for (size_t i = 0; i < file->count; i++)
		assignments += file->lines[i].key != NULL;
	if (file->has_head && !file->has_end)
		return vz_error_say(err, VZ_EXIT_BAD_CONFIG, -EINVAL,
				    "%s: the line \"%s\" is missing, the file is cut off; restore "
				    "it, or remove its first line "
				    "if nothing else is missing",
				    file->what, VZ_CONFFILE_END);
	if (assignments == 0)
		return vz_error_say(err, VZ_EXIT_BAD_CONFIG, -EINVAL,
				    "%s: nothing is set in it, the file is cut off", file->what);
	if (!has_last_newline && !is_cut_visible(&file->lines[file->count - 1]))
		return vz_error_say(
			err, VZ_EXIT_BAD_CONFIG, -EINVAL,
			"%s: line %zu has no end, the file may be cut off; end it with a newline",
			file->what, file->count);
	return 0;
}

int vz_conffile_parse(struct vz_conffile *file, const char *text, size_t len,
		      struct wabe_error *err)
{
	const char *end = text + len;
	bool has_newline = true;
	int r;

	if (len > VZ_CONFFILE_MAX_BYTES)
		return vz_error_say(err, VZ_EXIT_BAD_CONFIG, -EFBIG, "%s: larger than %u bytes",
				    file->what, VZ_CONFFILE_MAX_BYTES);
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line_len = (size_t)((newline ? newline : end) - text);

		has_newline = newline != NULL;
		r = parse_line(file, text, line_len, err);
		if (r < 0)
			return r;
		if (file->count == 1 && strcmp(file->lines[0].text, VZ_CONFFILE_HEAD) == 0)
			file->has_head = true;
		if (has_newline && strcmp(file->lines[file->count - 1].text, VZ_CONFFILE_END) == 0)
			file->has_end = true;
		text += line_len + 1;
	}
	return check_whole(file, has_newline, err);
}

const struct vz_conffile_line *vz_conffile_find(const struct vz_conffile *file, const char *key)
{
	for (size_t i = file->count; i > 0; i--)
		if (file->lines[i - 1].key && strcmp(file->lines[i - 1].key, key) == 0)
			return &file->lines[i - 1];
	return NULL;
}

const char *vz_conffile_get(const struct vz_conffile *file, const char *key)
{
	const struct vz_conffile_line *line = vz_conffile_find(file, key);

	return line ? line->value : NULL;
}

static int quote(struct wabe_buf *out, const char *value, enum vz_conffile_quote how)
{
	int r = wabe_buf_puts(out, "\"");

	while (r == 0 && *value) {
		size_t plain = strcspn(value, "\\\"$`");

		r = wabe_buf_add(out, value, plain);
		value += plain;
		if (r < 0 || !*value)
			continue;
		plain = how == VZ_CONFFILE_VEID ? vz_value_veid_length(value) : 0;
		if (plain == 0) {
			r = wabe_buf_puts(out, "\\");
			plain = 1;
		}
		if (r == 0)
			r = wabe_buf_add(out, value, plain);
		value += plain;
	}
	return r < 0 ? r : wabe_buf_puts(out, "\"");
}

/* The line's text with a new value; all else on it stays. */
static int write_line(struct vz_conffile *file, const struct vz_conffile_line *old, const char *key,
		      const char *value, enum vz_conffile_quote how,
		      struct vz_conffile_line *ret_line)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	const char *why, *copy;
	int r;

	r = old ? wabe_buf_add(&text, old->text, old->value_at)
		: wabe_buf_printf(&text, "%s=", key);
	if (r == 0)
		r = quote(&text, value, how);
	if (r == 0 && old)
		r = wabe_buf_puts(&text, old->text + old->value_end);
	if (r < 0)
		return r;
	copy = wabe_arena_strdup(file->arena, text.data);
	return copy ? vz_conffile_scan_line(file->arena, copy, ret_line, &why) : -ENOMEM;
}

/* Where a new line goes: before the end line, so that everything of ours is covered by it. */
static size_t place_of_new(const struct vz_conffile *file)
{
	for (size_t i = file->count; file->has_end && i > 0; i--)
		if (strcmp(file->lines[i - 1].text, VZ_CONFFILE_END) == 0)
			return i - 1;
	return file->count;
}

int vz_conffile_set(struct vz_conffile *file, const char *key, const char *value,
		    enum vz_conffile_quote how, struct wabe_error *err)
{
	const struct vz_conffile_line *old = vz_conffile_find(file, key);
	struct vz_conffile_line line;
	int r;

	if (!vz_conffile_is_key(key) || !wabe_str_printable(value))
		return wabe_error_say(err, -EINVAL, "%s: %s can't have this key or value",
				      file->what, key);
	if (old && strcmp(old->value, value) == 0 &&
	    old->has_expansion == (how == VZ_CONFFILE_VEID && strchr(value, '$')))
		return 0;
	r = write_line(file, old, key, value, how, &line);
	if (r == 0 && old)
		file->lines[old - file->lines] = line;
	else if (r == 0)
		r = insert_line(file, place_of_new(file), &line);
	return r < 0 ? wabe_error_set(err, r, "%s: %s", file->what, key) : 0;
}

void vz_conffile_unset(struct vz_conffile *file, const char *key)
{
	size_t kept = 0;

	for (size_t i = 0; i < file->count; i++)
		if (!file->lines[i].key || strcmp(file->lines[i].key, key) != 0)
			file->lines[kept++] = file->lines[i];
	file->count = kept;
}

int vz_conffile_mark(struct vz_conffile *file)
{
	struct vz_conffile_line head = { .text = VZ_CONFFILE_HEAD };
	struct vz_conffile_line end = { .text = VZ_CONFFILE_END };

	if (!file->has_head && insert_line(file, 0, &head) < 0)
		return -ENOMEM;
	file->has_head = true;
	if (!file->has_end && insert_line(file, file->count, &end) < 0)
		return -ENOMEM;
	file->has_end = true;
	return 0;
}

int vz_conffile_format(const struct vz_conffile *file, struct wabe_buf *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < file->count; i++)
		r = wabe_buf_printf(out, "%s\n", file->lines[i].text);
	return r;
}

int vz_conffile_load_at(int dir_fd, const char *path, struct vz_conffile *file,
			struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r = wabe_file_read_at(dir_fd, path, VZ_CONFFILE_MAX_BYTES, &text, err);

	if (r < 0)
		return r;
	return vz_conffile_parse(file, text.len ? text.data : "", text.len, err);
}

static int write_with(int (*put)(int, const char *, const void *, size_t, mode_t,
				 enum wabe_file_sync, struct wabe_error *),
		      int dir_fd, const char *path, const struct vz_conffile *file,
		      struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r = vz_conffile_format(file, &text);

	if (r < 0)
		return wabe_error_set(err, r, "write %s", file->what);
	return put(dir_fd, path, text.len ? text.data : "", text.len, FILE_MODE, WABE_FILE_DURABLE,
		   err);
}

int vz_conffile_save_at(int dir_fd, const char *path, const struct vz_conffile *file,
			struct wabe_error *err)
{
	return write_with(wabe_file_replace_at, dir_fd, path, file, err);
}

int vz_conffile_stage_at(int dir_fd, const char *name, const struct vz_conffile *file,
			 struct wabe_error *err)
{
	return write_with(wabe_file_stage_at, dir_fd, name, file, err);
}

const char *vz_conffile_expand(struct wabe_arena *arena, const char *value, uint32_t ctid)
{
	_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT;
	const char *copy;
	int r = 0;

	while (r == 0 && *value) {
		size_t plain = strcspn(value, "\\$`");
		size_t veid = vz_value_veid_length(value + plain);

		r = wabe_buf_add(&out, value, plain);
		value += plain;
		if (r == 0 && veid)
			r = wabe_buf_number(&out, ctid);
		if (*value && !veid) {
			errno = EINVAL;
			return NULL;
		}
		value += veid;
	}
	copy = r < 0 ? NULL : wabe_arena_strdup(arena, out.len ? out.data : "");
	if (!copy)
		errno = ENOMEM;
	return copy;
}
