// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spec/validate: the rules between the fields of config.md: version, process, root, mounts, hooks, annotations. Those of
 * config-linux.md are in validate_linux.c and validate_resources.c. Types and ranges of single fields are the tables'.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "spec/internal.h"
#include "spec/spec.h"

/* uname(2): __NEW_UTS_LEN */
#define HOSTNAME_MAX 64

/* Digits without a leading zero; the end of them, or NULL. */
static const char *skip_number(const char *s)
{
	if (!isdigit((unsigned char)*s) || (*s == '0' && isdigit((unsigned char)s[1])))
		return NULL;
	while (isdigit((unsigned char)*s))
		s++;
	return s;
}

/* semver.org: "-" and "+" begin dotted lists of [0-9A-Za-z-] words. */
static const char *skip_words(const char *s)
{
	do {
		size_t n;

		s++;
		for (n = 0; isalnum((unsigned char)s[n]) || s[n] == '-'; n++)
			;
		if (n == 0)
			return NULL;
		s += n;
	} while (*s == '.');
	return s;
}

static bool is_semver(const char *s)
{
	for (int i = 0; i < 3; i++) {
		if (i > 0 && *s++ != '.')
			return false;
		s = skip_number(s);
		if (!s)
			return false;
	}
	if (*s == '-')
		s = skip_words(s);
	if (s && *s == '+')
		s = skip_words(s);
	return s && !*s;
}

/* config.md: compatible within a major version, so a newer minor one is fine; before 1.0.0 nothing was promised. */
static int validate_version(const struct wabe_spec *spec, struct wabe_error *err)
{
	const char *version = spec->oci_version;

	if (!version)
		return wabe_error_say(err, -EINVAL,
				      "the document: the required key \"ociVersion\" is missing");
	if (!is_semver(version))
		return wabe_error_say(err, -EINVAL,
				      "ociVersion: \"%.50s\" is not a version (MAJOR.MINOR.PATCH)",
				      version);
	if (!wabe_str_starts(version, "1."))
		return wabe_error_say(
			err, -EINVAL,
			"ociVersion: %.50s is not supported, only 1.x (up to " WABE_SPEC_VERSION
			" is known)",
			version);
	return 0;
}

static int validate_env(const struct wabe_strv *env, const char *path, struct wabe_error *err)
{
	for (size_t i = 0; i < env->count; i++) {
		const char *equals = strchr(env->items[i], '=');

		if (!equals || equals == env->items[i])
			return wabe_error_say(err, -EINVAL,
					      "%s[%zu]: \"%.50s\" is not of the form NAME=VALUE",
					      path, i, env->items[i]);
	}
	return 0;
}

/* config.md: "If the type is specified twice, the runtime MUST generate an error." */
static int validate_rlimits(const struct wabe_list *list, struct wabe_error *err)
{
	const struct wabe_spec_rlimit *limits = list->items;
	uint64_t seen = 0;

	for (size_t i = 0; i < list->count; i++) {
		const char *name = wabe_name_of(wabe_spec_rlimit_names, limits[i].type);

		if (!name)
			return wabe_error_say(err, -EINVAL,
					      "process.rlimits[%zu].type: unknown limit %d", i,
					      limits[i].type);
		if (seen & (UINT64_C(1) << limits[i].type))
			return wabe_error_say(err, -EINVAL,
					      "process.rlimits[%zu].type: %s is there twice", i,
					      name);
		seen |= UINT64_C(1) << limits[i].type;
		if (limits[i].soft > limits[i].hard)
			return wabe_error_say(err, -EINVAL,
					      "process.rlimits[%zu].soft: %llu is above hard, %llu",
					      i, (unsigned long long)limits[i].soft,
					      (unsigned long long)limits[i].hard);
	}
	return 0;
}

/* capset(2) fails with EPERM for these; better said with the name. */
static int validate_capabilities(const struct wabe_spec_capabilities *caps, struct wabe_error *err)
{
	uint64_t extra;

	if (!caps)
		return 0;
	extra = caps->effective & ~caps->permitted;
	if (!extra)
		return 0;
	return wabe_error_say(err, -EINVAL,
			      "process.capabilities.effective: %s is not in permitted",
			      wabe_name_of(wabe_spec_capability_names, __builtin_ctzll(extra)));
}

int wabe_spec_validate_process(const struct wabe_spec_process *process, struct wabe_error *err)
{
	int r;

	if (process->args.count == 0 || !process->args.items[0][0])
		return wabe_error_say(err, -EINVAL, "process.args: names no program");
	if (!process->cwd || process->cwd[0] != '/')
		return wabe_error_say(err, -EINVAL,
				      "process.cwd: \"%.100s\" is not an absolute path",
				      process->cwd ? process->cwd : "");
	r = validate_env(&process->env, "process.env", err);
	if (r == 0)
		r = validate_rlimits(&process->rlimits, err);
	if (r == 0)
		r = validate_capabilities(process->capabilities, err);
	return r < 0 ? r : wabe_spec_validate_attributes(process, err);
}

