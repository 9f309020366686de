/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf/validate: do a guest's limits fit together? vzcfgvalidate(8) shows it, vzctl asks it before a start and a save where
 * VALIDATE_MODE of vz.conf says so.
 *
 * Two sets of rules. A configuration of beancounters is held to OpenVZ's (openvz.org, "UBC consistency check"). One of
 * memory and swap as a whole (vSwap: PHYSPAGES has a limit), or without any of the classic limits of memory, is held to
 * what has a meaning there.
 */
#ifndef VZ_CONF_VALIDATE_H
#define VZ_CONF_VALIDATE_H

#include <stdbool.h>

#include "base/error.h"
#include "conf/param.h"

enum vz_validate_mode {
	VZ_VALIDATE_NONE,    /* don't look */
	VZ_VALIDATE_WARNING, /* say it */
	VZ_VALIDATE_ERROR,   /* refuse */
	VZ_VALIDATE_FIX,     /* mend it */
	VZ_VALIDATE_MODE_MAX,
};

enum vz_severity {
	VZ_SEVERITY_ERROR,
	VZ_SEVERITY_WARNING,
	VZ_SEVERITY_RECOMMENDATION, /* makes no configuration invalid */
	VZ_SEVERITY_MAX,
};

/** vz_severity_name() - "Error" ... */
const char *vz_severity_name(enum vz_severity severity);

/** What is wrong, and what would make it right. */
struct vz_finding {
	enum vz_severity severity;
	enum vz_param_id id;
	const char *text; /* one line */
	bool has_fix;
	struct vz_pair fix; /* in the row's unit */
};

/** Told of each finding; returns whether the fix shall be applied. */
typedef bool vz_validate_fn(void *data, const struct vz_finding *finding);

/**
 * vz_validate_is_vswap() - is memory limited as a whole? PHYSPAGES has a limit, or nothing of the classic limits of memory
 * is set.
 */
bool vz_validate_is_vswap(const struct vz_params *p);

/**
 * vz_validate() - check @p, and change what @found agrees to.
 * Returns how many errors and warnings stay, -ENOMEM with @err.
 */
int vz_validate(struct vz_params *p, bool is_vswap, vz_validate_fn *found, void *data,
		struct wabe_error *err);

#endif
