// SPDX-License-Identifier: GPL-2.0-or-later
/* base/sha256: SHA-256; see sha256.h. Names as in FIPS 180-4, section 6.2. */
#include "base/sha256.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

/* Section 4.2.2: of the cube roots of the first 64 primes. */
static const uint32_t k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotr(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static void schedule(const unsigned char block[64], uint32_t w[64])
{
	for (unsigned int t = 0; t < 16; t++) {
		memcpy(&w[t], block + 4 * (size_t)t, 4);
		w[t] = be32toh(w[t]);
	}
	for (unsigned int t = 16; t < 64; t++) {
		uint32_t s0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
		uint32_t s1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10;

		w[t] = w[t - 16] + s0 + w[t - 7] + s1;
	}
}

static void compress(uint32_t h[8], const unsigned char block[64])
{
	uint32_t w[64], v[8];

	schedule(block, w);
	memcpy(v, h, sizeof(v));
	for (unsigned int t = 0; t < 64; t++) {
		uint32_t s1 = rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25);
		uint32_t s0 = rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22);
		uint32_t ch = (v[4] & v[5]) ^ (~v[4] & v[6]);
		uint32_t maj = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
		uint32_t t1 = v[7] + s1 + ch + k[t] + w[t];

		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + s0 + maj;
	}
	for (unsigned int i = 0; i < 8; i++)
		h[i] += v[i];
}

void wabe_sha256_begin(struct wabe_sha256 *s)
{
	/* Section 5.3.3: of the square roots of the first 8 primes. */
	*s = (struct wabe_sha256){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

void wabe_sha256_add(struct wabe_sha256 *s, const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t used = s->bytes % sizeof(s->block);

	s->bytes += len;
	while (len > 0) {
		size_t part = sizeof(s->block) - used < len ? sizeof(s->block) - used : len;

		if (part == sizeof(s->block)) {
			compress(s->state, p);
		} else {
			memcpy(s->block + used, p, part);
			if (used + part == sizeof(s->block))
				compress(s->state, s->block);
		}
		used = (used + part) % sizeof(s->block);
		p += part;
		len -= part;
	}
}

void wabe_sha256_end(struct wabe_sha256 *s, char ret_hex[WABE_SHA256_HEX])
{
	static const unsigned char padding[64] = { 0x80 };
	const uint64_t bits = htobe64(s->bytes * 8);
	const size_t used = s->bytes % 64;

	wabe_sha256_add(s, padding, (used < 56 ? 56 : 120) - used);
	wabe_sha256_add(s, &bits, sizeof(bits));
	for (unsigned int i = 0; i < 8; i++)
		snprintf(ret_hex + 8 * (size_t)i, 9, "%08x", s->state[i]);
}
