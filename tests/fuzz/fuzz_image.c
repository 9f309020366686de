// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes tmpl/image with the documents of container images. The first byte says which: i index, m
 * manifest, d manifest.json of `docker save`, c configuration, l oci-layout. What is accepted has
 * hashes that can be names of files, and at most so many layers.
 */
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "tmpl/image.h"

static void check_hash(const char *hash)
{
	FUZZ_CHECK(strlen(hash) == WABE_SHA256_HEX - 1);
	FUZZ_CHECK(strspn(hash, "0123456789abcdef") == WABE_SHA256_HEX - 1);
}

static void check_image(const struct vz_image *image)
{
	check_hash(image->config.hash);
	FUZZ_CHECK(image->layer_count > 0 && image->layer_count <= VZ_IMAGE_LAYERS_MAX);
	for (size_t i = 0; i < image->layer_count; i++) {
		if (image->layers)
			check_hash(image->layers[i].hash);
		else
			FUZZ_CHECK(image->layer_paths.items[i] != NULL);
	}
}

static void try_index(struct wabe_arena *arena, const char *text, size_t len)
{
	static const char *const tags[] = { NULL, "latest" };
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_image_blob blob;

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (vz_image_index(arena, text, len, tags[i], "amd64", &blob, &err) == 0)
			check_hash(blob.hash);
}

static void try_config(struct wabe_arena *arena, const char *text, size_t len)
{
	struct wabe_error err = WABE_ERROR_INIT;
	char(*hashes)[WABE_SHA256_HEX];

	for (size_t count = 1; count < 3; count++)
		if (vz_image_config(arena, text, len, count, &hashes, &err) == 0)
			for (size_t i = 0; i < count; i++)
				check_hash(hashes[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const char *text = (const char *)data + 1;
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_image image;

	if (size == 0)
		return 0;
	size--;
	if (data[0] == 'i')
		try_index(&arena, text, size);
	else if ((data[0] == 'm' && vz_image_manifest(&arena, text, size, &image, &err) == 0) ||
		 (data[0] == 'd' && vz_image_docker(&arena, text, size, NULL, &image, &err) == 0))
		check_image(&image);
	else if (data[0] == 'c')
		try_config(&arena, text, size);
	else if (data[0] == 'l')
		(void)vz_image_layout(&arena, text, size, &err);
	return 0;
}
