// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/spec: `wabe spec` and `wabe features`; see cli.h. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cli/cli.h"
#include "spec/spec.h"

struct values {
	const char *bundle;
	bool is_rootless;
};

static const struct wabe_option options[] = {
	{ "bundle", 'b', WABE_OPTION_STRING, offsetof(struct values, bundle), "DIR",
	  "where config.json goes (default: the working directory)" },
	{ "rootless", 0, WABE_OPTION_FLAG, offsetof(struct values, is_rootless), NULL,
	  "for a user without privileges" },
};

static int run_spec(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	_cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
	struct values v = { .bundle = "." };
	int r = cli_options(cli, &cli_spec, &v, argc, argv, 0, 0, err);

	if (r >= 0)
		r = wabe_spec_default(&spec, v.is_rootless, err);
	if (r >= 0)
		r = wabe_spec_save(&spec, WABE_JSON_INDENTED, &text, err);
	if (r < 0)
		return r;
	dir_fd = open(v.bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = dir_fd < 0
		     ? -1
		     : openat(dir_fd, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return wabe_error_set(err, -errno, "create %s/config.json", v.bundle);
	r = wabe_fd_write_all(fd, text.data, text.len);
	return r < 0 ? wabe_error_set(err, r, "write %s/config.json", v.bundle) : 0;
}

static int run_features(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r = cli_options(cli, &cli_features, NULL, argc, argv, 0, 0, err);

	if (r >= 0)
		r = wabe_spec_features(&text, err);
	return r < 0 ? r : cli_write_out(&text, err);
}

const struct cli_verb cli_spec = {
	"spec",	 "[options]",	      "write a config.json to start from",
	options, ARRAY_SIZE(options), run_spec,
};
const struct cli_verb cli_features = {
	"features", "", "print what this build supports as JSON (features.md)",
	NULL,	    0,	run_features,
};
