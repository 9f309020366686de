// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/image: documents of container images, good and bad. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "tap.h"
#include "tmpl/image.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"

/* A descriptor with something behind. */
#define D(hash, more) "{\"digest\":\"sha256:" hash "\",\"size\":5" more "}"
#define TAG(tag) ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" tag "\"}"
#define FOR(os, arch) ",\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\"}"
#define INDEX(list) "{\"schemaVersion\":2,\"manifests\":[" list "]}"

static const struct {
	const char *name, *text, *tag;
	int want;
	const char *hash; /* or a part of the error */
} indexes[] = {
	{ "one image", INDEX(D(A, "")), NULL, 0, A },
	{ "one image with a tag that nobody asked for", INDEX(D(A, TAG("x"))), NULL, 0, A },
	{ "by tag", INDEX(D(A, TAG("x")) "," D(B, TAG("y"))), "y", 0, B },
	{ "the same image twice", INDEX(D(A, TAG("x")) "," D(A, TAG("y"))), NULL, 0, A },
	{ "by machine", INDEX(D(A, FOR("linux", "vax")) "," D(B, FOR("linux", "amd64"))), NULL, 0,
	  B },
	{ "another system", INDEX(D(A, FOR("windows", "amd64"))), NULL, -ENOENT, "no image" },
	{ "several", INDEX(D(A, TAG("x")) "," D(B, TAG("y"))), NULL, -EMLINK, "several" },
	{ "several of a tag", INDEX(D(A, TAG("x")) "," D(B, TAG("x"))), "x", -EMLINK, "tag x" },
	{ "no such tag", INDEX(D(A, TAG("x")) "," D(B, TAG("y"))), "z", -ENOENT, "tags: x y" },
	{ "tags that draw on a terminal", INDEX(D(A, TAG("\\u001b[2J"))), "z", -ENOENT, "none" },
	{ "none", INDEX(""), NULL, -ENOENT, "no image" },
	{ "no list", "{\"schemaVersion\":2}", NULL, -EBADMSG, "manifests" },
	{ "a list", "[]", NULL, -EBADMSG, "refused" },
	{ "nothing", "", NULL, -EBADMSG, "refused" },
	{ "half", "{\"manifests\":[", NULL, -EBADMSG, "refused" },
	{ "twice", "{\"manifests\":[],\"manifests\":[]}", NULL, -EBADMSG, "refused" },
	{ "no digest", INDEX("{\"size\":1}"), NULL, -EBADMSG, "digest" },
	{ "a negative size", INDEX("{\"digest\":\"sha256:" A "\",\"size\":-1}"), NULL, -EBADMSG,
	  "size" },
	{ "another hash", INDEX("{\"digest\":\"sha512:" A A "\",\"size\":1}"), NULL, -EBADMSG,
	  "SHA-256" },
	{ "a short hash", INDEX("{\"digest\":\"sha256:abc\",\"size\":1}"), NULL, -EBADMSG,
	  "not a digest" },
	{ "a long hash", INDEX(D(A "a", "")), NULL, -EBADMSG, "not a digest" },
	{ "capitals", INDEX("{\"digest\":\"sha256:AA" A "\",\"size\":1}"), NULL, -EBADMSG,
	  "not a digest" },
	{ "a path", INDEX("{\"digest\":\"sha256:../../../etc/shadow\",\"size\":1}"), NULL, -EBADMSG,
	  "not a digest" },
};

static void test_indexes(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(indexes); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct wabe_error err = WABE_ERROR_INIT;
		struct vz_image_blob blob = { 0 };
		const char *text = indexes[i].text;
		int r = vz_image_index(&arena, text, strlen(text), indexes[i].tag, "amd64", &blob,
				       &err);

		if (!tap_int(t, r, indexes[i].want, "index: %s", indexes[i].name))
			continue;
		if (r == 0)
			tap_str(t, blob.hash, indexes[i].hash, "index: %s: hash", indexes[i].name);
		else
			tap_has(t, err.text, indexes[i].hash, "index: %s: error", indexes[i].name);
	}
}

static void test_nested(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const char text[] = INDEX(D(A, ",\"mediaType\":\"" INDEX_TYPE "\""));
	struct vz_image_blob blob = { 0 };
	int r = vz_image_index(&arena, text, strlen(text), NULL, "amd64", &blob, NULL);

	tap_ok(t, r == 0 && blob.is_index && blob.size_bytes == 5, "an index in an index");
}

