// SPDX-License-Identifier: GPL-2.0-or-later
/* spec/mount_option: who acts on which option, their order, and what is refused. */
#include <errno.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "spec/internal.h"
#include "spec/spec.h"
#include "tap.h"

#define NOSUID MOUNT_ATTR_NOSUID
#define NODEV MOUNT_ATTR_NODEV
#define NOEXEC MOUNT_ATTR_NOEXEC
#define RDONLY MOUNT_ATTR_RDONLY
#define ATIME MOUNT_ATTR__ATIME
#define NOATIME MOUNT_ATTR_NOATIME
#define STRICT MOUNT_ATTR_STRICTATIME
#define NODIR MOUNT_ATTR_NODIRATIME
#define NOSYM MOUNT_ATTR_NOSYMFOLLOW

struct row {
	const char *options; /* separated by blanks */
	struct wabe_mount_options want;
	const char *data; /* the same way */
};

static const struct row rows[] = {
	{ "", { 0 } },
	{ "defaults loud silent iversion noiversion norelatime rnorelatime", { 0 } },
	{ "nosuid nodev noexec", { .attr_set = NOSUID | NODEV | NOEXEC } },
	{ "suid dev exec", { .attr_clear = NOSUID | NODEV | NOEXEC } },
	{ "nosuid suid", { .attr_clear = NOSUID } },
	{ "suid nosuid", { .attr_set = NOSUID } },
	{ "ro", { .attr_set = RDONLY, .sb_flags = MS_RDONLY } },
	{ "ro rw", { .attr_clear = RDONLY } },
	{ "rw ro", { .attr_set = RDONLY, .sb_flags = MS_RDONLY } },
	{ "bind ro", { .attr_set = RDONLY, .is_bind = true } },
	{ "rbind rro", { .rec_attr_set = RDONLY, .is_bind = true, .is_bind_recursive = true } },
	{ "rbind bind", { .is_bind = true, .is_bind_recursive = true } },
	{ "rrw rdev rsuid rexec rdiratime rsymfollow",
	  { .rec_attr_clear = RDONLY | NODEV | NOSUID | NOEXEC | NODIR | NOSYM } },
	{ "rnodev rnosuid rnoexec rnodiratime rnosymfollow",
	  { .rec_attr_set = NODEV | NOSUID | NOEXEC | NODIR | NOSYM } },
	{ "nosymfollow nodiratime", { .attr_set = NOSYM | NODIR } },
	{ "symfollow diratime", { .attr_clear = NOSYM | NODIR } },
	{ "noatime", { .attr_set = NOATIME, .attr_clear = ATIME } },
	{ "strictatime", { .attr_set = STRICT, .attr_clear = ATIME } },
	{ "relatime", { .attr_clear = ATIME } },
	{ "noatime relatime", { .attr_clear = ATIME } },
	{ "relatime noatime", { .attr_set = NOATIME, .attr_clear = ATIME } },
	{ "noatime strictatime", { .attr_set = STRICT, .attr_clear = ATIME } },
	{ "noatime atime", { .attr_clear = ATIME } },
	{ "strictatime atime", { .attr_set = STRICT, .attr_clear = ATIME } },
	{ "noatime nostrictatime", { .attr_set = NOATIME, .attr_clear = ATIME } },
	{ "strictatime nostrictatime", { .attr_clear = ATIME } },
	{ "atime", { .attr_clear = ATIME } },
	{ "rnoatime", { .rec_attr_set = NOATIME, .rec_attr_clear = ATIME } },
	{ "rstrictatime", { .rec_attr_set = STRICT, .rec_attr_clear = ATIME } },
	{ "rrelatime", { .rec_attr_clear = ATIME } },
	{ "rnoatime ratime", { .rec_attr_clear = ATIME } },
	{ "rnoatime rnostrictatime", { .rec_attr_set = NOATIME, .rec_attr_clear = ATIME } },
	{ "nodiratime noatime", { .attr_set = NODIR | NOATIME, .attr_clear = ATIME } },
	{ "sync dirsync mand lazytime",
	  { .sb_flags = MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK | MS_LAZYTIME } },
	{ "sync mand lazytime async nomand nolazytime",
	  { .sb_clear = MS_SYNCHRONOUS | MS_MANDLOCK | MS_LAZYTIME } },
	{ "async sync", { .sb_flags = MS_SYNCHRONOUS } },
	{ "remount ro", { .attr_set = RDONLY, .sb_flags = MS_RDONLY, .is_remount = true } },
	{ "bind remount rw", { .attr_clear = RDONLY, .is_bind = true, .is_remount = true } },
	{ "private", { .propagation = MS_PRIVATE } },
	{ "rprivate", { .propagation = MS_PRIVATE, .is_propagation_recursive = true } },
	{ "shared", { .propagation = MS_SHARED } },
	{ "rshared", { .propagation = MS_SHARED, .is_propagation_recursive = true } },
	{ "slave", { .propagation = MS_SLAVE } },
	{ "rslave", { .propagation = MS_SLAVE, .is_propagation_recursive = true } },
	{ "unbindable", { .propagation = MS_UNBINDABLE } },
	{ "runbindable", { .propagation = MS_UNBINDABLE, .is_propagation_recursive = true } },
	{ "slave rslave", { .propagation = MS_SLAVE, .is_propagation_recursive = true } },
	{ "bind copy-symlink", { .is_bind = true, .is_copy_symlink = true } },
	{ "bind idmap", { .is_bind = true, .is_idmap = true } },
	{ "idmap rbind ridmap",
	  { .is_bind = true,
	    .is_bind_recursive = true,
	    .is_idmap = true,
	    .is_idmap_recursive = true } },
	{ "tmpcopyup mode=700", { .is_copy_up = true }, "mode=700" },
	{ "mode=755 size=64m newinstance acl", { 0 }, "mode=755 size=64m newinstance acl" },
	{ "nosuid mode=755 ro",
	  { .attr_set = NOSUID | RDONLY, .sb_flags = MS_RDONLY },
	  "mode=755" },
	/* Names are exact; what looks nearly like one is the filesystem's to refuse. */
	{ "RO no_suid ro=1", { 0 }, "RO no_suid ro=1" },
};

