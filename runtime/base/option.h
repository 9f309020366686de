/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/option: command-line options by table, with the help text from the same rows.
 *
 * Long options are "--name VALUE" or "--name=VALUE"; short ones "-x VALUE", "-xVALUE", flags may be joined ("-aH").
 * Parsing stops at "--" or at the first word that is no option, so a command's own options are not touched.
 */
#ifndef WABE_BASE_OPTION_H
#define WABE_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum wabe_option_type {
	WABE_OPTION_FLAG,   /* bool: set true; "--name=false|true" too */
	WABE_OPTION_COUNT,  /* int: one more for each time */
	WABE_OPTION_STRING, /* const char *: the last one wins */
	WABE_OPTION_LIST,   /* struct wabe_strv: appended */
	WABE_OPTION_INT,    /* int: strict, from 0 up */
};

struct wabe_option {
	const char *name; /* without "--", NULL when there is only a short one */
	char letter;	  /* 0 = none */
	enum wabe_option_type type;
	size_t offset;	   /* of the destination in the values struct */
	const char *value; /* name of the value in the help, NULL for flags */
	const char *help;
};

/**
 * wabe_option_parse() - read options of argv[1..] into @values: "--name VALUE", "--name=VALUE", the same with one dash, letters.
 * @table, @count: the rows; @arena: memory for lists
 * Returns the index of the first word that is no option, or -EINVAL ("unknown option --x", "option --x wants a value").
 */
int wabe_option_parse(const struct wabe_option *table, size_t count, void *values,
		      struct wabe_arena *arena, int argc, char **argv, struct wabe_error *err);

/**
 * wabe_option_parse_mixed() - the same, but options may stand behind and between the words as well, up to "--".
 * @argv: its words are moved behind its options, in their order
 */
int wabe_option_parse_mixed(const struct wabe_option *table, size_t count, void *values,
			    struct wabe_arena *arena, int argc, char **argv,
			    struct wabe_error *err);

/**
 * wabe_option_parse_go() - as the two above, with what Go's flag package (runc's) takes besides: "-x=VALUE" for a letter, and
 * for a flag's value each word of wabe_parse_bool().
 */
int wabe_option_parse_go(const struct wabe_option *table, size_t count, void *values,
			 struct wabe_arena *arena, bool is_mixed, int argc, char **argv,
			 struct wabe_error *err);

/** wabe_option_help() - one aligned line a row. */
void wabe_option_help(FILE *out, const struct wabe_option *table, size_t count);

#endif
