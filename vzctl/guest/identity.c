// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/identity: what makes a guest another one than its copy; see identity.h. */
#include "guest/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "guest/guestfile.h"
#include "guest/run.h"
#include "guest/template.h"
#include "tmpl/tmpl.h"

#define KEYGEN_TIMEOUT_MS 120000 /* an RSA key on a slow machine */
#define MACHINE_ID_BYTES 16	 /* machine-id(5): 32 hexadecimal digits */

/*
 * Files that are of one machine alone. Each maker begins without: systemd-random-seed(8), urandom of
 * sysvinit and OpenRC, systemd-creds(1), libdbus, which falls back to /etc/machine-id.
 */
static const char *const files[] = {
	"var/lib/systemd/random-seed", "var/lib/systemd/credential.secret",
	"var/lib/urandom/random-seed", "var/lib/misc/random-seed",
	"var/lib/seedrng/seed.credit", "var/lib/seedrng/seed.no-credit",
	"var/lib/dbus/machine-id",
};

/* Directories with host keys: of OpenSSH, and of dropbear, which makes its own (dropbear -R). */
static const struct {
	const char *dir, *start, *part;
} keys[] = {
	{ "etc/ssh", "ssh_host_", "_key" },
	{ "etc/dropbear", "dropbear_", "_host_key" },
};

/*
 * What makes OpenSSH's keys at boot: Red Hat's family, Arch, ours of the Debian recipe, Ubuntu and
 * Debian from 13 on, SUSE's program that its unit calls, the script of Alpine and Gentoo.
 */
static const char *const makers[] = {
	"usr/lib/systemd/system/sshd-keygen@.service",
	"usr/lib/systemd/system/sshd-keygen.service",
	"usr/lib/systemd/system/sshdgenkeys.service",
	"etc/systemd/system/ssh-host-keys.service",
	"lib/systemd/system/sshd-keygen@.service",
	"lib/systemd/system/sshd-keygen.service",
	"usr/sbin/sshd-gen-keys-start",
	"etc/init.d/sshd",
};

static bool is_there(int root_fd, const char *path)
{
	_cleanup_close_ int fd = wabe_path_open_in(root_fd, path, O_PATH, 0, NULL);

	return fd >= 0;
}

/* The directory of @path as the guest finds it, and the name in it. -ENOENT when there is none. */
static int open_parent(int root_fd, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	*ret_name = slash + 1;
	return wabe_path_open_in(root_fd, dir, O_RDONLY | O_DIRECTORY, 0, NULL);
}

/* A regular file; a link stays, it leads to what is handled where it is. */
static int remove_file(int root_fd, const char *path, struct wabe_error *err)
{
	const char *name;
	_cleanup_close_ int dir_fd = open_parent(root_fd, path, &name);
	struct stat st;

	if (dir_fd < 0 || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return 0;
	if (unlinkat(dir_fd, name, 0) < 0)
		return wabe_error_set(err, -errno, "remove %s of the copy", path);
	return 0;
}

static bool is_key(const char *name, const char *start, const char *part)
{
	return wabe_str_starts(name, start) && strstr(name, part);
}

static int remove_keys(int root_fd, size_t row, struct wabe_error *err)
{
	int fd = wabe_path_open_in(root_fd, keys[row].dir, O_RDONLY | O_DIRECTORY, 0, NULL);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		wabe_cleanup_close(&fd);
		return 0;
	}
	while ((entry = readdir(dir)))
		if (is_key(entry->d_name, keys[row].start, keys[row].part) &&
		    unlinkat(dirfd(dir), entry->d_name, 0) < 0)
			return wabe_error_set(err, -errno, "remove %s/%s of the copy",
					      keys[row].dir, entry->d_name);
	return 0;
}

/*
 * A template's is empty: each guest of it makes its own, and none has the questions of a "first
 * boot" (machine-id(5)). A copy gets a new one at once, since some only sysvinit would never.
 */
