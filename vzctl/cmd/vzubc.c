// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd/vzubc: the command vzubc(8): containers' beancounters for people: sizes with units, how near they are to barrier and
 * limit, and what changed since the last look.
 */
#include "cmd/vzubc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cmd/tool.h"
#include "cmd/vzlist.h"
#include "cmd/vzubc_store.h"

#define INTERVAL_S 2
#define HELD_RATIO 0.5
#define MAXHELD_RATIO 0.8

struct values {
	struct vz_tool_values tool;
	bool is_watching, is_quiet, is_verbose, is_relative, is_incremental, is_colored,
		is_clearing;
	const char *interval, *held_ratio, *maxheld_ratio;
};

#define FLAG(name, letter, member, help)                                                    \
	{                                                                                   \
		name, letter, WABE_OPTION_FLAG, offsetof(struct values, member), NULL, help \
	}
#define TEXT(name, member, value, help)                                                   \
	{                                                                                 \
		name, 0, WABE_OPTION_STRING, offsetof(struct values, member), value, help \
	}

static const struct wabe_option options[] = {
	FLAG("watch", 'w', is_watching, "again and again, until interrupted"),
	TEXT("wn", interval, "SECONDS", "so often; 2 by default"),
	FLAG("quiet", 'q', is_quiet, "only what failed or is near its limit"),
	TEXT("qh", held_ratio, "RATIO", "near: held to limit; 0.5 by default"),
	TEXT("qm", maxheld_ratio, "RATIO", "near: the most held to limit; 0.8 by default"),
	FLAG("verbose", 'v', is_verbose, "what is unlimited too"),
	FLAG("relative", 'r', is_relative, "failures since the last look"),
	FLAG("incremental", 'i', is_incremental, "how much more is held than at the last look"),
	FLAG("rc", 0, is_clearing, "forget the last look"),
	FLAG("ic", 0, is_clearing, "the same"),
	FLAG("color", 'c', is_colored, "mark what -q would show"),
	VZ_TOOL_OPTIONS(struct values, tool),
};

/* In the order of a field's suffixes. */
enum { HELD, MAXHELD, BARRIER, LIMIT, FAILCNT, VALUE_MAX };

struct counter {
	const char *name;
	uint64_t values[VALUE_MAX]; /* UINT64_MAX: nobody counts it, or no limit */
	bool is_bytes;
};

struct ubc {
	const struct values *values;
	struct vz_tool *tool;
	double held_ratio, maxheld_ratio;
	struct vzubc_store *store; /* of the last look; NULL: none is wanted */
};

static uint64_t value_at(const struct vzlist_guest *g, const struct vzlist_field *field,
			 size_t index)
{
	struct vzlist_cell cell = vzlist_cell(g, &(struct vzlist_column){ field, index });

	if (cell.type != VZLIST_NUMBER || cell.number == VZ_UNLIMITED)
		return UINT64_MAX;
	return cell.number;
}

static struct counter counter_of(const struct vzlist_guest *g, const struct vzlist_field *field)
{
	enum vz_unit unit = vz_param_row(field->id)->rule.unit;
	struct counter c = { .name = field->name, .is_bytes = unit != VZ_UNIT_ITEMS };

	for (size_t i = 0; i < VALUE_MAX; i++) {
		c.values[i] = value_at(g, field, i);
		if (i != FAILCNT && c.is_bytes && c.values[i] != UINT64_MAX)
			c.values[i] = vz_value_bytes(c.values[i], unit);
	}
	return c;
}

/* Of @value to @limit; below 0: there is no such thing. */
static double ratio(uint64_t value, uint64_t limit)
{
	if (value == UINT64_MAX || limit == UINT64_MAX || limit == 0)
		return -1;
	return (double)value / (double)limit;
}

static bool is_near(const struct ubc *u, const struct counter *c)
{
	return ratio(c->values[HELD], c->values[LIMIT]) >= u->held_ratio ||
	       ratio(c->values[MAXHELD], c->values[LIMIT]) >= u->maxheld_ratio;
}

/* "13.3M", at most 5 characters; nothing and no limit are "-". */
static const char *number_text(uint64_t value, bool is_bytes, char *buf, size_t room)
{
	static const char suffixes[] = " KMGTPE";
	const double step = is_bytes ? 1024 : 1000;
	double shown = (double)value;
	size_t at = 0;

	if (value == UINT64_MAX || value == 0) {
		snprintf(buf, room, "-");
		return buf;
	}
	if (value < 10000 && !is_bytes) {
		snprintf(buf, room, "%" PRIu64, value);
		return buf;
	}
	for (; shown >= (is_bytes ? 1000 : step) && suffixes[at + 1]; at++)
		shown /= step;
	if (at == 0)
		snprintf(buf, room, "%" PRIu64, value);
	else
		snprintf(buf, room, shown < 100 ? "%.3g%c" : "%.0f%c", shown, suffixes[at]);
	return buf;
}

