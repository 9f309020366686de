// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/meta: meta.json of a template; see store.h. */
#include <stddef.h>

#include "base/codec.h"
#include "base/file.h"
#include "tmpl/store.h"

#define META_FILE "meta.json"
#define META_MAX_BYTES 65536

#define META(field) offsetof(struct vz_template_meta, field)

static const struct wabe_codec_field meta_fields[] = {
	{ .key = "created",
	  .type = WABE_CODEC_STRING,
	  .offset = META(created),
	  .flags = WABE_CODEC_REQUIRED },
	{ .key = "source",
	  .type = WABE_CODEC_STRING,
	  .offset = META(source),
	  .flags = WABE_CODEC_REQUIRED },
	{ .key = "arch",
	  .type = WABE_CODEC_STRING,
	  .offset = META(arch),
	  .flags = WABE_CODEC_REQUIRED },
	{ .key = "init",
	  .type = WABE_CODEC_STRING,
	  .offset = META(init),
	  .flags = WABE_CODEC_REQUIRED },
	{ .key = "size",
	  .type = WABE_CODEC_U64,
	  .offset = META(size_bytes),
	  .flags = WABE_CODEC_REQUIRED },
	{ .key = "files",
	  .type = WABE_CODEC_U64,
	  .offset = META(files),
	  .flags = WABE_CODEC_REQUIRED },
	{ .key = "generation",
	  .type = WABE_CODEC_U64,
	  .offset = META(generation),
	  .flags = WABE_CODEC_KEEP_EMPTY },
	{ 0 },
};

int vz_meta_load_at(int dir_fd, struct wabe_arena *arena, struct vz_template_meta *ret_meta,
		    struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct vz_template_meta meta = { 0 };
	struct wabe_json *root;
	int r = wabe_file_read_at(dir_fd, META_FILE, META_MAX_BYTES, &text, err);

	if (r < 0)
		return r;
	r = wabe_json_parse(arena, META_FILE, text.data ? text.data : "", text.len, &root, err);
	if (r < 0)
		return r;
	r = wabe_codec_load(arena, meta_fields, root, &meta, err);
	if (r < 0)
		return wabe_error_prefix(err, META_FILE);
	/* Templates of earlier versions have none. */
	if (meta.generation == 0)
		meta.generation = 1;
	*ret_meta = meta;
	return 0;
}

int vz_meta_save_at(int dir_fd, const struct vz_template_meta *meta, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_INDENTED);
	int r;

	if (!w)
		return wabe_error_set(err, -ENOMEM, "write " META_FILE);
	wabe_codec_save(w, meta_fields, meta);
	r = wabe_json_writer_finish(w, &text);
	if (r < 0)
		return wabe_error_set(err, r, "write " META_FILE);
	return wabe_file_replace_at(dir_fd, META_FILE, text.data, text.len, 0600, WABE_FILE_DURABLE,
				    err);
}
