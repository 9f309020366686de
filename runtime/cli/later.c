// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/later: verbs of runc's that this version doesn't have, so that callers learn it from us; see cli.h. */
#include <errno.h>

#include "cli/cli.h"

static int run_later(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	(void)cli;
	(void)argc;
	return wabe_error_say(err, -ENOTSUP,
			      "%s: not in this version of wabe, it comes in a later one", argv[0]);
}

const struct cli_verb cli_checkpoint = {
	"checkpoint", "ID", "not in this version: save a running container", NULL, 0, run_later,
};
const struct cli_verb cli_restore = {
	"restore", "ID", "not in this version: go on with a saved container", NULL, 0, run_later,
};
