// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/value: each type's grammar and canonical text, with negatives; the canonical text parses to
 * itself. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "conf/value.h"
#include "tap.h"

static const char *const words[] = { "all", "auto", NULL };
static const char *const switches[] = { "NET_ADMIN", "fuse", "tun", NULL };

struct row {
	enum vz_type type;
	enum vz_unit unit;
	uint64_t min, max;
	const char *text;
	const char *want; /* canonical, NULL: refused */
	int code;
};

#define OK(type, unit, text, want)                                  \
	{                                                           \
		VZ_TYPE_##type, VZ_UNIT_##unit, 0, 0, text, want, 0 \
	}
#define BAD(type, unit, text)                                             \
	{                                                                 \
		VZ_TYPE_##type, VZ_UNIT_##unit, 0, 0, text, NULL, -EINVAL \
	}
#define FAR(type, unit, text)                                             \
	{                                                                 \
		VZ_TYPE_##type, VZ_UNIT_##unit, 0, 0, text, NULL, -ERANGE \
	}

static const struct row rows[] = {
	OK(YESNO, NONE, "yes", "yes"),
	OK(YESNO, NONE, "no", "no"),
	OK(YESNO, NONE, "on", "yes"),
	BAD(YESNO, NONE, "Yes"),
	BAD(YESNO, NONE, "1"),
	BAD(YESNO, NONE, ""),
	BAD(YESNO, NONE, "yes\n"),

	OK(NUMBER, NONE, "0", "0"),
	OK(NUMBER, NONE, "007", "7"),
	{ VZ_TYPE_NUMBER, VZ_UNIT_ITEMS, 8, 500000, "8", "8", 0 },
	{ VZ_TYPE_NUMBER, VZ_UNIT_ITEMS, 8, 500000, "500000", "500000", 0 },
	{ VZ_TYPE_NUMBER, VZ_UNIT_ITEMS, 8, 500000, "7", NULL, -ERANGE },
	{ VZ_TYPE_NUMBER, VZ_UNIT_ITEMS, 8, 500000, "500001", NULL, -ERANGE },
	BAD(NUMBER, NONE, "-1"),
	BAD(NUMBER, NONE, "+1"),
	BAD(NUMBER, NONE, " 1"),
	BAD(NUMBER, NONE, "1 "),
	BAD(NUMBER, NONE, "1x"),
	BAD(NUMBER, NONE, "1K"),
	BAD(NUMBER, NONE, "0x10"),
	FAR(NUMBER, NONE, "unlimited"),
	FAR(NUMBER, NONE, "18446744073709551616"),
	FAR(NUMBER, NONE, "99999999999999999999999999999999999999999999999999"),

	OK(LIMIT, PERCENT, "50%", "50"),
	OK(LIMIT, PERCENT, "250", "250"),
	OK(LIMIT, PERCENT, "unlimited", "0"),
	OK(LIMIT, BYTES, "1M", "1048576"),
	OK(LIMIT, MB, "10", "10485760"),
	OK(LIMIT, MB, "10B", "10"),
	OK(LIMIT, MB, "0", "0"),
	BAD(LIMIT, PERCENT, "50%%"),
	BAD(LIMIT, PERCENT, "%"),
	BAD(LIMIT, ITEMS, "5%"),
	{ VZ_TYPE_LIMIT, VZ_UNIT_ITEMS, 2, 8, "0", "0", 0 },
	{ VZ_TYPE_LIMIT, VZ_UNIT_ITEMS, 2, 8, "1", NULL, -ERANGE },
	{ VZ_TYPE_LIMIT, VZ_UNIT_ITEMS, 2, 8, "9", NULL, -ERANGE },

	OK(RATE, NONE, "100M", "100M:100M"),
	OK(RATE, NONE, "100Mbit:20m", "100M:20M"),
	OK(RATE, NONE, "1500K:2000000000", "1500K:2G"),
	OK(RATE, NONE, "12345:0", "12345:unlimited"),
	OK(RATE, NONE, "unlimited", "unlimited:unlimited"),
	OK(RATE, NONE, "0", "unlimited:unlimited"),
	{ VZ_TYPE_RATE, VZ_UNIT_NONE, 8000, 0, "8K", "8K:8K", 0 },
	{ VZ_TYPE_RATE, VZ_UNIT_NONE, 8000, 0, "7999", NULL, -ERANGE },
	FAR(RATE, NONE, "99999999999G"),
	FAR(RATE, NONE, "99999999999999999999999999999999999999"),
	BAD(RATE, NONE, ""),
	BAD(RATE, NONE, "M"),
	BAD(RATE, NONE, "1:"),
	BAD(RATE, NONE, ":1"),
	BAD(RATE, NONE, "1:2:3"),
	BAD(RATE, NONE, "-1"),
	BAD(RATE, NONE, "1.5M"),
	BAD(RATE, NONE, "1X"),
	BAD(RATE, NONE, "1M "),
	BAD(RATE, NONE, "unlimitedM"),

	OK(FACTOR, NONE, "1.5", "1.500"),
	OK(FACTOR, NONE, "2", "2"),
	OK(FACTOR, NONE, "0.125", "0.125"),
	BAD(FACTOR, NONE, "1."),
	BAD(FACTOR, NONE, ".5"),
	BAD(FACTOR, NONE, "1.2345"),
	BAD(FACTOR, NONE, "1,5"),
	FAR(FACTOR, NONE, "1000001"),

	OK(PAIR, PAGES, "65536", "65536:65536"),
	OK(PAIR, PAGES, "0:65536", "0:65536"),
	OK(PAIR, PAGES, "0:256M", "0:65536"),
	OK(PAIR, PAGES, "0:256m", "0:65536"),
	OK(PAIR, PAGES, "10P:20p", "10:20"),
	OK(PAIR, PAGES, "1B", "1:1"),
	OK(PAIR, PAGES, "4097B", "2:2"),
	OK(PAIR, PAGES, "unlimited", "unlimited:unlimited"),
	OK(PAIR, PAGES, "0:unlimited", "0:unlimited"),
	OK(PAIR, PAGES, "9223372036854775807:9223372036854775807", "unlimited:unlimited"),
	OK(PAIR, KB, "2G:2.2G", "2097152:2306868"),
	OK(PAIR, KB, "1048576", "1048576:1048576"),
	OK(PAIR, KB, "1T", "1073741824:1073741824"),
	OK(PAIR, BYTES, "1P", "4096:4096"),
	OK(PAIR, BYTES, "12G", "12884901888:12884901888"),
	OK(PAIR, ITEMS, "100:110", "100:110"),
	OK(PAIR, ITEMS, "1K", "1024:1024"),
	BAD(PAIR, ITEMS, "1P"),
	BAD(PAIR, ITEMS, "1B"),
	BAD(PAIR, PAGES, ""),
	BAD(PAIR, PAGES, ":"),
	BAD(PAIR, PAGES, "1:"),
	BAD(PAIR, PAGES, ":1"),
	BAD(PAIR, PAGES, "1:2:3"),
	BAD(PAIR, PAGES, "1 : 2"),
	BAD(PAIR, PAGES, "-1"),
	BAD(PAIR, PAGES, "1X"),
	BAD(PAIR, PAGES, "1MB"),
	BAD(PAIR, PAGES, "1.5"),
	BAD(PAIR, PAGES, "1.G"),
	BAD(PAIR, PAGES, "1.2.3G"),
	BAD(PAIR, PAGES, "UNLIMITED"),
	BAD(PAIR, PAGES, "unlimitedM"),
	FAR(PAIR, PAGES, "2:1"),
	FAR(PAIR, PAGES, "unlimited:1"),
	FAR(PAIR, PAGES, "9223372036854775808"),
	FAR(PAIR, BYTES, "9223372036854775807K"),
	FAR(PAIR, BYTES, "99999999T"),

	OK(TEXT, NONE, "it's \"5 $\" `x` \\n", "it's \"5 $\" `x` \\n"),
	OK(TEXT, NONE, "", ""),
	OK(TEXT, NONE, "h\xc3\xa9", "h\xc3\xa9"),
	BAD(TEXT, NONE, "a\nONBOOT=yes"),
	BAD(TEXT, NONE, "a\rb"),
	BAD(TEXT, NONE, "a\x1b[31m"),
	BAD(TEXT, NONE, "\x7f"),

	OK(USERPASSWD, NONE, "root:a:b$`\"", "root:a:b$`\""),
	BAD(USERPASSWD, NONE, "root"),
	BAD(USERPASSWD, NONE, "root:"),
	BAD(USERPASSWD, NONE, ":x"),
	BAD(USERPASSWD, NONE, "ro ot:x"),
	BAD(USERPASSWD, NONE, "root:x\nroot2:y"),
	BAD(USERPASSWD, NONE, "-x:y"),

	OK(PATH, NONE, "/vz/root/$VEID", "/vz/root/$VEID"),
	OK(PATH, NONE, "/vz/root/${VEID}/", "/vz/root/${VEID}"),
	OK(PATH, NONE, "/vz/a..b/.c", "/vz/a..b/.c"),
	BAD(PATH, NONE, "vz/root"),
	BAD(PATH, NONE, "/"),
	BAD(PATH, NONE, "//"),
	BAD(PATH, NONE, "/vz/../etc"),
	BAD(PATH, NONE, "/vz/.."),
	BAD(PATH, NONE, "/vz/$HOME"),
	BAD(PATH, NONE, "/vz/$VEIDX"),
	BAD(PATH, NONE, "/vz/$(id)"),
	BAD(PATH, NONE, "/vz/`id`"),
	BAD(PATH, NONE, "/vz/a b"),
	BAD(PATH, NONE, "/vz/\"x"),
	BAD(PATH, NONE, "/vz/\\x"),
	BAD(PATH, NONE, "/vz/\n"),
	BAD(PATH, NONE, ""),

	OK(WORD, NONE, "noatime,data=ordered", "noatime,data=ordered"),
	BAD(WORD, NONE, "-o"),
	BAD(WORD, NONE, "a b"),
	BAD(WORD, NONE, "a;b"),

	OK(NAME, NONE, "web-1.example", "web-1.example"),
	OK(NAME, NONE, "my server", "my server"),
	OK(NAME, NONE, "1a", "1a"),
	OK(NAME, NONE, "", ""),
	BAD(NAME, NONE, "101"),
	BAD(NAME, NONE, ".hidden"),
	BAD(NAME, NONE, "-x"),
	BAD(NAME, NONE, "../x"),
	BAD(NAME, NONE, "a/b"),
	BAD(NAME, NONE, "a "),
	BAD(NAME, NONE, "a\nb"),
	BAD(NAME, NONE, "a$b"),
	BAD(NAME, NONE, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),

	OK(TEMPLATE, NONE, "debian-12-x86_64+x", "debian-12-x86_64+x"),
	BAD(TEMPLATE, NONE, "../etc"),
	BAD(TEMPLATE, NONE, ".x"),
	BAD(TEMPLATE, NONE, "a/b"),
	BAD(TEMPLATE, NONE, "a b"),
	BAD(TEMPLATE, NONE, ""),

	OK(HOSTNAME, NONE, "web1.example.org", "web1.example.org"),
	OK(HOSTNAME, NONE, "1", "1"),
	OK(HOSTNAME, NONE, "a-b", "a-b"),
	BAD(HOSTNAME, NONE, "-a"),
	BAD(HOSTNAME, NONE, "a-"),
	BAD(HOSTNAME, NONE, "a-.b"),
	BAD(HOSTNAME, NONE, "a..b"),
	BAD(HOSTNAME, NONE, ".a"),
	BAD(HOSTNAME, NONE, "a."),
	BAD(HOSTNAME, NONE, "a_b"),
	BAD(HOSTNAME, NONE, "a b"),
	BAD(HOSTNAME, NONE, "a\n"),
	BAD(HOSTNAME, NONE, "\xc3\xa9"),
	BAD(HOSTNAME, NONE, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	BAD(HOSTNAME, NONE, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),

	OK(MASK, NONE, "0-3,7", "0-3,7"),
	OK(MASK, NONE, "all", "all"),
	BAD(MASK, NONE, "some"),
	BAD(MASK, NONE, "0-"),
	BAD(MASK, NONE, "0,,1"),
	BAD(MASK, NONE, "1-2-3"),
	FAR(MASK, NONE, "3-0"),
	FAR(MASK, NONE, "9000"),

	OK(IP, NONE, "10.0.0.1", "10.0.0.1"),
	OK(IP, NONE, "10.0.0.1/24 2001:DB8:0::1/64", "10.0.0.1/24 2001:db8::1/64"),
	OK(IP, NONE, "10.0.0.1/255.255.255.0", "10.0.0.1/24"),
	OK(IP, NONE, "10.0.0.1 10.0.0.1/24", "10.0.0.1/24"),
	OK(IP, NONE, "", ""),
	BAD(IP, NONE, "10.0.0"),
	BAD(IP, NONE, "10.0.0.256"),
	BAD(IP, NONE, "10.0.0.01x"),
	BAD(IP, NONE, "10.0.0.1/"),
	BAD(IP, NONE, "10.0.0.1/255.0.255.0"),
	BAD(IP, NONE, "10.0.0.1/24/1"),
	BAD(IP, NONE, "2001:db8::g"),
	BAD(IP, NONE, "10.0.0.1;id"),
	FAR(IP, NONE, "10.0.0.1/33"),
	FAR(IP, NONE, "2001:db8::1/129"),
	FAR(IP, NONE, "0.0.0.0"),
	FAR(IP, NONE, "224.0.0.1"),
	FAR(IP, NONE, "::"),
	FAR(IP, NONE, "ff02::1"),

	OK(NAMESERVER, NONE, "192.0.2.1 inherit", "192.0.2.1 inherit"),
	BAD(NAMESERVER, NONE, "192.0.2.1/24"),
	BAD(NAMESERVER, NONE, "dns.example.org"),
	OK(DOMAIN, NONE, "example.org sub.example.org", "example.org sub.example.org"),
	BAD(DOMAIN, NONE, "exa_mple"),

	OK(SWITCH, NONE, "fuse:on tun:off", "fuse:on tun:off"),
	OK(SWITCH, NONE, "fuse:on fuse:off", "fuse:off"),
	OK(SWITCH, NONE, "cap_net_admin:on", "NET_ADMIN:on"),
	BAD(SWITCH, NONE, "fuse"),
	BAD(SWITCH, NONE, "fuse:yes"),
	BAD(SWITCH, NONE, "nope:on"),
	BAD(SWITCH, NONE, ":on"),

	OK(DEVICE, NONE, "c:10:200:rw b:8:all:none", "c:10:200:rw b:8:all:none"),
	OK(DEVICE, NONE, "c:10:200:rw c:10:200:none", "c:10:200:none"),
	BAD(DEVICE, NONE, "x:1:2:rw"),
	BAD(DEVICE, NONE, "c:1:2"),
	BAD(DEVICE, NONE, "c:1:2:rr"),
	BAD(DEVICE, NONE, "c:1:2:x"),
	BAD(DEVICE, NONE, "c:-1:2:r"),
	BAD(DEVICE, NONE, "c:1:2:"),
	OK(DEVNODE, NONE, "net/tun:rw", "net/tun:rw"),
	BAD(DEVNODE, NONE, "../sda:rw"),
	BAD(DEVNODE, NONE, "/dev/sda:rw"),
	BAD(DEVNODE, NONE, "a//b:rw"),
	BAD(DEVNODE, NONE, "sda"),
	OK(PCI, NONE, "0000:03:00.0 3:0.1", "0000:03:00.0 3:0.1"),
	BAD(PCI, NONE, "03:00"),
	BAD(PCI, NONE, "03.0"),
	BAD(PCI, NONE, "zz:00.0"),

	OK(NETIF, NONE, "eth0", "ifname=eth0"),
	OK(NETIF, NONE, "eth0,00:18:51:00:00:01,veth101.0,,br0",
	   "ifname=eth0,mac=00:18:51:00:00:01,host_ifname=veth101.0,bridge=br0"),
	OK(NETIF, NONE, "ifname=eth0,bridge=br0;ifname=eth1,mac_filter=off",
	   "ifname=eth0,bridge=br0;ifname=eth1,mac_filter=off"),
	OK(NETIF, NONE, "eth0;ifname=eth0,bridge=br0", "ifname=eth0,bridge=br0"),
	BAD(NETIF, NONE, "mac=00:18:51:00:00:01"),
	BAD(NETIF, NONE, "eth0,nope=1"),
	BAD(NETIF, NONE, "eth0,01:18:51:00:00:01"),
	BAD(NETIF, NONE, "eth0,bridge=br0,bridge=br1"),
	BAD(NETIF, NONE, "averyveryverylongname"),
	OK(IFNAME, NONE, "eth0.1", "eth0.1"),
	BAD(IFNAME, NONE, "eth/0"),
	BAD(IFNAME, NONE, ".."),
	BAD(IFNAME, NONE, "sixteencharacter"),
	OK(MAC, NONE, "00:18:51:aB:00:01", "00:18:51:aB:00:01"),
	BAD(MAC, NONE, "00:18:51:ab:00"),
	BAD(MAC, NONE, "01:00:00:00:00:00"),
	OK(IFLIST, NONE, "eth1 wlan0", "eth1 wlan0"),
	OK(MODULES, NONE, "ip_tables ipt_REJECT", "ip_tables ipt_REJECT"),
	BAD(MODULES, NONE, "a;b"),
};

static struct vz_rule rule_of(const struct row *row)
{
	return (struct vz_rule){ row->type, row->unit, row->min, row->max,
				 row->type == VZ_TYPE_SWITCH ? switches : words };
}

static void check_row(struct tap *t, const struct row *row)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_rule rule = rule_of(row);
	struct vz_value value = { 0 }, again = { 0 };
	int r = vz_value_parse(&arena, &rule, "--x", row->text, &value, &err);

	tap_int(t, r, row->code, "type %d \"%s\"", row->type, row->text);
	if (row->code < 0) {
		tap_ok(t,
		       !value.is_set && strncmp(err.text, "--x", 3) == 0 && !strchr(err.text, '\n'),
		       "  refused: %s", err.text);
		return;
	}
	if (!tap_str(t, value.text, row->want, "  canonical"))
		return;
	rule.unit = rule.unit == VZ_UNIT_MB ? VZ_UNIT_BYTES : rule.unit;
	r = vz_value_parse(&arena, &rule, "--x", value.text, &again, &err);
	tap_ok(t, r == 0 && strcmp(again.text, value.text) == 0, "  parses to itself");
}

