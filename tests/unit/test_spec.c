// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spec: loading, saving, the default config, features; and for every row of the tables: what it refuses, tried on a config
 * that has every key (corpus/config/maximal.json).
 */
#include "spec/spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "edit.h"
#include "spec/internal.h"
#include "tap.h"

static int parse_text(const char *text, size_t len, struct wabe_error *err)
{
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };

	wabe_error_clear(err);
	return wabe_spec_parse(&spec, "config.json", text, len, err);
}

static int parse_edited(const struct wabe_json *root, const char *path, const char *value,
			struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	edit_apply(root, path, value, &text);
	return parse_text(text.data, text.len, err);
}

/* Numbers that may be anything below zero, as the specification has them. */
static bool takes_negative(const char *path)
{
	static const char *const paths[] = {
		"process.oomScoreAdj",
		"linux.resources.cpu.quota",
		"linux.resources.cpu.realtimeRuntime",
		"linux.resources.pids.limit",
		"linux.timeOffsets.monotonic.secs",
		"linux.timeOffsets.boottime.secs",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (strcmp(paths[i], path) == 0)
			return true;
	return false;
}

struct wrong {
	enum wabe_json_type type;
	const char *value;
};

static const struct wrong wrongs[] = {
	{ WABE_JSON_BOOL, "true" },
	{ WABE_JSON_NUMBER, "-2000" },
	{ WABE_JSON_NUMBER, "1.5" },
	{ WABE_JSON_NUMBER, "1e3" },
	{ WABE_JSON_NUMBER, "18446744073709551616" },
	{ WABE_JSON_STRING, "\"\\u001b\"" },
	{ WABE_JSON_ARRAY, "[]" },
	{ WABE_JSON_OBJECT, "{}" },
};

/* A value of the right type is wrong only for numbers: no field is a fraction, and none takes 2^64. */
static bool is_wrong(const struct wabe_json *node, const char *path, const struct wrong *w)
{
	if (w->type != node->type)
		return true;
	return node->type == WABE_JSON_NUMBER && !(w->value[0] == '-' && takes_negative(path));
}

static void test_wrong_values(struct tap *t, const struct wabe_json *root,
			      const struct wabe_json *node)
{
	struct wabe_error err = WABE_ERROR_INIT;
	char path[256];
	const char *bad = NULL;

	for (const struct wabe_json *c = node->first; c; c = c->next)
		test_wrong_values(t, root, c);
	if (!node->parent)
		return;
	wabe_json_path(node, path, sizeof(path));
	for (size_t i = 0; i < ARRAY_SIZE(wrongs) && !bad; i++) {
		if (!is_wrong(node, path, &wrongs[i]))
			continue;
		if (parse_edited(root, path, wrongs[i].value, &err) >= 0 ||
		    !strstr(err.text, path) || strncmp(err.text, "config.json: ", 13) != 0)
			bad = wrongs[i].value;
	}
	if (!tap_ok(t, !bad, "%s refuses wrong values and names itself", path))
		printf("# value %s: %d %s\n", bad, err.code, err.text);
}

/* Walk the tables along the maximal config: is every key in it, and what happens without the required ones? */
static void test_rows(struct tap *t, const struct wabe_json *root, const struct wabe_json *object,
		      const char *prefix, const struct wabe_codec_field *rows)
{
	for (const struct wabe_codec_field *f = rows; f->key; f++) {
		const struct wabe_json *node = wabe_json_member(object, f->key);
		struct wabe_error err = WABE_ERROR_INIT;
		char path[256], quoted[80];

		snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", f->key);
		if (f->type == WABE_CODEC_UNSUPPORTED) {
			tap_int(t, parse_edited(root, path, "{\"a\":1}", &err), -ENOTSUP,
				"%s is refused", path);
			tap_has(t, err.text, path, "%s names itself", path);
			continue;
		}
		tap_ok(t, node != NULL, "%s is in the maximal config", path);
		if (!node)
			continue;
		if (f->flags & WABE_CODEC_REQUIRED) {
			snprintf(quoted, sizeof(quoted), "the required key \"%s\" is missing",
				 f->key);
			tap_int(t, parse_edited(root, path, NULL, &err), -EINVAL, "%s is required",
				path);
			tap_has(t, err.text, quoted, "%s is named", path);
		}
		if (f->type == WABE_CODEC_LIST || f->type == WABE_CODEC_MAP) {
			node = node->first;
			/* The entry that has every key: the last one of all lists in that config does, or the first. */
			for (const struct wabe_json *c = node; c; c = c->next)
				if (c->count > node->count)
					node = c;
			wabe_json_path(node, path, sizeof(path));
		}
		if (f->sub)
			test_rows(t, root, node, path, f->sub);
	}
}

static bool is_same(const struct wabe_json *a, const struct wabe_json *b)
{
	const struct wabe_json *c, *d;

	if (a->type != b->type || a->count != b->count || a->boolean != b->boolean ||
	    !wabe_str_equal(a->text, b->text))
		return false;
	for (c = a->first, d = b->first; c; c = c->next, d = d->next) {
		const struct wabe_json *other =
			a->type == WABE_JSON_OBJECT ? wabe_json_member(b, c->key) : d;

		if (!other || !is_same(c, other)) {
			char path[256];

			printf("# differs: %s\n", wabe_json_path(c, path, sizeof(path)));
			return false;
		}
	}
	return true;
}

static void save_loaded(struct tap *t, const char *text, size_t len, struct wabe_buf *out)
{
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;

	if (!tap_int(t, wabe_spec_parse(&spec, "config.json", text, len, &err), 0, "loads"))
		printf("# %s\n", err.text);
	tap_int(t, wabe_spec_save(&spec, WABE_JSON_INDENTED, out, &err), 0, "saves");
}

static void test_round_trip(struct tap *t, const char *text, size_t len,
			    const struct wabe_json *root)
{
	_cleanup_(wabe_buf_free) struct wabe_buf once = WABE_BUF_INIT, twice = WABE_BUF_INIT;
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_json *saved;

	save_loaded(t, text, len, &once);
	save_loaded(t, once.data, once.len, &twice);
	tap_str(t, twice.data, once.data, "load, save, load, save: the same text");
	tap_ok(t, wabe_str_starts(once.data, "{\n\t\"ociVersion\": \"1."),
	       "the version comes first");
	tap_int(t, wabe_json_parse(&arena, "saved", once.data, once.len, &saved, &err), 0,
		"what was saved is JSON");
	tap_ok(t, is_same(root, saved) && is_same(saved, root), "nothing was lost or added");
}

static void test_truncated(struct tap *t, const char *text, size_t len, const char *name)
{
	struct wabe_error err = WABE_ERROR_INIT;
	size_t end = len, i;

	while (end > 0 && text[end - 1] != '}')
		end--;
	for (i = 0; i < end - 1; i++) {
		/* A copy of exactly this length: a read behind it is found by the sanitizer. */
		_cleanup_free_ char *part = malloc(i ? i : 1);

		memcpy(part, text, i);
		if (parse_text(part, i, &err) >= 0 || !strstr(err.text, "config.json: line "))
			break;
	}
	tap_int(t, (long long)i, (long long)end - 1, "%s: every truncation is refused", name);
}

static void test_maximal(struct tap *t)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_json *root;

	edit_corpus("config/maximal.json", &text);
	if (!tap_int(t, wabe_json_parse(&arena, "maximal", text.data, text.len, &root, &err), 0,
		     "maximal config"))
		return;
	test_round_trip(t, text.data, text.len, root);
	test_wrong_values(t, root, root);
	test_rows(t, root, root, "", wabe_spec_rows);
	test_truncated(t, text.data, text.len, "maximal config");
}

