/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/vzlist: the command vzlist(8): its entry, and what its files share.
 */
#ifndef VZ_CMD_VZLIST_H
#define VZ_CMD_VZLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "conf/ctconf.h"
#include "conf/host.h"
#include "guest/traffic.h"
#include "wabe.h"

/** vz_vzlist_main() - the whole command. Returns 0, or 1 on failure (vzlist(8), "EXIT STATUS"). */
int vz_vzlist_main(int argc, char **argv);

enum vzlist_status {
	VZLIST_UNKNOWN, /* its configuration can't be read */
	VZLIST_STOPPED,
	VZLIST_MOUNTED,
	VZLIST_SUSPENDED,
	VZLIST_RUNNING,
	VZLIST_STATUS_MAX,
};

#define VZLIST_DISKS_MAX 16 /* of one guest; what is beyond is not told */

/* What waits for processor, memory and disk: psi.rst, "some" and "full", since the start. */
enum { VZLIST_PRESSURE_CPU, VZLIST_PRESSURE_MEMORY, VZLIST_PRESSURE_IO, VZLIST_PRESSURE_MAX };

/** What the cgroup counts of a disk; UINT64_MAX: not counted. */
struct vzlist_disk {
	unsigned int major, minor;
	uint64_t read_bytes, written_bytes, reads, writes;
};

/** More of what the kernel counts for a running guest, for vzlist --prometheus. */
struct vzlist_detail {
	struct {
		uint64_t some_us, full_us; /* UINT64_MAX: not counted */
	} pressure[VZLIST_PRESSURE_MAX];
	struct vzlist_disk disks[VZLIST_DISKS_MAX];
	size_t disk_count;
};

/** One guest, with as much looked up as the fields need. It holds a vz_ctconf: not to be moved. */
struct vzlist_guest {
	uint32_t ctid;
	enum vzlist_status status;
	bool has_conf, has_stats, has_usage, has_detail, has_traffic, has_context;
	struct vzlist_guest *next; /* for who keeps it */
	struct vz_ctconf conf;
	double uptime_s; /* of a running guest */
	struct wabe_cgroup_stats stats;
	struct wabe_quota_usage usage;
	struct vzlist_detail detail;
	struct vz_traffic traffic; /* over all its starts */
	struct wabe_ctx context;   /* what our kernel counts */
};

/** vzlist_status_name() - "running" ... */
const char *vzlist_status_name(enum vzlist_status status);

/** vzlist_is_up() - does it have processes (running or suspended in memory)? */
bool vzlist_is_up(const struct vzlist_guest *g);

/* What must be looked up for a field, beside the configuration. */
enum {
	VZLIST_NEED_USAGE = 1 << 0,  /* disk quota */
	VZLIST_NEED_MOUNT = 1 << 1,  /* is a stopped guest mounted? */
	VZLIST_NEED_DETAIL = 1 << 2, /* pressure and disks */
	VZLIST_NEED_TRAFFIC = 1 << 3,
	VZLIST_NEED_CONTEXT = 1 << 4, /* the kernel's contexts, if it has them */
};

enum vzlist_cell_type {
	VZLIST_NONE, /* "-", null */
	VZLIST_TEXT,
	VZLIST_NUMBER,
	VZLIST_YESNO,
	VZLIST_FACTOR, /* thousandths */
	VZLIST_UPTIME, /* seconds; below 0: "-", in JSON 0 */
	VZLIST_LIST,
	VZLIST_SWITCH, /* list of name:on, name:off */
};

/** The value of one field of one guest. Strings are the guest's. */
struct vzlist_cell {
	enum vzlist_cell_type type;
	const char *text;
	uint64_t number;
	double real;
	const struct wabe_strv *list;
};

struct vzlist_field {
	const char *name, *header;
	int width;	      /* of the column; < 0: left-aligned, as printf has it */
	const char *suffixes; /* NULL, or letters of further values: "mblf" is name.m, name.b ... */
	unsigned int needs;
	enum vz_param_id id; /* the parameter behind it, VZ_PARAM_MAX when there is none */
	/* @index: 0 the field itself, 1.. its suffixes */
	void (*get)(const struct vzlist_guest *g, const struct vzlist_field *field, size_t index,
		    struct vzlist_cell *ret_cell);
	const char *const *members; /* names of the values in JSON's object, NULL-terminated; NULL:
				       a plain value */
	unsigned int traffic;	    /* bits by enum vz_traffic_kind: what it adds up */
	enum wabe_ctx_resource resource; /* with VZLIST_NEED_CONTEXT: what it is in a context */
};

/** A field as it was asked for: "numproc.m" is the row of numproc with index 1. */
struct vzlist_column {
	const struct vzlist_field *field;
	size_t index;
};

struct vzlist_columns {
	struct vzlist_column *items;
	size_t count;
};

/** vzlist_field_at() - the row with number @at, NULL behind the last one. */
const struct vzlist_field *vzlist_field_at(size_t at);

