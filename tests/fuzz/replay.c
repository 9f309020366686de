// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/fuzz/replay: a main for a fuzz target without a fuzzer: every file of the corpus directories on the command line,
 * and every truncation of the small ones. Built with the sanitizers this finds what a fuzzer found before.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/str.h"

#define INPUT_MAX_BYTES (8u << 20)
#define TRUNCATE_MAX_BYTES 2048u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* From a buffer of its own of exactly this size, so that a read behind the end is one for the sanitizer too. */
static int run(const char *data, size_t size)
{
	_cleanup_free_ uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		return -ENOMEM;
	if (size)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	return 0;
}

static int replay_file(int dir_fd, const char *name)
{
	_cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	_cleanup_(wabe_buf_free) struct wabe_buf input = WABE_BUF_INIT;
	int r;

	if (fd < 0)
		return -errno;
	r = wabe_fd_read_all(fd, INPUT_MAX_BYTES, &input);
	if (r < 0)
		return r;
	r = run(input.data, input.len);
	for (size_t size = 0; r == 0 && input.len <= TRUNCATE_MAX_BYTES && size < input.len; size++)
		r = run(input.data, size);
	return r;
}

static int replay_dir(const char *path)
{
	_cleanup_closedir_ DIR *dir = opendir(path);
	const struct dirent *entry;
	int count = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		int r;

		if (entry->d_name[0] == '.')
			continue;
		r = replay_file(dirfd(dir), entry->d_name);
		if (r < 0) {
			fprintf(stderr, "%s/%s: %s\n", path, entry->d_name, strerror(-r));
			return r;
		}
		count++;
	}
	return count;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int r = replay_dir(argv[i]);

		if (r < 0) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(-r));
			return 1;
		}
		total += r;
	}
	printf("%d inputs\n", total);
	return total > 0 ? 0 : 1;
}
