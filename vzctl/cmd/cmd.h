/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/cmd: what the verbs of vzctl(8) share. A verb parses its words, calls guest/, and says the
 * result.
 */
#ifndef VZ_CMD_CMD_H
#define VZ_CMD_CMD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/option.h"
#include "conf/host.h"
#include "guest/guest.h"

/** One run of vzctl. */
struct vz_cli {
	const char *config; /* --config, or NULL */
	bool is_quiet, is_help, is_version, is_listing_params;
	int verbosity;
	struct wabe_arena arena;
	struct wabe_log log;
	struct vz_host host;
	struct vz_report report;
	char *const *argv;	   /* of this process */
	const char *word;	   /* the guest as the user named it */
	char id[VZ_CTID_TEXT_MAX]; /* its number, once it is known; else empty */
	int logfile_fd;		   /* LOGFILE of vz.conf, < 0: none */
};

/**
 * A verb. @argv[0] is the word that named the guest, the rest are the verb's own words.
 * Returns the exit code (>= 0), or -errno with @err set.
 */
typedef int vz_cmd_fn(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		      struct wabe_error *err);

vz_cmd_fn vz_cmd_create, vz_cmd_destroy, vz_cmd_mount, vz_cmd_umount, vz_cmd_start, vz_cmd_stop,
	vz_cmd_restart, vz_cmd_status, vz_cmd_set, vz_cmd_exec, vz_cmd_exec2, vz_cmd_enter,
	vz_cmd_runscript, vz_cmd_convert, vz_cmd_recover, vz_cmd_console, vz_cmd_compact,
	vz_cmd_quotaon, vz_cmd_quotaoff, vz_cmd_quotainit, vz_cmd_ugidquota, vz_cmd_clone,
	vz_cmd_reinstall, vz_cmd_verify, vz_cmd_suspend, vz_cmd_resume, vz_cmd_snapshot,
	vz_cmd_snapshot_switch, vz_cmd_snapshot_delete, vz_cmd_snapshot_mount,
	vz_cmd_snapshot_umount, vz_cmd_snapshot_list;

/* Verbs of the whole host; @g is NULL, argv[0] the verb. */
vz_cmd_fn vz_cmd_boot, vz_cmd_shutdown, vz_cmd_recover_all;

/**
 * vz_cmd_options() - the verb's options; further words are an error.
 * @table: rows over the struct @values; @count 0: the verb has no options
 * -EINVAL, kind VZ_EXIT_BAD_OPTION.
 */
int vz_cmd_options(struct vz_cli *cli, const struct wabe_option *table, size_t count, void *values,
		   int argc, char **argv, struct wabe_error *err);

/**
 * vz_cmd_drop_own_number() - before the words are parsed: --name with the guest's own number, as libvirt gives it, is no name,
 * as the number stands for the guest anyway.
 */
void vz_cmd_drop_own_number(const struct vz_guest *g, int argc, char **argv);

/**
 * vz_report_open() - progress to standard output unless --quiet, and to LOGFILE. A log file that
 * can't be opened is a warning.
 */
void vz_report_open(struct vz_cli *cli);

/** vz_report_error() - the verb's error to standard error and LOGFILE. */
void vz_report_error(struct vz_cli *cli, const struct vz_guest *g, const struct wabe_error *err);

void vz_report_close(struct vz_cli *cli);

#endif
