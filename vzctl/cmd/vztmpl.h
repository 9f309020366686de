/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/vztmpl: the command vztmpl(8): its entry, and what its files share.
 */
#ifndef VZ_CMD_VZTMPL_H
#define VZ_CMD_VZTMPL_H

#include "base/json.h"
#include "base/option.h"
#include "conf/host.h"
#include "tmpl/tmpl.h"

/** vz_vztmpl_main() - the whole command. Returns the exit code (conf/exit.h). */
int vz_vztmpl_main(int argc, char **argv);

#define VZTMPL_TAIL 12	/* lines of a failed recipe that are shown */
#define VZTMPL_WIDTH 30 /* of the bar */

/**
 * The progress of one long call: a bar when standard error is a terminal, else a line now and then.
 */
struct vztmpl_progress {
	const char *name; /* of the template */
	bool is_quiet, is_verbose, is_terminal;
	bool is_bar_shown; /* the cursor's line holds a bar */
	int last_percent;
	char *tail[VZTMPL_TAIL]; /* ring of the recipe's last lines */
	size_t tail_count;
	struct vz_template_watch watch;
};

/** What every verb gets. */
struct vztmpl {
	const char *config;
	bool is_quiet;
	int verbosity;
	bool is_help, is_version;
	struct wabe_arena arena;
	struct vz_host host;
	struct wabe_log log;
};

/**
 * vztmpl_progress_begin() - also turns SIGINT, SIGTERM and SIGHUP into a cancelled call. 0 or
 * -errno.
 */
int vztmpl_progress_begin(struct vztmpl_progress *p, const struct vztmpl *t, const char *name,
			  struct wabe_error *err);

/**
 * vztmpl_progress_end() - clear the bar; @is_failed: show the recipe's last lines unless they were
 * shown.
 */
void vztmpl_progress_end(struct vztmpl_progress *p, bool is_failed);

/** vztmpl_print_made() - what was made, unless --quiet; a warning when it can't be started. */
void vztmpl_print_made(const struct vztmpl *t, const struct vz_template_meta *m);

/** vztmpl_size_text() - "2.1 MB" into @buf; returns @buf. */
const char *vztmpl_size_text(uint64_t bytes, char *buf, size_t room);

/** Options of the verbs that show something. */
struct vztmpl_show {
	bool is_json;
	bool has_no_header;
};

/** Their rows; the first is JSON's alone. */
#define VZTMPL_SHOW_ROWS 2
extern const struct wabe_option vztmpl_show_table[VZTMPL_SHOW_ROWS];

/** vztmpl_print_json() - the writer's text to standard output; the writer is used up. */
int vztmpl_print_json(struct wabe_json_writer *w, struct wabe_error *err);

/* The verbs: argv[0] is the verb. 0 or -errno. */
int vztmpl_build(struct vztmpl *t, int argc, char **argv, struct wabe_error *err);
int vztmpl_import(struct vztmpl *t, int argc, char **argv, struct wabe_error *err);
int vztmpl_from(struct vztmpl *t, int argc, char **argv, struct wabe_error *err);
int vztmpl_update(struct vztmpl *t, int argc, char **argv, struct wabe_error *err);
int vztmpl_export(struct vztmpl *t, int argc, char **argv, struct wabe_error *err);
int vztmpl_list(struct vztmpl *t, int argc, char **argv, struct wabe_error *err);
int vztmpl_info(struct vztmpl *t, int argc, char **argv, struct wabe_error *err);
int vztmpl_du(struct vztmpl *t, int argc, char **argv, struct wabe_error *err);
int vztmpl_remove(struct vztmpl *t, int argc, char **argv, struct wabe_error *err);

/**
 * vztmpl_words() - options anywhere among the verb's words.
 * @ret_words: exactly @count operands
 * -EINVAL, kind VZ_EXIT_BAD_OPTION.
 */
int vztmpl_words(struct vztmpl *t, const struct wabe_option *table, size_t rows, void *values,
		 int argc, char **argv, const char **ret_words, size_t count,
		 struct wabe_error *err);

/** vztmpl_words_some() - the same with at most @count operands; those that miss are NULL. */
int vztmpl_words_some(struct vztmpl *t, const struct wabe_option *table, size_t rows, void *values,
		      int argc, char **argv, const char **ret_words, size_t count,
		      struct wabe_error *err);

#endif
