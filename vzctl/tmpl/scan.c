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
#include "tmpl/walk.h"

static int offence(const struct vz_walk_entry *e, const char *what, struct wabe_error *err)
{
	return wabe_error_say(err, -EBADMSG, "%s/%s: %s", e->path, e->name, what);
}

static int scan_entry(void *data, const struct vz_walk_entry *e, struct wabe_error *err)
{
	const struct stat *st = &e->st;
	struct vz_template_meta *meta = data;

	if (st->st_uid > VZ_TEMPLATE_ID_MAX || st->st_gid > VZ_TEMPLATE_ID_MAX)
		return offence(e, "its owner is above 65535, which no guest has", err);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		return offence(e, "device nodes can't be in a template: a guest gets its own /dev",
			       err);
	meta->files++;
	meta->size_bytes +=
		(uint64_t)st->st_blocks * 512 / (S_ISDIR(st->st_mode) ? 1 : (uint64_t)st->st_nlink);
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
	int r;

	meta.files = meta.size_bytes = 0;
	r = vz_tree_walk(root_fd, scan_entry, NULL, &meta, err);
	if (r < 0)
		return r;
	if (meta.files == 0)
		return wabe_error_say(err, -EBADMSG, "the tree is empty");
	meta.arch = arch_of(root_fd);
	meta.init = init_of(root_fd);
	*ret_meta = meta;
	return 0;
}
