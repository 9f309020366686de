// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Templates' archives: what an honest one becomes, and that each kind of hostile one is refused with nothing
 * touched outside of the tree (security-relevant: CVE-2026-48749, -48750, -48752, -48755). Needs root.
 */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tap.h"
#include "tmpl/entry.h"
#include "tmpl/unpack.h"

#define ENTRIES_MAX 6
#define CANARY "do not touch"

enum kind { END, DIRECTORY, REGULAR, SYMLINK, HARDLINK, CHARDEV, BLOCKDEV, FIFO };

struct item {
	enum kind kind;
	const char *name;
	const char *text; /* content or target */
	int64_t uid;
	mode_t mode; /* 0: 0755 or 0644 */
	const char *xattr;
};

struct row {
	const char *what;
	struct item items[ENTRIES_MAX];
	int want;
	const char *why; /* part of the error */
};

/* @OUT@ at a name's or a target's beginning is the absolute path of the directory with the canary. */
static const struct row rows[] = {
	{ "a small tree",
	  { { DIRECTORY, "./", NULL, 0, 0, NULL }, { DIRECTORY, "./bin/", NULL, 0, 0, NULL },
	    { REGULAR, "./bin/sh", "#!", 0, 04755, NULL }, { SYMLINK, "./sh", "bin/sh", 0, 0, NULL },
	    { HARDLINK, "./bin/bash", "./bin/sh", 0, 0, NULL } }, 0, NULL },
	{ "a link that points out stays a link", { { SYMLINK, "link", "@OUT@", 0, 0, NULL } }, 0, NULL },
	{ "names in UTF-8", { { REGULAR, "F\305\221tan\303\272s\303\255tv\303\241ny", "x", 0, 0, NULL } }, 0, NULL },
	{ "a file given twice, as tar -r does", { { REGULAR, "a", "1", 0, 0, NULL }, { REGULAR, "a", "22", 0, 0, NULL } }, 0, NULL },
	{ "parents that are not in the archive", { { REGULAR, "usr/share/x", "1", 0, 0, NULL } }, 0, NULL },
	{ "a pipe", { { FIFO, "run/initctl", NULL, 0, 0, NULL } }, 0, NULL },
	{ "the last id", { { REGULAR, "a", "1", 65535, 0, NULL } }, 0, NULL },
	{ "a file capability and a user's attribute",
	  { { REGULAR, "ping", "1", 0, 0, "security.capability" }, { REGULAR, "note", "1", 0, 0, "user.note" } }, 0, NULL },
	{ "an attribute that no template keeps", { { REGULAR, "a", "1", 0, 0, "trusted.md5sum" } }, 0, NULL },
	{ "device nodes in dev/", { { REGULAR, "a", "1", 0, 0, NULL }, { CHARDEV, "./dev/null", NULL, 0, 0, NULL },
				    { BLOCKDEV, "dev/loop0", NULL, 0, 0, NULL } }, 0, NULL },

	{ "..", { { REGULAR, "../out/canary", "x", 0, 0, NULL } }, -EBADMSG, "\"..\"" },
	{ ".. inside", { { REGULAR, "usr/../../out/canary", "x", 0, 0, NULL } }, -EBADMSG, "\"..\"" },
	{ ".. at the end", { { DIRECTORY, "usr/..", NULL, 0, 0, NULL } }, -EBADMSG, "\"..\"" },
	{ "an absolute name", { { REGULAR, "@OUT@/canary", "x", 0, 0, NULL } }, -EBADMSG, "absolute" },
	{ "a symbolic link as parent",
	  { { SYMLINK, "etc", "@OUT@", 0, 0, NULL }, { REGULAR, "etc/canary", "x", 0, 0, NULL } }, -EBADMSG, "symbolic link" },
	{ "a relative one",
	  { { SYMLINK, "etc", "../out", 0, 0, NULL }, { REGULAR, "etc/canary", "x", 0, 0, NULL } }, -EBADMSG, "symbolic link" },
	{ "a chain of them",
	  { { SYMLINK, "a", "b", 0, 0, NULL }, { SYMLINK, "b", "../out", 0, 0, NULL }, { REGULAR, "a/canary", "x", 0, 0, NULL } },
	  -EBADMSG, "symbolic link" },
	{ "one in the middle of a new path",
	  { { SYMLINK, "a", "../out", 0, 0, NULL }, { REGULAR, "a/b/c/d", "x", 0, 0, NULL } }, -EBADMSG, "symbolic link" },
	{ "the tree itself as a link", { { SYMLINK, "./", "@OUT@", 0, 0, NULL } }, -EBADMSG, "no directory" },
	{ "a file through a link of its own name",
	  { { SYMLINK, "x", "@OUT@/canary", 0, 0, NULL }, { REGULAR, "x", "y", 0, 0, NULL } }, -EBADMSG, "another kind" },
	{ "a directory replaced by a link",
	  { { DIRECTORY, "d/", NULL, 0, 0, NULL }, { SYMLINK, "d", "@OUT@", 0, 0, NULL } }, -EBADMSG, "another kind" },
	{ "a link replaced by a directory",
	  { { SYMLINK, "d", "@OUT@", 0, 0, NULL }, { DIRECTORY, "d", NULL, 0, 0777, NULL } }, -EBADMSG, "another kind" },
	{ "a file as parent",
	  { { REGULAR, "f", "x", 0, 0, NULL }, { REGULAR, "f/x", "y", 0, 0, NULL } }, -EBADMSG, "file as a parent" },
	{ "a hard link with ..", { { HARDLINK, "h", "../out/canary", 0, 0, NULL } }, -EBADMSG, "hard link to outside" },
	{ "an absolute hard link", { { HARDLINK, "h", "@OUT@/canary", 0, 0, NULL } }, -EBADMSG, "hard link to outside" },
	{ "a hard link through a symbolic one",
	  { { SYMLINK, "s", "../out", 0, 0, NULL }, { HARDLINK, "h", "s/canary", 0, 0, NULL } }, -EBADMSG, "through a symbolic" },
	{ "a hard link to nothing", { { HARDLINK, "h", "nothing", 0, 0, NULL } }, -EBADMSG, "does not hold" },
	{ "a hard link to a directory",
	  { { DIRECTORY, "d", NULL, 0, 0, NULL }, { HARDLINK, "h", "d", 0, 0, NULL } }, -EBADMSG, "to a directory" },
	{ "a hard link to itself",
	  { { REGULAR, "f", "x", 0, 0, NULL }, { HARDLINK, "./f", "f", 0, 0, NULL } }, -EBADMSG, "itself" },
	{ "a character device", { { CHARDEV, "etc/mem", NULL, 0, 0, NULL } }, -EBADMSG, "device node" },
	{ "a block device", { { BLOCKDEV, "disk", NULL, 0, 0, NULL } }, -EBADMSG, "device node" },
	{ "a device that hides as devices/", { { BLOCKDEV, "devices/disk", NULL, 0, 0, NULL } }, -EBADMSG, "device node" },
	{ "an owner above the guest's ids", { { REGULAR, "a", "1", 65536, 0, NULL } }, -EBADMSG, "65535" },
	{ "a huge owner", { { REGULAR, "a", "1", 4294967295, 0, NULL } }, -EBADMSG, "65535" },
	{ "overlayfs' redirect", { { DIRECTORY, "a", NULL, 0, 0, "trusted.overlay.redirect" } }, -EBADMSG, "overlayfs" },
	{ "the same for users", { { DIRECTORY, "a", NULL, 0, 0, "user.overlay.redirect" } }, -EBADMSG, "overlayfs" },
	{ "a component of 256 bytes", { { REGULAR, "@LONG@", "x", 0, 0, NULL } }, -EBADMSG, "too long" },
	{ "a name of 5000 bytes", { { REGULAR, "@DEEP@", "x", 0, 0, NULL } }, -EBADMSG, "too long" },
	{ "no entry at all", { { END, NULL, NULL, 0, 0, NULL } }, -EBADMSG, NULL },
};

