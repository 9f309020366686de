// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/param: options of the command line, by the table's rows; see param.h. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/param.h"

#define OPTION_NAME_MAX 64

/* Which of a row's options it is. */
enum option_kind { OPTION_NONE, OPTION_SET, OPTION_LIMIT, OPTION_DEL };

static enum option_kind option_kind(const struct vz_param *row, const char *option)
{
	if (row->option && strcmp(row->option, option) == 0)
		return OPTION_SET;
	if (row->option_limit && strcmp(row->option_limit, option) == 0)
		return OPTION_LIMIT;
	if (row->option_del && strcmp(row->option_del, option) == 0)
		return OPTION_DEL;
	return OPTION_NONE;
}

static enum vz_param_id find_option(unsigned int verb, const char *option,
				    enum option_kind *ret_kind)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		const struct vz_param *row = vz_param_row(id);

		*ret_kind = row->flags & verb ? option_kind(row, option) : OPTION_NONE;
		if (*ret_kind != OPTION_NONE)
			return id;
	}
	return VZ_PARAM_MAX;
}

/* Join the entries of @add to those of @list, which earlier options gave. */
static int add_entries(struct vz_params *p, enum vz_type type, struct wabe_strv *list,
		       const struct wabe_strv *add)
{
	for (size_t i = 0; i < add->count; i++) {
		size_t j = 0;

		while (j < list->count && !vz_value_entry_same(type, list->items[j], add->items[i]))
			j++;
		if (j < list->count)
			list->items[j] = add->items[i];
		else if (wabe_strv_add(list, p->arena, add->items[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_to_list(struct vz_params *p, enum vz_param_id id, const struct vz_value *parsed,
		       bool is_del)
{
	const struct vz_param *row = vz_param_row(id);
	struct vz_value *value = &p->values[id];
	int r;

	value->is_set = true;
	value->is_edit = !(row->flags & VZ_PARAM_REPLACE);
	r = add_entries(p, row->rule.type, is_del ? &value->del : &value->list, &parsed->list);
	return r < 0 ? r : vz_value_join(p->arena, row->rule.type, value);
}

static int del_all(struct vz_params *p, enum vz_param_id id)
{
	struct vz_value *value = &p->values[id];

	value->is_set = value->is_edit = value->is_del_all = true;
	return vz_value_join(p->arena, vz_param_row(id)->rule.type, value);
}

/* @unit: of a bare number where it is another than the file's, else VZ_UNIT_NONE */
static int parse_in_unit(struct vz_params *p, enum vz_param_id id, enum vz_unit unit,
			 const char *what, const char *text, struct vz_value *ret_value,
			 struct wabe_error *err)
{
	struct vz_rule rule = vz_param_row(id)->rule;
	int r;

	if (unit != VZ_UNIT_NONE)
		rule.unit = unit;
	r = vz_value_parse(p->arena, &rule, what, text, ret_value, err);
	return r < 0 ? vz_error_default(err, vz_param_bad_value(id)) : 0;
}

/* A bare number of iolimit is MB here, bytes in the file. */
static int parse_option(struct vz_params *p, enum vz_param_id id, const char *what,
			const char *text, struct vz_value *ret_value, struct wabe_error *err)
{
	return parse_in_unit(p, id, vz_param_row(id)->option_unit, what, text, ret_value, err);
}

/* --ipadd, --ipdel, --nameserver */
static int set_list(struct vz_params *p, enum vz_param_id id, bool is_del, const char *what,
		    const char *text, struct wabe_error *err)
{
	const struct vz_param *row = vz_param_row(id);
	struct vz_value parsed;
	int r;

	if (is_del && strcmp(text, "all") == 0) {
		r = del_all(p, id);
		return r < 0 ? wabe_error_set(err, r, "%s", what) : 0;
	}
	r = parse_option(p, id, what, text, &parsed, err);
	if (r < 0)
		return r;
	if (parsed.list.count == 0 && !(row->flags & VZ_PARAM_REPLACE))
		return vz_error_say(err, vz_param_bad_value(id), -EINVAL,
				    "%s \"\": the value is empty", what);
	r = add_to_list(p, id, &parsed, is_del);
	return r < 0 ? wabe_error_set(err, r, "%s", what) : 0;
}

/* --ram N is --physpages 0:N, but a bare number is bytes, as OpenVZ has it. */
static int set_limit(struct vz_params *p, enum vz_param_id id, const char *what, const char *text,
		     struct wabe_error *err)
{
	struct vz_value parsed;
	int r;

	if (strchr(text, ':'))
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
				    "%s \"%.64s\"%s: expected one number, or unlimited", what, text,
				    strlen(text) > 64 ? "..." : "");
	r = parse_in_unit(p, id, VZ_UNIT_PAGE_BYTES, what, text, &parsed, err);
	if (r < 0)
		return r;
	parsed.pair.barrier = 0;
	parsed.text = wabe_arena_printf(p->arena, "0%s", strchr(parsed.text, ':'));
	if (!parsed.text)
		return wabe_error_set(err, -ENOMEM, "%s", what);
	p->values[id] = parsed;
	return 0;
}

int vz_params_option(struct vz_params *p, unsigned int verb, const char *option, const char *text,
		     struct wabe_error *err)
{
	enum option_kind kind;
	enum vz_param_id id = find_option(verb, option, &kind);
	struct vz_value parsed;
	char what[OPTION_NAME_MAX];
	int r;

	if (id == VZ_PARAM_MAX)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -ENOENT, "unknown option --%.64s",
				    option);
	snprintf(what, sizeof(what), "--%s", option);
	if (vz_type_is_list(vz_param_row(id)->rule.type))
		return set_list(p, id, kind == OPTION_DEL, what, text, err);
	if (kind == OPTION_LIMIT)
		return set_limit(p, id, what, text, err);
	r = parse_option(p, id, what, text, &parsed, err);
	if (r == 0)
		p->values[id] = parsed;
	return r;
}

/* The options that describe one interface, and their names in NETIF. */
static const struct {
	enum vz_param_id id;
	const char *name;
} netif_options[] = {
	{ VZ_PARAM_MAC, "mac" },
	{ VZ_PARAM_HOST_IFNAME, "host_ifname" },
	{ VZ_PARAM_HOST_MAC, "host_mac" },
	{ VZ_PARAM_BRIDGE, "bridge" },
	{ VZ_PARAM_MAC_FILTER, "mac_filter" },
};

/* --ifname eth0 --mac ... becomes an edit of NETIF: "ifname=eth0,mac=...". */
static int fold_netif(struct vz_params *p, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf entry = WABE_BUF_INIT;
	const struct wabe_strv *added = &p->values[VZ_PARAM_NETIF].list;
	const char *ifname = vz_param_string(p, VZ_PARAM_IFNAME);
	bool is_any = false;
	struct vz_value parsed;
	int r = wabe_buf_printf(&entry, "ifname=%s", ifname ? ifname : "");

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(netif_options); i++) {
		const char *text = vz_param_string(p, netif_options[i].id);

		if (!text)
			continue;
		is_any = true;
		r = wabe_buf_printf(&entry, ",%s=%s", netif_options[i].name, text);
	}
	if (r < 0)
		return wabe_error_set(err, r, "--ifname");
	if (is_any != (ifname != NULL))
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    is_any ? "--mac, --host_ifname, --host_mac, --bridge and "
					     "--mac_filter need --ifname"
					   : "--ifname needs something to change");
	if (!is_any)
		return 0;
	r = vz_value_parse(p->arena, &vz_param_row(VZ_PARAM_NETIF)->rule, "--ifname", entry.data,
			   &parsed, err);
	/* Of an interface that the same command adds; of any other IFNAME says that it has to be there (vz_net_fill()). */
	for (size_t i = 0; r == 0 && i < added->count; i++)
		if (vz_value_entry_same(VZ_TYPE_NETIF, added->items[i], parsed.list.items[0]))
			p->values[VZ_PARAM_IFNAME].is_set = false;
	if (r == 0)
		r = add_to_list(p, VZ_PARAM_NETIF, &parsed, false);
	return r < 0 ? vz_error_default(err, VZ_EXIT_BAD_VALUE) : 0;
}

/* The verb's own row for a word "--save" or "-x", or NULL. */
static const struct wabe_option *find_own(const struct wabe_option *own, size_t count,
					  const char *word)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < count; i++) {
		if (word[1] != '-' && own[i].letter && own[i].letter == word[1])
			return &own[i];
		if (word[1] == '-' && own[i].name && strlen(own[i].name) == len - 2 &&
		    strncmp(own[i].name, word + 2, len - 2) == 0)
			return &own[i];
	}
	return NULL;
}

