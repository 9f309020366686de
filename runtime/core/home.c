// SPDX-License-Identifier: GPL-2.0-or-later
/* core/home: the variable HOME of a process whose configuration has none; see home.h. */
#include "core/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"

#define VARIABLE "HOME="
#define READ_MAX (1u << 20)
#define UID_FIELD 2 /* of NAME:PASSWORD:UID:GID:COMMENT:HOME:SHELL */
#define HOME_FIELD 5

/* One line, which is cut up. */
static int home_of_line(char *line, uint32_t uid, char *home)
{
	char *fields[HOME_FIELD + 1];
	uint32_t found;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		fields[i] = strsep(&line, ":");
		if (!fields[i])
			return -ENOENT;
	}
	if (wabe_parse_u32(fields[UID_FIELD], &found) < 0 || found != uid ||
	    fields[HOME_FIELD][0] != '/' || strlen(fields[HOME_FIELD]) >= WABE_HOME_MAX)
		return -ENOENT;
	memcpy(home, fields[HOME_FIELD], strlen(fields[HOME_FIELD]) + 1);
	return 0;
}

/* A line and what follows it, as far as it was read. */
struct reader {
	char text[4096];
	size_t held, total;
	bool is_cut; /* the beginning of this line is gone: it was longer than @text */
};

/* The whole lines of what is held: 0 when one of them has it. */
static int take_lines(struct reader *r, uint32_t uid, char *home)
{
	char *at = r->text, *end = r->text + r->held, *newline;

	while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
		*newline = '\0';
		if (!r->is_cut && home_of_line(at, uid, home) == 0)
			return 0;
		r->is_cut = false;
		at = newline + 1;
	}
	r->held = (size_t)(end - at);
	memmove(r->text, at, r->held);
	/* Room for a NUL behind the last line. */
	if (r->held < sizeof(r->text) - 1)
		return -ENOENT;
	r->is_cut = true;
	r->held = 0;
	return -ENOENT;
}

int wabe_home_read(int fd, uint32_t uid, char *home)
{
	struct reader r = { .total = 0 };
	ssize_t n;

	while (r.total < READ_MAX &&
	       (n = read(fd, r.text + r.held, sizeof(r.text) - 1 - r.held)) > 0) {
		r.total += (size_t)n;
		r.held += (size_t)n;
		if (take_lines(&r, uid, home) == 0)
			return 0;
	}
	r.text[r.held] = '\0';
	return r.is_cut || r.total >= READ_MAX ? -ENOENT : home_of_line(r.text, uid, home);
}

static bool has_home(const struct wabe_strv *env)
{
	for (size_t i = 0; i < env->count; i++)
		if (wabe_str_starts(env->items[i], VARIABLE) && env->items[i][strlen(VARIABLE)])
			return true;
	return false;
}

/*
 * An image may have anything at the place: nothing is waited for, and no terminal taken. A filter that is in force by now may have
 * been written before there was openat2(2).
 */
static void find(uint32_t uid, char *home)
{
	static const char path[] = "/etc/passwd";
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	_cleanup_close_ int fd = wabe_path_open_own(path, flags, NULL);

	if (fd == -ENOSYS || fd == -EPERM)
		fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || wabe_home_read(fd, uid, home) < 0)
		memcpy(home, "/", sizeof("/"));
}

int wabe_home_env(const struct wabe_strv *env, uint32_t uid, char ***ret_env,
		  struct wabe_error *err)
{
	char *variable, **all;
	size_t n = 0;

	if (has_home(env)) {
		*ret_env = env->items;
		return 0;
	}
	variable = malloc(strlen(VARIABLE) + WABE_HOME_MAX);
	all = malloc((env->count + 2) * sizeof(*all));
	if (!variable || !all) {
		free(variable);
		free(all);
		return wabe_error_set(err, -ENOMEM, "HOME");
	}
	memcpy(variable, VARIABLE, strlen(VARIABLE));
	find(uid, variable + strlen(VARIABLE));
	for (size_t i = 0; i < env->count; i++)
		if (!wabe_str_starts(env->items[i], VARIABLE))
			all[n++] = env->items[i];
	all[n++] = variable;
	all[n] = NULL;
	*ret_env = all;
	return 0;
}
