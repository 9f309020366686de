// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/usage: what templates take on the disk, and what of it they share; see tmpl.h. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tmpl/store.h"
#include "tmpl/walk.h"

struct usage {
	int store_fd;
	struct vz_inodes pool; /* that have a name in the store beside those in the trees */
	struct vz_inodes all;  /* files with several names, of all trees so far */
	uint64_t disk_bytes;
};

/* The walk over one tree. */
struct tree {
	struct usage *usage;
	struct vz_inodes inodes; /* files with several names; .note: how many */
	uint64_t own_bytes;
};

static int no_memory(struct wabe_error *err)
{
	return wabe_error_set(err, -ENOMEM, "count files");
}

static int count_entry(void *data, const struct vz_walk_entry *e, struct wabe_error *err)
{
	const uint64_t bytes = (uint64_t)e->st.st_blocks * 512;
	struct tree *tree = data;
	struct vz_inode *inode;

	if (S_ISDIR(e->st.st_mode) || e->st.st_nlink == 1) {
		tree->own_bytes += bytes;
		tree->usage->disk_bytes += bytes;
		return 0;
	}
	inode = vz_inodes_meet(&tree->inodes, e->st.st_ino);
	if (!inode)
		return no_memory(err);
	inode->note = e->st.st_nlink;
	inode->bytes = bytes;
	inode = vz_inodes_meet(&tree->usage->all, e->st.st_ino);
	if (!inode)
		return no_memory(err);
	if (inode->links == 1)
		tree->usage->disk_bytes += bytes;
	return 0;
}

/* A file is shared when it has names that are neither in this tree nor the one in the pool. */
static void sum_up(const struct tree *tree, struct vz_template_usage *row)
{
	row->own_bytes = tree->own_bytes;
	for (size_t i = 0; i < tree->inodes.room; i++) {
		const struct vz_inode *inode = &tree->inodes.slots[i];
		uint64_t known;

		if (!inode->links)
			continue;
		known = inode->links + (vz_inodes_find(&tree->usage->pool, inode->ino) ? 1 : 0);
		*(inode->note > known ? &row->shared_bytes : &row->own_bytes) += inode->bytes;
	}
}

static int count_tree(struct usage *u, const char *created, struct vz_template_usage *row,
		      struct wabe_error *err)
{
	_cleanup_close_ int dir_fd = vz_store_open_generation(u->store_fd, row->name, created, err);
	_cleanup_close_ int root_fd = -EBADF;
	struct tree tree = { .usage = u };
	int r;

	if (dir_fd < 0)
		return dir_fd;
	root_fd = openat(dir_fd, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root_fd < 0)
		return wabe_error_set(err, -errno, "open root of template %s", row->name);
	r = vz_tree_walk(root_fd, count_entry, NULL, &tree, err);
	sum_up(&tree, row);
	vz_inodes_free(&tree.inodes);
	return r;
}

/* Rows of one template behind those in @list. */
static int add_template(const struct vz_host *host, struct usage *u, const char *name,
			struct wabe_arena *arena, struct vz_template_usage **list, size_t *count,
			struct wabe_error *err)
{
	struct vz_template_meta *generations;
	struct vz_template_usage *grown;
	size_t more = 0;
	int r = vz_template_generations(host, name, arena, &generations, &more, err);

	if (r < 0)
		return r;
	grown = wabe_arena_array(arena, *count + more, sizeof(*grown));
	if (!grown)
		return no_memory(err);
	if (*count)
		memcpy(grown, *list, *count * sizeof(*grown));
	*list = grown;
	for (size_t i = 0; r == 0 && i < more; i++) {
		struct vz_template_usage *row = &grown[(*count)++];

		*row = (struct vz_template_usage){ .name = generations[i].name,
						   .generation = generations[i].generation,
						   .is_current = i == 0 };
		r = count_tree(u, generations[i].created, row, err);
	}
	return r;
}

static int add_all(const struct vz_host *host, struct usage *u, struct wabe_arena *arena,
		   struct vz_template_usage **list, size_t *count, struct wabe_error *err)
{
	struct vz_template_meta *templates;
	size_t found = 0;
	int r = vz_template_list(host, arena, &templates, &found, err);

	/* Nobody can tell the generations of one without a description. */
	for (size_t i = 0; r == 0 && i < found; i++)
		if (templates[i].created)
			r = add_template(host, u, templates[i].name, arena, list, count, err);
	return r;
}

int vz_template_usage(const struct vz_host *host, const char *name, struct wabe_arena *arena,
		      struct vz_template_usage **ret_list, size_t *ret_count,
		      uint64_t *ret_disk_bytes, struct wabe_error *err)
{
	_cleanup_close_ int store_fd = vz_store_open(host, true, err);
	struct vz_template_usage *list = NULL;
	struct usage u = { .store_fd = store_fd };
	size_t count = 0;
	int r = store_fd < 0 ? store_fd : vz_share_inodes(store_fd, &u.pool, err);

	if (r == 0)
		r = name ? add_template(host, &u, name, arena, &list, &count, err)
			 : add_all(host, &u, arena, &list, &count, err);
	vz_inodes_free(&u.pool);
	vz_inodes_free(&u.all);
	if (r < 0)
		return r;
	*ret_list = list;
	*ret_count = count;
	*ret_disk_bytes = u.disk_bytes;
	return 0;
}