struct place {
	char base[64]; /* holds tree/ and out/canary */
	int tree_fd;
};

static void expand(const struct place *place, const char *text, char *out, size_t room)
{
	char *p = out;

	if (!text) {
		out[0] = '\0';
	} else if (strncmp(text, "@OUT@", 5) == 0) {
		snprintf(out, room, "%s/out%s", place->base, text + 5);
	} else if (strcmp(text, "@LONG@") == 0) {
		snprintf(out, room, "%0256d", 1);
	} else if (strcmp(text, "@DEEP@") == 0) {
		for (int i = 0; i < 50; i++)
			p += snprintf(p, room - (size_t)(p - out), "%s%099d", i ? "/" : "", i);
	} else {
		snprintf(out, room, "%s", text);
	}
}

static struct archive_entry *make_entry(const struct place *place, const struct item *item)
{
	static const unsigned int types[] = { 0, AE_IFDIR, AE_IFREG, AE_IFLNK, AE_IFREG, AE_IFCHR, AE_IFBLK, AE_IFIFO };
	static const unsigned char cap_net_raw[20] = { 0x01, 0, 0, 0x02, 0x00, 0x20 };
	struct archive_entry *e = archive_entry_new();
	char name[8192], text[8192];

	expand(place, item->name, name, sizeof(name));
	expand(place, item->text, text, sizeof(text));
	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, types[item->kind]);
	archive_entry_set_perm(e, item->mode ? item->mode : item->kind == DIRECTORY ? 0755 : 0644);
	archive_entry_set_uid(e, item->uid);
	archive_entry_set_gid(e, 0);
	archive_entry_set_mtime(e, 1000000000, 0);
	if (item->kind == SYMLINK)
		archive_entry_set_symlink(e, text);
	if (item->kind == HARDLINK)
		archive_entry_set_hardlink(e, text);
	if (item->kind == CHARDEV || item->kind == BLOCKDEV)
		archive_entry_set_rdev(e, 0x0103);
	archive_entry_set_size(e, item->kind == REGULAR ? (int64_t)strlen(text) : 0);
	if (item->xattr && strcmp(item->xattr, "security.capability") == 0)
		archive_entry_xattr_add_entry(e, item->xattr, cap_net_raw, sizeof(cap_net_raw));
	else if (item->xattr)
		archive_entry_xattr_add_entry(e, item->xattr, "value", 5);
	return e;
}

