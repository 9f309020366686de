/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpl/unpack: a tar into a directory, in a box. vz_template_import() without the store.
 */
#ifndef VZ_TMPL_UNPACK_H
#define VZ_TMPL_UNPACK_H

#include "tmpl/archive.h"
#include "tmpl/box.h"

/**
 * vz_unpack() - @archive_fd into the empty directory @root_fd. On failure the directory holds a
 * part of it. Errors as vz_template_import().
 */
int vz_unpack(int root_fd, int archive_fd, const struct vz_template_watch *watch,
	      struct vz_box_report *ret_counts, struct wabe_error *err);

/** A layer of an image. */
struct vz_layer {
	int fd;		  /* of a regular file, from its beginning */
	const char *hash; /* SHA-256 that it must have, 64 digits */
	bool is_plain;	  /* @hash is of the archive without its compression */
	const char *verb; /* of the progress text: "layer 1/4" */
};

/**
 * vz_unpack_layer() - a layer over those before, in @root_fd (image-spec, layer.md): first its hash
 * is compared, then its whiteouts remove what lower layers have, then its entries are unpacked, one
 * of another kind in the place of what was there. Errors as vz_template_import().
 */
int vz_unpack_layer(int root_fd, const struct vz_layer *layer,
		    const struct vz_template_watch *watch, struct vz_box_report *ret_counts,
		    struct wabe_error *err);

/** The work in the box, of unpack.c and layer.c. */
struct vz_unpack {
	struct vz_archive lib;
	struct vz_box *box;
	const struct vz_layer *layer; /* NULL: an archive of its own */
	struct archive *in, *out;
	uint64_t bytes_max, files_max;
	struct wabe_error *err;
};

/** vz_unpack_open() - the archive, from its beginning, as a tar or as it is (@is_raw). */
int vz_unpack_open(struct vz_unpack *u, bool is_raw);
void vz_unpack_close(struct vz_unpack *u);

/** vz_unpack_fail() - what libarchive says about the archive. */
int vz_unpack_fail(const struct vz_unpack *u);

/** vz_unpack_no_room() - it is larger than what may be used here. */
int vz_unpack_no_room(const struct vz_unpack *u);

/** vz_unpack_read() - the content of the current entry to @take, counted against the room. */
int vz_unpack_read(const struct vz_unpack *u,
		   int (*take)(void *data, const void *bytes, size_t size, int64_t offset),
		   void *data);

/** vz_layer_verify(), vz_layer_whiteouts() - the two walks over a layer before it is unpacked. */
int vz_layer_verify(struct vz_unpack *u);
int vz_layer_whiteouts(struct vz_unpack *u);

/** vz_layer_is_whiteout() - is the entry a whiteout, which is no file? */
bool vz_layer_is_whiteout(const char *name);

#endif
