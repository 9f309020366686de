/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf/value: the types of values that parameters have: strict parsers and the one canonical text
 * of each.
 *
 * Pure: strings in, values out. The canonical text parses to the same value again, and is what the
 * configuration file gets. No type accepts CR, LF, NUL or another control character; quotes,
 * backquote, $ and backslash are only accepted by the free texts (VZ_TYPE_TEXT,
 * VZ_TYPE_USERPASSWD), which conffile escapes. A path may have $VEID. Empty: lists are empty;
 * texts, names and hostnames are cleared; for the other types it is an error.
 */
#ifndef VZ_CONF_VALUE_H
#define VZ_CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* The classic word for no limit: LONG_MAX of 64-bit OpenVZ, which its files hold as
 * 9223372036854775807. */
#define VZ_UNLIMITED ((uint64_t)INT64_MAX)

#define VZ_PAGE_BYTES \
	4096u /* vzctl(8): memory pages are 4 KB on x86; fixed, so that a file means the same \
		 anywhere */

#define VZ_LIST_MAX_BYTES 16384u /* of a list's text: a thousand addresses */

enum vz_unit {
	VZ_UNIT_NONE,
	VZ_UNIT_ITEMS, /* a bare number; K M G T are 1024-based multipliers */
	VZ_UNIT_BYTES, /* bare: bytes; B K M G T, P = 4 KB pages */
	VZ_UNIT_PAGES, /* bare: pages of 4 KB; with a suffix bytes, rounded up to whole pages */
	VZ_UNIT_PAGE_BYTES, /* bare: bytes, else as pages (ram and swap on the command line) */
	VZ_UNIT_KB,	    /* bare: 1 KB blocks; with a suffix bytes, rounded up to whole blocks */
	VZ_UNIT_MB, /* bare: MB, held in bytes (iolimit on the command line; its file has bytes) */
	VZ_UNIT_PERCENT, /* a bare number or with % */
	VZ_UNIT_SECONDS,
	VZ_UNIT_MAX,
};

enum vz_type {
	VZ_TYPE_YESNO,	/* yes, no (on, off are read too) */
	VZ_TYPE_NUMBER, /* one number in the row's unit and range */
	VZ_TYPE_LIMIT,	/* one number in the row's unit; 0 and "unlimited" are no limit, which is
			   held as 0 */
	VZ_TYPE_FACTOR, /* a decimal number with up to 3 decimals, held in thousandths
			   (vm_overcommit) */
	VZ_TYPE_PAIR,	/* barrier:limit, one value sets both */
	VZ_TYPE_RATE,	/* IN[:OUT] bits a second with K M G, 1000-based; 0 and "unlimited" are no
			   limit, which is held as VZ_UNLIMITED; a pair */
	VZ_TYPE_TEXT,	/* one line of anything printable, at most 4096 bytes */
	VZ_TYPE_USERPASSWD, /* user:password */
	VZ_TYPE_PATH,	    /* absolute, no "..", $VEID allowed */
	VZ_TYPE_WORD, /* [A-Za-z0-9_.,:=/+@-]+ that starts with no '-' (mount options, iptables
			 modules) */
	VZ_TYPE_NAME, /* a guest's name: letter or digit or UTF-8 first, then also _ . - and inner
			 blanks; never all digits; <= 64 bytes */
	VZ_TYPE_TEMPLATE,   /* [A-Za-z0-9][A-Za-z0-9._+-]{0,127}: a template's or a sample's name;
			       can't leave its directory */
	VZ_TYPE_HOSTNAME,   /* RFC 1123: labels of 1..63 letters, digits, '-'; <= 64 bytes
			       (HOST_NAME_MAX) */
	VZ_TYPE_ENUM,	    /* one of the row's names */
	VZ_TYPE_MASK,	    /* "0-3,7", "all", and "auto" where the row allows */
	VZ_TYPE_IP,	    /* list: ADDRESS[/PREFIX], IPv4 or IPv6, canonical by inet_ntop */
	VZ_TYPE_NAMESERVER, /* list: addresses without prefix, or "inherit" */
	VZ_TYPE_DOMAIN,	    /* list: search domains (<= 253 bytes), or "inherit" */
	VZ_TYPE_SWITCH,	    /* list: name:on or name:off, names of the row (features, capability) */
	VZ_TYPE_DEVICE,	    /* list: b|c:MAJOR:MINOR|all:[r][w][q] or none */
	VZ_TYPE_DEVNODE,    /* list: NAME:[r][w][q] or none, NAME below /dev */
	VZ_TYPE_PCI,	    /* list: [DOMAIN:]BUS:SLOT.FUNC in hex */
	VZ_TYPE_NETIF,	    /* list, separated by ';': ifname=,mac=,host_ifname=,host_mac=,bridge=,
			       mac_filter=; or IFNAME[,MAC,HOST_IFNAME,HOST_MAC,BRIDGE] */
	VZ_TYPE_IFNAME,	 /* an interface's name: 1..15 bytes, no '/', ':', blank, not "." or ".." */
	VZ_TYPE_MAC,	 /* XX:XX:XX:XX:XX:XX, unicast */
	VZ_TYPE_IFLIST,	 /* list of interface names */
	VZ_TYPE_MODULES, /* list of [a-z0-9_]+ (iptables) */
	VZ_TYPE_MAX,
};

