// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conf/conffile: the shell subset with negatives, lines kept byte for byte, a file cut at every
 * byte refused, and what a real sh makes of the files that we write.
 */
#include "conf/conffile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "conf/exit.h"
#include "tap.h"

struct line_row {
	const char *text, *key,
		*value; /* key NULL and value NULL: no assignment; value "!": refused */
	bool has_expansion;
};

static const struct line_row line_rows[] = {
	{ "", NULL, NULL, false },
	{ "   \t", NULL, NULL, false },
	{ "# A=\"b\" 'unclosed", NULL, NULL, false },
	{ "A=b", "A", "b", false },
	{ "A=", "A", "", false },
	{ "A=\"\"", "A", "", false },
	{ "  A=\"b c\"  ", "A", "b c", false },
	{ "A='b \" $x `y` \\'", "A", "b \" $x `y` \\", false },
	{ "A=\"b \\\" \\$x \\`y\\` \\\\\"", "A", "b \" $x `y` \\", false },
	{ "A=\"a\\nb\"", "A", "a\\nb", false },
	{ "A=b # comment", "A", "b", false },
	{ "A=b#c", "A", "b#c", false },
	{ "A=\"b\"'c'd", "A", "bcd", false },
	{ "export A=b", "A", "b", false },
	{ "exportA=b", "exportA", "b", false },
	{ "A=b\\ c", "A", "b c", false },
	{ "VE_ROOT=\"/vz/root/$VEID\"", "VE_ROOT", "/vz/root/$VEID", true },
	{ "VE_ROOT=/vz/root/$VEID", "VE_ROOT", "/vz/root/$VEID", true },
	{ "A=\"`id`\"", "A", "`id`", true },
	{ "A=~root", "A", "~root", true },
	{ "A=\"~root\"", "A", "~root", false },
	{ "A=a~b", "A", "a~b", false },
	{ "A=\"* ? [a]\"", "A", "* ? [a]", false },
	{ "A", NULL, "!", false },
	{ "A =b", NULL, "!", false },
	{ "1A=b", NULL, "!", false },
	{ "A-B=c", NULL, "!", false },
	{ "../A=c", NULL, "!", false },
	{ "=b", NULL, "!", false },
	{ "A=b c", NULL, "!", false },
	{ "A=b; id", NULL, "!", false },
	{ "A=b;id", NULL, "!", false },
	{ "A=b&id", NULL, "!", false },
	{ "A=$(id)", NULL, "!", false },
	{ "A=b|c", NULL, "!", false },
	{ "A=<x", NULL, "!", false },
	{ "A=\"b", NULL, "!", false },
	{ "A='b", NULL, "!", false },
	{ "A=\"b\\\"", NULL, "!", false },
	{ "A=b\\", NULL, "!", false },
	{ "A=\"b\" \"c\"", NULL, "!", false },
	{ "A=b\r", NULL, "!", false },
	{ ". /etc/profile", NULL, "!", false },
	{ "if true; then", NULL, "!", false },
	{ "export", NULL, "!", false },
};

static void check_line(struct tap *t, const struct line_row *row)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_conffile_line line = { 0 };
	const char *why = NULL;
	int r = vz_conffile_scan_line(&arena, row->text, &line, &why);

	if (row->value && strcmp(row->value, "!") == 0) {
		tap_ok(t, r == -EINVAL && why, "refused: %s", row->text);
		return;
	}
	if (!tap_int(t, r, 0, "line: %s", row->text))
		return;
	tap_str(t, line.key, row->key, "  key");
	tap_str(t, line.value, row->value, "  value");
	tap_ok(t, line.has_expansion == row->has_expansion, "  expansion");
}

static int parse(struct vz_conffile *file, struct wabe_arena *arena, const char *text, size_t len,
		 struct wabe_error *err)
{
	vz_conffile_init(file, arena, "x.conf");
	return vz_conffile_parse(file, text, len, err);
}

static const char classic[] = "# Copyright\n"
			      "\n"
			      "ONBOOT=\"yes\"   # at boot\n"
			      "  PHYSPAGES=\"0:1G\"\n"
			      "MY_OWN='x y'\n"
			      "export CPUUNITS=1000\n"
			      "ONBOOT=\"no\"\n"
			      "# last";

