/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spec/internal: what the files of spec/ share and nobody else includes: the tables, and the parts of validation.
 */
#ifndef WABE_SPEC_INTERNAL_H
#define WABE_SPEC_INTERNAL_H

#include "spec/spec.h"
#include "base/codec.h"
#include "base/error.h"
#include "base/str.h"
#include "spec/model.h"

/* tables.c: one row owns a key of config.json. */
extern const struct wabe_codec_field wabe_spec_rows[];		 /* of struct wabe_spec */
extern const struct wabe_codec_field wabe_spec_process_rows[];	 /* of struct wabe_spec_process */
extern const struct wabe_codec_field wabe_spec_hooks_rows[];	 /* of struct wabe_spec_hooks */
extern const struct wabe_codec_field wabe_spec_resources_rows[]; /* of struct wabe_spec_resources */

/* names.c: the fixed vocabularies. */
extern const struct wabe_name wabe_spec_rlimit_names[];	       /* RLIMIT_* */
extern const struct wabe_name wabe_spec_propagation_names[];   /* MS_* */
extern const struct wabe_name wabe_spec_scheduler_policies[];  /* SCHED_* */
extern const struct wabe_name wabe_spec_scheduler_flags[];     /* bit numbers of SCHED_FLAG_* */
extern const struct wabe_name wabe_spec_io_classes[];	       /* IOPRIO_CLASS_* */
extern const struct wabe_name wabe_spec_memory_policy_modes[]; /* MPOL_* */
extern const struct wabe_name wabe_spec_memory_policy_flags[]; /* bit numbers of MPOL_F_* */
extern const struct wabe_name wabe_spec_personality_domains[]; /* PER_* */
extern const struct wabe_name wabe_spec_seccomp_actions[];     /* is an errnoRet allowed with it? */
extern const struct wabe_name wabe_spec_seccomp_operators[];
extern const struct wabe_name wabe_spec_seccomp_architectures[];
extern const struct wabe_name wabe_spec_seccomp_flags[];

/** wabe_spec_mount_option_name() - the name of the supported mount option number @i, NULL behind the last one. */
const char *wabe_spec_mount_option_name(size_t i);

/* validate*.c: the rules of one part each; errors name the JSON path. */
int wabe_spec_validate_process(const struct wabe_spec_process *process, struct wabe_error *err);
int wabe_spec_validate_attributes(const struct wabe_spec_process *process, struct wabe_error *err);
int wabe_spec_validate_mount_label(const struct wabe_spec *spec, struct wabe_error *err);
int wabe_spec_validate_memory_policy(const struct wabe_spec_memory_policy *policy,
				     struct wabe_error *err);
int wabe_spec_validate_personality(const struct wabe_spec_personality *personality,
				   struct wabe_error *err);
int wabe_spec_validate_idmap_list(const struct wabe_list *list, const char *path,
				  struct wabe_error *err);
int wabe_spec_validate_idmaps(const struct wabe_spec *spec, struct wabe_error *err);
int wabe_spec_validate_net_devices(const struct wabe_spec *spec, struct wabe_error *err);
int wabe_spec_validate_linux(const struct wabe_spec *spec, struct wabe_error *err);
int wabe_spec_validate_resources(const struct wabe_spec_resources *resources,
				 struct wabe_error *err);
int wabe_spec_validate_rdt(const struct wabe_spec_rdt *rdt, struct wabe_error *err);
int wabe_spec_validate_seccomp(const struct wabe_spec_seccomp *seccomp, struct wabe_error *err);
int wabe_spec_validate_sysctl(const struct wabe_spec *spec, struct wabe_error *err);

#endif
