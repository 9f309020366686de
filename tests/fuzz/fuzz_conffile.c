// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes conf/conffile and the parameter table with a guest's configuration: a file that is
 * accepted is written back byte for byte; after its values were saved it is accepted again and has
 * the same values.
 */
#include <string.h>

#include "base/cleanup.h"
#include "conf/param.h"
#include "fuzz.h"

static void read_file(struct wabe_arena *arena, struct vz_conffile *file, struct vz_params *p,
		      const char *text, size_t len)
{
	*p = (struct vz_params){ .arena = arena };
	vz_conffile_init(file, arena, "fuzz");
	FUZZ_CHECK(vz_conffile_parse(file, text, len, NULL) == 0);
	FUZZ_CHECK(vz_params_from_file(p, file, VZ_PARAMS_LENIENT, NULL) == 0);
}

static void check_same_text(const struct vz_conffile *file, const char *text, size_t len)
{
	_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT;

	FUZZ_CHECK(vz_conffile_format(file, &out) == 0);
	/* A missing last newline is all that may be added. */
	FUZZ_CHECK(out.len >= len && out.len <= len + 1 && memcmp(out.data, text, len) == 0);
}

static void check_same_values(const struct vz_params *a, const struct vz_params *b)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		FUZZ_CHECK(vz_param_has(a, id) == vz_param_has(b, id));
		FUZZ_CHECK(wabe_str_equal(vz_param_string(a, id), vz_param_string(b, id)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_params first, second;
	struct vz_conffile file, again;

	vz_conffile_init(&file, &arena, "fuzz");
	if (vz_conffile_parse(&file, (const char *)data, size, &err) < 0)
		return 0;
	check_same_text(&file, (const char *)data, size);
	read_file(&arena, &file, &first, (const char *)data, size);
	FUZZ_CHECK(vz_params_to_file(&first, &file, &err) == 0 && vz_conffile_mark(&file) == 0);
	FUZZ_CHECK(vz_conffile_format(&file, &out) == 0);
	read_file(&arena, &again, &second, out.data, out.len);
	check_same_values(&first, &second);
	return 0;
}