static const struct {
	const char *name, *text;
	int want;
	size_t layers;
} manifests[] = {
	{ "two layers",
	  "{\"schemaVersion\":2,\"config\":" D(A, "") ",\"layers\":[" D(A, "") "," D(B, "") "]}", 0,
	  2 },
	{ "no layers", "{\"schemaVersion\":2,\"config\":" D(A, "") ",\"layers\":[]}", -EBADMSG, 0 },
	{ "no configuration", "{\"schemaVersion\":2,\"layers\":[" D(A, "") "]}", -EBADMSG, 0 },
	{ "schema 1", "{\"schemaVersion\":1,\"config\":" D(A, "") ",\"layers\":[" D(A, "") "]}",
	  -EBADMSG, 0 },
	{ "a layer without a hash",
	  "{\"schemaVersion\":2,\"config\":" D(A, "") ",\"layers\":[{\"size\":1}]}", -EBADMSG, 0 },
	{ "layers that are none", "{\"schemaVersion\":2,\"config\":" D(A, "") ",\"layers\":\"x\"}",
	  -EBADMSG, 0 },
};

static void test_manifests(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(manifests); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		const char *text = manifests[i].text;
		struct vz_image image = { 0 };
		int r = vz_image_manifest(&arena, text, strlen(text), &image, NULL);

		tap_int(t, r, manifests[i].want, "manifest: %s", manifests[i].name);
		tap_int(t, (long long)image.layer_count, (long long)manifests[i].layers,
			"manifest: %s: layers", manifests[i].name);
	}
}

static const struct {
	const char *name, *text, *tag;
	int want;
	const char *path; /* of the first layer */
} dockers[] = {
	{ "one image", "[{\"Config\":\"" A ".json\",\"RepoTags\":[\"a:b\"],\"Layers\":[\"x\"]}]",
	  NULL, 0, "x" },
	{ "the newer form",
	  "[{\"Config\":\"blobs/sha256/" A "\",\"RepoTags\":null,\"Layers\":[\"x\",\"y\"]}]", NULL,
	  0, "x" },
	{ "by tag",
	  "[{\"Config\":\"" A "\",\"RepoTags\":[\"a:b\"],\"Layers\":[\"x\"]},"
	  "{\"Config\":\"" B "\",\"RepoTags\":[\"c:d\",\"e:f\"],\"Layers\":[\"y\"]}]",
	  "e:f", 0, "y" },
	{ "several",
	  "[{\"Config\":\"" A "\",\"Layers\":[\"x\"]},{\"Config\":\"" B "\",\"Layers\":[\"y\"]}]",
	  NULL, -EMLINK, NULL },
	{ "no such tag", "[{\"Config\":\"" A "\",\"Layers\":[\"x\"]}]", "a:b", -ENOENT, NULL },
	{ "none", "[]", NULL, -ENOENT, NULL },
	{ "an object", "{}", NULL, -EBADMSG, NULL },
	{ "no objects", "[1]", NULL, -EBADMSG, NULL },
	{ "no layers", "[{\"Config\":\"" A "\",\"Layers\":[]}]", NULL, -EBADMSG, NULL },
	{ "a configuration without a hash", "[{\"Config\":\"config.json\",\"Layers\":[\"x\"]}]",
	  NULL, -EBADMSG, NULL },
	{ "another suffix", "[{\"Config\":\"" A ".txt\",\"Layers\":[\"x\"]}]", NULL, -EBADMSG,
	  NULL },
	{ "a longer hash", "[{\"Config\":\"" A "a.json\",\"Layers\":[\"x\"]}]", NULL, -EBADMSG,
	  NULL },
	{ "tags that are none", "[{\"Config\":\"" A "\",\"RepoTags\":[1],\"Layers\":[\"x\"]}]",
	  NULL, -EBADMSG, NULL },
};

static void test_dockers(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(dockers); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		const char *text = dockers[i].text;
		struct vz_image image = { 0 };
		int r = vz_image_docker(&arena, text, strlen(text), dockers[i].tag, &image, NULL);

		if (tap_int(t, r, dockers[i].want, "docker: %s", dockers[i].name) && r == 0)
			tap_str(t, image.layer_paths.items[0], dockers[i].path, "docker: %s: layer",
				dockers[i].name);
	}
}

static void test_configs(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const char good[] = "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" A
			    "\",\"sha256:" B "\"]}}";
	const char bad[] = "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"md5:1\"]}}";
	char(*hashes)[WABE_SHA256_HEX] = NULL;

	if (tap_int(t, vz_image_config(&arena, good, strlen(good), 2, &hashes, NULL), 0,
		    "configuration"))
		tap_str(t, hashes[1], B, "its second hash");
	tap_int(t, vz_image_config(&arena, good, strlen(good), 3, &hashes, NULL), -EBADMSG,
		"another number of layers");
	tap_int(t, vz_image_config(&arena, bad, strlen(bad), 1, &hashes, NULL), -EBADMSG,
		"another kind of hash");
	tap_int(t, vz_image_layout(&arena, "{\"imageLayoutVersion\":\"1.0.0\"}", 30, NULL), 0,
		"layout 1");
	tap_int(t, vz_image_layout(&arena, "{\"imageLayoutVersion\":\"2.0.0\"}", 30, NULL),
		-EBADMSG, "layout 2");
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_indexes(&t);
	test_nested(&t);
	test_manifests(&t);
	test_dockers(&t);
	test_configs(&t);
	return tap_end(&t);
}
