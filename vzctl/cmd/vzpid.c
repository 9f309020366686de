// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd/vzpid: the command vzpid(8): which container a process belongs to. The kernel says it: a container's processes are in
 * the cgroup CGROUP_BASE/CTID or below.
 */
#include "cmd/vzpid.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "cmd/tool.h"

#define PROC_FILE_MAX 65536 /* of /proc/PID/cgroup and status */

struct values {
	struct vz_tool_values tool;
	bool has_inner; /* -p */
};

static const struct wabe_option options[] = {
	{ "inner", 'p', WABE_OPTION_FLAG, offsetof(struct values, has_inner), NULL,
	  "show the number that it has inside too" },
	VZ_TOOL_OPTIONS(struct values, tool),
};

/* A process that ended in between is as good as one that never was. */
static int read_proc(int pid, const char *file, struct wabe_buf *ret_text)
{
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	r = wabe_file_read_at(AT_FDCWD, path, PROC_FILE_MAX, ret_text, NULL);
	return r == -ESRCH ? -ENOENT : r;
}

/* "/vz/101/init.scope" below "/vz" to 101; 0: another place. */
static uint32_t ctid_of_path(const char *path, const char *base)
{
	size_t len = strlen(base);
	char digits[16];
	uint32_t ctid;

	while (len > 0 && base[len - 1] == '/')
		len--;
	if (strncmp(path, base, len) != 0 || path[len] != '/')
		return 0;
	path += len + 1;
	len = strcspn(path, "/\n");
	if (len >= sizeof(digits))
		return 0;
	memcpy(digits, path, len);
	digits[len] = '\0';
	return wabe_parse_ctid(digits, &ctid) == 0 ? ctid : 0;
}

/* cgroups(7), /proc/PID/cgroup: "4:memory:/vz/101", "0::/vz/101" */
static uint32_t ctid_of_text(const char *text, const char *base)
{
	uint32_t ctid = 0;

	for (const char *line = text; line && *line && ctid == 0; line = strchr(line, '\n')) {
		const char *colon;

		line += *line == '\n';
		colon = strchr(line, ':');
		colon = colon ? strchr(colon + 1, ':') : NULL;
		if (!colon)
			break;
		ctid = ctid_of_path(colon + 1, base);
	}
	return ctid;
}

/* proc_pid_status(5), NSpid: the numbers from our namespace to the innermost one, which is the container's. */
static int inner_pid(int pid)
{
	_cleanup_(wabe_buf_free) struct wabe_buf status = WABE_BUF_INIT;
	const char *line, *last;

	if (read_proc(pid, "status", &status) < 0)
		return 0;
	line = strstr(status.data, "\nNSpid:");
	if (!line)
		return 0;
	line++;
	last = line + strcspn(line, "\n");
	while (last > line && isdigit((unsigned char)last[-1]))
		last--;
	return (int)strtol(last, NULL, 10);
}

/* The name is the process's own choice. */
static void print_name(int pid)
{
	_cleanup_(wabe_buf_free) struct wabe_buf name = WABE_BUF_INIT, shown = WABE_BUF_INIT;

	if (read_proc(pid, "comm", &name) == 0 && name.len > 0) {
		if (name.data[name.len - 1] == '\n')
			name.data[name.len - 1] = '\0';
		wabe_buf_escape(&shown, name.data);
	}
	printf("%s\n", shown.len ? shown.data : "-");
}

static int show(struct vz_tool *tool, const char *word)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	const struct values *values = tool->values;
	int pid, r;

	if (wabe_parse_int(word, 1, INT_MAX, &pid) < 0) {
		wabe_log(&tool->log, WABE_LOG_ERROR, "\"%.64s\": not a process id", word);
		return VZ_TOOL_FAILED;
	}
	r = read_proc(pid, "cgroup", &text);
	if (r < 0) {
		wabe_log(&tool->log, WABE_LOG_ERROR, "process %d: %s", pid,
			 r == -ENOENT ? "there is none" : strerror(-r));
		return VZ_TOOL_FAILED;
	}
	printf("%d\t", pid);
	if (values->has_inner)
		printf("%d\t", inner_pid(pid));
	printf("%u\t", text.len ? ctid_of_text(text.data, tool->host.rt.cgroup_base) : 0);
	print_name(pid);
	return 0;
}

/* Ids from standard input, separated by blanks. */
static int show_input(struct vz_tool *tool, struct wabe_error *err)
{
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	int status = 0;

	while (getline(&line, &room, stdin) >= 0) {
		char *rest = line, *word;

		while ((word = strsep(&rest, " \t\n")) != NULL)
			if (*word && show(tool, word) != 0)
				status = VZ_TOOL_FAILED;
	}
	return ferror(stdin) ? wabe_error_set(err, -EIO, "read standard input") : status;
}

static int run(struct vz_tool *tool, const struct wabe_strv *words, struct wabe_error *err)
{
	const struct values *values = tool->values;
	int status = 0;

	if (words->count == 0)
		return wabe_error_say(err, -EINVAL, "a process id is wanted, or - (vzpid --help)");
	printf(values->has_inner ? "Pid\tVPid\tCTID\tName\n" : "Pid\tCTID\tName\n");
	for (size_t i = 0; i < words->count; i++) {
		int r = strcmp(words->items[i], "-") == 0 ? show_input(tool, err)
							  : show(tool, words->items[i]);

		if (r < 0)
			return r;
		status = r ? r : status;
	}
	return status;
}

int vz_vzpid_main(int argc, char **argv)
{
	struct values values = { 0 };
	struct vz_tool tool = {
		.name = "vzpid",
		.usage = "[option...] PID... | -\n\nShow which container a process belongs to; "
			 "0: the host's own. - reads ids from standard input.",
		.options = options,
		.count = ARRAY_SIZE(options),
		.values = &values,
		.needs_host = true,
		.run = run,
	};

	return vz_tool_main(&tool, argc, argv);
}