static void test_default(struct tap *t, bool is_rootless, const char *name)
{
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_json *root;

	tap_int(t, wabe_spec_default(&spec, is_rootless, &err), 0, "%s config", name);
	if (!tap_int(t, wabe_spec_validate(&spec, &err), 0, "%s config is valid", name))
		printf("# %s\n", err.text);
	tap_int(t, wabe_spec_save(&spec, WABE_JSON_INDENTED, &text, &err), 0,
		"%s config is written", name);
	if (!tap_int(t, wabe_json_parse(&arena, name, text.data, text.len, &root, &err), 0,
		     "%s config is JSON", name))
		return;
	test_round_trip(t, text.data, text.len, root);
	test_wrong_values(t, root, root);
	test_truncated(t, text.data, text.len, name);
	tap_ok(t, (wabe_spec_namespace(&spec, WABE_NS_USER) != NULL) == is_rootless,
	       "%s: user namespace", name);
	tap_ok(t, (wabe_spec_namespace(&spec, WABE_NS_NETWORK) != NULL) == !is_rootless,
	       "%s: network namespace", name);
	tap_int(t, (long long)spec.uid_mappings.count, is_rootless, "%s: mappings", name);
	if (is_rootless)
		tap_int(t, ((struct wabe_spec_idmap *)spec.uid_mappings.items)->host_id, geteuid(),
			"%s: the caller is root", name);
	tap_ok(t,
	       spec.process->capabilities->inheritable == 0 &&
		       spec.process->capabilities->ambient == 0,
	       "%s: no capability is inherited", name);
	tap_ok(t, spec.process->no_new_privileges && spec.root.readonly,
	       "%s: no new privileges, read-only root", name);
}

