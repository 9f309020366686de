/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/tool: what the small commands share: options anywhere among the words, --help, --version, the host's configuration,
 * errors to standard error. All of them end with 1 for whatever went wrong.
 */
#ifndef VZ_CMD_TOOL_H
#define VZ_CMD_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/option.h"
#include "conf/host.h"

#define VZ_TOOL_FAILED 1 /* exit code of a wrong option, and of all that can't be done */

/** The options that all have; the first member of a command's own values. */
struct vz_tool_values {
	const char *config;
	bool is_help, is_version;
};

/* NOLINTBEGIN(bugprone-macro-parentheses): types and members can't be in any */
/** VZ_TOOL_OPTIONS() - their rows; @type is the struct of the values, @member where it has the above. */
#define VZ_TOOL_OPTIONS(type, member)                                                                 \
	{ "config",                                                                                   \
	  0,                                                                                          \
	  WABE_OPTION_STRING,                                                                         \
	  offsetof(type, member.config),                                                              \
	  "FILE",                                                                                     \
	  "vz.conf to use (or VZ_CONF)" },                                                            \
		{ "help", 'h', WABE_OPTION_FLAG, offsetof(type, member.is_help), NULL, "show this" }, \
	{                                                                                             \
		"version", 0, WABE_OPTION_FLAG, offsetof(type, member.is_version), NULL,              \
			"show the version"                                                            \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

/** One run of a small command. The caller fills what is above the line. */
struct vz_tool {
	const char *name, *usage; /* behind the name in the help */
	const struct wabe_option *options;
	size_t count;
	void *values;	 /* begins with struct vz_tool_values */
	bool needs_host; /* read vz.conf, as root */
	/* The work: exit code >= 0, or -errno with @err. */
	int (*run)(struct vz_tool *tool, const struct wabe_strv *words, struct wabe_error *err);
	struct wabe_error error; /* set by the caller: the words are wrong */
	/* ---- */
	struct wabe_log log;
	struct wabe_arena arena;
	struct vz_host host;
};

/** vz_tool_main() - parse, load, run, say what went wrong. Returns the exit code. */
int vz_tool_main(struct vz_tool *tool, int argc, char **argv);

#endif
