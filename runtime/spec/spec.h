/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spec: load, validate, save and default of the model in spec/model.h.
 */
#ifndef WABE_SPEC_SPEC_H
#define WABE_SPEC_SPEC_H

#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "spec/model.h"

/** The context of our kernel (sys/ctx.h) that the container's cgroup becomes, by its id: wabe_parse_ctid(). */
#define WABE_SPEC_CTX_ANNOTATION "org.wabe.ctx"
/** With it: what its members are shown their own of, names as ctx.virt has them, with commas in between. */
#define WABE_SPEC_CTX_VIRT_ANNOTATION "org.wabe.ctx.virt"

/**
 * wabe_spec_parse() - config.json from memory: parse, load, validate. Every error names the JSON path.
 * @spec: zeroed by the caller; on failure nothing has to be freed but wabe_spec_free() is harmless
 * Returns 0, -EINVAL, -ERANGE, -ENOTSUP (asks for what this version doesn't do), -E2BIG, -ENOMEM.
 */
int wabe_spec_parse(struct wabe_spec *spec, const char *what, const char *text, size_t len,
		    struct wabe_error *err);

/** wabe_spec_load() - the same from BUNDLE/config.json (bounded by WABE_JSON_MAX_BYTES). */
int wabe_spec_load(struct wabe_spec *spec, const char *bundle, struct wabe_error *err);

/** wabe_spec_validate() - the rules between fields (config.md MUSTs); a spec built in memory passes through it too. */
int wabe_spec_validate(const struct wabe_spec *spec, struct wabe_error *err);

/** wabe_spec_parse_process() - a process object alone (`exec --process FILE`), into @arena. */
int wabe_spec_parse_process(struct wabe_arena *arena, const char *what, const char *text,
			    size_t len, struct wabe_spec_process **ret_process,
			    struct wabe_error *err);

/** wabe_spec_parse_resources() - linux.resources alone (`update --resources FILE`): its form; wabe_spec_validate() has the rules. */
int wabe_spec_parse_resources(struct wabe_arena *arena, const char *what, const char *text,
			      size_t len, struct wabe_spec_resources *ret_resources,
			      struct wabe_error *err);

/**
 * wabe_spec_merge_resources() - @over over @base: what is set there, but for zero, takes its place; entries of lists by their
 * device, page size or file. Memory is in @arena and @over's. The result has yet to be validated. 0 or -ENOMEM.
 */
int wabe_spec_merge_resources(struct wabe_arena *arena, struct wabe_spec_resources *base,
			      const struct wabe_spec_resources *over);

/**
 * wabe_spec_merge_process() - a further process of a container: @over (NULL: the same again), and what that leaves open as in @base,
 * the container's own (NULL: it has none). Shares both's texts.
 */
void wabe_spec_merge_process(struct wabe_spec_process *ret_process,
			     const struct wabe_spec_process *base,
			     const struct wabe_spec_process *over);

/** wabe_spec_default() - what `wabe spec` prints: a shell in rootfs/, runc's default mounts, caps, masks, namespaces. */
int wabe_spec_default(struct wabe_spec *spec, bool is_rootless, struct wabe_error *err);

/**
 * wabe_spec_default_mounts(), _masked_paths(), _readonly_paths() - those parts alone, for a spec built in memory; mounts
 * replaces the list, the paths are appended. 0 or -ENOMEM.
 */
int wabe_spec_default_mounts(struct wabe_spec *spec);
int wabe_spec_default_masked_paths(struct wabe_spec *spec);
int wabe_spec_default_readonly_paths(struct wabe_spec *spec);

/** wabe_spec_save() - JSON appended to @out; loading it gives the same spec. */
int wabe_spec_save(const struct wabe_spec *spec, enum wabe_json_style style, struct wabe_buf *out,
		   struct wabe_error *err);

/** wabe_spec_features() - the document of features.md (what this build supports), indented JSON appended to @out. */
int wabe_spec_features(struct wabe_buf *out, struct wabe_error *err);

/** wabe_spec_namespace() - the namespace entry of @type, or NULL. */
const struct wabe_spec_namespace *wabe_spec_namespace(const struct wabe_spec *spec,
						      enum wabe_spec_ns type);

