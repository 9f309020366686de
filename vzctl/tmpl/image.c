// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/image: the JSON of container images; see image.h. */
#include "tmpl/image.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/codec.h"
#include "base/json.h"

#define SHA256 "sha256:"
#define REF_NAME "org.opencontainers.image.ref.name"

/* Media types of an index (image-spec, media-types.md), and Docker's. */
static const char *const index_types[] = {
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
};

struct platform {
	const char *os, *architecture;
};

struct descriptor {
	const char *media_type, *digest;
	uint64_t size;
	struct wabe_pairs annotations;
	struct platform *platform;
};

struct index {
	struct wabe_list manifests;
};

struct manifest {
	uint64_t version;
	struct descriptor config;
	struct wabe_list layers;
};

struct docker {
	const char *config;
	struct wabe_strv tags, layers;
};

struct rootfs {
	const char *type;
	struct wabe_strv diff_ids;
};

struct config {
	struct rootfs rootfs;
};

struct layout {
	const char *version;
};

#define ROW(key_, type_, struct_, field, ...)                                              \
	{                                                                                  \
		.key = (key_), .type = (type_), .offset = offsetof(struct struct_, field), \
		__VA_ARGS__                                                                \
	}

static const struct wabe_codec_field platform_fields[] = {
	ROW("os", WABE_CODEC_STRING, platform, os),
	ROW("architecture", WABE_CODEC_STRING, platform, architecture),
	{ 0 },
};

static const struct wabe_codec_field descriptor_fields[] = {
	ROW("mediaType", WABE_CODEC_STRING, descriptor, media_type),
	ROW("digest", WABE_CODEC_STRING, descriptor, digest, .flags = WABE_CODEC_REQUIRED),
	ROW("size", WABE_CODEC_U64, descriptor, size, .flags = WABE_CODEC_REQUIRED,
	    .max = INT64_MAX),
	ROW("annotations", WABE_CODEC_PAIRS, descriptor, annotations),
	ROW("platform", WABE_CODEC_POINTER, descriptor, platform, .sub = platform_fields,
	    .size = sizeof(struct platform)),
	{ 0 },
};

static const struct wabe_codec_field index_fields[] = {
	ROW("manifests", WABE_CODEC_LIST, index, manifests, .flags = WABE_CODEC_REQUIRED,
	    .sub = descriptor_fields, .size = sizeof(struct descriptor)),
	{ 0 },
};

static const struct wabe_codec_field manifest_fields[] = {
	ROW("schemaVersion", WABE_CODEC_U64, manifest, version, .flags = WABE_CODEC_REQUIRED,
	    .min = 2, .max = 2),
	ROW("config", WABE_CODEC_OBJECT, manifest, config, .flags = WABE_CODEC_REQUIRED,
	    .sub = descriptor_fields),
	ROW("layers", WABE_CODEC_LIST, manifest, layers, .flags = WABE_CODEC_REQUIRED,
	    .sub = descriptor_fields, .size = sizeof(struct descriptor)),
	{ 0 },
};

static const struct wabe_codec_field docker_fields[] = {
	ROW("Config", WABE_CODEC_STRING, docker, config, .flags = WABE_CODEC_REQUIRED),
	ROW("Layers", WABE_CODEC_STRV, docker, layers, .flags = WABE_CODEC_REQUIRED),
	{ 0 },
};

static const struct wabe_codec_field rootfs_fields[] = {
	ROW("type", WABE_CODEC_STRING, rootfs, type, .flags = WABE_CODEC_REQUIRED),
	ROW("diff_ids", WABE_CODEC_STRV, rootfs, diff_ids, .flags = WABE_CODEC_REQUIRED),
	{ 0 },
};

static const struct wabe_codec_field config_fields[] = {
	ROW("rootfs", WABE_CODEC_OBJECT, config, rootfs, .flags = WABE_CODEC_REQUIRED,
	    .sub = rootfs_fields),
	{ 0 },
};

static const struct wabe_codec_field layout_fields[] = {
	ROW("imageLayoutVersion", WABE_CODEC_STRING, layout, version, .flags = WABE_CODEC_REQUIRED),
	{ 0 },
};

/* Whatever is wrong with a document is the image's fault. */
static int refuse_code(struct wabe_error *err, int code, const char *what)
{
	if (code == -ENOMEM)
		return code;
	wabe_error_prefix(err, "the image is refused: %s", what);
	if (err)
		err->code = -EBADMSG;
	return -EBADMSG;
}

static int load(struct wabe_arena *arena, const char *what, const char *text, size_t len,
		const struct wabe_codec_field *fields, void *out, struct wabe_error *err)
{
	struct wabe_json *root;
	int r = wabe_json_parse(arena, what, text, len, &root, err);

	if (r == 0)
		r = wabe_codec_load(arena, fields, root, out, err);
	return r < 0 ? refuse_code(err, r, what) : 0;
}