struct vz_pair {
	uint64_t barrier, limit; /* in the row's unit; VZ_UNLIMITED */
};

/** What a parser must know beside the text; a parameter's row has it. */
struct vz_rule {
	enum vz_type type;
	enum vz_unit unit;
	uint64_t min, max; /* of numbers and both ends of pairs; VZ_UNLIMITED in a pair and 0 in a
			      LIMIT always pass; max 0: no bound */
	const char *const *names; /* of ENUM and SWITCH, MASK's extra words; NULL-terminated */
};

/** A parsed value. Strings live in the arena that parsed it. */
struct vz_value {
	bool is_set;
	const char *text; /* canonical */
	union {
		bool yes;
		uint64_t number; /* NUMBER, LIMIT, FACTOR, ENUM (index of the name) */
		struct vz_pair pair;
	};
	struct wabe_strv list; /* canonical entries of list types, without duplicates (by entry key,
				  the last one wins) */
	/* A change to a list from --xxx_add, --xxx_del: applied by vz_params_merge() to the list
	 * below it. */
	bool is_edit, is_del_all;
	struct wabe_strv del;
};

/** vz_type_is_list() - is the value a list of entries? */
bool vz_type_is_list(enum vz_type type);

/**
 * vz_value_parse() - text to value.
 * @what: how errors name it ("--ram", "PHYSPAGES")
 * Returns 0; -EINVAL (not of the form), -ERANGE (out of range), -E2BIG (too long), -ENOMEM. It
 * names @what and the value (control characters escaped, long values cut); its kind is not set.
 */
int vz_value_parse(struct wabe_arena *arena, const struct vz_rule *rule, const char *what,
		   const char *text, struct vz_value *ret_value, struct wabe_error *err);

/** vz_value_entry_same() - are these two entries of a list the same thing (same address, interface,
 * feature name)? */
bool vz_value_entry_same(enum vz_type type, const char *a, const char *b);

/** vz_value_join() - (re)make value->text from its list. 0 or -ENOMEM. */
int vz_value_join(struct wabe_arena *arena, enum vz_type type, struct vz_value *value);

/**
 * vz_value_number() - one number with a unit suffix: digits, optionally ".digits" before a suffix,
 * or "unlimited". Returns 0, -EINVAL or -ERANGE; *ret_number in the unit of @unit.
 */
int vz_value_number(const char *text, enum vz_unit unit, uint64_t *ret_number);

/** vz_value_pair() - "B:L" or "N" (both). As vz_value_number(). A barrier above the limit is
 * -EDOM. */
int vz_value_pair(const char *text, enum vz_unit unit, struct vz_pair *ret_pair);

/** vz_value_bytes() - @number of @unit (PAGES, KB; others are bytes already) in bytes; VZ_UNLIMITED
 * stays, overflow becomes VZ_UNLIMITED. */
uint64_t vz_value_bytes(uint64_t number, enum vz_unit unit);

/** vz_unit_name() - "pages", "KB", "bytes" ...; "" for NONE. */
const char *vz_unit_name(enum vz_unit unit);

/** vz_value_veid_length() - length of "$VEID" or "${VEID}" at the start of @s, 0 when neither is
 * there. */
size_t vz_value_veid_length(const char *s);

/** vz_value_is_hostname() - RFC 1123 name of at most @max bytes. */
bool vz_value_is_hostname(const char *s, size_t max);

/** The grammars of VZ_TYPE_NAME and VZ_TYPE_TEMPLATE. */
bool vz_value_is_name(const char *s);
bool vz_value_is_template(const char *s);

#endif
