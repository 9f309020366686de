// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/set: vzctl set CTID [--save] [parameters]. */
#include "guest/set.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "guest/net.h"
#include "guest/eventd.h"
#include "guest/counters.h"
#include "guest/rights.h"

struct values {
	bool is_saved, is_forced, is_reset_ub;
	const char *setmode, *sample, *map;
};

static const struct wabe_option own[] = {
	{ "save", 0, WABE_OPTION_FLAG, offsetof(struct values, is_saved), NULL,
	  "write the changes to the configuration" },
	{ "force", 0, WABE_OPTION_FLAG, offsetof(struct values, is_forced), NULL,
	  "accepted for old scripts: saving never depends on the kernel" },
	{ "setmode", 0, WABE_OPTION_STRING, offsetof(struct values, setmode), "restart|ignore",
	  "what to do about parameters that need a restart" },
	{ "reset_ub", 0, WABE_OPTION_FLAG, offsetof(struct values, is_reset_ub), NULL,
	  "put the configured limits in force again" },
	{ "applyconfig", 0, WABE_OPTION_STRING, offsetof(struct values, sample), "SAMPLE",
	  "take the parameters of a sample" },
	{ "applyconfig_map", 0, WABE_OPTION_STRING, offsetof(struct values, map), "name",
	  "bring the name's link in line with the configuration" },
};

static const struct wabe_name setmodes[] = {
	{ "restart", VZ_SETMODE_RESTART },
	{ "ignore", VZ_SETMODE_IGNORE },
	{ NULL, 0 },
};

/*
 * The parameters have a copy of it; /proc/PID/cmdline, which all users of host and guest can read,
 * shall not.
 */
static void hide_password(int argc, char **argv)
{
	static const char option[] = "--userpasswd";
	const size_t len = sizeof(option) - 1;

	for (int i = 1; i < argc && argv[i]; i++) {
		char *value = NULL;

		if (strcmp(argv[i], option) == 0 && i + 1 < argc)
			value = argv[i + 1];
		else if (strncmp(argv[i], option, len) == 0 && argv[i][len] == '=')
			value = argv[i] + len + 1;
		if (value)
			memset(value, 'x', strlen(value));
	}
}

/* In the command's arena; NULL: no memory. */
static char *const *copy_words(struct vz_cli *cli, char *const *words)
{
	struct wabe_strv copy = { 0 };

	for (; *words; words++) {
		const char *word = wabe_arena_strdup(&cli->arena, *words);

		if (!word || wabe_strv_add(&copy, &cli->arena, word) < 0)
			return NULL;
	}
	return copy.items;
}

static int read_values(const struct values *values, struct vz_set_options *options,
		       struct wabe_error *err)
{
	long long mode = VZ_SETMODE_NONE;

	if (values->setmode && wabe_name_find(setmodes, values->setmode, &mode) < 0)
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
				    "--setmode %s: restart or ignore is wanted", values->setmode);
	if (values->map && !wabe_str_equal(values->map, "name"))
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
				    "--applyconfig_map %s: only \"name\" is known", values->map);
	*options = (struct vz_set_options){
		.is_saved = values->is_saved,
		.mode = (enum vz_setmode)mode,
		.is_reset_ub = values->is_reset_ub,
		.sample = values->sample,
	};
	return 0;
}

int vz_cmd_set(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
	       struct wabe_error *err)
{
	struct vz_params params = { .arena = &cli->arena };
	struct vz_set_options options;
	struct values values = { 0 };
	char *const *own_argv;
	int r;

	vz_cmd_drop_own_number(g, argc, argv);
	r = vz_params_parse_args(&params, VZ_PARAM_SET, own, ARRAY_SIZE(own), &values, argc, argv,
				 err);
	/* Restarting is starting: see there. Words of this process are copied before they are hidden. */
	own_argv = copy_words(cli, cli->argv);
	if (!own_argv)
		return wabe_error_set(err, -ENOMEM, "words of the command");
	cli->host.argv = own_argv;
	hide_password(argc, argv);
	if (r == argc && wabe_str_equal(values.setmode, "restart")) {
		int code = vz_eventd_run(&cli->host, own_argv, err);

		if (code != -ENOENT)
			return code;
	}
	if (r < 0)
		return r;
	if (r < argc)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL, "unexpected word \"%s\"",
				    argv[r]);
	r = read_values(&values, &options, err);
	if (r == 0)
		r = vz_guest_lock(g, "changing", VZ_PARAMS_LENIENT, err);
	if (r < 0)
		return r;
	r = vz_net_fill(g, &params, err);
	if (r < 0)
		return r;
	vz_params_say_unenforced(&params, &cli->log);
	vz_counters_say_kept(g, &params);
	vz_rights_say(g, &params);
	/* Saving what is there brings the link in line. */
	if (values.map)
		r = vz_ctconf_save(&g->conf, err);
	return r < 0 ? r : vz_guest_set(g, &params, &options, err);
}
