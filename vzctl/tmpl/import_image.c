// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tmpl/import_image: a template of a container image: a directory or a tar with an OCI layout, or
 * what `docker save` writes; see tmpl.h.
 *
 * Its documents are read here, by the strict parser and bounded; its tars by a box. What a tar holds
 * is unpacked first, in a directory beside the template's tree, and gone with it when that fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "tmpl/image.h"
#include "tmpl/store.h"
#include "tmpl/unpack.h"

#define IMAGE_DIR "image" /* in the draft */
#define INDEX_DEPTH_MAX 4 /* of an index in an index */

struct import {
	const struct vz_image_source *source;
	const struct vz_template_watch *watch;
	struct wabe_arena *arena;
	struct vz_draft draft;
	int image_fd; /* directory with the image's files */
	struct vz_image image;
	char (*plain_hashes)[WABE_SHA256_HEX]; /* of `docker save` */
	uint64_t skipped;
	struct wabe_error *err;
};

/* Go's name of this machine's architecture, by which images name theirs. */
static const char *go_arch(char machine[sizeof(((struct utsname *)0)->machine)])
{
	static const struct {
		const char *machine, *go;
	} rows[] = {
		{ "x86_64", "amd64" }, { "aarch64", "arm64" },	 { "armv7l", "arm" },
		{ "i686", "386" },     { "riscv64", "riscv64" }, { "ppc64le", "ppc64le" },
		{ "s390x", "s390x" },
	};
	struct utsname name;

	if (uname(&name) < 0)
		return "unknown";
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].machine, name.machine) == 0)
			return rows[i].go;
	snprintf(machine, sizeof(name.machine), "%s", name.machine);
	return machine;
}

/*
 * A file of the image. In a directory that a user hands over a symbolic link could lead to any file
 * of the host; in what `docker save` writes they lead to layers that are there twice, and stay in
 * the image.
 */
static int open_part(const struct import *i, const char *path)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	_cleanup_close_ int fd = i->image.config_path
					 ? wabe_path_open_in(i->image_fd, path, flags, 0, NULL)
					 : wabe_path_open_strict(i->image_fd, path, flags, 0, NULL);
	struct stat st;

	if (fd < 0)
		return wabe_error_say(i->err, -EBADMSG, "the image lacks %.200s: %s", path,
				      strerror(-fd));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return wabe_error_say(i->err, -EBADMSG,
				      "the image is refused: %.200s is no regular file", path);
	return TAKE_FD(fd);
}

static int read_document(const struct import *i, const char *path, struct wabe_buf *text)
{
	_cleanup_close_ int fd = open_part(i, path);
	int r;

	if (fd < 0)
		return fd;
	r = wabe_fd_read_all(fd, VZ_IMAGE_JSON_MAX, text);
	if (r == 0 && text->len == 0)
		r = -EBADMSG;
	return r < 0 ? wabe_error_set(i->err, r, "read %.200s of the image", path) : 0;
}

static int check_hash(const struct import *i, const char *path, const struct wabe_buf *text,
		      const char *hash)
{
	char found[WABE_SHA256_HEX];
	struct wabe_sha256 sum;

	wabe_sha256_begin(&sum);
	wabe_sha256_add(&sum, text->data, text->len);
	wabe_sha256_end(&sum, found);
	if (strcmp(found, hash) == 0)
		return 0;
	return wabe_error_say(i->err, -EBADMSG, "the image is refused: the SHA-256 of %.200s is %s",
			      path, found);
}

static const char *blob_path(const char *hash, char buf[WABE_SHA256_HEX + 16])
{
	snprintf(buf, WABE_SHA256_HEX + 16, "blobs/sha256/%s", hash);
	return buf;
}

static int read_blob(const struct import *i, const struct vz_image_blob *blob,
		     struct wabe_buf *text)
{
	char path[WABE_SHA256_HEX + 16];
	int r = read_document(i, blob_path(blob->hash, path), text);

	if (r == 0 && text->len != blob->size_bytes)
		r = wabe_error_say(i->err, -EBADMSG, "the image is refused: %s has %zu bytes", path,
				   text->len);
	return r < 0 ? r : check_hash(i, path, text, blob->hash);
}

/* From index.json, maybe over further indexes, to the manifest. */
static int find_manifest(const struct import *i, struct vz_image_blob *ret_blob)
{
	char machine[sizeof(((struct utsname *)0)->machine)];
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	const char *arch = go_arch(machine), *tag = i->source->tag;
	int r = read_document(i, "index.json", &text);

	for (unsigned int depth = 0; r == 0; depth++) {
		r = vz_image_index(i->arena, text.data, text.len, tag, arch, ret_blob, i->err);
		if (r < 0 || !ret_blob->is_index)
			return r;
		if (depth == INDEX_DEPTH_MAX)
			return wabe_error_say(i->err, -EBADMSG,
					      "the image is refused: indexes are too deep");
		/* The tag is that of the outer one. */
		tag = NULL;
		wabe_buf_free(&text);
		r = read_blob(i, ret_blob, &text);
	}
	return r;
}

