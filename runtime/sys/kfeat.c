// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/kfeat: what the running kernel can do, see the header.
 */
#include "sys/kfeat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/quota.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/str.h"

static bool is_kernel(unsigned long major, unsigned long minor)
{
	struct utsname uts;
	unsigned long has_major;
	char *end;

	if (uname(&uts) < 0)
		return false;
	/* "6.1.0-56-cloud-amd64": what is no number reads as 0 and is too old. */
	has_major = strtoul(uts.release, &end, 10);
	if (has_major != major || *end != '.')
		return has_major > major;
	return strtoul(end + 1, NULL, 10) >= minor;
}

/* Trying needs a filesystem and a user namespace; the release is enough, and the mount's own errno
 * tells the rest. */
static bool has_idmapped_overlay(void)
{
	return is_kernel(5, 19);
}

static bool has_time_namespace(void)
{
	return access("/proc/self/ns/time", F_OK) == 0;
}

/* The file is in no root cgroup, and there may be no other yet. */
static bool has_cgroup_kill(void)
{
	return is_kernel(5, 14);
}

static bool has_quotactl_fd(void)
{
	const unsigned int command = QCMD((unsigned int)Q_GETQUOTA, PRJQUOTA);

	return syscall(SYS_quotactl_fd, -1, command, 0, NULL) < 0 && errno != ENOSYS;
}

static bool has_user_namespace(void)
{
	static const char path[] = "/proc/sys/user/max_user_namespaces";
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	uint64_t max;

	if (wabe_file_read_at(AT_FDCWD, path, 64, &text, NULL) < 0 || !text.data)
		return false;
	text.data[strcspn(text.data, "\n")] = '\0';
	return wabe_parse_u64(text.data, 1, UINT64_MAX, &max) == 0;
}

static const struct fact {
	const char *name;
	const char *since; /* the first kernel release that has it */
	bool (*probe)(void);
} facts[WABE_KFEAT_MAX] = {
	[WABE_KFEAT_IDMAPPED_OVERLAY] = { "idmapped overlay layers", "5.19", has_idmapped_overlay },
	[WABE_KFEAT_TIME_NAMESPACE] = { "time namespaces", "5.6", has_time_namespace },
	[WABE_KFEAT_CGROUP_KILL] = { "cgroup.kill", "5.14", has_cgroup_kill },
	[WABE_KFEAT_QUOTACTL_FD] = { "disk quota by descriptor", "5.14", has_quotactl_fd },
	[WABE_KFEAT_USER_NAMESPACE] = { "user namespaces", "3.8", has_user_namespace },
};

bool wabe_kfeat_has(struct wabe_kfeat *kfeat, enum wabe_kfeat_fact fact)
{
	enum wabe_kfeat_state *state = &kfeat->state[fact];

	if (*state == WABE_KFEAT_UNKNOWN)
		*state = facts[fact].probe() ? WABE_KFEAT_YES : WABE_KFEAT_NO;
	return *state == WABE_KFEAT_YES;
}

const char *wabe_kfeat_name(enum wabe_kfeat_fact fact)
{
	return facts[fact].name;
}

const char *wabe_kfeat_since(enum wabe_kfeat_fact fact)
{
	return facts[fact].since;
}
