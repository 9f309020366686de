// SPDX-License-Identifier: GPL-2.0-or-later
/* core/state: many containers by one open state root: the same is found as by each by itself, and the root is checked as well. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "core/container.h"
#include "tap.h"

struct many {
	struct tap *t;
	struct wabe_runtime alone, many; /* the same state root */
};

static void make(const struct many *m, const char *id)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = NULL;
	struct wabe_error err = WABE_ERROR_INIT;

	if (!tap_int(m->t, wabe_state_new(&m->alone, id, &c, &err), 0, "container %s %s", id,
		     err.text))
		return;
	c->state.oci_version = "1.0.0";
	c->state.bundle = "/bundle";
	c->state.is_created = true;
	tap_int(m->t, wabe_state_save(c, &err), 0, "  with a state");
}

static void test_same(const struct many *m)
{
	_cleanup_(wabe_container_free) struct wabe_container *c = NULL;
	struct wabe_error err = WABE_ERROR_INIT;
	char owner[WABE_OWNER_MAX];

	make(m, "whole");
	if (!tap_int(m->t, wabe_container_load(&m->many, "whole", &c, &err), 0, "one of many %s",
		     err.text))
		return;
	tap_str(m->t, wabe_container_bundle(c), "/bundle", "  has its state");
	tap_ok(m->t, c->dir_fd < 0, "  without its directory");
	tap_str(m->t, wabe_container_owner(c, owner), "root", "  has its owner");
	tap_int(m->t, wabe_container_lock(c, 0, &err), 0, "  can be locked %s", err.text);
	tap_ok(m->t, c->dir_fd >= 0, "  by its directory");
	tap_int(m->t, wabe_state_refresh(c, &err), 0, "  and read again");
	tap_str(m->t, wabe_container_bundle(c), "/bundle", "  with the same state");
}

/* What isn't plain is looked at as it would be alone. */
static void test_odd(const struct many *m, const char *id, const char *what)
{
	_cleanup_(wabe_container_free) struct wabe_container *one = NULL, *other = NULL;
	struct wabe_error err = WABE_ERROR_INIT;

	tap_int(m->t, wabe_container_load(&m->alone, id, &one, &err), 0, "%s: alone %s", what,
		err.text);
	tap_int(m->t, wabe_container_load(&m->many, id, &other, &err), 0, "%s: of many %s", what,
		err.text);
	if (!one || !other)
		return;
	tap_int(m->t, other->is_damaged, one->is_damaged, "%s: damaged or not", what);
	tap_str(m->t, other->state.id, id, "%s: the id", what);
	tap_str(m->t, other->state.bundle, one->state.bundle, "%s: the bundle", what);
	tap_str(m->t, other->state.cgroup, one->state.cgroup, "%s: the cgroup", what);
}

static void test_odd_ones(const struct many *m, int root_fd)
{
	char large[8192];
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_container *c = NULL;

	make(m, "cut");
	tap_int(m->t, wabe_file_write_at(root_fd, "cut/state.json", "{\"id\":", &err), 0, "cut");
	test_odd(m, "cut", "a cut one");
	make(m, "creating");
	unlinkat(root_fd, "creating/state.json", 0);
	test_odd(m, "creating", "one without a state");
	make(m, "large");
	snprintf(large, sizeof(large),
		 "{\"ociVersion\":\"1.0.0\",\"id\":\"large\",\"bundle\":\"/far\",\"pid\":0,%4000s"
		 "\"cgroup\":\"/behind\"}",
		 "");
	tap_int(m->t, wabe_file_write_at(root_fd, "large/state.json", large, &err), 0, "large %s",
		err.text);
	test_odd(m, "large", "a large one");
	tap_int(m->t, wabe_container_load(&m->many, "large", &c, &err), 0, "the large one");
	tap_str(m->t, c ? c->state.cgroup : NULL, "/behind", "  is read to its end");
	wabe_container_free(&c);
	tap_int(m->t, wabe_container_load(&m->many, "none", &c, &err), -ENOENT, "none is none");
	tap_int(m->t, symlinkat("whole", root_fd, "link"), 0, "a link");
	tap_ok(m->t, wabe_container_load(&m->many, "link", &c, NULL) < 0, "  is no container");
}

static void test_root(const struct many *m, const char *dir)
{
	struct wabe_error err = WABE_ERROR_INIT;

	chmod(dir, 0777);
	tap_int(m->t, wabe_state_root_open(&m->alone, &err), -EPERM, "a root of others");
	chmod(dir, 0700);
}

int main(void)
{
	char dir[] = "/tmp/wabe-test-many.XXXXXX";
	struct tap t = TAP_INIT;
	struct many m = { .t = &t };
	_cleanup_close_ int root_fd = -EBADF;

	if (geteuid() != 0) {
		tap_skip(&t, "needs root");
		return tap_end(&t);
	}
	if (!tap_ok(&t, mkdtemp(dir) != NULL, "a directory"))
		return tap_end(&t);
	m.alone = m.many = (struct wabe_runtime){ .state_root = dir, .cgroup_base = "/nowhere" };
	root_fd = wabe_state_root_open(&m.alone, NULL);
	m.many.state_root_fd = &root_fd;
	tap_ok(&t, root_fd >= 0, "the state root");
	test_same(&m);
	test_odd_ones(&m, root_fd);
	test_root(&m, dir);
	wabe_file_remove_tree_at(AT_FDCWD, dir, NULL);
	return tap_end(&t);
}