static int refuse(struct wabe_error *err, const char *what, const char *why)
{
	return wabe_error_say(err, -EBADMSG, "the image is refused: %.200s: %s", what, why);
}

static int read_digest(const char *digest, char ret_hash[WABE_SHA256_HEX], struct wabe_error *err)
{
	const char *hash = digest + strlen(SHA256);

	if (!wabe_str_starts(digest, SHA256))
		return refuse(err, digest, "only digests of SHA-256 are taken");
	if (strlen(hash) != WABE_SHA256_HEX - 1 ||
	    strspn(hash, "0123456789abcdef") != WABE_SHA256_HEX - 1)
		return refuse(err, digest, "not a digest");
	memcpy(ret_hash, hash, WABE_SHA256_HEX);
	return 0;
}

static bool is_index(const struct descriptor *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(index_types); i++)
		if (wabe_str_equal(d->media_type, index_types[i]))
			return true;
	return false;
}

static int read_blob(const struct descriptor *d, struct vz_image_blob *ret_blob,
		     struct wabe_error *err)
{
	ret_blob->size_bytes = d->size;
	ret_blob->is_index = is_index(d);
	return read_digest(d->digest, ret_blob->hash, err);
}

static const char *tag_of(const struct descriptor *d)
{
	for (size_t i = 0; i < d->annotations.count; i++)
		if (strcmp(d->annotations.items[i].key, REF_NAME) == 0)
			return d->annotations.items[i].value;
	return NULL;
}

/* Attestations are listed as images for "unknown". */
static bool is_for(const struct descriptor *d, const char *arch)
{
	const struct platform *p = d->platform;

	return !p || ((!p->os || strcmp(p->os, "linux") == 0) &&
		      (!p->architecture || strcmp(p->architecture, arch) == 0));
}

static int none_fits(const struct descriptor *list, size_t count, const char *tag, const char *arch,
		     struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf tags = WABE_BUF_INIT;

	for (size_t i = 0; i < count && tags.len < 300; i++) {
		const char *has = tag_of(&list[i]);

		if (has && wabe_str_printable(has) && wabe_buf_printf(&tags, " %.80s", has) < 0)
			return wabe_error_set(err, -ENOMEM, "read the image");
	}
	return wabe_error_say(err, -ENOENT, "there is no image%s%s for linux/%s; tags:%s",
			      tag ? " with the tag " : "", tag ? tag : "", arch,
			      tags.data ? tags.data : " none");
}

int vz_image_index(struct wabe_arena *arena, const char *text, size_t len, const char *tag,
		   const char *arch, struct vz_image_blob *ret_blob, struct wabe_error *err)
{
	const struct descriptor *list, *found = NULL;
	struct vz_image_blob blob = { 0 };
	struct index index = { 0 };
	int r = load(arena, "index", text, len, index_fields, &index, err);

	if (r < 0)
		return r;
	list = index.manifests.items;
	for (size_t i = 0; i < index.manifests.count; i++) {
		if (!is_for(&list[i], arch) || (tag && !wabe_str_equal(tag_of(&list[i]), tag)))
			continue;
		if (found && strcmp(found->digest, list[i].digest) != 0)
			return wabe_error_say(err, -EMLINK,
					      "there are several images%s%s: the one that is meant "
					      "must be named by its tag",
					      tag ? " with the tag " : "", tag ? tag : "");
		found = &list[i];
	}
	if (!found)
		return none_fits(list, index.manifests.count, tag, arch, err);
	r = read_blob(found, &blob, err);
	if (r == 0)
		*ret_blob = blob;
	return r;
}

static int check_count(size_t count, struct wabe_error *err)
{
	if (count == 0)
		return refuse(err, "layers", "there are none");
	return count > VZ_IMAGE_LAYERS_MAX ? refuse(err, "layers", "too many") : 0;
}

int vz_image_manifest(struct wabe_arena *arena, const char *text, size_t len,
		      struct vz_image *ret_image, struct wabe_error *err)
{
	struct manifest manifest = { 0 };
	struct vz_image image = { 0 };
	int r = load(arena, "manifest", text, len, manifest_fields, &manifest, err);

	if (r == 0)
		r = check_count(manifest.layers.count, err);
	if (r == 0)
		r = read_blob(&manifest.config, &image.config, err);
	if (r < 0)
		return r;
	image.layer_count = manifest.layers.count;
	image.layers = wabe_arena_array(arena, image.layer_count, sizeof(*image.layers));
	if (!image.layers)
		return wabe_error_set(err, -ENOMEM, "read the manifest");
	for (size_t i = 0; r == 0 && i < image.layer_count; i++)
		r = read_blob((const struct descriptor *)manifest.layers.items + i,
			      &image.layers[i], err);
	if (r == 0)
		*ret_image = image;
	return r;
}

