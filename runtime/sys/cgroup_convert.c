// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: numbers of cgroup v1 in those of v2 and back; see cgroup.h.
 *
 * Arithmetic of its own instead of libm's log2 and pow: loading that library costs the command five
 * system calls a start.
 */
#include "sys/cgroup.h"

#include "base/range.h"

static uint64_t clamp(uint64_t value, uint64_t min, uint64_t max)
{
	return value < min ? min : value > max ? max : value;
}

/* The whole part is the highest bit; the fraction's 40 digits come by repeated squaring. */
static double log2_of(uint64_t n)
{
	int whole = 63 - __builtin_clzll(n);
	double x = (double)n / (double)(1ULL << whole), fraction = 0, bit = 0.5;

	for (int i = 0; i < 40; i++) {
		x *= x;
		if (x >= 2) {
			x /= 2;
			fraction += bit;
		}
		bit /= 2;
	}
	return whole + fraction;
}

/*
 * 10^x for x >= 0: whole powers, and the series of e^(f ln 10) for the rest (f < 1: 30 terms are
 * below 1e-18).
 */
static double power_of_10(double x)
{
	const double ln_10 = 2.302585092994045684;
	double whole = 1, term = 1, sum = 1;

	while (x >= 1) {
		whole *= 10;
		x -= 1;
	}
	for (int i = 1; i < 30; i++) {
		term *= x * ln_10 / i;
		sum += term;
	}
	return whole * sum;
}

uint64_t wabe_cgroup_shares_to_weight(uint64_t shares)
{
	double l, value, exponent;
	uint64_t weight;

	if (shares == 0)
		return 0;
	shares = clamp(shares, WABE_CPU_SHARES_MIN, WABE_CPU_SHARES_MAX);
	l = log2_of(shares);
	exponent = (l * l + 125 * l) / 612 - 7.0 / 34;
	value = power_of_10(exponent < 0 ? 0 : exponent);
	weight = (uint64_t)value;
	/*
	 * Rounded up; the margin is for the three values that are whole: 2 -> 1, 1024 -> 100,
	 * 262144 -> 10000.
	 */
	if (value - (double)weight > 1e-6)
		weight++;
	return clamp(weight, WABE_CPU_WEIGHT_MIN, WABE_CPU_WEIGHT_MAX);
}

uint64_t wabe_cgroup_weight_to_shares(uint64_t weight)
{
	uint64_t low = WABE_CPU_SHARES_MIN, high = WABE_CPU_SHARES_MAX;

	if (weight == 0)
		return 0;
	/*
	 * The largest shares that do not give more: so the defaults and the ends are each other's
	 * images.
	 */
	while (low < high) {
		uint64_t middle = (low + high + 1) / 2;

		if (wabe_cgroup_shares_to_weight(middle) <= weight)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

uint64_t wabe_cgroup_blkio_to_io_weight(uint64_t blkio_weight)
{
	if (blkio_weight == 0)
		return 0;
	return WABE_CPU_WEIGHT_MIN +
	       (clamp(blkio_weight, WABE_BLKIO_WEIGHT_MIN, WABE_BLKIO_WEIGHT_MAX) -
		WABE_BLKIO_WEIGHT_MIN) *
		       (WABE_CPU_WEIGHT_MAX - WABE_CPU_WEIGHT_MIN) /
		       (WABE_BLKIO_WEIGHT_MAX - WABE_BLKIO_WEIGHT_MIN);
}

uint64_t wabe_cgroup_io_to_blkio_weight(uint64_t io_weight)
{
	uint64_t span = WABE_CPU_WEIGHT_MAX - WABE_CPU_WEIGHT_MIN;

	if (io_weight == 0)
		return 0;
	/* Rounded up, as the other direction rounds down: a blkio weight comes back as it was. */
	return WABE_BLKIO_WEIGHT_MIN +
	       ((clamp(io_weight, WABE_CPU_WEIGHT_MIN, WABE_CPU_WEIGHT_MAX) - WABE_CPU_WEIGHT_MIN) *
			(WABE_BLKIO_WEIGHT_MAX - WABE_BLKIO_WEIGHT_MIN) +
		span - 1) /
		       span;
}
