// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vzlist: the command vzlist(8): options to columns and a selection, in order to the output. */
#include "cmd/vzlist.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/option.h"

#define DEFAULT_FIELDS "ctid,numproc,status,ip,hostname"
#define NAME_FIELDS "smart_name,numproc,status,ip,hostname"
#define FIELD_NAME_MAX 32
#define EXIT_FAILED 1

struct values {
	const char *config;
	bool is_all, is_stopped, is_named, has_no_header, is_untrimmed, is_json, is_ids, is_listing,
		is_prometheus, is_help, is_version;
	const char *fields, *sort, *hostname, *name, *description;
};

#define FLAG(name, letter, member, help)                                                    \
	{                                                                                   \
		name, letter, WABE_OPTION_FLAG, offsetof(struct values, member), NULL, help \
	}
#define TEXT(name, letter, member, value, help)                                                \
	{                                                                                      \
		name, letter, WABE_OPTION_STRING, offsetof(struct values, member), value, help \
	}

static const struct wabe_option options[] = {
	FLAG("all", 'a', is_all, "list all containers"),
	FLAG("stopped", 'S', is_stopped, "list stopped containers"),
	FLAG("name", 'n', is_named, "show names instead of ids"),
	FLAG("no-header", 'H', has_no_header, "no line of headers"),
	FLAG("no-trim", 't', is_untrimmed, "do not cut long values"),
	FLAG("json", 'j', is_json, "JSON; all fields unless -o names some"),
	TEXT("output", 'o', fields, "FIELD[,FIELD...]", "show these fields"),
	FLAG(NULL, '1', is_ids, "ids only, the same as -H -o ctid"),
	TEXT("sort", 's', sort, "[-]FIELD", "sort by a field, '-' reverses"),
	TEXT("hostname", 'h', hostname, "PATTERN", "only containers with such a host name"),
	TEXT("name_filter", 'N', name, "PATTERN", "only containers with such a name"),
	TEXT("description", 'd', description, "PATTERN", "only containers with such a description"),
	FLAG("list", 'L', is_listing, "list the fields"),
	FLAG("prometheus", 0, is_prometheus, "all counters of all containers, for Prometheus"),
	TEXT("config", 0, config, "FILE", "vz.conf to use (or VZ_CONF)"),
	FLAG("help", 0, is_help, "show this"),
	FLAG("version", 0, is_version, "show the version"),
};

struct vzlist {
	struct values values;
	struct wabe_arena arena;
	struct wabe_log log;
	struct vzlist_columns columns;
	struct vzlist_column sort; /* field NULL: by CTID, as they come */
	bool is_reversed;
	struct vz_host host;
	size_t count;		   /* found so far */
	struct vzlist_guest *kept; /* of them, those that are to be sorted */
	bool has_header;
	struct wabe_json_writer *json;	      /* where they go instead of the table */
	struct vzlist_prometheus *prometheus; /* or there */
	bool is_short_of_memory;
};

static void usage(FILE *out)
{
	fputs("usage: vzlist [option...] [CTID|NAME...]\n       vzlist -L\n\n"
	      "Without -a, -S and CTIDs only running containers are listed.\n\nOptions:\n",
	      out);
	wabe_option_help(out, options, ARRAY_SIZE(options));
}

static int find_column(const char *name, size_t len, struct vzlist_column *ret_column,
		       struct wabe_error *err)
{
	if (vzlist_column_find(name, len, ret_column) == 0)
		return 0;
	return wabe_error_say(err, -EINVAL, "unknown field \"%.*s\" (vzlist -L lists them)",
			      (int)(len < 64 ? len : 64), name);
}

static int add_column(struct vzlist *v, const char *name, size_t len, struct wabe_error *err)
{
	struct vzlist_column column;
	char shown[FIELD_NAME_MAX];
	int r = find_column(name, len, &column, err);

	if (r < 0)
		return r;
	if (v->values.is_json && column.index)
		return wabe_error_say(err, -EINVAL, "field %s is a part of %s in JSON",
				      vzlist_column_name(&column, shown, sizeof(shown)),
				      column.field->name);
	v->columns.items[v->columns.count++] = column;
	return 0;
}

/* JSON without -o has every field. */
static int add_all_columns(struct vzlist *v, struct wabe_error *err)
{
	const struct vzlist_field *field;
	int r = 0;

	for (size_t at = 0; r == 0 && (field = vzlist_field_at(at)) != NULL; at++)
		r = add_column(v, field->name, strlen(field->name), err);
	return r;
}

static const char *chosen_fields(const struct values *values)
{
	if (values->fields)
		return values->fields;
	if (values->is_ids)
		return "ctid";
	if (values->is_json)
		return NULL;
	return values->is_named ? NAME_FIELDS : DEFAULT_FIELDS;
}

