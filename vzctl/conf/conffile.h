/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf/conffile: files of KEY="value" lines that shells source too (vz.conf, CTID.conf, samples).
 *
 * The subset of shell that such files have: blank lines, comments, [export ]KEY=VALUE [# comment],
 * VALUE made of bare, 'single' and "double" quoted parts on one line. Nothing is expanded, nothing
 * executed. Anything else is an error with its line number. A value with $ or a backquote that a
 * shell would expand is kept in the file, but usable only as $VEID or ${VEID} in a path.
 *
 * All lines are kept byte for byte; a changed key is replaced on its line, a new one appended.
 * Where a key is there twice the last one counts, as for a shell.
 *
 * A file that is cut off must not start a guest with half of its limits. Files that we write begin
 * with VZ_CONFFILE_HEAD and have VZ_CONFFILE_END behind everything we wrote; a file with the head
 * and without the whole end line is refused. What scripts append behind the end is fine. A file
 * without the head (OpenVZ's, hand-made) is accepted when it parses, has at least one assignment,
 * and its last line, when a newline is missing, has a closed quote.
 */
#ifndef VZ_CONF_CONFFILE_H
#define VZ_CONF_CONFFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#define VZ_CONFFILE_MAX_BYTES (1u << 20)
#define VZ_CONFFILE_HEAD "# wabe: this file is whole only with its line \"# wabe: end\""
#define VZ_CONFFILE_END "# wabe: end"

struct vz_conffile_line {
	const char *text;	    /* as in the file, without the newline */
	const char *key;	    /* NULL: a comment or a blank line */
	const char *value;	    /* unquoted */
	size_t value_at, value_end; /* where the value is written in .text */
	bool has_expansion;	    /* a shell would replace something in it */
	unsigned int number;	    /* from 1, for errors; 0 = new */
};

struct vz_conffile {
	struct wabe_arena *arena;
	const char *what; /* how errors name it: its path */
	struct vz_conffile_line *lines;
	size_t count, room;
	bool has_head, has_end;
};

/** vz_conffile_init() - an empty file whose memory comes from @arena. */
void vz_conffile_init(struct vz_conffile *file, struct wabe_arena *arena, const char *what);

/**
 * vz_conffile_parse() - text to lines. @file: initialised. Copies what it keeps.
 * Returns 0; -EINVAL with file and line (kind VZ_EXIT_BAD_CONFIG); -EFBIG; -ENOMEM.
 */
int vz_conffile_parse(struct vz_conffile *file, const char *text, size_t len,
		      struct wabe_error *err);

/**
 * vz_conffile_scan_line() - one line, without its newline.
 * @ret_line: text, key, value and places; strings in @arena
 * Returns 0, or -EINVAL with *ret_why saying what is wrong; -ENOMEM.
 */
int vz_conffile_scan_line(struct wabe_arena *arena, const char *text,
			  struct vz_conffile_line *ret_line, const char **ret_why);

/** vz_conffile_is_key() - [A-Za-z_][A-Za-z0-9_]*: what a shell takes as a variable's name. */
bool vz_conffile_is_key(const char *key);

/** vz_conffile_find() - the line that counts for @key, or NULL. */
const struct vz_conffile_line *vz_conffile_find(const struct vz_conffile *file, const char *key);

/** vz_conffile_get() - value of @key, or NULL. Values that a shell would expand are given as they
 * are written. */
const char *vz_conffile_get(const struct vz_conffile *file, const char *key);

enum vz_conffile_quote {
	VZ_CONFFILE_LITERAL, /* sourcing gives exactly the value: \ " $ ` are escaped */
	VZ_CONFFILE_VEID,    /* $VEID and ${VEID} stay expandable, all else is literal */
};

/**
 * vz_conffile_set() - put KEY="value" on the key's line, or append it (before the end line). A line
 * that has this value already is left as it is. -EINVAL: @key is no variable's name, or @value has
 * control characters.
 */
int vz_conffile_set(struct vz_conffile *file, const char *key, const char *value,
		    enum vz_conffile_quote quote, struct wabe_error *err);

/** vz_conffile_unset() - drop every line of @key. */
void vz_conffile_unset(struct vz_conffile *file, const char *key);

/** vz_conffile_mark() - make it a file of ours: head first, end last; does nothing when it is one.
 * 0 or -ENOMEM. */
int vz_conffile_mark(struct vz_conffile *file);

/** vz_conffile_format() - append the file's text to @out. 0 or -ENOMEM. */
int vz_conffile_format(const struct vz_conffile *file, struct wabe_buf *out);

/**
 * vz_conffile_load_at() - read and parse a regular file. @file: initialised (its .what is kept).
 * -ENOENT when it is missing, without a kind: the caller knows which exit code that is.
 */
int vz_conffile_load_at(int dir_fd, const char *path, struct vz_conffile *file,
			struct wabe_error *err);

/**
 * vz_conffile_save_at() - write durably and atomically, 0644: monitoring scripts of other users
 * source these files, and no parameter that is saved is a secret. The caller holds the lock that
 * orders writers.
 */
int vz_conffile_save_at(int dir_fd, const char *path, const struct vz_conffile *file,
			struct wabe_error *err);

/** vz_conffile_stage_at() - the same as far as ".NAME.tmp": wabe_file_stage_at(). */
int vz_conffile_stage_at(int dir_fd, const char *name, const struct vz_conffile *file,
			 struct wabe_error *err);

/**
 * vz_conffile_expand() - @value with $VEID and ${VEID} replaced by @ctid, in @arena.
 * Returns NULL with errno EINVAL when another $, a backquote or a backslash is in it, ENOMEM when
 * memory is short.
 */
const char *vz_conffile_expand(struct wabe_arena *arena, const char *value, uint32_t ctid);

#endif
