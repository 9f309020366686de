/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf/param: the parameter table. One row owns a parameter: its options, key in the file, type,
 * unit, range, default, which verbs take it, whether it is enforced, help and manual text. A
 * further parameter is a row.
 */
#ifndef VZ_CONF_PARAM_H
#define VZ_CONF_PARAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/option.h"
#include "conf/conffile.h"
#include "conf/exit.h"
#include "conf/value.h"

enum vz_param_id {
	/* general */
	VZ_PARAM_ONBOOT,
	VZ_PARAM_BOOTORDER,
	VZ_PARAM_ROOT,
	VZ_PARAM_PRIVATE,
	VZ_PARAM_LAYOUT,
	VZ_PARAM_MOUNT_OPTS,
	VZ_PARAM_USERPASSWD,
	VZ_PARAM_SSHKEY,
	VZ_PARAM_DISABLED,
	VZ_PARAM_NAME,
	VZ_PARAM_DESCRIPTION,
	VZ_PARAM_OSTEMPLATE,
	VZ_PARAM_STOP_TIMEOUT,
	VZ_PARAM_ORIGIN_SAMPLE,
	VZ_PARAM_LOCAL_UID,
	VZ_PARAM_LOCAL_GID,
	/* network */
	VZ_PARAM_IP_ADDRESS,
	VZ_PARAM_HOSTNAME,
	VZ_PARAM_NAMESERVER,
	VZ_PARAM_SEARCHDOMAIN,
	VZ_PARAM_NETIF,
	VZ_PARAM_IFNAME,
	VZ_PARAM_MAC,
	VZ_PARAM_HOST_IFNAME,
	VZ_PARAM_HOST_MAC,
	VZ_PARAM_BRIDGE,
	VZ_PARAM_MAC_FILTER,
	VZ_PARAM_NETDEV,
	VZ_PARAM_NETRATE,
	VZ_PARAM_NETBURST,
	VZ_PARAM_NETQUEUE,
	VZ_PARAM_NUMCONNTRACK,
	VZ_PARAM_TRAFFIC_QUOTA,
	VZ_PARAM_TRAFFIC_RESET,
	VZ_PARAM_TRAFFIC_ACTION,
	VZ_PARAM_TRAFFIC_RATE,
	/* memory */
	VZ_PARAM_PHYSPAGES,
	VZ_PARAM_SWAPPAGES,
	VZ_PARAM_VM_OVERCOMMIT,
	/* beancounters */
	VZ_PARAM_NUMPROC,
	VZ_PARAM_NUMTCPSOCK,
	VZ_PARAM_NUMOTHERSOCK,
	VZ_PARAM_VMGUARPAGES,
	VZ_PARAM_KMEMSIZE,
	VZ_PARAM_TCPSNDBUF,
	VZ_PARAM_TCPRCVBUF,
	VZ_PARAM_OTHERSOCKBUF,
	VZ_PARAM_DGRAMRCVBUF,
	VZ_PARAM_OOMGUARPAGES,
	VZ_PARAM_LOCKEDPAGES,
	VZ_PARAM_PRIVVMPAGES,
	VZ_PARAM_SHMPAGES,
	VZ_PARAM_NUMFILE,
	VZ_PARAM_NUMFLOCK,
	VZ_PARAM_NUMPTY,
	VZ_PARAM_NUMSIGINFO,
	VZ_PARAM_DCACHESIZE,
	VZ_PARAM_NUMIPTENT,
	/* processor */
	VZ_PARAM_CPUUNITS,
	VZ_PARAM_CPULIMIT,
	VZ_PARAM_CPUS,
	VZ_PARAM_CPUMASK,
	VZ_PARAM_NODEMASK,
	/* disk */
	VZ_PARAM_DISK_QUOTA,
	VZ_PARAM_DISKSPACE,
	VZ_PARAM_DISKINODES,
	VZ_PARAM_QUOTATIME,
	VZ_PARAM_QUOTAUGIDLIMIT,
	VZ_PARAM_IOPRIO,
	VZ_PARAM_IOLIMIT,
	VZ_PARAM_IOPSLIMIT,
	/* rights */
	VZ_PARAM_CAPABILITY,
	VZ_PARAM_DEVNODES,
	VZ_PARAM_DEVICES,
	VZ_PARAM_PCI,
	VZ_PARAM_FEATURES,
	VZ_PARAM_NETFILTER,
	VZ_PARAM_IPTABLES,
	VZ_PARAM_MAX,
};

