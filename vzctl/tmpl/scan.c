// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tmpl/scan: what a finished tree is: size, architecture, init; and that a template may look so.
 * See store.h.
 */
#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "tmpl/store.h"

#define SCAN_DEPTH_MAX 256 /* of directories; each level holds a descriptor */

struct scan {
	struct vz_template_meta *meta;
	char path[PATH_MAX]; /* of the directory being read, for errors */
	size_t path_len;
	unsigned int depth;
	struct wabe_error *err;
};

static int scan_dir(struct scan *s, int dir_fd);

static int scan_offence(const struct scan *s, const char *name, const char *what)
{
	return wabe_error_say(s->err, -EBADMSG, "%s/%s: %s", s->path, name, what);
}

static int scan_subdir(struct scan *s, int dir_fd, const char *name)
{
	size_t old_len = s->path_len, len = strlen(name);
	int r, fd;

	if (s->depth + 1 > SCAN_DEPTH_MAX || old_len + 1 + len >= sizeof(s->path))
		return scan_offence(s, name, "directories are too deep");
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return wabe_error_set(s->err, -errno, "open %s/%s", s->path, name);
	s->depth++;
	s->path[old_len] = '/';
	memcpy(s->path + old_len + 1, name, len + 1);
	s->path_len += 1 + len;
	r = scan_dir(s, fd);
	s->path[s->path_len = old_len] = '\0';
	s->depth--;
	return r;
}

static int scan_entry(struct scan *s, int dir_fd, const char *name)
{
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return wabe_error_set(s->err, -errno, "look at %s/%s", s->path, name);
	if (st.st_uid > VZ_TEMPLATE_ID_MAX || st.st_gid > VZ_TEMPLATE_ID_MAX)
		return scan_offence(s, name, "its owner is above 65535, which no guest has");
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		return scan_offence(
			s, name, "device nodes can't be in a template: a guest gets its own /dev");
	s->meta->files++;
	s->meta->size_bytes +=
		(uint64_t)st.st_blocks * 512 / (S_ISDIR(st.st_mode) ? 1 : (uint64_t)st.st_nlink);
	return S_ISDIR(st.st_mode) ? scan_subdir(s, dir_fd, name) : 0;
}

/* Takes @dir_fd. */
static int scan_dir(struct scan *s, int dir_fd)
{
	_cleanup_closedir_ DIR *dir = fdopendir(dir_fd);
	struct dirent *entry;
	int r;

	if (!dir) {
		r = wabe_error_set(s->err, -errno, "read %s", s->path);
		close(dir_fd);
		return r;
	}
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = scan_entry(s, dir_fd, entry->d_name);
		if (r < 0)
			return r;
	}
	return 0;
}

static const char *arch_of(int root_fd)
{
	/* elf.h; the names are those of uname -m */
	static const struct wabe_name machines[] = {
		{ "x86_64", EM_X86_64 }, { "aarch64", EM_AARCH64 },
		{ "i686", EM_386 },	 { "armv7l", EM_ARM },
		{ "riscv64", EM_RISCV }, { "ppc64le", EM_PPC64 },
		{ "s390x", EM_S390 },	 { "mips64", EM_MIPS },
		{ "loongarch64", 258 },	 { NULL, 0 },
	};
	static const char *const programs[] = { "/sbin/init", "/bin/sh", "/bin/busybox",
						"/usr/bin/env" };

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		_cleanup_close_ int fd =
			wabe_path_open_in(root_fd, programs[i], O_RDONLY | O_NONBLOCK, 0, NULL);
		Elf64_Ehdr head; /* e_ident and e_machine are at the same place in both classes */
		const char *name = NULL;

		if (fd < 0 || read(fd, &head, sizeof(head)) != sizeof(head) ||
		    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
			continue;
		name = wabe_name_of(machines, head.e_ident[EI_DATA] == ELFDATA2MSB
						      ? be16toh(head.e_machine)
						      : le16toh(head.e_machine));
		if (name)
			return name;
	}
	return "unknown";
}

static bool is_there(int root_fd, const char *path)
{
	_cleanup_close_ int fd = wabe_path_open_in(root_fd, path, O_PATH, 0, NULL);

	return fd >= 0;
}

/* By the program that /sbin/init resolves to: that is the one that gets the stop signal. */
static const char *init_of(int root_fd)
{
	_cleanup_close_ int fd = wabe_path_open_in(root_fd, "/sbin/init", O_PATH, 0, NULL);
	char proc[WABE_PATH_PROC_FD], target[PATH_MAX];
	const char *base;
	ssize_t len;

	if (fd < 0)
		return "none";
	len = readlink(wabe_path_proc_fd(fd, proc), target, sizeof(target) - 1);
	if (len < 0)
		return "other";
	target[len] = '\0';
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	if (strcmp(base, "systemd") == 0 || strcmp(base, "busybox") == 0)
		return base[0] == 's' ? "systemd" : "busybox";
	if (strcmp(base, "openrc-init") == 0 || is_there(root_fd, "/sbin/openrc"))
		return "openrc";
	return is_there(root_fd, "/etc/inittab") ? "sysvinit" : "other";
}

int vz_tree_scan(int root_fd, struct vz_template_meta *ret_meta, struct wabe_error *err)
{
	struct vz_template_meta meta = *ret_meta;
	struct scan s = { .meta = &meta, .err = err };
	int r, fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return wabe_error_set(err, -errno, "open the template's tree");
	meta.files = meta.size_bytes = 0;
	r = scan_dir(&s, fd);
	if (r < 0)
		return r;
	if (meta.files == 0)
		return wabe_error_say(err, -EBADMSG, "the tree is empty");
	meta.arch = arch_of(root_fd);
	meta.init = init_of(root_fd);
	*ret_meta = meta;
	return 0;
}
