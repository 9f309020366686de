// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/value: types of parameters, scalar ones and the entry to all; see value.h. */
#include "conf/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "conf/value_types.h"

#define TEXT_MAX 4096
#define NAME_MAX_BYTES 64
#define TEMPLATE_MAX 128
#define PATH_MAX_BYTES 1024
#define USER_MAX 32
#define HOSTNAME_MAX 64	 /* HOST_NAME_MAX: what sethostname(2) takes */
#define MASK_ID_MAX 8191 /* CONFIG_NR_CPUS of x86 */
#define SHOWN_MAX 64

static bool is_alnum(char c)
{
	return isascii((unsigned char)c) && isalnum((unsigned char)c);
}

/* Bytes of UTF-8 beyond ASCII: neither shell nor path gives them a meaning. */
static bool is_high(char c)
{
	return (unsigned char)c >= 0x80;
}

static bool is_made_of(const char *s, const char *punctuation, bool is_high_fine)
{
	for (; *s; s++)
		if (!is_alnum(*s) && !strchr(punctuation, *s) && !(is_high_fine && is_high(*s)))
			return false;
	return true;
}

bool vz_value_is_name(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > NAME_MAX_BYTES || s[len - 1] == ' ' || !is_made_of(s, "._- ", true))
		return false;
	/* All digits would be a CTID. */
	return (is_alnum(*s) || is_high(*s)) && strspn(s, "0123456789") != len;
}

bool vz_value_is_template(const char *s)
{
	return is_alnum(*s) && strlen(s) <= TEMPLATE_MAX && is_made_of(s, "._+-", false);
}

static int keep(struct wabe_arena *arena, const char *text, struct vz_value *v)
{
	v->text = wabe_arena_strdup(arena, text);
	return v->text ? 0 : -ENOMEM;
}

static int parse_yesno(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		       struct vz_value *v)
{
	static const struct wabe_name words[] = {
		{ "yes", 1 }, { "no", 0 }, { "on", 1 }, { "off", 0 }, { NULL, 0 }
	};
	long long yes;

	(void)rule;
	if (wabe_name_find(words, text, &yes) < 0)
		return -EINVAL;
	v->yes = yes != 0;
	return keep(arena, v->yes ? "yes" : "no", v);
}

static int parse_text(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		      struct vz_value *v)
{
	(void)rule;
	if (strlen(text) > TEXT_MAX)
		return -E2BIG;
	return wabe_str_printable(text) ? keep(arena, text, v) : -EINVAL;
}

/* useradd(8)'s names; the password may hold anything printable, ':' too: chpasswd(8) cuts at the
 * first one. */
static int parse_userpasswd(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
			    struct vz_value *v)
{
	size_t len = strcspn(text, ":");

	(void)rule;
	if (len == 0 || len > USER_MAX || !text[len] || !text[len + 1] ||
	    !wabe_str_printable(text) || strlen(text) > TEXT_MAX)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(text[i]) && (!strchr("_.-", text[i]) || (i == 0 && text[i] != '_')))
			return -EINVAL;
	return keep(arena, text, v);
}

size_t vz_value_veid_length(const char *s)
{
	if (strncmp(s, "${VEID}", 7) == 0)
		return 7;
	if (strncmp(s, "$VEID", 5) == 0 && !is_alnum(s[5]) && s[5] != '_')
		return 5;
	return 0;
}

static bool is_path_made_well(const char *s)
{
	for (; *s; s++) {
		size_t skip = *s == '$' ? vz_value_veid_length(s) : 0;

		if (skip) {
			s += skip - 1;
			continue;
		}
		if (!is_alnum(*s) && !is_high(*s) && !strchr("/_.+@%=~:,-", *s))
			return false;
		if (*s == '/' && s[1] == '.' && s[2] == '.' && (s[3] == '/' || !s[3]))
			return false;
	}
	return true;
}

