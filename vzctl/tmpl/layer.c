// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tmpl/layer: what a layer of an image needs beside unpacking: its hash, and its whiteouts
 * (image-spec, layer.md, "Whiteouts"); see unpack.h. In the box.
 *
 * Whiteouts hide what lower layers have, never what their own layer brings, wherever they stand in
 * it. So they are applied first, in a walk of their own, when nothing of the layer is there yet.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "base/sha256.h"
#include "tmpl/entry.h"
#include "tmpl/unpack.h"

#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"
#define AUFS ".wh..wh." /* further names of aufs' own, which say nothing about files */
#define CHUNK_BYTES (256u << 10)

static const char *base_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

bool vz_layer_is_whiteout(const char *name)
{
	return wabe_str_starts(base_of(name), WHITEOUT);
}

static int refuse(const struct vz_unpack *u, const char *name, const char *why)
{
	return wabe_error_say(u->err, -EBADMSG, "the layer is refused: \"%.200s\": %s", name, why);
}

static int rewind_archive(struct vz_unpack *u)
{
	vz_unpack_close(u);
	if (lseek(u->box->archive_fd, 0, SEEK_SET) < 0)
		return wabe_error_set(u->err, -errno, "read the layer again");
	return 0;
}

static int compare_hash(const struct vz_unpack *u, struct wabe_sha256 *sum)
{
	char hex[WABE_SHA256_HEX];

	wabe_sha256_end(sum, hex);
	if (strcmp(hex, u->layer->hash) == 0)
		return 0;
	return wabe_error_say(u->err, -EBADMSG,
			      "the layer is refused: its SHA-256 is %s, the image says %s", hex,
			      u->layer->hash);
}

static int hash_file(const struct vz_unpack *u, struct wabe_sha256 *sum)
{
	_cleanup_free_ char *chunk = malloc(CHUNK_BYTES);

	if (!chunk)
		return wabe_error_set(u->err, -ENOMEM, "read the layer");
	for (;;) {
		ssize_t got = read(u->box->archive_fd, chunk, CHUNK_BYTES);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return wabe_error_set(u->err, -errno, "read the layer");
		if (got == 0)
			return 0;
		wabe_sha256_add(sum, chunk, (size_t)got);
	}
}

static int hash_block(void *data, const void *bytes, size_t size, int64_t offset)
{
	(void)offset; /* the raw format has no holes */
	wabe_sha256_add(data, bytes, size);
	return 0;
}

static int hash_uncompressed(struct vz_unpack *u, struct wabe_sha256 *sum)
{
	struct archive_entry *entry;
	int r = vz_unpack_open(u, true);

	if (r < 0)
		return r;
	if (u->lib.archive_read_next_header(u->in, &entry) != ARCHIVE_OK)
		return vz_unpack_fail(u);
	return vz_unpack_read(u, hash_block, sum);
}

int vz_layer_verify(struct vz_unpack *u)
{
	struct wabe_sha256 sum;
	int r;

	wabe_sha256_begin(&sum);
	r = u->layer->is_plain ? hash_uncompressed(u, &sum) : hash_file(u, &sum);
	if (r == 0)
		r = compare_hash(u, &sum);
	u->box->counts.bytes = 0;
	return r < 0 ? r : rewind_archive(u);
}

/* The directory that a whiteout is in: a descriptor, -ENOENT when no lower layer has it. */
static int open_dir(const struct vz_unpack *u, const char *name)
{
	char dir[PATH_MAX] = ".";
	const char *base = base_of(name);
	int fd;

	if (base != name)
		snprintf(dir, sizeof(dir), "%.*s", (int)(base - name - 1), name);
	fd = wabe_path_open_strict(u->box->root_fd, dir, O_RDONLY | O_DIRECTORY, 0, NULL);
	if (fd == -ELOOP)
		return refuse(u, name, "a symbolic link as a parent directory");
	/* Another kind of file in a lower layer: there is nothing in it to hide. */
	if (fd == -ENOTDIR)
		return -ENOENT;
	return fd < 0 && fd != -ENOENT ? wabe_error_set(u->err, fd, "open %s", dir) : fd;
}

static int remove_name(const struct vz_unpack *u, const char *name)
{
	const char *hidden = base_of(name) + strlen(WHITEOUT);
	_cleanup_close_ int dir_fd = -EBADF;

	if (!*hidden || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
		return refuse(u, name, "a whiteout of nothing");
	dir_fd = open_dir(u, name);
	if (dir_fd < 0)
		return dir_fd == -ENOENT ? 0 : dir_fd;
	return wabe_file_remove_tree_at(dir_fd, hidden, u->err);
}

static int remove_content(const struct vz_unpack *u, const char *name)
{
	int dir_fd = open_dir(u, name);
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int r = 0;

	if (dir_fd < 0)
		return dir_fd == -ENOENT ? 0 : dir_fd;
	dir = fdopendir(dir_fd);
	if (!dir) {
		r = wabe_error_set(u->err, -errno, "read the directory of %s", name);
		close(dir_fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = wabe_file_remove_tree_at(dirfd(dir), entry->d_name, u->err);
	return r;
}

static int apply_whiteout(const struct vz_unpack *u, const char *text)
{
	char name[PATH_MAX];
	int r = vz_entry_name(text, name, u->err);

	if (r < 0)
		return r;
	if (strcmp(base_of(name), OPAQUE) == 0)
		return remove_content(u, name);
	return wabe_str_starts(base_of(name), AUFS) ? 0 : remove_name(u, name);
}

static int drop_block(void *data, const void *bytes, size_t size, int64_t offset)
{
	(void)data, (void)bytes, (void)size, (void)offset;
	return 0;
}

int vz_layer_whiteouts(struct vz_unpack *u)
{
	struct archive_entry *entry;
	int r = vz_unpack_open(u, false), found;

	while (r == 0 && (found = u->lib.archive_read_next_header(u->in, &entry)) != ARCHIVE_EOF) {
		const char *name;

		if (found != ARCHIVE_OK && found != ARCHIVE_WARN)
			return vz_unpack_fail(u);
		name = u->lib.archive_entry_pathname(entry);
		if (name && vz_layer_is_whiteout(name))
			r = apply_whiteout(u, name);
		/* Read, not skipped: what is too large is too large for this walk too. */
		if (r == 0 && u->lib.archive_entry_size(entry) > 0)
			r = vz_unpack_read(u, drop_block, NULL);
	}
	return r < 0 ? r : rewind_archive(u);
}
