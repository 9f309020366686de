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

/* "2026-01-02T03:04:05+0000 vzctl : CT 101 : text" */
static void to_file(const struct vz_cli *cli, const char *text)
{
	char when[40], line[WABE_ERROR_TEXT_MAX + 128];
	time_t now = time(NULL);
	struct tm tm;
	int len;

	if (cli->logfile_fd < 0)
		return;
	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S%z", &tm);
	len = snprintf(line, sizeof(line), "%s vzctl : CT %s : %s\n", when,
		       cli->word ? cli->word : "-", text);
	if (len >= (int)sizeof(line))
		len = (int)sizeof(line) - 1;
	/* One write, so that lines of several vzctl don't mix. A full disk must not stop the verb.
	 */
	(void)wabe_fd_write_all(cli->logfile_fd, line, (size_t)len);
}

static void say(void *data, const char *text)
{
	const struct vz_cli *cli = data;

	if (!cli->is_quiet) {
		puts(text);
		/* Scripts run by the verb write to the same place. */
		fflush(stdout);
	}
	to_file(cli, text);
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

void vz_report_open(struct vz_cli *cli)
{
	cli->report = (struct vz_report){ .say = say, .data = cli };
	if (!cli->host.logfile)
		return;
	cli->logfile_fd = open_logfile(cli->host.logfile);
	if (cli->logfile_fd < 0)
		wabe_log(&cli->log, WABE_LOG_WARNING, "LOGFILE %s: %s", cli->host.logfile,
			 strerror(errno));
}

void vz_report_error(struct vz_cli *cli, const struct vz_guest *g, const struct wabe_error *err)
{
	if (g && g->ctid != 0)
		wabe_log(&cli->log, WABE_LOG_ERROR, "CT %s: %s", g->id, err->text);
	else
		wabe_log(&cli->log, WABE_LOG_ERROR, "%s", err->text);
	to_file(cli, err->text);
}

void vz_report_close(struct vz_cli *cli)
{
	wabe_cleanup_close(&cli->logfile_fd);
}