static void test_paths(struct tap *t)
{
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };

	tap_int(t, wabe_spec_default_masked_paths(&spec), 0, "masked paths");
	tap_ok(t, wabe_strv_has(&spec.masked_paths, "/proc/kcore"), "of the default");
	tap_int(t, wabe_spec_default_readonly_paths(&spec), 0, "read-only paths");
	tap_ok(t, wabe_strv_has(&spec.readonly_paths, "/proc/sys"), "of the default");
	for (size_t i = 0; i < spec.masked_paths.count; i++)
		for (size_t j = 0; j < i; j++)
			tap_ok(t,
			       strcmp(spec.masked_paths.items[i], spec.masked_paths.items[j]) != 0,
			       "path %zu is not %zu", i, j);
}

static int parse_with(const struct wabe_json *base, const char *path, const char *format,
		      const char *name, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf value = WABE_BUF_INIT;
	const char *at = strchr(format, '@');

	wabe_buf_add(&value, format, (size_t)(at - format));
	wabe_buf_printf(&value, "%s%s", name, at + 1);
	return parse_edited(base, path, value.data, err);
}

/* What features promises must be accepted: each name put where it belongs. */
static void test_feature_list(struct tap *t, const struct wabe_json *base,
			      const struct wabe_json *list, const char *path, const char *format)
{
	struct wabe_error err = WABE_ERROR_INIT;

	tap_ok(t, list && list->count > 0, "features: names for %s", path);
	for (const struct wabe_json *c = list ? list->first : NULL; c; c = c->next) {
		if (!tap_int(t, parse_with(base, path, format, c->text, &err), 0,
			     "features: %s is accepted", c->text))
			printf("# %s\n", err.text);
	}
}

/* Some modes want nodes, some none. */
static void test_memory_policy(struct tap *t, const struct wabe_json *base,
			       const struct wabe_json *policy)
{
	const struct wabe_json *modes = wabe_json_member(policy, "modes");
	struct wabe_error err = WABE_ERROR_INIT;
	char with[160], without[160];

	tap_ok(t, modes && modes->count > 0, "features: modes of memoryPolicy");
	for (const struct wabe_json *c = modes ? modes->first : NULL; c; c = c->next) {
		snprintf(with, sizeof(with), "{\"memoryPolicy\":{\"mode\":\"%s\",\"nodes\":\"0\"}}",
			 c->text);
		snprintf(without, sizeof(without), "{\"memoryPolicy\":{\"mode\":\"%s\"}}", c->text);
		tap_ok(t,
		       parse_edited(base, "linux", with, &err) == 0 ||
			       parse_edited(base, "linux", without, &err) == 0,
		       "features: %s is accepted", c->text);
	}
	test_feature_list(
		t, base, wabe_json_member(policy, "flags"), "linux",
		"{\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"@\"]}}");
}

