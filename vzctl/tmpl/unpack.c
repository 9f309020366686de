// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/unpack: vztmpl import: a tar into a directory, in a box; see unpack.h. */
#include "tmpl/unpack.h"

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/cleanup.h"
#include "tmpl/archive.h"
#include "tmpl/entry.h"
#include "tmpl/store.h"

#define BLOCK_SIZE (256u << 10)
#define SPACE_PERCENT 95 /* of the free space and inodes that an archive may take */

#define UNPACK_FLAGS                                                                     \
	(ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME |           \
	 ARCHIVE_EXTRACT_ACL | ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_SECURE_SYMLINKS | \
	 ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS)

int vz_unpack_fail(const struct vz_unpack *u)
{
	return vz_archive_error(&u->lib, u->in, u->err, "read the archive");
}

static int fail_out(const struct vz_unpack *u, struct archive_entry *entry)
{
	char what[320];

	snprintf(what, sizeof(what), "unpack %.300s", u->lib.archive_entry_pathname(entry));
	return vz_archive_error(&u->lib, u->out, u->err, what);
}

/* Compressions and the format are a closed list: nothing here can start a program. */
int vz_unpack_open(struct vz_unpack *u, bool is_raw)
{
	u->in = u->lib.archive_read_new();
	if (!u->in)
		return wabe_error_set(u->err, -ENOMEM, "read the archive");
	if (u->lib.archive_read_support_filter_gzip(u->in) != ARCHIVE_OK ||
	    u->lib.archive_read_support_filter_bzip2(u->in) != ARCHIVE_OK ||
	    u->lib.archive_read_support_filter_xz(u->in) != ARCHIVE_OK ||
	    u->lib.archive_read_support_filter_zstd(u->in) != ARCHIVE_OK ||
	    u->lib.archive_read_support_filter_lz4(u->in) != ARCHIVE_OK ||
	    (is_raw ? u->lib.archive_read_support_format_raw(u->in)
		    : u->lib.archive_read_support_format_tar(u->in)) != ARCHIVE_OK)
		return wabe_error_say(u->err, -ENOTSUP,
				      "libarchive was built without a compression: %s",
				      u->lib.archive_error_string(u->in));
	if (u->lib.archive_read_open_fd(u->in, u->box->archive_fd, BLOCK_SIZE) != ARCHIVE_OK)
		return vz_unpack_fail(u);
	return 0;
}

void vz_unpack_close(struct vz_unpack *u)
{
	if (u->in)
		u->lib.archive_read_free(u->in);
	u->in = NULL;
}

static int measure_room(struct vz_unpack *u)
{
	struct statvfs vfs;

	if (fstatvfs(u->box->root_fd, &vfs) < 0)
		return wabe_error_set(u->err, -errno, "ask for the free space");
	u->bytes_max = (uint64_t)vfs.f_bavail * vfs.f_frsize / 100 * SPACE_PERCENT;
	/* btrfs and others that make inodes as they go say 0 of 0 */
	u->files_max = vfs.f_files ? (uint64_t)vfs.f_favail / 100 * SPACE_PERCENT : UINT64_MAX;
	return 0;
}

static int open_output(struct vz_unpack *u)
{
	u->out = u->lib.archive_write_disk_new();
	if (!u->out || u->lib.archive_write_disk_set_options(u->out, UNPACK_FLAGS) != ARCHIVE_OK)
		return wabe_error_set(u->err, -ENOMEM, "write the tree");
	return 0;
}

int vz_unpack_no_room(const struct vz_unpack *u)
{
	return wabe_error_say(
		u->err, -ENOSPC,
		"the archive needs more than the %llu MB and %llu inodes that may be used here",
		(unsigned long long)(u->bytes_max >> 20), (unsigned long long)u->files_max);
}

static void report(const struct vz_unpack *u)
{
	int64_t position = u->lib.archive_filter_bytes(u->in, -1);

	vz_box_progress(u->box, position > 0 ? (uint64_t)position : 0);
}

int vz_unpack_read(const struct vz_unpack *u,
		   int (*take)(void *data, const void *bytes, size_t size, int64_t offset),
		   void *data)
{
	for (;;) {
		const void *bytes;
		int64_t offset;
		size_t size;
		int r = u->lib.archive_read_data_block(u->in, &bytes, &size, &offset);

		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return vz_unpack_fail(u);
		u->box->counts.bytes += size;
		if (u->box->counts.bytes > u->bytes_max)
			return vz_unpack_no_room(u);
		r = take(data, bytes, size, offset);
		if (r < 0)
			return r;
		report(u);
	}
}

struct sink {
	const struct vz_unpack *u;
	struct archive_entry *entry;
};

static int write_block(void *data, const void *bytes, size_t size, int64_t offset)
{
	const struct sink *sink = data;
	const struct vz_unpack *u = sink->u;

	if (u->lib.archive_write_data_block(u->out, bytes, size, offset) != ARCHIVE_OK)
		return fail_out(u, sink->entry);
	return 0;
}

