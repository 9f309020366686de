// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/seccomp_cache: compiled filters as files, see the header.
 */
#include "sys/seccomp_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

/* In front of key and program. Never leaves the machine that wrote it (the key has its name), so
 * native byte order. */
struct cache_header {
	char magic[8];
	uint32_t key_bytes;
	uint32_t instructions;
	uint32_t flags;
	uint32_t reserved;
	uint64_t sum; /* of program and flags: a power cut can leave a file with holes */
};

static const char magic[8] = { 'W', 'A', 'B', 'E', 'S', 'E', 'C', '1' };

#define FNV_OFFSET 0xcbf29ce484222325u /* FNV-1a, 64 bits: www.isthe.com/chongo/tech/comp/fnv */
#define FNV_PRIME 0x100000001b3u

static uint64_t hash_fnv(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t h = FNV_OFFSET;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * FNV_PRIME;
	return h;
}

/* A second, unrelated hash: each byte is mixed by rotation and an odd constant, the end by
 * splitmix64's finaliser. */
static uint64_t hash_mix(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t h = 0x9e3779b97f4a7c15u ^ len;

	for (size_t i = 0; i < len; i++)
		h = ((h << 27 | h >> 37) + p[i]) * 0x94d049bb133111ebu;
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
	return h ^ h >> 31;
}

static uint64_t program_sum(const void *filter, size_t bytes, uint32_t flags)
{
	return hash_fnv(filter, bytes) + flags * FNV_PRIME;
}

void wabe_seccomp_cache_name(const struct wabe_buf *key, char name[WABE_SECCOMP_CACHE_NAME])
{
	snprintf(name, WABE_SECCOMP_CACHE_NAME, "%016" PRIx64 "%016" PRIx64,
		 hash_fnv(key->data, key->len), hash_mix(key->data, key->len));
}

/* Strings go in with their NUL, lists with their count, so no two profiles have one key. */
static int key_string(struct wabe_buf *key, const char *s)
{
	return s ? wabe_buf_add(key, s, strlen(s) + 1) : wabe_buf_add(key, "\xff", 2);
}

static int key_number(struct wabe_buf *key, uint64_t value)
{
	return wabe_buf_add(key, &value, sizeof(value));
}

static int key_list(struct wabe_buf *key, const char *const *items, size_t count)
{
	int r = key_number(key, count);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = key_string(key, items[i]);
	return r;
}

static int key_rule(struct wabe_buf *key, const struct wabe_seccomp_rule *rule)
{
	int r = key_list(key, rule->names, rule->names_count);

	if (r == 0)
		r = key_string(key, rule->action);
	if (r == 0)
		r = key_number(key, (uint64_t)rule->errno_ret);
	if (r == 0)
		r = key_number(key, rule->args_count);
	for (size_t i = 0; r == 0 && i < rule->args_count; i++) {
		const struct wabe_seccomp_arg *arg = &rule->args[i];

		r = key_string(key, arg->op);
		if (r == 0)
			r = key_number(key, arg->index);
		if (r == 0)
			r = key_number(key, arg->value);
		if (r == 0)
			r = key_number(key, arg->value_two);
	}
	return r;
}

static int key_environment(struct wabe_buf *key, unsigned int major, unsigned int minor,
			   unsigned int micro)
{
	struct utsname uts;
	int r;

	if (uname(&uts) < 0)
		return -errno;
	r = wabe_buf_printf(key, "wabe %s libseccomp %u.%u.%u linux %s %s", WABE_VERSION, major,
			    minor, micro, uts.release, uts.machine);
	return r < 0 ? r : wabe_buf_add(key, "", 1);
}

int wabe_seccomp_cache_key(const struct wabe_seccomp_profile *profile, unsigned int major,
			   unsigned int minor, unsigned int micro, struct wabe_buf *key)
{
	int r = key_environment(key, major, minor, micro);

	if (r == 0)
		r = key_string(key, profile->default_action);
	if (r == 0)
		r = key_number(key, (uint64_t)profile->default_errno_ret);
	if (r == 0)
		r = key_list(key, profile->architectures, profile->architectures_count);
	if (r == 0)
		r = key_list(key, profile->flags, profile->flags_count);
	if (r == 0)
		r = key_number(key, profile->rules_count);
	for (size_t i = 0; r == 0 && i < profile->rules_count; i++)
		r = key_rule(key, &profile->rules[i]);
	return r;
}