/* Some are only for a new filesystem, some only for a bind. */
static void test_feature_options(struct tap *t, const struct wabe_json *base,
				 const struct wabe_json *list)
{
	static const char *const formats[] = {
		"[{\"destination\":\"/m\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"@\"]}]",
		"[{\"destination\":\"/m\",\"source\":\"/s\",\"options\":[\"bind\",\"@\"],"
		"\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}],"
		"\"gidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}]}]",
	};
	struct wabe_error err = WABE_ERROR_INIT;

	tap_ok(t, list && list->count > 0, "features: names for mounts");
	for (const struct wabe_json *c = list ? list->first : NULL; c; c = c->next)
		tap_ok(t,
		       parse_with(base, "mounts", formats[0], c->text, &err) == 0 ||
			       parse_with(base, "mounts", formats[1], c->text, &err) == 0,
		       "features: %s is accepted", c->text);
}

static void test_features(struct tap *t)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT, minimal = WABE_BUF_INIT;
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_json *root, *base;
	const struct wabe_json *os, *seccomp;

	tap_int(t, wabe_spec_features(&text, &err), 0, "features");
	tap_int(t, wabe_json_parse(&arena, "features", text.data, text.len, &root, &err), 0,
		"is JSON");
	edit_corpus("config/minimal.json", &minimal);
	tap_int(t, wabe_json_parse(&arena, "minimal", minimal.data, minimal.len, &base, &err), 0,
		"minimal config");
	os = wabe_json_member(root, "linux");
	seccomp = wabe_json_member(os, "seccomp");
	tap_int(t, parse_edited(base, "ociVersion", "\"1.0.0\"", &err), 0, "ociVersionMin");
	tap_str(t, wabe_json_member(root, "ociVersionMin")->text, "1.0.0", "is what was tried");
	tap_str(t, wabe_json_member(root, "ociVersionMax")->text, WABE_SPEC_VERSION,
		"ociVersionMax");
	test_feature_list(t, base, wabe_json_member(root, "hooks"), "hooks",
			  "{\"@\":[{\"path\":\"/x\"}]}");
	test_feature_options(t, base, wabe_json_member(root, "mountOptions"));
	test_feature_list(t, base, wabe_json_member(os, "capabilities"), "process.capabilities",
			  "{\"bounding\":[\"@\"]}");
	test_feature_list(t, base, wabe_json_member(os, "namespaces"), "linux",
			  "{\"namespaces\":[{\"type\":\"@\",\"path\":\"/proc/1/ns/x\"}]}");
	test_memory_policy(t, base, wabe_json_member(os, "memoryPolicy"));
	test_feature_list(
		t, base, wabe_json_member(seccomp, "actions"), "linux",
		"{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\",\"listenerPath\":\"/x\","
		"\"syscalls\":[{\"names\":[\"read\"],\"action\":\"@\"}]}}");
	test_feature_list(
		t, base, wabe_json_member(seccomp, "archs"), "linux",
		"{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\",\"architectures\":[\"@\"]}}");
	test_feature_list(t, base, wabe_json_member(seccomp, "knownFlags"), "linux",
			  "{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\",\"flags\":[\"@\"]}}");
	test_feature_list(t, base, wabe_json_member(seccomp, "supportedFlags"), "linux",
			  "{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\",\"flags\":[\"@\"]}}");
	test_feature_list(
		t, base, wabe_json_member(seccomp, "operators"), "linux",
		"{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":[{\"names\":[\"read\"],"
		"\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":0,\"op\":\"@\"}]}]}}");
}

/* What other engines write: read as they mean it. */
static void test_normalised(struct tap *t)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.2-dev\",\"root\":{\"path\":\"r\"},\"hostname\":\"\",\"windows\":{\"x\":1},"
		"\"mounts\":[{\"destination\":\"data\",\"type\":\"\",\"source\":\"/s\",\"options\":[\"bind\"]}],"
		"\"linux\":{\"rootfsPropagation\":\"\",\"namespaces\":[{\"type\":\"pid\",\"path\":\"\"}],"
		"\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1,\"minor\":3,\"fileMode\":8630}],"
		"\"resources\":{\"blockIO\":{\"weight\":0},\"cpu\":{\"cpus\":\"\",\"shares\":0}}}}";
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	const struct wabe_spec_mount *mount;
	const struct wabe_spec_device *device;

	if (!tap_int(t, wabe_spec_parse(&spec, "config.json", text, strlen(text), &err), 0,
		     "a config of other engines")) {
		printf("# %s\n", err.text);
		return;
	}
	mount = spec.mounts.items;
	device = spec.devices.items;
	tap_str(t, mount->destination, "/data", "a relative destination is below the root");
	tap_str(t, mount->type, NULL, "an empty type is none");
	tap_str(t, spec.hostname, NULL, "an empty hostname is none");
	tap_str(t, spec.rootfs_propagation, NULL, "an empty propagation is none");
	tap_str(t, spec.resources.cpu.cpus, NULL, "an empty list of CPUs is none");
	tap_str(t, wabe_spec_namespace(&spec, WABE_NS_PID)->path, NULL,
		"an empty path is a new namespace");
	tap_int(t, (long long)device->file_mode.value, 0666,
		"the type bits of a mode are left out");
	tap_ok(t, spec.process == NULL, "no process");
}

