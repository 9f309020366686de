// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conf/param: wrong values of every option, made from the parameter table: whoever adds a row gets its cases, and a type
 * that isn't known here fails. With --cases it prints them for tests/bats/vzctl_bad_values.bats instead: option, verb, exit
 * code, how often the value is repeated, value (as printf's %b reads it), separated by tabs.
 */
#include "conf/param.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "tap.h"

#define LONG_BYTES (1u << 20)
#define ARGUMENT_BYTES 100000u /* what fits an argument: MAX_ARG_STRLEN is 128 KiB */
#define SHOWN_AT_LEAST 40u     /* bytes of a value that a message has */

/* What no value of any type has, and no line of a file either. */
#define CONTROL "a\nONBOOT=\"yes\"", "1\n", "\n", "a\rb", "\x1b[2J", "\x7f", "\x01"
#define QUOTES "a\"b", "a'b", "a`id`", "a$(id)", "a\\", "\""
#define NO_NUMBER                                                                             \
	CONTROL, QUOTES, "", "-1", "+1", " 1", "1 ", "x", "1x", "10Q", "10KK", "1e3", "0x10", \
		"1.5.5", ".", "18446744073709551616", "99999999999999999999999999999", "NaN", \
		"unlimited ", "Unlimited", "1,5"
#define NO_LIST CONTROL, QUOTES

#define BAD_MAX 48

/* A row a type. @takes_empty: what an option with an empty value means is to clear it. */
static const struct bad_type {
	const char *values[BAD_MAX];
	bool takes_empty;
	char filler; /* so many of it that no value is that long */
} bad_types[VZ_TYPE_MAX] = {
	[VZ_TYPE_YESNO] = { { CONTROL, QUOTES, "", "maybe", "1", "-1", "YES", "yes " },
			    false,
			    'y' },
	[VZ_TYPE_NUMBER] = { { NO_NUMBER, "unlimited", "1:2" }, false, '9' },
	[VZ_TYPE_LIMIT] = { { NO_NUMBER, "1:2" }, false, '9' },
	[VZ_TYPE_FACTOR] = { { NO_NUMBER, "unlimited", "1.5555", "1." }, false, '9' },
	[VZ_TYPE_PAIR] = { { NO_NUMBER, "20:10", "unlimited:10", "1:", ":1", ":", "1:2:3", "-1:2",
			     "1:-2", "1:2Q" },
			   false,
			   '9' },
	[VZ_TYPE_TEXT] = { { CONTROL }, true, 'a' },
	[VZ_TYPE_USERPASSWD] = { { CONTROL, "", "word", "root:", ":word", "-a:word", "a b:word",
				   "ro\not:x", "root:a\nb" },
				 false,
				 'a' },
	[VZ_TYPE_PATH] = { { CONTROL, QUOTES, "", "relative", "/", "/a/../b", "/..", "/a b",
			     "/$HOME", "/a;b", "-1" },
			   false,
			   '/' },
	[VZ_TYPE_WORD] = { { CONTROL, QUOTES, "-o", "a b", "a;b" }, true, 'a' },
	[VZ_TYPE_NAME] = { { CONTROL, QUOTES, "1234567", "-1", ".a", "../x", "a/b", " a", "a " },
			   true,
			   'a' },
	[VZ_TYPE_TEMPLATE] = { { CONTROL, QUOTES, "", "../x", ".x", "a/b", "-x", "a b" },
			       false,
			       'a' },
	[VZ_TYPE_HOSTNAME] = { { CONTROL, QUOTES, "-a", "a-", "a b", "a_b", "a..b", ".a", "a.",
				 "*" },
			       true,
			       'a' },
	[VZ_TYPE_ENUM] = { { CONTROL, QUOTES, "", "no-such-name", "-1", " " }, false, 'a' },
	[VZ_TYPE_MASK] = { { CONTROL, QUOTES, "", "-1", "3-1", "1,", ",1", "1--2", "a", "99999",
			     "18446744073709551616", "nowhere" },
			   false,
			   '1' },
	[VZ_TYPE_IP] = { { NO_LIST,
			   "",
			   "10.0.0",
			   "10.0.0.256",
			   "10.0.0.1/33",
			   "10.0.0.1/0",
			   "10.0.0.1/",
			   "10.0.0.1/-1",
			   "10.0.0.1/24/8",
			   "0.0.0.0",
			   "224.0.0.1",
			   "::",
			   "::1",
			   "127.0.0.1",
			   "ff02::1",
			   "2001:db8::g",
			   "2001:db8::1/129",
			   "1",
			   "-1",
			   "host" },
			 false,
			 '1' },
	[VZ_TYPE_NAMESERVER] = { { NO_LIST, "10.0.0.1/24", "10.0.0.256", "-1", "host", "::g" },
				 true,
				 '1' },
	[VZ_TYPE_DOMAIN] = { { NO_LIST, "-a", "a_b", "a..b", ".", "*" }, true, 'a' },
	[VZ_TYPE_SWITCH] = { { NO_LIST, "", "no_such_name:on", ":on", "on", "-1", "x:maybe" },
			     false,
			     'a' },
	[VZ_TYPE_DEVICE] = { { NO_LIST, "", "c:1", "x:1:3:rw", "c:-1:3:rw", "c:1:3:", "c:1:3:x",
			       "c:1:3:rr", "c:1:99999999:rw", "c:18446744073709551616:3:rw", "-1" },
			     false,
			     'a' },
	[VZ_TYPE_DEVNODE] = { { NO_LIST, "", "null", "null:", "null:x", "../sda:rw", "/dev/null:rw",
				"a//b:rw", ".x:rw", "-1" },
			      false,
			      'a' },
	[VZ_TYPE_PCI] = { { NO_LIST, "", "3", "zz:00.0", "03:00", "03:00.10", "-1", "0:0:0:0.0" },
			  false,
			  '0' },
	[VZ_TYPE_NETIF] = { { NO_LIST, "", "eth0,bad-mac", "eth0,01:00:5e:00:00:01",
			      "ifname=", "mac=00:18:51:00:00:01", "a-name-that-is-too-long", "a/b",
			      "eth0,,,,,,,x", "ifname=eth0,nonsense=1", "ifname=a,ifname=b" },
			    false,
			    'a' },
	[VZ_TYPE_IFNAME] = { { CONTROL, QUOTES, "", "a-name-that-is-too-long", "a/b", "a:b", ".",
			       "..", "-1", "a b" },
			     false,
			     'a' },
	[VZ_TYPE_MAC] = { { CONTROL, QUOTES, "", "00:18:51:00:00", "00:18:51:00:00:0g",
			    "01:00:5e:00:00:01", "0018510000ff", "-1" },
			  false,
			  '0' },
	[VZ_TYPE_IFLIST] = { { NO_LIST, "", "a-name-that-is-too-long", "a/b", "-1" }, false, 'a' },
	[VZ_TYPE_RATE] = { { CONTROL, QUOTES, "", "-1", "1X", "1M:", ":1M", "1M:2M:3M", "fast",
			     "99999999999999999999" },
			   false,
			   '9' },
	[VZ_TYPE_MODULES] = { { NO_LIST, "a/b", "-1", "a.ko" }, true, 'a' },
};

struct bad_case {
	enum vz_param_id id;
	const char *option, *value;
	unsigned int verb;
	size_t repeat; /* of the value's one character; 0: the value as it is */
};

typedef void case_fn(void *data, const struct bad_case *c);

static void each_value(enum vz_param_id id, const char *option, case_fn *fn, void *data)
{
	const struct vz_param *row = vz_param_row(id);
	const struct bad_type *bad = &bad_types[row->rule.type];
	unsigned int verb = row->flags & VZ_PARAM_SET ? VZ_PARAM_SET : VZ_PARAM_CREATE;
	char filler[] = { bad->filler, '\0' }, above[32];

	for (size_t i = 0; i < BAD_MAX && bad->values[i]; i++)
		fn(data, &(struct bad_case){ id, option, bad->values[i], verb, 0 });
	if (option == row->option_limit)
		fn(data, &(struct bad_case){ id, option, "1:2", verb, 0 });
	if (row->rule.max && row->rule.type != VZ_TYPE_FACTOR) {
		snprintf(above, sizeof(above), "%llu", (unsigned long long)row->rule.max + 1);
		fn(data, &(struct bad_case){ id, option, above, verb, 0 });
	}
	if (row->rule.min > 1) {
		snprintf(above, sizeof(above), "%llu", (unsigned long long)row->rule.min - 1);
		fn(data, &(struct bad_case){ id, option, above, verb, 0 });
	}
	fn(data, &(struct bad_case){ id, option, filler, verb, LONG_BYTES });
}

static void each_case(case_fn *fn, void *data)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		const struct vz_param *row = vz_param_row(id);
		const char *const options[] = { row->option, row->option_limit, row->option_del };

		for (size_t i = 0; i < ARRAY_SIZE(options); i++)
			if (options[i])
				each_value(id, options[i], fn, data);
	}
}