/* An id that no mapping covers can't be taken on inside (setuid(2), setgroups(2): EINVAL). */
static bool is_mapped(const struct wabe_list *mappings, uint32_t id)
{
	const struct wabe_spec_idmap *maps = mappings->items;

	for (size_t i = 0; i < mappings->count; i++)
		if (id >= maps[i].container_id && id - maps[i].container_id < maps[i].size)
			return true;
	return mappings->count == 0;
}

static int validate_user(const struct wabe_spec *spec, struct wabe_error *err)
{
	const struct wabe_spec_user *user = &spec->process->user;
	const struct wabe_u32_list *gids = &user->additional_gids;

	if (!is_mapped(&spec->uid_mappings, user->uid))
		return wabe_error_say(err, -EINVAL,
				      "process.user.uid: %u is not in linux.uidMappings",
				      user->uid);
	if (!is_mapped(&spec->gid_mappings, user->gid))
		return wabe_error_say(err, -EINVAL,
				      "process.user.gid: %u is not in linux.gidMappings",
				      user->gid);
	for (size_t i = 0; i < gids->count; i++)
		if (!is_mapped(&spec->gid_mappings, gids->items[i]))
			return wabe_error_say(
				err, -EINVAL,
				"process.user.additionalGids[%zu]: %u is not in linux.gidMappings",
				i, gids->items[i]);
	return 0;
}

static int validate_uts_name(const struct wabe_spec *spec, const char *key, const char *name,
			     struct wabe_error *err)
{
	if (!name)
		return 0;
	if (strlen(name) > HOSTNAME_MAX)
		return wabe_error_say(err, -EINVAL, "%s: longer than %d characters", key,
				      HOSTNAME_MAX);
	if (!wabe_str_printable(name))
		return wabe_error_say(err, -EINVAL, "%s: control characters are not allowed", key);
	if (!wabe_spec_namespace(spec, WABE_NS_UTS))
		return wabe_error_say(
			err, -EINVAL,
			"%s: can't be set without a uts namespace in linux.namespaces", key);
	return 0;
}

/* Slashes and dots alone: the root itself, which is root.path's to say. */
static bool is_root_itself(const char *path)
{
	while (*path == '/' || (*path == '.' && (path[1] == '/' || !path[1])))
		path++;
	return !*path;
}

/* config.md, "uidMappings" of a mount, and its options "idmap" and "ridmap". */
static int validate_mount_idmap(const struct wabe_spec *spec, const struct wabe_spec_mount *m,
				size_t i, const struct wabe_mount_options *o,
				struct wabe_error *err)
{
	char path[48];
	int r;

	if (!m->uid_mappings.count != !m->gid_mappings.count)
		return wabe_error_say(err, -EINVAL, "mounts[%zu].%s: missing beside the other", i,
				      m->uid_mappings.count ? "gidMappings" : "uidMappings");
	if (o->is_idmap && !m->uid_mappings.count && !wabe_spec_namespace(spec, WABE_NS_USER))
		return wabe_error_say(err, -EINVAL,
				      "mounts[%zu].uidMappings: missing, and without a user "
				      "namespace there are no others for the option idmap",
				      i);
	if (!m->uid_mappings.count)
		return 0;
	snprintf(path, sizeof(path), "mounts[%zu].uidMappings", i);
	r = wabe_spec_validate_idmap_list(&m->uid_mappings, path, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "mounts[%zu].gidMappings", i);
	return wabe_spec_validate_idmap_list(&m->gid_mappings, path, err);
}