/* The archive of a row in a memory file. @compress: the writer's filter, or NULL. */
static int make_archive(const struct place *place, const struct item *items, int (*compress)(struct archive *))
{
	int fd = memfd_create("archive", MFD_CLOEXEC);
	struct archive *a = archive_write_new();

	archive_write_set_format_pax(a);
	if (compress)
		compress(a);
	archive_write_open_fd(a, fd);
	for (size_t i = 0; i < ENTRIES_MAX && items[i].kind != END; i++) {
		struct archive_entry *e = make_entry(place, &items[i]);

		archive_write_header(a, e);
		if (items[i].kind == REGULAR)
			archive_write_data(a, items[i].text, strlen(items[i].text));
		archive_entry_free(e);
	}
	archive_write_close(a);
	archive_write_free(a);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static bool make_place(struct place *place)
{
	char path[128];
	int fd;

	snprintf(place->base, sizeof(place->base), "/tmp/test_tmpl_archive.XXXXXX");
	if (!mkdtemp(place->base))
		return false;
	snprintf(path, sizeof(path), "%s/tree", place->base);
	mkdir(path, 0755);
	place->tree_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/out", place->base);
	mkdir(path, 0750);
	snprintf(path, sizeof(path), "%s/out/canary", place->base);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0 || place->tree_fd < 0 || write(fd, CANARY, strlen(CANARY)) < 0)
		return false;
	close(fd);
	return true;
}

static void remove_place(struct place *place)
{
	close(place->tree_fd);
	wabe_file_remove_tree_at(AT_FDCWD, place->base, NULL);
}

static int count_names(const char *path)
{
	_cleanup_closedir_ DIR *dir = opendir(path);
	int count = 0;

	while (dir && readdir(dir))
		count++;
	return count - 2;
}