static void print_number(uint64_t value, bool is_bytes)
{
	char buf[24];

	printf("%5s", number_text(value, is_bytes, buf, sizeof(buf)));
}

static void print_ratio(uint64_t value, uint64_t limit)
{
	double r = ratio(value, limit);

	if (r <= 0)
		printf("    -");
	else if (r < 0.0995)
		printf(" %3.1f%%", r * 100);
	else
		printf(" %3.0f%%", r * 100);
}

static void print_delta(int64_t delta, bool is_bytes)
{
	char buf[24];
	uint64_t size = delta < 0 ? (uint64_t)-delta : (uint64_t)delta;

	if (delta == 0) {
		printf("|    -");
		return;
	}
	number_text(size, is_bytes, buf, sizeof(buf));
	printf("|%c%4s", delta < 0 ? '-' : '+', buf);
}

static void print_counter(const struct ubc *u, const struct counter *c, int64_t delta)
{
	const uint64_t *v = c->values;
	bool is_marked = u->values->is_colored && (is_near(u, c) || (v[FAILCNT] + 1 > 1));

	printf("%s%13s|", is_marked ? "\x1b[1;31m" : "", c->name);
	print_number(v[HELD], c->is_bytes);
	print_ratio(v[HELD], v[BARRIER]);
	print_ratio(v[HELD], v[LIMIT]);
	putchar('|');
	print_number(v[MAXHELD], c->is_bytes);
	print_ratio(v[MAXHELD], v[BARRIER]);
	print_ratio(v[MAXHELD], v[LIMIT]);
	putchar('|');
	print_number(v[BARRIER], c->is_bytes);
	putchar('|');
	print_number(v[LIMIT], c->is_bytes);
	putchar('|');
	print_number(v[FAILCNT], false);
	if (u->values->is_incremental)
		print_delta(delta, c->is_bytes);
	puts(is_marked ? "\x1b[0m" : "");
}

static void print_header(const struct ubc *u, const struct vzlist_guest *g)
{
	const bool has_more = u->values->is_incremental;

	printf("----------------------------------------------------------------%s\n",
	       has_more ? "------" : "");
	printf("CT %-10" PRIu32 "| HELD Bar%% Lim%%| MAXH Bar%% Lim%%| BAR | LIM |%s%s\n", g->ctid,
	       u->values->is_relative ? "+FAIL" : " FAIL", has_more ? "| HELD+" : "");
	printf("-------------+---------------+---------------+-----+-----+-----%s\n",
	       has_more ? "+-----" : "");
}

/* Nothing is set, nothing is counted: it says nothing about the guest. */
static bool is_empty(const struct counter *c)
{
	for (size_t i = 0; i < VALUE_MAX; i++)
		if (c->values[i] != UINT64_MAX && (i == BARRIER || i == LIMIT || c->values[i] != 0))
			return false;
	return true;
}

static bool is_shown(const struct ubc *u, const struct counter *c, int64_t delta)
{
	if (u->values->is_quiet)
		return is_near(u, c) || (c->values[FAILCNT] != UINT64_MAX && c->values[FAILCNT]) ||
		       (u->values->is_incremental && delta != 0);
	if (is_empty(c))
		return false;
	return u->values->is_verbose || c->values[BARRIER] != UINT64_MAX ||
	       c->values[LIMIT] != UINT64_MAX;
}

static bool found(void *data, struct vzlist_guest *g)
{
	const struct vzlist_field *field;
	struct ubc *u = data;
	bool has_header = !u->values->is_quiet;

	if (has_header)
		print_header(u, g);
	for (size_t at = 0; (field = vzlist_field_at(at)) != NULL; at++) {
		struct counter c;
		int64_t delta = 0;

		if (!field->suffixes || strcmp(field->suffixes, "mblf") != 0)
			continue;
		c = counter_of(g, field);
		if (u->store)
			delta = vzubc_store_swap(u->store, g->ctid, field->name, c.values[HELD],
						 u->values->is_relative ? &c.values[FAILCNT]
									: NULL);
		if (!is_shown(u, &c, delta))
			continue;
		if (!has_header)
			print_header(u, g);
		has_header = true;
		print_counter(u, &c, delta);
	}
	return false;
}

