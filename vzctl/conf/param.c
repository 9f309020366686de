// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/param: values of one guest: from and to files, layered, read by type; see param.h. */
#include "conf/param.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

/* @only: NULL, or the rows to look at */
static enum vz_param_id find_key(const char *key, const bool *only)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		const char *candidate;

		if (only && !only[id])
			continue;
		candidate = vz_param_row(id)->key;
		if (candidate && candidate[0] == key[0] && strcmp(candidate, key) == 0)
			return id;
	}
	return VZ_PARAM_MAX;
}

enum vz_param_id vz_param_by_key(const char *key)
{
	return find_key(key, NULL);
}

int vz_params_set(struct vz_params *p, enum vz_param_id id, const char *text,
		  struct wabe_error *err)
{
	const struct vz_param *row = vz_param_row(id);
	int r = vz_value_parse(p->arena, &row->rule, row->key ? row->key : row->option, text,
			       &p->values[id], err);

	return r < 0 ? (wabe_error_kind(err, (int)vz_param_bad_value(id)), r) : 0;
}

/* One line of a file whose key is row @id. */
static int set_from_line(struct vz_params *p, enum vz_param_id id,
			 const struct vz_conffile_line *line, struct wabe_error *err)
{
	const struct vz_param *row = vz_param_row(id);

	/* KEY="" is how OpenVZ's files say that a value is not set. */
	if (!*line->value && !vz_type_is_list(row->rule.type)) {
		p->values[id] = (struct vz_value){ 0 };
		return 0;
	}
	if (line->has_expansion && row->rule.type != VZ_TYPE_PATH)
		return wabe_error_say(
			err, -EINVAL,
			"%s: a shell would replace a part of the value; put a backslash "
			"before $ and `",
			row->key);
	return vz_params_set(p, id, line->value, err);
}

int vz_params_from_file(struct vz_params *p, const struct vz_conffile *file,
			enum vz_params_mode mode, struct wabe_error *err)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct vz_conffile_line *line = &file->lines[i];
		enum vz_param_id id = line->key ? find_key(line->key, p->only) : VZ_PARAM_MAX;
		int r;

		if (id == VZ_PARAM_MAX)
			continue;
		r = set_from_line(p, id, line, err);
		if (r == -ENOMEM)
			return r;
		if (r < 0 && mode == VZ_PARAMS_STRICT) {
			wabe_error_prefix(err, "%s: line %u", file->what, line->number);
			wabe_error_kind(err, VZ_EXIT_BAD_CONFIG);
			return r;
		}
		if (r < 0) {
			p->values[id] = (struct vz_value){ 0 };
			wabe_error_clear(err);
		}
	}
	return 0;
}

/* Does the file say the same as @value already? */
static bool is_in_file(const struct vz_conffile *file, const struct vz_param *row,
		       const struct vz_value *value)
{
	_cleanup_(wabe_arena_free) struct wabe_arena scratch = WABE_ARENA_INIT;
	const struct vz_conffile_line *line = vz_conffile_find(file, row->key);
	struct vz_value old;

	if (!line)
		return !*value->text && !vz_type_is_list(row->rule.type);
	if (line->has_expansion && row->rule.type != VZ_TYPE_PATH)
		return false;
	return vz_value_parse(&scratch, &row->rule, row->key, line->value, &old, NULL) == 0 &&
	       strcmp(old.text, value->text) == 0;
}

