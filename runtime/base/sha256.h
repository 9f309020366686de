/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/sha256: SHA-256 of FIPS 180-4, for names and checks of content.
 */
#ifndef WABE_BASE_SHA256_H
#define WABE_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define WABE_SHA256_HEX 65 /* 64 digits and the NUL */

struct wabe_sha256 {
	uint32_t state[8];
	uint64_t bytes; /* so far */
	unsigned char block[64];
};

/** wabe_sha256_begin(), wabe_sha256_add() - any number of calls, of any length. */
void wabe_sha256_begin(struct wabe_sha256 *s);
void wabe_sha256_add(struct wabe_sha256 *s, const void *data, size_t len);

/** wabe_sha256_end() - the digest in lower case; @s is used up. */
void wabe_sha256_end(struct wabe_sha256 *s, char ret_hex[WABE_SHA256_HEX]);

#endif
