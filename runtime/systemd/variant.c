// SPDX-License-Identifier: GPL-2.0-or-later
/* systemd/variant: the part of GVariant's text format that properties of units are written in; see property.h. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "systemd/property.h"

#define TEXT_MAX 4096

struct number_type {
	const char *word;
	char type; /* of D-Bus */
	int64_t min;
	uint64_t max;
};

static const struct number_type number_types[] = {
	{ "byte", 'y', 0, UINT8_MAX },	  { "int16", 'n', INT16_MIN, INT16_MAX },
	{ "uint16", 'q', 0, UINT16_MAX }, { "int32", 'i', INT32_MIN, INT32_MAX },
	{ "uint32", 'u', 0, UINT32_MAX }, { "int64", 'x', INT64_MIN, INT64_MAX },
	{ "uint64", 't', 0, UINT64_MAX },
};

union number {
	uint8_t byte;
	int16_t int16;
	uint16_t uint16;
	int32_t int32;
	uint32_t uint32;
	int64_t int64;
	uint64_t uint64;
};

static int bad(const char *name, const char *text, struct wabe_error *err)
{
	return wabe_error_say(
		err, -EINVAL,
		"property %s: \"%.100s\" is no boolean, number, string or list of strings of GVariant's text format",
		name, text);
}

static int read_number(const struct number_type *type, const char *text, union number *ret_value)
{
	uint64_t value = 0;
	int64_t negative = 0;
	int r = *text == '-' ? wabe_parse_i64(text, type->min, 0, &negative)
			     : wabe_parse_u64(text, 0, type->max, &value);

	if (r < 0)
		return r;
	if (*text == '-')
		value = (uint64_t)negative;
	switch (type->type) {
	case 'y':
		ret_value->byte = (uint8_t)value;
		break;
	case 'n':
	case 'q':
		ret_value->uint16 = (uint16_t)value;
		break;
	case 'i':
	case 'u':
		ret_value->uint32 = (uint32_t)value;
		break;
	default:
		ret_value->uint64 = value;
	}
	return 0;
}

/* "uint64 7", "7"; @ret_type is a row of the table. */
static int parse_number(const char *text, const struct number_type **ret_type,
			union number *ret_value)
{
	const char *blank = strchr(text, ' ');

	*ret_type = &number_types[3]; /* GVariant: a number alone is an int32 */
	if (!blank)
		return read_number(*ret_type, text, ret_value);
	for (size_t i = 0; i < ARRAY_SIZE(number_types); i++)
		if (strlen(number_types[i].word) == (size_t)(blank - text) &&
		    strncmp(text, number_types[i].word, (size_t)(blank - text)) == 0) {
			*ret_type = &number_types[i];
			return read_number(*ret_type, blank + strspn(blank, " "), ret_value);
		}
	return -EINVAL;
}

/* A quoted string at *at, whose end goes there; the text into @out. */
static int parse_string(const char **at, char *out, size_t room)
{
	char quote = **at;
	size_t len = 0;

	if (quote != '\'' && quote != '"')
		return -EINVAL;
	for ((*at)++; **at != quote; (*at)++) {
		if (**at == '\\' && (*at)[1])
			(*at)++;
		if (!**at || len + 1 >= room)
			return -EINVAL;
		out[len++] = **at;
	}
	(*at)++;
	out[len] = '\0';
	return 0;
}

static int append_list(sd_bus_message *m, const char *name, const char *text,
		       struct wabe_error *err)
{
	char item[TEXT_MAX];
	const char *at = text + 1;
	int r = sd_bus_message_open_container(m, 'v', "as");

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "s");
	at += strspn(at, " ");
	while (r >= 0 && *at != ']') {
		if (parse_string(&at, item, sizeof(item)) < 0)
			return bad(name, text, err);
		r = sd_bus_message_append(m, "s", item);
		at += strspn(at, " ");
		if (*at != ',' && *at != ']')
			return bad(name, text, err);
		at += *at == ',';
		at += strspn(at, " ");
	}
	if (r >= 0 && at[1])
		return bad(name, text, err);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? wabe_error_set(err, r, "property %s", name) : 0;
}

static int append_number(sd_bus_message *m, const char *name, const char *text,
			 struct wabe_error *err)
{
	const struct number_type *type;
	union number value = { 0 };
	char signature[2] = "";
	int r = parse_number(text, &type, &value);

	if (r < 0)
		return bad(name, text, err);
	signature[0] = type->type;
	r = sd_bus_message_open_container(m, 'v', signature);
	if (r >= 0)
		r = sd_bus_message_append_basic(m, type->type, &value);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? wabe_error_set(err, r, "property %s", name) : 0;
}

/* Seconds, whole or with a fraction: "1.5". */
static int append_seconds(sd_bus_message *m, const char *name, const char *text,
			  struct wabe_error *err)
{
	const char *digits = strrchr(text, ' ') ? strrchr(text, ' ') + 1 : text;
	char *end = NULL;
	double seconds = isdigit((unsigned char)*digits) ? strtod(digits, &end) : -1;
	int r;

	if (seconds < 0 || seconds > 1e12 || !end || *end)
		return bad(name, text, err);
	r = sd_bus_message_append(m, "v", "t", (uint64_t)(seconds * 1e6));
	return r < 0 ? wabe_error_set(err, r, "property %s", name) : 0;
}

static bool is_seconds(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 3, "Sec") == 0 && name[len - 4] != 'U';
}

static int append_value(sd_bus_message *m, const char *name, const char *text,
			struct wabe_error *err)
{
	char item[TEXT_MAX];
	const char *at = text;
	int r;

	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
		r = sd_bus_message_append(m, "v", "b", *text == 't');
	} else if (*text == '\'' || *text == '"') {
		if (parse_string(&at, item, sizeof(item)) < 0 || *at)
			return bad(name, text, err);
		r = sd_bus_message_append(m, "v", "s", item);
	} else {
		return *text == '[' ? append_list(m, name, text, err)
				    : append_number(m, name, text, err);
	}
	return r < 0 ? wabe_error_set(err, r, "property %s", name) : 0;
}

int variant_append(sd_bus_message *m, const char *name, const char *text, struct wabe_error *err)
{
	char micro[128];
	int r = sd_bus_message_open_container(m, 'r', "sv");

	snprintf(micro, sizeof(micro), "%.*sUSec", is_seconds(name) ? (int)strlen(name) - 3 : 0,
		 name);
	if (r >= 0)
		r = sd_bus_message_append(m, "s", is_seconds(name) ? micro : name);
	if (r < 0)
		return wabe_error_set(err, r, "property %s", name);
	r = is_seconds(name) ? append_seconds(m, name, text, err)
			     : append_value(m, name, text, err);
	if (r == 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : 0;
}