static void test_bundle(struct tap *t)
{
	char dir[] = "/tmp/test_spec.XXXXXX", file[64];
	_cleanup_(wabe_spec_free) struct wabe_spec spec = { 0 };
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_error err = WABE_ERROR_INIT;

	if (!tap_ok(t, mkdtemp(dir) != NULL, "a bundle"))
		return;
	snprintf(file, sizeof(file), "%s/config.json", dir);
	tap_int(t, wabe_spec_load(&spec, dir, &err), -ENOENT, "without config.json");
	tap_has(t, err.text, "config.json", "says so");
	edit_corpus("config/minimal.json", &text);
	tap_int(t,
		wabe_file_replace_at(AT_FDCWD, file, text.data, text.len, 0600, WABE_FILE_VOLATILE,
				     &err),
		0, "with one");
	tap_int(t, wabe_spec_load(&spec, dir, &err), 0, "loads");
	tap_str(t, spec.root.path, "rootfs", "its root");
	wabe_spec_free(&spec);
	tap_int(t, truncate(file, WABE_JSON_MAX_BYTES + 1), 0, "larger than the bound");
	tap_int(t, wabe_spec_load(&spec, dir, &err), -EFBIG, "is refused");
	tap_int(t, wabe_spec_load(&spec, "/nonexistent/bundle", &err), -ENOENT, "no bundle");
	unlink(file);
	rmdir(dir);
}

static void test_process(struct tap *t)
{
	static const char good[] =
		"{\"args\":[\"id\"],\"cwd\":\"/\",\"user\":{\"uid\":5,\"gid\":6}}";
	static const char bad[] = "{\"args\":[\"id\"],\"cwd\":\"x\"}",
			  type[] = "{\"args\":\"id\",\"cwd\":\"/\"}";
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_spec_process *process = NULL;
	struct wabe_error err = WABE_ERROR_INIT;

	tap_int(t, wabe_spec_parse_process(&arena, "p.json", bad, strlen(bad), &process, &err),
		-EINVAL, "relative cwd");
	tap_has(t, err.text, "p.json: process.cwd", "is named");
	tap_int(t, wabe_spec_parse_process(&arena, "p.json", type, strlen(type), &process, &err),
		-EINVAL, "args of a wrong type");
	tap_has(t, err.text, "p.json: args: wants an array", "is named");
	tap_ok(t, process == NULL, "the output is untouched");
	if (tap_int(t,
		    wabe_spec_parse_process(&arena, "p.json", good, strlen(good), &process, &err),
		    0, "a process"))
		tap_ok(t,
		       process->user.uid == 5 && process->user.gid == 6 && process->args.count == 1,
		       "is loaded");
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_maximal(&t);
	test_default(&t, false, "default");
	test_default(&t, true, "rootless");
	test_paths(&t);
	test_features(&t);
	test_normalised(&t);
	test_bundle(&t);
	test_process(&t);
	return tap_end(&t);
}