/* Content, modes, owner, links and the listing around the canary are what they were. */
static bool is_canary_alive(const struct place *place)
{
	_cleanup_(wabe_buf_free) struct wabe_buf content = WABE_BUF_INIT;
	char out[128], canary[128];
	struct stat dir, file;

	snprintf(out, sizeof(out), "%s/out", place->base);
	snprintf(canary, sizeof(canary), "%s/out/canary", place->base);
	if (wabe_file_read_at(AT_FDCWD, canary, 4096, &content, NULL) < 0 || stat(out, &dir) < 0 || stat(canary, &file) < 0)
		return false;
	return strcmp(content.data, CANARY) == 0 && (dir.st_mode & 07777) == 0750 && (file.st_mode & 07777) == 0640 &&
	       file.st_nlink == 1 && file.st_uid == 0 && count_names(out) == 1 && count_names(place->base) == 2;
}

static void test_rows(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wabe_error err = WABE_ERROR_INIT;
		struct vz_box_report counts = { 0 };
		struct place place;
		int r, fd;

		if (!tap_ok(t, make_place(&place), "%s: a place", rows[i].what))
			continue;
		fd = make_archive(&place, rows[i].items, NULL);
		r = vz_unpack(place.tree_fd, fd, NULL, &counts, &err);
		if (!tap_int(t, r, rows[i].want, "%s", rows[i].what))
			printf("# %s\n", err.text);
		if (rows[i].why)
			tap_has(t, err.text, rows[i].why, "%s: says why", rows[i].what);
		tap_ok(t, is_canary_alive(&place), "%s: nothing else is touched", rows[i].what);
		close(fd);
		remove_place(&place);
	}
}

/* What the first rows stand for arrives whole: modes, links, times, attributes; what is left out is counted. */
static void test_tree(struct tap *t)
{
	static const struct item items[] = {
		{ DIRECTORY, "bin", NULL, 0, 01777, NULL },
		{ REGULAR, "bin/su", "#!", 33, 06755, "security.capability" },
		{ HARDLINK, "bin/sudo", "bin/su", 33, 06755, NULL },
		{ SYMLINK, "su", "/bin/su", 0, 0, NULL },
		{ REGULAR, "plain", "1", 0, 0, "trusted.md5sum" },
		{ CHARDEV, "dev/null", NULL, 0, 0, NULL },
	};
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_box_report counts = { 0 };
	struct place place;
	struct stat st;
	char text[64], name[WABE_ERROR_TEXT_MAX];
	int fd;

	if (!tap_ok(t, make_place(&place), "a place"))
		return;
	fd = make_archive(&place, items, NULL);
	if (!tap_int(t, vz_unpack(place.tree_fd, fd, NULL, &counts, &err), 0, "unpack a tree"))
		printf("# %s\n", err.text);
	tap_int(t, (long long)counts.skipped, 1, "one device node is left out");
	tap_int(t, (long long)counts.files, 5, "five entries");
	tap_ok(t, fstatat(place.tree_fd, "dev/null", &st, 0) < 0, "it is not there");
	tap_ok(t, fstatat(place.tree_fd, "bin", &st, 0) == 0 && (st.st_mode & 07777) == 01777 && st.st_mtime == 1000000000,
	       "a directory's mode and time");
	tap_ok(t, fstatat(place.tree_fd, "bin/sudo", &st, 0) == 0 && (st.st_mode & 07777) == 06755 && st.st_nlink == 2 &&
			 st.st_uid == 33, "a set-user-id file's mode, owner and names");
	tap_ok(t, readlinkat(place.tree_fd, "su", text, sizeof(text)) == 7, "a symbolic link");
	snprintf(name, sizeof(name), "%s/tree/bin/su", place.base);
	tap_int(t, getxattr(name, "security.capability", text, sizeof(text)), 20, "a file capability");
	snprintf(name, sizeof(name), "%s/tree/plain", place.base);
	tap_int(t, getxattr(name, "trusted.md5sum", text, sizeof(text)), -1, "a trusted attribute is left out");
	close(fd);
	remove_place(&place);
}

