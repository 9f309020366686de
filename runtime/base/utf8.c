// SPDX-License-Identifier: GPL-2.0-or-later
/* base/utf8: is text well-formed UTF-8; see utf8.h. */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* Rows of Unicode table 3-7: which lead bytes begin a sequence of which length, and what its second byte may be. */
struct lead {
	unsigned char first, last;
	unsigned char length;
	unsigned char second_min, second_max;
};

static const struct lead leads[] = {
	{ 0x00, 0x7f, 1, 0x00, 0x00 }, { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

/* Length of the character at @s, 0 when it is none. */
static size_t char_len(const unsigned char *s, size_t len)
{
	const struct lead *lead = NULL;

	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (*s >= leads[i].first && *s <= leads[i].last)
			lead = &leads[i];
	if (!lead || lead->length > len)
		return 0;
	if (lead->length > 1 && (s[1] < lead->second_min || s[1] > lead->second_max))
		return 0;
	for (size_t i = 2; i < lead->length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return lead->length;
}

/* Length of the run of ASCII at @s, eight bytes a step: configurations are little else. */
static size_t ascii_len(const char *s, size_t len)
{
	size_t i = 0;
	uint64_t word;

	for (; len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, s + i, sizeof(word));
		if (word & 0x8080808080808080u)
			break;
	}
	while (i < len && !((unsigned char)s[i] & 0x80))
		i++;
	return i;
}

size_t wabe_utf8_valid_len(const char *s, size_t len)
{
	size_t i = ascii_len(s, len);

	while (i < len) {
		size_t n = char_len((const unsigned char *)s + i, len - i);

		if (n == 0)
			break;
		i += n;
		i += ascii_len(s + i, len - i);
	}
	return i;
}