static int parse_path(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		      struct vz_value *v)
{
	size_t len = strlen(text);

	(void)rule;
	if (len > PATH_MAX_BYTES)
		return -E2BIG;
	if (*text != '/' || !is_path_made_well(text))
		return -EINVAL;
	while (len > 1 && text[len - 1] == '/')
		len--;
	if (len == 1)
		return -EINVAL;
	v->text = wabe_arena_strndup(arena, text, len);
	return v->text ? 0 : -ENOMEM;
}

static int parse_word(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		      struct vz_value *v)
{
	(void)rule;
	if (*text == '-' || strlen(text) > TEXT_MAX || !is_made_of(text, "_.,:=/+@-", false))
		return -EINVAL;
	return keep(arena, text, v);
}

static int parse_name(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		      struct vz_value *v)
{
	(void)rule;
	return vz_value_is_name(text) ? keep(arena, text, v) : -EINVAL;
}

static int parse_template(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
			  struct vz_value *v)
{
	(void)rule;
	return vz_value_is_template(text) ? keep(arena, text, v) : -EINVAL;
}

static int parse_hostname(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
			  struct vz_value *v)
{
	(void)rule;
	return vz_value_is_hostname(text, HOSTNAME_MAX) ? keep(arena, text, v) : -EINVAL;
}

static int parse_enum(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		      struct vz_value *v)
{
	for (size_t i = 0; rule->names[i]; i++) {
		if (strcmp(rule->names[i], text) == 0) {
			v->number = i;
			return keep(arena, text, v);
		}
	}
	return -EINVAL;
}

static int parse_ifname(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
			struct vz_value *v)
{
	(void)rule;
	return vz_value_is_ifname(text) ? keep(arena, text, v) : -EINVAL;
}

static int parse_mac(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		     struct vz_value *v)
{
	(void)rule;
	return vz_value_is_mac(text) ? keep(arena, text, v) : -EINVAL;
}

/* One "3" or "0-3" of a cpuset list (cpuset(7), "List format"). */
static int check_mask_range(char *range)
{
	char *dash = strchr(range, '-');
	int first, last, r;

	if (dash)
		*dash = '\0';
	r = wabe_parse_int(range, 0, MASK_ID_MAX, &first);
	last = first;
	if (r == 0 && dash)
		r = wabe_parse_int(dash + 1, 0, MASK_ID_MAX, &last);
	if (r < 0)
		return r;
	return last < first ? -ERANGE : 0;
}

static int parse_mask(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		      struct vz_value *v)
{
	char *rest;
	int r;

	for (size_t i = 0; rule->names[i]; i++)
		if (strcmp(rule->names[i], text) == 0)
			return keep(arena, text, v);
	if (strlen(text) > TEXT_MAX)
		return -E2BIG;
	rest = wabe_arena_strdup(arena, text);
	if (!rest)
		return -ENOMEM;
	for (char *range; (range = strsep(&rest, ",")) != NULL;) {
		r = check_mask_range(range);
		if (r < 0)
			return r;
	}
	return keep(arena, text, v);
}

typedef int (*scalar_parser)(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
			     struct vz_value *v);
typedef int (*entry_parser)(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
			    const char **ret_entry);

/* One row a type: its parser (of the value, or of one entry of a list), and what errors say was
 * expected. */
