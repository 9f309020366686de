// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target: a guest's /etc/shadow or /etc/passwd in which a password is set. The first line is the user, what follows
 * the file. One field, or two, of one line change; all else stays as it is, byte for byte.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "guest/passwd.h"

#define HASH "$6$salt$hash"

/* Where the first line of @user begins. */
static size_t line_at(const char *text, const char *user)
{
	size_t len = strlen(user), at = 0;

	while (strncmp(text + at, user, len) != 0 || text[at + len] != ':') {
		at += strcspn(text + at, "\n");
		FUZZ_CHECK(text[at]);
		at++;
	}
	return at;
}

/* What the two have in common at their ends is all but the changed fields. */
static void check_edit(const char *before, const struct wabe_buf *after, const char *user)
{
	size_t len = strlen(before), head = 0, tail = 0, at = line_at(before, user) + strlen(user);

	while (head < len && head < after->len && before[head] == after->data[head])
		head++;
	while (tail < len - head && tail < after->len - head &&
	       before[len - 1 - tail] == after->data[after->len - 1 - tail])
		tail++;
	/* No line comes or goes, and the change is in one of them. */
	FUZZ_CHECK(!memchr(before + head, '\n', len - head - tail));
	FUZZ_CHECK(!memchr(after->data + head, '\n', after->len - head - tail));
	FUZZ_CHECK(head > at && strncmp(after->data + at, ":" HASH, strlen(":" HASH)) == 0);
	FUZZ_CHECK(strchr(":\n", after->data[at + strlen(":" HASH)]));
}

static void edit(const char *text, const char *user, long days)
{
	_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT, again = WABE_BUF_INIT;
	int r = vz_passwd_edit(text, user, HASH, days, &out);

	if (r < 0) {
		FUZZ_CHECK(r == -ENOENT && out.len == 0);
		return;
	}
	FUZZ_CHECK(strlen(out.data) == out.len);
	check_edit(text, &out, user);
	FUZZ_CHECK(vz_passwd_edit(out.data, user, HASH, days, &again) == 0);
	FUZZ_CHECK(again.len == out.len && memcmp(again.data, out.data, out.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	char *user = wabe_arena_strndup(&arena, (const char *)data, size), *text;

	FUZZ_CHECK(user);
	text = strchr(user, '\n');
	if (!text)
		return 0;
	*text++ = '\0';
	/* vzctl takes no other name (vzctl/conf/value.c). */
	if (!*user || strchr(user, ':'))
		return 0;
	edit(text, user, 20000);
	edit(text, user, -1);
	return 0;
}
