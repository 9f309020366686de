// SPDX-License-Identifier: GPL-2.0-or-later
/* tests/unit/test_parse: sizes, as runc's update takes them, and what they can't be. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

#include "base/parse.h"
#include "tap.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)
#define TIB (GIB * 1024)
#define PIB (TIB * 1024)

static const struct row {
	const char *text;
	uint64_t bytes;
	int result;
} rows[] = {
	{ "0", 0, 0 },
	{ "33554432", 33554432, 0 },
	{ "7b", 7, 0 },
	{ "7B", 7, 0 },
	{ "64k", 64 * KIB, 0 },
	{ "64m", 64 * MIB, 0 },
	{ "64M", 64 * MIB, 0 },
	{ "64mb", 64 * MIB, 0 },
	{ "64MB", 64 * MIB, 0 },
	{ "64MiB", 64 * MIB, 0 },
	{ "64mIb", 64 * MIB, 0 },
	{ "1.5G", GIB + GIB / 2, 0 },
	{ "1.5GiB", GIB + GIB / 2, 0 },
	{ "0.25t", TIB / 4, 0 },
	{ "1.50k", 1536, 0 },
	{ "0.001k", 1, 0 },
	{ "0.0009k", 0, 0 },
	{ "0.1p", 112589990684262, 0 },
	{ "1.999999999999999p", 2 * PIB - 2, 0 },
	{ "16383p", 16383 * PIB, 0 },
	{ "18446744073709551615", UINT64_MAX, 0 },
	{ "16384p", 0, -ERANGE },
	{ "18446744073709551616", 0, -ERANGE },
	{ "", 0, -EINVAL },
	{ "b", 0, -EINVAL },
	{ "k", 0, -EINVAL },
	{ ".5G", 0, -EINVAL },
	{ "1.G", 0, -EINVAL },
	{ "1.5", 0, -EINVAL },
	{ "1.5b", 0, -EINVAL },
	{ "1.5.5G", 0, -EINVAL },
	{ "1.1234567890123456G", 0, -EINVAL },
	{ "1.99999999999999999999999G", 0, -EINVAL },
	{ "1,5G", 0, -EINVAL },
	{ "1e6", 0, -EINVAL },
	{ "64i", 0, -EINVAL },
	{ "64ib", 0, -EINVAL },
	{ "64mi", 0, -EINVAL },
	{ "64mbb", 0, -EINVAL },
	{ "64mibx", 0, -EINVAL },
	{ "64x", 0, -EINVAL },
	{ "64 m", 0, -EINVAL },
	{ " 64m", 0, -EINVAL },
	{ "64m ", 0, -EINVAL },
	{ "-1", 0, -EINVAL },
	{ "+1", 0, -EINVAL },
	{ "-1.5G", 0, -EINVAL },
	{ "0x10", 0, -EINVAL },
};

int main(void)
{
	struct tap t = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t bytes = 77;
		int r = wabe_parse_size(rows[i].text, &bytes);

		tap_ok(&t, r == rows[i].result && bytes == (r == 0 ? rows[i].bytes : 77),
		       "\"%s\": %d, %" PRIu64, rows[i].text, r, bytes);
	}
	return tap_end(&t);
}
