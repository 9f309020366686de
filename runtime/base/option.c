// SPDX-License-Identifier: GPL-2.0-or-later
/* base/option: command-line options by table; see option.h. */
#include "base/option.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"

struct parser {
	const struct wabe_option *table;
	size_t count;
	char *values;
	struct wabe_arena *arena;
	struct wabe_error *err;
};

static bool takes_value(const struct wabe_option *o)
{
	return o->type != WABE_OPTION_FLAG && o->type != WABE_OPTION_COUNT;
}

static int bad_value(struct parser *p, const char *shown, const char *value)
{
	return wabe_error_say(p->err, -EINVAL, "option %s: bad value \"%s\"", shown, value);
}

static int store(struct parser *p, const struct wabe_option *o, const char *shown,
		 const char *value)
{
	void *out = p->values + o->offset;

	switch (o->type) {
	case WABE_OPTION_FLAG:
		if (value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
			return bad_value(p, shown, value);
		*(bool *)out = !value || strcmp(value, "true") == 0;
		return 0;
	case WABE_OPTION_COUNT:
		++*(int *)out;
		return value ? bad_value(p, shown, value) : 0;
	case WABE_OPTION_STRING:
		*(const char **)out = value;
		return 0;
	case WABE_OPTION_LIST:
		if (wabe_strv_add(out, p->arena, value) < 0)
			return wabe_error_set(p->err, -ENOMEM, "option %s", shown);
		return 0;
	case WABE_OPTION_INT:
		return wabe_parse_int(value, 0, INT_MAX, out) < 0 ? bad_value(p, shown, value) : 0;
	}
	return -EINVAL;
}

static const struct wabe_option *find(const struct parser *p, const char *name, size_t len,
				      char letter)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct wabe_option *o = &p->table[i];

		if (letter ? o->letter == letter
			   : (o->name && strlen(o->name) == len &&
			      strncmp(o->name, name, len) == 0))
			return o;
	}
	return NULL;
}

/* "--name", "--name=value" or "--name" "value"; returns how many words were used. */
static int take_long(struct parser *p, char *word, char *next)
{
	size_t len = strcspn(word + 2, "=");
	char *value = word[2 + len] ? word + 2 + len + 1 : NULL;
	const struct wabe_option *o = find(p, word + 2, len, 0);
	int used = 1, r;

	if (!o)
		return wabe_error_say(p->err, -EINVAL, "unknown option %s", word);
	if (takes_value(o) && !value) {
		if (!next)
			return wabe_error_say(p->err, -EINVAL, "option %s wants a value", word);
		value = next;
		used = 2;
	}
	r = store(p, o, word, value);
	return r < 0 ? r : used;
}

/* "-abc", "-x value", "-xvalue"; returns how many words were used. */
static int take_short(struct parser *p, char *word, char *next)
{
	for (char *c = word + 1; *c; c++) {
		const struct wabe_option *o = find(p, NULL, 0, *c);
		int r;

		if (!o)
			return wabe_error_say(p->err, -EINVAL, "unknown option -%c", *c);
		if (takes_value(o)) {
			bool is_joined = c[1] != '\0';

			if (!is_joined && !next)
				return wabe_error_say(p->err, -EINVAL, "option -%c wants a value",
						      *c);
			r = store(p, o, word, is_joined ? c + 1 : next);
			return r < 0 ? r : (is_joined ? 1 : 2);
		}
		r = store(p, o, word, NULL);
		if (r < 0)
			return r;
	}
	return 1;
}

int wabe_option_parse(const struct wabe_option *table, size_t count, void *values,
		      struct wabe_arena *arena, int argc, char **argv, struct wabe_error *err)
{
	struct parser p = { table, count, values, arena, err };
	int i = 1;

	while (i < argc) {
		char *word = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
		int used;

		if (strcmp(word, "--") == 0)
			return i + 1;
		if (word[0] != '-' || word[1] == '\0')
			break;
		used = word[1] == '-' ? take_long(&p, word, next) : take_short(&p, word, next);
		if (used < 0)
			return used;
		i += used;
	}
	return i;
}

void wabe_option_help(FILE *out, const struct wabe_option *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct wabe_option *o = &table[i];
		char left[64];

		snprintf(left, sizeof(left), "%s%.1s%s%s%s%s%s", o->letter ? "-" : "",
			 o->letter ? &o->letter : "", o->letter && o->name ? ", " : "",
			 o->name ? "--" : "", o->name ? o->name : "", o->value ? " " : "",
			 o->value ? o->value : "");
		fprintf(out, "  %-32s %s\n", left, o->help);
	}
}
