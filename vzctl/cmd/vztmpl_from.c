// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vztmpl_from: vztmpl from: a template of a container's files; see vztmpl(8). */
#include <stdio.h>

#include "base/cleanup.h"
#include "cmd/vztmpl.h"
#include "guest/export.h"

static int fill(void *data, int root_fd, bool *ret_needs_keys, struct wabe_error *err)
{
	return vz_guest_export(data, root_fd, ret_needs_keys, err);
}

static int make(struct vztmpl *t, struct vz_guest *g, const char *name, bool is_update,
		struct wabe_error *err)
{
	const char *source = wabe_arena_printf(&t->arena, "container %s", g->id);
	struct vz_template_meta meta;
	uint64_t skipped = 0;
	int r = source ? vz_guest_lock(g, "copying into a template", VZ_PARAMS_STRICT, err)
		       : wabe_error_set(err, -ENOMEM, "make template %s", name);

	if (r == 0)
		r = vz_template_make(&t->host, name,
				     is_update ? VZ_TEMPLATE_UPDATE : VZ_TEMPLATE_NEW, source, fill,
				     g, &t->arena, &meta, &skipped, err);
	if (r < 0)
		return wabe_error_prefix(err, "container %s", g->id);
	if (skipped && !t->is_quiet)
		printf("left out: %llu device nodes and sockets\n", (unsigned long long)skipped);
	vztmpl_print_made(t, &meta);
	return 0;
}

int vztmpl_from(struct vztmpl *t, int argc, char **argv, struct wabe_error *err)
{
	static const struct wabe_option table[] = {
		{ "update", 0, WABE_OPTION_FLAG, 0, NULL, NULL },
	};
	const char *words[2];
	bool is_update = false;
	struct vz_guest g;
	int r = vztmpl_words(t, table, ARRAY_SIZE(table), &is_update, argc, argv, words,
			     ARRAY_SIZE(words), err);

	if (r >= 0)
		r = vz_template_check_name(words[1], err);
	if (r >= 0)
		r = vz_guest_open(&t->host, NULL, words[0], &g, err);
	if (r < 0)
		return r;
	r = make(t, &g, words[1], is_update, err);
	vz_guest_close(&g);
	return r;
}
