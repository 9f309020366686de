/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpl/entry: what an entry of a template's archive may be. libarchive's own safety flags stay on;
 * these are the stricter rules in front of them.
 */
#ifndef VZ_TMPL_ENTRY_H
#define VZ_TMPL_ENTRY_H

#include <limits.h>
#include <stdbool.h>

#include "tmpl/archive.h"
#include "tmpl/tmpl.h"

/**
 * vz_entry_name() - the one spelling of a name in an archive: without "./", doubled and trailing
 * slashes; "." for the root.
 * @name: as in the archive
 * Returns 0; -EBADMSG: absolute, "..", a component over 255 bytes, the whole over 4095.
 */
int vz_entry_name(const char *name, char ret_name[PATH_MAX], struct wabe_error *err);

enum vz_entry_verdict {
	VZ_ENTRY_KEEP,
	VZ_ENTRY_SKIP, /* a device node below dev/ */
};

/**
 * vz_entry_check() - is the next entry harmless in the tree as it is? Gives the entry the one
 * spelling of its names and leaves only the attributes that a template keeps (security.capability
 * and user.*).
 * @root_fd: the tree that it goes to
 * @is_layer: what is there of another kind is of a lower layer, and removed
 * Returns enum vz_entry_verdict or -EBADMSG.
 */
int vz_entry_check(const struct vz_archive *lib, int root_fd, struct archive_entry *entry,
		   bool is_layer, struct wabe_error *err);

#endif
