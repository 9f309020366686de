// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spec/features: the document of features.md and features-linux.md. The lists are those that loading and validation use,
 * so that what is promised here is what is accepted.
 */
#include <string.h>

#include "base/json.h"
#include "spec/internal.h"
#include "spec/spec.h"

static void add_names(struct wabe_json_writer *w, const char *key,
		      enum wabe_spec_vocabulary vocabulary)
{
	wabe_json_key(w, key);
	wabe_json_array_begin(w);
	for (const struct wabe_name *n = wabe_spec_names(vocabulary); n->name; n++)
		wabe_json_add_string(w, n->name);
	wabe_json_array_end(w);
}

/* Is there a row for the key at this path, and not one that refuses it? */
static bool has_key(const char *path)
{
	const struct wabe_codec_field *f = wabe_spec_rows;

	for (;;) {
		size_t len = strcspn(path, ".");

		while (f && f->key && (strlen(f->key) != len || strncmp(f->key, path, len) != 0))
			f++;
		if (!f || !f->key || f->type == WABE_CODEC_UNSUPPORTED)
			return false;
		if (!path[len])
			return true;
		f = f->sub;
		path += len + 1;
	}
}

static void add_flag(struct wabe_json_writer *w, const char *key, bool value)
{
	wabe_json_put_bool(w, key, value);
}

/* "key": {"enabled": VALUE} */
static void add_enabled(struct wabe_json_writer *w, const char *key, bool value)
{
	wabe_json_key(w, key);
	wabe_json_object_begin(w);
	add_flag(w, "enabled", value);
	wabe_json_object_end(w);
}

static void add_hooks(struct wabe_json_writer *w)
{
	wabe_json_key(w, "hooks");
	wabe_json_array_begin(w);
	for (const struct wabe_codec_field *f = wabe_spec_hooks_rows; f->key; f++)
		wabe_json_add_string(w, f->key);
	wabe_json_array_end(w);
}

static void add_mount_options(struct wabe_json_writer *w)
{
	const char *name;

	wabe_json_key(w, "mountOptions");
	wabe_json_array_begin(w);
	for (size_t i = 0; (name = wabe_spec_mount_option_name(i)); i++)
		wabe_json_add_string(w, name);
	wabe_json_array_end(w);
}

static void add_cgroup(struct wabe_json_writer *w)
{
	wabe_json_key(w, "cgroup");
	wabe_json_object_begin(w);
	add_flag(w, "v1", true);
	add_flag(w, "v2", true);
	add_flag(w, "systemd", WABE_HAS_SYSTEMD);
	add_flag(w, "systemdUser", WABE_HAS_SYSTEMD);
	add_flag(w, "rdma", has_key("linux.resources.rdma"));
	wabe_json_object_end(w);
}

static void add_seccomp(struct wabe_json_writer *w)
{
	wabe_json_key(w, "seccomp");
	wabe_json_object_begin(w);
	add_flag(w, "enabled", true);
	add_names(w, "actions", WABE_SPEC_SECCOMP_ACTIONS);
	add_names(w, "operators", WABE_SPEC_SECCOMP_OPERATORS);
	add_names(w, "archs", WABE_SPEC_SECCOMP_ARCHITECTURES);
	add_names(w, "knownFlags", WABE_SPEC_SECCOMP_FLAGS);
	add_names(w, "supportedFlags", WABE_SPEC_SECCOMP_FLAGS);
	wabe_json_object_end(w);
}

static void add_linux(struct wabe_json_writer *w)
{
	wabe_json_key(w, "linux");
	wabe_json_object_begin(w);
	add_names(w, "namespaces", WABE_SPEC_NAMESPACES);
	add_names(w, "capabilities", WABE_SPEC_CAPABILITIES);
	add_cgroup(w);
	add_seccomp(w);
	wabe_json_key(w, "memoryPolicy");
	wabe_json_object_begin(w);
	add_names(w, "modes", WABE_SPEC_MEMORY_POLICY_MODES);
	add_names(w, "flags", WABE_SPEC_MEMORY_POLICY_FLAGS);
	wabe_json_object_end(w);
	add_enabled(w, "apparmor", has_key("process.apparmorProfile"));
	add_enabled(w, "selinux", has_key("process.selinuxLabel"));
	wabe_json_key(w, "intelRdt");
	wabe_json_object_begin(w);
	add_flag(w, "enabled", has_key("linux.intelRdt"));
	add_flag(w, "schemata", has_key("linux.intelRdt.schemata"));
	add_flag(w, "monitoring", has_key("linux.intelRdt.enableMonitoring"));
	wabe_json_object_end(w);
	wabe_json_key(w, "mountExtensions");
	wabe_json_object_begin(w);
	add_enabled(w, "idmap", has_key("mounts.uidMappings"));
	wabe_json_object_end(w);
	add_enabled(w, "netDevices", has_key("linux.netDevices"));
	wabe_json_object_end(w);
}

/* features.md, "Unsafe annotations in config.json": one that ends with a dot stands for all that begin so. */
static void add_unsafe_annotations(struct wabe_json_writer *w)
{
	wabe_json_key(w, "potentiallyUnsafeConfigAnnotations");
	wabe_json_array_begin(w);
	wabe_json_add_string(w, "org.systemd.property.");
	wabe_json_add_string(w, WABE_SPEC_CTX_ANNOTATION);
	wabe_json_add_string(w, WABE_SPEC_CTX_VIRT_ANNOTATION);
	wabe_json_array_end(w);
}

int wabe_spec_features(struct wabe_buf *out, struct wabe_error *err)
{
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_INDENTED);
	int r;

	wabe_json_object_begin(w);
	wabe_json_put_string(w, "ociVersionMin", "1.0.0");
	wabe_json_put_string(w, "ociVersionMax", WABE_SPEC_VERSION);
	add_hooks(w);
	add_mount_options(w);
	add_linux(w);
	wabe_json_key(w, "annotations");
	wabe_json_object_begin(w);
	wabe_json_put_string(w, "wabe.version", WABE_VERSION);
	wabe_json_object_end(w);
	add_unsafe_annotations(w);
	wabe_json_object_end(w);
	r = wabe_json_writer_finish(w, out);
	return r < 0 ? wabe_error_set(err, r, "features") : 0;
}