static void test_filters(struct tap *t)
{
	static const struct {
		const char *name;
		int (*compress)(struct archive *);
		int want;
	} filters[] = {
		{ "gzip", archive_write_add_filter_gzip, 0 },   { "bzip2", archive_write_add_filter_bzip2, 0 },
		{ "xz", archive_write_add_filter_xz, 0 },       { "zstd", archive_write_add_filter_zstd, 0 },
		{ "lz4", archive_write_add_filter_lz4, 0 },     { "compress", archive_write_add_filter_compress, -EBADMSG },
		{ "uuencode", archive_write_add_filter_uuencode, -EBADMSG },
	};
	static const struct item items[ENTRIES_MAX] = { { REGULAR, "etc/motd", "hello", 0, 0, NULL } };

	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		struct wabe_error err = WABE_ERROR_INIT;
		struct vz_box_report counts;
		struct place place;
		int fd;

		if (!tap_ok(t, make_place(&place), "a place"))
			continue;
		fd = make_archive(&place, items, filters[i].compress);
		if (!tap_int(t, vz_unpack(place.tree_fd, fd, NULL, &counts, &err), filters[i].want, "%s", filters[i].name))
			printf("# %s\n", err.text);
		close(fd);
		remove_place(&place);
	}
}

static int unpack_bytes(const struct place *place, int fd, const void *bytes, size_t len)
{
	struct vz_box_report counts;

	if (ftruncate(fd, 0) < 0 || pwrite(fd, bytes, len, 0) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return vz_unpack(place->tree_fd, fd, NULL, &counts, NULL);
}

/* Cut at many places, and random bytes: refused, nothing outside touched. */
static void test_damaged(struct tap *t)
{
	static const struct item items[ENTRIES_MAX] = { { DIRECTORY, "etc", NULL, 0, 0, NULL },
							{ REGULAR, "etc/motd", "hello", 0, 0, NULL } };
	unsigned char bytes[4096];
	unsigned int seed = 1;
	struct place place;
	ssize_t size;
	int fd;

	if (!tap_ok(t, make_place(&place), "a place"))
		return;
	fd = make_archive(&place, items, archive_write_add_filter_zstd);
	size = pread(fd, bytes, sizeof(bytes), 0);
	tap_int(t, unpack_bytes(&place, fd, bytes, (size_t)size), 0, "the whole archive of %zd bytes", size);
	for (ssize_t cut = 0; cut < size; cut += size / 16 + 1)
		tap_int(t, unpack_bytes(&place, fd, bytes, (size_t)cut), -EBADMSG, "cut at byte %zd", cut);
	for (int round = 0; round < 8; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)((seed = seed * 1103515245 + 12345) >> 16);
		tap_int(t, unpack_bytes(&place, fd, bytes, sizeof(bytes)), -EBADMSG, "noise %d", round);
	}
	tap_ok(t, is_canary_alive(&place), "nothing else is touched");
	close(fd);
	remove_place(&place);
}

static void test_names(struct tap *t)
{
	static const struct {
		const char *name, *want;
	} names[] = {
		{ "a", "a" }, { "./a", "a" }, { "././a//b/", "a/b" }, { "./", "." }, { ".", "." }, { "a/./b", "a/b" },
		{ "..a/b..", "..a/b.." }, { "...", "..." },
		{ "", NULL }, { "/", NULL }, { "//a", NULL }, { "..", NULL }, { "a/..", NULL }, { "a/../b", NULL }, { "./..", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char got[PATH_MAX] = "";
		int r = vz_entry_name(names[i].name, got, NULL);

		tap_int(t, r, names[i].want ? 0 : -EBADMSG, "name \"%s\"", names[i].name);
		tap_str(t, got, names[i].want ? names[i].want : "", "name \"%s\" is spelled", names[i].name);
	}
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_names(&t);
	if (geteuid() != 0) {
		tap_skip(&t, "not root: unpacking needs namespaces and owners");
		return tap_end(&t);
	}
	test_rows(&t);
	test_tree(&t);
	test_filters(&t);
	test_damaged(&t);
	return tap_end(&t);
}
