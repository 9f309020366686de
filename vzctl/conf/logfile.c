// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/logfile: lines of LOGFILE; see logfile.h. */
#include "conf/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"

#define LINE_ROOM 4096 /* of the file; longer ones are cut */

static const char *const kinds[WABE_LOG_LEVEL_MAX] = { "Error: ", "Warning: ", "", "" };

int vz_logfile_open(const char *path)
{
	char dir[4096];
	char *slash;
	int fd;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		(void)wabe_file_mkdir_all(dir, 0755, NULL);
	}
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

/* How long the number is with which @text begins: "CT 101: "; 0: with none. */
static size_t number_len(const char *text)
{
	size_t len = wabe_str_starts(text, "CT ") ? strspn(text + 3, "0123456789") : 0;

	return len > 0 && wabe_str_starts(text + 3 + len, ": ") ? len : 0;
}

void vz_logfile_put(int fd, const char *program, const char *ct, enum wabe_log_level level,
		    const char *text)
{
	_cleanup_(wabe_buf_free) struct wabe_buf line = WABE_BUF_INIT;
	const size_t len = number_len(text);
	const time_t now = time(NULL);
	char when[40];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S%z", &tm);
	if (wabe_buf_printf(&line, "%s %s : CT ", when, program) < 0 ||
	    (len ? wabe_buf_add(&line, text + 3, len) : wabe_buf_escape(&line, ct ? ct : "-")) <
		    0 ||
	    wabe_buf_printf(&line, " : %s", kinds[level]) < 0 ||
	    wabe_buf_escape(&line, len ? text + 3 + len + 2 : text) < 0)
		return;
	if (line.len > LINE_ROOM)
		line.len = LINE_ROOM;
	if (wabe_buf_puts(&line, "\n") == 0)
		(void)wabe_fd_write_all(fd, line.data, line.len);
}

static void put_message(void *data, enum wabe_log_level level, const char *text)
{
	const struct vz_logfile *file = data;
	_cleanup_close_ int fd = vz_logfile_open(file->path);

	if (fd >= 0)
		vz_logfile_put(fd, file->program, NULL, level, text);
}

int vz_logfile_attach(const struct vz_logfile *file, struct wabe_log *log)
{
	_cleanup_close_ int fd = vz_logfile_open(file->path);

	log->tee = put_message;
	log->tee_data = (void *)file;
	log->tee_level = log->level;
	return fd < 0 ? fd : 0;
}