static int validate_mounts(const struct wabe_spec *spec, struct wabe_error *err)
{
	const struct wabe_spec_mount *mounts = spec->mounts.items;
	_cleanup_(wabe_arena_free) struct wabe_arena scratch = WABE_ARENA_INIT;
	struct wabe_mount_options options;

	for (size_t i = 0; i < spec->mounts.count; i++) {
		int r;

		if (!mounts[i].destination || mounts[i].destination[0] != '/')
			return wabe_error_say(err, -EINVAL,
					      "mounts[%zu].destination: not a path in the guest",
					      i);
		if (is_root_itself(mounts[i].destination))
			return wabe_error_say(
				err, -EINVAL,
				"mounts[%zu].destination: the root itself is given by root.path",
				i);
		r = wabe_spec_mount_options(&scratch, &mounts[i], &options, err);
		if (r < 0) {
			wabe_error_prefix(err, "mounts[%zu].options", i);
			return r;
		}
		if (!options.is_bind && !options.is_remount && !mounts[i].type)
			return wabe_error_say(err, -EINVAL,
					      "mounts[%zu].type: missing, and it is no bind mount",
					      i);
		r = validate_mount_idmap(spec, &mounts[i], i, &options, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int validate_hook(const struct wabe_spec_hook *hook, const char *stage, size_t i,
			 struct wabe_error *err)
{
	char path[64];

	if (!hook->path || hook->path[0] != '/')
		return wabe_error_say(err, -EINVAL,
				      "hooks.%s[%zu].path: \"%.100s\" is not an absolute path",
				      stage, i, hook->path ? hook->path : "");
	if (hook->timeout.is_set && hook->timeout.value <= 0)
		return wabe_error_say(err, -EINVAL, "hooks.%s[%zu].timeout: %lld is not above 0",
				      stage, i, (long long)hook->timeout.value);
	snprintf(path, sizeof(path), "hooks.%s[%zu].env", stage, i);
	return validate_env(&hook->env, path, err);
}

static int validate_hooks(const struct wabe_spec_hooks *hooks, struct wabe_error *err)
{
	for (const struct wabe_codec_field *f = wabe_spec_hooks_rows; f->key; f++) {
		const struct wabe_list *list =
			(const struct wabe_list *)((const char *)hooks + f->offset);
		const struct wabe_spec_hook *items = list->items;

		for (size_t i = 0; i < list->count; i++) {
			int r = validate_hook(&items[i], f->key, i, err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Which of them there are is for the kernel to say. */
static int validate_views(const struct wabe_pairs *pairs, const char *views, struct wabe_error *err)
{
	const size_t len = strlen(views);

	if (!len || strspn(views, "abcdefghijklmnopqrstuvwxyz,") != len || views[0] == ',' ||
	    views[len - 1] == ',' || strstr(views, ",,"))
		return wabe_error_say(err, -EINVAL,
				      "annotations[\"" WABE_SPEC_CTX_VIRT_ANNOTATION
				      "\"]: \"%.64s\" is no list of views, such as cpu,memory",
				      views);
	for (size_t i = 0; i < pairs->count; i++)
		if (strcmp(pairs->items[i].key, WABE_SPEC_CTX_ANNOTATION) == 0)
			return 0;
	return wabe_error_say(
		err, -EINVAL,
		"annotations[\"" WABE_SPEC_CTX_VIRT_ANNOTATION
		"\"]: views are a context's, and there is no " WABE_SPEC_CTX_ANNOTATION);
}

static int validate_annotations(const struct wabe_pairs *pairs, struct wabe_error *err)
{
	uint32_t id;

	for (size_t i = 0; i < pairs->count; i++) {
		if (!pairs->items[i].key[0])
			return wabe_error_say(err, -EINVAL, "annotations: a key is empty");
		if (strcmp(pairs->items[i].key, WABE_SPEC_CTX_ANNOTATION) == 0 &&
		    wabe_parse_ctid(pairs->items[i].value, &id) < 0)
			return wabe_error_say(
				err, -EINVAL,
				"annotations[\"" WABE_SPEC_CTX_ANNOTATION
				"\"]: \"%.64s\" is no context, which is a number from 1 to 2147483644",
				pairs->items[i].value);
		if (strcmp(pairs->items[i].key, WABE_SPEC_CTX_VIRT_ANNOTATION) == 0) {
			int r = validate_views(pairs, pairs->items[i].value, err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* The rules that need nothing but the document's upper part. */
static int validate_base(const struct wabe_spec *spec, struct wabe_error *err)
{
	int r = validate_version(spec, err);

	if (r == 0 && spec->process)
		r = wabe_spec_validate_process(spec->process, err);
	if (r == 0 && (!spec->root.path || !spec->root.path[0]))
		r = wabe_error_say(err, -EINVAL, "root.path: is empty");
	if (r == 0)
		r = validate_uts_name(spec, "hostname", spec->hostname, err);
	if (r == 0)
		r = validate_uts_name(spec, "domainname", spec->domainname, err);
	if (r == 0)
		r = validate_mounts(spec, err);
	if (r == 0)
		r = validate_hooks(&spec->hooks, err);
	if (r == 0)
		r = validate_annotations(&spec->annotations, err);
	return r;
}

int wabe_spec_validate(const struct wabe_spec *spec, struct wabe_error *err)
{
	int r = validate_base(spec, err);

	if (r == 0)
		r = wabe_spec_validate_linux(spec, err);
	if (r == 0)
		r = wabe_spec_validate_sysctl(spec, err);
	if (r == 0)
		r = wabe_spec_validate_net_devices(spec, err);
	if (r == 0)
		r = wabe_spec_validate_resources(&spec->resources, err);
	if (r == 0)
		r = wabe_spec_validate_mount_label(spec, err);
	if (r == 0 && spec->rdt)
		r = wabe_spec_validate_rdt(spec->rdt, err);
	if (r == 0 && spec->memory_policy)
		r = wabe_spec_validate_memory_policy(spec->memory_policy, err);
	if (r == 0 && spec->personality)
		r = wabe_spec_validate_personality(spec->personality, err);
	if (r == 0 && spec->seccomp)
		r = wabe_spec_validate_seccomp(spec->seccomp, err);
	if (r == 0 && spec->process)
		r = validate_user(spec, err);
	return r;
}
