// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/unit/test_seccomp_cache: the cache of compiled filters, and whose files it trusts.
 *
 * A planted program answers otherwise than the right one, so what was used can be told.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/seccomp.h"
#include "sys/seccomp_cache.h"
#include "tap.h"

#define HIT 77		    /* errno of the right program */
#define PROBE SYS_readahead /* on descriptor -1 the kernel does nothing */

/* In a child: load, make the probe, give its errno as exit status. */
static int ask(const struct wabe_seccomp_program *program)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    wabe_seccomp_load(program, NULL) < 0)
			_exit(254);
		_exit(syscall(PROBE, -1, 0, 0) < 0 ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1000;
	return WEXITSTATUS(status);
}

static const char *const probe_name[] = { "readahead" };
static const struct wabe_seccomp_rule cached_rule = {
	probe_name, 1, "SCMP_ACT_ERRNO", HIT, NULL, 0
};
static const struct wabe_seccomp_profile cached_profile = {
	.default_action = "SCMP_ACT_ALLOW",
	.default_errno_ret = -1,
	.rules = &cached_rule,
	.rules_count = 1,
};

/* What a program compiled with the cache answers: HIT is the right one, 42 the planted one. */
static int ask_cached(const char *dir)
{
	struct wabe_seccomp_program program = { 0 };
	int r = wabe_seccomp_compile(&cached_profile, dir, &program, NULL);

	if (r == 0)
		r = ask(&program);
	wabe_seccomp_program_free(&program);
	return r;
}

static void cache_path(const char *dir, char *path, size_t room)
{
	struct wabe_seccomp_program program = { 0 };
	int fd = wabe_seccomp_cache_open(dir);

	/* The library's version isn't known here: the only file of the directory is the one. */
	if (fd >= 0 && wabe_seccomp_compile(&cached_profile, dir, &program, NULL) == 0) {
		_cleanup_closedir_ DIR *d = opendir(dir);
		struct dirent *e;

		while (d && (e = readdir(d)))
			if (strlen(e->d_name) == WABE_SECCOMP_CACHE_NAME - 1)
				snprintf(path, room, "%s/%.32s", dir, e->d_name);
	}
	if (fd >= 0)
		close(fd);
	wabe_seccomp_program_free(&program);
}

/* Put a program that answers 42 where the right one is cached: the trust checks decide which one is
 * used. */
static void plant(const char *path)
{
	static const struct sock_filter planted[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROBE, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0x00050000 | 42),
		BPF_STMT(BPF_RET | BPF_K, 0x7fff0000),
	};
	char old[8192], content[8192 + sizeof(planted)];
	struct {
		char magic[8];
		uint32_t key_bytes, instructions, flags, reserved;
		uint64_t sum;
	} header;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	ssize_t len = read(fd, old, sizeof(old));
	uint64_t sum = 0xcbf29ce484222325u;

	if (len < (ssize_t)sizeof(header))
		abort();
	memcpy(&header, old, sizeof(header));
	for (size_t i = 0; i < sizeof(planted); i++)
		sum = (sum ^ ((const unsigned char *)planted)[i]) * 0x100000001b3u;
	header.instructions = ARRAY_SIZE(planted);
	header.sum = sum;
	memcpy(content, &header, sizeof(header));
	memcpy(content + sizeof(header), old + sizeof(header), header.key_bytes);
	memcpy(content + sizeof(header) + header.key_bytes, planted, sizeof(planted));
	len = (ssize_t)(sizeof(header) + header.key_bytes + sizeof(planted));
	if (ftruncate(fd, 0) < 0 || pwrite(fd, content, (size_t)len, 0) != len)
		abort();
	close(fd);
}

static void test_cache(struct tap *t)
{
	char base[] = "/tmp/wabe-test-seccomp.XXXXXX", dir[64], path[128] = "", other[160];
	struct stat st;

	if (!tap_ok(t, mkdtemp(base) != NULL, "make a directory"))
		return;
	snprintf(dir, sizeof(dir), "%s/cache", base);
	tap_int(t, ask_cached(dir), HIT, "first: compiled");
	tap_ok(t, stat(dir, &st) == 0 && (st.st_mode & 07777) == 0700,
	       "the directory is made, 0700");
	cache_path(dir, path, sizeof(path));
	if (!tap_ok(t,
		    path[0] && lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
			    (st.st_mode & 07777) == 0600,
		    "the file is there, 0600"))
		return;
	tap_int(t, ask_cached(dir), HIT, "second: from the cache");
	plant(path);
	tap_int(t, ask_cached(dir), 42, "what the cache holds is what is used");

	chmod(path, 0644);
	tap_int(t, ask_cached(dir), HIT, "a file that others may read is not trusted");
	plant(path);
	tap_int(t, ask_cached(dir), 42, "it was replaced by a private one");
	snprintf(other, sizeof(other), "%s/other", base);
	if (link(path, other) == 0)
		tap_int(t, ask_cached(dir), HIT, "a file with two names is not trusted");
	plant(path);
	if (rename(path, other) == 0 && symlink(other, path) == 0)
		tap_int(t, ask_cached(dir), HIT, "a symbolic link is not followed");
	tap_ok(t, lstat(path, &st) == 0 && S_ISREG(st.st_mode), "it was replaced");
	plant(path);
	if (geteuid() == 0 && chown(path, 1, 1) == 0)
		tap_int(t, ask_cached(dir), HIT, "somebody else's file is not trusted");
	else
		tap_skip(t, "only root gives files away");
	plant(path);
	chmod(dir, 0770);
	tap_int(t, ask_cached(dir), HIT, "a directory that others may write is not trusted");
	chmod(dir, 0700);
	unlink(path);
	mkfifo(path, 0600);
	tap_int(t, ask_cached(dir), HIT, "a pipe is not waited for");
	tap_int(t, ask_cached("/dev/null/no/such"), HIT, "no cache is no error");
	tap_int(t, ask_cached("/proc/wabe-no-such"), HIT, "nor is one that can't be made");
	unlink(path);
	unlink(other);
	tap_ok(t, rmdir(dir) == 0 && rmdir(base) == 0, "nothing else is left in the directory");
}

