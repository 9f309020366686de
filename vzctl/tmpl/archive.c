// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/archive: libarchive, loaded when it is used; see archive.h. */
#include "tmpl/archive.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/library.h"
#include "conf/exit.h"

#define LIBRARY "libarchive.so.13" /* the ABI that archive.h describes since libarchive 3.0 */

int vz_archive_load(struct vz_archive *ret_lib, struct wabe_error *err)
{
#define NAME_AND_PLACE(name) { #name, offsetof(struct vz_archive, name) },
	static const struct wabe_library_row rows[] = { VZ_ARCHIVE_FUNCTIONS(NAME_AND_PLACE) };
#undef NAME_AND_PLACE
	struct vz_archive lib;
	int r = wabe_library_load(LIBRARY, rows, ARRAY_SIZE(rows), &lib, err);

	if (r < 0)
		return vz_error_default(err, VZ_EXIT_NO_HELPER);
	*ret_lib = lib;
	return 0;
}

int vz_archive_error(const struct vz_archive *lib, struct archive *a, struct wabe_error *err,
		     const char *what)
{
	const char *text = lib->archive_error_string(a);
	int number = lib->archive_errno(a);

	/*
	 * The library has errno values, and own ones (ARCHIVE_ERRNO_*: -1, EILSEQ ...) for what is
	 * wrong with the archive.
	 */
	if (number == ENOSPC || number == EDQUOT || number == ENOMEM || number == EROFS ||
	    number == EIO)
		return wabe_error_say(err, -number, "%s: %s", what, text ? text : strerror(number));
	return wabe_error_say(err, -EBADMSG, "%s: %s", what,
			      text ? text : "the archive is damaged");
}
