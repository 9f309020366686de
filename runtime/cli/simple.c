// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/simple: verbs that load one container and call one function: start, state, kill, delete, pause, resume; see cli.h. */
#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cli/cli.h"

struct values {
	bool is_force, is_all;
};

#define V(member) offsetof(struct values, member)

static const struct wabe_option delete_options[] = {
	{ "force", 'f', WABE_OPTION_FLAG, V(is_force), NULL,
	  "kill what runs first; a missing container is no error" },
};
static const struct wabe_option kill_options[] = {
	{ "all", 'a', WABE_OPTION_FLAG, V(is_all), NULL, "all processes of the container" },
};

/* Options, one ID and up to @extra more words; the container is loaded. */
static int open_one(struct cli *cli, const struct cli_verb *verb, struct values *v, int extra,
		    int argc, char **argv, struct wabe_container **ret_c, struct wabe_error *err)
{
	int first = cli_options(cli, verb, v, argc, argv, 1, 1 + extra, err);
	int r = first < 0 ? first : cli_load(cli, argv[first], ret_c, err);

	return r < 0 ? r : first;
}

static int run_start(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = NULL;
	struct values v = { 0 };
	int r = open_one(cli, &cli_start, &v, 0, argc, argv, &c, err);

	return r < 0 ? r : cli_start_ready(cli, c, err);
}

static int run_state(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = NULL;
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct values v = { 0 };
	int r = open_one(cli, &cli_state, &v, 0, argc, argv, &c, err);

	if (r >= 0)
		r = wabe_container_state_json(c, &text, err);
	return r < 0 ? r : cli_write_out(&text, err);
}

static int run_kill(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = NULL;
	int signal = SIGTERM, first;
	struct values v = { 0 };

	first = open_one(cli, &cli_kill, &v, 1, argc, argv, &c, err);
	if (first < 0)
		return first;
	/* Signal 0 asks whether there is somebody to signal: kill(2). */
	if (argc > first + 1 && wabe_str_equal(argv[first + 1], "0"))
		signal = 0;
	else if (argc > first + 1 && wabe_parse_signal(argv[first + 1], &signal) < 0)
		return wabe_error_say(err, -EINVAL, "unknown signal %s", argv[first + 1]);
	return wabe_container_kill(c, signal, v.is_all, err);
}

static int run_delete(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = NULL;
	struct values v = { 0 };
	int r = open_one(cli, &cli_delete, &v, 0, argc, argv, &c, err);

	if (r == -ENOENT && v.is_force)
		return 0;
	return r < 0 ? r : wabe_container_delete(c, v.is_force, err);
}

static int freeze(struct cli *cli, const struct cli_verb *verb, bool is_frozen, int argc,
		  char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = NULL;
	struct values v = { 0 };
	int r = open_one(cli, verb, &v, 0, argc, argv, &c, err);

	return r < 0 ? r : wabe_container_freeze(c, is_frozen, err);
}

static int run_pause(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	return freeze(cli, &cli_pause, true, argc, argv, err);
}

static int run_resume(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	return freeze(cli, &cli_resume, false, argc, argv, err);
}

const struct cli_verb cli_start = { "start", "ID", "start the process of a created container",
				    NULL,    0,	   run_start };
const struct cli_verb cli_state = { "state", "ID", "print the state of a container as JSON",
				    NULL,    0,	   run_state };
const struct cli_verb cli_pause = { "pause", "ID", "freeze all processes of a container",
				    NULL,    0,	   run_pause };
const struct cli_verb cli_resume = {
	"resume", "ID", "thaw a paused container", NULL, 0, run_resume
};
const struct cli_verb cli_kill = {
	"kill",
	"[options] ID [SIGNAL]",
	"send a signal (default TERM) to the container's process",
	kill_options,
	ARRAY_SIZE(kill_options),
	run_kill,
};
const struct cli_verb cli_delete = {
	"delete",
	"[options] ID",
	"remove what a stopped container left",
	delete_options,
	ARRAY_SIZE(delete_options),
	run_delete,
};
