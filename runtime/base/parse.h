/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/parse: the strict parsers for numbers, sizes, durations and id maps.
 *
 * Strict: empty input, leading blanks, a sign where none belongs, trailing bytes and overflow are errors.
 * All return 0, -EINVAL (not of the form) or -ERANGE (out of range); *ret_value is written only on success.
 */
#ifndef WABE_BASE_PARSE_H
#define WABE_BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/** wabe_parse_u64(), wabe_parse_i64() - decimal digits; i64 with an optional '-'. @min..@max are inclusive. */
int wabe_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret_value);
int wabe_parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret_value);

/** wabe_parse_u32(), wabe_parse_int() - as above for these types, over their whole range (int: from 0 up). */
int wabe_parse_u32(const char *s, uint32_t *ret_value);
int wabe_parse_int(const char *s, int min, int max, int *ret_value);

/** wabe_parse_octal() - an octal mode, "755" or "0755", 0..07777. */
int wabe_parse_octal(const char *s, uint32_t *ret_mode);

/**
 * wabe_parse_list() - a set of numbers in the kernel's list format, "0-3,7" (cpuset(7)), each up to @max.
 * @bits: WABE_LIST_LONGS(@max) long; zeroed, then a bit a number
 */
#define WABE_LIST_LONGS(max) ((max) / (8 * sizeof(unsigned long)) + 1)
int wabe_parse_list(const char *s, unsigned int max, unsigned long *bits);

/** wabe_parse_bool() - what Go's strconv.ParseBool() takes: 1 t T true True TRUE, 0 f F false False FALSE. */
int wabe_parse_bool(const char *s, bool *ret_value);

/**
 * wabe_parse_size() - bytes, as runc reads them (go-units, RAMInBytes()): 1024-based units K M G T P(eta) in either case, "B" or
 * "iB" behind, of them also a part, as in "1.5G" (up to 15 digits; cut to whole bytes). No sign, no blank, no exponent.
 */
int wabe_parse_size(const char *s, uint64_t *ret_bytes);

/** wabe_parse_ctid() - a container id of vzctl: 1..2147483644 (the upper bound is the patched kernel's too). */
int wabe_parse_ctid(const char *s, uint32_t *ret_ctid);

struct wabe_idmap {
	uint32_t inside_id;
	uint32_t outside_id;
	uint32_t count;
};

/** wabe_parse_idmap() - "INSIDE:OUTSIDE:COUNT", count >= 1, no overflow of either end (user_namespaces(7)). */
int wabe_parse_idmap(const char *s, struct wabe_idmap *ret_map);

/** wabe_parse_id() - a container id of the OCI runtime: 1..255 of [A-Za-z0-9_+.-], not "." or "..". 0 or -EINVAL. */
int wabe_parse_id(const char *s);

/** wabe_parse_signal() - "9", "KILL", "SIGKILL", "sigkill", "RTMIN+3", "SIGRTMAX-1" (signal(7)) to a number 1..64. */
int wabe_parse_signal(const char *s, int *ret_signal);

#endif
