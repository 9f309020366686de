// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/ctx: what is counted, and who may use the cgroup controller ctx; see ctx.h. */
#include "sys/ctx.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sys/cgroup_internal.h"

/* linux/proc_ns.h: the inodes of the first namespaces, which never change */
#define USER_INIT_INO 0xEFFFFFFDu
#define CGROUP_INIT_INO 0xEFFFFFFBu
#define ID_TEXT_MAX 16

static const char *const names[WABE_CTX_RESOURCE_MAX] = {
	[WABE_CTX_NUMPROC] = "numproc",
	[WABE_CTX_NUMFILE] = "numfile",
	[WABE_CTX_NUMTCPSOCK] = "numtcpsock",
	[WABE_CTX_NUMOTHERSOCK] = "numothersock",
	[WABE_CTX_NUMFLOCK] = "numflock",
	[WABE_CTX_NUMPTY] = "numpty",
	[WABE_CTX_NUMSIGINFO] = "numsiginfo",
	[WABE_CTX_LOCKEDPAGES] = "lockedpages",
	[WABE_CTX_NUMNETNS] = "numnetns",
	[WABE_CTX_NUMCONNTRACK] = "numconntrack",
	[WABE_CTX_NUMIPTENT] = "numiptent",
	[WABE_CTX_NUMROUTE] = "numroute",
	[WABE_CTX_NUMNEIGH] = "numneigh",
	[WABE_CTX_NUMWATCH] = "numwatch",
	[WABE_CTX_NUMKEY] = "numkey",
	[WABE_CTX_NUMMOUNT] = "nummount",
	[WABE_CTX_NUMCGROUP] = "numcgroup",
	[WABE_CTX_PHYSPAGES] = "physpages",
	[WABE_CTX_SWAPPAGES] = "swappages",
	[WABE_CTX_KMEMSIZE] = "kmemsize",
	[WABE_CTX_SHMPAGES] = "shmpages",
	[WABE_CTX_DCACHESIZE] = "dcachesize",
	[WABE_CTX_OOMGUARPAGES] = "oomguarpages",
};

const char *wabe_ctx_resource_name(enum wabe_ctx_resource resource)
{
	return names[resource];
}

static bool is_first(const char *path, ino_t ino)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_ino == ino;
}

/* Where there is no such file there are no contexts either. */
static bool is_member(void)
{
	_cleanup_(wabe_buf_free) struct wabe_buf id = WABE_BUF_INIT;

	return wabe_file_read_at(AT_FDCWD, "/proc/self/ctx", ID_TEXT_MAX, &id, NULL) < 0 ||
	       strcmp(id.data, "0\n") != 0;
}

bool wabe_ctx_is_ours(void)
{
	return !is_member() && is_first("/proc/self/ns/user", USER_INIT_INO) &&
	       is_first("/proc/self/ns/cgroup", CGROUP_INIT_INO);
}

uint64_t wabe_ctx_cgroup(const char *path)
{
	char full[PATH_MAX];
	struct stat st;

	/* Contexts are cgroups of v2. */
	if (!path ||
	    (size_t)snprintf(full, sizeof(full), WABE_CGROUP_ROOT "%s", path) >= sizeof(full))
		return 0;
	/* On 64 bits the inode of a cgroup's directory is its id: kernfs_ino(). */
	return stat(full, &st) < 0 ? 0 : st.st_ino;
}