/** Mount options by name (config.md, "Linux mount options"), in spec/mount_option.c. */
struct wabe_mount_options {
	unsigned long attr_set, attr_clear; /* MOUNT_ATTR_* of mount_setattr(2), this mount only */
	unsigned long rec_attr_set,
		rec_attr_clear;	  /* the same for the whole tree (rro, rnosuid ...) */
	unsigned int propagation; /* MS_SHARED MS_SLAVE MS_PRIVATE MS_UNBINDABLE or 0 */
	bool is_propagation_recursive;
	bool is_bind, is_bind_recursive;
	unsigned int
		sb_flags; /* SB-level: MS_SYNCHRONOUS MS_DIRSYNC MS_MANDLOCK MS_LAZYTIME, and MS_RDONLY of "ro" for new filesystems */
	unsigned int sb_clear;		   /* those of them that shall not be, for a remount */
	bool is_remount;		   /* of what an entry before this one mounted */
	bool is_copy_symlink;		   /* a bind whose source is a link: the link itself */
	bool is_copy_up;		   /* a tmpfs: filled with what it covers */
	bool is_idmap, is_idmap_recursive; /* also by mappings alone */
	struct wabe_strv
		data; /* what the filesystem itself shall read: "mode=755", "size=65536k", "newinstance" */
	const char *
		without_effect; /* a bind's: NULL, or the first of those of a filesystem's, which are dropped */
};

/** wabe_spec_mount_options() - sort the options of one mount entry by who acts on them. 0, -EINVAL (contradiction). */
int wabe_spec_mount_options(struct wabe_arena *arena, const struct wabe_spec_mount *mount,
			    struct wabe_mount_options *ret_options, struct wabe_error *err);

/*
 * The highest numbers that wabe_parse_list() takes in execCPUAffinity and memoryPolicy.nodes: what kernels can be configured
 * for (NR_CPUS up to 8192, NODES_SHIFT up to 10).
 */
#define WABE_SPEC_CPU_MAX 8191
#define WABE_SPEC_NODE_MAX 1023

/** wabe_spec_propagation() - a name of linux.rootfsPropagation ("slave", "rslave" ...) to MS_*. 0 or -EINVAL. */
int wabe_spec_propagation(const char *name, unsigned int *ret_propagation);

/**
 * wabe_spec_sysctl_path() - the file below /proc/sys of a key of linux.sysctl, "net/ipv4/ip_forward".
 * Keys are written with dots or with slashes (sysctl(8)); with slashes a dot is part of a name, with dots a slash is.
 * Returns 0, -EINVAL (not of the grammar: empty or dotted components, foreign characters), -ENAMETOOLONG.
 */
int wabe_spec_sysctl_path(const char *key, char *buf, size_t room);

/**
 * wabe_spec_names(), the vocabularies that were fixed when this was built, NULL-terminated by .name; for checks against
 * what the libraries know, and for `features`.
 */
enum wabe_spec_vocabulary {
	WABE_SPEC_CAPABILITIES, /* value: number */
	WABE_SPEC_RLIMITS,	/* value: RLIMIT_* */
	WABE_SPEC_NAMESPACES,	/* value: enum wabe_spec_ns */
	WABE_SPEC_SECCOMP_ACTIONS,
	WABE_SPEC_SECCOMP_OPERATORS,
	WABE_SPEC_SECCOMP_ARCHITECTURES,
	WABE_SPEC_SECCOMP_FLAGS,
	WABE_SPEC_MEMORY_POLICY_MODES, /* value: MPOL_* */
	WABE_SPEC_MEMORY_POLICY_FLAGS, /* value: bit number of MPOL_F_* */
	WABE_SPEC_VOCABULARY_MAX,
};
const struct wabe_name *wabe_spec_names(enum wabe_spec_vocabulary vocabulary);

/** Capability names (capabilities(7)) to bit numbers, in spec/names.c. */
extern const struct wabe_name wabe_spec_capability_names[];

/** wabe_spec_free() - the arena and all in it; for _cleanup_(wabe_spec_free). */
void wabe_spec_free(struct wabe_spec *spec);

/** Names of enum wabe_spec_ns, as linux.namespaces has them. */
extern const struct wabe_name wabe_spec_namespace_names[];

#endif
