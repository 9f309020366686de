// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz target: the options of a mount entry, separated by newlines; the first line is the type. */
#include <linux/mount.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "spec/spec.h"

/* mount_setattr(2): of the access time field only the whole may be cleared, and what is set in it needs that. */
static void check_attrs(unsigned long set, unsigned long clear)
{
	unsigned long atime = clear & MOUNT_ATTR__ATIME;

	FUZZ_CHECK(atime == 0 || atime == MOUNT_ATTR__ATIME);
	FUZZ_CHECK(!(set & MOUNT_ATTR__ATIME) || atime);
	FUZZ_CHECK((set & clear & ~(unsigned long)MOUNT_ATTR__ATIME) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_spec_mount mount = { .destination = "/mnt", .source = "/src" };
	struct wabe_mount_options options = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_strv lines = { 0 };
	char *text = wabe_arena_strndup(&arena, (const char *)data, size);
	int r;

	FUZZ_CHECK(text && wabe_strv_split(&lines, &arena, text, "\n") == 0);
	if (lines.count == 0)
		return 0;
	mount.type = lines.items[0];
	mount.options = (struct wabe_strv){ lines.items + 1, lines.count - 1, lines.count };
	r = wabe_spec_mount_options(&arena, &mount, &options, &err);
	if (r < 0) {
		FUZZ_CHECK(err.code == r && err.text[0]);
		return 0;
	}
	check_attrs(options.attr_set, options.attr_clear);
	check_attrs(options.rec_attr_set, options.rec_attr_clear);
	FUZZ_CHECK(!options.is_bind || (options.data.count == 0 && options.sb_flags == 0));
	return 0;
}
