// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parts of vzctl/guest that need no guest: steps and their undo, ranges of ids, what is at VE_ROOT,
 * finding init and shell below a root, editing shadow files, the record of a create.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "conf/exit.h"
#include "guest/guestfile.h"
#include "guest/idrange.h"
#include "guest/init.h"
#include "guest/passwd.h"
#include "guest/pending.h"
#include "guest/resolv.h"
#include "guest/root.h"
#include "guest/sshkey.h"
#include "guest/steps.h"
#include "guest/traffic.h"
#include "tap.h"

static char where[] = "/tmp/wabe-guest-XXXXXX";

/* "dir/name" below the test's directory, in one of a few static buffers. */
static const char *below(const char *name)
{
	static char paths[4][256];
	static unsigned int next;
	char *path = paths[next++ % ARRAY_SIZE(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", where, name);
	return path;
}

struct trace {
	char text[64];
	int fail_at;
};

static int apply(struct trace *t, int number)
{
	char word[8];

	if (t->fail_at == number)
		return -EIO;
	snprintf(word, sizeof(word), "+%d", number);
	strncat(t->text, word, sizeof(t->text) - strlen(t->text) - 1);
	return 0;
}

static void undo(struct trace *t, int number)
{
	char word[8];

	snprintf(word, sizeof(word), "-%d", number);
	strncat(t->text, word, sizeof(t->text) - strlen(t->text) - 1);
}

static int apply1(void *data, struct wabe_error *err)
{
	(void)err;
	return apply(data, 1);
}

static int apply2(void *data, struct wabe_error *err)
{
	(void)err;
	return apply(data, 2);
}

static int apply3(void *data, struct wabe_error *err)
{
	(void)err;
	return apply(data, 3);
}

static void undo1(void *data)
{
	undo(data, 1);
}

static void undo3(void *data)
{
	undo(data, 3);
}

static void test_steps(struct tap *t)
{
	static const struct vz_step steps[] = {
		{ "one", apply1, undo1 },
		{ "two", apply2, NULL },
		{ "three", apply3, undo3 },
	};
	static const struct {
		int fail_at;
		const char *text;
	} rows[] = {
		{ 0, "+1+2+3" },
		{ 1, "" },
		{ 2, "+1-1" },
		{ 3, "+1+2-1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trace trace = { .fail_at = rows[i].fail_at };
		int r = vz_steps_run(steps, ARRAY_SIZE(steps), &trace, NULL);

		tap_ok(t, strcmp(trace.text, rows[i].text) == 0, "step %d fails: \"%s\"",
		       rows[i].fail_at, trace.text);
		tap_ok(t, r == (rows[i].fail_at ? -EIO : 0), "step %d fails: returns %d",
		       rows[i].fail_at, r);
	}
}

static int claim(struct vz_idrange *ranges, uint32_t uid, uint32_t ctid)
{
	struct wabe_error err = WABE_ERROR_INIT;

	return vz_idrange_claim(ranges, uid, ctid, &err);
}

static void test_ranges(struct tap *t)
{
	/* Three whole ranges: 2, 3 and 4; the ends are cut to them. */
	struct vz_host host = { .confdir = where, .uid_base = 65537, .uid_end = 5 * 65536 + 7 };
	_cleanup_(vz_idrange_close) struct vz_idrange ranges = VZ_IDRANGE_INIT;
	uint32_t uid = 0;

	tap_ok(t, vz_idrange_open(&host, true, &ranges, NULL) == 0, "the directory is made");
	for (uint32_t i = 2; i <= 4; i++) {
		tap_ok(t, vz_idrange_pick(&ranges, &uid, NULL) == 0 && uid == i * 65536,
		       "range %u is picked", i);
		tap_ok(t, claim(&ranges, uid, 100 + i) == 0, "and claimed");
	}
	tap_ok(t, vz_idrange_pick(&ranges, &uid, NULL) == -ENOSPC, "no fourth one");
	tap_ok(t, claim(&ranges, 3 * 65536, 103) == 0, "a claim twice is fine");
	tap_ok(t, claim(&ranges, 3 * 65536, 104) == -EEXIST, "another guest's is refused");
	tap_ok(t, claim(&ranges, 3 * 65536 + 1, 103) == -EEXIST, "so is one that reaches into it");
	tap_ok(t,
	       claim(&ranges, 9 * 65536 + 1, 109) == 0 &&
		       claim(&ranges, 10 * 65536, 110) == -EEXIST,
	       "an odd range holds two");
	tap_ok(t,
	       claim(&ranges, 8 * 65536 + 5, 108) == -EEXIST && claim(&ranges, 8 * 65536, 107) == 0,
	       "half a claim is given back");
	tap_ok(t, claim(&ranges, 4294967295u, 111) == -ERANGE, "past the last id");
	tap_ok(t,
	       vz_idrange_release(&ranges, 3 * 65536, 104, NULL) == 0 &&
		       claim(&ranges, 3 * 65536, 105) == -EEXIST,
	       "only the owner gives back");
	tap_ok(t, vz_idrange_release(&ranges, 3 * 65536, 103, NULL) == 0, "the owner does");
	tap_ok(t, vz_idrange_release(&ranges, 3 * 65536, 103, NULL) == 0, "and twice");
	tap_ok(t, vz_idrange_pick(&ranges, &uid, NULL) == 0 && uid == 3 * 65536,
	       "then it is picked again");
}

static enum vz_root_state state_of(const char *path)
{
	enum vz_root_state state = VZ_ROOT_MOUNTED;

	return vz_root_state(path, &state, NULL) == 0 ? state : VZ_ROOT_MOUNTED;
}

static void test_root(struct tap *t)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/root/101", where);
	tap_ok(t, state_of(path) == VZ_ROOT_MISSING, "nothing is there");
	tap_ok(t, vz_root_make_directory(path, NULL) == 0 && state_of(path) == VZ_ROOT_DIRECTORY,
	       "a directory");
	tap_ok(t, vz_root_make_link(path, 12345, NULL) == 0 && vz_root_is_link_to(path, 12345),
	       "a link");
	tap_ok(t, !vz_root_is_link_to(path, 1234) && !vz_root_is_link_to(path, 123456),
	       "to this process alone");
	tap_ok(t, vz_root_make_link(path, 77, NULL) == 0 && vz_root_is_link_to(path, 77),
	       "another link");
	tap_ok(t, mkdir(below("root/.101.swap"), 0755) == 0, "what a killed change left");
	tap_ok(t, vz_root_make_directory(path, NULL) == 0 && state_of(path) == VZ_ROOT_DIRECTORY,
	       "a directory again");
	tap_ok(t, access(below("root/.101.swap"), F_OK) < 0, "no swap is left");
	tap_ok(t, mkdir(below("root/101/file"), 0755) == 0, "the directory gets content");
	tap_ok(t, vz_root_make_link(path, 77, NULL) == -ENOTEMPTY, "which is not hidden by a link");
	tap_ok(t,
	       access(below("root/101/file"), F_OK) == 0 &&
		       access(below("root/.101.swap"), F_OK) < 0,
	       "and stays where it was");
	tap_int(t, vz_root_remove(path, NULL), 0, "it is not removed");
	tap_ok(t, access(below("root/101/file"), F_OK) == 0, "nor what is in it");
}

static void put(const char *name, const char *text, mode_t mode)
{
	char path[256], dir[256];

	snprintf(path, sizeof(path), "%s/%s", where, name);
	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';
	(void)wabe_file_mkdir_all(dir, 0755, NULL);
	(void)wabe_file_replace_at(AT_FDCWD, path, text, strlen(text), mode, WABE_FILE_VOLATILE,
				   NULL);
}

static void put_link(const char *name, const char *target)
{
	put(name, "", 0644);
	(void)unlink(below(name));
	if (symlink(target, below(name)) < 0)
		perror(name);
}

static void check_init(struct tap *t, const char *root, int wanted, const char *path,
		       enum vz_init_kind kind)
{
	_cleanup_close_ int fd = open(below(root), O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct wabe_error err = WABE_ERROR_INIT;
	enum vz_init_kind found = VZ_INIT_MAX;
	const char *where_found = "";
	int r = vz_init_find(fd, &where_found, &found, &err);

	if (!tap_ok(t, r == wanted, "%s: returns %d", root, r))
		return;
	if (r < 0)
		tap_ok(t, vz_exit_code(&err) == VZ_EXIT_BROKEN_CT, "%s: exit code 47", root);
	else
		tap_ok(t, path && strcmp(where_found, path) == 0 && found == kind, "%s: %s, %s",
		       root, where_found, vz_init_name(found));
}

static void test_init(struct tap *t)
{
	put("systemd/usr/lib/systemd/systemd", "x", 0755);
	put_link("systemd/sbin/init", "/usr/lib/systemd/systemd");
	put("busybox/bin/busybox", "x", 0755);
	put_link("busybox/sbin/init", "../bin/busybox");
	put("hard/bin/busybox", "x", 0755);
	put("hard/sbin/telinit", "x", 0755);
	if (link(below("hard/bin/busybox"), below("hard/sbin/init")) < 0)
		perror("link");
	put("sysv/sbin/init", "x", 0755);
	put("sysv/sbin/telinit", "x", 0755);
	put("plain/bin/init", "#!/bin/sh\n", 0755);
	put("notexec/sbin/init", "x", 0644);
	put_link("out/sbin/init", "../../../../../../../../bin/true");
	put_link("loop/sbin/init", "init");
	put("dir/sbin/init/file", "", 0755);

	check_init(t, "systemd", 0, "/sbin/init", VZ_INIT_SYSTEMD);
	check_init(t, "busybox", 0, "/sbin/init", VZ_INIT_BUSYBOX);
	check_init(t, "hard", 0, "/sbin/init", VZ_INIT_BUSYBOX);
	check_init(t, "sysv", 0, "/sbin/init", VZ_INIT_SYSVINIT);
	check_init(t, "plain", 0, "/bin/init", VZ_INIT_OTHER);
	check_init(t, "notexec", -ENOENT, NULL, 0);
	check_init(t, "out", -ENOENT, NULL, 0);
	check_init(t, "loop", -ENOENT, NULL, 0);
	check_init(t, "dir", -ENOENT, NULL, 0);
	for (enum vz_init_kind kind = 0; kind < VZ_INIT_MAX; kind++) {
		const struct vz_init_halt *halt = vz_init_halt(kind);

		tap_ok(t, vz_init_kind_of(vz_init_name(kind)) == kind, "%s: its name is read back",
		       vz_init_name(kind));
		tap_ok(t, halt->signal > 0 && halt->signal <= 64 && halt->signal != SIGKILL,
		       "%s: halts by signal %d", vz_init_name(kind), halt->signal);
	}
	tap_ok(t, vz_init_halt(VZ_INIT_SYSTEMD)->signal == SIGRTMIN + 3, "systemd: SIGRTMIN+3");
	tap_ok(t,
	       vz_init_kind_of("nonsense") == VZ_INIT_OTHER &&
		       vz_init_kind_of(NULL) == VZ_INIT_OTHER,
	       "unknown kinds");
}

static void test_passwd(struct tap *t)
{
	static const struct {
		const char *text, *user;
		long days;
		int r;
		const char *out;
	} rows[] = {
		{ "root:*:1:0:99999:7:::\n", "root", 20000, 0, "root:H:20000:0:99999:7:::\n" },
		{ "a:x:1::::::\nroot:old:2:::::::\nz:y:3::::::\n", "root", 5, 0,
		  "a:x:1::::::\nroot:H:5:::::::\nz:y:3::::::\n" },
		{ "root:x:0:0:root:/root:/bin/sh\n", "root", -1, 0,
		  "root:H:0:0:root:/root:/bin/sh\n" },
		{ "root:", "root", 5, 0, "root:H" },
		{ "root::", "root", 5, 0, "root:H:5" },
		{ "rooty:x:1\n", "root", 5, -ENOENT, "" },
		{ "xroot:x:1\nroot", "root", 5, -ENOENT, "" },
		{ "#root:x\n", "root", 5, -ENOENT, "" },
		{ "", "root", 5, -ENOENT, "" },
		{ "root\n:x:\n", "root", 5, -ENOENT, "" },
		{ "\n\nroot:x:1\n", "root", 5, 0, "\n\nroot:H:5\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT;
		int r = vz_passwd_edit(rows[i].text, rows[i].user, "H", rows[i].days, &out);

		tap_ok(t, r == rows[i].r && strcmp(out.data ? out.data : "", rows[i].out) == 0,
		       "shadow \"%s\": %d \"%s\"", rows[i].text, r, out.data ? out.data : "");
	}
}

static void test_guestfile(struct tap *t)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	put("g/etc/file", "old", 0640);
	put("g/outside", "outside", 0644);
	put_link("g/etc/link", "../outside");
	fd = open(below("g"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	tap_ok(t, vz_guestfile_replace(fd, "file", "new", 3, 0600, NULL) == 0,
	       "a file is replaced");
	tap_ok(t, stat(below("g/etc/file"), &st) == 0 && (st.st_mode & 07777) == 0640,
	       "its mode is kept");
	tap_ok(t, vz_guestfile_replace(fd, "link", "new", 3, 0600, NULL) == 0,
	       "a link is replaced");
	tap_ok(t, lstat(below("g/etc/link"), &st) == 0 && S_ISREG(st.st_mode), "by a file");
	tap_ok(t,
	       vz_guestfile_read(fd, "/outside", &text, NULL) == 0 &&
		       strcmp(text.data, "outside") == 0,
	       "what it led to is untouched");
	tap_ok(t,
	       mkfifo(below("g/etc/pipe"), 0600) == 0 &&
		       vz_guestfile_read(fd, "/etc/pipe", &text, NULL) == -EINVAL,
	       "a pipe is not read");
	tap_ok(t, vz_guestfile_read(fd, "/etc", &text, NULL) == -EINVAL, "nor a directory");
	tap_ok(t, vz_guestfile_read(fd, "/etc/none", &text, NULL) == -ENOENT,
	       "nor what is not there");
}

static void test_pending(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_pending in = { "/p/with \"quotes\" $x `y` \\z", "/r", 655360 }, out = { 0 };
	struct vz_host host = { .confdir = where,
				.conf_fd = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };

	tap_ok(t, !vz_pending_exists(&host, 101), "no record");
	tap_ok(t, vz_pending_load(&host, 101, &arena, &out, NULL) == -ENOENT, "none to load");
	tap_ok(t, vz_pending_save(&host, 101, &in, NULL) == 0 && vz_pending_exists(&host, 101),
	       "a record");
	tap_ok(t,
	       vz_pending_load(&host, 101, &arena, &out, NULL) == 0 &&
		       strcmp(out.private, in.private) == 0 && strcmp(out.root, in.root) == 0 &&
		       out.uid == in.uid,
	       "says what was written");
	tap_ok(t,
	       truncate(below(".101.creating"), 20) == 0 &&
		       vz_pending_load(&host, 101, &arena, &out, NULL) < 0,
	       "one that is cut off is an error");
	tap_ok(t, vz_pending_drop(&host, 101, NULL) == 0 && !vz_pending_exists(&host, 101),
	       "and goes");
	tap_ok(t, vz_pending_drop(&host, 101, NULL) == 0, "twice");
	close(host.conf_fd);
}

static void test_resolv(struct tap *t)
{
	static const struct {
		const char *text, *servers, *domains;
		bool has_loopback;
	} rows[] = {
		{ "", "", "", false },
		{ "nameserver 192.0.2.1\nnameserver 2001:db8::1\nsearch a.example b.example\n",
		  "192.0.2.1 2001:db8::1", "a.example b.example", false },
		{ "# nameserver 192.0.2.1\n;search x\noptions ndots:2\n", "", "", false },
		{ "nameserver 127.0.0.53\nnameserver ::1\nnameserver 0.0.0.0\n", "", "", true },
		{ "nameserver 127.0.0.53\n\tnameserver\t192.0.2.1  \r\n", "192.0.2.1", "", true },
		{ "nameserver fe80::1\nnameserver fe80::1%eth0\nnameserver nonsense\n", "", "",
		  false },
		{ "domain a.example\nsearch b.example c.example\n", "", "b.example c.example",
		  false },
		{ "search a.example\nsearch $(id) b.example 'x'\n", "", "b.example", false },
		{ "nameserver\nsearch\nnameserver 192.0.2.1;id\n", "", "", false },
		{ "nameserver 192.0.2.1", "192.0.2.1", "", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct vz_resolv resolv = { .servers = "?", .domains = "?" };

		tap_ok(t,
		       vz_resolv_parse(rows[i].text, &arena, &resolv) == 0 &&
			       strcmp(resolv.servers, rows[i].servers) == 0 &&
			       strcmp(resolv.domains, rows[i].domains) == 0 &&
			       resolv.has_loopback == rows[i].has_loopback,
		       "resolv.conf %zu: \"%s\", \"%s\"", i, resolv.servers, resolv.domains);
	}
}

/* A key of ssh-keygen(1), and as an RSA key would begin. */
#define BLOB "AAAAC3NzaC1lZDI1NTE5AAAAIPEYtRXKJmJFBLQ4ZAt0Du3IKUYbCHBFBHBcUVCVmvyQ"
#define KEY "ssh-ed25519 " BLOB

static void test_sshkey_check(struct tap *t)
{
	static const struct {
		const char *line;
		bool is_fine;
	} rows[] = {
		{ KEY, true },
		{ KEY " a comment, \"quoted\"", true },
		{ "no-pty,from=\"192.0.2.1\" " KEY, true },
		{ "command=\"echo \\\"x y\\\"\" " KEY " c", true },
		{ "command=\"echo " KEY, false },
		{ "", false },
		{ "ssh-ed25519", false },
		{ "ssh-ed25519 ", false },
		{ "ssh-ed25519  " BLOB, false },
		{ "ssh-ed25519 AAAA", false },
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", false },
		{ "ssh-rsa " BLOB, false },
		{ "ssh-dss " BLOB, false },
		{ "ssh-ed25519 " BLOB "=", false },
		{ "ssh-ed25519 " BLOB "$", false },
		{ "ssh-ed25519 =" BLOB, false },
		{ KEY "\nx", false },
		{ "x y " KEY, false },
	};
	const char *key;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool is_fine = vz_sshkey_check(rows[i].line, &key, &len) == 0;

		tap_ok(t,
		       is_fine == rows[i].is_fine &&
			       (!is_fine || (len == strlen(KEY) && strncmp(key, KEY, len) == 0)),
		       "key %zu is %s", i, rows[i].is_fine ? "fine" : "refused");
	}
}

static void test_sshkey_merge(struct tap *t)
{
	static const struct {
		const char *old, *keys, *wanted;
	} rows[] = {
		{ "", KEY " a\n", KEY " a\n" },
		{ KEY " other comment\n", KEY " a\n", KEY " other comment\n" },
		{ "no-pty " KEY, KEY "\n", "no-pty " KEY "\n" },
		{ "# mine", KEY "\n", "# mine\n" KEY "\n" },
		{ KEY "AAAA\n", KEY "\n", KEY "AAAA\n" KEY "\n" },
		{ "", KEY "\n" KEY " again\n", KEY "\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT;

		tap_ok(t,
		       vz_sshkey_merge(rows[i].old, rows[i].keys, &out) == 0 &&
			       strcmp(out.data, rows[i].wanted) == 0,
		       "authorized_keys %zu", i);
	}
}

static void test_traffic(struct tap *t)
{
	static const char *const bad[] = {
		"",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:",
		"1:2:3:4:5:6:7:x",
		"-1:2:3:4:5:6:7:8",
		"1:2:3:4:5:6:7:18446744073709551616",
	};
	struct vz_traffic in = { .of = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { UINT64_MAX, 8 } } }, out;
	char text[VZ_TRAFFIC_TEXT_MAX];

	vz_traffic_text(&in, text);
	tap_ok(t, strcmp(text, "1:2:3:4:5:6:18446744073709551615:8") == 0, "traffic: %s", text);
	tap_ok(t, vz_traffic_parse(text, &out) == 0 && memcmp(&in, &out, sizeof(in)) == 0,
	       "and back");
	memset(&in, 0xff, sizeof(in));
	vz_traffic_text(&in, text);
	tap_ok(t, vz_traffic_parse(text, &out) == 0 && memcmp(&in, &out, sizeof(in)) == 0,
	       "the largest fits");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		tap_ok(t, vz_traffic_parse(bad[i], &out) < 0, "\"%s\" is refused", bad[i]);
}

int main(void)
{
	struct tap t = TAP_INIT;

	if (!tap_ok(&t, mkdtemp(where) != NULL, "a directory"))
		return tap_end(&t);
	test_steps(&t);
	test_ranges(&t);
	test_root(&t);
	test_init(&t);
	test_passwd(&t);
	test_guestfile(&t);
	test_pending(&t);
	test_resolv(&t);
	test_sshkey_check(&t);
	test_sshkey_merge(&t);
	test_traffic(&t);
	tap_ok(&t, wabe_file_remove_tree_at(AT_FDCWD, where, NULL) == 0, "all is removed");
	return tap_end(&t);
}
