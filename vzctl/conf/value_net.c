// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/value: addresses, host names, interfaces; see value.h. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "conf/value.h"
#include "conf/value_types.h"

#define DOMAIN_MAX 253 /* RFC 1035: 255 octets on the wire */
#define LABEL_MAX 63

bool vz_value_is_hostname(const char *s, size_t max)
{
	size_t label = 0;

	if (!*s || strlen(s) > max)
		return false;
	for (const char *p = s; *p; p++) {
		if (*p == '.') {
			if (label == 0 || p[-1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!(isascii((unsigned char)*p) && isalnum((unsigned char)*p)) &&
		    (*p != '-' || label == 0))
			return false;
		if (++label > LABEL_MAX)
			return false;
	}
	return label > 0 && s[strlen(s) - 1] != '-';
}

bool vz_value_is_ifname(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len >= IFNAMSIZ || strcmp(s, ".") == 0 || strcmp(s, "..") == 0 || *s == '-')
		return false;
	for (; *s; s++)
		if (!(isascii((unsigned char)*s) && isalnum((unsigned char)*s)) &&
		    !strchr("_.-@+", *s))
			return false;
	return true;
}

bool vz_value_is_mac(const char *s)
{
	if (strlen(s) != 17)
		return false;
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? s[i] != ':' : !isxdigit((unsigned char)s[i]))
			return false;
	/* The low bit of the first octet marks multicast (IEEE 802), which no interface has. */
	return strchr("02468aceACE", s[1]) != NULL;
}

static bool is_usable(int family, const void *address)
{
	static const struct in6_addr any = { 0 };
	const unsigned char *bytes = address;

	if (family == AF_INET)
		return bytes[0] != 0 && bytes[0] < 224;
	return memcmp(address, &any, sizeof(any)) != 0 && bytes[0] != 0xff;
}

static bool is_loopback(int family, const void *address)
{
	static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;
	const unsigned char *bytes = address;

	return family == AF_INET ? bytes[0] == 127
				 : memcmp(address, &loopback, sizeof(loopback)) == 0;
}

/* "24", or "255.255.255.0" for IPv4, to a prefix length. */
static int parse_prefix(int family, const char *s, int *ret_prefix)
{
	struct in_addr mask;
	uint32_t bits;

	if (family == AF_INET && strchr(s, '.')) {
		if (inet_pton(AF_INET, s, &mask) != 1)
			return -EINVAL;
		bits = ntohl(mask.s_addr);
		if (bits == 0 || (~bits & (~bits + 1)) != 0)
			return -EINVAL;
		*ret_prefix = __builtin_popcount(bits);
		return 0;
	}
	return wabe_parse_int(s, 1, family == AF_INET ? 32 : 128, ret_prefix);
}

/* @text is cut at '/' when @is_prefix_fine; canonical "ADDRESS[/PREFIX]". */
static int parse_address(struct wabe_arena *arena, const char *text, bool is_prefix_fine,
			 const char **ret_entry)
{
	char address[INET6_ADDRSTRLEN], canonical[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	unsigned char bytes[sizeof(struct in6_addr)];
	int family, prefix = -1, r;

	if (len >= sizeof(address) || (slash && !is_prefix_fine))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	family = strchr(address, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(family, address, bytes) != 1)
		return -EINVAL;
	/* A name server may be at the guest's own. */
	if (!is_usable(family, bytes) || (is_prefix_fine && is_loopback(family, bytes)))
		return -ERANGE;
	if (slash) {
		r = parse_prefix(family, slash + 1, &prefix);
		if (r < 0)
			return r;
	}
	inet_ntop(family, bytes, canonical, sizeof(canonical));
	*ret_entry = slash ? wabe_arena_printf(arena, "%s/%d", canonical, prefix)
			   : wabe_arena_strdup(arena, canonical);
	return *ret_entry ? 0 : -ENOMEM;
}

int vz_entry_ip(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		const char **ret_entry)
{
	(void)rule;
	return parse_address(arena, text, true, ret_entry);
}

static int copy(struct wabe_arena *arena, const char *text, const char **ret_entry)
{
	*ret_entry = wabe_arena_strdup(arena, text);
	return *ret_entry ? 0 : -ENOMEM;
}

int vz_entry_nameserver(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
			const char **ret_entry)
{
	(void)rule;
	if (strcmp(text, "inherit") == 0)
		return copy(arena, text, ret_entry);
	return parse_address(arena, text, false, ret_entry);
}

int vz_entry_domain(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		    const char **ret_entry)
{
	(void)rule;
	return vz_value_is_hostname(text, DOMAIN_MAX) ? copy(arena, text, ret_entry) : -EINVAL;
}

int vz_entry_ifname(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		    const char **ret_entry)
{
	(void)rule;
	return vz_value_is_ifname(text) ? copy(arena, text, ret_entry) : -EINVAL;
}

/* An interface of NETIF, in the order of its canonical text and of --netif_add's positions (the
 * last has none there). */
enum {
	NETIF_IFNAME,
	NETIF_MAC,
	NETIF_HOST_IFNAME,
	NETIF_HOST_MAC,
	NETIF_BRIDGE,
	NETIF_MAC_FILTER,
	NETIF_MAX
};

static const char *const netif_keys[NETIF_MAX] = { "ifname",   "mac",	 "host_ifname",
						   "host_mac", "bridge", "mac_filter" };

static bool netif_member_is_valid(size_t member, const char *value)
{
	switch (member) {
	case NETIF_MAC:
	case NETIF_HOST_MAC:
		return vz_value_is_mac(value);
	case NETIF_MAC_FILTER:
		return strcmp(value, "on") == 0 || strcmp(value, "off") == 0;
	default:
		return vz_value_is_ifname(value);
	}
}

/* "mac=..." by name, or a bare value by its position. */
static int netif_member(char *word, size_t position, const char *members[NETIF_MAX])
{
	char *equals = strchr(word, '=');
	size_t member = position;
	const char *value = word;

	if (equals) {
		*equals = '\0';
		value = equals + 1;
		for (member = 0; member < NETIF_MAX && strcmp(netif_keys[member], word) != 0;
		     member++)
			;
	}
	if (member >= NETIF_MAX || (!equals && member == NETIF_MAC_FILTER) || members[member])
		return -EINVAL;
	if (!*value)
		return 0;
	if (!netif_member_is_valid(member, value))
		return -EINVAL;
	members[member] = value;
	return 0;
}

int vz_entry_netif(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		   const char **ret_entry)
{
	const char *members[NETIF_MAX] = { 0 };
	_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT;
	char *rest = wabe_arena_strdup(arena, text);
	size_t position = 0;

	(void)rule;
	if (!rest)
		return -ENOMEM;
	for (char *word; (word = strsep(&rest, ",")) != NULL; position++)
		if (netif_member(word, position, members) < 0)
			return -EINVAL;
	if (!members[NETIF_IFNAME])
		return -EINVAL;
	for (size_t i = 0; i < NETIF_MAX; i++)
		if (members[i] &&
		    wabe_buf_printf(&out, "%s%s=%s", i ? "," : "", netif_keys[i], members[i]) < 0)
			return -ENOMEM;
	return copy(arena, out.data, ret_entry);
}
