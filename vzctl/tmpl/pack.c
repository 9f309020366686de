// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/pack: vztmpl export: a template's tree as a tar, written in a box; see tmpl.h. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <string.h>

#include "base/cleanup.h"
#include "tmpl/archive.h"
#include "tmpl/box.h"
#include "tmpl/store.h"

struct pack {
	struct vz_archive lib;
	struct vz_box *box;
	enum vz_template_filter filter;
	struct archive *in, *out;
	struct archive_entry_linkresolver *links;
	struct wabe_error *err;
};

int vz_template_filter_of(const char *file, enum vz_template_filter *ret_filter,
			  struct wabe_error *err)
{
	static const struct wabe_name suffixes[] = {
		{ ".tar", VZ_TEMPLATE_PLAIN }, { ".tar.gz", VZ_TEMPLATE_GZIP },
		{ ".tgz", VZ_TEMPLATE_GZIP },  { ".tar.xz", VZ_TEMPLATE_XZ },
		{ ".txz", VZ_TEMPLATE_XZ },    { ".tar.zst", VZ_TEMPLATE_ZSTD },
		{ ".tzst", VZ_TEMPLATE_ZSTD }, { NULL, 0 },
	};
	size_t len = strlen(file);

	for (const struct wabe_name *row = suffixes; row->name; row++) {
		size_t suffix = strlen(row->name);

		if (len > suffix && strcmp(file + len - suffix, row->name) == 0) {
			*ret_filter = (enum vz_template_filter)row->value;
			return 0;
		}
	}
	return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
			    "%s: the name must end with .tar, .tar.gz, .tar.xz or .tar.zst", file);
}

static int fail(const struct pack *p, struct archive *a, const char *what)
{
	return vz_archive_error(&p->lib, a, p->err, what);
}

static int open_both(struct pack *p)
{
	__typeof__(archive_write_add_filter_none) *const filters[VZ_TEMPLATE_FILTER_MAX] = {
		[VZ_TEMPLATE_PLAIN] = p->lib.archive_write_add_filter_none,
		[VZ_TEMPLATE_GZIP] = p->lib.archive_write_add_filter_gzip,
		[VZ_TEMPLATE_XZ] = p->lib.archive_write_add_filter_xz,
		[VZ_TEMPLATE_ZSTD] = p->lib.archive_write_add_filter_zstd,
	};

	p->in = p->lib.archive_read_disk_new();
	p->out = p->lib.archive_write_new();
	p->links = p->lib.archive_entry_linkresolver_new();
	if (!p->in || !p->out || !p->links)
		return wabe_error_set(p->err, -ENOMEM, "write the archive");
	p->lib.archive_read_disk_set_symlink_physical(p->in);
	p->lib.archive_read_disk_set_behavior(p->in, ARCHIVE_READDISK_NO_TRAVERSE_MOUNTS |
							     ARCHIVE_READDISK_NO_FFLAGS);
	if (p->lib.archive_read_disk_open(p->in, ".") != ARCHIVE_OK)
		return fail(p, p->in, "read the tree");
	if (p->lib.archive_write_set_format_pax_restricted(p->out) != ARCHIVE_OK ||
	    filters[p->filter](p->out) != ARCHIVE_OK ||
	    p->lib.archive_write_open_fd(p->out, p->box->archive_fd) != ARCHIVE_OK)
		return fail(p, p->out, "write the archive");
	p->lib.archive_entry_linkresolver_set_strategy(p->links, p->lib.archive_format(p->out));
	return 0;
}

static int write_zeros(const struct pack *p, int64_t count)
{
	static const char zeros[65536];

	while (count > 0) {
		size_t part = count > (int64_t)sizeof(zeros) ? sizeof(zeros) : (size_t)count;

		if (p->lib.archive_write_data(p->out, zeros, part) != (la_ssize_t)part)
			return fail(p, p->out, "write the archive");
		count -= (int64_t)part;
	}
	return 0;
}

/* The blocks of a file with holes, the holes between them as zeros. */
static int copy_content(const struct pack *p)
{
	int64_t at = 0, offset;
	const void *data;
	size_t size;
	int r;

	while ((r = p->lib.archive_read_data_block(p->in, &data, &size, &offset)) == ARCHIVE_OK) {
		r = write_zeros(p, offset - at);
		if (r < 0)
			return r;
		if (size && p->lib.archive_write_data(p->out, data, size) != (la_ssize_t)size)
			return fail(p, p->out, "write the archive");
		at = offset + (int64_t)size;
		p->box->counts.bytes += size;
		vz_box_progress(p->box, p->box->counts.files);
	}
	/* A hole at the end is padded by the library to the size in the header. */
	return r == ARCHIVE_EOF ? 0 : fail(p, p->in, "read the tree");
}

static int pack_entry(const struct pack *p, struct archive_entry *entry)
{
	struct archive_entry *spare = NULL;

	p->lib.archive_entry_linkify(p->links, &entry, &spare);
	if (!entry)
		return 0;
	if (p->lib.archive_write_header(p->out, entry) != ARCHIVE_OK)
		return fail(p, p->out, "write the archive");
	p->box->counts.files++;
	vz_box_progress(p->box, p->box->counts.files);
	return p->lib.archive_entry_size(entry) > 0 ? copy_content(p) : 0;
}

static int pack_all(const struct pack *p)
{
	struct archive_entry *entry = p->lib.archive_entry_new();
	int r;

	if (!entry)
		return wabe_error_set(p->err, -ENOMEM, "write the archive");
	while ((r = p->lib.archive_read_next_header2(p->in, entry)) != ARCHIVE_EOF) {
		if (r != ARCHIVE_OK)
			return fail(p, p->in, "read the tree");
		p->lib.archive_read_disk_descend(p->in);
		r = pack_entry(p, entry);
		if (r < 0)
			return r;
		p->lib.archive_entry_clear(entry);
	}
	if (p->lib.archive_write_close(p->out) != ARCHIVE_OK)
		return fail(p, p->out, "finish the archive");
	return 0;
}

static int prepare(void *data, struct wabe_error *err)
{
	struct pack *p = data;

	setlocale(LC_CTYPE, "C.UTF-8");
	return vz_archive_load(&p->lib, err);
}

static int run(struct vz_box *box, void *data, struct wabe_error *err)
{
	struct pack *p = data;
	int r;

	p->box = box;
	p->err = err;
	r = open_both(p);
	return r < 0 ? r : pack_all(p);
}

int vz_template_export(const struct vz_host *host, const char *name, int archive_fd,
		       enum vz_template_filter filter, const struct vz_template_watch *watch,
		       struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_close_ int hold_fd = -EBADF, root_fd = -EBADF;
	struct pack p = { .filter = filter };
	struct vz_template_meta meta;
	struct vz_box_report counts;
	struct vz_box_job job = {
		.archive_fd = archive_fd, .verb = "pack", .prepare = prepare, .run = run, .data = &p
	};
	int r;

	hold_fd = vz_template_hold(host, name, NULL, NULL, err);
	if (hold_fd < 0)
		return hold_fd;
	r = vz_template_find(host, name, &arena, &meta, err);
	if (r < 0)
		return r;
	root_fd = openat(hold_fd, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root_fd < 0)
		return wabe_error_set(err, -errno, "open root of template %s", name);
	job.root_fd = root_fd;
	job.total = meta.files;
	return vz_box_run(&job, watch, &counts, err);
}