static const struct type_row {
	scalar_parser scalar;
	entry_parser entry;
	const char *separators, *glue;
	bool is_empty_fine;
	const char *expected;
} types[VZ_TYPE_MAX] = {
	[VZ_TYPE_YESNO] = { .scalar = parse_yesno, .expected = "yes or no" },
	[VZ_TYPE_NUMBER] = { .scalar = vz_type_number, .expected = "a number" },
	[VZ_TYPE_LIMIT] = { .scalar = vz_type_limit, .expected = "a number, or unlimited" },
	[VZ_TYPE_FACTOR] = { .scalar = vz_type_factor, .expected = "a number such as 1.5" },
	[VZ_TYPE_PAIR] = { .scalar = vz_type_pair,
			   .expected = "LIMIT or BARRIER:LIMIT, with unlimited for none" },
	[VZ_TYPE_RATE] = { .scalar = vz_type_rate,
			   .expected =
				   "IN[:OUT] in bits a second, such as 100M:20M, or unlimited" },
	[VZ_TYPE_TEXT] = { .scalar = parse_text,
			   .is_empty_fine = true,
			   .expected = "one line of printable text" },
	[VZ_TYPE_USERPASSWD] = { .scalar = parse_userpasswd, .expected = "USER:PASSWORD" },
	[VZ_TYPE_PATH] = { .scalar = parse_path,
			   .expected = "an absolute path without \"..\" and special characters" },
	[VZ_TYPE_WORD] = { .scalar = parse_word,
			   .is_empty_fine = true,
			   .expected = "letters, digits and _.,:=/+@-" },
	[VZ_TYPE_NAME] = { .scalar = parse_name,
			   .is_empty_fine = true,
			   .expected = "at most 64 letters, digits, _ . - and inner blanks, not "
				       "only digits" },
	[VZ_TYPE_TEMPLATE] = { .scalar = parse_template,
			       .expected = "letters, digits and . _ + -" },
	[VZ_TYPE_HOSTNAME] = { .scalar = parse_hostname,
			       .is_empty_fine = true,
			       .expected = "a host name (RFC 1123): at most 64 letters, digits, "
					   "'-' and '.'" },
	[VZ_TYPE_ENUM] = { .scalar = parse_enum, .expected = "one of" },
	[VZ_TYPE_MASK] = { .scalar = parse_mask, .expected = "a list such as 0-3,7, or" },
	[VZ_TYPE_IFNAME] = { .scalar = parse_ifname, .expected = "an interface name" },
	[VZ_TYPE_MAC] = { .scalar = parse_mac,
			  .expected = "a unicast hardware address such as 00:18:51:0a:0b:0c" },
	[VZ_TYPE_IP] = { .entry = vz_entry_ip,
			 .separators = " \t,",
			 .glue = " ",
			 .expected = "IP addresses" },
	[VZ_TYPE_NAMESERVER] = { .entry = vz_entry_nameserver,
				 .separators = " \t,",
				 .glue = " ",
				 .expected = "IP addresses, or inherit" },
	[VZ_TYPE_DOMAIN] = { .entry = vz_entry_domain,
			     .separators = " \t,",
			     .glue = " ",
			     .expected = "domain names, or inherit" },
	[VZ_TYPE_SWITCH] = { .entry = vz_entry_switch,
			     .separators = " \t,",
			     .glue = " ",
			     .expected = "NAME:on or NAME:off with a name of" },
	[VZ_TYPE_DEVICE] = { .entry = vz_entry_device,
			     .separators = " \t",
			     .glue = " ",
			     .expected = "b|c:MAJOR:MINOR|all:[r][w][q]|none" },
	[VZ_TYPE_DEVNODE] = { .entry = vz_entry_devnode,
			      .separators = " \t",
			      .glue = " ",
			      .expected = "DEVICE:[r][w][q]|none with a name below /dev" },
	[VZ_TYPE_PCI] = { .entry = vz_entry_pci,
			  .separators = " \t",
			  .glue = " ",
			  .expected = "[DOMAIN:]BUS:SLOT.FUNCTION" },
	[VZ_TYPE_NETIF] = { .entry = vz_entry_netif,
			    .separators = ";",
			    .glue = ";",
			    .expected = "IFNAME[,MAC,HOST_IFNAME,HOST_MAC,BRIDGE]" },
	[VZ_TYPE_IFLIST] = { .entry = vz_entry_ifname,
			     .separators = " \t,",
			     .glue = " ",
			     .expected = "interface names" },
	[VZ_TYPE_MODULES] = { .entry = vz_entry_module,
			      .separators = " \t,",
			      .glue = " ",
			      .expected = "module names" },
};

bool vz_type_is_list(enum vz_type type)
{
	return types[type].entry != NULL;
}

int vz_value_join(struct wabe_arena *arena, enum vz_type type, struct vz_value *value)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	for (size_t i = 0; i < value->list.count; i++)
		if (wabe_buf_printf(&text, "%s%s", i ? types[type].glue : "",
				    value->list.items[i]) < 0)
			return -ENOMEM;
	value->text = wabe_arena_strdup(arena, text.len ? text.data : "");
	return value->text ? 0 : -ENOMEM;
}

