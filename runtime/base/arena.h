/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/arena: memory that is freed all at once.
 *
 * A parsed document (JSON tree, OCI spec, guest configuration) has many small parts with one life time; they
 * live in one arena and nobody frees them one by one. Memory is zeroed. Not thread safe.
 */
#ifndef WABE_BASE_ARENA_H
#define WABE_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct wabe_arena_block;

struct wabe_arena {
	struct wabe_arena_block *head;
	size_t max_bytes; /* 0 = no bound; past it allocations fail, so hostile input has bounded memory */
	size_t used_bytes;
};

#define WABE_ARENA_INIT \
	{               \
		0       \
	}

/** wabe_arena_alloc() - @size zeroed bytes aligned for any type, or NULL (errno ENOMEM). */
void *wabe_arena_alloc(struct wabe_arena *arena, size_t size);

/** wabe_arena_array() - @count elements of @size, overflow checked; NULL on failure. count 0 gives a valid pointer. */
void *wabe_arena_array(struct wabe_arena *arena, size_t count, size_t size);

/** wabe_arena_strdup(), wabe_arena_strndup() - copy of @s (at most @len bytes), NULL on failure. */
char *wabe_arena_strdup(struct wabe_arena *arena, const char *s);
char *wabe_arena_strndup(struct wabe_arena *arena, const char *s, size_t len);

/** wabe_arena_printf() - formatted string in the arena, NULL on failure. */
char *wabe_arena_printf(struct wabe_arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** wabe_arena_free() - free everything; the arena can be used again. For _cleanup_(wabe_arena_free). */
void wabe_arena_free(struct wabe_arena *arena);

#endif