/* Every truncation and every flipped byte of a cache file is noticed. */
static void test_damage(struct tap *t)
{
	static const struct sock_filter ret = BPF_STMT(BPF_RET | BPF_K, 0x7fff0000);
	_cleanup_(wabe_buf_free) struct wabe_buf key = WABE_BUF_INIT;
	struct wabe_seccomp_program program = { .filter = (void *)&ret, .length = 1 }, got = { 0 };
	char base[] = "/tmp/wabe-test-seccomp.XXXXXX", name[WABE_SECCOMP_CACHE_NAME], data[8192];
	unsigned int accepted_short = 0, accepted_changed = 0;
	_cleanup_close_ int dir = -EBADF;
	_cleanup_close_ int fd = -EBADF;
	ssize_t len;

	if (!tap_ok(t, mkdtemp(base) != NULL, "make a directory"))
		return;
	dir = wabe_seccomp_cache_open(base);
	wabe_seccomp_cache_key(&cached_profile, 2, 5, 4, &key);
	wabe_seccomp_cache_store(dir, &key, &program);
	wabe_seccomp_cache_name(&key, name);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	len = read(fd, data, sizeof(data));
	if (!tap_ok(t, len > 0 && wabe_seccomp_cache_decode(data, (size_t)len, &key, &got) == 0,
		    "the file is whole"))
		return;
	tap_ok(t, got.length == 1 && memcmp(got.filter, &ret, sizeof(ret)) == 0,
	       "and has the program");
	wabe_seccomp_program_free(&got);
	for (ssize_t i = 0; i < len; i++) {
		if (wabe_seccomp_cache_decode(data, (size_t)i, &key, &got) == 0)
			accepted_short++;
		data[i] = (char)(data[i] ^ 0x20);
		if (wabe_seccomp_cache_decode(data, (size_t)len, &key, &got) == 0)
			accepted_changed++;
		data[i] = (char)(data[i] ^ 0x20);
	}
	tap_int(t, accepted_short, 0, "no truncated file is taken");
	tap_int(t, accepted_changed, 0, "no changed file is taken");
	unlinkat(dir, name, 0);
	tap_ok(t, rmdir(base) == 0, "nothing else is left");
}

/* Profiles that differ anywhere have different keys. */
static void test_keys(struct tap *t)
{
	static const char *const ab_c[] = { "ab", "c" }, *const a_bc[] = { "a", "bc" };
	static const struct wabe_seccomp_arg arg = { 1, "SCMP_CMP_EQ", 1, 0 },
					     arg_two = { 1, "SCMP_CMP_EQ", 1, 1 };
	static const struct wabe_seccomp_rule rules[] = {
		{ ab_c, 2, "SCMP_ACT_ALLOW", -1, NULL, 0 },
		{ a_bc, 2, "SCMP_ACT_ALLOW", -1, NULL, 0 },
		{ ab_c, 2, "SCMP_ACT_ERRNO", -1, NULL, 0 },
		{ ab_c, 2, "SCMP_ACT_ERRNO", 1, NULL, 0 },
		{ ab_c, 2, "SCMP_ACT_ALLOW", -1, &arg, 1 },
		{ ab_c, 2, "SCMP_ACT_ALLOW", -1, &arg_two, 1 },
		{ ab_c, 1, "SCMP_ACT_ALLOW", -1, NULL, 0 },
	};
	char names[ARRAY_SIZE(rules)][WABE_SECCOMP_CACHE_NAME];
	bool is_unique = true;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct wabe_seccomp_profile profile = { "SCMP_ACT_KILL", -1, NULL, 0, NULL, 0,
							      &rules[i],       1 };
		_cleanup_(wabe_buf_free) struct wabe_buf key = WABE_BUF_INIT;

		wabe_seccomp_cache_key(&profile, 2, 5, 4, &key);
		wabe_seccomp_cache_name(&key, names[i]);
		for (size_t n = 0; n < i; n++)
			is_unique = is_unique && strcmp(names[n], names[i]) != 0;
	}
	tap_ok(t, is_unique, "different rules have different keys");
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_cache(&t);
	test_damage(&t);
	test_keys(&t);
	return tap_end(&t);
}
