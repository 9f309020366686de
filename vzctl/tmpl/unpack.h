/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpl/unpack: a tar into a directory, in a box. vz_template_import() without the store.
 */
#ifndef VZ_TMPL_UNPACK_H
#define VZ_TMPL_UNPACK_H

#include "tmpl/box.h"

/**
 * vz_unpack() - @archive_fd into the empty directory @root_fd. On failure the directory holds a
 * part of it. Errors as vz_template_import().
 */
int vz_unpack(int root_fd, int archive_fd, const struct vz_template_watch *watch,
	      struct vz_box_report *ret_counts, struct wabe_error *err);

#endif