static void want_all(struct vzlist_wanted *wanted)
{
	const struct vzlist_field *field;

	for (size_t at = 0; (field = vzlist_field_at(at)) != NULL; at++)
		if (field->suffixes && strcmp(field->suffixes, "mblf") == 0)
			vzlist_want(wanted, &(struct vzlist_column){ field, 0 }, true);
}

static int look(struct ubc *u, struct wabe_arena *arena, const struct wabe_strv *words,
		struct wabe_error *err)
{
	struct vz_tool *tool = u->tool;
	struct vzlist_wanted wanted = { 0 };
	int r = vzlist_choose_guests(&tool->host, arena, words, &wanted, err);

	want_all(&wanted);
	if (r == 0)
		r = vzlist_look(&tool->host, &wanted, &tool->log, arena, found, u, err);
	return r;
}

/* The last look and this one are one step: two of us don't count a failure twice. */
static int look_once(struct ubc *u, const struct wabe_strv *words, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(vzubc_store_close) struct vzubc_store *store = NULL;
	int r = 0;

	if (u->values->is_relative || u->values->is_incremental)
		r = vzubc_store_open(&u->tool->host, &arena, &store, err);
	if (r < 0)
		return r;
	u->store = store;
	r = look(u, &arena, words, err);
	u->store = NULL;
	if (r == 0 && store)
		r = vzubc_store_save(store, words->count == 0, err);
	return r;
}

static int watch(struct ubc *u, const struct wabe_strv *words, double interval_s,
		 struct wabe_error *err)
{
	const struct timespec pause = {
		.tv_sec = (time_t)interval_s,
		.tv_nsec = (long)((interval_s - (double)(time_t)interval_s) * 1e9)
	};
	int r;

	for (;;) {
		fputs("\x1b[H\x1b[2J", stdout);
		r = look_once(u, words, err);
		/* Whoever looked on is gone. */
		if (r < 0 || fflush(stdout) != 0)
			return r;
		nanosleep(&pause, NULL);
	}
}

static int parse_ratio(const char *option, const char *text, double preset, double *ret_value,
		       struct wabe_error *err)
{
	char *end;
	double value = text ? strtod(text, &end) : preset;

	if (text && (end == text || *end || !(value >= 0 && value <= 1e6)))
		return wabe_error_say(err, -EINVAL, "-%s \"%.64s\": a number such as 0.5 is wanted",
				      option, text);
	*ret_value = value;
	return 0;
}

/* Whoever asks about a guest that isn't there shall not take silence for "all is well". */
static int need_guests(const struct vz_host *host, const struct wabe_strv *words,
		       struct wabe_error *err)
{
	for (size_t i = 0; i < words->count; i++) {
		uint32_t ctid;
		int r = vz_ctconf_resolve(host, words->items[i], &ctid, err);

		if (r < 0)
			return r;
		if (!vz_ctconf_exists(host, ctid))
			return wabe_error_say(err, -ENOENT, "container %" PRIu32 " does not exist",
					      ctid);
	}
	return 0;
}

static int run(struct vz_tool *tool, const struct wabe_strv *words, struct wabe_error *err)
{
	const struct values *values = tool->values;
	struct ubc u = { .values = values, .tool = tool };
	double interval_s = 0;
	int r = parse_ratio("wn", values->interval, INTERVAL_S, &interval_s, err);

	if (r == 0)
		r = parse_ratio("qh", values->held_ratio, HELD_RATIO, &u.held_ratio, err);
	if (r == 0)
		r = parse_ratio("qm", values->maxheld_ratio, MAXHELD_RATIO, &u.maxheld_ratio, err);
	if (r == 0 && interval_s < 0.1)
		r = wabe_error_say(err, -EINVAL, "-wn: 0.1 seconds or more");
	if (r == 0)
		r = need_guests(&tool->host, words, err);
	if (r == 0 && values->is_clearing)
		r = vzubc_store_clear(&tool->host, err);
	if (r < 0)
		return r;
	return values->is_watching || values->interval ? watch(&u, words, interval_s, err)
						       : look_once(&u, words, err);
}

int vz_vzubc_main(int argc, char **argv)
{
	struct values values = { 0 };
	struct vz_tool tool = {
		.name = "vzubc",
		.usage =
			"[option...] [CTID|NAME...]\n\nShow the beancounters of running containers.",
		.options = options,
		.count = ARRAY_SIZE(options),
		.values = &values,
		.needs_host = true,
		.run = run,
	};

	return vz_tool_main(&tool, argc, argv);
}
