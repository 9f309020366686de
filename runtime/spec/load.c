// SPDX-License-Identifier: GPL-2.0-or-later
/* spec/load: config.json to the model and back; see spec.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "spec/internal.h"
#include "spec/spec.h"

/* Callers written in languages without optional strings send "" for nothing. */
static void drop_empty(const char **s)
{
	if (*s && !**s)
		*s = NULL;
}

/* The next component of *at, which goes behind it; its length, 0 at the end. */
static size_t next_component(const char **at, const char **ret_name)
{
	size_t len;

	*at += strspn(*at, "/");
	len = strcspn(*at, "/");
	*ret_name = *at;
	*at += len;
	return len;
}

/*
 * From here on all are absolute, without empty, "." and ".." components: what is done for "/proc" is done for "//proc/" too.
 * config.md: a relative destination is deprecated and means relative to "/".
 */
static int clean_destination(struct wabe_spec *spec, struct wabe_spec_mount *mount)
{
	const char *at = mount->destination, *name;
	char *clean, *end;
	size_t len;

	if (!*at)
		return 0;
	clean = wabe_arena_alloc(&spec->arena, strlen(at) + 2);
	if (!clean)
		return -ENOMEM;
	end = clean;
	while ((len = next_component(&at, &name))) {
		if (len == 1 && name[0] == '.')
			continue;
		if (len == 2 && memcmp(name, "..", 2) == 0) {
			while (end > clean && *--end != '/')
				;
			continue;
		}
		*end++ = '/';
		memcpy(end, name, len);
		end += len;
	}
	if (end == clean)
		*end++ = '/';
	*end = '\0';
	mount->destination = clean;
	return 0;
}

/* As runc reads it; ".." is refused by validation. */
static int clean_cgroups_path(struct wabe_spec *spec)
{
	const char *at = spec->cgroups_path, *name;
	char *clean, *end;
	size_t len;

	if (!at)
		return 0;
	clean = end = wabe_arena_alloc(&spec->arena, strlen(at) + 2);
	if (!clean)
		return -ENOMEM;
	if (*at == '/')
		*end++ = '/';
	while ((len = next_component(&at, &name))) {
		if (len == 1 && name[0] == '.')
			continue;
		if (end > clean && end[-1] != '/')
			*end++ = '/';
		memcpy(end, name, len);
		end += len;
	}
	*end = '\0';
	spec->cgroups_path = clean;
	drop_empty(&spec->cgroups_path);
	return 0;
}

