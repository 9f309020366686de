// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd/later: vzctl's verbs that come with a later version: their words are checked as they will be, then exit code 5 says
 * that they can't be done yet, so that a script finds its mistakes today.
 */
#include <errno.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "cmd/cmd.h"

struct values {
	const char *dumpfile, *id, *name, *description, *target, *fields;
	bool is_suspending, is_dumping, is_killing, is_resuming, skips_suspend, skips_config,
		skips_resume, must_resume, has_no_header, is_listing;
};

#define FLAG(name, letter, member)                                                          \
	{                                                                                   \
		name, letter, WABE_OPTION_FLAG, offsetof(struct values, member), NULL, NULL \
	}
#define TEXT(name, letter, member, value)                                                      \
	{                                                                                      \
		name, letter, WABE_OPTION_STRING, offsetof(struct values, member), value, NULL \
	}

static const struct wabe_option suspend_options[] = {
	TEXT("dumpfile", 0, dumpfile, "FILE"), FLAG("suspend", 0, is_suspending),
	FLAG("dump", 0, is_dumping),	       FLAG("kill", 0, is_killing),
	FLAG("resume", 0, is_resuming),
};

static const struct wabe_option resume_options[] = { TEXT("dumpfile", 0, dumpfile, "FILE") };

static const struct wabe_option snapshot_options[] = {
	TEXT("id", 0, id, "UUID"),
	TEXT("name", 0, name, "NAME"),
	TEXT("description", 0, description, "TEXT"),
	FLAG("skip-suspend", 0, skips_suspend),
	FLAG("skip-config", 0, skips_config),
};

static const struct wabe_option switch_options[] = {
	TEXT("id", 0, id, "UUID"),
	FLAG("skip-resume", 0, skips_resume),
	FLAG("must-resume", 0, must_resume),
	FLAG("skip-config", 0, skips_config),
};

static const struct wabe_option id_options[] = { TEXT("id", 0, id, "UUID") };

static const struct wabe_option mount_options[] = {
	TEXT("id", 0, id, "UUID"),
	TEXT("target", 0, target, "DIRECTORY"),
};

static const struct wabe_option list_options[] = {
	TEXT("id", 0, id, "UUID"),
	TEXT("output", 'o', fields, "FIELD[,FIELD...]"),
	FLAG("no-header", 'H', has_no_header),
	FLAG("list", 'L', is_listing),
};

static int later(struct vz_cli *cli, const char *verb, const struct wabe_option *table,
		 size_t count, bool needs_id, int argc, char **argv, struct wabe_error *err)
{
	struct values values = { 0 };
	int r = vz_cmd_options(cli, table, count, &values, argc, argv, err);

	if (r < 0)
		return r;
	if (needs_id && !values.id)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL, "%s: --id is missing", verb);
	if (values.skips_resume && values.must_resume)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    "%s: --skip-resume and --must-resume exclude each other", verb);
	return vz_error_say(err, VZ_EXIT_NO_KERNEL, -ENOTSUP, "%s comes with a later version",
			    verb);
}

int vz_cmd_suspend(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		   struct wabe_error *err)
{
	(void)g;
	return later(cli, "suspend", suspend_options, ARRAY_SIZE(suspend_options), false, argc,
		     argv, err);
}

int vz_cmd_resume(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		  struct wabe_error *err)
{
	(void)g;
	return later(cli, "resume", resume_options, ARRAY_SIZE(resume_options), false, argc, argv,
		     err);
}

int vz_cmd_snapshot(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		    struct wabe_error *err)
{
	(void)g;
	return later(cli, "snapshot", snapshot_options, ARRAY_SIZE(snapshot_options), false, argc,
		     argv, err);
}

int vz_cmd_snapshot_switch(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
			   struct wabe_error *err)
{
	(void)g;
	return later(cli, "snapshot-switch", switch_options, ARRAY_SIZE(switch_options), true, argc,
		     argv, err);
}

int vz_cmd_snapshot_delete(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
			   struct wabe_error *err)
{
	(void)g;
	return later(cli, "snapshot-delete", id_options, ARRAY_SIZE(id_options), true, argc, argv,
		     err);
}

int vz_cmd_snapshot_mount(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
			  struct wabe_error *err)
{
	(void)g;
	return later(cli, "snapshot-mount", mount_options, ARRAY_SIZE(mount_options), true, argc,
		     argv, err);
}

int vz_cmd_snapshot_umount(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
			   struct wabe_error *err)
{
	(void)g;
	return later(cli, "snapshot-umount", id_options, ARRAY_SIZE(id_options), true, argc, argv,
		     err);
}

int vz_cmd_snapshot_list(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
			 struct wabe_error *err)
{
	(void)g;
	return later(cli, "snapshot-list", list_options, ARRAY_SIZE(list_options), false, argc,
		     argv, err);
}
