/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpl/image: the JSON of container images: index, manifest and configuration of an OCI image
 * (image-spec), manifest.json of `docker save`. Texts to structs, no files.
 *
 * Strict where it counts: digests are SHA-256, sizes are bounded, names of files have one spelling
 * and stay in the image. Keys that nobody here needs are ignored, as the specification demands.
 */
#ifndef VZ_TMPL_IMAGE_H
#define VZ_TMPL_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/str.h"

#define VZ_IMAGE_JSON_MAX (4u << 20) /* of each document */
#define VZ_IMAGE_LAYERS_MAX 512	     /* overlayfs ends at 500, Docker at 127 */

/** A part of an image, named by its hash (image-spec, descriptor.md). */
struct vz_image_blob {
	char hash[WABE_SHA256_HEX]; /* SHA-256, 64 digits */
	uint64_t size_bytes;
	bool is_index; /* of several images; a descriptor in an index may lead to another one */
};

/**
 * vz_image_index() - choose an image of index.json: the one that has the tag, else the only one, of
 * those for this machine.
 * @tag: org.opencontainers.image.ref.name, NULL: any
 * @arch: Go's name of the architecture
 * -EBADMSG: not an index, or hostile; -ENOENT: none of them fits, the error has the tags; -EMLINK:
 * several do.
 */
int vz_image_index(struct wabe_arena *arena, const char *text, size_t len, const char *tag,
		   const char *arch, struct vz_image_blob *ret_blob, struct wabe_error *err);

/** An image: what it is made of, the lowest layer first. */
struct vz_image {
	struct vz_image_blob config;
	const char *config_path; /* of `docker save`: the file of the configuration */
	struct vz_image_blob *layers;
	struct wabe_strv layer_paths; /* of `docker save` instead of .layers */
	size_t layer_count;
};

/** vz_image_manifest() - an OCI (or Docker, schema 2) manifest. -EBADMSG. */
int vz_image_manifest(struct wabe_arena *arena, const char *text, size_t len,
		      struct vz_image *ret_image, struct wabe_error *err);

/**
 * vz_image_docker() - manifest.json of `docker save`: the image that has the tag ("NAME:TAG"), else
 * the only one. .layers is NULL. Errors as vz_image_index().
 */
int vz_image_docker(struct wabe_arena *arena, const char *text, size_t len, const char *tag,
		    struct vz_image *ret_image, struct wabe_error *err);

/**
 * vz_image_config() - the hashes that the uncompressed layers must have, by the configuration.
 * @hashes: SHA-256 of @count layers, in @arena; @count must be theirs, or -EBADMSG
 */
int vz_image_config(struct wabe_arena *arena, const char *text, size_t len, size_t count,
		    char (**ret_hashes)[WABE_SHA256_HEX], struct wabe_error *err);

/** vz_image_layout() - the file "oci-layout": is the layout of version 1? -EBADMSG. */
int vz_image_layout(struct wabe_arena *arena, const char *text, size_t len, struct wabe_error *err);

#endif
