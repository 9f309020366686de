// SPDX-License-Identifier: GPL-2.0-or-later
/* base/log: messages to standard error or to a file, as text or JSON; see log.h. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/str.h"
#include "base/clock.h"

static const char *const level_names[WABE_LOG_LEVEL_MAX] = { "error", "warning", "info", "debug" };

static void format_json(struct wabe_buf *out, enum wabe_log_level level, const char *text)
{
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_COMPACT);
	char time[WABE_CLOCK_TEXT_MAX];

	if (!w)
		return;
	wabe_json_object_begin(w);
	wabe_json_put_string(w, "level", level_names[level]);
	wabe_json_put_string(w, "msg", text);
	wabe_json_put_string(w, "time", wabe_clock_rfc3339(wabe_clock_now_us(), time));
	wabe_json_object_end(w);
	wabe_json_writer_finish(w, out);
}

/* "program: text", control characters as \xNN. */
static void format_text(struct wabe_buf *out, const char *program, enum wabe_log_level level,
			const char *text)
{
	wabe_buf_printf(out, "%s: %s", program, level == WABE_LOG_WARNING ? "warning: " : "");
	wabe_buf_escape(out, text);
	wabe_buf_add(out, "\n", 1);
}

static void emit(const struct wabe_log *log, enum wabe_log_level level, const char *text, int fd,
		 bool is_json)
{
	_cleanup_(wabe_buf_free) struct wabe_buf line = WABE_BUF_INIT;

	if (is_json)
		format_json(&line, level, text);
	else
		format_text(&line, log->program, level, text);
	/* A log that can't be written has nowhere to be reported. */
	if (line.len)
		(void)wabe_fd_write_all(fd, line.data, line.len);
}

void wabe_log(const struct wabe_log *log, enum wabe_log_level level, const char *fmt, ...)
{
	char text[WABE_ERROR_TEXT_MAX + 256];
	int saved = errno;
	va_list ap;

	if (!wabe_log_takes(log, level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (log->tee && level <= log->tee_level)
		log->tee(log->tee_data, level, text);
	if (log->fd >= 0 && level <= log->level)
		emit(log, level, text, log->fd, log->is_json);
	if (level <= log->level && (log->fd < 0 || level == WABE_LOG_ERROR))
		emit(log, level, text, STDERR_FILENO, log->fd < 0 && log->is_json);
	errno = saved;
}

int wabe_log_open(struct wabe_log *log, const char *path, struct wabe_error *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0)
		return wabe_error_set(err, -errno, "open log file %s", path);
	log->fd = fd;
	return 0;
}
