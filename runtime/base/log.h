/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/log: messages to standard error or to a file, as text or JSON (the form of runc's --log-format json, which
 * containerd and podman read: {"level":"error","msg":"...","time":"RFC 3339"}).
 */
#ifndef WABE_BASE_LOG_H
#define WABE_BASE_LOG_H

#include <stdbool.h>

#include "base/error.h"

enum wabe_log_level {
	WABE_LOG_ERROR,
	WABE_LOG_WARNING,
	WABE_LOG_INFO,
	WABE_LOG_DEBUG,
	WABE_LOG_LEVEL_MAX
};

/** Where messages go; owned by main, passed down by the contexts that need it. NULL as a log is silent. */
struct wabe_log {
	const char *program;	   /* prefix on standard error: "wabe: ..." */
	enum wabe_log_level level; /* messages above it are dropped */
	bool is_json;
	int fd; /* of --log FILE, < 0 = standard error only; errors go to both */
	/* NULL, or who else gets each message up to @tee_level, whatever .level is */
	void (*tee)(void *data, enum wabe_log_level level, const char *text);
	void *tee_data;
	enum wabe_log_level tee_level;
};

/** wabe_log_takes() - does anybody get messages of @level? For those that take work to put together. */
static inline bool wabe_log_takes(const struct wabe_log *log, enum wabe_log_level level)
{
	return log && (level <= log->level || (log->tee && level <= log->tee_level));
}

/** wabe_log() - one line. Control characters in the text are escaped, so a guest's string can't forge lines. */
void wabe_log(const struct wabe_log *log, enum wabe_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** wabe_log_open() - open (append, 0600, create) the file of --log into @log->fd. 0 or -errno. */
int wabe_log_open(struct wabe_log *log, const char *path, struct wabe_error *err);

#endif