static void make_mount(struct wabe_arena *arena, const char *options, const char *type,
		       struct wabe_spec_mount *m)
{
	*m = (struct wabe_spec_mount){ .destination = "/mnt", .type = type, .source = "/src" };
	wabe_strv_split(&m->options, arena, options, " ");
}

static void compare(struct tap *t, const struct wabe_mount_options *got, const struct row *row)
{
	const struct wabe_mount_options *want = &row->want;
	char data[256] = "";

	tap_int(t, (long long)got->attr_set, (long long)want->attr_set, "attr_set: %s",
		row->options);
	tap_int(t, (long long)got->attr_clear, (long long)want->attr_clear, "attr_clear: %s",
		row->options);
	tap_int(t, (long long)got->rec_attr_set, (long long)want->rec_attr_set, "rec_attr_set: %s",
		row->options);
	tap_int(t, (long long)got->rec_attr_clear, (long long)want->rec_attr_clear,
		"rec_attr_clear: %s", row->options);
	tap_int(t, got->propagation, want->propagation, "propagation: %s", row->options);
	tap_int(t, got->sb_flags, want->sb_flags, "sb_flags: %s", row->options);
	tap_int(t, got->sb_clear, want->sb_clear, "sb_clear: %s", row->options);
	tap_ok(t, got->is_remount == want->is_remount, "remount: %s", row->options);
	tap_ok(t,
	       got->is_propagation_recursive == want->is_propagation_recursive &&
		       got->is_bind == want->is_bind &&
		       got->is_bind_recursive == want->is_bind_recursive &&
		       got->is_copy_symlink == want->is_copy_symlink &&
		       got->is_copy_up == want->is_copy_up && got->is_idmap == want->is_idmap &&
		       got->is_idmap_recursive == want->is_idmap_recursive,
	       "flags: %s", row->options);
	for (size_t i = 0; i < got->data.count; i++)
		snprintf(data + strlen(data), sizeof(data) - strlen(data), "%s%s", i ? " " : "",
			 got->data.items[i]);
	tap_str(t, data, row->data ? row->data : "", "data: %s", row->options);
}

static void test_rows(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct wabe_mount_options got = { 0 };
		struct wabe_error err = WABE_ERROR_INIT;
		struct wabe_spec_mount m;

		make_mount(&arena, rows[i].options, "tmpfs", &m);
		if (tap_int(t, wabe_spec_mount_options(&arena, &m, &got, &err), 0, "accepted: %s",
			    rows[i].options))
			compare(t, &got, &rows[i]);
	}
}

