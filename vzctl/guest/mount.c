// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/mount: mounting a stopped guest on the host; see mount.h. */
#include "guest/mount.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "guest/idrange.h"
#include "guest/layout.h"
#include "guest/mountns.h"
#include "guest/root.h"
#include "guest/script.h"
#include "guest/template.h"

/* Another template of the same name would put other files below the guest's own. */
static void check_generation(const struct vz_guest *g)
{
	const char *kept = vz_conffile_get(&g->conf.file, VZ_GUEST_GENERATION_KEY);
	char now[WABE_CLOCK_TEXT_MAX];

	if (!kept || vz_guest_template_generation(g, false, now, NULL) < 0 ||
	    strcmp(kept, now) == 0)
		return;
	vz_warn(g,
		"template %s was made again after the guest (%s, the guest is from %s): files may not fit together",
		vz_param_string(&g->conf.params, VZ_PARAM_OSTEMPLATE), now, kept);
}

int vz_guest_check(const struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_close_ int tree_fd = -EBADF;
	const struct vz_layout *layout = NULL;
	struct stat st;
	int r = vz_guest_need_paths(g, err);

	if (r == 0)
		r = vz_layout_of(g, &layout, err);
	if (r == 0)
		r = vz_layout_check(g, layout, err);
	if (r < 0 || !layout)
		return r;
	if (stat(g->conf.private, &st) < 0)
		return vz_error_say(err, VZ_EXIT_NO_PRIVATE_AREA, -ENOENT,
				    "Container private area %s does not exist", g->conf.private);
	if (!layout->has_template)
		return 0;
	tree_fd = vz_guest_template_fd(g, err);
	if (tree_fd < 0)
		return tree_fd;
	check_generation(g);
	return 0;
}

int vz_guest_claim_ids(const struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(vz_idrange_close) struct vz_idrange ranges = VZ_IDRANGE_INIT;
	uint32_t uid;
	int r;

	if (!vz_guest_uid(g, &uid))
		return vz_error_say(err, VZ_EXIT_BAD_CONFIG, -EINVAL, "LOCAL_UID is not set in %s",
				    g->conf.path);
	if (uid == 0)
		return 0;
	r = vz_idrange_open(g->host, false, &ranges, err);
	if (r == 0)
		r = vz_idrange_claim(&ranges, uid, g->ctid, err);
	return r < 0 ? vz_guest_fail(err, VZ_EXIT_ENV_CREATE) : 0;
}

bool vz_guest_is_mounted(const struct vz_guest *g)
{
	enum vz_root_state state;

	return g->conf.root && vz_root_state(g->conf.root, &state, NULL) == 0 &&
	       state == VZ_ROOT_MOUNTED;
}

/*
 * The root is made in a namespace of our own, where layers of an overlay may be attached, and put on the host's VE_ROOT.
 */
static int mount_on_host(struct vz_guest *g, struct wabe_error *err)
{
	_cleanup_(vz_mountns_drop) struct vz_mountns ns = VZ_MOUNTNS_INIT;
	_cleanup_close_ int mount_fd = -EBADF;
	int r = vz_mountns_enter(&ns, err);

	if (r < 0)
		return r;
	mount_fd = vz_layout_mount(g, VZ_LAYOUT_FOR_HOST, err);
	r = vz_mountns_leave(&ns, mount_fd < 0 ? NULL : err);
	if (mount_fd < 0)
		return mount_fd;
	return r < 0 ? r : wabe_mount_attach_at(mount_fd, g->conf.root, err);
}

static int unmount(const struct vz_guest *g, struct wabe_error *err)
{
	if (umount2(g->conf.root, UMOUNT_NOFOLLOW) == 0)
		return 0;
	wabe_error_set(err, -errno, "unmount %s", g->conf.root);
	return vz_guest_fail(err, VZ_EXIT_UMOUNT);
}

/* From the checks to the mount scripts; undone on failure. */
static int mount_checked(struct vz_guest *g, bool has_scripts, struct wabe_error *err)
{
	int r = vz_guest_check(g, err);

	if (r == 0)
		r = vz_guest_claim_ids(g, err);
	if (r == 0 && vz_root_make_directory(g->conf.root, err) < 0)
		r = vz_guest_fail(err, VZ_EXIT_CREATE_ROOT);
	if (r == 0 && mount_on_host(g, err) < 0)
		r = vz_guest_fail(err, VZ_EXIT_MOUNT);
	if (r < 0)
		return r;
	r = has_scripts ? vz_script_host(g, "mount", err) : 0;
	if (r < 0)
		(void)unmount(g, NULL);
	return r;
}

int vz_guest_mount(struct vz_guest *g, bool has_scripts, struct wabe_error *err)
{
	int r = vz_guest_need_paths(g, err);

	if (r < 0)
		return r;
	if (vz_guest_is_mounted(g))
		return vz_error_say(err, VZ_EXIT_MOUNTED, -EBUSY, "Container is already mounted");
	r = has_scripts ? vz_script_host(g, "premount", err) : 0;
	if (r < 0)
		return r;
	r = mount_checked(g, has_scripts, err);
	if (r < 0 && has_scripts)
		(void)vz_script_host(g, "postumount", NULL);
	if (r == 0)
		vz_say(g, "Container is mounted");
	return r;
}

int vz_guest_umount(struct vz_guest *g, struct wabe_error *err)
{
	int r = vz_guest_need_paths(g, err);

	if (r < 0)
		return r;
	if (!vz_guest_is_mounted(g))
		return vz_error_say(err, VZ_EXIT_NOT_MOUNTED, -EINVAL, "CT is not mounted");
	r = vz_script_host(g, "umount", err);
	if (r == 0)
		r = unmount(g, err);
	if (r < 0)
		return r;
	vz_say(g, "Container is unmounted");
	return vz_script_host(g, "postumount", err);
}
