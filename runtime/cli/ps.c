// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/ps: `wabe ps`; see cli.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"
#include "cli/cli.h"

#define PS_MAX (64u << 20) /* of the host's ps: some 100 bytes a process */

struct values {
	const char *format;
};

static const struct wabe_option options[] = {
	{ "format", 'f', WABE_OPTION_STRING, offsetof(struct values, format), "FORMAT",
	  "table (default) or json" },
};

struct pids {
	const pid_t *items;
	size_t count;
};

static int print_json(const struct pids *pids, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_COMPACT);

	if (!w)
		return wabe_error_set(err, -ENOMEM, "ps");
	wabe_json_array_begin(w);
	for (size_t i = 0; i < pids->count; i++)
		wabe_json_add_int(w, pids->items[i]);
	wabe_json_array_end(w);
	if (wabe_json_writer_finish(w, &text) < 0)
		return wabe_error_set(err, -ENOMEM, "ps");
	return cli_write_out(&text, err);
}

/* The host's ps(1) with the user's options, or -ef, as in runc; what it prints goes to @output. */
static int run_host_ps(struct cli *cli, char **words, struct wabe_buf *output,
		       struct wabe_error *err)
{
	_cleanup_close_ int ours_fd = -EBADF, theirs_fd = -EBADF;
	struct wabe_strv command = { 0 };
	int r = wabe_strv_add(&command, &cli->arena, "ps"), status, fds[2];
	pid_t pid;

	if (r == 0 && !*words)
		r = wabe_strv_add(&command, &cli->arena, "-ef");
	for (; r == 0 && *words; words++)
		r = wabe_strv_add(&command, &cli->arena, *words);
	if (r < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return wabe_error_set(err, r < 0 ? r : -errno, "run ps");
	ours_fd = fds[0];
	theirs_fd = fds[1];
	pid = fork();
	if (pid < 0)
		return wabe_error_set(err, -errno, "run ps");
	if (pid == 0) {
		if (dup2(theirs_fd, STDOUT_FILENO) == STDOUT_FILENO)
			execvp("ps", command.items);
		_exit(127);
	}
	wabe_cleanup_close(&theirs_fd);
	r = wabe_fd_read_all(ours_fd, PS_MAX, output);
	wabe_cleanup_close(&ours_fd);
	if (waitpid(pid, &status, 0) < 0)
		return wabe_error_set(err, -errno, "wait for ps");
	if (r < 0)
		return wabe_error_set(err, r, "read what ps prints");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return wabe_error_say(err, -ENOENT,
				      "this host has no ps (--format json needs none)");
	return status == 0 ? 0 : wabe_error_say(err, -EINVAL, "ps failed");
}

/* Which word of the heading is PID; -1: none. */
static int find_pid_column(const char *heading)
{
	int column = 0;

	for (const char *at = heading + strspn(heading, " "); *at; column++) {
		size_t len = strcspn(at, " ");

		if (len == 3 && strncmp(at, "PID", 3) == 0)
			return column;
		at += len;
		at += strspn(at, " ");
	}
	return -1;
}

static bool is_ours(const char *line, int column, const struct pids *pids)
{
	const char *at = line + strspn(line, " ");
	long pid;

	for (; column > 0; column--) {
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	pid = strtol(at, NULL, 10);
	for (size_t i = 0; i < pids->count; i++)
		if (pids->items[i] == pid)
			return true;
	return false;
}

/* Whatever the options select: of its lines the heading, and those of the container's processes. */
static int print_table(struct cli *cli, const struct pids *pids, char **words,
		       struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf output = WABE_BUF_INIT;
	int r = run_host_ps(cli, words, &output, err), column;
	char *rest = output.data, *line;

	if (r < 0)
		return r;
	line = rest ? strsep(&rest, "\n") : NULL;
	column = line ? find_pid_column(line) : -1;
	if (column < 0)
		return wabe_error_say(err, -EINVAL, "ps shows no column PID with these options");
	puts(line);
	while (rest && (line = strsep(&rest, "\n")))
		if (*line && is_ours(line, column, pids))
			puts(line);
	return 0;
}

static int run_ps(struct cli *cli, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = NULL;
	_cleanup_free_ pid_t *items = NULL;
	struct values v = { 0 };
	struct pids pids = { 0 };
	bool is_json = false;
	int first = cli_options(cli, &cli_ps, &v, argc, argv, 1, -1, err);
	int r = first < 0 ? first : cli_format(v.format, &is_json, err);

	if (r >= 0)
		r = cli_load(cli, argv[first], &c, err);
	if (r >= 0)
		r = wabe_container_pids(c, &items, &pids.count, err);
	if (r < 0)
		return r;
	pids.items = items;
	return is_json ? print_json(&pids, err) : print_table(cli, &pids, argv + first + 1, err);
}

const struct cli_verb cli_ps = {
	"ps",	 "[options] ID [ps options]", "show a container's processes",
	options, ARRAY_SIZE(options),	      run_ps,
};
