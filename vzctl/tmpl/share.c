// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tmpl/share: equal files of templates are one inode; see store.h.
 *
 * A file is equal to another when content, mode, owner, time of change and attributes are. Its hash
 * names a further link to it, .shared/XX/REST, by which the next template finds it. A guest can't
 * tell: it sees the tree through an overlay, read-only, and a file that it changes is copied up.
 *
 * Only programs and libraries are shared, not what a guest writes to by its nature: there programs
 * look at the number of a file's links. And two files of one tree never become one: a layout that
 * copies the tree would keep the link, and a write to one would change the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/path.h"
#include "base/sha256.h"
#include "tmpl/store.h"
#include "tmpl/walk.h"

#define POOL ".shared"
#define SIZE_MIN 4096 /* a page and a block: below, the names cost what the sharing saves */
#define CHUNK_BYTES (256u << 10)
#define XATTR_ROOM 65536 /* xattr(7): XATTR_SIZE_MAX, XATTR_LIST_MAX */
#define TEMPORARY ".wabe-share.tmp"

struct share {
	int pool_fd;
	/* Inodes of the pool that this tree has, and which of its own was there before. */
	struct vz_inodes used;
	char *chunk;
	bool is_over; /* the file system can't link */
};

struct pool_name {
	char text[WABE_SHA256_HEX + 1]; /* "ab/cdef..." */
};

static bool is_shared_dir(const struct vz_walk_entry *e)
{
	static const char *const tops[] = { "bin",   "sbin",   "lib",	 "lib32",
					    "lib64", "libx32", "libexec" };

	if (strcmp(e->path, "/usr") == 0)
		return strcmp(e->name, "local") != 0;
	if (*e->path)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
		if (strcmp(e->name, tops[i]) == 0)
			return true;
	return strcmp(e->name, "usr") == 0;
}

static int hash_xattrs(struct share *s, struct wabe_sha256 *sum, int fd)
{
	char *names = s->chunk, *value = s->chunk + XATTR_ROOM;
	ssize_t len = flistxattr(fd, names, XATTR_ROOM);

	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (char *name = names; name < names + len; name += strlen(name) + 1) {
		ssize_t size = fgetxattr(fd, name, value, XATTR_ROOM);
		const uint64_t bytes = (uint64_t)size;

		if (size < 0)
			return -errno;
		wabe_sha256_add(sum, name, strlen(name) + 1);
		wabe_sha256_add(sum, &bytes, sizeof(bytes));
		wabe_sha256_add(sum, value, (size_t)size);
	}
	return 0;
}

static int hash_content(struct share *s, struct wabe_sha256 *sum, int fd)
{
	for (;;) {
		ssize_t got = read(fd, s->chunk, CHUNK_BYTES);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		wabe_sha256_add(sum, s->chunk, (size_t)got);
	}
}

static int name_of(struct share *s, const struct vz_walk_entry *e, struct pool_name *ret_name)
{
	_cleanup_close_ int fd = openat(e->dir_fd, e->name,
					O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC);
	char head[128], hex[WABE_SHA256_HEX];
	struct wabe_sha256 sum;
	int r;

	if (fd < 0)
		return -errno;
	snprintf(head, sizeof(head), "%o %u %u %lld %lld.%09ld", e->st.st_mode, e->st.st_uid,
		 e->st.st_gid, (long long)e->st.st_size, (long long)e->st.st_mtim.tv_sec,
		 e->st.st_mtim.tv_nsec);
	wabe_sha256_begin(&sum);
	wabe_sha256_add(&sum, head, strlen(head) + 1);
	r = hash_xattrs(s, &sum, fd);
	if (r == 0)
		r = hash_content(s, &sum, fd);
	if (r < 0)
		return r;
	wabe_sha256_end(&sum, hex);
	snprintf(ret_name->text, sizeof(ret_name->text), "%.2s/%s", hex, hex + 2);
	return 0;
}

/* Not an error of the build: the file stays as it is. */
static bool is_harmless(int code)
{
	return code == -EMLINK || code == -EEXIST || code == -ENOENT;
}

static int link_error(struct share *s, int code)
{
	/* A file system without hard links, or with a quota of its own for part of the store. */
	s->is_over = s->is_over || code == -EPERM || code == -EOPNOTSUPP || code == -EXDEV;
	return is_harmless(code) || s->is_over ? 0 : code;
}

static int put_into_pool(struct share *s, const struct vz_walk_entry *e,
			 const struct pool_name *name)
{
	char dir[3] = { name->text[0], name->text[1] };
	struct vz_inode *inode;

	if (mkdirat(s->pool_fd, dir, 0700) < 0 && errno != EEXIST)
		return link_error(s, -errno);
	if (linkat(e->dir_fd, e->name, s->pool_fd, name->text, 0) < 0)
		return link_error(s, -errno);
	inode = vz_inodes_meet(&s->used, e->st.st_ino);
	if (!inode)
		return -ENOMEM;
	inode->note = e->st.st_ino;
	return 0;
}

/* Somebody may have changed a template by hand, and with it what the pool has of it. */
static bool is_as_named(const struct stat *pool, const struct stat *st)
{
	return pool->st_mode == st->st_mode && pool->st_uid == st->st_uid &&
	       pool->st_gid == st->st_gid && pool->st_size == st->st_size &&
	       pool->st_mtim.tv_sec == st->st_mtim.tv_sec &&
	       pool->st_mtim.tv_nsec == st->st_mtim.tv_nsec;
}