static int write_entry(const struct vz_unpack *u, struct archive_entry *entry)
{
	struct sink sink = { u, entry };

	if (++u->box->counts.files > u->files_max)
		return vz_unpack_no_room(u);
	/* A warning is a loss too: an owner, an attribute, a mode that could not be set. */
	if (u->lib.archive_write_header(u->out, entry) != ARCHIVE_OK)
		return fail_out(u, entry);
	if (u->lib.archive_entry_size(entry) > 0) {
		int r = vz_unpack_read(u, write_block, &sink);

		if (r < 0)
			return r;
	}
	if (u->lib.archive_write_finish_entry(u->out) != ARCHIVE_OK)
		return fail_out(u, entry);
	report(u);
	return 0;
}

static int unpack_entry(const struct vz_unpack *u, struct archive_entry *entry)
{
	const char *name = u->lib.archive_entry_pathname(entry);
	int r;

	if (u->layer && name && vz_layer_is_whiteout(name))
		return 0;
	r = vz_entry_check(&u->lib, u->box->root_fd, entry, u->layer != NULL, u->err);
	if (r < 0)
		return r;
	if (r == VZ_ENTRY_SKIP) {
		u->box->counts.skipped++;
		return 0;
	}
	return write_entry(u, entry);
}

static int unpack_all(const struct vz_unpack *u)
{
	struct archive_entry *entry;
	int r;

	while ((r = u->lib.archive_read_next_header(u->in, &entry)) != ARCHIVE_EOF) {
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return vz_unpack_fail(u);
		r = unpack_entry(u, entry);
		if (r < 0)
			return r;
	}
	/* A layer may do nothing but remove. */
	if (u->box->counts.files == 0 && !u->layer)
		return wabe_error_say(u->err, -EBADMSG, "the archive is empty");
	/* Directories get their modes and times here. */
	if (u->lib.archive_write_close(u->out) != ARCHIVE_OK)
		return vz_archive_error(&u->lib, u->out, u->err, "finish the tree");
	return 0;
}

static int prepare(void *data, struct wabe_error *err)
{
	struct vz_unpack *u = data;

	/* pax names are UTF-8; in the C locale libarchive could not say those that aren't ASCII. */
	setlocale(LC_CTYPE, "C.UTF-8");
	return vz_archive_load(&u->lib, err);
}

/* What a layer needs before its entries. */
static int run_layer(struct vz_unpack *u)
{
	int r = vz_layer_verify(u);

	if (r == 0)
		r = vz_layer_whiteouts(u);
	u->box->counts.bytes = 0;
	return r;
}

/* In the box. What is open is closed by the process' end. */
static int run(struct vz_box *box, void *data, struct wabe_error *err)
{
	struct vz_unpack *u = data;
	int r;

	u->box = box;
	u->err = err;
	r = measure_room(u);
	if (r == 0 && u->layer)
		r = run_layer(u);
	if (r == 0)
		r = vz_unpack_open(u, false);
	if (r == 0)
		r = open_output(u);
	return r < 0 ? r : unpack_all(u);
}

static int run_box(struct vz_unpack *u, int root_fd, int archive_fd, const char *verb,
		   const struct vz_template_watch *watch, struct vz_box_report *ret_counts,
		   struct wabe_error *err)
{
	struct stat st;
	struct vz_box_job job = {
		.root_fd = root_fd,
		.archive_fd = archive_fd,
		.verb = verb,
		.prepare = prepare,
		.run = run,
		.data = u,
	};

	if (fstat(archive_fd, &st) == 0 && S_ISREG(st.st_mode))
		job.total = (uint64_t)st.st_size;
	return vz_box_run(&job, watch, ret_counts, err);
}

int vz_unpack(int root_fd, int archive_fd, const struct vz_template_watch *watch,
	      struct vz_box_report *ret_counts, struct wabe_error *err)
{
	struct vz_unpack u = { 0 };

	return run_box(&u, root_fd, archive_fd, "unpack", watch, ret_counts, err);
}

int vz_unpack_layer(int root_fd, const struct vz_layer *layer,
		    const struct vz_template_watch *watch, struct vz_box_report *ret_counts,
		    struct wabe_error *err)
{
	struct vz_unpack u = { .layer = layer };

	return run_box(&u, root_fd, layer->fd, layer->verb, watch, ret_counts, err);
}

int vz_template_import(const struct vz_host *host, const char *name, enum vz_template_mode mode,
		       int archive_fd, const char *source, const struct vz_template_watch *watch,
		       struct wabe_arena *arena, struct vz_template_meta *ret_meta,
		       uint64_t *ret_skipped, struct wabe_error *err)
{
	_cleanup_(vz_draft_drop) struct vz_draft draft = VZ_DRAFT_INIT;
	const char *slash = strrchr(source, '/');
	struct vz_box_report counts;
	const char *text;
	int r = vz_draft_begin(host, name, mode, &draft, err);

	if (r < 0)
		return r;
	r = vz_unpack(draft.root_fd, archive_fd, watch, &counts, err);
	if (r < 0)
		return r;
	text = wabe_arena_printf(arena, "archive %s", slash ? slash + 1 : source);
	if (!text)
		return wabe_error_set(err, -ENOMEM, "import template %s", name);
	r = vz_draft_commit(&draft, text, arena, ret_meta, err);
	if (r < 0)
		return r;
	if (ret_skipped)
		*ret_skipped = counts.skipped;
	return 0;
}
