// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vzcfgvalidate: the command vzcfgvalidate(8): do the limits of a configuration fit together? */
#include "cmd/vzcfgvalidate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "cmd/tool.h"
#include "conf/validate.h"
#include "guest/guest.h"

#define EXIT_INVALID 2

struct values {
	struct vz_tool_values tool;
	bool is_repairing, is_asking;
	const char *vswap;
};

static const struct wabe_option options[] = {
	{ "repair", 'r', WABE_OPTION_FLAG, offsetof(struct values, is_repairing), NULL,
	  "mend the file" },
	{ "interactive", 'i', WABE_OPTION_FLAG, offsetof(struct values, is_asking), NULL,
	  "mend it, after a question each" },
	{ "vswap", 'v', WABE_OPTION_STRING, offsetof(struct values, vswap), "yes|no",
	  "is memory limited as a whole? By itself: as PHYSPAGES says" },
	VZ_TOOL_OPTIONS(struct values, tool),
};

struct run {
	const struct values *values;
	bool has_changes;
};

/* "y", "n" or just a newline for yes; the end of the input is no. */
static bool ask(void)
{
	char line[64];

	for (;;) {
		fputs(" (y/n) [y] ", stderr);
		if (!fgets(line, sizeof(line), stdin))
			return false;
		if (*line == 'y' || *line == '\n')
			return true;
		if (*line == 'n')
			return false;
	}
}

static void print_value(uint64_t value)
{
	if (value == VZ_UNLIMITED)
		fputs("unlimited", stderr);
	else
		fprintf(stderr, "%llu", (unsigned long long)value);
}

static bool found(void *data, const struct vz_finding *finding)
{
	struct run *run = data;
	bool is_fixing;

	fprintf(stderr, "%s: %s\n", vz_severity_name(finding->severity), finding->text);
	if (!finding->has_fix || (!run->values->is_repairing && !run->values->is_asking))
		return false;
	fputs("set to ", stderr);
	print_value(finding->fix.barrier);
	fputc(':', stderr);
	print_value(finding->fix.limit);
	if (!run->values->is_asking)
		fputc('\n', stderr);
	is_fixing = !run->values->is_asking || ask();
	run->has_changes |= is_fixing;
	return is_fixing;
}

static int check(struct run *run, struct vz_params *p, struct wabe_error *err)
{
	const char *vswap = run->values->vswap;

	return vz_validate(p, vswap ? strcmp(vswap, "yes") == 0 : vz_validate_is_vswap(p), found,
			   run, err);
}

/* 0, or the exit code of an invalid configuration. */
static int say_result(int left)
{
	if (left == 0)
		fputs("Validation completed: success\n", stderr);
	return left == 0 ? 0 : EXIT_INVALID;
}

/* A file by its path: a sample, or a configuration of elsewhere. */
static int check_file(struct run *run, const char *path, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_params p = { .arena = &arena };
	struct vz_conffile file;
	int left, r;

	vz_conffile_init(&file, &arena, path);
	r = vz_conffile_load_at(AT_FDCWD, path, &file, err);
	if (r == 0)
		r = vz_params_from_file(&p, &file, VZ_PARAMS_STRICT, err);
	if (r < 0)
		return r;
	left = check(run, &p, err);
	if (left < 0)
		return left;
	if (run->has_changes) {
		r = vz_params_to_file(&p, &file, err);
		if (r == 0)
			r = vz_conffile_save_at(AT_FDCWD, path, &file, err);
		if (r < 0)
			return r;
	}
	return say_result(left);
}

static int save(struct vz_guest *g, const struct vz_params *mended, struct wabe_error *err)
{
	struct vz_params changes = { .arena = &g->conf.arena };
	int r;

	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		const char *old = g->conf.params.values[id].text;

		if (mended->values[id].is_set && !wabe_str_equal(mended->values[id].text, old))
			changes.values[id] = mended->values[id];
	}
	r = vz_ctconf_apply(&g->conf, &changes, err);
	return r < 0 ? r : vz_ctconf_save(&g->conf, err);
}

/* A guest by its number or name: with what vz.conf has for all, and locked while it is mended. */
static int check_guest(struct vz_tool *tool, struct run *run, const char *word,
		       struct wabe_error *err)
{
	_cleanup_(vz_guest_close) struct vz_guest g = { .lock_fd = -EBADF };
	struct vz_params mended;
	int r = vz_guest_open(&tool->host, NULL, word, &g, err), left;

	if (r == 0)
		r = run->values->is_repairing || run->values->is_asking
			    ? vz_guest_lock(&g, "validating", VZ_PARAMS_STRICT, err)
			    : vz_guest_load(&g, VZ_PARAMS_STRICT, err);
	if (r < 0)
		return r;
	mended = g.conf.params;
	left = check(run, &mended, err);
	if (left < 0)
		return left;
	r = run->has_changes ? save(&g, &mended, err) : 0;
	return r < 0 ? r : say_result(left);
}

static int run_tool(struct vz_tool *tool, const struct wabe_strv *words, struct wabe_error *err)
{
	const struct values *values = tool->values;
	struct run run = { .values = values };
	int r;

	if (words->count != 1)
		return wabe_error_say(err, -EINVAL, "a file or a container is wanted");
	if (values->vswap && strcmp(values->vswap, "yes") != 0 && strcmp(values->vswap, "no") != 0)
		return wabe_error_say(err, -EINVAL, "-v %.64s: yes or no is wanted", values->vswap);
	if (strchr(words->items[0], '/') || access(words->items[0], F_OK) == 0)
		return check_file(&run, words->items[0], err);
	r = vz_host_load(values->tool.config, &tool->log, &tool->host, err);
	if (r < 0)
		return r;
	r = check_guest(tool, &run, words->items[0], err);
	vz_host_free(&tool->host);
	return r;
}

int vz_vzcfgvalidate_main(int argc, char **argv)
{
	struct values values = { 0 };
	struct vz_tool tool = {
		.name = "vzcfgvalidate",
		.usage = "[option...] FILE | CTID | NAME\n\nShow whether limits fit together. "
			 "Exit code 2: they don't.",
		.options = options,
		.count = ARRAY_SIZE(options),
		.values = &values,
		.run = run_tool,
	};

	return vz_tool_main(&tool, argc, argv);
}