/* Add @entry, in the place of one that is the same thing. */
static int list_put(struct wabe_arena *arena, enum vz_type type, struct wabe_strv *list,
		    const char *entry)
{
	for (size_t i = 0; i < list->count; i++) {
		if (vz_value_entry_same(type, list->items[i], entry)) {
			list->items[i] = (char *)entry;
			return 0;
		}
	}
	return wabe_strv_add(list, arena, entry);
}

static int parse_list(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		      struct vz_value *v)
{
	struct wabe_strv words = { 0 };
	const char *entry;
	int r;

	if (strlen(text) > VZ_LIST_MAX_BYTES)
		return -E2BIG;
	r = wabe_strv_split(&words, arena, text, types[rule->type].separators);
	for (size_t i = 0; r == 0 && i < words.count; i++) {
		r = types[rule->type].entry(arena, rule, words.items[i], &entry);
		if (r == 0)
			r = list_put(arena, rule->type, &v->list, entry);
	}
	return r < 0 ? r : vz_value_join(arena, rule->type, v);
}

/* @text for a message: control characters escaped, cut. */
static void show(char *out, size_t room, const char *text)
{
	size_t used = 0;

	for (; *text && used + 8 < room; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			used += (size_t)snprintf(out + used, room - used, "\\x%02x", c);
		else
			out[used++] = *text;
	}
	out[used] = '\0';
	if (*text)
		snprintf(out + used, room - used, "...");
}

static int add_names(struct wabe_buf *text, const struct vz_rule *rule)
{
	int r = 0;

	for (size_t i = 0; r == 0 && rule->names && rule->names[i]; i++)
		r = wabe_buf_printf(text, "%s%s", i ? ", " : " ", rule->names[i]);
	return r;
}

static int complain(const struct vz_rule *rule, const char *what, const char *text, int code,
		    struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf expected = WABE_BUF_INIT;
	char shown[SHOWN_MAX + 16] = "";
	const char *unit = vz_unit_name(rule->unit);

	if (code == -ENOMEM)
		return wabe_error_set(err, code, "%s", what);
	/* A password must not get into a log. */
	show(shown, sizeof(shown), rule->type == VZ_TYPE_USERPASSWD ? "..." : text);
	if (code == -E2BIG)
		return wabe_error_say(err, code, "%s \"%s\": the value is too long (%zu bytes)",
				      what, shown, strlen(text));
	if (code == -EDOM)
		return wabe_error_say(err, -ERANGE, "%s \"%s\": the barrier is above the limit",
				      what, shown);
	if (code == -ERANGE && rule->max)
		return wabe_error_say(err, code,
				      "%s \"%s\": out of range, %llu to %llu%s%s are allowed", what,
				      shown, (unsigned long long)rule->min,
				      (unsigned long long)rule->max, *unit ? " " : "", unit);
	if (code == -ERANGE)
		return wabe_error_say(err, code, "%s \"%s\": out of range", what, shown);
	if (wabe_buf_puts(&expected, types[rule->type].expected) < 0 ||
	    add_names(&expected, rule) < 0)
		return wabe_error_set(err, -ENOMEM, "%s", what);
	return wabe_error_say(err, code, "%s \"%s\": expected %s", what, shown, expected.data);
}

int vz_value_parse(struct wabe_arena *arena, const struct vz_rule *rule, const char *what,
		   const char *text, struct vz_value *ret_value, struct wabe_error *err)
{
	const struct type_row *type = &types[rule->type];
	struct vz_value v = { .is_set = true };
	int r;

	if (type->entry)
		r = parse_list(arena, rule, text, &v);
	else if (!*text)
		r = type->is_empty_fine ? keep(arena, "", &v) : -EINVAL;
	else
		r = type->scalar(arena, rule, text, &v);
	if (r < 0)
		return complain(rule, what, text, r, err);
	*ret_value = v;
	return 0;
}
