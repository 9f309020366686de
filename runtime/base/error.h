/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/error: the one error convention of the project.
 *
 * A fallible function returns 0 (or a value >= 0) or -errno, and takes a caller-owned struct wabe_error
 * as its last argument. The function where the error happens sets it, callers may put context in front.
 * The buffer is fixed, so errors work after fork, without memory, and travel over a socket as bytes.
 */
#ifndef WABE_BASE_ERROR_H
#define WABE_BASE_ERROR_H

#include <stdarg.h>

#define WABE_ERROR_TEXT_MAX 1024

struct wabe_error {
	int code; /* -errno, 0 when unset */
	int kind; /* class for exit codes, owned by the front end (vzctl/conf/exit.h); 0 = none */
	char text[WABE_ERROR_TEXT_MAX];
};

#define WABE_ERROR_INIT \
	{               \
		0       \
	}

/**
 * wabe_error_set() - record where and why something failed.
 * @err: may be NULL (nobody wants the text)
 * @code: -errno; ": strerror(-code)" is appended to the text
 * Returns @code, so that `return wabe_error_set(err, -errno, "open %s", path);` reads well. Keeps errno.
 */
int wabe_error_set(struct wabe_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * wabe_error_say() - as wabe_error_set(), but the text is the whole diagnosis, nothing is appended.
 * For errors that no errno describes: "cpuset.cpus 0-7: the host has CPUs 0-1".
 */
int wabe_error_say(struct wabe_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * wabe_error_prefix() - put "context: " in front of the text already recorded.
 * Returns err->code (or -EIO when @err is NULL or unset, so that it can be returned too).
 */
int wabe_error_prefix(struct wabe_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** wabe_error_kind() - set the class that a front end maps to an exit code. Returns err->code. */
int wabe_error_kind(struct wabe_error *err, int kind);

/** wabe_error_clear() - forget an error that was handled. NULL is fine. */
void wabe_error_clear(struct wabe_error *err);

#endif
