// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target: a container's /etc/passwd in which a home is looked for. The first line is the user's number, what follows
 * the file. What is found is absolute, and stands in a line of that user's.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/str.h"
#include "core/home.h"
#include "fuzz.h"

static int search(const char *file, size_t len, uint32_t uid, char *home)
{
	_cleanup_close_ int fd = memfd_create("passwd", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0 && write(fd, file, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
	return wabe_home_read(fd, uid, home);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *newline = size ? memchr(text, '\n', size) : NULL;
	char number[16], home[WABE_HOME_MAX + 16], around[2 * WABE_HOME_MAX];
	uint32_t uid;
	int r;

	if (!newline || newline - text >= (ptrdiff_t)sizeof(number))
		return 0;
	snprintf(number, sizeof(number), "%.*s", (int)(newline - text), text);
	if (wabe_parse_u32(number, &uid) < 0)
		return 0;
	memset(home, '#', sizeof(home));
	text = newline + 1;
	size -= (size_t)(text - (const char *)data);
	r = search(text, size, uid, home);
	if (r < 0) {
		FUZZ_CHECK(r == -ENOENT && home[0] == '#');
		return 0;
	}
	FUZZ_CHECK(home[0] == '/' && strlen(home) < WABE_HOME_MAX && home[WABE_HOME_MAX] == '#');
	FUZZ_CHECK(!strpbrk(home, ":\n"));
	snprintf(around, sizeof(around), ":%s", home);
	FUZZ_CHECK(memmem(text, size, around, strlen(around)));
	return 0;
}
