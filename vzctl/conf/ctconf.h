/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf/ctconf: guests' configurations: <confdir>/conf/CTID.conf, made from samples
 * <confdir>/conf/ve-NAME.conf-sample, found by number or by name (<confdir>/names/NAME, a link to
 * ../conf/CTID.conf).
 */
#ifndef VZ_CONF_CTCONF_H
#define VZ_CONF_CTCONF_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "conf/conffile.h"
#include "conf/host.h"
#include "conf/param.h"

#define VZ_CTID_RESERVED_MAX 100 /* vzctl(8): ids up to this one are not for guests */
#define VZ_CTID_TEXT_MAX 12

/** One guest's configuration. It points into itself: not to be copied or moved once loaded. */
struct vz_ctconf {
	struct wabe_arena arena;
	const struct vz_host *host;
	uint32_t ctid;
	char id[VZ_CTID_TEXT_MAX]; /* ctid as text: libwabe's container id */
	const char *path; /* absolute path of CTID.conf: VE_CONFFILE of the action scripts */
	struct vz_conffile file;
	struct vz_params own;	    /* what the file sets */
	struct vz_params params;    /* own over vz.conf; what counts. Presets are given by the
				       vz_param_*() access. */
	const char *root, *private; /* VE_ROOT, VE_PRIVATE with $VEID replaced; NULL when unset
				       (exit 22, 23) */
};

/**
 * vz_ctconf_resolve() - a CTID or a guest's name (--name) to a CTID. A number needs no file; a name
 * that no guest has is -ENOENT. kind VZ_EXIT_BAD_VALUE. A name that is all digits can't exist.
 */
int vz_ctconf_resolve(const struct vz_host *host, const char *word, uint32_t *ret_ctid,
		      struct wabe_error *err);

/** vz_ctconf_check_new_id() - is @ctid above the reserved ones? -EINVAL, kind VZ_EXIT_BAD_VALUE. */
int vz_ctconf_check_new_id(uint32_t ctid, struct wabe_error *err);

/** vz_ctconf_exists() - is there a CTID.conf? */
bool vz_ctconf_exists(const struct vz_host *host, uint32_t ctid);

/**
 * vz_ctconf_load() - read a guest's configuration over the host's.
 * @mode: VZ_PARAMS_STRICT for create, mount and start; VZ_PARAMS_LENIENT where a command must work
 * on a broken value. A file that is cut off or doesn't parse is an error in both. Errors: missing:
 * -ENOENT, kind VZ_EXIT_NO_CONFIG; broken: kind VZ_EXIT_BAD_CONFIG. Free with vz_ctconf_free().
 */
int vz_ctconf_load(const struct vz_host *host, uint32_t ctid, enum vz_params_mode mode,
		   struct vz_ctconf *ret_conf, struct wabe_error *err);
void vz_ctconf_free(struct vz_ctconf *conf);

/**
 * vz_ctconf_load_only() - the same for looking at some parameters of many guests: lenient, and only
 * rows for which @only has true are read. Such a configuration must not be changed or saved. @only:
 * VZ_PARAM_MAX values, outlives @ret_conf.
 */
int vz_ctconf_load_only(const struct vz_host *host, uint32_t ctid, const bool *only,
			struct vz_ctconf *ret_conf, struct wabe_error *err);

/**
 * vz_ctconf_new() - in memory: the configuration of a guest to be created: sample, then the command
 * line. Not saved.
 * @sample: name (ve-NAME.conf-sample) or NULL: vz.conf's CONFIGFILE; a missing sample is kind
 * VZ_EXIT_COPY_CONFIG. ORIGIN_SAMPLE is set to it.
 * @over: of the command line, or NULL
 */
int vz_ctconf_new(const struct vz_host *host, uint32_t ctid, const char *sample,
		  const struct vz_params *over, struct vz_ctconf *ret_conf, struct wabe_error *err);

/**
 * vz_ctconf_copy() - in memory: the configuration of a guest that is to be a copy of another. Not
 * saved.
 * @without: keys that are left out, ended by NULL
 * @over: laid over it
 */
int vz_ctconf_copy(const struct vz_ctconf *from, uint32_t ctid, const char *const *without,
		   const struct vz_params *over, struct vz_ctconf *ret_conf,
		   struct wabe_error *err);

/**
 * vz_ctconf_apply() - lay @changes over the loaded configuration, in memory: file, own, params,
 * root and private follow.
 * @changes' strings must outlive @conf.
 */
int vz_ctconf_apply(struct vz_ctconf *conf, const struct vz_params *changes,
		    struct wabe_error *err);

/**
 * vz_ctconf_apply_sample() - lay a sample's parameters over the configuration (set --applyconfig):
 * everything but what makes the guest itself (names, addresses, template, paths, ids). kind
 * VZ_EXIT_APPLY_CONFIG when it can't be read.
 */
int vz_ctconf_apply_sample(struct vz_ctconf *conf, const char *sample, struct wabe_error *err);

/** vz_ctconf_check_name() - has another guest the name of @conf? Then -EEXIST, kind VZ_EXIT_NAME. */
int vz_ctconf_check_name(const struct vz_ctconf *conf, struct wabe_error *err);

/**
 * vz_ctconf_restore_name() - the link of the name of @conf, which is loaded and locked, where it is missing: names/ was lost, or
 * restored without links. 1: made, 0: it was there, or there is no name; -errno, kind VZ_EXIT_NAME.
 */
int vz_ctconf_restore_name(const struct vz_ctconf *conf, struct wabe_error *err);

/**
 * vz_ctconf_save() - write CTID.conf (atomic, durable) and bring the name's link in line. The
 * caller holds the guest's lock. A name that another guest has is kind VZ_EXIT_NAME, with nothing
 * written; else kind VZ_EXIT_SAVE.
 */
int vz_ctconf_save(struct vz_ctconf *conf, struct wabe_error *err);

/** vz_ctconf_remove() - CTID.conf becomes CTID.conf.destroyed, its action scripts too, the name's
 * link goes. Idempotent. */
int vz_ctconf_remove(const struct vz_host *host, uint32_t ctid, struct wabe_error *err);

/**
 * vz_ctconf_tidy() - remove what a killed vz_ctconf_save() left: the half of a file, a link of a name that the guest has no more,
 * or not yet. The caller holds the guest's lock. One system call when there is nothing. Never fails.
 */
void vz_ctconf_tidy(const struct vz_host *host, uint32_t ctid);

/** vz_ctconf_tidy_removed() - the same for vz_ctconf_remove() of a guest that is gone. */
void vz_ctconf_tidy_removed(const struct vz_host *host, uint32_t ctid);

/** vz_ctconf_drop_name() - remove the link of @name (NULL: of none) if it is @ctid's, and what a killed writer left. */
void vz_ctconf_drop_name(const struct vz_host *host, uint32_t ctid, const char *name);

/** vz_ctconf_list() - CTIDs of all guests, ascending, in @arena. One directory read. */
int vz_ctconf_list(const struct vz_host *host, struct wabe_arena *arena, uint32_t **ret_ctids,
		   size_t *ret_count, struct wabe_error *err);

#endif
