// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd/vzmigrate: the command vzmigrate(8), which moves a container to another host: it comes with a later version. Its words
 * are checked as they will be, then exit code 5 says so.
 */
#include "cmd/vzmigrate.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/tool.h"
#include "conf/value.h"

#define EXIT_LATER 5 /* no code of vzmigrate's own; vzctl's for what can't be done here */

struct values {
	struct vz_tool_values tool;
	const char *removes, *ssh, *rsync;
	bool has_ssh_mux, keeps_dst, is_live, is_compressed, is_shared, is_check, has_no_deps,
		is_timed;
	int verbosity;
};

#define FLAG(name, letter, member, help)                                                    \
	{                                                                                   \
		name, letter, WABE_OPTION_FLAG, offsetof(struct values, member), NULL, help \
	}

static const struct wabe_option options[] = {
	{ "remove-area", 'r', WABE_OPTION_STRING, offsetof(struct values, removes), "yes|no",
	  "remove the container here when it is there" },
	{ "ssh", 0, WABE_OPTION_STRING, offsetof(struct values, ssh), "OPTIONS", "for ssh" },
	FLAG("ssh-mux", 0, has_ssh_mux, "one connection for all"),
	{ "rsync", 0, WABE_OPTION_STRING, offsetof(struct values, rsync), "OPTIONS", "for rsync" },
	FLAG("keep-dst", 0, keeps_dst, "don't clean the target after a failure"),
	FLAG("online", 0, is_live, "without stopping it"),
	FLAG("live", 0, is_live, "the same"),
	FLAG("compress", 'c', is_compressed, "compress what is sent"),
	FLAG("shared", 's', is_shared, "the files are on storage that both hosts have"),
	FLAG("check-only", 0, is_check, "only look whether it would work"),
	FLAG("dry-run", 0, is_check, "the same"),
	FLAG("nodeps", 'f', has_no_deps, "in spite of differences of the hosts [=cpu,ipv6]"),
	FLAG("times", 't', is_timed, "show how long each part takes"),
	{ "verbose", 'v', WABE_OPTION_COUNT, offsetof(struct values, verbosity), NULL,
	  "print more" },
	VZ_TOOL_OPTIONS(struct values, tool),
};

/* "--nodeps=cpu,ipv6" says which differences; base/option knows no value that may be left out. */
static int take_nodeps(char *word, struct wabe_error *err)
{
	static const char name[] = "--nodeps";
	const char *list = word + sizeof(name);

	if (!wabe_str_starts(word, "--nodeps="))
		return 0;
	do {
		size_t len = strcspn(list, ",");

		if (!(len == 3 && strncmp(list, "cpu", len) == 0) &&
		    !(len == 4 && strncmp(list, "ipv6", len) == 0))
			return wabe_error_say(err, -EINVAL, "%.64s: of cpu and ipv6", word);
		list += len;
	} while (*list++ == ',');
	word[sizeof(name) - 1] = '\0';
	return 0;
}

static int check(const struct values *values, const struct wabe_strv *words, struct wabe_error *err)
{
	uint32_t ctid;

	if (values->removes && strcmp(values->removes, "yes") != 0 &&
	    strcmp(values->removes, "no") != 0)
		return wabe_error_say(err, -EINVAL, "-r %.64s: yes or no is wanted",
				      values->removes);
	if (words->count != 2)
		return wabe_error_say(err, -EINVAL, "a host and a container are wanted");
	if (words->items[0][0] == '-' || !*words->items[0])
		return wabe_error_say(err, -EINVAL, "\"%.64s\" is no host", words->items[0]);
	if (wabe_parse_ctid(words->items[1], &ctid) < 0 && !vz_value_is_name(words->items[1]))
		return wabe_error_say(err, -EINVAL, "\"%.64s\" is neither a CTID nor a name",
				      words->items[1]);
	return 0;
}

static int run(struct vz_tool *tool, const struct wabe_strv *words, struct wabe_error *err)
{
	int r = check(tool->values, words, err);

	if (r < 0)
		return r;
	wabe_log(&tool->log, WABE_LOG_ERROR, "migration comes with a later version");
	return EXIT_LATER;
}

int vz_vzmigrate_main(int argc, char **argv)
{
	struct values values = { 0 };
	struct vz_tool tool = {
		.name = "vzmigrate",
		.usage =
			"[option...] HOST CTID|NAME\n\nNot in this version: it ends with exit code 5.",
		.options = options,
		.count = ARRAY_SIZE(options),
		.values = &values,
		.run = run,
	};

	for (int i = 1; i < argc; i++)
		if (take_nodeps(argv[i], &tool.error) < 0)
			break;
	return vz_tool_main(&tool, argc, argv);
}
