/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/cleanup: scope-bound resources.
 *
 * Declare with an empty value (-EBADF, NULL), transfer with TAKE_FD / TAKE_PTR. Handlers keep errno,
 * accept the empty value and never retry close(2) (Linux frees the descriptor even on EINTR).
 */
#ifndef WABE_BASE_CLEANUP_H
#define WABE_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void wabe_cleanup_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -EBADF;
	errno = saved;
}

static inline void wabe_cleanup_free(void *p)
{
	int saved = errno;

	free(*(void **)p);
	errno = saved;
}

static inline void wabe_cleanup_fclose(FILE **f)
{
	int saved = errno;

	if (*f)
		fclose(*f);
	errno = saved;
}

static inline void wabe_cleanup_closedir(DIR **d)
{
	int saved = errno;

	if (*d)
		closedir(*d);
	errno = saved;
}

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _cleanup_close_ _cleanup_(wabe_cleanup_close)
#define _cleanup_free_ _cleanup_(wabe_cleanup_free)
#define _cleanup_fclose_ _cleanup_(wabe_cleanup_fclose)
#define _cleanup_closedir_ _cleanup_(wabe_cleanup_closedir)

/* Move a resource out of its variable: the cleanup of the variable then does nothing. */
#define TAKE_FD(fd)                      \
	({                               \
		int *_take_fd = &(fd);   \
		int _take_v = *_take_fd; \
		*_take_fd = -EBADF;      \
		_take_v;                 \
	})
#define TAKE_PTR(p)                               \
	({                                        \
		__typeof__(p) *_take_p = &(p);    \
		__typeof__(p) _take_v = *_take_p; \
		*_take_p = NULL;                  \
		_take_v;                          \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
