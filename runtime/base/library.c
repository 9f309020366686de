// SPDX-License-Identifier: GPL-2.0-or-later
/* base/library: shared libraries on demand; see library.h. */
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int wabe_library_load(const char *file, const struct wabe_library_row *rows, size_t count,
		      void *ret_functions, struct wabe_error *err)
{
	void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return wabe_error_say(err, -ENOTSUP, "load a library: %s", dlerror());
	for (size_t i = 0; i < count; i++) {
		void *function = dlsym(handle, rows[i].name);

		if (!function)
			return wabe_error_say(err, -ENOTSUP, "%s has no %s", file, rows[i].name);
		/* POSIX lets a function's address be a void pointer; C's grammar only lets its bytes be copied. */
		memcpy((char *)ret_functions + rows[i].offset, &function, sizeof(function));
	}
	return 0;
}
