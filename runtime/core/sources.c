// SPDX-License-Identifier: GPL-2.0-or-later
/* core/sources: what config.json's mounts are made of, opened where the host's paths are seen; see init.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "core/init.h"
#include "core/sync.h"
#include "sys/idmap.h"
#include "sys/mount.h"

/*
 * A clone is a peer of the mount it was made of: what the guest mounts on it would appear on the host. Only "shared" asks for
 * that, and not across a user namespace, where the kernel doesn't allow it on a copied mount either (mount_namespaces(7)).
 * What the options ask for and is done with it is taken out of them: one call a mount in place of three.
 */
static struct wabe_mount_change take_change(const struct wabe_init *init,
					    struct wabe_mount_options *o)
{
	unsigned int wanted = o->propagation;
	bool is_of_all = o->is_propagation_recursive || !o->is_bind_recursive;
	bool is_private = !wanted || (wanted == MS_PRIVATE && is_of_all);
	struct wabe_mount_change change = {
		.propagation = is_private ? MS_PRIVATE : MS_SLAVE,
		.is_recursive = o->is_bind_recursive,
	};

	if (wanted == MS_SHARED && !init->has_userns)
		change.propagation = 0;
	/* Below a mount that is shared it would be made shared when it is attached (mount_namespaces(7)), and is changed again then. */
	if (change.propagation == wanted && !init->has_shared_mount)
		o->propagation = 0;
	if (!o->is_bind_recursive) {
		change.set = o->attr_set;
		change.clear = o->attr_clear;
		o->attr_set = o->attr_clear = 0;
	}
	return change;
}

static int make_idmap_userns(struct wabe_init *init, const struct wabe_list *uid_list,
			     const struct wabe_list *gid_list, struct wabe_error *err)
{
	const struct wabe_idmap *uids = wabe_init_idmaps(init, uid_list);
	const struct wabe_idmap *gids = wabe_init_idmaps(init, gid_list);

	if (!uids || !gids)
		return wabe_error_set(err, -ENOMEM, "id maps");
	return wabe_idmap_userns(uids, uid_list->count, gids, gid_list->count, err);
}

/* Mounts without mappings of their own share one namespace with the container's, or take the one that it joins. */
static int container_userns(struct wabe_init *init, struct wabe_error *err)
{
	if (init->join_fds[WABE_NS_USER] >= 0)
		return init->join_fds[WABE_NS_USER];
	if (init->idmap_fd < 0)
		init->idmap_fd = make_idmap_userns(init, &init->spec->uid_mappings,
						   &init->spec->gid_mappings, err);
	return init->idmap_fd;
}

/* config.md, "idmap": ids of the source, containerID in the mappings, show as hostID. Only a detached mount can be changed. */
static int map_ids(struct wabe_init *init, const struct wabe_init_mount *m, struct wabe_error *err)
{
	const struct wabe_spec_mount *s = m->spec;
	struct wabe_mount_change change = { .is_recursive = m->options.is_idmap_recursive };
	_cleanup_close_ int own_fd = -EBADF;
	int r;

	if (!m->options.is_idmap)
		return 0;
	if (s->uid_mappings.count)
		change.userns_fd = own_fd =
			make_idmap_userns(init, &s->uid_mappings, &s->gid_mappings, err);
	else
		change.userns_fd = container_userns(init, err);
	if (change.userns_fd < 0)
		return change.userns_fd;
	r = wabe_mount_change(m->source_fd, &change, err);
	return r < 0 ? wabe_error_prefix(
			       err,
			       "idmap of %s (does its filesystem support it? is it mapped already?)",
			       s->source)
		     : 0;
}

/* NULL without memory. */
static const char *source_path(struct wabe_init *init, const struct wabe_init_mount *m)
{
	const char *path = m->spec->source;

	return path[0] == '/' ? path
			      : wabe_arena_printf(&init->arena, "%s/%s", init->args->bundle, path);
}

static int take_link(struct wabe_init *init, struct wabe_init_mount *m, struct wabe_error *err)
{
	const char *path = source_path(init, m);
	char target[PATH_MAX];
	ssize_t n;

	if (!path)
		return wabe_error_set(err, -ENOMEM, "source");
	n = readlink(path, target, sizeof(target));
	if (n < 0)
		return errno == EINVAL ? 0 : wabe_error_set(err, -errno, "bind %s", path);
	if (n == sizeof(target))
		return wabe_error_set(err, -ENAMETOOLONG, "bind %s", path);
	m->link_target = wabe_arena_printf(&init->arena, "%.*s", (int)n, target);
	return m->link_target ? 0 : wabe_error_set(err, -ENOMEM, "source");
}

static int open_source(struct wabe_init *init, const struct wabe_init_mount *m,
		       struct wabe_error *err)
{
	const char *path = source_path(init, m);

	return path ? wabe_mount_clone_changed(AT_FDCWD, path, &m->change, err)
		    : wabe_error_set(err, -ENOMEM, "source");
}

static int look_at_source(struct wabe_init_mount *m, struct wabe_error *err)
{
	struct stat st;

	if (fstat(m->source_fd, &st) < 0)
		return wabe_error_set(err, -errno, "look at %s", m->spec->source);
	m->is_file = !S_ISDIR(st.st_mode);
	return 0;
}

