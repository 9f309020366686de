// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/capability: the capability sets of the calling thread, see the header. The only user of
 * libcap.
 */
#include "sys/capability.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/prctl.h>

#include "base/cleanup.h"

static void release_cap(cap_t *cap)
{
	if (*cap)
		cap_free(*cap);
	*cap = NULL;
}

unsigned int wabe_capability_last(void)
{
	/* libcap asked the kernel when the program was loaded; zero would mean that it couldn't. */
	int bits = cap_max_bits();

	return bits > 0 ? (unsigned int)bits - 1 : CAP_LAST_CAP;
}

uint64_t wabe_capability_known(void)
{
	unsigned int last = wabe_capability_last();

	return last >= 63 ? UINT64_MAX : (UINT64_C(1) << (last + 1)) - 1;
}

int wabe_capability_bound(uint64_t keep, struct wabe_error *err)
{
	/* Dropping what is dropped already is harmless and needs as many calls as asking. */
	for (unsigned int cap = 0; cap <= wabe_capability_last(); cap++)
		if (!(keep >> cap & 1) && cap_drop_bound((cap_value_t)cap) < 0)
			return wabe_error_set(err, -errno,
					      "drop capability %u from the bounding set", cap);
	return 0;
}

/* Is each bit of @part in @whole? Says which isn't. */
static int check_within(uint64_t part, uint64_t whole, const char *what, struct wabe_error *err)
{
	uint64_t extra = part & ~whole;

	if (!extra)
		return 0;
	return wabe_error_say(err, -EINVAL, "capability %d is %s", __builtin_ctzll(extra), what);
}

/* By capget(2) and capset(2) themselves: half the system calls of libcap's. */
static int read_process(struct wabe_capability_sets *ret_sets, struct wabe_error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct low_high[_LINUX_CAPABILITY_U32S_3];

	if (capget(&header, low_high) < 0)
		return wabe_error_set(err, -errno, "read capabilities");
	ret_sets->permitted = low_high[0].permitted | (uint64_t)low_high[1].permitted << 32;
	ret_sets->effective = low_high[0].effective | (uint64_t)low_high[1].effective << 32;
	ret_sets->inheritable = low_high[0].inheritable | (uint64_t)low_high[1].inheritable << 32;
	return 0;
}

int wabe_capability_held(uint64_t *ret_permitted, struct wabe_error *err)
{
	struct wabe_capability_sets sets = { 0 };
	int r = read_process(&sets, err);

	if (r == 0)
		*ret_permitted = sets.permitted;
	return r;
}

static int set_process(uint64_t permitted, uint64_t effective, uint64_t inheritable,
		       struct wabe_error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct low_high[_LINUX_CAPABILITY_U32S_3] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(inheritable >> 32) },
	};

	return capset(&header, low_high) < 0 ? wabe_error_set(err, -errno, "set capabilities") : 0;
}

static int set_ambient(uint64_t ambient, struct wabe_error *err)
{
	/* Not cap_reset_ambient(): it asks for each capability first, 41 calls. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return wabe_error_set(err, -errno, "clear ambient capabilities");
	for (uint64_t mask = ambient; mask; mask &= mask - 1) {
		int cap = __builtin_ctzll(mask);

		if (cap_set_ambient(cap, CAP_SET) < 0)
			return wabe_error_set(err, -errno, "raise ambient capability %d", cap);
	}
	return 0;
}

static int set_granted(const struct wabe_capability_sets *sets, uint64_t can,
		       struct wabe_error *err)
{
	return set_process(sets->permitted & can, sets->effective & can, sets->inheritable & can,
			   err);
}

int wabe_capability_set(const struct wabe_capability_sets *sets, struct wabe_error *err)
{
	uint64_t can = wabe_capability_known();
	int r;

	r = check_within(sets->effective, sets->permitted, "effective but not permitted", err);
	if (r == 0)
		r = check_within(sets->ambient, sets->permitted, "ambient but not permitted", err);
	if (r == 0)
		r = check_within(sets->ambient, sets->inheritable, "ambient but not inheritable",
				 err);
	if (r < 0)
		return r;
	r = set_granted(sets, can, err);
	/* Permitted never grows (capabilities(7)): who holds less than that passes on what it has. */
	if (r == -EPERM) {
		wabe_error_clear(err);
		r = wabe_capability_held(&can, err);
		if (r == 0)
			r = set_granted(sets, can, err);
	}
	return r < 0 ? r : set_ambient(sets->ambient & can, err);
}

int wabe_capability_apply(const struct wabe_capability_sets *sets, struct wabe_error *err)
{
	int r = wabe_capability_bound(sets->bounding, err);

	return r < 0 ? r : wabe_capability_set(sets, err);
}

static bool has_flag(cap_t cap, unsigned int number, cap_flag_t flag)
{
	cap_flag_value_t value = CAP_CLEAR;

	return cap_get_flag(cap, (cap_value_t)number, flag, &value) == 0 && value == CAP_SET;
}

int wabe_capability_get(struct wabe_capability_sets *ret_sets, struct wabe_error *err)
{
	_cleanup_(release_cap) cap_t cap = cap_get_proc();
	struct wabe_capability_sets sets = { 0 };

	if (!cap)
		return wabe_error_set(err, -errno, "read capabilities");
	for (unsigned int i = 0; i <= wabe_capability_last(); i++) {
		const uint64_t bit = UINT64_C(1) << i;

		sets.permitted |= has_flag(cap, i, CAP_PERMITTED) ? bit : 0;
		sets.effective |= has_flag(cap, i, CAP_EFFECTIVE) ? bit : 0;
		sets.inheritable |= has_flag(cap, i, CAP_INHERITABLE) ? bit : 0;
		sets.bounding |= cap_get_bound((cap_value_t)i) == 1 ? bit : 0;
		sets.ambient |= cap_get_ambient((cap_value_t)i) == 1 ? bit : 0;
	}
	*ret_sets = sets;
	return 0;
}
