// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/value: entries of lists that are no addresses: switches, devices, modules; see value.h. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/parse.h"
#include "conf/value.h"
#include "conf/value_types.h"

#define DEVICE_NUMBER_MAX 1048575 /* minors have 20 bits, majors 12 (linux/kdev_t.h) */
#define DEVNODE_MAX 128
#define MODULE_MAX 64

static int copy(struct wabe_arena *arena, const char *text, const char **ret_entry)
{
	*ret_entry = wabe_arena_strdup(arena, text);
	return *ret_entry ? 0 : -ENOMEM;
}

/* The row's spelling of @name, whatever its case, with or without the kernel's "CAP_". */
static const char *find_switch(const struct vz_rule *rule, const char *name, size_t len)
{
	if (len > 4 && strncasecmp(name, "CAP_", 4) == 0) {
		name += 4;
		len -= 4;
	}
	for (size_t i = 0; rule->names[i]; i++)
		if (strlen(rule->names[i]) == len && strncasecmp(rule->names[i], name, len) == 0)
			return rule->names[i];
	return NULL;
}

int vz_entry_switch(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		    const char **ret_entry)
{
	const char *colon = strchr(text, ':');
	const char *name;

	if (!colon || (strcmp(colon, ":on") != 0 && strcmp(colon, ":off") != 0))
		return -EINVAL;
	name = find_switch(rule, text, (size_t)(colon - text));
	if (!name)
		return -EINVAL;
	*ret_entry = wabe_arena_printf(arena, "%s%s", name, colon);
	return *ret_entry ? 0 : -ENOMEM;
}

/* "none", or some of r, w, q, each once. */
static bool is_permission(const char *s)
{
	size_t len = strlen(s);

	if (strcmp(s, "none") == 0)
		return true;
	if (len == 0 || strspn(s, "rwq") != len)
		return false;
	for (; *s; s++)
		if (strchr(s + 1, *s))
			return false;
	return true;
}

int vz_entry_device(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		    const char **ret_entry)
{
	char *rest = wabe_arena_strdup(arena, text);
	char *kind, *major, *minor;
	int number;

	(void)rule;
	if (!rest)
		return -ENOMEM;
	kind = strsep(&rest, ":");
	major = strsep(&rest, ":");
	minor = strsep(&rest, ":");
	if (!rest || (strcmp(kind, "b") != 0 && strcmp(kind, "c") != 0) || !is_permission(rest))
		return -EINVAL;
	if (wabe_parse_int(major, 0, DEVICE_NUMBER_MAX, &number) < 0 ||
	    (strcmp(minor, "all") != 0 && wabe_parse_int(minor, 0, DEVICE_NUMBER_MAX, &number) < 0))
		return -EINVAL;
	return copy(arena, text, ret_entry);
}

/* A relative path of plain components: it is looked up below /dev. */
static bool is_devnode_name(const char *s, size_t len)
{
	size_t start = 0;

	if (len == 0 || len > DEVNODE_MAX)
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (i == len || s[i] == '/') {
			if (i == start || s[start] == '.')
				return false;
			start = i + 1;
		} else if (!(isascii((unsigned char)s[i]) && isalnum((unsigned char)s[i])) &&
			   !strchr("_.+-!:", s[i])) {
			return false;
		}
	}
	return true;
}

int vz_entry_devnode(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		     const char **ret_entry)
{
	const char *colon = strrchr(text, ':');

	(void)rule;
	if (!colon || !is_permission(colon + 1) || !is_devnode_name(text, (size_t)(colon - text)))
		return -EINVAL;
	return copy(arena, text, ret_entry);
}

static bool is_hex(const char *s, size_t min, size_t max)
{
	size_t len = strlen(s);

	return len >= min && len <= max && strspn(s, "0123456789abcdefABCDEF") == len;
}

int vz_entry_pci(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		 const char **ret_entry)
{
	char *rest = wabe_arena_strdup(arena, text);
	char *first, *second, *third;

	(void)rule;
	if (!rest)
		return -ENOMEM;
	third = strchr(rest, '.');
	if (!third || !is_hex(third + 1, 1, 1))
		return -EINVAL;
	*third = '\0';
	first = strsep(&rest, ":");
	second = strsep(&rest, ":");
	if (!second ||
	    (rest && (!is_hex(first, 1, 4) || !is_hex(second, 1, 2) || !is_hex(rest, 1, 2))) ||
	    (!rest && (!is_hex(first, 1, 2) || !is_hex(second, 1, 2))))
		return -EINVAL;
	return copy(arena, text, ret_entry);
}

int vz_entry_module(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		    const char **ret_entry)
{
	(void)rule;
	if (strlen(text) > MODULE_MAX)
		return -EINVAL;
	for (const char *p = text; *p; p++)
		if (!(isascii((unsigned char)*p) && isalnum((unsigned char)*p)) && *p != '_')
			return -EINVAL;
	return copy(arena, text, ret_entry);
}

/* Length of the part that names the thing; what follows is its setting. */
static size_t key_length(enum vz_type type, const char *entry)
{
	const char *colon;

	switch (type) {
	case VZ_TYPE_IP:
		return strcspn(entry, "/");
	case VZ_TYPE_NETIF:
		return strcspn(entry, ",");
	case VZ_TYPE_SWITCH:
		return strcspn(entry, ":");
	case VZ_TYPE_DEVICE:
	case VZ_TYPE_DEVNODE:
		colon = strrchr(entry, ':');
		return colon ? (size_t)(colon - entry) : strlen(entry);
	default:
		return strlen(entry);
	}
}

bool vz_value_entry_same(enum vz_type type, const char *a, const char *b)
{
	size_t len = key_length(type, a);

	return len == key_length(type, b) && strncmp(a, b, len) == 0;
}