enum {
	VZ_PARAM_CREATE = 1 << 0, /* vzctl create takes it */
	VZ_PARAM_SET = 1 << 1,	  /* vzctl set takes it */
	VZ_PARAM_LOUD = 1 << 2, /* that it is not enforced is said always, not only at --verbose: it
				   means something today */
	VZ_PARAM_RESTART =
		1 << 3, /* a running guest gets it at its next start (vzctl set needs --setmode) */
	VZ_PARAM_ONLINE = 1 << 4, /* applied to a running guest at once */
	VZ_PARAM_REPLACE =
		1 << 5, /* a list whose option, repeated, makes the whole new list (nameserver) */
	VZ_PARAM_STOPPED = 1 << 6, /* can only be changed while the guest is stopped (root, private,
				      local_uid) */
	VZ_PARAM_KERNEL = 1 << 7,  /* .unenforced is the answer of a stock kernel: which one this is
				      is guest/counters' to say */
};

struct vz_param {
	const char *option; /* without "--"; for lists the one that adds; NULL: only in the file */
	/* NULL or an option whose value N means "0:N"; a bare number is bytes (ram, swap) */
	const char *option_limit;
	const char *option_del; /* NULL or the option that removes entries (or "all") of a list */
	const char *key;	/* in the file; NULL: never saved */
	struct vz_rule rule;
	const char *preset; /* default, in canonical text, or NULL when there is none */
	unsigned int flags;
	enum vz_unit option_unit; /* unit of a bare number in the option where the file's is another
				     (iolimit), else VZ_UNIT_NONE */
	enum vz_exit bad_value;	  /* exit code of a value that can't be; 0: VZ_EXIT_BAD_VALUE */
	const char *unenforced;	  /* NULL when this version enforces it, else why not: "no such
				     accounting in this kernel" */
	const char *value;	  /* name of the value in the help: "N[:N]", "yes|no" */
	const char *help;	  /* one line */
	const char *manual;	  /* NULL or further sentences */
};

/** vz_param_row() - the row of @id. Never NULL for ids below VZ_PARAM_MAX. */
const struct vz_param *vz_param_row(enum vz_param_id id);

/** vz_param_bad_value() - the exit code of a value that row @id can't have. */
enum vz_exit vz_param_bad_value(enum vz_param_id id);

/** vz_param_by_key() - row number by key of the file, or VZ_PARAM_MAX. */
enum vz_param_id vz_param_by_key(const char *key);

/** One guest's parameters, indexed by row. Strings live in the arena. */
struct vz_params {
	struct wabe_arena *arena;
	const bool *only; /* NULL, or by row: vz_params_from_file() reads these alone (vzlist, for
			     speed) */
	struct vz_value values[VZ_PARAM_MAX];
};

/**
 * vz_params_set() - parse @text (as the file has it) into row @id; the value before is replaced.
 * Error: kind vz_param_bad_value(), names the key. The params are unchanged on failure.
 */
int vz_params_set(struct vz_params *p, enum vz_param_id id, const char *text,
		  struct wabe_error *err);

/**
 * vz_params_option() - one option of the command line into @p (adds, deletes and "ram" understood).
 * @option: without "--"
 * @verb: VZ_PARAM_CREATE or VZ_PARAM_SET
 * -ENOENT: no such option for this verb (kind VZ_EXIT_BAD_OPTION).
 */
int vz_params_option(struct vz_params *p, unsigned int verb, const char *option, const char *text,
		     struct wabe_error *err);