static int read_oci(struct import *i)
{
	_cleanup_(wabe_buf_free) struct wabe_buf layout = WABE_BUF_INIT, text = WABE_BUF_INIT;
	struct vz_image_blob blob;
	int r = read_document(i, "oci-layout", &layout);

	if (r == 0)
		r = vz_image_layout(i->arena, layout.data, layout.len, i->err);
	if (r == 0)
		r = find_manifest(i, &blob);
	if (r == 0)
		r = read_blob(i, &blob, &text);
	return r < 0 ? r : vz_image_manifest(i->arena, text.data, text.len, &i->image, i->err);
}

static int read_docker(struct import *i)
{
	_cleanup_(wabe_buf_free) struct wabe_buf manifest = WABE_BUF_INIT, text = WABE_BUF_INIT;
	int r = read_document(i, "manifest.json", &manifest);

	if (r == 0)
		r = vz_image_docker(i->arena, manifest.data, manifest.len, i->source->tag,
				    &i->image, i->err);
	if (r == 0)
		r = read_document(i, i->image.config_path, &text);
	if (r == 0)
		r = check_hash(i, i->image.config_path, &text, i->image.config.hash);
	return r < 0 ? r
		     : vz_image_config(i->arena, text.data, text.len, i->image.layer_count,
				       &i->plain_hashes, i->err);
}

static int check_size(const struct import *i, int fd, uint64_t size_bytes)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size == size_bytes)
		return 0;
	return wabe_error_say(
		i->err, -EBADMSG,
		"the image is refused: a layer has %llu bytes, the manifest says %llu",
		(unsigned long long)st.st_size, (unsigned long long)size_bytes);
}

static int apply_layer(struct import *i, size_t n)
{
	const struct vz_image_blob *blob = i->image.layers ? &i->image.layers[n] : NULL;
	char path[WABE_SHA256_HEX + 16], verb[48];
	_cleanup_close_ int fd =
		open_part(i, blob ? blob_path(blob->hash, path) : i->image.layer_paths.items[n]);
	struct vz_box_report counts;
	struct vz_layer layer = { .fd = fd,
				  .hash = blob ? blob->hash : i->plain_hashes[n],
				  .is_plain = !blob,
				  .verb = verb };
	int r = fd < 0 ? fd : 0;

	if (r == 0 && blob)
		r = check_size(i, fd, blob->size_bytes);
	if (r < 0)
		return r;
	snprintf(verb, sizeof(verb), "layer %zu/%zu", n + 1, i->image.layer_count);
	r = vz_unpack_layer(i->draft.root_fd, &layer, i->watch, &counts, i->err);
	if (r < 0)
		return wabe_error_prefix(i->err, "%s", verb);
	i->skipped += counts.skipped;
	return 0;
}

static int unpack_tar(struct import *i, int file_fd)
{
	struct vz_box_report counts;

	if (mkdirat(i->draft.dir_fd, IMAGE_DIR, 0700) < 0)
		return wabe_error_set(i->err, -errno, "make " IMAGE_DIR " of the template");
	i->image_fd =
		openat(i->draft.dir_fd, IMAGE_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (i->image_fd < 0)
		return wabe_error_set(i->err, -errno, "open " IMAGE_DIR " of the template");
	return vz_unpack(i->image_fd, file_fd, i->watch, &counts, i->err);
}

static int open_image(struct import *i)
{
	_cleanup_close_ int fd = open(i->source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return vz_error_set(i->err, VZ_EXIT_IO, -errno, "open %s", i->source->path);
	if (!S_ISDIR(st.st_mode))
		return unpack_tar(i, fd);
	i->image_fd = TAKE_FD(fd);
	return 0;
}

static int import_all(struct import *i)
{
	int r = open_image(i);

	if (r == 0)
		r = i->source->is_docker ? read_docker(i) : read_oci(i);
	for (size_t n = 0; r == 0 && n < i->image.layer_count; n++)
		r = apply_layer(i, n);
	if (r == 0)
		r = wabe_file_remove_tree_at(i->draft.dir_fd, IMAGE_DIR, i->err);
	return r;
}

static int finish(struct import *i, struct vz_template_meta *ret_meta)
{
	const char *slash = strrchr(i->source->path, '/');
	const char *base = slash && slash[1] ? slash + 1 : i->source->path;
	const char *tag = i->source->tag;
	const char *text =
		wabe_arena_printf(i->arena, "image %s%s%s", base, tag ? ":" : "", tag ? tag : "");

	if (!text)
		return wabe_error_set(i->err, -ENOMEM, "describe the template");
	return vz_draft_commit(&i->draft, text, i->arena, ret_meta, i->err);
}

int vz_template_import_image(const struct vz_host *host, const char *name,
			     enum vz_template_mode mode, const struct vz_image_source *source,
			     const struct vz_template_watch *watch, struct wabe_arena *arena,
			     struct vz_template_meta *ret_meta, uint64_t *ret_skipped,
			     struct wabe_error *err)
{
	struct import i = { .source = source,
			    .watch = watch,
			    .arena = arena,
			    .draft = VZ_DRAFT_INIT,
			    .image_fd = -EBADF,
			    .err = err };
	int r = vz_draft_begin(host, name, mode, &i.draft, err);

	if (r == 0)
		r = import_all(&i);
	if (r == 0)
		r = finish(&i, ret_meta);
	if (r == 0 && ret_skipped)
		*ret_skipped = i.skipped;
	wabe_cleanup_close(&i.image_fd);
	vz_draft_drop(&i.draft);
	return r;
}
