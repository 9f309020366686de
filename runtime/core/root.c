// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/root: the container's root: opened by the creator, attached by the child in its mount namespace, and entered when all that
 * belongs into it is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "core/init.h"
#include "sys/mount.h"
#include "sys/namespace.h"

/*
 * In the runtime's mount namespace a container has its root by chroot(2), as with runc and crun; but what they mount for it there
 * is the host's then, and stays.
 */
int wabe_root_check(const struct wabe_spec *spec, struct wabe_error *err)
{
	const struct {
		const char *path;
		bool is_set;
	} wants[] = {
		{ "mounts", spec->mounts.count },
		{ "root.readonly", spec->root.readonly },
		{ "process.terminal", spec->process && spec->process->terminal },
		{ "linux.rootfsPropagation", spec->rootfs_propagation },
		{ "linux.mountLabel", spec->mount_label },
		/* Its devices are bound, and its mounts are not the host's. */
		{ "linux.namespaces: a user namespace", wabe_spec_namespace(spec, WABE_NS_USER) },
	};

	if (wabe_spec_namespace(spec, WABE_NS_MOUNT))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(wants); i++)
		if (wants[i].is_set)
			return wabe_error_say(err, -EINVAL,
					      "%s: without a mount namespace in linux.namespaces",
					      wants[i].path);
	return 0;
}

/* Private when nothing is asked for; the name was validated. */
static unsigned long root_propagation(const struct wabe_spec *spec)
{
	unsigned int propagation = MS_PRIVATE;

	if (spec->rootfs_propagation)
		(void)wabe_spec_propagation(spec->rootfs_propagation, &propagation);
	return propagation;
}

/*
 * "/" is the one place that every id may reach; the pivot takes what it covers away. Hooks of createContainer however look
 * for the root with its mounts at the root's path (config.md, "CreateContainer Hooks"). They have our ids: where we may not
 * go, they may not either, and the place is of no interest.
 */
static int attach_root(struct wabe_init *init, struct wabe_error *err)
{
	const char *path;
	int r;

	if (init->spec->hooks.create_container.count == 0)
		return wabe_mount_attach_at(init->rootfs_fd, "/", err);
	/* The slash follows a link. */
	path = wabe_arena_printf(&init->arena, "%s/", init->c->state.rootfs);
	if (!path)
		return wabe_error_set(err, -ENOMEM, "root.path");
	r = wabe_mount_attach_at(init->rootfs_fd, path, err);
	init->is_root_aside = r == 0;
	return r == -EACCES ? wabe_mount_attach_at(init->rootfs_fd, "/", err) : r;
}

/* Else the mounts are the host's, and none of them is touched. */
static bool has_mounts(const struct wabe_init *init)
{
	return wabe_spec_namespace(init->spec, WABE_NS_MOUNT);
}

static int open_root(struct wabe_init *init, const char *path, struct wabe_error *err)
{
	init->rootfs_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return init->rootfs_fd < 0 ? wabe_error_set(err, -errno, "root.path: open %s", path) : 0;
}

int wabe_root_open(struct wabe_init *init, struct wabe_error *err)
{
	unsigned long wanted = root_propagation(init->spec);
	struct wabe_mount_change change = {
		.propagation = wanted == MS_SLAVE || wanted == MS_SHARED ? MS_SLAVE : MS_PRIVATE,
		.is_recursive = true,
	};
	/* With a slash behind: what is no directory fails here. */
	const char *path = wabe_arena_printf(&init->arena, "%s/", init->c->state.rootfs);

	if (!path)
		return wabe_error_set(err, -ENOMEM, "root.path");
	if (!has_mounts(init))
		return open_root(init, path, err);
	init->rootfs_fd = wabe_mount_clone_changed(AT_FDCWD, path, &change, err);
	return init->rootfs_fd < 0 ? wabe_error_prefix(err, "root.path") : 0;
}

int wabe_root_attach(struct wabe_init *init, struct wabe_error *err)
{
	unsigned long wanted = root_propagation(init->spec);
	int r;

	if (!has_mounts(init))
		return 0;
	/* Host mounts may still come in when asked for (slave, shared); ours never go out before the pivot. */
	r = wabe_mount_propagation(wanted == MS_PRIVATE || wanted == MS_UNBINDABLE ? MS_PRIVATE
										   : MS_SLAVE,
				   err);
	return r < 0 ? r : attach_root(init, err);
}

static int make_readonly(struct wabe_init *init, struct wabe_error *err)
{
	struct wabe_mount_change change = { .set = MOUNT_ATTR_RDONLY };

	return init->spec->root.readonly ? wabe_mount_change(init->rootfs_fd, &change, err) : 0;
}

int wabe_root_enter(struct wabe_init *init, struct wabe_error *err)
{
	unsigned long wanted = root_propagation(init->spec);
	struct wabe_mount_change change = { .propagation = wanted };
	int r = 0;

	if (!has_mounts(init))
		return wabe_mount_chroot(init->rootfs_fd, err);
	if (init->args->no_pivot && init->is_root_aside)
		r = wabe_mount_attach_at(init->rootfs_fd, "/", err);
	if (r == 0)
		r = init->args->no_pivot ? wabe_mount_chroot(init->rootfs_fd, err)
					 : wabe_mount_pivot(init->rootfs_fd, err);
	if (r == 0 && wanted != MS_PRIVATE)
		r = wabe_mount_change(init->rootfs_fd, &change, err);
	return r < 0 ? r : make_readonly(init, err);
}

/* Our own copies of mounts that others must see as peers: a copy across user namespaces is a slave. */
static int share_again(struct wabe_init *init, struct wabe_error *err)
{
	_cleanup_close_ int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct wabe_mount_change change = { .propagation = MS_SHARED };
	int r = root_fd < 0 ? wabe_error_set(err, -errno, "open the root") : 0;

	if (r == 0 && root_propagation(init->spec) == MS_SHARED)
		r = wabe_mount_change(root_fd, &change, err);
	for (size_t i = 0; r == 0 && i < init->spec->mounts.count; i++) {
		const struct wabe_init_mount *m = &init->mounts[i];
		_cleanup_close_ int fd = -EBADF;

		if (m->options.propagation != MS_SHARED)
			continue;
		fd = wabe_path_open_in(root_fd, m->destination, O_PATH, 0, err);
		r = fd < 0 ? fd : wabe_rootfs_propagate(fd, &m->options, err);
	}
	return r;
}

static bool shares_any(const struct wabe_init *init)
{
	for (size_t i = 0; i < init->spec->mounts.count; i++)
		if (init->mounts[i].options.propagation == MS_SHARED)
			return true;
	return root_propagation(init->spec) == MS_SHARED;
}

/*
 * The copy that is the guest's: all that is mounted is locked in it, so that its root, who may mount, takes away no mask and
 * no "ro" (see wabe_namespace_enter_lower_mounts()). Root and working directory follow.
 */
int wabe_root_lock(struct wabe_init *init, struct wabe_error *err)
{
	int r;

	if (!init->has_locked_mounts)
		return 0;
	r = wabe_namespace_unshare(CLONE_NEWNS, err);
	if (r == 0 && shares_any(init))
		r = share_again(init, err);
	return r < 0 ? r : wabe_console_reopen(init, err);
}