/* RepoTags may be null, which the tables take for a wrong type. */
static int read_tags(struct wabe_arena *arena, const struct wabe_json *image,
		     struct wabe_strv *tags, struct wabe_error *err)
{
	const struct wabe_json *list = wabe_json_member(image, "RepoTags");

	if (!list || list->type == WABE_JSON_NULL)
		return 0;
	if (list->type != WABE_JSON_ARRAY)
		return refuse(err, "manifest.json", "RepoTags is no list");
	for (const struct wabe_json *tag = list->first; tag; tag = tag->next) {
		if (tag->type != WABE_JSON_STRING)
			return refuse(err, "manifest.json", "a tag is no text");
		if (wabe_strv_add(tags, arena, tag->text) < 0)
			return wabe_error_set(err, -ENOMEM, "read manifest.json");
	}
	return 0;
}

static int read_docker(struct wabe_arena *arena, const struct wabe_json *json,
		       struct docker *ret_docker, struct wabe_error *err)
{
	struct docker docker = { 0 };
	int r = json->type == WABE_JSON_OBJECT ? 0 : -EINVAL;

	if (r < 0)
		return refuse(err, "manifest.json", "an image is no object");
	r = read_tags(arena, json, &docker.tags, err);
	if (r < 0)
		return r;
	r = wabe_codec_load(arena, docker_fields, json, &docker, err);
	if (r < 0)
		return refuse_code(err, r, "manifest.json");
	*ret_docker = docker;
	return 0;
}

/* "HASH.json", or in newer archives "blobs/sha256/HASH". */
static int read_config_path(const char *path, char ret_hash[WABE_SHA256_HEX],
			    struct wabe_error *err)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char digest[sizeof(SHA256) + WABE_SHA256_HEX];
	size_t len = strcspn(base, ".");

	if (base[len] && strcmp(base + len, ".json") != 0)
		return refuse(err, path, "the configuration is not named by its hash");
	if (len >= WABE_SHA256_HEX)
		return refuse(err, path, "the configuration is not named by its hash");
	snprintf(digest, sizeof(digest), SHA256 "%.*s", (int)len, base);
	return read_digest(digest, ret_hash, err);
}

static int make_docker(const struct docker *docker, struct vz_image *ret_image,
		       struct wabe_error *err)
{
	struct vz_image image = { .config_path = docker->config,
				  .layer_paths = docker->layers,
				  .layer_count = docker->layers.count };
	int r = check_count(image.layer_count, err);

	if (r == 0)
		r = read_config_path(docker->config, image.config.hash, err);
	if (r == 0)
		*ret_image = image;
	return r;
}

int vz_image_docker(struct wabe_arena *arena, const char *text, size_t len, const char *tag,
		    struct vz_image *ret_image, struct wabe_error *err)
{
	struct docker docker, found = { 0 };
	struct wabe_json *root;
	int r = wabe_json_parse(arena, "manifest.json", text, len, &root, err);

	if (r < 0)
		return refuse_code(err, r, "manifest.json");
	if (root->type != WABE_JSON_ARRAY)
		return refuse(err, "manifest.json", "not a list of images");
	for (const struct wabe_json *json = root->first; json; json = json->next) {
		r = read_docker(arena, json, &docker, err);
		if (r < 0)
			return r;
		if (tag && !wabe_strv_has(&docker.tags, tag))
			continue;
		if (found.config)
			return wabe_error_say(
				err, -EMLINK,
				"there are several images: the one that is meant must "
				"be named by its tag");
		found = docker;
	}
	if (!found.config)
		return wabe_error_say(err, -ENOENT, "there is no image%s%s in the archive",
				      tag ? " with the tag " : "", tag ? tag : "");
	return make_docker(&found, ret_image, err);
}

int vz_image_config(struct wabe_arena *arena, const char *text, size_t len, size_t count,
		    char (**ret_hashes)[WABE_SHA256_HEX], struct wabe_error *err)
{
	char(*hashes)[WABE_SHA256_HEX];
	struct config config = { 0 };
	int r = load(arena, "configuration", text, len, config_fields, &config, err);

	if (r < 0)
		return r;
	if (config.rootfs.diff_ids.count != count)
		return refuse(err, "configuration", "it names another number of layers");
	hashes = wabe_arena_array(arena, count, sizeof(*hashes));
	if (!hashes)
		return wabe_error_set(err, -ENOMEM, "read the configuration");
	for (size_t i = 0; r == 0 && i < count; i++)
		r = read_digest(config.rootfs.diff_ids.items[i], hashes[i], err);
	if (r == 0)
		*ret_hashes = hashes;
	return r;
}

int vz_image_layout(struct wabe_arena *arena, const char *text, size_t len, struct wabe_error *err)
{
	struct layout layout = { 0 };
	int r = load(arena, "oci-layout", text, len, layout_fields, &layout, err);

	if (r < 0)
		return r;
	if (!wabe_str_starts(layout.version, "1."))
		return refuse(err, "oci-layout", "not version 1 of the layout");
	return 0;
}
