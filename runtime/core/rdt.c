// SPDX-License-Identifier: GPL-2.0-or-later
/* core/rdt: a container's class of service; see rdt.h. */
#include "core/rdt.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/resctrl.h"

/* config-linux.md: of l3CacheSchema the lines that are not MB:, when memBwSchema has that one. */
static int add_l3_and_bandwidth(struct wabe_buf *text, const struct wabe_spec_rdt *rdt)
{
	const char *line = rdt->l3_cache_schema ? rdt->l3_cache_schema : "";
	int r = 0;

	while (r == 0 && *line) {
		size_t len = strcspn(line, "\n");

		if (len && !(rdt->mem_bw_schema && strncmp(line, "MB:", 3) == 0))
			r = wabe_buf_printf(text, "%.*s\n", (int)len, line);
		line += len;
		line += *line == '\n';
	}
	if (r == 0 && rdt->mem_bw_schema)
		r = wabe_buf_printf(text, "%s\n", rdt->mem_bw_schema);
	return r;
}

static int add_schemata(struct wabe_buf *text, const struct wabe_spec_rdt *rdt)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rdt->schemata.count; i++)
		r = wabe_buf_printf(text, "%s\n", rdt->schemata.items[i]);
	return r;
}

static int put(int root_fd, const char *name, bool is_compared, const struct wabe_buf *text,
	       struct wabe_error *err)
{
	if (text->len == 0)
		return 0;
	return is_compared ? wabe_resctrl_compare(root_fd, name, text->data, err)
			   : wabe_resctrl_write(root_fd, name, text->data, err);
}

/* The schemata last: what both speak of is as they say. A class that others have too is compared, never changed. */
static int set_class(int root_fd, const char *name, bool is_compared,
		     const struct wabe_spec_rdt *rdt, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf first = WABE_BUF_INIT, last = WABE_BUF_INIT;
	int r = add_l3_and_bandwidth(&first, rdt);

	if (r == 0)
		r = add_schemata(&last, rdt);
	if (r < 0)
		return wabe_error_set(err, r, "schemata");
	r = put(root_fd, name, is_compared, &first, err);
	return r < 0 ? r : put(root_fd, name, is_compared, &last, err);
}

static bool has_schema(const struct wabe_spec_rdt *rdt)
{
	return rdt->l3_cache_schema || rdt->mem_bw_schema || rdt->schemata.count;
}

/* What the container shall have, before anything of it is made. */
static int choose_class(int root_fd, struct wabe_container *c, const struct wabe_spec_rdt *rdt,
			struct wabe_error *err)
{
	const char *name = rdt->clos_id ? rdt->clos_id : c->state.id;
	bool is_there;

	if (!wabe_resctrl_is_name(name))
		return wabe_error_say(err, -EINVAL, "\"%.100s\" can't be the name of a class",
				      name);
	is_there = wabe_resctrl_has(root_fd, name);
	if (rdt->clos_id && !has_schema(rdt) && !is_there)
		return wabe_error_say(
			err, -ENOENT,
			"closID: there is no class \"%s\", and no schema to make it with", name);
	if (rdt->enable_monitoring || rdt->enable_cmt || rdt->enable_mbm) {
		c->state.rdt_monitor =
			wabe_arena_printf(&c->arena, "%s/mon_groups/%s", name, c->state.id);
		if (!c->state.rdt_monitor)
			return wabe_error_set(err, -ENOMEM, "monitoring");
	}
	c->state.rdt_class = name;
	c->state.is_rdt_made = !is_there;
	return 0;
}

static int make_class(int root_fd, struct wabe_container *c, const struct wabe_spec_rdt *rdt,
		      struct wabe_error *err)
{
	const char *name = c->state.rdt_class;
	int made = 0;

	if (!rdt->clos_id || has_schema(rdt))
		made = wabe_resctrl_make(root_fd, name, err);
	c->state.is_rdt_made = made > 0; /* somebody else may have been faster */
	if (made < 0)
		return made;
	return has_schema(rdt) ? set_class(root_fd, name, rdt->clos_id && !made, rdt, err) : 0;
}