static int change_machine_id(int root_fd, bool is_template, struct wabe_error *err)
{
	_cleanup_close_ int dir_fd =
		wabe_path_open_in(root_fd, "etc", O_RDONLY | O_DIRECTORY, 0, NULL);
	unsigned char bytes[MACHINE_ID_BYTES];
	char text[2 * MACHINE_ID_BYTES + 2] = "";
	struct stat st;

	if (dir_fd < 0 || fstatat(dir_fd, "machine-id", &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return wabe_error_set(err, -errno, "random bytes for the machine's id");
	/* Of a random UUID, as sd-id128(3) makes it. */
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; !is_template && i < sizeof(bytes); i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	if (!is_template)
		text[sizeof(text) - 2] = '\n';
	return vz_guestfile_replace(root_fd, "machine-id", text, is_template ? 0 : sizeof(text) - 1,
				    0444, err);
}

static int empty_dir(int root_fd, const char *path, struct wabe_error *err)
{
	int fd = wabe_path_open_in(root_fd, path, O_RDONLY | O_DIRECTORY, 0, NULL);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		wabe_cleanup_close(&fd);
		return 0;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = wabe_file_remove_tree_at(dirfd(dir), entry->d_name, err);
	return r;
}

static int clean_template(int root_fd, struct wabe_error *err)
{
	static const char *const dirs[] = { "tmp", "var/tmp", "run" };
	int r = remove_file(root_fd, "etc/hostname", err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++)
		r = empty_dir(root_fd, dirs[i], err);
	return r;
}

static bool needs_keys(int root_fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
		if (is_there(root_fd, makers[i]))
			return false;
	return is_there(root_fd, "usr/sbin/sshd") && is_there(root_fd, "usr/bin/ssh-keygen");
}

int vz_identity_remove(int root_fd, bool is_template, bool *ret_needs_keys, struct wabe_error *err)
{
	int r = change_machine_id(root_fd, is_template, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = remove_file(root_fd, files[i], err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++)
		r = remove_keys(root_fd, i, err);
	if (r == 0 && is_template)
		r = clean_template(root_fd, err);
	if (r == 0)
		*ret_needs_keys = needs_keys(root_fd);
	return r;
}

int vz_identity_want_keys(struct vz_guest *g, struct wabe_error *err)
{
	return vz_conffile_set(&g->conf.file, VZ_IDENTITY_KEY, VZ_IDENTITY_SSH, VZ_CONFFILE_LITERAL,
			       err);
}

int vz_identity_note_template(struct vz_guest *g, int template_fd, const char *created,
			      struct wabe_error *err)
{
	int r = vz_conffile_set(&g->conf.file, VZ_GUEST_GENERATION_KEY, created,
				VZ_CONFFILE_LITERAL, err);

	return r == 0 && vz_template_needs_keys(template_fd) ? vz_identity_want_keys(g, err) : r;
}

bool vz_identity_is_due(const struct vz_guest *g)
{
	return wabe_str_equal(vz_conffile_get(&g->conf.file, VZ_IDENTITY_KEY), VZ_IDENTITY_SSH);
}

/* The exit status, or -ETIMEDOUT. */
static int wait_for(pid_t pid)
{
	struct pollfd fd = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int status, n = fd.fd < 0 ? -1 : poll(&fd, 1, KEYGEN_TIMEOUT_MS);

	wabe_cleanup_close(&fd.fd);
	if (n <= 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (n <= 0)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void vz_identity_make(struct vz_guest *g)
{
	static const char *const keygen[] = { "/usr/bin/ssh-keygen", "-A", NULL };
	static const char *const *const commands[] = { keygen, NULL };
	struct wabe_error err = WABE_ERROR_INIT;
	pid_t pid = vz_run_start(g, commands, -EBADF, &err);
	int r = pid < 0 ? (int)pid : wait_for(pid);

	if (pid < 0) {
		vz_warn(g, "host keys of SSH were not made: %s", err.text);
		return;
	}
	if (r != 0) {
		vz_warn(g, "host keys of SSH were not made: ssh-keygen -A in the guest %s",
			r < 0 ? "took too long" : "failed");
		return;
	}
	vz_conffile_unset(&g->conf.file, VZ_IDENTITY_KEY);
	if (vz_ctconf_save(&g->conf, &err) < 0)
		vz_warn(g, "%s", err.text);
}
