// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/list: `wabe list`; see cli.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/clock.h"
#include "cli/cli.h"

struct values {
	const char *format;
	bool is_quiet;
};

#define V(member) offsetof(struct values, member)

static const struct wabe_option list_options[] = {
	{ "format", 'f', WABE_OPTION_STRING, V(format), "FORMAT", "table (default) or json" },
	{ "quiet", 'q', WABE_OPTION_FLAG, V(is_quiet), NULL, "only the ids" },
};

static void table_row(struct wabe_container *c)
{
	char created[WABE_CLOCK_TEXT_MAX], owner[WABE_OWNER_MAX];

	printf("%-20s %-8d %-9s %-32s %-30s %s\n", wabe_container_id(c), wabe_container_pid(c),
	       wabe_status_name(wabe_container_status(c)), wabe_container_bundle(c),
	       wabe_clock_rfc3339(wabe_container_created_us(c), created),
	       wabe_container_owner(c, owner));
}

static void json_row(struct wabe_json_writer *w, struct wabe_container *c)
{
	const struct {
		const char *key, *value;
	} rows[] = {
		{ "ociVersion", wabe_container_oci_version(c) },
		{ "id", wabe_container_id(c) },
		{ "status", wabe_status_name(wabe_container_status(c)) },
		{ "bundle", wabe_container_bundle(c) },
		{ "rootfs", wabe_container_rootfs(c) },
	};
	const struct wabe_pairs *annotations = wabe_container_annotations(c);
	char created[WABE_CLOCK_TEXT_MAX], owner[WABE_OWNER_MAX];

	wabe_json_object_begin(w);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		wabe_json_put_string(w, rows[i].key, rows[i].value);
	wabe_json_put_int(w, "pid", wabe_container_pid(c));
	wabe_json_put_string(w, "created",
			     wabe_clock_rfc3339(wabe_container_created_us(c), created));
	if (annotations->count) {
		wabe_json_key(w, "annotations");
		wabe_json_object_begin(w);
		for (size_t i = 0; i < annotations->count; i++)
			wabe_json_put_string(w, annotations->items[i].key,
					     annotations->items[i].value);
		wabe_json_object_end(w);
	}
	wabe_json_put_string(w, "owner", wabe_container_owner(c, owner));
	wabe_json_object_end(w);
}

/* A container that is deleted while we look is left out. */
static int each(struct cli *cli, const struct wabe_strv *ids, const struct values *v,
		struct wabe_json_writer *w)
{
	for (size_t i = 0; i < ids->count; i++) {
		_cleanup_(wabe_container_free) struct wabe_container *c = NULL;

		if (v->is_quiet) {
			printf("%s\n", ids->items[i]);
			continue;
		}
		if (wabe_container_load(&cli->rt, ids->items[i], &c, NULL) < 0)
			continue;
		if (w)
			json_row(w, c);
		else
			table_row(c);
	}
	return 0;
}

static int list_json(struct cli *cli, const struct wabe_strv *ids, const struct values *v,
		     struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_COMPACT);

	if (!w)
		return wabe_error_set(err, -ENOMEM, "list");
	wabe_json_array_begin(w);
	each(cli, ids, v, w);
	wabe_json_array_end(w);
	if (wabe_json_writer_finish(w, &text) < 0)
		return wabe_error_set(err, -ENOMEM, "list");
	return cli_write_out(&text, err);
}

static int run_list(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	struct wabe_strv ids = { 0 };
	struct values v = { 0 };
	bool is_json = false;
	int r = cli_options(cli, &cli_list, &v, argc, argv, 0, 0, err);

	if (r >= 0)
		r = cli_format(v.format, &is_json, err);
	if (r >= 0)
		r = wabe_container_ids(&cli->rt, &cli->arena, &ids, err);
	if (r < 0)
		return r;
	if (is_json && !v.is_quiet)
		return list_json(cli, &ids, &v, err);
	if (!v.is_quiet)
		printf("%-20s %-8s %-9s %-32s %-30s %s\n", "ID", "PID", "STATUS", "BUNDLE",
		       "CREATED", "OWNER");
	return each(cli, &ids, &v, NULL);
}

const struct cli_verb cli_list = {
	"list",	  "[options]", "list the containers", list_options, ARRAY_SIZE(list_options),
	run_list,
};