static int normalise_mounts(struct wabe_spec *spec)
{
	struct wabe_spec_mount *mounts = spec->mounts.items;

	for (size_t i = 0; i < spec->mounts.count; i++) {
		drop_empty(&mounts[i].type);
		drop_empty(&mounts[i].source);
		if (clean_destination(spec, &mounts[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void normalise_process(struct wabe_spec_process *process)
{
	drop_empty(&process->apparmor_profile);
	drop_empty(&process->selinux_label);
	if (process->exec_cpu_affinity) {
		drop_empty(&process->exec_cpu_affinity->initial);
		drop_empty(&process->exec_cpu_affinity->final);
	}
}

/*
 * config-linux.md, "PIDs": since 1.3 a limit of 0 is one, and to have none it is -1 or left out. Writers of before meant by 0
 * what Go has for a number that isn't set. The kernel counts the process that is there, and looks at who is born alone: 0
 * says the same as 1, which lets the process be born in its cgroup.
 */
static void normalise_pids(struct wabe_spec *spec)
{
	struct wabe_opt_i64 *limit = &spec->resources.pids.limit;
	const char *version = spec->oci_version ? spec->oci_version : "";
	bool is_before = wabe_str_starts(version, "1.") && strtoul(version + 2, NULL, 10) < 3;

	if (!limit->is_set || limit->value != 0)
		return;
	limit->is_set = !is_before;
	limit->value = is_before ? 0 : 1;
}

/* One spelling of what can be written in several ways, so that nobody behind has to know them. */
static int normalise(struct wabe_spec *spec)
{
	struct wabe_spec_namespace *namespaces = spec->namespaces.items;
	struct wabe_spec_device *devices = spec->devices.items;

	drop_empty(&spec->mount_label);
	drop_empty(&spec->hostname);
	drop_empty(&spec->domainname);
	drop_empty(&spec->rootfs_propagation);
	drop_empty(&spec->resources.cpu.cpus);
	drop_empty(&spec->resources.cpu.mems);
	normalise_pids(spec);
	if (spec->rdt) {
		drop_empty(&spec->rdt->clos_id);
		drop_empty(&spec->rdt->l3_cache_schema);
		drop_empty(&spec->rdt->mem_bw_schema);
	}
	if (spec->memory_policy)
		drop_empty(&spec->memory_policy->nodes);
	if (spec->process)
		normalise_process(spec->process);
	for (size_t i = 0; i < spec->namespaces.count; i++)
		drop_empty(&namespaces[i].path);
	/* Engines copy st_mode, type bits included; .type says what it is. */
	for (size_t i = 0; i < spec->devices.count; i++)
		devices[i].file_mode.value &= ~(uint64_t)S_IFMT;
	return clean_cgroups_path(spec) < 0 ? -ENOMEM : normalise_mounts(spec);
}

static int parse(struct wabe_spec *spec, const char *what, const char *text, size_t len,
		 struct wabe_error *err)
{
	struct wabe_json *root;
	int r = wabe_json_parse(&spec->arena, what, text, len, &root, err);

	if (r < 0)
		return r;
	r = wabe_codec_load(&spec->arena, wabe_spec_rows, root, spec, err);
	if (r == 0 && normalise(spec) < 0)
		r = wabe_error_set(err, -ENOMEM, "%s", what);
	if (r == 0)
		r = wabe_spec_validate(spec, err);
	if (r < 0)
		wabe_error_prefix(err, "%s", what);
	return r;
}

int wabe_spec_parse(struct wabe_spec *spec, const char *what, const char *text, size_t len,
		    struct wabe_error *err)
{
	int r = parse(spec, what, text, len, err);

	if (r < 0)
		wabe_spec_free(spec);
	return r;
}

int wabe_spec_load(struct wabe_spec *spec, const char *bundle, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "%s/config.json", bundle) >= (int)sizeof(path))
		return wabe_error_set(err, -ENAMETOOLONG, "bundle %s", bundle);
	r = wabe_file_read_regular(path, WABE_JSON_MAX_BYTES, &text, err);
	if (r == 0)
		r = wabe_spec_parse(spec, "config.json", text.data ? text.data : "", text.len, err);
	if (r == 0) {
		spec->source = text;
		text = (struct wabe_buf)WABE_BUF_INIT;
	}
	return r;
}

static int parse_process(struct wabe_arena *arena, const char *what, const char *text, size_t len,
			 struct wabe_spec_process *process, struct wabe_error *err)
{
	struct wabe_json *root;
	int r = wabe_json_parse(arena, what, text, len, &root, err);

	if (r < 0)
		return r;
	r = wabe_codec_load(arena, wabe_spec_process_rows, root, process, err);
	normalise_process(process);
	if (r == 0)
		r = wabe_spec_validate_process(process, err);
	if (r < 0)
		wabe_error_prefix(err, "%s", what);
	return r;
}

int wabe_spec_parse_process(struct wabe_arena *arena, const char *what, const char *text,
			    size_t len, struct wabe_spec_process **ret_process,
			    struct wabe_error *err)
{
	struct wabe_spec_process *process = wabe_arena_alloc(arena, sizeof(*process));
	int r;

	if (!process)
		return wabe_error_set(err, -ENOMEM, "%s", what);
	r = parse_process(arena, what, text, len, process, err);
	if (r == 0)
		*ret_process = process;
	return r;
}

int wabe_spec_parse_resources(struct wabe_arena *arena, const char *what, const char *text,
			      size_t len, struct wabe_spec_resources *ret_resources,
			      struct wabe_error *err)
{
	struct wabe_spec_resources resources = { 0 };
	struct wabe_json *root;
	int r = wabe_json_parse(arena, what, text, len, &root, err);

	if (r < 0)
		return r;
	r = wabe_codec_load(arena, wabe_spec_resources_rows, root, &resources, err);
	if (r < 0)
		return wabe_error_prefix(err, "%s", what);
	drop_empty(&resources.cpu.cpus);
	drop_empty(&resources.cpu.mems);
	*ret_resources = resources;
	return 0;
}

int wabe_spec_save(const struct wabe_spec *spec, enum wabe_json_style style, struct wabe_buf *out,
		   struct wabe_error *err)
{
	struct wabe_json_writer *w = wabe_json_writer_new(style);
	int r;

	wabe_codec_save(w, wabe_spec_rows, spec);
	r = wabe_json_writer_finish(w, out);
	return r < 0 ? wabe_error_set(err, r, "write config.json") : 0;
}

const struct wabe_spec_namespace *wabe_spec_namespace(const struct wabe_spec *spec,
						      enum wabe_spec_ns type)
{
	const struct wabe_spec_namespace *namespaces = spec->namespaces.items;

	for (size_t i = 0; i < spec->namespaces.count; i++)
		if (namespaces[i].type == (int)type)
			return &namespaces[i];
	return NULL;
}

void wabe_spec_free(struct wabe_spec *spec)
{
	wabe_arena_free(&spec->arena);
	wabe_buf_free(&spec->source);
	memset(spec, 0, sizeof(*spec));
}
