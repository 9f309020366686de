// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup: rules for device nodes: checks, and the lists of cgroup v1; see cgroup_device.h.
 *
 * v1 knows a default and exceptions to it, and "deny" of a part of an allowed range does nothing
 * there, silently (cgroup-v1/devices.rst; dev_exception_rm() wants the same numbers). So the rules
 * are folded first, and what can't be said that way is refused instead of left open.
 */
#include "sys/cgroup_device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define MAJOR_MAX 0xfff /* mknod(2): 12 bits of major, 20 of minor; v1 takes 2^32-1 for "*" */
#define MINOR_MAX 0xfffff

bool wabe_cgroup_device_is_all(const struct wabe_cgroup_device_rule *rule)
{
	return rule->type == 'a' && rule->major < 0 && rule->minor < 0 &&
	       rule->access == WABE_CGROUP_DEVICE_ALL;
}

const char *wabe_cgroup_device_text(const struct wabe_cgroup_device_rule *rule,
				    char text[WABE_CGROUP_DEVICE_TEXT_MAX])
{
	char major[12] = "*", minor[12] = "*";

	if (rule->major >= 0)
		snprintf(major, sizeof(major), "%u", (unsigned int)rule->major);
	if (rule->minor >= 0)
		snprintf(minor, sizeof(minor), "%u", (unsigned int)rule->minor);
	snprintf(text, WABE_CGROUP_DEVICE_TEXT_MAX, "%c %s:%s %s%s%s", rule->type, major, minor,
		 rule->access & WABE_CGROUP_DEVICE_READ ? "r" : "",
		 rule->access & WABE_CGROUP_DEVICE_WRITE ? "w" : "",
		 rule->access & WABE_CGROUP_DEVICE_MKNOD ? "m" : "");
	return text;
}

static bool is_within(int64_t inner, int64_t outer)
{
	return outer < 0 || inner == outer;
}

/* Does @outer speak of every device that @inner does? */
static bool covers(const struct wabe_cgroup_device_rule *outer,
		   const struct wabe_cgroup_device_rule *inner)
{
	return outer->type == inner->type && is_within(inner->major, outer->major) &&
	       is_within(inner->minor, outer->minor);
}

static bool overlaps(const struct wabe_cgroup_device_rule *a,
		     const struct wabe_cgroup_device_rule *b)
{
	return a->type == b->type && (a->access & b->access) &&
	       (is_within(a->major, b->major) || a->major < 0) &&
	       (is_within(a->minor, b->minor) || a->minor < 0);
}