static void check_edit(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_conffile file;

	tap_int(t, parse(&file, &arena, classic, strlen(classic), &err), 0,
		"a hand-made file parses %s", err.text);
	vz_conffile_format(&file, &out);
	tap_ok(t,
	       strncmp(out.data, classic, strlen(classic)) == 0 && out.len == strlen(classic) + 1,
	       "unchanged it is byte for byte the same, with its last newline");
	tap_str(t, vz_conffile_get(&file, "ONBOOT"), "no", "the last assignment counts");
	tap_int(t, vz_conffile_find(&file, "PHYSPAGES")->number, 4, "line numbers");
	vz_conffile_set(&file, "PHYSPAGES", "0:1G", VZ_CONFFILE_LITERAL, &err);
	vz_conffile_set(&file, "CPUUNITS", "500", VZ_CONFFILE_LITERAL, &err);
	vz_conffile_set(&file, "ONBOOT", "yes", VZ_CONFFILE_LITERAL, &err);
	vz_conffile_set(&file, "VE_ROOT", "/vz/$VEID/$x", VZ_CONFFILE_VEID, &err);
	vz_conffile_set(&file, "LITERAL", "/vz/$VEID", VZ_CONFFILE_LITERAL, &err);
	out.len = 0;
	vz_conffile_format(&file, &out);
	tap_str(t, out.data,
		"# Copyright\n\nONBOOT=\"yes\"   # at boot\n  PHYSPAGES=\"0:1G\"\nMY_OWN='x "
		"y'\nexport CPUUNITS=\"500\"\n"
		"ONBOOT=\"yes\"\n# last\nVE_ROOT=\"/vz/$VEID/\\$x\"\nLITERAL=\"/vz/\\$VEID\"\n",
		"changed in place, new ones appended, the rest as it was");
	vz_conffile_unset(&file, "ONBOOT");
	tap_ok(t, !vz_conffile_find(&file, "ONBOOT"), "unset drops every line");
	tap_int(t, vz_conffile_set(&file, "../X", "1", VZ_CONFFILE_LITERAL, &err), -EINVAL,
		"a bad key is refused");
	tap_int(t, vz_conffile_set(&file, "X", "1\nY=2", VZ_CONFFILE_LITERAL, &err), -EINVAL,
		"a newline is refused");
}

static void check_errors(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_conffile file;
	static const char nul[] = "A=\"b\"\nC=\"d\0e\"\n";

	tap_int(t, parse(&file, &arena, "A=\"b\"\nB=\"c\n", 12, &err), -EINVAL, "an open quote");
	tap_has(t, err.text, "x.conf: line 2", "  names file and line");
	tap_int(t, err.kind, VZ_EXIT_BAD_CONFIG, "  exit code");
	tap_int(t, parse(&file, &arena, nul, sizeof(nul) - 1, &err), -EINVAL, "a NUL byte");
	tap_int(t, parse(&file, &arena, "", 0, &err), -EINVAL, "an empty file");
	tap_int(t, parse(&file, &arena, "# x\n\n", 5, &err), -EINVAL, "nothing but comments");
	tap_int(t, parse(&file, &arena, "A=\"b\"", 5, &err), 0, "no last newline, quoted");
	tap_int(t, parse(&file, &arena, "A=b", 3, &err), -EINVAL, "no last newline, bare");
	tap_int(t, parse(&file, &arena, "A=\"b\"\nB=", 8, &err), -EINVAL,
		"no last newline, no value");
	tap_int(t, parse(&file, &arena, nul, VZ_CONFFILE_MAX_BYTES + 1, &err), -EFBIG,
		"larger than the bound");
}

static void fill(struct vz_conffile *file, struct wabe_arena *arena)
{
	struct wabe_error err = WABE_ERROR_INIT;

	vz_conffile_init(file, arena, "x.conf");
	vz_conffile_set(file, "ONBOOT", "yes", VZ_CONFFILE_LITERAL, &err);
	vz_conffile_set(file, "PHYSPAGES", "0:65536", VZ_CONFFILE_LITERAL, &err);
	vz_conffile_set(file, "DESCRIPTION", "a \"b\" $c `d` \\e", VZ_CONFFILE_LITERAL, &err);
	vz_conffile_mark(file);
}

static void check_truncation(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_conffile file, again;
	size_t accepted = 0;

	fill(&file, &arena);
	vz_conffile_format(&file, &out);
	tap_int(t, parse(&again, &arena, out.data, out.len, &err), 0, "a file of ours parses %s",
		err.text);
	tap_ok(t, again.has_head && again.has_end, "  and is known as ours");
	for (size_t len = 0; len < out.len; len++)
		accepted += parse(&again, &arena, out.data, len, &err) == 0;
	tap_int(t, (long long)accepted, 0, "cut at each of its %zu bytes it is refused", out.len);
	wabe_buf_puts(&out, "CPUUNITS=\"10\"\n");
	tap_int(t, parse(&again, &arena, out.data, out.len, &err), 0,
		"a line that a script appended is fine");
	vz_conffile_set(&again, "NUMPROC", "5:5", VZ_CONFFILE_LITERAL, &err);
	vz_conffile_mark(&again);
	out.len = 0;
	vz_conffile_format(&again, &out);
	tap_has(t, out.data, "NUMPROC=\"5:5\"\n" VZ_CONFFILE_END "\nCPUUNITS=\"10\"\n",
		"new keys go before the end line");
}

