// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/value: numbers with units; see value.h. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "conf/value.h"
#include "conf/value_types.h"

#define FRACTION_DIGITS_MAX \
	9 /* "2.2G" is OpenVZ's own samples; more digits than a byte of a terabyte has are noise */

typedef unsigned __int128 wide;

/* What one unit of a bare number is in bytes, and of what the value is held in. ITEMS have no
 * bytes. */
static const struct unit_row {
	const char *name;
	uint32_t bare, held;
} units[VZ_UNIT_MAX] = {
	[VZ_UNIT_NONE] = { "", 1, 1 },
	[VZ_UNIT_ITEMS] = { "items", 1, 1 },
	[VZ_UNIT_BYTES] = { "bytes", 1, 1 },
	[VZ_UNIT_PAGES] = { "pages", VZ_PAGE_BYTES, VZ_PAGE_BYTES },
	[VZ_UNIT_PAGE_BYTES] = { "bytes", 1, VZ_PAGE_BYTES },
	[VZ_UNIT_KB] = { "KB", 1024, 1024 },
	[VZ_UNIT_MB] = { "MB", 1 << 20, 1 },
	[VZ_UNIT_PERCENT] = { "percent", 1, 1 },
	[VZ_UNIT_SECONDS] = { "seconds", 1, 1 },
};

const char *vz_unit_name(enum vz_unit unit)
{
	return units[unit].name;
}

static bool unit_is_bytes(enum vz_unit unit)
{
	return unit == VZ_UNIT_BYTES || unit == VZ_UNIT_PAGES || unit == VZ_UNIT_PAGE_BYTES ||
	       unit == VZ_UNIT_KB || unit == VZ_UNIT_MB;
}

/* Multiplier of a suffix, in bytes for byte units; 0 = no such suffix here. */
static uint64_t suffix_factor(char suffix, enum vz_unit unit)
{
	static const char powers[] = "kmgt";
	int c = tolower((unsigned char)suffix);
	const char *power = c ? strchr(powers, c) : NULL;

	if (unit == VZ_UNIT_PERCENT)
		return suffix == '%' ? 1 : 0;
	if (unit != VZ_UNIT_ITEMS && !unit_is_bytes(unit))
		return 0;
	if (power)
		return 1ULL << (10 * (power - powers + 1));
	if (!unit_is_bytes(unit))
		return 0;
	if (c == 'b')
		return 1;
	return c == 'p' ? VZ_PAGE_BYTES : 0;
}