/* The beginning of the value is there, up to what a message can't show as it is. */
static bool is_named(const char *text, const char *value)
{
	char begin[SHOWN_AT_LEAST + 1];
	size_t len = 0;

	while (len < SHOWN_AT_LEAST && (unsigned char)value[len] >= 0x20 && value[len] != 0x7f)
		len++;
	memcpy(begin, value, len);
	begin[len] = '\0';
	return strstr(text, begin) && (!value[len] || len == SHOWN_AT_LEAST || strstr(text, "\\x"));
}

static void check_message(struct tap *t, const struct bad_case *c, const char *value,
			  const char *text)
{
	char what[64];

	snprintf(what, sizeof(what), "--%s", c->option);
	tap_has(t, text, what, "  names the option");
	tap_ok(t, strlen(text) < 900 && !strpbrk(text, "\r\n\x1b"),
	       "  is one line of a bearable length");
	if (vz_param_row(c->id)->rule.type == VZ_TYPE_USERPASSWD)
		tap_ok(t, !strstr(text, "word") && !strstr(text, "aaaa"),
		       "  doesn't show the password");
	else
		tap_ok(t, is_named(text, value), "  names the value: %s", text);
}

static void check_case(void *data, const struct bad_case *c)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_params p = { .arena = &arena };
	struct wabe_error err = WABE_ERROR_INIT;
	_cleanup_free_ char *repeated = c->repeat ? malloc(c->repeat + 1) : NULL;
	const char *value = c->value;
	struct tap *t = data;
	int r;

	if (c->repeat && repeated) {
		memset(repeated, *c->value, c->repeat);
		repeated[c->repeat] = '\0';
		value = repeated;
	}
	r = vz_params_option(&p, c->verb, c->option, value, &err);
	if (!tap_ok(t, r < 0, "--%s %.40s is refused", c->option, value))
		return;
	tap_int(t, vz_exit_code(&err), (long long)vz_param_bad_value(c->id), "  its exit code");
	tap_ok(t, !p.values[c->id].is_set, "  nothing is set");
	check_message(t, c, value, err.text);
}

