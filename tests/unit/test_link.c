// SPDX-License-Identifier: GPL-2.0-or-later
/* tests/unit/test_link: links, in a network namespace of the test's own. */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/link.h"
#include "tap.h"

static int is_up(const char *name)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = { 0 };

	strncpy(req.ifr_name, name, sizeof(req.ifr_name) - 1);
	return ioctl(fd, SIOCGIFFLAGS, &req) < 0 ? -errno : !!(req.ifr_flags & IFF_UP);
}

/* Lowest free descriptor: the same before and after when nothing leaks. */
static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

int main(void)
{
	struct tap t = TAP_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	int first = next_fd();

	tap_int(&t, wabe_link_up("", &err), -EINVAL, "an empty name");
	tap_int(&t, wabe_link_up("abcdefghijklmnop", &err), -EINVAL, "a name of 16 bytes");
	if (unshare(CLONE_NEWNET) < 0) {
		tap_skip(&t, "a network namespace needs root");
		return tap_end(&t);
	}
	tap_int(&t, is_up("lo"), 0, "lo is down at first");
	tap_int(&t, wabe_link_up("lo", &err), 0, "set it up");
	tap_int(&t, is_up("lo"), 1, "it is up");
	tap_int(&t, wabe_link_up("lo", &err), 0, "once more is no error");
	tap_int(&t, wabe_link_up("nolink0", &err), -ENODEV, "a link that isn't there");
	tap_has(&t, err.text, "nolink0", "its name is in the error");
	if (setresuid(1000, 1000, 1000) == 0)
		tap_int(&t, wabe_link_up("lo", &err), -EPERM, "without CAP_NET_ADMIN");
	tap_int(&t, next_fd(), first, "no descriptor stays open");
	return tap_end(&t);
}
