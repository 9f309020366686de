// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/resctrl: groups of resctrl, by their files; see resctrl.h. */
#include "sys/resctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"

#define ROOT "/sys/fs/resctrl"
#define FILE_MAX (1u << 16)
#define PATH_ROOM 600

static int open_magic(const char *path)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -errno;
	return (unsigned long)fs.f_type == RDTGROUP_SUPER_MAGIC ? TAKE_FD(fd) : -ENOTSUP;
}

/* proc_mounts(5): DEVICE POINT TYPE ...; a point with blanks in it has escapes, which nobody mounts resctrl at. */
static int open_mounted(void)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	char *rest, *line;

	if (wabe_file_read_at(AT_FDCWD, "/proc/self/mounts", 64u << 20, &text, NULL) < 0)
		return -ENOTSUP;
	rest = text.data;
	while (rest && (line = strsep(&rest, "\n"))) {
		char *at = line, *point;

		(void)strsep(&at, " ");
		point = at ? strsep(&at, " ") : NULL;
		if (at && strncmp(at, "resctrl ", 8) == 0)
			return open_magic(point);
	}
	return -ENOTSUP;
}

int wabe_resctrl_open(struct wabe_error *err)
{
	int fd = open_magic(ROOT);

	if (fd < 0)
		fd = open_mounted();
	return fd < 0 ? wabe_error_say(
				err, -ENOTSUP,
				"no resctrl file system is mounted on this host (usually at " ROOT
				"; its processor must have it)")
		      : fd;
}

bool wabe_resctrl_is_name(const char *name)
{
	return *name && strlen(name) <= 255 && !strchr(name, '/') && wabe_str_printable(name) &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, "info") != 0 &&
	       strcmp(name, "mon_groups") != 0 && strcmp(name, "mon_data") != 0;
}

/* What the kernel has against the last change: resctrl.rst, "info/last_cmd_status". */
static int explain(int root_fd, int code, const char *what, const char *name,
		   struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	if (wabe_file_read_at(root_fd, "info/last_cmd_status", FILE_MAX, &text, NULL) < 0 ||
	    !text.data || strcmp(text.data, "ok\n") == 0)
		return wabe_error_set(err, code, "%s resctrl group %s", what, name);
	text.data[strcspn(text.data, "\n")] = '\0';
	return wabe_error_say(err, code, "%s resctrl group %s: %s", what, name, text.data);
}

int wabe_resctrl_make(int root_fd, const char *name, struct wabe_error *err)
{
	if (mkdirat(root_fd, name, 0755) == 0)
		return 1;
	if (errno == EEXIST)
		return 0;
	return explain(root_fd, -errno, "make", name, err);
}

bool wabe_resctrl_has(int root_fd, const char *name)
{
	struct stat st;

	return fstatat(root_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int write_file(int root_fd, const char *name, const char *file, const char *text)
{
	char path[PATH_ROOM];

	if (snprintf(path, sizeof(path), "%s/%s", name, file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return wabe_file_write_at(root_fd, path, text, NULL);
}

int wabe_resctrl_write(int root_fd, const char *name, const char *schemata, struct wabe_error *err)
{
	int r = write_file(root_fd, name, "schemata", schemata);

	return r < 0 ? explain(root_fd, r, "write the schemata of", name, err) : 0;
}

int wabe_resctrl_attach(int root_fd, const char *name, pid_t pid, struct wabe_error *err)
{
	char text[16];
	int r;

	snprintf(text, sizeof(text), "%d", (int)pid);
	r = write_file(root_fd, name, "tasks", text);
	return r < 0 ? explain(root_fd, r, "attach the process to", name, err) : 0;
}

bool wabe_resctrl_is_empty(int root_fd, const char *name)
{
	_cleanup_(wabe_buf_free) struct wabe_buf tasks = WABE_BUF_INIT;
	char path[PATH_ROOM];

	return snprintf(path, sizeof(path), "%s/tasks", name) < (int)sizeof(path) &&
	       wabe_file_read_at(root_fd, path, FILE_MAX, &tasks, NULL) == 0 && tasks.len == 0;
}

int wabe_resctrl_remove(int root_fd, const char *name, struct wabe_error *err)
{
	if (unlinkat(root_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return wabe_error_set(err, -errno, "remove resctrl group %s", name);
}

/* The value of "@resource:...;@id=VALUE" in a schemata file; false: there is none. Masks are hexadecimal, and a decimal
 * number that is read as one differs from every other in the same way. */
static bool find_value(const char *text, const char *resource, size_t len, unsigned long id,
		       unsigned long long *ret_value)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		line += strspn(line, " ");
		if (strncmp(line, resource, len) != 0 || line[len] != ':')
			continue;
		for (const char *at = line + len; *at == ':' || *at == ';';) {
			char *end;
			unsigned long found = strtoul(at + 1, &end, 10);

			if (*end != '=')
				break;
			*ret_value = strtoull(end + 1, &end, 16);
			if (found == id)
				return true;
			at = end;
		}
	}
	return false;
}

static int differs(const char *name, const char *line, struct wabe_error *err)
{
	return wabe_error_say(err, -EEXIST, "resctrl group %s exists with other values than %.*s",
			      name, (int)strcspn(line, "\n"), line);
}

static int compare_line(const char *name, const char *have, const char *line,
			struct wabe_error *err)
{
	size_t len = strcspn(line, ":\n");

	for (const char *at = line + len; *at == ':' || *at == ';';) {
		unsigned long long want, got;
		unsigned long id;
		char *end;

		id = strtoul(at + 1, &end, 10);
		if (*end != '=')
			return differs(name, line, err);
		want = strtoull(end + 1, &end, 16);
		if (!find_value(have, line, len, id, &got) || got != want)
			return differs(name, line, err);
		at = end;
	}
	return 0;
}

int wabe_resctrl_compare(int root_fd, const char *name, const char *schemata,
			 struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf have = WABE_BUF_INIT;
	char path[PATH_ROOM];
	int r;

	snprintf(path, sizeof(path), "%s/schemata", name);
	r = wabe_file_read_at(root_fd, path, FILE_MAX, &have, err);
	for (const char *line = schemata; r == 0 && line; line = strchr(line, '\n')) {
		line += *line == '\n';
		line += strspn(line, " ");
		if (*line && *line != '\n')
			r = compare_line(name, have.data ? have.data : "", line, err);
	}
	return r;
}
