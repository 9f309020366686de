/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf/host: vz.conf, the host's configuration. It names every directory, so that a vz.conf
 * elsewhere makes a self-contained tree (tests, the demo).
 */
#ifndef VZ_CONF_HOST_H
#define VZ_CONF_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "conf/param.h"
#include "conf/validate.h"
#include "wabe.h"

#define VZ_HOST_CONF_DEFAULT "/etc/vz/vz.conf"
#define VZ_HOST_CONF_ENV "VZ_CONF"
#define VZ_VE0CPUUNITS_DEFAULT 1000

/** The host's configuration. It points into itself: not to be copied or moved once loaded. */
struct vz_host {
	struct wabe_arena arena;
	const char *conf_path; /* absolute path of vz.conf; action scripts source it */
	const char *confdir;   /* its directory: vz.conf, conf/, names/, dists/ */
	int conf_fd; /* confdir/conf (CTID.conf, samples, action scripts), -EBADF when missing */
	const char *lockdir;	  /* LOCKDIR: CTID.lck; NULL when unset (exit 77) */
	const char *template_dir; /* TEMPLATE; NULL when unset (exit 24) */
	const char *dumpdir;	  /* DUMPDIR */
	const char *statedir; /* STATEDIR, /run/vz: state of running guests; also rt.state_root */
	const char *distdir;  /* confdir/dists: the administrator's distribution scripts */
	const char *dist_default;	     /* DISTDIR: those that come with wabe */
	const char *sample;		     /* CONFIGFILE: sample of vzctl create, or NULL */
	const char *ostemplate;		     /* DEF_OSTEMPLATE or NULL */
	const char *logfile;		     /* LOGFILE, or NULL: no log file (LOGGING=no) */
	int log_level;			     /* LOG_LEVEL 0..9 */
	int verbose;			     /* VERBOSE */
	enum vz_validate_mode validate_mode; /* VALIDATE_MODE, default none */
	uint32_t uid_base, uid_end; /* UID_BASE, UID_END: guests' ranges of 65,536 ids are taken
				       from uid_base .. uid_end - 1 */
	bool is_disk_quota;	    /* DISK_QUOTA */
	bool is_enabled;	    /* VIRTUOZZO: guests are started at boot */
	uint64_t ve0_cpuunits;	    /* VE0CPUUNITS, default 1000 */
	const char *neighbour_devs; /* NEIGHBOUR_DEVS: "detect", all else and NULL: every device */
	bool has_no_arpdetect;	    /* SKIP_ARPDETECT: other hosts aren't asked for addresses */
	bool is_arpfail_error;	    /* ERROR_ON_ARPFAIL: one that has the address is an error */
	const char *route_src_dev;  /* VE_ROUTE_SRC_DEV: its address is what the host's packets to
				       guests come from; NULL: the kernel chooses */
	uint32_t traffic_period_s;  /* TRAFFIC_PERIOD: how often vzeventd keeps what guests' traffic
				       is; 0: never */
	unsigned int parallel;	    /* VE_PARALLEL, default: processors */
	uint32_t event_timeout_s;   /* EVENT_TIMEOUT, 1..3600: what programs in events.d have for
				       an event */
	const char *stop_mode;	    /* VE_STOP_MODE: "stop" or "suspend" */
	struct vz_conffile file;    /* the whole file, for keys that are not above */
	struct vz_params params;    /* parameters set in vz.conf (VE_ROOT, VE_PRIVATE, VE_LAYOUT,
				       NAMESERVER ...): below sample and CT file */
	char *const *argv; /* of this process, for running it again; NULL: it enters no guests */
	struct wabe_runtime rt; /* for libwabe: state_root, cgroup_base (CGROUP_BASE, "/vz"), log */
};

/**
 * vz_host_load() - read vz.conf.
 * @path: of --config, or NULL: $VZ_CONF, else /etc/vz/vz.conf
 * @log: goes to ret_host->rt.log, may be NULL
 * Creates nothing. On failure *ret_host is empty, freeing it is fine. A missing file is kind
 * VZ_EXIT_NO_HOST_CONFIG, a bad one VZ_EXIT_BAD_CONFIG.
 */
int vz_host_load(const char *path, struct wabe_log *log, struct vz_host *ret_host,
		 struct wabe_error *err);
void vz_host_free(struct vz_host *host);

/**
 * vz_host_lock() - the lock LOCKDIR/NAME.lck (made with its directory, 0700 and 0600).
 * @name: "101", or another single name ("uidrange")
 * @timeout_ms: 0 = try once, < 0 = for ever
 * Returns the descriptor; closing it releases. -EWOULDBLOCK (kind VZ_EXIT_LOCKED, text "container
 * 101 is locked"), LOCKDIR unset is kind VZ_EXIT_NO_LOCKDIR.
 */
int vz_host_lock(const struct vz_host *host, const char *name, int timeout_ms,
		 struct wabe_error *err);

#endif
