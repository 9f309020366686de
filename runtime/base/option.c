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
	bool is_go; /* see wabe_option_parse_go() */
};

static bool takes_value(const struct wabe_option *o)
{
	return o->type != WABE_OPTION_FLAG && o->type != WABE_OPTION_COUNT;
}

static int bad_value(struct parser *p, const char *shown, const char *value)
{
	return wabe_error_say(p->err, -EINVAL, "option %s: bad value \"%s\"", shown, value);
}

static int store_flag(struct parser *p, const char *shown, const char *value, bool *out)
{
	bool is_set = !value || strcmp(value, "true") == 0;

	if (p->is_go && value) {
		if (wabe_parse_bool(value, &is_set) < 0)
			return bad_value(p, shown, value);
	} else if (!is_set && strcmp(value, "false") != 0) {
		return bad_value(p, shown, value);
	}
	*out = is_set;
	return 0;
}

static int store(struct parser *p, const struct wabe_option *o, const char *shown,
		 const char *value)
{
	void *out = p->values + o->offset;

	switch (o->type) {
	case WABE_OPTION_FLAG:
		return store_flag(p, shown, value, out);
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
	char *name = word + (word[1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "=");
	char *value = name[len] ? name + len + 1 : NULL;
	const struct wabe_option *o = find(p, name, len, 0);
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

/* "-abc", "-x value", "-xvalue", Go's "-x=value"; returns how many words were used. */
static int take_short(struct parser *p, char *word, char *next)
{
	for (char *c = word + 1; *c; c++) {
		const struct wabe_option *o = find(p, NULL, 0, *c);
		bool has_equals = p->is_go && c[1] == '=';
		int r;

		if (!o)
			return wabe_error_say(p->err, -EINVAL, "unknown option -%c", *c);
		if (takes_value(o)) {
			bool is_joined = c[1] != '\0';

			if (!is_joined && !next)
				return wabe_error_say(p->err, -EINVAL, "option -%c wants a value",
						      *c);
			r = store(p, o, word, is_joined ? c + 1 + has_equals : next);
			return r < 0 ? r : (is_joined ? 1 : 2);
		}
		r = store(p, o, word, has_equals ? c + 2 : NULL);
		if (r < 0 || has_equals)
			return r < 0 ? r : 1;
	}
	return 1;
}

/* "-name" is "--name" where there is such an option (Go's flag package, so runc's command line), else letters. */
static bool is_long(const struct parser *p, const char *word)
{
	return word[1] == '-' ||
	       (word[2] != '\0' && find(p, word + 1, strcspn(word + 1, "="), 0) != NULL);
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static int take(struct parser *p, char *word, char *next)
{
	return is_long(p, word) ? take_long(p, word, next) : take_short(p, word, next);
}

static int parse(struct parser *p, int argc, char **argv)
{
	int i = 1;

	while (i < argc) {
		int used;

		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		if (!is_option(argv[i]))
			break;
		used = take(p, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
		if (used < 0)
			return used;
		i += used;
	}
	return i;
}

/* The first of @count words becomes the last. */
static void rotate(char **words, int count)
{
	char *first = words[0];

	memmove(words, words + 1, (size_t)(count - 1) * sizeof(*words));
	words[count - 1] = first;
}

static int parse_mixed(struct parser *p, int argc, char **argv)
{
	int end = argc; /* what was no option was moved behind this */
	int first = parse(p, argc, argv);

	while (first >= 0 && first < end && strcmp(argv[first - 1], "--") != 0) {
		int used;

		rotate(argv + first, argc - first);
		end--;
		/* The word in front of the next options stands where a program's name would. */
		used = parse(p, end - first + 1, argv + first - 1);
		first = used < 0 ? used : first - 1 + used;
	}
	/* Behind "--" are words alone; those from in front of it come first. */
	for (int i = first; first >= 0 && i < end; i++)
		rotate(argv + first, argc - first);
	return first;
}

int wabe_option_parse(const struct wabe_option *table, size_t count, void *values,
		      struct wabe_arena *arena, int argc, char **argv, struct wabe_error *err)
{
	struct parser p = { table, count, values, arena, err, .is_go = false };

	return parse(&p, argc, argv);
}

int wabe_option_parse_mixed(const struct wabe_option *table, size_t count, void *values,
			    struct wabe_arena *arena, int argc, char **argv, struct wabe_error *err)
{
	struct parser p = { table, count, values, arena, err, .is_go = false };

	return parse_mixed(&p, argc, argv);
}

int wabe_option_parse_go(const struct wabe_option *table, size_t count, void *values,
			 struct wabe_arena *arena, bool is_mixed, int argc, char **argv,
			 struct wabe_error *err)
{
	struct parser p = { table, count, values, arena, err, .is_go = true };

	return (is_mixed ? parse_mixed : parse)(&p, argc, argv);
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