int vz_params_to_file(const struct vz_params *p, struct vz_conffile *file, struct wabe_error *err)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		const struct vz_param *row = vz_param_row(id);
		const struct vz_value *value = &p->values[id];
		enum vz_conffile_quote quote = row->rule.type == VZ_TYPE_PATH ? VZ_CONFFILE_VEID
									      : VZ_CONFFILE_LITERAL;
		int r;

		if (!row->key || !value->is_set || is_in_file(file, row, value))
			continue;
		r = vz_conffile_set(file, row->key, value->text, quote, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Where the list has an entry that is the same thing, or NULL. */
static char **find_entry(enum vz_type type, const struct wabe_strv *list, const char *entry)
{
	for (size_t i = 0; i < list->count; i++)
		if (vz_value_entry_same(type, list->items[i], entry))
			return &list->items[i];
	return NULL;
}

static int put_entry(struct wabe_arena *arena, enum vz_type type, struct wabe_strv *list,
		     char *entry)
{
	char **same = find_entry(type, list, entry);

	if (!same)
		return wabe_strv_add(list, arena, entry);
	*same = entry;
	return 0;
}

/* @over's deletions, then its additions, on the list of @base. */
static int apply_edit(struct wabe_arena *arena, enum vz_type type, struct vz_value *base,
		      const struct vz_value *over)
{
	struct vz_value out = { .is_set = true };
	int r = 0;

	for (size_t i = 0; r == 0 && !over->is_del_all && i < base->list.count; i++)
		if (!find_entry(type, &over->del, base->list.items[i]))
			r = wabe_strv_add(&out.list, arena, base->list.items[i]);
	for (size_t i = 0; r == 0 && i < over->list.count; i++)
		r = put_entry(arena, type, &out.list, over->list.items[i]);
	if (r == 0)
		r = vz_value_join(arena, type, &out);
	if (r == 0)
		*base = out;
	return r;
}

/* What no file could be read with must not be written to one. */
static int check_length(enum vz_param_id id, const struct vz_value *value, struct wabe_error *err)
{
	const size_t len = strlen(value->text);

	if (!vz_type_is_list(vz_param_row(id)->rule.type) || len <= VZ_LIST_MAX_BYTES)
		return 0;
	return vz_error_say(err, vz_param_bad_value(id), -E2BIG,
			    "%s \"%.32s...\": the value is too long (%zu bytes, %u are possible)",
			    vz_param_row(id)->key, value->text, len, VZ_LIST_MAX_BYTES);
}

int vz_params_merge(struct vz_params *base, const struct vz_params *over, struct wabe_error *err)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		const struct vz_value *value = &over->values[id];
		const struct vz_param *row;
		int r;

		if (!value->is_set)
			continue;
		row = vz_param_row(id);
		if (!value->is_edit)
			base->values[id] = *value;
		else if (apply_edit(base->arena, row->rule.type, &base->values[id], value) < 0)
			return wabe_error_set(err, -ENOMEM, "%s", row->key);
		r = check_length(id, &base->values[id], err);
		if (r < 0)
			return r;
	}
	return 0;
}

int vz_params_presets(struct vz_params *p, struct wabe_error *err)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		const char *preset = vz_param_row(id)->preset;
		int r = preset && !p->values[id].is_set ? vz_params_set(p, id, preset, err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

bool vz_param_has(const struct vz_params *p, enum vz_param_id id)
{
	const struct vz_value *value = &p->values[id];

	return value->is_set && (*value->text || vz_type_is_list(vz_param_row(id)->rule.type));
}

const char *vz_param_string(const struct vz_params *p, enum vz_param_id id)
{
	return vz_param_has(p, id) ? p->values[id].text : vz_param_row(id)->preset;
}

bool vz_param_yes(const struct vz_params *p, enum vz_param_id id)
{
	const char *text = vz_param_string(p, id);

	return text && strcmp(text, "yes") == 0;
}

uint64_t vz_param_u64(const struct vz_params *p, enum vz_param_id id)
{
	const struct vz_param *row = vz_param_row(id);
	uint64_t number = 0;

	if (vz_param_has(p, id))
		return p->values[id].number;
	if (row->preset)
		vz_value_number(row->preset, row->rule.unit, &number);
	return number;
}

struct vz_pair vz_param_pair(const struct vz_params *p, enum vz_param_id id)
{
	if (!vz_param_has(p, id))
		return (struct vz_pair){ VZ_UNLIMITED, VZ_UNLIMITED };
	return p->values[id].pair;
}

struct vz_pair vz_param_bytes(const struct vz_params *p, enum vz_param_id id)
{
	enum vz_unit unit = vz_param_row(id)->rule.unit;
	struct vz_pair pair = vz_param_pair(p, id);

	return (struct vz_pair){ vz_value_bytes(pair.barrier, unit),
				 vz_value_bytes(pair.limit, unit) };
}

const struct wabe_strv *vz_param_list(const struct vz_params *p, enum vz_param_id id)
{
	return &p->values[id].list;
}

int vz_param_switch(const struct vz_params *p, enum vz_param_id id, const char *name)
{
	char **entry = find_entry(VZ_TYPE_SWITCH, vz_param_list(p, id), name);

	return entry ? strcmp(strchr(*entry, ':'), ":on") == 0 : -1;
}
