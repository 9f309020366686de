// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/lsm: labels of AppArmor and SELinux; see lsm.h. */
#include "sys/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"

int wabe_lsm_need_apparmor(struct wabe_error *err)
{
	_cleanup_close_ int fd =
		open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char answer = 'N';

	if (fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y')
		return 0;
	return wabe_error_say(err, -ENOTSUP, "AppArmor is not enabled on this kernel");
}

/* selinux(8): without a policy the file system isn't there, or nobody has mounted it. */
int wabe_lsm_need_selinux(struct wabe_error *err)
{
	struct statfs st;

	if (statfs("/sys/fs/selinux", &st) == 0 && (uint32_t)st.f_type == SELINUX_MAGIC)
		return 0;
	return wabe_error_say(err, -ENOTSUP, "SELinux is not enabled on this kernel");
}

/* AppArmor's own directory (since Linux 5.8) is there beside another module too; SELinux has the files without one. */
static const struct {
	const char *path, *prefix;
} files[WABE_LSM_FILE_MAX] = {
	[WABE_LSM_APPARMOR_EXEC] = { "thread-self/attr/apparmor/exec", "exec " },
	[WABE_LSM_SELINUX_EXEC] = { "thread-self/attr/exec", "" },
	[WABE_LSM_SELINUX_KEY] = { "thread-self/attr/keycreate", "" },
};

int wabe_lsm_write(int proc_fd, enum wabe_lsm_file file, const char *label, struct wabe_error *err)
{
	_cleanup_close_ int fd = wabe_path_open_proc(proc_fd, files[file].path, O_WRONLY, err);
	char text[4096]; /* proc_pid_attr_write(): a page */
	int len = snprintf(text, sizeof(text), "%s%s", files[file].prefix, label);

	if (fd < 0)
		return fd;
	if (len >= (int)sizeof(text))
		return wabe_error_set(err, -ENAMETOOLONG, "label");
	if (write(fd, text, (size_t)len) >= 0)
		return 0;
	if (file == WABE_LSM_APPARMOR_EXEC && errno == ENOENT)
		return wabe_error_say(err, -ENOENT, "the profile \"%s\" is not loaded", label);
	return wabe_error_set(err, -errno, "write \"%s\" to /proc/%s", text, files[file].path);
}
