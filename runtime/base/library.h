/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/library: shared libraries that are loaded when they are used, because most commands don't.
 */
#ifndef WABE_BASE_LIBRARY_H
#define WABE_BASE_LIBRARY_H

#include <stddef.h>

#include "base/error.h"

struct wabe_library_row {
	const char *name; /* of the function */
	size_t offset;	  /* of its pointer */
};

/** wabe_library_load() - open @file (for good) and look the functions up. -ENOTSUP, with the loader's words. */
int wabe_library_load(const char *file, const struct wabe_library_row *rows, size_t count,
		      void *ret_functions, struct wabe_error *err);

#endif