static int take_from_pool(struct share *s, const struct vz_walk_entry *e,
			  const struct pool_name *name, const struct stat *pool)
{
	struct vz_inode *inode;

	if (pool->st_ino == e->st.st_ino || !is_as_named(pool, &e->st))
		return 0;
	inode = vz_inodes_meet(&s->used, pool->st_ino);
	if (!inode)
		return -ENOMEM;
	if (inode->note && inode->note != e->st.st_ino)
		return 0; /* another file of this tree */
	inode->note = e->st.st_ino;
	(void)unlinkat(e->dir_fd, TEMPORARY, 0);
	if (linkat(s->pool_fd, name->text, e->dir_fd, TEMPORARY, 0) < 0)
		return link_error(s, -errno);
	if (renameat(e->dir_fd, TEMPORARY, e->dir_fd, e->name) < 0)
		return -errno;
	return 0;
}

static int share_file(struct share *s, const struct vz_walk_entry *e)
{
	struct pool_name name;
	struct stat pool;
	int r = name_of(s, e, &name);

	if (r < 0)
		return r;
	if (fstatat(s->pool_fd, name.text, &pool, AT_SYMLINK_NOFOLLOW) == 0)
		return take_from_pool(s, e, &name, &pool);
	return errno == ENOENT ? put_into_pool(s, e, &name) : -errno;
}

static int visit(void *data, const struct vz_walk_entry *e, struct wabe_error *err)
{
	struct share *s = data;
	int r;

	if (S_ISDIR(e->st.st_mode))
		return is_shared_dir(e) && !s->is_over ? 0 : VZ_WALK_SKIP;
	if (!*e->path || !S_ISREG(e->st.st_mode) || e->st.st_size < SIZE_MIN || s->is_over)
		return 0;
	r = share_file(s, e);
	return r < 0 ? wabe_error_set(err, r, "share %s/%s", e->path, e->name) : 0;
}

/* What was put there by renames is what was there before. */
static int leave(void *data, const struct vz_walk_entry *e, struct wabe_error *err)
{
	const struct timespec times[] = { e->st.st_atim, e->st.st_mtim };

	(void)data;
	if (utimensat(e->dir_fd, e->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return wabe_error_set(err, -errno, "set the time of %s/%s", e->path, e->name);
	return 0;
}

static int open_pool(int store_fd)
{
	return openat(store_fd, POOL, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int vz_share_tree(int store_fd, int root_fd, struct wabe_error *err)
{
	_cleanup_free_ char *chunk = malloc(CHUNK_BYTES);
	struct share s = { .pool_fd = -EBADF, .chunk = chunk };
	int r;

	if (!chunk)
		return wabe_error_set(err, -ENOMEM, "share files");
	if (mkdirat(store_fd, POOL, 0700) < 0 && errno != EEXIST)
		return wabe_error_set(err, -errno, "make " POOL " in the template directory");
	s.pool_fd = open_pool(store_fd);
	if (s.pool_fd < 0)
		return wabe_error_set(err, -errno, "open " POOL " in the template directory");
	r = vz_tree_walk(root_fd, visit, leave, &s, err);
	vz_inodes_free(&s.used);
	close(s.pool_fd);
	/* Nothing to share in it: no empty directory stays. */
	(void)unlinkat(store_fd, POOL, AT_REMOVEDIR);
	return r;
}

struct look {
	struct vz_inodes *table; /* NULL: remove what nobody has */
};

static int look_at_file(void *data, const struct vz_walk_entry *e, struct wabe_error *err)
{
	const struct look *look = data;
	struct vz_inode *inode;

	if (S_ISDIR(e->st.st_mode))
		return 0;
	if (!look->table) {
		/* A link that is made at this moment keeps the file; only its name here goes. */
		if (e->st.st_nlink == 1)
			(void)unlinkat(e->dir_fd, e->name, 0);
		return 0;
	}
	inode = vz_inodes_meet(look->table, e->st.st_ino);
	return inode ? 0 : wabe_error_set(err, -ENOMEM, "read " POOL);
}

/* Only those that are empty by now. */
static int leave_pool_dir(void *data, const struct vz_walk_entry *e, struct wabe_error *err)
{
	const struct look *look = data;

	(void)err;
	if (!look->table)
		(void)unlinkat(e->dir_fd, e->name, AT_REMOVEDIR);
	return 0;
}

static int look_at_pool(int store_fd, struct look *look, struct wabe_error *err)
{
	_cleanup_close_ int pool_fd = open_pool(store_fd);

	if (pool_fd < 0)
		return errno == ENOENT ? 0 : wabe_error_set(err, -errno, "open " POOL);
	return vz_tree_walk(pool_fd, look_at_file, leave_pool_dir, look, err);
}

void vz_share_prune(int store_fd)
{
	struct look look = { 0 };

	(void)look_at_pool(store_fd, &look, NULL);
	(void)unlinkat(store_fd, POOL, AT_REMOVEDIR);
}

int vz_share_inodes(int store_fd, struct vz_inodes *table, struct wabe_error *err)
{
	struct look look = { .table = table };

	return look_at_pool(store_fd, &look, err);
}
