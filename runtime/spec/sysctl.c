// SPDX-License-Identifier: GPL-2.0-or-later
/* spec/sysctl: the grammar of linux.sysctl, and which keys belong to a namespace of the guest's own. */
#include <errno.h>
#include <string.h>

#include "spec/internal.h"
#include "spec/spec.h"

#define KEY_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./"
#define KEY_ROOM 256
#define VALUE_MAX 4096

/* What may be written when which namespace is the guest's; a name that ends with "/" stands for all below it. */
static const struct {
	const char *path;
	enum wabe_spec_ns type;
} allowed[] = {
	{ "kernel/msgmax", WABE_NS_IPC },     { "kernel/msgmnb", WABE_NS_IPC },
	{ "kernel/msgmni", WABE_NS_IPC },     { "kernel/sem", WABE_NS_IPC },
	{ "kernel/shmall", WABE_NS_IPC },     { "kernel/shmmax", WABE_NS_IPC },
	{ "kernel/shmmni", WABE_NS_IPC },     { "kernel/shm_rmid_forced", WABE_NS_IPC },
	{ "fs/mqueue/", WABE_NS_IPC },	      { "net/", WABE_NS_NETWORK },
	{ "kernel/domainname", WABE_NS_UTS },
};

/* No component may be empty, "." or ".."; ".." is refused anywhere, no key has it. */
static bool has_bad_component(const char *path)
{
	size_t len = strlen(path);

	if (path[0] == '/' || path[0] == '.' || path[len - 1] == '/' || path[len - 1] == '.')
		return true;
	return strstr(path, "//") || strstr(path, "..") || strstr(path, "/.") || strstr(path, "./");
}

int wabe_spec_sysctl_path(const char *key, char *buf, size_t room)
{
	size_t len = strlen(key), first = strcspn(key, "./");

	if (len == 0 || strspn(key, KEY_CHARACTERS) != len || has_bad_component(key))
		return -EINVAL;
	if (len >= room)
		return -ENAMETOOLONG;
	memcpy(buf, key, len + 1);
	if (key[first] != '.')
		return 0;
	for (char *c = buf; *c; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	return 0;
}

static int validate_key(const struct wabe_spec *spec, const char *key, const char *path,
			struct wabe_error *err)
{
	if (strcmp(path, "kernel/hostname") == 0)
		return wabe_error_say(
			err, -EINVAL,
			"linux.sysctl[\"%s\"]: the key \"hostname\" is there for that", key);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		size_t len = strlen(allowed[i].path);
		bool is_tree = allowed[i].path[len - 1] == '/';

		if (strncmp(path, allowed[i].path, len) != 0 || (!is_tree && path[len]))
			continue;
		if (wabe_spec_namespace(spec, allowed[i].type))
			return 0;
		return wabe_error_say(
			err, -EINVAL,
			"linux.sysctl[\"%s\"]: would change the host's, linux.namespaces has no %s",
			key, wabe_name_of(wabe_spec_namespace_names, allowed[i].type));
	}
	return wabe_error_say(
		err, -EINVAL,
		"linux.sysctl[\"%s\"]: is not per namespace, it would change the host's", key);
}

/* CVE-2022-0811: "+" and paths in a value were taken for further settings by a tool behind the engine. */
static int validate_value(const struct wabe_pair *pair, struct wabe_error *err)
{
	if (strlen(pair->value) > VALUE_MAX)
		return wabe_error_say(err, -EINVAL,
				      "linux.sysctl[\"%s\"]: value longer than %d bytes", pair->key,
				      VALUE_MAX);
	for (const char *c = pair->value; *c; c++)
		if (*c == '+' || ((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
			return wabe_error_say(
				err, -EINVAL,
				"linux.sysctl[\"%s\"]: \"+\" or a control character in the value",
				pair->key);
	if (strstr(pair->value, "/.."))
		return wabe_error_say(err, -EINVAL, "linux.sysctl[\"%s\"]: \"/..\" in the value",
				      pair->key);
	return 0;
}

int wabe_spec_validate_sysctl(const struct wabe_spec *spec, struct wabe_error *err)
{
	char path[KEY_ROOM];

	for (size_t i = 0; i < spec->sysctl.count; i++) {
		const struct wabe_pair *pair = &spec->sysctl.items[i];
		int r = wabe_spec_sysctl_path(pair->key, path, sizeof(path));

		if (r < 0)
			return wabe_error_say(
				err, -EINVAL,
				"linux.sysctl[\"%.100s\"]: not the name of a kernel parameter",
				pair->key);
		r = validate_key(spec, pair->key, path, err);
		if (r == 0)
			r = validate_value(pair, err);
		if (r < 0)
			return r;
	}
	return 0;
}
