/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/apply: what `vzctl set` puts in force at once, as a table: one row for each thing that is
 * changed together. A further parameter with an effect on a guest that exists is a row of apply.c.
 */
#ifndef VZ_GUEST_APPLY_H
#define VZ_GUEST_APPLY_H

#include <stdbool.h>

#include "base/error.h"
#include "guest/guest.h"

/** What one `vzctl set` changes. While a row works, g->conf.params are the guest's new ones. */
struct vz_change {
	const struct vz_params *params; /* of the command line, edits of lists as edits */
	const struct vz_params *before; /* the guest's, as they were */
	const char *sample;		/* --applyconfig, or NULL */
	bool is_all;   /* a sample, or --reset_ub: all that is configured is put in force */
	bool is_saved; /* --save */
};

enum vz_apply_when {
	VZ_APPLY_RUNNING, /* in a guest that runs (or is paused) */
	VZ_APPLY_SAVED,	  /* and to one that is down if the change is saved: it is kept on disk */
	VZ_APPLY_ALWAYS,
};

enum {
	VZ_APPLY_SAMPLE = 1 << 0, /* a sample has it: done with each --applyconfig */
	VZ_APPLY_LIMIT = 1 << 1,  /* done by --reset_ub too, which changes nothing */
};

#define VZ_APPLY_PARAMS_MAX 16

struct vz_apply_row {
	const char *name; /* for people who read the table, and its test */
	enum vz_param_id params[VZ_APPLY_PARAMS_MAX]; /* the row is for a change of any of these */
	size_t count;
	/* instead of .params: does the change concern the row? */
	bool (*concerns)(const struct vz_params *params);
	enum vz_apply_when when;
	unsigned int flags;
	/* NULL, or what refuses a change (bad on this host) before any row has done anything */
	int (*check)(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err);
	/* NULL: nothing to do before the next start */
	int (*apply)(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err);
	const char *said;  /* NULL (nothing, or .apply says it), or the line when it is done */
	enum vz_exit kind; /* of its errors that have none */
};

/** vz_apply_rows() - the table, in the order in which its rows are done. */
const struct vz_apply_row *vz_apply_rows(size_t *ret_count);

/** vz_apply_is_concerned() - is @row to be done for @change to a guest that runs or does not? */
bool vz_apply_is_concerned(const struct vz_apply_row *row, const struct vz_change *change,
			   bool is_running);

/**
 * vz_apply_changes() - lay @change over the parameters of @g, which is locked and looked for, and
 * put it in force. Nothing is saved. The first row that fails ends it; limits are then as they are
 * configured (vz_apply_take_back()), what other rows before it did stays. Errors: the rows'; of the sample (VZ_EXIT_APPLY_CONFIG).
 */
int vz_apply_changes(struct vz_guest *g, const struct vz_change *change, struct wabe_error *err);

/**
 * vz_apply_take_back() - of the first @count rows of @change those that are limits: what is configured is in force again, and
 * in @g->conf.params. Never fails: what can't be is a warning.
 * @count: SIZE_MAX for all
 */
void vz_apply_take_back(struct vz_guest *g, const struct vz_change *change, size_t count);

/**
 * vz_apply_check() - what the rows refuse, for all that is configured in a new guest or one that
 * starts: @g->conf.params against this host. Errors: the rows'.
 * @is_new: it is being made: what has gone since is an error, not a warning
 */
int vz_apply_check(struct vz_guest *g, bool is_new, struct wabe_error *err);

/** vz_apply_limits() - put the configured limits of a guest in force again; one that is down is no
 * error. */
int vz_apply_limits(struct vz_guest *g, struct wabe_error *err);

#endif
