// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/tool: what the small commands share; see tool.h. */
#include "cmd/tool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"

static void usage(const struct vz_tool *tool)
{
	printf("usage: %s %s\n\nOptions:\n", tool->name, tool->usage);
	wabe_option_help(stdout, tool->options, tool->count);
}

static int work(struct vz_tool *tool, const struct wabe_strv *words, struct wabe_error *err)
{
	const struct vz_tool_values *values = tool->values;
	int r;

	if (!tool->needs_host)
		return tool->run(tool, words, err);
	if (geteuid() != 0)
		return wabe_error_say(err, -EPERM, "only root may look at containers");
	r = vz_host_load(values->config, &tool->log, &tool->host, err);
	if (r < 0)
		return r;
	r = tool->run(tool, words, err);
	vz_host_free(&tool->host);
	return r;
}

/* @ret_words: what is no option. The index of the first word, or -errno. */
static int parse(struct vz_tool *tool, int argc, char **argv, struct wabe_strv *ret_words,
		 struct wabe_error *err)
{
	int at = err->code ? err->code
			   : wabe_option_parse_mixed(tool->options, tool->count, tool->values,
						     &tool->arena, argc, argv, err);

	for (int i = at; at >= 0 && i < argc; i++)
		if (wabe_strv_add(ret_words, &tool->arena, argv[i]) < 0)
			return wabe_error_set(err, -ENOMEM, "options");
	return at;
}

int vz_tool_main(struct vz_tool *tool, int argc, char **argv)
{
	const struct vz_tool_values *values = tool->values;
	struct wabe_error *err = &tool->error;
	struct wabe_strv words = { 0 };
	int r;

	/* A list is cut short by who reads it; the flush below says what couldn't be written. */
	signal(SIGPIPE, SIG_IGN);
	tool->log =
		(struct wabe_log){ .program = tool->name, .level = WABE_LOG_WARNING, .fd = -EBADF };
	r = parse(tool, argc, argv, &words, err);
	if (r >= 0 && values->is_help)
		r = (usage(tool), 0);
	else if (r >= 0 && values->is_version)
		r = printf("%s version %s\n", tool->name, WABE_VERSION) < 0 ? -EIO : 0;
	else if (r >= 0)
		r = work(tool, &words, err);
	if (r < 0)
		wabe_log(&tool->log, WABE_LOG_ERROR, "%s", err->text);
	if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = VZ_TOOL_FAILED;
	wabe_arena_free(&tool->arena);
	return r < 0 ? VZ_TOOL_FAILED : r;
}