/** vzlist_column_find() - "name" or "name.x" of @len bytes. 0 or -ENOENT. */
int vzlist_column_find(const char *name, size_t len, struct vzlist_column *ret_column);

/** vzlist_cell() - the value of one column. */
struct vzlist_cell vzlist_cell(const struct vzlist_guest *g, const struct vzlist_column *column);

/** vzlist_compare() - order of two values: nothing first, then by number or text. */
int vzlist_compare(const struct vzlist_cell *a, const struct vzlist_cell *b);

/** "numproc.m" and its header "NPROC.M" into @buf; return @buf. */
const char *vzlist_column_name(const struct vzlist_column *column, char *buf, size_t room);
const char *vzlist_column_header(const struct vzlist_column *column, char *buf, size_t room);

/** vzlist_print_header(), vzlist_print_row() - one line of the table. @is_trimmed: long values are
 * cut to the column, but for the last. */
void vzlist_print_header(FILE *out, const struct vzlist_columns *columns);
void vzlist_print_row(FILE *out, const struct vzlist_columns *columns, const struct vzlist_guest *g,
		      bool is_trimmed);

/** vzlist_write_guest() - one object into an open array. */
void vzlist_write_guest(struct wabe_json_writer *w, const struct vzlist_columns *columns,
			const struct vzlist_guest *g);

/** vzlist_print_fields() - all fields' names and headers, one a line. */
void vzlist_print_fields(FILE *out);

/** What to look for. */
struct vzlist_wanted {
	bool is_all, is_stopped_only;
	const uint32_t *ctids; /* NULL: no particular ones; ascending */
	size_t count;
	const char *hostname, *name, *description; /* patterns (fnmatch(3)) or NULL */
	unsigned int needs;
	unsigned int stats; /* WABE_CGROUP_STAT() of the counters that are shown */
	unsigned int context_stats
		[WABE_CTX_RESOURCE_MAX]; /* those of them that nobody needs of a guest of which the kernel tells this */
	bool has_params;	   /* is any of the following shown? */
	bool params[VZ_PARAM_MAX]; /* which parameters the columns show; what the rest of this
				      struct needs is added */
};

/** vzlist_want() - add to @wanted what the value of @column needs. @is_whole: with all suffixes. */
void vzlist_want(struct vzlist_wanted *wanted, const struct vzlist_column *column, bool is_whole);

/**
 * vzlist_choose_guests() - CTIDs and names to @wanted's CTIDs, ascending, each once; no words leave it as it is. A name that
 * no guest has is an error.
 */
int vzlist_choose_guests(const struct vz_host *host, struct wabe_arena *arena,
			 const struct wabe_strv *words, struct vzlist_wanted *wanted,
			 struct wabe_error *err);

/** Takes one guest; returns whether it is kept: then the caller owes it a vzlist_drop(). */
typedef bool vzlist_found_fn(void *data, struct vzlist_guest *g);

/**
 * vzlist_look() - call @found with each guest that is wanted, ascending by CTID. One pass: the
 * directory of running guests, that of configurations if others are wanted too, then each guest
 * once, many of them by a few threads. Guests are in @arena; the memory of one that isn't kept is a
 * later one's, so that a list of many costs no more memory than one of few.
 * A guest whose configuration can't be read is listed all the same, and logged.
 */
int vzlist_look(const struct vz_host *host, struct vzlist_wanted *wanted,
		const struct wabe_log *log, struct wabe_arena *arena, vzlist_found_fn *found,
		void *data, struct wabe_error *err);
void vzlist_drop(struct vzlist_guest *g);

/** Guests to be looked at by several threads and taken in order. */
struct vzlist_round {
	size_t count;
	bool is_alone; /* no threads: what is looked at can't be by several at once */
	struct wabe_arena *arena;
	/* Look at guest @index: in any thread, at several at once. @g: what it was before is to be overwritten. */
	bool (*look)(const void *data, size_t index, struct vzlist_guest *g);
	const void *data;
	vzlist_found_fn *take; /* those that @look says yes of, in order, in the caller's thread */
	void *taker;
};

/** vzlist_go_round() - all of them. 0 or -ENOMEM. */
int vzlist_go_round(const struct vzlist_round *round);

/** vzlist_detail_read() - what it counts beside vzlist_guest's stats. What isn't counted here is left out. */
void vzlist_detail_read(struct wabe_container *c, struct vzlist_detail *ret_detail);

/** Text of all guests for Prometheus in the making; see vzlist_prometheus.c. */
struct vzlist_prometheus;

/** vzlist_prometheus_new() - in @arena; also what has to be looked up, in @wanted. NULL: no memory. */
struct vzlist_prometheus *vzlist_prometheus_new(struct wabe_arena *arena,
						struct vzlist_wanted *wanted);
int vzlist_prometheus_add(struct vzlist_prometheus *p, const struct vzlist_guest *g);
void vzlist_prometheus_print(const struct vzlist_prometheus *p, FILE *out);
void vzlist_prometheus_free(struct vzlist_prometheus **p);

#endif
