/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/seccomp_cache: compiled filters as files. For sys/seccomp.c alone.
 *
 * A file is named by a hash of its key and holds the whole key, which is compared, so two profiles
 * with one hash are harmless. The key has all that the program depends on: profile, machine, kernel
 * release, library, our own version. Only root's (the caller's) own private files in its own
 * private directory are trusted: who can write there chooses the filter. Nothing here is an error
 * to the outside; without a cache the filter is compiled.
 */
#ifndef WABE_SYS_SECCOMP_CACHE_H
#define WABE_SYS_SECCOMP_CACHE_H

#include "base/str.h"
#include "sys/seccomp.h"

/** wabe_seccomp_cache_key() - all that the program depends on, appended to @key. 0 or -errno. */
int wabe_seccomp_cache_key(const struct wabe_seccomp_profile *profile, unsigned int major,
			   unsigned int minor, unsigned int micro, struct wabe_buf *key);

/**
 * wabe_seccomp_cache_name() - the file's name: 128 bits of hash in hexadecimal.
 * @name: WABE_SECCOMP_CACHE_NAME bytes
 */
#define WABE_SECCOMP_CACHE_NAME 33
void wabe_seccomp_cache_name(const struct wabe_buf *key, char name[WABE_SECCOMP_CACHE_NAME]);

/** wabe_seccomp_cache_open() - the directory (created 0700, its parent must exist), when it can be
 * trusted. fd or -errno. */
int wabe_seccomp_cache_open(const char *cache_dir);

/** wabe_seccomp_cache_load() - 0 and the program, or -errno: not there, not trusted, damaged,
 * another key. */
int wabe_seccomp_cache_load(int dir_fd, const struct wabe_buf *key,
			    struct wabe_seccomp_program *ret_program);

/** wabe_seccomp_cache_decode() - the content of a cache file to a program; -EBADMSG when it isn't
 * one for @key. */
int wabe_seccomp_cache_decode(const void *data, size_t len, const struct wabe_buf *key,
			      struct wabe_seccomp_program *ret_program);

/** wabe_seccomp_cache_store() - keep @program for the next time; failure is silent, the next one
 * compiles again. */
void wabe_seccomp_cache_store(int dir_fd, const struct wabe_buf *key,
			      const struct wabe_seccomp_program *program);

#endif