static void print_case(void *data, const struct bad_case *c)
{
	(void)data;
	printf("%s\t%s\t%d\t%u\t", c->option, c->verb == VZ_PARAM_SET ? "set" : "create",
	       (int)vz_param_bad_value(c->id), c->repeat ? ARGUMENT_BYTES : 1);
	for (const unsigned char *p = (const unsigned char *)c->value; *p; p++)
		printf(*p <= 0x20 || *p == 0x7f || *p == '\\' ? "\\0%03o" : "%c", *p);
	putchar('\n');
}

static void check_table(struct tap *t)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		const struct vz_param *row = vz_param_row(id);
		const struct bad_type *bad = &bad_types[row->rule.type];

		tap_ok(t, bad->filler, "%s: its type has wrong values here",
		       row->key ? row->key : row->option);
		tap_ok(t, bad->values[BAD_MAX - 1] == NULL, "  and they all fit");
	}
}

/* What an empty value means is said here, so that it can't change by chance. */
static void check_empty(struct tap *t)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		const struct vz_param *row = vz_param_row(id);
		struct vz_params p = { .arena = &arena };
		struct wabe_error err = WABE_ERROR_INIT;
		int r;

		if (!row->option)
			continue;
		r = vz_params_option(&p, row->flags & VZ_PARAM_SET ? VZ_PARAM_SET : VZ_PARAM_CREATE,
				     row->option, "", &err);
		tap_ok(t, (r == 0) == bad_types[row->rule.type].takes_empty, "--%s \"\" %s",
		       row->option, r == 0 ? "clears" : "is refused");
	}
}

int main(int argc, char **argv)
{
	struct tap t = TAP_INIT;

	if (argc > 1 && strcmp(argv[1], "--cases") == 0) {
		each_case(print_case, NULL);
		return 0;
	}
	check_table(&t);
	check_empty(&t);
	each_case(check_case, &t);
	return tap_end(&t);
}