int wabe_seccomp_cache_open(const char *cache_dir)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_close_ int fd = open(cache_dir, flags);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		if (mkdir(cache_dir, 0700) < 0 && errno != EEXIST)
			return -errno;
		fd = open(cache_dir, flags);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return -EPERM;
	return TAKE_FD(fd);
}

/* A private file of our own that has one name, and nothing else. */
static bool is_trusted(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == geteuid() && (st->st_mode & 07777) == 0600 &&
	       st->st_nlink == 1;
}

int wabe_seccomp_cache_decode(const void *data, size_t len, const struct wabe_buf *key,
			      struct wabe_seccomp_program *ret_program)
{
	const char *bytes = data;
	struct cache_header header;
	size_t filter_bytes;
	void *filter;

	if (len < sizeof(header))
		return -EBADMSG;
	memcpy(&header, bytes, sizeof(header));
	filter_bytes = (size_t)header.instructions * sizeof(struct sock_filter);
	if (memcmp(header.magic, magic, sizeof(magic)) != 0 || header.instructions == 0 ||
	    header.instructions > BPF_MAXINSNS || header.key_bytes != key->len ||
	    len != sizeof(header) + key->len + filter_bytes)
		return -EBADMSG;
	bytes += sizeof(header);
	if (memcmp(bytes, key->data, key->len) != 0 || header.reserved != 0 ||
	    program_sum(bytes + key->len, filter_bytes, header.flags) != header.sum)
		return -EBADMSG;
	filter = malloc(filter_bytes);
	if (!filter)
		return -ENOMEM;
	memcpy(filter, bytes + key->len, filter_bytes);
	ret_program->filter = filter;
	ret_program->length = (unsigned short)header.instructions;
	ret_program->flags = header.flags;
	return 0;
}

int wabe_seccomp_cache_load(int dir_fd, const struct wabe_buf *key,
			    struct wabe_seccomp_program *ret_program)
{
	const size_t largest =
		sizeof(struct cache_header) + key->len + BPF_MAXINSNS * sizeof(struct sock_filter);
	char name[WABE_SECCOMP_CACHE_NAME];
	_cleanup_free_ char *data = NULL;
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	wabe_seccomp_cache_name(key, name);
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!is_trusted(&st) || (size_t)st.st_size > largest)
		return -EPERM;
	data = malloc((size_t)st.st_size + 1);
	if (!data)
		return -ENOMEM;
	/* Files are replaced by rename, never written in place: one read gives all of it. */
	if (read(fd, data, (size_t)st.st_size) != st.st_size)
		return -EBADMSG;
	return wabe_seccomp_cache_decode(data, (size_t)st.st_size, key, ret_program);
}

void wabe_seccomp_cache_store(int dir_fd, const struct wabe_buf *key,
			      const struct wabe_seccomp_program *program)
{
	_cleanup_(wabe_buf_free) struct wabe_buf content = WABE_BUF_INIT;
	const size_t filter_bytes = program->length * sizeof(struct sock_filter);
	struct cache_header header = {
		.key_bytes = (uint32_t)key->len,
		.instructions = program->length,
		.flags = program->flags,
		.sum = program_sum(program->filter, filter_bytes, program->flags),
	};
	char name[WABE_SECCOMP_CACHE_NAME];

	/* Of several starts at once one writes; the file's replacement wants a single writer. */
	if (flock(dir_fd, LOCK_EX | LOCK_NB) < 0)
		return;
	memcpy(header.magic, magic, sizeof(magic));
	if (wabe_buf_add(&content, &header, sizeof(header)) < 0 ||
	    wabe_buf_add(&content, key->data, key->len) < 0 ||
	    wabe_buf_add(&content, program->filter, filter_bytes) < 0)
		return;
	wabe_seccomp_cache_name(key, name);
	(void)wabe_file_replace_at(dir_fd, name, content.data, content.len, 0600,
				   WABE_FILE_VOLATILE, NULL);
}