/* Digits from *@s on; more than 18 of them are out of range. */
static int scan(const char **s, wide *ret_value, int *ret_digits)
{
	const char *start = *s;
	wide value = 0;

	for (; isdigit((unsigned char)**s); (*s)++) {
		if (value <= VZ_UNLIMITED)
			value = value * 10 + (wide)(**s - '0');
	}
	*ret_digits = (int)(*s - start);
	if (*ret_digits == 0)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

static wide power_of_ten(int n)
{
	wide v = 1;

	while (n-- > 0)
		v *= 10;
	return v;
}

int vz_value_number(const char *text, enum vz_unit unit, uint64_t *ret_number)
{
	wide whole, fraction = 0, scale = 1;
	int whole_digits, digits = 0;
	uint64_t factor;

	if (strcmp(text, "unlimited") == 0) {
		*ret_number = VZ_UNLIMITED;
		return 0;
	}
	if (scan(&text, &whole, &whole_digits) < 0)
		return -EINVAL;
	if (*text == '.') {
		text++;
		if (scan(&text, &fraction, &digits) < 0 || digits > FRACTION_DIGITS_MAX || !*text)
			return -EINVAL;
		scale = power_of_ten(digits);
	}
	factor = *text ? suffix_factor(*text, unit) : units[unit].bare;
	if (factor == 0 || (*text && text[1]))
		return -EINVAL;
	/* What OpenVZ wrote for unlimited, and anything that could only be meant as it. */
	if (!*text && whole == VZ_UNLIMITED) {
		*ret_number = VZ_UNLIMITED;
		return 0;
	}
	if (whole > VZ_UNLIMITED)
		return -ERANGE;
	whole = whole * factor + fraction * factor / scale;
	whole = (whole + units[unit].held - 1) / units[unit].held;
	if (whole >= VZ_UNLIMITED)
		return -ERANGE;
	*ret_number = (uint64_t)whole;
	return 0;
}

int vz_value_pair(const char *text, enum vz_unit unit, struct vz_pair *ret_pair)
{
	char first[64];
	const char *colon = strchr(text, ':');
	struct vz_pair pair;
	int r;

	if (!colon) {
		r = vz_value_number(text, unit, &pair.limit);
		if (r == 0)
			*ret_pair = (struct vz_pair){ pair.limit, pair.limit };
		return r;
	}
	if ((size_t)(colon - text) >= sizeof(first))
		return -EINVAL;
	memcpy(first, text, (size_t)(colon - text));
	first[colon - text] = '\0';
	r = vz_value_number(first, unit, &pair.barrier);
	if (r == 0)
		r = vz_value_number(colon + 1, unit, &pair.limit);
	if (r < 0)
		return r;
	if (pair.barrier > pair.limit)
		return -EDOM;
	*ret_pair = pair;
	return 0;
}

uint64_t vz_value_bytes(uint64_t number, enum vz_unit unit)
{
	uint64_t bytes;

	if (number == VZ_UNLIMITED || __builtin_mul_overflow(number, units[unit].held, &bytes) ||
	    bytes > VZ_UNLIMITED)
		return VZ_UNLIMITED;
	return bytes;
}

static bool in_range(const struct vz_rule *rule, uint64_t number)
{
	return number >= rule->min && (rule->max == 0 || number <= rule->max);
}

int vz_type_number(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		   struct vz_value *v)
{
	int r = vz_value_number(text, rule->unit, &v->number);

	if (r < 0)
		return r;
	if (v->number == VZ_UNLIMITED || !in_range(rule, v->number))
		return -ERANGE;
	v->text = wabe_arena_printf(arena, "%llu", (unsigned long long)v->number);
	return v->text ? 0 : -ENOMEM;
}

int vz_type_limit(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		  struct vz_value *v)
{
	int r = vz_value_number(text, rule->unit, &v->number);

	if (r < 0)
		return r;
	if (v->number == VZ_UNLIMITED)
		v->number = 0;
	if (v->number != 0 && !in_range(rule, v->number))
		return -ERANGE;
	v->text = wabe_arena_printf(arena, "%llu", (unsigned long long)v->number);
	return v->text ? 0 : -ENOMEM;
}

static int print_number(char *buf, size_t room, uint64_t number)
{
	return number == VZ_UNLIMITED ? snprintf(buf, room, "unlimited")
				      : snprintf(buf, room, "%llu", (unsigned long long)number);
}

int vz_type_pair(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		 struct vz_value *v)
{
	char barrier[32], limit[32];
	int r = vz_value_pair(text, rule->unit, &v->pair);

	if (r < 0)
		return r;
	if ((v->pair.barrier != VZ_UNLIMITED && rule->max && v->pair.barrier > rule->max) ||
	    (v->pair.limit != VZ_UNLIMITED && !in_range(rule, v->pair.limit)))
		return -ERANGE;
	print_number(barrier, sizeof(barrier), v->pair.barrier);
	print_number(limit, sizeof(limit), v->pair.limit);
	v->text = wabe_arena_printf(arena, "%s:%s", barrier, limit);
	return v->text ? 0 : -ENOMEM;
}

int vz_type_factor(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		   struct vz_value *v)
{
	wide whole, fraction = 0;
	int digits;

	if (scan(&text, &whole, &digits) < 0)
		return -EINVAL;
	if (*text == '.') {
		text++;
		if (scan(&text, &fraction, &digits) < 0 || digits > 3)
			return -EINVAL;
		fraction *= power_of_ten(3 - digits);
	}
	if (*text)
		return -EINVAL;
	if (whole > 1000000)
		return -ERANGE;
	v->number = (uint64_t)(whole * 1000 + fraction);
	if (!in_range(rule, v->number))
		return -ERANGE;
	v->text = fraction ? wabe_arena_printf(arena, "%u.%03u", (unsigned int)whole,
					       (unsigned int)fraction)
			   : wabe_arena_printf(arena, "%u", (unsigned int)whole);
	return v->text ? 0 : -ENOMEM;
}

/* Powers of 1000, as everywhere where lines have rates; the largest first. */
static const struct {
	char suffix;
	uint64_t factor;
} rates[] = { { 'G', 1000000000 }, { 'M', 1000000 }, { 'K', 1000 } };

/* "100M", "100Mbit" */
static int scan_rate(const struct vz_rule *rule, const char **s, uint64_t *ret_rate)
{
	uint64_t factor = 1;
	wide number;
	int digits;

	if (wabe_str_starts(*s, "unlimited")) {
		*s += strlen("unlimited");
		*ret_rate = VZ_UNLIMITED;
		return 0;
	}
	if (scan(s, &number, &digits) < 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
		if (**s == rates[i].suffix || **s == tolower((unsigned char)rates[i].suffix))
			factor = rates[i].factor;
	*s += factor > 1;
	if (wabe_str_starts(*s, "bit"))
		*s += strlen("bit");
	if (number == 0) {
		*ret_rate = VZ_UNLIMITED;
		return 0;
	}
	if (number > VZ_UNLIMITED || number * factor >= VZ_UNLIMITED ||
	    !in_range(rule, (uint64_t)(number * factor)))
		return -ERANGE;
	*ret_rate = (uint64_t)(number * factor);
	return 0;
}

static void print_rate(char *buf, size_t room, uint64_t rate)
{
	if (rate == VZ_UNLIMITED) {
		snprintf(buf, room, "unlimited");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		if (rate % rates[i].factor != 0)
			continue;
		snprintf(buf, room, "%llu%c", (unsigned long long)(rate / rates[i].factor),
			 rates[i].suffix);
		return;
	}
	snprintf(buf, room, "%llu", (unsigned long long)rate);
}

int vz_type_rate(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		 struct vz_value *v)
{
	char in[32], out[32];
	int r = scan_rate(rule, &text, &v->pair.barrier);

	v->pair.limit = v->pair.barrier;
	if (r == 0 && *text == ':') {
		text++;
		r = scan_rate(rule, &text, &v->pair.limit);
	}
	if (r < 0)
		return r;
	if (*text)
		return -EINVAL;
	print_rate(in, sizeof(in), v->pair.barrier);
	print_rate(out, sizeof(out), v->pair.limit);
	v->text = wabe_arena_printf(arena, "%s:%s", in, out);
	return v->text ? 0 : -ENOMEM;
}
