/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf/logfile: LOGFILE of vz.conf(5), which vzctl, vzeventd and vznetstat write: a line each,
 * "2026-01-02T03:04:05+0000 vzctl : CT 101 : text".
 */
#ifndef VZ_CONF_LOGFILE_H
#define VZ_CONF_LOGFILE_H

#include "base/log.h"

/** vz_logfile_open() - to append; its directory is made. The descriptor, or -errno. */
int vz_logfile_open(const char *path);

/**
 * vz_logfile_put() - one line, in one write, so that lines of several programs don't mix. What can't be written is lost: a
 * full disk must stop nobody.
 * @program: "vzctl"
 * @ct: the guest where @text doesn't begin with one ("CT 101: "), or NULL
 * @level: errors and warnings are marked as such
 */
void vz_logfile_put(int fd, const char *program, const char *ct, enum wabe_log_level level,
		    const char *text);

/** For who runs for long, or writes seldom: the file is opened for each line, so that one that was rotated is left alone. */
struct vz_logfile {
	const char *program, *path; /* borrowed */
};

/**
 * vz_logfile_attach() - let @file have each message of @log up to its level, beside standard error.
 * @file: has to live as long as @log
 * 0, or -errno: it can't be opened now, and is tried again with each line.
 */
int vz_logfile_attach(const struct vz_logfile *file, struct wabe_log *log);

#endif