/**
 * vz_params_parse_args() - all options in argv[1..]: the table's rows for @verb, and the verb's
 * own.
 * @own, @own_count, @values: rows of base/option for the verb's own options (--save, --force), may
 * be NULL, 0 Returns the index of the first word that is no option, or -errno with kind
 * VZ_EXIT_BAD_OPTION or vz_param_bad_value(). On success the network interface options (--ifname,
 * --mac ...) have become an edit of VZ_PARAM_NETIF.
 */
int vz_params_parse_args(struct vz_params *p, unsigned int verb, const struct wabe_option *own,
			 size_t own_count, void *values, int argc, char **argv,
			 struct wabe_error *err);

enum vz_params_mode {
	VZ_PARAMS_STRICT,  /* the first bad value is an error that names file, line and key (kind
			      VZ_EXIT_BAD_CONFIG) */
	VZ_PARAMS_LENIENT, /* bad values are left unset (vzlist, status, destroy, set: a broken file
			      must stay manageable) */
};

/** vz_params_from_file() - all rows whose key the file has. Unknown keys are left alone. */
int vz_params_from_file(struct vz_params *p, const struct vz_conffile *file,
			enum vz_params_mode mode, struct wabe_error *err);

/**
 * vz_params_to_file() - put every set value that has a key into @file, in place or appended. A line
 * that means the same already stays as it was written ("0:1G"). @p has no edits (merge first). 0 or
 * -errno.
 */
int vz_params_to_file(const struct vz_params *p, struct vz_conffile *file, struct wabe_error *err);

/**
 * vz_params_merge() - lay @over on @base: set values of @over win, list edits are applied to
 * @base's list.
 * @base's arena gets what is new; the strings of @over must outlive @base.
 */
int vz_params_merge(struct vz_params *base, const struct vz_params *over, struct wabe_error *err);

/** vz_params_presets() - set the default of each row that is unset and has one. */
int vz_params_presets(struct vz_params *p, struct wabe_error *err);

/**
 * vz_params_say_unenforced() - one log line for each parameter set in @p that this version does not
 * enforce: a warning where that matters (VZ_PARAM_LOUD), information (--verbose) for what has no
 * meaning on today's kernels. Call it with what the command line changed.
 */
void vz_params_say_unenforced(const struct vz_params *p, const struct wabe_log *log);

/** Typed access. vz_param_has() tells whether it is set; the others give the preset's value (or
 * NULL, 0, no) when it is not. */
bool vz_param_has(const struct vz_params *p, enum vz_param_id id);
const char *vz_param_string(const struct vz_params *p,
			    enum vz_param_id id); /* canonical text, or NULL */
bool vz_param_yes(const struct vz_params *p, enum vz_param_id id);
uint64_t vz_param_u64(const struct vz_params *p, enum vz_param_id id); /* in the row's unit */
struct vz_pair vz_param_pair(const struct vz_params *p,
			     enum vz_param_id id); /* in the row's unit; unset: unlimited */
struct vz_pair vz_param_bytes(const struct vz_params *p,
			      enum vz_param_id id); /* a pair in bytes; unset: unlimited */
const struct wabe_strv *vz_param_list(const struct vz_params *p,
				      enum vz_param_id id); /* never NULL */

/** vz_param_switch() - is @name on in a list of switches (features, capability)? 1 on, 0 off, -1
 * not mentioned. */
int vz_param_switch(const struct vz_params *p, enum vz_param_id id, const char *name);

/** vz_param_help() - one aligned line an option of the rows that @verb takes. */
void vz_param_help(FILE *out, unsigned int verb);

/**
 * vz_param_print_table() - the table for programs (vzctl --list-params): a line an option, tab
 * separated: option, key ("-" none), verbs (create,set), unit ("-"), value, enforced|kept, help,
 * default ("-"), further sentences ("-").
 */
void vz_param_print_table(FILE *out);

#endif