static int attach_in(int root_fd, struct wabe_container *c, pid_t pid, struct wabe_error *err)
{
	int r = wabe_resctrl_attach(root_fd, c->state.rdt_class, pid, err);

	return r < 0 || !c->state.rdt_monitor
		       ? r
		       : wabe_resctrl_attach(root_fd, c->state.rdt_monitor, pid, err);
}

static void forget(struct wabe_container *c)
{
	c->state.rdt_class = c->state.rdt_monitor = NULL;
	c->state.is_rdt_made = false;
}

int wabe_rdt_join_in(int root_fd, struct wabe_container *c, const struct wabe_spec_rdt *rdt,
		     pid_t pid, struct wabe_error *err)
{
	int r = choose_class(root_fd, c, rdt, err);

	if (r == 0 && (c->state.is_rdt_made || c->state.rdt_monitor)) {
		r = wabe_state_save(c, err);
		if (r < 0)
			forget(c);
	}
	if (r == 0)
		r = make_class(root_fd, c, rdt, err);
	if (r == 0 && c->state.rdt_monitor)
		r = wabe_resctrl_make(root_fd, c->state.rdt_monitor, err);
	return r < 0 ? r : attach_in(root_fd, c, pid, err);
}

int wabe_rdt_join(struct wabe_container *c, const struct wabe_spec_rdt *rdt, pid_t pid,
		  struct wabe_error *err)
{
	_cleanup_close_ int root_fd = wabe_resctrl_open(err);
	int r = root_fd < 0 ? root_fd : wabe_rdt_join_in(root_fd, c, rdt, pid, err);

	return r < 0 ? wabe_error_prefix(err, "linux.intelRdt") : 0;
}

int wabe_rdt_write(struct wabe_container *c, const struct wabe_spec_rdt *rdt,
		   struct wabe_error *err)
{
	_cleanup_close_ int root_fd = wabe_resctrl_open(err);
	int r = root_fd < 0 ? root_fd : set_class(root_fd, c->state.rdt_class, false, rdt, err);

	return r < 0 ? wabe_error_prefix(err, "linux.intelRdt") : 0;
}

bool wabe_rdt_is_there(const struct wabe_container *c)
{
	_cleanup_close_ int root_fd = wabe_resctrl_open(NULL);

	return root_fd >= 0 && wabe_resctrl_has(root_fd, c->state.rdt_class);
}

int wabe_rdt_attach(struct wabe_container *c, pid_t pid, struct wabe_error *err)
{
	_cleanup_close_ int root_fd = -EBADF;
	int r;

	if (!c->state.rdt_class)
		return 0;
	root_fd = wabe_resctrl_open(err);
	/* An update that was killed may have noted a class and not made it. */
	if (root_fd >= 0 && !wabe_resctrl_has(root_fd, c->state.rdt_class))
		return 0;
	r = root_fd < 0 ? root_fd : attach_in(root_fd, c, pid, err);
	return r < 0 ? wabe_error_prefix(err, "linux.intelRdt") : 0;
}

/* Noted by a create that was killed, made or not: then nobody is in it. */
static bool is_certain(int root_fd, const struct wabe_container *c)
{
	return c->state.is_created || !c->is_loaded ||
	       wabe_resctrl_is_empty(root_fd, c->state.rdt_class);
}

int wabe_rdt_leave_in(int root_fd, struct wabe_container *c, struct wabe_error *err)
{
	int r = 0;

	if (c->state.rdt_monitor)
		r = wabe_resctrl_remove(root_fd, c->state.rdt_monitor, err);
	if (r == 0 && c->state.is_rdt_made && is_certain(root_fd, c))
		r = wabe_resctrl_remove(root_fd, c->state.rdt_class, err);
	if (r == 0)
		forget(c);
	return r;
}

int wabe_rdt_leave(struct wabe_container *c, struct wabe_error *err)
{
	_cleanup_close_ int root_fd = -EBADF;

	if (c->state.rdt_monitor || c->state.is_rdt_made) {
		root_fd = wabe_resctrl_open(err);
		if (root_fd >= 0)
			return wabe_rdt_leave_in(root_fd, c, err);
		if (root_fd != -ENOTSUP)
			return root_fd;
		wabe_error_clear(err); /* unmounted: the groups went with it */
	}
	forget(c);
	return 0;
}
