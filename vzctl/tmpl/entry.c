// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/entry: what an entry of a template's archive may be; see entry.h. */
#include "tmpl/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "tmpl/store.h"

#define XATTR_COUNT_MAX 64
#define XATTR_BYTES_MAX 65536 /* xattr(7), XATTR_SIZE_MAX */

struct check {
	const struct vz_archive *lib;
	struct archive_entry *entry;
	int root_fd;
	bool is_layer;
	char name[PATH_MAX];
	struct wabe_error *err;
};

static int refuse_name(const char *name, const char *why, struct wabe_error *err)
{
	return wabe_error_say(err, -EBADMSG, "the archive is refused: \"%.200s\": %s", name, why);
}

static int refuse(const struct check *c, const char *why)
{
	return refuse_name(c->name, why, c->err);
}

int vz_entry_name(const char *name, char ret_name[PATH_MAX], struct wabe_error *err)
{
	char out[PATH_MAX];
	size_t used = 0;

	if (name[0] == '\0')
		return refuse_name(name, "an empty name", err);
	if (name[0] == '/')
		return refuse_name(name, "an absolute name", err);
	for (const char *p = name + strspn(name, "/"); *p; p += strspn(p, "/")) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.')
			return refuse_name(name, "a name with \"..\"", err);
		if (len > NAME_MAX || used + len + 2 > sizeof(out))
			return refuse_name(name, "the name is too long", err);
		if (!(len == 1 && p[0] == '.')) {
			if (used)
				out[used++] = '/';
			memcpy(out + used, p, len);
			used += len;
		}
		p += len;
	}
	if (used == 0)
		out[used++] = '.';
	memcpy(ret_name, out, used);
	ret_name[used] = '\0';
	return 0;
}

/*
 * The directory of @name, without following any link: its descriptor, or -ENOENT while there is
 * none.
 */
static int open_parent(const struct check *c, const char *name)
{
	const char *slash = strrchr(name, '/');
	char parent[PATH_MAX];
	int fd;

	snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - name) : 1,
		 slash ? name : ".");
	fd = wabe_path_open_strict(c->root_fd, parent, O_PATH | O_DIRECTORY, 0, NULL);
	if (fd == -ELOOP)
		return refuse_name(name, "a symbolic link as a parent directory", c->err);
	if (fd == -ENOTDIR)
		return refuse_name(name, "a file as a parent directory", c->err);
	if (fd < 0 && fd != -ENOENT)
		return wabe_error_set(c->err, fd, "look for the directory of %s", name);
	return fd;
}