static void check_sizes(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_value value = { 0 };
	char *huge = malloc((1 << 20) + 1);

	memset(huge, 'a', 1 << 20);
	huge[1 << 20] = '\0';
	for (enum vz_type type = 0; type < VZ_TYPE_MAX; type++) {
		struct vz_rule rule = { type, VZ_UNIT_ITEMS, 0, 0, words };
		struct wabe_error err = WABE_ERROR_INIT;

		tap_ok(t,
		       vz_value_parse(&arena, &rule, "--x", huge, &value, &err) < 0 &&
			       strlen(err.text) < 400,
		       "type %d refuses a value of 1 MB: %.60s", type, err.text);
	}
	free(huge);
}

static void check_bytes(struct tap *t)
{
	tap_int(t, (long long)vz_value_bytes(3, VZ_UNIT_PAGES), 12288, "pages to bytes");
	tap_int(t, (long long)vz_value_bytes(3, VZ_UNIT_KB), 3072, "KB to bytes");
	tap_int(t, (long long)vz_value_bytes(3, VZ_UNIT_BYTES), 3, "bytes to bytes");
	tap_int(t, (long long)vz_value_bytes(VZ_UNLIMITED, VZ_UNIT_PAGES), (long long)VZ_UNLIMITED,
		"unlimited stays");
	tap_int(t, (long long)vz_value_bytes(VZ_UNLIMITED - 1, VZ_UNIT_PAGES),
		(long long)VZ_UNLIMITED, "overflow is unlimited");
}

static void check_secret(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_rule rule = { VZ_TYPE_USERPASSWD, VZ_UNIT_NONE, 0, 0, NULL };
	struct vz_value value = { 0 };

	vz_value_parse(&arena, &rule, "--userpasswd", "bad user:secret", &value, &err);
	tap_ok(t, err.code && !strstr(err.text, "secret"),
	       "an error does not show the password: %s", err.text);
}

int main(void)
{
	struct tap t = TAP_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&t, &rows[i]);
	check_sizes(&t);
	check_bytes(&t);
	check_secret(&t);
	return tap_end(&t);
}
