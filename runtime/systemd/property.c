// SPDX-License-Identifier: GPL-2.0-or-later
/* systemd/property: the properties that wabe sets, with their types on D-Bus; see property.h. */
#include "systemd/property.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"

#define CPU_MAX 8192 /* of a list of CPUs or memory nodes */
#define NAME_ROOM 64

enum kind { KIND_BOOL, KIND_TEXT, KIND_U64, KIND_SET, KIND_DEVICES };

/* org.freedesktop.systemd1(5), systemd.resource-control(5) */
static const struct {
	const char *name;
	enum kind kind;
} known[] = {
	{ "AllowedCPUs", KIND_SET },
	{ "AllowedMemoryNodes", KIND_SET },
	{ "CPUAccounting", KIND_BOOL },
	{ "CPUQuotaPerSecUSec", KIND_U64 },
	{ "CPUQuotaPeriodUSec", KIND_U64 },
	{ "CPUWeight", KIND_U64 },
	{ "DefaultDependencies", KIND_BOOL },
	{ "Delegate", KIND_BOOL },
	{ "Description", KIND_TEXT },
	{ "DeviceAllow", KIND_DEVICES },
	{ "DevicePolicy", KIND_TEXT },
	{ "IOAccounting", KIND_BOOL },
	{ "IOWeight", KIND_U64 },
	{ "MemoryAccounting", KIND_BOOL },
	{ "MemoryHigh", KIND_U64 },
	{ "MemoryLow", KIND_U64 },
	{ "MemoryMax", KIND_U64 },
	{ "MemoryMin", KIND_U64 },
	{ "MemorySwapMax", KIND_U64 },
	{ "Slice", KIND_TEXT },
	{ "TasksAccounting", KIND_BOOL },
	{ "TasksMax", KIND_U64 },
};

static int parse_set(const char *text, uint8_t *bits, size_t *ret_len)
{
	while (*text) {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text)
			return -EINVAL;
		if (*end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
			if (end == text)
				return -EINVAL;
		}
		if ((*end && *end != ',') || last < first || last >= CPU_MAX)
			return -EINVAL;
		for (unsigned long i = first; i <= last; i++)
			bits[i / 8] |= (uint8_t)(1u << i % 8);
		if (last / 8 + 1 > *ret_len)
			*ret_len = last / 8 + 1;
		text = end + (*end == ',');
	}
	return 0;
}

static int append_set(sd_bus_message *m, const char *text)
{
	uint8_t bits[CPU_MAX / 8] = { 0 };
	size_t len = 0;
	int r = parse_set(text, bits, &len);

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "ay");
	if (r >= 0)
		r = sd_bus_message_append_array(m, 'y', bits, len);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_u64(sd_bus_message *m, const char *text)
{
	uint64_t value = UINT64_MAX;
	int r = strcmp(text, "max") == 0 ? 0 : wabe_parse_u64(text, 0, UINT64_MAX, &value);

	return r < 0 ? r : sd_bus_message_append(m, "v", "t", value);
}

/* All words of this property, none: the empty list. */
static int append_devices(sd_bus_message *m, const char *prefix, char **words, size_t count)
{
	size_t len = strlen(prefix);
	int r = sd_bus_message_open_container(m, 'v', "a(ss)");

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(ss)");
	for (size_t i = 0; r >= 0 && i < count; i++) {
		const char *blank;
		char path[128];

		if (strncmp(words[i], prefix, len) != 0)
			continue;
		blank = strchr(words[i] + len, ' ');
		if (!blank)
			continue;
		snprintf(path, sizeof(path), "%.*s", (int)(blank - words[i] - (ptrdiff_t)len),
			 words[i] + len);
		r = sd_bus_message_append(m, "(ss)", path, blank + 1);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_known(sd_bus_message *m, size_t row, const char *value, char **words,
			size_t count)
{
	int r = sd_bus_message_open_container(m, 'r', "sv");

	if (r >= 0)
		r = sd_bus_message_append(m, "s", known[row].name);
	if (r < 0)
		return r;
	switch (known[row].kind) {
	case KIND_BOOL:
		r = sd_bus_message_append(m, "v", "b", strcmp(value, "true") == 0);
		break;
	case KIND_TEXT:
		r = sd_bus_message_append(m, "v", "s", value);
		break;
	case KIND_U64:
		r = append_u64(m, value);
		break;
	case KIND_SET:
		r = append_set(m, value);
		break;
	case KIND_DEVICES:
		r = append_devices(m, "DeviceAllow=", words, count);
		break;
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static bool is_name(const char *name)
{
	return *name &&
	       name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] == '\0';
}

static int append_word(sd_bus_message *m, char **words, size_t i, size_t count, bool *has_devices,
		       struct wabe_error *err)
{
	const char *equals = strchr(words[i], '=');
	bool is_literal = equals && equals > words[i] && equals[-1] == ':';
	char name[NAME_ROOM];
	int r;

	snprintf(name, sizeof(name), "%.*s",
		 equals ? (int)(equals - words[i] - (is_literal ? 1 : 0)) : 0, words[i]);
	if (!equals || !is_name(name))
		return wabe_error_say(err, -EINVAL, "\"%.100s\": not the name of a property",
				      words[i]);
	if (is_literal)
		return variant_append(m, name, equals + 1, err);
	for (size_t row = 0; row < ARRAY_SIZE(known); row++) {
		if (strcmp(known[row].name, name) != 0)
			continue;
		/* A word without a device is a property of its own: the empty list takes away what was there before. */
		if (known[row].kind == KIND_DEVICES && equals[1]) {
			if (*has_devices)
				return 0;
			*has_devices = true;
		}
		r = append_known(m, row, equals + 1, words, equals[1] ? count : 0);
		return r < 0 ? wabe_error_set(err, r, "property %.100s", words[i]) : 0;
	}
	return wabe_error_say(err, -EINVAL, "property %s: unknown", name);
}

int property_append_all(sd_bus_message *m, char **words, size_t count, struct wabe_error *err)
{
	bool has_devices = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = append_word(m, words, i, count, &has_devices, err);
	return r;
}
