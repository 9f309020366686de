// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/rootless: what the command does otherwise for ordinary users: cli_state_root() and cli_protect_copy() of cli.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cli.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Anybody may make a name in /tmp: only a directory that is nobody else's will do. */
static int own_in_tmp(struct cli *cli, uid_t uid, const char **ret_path, struct wabe_error *err)
{
	const char *path = wabe_arena_printf(&cli->arena, "/tmp/wabe-%u", uid);
	struct stat st;

	if (!path)
		return wabe_error_set(err, -ENOMEM, "state root");
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return wabe_error_set(err, -errno, "make state root %s", path);
	if (lstat(path, &st) < 0)
		return wabe_error_set(err, -errno, "look at state root %s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != uid || (st.st_mode & 077))
		return wabe_error_say(
			err, -EPERM,
			"state root %s is not a directory of user %u alone (mode 0700): give --root, or set XDG_RUNTIME_DIR",
			path, uid);
	*ret_path = path;
	return 0;
}

static bool is_own_dir(const char *path, uid_t uid)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == uid;
}

/* runc's rule: root of a user namespace that a user entered is that user, unless it says to be root. */
static bool is_users_root(void)
{
	const char *user = getenv("USER");

	return (!user || strcmp(user, "root") != 0) && !wabe_namespace_is_initial_user();
}

int cli_state_root(struct cli *cli, const char **ret_path, struct wabe_error *err)
{
	const char *dir = getenv("XDG_RUNTIME_DIR"), *path;
	uid_t uid = geteuid();

	if (uid == 0 && (!dir || !is_users_root())) {
		*ret_path = "/run/wabe";
		return 0;
	}
	if (!dir || dir[0] != '/')
		dir = wabe_arena_printf(&cli->arena, "/run/user/%u", uid);
	if (!dir)
		return wabe_error_set(err, -ENOMEM, "state root");
	if (!is_own_dir(dir, uid))
		return own_in_tmp(cli, uid, ret_path, err);
	path = wabe_arena_printf(&cli->arena, "%s/wabe", dir);
	if (!path)
		return wabe_error_set(err, -ENOMEM, "state root");
	*ret_path = path;
	return 0;
}

static int copy_sealed(int from_fd, off_t len, struct wabe_error *err)
{
	_cleanup_close_ int fd = memfd_create("wabe", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	off_t at = 0;

	if (fd < 0)
		return wabe_error_set(err, -errno, "make a copy of the runtime");
	while (at < len)
		if (sendfile(fd, from_fd, &at, (size_t)(len - at)) <= 0)
			return wabe_error_set(err, errno ? -errno : -EIO, "copy the runtime");
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return wabe_error_set(err, -errno, "seal the copy of the runtime");
	return TAKE_FD(fd);
}

int cli_protect_copy(struct cli *cli, struct wabe_error *err)
{
	_cleanup_close_ int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), copy_fd = -EBADF;
	struct stat st;
	int seals;

	if (fd < 0 || fstat(fd, &st) < 0)
		return wabe_error_set(err, -errno, "look at /proc/self/exe");
	seals = fcntl(fd, F_GET_SEALS);
	if (seals >= 0 && (seals & SEALS) == SEALS)
		return 0; /* the second run */
	if (st.st_uid != geteuid() && faccessat(AT_FDCWD, "/proc/self/exe", W_OK, AT_EACCESS) < 0)
		return 0;
	copy_fd = copy_sealed(fd, st.st_size, err);
	if (copy_fd < 0)
		return copy_fd;
	syscall(SYS_execveat, copy_fd, "", cli->argv, environ, AT_EMPTY_PATH);
	return wabe_error_set(err, -errno, "run again from a sealed copy");
}
