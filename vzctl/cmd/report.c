// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd/report: where vzctl's messages go: the terminal, and LOGFILE of vz.conf in the form that it
 * always had.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "cmd/cmd.h"

#define LINE_ROOM 4096 /* of the file; longer ones are cut */

/* "2026-01-02T03:04:05+0000 vzctl : CT 101 : text" */
static void to_file(const struct vz_cli *cli, const char *kind, const char *text)
{
	_cleanup_(wabe_buf_free) struct wabe_buf line = WABE_BUF_INIT;
	time_t now = time(NULL);
	char when[40];
	struct tm tm;

	if (cli->logfile_fd < 0)
		return;
	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S%z", &tm);
	if (wabe_buf_printf(&line, "%s vzctl : CT ", when) < 0 ||
	    wabe_buf_escape(&line, cli->word ? cli->word : "-") < 0 ||
	    wabe_buf_printf(&line, " : %s", kind) < 0 || wabe_buf_escape(&line, text) < 0)
		return;
	if (line.len > LINE_ROOM)
		line.len = LINE_ROOM;
	if (wabe_buf_puts(&line, "\n") < 0)
		return;
	/* One write, so that lines of several vzctl don't mix. A full disk must not stop the verb.
	 */
	(void)wabe_fd_write_all(cli->logfile_fd, line.data, line.len);
}

/* What goes through the log, as far as LOG_LEVEL lets it. */
static void copy_to_file(void *data, enum wabe_log_level level, const char *text)
{
	static const char *const kinds[WABE_LOG_LEVEL_MAX] = { "Error: ", "Warning: ", "", "" };
	const struct vz_cli *cli = data;
	const char *rest = text;

	/* The line names the guest already. */
	if (wabe_str_starts(text, "CT ") && (rest = strstr(text, ": ")) != NULL)
		text = rest + 2;
	to_file(cli, kinds[level], text);
}

static void say(void *data, const char *text)
{
	const struct vz_cli *cli = data;

	if (!cli->is_quiet) {
		puts(text);
		/* Scripts run by the verb write to the same place. */
		fflush(stdout);
	}
	to_file(cli, "", text);
}

static int open_logfile(const char *path)
{
	char dir[4096];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		(void)wabe_file_mkdir_all(dir, 0755, NULL);
	}
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0600);
}

/* VERBOSE and LOG_LEVEL of vz.conf, and what the command line says, as levels of base/log. */
static enum wabe_log_level level_of(int number)
{
	return number > 1 ? WABE_LOG_DEBUG : number == 1 ? WABE_LOG_INFO : WABE_LOG_WARNING;
}

void vz_report_open(struct vz_cli *cli)
{
	cli->report = (struct vz_report){ .say = say, .data = cli };
	if (!cli->is_quiet)
		cli->log.level = level_of(cli->verbosity ? cli->verbosity : cli->host.verbose);
	if (!cli->host.logfile)
		return;
	cli->logfile_fd = open_logfile(cli->host.logfile);
	if (cli->logfile_fd < 0)
		wabe_log(&cli->log, WABE_LOG_WARNING, "LOGFILE %s: %s", cli->host.logfile,
			 strerror(errno));
	cli->log.tee = copy_to_file;
	cli->log.tee_data = cli;
	cli->log.tee_level = level_of(cli->host.log_level);
}

void vz_report_error(struct vz_cli *cli, const struct vz_guest *g, const struct wabe_error *err)
{
	if (g && g->ctid != 0)
		wabe_log(&cli->log, WABE_LOG_ERROR, "CT %s: %s", g->id, err->text);
	else
		wabe_log(&cli->log, WABE_LOG_ERROR, "%s", err->text);
}

void vz_report_close(struct vz_cli *cli)
{
	cli->log.tee = NULL;
	wabe_cleanup_close(&cli->logfile_fd);
}
