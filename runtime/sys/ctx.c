// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/ctx: who may use the cgroup controller ctx; see ctx.h. */
#include "sys/ctx.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"

/* linux/proc_ns.h: the inodes of the first namespaces, which never change */
#define USER_INIT_INO 0xEFFFFFFDu
#define CGROUP_INIT_INO 0xEFFFFFFBu
#define ID_TEXT_MAX 16

static bool is_first(const char *path, ino_t ino)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_ino == ino;
}

static bool is_member(void)
{
	_cleanup_(wabe_buf_free) struct wabe_buf id = WABE_BUF_INIT;

	return wabe_file_read_at(AT_FDCWD, "/proc/self/ctx", ID_TEXT_MAX, &id, NULL) < 0 ||
	       strcmp(id.data, "0\n") != 0;
}

bool wabe_ctx_is_ours(void)
{
	return is_first("/proc/self/ns/user", USER_INIT_INO) &&
	       is_first("/proc/self/ns/cgroup", CGROUP_INIT_INO) && !is_member();
}
