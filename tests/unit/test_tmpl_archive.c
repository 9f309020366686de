// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Templates' archives: what an honest one becomes, and that each kind of hostile one is refused
 * with nothing touched outside of the tree (security-relevant: CVE-2026-48749, -48750, -48752,
 * -48755). Needs root.
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
	int want;
	const char *why; /* part of the error */
	struct item items[ENTRIES_MAX];
};

/* @OUT@ at the beginning is the absolute path of the directory with the canary. */
static const struct row rows[] = {
	{ "a small tree",
	  0,
	  NULL,
	  { { DIRECTORY, "./" },
	    { DIRECTORY, "./bin/" },
	    { REGULAR, "./bin/sh", "#!", 0, 04755 },
	    { SYMLINK, "./sh", "bin/sh" },
	    { HARDLINK, "./bin/bash", "./bin/sh" } } },
	{ "a link that points out stays a link", 0, NULL, { { SYMLINK, "link", "@OUT@" } } },
	{ "names in UTF-8",
	  0,
	  NULL,
	  { { REGULAR, "F\305\221tan\303\272s\303\255tv\303\241ny", "x" } } },
	{ "a file given twice, as tar -r does",
	  0,
	  NULL,
	  { { REGULAR, "a", "1" }, { REGULAR, "a", "22" } } },
	{ "parents that are not in the archive", 0, NULL, { { REGULAR, "usr/share/x", "1" } } },
	{ "a pipe", 0, NULL, { { FIFO, "run/initctl" } } },
	{ "the last id", 0, NULL, { { REGULAR, "a", "1", 65535 } } },
	{ "a file capability and a user's attribute",
	  0,
	  NULL,
	  { { REGULAR, "ping", "1", 0, 0, "security.capability" },
	    { REGULAR, "note", "1", 0, 0, "user.note" } } },
	{ "an attribute that no template keeps",
	  0,
	  NULL,
	  { { REGULAR, "a", "1", 0, 0, "trusted.md5sum" } } },
	{ "device nodes in dev/",
	  0,
	  NULL,
	  { { REGULAR, "a", "1" }, { CHARDEV, "./dev/null" }, { BLOCKDEV, "dev/loop0" } } },

	{ "..", -EBADMSG, "\"..\"", { { REGULAR, "../out/canary", "x" } } },
	{ ".. inside", -EBADMSG, "\"..\"", { { REGULAR, "usr/../../out/canary", "x" } } },
	{ ".. at the end", -EBADMSG, "\"..\"", { { DIRECTORY, "usr/.." } } },
	{ "an absolute name", -EBADMSG, "absolute", { { REGULAR, "@OUT@/canary", "x" } } },
	{ "a symbolic link as parent",
	  -EBADMSG,
	  "symbolic link",
	  { { SYMLINK, "etc", "@OUT@" }, { REGULAR, "etc/canary", "x" } } },
	{ "a relative one",
	  -EBADMSG,
	  "symbolic link",
	  { { SYMLINK, "etc", "../out" }, { REGULAR, "etc/canary", "x" } } },
	{ "a chain of them",
	  -EBADMSG,
	  "symbolic link",
	  { { SYMLINK, "a", "b" }, { SYMLINK, "b", "../out" }, { REGULAR, "a/canary", "x" } } },
	{ "one in the middle of a new path",
	  -EBADMSG,
	  "symbolic link",
	  { { SYMLINK, "a", "../out" }, { REGULAR, "a/b/c/d", "x" } } },
	{ "the tree itself as a link", -EBADMSG, "no directory", { { SYMLINK, "./", "@OUT@" } } },
	{ "a file through a link of its own name",
	  -EBADMSG,
	  "another kind",
	  { { SYMLINK, "x", "@OUT@/canary" }, { REGULAR, "x", "y" } } },
	{ "a directory replaced by a link",
	  -EBADMSG,
	  "another kind",
	  { { DIRECTORY, "d/" }, { SYMLINK, "d", "@OUT@" } } },
	{ "a link replaced by a directory",
	  -EBADMSG,
	  "another kind",
	  { { SYMLINK, "d", "@OUT@" }, { DIRECTORY, "d", NULL, 0, 0777 } } },
	{ "a file as parent",
	  -EBADMSG,
	  "file as a parent",
	  { { REGULAR, "f", "x" }, { REGULAR, "f/x", "y" } } },
	{ "a hard link with ..",
	  -EBADMSG,
	  "hard link to outside",
	  { { HARDLINK, "h", "../out/canary" } } },
	{ "an absolute hard link",
	  -EBADMSG,
	  "hard link to outside",
	  { { HARDLINK, "h", "@OUT@/canary" } } },
	{ "a hard link through a symbolic one",
	  -EBADMSG,
	  "through a symbolic",
	  { { SYMLINK, "s", "../out" }, { HARDLINK, "h", "s/canary" } } },
	{ "a hard link to nothing", -EBADMSG, "does not hold", { { HARDLINK, "h", "nothing" } } },
	{ "a hard link to a directory",
	  -EBADMSG,
	  "to a directory",
	  { { DIRECTORY, "d" }, { HARDLINK, "h", "d" } } },
	{ "a hard link to itself",
	  -EBADMSG,
	  "itself",
	  { { REGULAR, "f", "x" }, { HARDLINK, "./f", "f" } } },
	{ "a character device", -EBADMSG, "device node", { { CHARDEV, "etc/mem" } } },
	{ "a block device", -EBADMSG, "device node", { { BLOCKDEV, "disk" } } },
	{ "a device that hides as devices/",
	  -EBADMSG,
	  "device node",
	  { { BLOCKDEV, "devices/disk" } } },
	{ "an owner above the guest's ids", -EBADMSG, "65535", { { REGULAR, "a", "1", 65536 } } },
	{ "a huge owner", -EBADMSG, "65535", { { REGULAR, "a", "1", 4294967295 } } },
	{ "overlayfs' redirect",
	  -EBADMSG,
	  "overlayfs",
	  { { DIRECTORY, "a", NULL, 0, 0, "trusted.overlay.redirect" } } },
	{ "the same for users",
	  -EBADMSG,
	  "overlayfs",
	  { { DIRECTORY, "a", NULL, 0, 0, "user.overlay.redirect" } } },
	{ "a component of 256 bytes", -EBADMSG, "too long", { { REGULAR, "@LONG@", "x" } } },
	{ "a name of 5000 bytes", -EBADMSG, "too long", { { REGULAR, "@DEEP@", "x" } } },
	{ "no entry at all", -EBADMSG, NULL, { { END } } },
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
	static const unsigned int types[] = { 0,	AE_IFDIR, AE_IFREG, AE_IFLNK,
					      AE_IFREG, AE_IFCHR, AE_IFBLK, AE_IFIFO };
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
static int make_archive(const struct place *place, const struct item *items,
			int (*compress)(struct archive *))
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

	snprintf(place->base, sizeof(place->base), "/var/tmp/test_tmpl_archive.XXXXXX");
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
	if (wabe_file_read_at(AT_FDCWD, canary, 4096, &content, NULL) < 0 || stat(out, &dir) < 0 ||
	    stat(canary, &file) < 0)
		return false;
	return strcmp(content.data, CANARY) == 0 && (dir.st_mode & 07777) == 0750 &&
	       (file.st_mode & 07777) == 0640 && file.st_nlink == 1 && file.st_uid == 0 &&
	       count_names(out) == 1 && count_names(place->base) == 2;
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

/*
 * What the first rows stand for arrives whole: modes, links, times, attributes; what is left out is
 * counted.
 */
static void test_tree(struct tap *t)
{
	static const struct item items[] = {
		{ DIRECTORY, "bin", NULL, 0, 01777 },
		{ REGULAR, "bin/su", "#!", 33, 06755, "security.capability" },
		{ HARDLINK, "bin/sudo", "bin/su", 33, 06755 },
		{ SYMLINK, "su", "/bin/su" },
		{ REGULAR, "plain", "1", 0, 0, "trusted.md5sum" },
		{ CHARDEV, "dev/null" },
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
	tap_ok(t,
	       fstatat(place.tree_fd, "bin", &st, 0) == 0 && (st.st_mode & 07777) == 01777 &&
		       st.st_mtime == 1000000000,
	       "a directory's mode and time");
	tap_ok(t,
	       fstatat(place.tree_fd, "bin/sudo", &st, 0) == 0 && (st.st_mode & 07777) == 06755 &&
		       st.st_nlink == 2 && st.st_uid == 33,
	       "a set-user-id file's mode, owner and names");
	tap_ok(t, readlinkat(place.tree_fd, "su", text, sizeof(text)) == 7, "a symbolic link");
	snprintf(name, sizeof(name), "%s/tree/bin/su", place.base);
	tap_int(t, getxattr(name, "security.capability", text, sizeof(text)), 20,
		"a file capability");
	snprintf(name, sizeof(name), "%s/tree/plain", place.base);
	tap_int(t, getxattr(name, "trusted.md5sum", text, sizeof(text)), -1,
		"a trusted attribute is left out");
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
		{ "gzip", archive_write_add_filter_gzip, 0 },
		{ "bzip2", archive_write_add_filter_bzip2, 0 },
		{ "xz", archive_write_add_filter_xz, 0 },
		{ "zstd", archive_write_add_filter_zstd, 0 },
		{ "lz4", archive_write_add_filter_lz4, 0 },
		{ "compress", archive_write_add_filter_compress, -EBADMSG },
		{ "uuencode", archive_write_add_filter_uuencode, -EBADMSG },
	};
	static const struct item items[ENTRIES_MAX] = { { REGULAR, "etc/motd", "hello", 0, 0,
							  NULL } };

	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		struct wabe_error err = WABE_ERROR_INIT;
		struct vz_box_report counts;
		struct place place;
		int fd;

		if (!tap_ok(t, make_place(&place), "a place"))
			continue;
		fd = make_archive(&place, items, filters[i].compress);
		if (!tap_int(t, vz_unpack(place.tree_fd, fd, NULL, &counts, &err), filters[i].want,
			     "%s", filters[i].name))
			printf("# %s\n", err.text);
		close(fd);
		remove_place(&place);
	}
}