/* Let base/option read one option of the verb; returns how many words it was. */
static int parse_own(struct vz_params *p, const struct wabe_option *own, size_t count, void *values,
		     int left, char **argv, struct wabe_error *err)
{
	const struct wabe_option *row = find_own(own, count, argv[0]);
	bool is_flag = !row || row->type == WABE_OPTION_FLAG || row->type == WABE_OPTION_COUNT;
	int words = is_flag || left < 2 ? 1 : 2;
	char *slice[4] = { argv[0], argv[0], words == 2 ? argv[1] : NULL, NULL };
	int r;

	if (!row)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL, "unknown option %.64s",
				    argv[0]);
	r = wabe_option_parse(own, count, values, p->arena, words + 1, slice, err);
	if (r < 0) {
		wabe_error_kind(err, VZ_EXIT_BAD_OPTION);
		return r;
	}
	return r - 1;
}

/* One option of a row at argv[0]; returns how many words it was, 0 when no row has it. */
static int parse_row(struct vz_params *p, unsigned int verb, int left, char **argv,
		     struct wabe_error *err)
{
	char option[OPTION_NAME_MAX];
	const char *equals = strchr(argv[0], '=');
	size_t len = equals ? (size_t)(equals - argv[0]) : strlen(argv[0]);
	enum option_kind kind;
	int r;

	if (strncmp(argv[0], "--", 2) != 0 || len - 2 >= sizeof(option))
		return 0;
	memcpy(option, argv[0] + 2, len - 2);
	option[len - 2] = '\0';
	if (find_option(verb, option, &kind) == VZ_PARAM_MAX)
		return 0;
	if (!equals && left < 2)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL, "option --%s wants a value",
				    option);
	r = vz_params_option(p, verb, option, equals ? equals + 1 : argv[1], err);
	if (r < 0)
		return r;
	return equals ? 1 : 2;
}

int vz_params_parse_args(struct vz_params *p, unsigned int verb, const struct wabe_option *own,
			 size_t own_count, void *values, int argc, char **argv,
			 struct wabe_error *err)
{
	int i = 1, r;

	while (i < argc && argv[i][0] == '-' && argv[i][1]) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		r = parse_row(p, verb, argc - i, argv + i, err);
		if (r == 0)
			r = parse_own(p, own, own_count, values, argc - i, argv + i, err);
		if (r < 0)
			return r;
		i += r;
	}
	r = fold_netif(p, err);
	return r < 0 ? r : i;
}
