// SPDX-License-Identifier: GPL-2.0-or-later
/* base/arena: memory that is freed all at once; see arena.h. */
#include "base/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 8192u
#define ALIGN 16u

struct wabe_arena_block {
	struct wabe_arena_block *next;
	size_t size;
	size_t used;
	_Alignas(ALIGN) unsigned char data[];
};

static struct wabe_arena_block *block_new(struct wabe_arena *arena, size_t need)
{
	size_t size = need > BLOCK_BYTES / 4 ? need : BLOCK_BYTES;
	struct wabe_arena_block *block;

	if (size > SIZE_MAX - sizeof(*block))
		return NULL;
	block = calloc(1, sizeof(*block) + size);
	if (!block)
		return NULL;
	block->size = size;
	/* A large part gets its own block behind the current one, which may still have room. */
	if (need > BLOCK_BYTES / 4 && arena->head) {
		block->next = arena->head->next;
		arena->head->next = block;
	} else {
		block->next = arena->head;
		arena->head = block;
	}
	return block;
}

void *wabe_arena_alloc(struct wabe_arena *arena, size_t size)
{
	struct wabe_arena_block *block = arena->head;
	void *p;

	if (size > SIZE_MAX - ALIGN)
		goto nomem;
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (arena->max_bytes &&
	    (size > arena->max_bytes || arena->used_bytes > arena->max_bytes - size))
		goto nomem;
	if (!block || block->size - block->used < size)
		block = block_new(arena, size);
	if (!block)
		goto nomem;
	p = block->data + block->used;
	block->used += size;
	arena->used_bytes += size;
	return p;
nomem:
	errno = ENOMEM;
	return NULL;
}

void *wabe_arena_array(struct wabe_arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return wabe_arena_alloc(arena, bytes ? bytes : 1);
}

char *wabe_arena_strndup(struct wabe_arena *arena, const char *s, size_t len)
{
	char *p;

	len = strnlen(s, len);
	p = wabe_arena_alloc(arena, len + 1);
	if (p)
		memcpy(p, s, len);
	return p;
}

char *wabe_arena_strdup(struct wabe_arena *arena, const char *s)
{
	return wabe_arena_strndup(arena, s, strlen(s));
}

char *wabe_arena_printf(struct wabe_arena *arena, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	char *p;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p = len < 0 ? NULL : wabe_arena_alloc(arena, (size_t)len + 1);
	if (!p)
		return NULL;
	if ((size_t)len < sizeof(text))
		return memcpy(p, text, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return p;
}

void wabe_arena_free(struct wabe_arena *arena)
{
	struct wabe_arena_block *block = arena->head;

	while (block) {
		struct wabe_arena_block *next = block->next;

		free(block);
		block = next;
	}
	arena->head = NULL;
	arena->used_bytes = 0;
}
