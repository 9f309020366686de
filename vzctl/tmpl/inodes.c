// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/inodes: a hash table of inodes; see inodes.h. */
#include "tmpl/inodes.h"

#include <stdlib.h>

#define ROOM_FIRST 256u

/* Fibonacci hashing: the numbers of a file system's inodes follow each other. */
static struct vz_inode *slot_of(struct vz_inode *slots, size_t room, ino_t ino)
{
	size_t at = (size_t)(((uint64_t)ino * 0x9e3779b97f4a7c15u) >> 32) & (room - 1);

	while (slots[at].links && slots[at].ino != ino)
		at = (at + 1) & (room - 1);
	return &slots[at];
}

static int grow(struct vz_inodes *table)
{
	const size_t room = table->room ? table->room * 2 : ROOM_FIRST;
	struct vz_inode *slots = calloc(room, sizeof(*slots));

	if (!slots)
		return -1;
	for (size_t i = 0; i < table->room; i++)
		if (table->slots[i].links)
			*slot_of(slots, room, table->slots[i].ino) = table->slots[i];
	free(table->slots);
	table->slots = slots;
	table->room = room;
	return 0;
}

struct vz_inode *vz_inodes_meet(struct vz_inodes *table, ino_t ino)
{
	struct vz_inode *inode;

	if (table->count * 2 >= table->room && grow(table) < 0)
		return NULL;
	inode = slot_of(table->slots, table->room, ino);
	if (inode->links++ == 0) {
		inode->ino = ino;
		table->count++;
	}
	return inode;
}

struct vz_inode *vz_inodes_find(const struct vz_inodes *table, ino_t ino)
{
	struct vz_inode *inode = table->room ? slot_of(table->slots, table->room, ino) : NULL;

	return inode && inode->links ? inode : NULL;
}

void vz_inodes_free(struct vz_inodes *table)
{
	free(table->slots);
	*table = (struct vz_inodes){ 0 };
}