/* Mode of what is at @name, no link followed; 0 = nothing; or -errno. */
static int mode_at(const struct check *c, const char *name, mode_t *ret_mode)
{
	_cleanup_close_ int parent_fd = open_parent(c, name);
	const char *slash = strrchr(name, '/');
	struct stat st;

	*ret_mode = 0;
	if (parent_fd < 0)
		return parent_fd == -ENOENT ? 0 : parent_fd;
	if (fstatat(parent_fd, slash ? slash + 1 : name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		*ret_mode = st.st_mode;
	else if (errno != ENOENT)
		return wabe_error_set(c->err, -errno, "look at %s", name);
	return 0;
}

static int check_hardlink(const struct check *c)
{
	const char *link = c->lib->archive_entry_hardlink(c->entry);
	char target[PATH_MAX];
	mode_t mode;

	if (!link)
		return 0;
	if (vz_entry_name(link, target, NULL) < 0)
		return refuse(c, "a hard link to outside of the archive");
	if (mode_at(c, target, &mode) < 0)
		return refuse(c, "a hard link through a symbolic link or a file");
	if (!mode)
		return refuse(c, "a hard link to what the archive does not hold (before it)");
	if (S_ISDIR(mode))
		return refuse(c, "a hard link to a directory");
	if (S_ISLNK(mode) && c->lib->archive_entry_size(c->entry) > 0)
		return refuse(c, "a hard link with content to a symbolic link");
	if (strcmp(target, c->name) == 0)
		return refuse(c, "a hard link to itself");
	c->lib->archive_entry_copy_hardlink(c->entry, target);
	return 0;
}

/* Kinds that a tree has; returns a verdict. */
static int check_type(const struct check *c)
{
	unsigned int type = c->lib->archive_entry_filetype(c->entry);

	if (c->lib->archive_entry_hardlink(c->entry))
		return VZ_ENTRY_KEEP;
	switch (type) {
	case AE_IFREG:
	case AE_IFDIR:
	case AE_IFIFO:
		return VZ_ENTRY_KEEP;
	case AE_IFLNK:
		return c->lib->archive_entry_symlink(c->entry)
			       ? VZ_ENTRY_KEEP
			       : refuse(c, "a symbolic link to nothing");
	case AE_IFCHR:
	case AE_IFBLK:
		/*
		 * Trees made as root bring the few of /dev along. Elsewhere somebody wants one
		 * where it should not be.
		 */
		return wabe_str_starts(c->name, "dev/") ? VZ_ENTRY_SKIP
							: refuse(c, "a device node outside dev/");
	default:
		return refuse(c, "neither a file nor a directory, link or pipe");
	}
}

static int remove_lower(const struct check *c)
{
	_cleanup_close_ int parent_fd = open_parent(c, c->name);
	const char *slash = strrchr(c->name, '/');

	if (parent_fd < 0)
		return parent_fd;
	return wabe_file_remove_tree_at(parent_fd, slash ? slash + 1 : c->name, c->err);
}

/* An entry may appear again, as `tar -r` makes it, but not turn one kind of thing into another. */
static int check_replaced(const struct check *c)
{
	bool is_hardlink = c->lib->archive_entry_hardlink(c->entry) != NULL;
	unsigned int type = is_hardlink ? AE_IFREG : c->lib->archive_entry_filetype(c->entry);
	mode_t mode;
	int r;

	if (strcmp(c->name, ".") == 0)
		return type == AE_IFDIR ? 0 : refuse(c, "the tree itself is no directory");
	r = mode_at(c, c->name, &mode);
	if (r < 0)
		return r;
	if (!mode || (mode & S_IFMT) == type)
		return 0;
	if (c->is_layer)
		return remove_lower(c);
	return refuse(c, "the archive has another kind of file of that name before");
}

static int check_owner(const struct check *c)
{
	int64_t uid = c->lib->archive_entry_uid(c->entry),
		gid = c->lib->archive_entry_gid(c->entry);
	const int want = ARCHIVE_ENTRY_ACL_TYPE_ACCESS | ARCHIVE_ENTRY_ACL_TYPE_DEFAULT;
	int type, permset, tag, id;
	const char *who;

	if (uid < 0 || uid > VZ_TEMPLATE_ID_MAX || gid < 0 || gid > VZ_TEMPLATE_ID_MAX)
		return refuse(c, "its owner is above 65535, which no guest has");
	c->lib->archive_entry_acl_reset(c->entry, want);
	while (c->lib->archive_entry_acl_next(c->entry, want, &type, &permset, &tag, &id, &who) ==
	       ARCHIVE_OK)
		if ((tag == ARCHIVE_ENTRY_ACL_USER || tag == ARCHIVE_ENTRY_ACL_GROUP) &&
		    (id < 0 || id > VZ_TEMPLATE_ID_MAX))
			return refuse(c, "its access control list names an id above 65535");
	return 0;
}

struct xattr {
	const char *name;
	const void *value;
	size_t size;
};

/* Copies of the attributes that stay; *ret_dropped: there are others. */
static int read_xattrs(const struct check *c, struct wabe_arena *arena, struct xattr *kept,
		       size_t *ret_count, bool *ret_dropped)
{
	struct xattr x;

	*ret_count = 0;
	*ret_dropped = false;
	for (c->lib->archive_entry_xattr_reset(c->entry);
	     c->lib->archive_entry_xattr_next(c->entry, &x.name, &x.value, &x.size) ==
	     ARCHIVE_OK;) {
		/*
		 * They steer overlayfs: a layer that brings its own redirects reaches what it
		 * should not.
		 */
		if (wabe_str_starts(x.name, "trusted.overlay.") ||
		    wabe_str_starts(x.name, "user.overlay."))
			return refuse(c, "it has attributes of overlayfs");
		if (strcmp(x.name, "security.capability") != 0 &&
		    !wabe_str_starts(x.name, "user.")) {
			*ret_dropped = true;
			continue;
		}
		if (*ret_count == XATTR_COUNT_MAX || x.size > XATTR_BYTES_MAX)
			return refuse(c, "too many or too large extended attributes");
		kept[*ret_count].name = wabe_arena_strdup(arena, x.name);
		kept[*ret_count].value = wabe_arena_strndup(arena, "", 0);
		kept[*ret_count].size = x.size;
		if (x.size) {
			void *copy = wabe_arena_alloc(arena, x.size);

			if (copy)
				memcpy(copy, x.value, x.size);
			kept[*ret_count].value = copy;
		}
		if (!kept[*ret_count].name || !kept[*ret_count].value)
			return wabe_error_set(c->err, -ENOMEM, "read the attributes of %s",
					      c->name);
		(*ret_count)++;
	}
	return 0;
}

static int check_xattrs(const struct check *c)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct xattr kept[XATTR_COUNT_MAX];
	bool is_dropped;
	size_t count;
	int r = read_xattrs(c, &arena, kept, &count, &is_dropped);

	if (r < 0 || !is_dropped)
		return r;
	c->lib->archive_entry_xattr_clear(c->entry);
	for (size_t i = 0; i < count; i++)
		c->lib->archive_entry_xattr_add_entry(c->entry, kept[i].name, kept[i].value,
						      kept[i].size);
	return 0;
}

int vz_entry_check(const struct vz_archive *lib, int root_fd, struct archive_entry *entry,
		   bool is_layer, struct wabe_error *err)
{
	struct check c = {
		.lib = lib, .entry = entry, .root_fd = root_fd, .is_layer = is_layer, .err = err
	};
	int (*const checks[])(const struct check *) = { check_hardlink, check_replaced, check_owner,
							check_xattrs };
	const char *name = lib->archive_entry_pathname(entry);
	int verdict, r;

	if (!name)
		return wabe_error_say(err, -EBADMSG,
				      "the archive is refused: an entry without a readable name");
	r = vz_entry_name(name, c.name, err);
	if (r < 0)
		return r;
	lib->archive_entry_copy_pathname(entry, c.name);
	verdict = check_type(&c);
	if (verdict != VZ_ENTRY_KEEP)
		return verdict;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		r = checks[i](&c);
		if (r < 0)
			return r;
	}
	return VZ_ENTRY_KEEP;
}