/* What is opened now; a plain one can wait for wabe_sources_send(). */
static int prepare_source(struct wabe_init *init, struct wabe_init_mount *m, struct wabe_error *err)
{
	int r;

	if (!m->options.is_bind)
		return 0;
	r = m->options.is_copy_symlink ? take_link(init, m, err) : 0;
	if (r < 0 || m->link_target)
		return r;
	m->change = take_change(init, &m->options);
	m->is_sent = !init->opens_inside && !m->options.is_idmap;
	if (m->is_sent)
		return 0;
	m->source_fd = open_source(init, m, err);
	if (m->source_fd < 0)
		return m->source_fd;
	r = look_at_source(m, err);
	return r < 0 ? r : map_ids(init, m, err);
}

static int clean_destination(struct wabe_init *init, struct wabe_init_mount *m,
			     struct wabe_error *err)
{
	char *path = wabe_arena_strdup(&init->arena, m->spec->destination);

	if (!path)
		return wabe_error_set(err, -ENOMEM, "destination");
	wabe_path_clean(path);
	m->destination = path;
	return path[1] ? 0
		       : wabe_error_say(err, -EINVAL, "destination %s: is the root itself",
					m->spec->destination);
}

int wabe_sources_open(struct wabe_init *init, struct wabe_error *err)
{
	const struct wabe_spec_mount *specs = init->spec->mounts.items;
	size_t count = init->spec->mounts.count;

	init->mounts = wabe_arena_array(&init->arena, count, sizeof(*init->mounts));
	if (!init->mounts)
		return wabe_error_set(err, -ENOMEM, "mounts");
	for (size_t i = 0; i < count; i++)
		init->mounts[i] =
			(struct wabe_init_mount){ .spec = &specs[i], .source_fd = -EBADF };
	for (size_t i = 0; i < count; i++) {
		int r = wabe_spec_mount_options(&init->arena, &specs[i], &init->mounts[i].options,
						err);

		if (r == 0)
			r = clean_destination(init, &init->mounts[i], err);
		init->has_shared_mount |= init->mounts[i].options.propagation == MS_SHARED;
		if (r == 0 && init->mounts[i].options.is_remount)
			r = wabe_remount_prepare(init, i, err);
		else if (r == 0)
			r = prepare_source(init, &init->mounts[i], err);
		if (r == 0)
			r = wabe_rootfs_share_cgroup(init, &init->mounts[i], err);
		if (r < 0)
			return wabe_error_prefix(err, "mounts[%zu]", i);
	}
	return 0;
}

void wabe_sources_warn(struct wabe_init *init, const struct wabe_log *log)
{
	const struct wabe_spec_mount *specs = init->spec->mounts.items;

	for (size_t i = 0; i < init->spec->mounts.count; i++) {
		struct wabe_mount_options options = { 0 };

		if (init->mounts)
			options = init->mounts[i].options;
		else if (wabe_spec_mount_options(&init->arena, &specs[i], &options, NULL) < 0)
			continue; /* it is told where they are opened */
		if (options.without_effect)
			wabe_log(log, WABE_LOG_WARNING,
				 "mounts[%zu]: option \"%s\" has no effect on a bind mount", i,
				 options.without_effect);
	}
}

int wabe_sources_send(struct wabe_init *init, struct wabe_error *err)
{
	for (size_t i = 0; init->mounts && i < init->spec->mounts.count; i++) {
		_cleanup_close_ int fd = -EBADF;
		int r;

		if (!init->mounts[i].is_sent)
			continue;
		fd = open_source(init, &init->mounts[i], err);
		if (fd < 0)
			return wabe_error_prefix(err, "mounts[%zu]", i);
		r = wabe_sync_send(init->ours_fd, WABE_SYNC_SOURCE, fd, NULL);
		/* A child that has failed tells why when it is asked. */
		if (r < 0)
			return r == -EPIPE ? 0 : wabe_error_set(err, r, "mounts[%zu]", i);
	}
	return 0;
}

static int take_next(struct wabe_init *init, const struct wabe_init_mount *wanted,
		     struct wabe_error *err)
{
	struct wabe_init_mount *m = &init->mounts[init->taken++];
	int got = wabe_sync_receive(init->theirs_fd, &m->source_fd, err);

	if (got < 0)
		return got;
	if (got != WABE_SYNC_SOURCE || m->source_fd < 0)
		return wabe_error_say(err, -EPIPE, "the other side opened no source");
	/* One that waits for its turn outlives what is opened for others. */
	if (m != wanted && (unsigned int)m->source_fd >= init->scratch_fd)
		init->scratch_fd = (unsigned int)m->source_fd + 1;
	return look_at_source(m, err);
}

int wabe_sources_take(struct wabe_init *init, const struct wabe_init_mount *wanted,
		      struct wabe_error *err)
{
	size_t end = wanted ? (size_t)(wanted - init->mounts) + 1 : init->spec->mounts.count;
	int r = 0;

	/* Nothing is sent to a child that opens_inside. */
	while (r == 0 && init->mounts && init->taken < end)
		if (init->mounts[init->taken].is_sent)
			r = take_next(init, wanted, err);
		else
			init->taken++;
	return r;
}