/* The values that sh has after sourcing the file, each on a line; runs in an empty directory with
 * no PATH. */
static bool source(struct tap *t, const char *path, const char *key, const char *want)
{
	_cleanup_(wabe_buf_free) struct wabe_buf got = WABE_BUF_INIT;
	char command[512];
	FILE *pipe;
	int status;

	snprintf(command, sizeof(command), "VEID=101; . %s && printf %%s \"$%s\"", path, key);
	pipe = popen(command, "r");
	if (!tap_ok(t, pipe != NULL, "  run sh"))
		return false;
	wabe_fd_read_all(fileno(pipe), 1 << 16, &got);
	status = pclose(pipe);
	return tap_ok(t, status == 0 && strcmp(got.data ? got.data : "", want) == 0,
		      "  sh reads %s=%s", key, want);
}

static const char *const hostile[] = {
	"$(touch PWNED)",
	"`touch PWNED`",
	"\"; touch PWNED; \"",
	"'; touch PWNED; '",
	"\\\"; touch PWNED #",
	"\\",
	"\\\\",
	"$HOME",
	"${PATH}",
	"$VEID",
	"a\\$b",
	"!!",
	"~",
	"*",
	"#x",
	" lead and trail ",
	"a;b&c|d<e>f(g)h",
	"\\n\\t",
	"h\xc3\xa9llo",
	"\"",
	"'",
	"`",
	"$",
	"",
};

static void check_shell(struct tap *t, const char *dir)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/x.conf", dir);
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct wabe_error err = WABE_ERROR_INIT;
		struct vz_conffile file, again;

		vz_conffile_init(&file, &arena, path);
		vz_conffile_init(&again, &arena, path);
		vz_conffile_set(&file, "DESCRIPTION", hostile[i], VZ_CONFFILE_LITERAL, &err);
		vz_conffile_mark(&file);
		tap_int(t, vz_conffile_save_at(AT_FDCWD, path, &file, &err), 0, "save %s %s",
			hostile[i], err.text);
		tap_int(t, vz_conffile_load_at(AT_FDCWD, path, &again, &err), 0, "  load %s",
			err.text);
		tap_str(t, vz_conffile_get(&again, "DESCRIPTION"), hostile[i], "  reads the same");
		tap_ok(t, !vz_conffile_find(&again, "DESCRIPTION")->has_expansion,
		       "  nothing to expand");
		source(t, path, "DESCRIPTION", hostile[i]);
	}
	tap_ok(t, stat(path, &st) == 0 && (st.st_mode & 07777) == 0644, "mode 0644");
	tap_ok(t, stat("PWNED", &st) < 0, "nothing was executed");
}

static void check_veid(struct tap *t, const char *dir)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_conffile file;
	char path[256];

	snprintf(path, sizeof(path), "%s/y.conf", dir);
	vz_conffile_init(&file, &arena, path);
	vz_conffile_set(&file, "VE_ROOT", "/vz/root/$VEID/${VEID}x", VZ_CONFFILE_VEID, &err);
	vz_conffile_save_at(AT_FDCWD, path, &file, &err);
	source(t, path, "VE_ROOT", "/vz/root/101/101x");
	tap_str(t, vz_conffile_expand(&arena, "/vz/root/$VEID/${VEID}x", 101), "/vz/root/101/101x",
		"and so do we");
	tap_ok(t, !vz_conffile_expand(&arena, "/vz/$HOME", 101) && errno == EINVAL,
	       "nothing else is expanded");
	tap_ok(t, !vz_conffile_expand(&arena, "/vz/`id`", 101), "nothing is executed");
}

int main(void)
{
	struct tap t = TAP_INIT;
	char dir[] = "/tmp/wabe-conffile-XXXXXX";

	for (size_t i = 0; i < ARRAY_SIZE(line_rows); i++)
		check_line(&t, &line_rows[i]);
	check_edit(&t);
	check_errors(&t);
	check_truncation(&t);
	if (tap_ok(&t, mkdtemp(dir) && chdir(dir) == 0, "a directory for files")) {
		check_shell(&t, dir);
		check_veid(&t, dir);
		unlink("x.conf");
		unlink("y.conf");
		tap_ok(&t, chdir("/") == 0 && rmdir(dir) == 0, "nothing else was left there");
	}
	return tap_end(&t);
}