static int unpack_bytes(const struct place *place, int fd, const void *bytes, size_t len)
{
	struct vz_box_report counts;

	if (ftruncate(fd, 0) < 0 || pwrite(fd, bytes, len, 0) != (ssize_t)len ||
	    lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return vz_unpack(place->tree_fd, fd, NULL, &counts, NULL);
}

/* Cut at many places, and random bytes: refused, nothing outside touched. */
static void test_damaged(struct tap *t)
{
	static const struct item items[ENTRIES_MAX] = { { DIRECTORY, "etc" },
							{ REGULAR, "etc/motd", "hello" } };
	unsigned char bytes[4096];
	unsigned int seed = 1;
	struct place place;
	ssize_t size;
	int fd;

	if (!tap_ok(t, make_place(&place), "a place"))
		return;
	fd = make_archive(&place, items, archive_write_add_filter_zstd);
	size = pread(fd, bytes, sizeof(bytes), 0);
	tap_int(t, unpack_bytes(&place, fd, bytes, (size_t)size), 0,
		"the whole archive of %zd bytes", size);
	for (ssize_t cut = 0; cut < size; cut += size / 16 + 1)
		tap_int(t, unpack_bytes(&place, fd, bytes, (size_t)cut), -EBADMSG,
			"cut at byte %zd", cut);
	for (int round = 0; round < 8; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)((seed = seed * 1103515245 + 12345) >> 16);
		tap_int(t, unpack_bytes(&place, fd, bytes, sizeof(bytes)), -EBADMSG, "noise %d",
			round);
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
		{ "a", "a" },	  { "./a", "a" },     { "././a//b/", "a/b" },	{ "./", "." },
		{ ".", "." },	  { "a/./b", "a/b" }, { "..a/b..", "..a/b.." }, { "...", "..." },
		{ "", NULL },	  { "/", NULL },      { "//a", NULL },		{ "..", NULL },
		{ "a/..", NULL }, { "a/../b", NULL }, { "./..", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char got[PATH_MAX] = "";
		int r = vz_entry_name(names[i].name, got, NULL);

		tap_int(t, r, names[i].want ? 0 : -EBADMSG, "name \"%s\"", names[i].name);
		tap_str(t, got, names[i].want ? names[i].want : "", "name \"%s\" is spelled",
			names[i].name);
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