static const struct {
	const char *options;
	int code;
	const char *error;
} refused[] = {
	{ "idmap", -EINVAL, "mount /mnt: only a bind mount can have its ids mapped" },
	{ "ridmap", -EINVAL, "mount /mnt: only a bind mount can have its ids mapped" },
	{ "tmpcopyup", -EINVAL, "option \"tmpcopyup\": it is no tmpfs" },
	{ "bind tmpcopyup", -EINVAL, "option \"tmpcopyup\": it is no tmpfs" },
	{ "copy-symlink", -EINVAL, "option \"copy-symlink\": it is no bind mount" },
	{ "remount bind tmpcopyup", -EINVAL, "option \"tmpcopyup\"" },
	{ "remount copy-symlink", -EINVAL, "option \"copy-symlink\" is for a new mount" },
	{ "bind remount idmap", -EINVAL, "option \"idmap\" is for a new mount" },
	{ "shared private", -EINVAL, "option \"private\": another propagation" },
	{ "rslave shared", -EINVAL, "option \"shared\": another propagation" },
};

static void test_refused(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct wabe_mount_options got = { .sb_flags = 77 };
		struct wabe_error err = WABE_ERROR_INIT;
		struct wabe_spec_mount m;

		make_mount(&arena, refused[i].options, "none", &m);
		tap_int(t, wabe_spec_mount_options(&arena, &m, &got, &err), refused[i].code,
			"refused: %s", refused[i].options);
		tap_has(t, err.text, refused[i].error, "its error: %s", refused[i].options);
		tap_int(t, got.sb_flags, 77, "output untouched: %s", refused[i].options);
	}
}

static const struct {
	const char *options, *without_effect;
} ineffective[] = {
	{ "bind mode=755", "mode=755" },
	{ "mode=755 rbind", "mode=755" },
	{ "bind sync nosuid", "sync" },
	{ "lazytime bind ro", "lazytime" },
	{ "bind remount sync", "sync" },
	{ "bind size=1m sync Z", "size=1m" },
	{ "bind ro nosuid rprivate async", NULL },
};

/* runc and crun take them, and so does mount(2). */
static void test_ineffective(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(ineffective); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct wabe_mount_options got = { 0 };
		struct wabe_error err = WABE_ERROR_INIT;
		struct wabe_spec_mount m;

		make_mount(&arena, ineffective[i].options, "none", &m);
		tap_int(t, wabe_spec_mount_options(&arena, &m, &got, &err), 0, "accepted: %s",
			ineffective[i].options);
		tap_str(t, got.without_effect, ineffective[i].without_effect,
			"named as without effect: %s", ineffective[i].options);
		tap_ok(t, got.data.count == 0 && got.sb_flags == 0 && got.sb_clear == 0,
		       "nothing of a filesystem's is left: %s", ineffective[i].options);
	}
}

static void test_bind_type(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_mount_options got = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_spec_mount m;

	make_mount(&arena, "ro", "bind", &m);
	tap_int(t, wabe_spec_mount_options(&arena, &m, &got, &err), 0,
		"type bind without the option");
	tap_ok(t, got.is_bind && !got.is_bind_recursive && got.sb_flags == 0, "is a bind mount");
	m.source = NULL;
	tap_int(t, wabe_spec_mount_options(&arena, &m, &got, &err), -EINVAL,
		"a bind mount without a source");
	tap_has(t, err.text, "needs a source", "says so");
	make_mount(&arena, "nosuid", "tmpfs", &m);
	wabe_strv_add(&m.options, &arena, "");
	tap_int(t, wabe_spec_mount_options(&arena, &m, &got, &err), 0,
		"an empty option asks for nothing");
	tap_int(t, (long long)got.data.count, 0, "and is not passed on");
}

/* The table is searched by halving, and every name in `features` must be understood. */
static void test_names(struct tap *t)
{
	const char *name, *last = "";

	for (size_t i = 0; (name = wabe_spec_mount_option_name(i)); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct wabe_mount_options got = { 0 };
		struct wabe_error err = WABE_ERROR_INIT;
		struct wabe_spec_mount m;
		int r;

		tap_ok(t, strcmp(last, name) < 0, "%s is sorted", name);
		last = name;
		make_mount(&arena, name, "tmpfs", &m);
		r = wabe_spec_mount_options(&arena, &m, &got, &err);
		make_mount(&arena, name, "bind", &m);
		tap_ok(t, r == 0 || wabe_spec_mount_options(&arena, &m, &got, &err) == 0,
		       "%s is accepted", name);
		tap_int(t, (long long)got.data.count, 0, "%s is not the filesystem's", name);
	}
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_rows(&t);
	test_refused(&t);
	test_ineffective(&t);
	test_bind_type(&t);
	test_names(&t);
	return tap_end(&t);
}
