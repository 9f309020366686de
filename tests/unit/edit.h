/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/unit/edit: a JSON document with one value replaced, removed or added, for tests that try what one change does.
 */
#ifndef WABE_TESTS_EDIT_H
#define WABE_TESTS_EDIT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"

struct edit {
	const char *
		path; /* as wabe_json_path() writes it; a key that isn't there is added to its object */
	const char *value; /* JSON text, NULL removes */
	bool is_done;
};

static inline void edit_text(struct wabe_buf *out, const char *s)
{
	wabe_buf_puts(out, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\' || (unsigned char)*s < 0x20)
			wabe_buf_printf(out, "\\u%04x", (unsigned char)*s);
		else
			wabe_buf_add(out, s, 1);
	}
	wabe_buf_puts(out, "\"");
}

static inline void edit_write(struct wabe_buf *out, const struct wabe_json *node, struct edit *e);

/* A key that is to be added here: the last word of the path, behind the path of @node. */
static inline void edit_add_key(struct wabe_buf *out, const struct wabe_json *node, struct edit *e,
				bool is_first)
{
	const char *key = strrchr(e->path, '.');
	char here[512] = "";

	key = key ? key + 1 : e->path;
	if (node->parent)
		wabe_json_path(node, here, sizeof(here));
	if (e->is_done || !e->value ||
	    strlen(here) != (size_t)(key > e->path ? key - e->path - 1 : 0) ||
	    strncmp(here, e->path, strlen(here)) != 0)
		return;
	wabe_buf_puts(out, is_first ? "" : ",");
	edit_text(out, key);
	wabe_buf_printf(out, ":%s", e->value);
	e->is_done = true;
}

static inline void edit_write_children(struct wabe_buf *out, const struct wabe_json *node,
				       struct edit *e)
{
	bool is_first = true;
	char path[512];

	for (const struct wabe_json *c = node->first; c; c = c->next) {
		bool is_it = strcmp(wabe_json_path(c, path, sizeof(path)), e->path) == 0;

		e->is_done |= is_it;
		if (is_it && !e->value)
			continue;
		wabe_buf_puts(out, is_first ? "" : ",");
		is_first = false;
		if (c->key) {
			edit_text(out, c->key);
			wabe_buf_puts(out, ":");
		}
		if (is_it)
			wabe_buf_puts(out, e->value);
		else
			edit_write(out, c, e);
	}
	if (node->type == WABE_JSON_OBJECT)
		edit_add_key(out, node, e, is_first);
}

static inline void edit_write(struct wabe_buf *out, const struct wabe_json *node, struct edit *e)
{
	switch (node->type) {
	case WABE_JSON_BOOL:
		wabe_buf_puts(out, node->boolean ? "true" : "false");
		break;
	case WABE_JSON_NUMBER:
		wabe_buf_puts(out, node->text);
		break;
	case WABE_JSON_STRING:
		edit_text(out, node->text);
		break;
	case WABE_JSON_ARRAY:
	case WABE_JSON_OBJECT:
		wabe_buf_puts(out, node->type == WABE_JSON_ARRAY ? "[" : "{");
		edit_write_children(out, node, e);
		wabe_buf_puts(out, node->type == WABE_JSON_ARRAY ? "]" : "}");
		break;
	default:
		wabe_buf_puts(out, "null");
	}
}

/** edit_apply() - the document @root with one change, as text in @out. A change that applies nowhere ends the test. */
static inline void edit_apply(const struct wabe_json *root, const char *path, const char *value,
			      struct wabe_buf *out)
{
	struct edit e = { .path = path, .value = value };

	edit_write(out, root, &e);
	if (!e.is_done && *path) {
		printf("Bail out! no place for %s\n", path);
		exit(1);
	}
}

/** edit_corpus() - a file of the corpus ($CORPUS is its directory); ends the test when it isn't there. */
static inline void edit_corpus(const char *name, struct wabe_buf *out)
{
	const char *corpus = getenv("CORPUS");
	struct wabe_error err = WABE_ERROR_INIT;
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", corpus ? corpus : "tests/corpus", name);
	if (wabe_file_read_at(AT_FDCWD, path, WABE_JSON_MAX_BYTES, out, &err) < 0) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
}

#endif
