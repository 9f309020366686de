// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/conffile: the line scanner; see conffile.h. Shell quoting as in POSIX XCU 2.2. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "conf/conffile.h"
#include "conf/exit.h"

struct scanner {
	const char *text;
	size_t at;
	char *value; /* with room for all of the text: unquoting makes nothing longer */
	size_t len;
	bool has_expansion;
	const char *why;
};

static bool is_key_char(char c, bool is_first)
{
	if (!isascii((unsigned char)c))
		return false;
	return c == '_' || (is_first ? isalpha((unsigned char)c) : isalnum((unsigned char)c)) != 0;
}

bool vz_conffile_is_key(const char *key)
{
	if (!is_key_char(*key, true))
		return false;
	for (; *key; key++)
		if (!is_key_char(*key, false))
			return false;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct scanner *s)
{
	while (is_blank(s->text[s->at]))
		s->at++;
}

static int fail(struct scanner *s, const char *why)
{
	s->why = why;
	return -EINVAL;
}

/* Take @len characters as they are. */
static void take(struct scanner *s, size_t len)
{
	memcpy(s->value + s->len, s->text + s->at, len);
	s->len += len;
	s->at += len;
}

static int scan_single(struct scanner *s)
{
	const char *end = strchr(s->text + s->at + 1, '\'');

	if (!end)
		return fail(s, "a quote is not closed");
	s->at++;
	take(s, (size_t)(end - (s->text + s->at)));
	s->at++;
	return 0;
}

static int scan_double(struct scanner *s)
{
	s->at++;
	while (s->text[s->at] != '"') {
		size_t plain = strcspn(s->text + s->at, "\"\\$`");
		char c = s->text[s->at + plain];

		if (!c)
			return fail(s, "a quote is not closed");
		if (plain) {
			take(s, plain);
			continue;
		}
		if (c == '$' || c == '`')
			s->has_expansion = true;
		/* Between double quotes a backslash is only special before these. */
		if (c == '\\' && s->text[s->at + 1] && strchr("\\\"$`", s->text[s->at + 1]))
			s->at++;
		take(s, 1);
	}
	s->at++;
	return 0;
}

static int scan_bare(struct scanner *s)
{
	char c = s->text[s->at];

	if (strchr(";&|<>()", c))
		return fail(s, "a character that has a meaning for shells must be quoted");
	if (c == '$' || c == '`' || (c == '~' && (s->len == 0 || s->value[s->len - 1] == ':')))
		s->has_expansion = true;
	if (c == '\\') {
		s->at++;
		if (!s->text[s->at])
			return fail(s, "a line ends in a backslash");
	}
	take(s, 1);
	return 0;
}

static int scan_value(struct scanner *s)
{
	int r = 0;

	while (r == 0 && s->text[s->at] && !is_blank(s->text[s->at])) {
		if (s->text[s->at] == '\'')
			r = scan_single(s);
		else if (s->text[s->at] == '"')
			r = scan_double(s);
		else
			r = scan_bare(s);
	}
	return r;
}

static int scan_key(struct scanner *s, struct wabe_arena *arena, const char **ret_key)
{
	static const char export[] = "export";
	size_t start;

	if (strncmp(s->text + s->at, export, sizeof(export) - 1) == 0 &&
	    is_blank(s->text[s->at + sizeof(export) - 1])) {
		s->at += sizeof(export) - 1;
		skip_blanks(s);
	}
	start = s->at;
	if (!is_key_char(s->text[s->at], true))
		return fail(s, "neither a comment nor KEY=\"value\"");
	while (is_key_char(s->text[s->at], false))
		s->at++;
	if (s->text[s->at] != '=')
		return fail(s, "neither a comment nor KEY=\"value\"");
	*ret_key = wabe_arena_strndup(arena, s->text + start, s->at - start);
	s->at++;
	return *ret_key ? 0 : -ENOMEM;
}

static int scan_assignment(struct scanner *s, struct wabe_arena *arena,
			   struct vz_conffile_line *line)
{
	int r = scan_key(s, arena, &line->key);

	if (r < 0)
		return r;
	line->value_at = s->at;
	s->value = wabe_arena_alloc(arena, strlen(s->text + s->at) + 1);
	if (!s->value)
		return -ENOMEM;
	r = scan_value(s);
	if (r < 0)
		return r;
	line->value_end = s->at;
	skip_blanks(s);
	if (s->text[s->at] && (s->text[s->at] != '#' || !is_blank(s->text[s->at - 1])))
		return fail(s, "there is something behind the value");
	line->has_expansion = s->has_expansion;
	s->value[s->len] = '\0';
	line->value = s->value;
	return 0;
}

int vz_conffile_scan_line(struct wabe_arena *arena, const char *text,
			  struct vz_conffile_line *ret_line, const char **ret_why)
{
	struct vz_conffile_line line = { .text = text };
	struct scanner s = { .text = text };
	int r = 0;

	if (strchr(text, '\r')) {
		*ret_why = "a carriage return (a file in DOS format?)";
		return -EINVAL;
	}
	skip_blanks(&s);
	if (text[s.at] && text[s.at] != '#')
		r = scan_assignment(&s, arena, &line);
	if (r < 0) {
		*ret_why = s.why;
		return r;
	}
	*ret_line = line;
	return 0;
}
