// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/runscript: vzctl runscript CTID FILE. */
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cmd/cmd.h"
#include "guest/run.h"
#include "guest/start.h"

#define SCRIPT_MAX_BYTES (16u << 20)

static int run(struct vz_guest *g, const struct wabe_buf *text, struct wabe_error *err)
{
	bool is_borrowed = !g->container;
	int r = is_borrowed ? vz_borrow_begin(g, err) : 0, r_end;

	if (r < 0)
		return r;
	r = vz_run_script(g, text->data ? text->data : "", text->len, err);
	r_end = is_borrowed ? vz_borrow_end(g, r < 0 ? NULL : err) : 0;
	return r < 0 ? r : (r_end < 0 ? r_end : r);
}

int vz_cmd_runscript(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		     struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r;

	(void)cli;
	if (argc < 2)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL, "Script not specified");
	if (argc > 2)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL, "unexpected word \"%s\"",
				    argv[2]);
	r = wabe_file_read_at(AT_FDCWD, argv[1], SCRIPT_MAX_BYTES, &text, err);
	if (r < 0)
		return r;
	r = vz_guest_lock(g, "running a script in", VZ_PARAMS_STRICT, err);
	if (r == 0)
		r = run(g, &text, err);
	return r;
}