/* One more rule, of type b or c. */
static int fold_rule(struct wabe_cgroup_device_list *list,
		     const struct wabe_cgroup_device_rule *rule)
{
	size_t kept = 0;

	if (rule->is_allowed != list->is_allowed) {
		list->items[list->count++] = *rule;
		return 0;
	}
	for (size_t i = 0; i < list->count; i++)
		if (overlaps(rule, &list->items[i]) && !covers(rule, &list->items[i]))
			return -ENOTSUP;
	for (size_t i = 0; i < list->count; i++) {
		if (overlaps(rule, &list->items[i]))
			list->items[i].access &= ~rule->access;
		if (list->items[i].access)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
	return 0;
}

/*
 * One exception must allow the whole of an access (match_exception()): "r" of all and "w" of one
 * device would refuse to open that one for both.
 */
static void widen(struct wabe_cgroup_device_list *list)
{
	for (size_t i = 0; !list->is_allowed && i < list->count; i++)
		for (size_t j = 0; j < list->count; j++)
			if (covers(&list->items[j], &list->items[i]))
				list->items[i].access |= list->items[j].access;
}

int wabe_cgroup_device_fold(const struct wabe_cgroup_device_rule *rules, size_t count,
			    struct wabe_cgroup_device_list *ret_list, size_t *ret_rule)
{
	struct wabe_cgroup_device_list list = { .is_allowed = false };
	size_t first = count;

	while (first > 0 && !wabe_cgroup_device_is_all(&rules[first - 1]))
		first--;
	if (first > 0)
		list.is_allowed = rules[first - 1].is_allowed;
	list.items = calloc(2 * (count - first) + 1, sizeof(*list.items));
	if (!list.items)
		return -ENOMEM;
	for (size_t i = first; i < count; i++) {
		for (const char *type = "cb"; *type; type++) {
			struct wabe_cgroup_device_rule rule = rules[i];

			if (rule.type != 'a' && rule.type != *type)
				continue;
			rule.type = *type;
			if (fold_rule(&list, &rule) < 0) {
				free(list.items);
				*ret_rule = i;
				return -ENOTSUP;
			}
		}
	}
	widen(&list);
	*ret_list = list;
	return 0;
}

static int write_text(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n = write(fd, text, len);

	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

/* device_cgroup.c: "a" sets the default and drops the exceptions. */
static int write_default(struct wabe_cgroup *cgroup, int dir_fd,
			 const struct wabe_cgroup_device_list *list, struct wabe_error *err)
{
	const char *file = list->is_allowed ? "devices.allow" : "devices.deny";
	int r = wabe_cgroup_file_write(dir_fd, file, "a");

	if (r == -EINVAL)
		return wabe_error_say(err, r, "%s of cgroup %s: there are cgroups below it", file,
				      cgroup->path);
	/* A new cgroup has what the one above has, and can't have more. */
	if (r == -EPERM && list->is_allowed && list->count == 0)
		return 0;
	return r < 0 ? wabe_error_set(err, r, "write a to %s of cgroup %s", file, cgroup->path) : 0;
}

static int write_list(struct wabe_cgroup *cgroup, int dir_fd,
		      const struct wabe_cgroup_device_list *list, struct wabe_error *err)
{
	const char *file = list->is_allowed ? "devices.deny" : "devices.allow";
	char text[WABE_CGROUP_DEVICE_TEXT_MAX];
	_cleanup_close_ int fd = -EBADF;
	int r = write_default(cgroup, dir_fd, list, err);

	if (r < 0 || list->count == 0)
		return r;
	fd = openat(dir_fd, file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return wabe_error_set(err, -errno, "open %s of cgroup %s", file, cgroup->path);
	for (size_t i = 0; i < list->count; i++) {
		r = write_text(fd, wabe_cgroup_device_text(&list->items[i], text));
		/* Allowed, but not in the cgroup above: as in the cgroup2 tree, both must agree. */
		if (r < 0 && !(r == -EPERM && !list->is_allowed))
			return wabe_error_set(err, r, "write %s to %s of cgroup %s", text, file,
					      cgroup->path);
	}
	return 0;
}

static int write_lists(struct wabe_cgroup *cgroup, const struct wabe_cgroup_device_rule *rules,
		       size_t count, struct wabe_error *err)
{
	int dir_fd = wabe_cgroup_v1_dir(cgroup, "devices"), r;
	struct wabe_cgroup_device_list list = { 0 };
	char text[WABE_CGROUP_DEVICE_TEXT_MAX];
	size_t at = 0;

	if (dir_fd == -ENOTSUP)
		return wabe_error_say(
			err, -ENOTSUP,
			"device rules need cgroup v1's 'devices' controller, which is "
			"not mounted on this host");
	if (dir_fd < 0)
		return wabe_error_set(err, dir_fd, "open cgroup %s", cgroup->path);
	r = wabe_cgroup_device_fold(rules, count, &list, &at);
	if (r == -ENOTSUP)
		return wabe_error_say(err, r,
				      "device rule %zu, %s %s: takes back a part of a wider rule "
				      "before it, which cgroup v1 can't do",
				      at, rules[at].is_allowed ? "allow" : "deny",
				      wabe_cgroup_device_text(&rules[at], text));
	if (r < 0)
		return wabe_error_set(err, r, "device rules of cgroup %s", cgroup->path);
	r = write_list(cgroup, dir_fd, &list, err);
	free(list.items);
	return r;
}

/*
 * A hybrid host's cgroup2 tree does it where the kernel has programs for it: every order of rules
 * can be said there, in three system calls. The v1 controller does for the rest.
 */
int wabe_cgroup_v1_devices(struct wabe_cgroup *cgroup, const struct wabe_cgroup_device_rule *rules,
			   size_t count, struct wabe_error *err)
{
	if (cgroup->root_fd >= 0) {
		int r = wabe_cgroup_v2_devices(cgroup, rules, count, err);

		if (r != -ENOTSUP && r != -EPERM)
			return r;
		wabe_error_clear(err);
	}
	return write_lists(cgroup, rules, count, err);
}

int wabe_cgroup_devices(struct wabe_cgroup *cgroup, const struct wabe_cgroup_device_rule *rules,
			size_t count, struct wabe_error *err)
{
	if (count > WABE_CGROUP_DEVICE_RULES_MAX)
		return wabe_error_say(err, -E2BIG, "%zu device rules: at most %d", count,
				      WABE_CGROUP_DEVICE_RULES_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct wabe_cgroup_device_rule *rule = &rules[i];

		if (!rule->type || !strchr("abc", rule->type) || rule->major > MAJOR_MAX ||
		    rule->minor > MINOR_MAX || (rule->access & ~WABE_CGROUP_DEVICE_ALL) ||
		    !rule->access)
			return wabe_error_say(err, -EINVAL, "device rule %zu: out of range", i);
	}
	return cgroup->ops->devices(cgroup, rules, count, err);
}