static int choose_columns(struct vzlist *v, struct wabe_error *err)
{
	const char *fields = chosen_fields(&v->values);
	size_t room = 1, at = 0;
	int r = 0;

	for (const char *p = fields; p && *p; p++)
		room += *p == ',';
	while (!fields && vzlist_field_at(at))
		room = ++at;
	v->columns.items = wabe_arena_array(&v->arena, room, sizeof(*v->columns.items));
	if (!v->columns.items)
		return wabe_error_set(err, -ENOMEM, "fields");
	if (!fields)
		return add_all_columns(v, err);
	while (r == 0) {
		size_t len = strcspn(fields, ",");

		r = add_column(v, fields, len, err);
		if (!fields[len])
			break;
		fields += len + 1;
	}
	return r;
}

static int choose_order(struct vzlist *v, struct wabe_error *err)
{
	const char *sort = v->values.sort;

	if (!sort)
		return 0;
	v->is_reversed = *sort == '-';
	sort += v->is_reversed;
	return find_column(sort, strlen(sort), &v->sort, err);
}

static void choose_needs(const struct vzlist *v, struct vzlist_wanted *wanted)
{
	if (v->sort.field)
		vzlist_want(wanted, &v->sort, false);
	for (size_t i = 0; i < v->columns.count; i++)
		vzlist_want(wanted, &v->columns.items[i], v->values.is_json);
}

static int compare_guests(const void *a, const void *b, void *data)
{
	const struct vzlist_guest *x = *(struct vzlist_guest *const *)a,
				  *y = *(struct vzlist_guest *const *)b;
	const struct vzlist *v = data;
	struct vzlist_cell left = vzlist_cell(x, &v->sort), right = vzlist_cell(y, &v->sort);
	int order = vzlist_compare(&left, &right);

	if (order == 0)
		order = x->ctid < y->ctid ? -1 : x->ctid > y->ctid;
	return v->is_reversed ? -order : order;
}

static void print(struct vzlist *v, const struct vzlist_guest *g)
{
	if (v->json) {
		vzlist_write_guest(v->json, &v->columns, g);
		return;
	}
	if (!v->has_header && !v->values.has_no_header && !v->values.is_ids)
		vzlist_print_header(stdout, &v->columns);
	v->has_header = true;
	vzlist_print_row(stdout, &v->columns, g, !v->values.is_untrimmed);
}

/* Guests come by CTID; only another order has to wait for all of them. */
static bool found(void *data, struct vzlist_guest *g)
{
	struct vzlist *v = data;

	v->count++;
	if (!v->sort.field) {
		print(v, g);
		return false;
	}
	g->next = v->kept;
	v->kept = g;
	return true;
}

static int print_sorted(struct vzlist *v, struct wabe_error *err)
{
	struct vzlist_guest **guests = wabe_arena_array(&v->arena, v->count, sizeof(void *));
	size_t at = 0;

	if (!guests)
		return wabe_error_set(err, -ENOMEM, "sort containers");
	for (struct vzlist_guest *g = v->kept; g; g = g->next)
		guests[at++] = g;
	qsort_r(guests, v->count, sizeof(struct vzlist_guest *), compare_guests, v);
	for (size_t i = 0; i < v->count; i++)
		print(v, guests[i]);
	return 0;
}

static int list_all(struct vzlist *v, struct vzlist_wanted *wanted, struct wabe_error *err)
{
	int r = vzlist_look(&v->host, wanted, &v->log, &v->arena, found, v, err);

	if (r == 0 && v->kept)
		r = print_sorted(v, err);
	for (struct vzlist_guest *g = v->kept; g; g = g->next)
		vzlist_drop(g);
	v->kept = NULL;
	if (r == 0 && v->count == 0 && !v->json)
		fputs("Container(s) not found\n", stderr);
	return r;
}

static int list_as_json(struct vzlist *v, struct vzlist_wanted *wanted, struct wabe_error *err)
{
	_cleanup_(wabe_json_writer_drop) struct wabe_json_writer *w =
		wabe_json_writer_new(WABE_JSON_INDENTED);
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r;

	if (!w)
		return wabe_error_set(err, -ENOMEM, "JSON");
	v->json = w;
	wabe_json_array_begin(w);
	r = list_all(v, wanted, err);
	v->json = NULL;
	if (r < 0)
		return r;
	wabe_json_array_end(w);
	if (wabe_json_writer_finish(TAKE_PTR(w), &text) < 0)
		return wabe_error_set(err, -ENOMEM, "JSON");
	fwrite(text.data, 1, text.len, stdout);
	return 0;
}

