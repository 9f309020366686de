// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd/report: where vzctl's messages go: the terminal, and LOGFILE of vz.conf.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmd/cmd.h"
#include "conf/logfile.h"

/* The guest's number, or what the user named it by before that is known. */
static void to_file(const struct vz_cli *cli, enum wabe_log_level level, const char *text)
{
	if (cli->logfile_fd >= 0)
		vz_logfile_put(cli->logfile_fd, "vzctl", *cli->id ? cli->id : cli->word, level,
			       text);
}

/* What goes through the log, as far as LOG_LEVEL lets it. */
static void copy_to_file(void *data, enum wabe_log_level level, const char *text)
{
	to_file(data, level, text);
}

static void say(void *data, const char *text)
{
	const struct vz_cli *cli = data;

	if (!cli->is_quiet) {
		puts(text);
		/* Scripts run by the verb write to the same place. */
		fflush(stdout);
	}
	to_file(cli, WABE_LOG_INFO, text);
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
	cli->logfile_fd = vz_logfile_open(cli->host.logfile);
	if (cli->logfile_fd < 0)
		wabe_log(&cli->log, WABE_LOG_WARNING, "LOGFILE %s: %s", cli->host.logfile,
			 strerror(-cli->logfile_fd));
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