static bool found_for_prometheus(void *data, struct vzlist_guest *g)
{
	struct vzlist *v = data;

	v->count++;
	if (vzlist_prometheus_add(v->prometheus, g) < 0)
		v->is_short_of_memory = true;
	return false;
}

static int list_for_prometheus(struct vzlist *v, struct vzlist_wanted *wanted,
			       struct wabe_error *err)
{
	_cleanup_(vzlist_prometheus_free) struct vzlist_prometheus *p =
		vzlist_prometheus_new(&v->arena, wanted);
	int r;

	if (!p)
		return wabe_error_set(err, -ENOMEM, "list containers");
	v->prometheus = p;
	wanted->is_all = !wanted->ctids && !wanted->is_stopped_only;
	r = vzlist_look(&v->host, wanted, &v->log, &v->arena, found_for_prometheus, v, err);
	if (r == 0 && v->is_short_of_memory)
		r = wabe_error_set(err, -ENOMEM, "list containers");
	if (r == 0)
		vzlist_prometheus_print(p, stdout);
	v->prometheus = NULL;
	return r;
}

static int list(struct vzlist *v, const struct wabe_strv *words, struct wabe_error *err)
{
	struct vzlist_wanted wanted = {
		.is_all = v->values.is_all,
		.is_stopped_only = v->values.is_stopped,
		.hostname = v->values.hostname,
		.name = v->values.name,
		.description = v->values.description,
	};
	int r = vzlist_choose_guests(&v->host, &v->arena, words, &wanted, err);

	if (r < 0)
		return r;
	if (v->values.is_prometheus)
		return list_for_prometheus(v, &wanted, err);
	choose_needs(v, &wanted);
	r = v->values.is_json ? list_as_json(v, &wanted, err) : list_all(v, &wanted, err);
	/* Nothing at all is fine; not finding what was named isn't. */
	return r == 0 && wanted.ctids && v->count == 0 ? EXIT_FAILED : r;
}

static int run(struct vzlist *v, const struct wabe_strv *words, struct wabe_error *err)
{
	const struct values *values = &v->values;
	int r = 0;

	if (values->is_prometheus && (values->is_json || values->fields || values->sort ||
				      values->is_named || values->is_ids))
		return wabe_error_say(err, -EINVAL, "--prometheus has neither fields nor an order");
	r = choose_columns(v, err);
	if (r == 0)
		r = choose_order(v, err);
	if (r < 0)
		return r;
	if (geteuid() != 0)
		return wabe_error_say(err, -EPERM, "only root may list containers");
	r = vz_host_load(values->config, NULL, &v->host, err);
	if (r < 0)
		return r;
	r = list(v, words, err);
	vz_host_free(&v->host);
	return r;
}

/* A list that could not be written whole must not look whole. */
static int flush_output(struct wabe_error *err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return wabe_error_set(err, errno ? -errno : -EIO, "write the list");
	return 0;
}

/* Options anywhere among the words, as getopt_long(3) lets them be; @ret_words: the other words. */
static int parse_words(struct vzlist *v, int argc, char **argv, struct wabe_strv *ret_words,
		       struct wabe_error *err)
{
	bool is_literal = false; /* behind "--" */

	for (int at = 0; at < argc - 1;) {
		int next = is_literal ? 1
				      : wabe_option_parse(options, ARRAY_SIZE(options), &v->values,
							  &v->arena, argc - at, argv + at, err);

		if (next < 0)
			return next;
		is_literal = is_literal || (next > 1 && strcmp(argv[at + next - 1], "--") == 0);
		at += next;
		if (at < argc && wabe_strv_add(ret_words, &v->arena, argv[at]) < 0)
			return wabe_error_set(err, -ENOMEM, "options");
	}
	return 0;
}

int vz_vzlist_main(int argc, char **argv)
{
	struct vzlist v = {
		.log = { .program = "vzlist", .level = WABE_LOG_WARNING, .fd = -EBADF }
	};
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_strv words = { 0 };
	int status = 0;
	int r = parse_words(&v, argc, argv, &words, &err);

	if (r >= 0 && v.values.is_help)
		usage(stdout);
	else if (r >= 0 && v.values.is_version)
		printf("vzlist version %s\n", WABE_VERSION);
	else if (r >= 0 && v.values.is_listing)
		vzlist_print_fields(stdout);
	else if (r >= 0)
		r = status = run(&v, &words, &err);
	if (r >= 0)
		r = flush_output(&err);
	wabe_arena_free(&v.arena);
	if (r < 0)
		wabe_log(&v.log, WABE_LOG_ERROR, "%s", err.text);
	return r < 0 || status ? EXIT_FAILED : 0;
}
